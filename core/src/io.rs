//! What the core wants done outside, and the answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use bytestring::ByteString;

use crate::ids::{ConnectionId, FileId, SocketId};

/// Bytes to send.
#[derive(Clone, PartialEq, Debug)]
pub struct Transmit {
    /// What to send them by.
    pub by: Channel,
    /// Where to. For a connection, its peer.
    pub to: SocketAddr,
    /// The bytes.
    pub data: Bytes,
}

/// What bytes are sent by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    /// A datagram socket: the bytes are one datagram.
    Socket(SocketId),
    /// A connection: the bytes come after those before.
    Connection(ConnectionId),
}

/// What the agent asks of the machine. Each is answered with one [`Reply`].
#[derive(Clone, PartialEq, Debug)]
pub enum Request {
    /// Bind a datagram socket. Reply: [`Reply::Bound`].
    Bind {
        /// The id it will have.
        socket: SocketId,
        /// The address; port 0 means any.
        address: SocketAddr,
    },
    /// Listen for connections. Reply: [`Reply::Bound`].
    Listen {
        /// The id it will have.
        socket: SocketId,
        /// The address; port 0 means any.
        address: SocketAddr,
    },
    /// Close a datagram or listening socket. Reply: [`Reply::Done`].
    CloseSocket {
        /// The socket.
        socket: SocketId,
    },
    /// Open a connection. Reply: [`Reply::Connected`]; what is sent before that waits.
    Connect {
        /// The id it will have.
        connection: ConnectionId,
        /// The peer.
        remote: SocketAddr,
    },
    /// Close a connection, after what was sent before. Reply: [`Reply::Done`].
    CloseConnection {
        /// The connection.
        connection: ConnectionId,
    },
    /// Find the addresses of a host name. Reply: [`Reply::Addresses`], best first.
    Lookup {
        /// The host name.
        host: ByteString,
    },
    /// Find the local address from which packets to a peer leave. Reply: [`Reply::Addresses`] with one address.
    SourceAddress {
        /// The peer.
        towards: IpAddr,
    },
    /// Create a file, its folders too. Reply: [`Reply::Done`].
    CreateFile {
        /// The id it will have.
        file: FileId,
        /// The file's path.
        path: String,
        /// A file that exists is replaced; otherwise it is left alone and the reply is
        /// [`IoFailureKind::AlreadyExists`].
        replace: bool,
    },
    /// Write to a file. Reply: [`Reply::Done`]. After a write that failed, the file takes no more: what is in it stays as it
    /// is, so that a header never speaks of data that is not there.
    WriteFile {
        /// The file.
        file: FileId,
        /// Where in the file, in octets from its start.
        offset: u64,
        /// What to write.
        data: Bytes,
    },
    /// Close a file, with all that was written on the disk. Reply: [`Reply::Done`].
    CloseFile {
        /// The file.
        file: FileId,
    },
}

/// The answer to a [`Request`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The socket is bound or listens.
    Bound {
        /// Its address, with the port it got.
        local: SocketAddr,
    },
    /// The connection is up.
    Connected {
        /// Our end.
        local: SocketAddr,
    },
    /// The addresses asked for; empty if there are none.
    Addresses(Vec<IpAddr>),
    /// Done.
    Done,
    /// It could not be done.
    Failed(IoFailure),
}

/// Why the machine could not do something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IoFailure {
    /// What kind of failure.
    pub kind: IoFailureKind,
    /// The machine's own words.
    pub text: String,
}

impl IoFailure {
    /// A failure in the machine's own words.
    pub fn new(kind: IoFailureKind, text: impl Into<String>) -> IoFailure {
        IoFailure { kind, text: text.into() }
    }
}

impl fmt::Display for IoFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Kinds of [`IoFailure`] that the agent tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IoFailureKind {
    /// The address is taken.
    AddressInUse,
    /// The address is not one of this machine's.
    AddressNotAvailable,
    /// There is such a file already.
    AlreadyExists,
    /// There is no such file, folder or name.
    NotFound,
    /// It is not allowed.
    PermissionDenied,
    /// The disk is full.
    NoSpace,
    /// The peer refused the connection.
    Refused,
    /// The peer cannot be reached.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// The peer cut the connection.
    Reset,
    /// Anything else.
    Other,
}
