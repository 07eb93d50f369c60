//! The topmost Via: where a request came from, and where its responses go (RFC 3261 18.2, RFC 3581).

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;
use core::net::{IpAddr, SocketAddr};

use crate::rng::Rng;
use crate::wire::sip::{HeaderName, Host, Message, Transport, Via};

/// A new branch parameter (8.1.1.7): the magic cookie and 120 random bits.
pub fn new_branch(rng: &mut Rng) -> String {
    format!("z9hG4bK{}", rng.token(24))
}

/// Writes `received` and `rport` into the topmost Via where they are due (18.2.1, RFC 3581 4), and says where the
/// responses go (18.2.2).
pub(super) fn mark_source(request: &mut Message, transport: Transport, from: SocketAddr) -> SocketAddr {
    let Ok(via) = request.via() else { return from };
    let reply_to = reply_address(Some(&via), transport, from);
    let wants_port = via.rport().is_some();
    let same_host = host_ip(&via) == Some(from.ip());
    if !wants_port && same_host {
        return reply_to;
    }
    let mut marked = format!("SIP/2.0/{} {}", via.transport_token, via.sent_by());
    for (name, value) in via.params.iter() {
        if name.eq_ignore_ascii_case("rport") || name.eq_ignore_ascii_case("received") {
            continue;
        }
        let _ = match value {
            Some(value) => write!(marked, ";{name}={value}"),
            None => write!(marked, ";{name}"),
        };
    }
    let _ = write!(marked, ";received={}", from.ip());
    if wants_port {
        let _ = write!(marked, ";rport={}", from.port());
    }
    request.remove_first_value(HeaderName::Via);
    request.prepend(HeaderName::Via, marked);
    reply_to
}

fn ip_of(host: &Host<'_>) -> Option<IpAddr> {
    match *host {
        Host::V4(ip) => Some(IpAddr::V4(ip)),
        Host::V6(ip) => Some(IpAddr::V6(ip)),
        Host::Name(_) => None,
    }
}

fn host_ip(via: &Via<'_>) -> Option<IpAddr> {
    ip_of(&via.host)
}

/// 18.2.2: by a connection, back over it; else to `maddr`, else to where it came from: the port it came from if `rport`
/// asks so (RFC 3581 4), the port of sent-by otherwise.
pub(super) fn reply_address(via: Option<&Via<'_>>, transport: Transport, from: SocketAddr) -> SocketAddr {
    let Some(via) = via.filter(|_| !transport.is_reliable()) else { return from };
    let port = via.port.unwrap_or(transport.default_port());
    if let Some(maddr) = via.maddr().and_then(|maddr| ip_of(&maddr)) {
        return SocketAddr::new(maddr, port);
    }
    match via.rport() {
        Some(_) => from,
        None => SocketAddr::new(from.ip(), port),
    }
}

/// Gives a response without a transaction a To tag that is the same each time the request comes (8.2.7).
pub(super) fn stateless_tag(request: &Message, reply: &mut Message) {
    let Some(to) = request.header(HeaderName::To) else { return };
    if request.to().is_ok_and(|to| to.tag().is_some()) || to.contains(";tag=") {
        return;
    }
    let seed = request.header(HeaderName::Via).unwrap_or("").bytes().chain(to.bytes());
    // FNV-1a: only sameness matters here.
    let tag = seed.fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let tagged = format!("{to};tag={tag:016x}");
    reply.set(HeaderName::To, tagged);
}
