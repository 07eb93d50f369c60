//! The hunt for a pair of media ports: an even one for RTP, the odd one above for RTCP (RFC 3550 11).

use core::net::{IpAddr, SocketAddr};

use super::{Asked, Call, Cx, Effect, Session};
use crate::ids::SocketId;
use crate::io::{IoFailureKind, Reply, Request};
use crate::middleware::notification::Failure;

/// A hunt under way.
#[derive(Debug)]
pub(super) struct PortHunt {
    ip: IpAddr,
    port: u16,
    tries_left: u32,
    rtp: SocketId,
    rtcp: SocketId,
    rtp_address: Option<SocketAddr>,
}

/// A pair of open sockets.
#[derive(Clone, Copy, Debug)]
pub(super) struct PortPair {
    pub(super) rtp: SocketId,
    pub(super) rtcp: SocketId,
    pub(super) port: u16,
}

impl Session {
    /// Begins to look for a pair of ports, at a random place in the range.
    pub(super) fn hunt_ports(&mut self, cx: &mut Cx<'_, Effect>) {
        let range = &self.settings.rtp.port_range;
        let first = range.start().next_multiple_of(2);
        let pairs = u64::from(range.end().saturating_sub(first).saturating_add(1) / 2);
        if pairs == 0 {
            return self.on_no_media(cx, "the RTP port range has no pair of ports");
        }
        let ip = match self.settings.sip.udp.or(self.settings.sip.tcp) {
            Some(bound) if !bound.ip().is_unspecified() => bound.ip(),
            _ => match self.local_ip {
                Some(IpAddr::V6(_)) => IpAddr::V6(core::net::Ipv6Addr::UNSPECIFIED),
                _ => IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED),
            },
        };
        let port = first + 2 * cx.rng.below(pairs) as u16;
        let (rtp, rtcp) = (cx.ids.socket(), cx.ids.socket());
        self.hunt = Some(PortHunt { ip, port, tries_left: pairs as u32, rtp, rtcp, rtp_address: None });
        cx.out.put(Effect::Ask(Asked::RtpSocket, Request::Bind { socket: rtp, address: SocketAddr::new(ip, port) }));
    }

    pub(super) fn on_socket_reply(&mut self, cx: &mut Cx<'_, Effect>, asked: Asked, reply: Reply) {
        let Some(hunt) = &mut self.hunt else {
            // The session ended while it was opening; its sockets were closed with the hunt.
            return;
        };
        match (asked, reply) {
            (Asked::RtpSocket, Reply::Bound { local }) => {
                hunt.rtp_address = Some(local);
                let address = SocketAddr::new(hunt.ip, local.port() + 1);
                cx.out.put(Effect::Ask(Asked::RtcpSocket, Request::Bind { socket: hunt.rtcp, address }));
            }
            (Asked::RtcpSocket, Reply::Bound { .. }) => {
                let port = hunt.rtp_address.map_or(hunt.port, |a| a.port());
                let pair = PortPair { rtp: hunt.rtp, rtcp: hunt.rtcp, port };
                self.hunt = None;
                self.on_ports(cx, pair);
            }
            (_, Reply::Failed(failure)) if failure.kind == IoFailureKind::AddressInUse => self.hunt_on(cx),
            (_, Reply::Failed(failure)) => {
                let text = alloc::format!("cannot open a port for RTP: {failure}");
                self.end_hunt(cx);
                self.on_no_media(cx, &text);
            }
            _ => {}
        }
    }

    /// The pair is taken: on to the next one.
    fn hunt_on(&mut self, cx: &mut Cx<'_, Effect>) {
        let range = self.settings.rtp.port_range.clone();
        let Some(hunt) = &mut self.hunt else { return };
        if hunt.rtp_address.take().is_some() {
            cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseSocket { socket: hunt.rtp }));
            hunt.rtp = cx.ids.socket();
            hunt.rtcp = cx.ids.socket();
        }
        hunt.tries_left -= 1;
        if hunt.tries_left == 0 {
            self.hunt = None;
            return self.on_no_media(cx, "every port of the RTP range is taken; set a wider range");
        }
        hunt.port = match hunt.port.checked_add(2) {
            Some(port) if port < *range.end() => port,
            _ => range.start().next_multiple_of(2),
        };
        let request = Request::Bind { socket: hunt.rtp, address: SocketAddr::new(hunt.ip, hunt.port) };
        cx.out.put(Effect::Ask(Asked::RtpSocket, request));
    }

    /// Gives up a hunt; what was opened is closed.
    pub(super) fn end_hunt(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Some(hunt) = self.hunt.take() {
            for socket in [hunt.rtp, hunt.rtcp] {
                cx.out.put(Effect::Ask(Asked::Nothing, Request::CloseSocket { socket }));
            }
        }
    }

    fn on_ports(&mut self, cx: &mut Cx<'_, Effect>, pair: PortPair) {
        self.open_audio(cx, pair);
        match self.call {
            Call::Outgoing(_) => self.send_invite(cx),
            Call::Incoming(_) => self.answer(cx),
            Call::None => {}
        }
    }

    /// Media could not be prepared.
    fn on_no_media(&mut self, cx: &mut Cx<'_, Effect>, why: &str) {
        if let Call::Incoming(_) = self.call {
            self.refuse_for_internal_fault(cx);
        }
        self.fail(cx, Failure::internal(why));
    }
}
