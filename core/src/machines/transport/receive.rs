//! From bytes to messages: what is SIP goes up, what is broken is answered, the rest is counted (RFC 3261 18.2.1, 18.1.2).

use alloc::string::ToString;
use core::fmt::Display;
use core::net::SocketAddr;

use bytes::Bytes;

use super::via::{mark_source, reply_address, stateless_tag};
use super::{Cx, Effect, Hop, Transports};
use crate::ids::SocketId;
use crate::io::{Channel, IoFailure, IoFailureKind};
use crate::trace::Direction;
use crate::wire::sip::{Broken, HeaderName, Message, Method, StatusCode};

impl Transports {
    /// A datagram came to a signalling socket.
    pub fn on_datagram(&mut self, cx: &mut Cx<'_, Effect>, socket: SocketId, from: SocketAddr, data: Bytes) {
        let Some(transport) = self.sockets.get(&socket).map(|s| s.transport) else { return };
        match data.first() {
            // Keep-alives (RFC 5626 3.5.1 is for streams; over UDP they are only swallowed) and STUN (RFC 7983).
            None | Some(b'\r' | b'\n' | 0) if is_keep_alive(&data) => {
                self.statistics.other += 1;
                return;
            }
            Some(0..=3) => {
                self.statistics.other += 1;
                return;
            }
            _ => {}
        }
        let hop = Hop { transport, channel: Channel::Socket(socket), remote: from };
        match Message::parse(data) {
            Ok(message) => self.on_message(cx, message, hop, from),
            Err(broken) => self.on_broken(cx, broken, hop, from),
        }
    }

    /// What was sent to `to` could not be delivered.
    pub fn on_unreachable(&mut self, cx: &mut Cx<'_, Effect>, socket: SocketId, to: SocketAddr) {
        let failure = IoFailure::new(IoFailureKind::Unreachable, "nobody listens there");
        cx.out.put(Effect::Failed { channel: Channel::Socket(socket), remote: Some(to), failure });
    }

    pub(super) fn on_message(&mut self, cx: &mut Cx<'_, Effect>, message: Message, hop: Hop, from: SocketAddr) {
        self.trace_received(cx, &message, hop, from);
        if let Err(error) = message.validate() {
            self.malformed(cx, from, &error);
            return self.refuse(cx, message, hop, from, error.status(), &error.to_string());
        }
        self.statistics.messages += 1;
        if !message.is_request() {
            cx.out.put(Effect::Message { message, hop });
            return;
        }
        let mut request = message;
        let remote = mark_source(&mut request, hop.transport, from);
        cx.out.put(Effect::Message { message: request, hop: Hop { remote, ..hop } });
    }

    pub(super) fn on_broken(&mut self, cx: &mut Cx<'_, Effect>, broken: Broken, hop: Hop, from: SocketAddr) {
        self.malformed(cx, from, &broken.error);
        if let Some(message) = broken.message {
            self.trace_received(cx, &message, hop, from);
            self.refuse(cx, *message, hop, from, broken.error.status(), &broken.error.to_string());
        }
    }

    /// Answers a broken request without a transaction (8.2.7). A response or an ACK is only dropped.
    fn refuse(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        mut request: Message,
        hop: Hop,
        from: SocketAddr,
        status: StatusCode,
        why: &str,
    ) {
        if !request.is_request() || request.method() == Some(&Method::Ack) || request.header(HeaderName::Via).is_none()
        {
            return;
        }
        let remote = match request.via() {
            Ok(_) => mark_source(&mut request, hop.transport, from),
            Err(_) => reply_address(None, hop.transport, from),
        };
        let reason: alloc::string::String = why.chars().filter(|c| !c.is_control()).take(120).collect();
        let mut reply = match reason.is_empty() {
            true => request.reply(status),
            false => request.reply_with_reason(status, &reason),
        };
        stateless_tag(&request, &mut reply);
        self.send(cx, Hop { remote, ..hop }, reply.to_bytes());
    }

    pub(super) fn malformed(&mut self, cx: &mut Cx<'_, Effect>, from: SocketAddr, reason: &dyn Display) {
        self.statistics.malformed += 1;
        cx.out.put(Effect::Malformed { from, reason: reason.to_string() });
    }

    fn trace_received(&self, cx: &mut Cx<'_, Effect>, message: &Message, hop: Hop, from: SocketAddr) {
        if self.trace {
            let bytes = message.to_bytes();
            let direction = Direction::Received;
            cx.out.put(Effect::Trace { direction, transport: hop.transport, peer: from, bytes });
        }
    }
}

/// True for the empty packets, CRLFs and zero octets that peers send to keep a NAT's binding.
fn is_keep_alive(data: &[u8]) -> bool {
    data.len() <= 4 && data.iter().all(|b| matches!(b, b'\r' | b'\n' | 0))
}
