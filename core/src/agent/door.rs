//! What goes into an agent and what comes out.

use core::net::SocketAddr;

use bytes::Bytes;

use crate::ids::{ConnectionId, RequestId, SocketId};
use crate::io::{IoFailure, Reply, Request, Transmit};
use crate::middleware::notification::Notification;
use crate::time::Instant;

/// What happened outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// Time has passed; nothing else.
    Time,
    /// A datagram came to a socket.
    Datagram {
        /// The socket.
        socket: SocketId,
        /// Who sent it.
        from: SocketAddr,
        /// What it says.
        data: Bytes,
    },
    /// A datagram that was sent could not be delivered (an ICMP error).
    Unreachable {
        /// The socket it was sent from.
        socket: SocketId,
        /// Where it was to go.
        to: SocketAddr,
    },
    /// A listening socket accepted a connection.
    Accepted {
        /// The listening socket.
        listener: SocketId,
        /// The connection's new id, from [`ConnectionId::accepted`].
        connection: ConnectionId,
        /// Our end.
        local: SocketAddr,
        /// The peer's end.
        remote: SocketAddr,
    },
    /// Bytes came over a connection.
    Stream {
        /// The connection.
        connection: ConnectionId,
        /// The bytes, cut anywhere.
        data: Bytes,
    },
    /// A connection is closed.
    Closed {
        /// The connection.
        connection: ConnectionId,
        /// Why, if not orderly.
        error: Option<IoFailure>,
    },
    /// A [`Request`] was carried out, or could not be.
    Reply(RequestId, Reply),
}

/// What the agent wants, or tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(Transmit),
    /// Do this, and answer with [`Input::Reply`] under the same id.
    Request(RequestId, Request),
    /// Tell the application.
    Notification(Notification),
    /// Everything is drained. Call [`UserAgent::handle`](super::UserAgent::handle) again at this moment
    /// ([`Instant::NEVER`]: no need), or when something comes in.
    Wake(Instant),
}
