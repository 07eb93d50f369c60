//! The transport layer (RFC 3261 18, RFC 3581): sockets and connections on one side, whole messages on the other.
//!
//! It opens what the settings ask for, frames streams, marks where requests came from, keeps connections for reuse, and
//! answers what is too broken for anybody above. Which target a request goes to is decided above
//! ([`uac`](super::uac)); by what transaction, beside it.

mod connection;
mod receive;
#[cfg(test)]
mod tests;
mod via;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use bytestring::ByteString;

use self::connection::Connection;
use super::{Cx, Hop};
use crate::ids::{ConnectionId, SocketId};
use crate::io::{Channel, IoFailure, IoFailureKind, Reply, Request, Transmit};
use crate::limits;
use crate::trace::Direction;
use crate::wire::sip::{Message, Transport};

pub use self::via::new_branch;

/// What the layer wants done or tells.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send these bytes.
    Transmit(Transmit),
    /// Ask the machine; the reply goes to [`Transports::on_reply`].
    Ask(Asked, Request),
    /// A message came, whole and in order.
    Message {
        /// The message; a request's topmost Via says where it came from.
        message: Message,
        /// What it came by, and for a request where its responses go.
        hop: Hop,
    },
    /// Something came that is no message, or a broken one.
    Malformed {
        /// Who sent it.
        from: SocketAddr,
        /// What is wrong.
        reason: String,
    },
    /// What was sent cannot have arrived.
    Failed {
        /// What it was sent by.
        channel: Channel,
        /// To whom; `None`: everybody there.
        remote: Option<SocketAddr>,
        /// Why.
        failure: IoFailure,
    },
    /// A message went over the wire; only while tracing.
    Trace {
        /// Which way.
        direction: Direction,
        /// By what transport.
        transport: Transport,
        /// The peer.
        peer: SocketAddr,
        /// The bytes, not yet masked.
        bytes: Bytes,
    },
    /// Every socket asked for is open.
    Started,
    /// A socket could not be opened.
    StartFailed {
        /// What, and why.
        reason: String,
    },
    /// Every socket and connection is closed.
    Stopped,
}

/// What a reply to a request of this layer is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asked {
    /// A signalling socket.
    Socket(SocketId),
    /// A connection.
    Connection(ConnectionId),
    /// Nothing that needs an answer.
    Close,
}

/// A signalling socket, datagram or listening.
#[derive(Clone, Debug)]
struct Socket {
    transport: Transport,
    wanted: SocketAddr,
    /// Its address, once it is open.
    local: Option<SocketAddr>,
}

/// Counts of what was dropped, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TransportStatistics {
    /// Messages received and passed up.
    pub messages: u64,
    /// Messages that were broken, or bytes that were no message.
    pub malformed: u64,
    /// STUN, keep-alives and other things that are no SIP.
    pub other: u64,
    /// Messages that could not be sent.
    pub unsent: u64,
    /// Connections refused because there were too many.
    pub refused_connections: u64,
}

/// The sockets and connections of an agent.
#[derive(Debug)]
pub struct Transports {
    trace: bool,
    stopping: bool,
    sockets: BTreeMap<SocketId, Socket>,
    connections: BTreeMap<ConnectionId, Connection>,
    /// The connection to use for a peer (18: reuse).
    peers: BTreeMap<(Transport, SocketAddr), ConnectionId>,
    statistics: TransportStatistics,
}

impl Transports {
    /// A layer with nothing open.
    pub fn new(trace: bool) -> Transports {
        Transports {
            trace,
            stopping: false,
            sockets: BTreeMap::new(),
            connections: BTreeMap::new(),
            peers: BTreeMap::new(),
            statistics: TransportStatistics::default(),
        }
    }

    /// Opens a socket for each of `udp` and `tcp`.
    pub fn start(&mut self, cx: &mut Cx<'_, Effect>, udp: Option<SocketAddr>, tcp: Option<SocketAddr>) {
        for (transport, wanted) in [(Transport::Udp, udp), (Transport::Tcp, tcp)] {
            let Some(wanted) = wanted else { continue };
            let socket = cx.ids.socket();
            self.sockets.insert(socket, Socket { transport, wanted, local: None });
            let request = match transport {
                Transport::Udp => Request::Bind { socket, address: wanted },
                _ => Request::Listen { socket, address: wanted },
            };
            cx.out.put(Effect::Ask(Asked::Socket(socket), request));
        }
        if self.sockets.is_empty() {
            cx.out.put(Effect::Started);
        }
    }

    /// Closes everything.
    pub fn stop(&mut self, cx: &mut Cx<'_, Effect>) {
        self.stopping = true;
        for &socket in self.sockets.keys() {
            cx.out.put(Effect::Ask(Asked::Close, Request::CloseSocket { socket }));
        }
        self.sockets.clear();
        let open: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for connection in open {
            self.close(cx, connection);
        }
        cx.out.put(Effect::Stopped);
    }

    /// What was counted.
    pub fn statistics(&self) -> TransportStatistics {
        self.statistics
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The transports that are open, and where.
    pub fn listening(&self) -> impl Iterator<Item = (Transport, SocketAddr)> + '_ {
        self.sockets.values().filter_map(|s| Some((s.transport, s.local?)))
    }

    /// True if `socket` is one of this layer's.
    pub fn owns(&self, socket: SocketId) -> bool {
        self.sockets.contains_key(&socket)
    }

    /// A reply to a request of this layer.
    pub fn on_reply(&mut self, cx: &mut Cx<'_, Effect>, asked: Asked, reply: Reply) {
        match asked {
            Asked::Socket(id) => self.on_socket(cx, id, reply),
            Asked::Connection(id) => self.on_connect(cx, id, reply),
            Asked::Close => {}
        }
    }

    fn on_socket(&mut self, cx: &mut Cx<'_, Effect>, id: SocketId, reply: Reply) {
        let Some(socket) = self.sockets.get_mut(&id) else { return };
        match reply {
            Reply::Bound { local } => {
                socket.local = Some(local);
                if self.sockets.values().all(|s| s.local.is_some()) {
                    cx.out.put(Effect::Started);
                }
            }
            Reply::Failed(failure) => {
                let advice = match failure.kind {
                    IoFailureKind::AddressInUse => "; another program has it: choose another port, or 0 for any",
                    IoFailureKind::AddressNotAvailable => "; it is no address of this machine",
                    IoFailureKind::PermissionDenied => "; ports below 1024 need more rights",
                    _ => "",
                };
                let reason =
                    alloc::format!("cannot open {} {}: {failure}{advice}", socket.transport.as_str(), socket.wanted);
                self.sockets.remove(&id);
                cx.out.put(Effect::StartFailed { reason });
            }
            _ => {}
        }
    }

    /// What to send by to reach `remote`: the datagram socket of its address family, or a connection, which is opened if
    /// there is none to reuse. `None` if no such transport is open.
    pub fn hop_to(&mut self, cx: &mut Cx<'_, Effect>, transport: Transport, remote: SocketAddr) -> Option<Hop> {
        match transport {
            Transport::Udp => {
                let family = |s: &Socket| s.wanted.is_ipv4() == remote.is_ipv4() && s.local.is_some();
                let (&socket, _) = self.sockets.iter().find(|(_, s)| s.transport == Transport::Udp && family(s))?;
                Some(Hop { transport, channel: Channel::Socket(socket), remote })
            }
            Transport::Tcp => {
                let connection = match self.peers.get(&(transport, remote)) {
                    Some(&connection) => connection,
                    None => self.connect(cx, transport, remote)?,
                };
                Some(Hop { transport, channel: Channel::Connection(connection), remote })
            }
            // TLS and WebSocket are flows of their own, not yet there.
            Transport::Tls | Transport::Ws | Transport::Wss => None,
        }
    }

    /// The port that peers reach us at by `transport`.
    fn listening_port(&self, transport: Transport) -> Option<u16> {
        self.sockets.values().find(|s| s.transport == transport).and_then(|s| s.local).map(|a| a.port())
    }

    /// `host[:port]` for Via (18.1.1), given our IP address.
    pub fn sent_by(&self, transport: Transport, local_ip: IpAddr) -> SocketAddr {
        SocketAddr::new(local_ip, self.listening_port(transport).unwrap_or(transport.default_port()))
    }

    /// The URI at which `user` is reached by `transport` (8.1.1.8), in angle brackets.
    pub fn contact(&self, user: &str, transport: Transport, local_ip: IpAddr) -> ByteString {
        // Where nobody listens for connections, the peer must not be told to open one.
        let listens = |transport| self.listening_port(transport).is_some();
        let transport = if !listens(transport) && listens(Transport::Udp) { Transport::Udp } else { transport };
        let address = self.sent_by(transport, local_ip);
        ByteString::from(match transport {
            Transport::Udp => alloc::format!("<sip:{user}@{address}>"),
            _ => alloc::format!("<sip:{user}@{address};transport={}>", transport.uri_param()),
        })
    }

    /// Sends bytes to a hop. A connection that is not up yet keeps them; one that is gone is opened again, which is what
    /// 18.2.2 wants for responses.
    pub fn send(&mut self, cx: &mut Cx<'_, Effect>, hop: Hop, bytes: Bytes) {
        if self.trace {
            let traced = bytes.clone();
            cx.out.put(Effect::Trace {
                direction: Direction::Sent,
                transport: hop.transport,
                peer: hop.remote,
                bytes: traced,
            });
        }
        match hop.channel {
            Channel::Socket(socket) if self.sockets.contains_key(&socket) => {
                cx.out.put(Effect::Transmit(Transmit { by: hop.channel, to: hop.remote, data: bytes }));
            }
            Channel::Socket(_) => self.unsent(cx, hop, "the socket is closed"),
            Channel::Connection(id) => self.send_stream(cx, id, hop, bytes),
        }
    }

    fn unsent(&mut self, cx: &mut Cx<'_, Effect>, hop: Hop, why: &str) {
        self.statistics.unsent += 1;
        let failure = IoFailure::new(IoFailureKind::Other, why);
        cx.out.put(Effect::Failed { channel: hop.channel, remote: Some(hop.remote), failure });
    }

    fn too_many_connections(&self) -> bool {
        self.connections.len() >= limits::CONNECTIONS
    }
}
