//! Locating SIP servers (RFC 3263): from routes, which may hold names, to addresses to try in order, and the local address
//! that each is reached from.
//!
//! Names are looked up by the machine the agent runs on; NAPTR and SRV have their place here.

#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use bytestring::ByteString;

use super::{Cx, Sink};
use crate::ids::{CallerId, SessionId};
use crate::io::{Reply, Request};
use crate::wire::sip::{Host, ParseError, Scheme, Transport, UriRef};

/// A way to a peer, as the application or a URI names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// A host name or an IP address (an IPv6 address without brackets).
    pub address: String,
    /// The port.
    pub port: u16,
    /// The transport.
    pub transport: Transport,
}

impl Route {
    /// A route to `address`, port `port`, by `transport`.
    pub fn new(address: impl Into<String>, port: u16, transport: Transport) -> Route {
        Route { address: address.into(), port, transport }
    }

    /// The way that a SIP URI itself names: its `maddr` or host, its port or the transport's own, its transport or UDP
    /// (RFC 3263 4.1, without a name service).
    pub fn for_uri(uri: &str) -> Result<Route, ParseError> {
        let uri = UriRef::parse(uri)?;
        let fallback = if uri.scheme() == Scheme::Sips { Transport::Tls } else { Transport::Udp };
        let transport = uri.transport().unwrap_or(fallback);
        let host = match uri.maddr().unwrap_or(uri.host()) {
            Host::Name(name) => name.to_string(),
            Host::V4(ip) => ip.to_string(),
            Host::V6(ip) => ip.to_string(),
        };
        Ok(Route { address: host, port: uri.port().unwrap_or(transport.default_port()), transport })
    }
}

/// A place to send a request to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The transport.
    pub transport: Transport,
    /// The peer's address.
    pub remote: SocketAddr,
    /// Our own address on the way there.
    pub local_ip: IpAddr,
}

/// Who wants to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Asker {
    /// A session, before its first INVITE or response.
    Session(SessionId),
    /// The UAC core, for a request.
    Caller(CallerId),
    /// The sender of an ACK to a 2xx.
    Ack(CallerId),
}

/// What the machine wants done or tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Ask the machine; the reply goes to [`Locator::on_reply`].
    Ask(Asker, Request),
    /// The search is over.
    Found {
        /// Who asked.
        asker: Asker,
        /// The targets, in the order in which to try them; empty if there are none.
        targets: Vec<Target>,
        /// What went wrong on the way, for people; empty if nothing.
        problem: String,
    },
}

/// One search.
#[derive(Debug)]
struct Search {
    /// Routes whose names are not looked up yet.
    routes: VecDeque<Route>,
    /// Addresses whose local address is not known yet.
    remotes: VecDeque<(Transport, SocketAddr)>,
    found: Vec<Target>,
    problem: String,
}

/// The searches under way.
#[derive(Debug)]
pub struct Locator {
    local_ip: Option<IpAddr>,
    searches: BTreeMap<Asker, Search>,
}

impl Locator {
    /// A machine without searches. With a `local_ip`, the machine is not asked for local addresses.
    pub fn new(local_ip: Option<IpAddr>) -> Locator {
        Locator { local_ip, searches: BTreeMap::new() }
    }

    /// Begins a search, in place of an earlier one of the same asker.
    pub fn locate(&mut self, cx: &mut Cx<'_, Effect>, asker: Asker, routes: Vec<Route>) {
        let search =
            Search { routes: routes.into(), remotes: VecDeque::new(), found: Vec::new(), problem: String::new() };
        self.searches.insert(asker, search);
        self.go_on(cx.out, asker);
    }

    /// Ends a search without a word.
    pub fn forget(&mut self, asker: Asker) {
        self.searches.remove(&asker);
    }

    /// How many searches are under way.
    pub fn len(&self) -> usize {
        self.searches.len()
    }

    /// True if no search is under way.
    pub fn is_empty(&self) -> bool {
        self.searches.is_empty()
    }

    /// A reply to a request of this machine.
    pub fn on_reply(&mut self, cx: &mut Cx<'_, Effect>, asker: Asker, reply: Reply) {
        let Some(search) = self.searches.get_mut(&asker) else { return };
        if let Some((transport, remote)) = search.remotes.pop_front() {
            match reply {
                Reply::Addresses(ips) if !ips.is_empty() => {
                    search.found.push(Target { transport, remote, local_ip: ips[0] });
                }
                Reply::Failed(failure) => search.note(&format!("{} cannot be reached: {failure}", remote.ip())),
                _ => search.note(&format!("no local address leads to {}", remote.ip())),
            }
        } else if let Some(route) = search.routes.pop_front() {
            match reply {
                Reply::Addresses(ips) if !ips.is_empty() => search.add(&route, &ips),
                Reply::Failed(failure) => search.note(&format!("host {} not found: {failure}", route.address)),
                _ => search.note(&format!("host {} has no address", route.address)),
            }
        }
        self.go_on(cx.out, asker);
    }

    fn go_on(&mut self, out: &mut dyn Sink<Effect>, asker: Asker) {
        let Some(search) = self.searches.get_mut(&asker) else { return };
        loop {
            if let Some(&(transport, remote)) = search.remotes.front() {
                let Some(local_ip) = self.local_ip else {
                    return out.put(Effect::Ask(asker, Request::SourceAddress { towards: remote.ip() }));
                };
                search.found.push(Target { transport, remote, local_ip });
                search.remotes.pop_front();
            } else if let Some(route) = search.routes.front().cloned() {
                let Ok(ip) = route.address.parse::<IpAddr>() else {
                    let host = ByteString::from(route.address);
                    return out.put(Effect::Ask(asker, Request::Lookup { host }));
                };
                search.routes.pop_front();
                search.add(&route, &[ip]);
            } else {
                break;
            }
        }
        if let Some(search) = self.searches.remove(&asker) {
            out.put(Effect::Found { asker, targets: search.found, problem: search.problem });
        }
    }
}

impl Search {
    fn add(&mut self, route: &Route, ips: &[IpAddr]) {
        self.remotes.extend(ips.iter().map(|&ip| (route.transport, SocketAddr::new(ip, route.port))));
    }

    fn note(&mut self, problem: &str) {
        if !self.problem.is_empty() {
            self.problem.push_str("; ");
        }
        self.problem.push_str(problem);
    }
}
