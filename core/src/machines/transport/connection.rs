//! Stream connections: opened when needed, kept for reuse, framed, and closed when idle (RFC 3261 18, RFC 5923).

use alloc::collections::VecDeque;
use core::net::SocketAddr;

use bytes::Bytes;

use super::{Asked, Cx, Effect, Hop, Transports};
use crate::ids::ConnectionId;
use crate::io::{Channel, IoFailure, IoFailureKind, Reply, Request, Transmit};
use crate::limits;
use crate::timers::{ConnectionTimer, Timer};
use crate::wire::sip::{Broken, Frame, Framer, Transport};

/// ```text
/// Connecting -> Up -> gone
/// ```
#[derive(Debug)]
enum State {
    /// What is sent waits here.
    Connecting(VecDeque<Bytes>),
    Up,
}

#[derive(Debug)]
pub(super) struct Connection {
    transport: Transport,
    remote: SocketAddr,
    state: State,
    framer: Framer,
}

impl Transports {
    pub(super) fn connect(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        transport: Transport,
        remote: SocketAddr,
    ) -> Option<ConnectionId> {
        if self.stopping || self.too_many_connections() {
            self.statistics.refused_connections += 1;
            return None;
        }
        let id = cx.ids.connection();
        let state = State::Connecting(VecDeque::new());
        self.connections.insert(id, Connection { transport, remote, state, framer: Framer::new() });
        self.peers.insert((transport, remote), id);
        cx.timers.set(Timer::Connection(id, ConnectionTimer::ConnectTimeout), cx.now + limits::CONNECT_TIME);
        cx.out.put(Effect::Ask(Asked::Connection(id), Request::Connect { connection: id, remote }));
        Some(id)
    }

    pub(super) fn on_connect(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, reply: Reply) {
        match reply {
            Reply::Connected { .. } => {
                cx.timers.cancel(Timer::Connection(id, ConnectionTimer::ConnectTimeout));
                let Some(connection) = self.connections.get_mut(&id) else { return };
                let State::Connecting(waiting) = core::mem::replace(&mut connection.state, State::Up) else { return };
                let to = connection.remote;
                for data in waiting {
                    cx.out.put(Effect::Transmit(Transmit { by: Channel::Connection(id), to, data }));
                }
                touch(cx, id);
            }
            Reply::Failed(failure) => self.lost(cx, id, failure),
            _ => {}
        }
    }

    /// A listening socket accepted a connection.
    pub fn on_accepted(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, remote: SocketAddr) {
        if self.stopping || self.too_many_connections() {
            self.statistics.refused_connections += 1;
            cx.out.put(Effect::Ask(Asked::Close, Request::CloseConnection { connection: id }));
            return;
        }
        let transport = Transport::Tcp;
        self.connections.insert(id, Connection { transport, remote, state: State::Up, framer: Framer::new() });
        self.peers.entry((transport, remote)).or_insert(id);
        touch(cx, id);
    }

    /// The machine says that a connection is closed.
    pub fn on_closed(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, error: Option<IoFailure>) {
        let failure = error.unwrap_or_else(|| IoFailure::new(IoFailureKind::Reset, "the peer closed the connection"));
        self.lost(cx, id, failure);
    }

    /// Bytes came over a connection.
    pub fn on_stream(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, data: Bytes) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (transport, remote) = (connection.transport, connection.remote);
        connection.framer.push(&data);
        touch(cx, id);
        let hop = Hop { transport, channel: Channel::Connection(id), remote };
        let mut whole = false;
        loop {
            let Some(connection) = self.connections.get_mut(&id) else { return };
            let next = connection.framer.next();
            whole |= next.is_some();
            match next {
                None => break,
                Some(Ok(Frame::Message(message))) => self.on_message(cx, message, hop, remote),
                Some(Ok(Frame::Broken(broken))) => self.on_broken(cx, broken, hop, remote),
                // RFC 5626 3.5.1: a double CRLF is answered with a single one.
                Some(Ok(Frame::Ping)) => {
                    self.statistics.other += 1;
                    self.send_stream(cx, id, hop, Bytes::from_static(b"\r\n"));
                }
                Some(Ok(Frame::Pong)) => self.statistics.other += 1,
                Some(Err(error)) => {
                    // What was read of the message is enough to say what is wrong with it; where the next one begins,
                    // nobody knows.
                    self.on_broken(cx, Broken { error: error.error, message: error.message }, hop, remote);
                    return self.close(cx, id);
                }
            }
        }
        let partial = Timer::Connection(id, ConnectionTimer::PartialMessage);
        match self.connections.get(&id).is_some_and(|c| c.framer.partial()) {
            // Set again only with a new message: a peer that sends an octet now and then does not keep it from going off.
            true if whole || cx.timers.get(partial).is_none() => {
                cx.timers.set(partial, cx.now + limits::PARTIAL_MESSAGE_TIME);
            }
            true => {}
            false => cx.timers.cancel(partial),
        }
    }

    /// A connection's timer went off.
    pub fn on_connection_timer(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, timer: ConnectionTimer) {
        match timer {
            ConnectionTimer::ConnectTimeout => {
                let failure = IoFailure::new(IoFailureKind::TimedOut, "the connection does not come up");
                cx.out.put(Effect::Ask(Asked::Close, Request::CloseConnection { connection: id }));
                self.lost(cx, id, failure);
            }
            ConnectionTimer::Idle => self.close(cx, id),
            ConnectionTimer::PartialMessage => {
                if let Some(connection) = self.connections.get(&id) {
                    let from = connection.remote;
                    self.malformed(cx, from, &"a message that was begun and never finished");
                }
                self.close(cx, id);
            }
        }
    }

    /// Closes a connection of ours.
    pub(super) fn close(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId) {
        cx.out.put(Effect::Ask(Asked::Close, Request::CloseConnection { connection: id }));
        self.lost(cx, id, IoFailure::new(IoFailureKind::Reset, "the connection was closed"));
    }

    /// Forgets a connection and tells who waits for something sent by it.
    fn lost(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, failure: IoFailure) {
        let Some(connection) = self.connections.remove(&id) else { return };
        let peer = (connection.transport, connection.remote);
        if self.peers.get(&peer) == Some(&id) {
            self.peers.remove(&peer);
        }
        cx.timers.cancel_range(
            Timer::Connection(id, ConnectionTimer::ConnectTimeout),
            Timer::Connection(id, ConnectionTimer::PartialMessage),
        );
        cx.out.put(Effect::Failed { channel: Channel::Connection(id), remote: None, failure });
    }

    pub(super) fn send_stream(&mut self, cx: &mut Cx<'_, Effect>, id: ConnectionId, hop: Hop, bytes: Bytes) {
        let Some(connection) = self.connections.get_mut(&id) else {
            // 18.2.2: the response goes by a new connection to where the request came from.
            let existing = self.peers.get(&(hop.transport, hop.remote)).copied();
            match existing.or_else(|| self.connect(cx, hop.transport, hop.remote)) {
                Some(new) => self.send_stream(cx, new, Hop { channel: Channel::Connection(new), ..hop }, bytes),
                None => self.unsent(cx, hop, "the connection is closed"),
            }
            return;
        };
        match &mut connection.state {
            State::Up => {
                cx.out.put(Effect::Transmit(Transmit { by: Channel::Connection(id), to: hop.remote, data: bytes }));
                touch(cx, id);
            }
            State::Connecting(waiting) if waiting.len() < limits::CONNECTION_QUEUE => waiting.push_back(bytes),
            State::Connecting(_) => self.unsent(cx, hop, "too much waits for the connection"),
        }
    }
}

fn touch(cx: &mut Cx<'_, Effect>, id: ConnectionId) {
    cx.timers.set(Timer::Connection(id, ConnectionTimer::Idle), cx.now + limits::CONNECTION_IDLE);
}
