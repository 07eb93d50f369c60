//! Hosts, peers and the network between them, under a clock that jumps from event to event.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use super::host::{Cx, Host, HostId, Names};
use super::log::{Trace, summary};
use super::network::{Flight, Network};
use super::peer::{PeerId, Received, ScriptedPeer};
use super::stream::End;
use crate::agent::{Account, Input, UserAgent};
use crate::error::Misuse;
use crate::ids::AccountId;
use crate::io::{IoFailure, IoFailureKind};
use crate::middleware::notification::{AgentNotification, Event};
use crate::middleware::settings::Settings;
use crate::rng::Rng;
use crate::time::{Instant, WallClock, WallTime};
use crate::wire::sip::Method;

/// Noon of 22 November 2026, UTC: when every world begins.
const BEGINNING: WallTime = WallTime::from_unix_micros(1_795_348_800_000_000);
/// Steps without a step of the clock; more is an agent that wakes for ever.
const STEPS_AT_ONCE: u32 = 100_000;

/// Something that was waited for did not happen.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}: not within {within:?}, and it is {at:?} now{seen}")]
pub struct Timeout {
    /// What was waited for.
    pub what: String,
    /// For how long.
    pub within: Duration,
    /// The moment it was given up.
    pub at: Instant,
    /// What came instead, a line each, for people.
    pub seen: String,
}

/// What is due next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Due {
    Arrival,
    Reply(usize),
    Wake(usize),
    Frame(usize),
    Speech(usize),
}

/// A world of its own: nothing in it depends on anything but its seed and what the test does.
pub struct World {
    now: Instant,
    rng: Rng,
    network: Network,
    names: Names,
    hosts: Vec<Host>,
    peers: Vec<ScriptedPeer>,
    trace: Trace,
    steps_at_once: u32,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now)
            .field("hosts", &self.hosts)
            .field("peers", &self.peers)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

impl World {
    /// An empty world, at [`Instant::ZERO`], noon of 22 November 2026.
    pub fn new(seed: u64) -> World {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = Rng::from_seed(bytes);
        World {
            now: Instant::ZERO,
            network: Network::new(rng.fork("network")),
            rng,
            names: Names::new(),
            hosts: Vec::new(),
            peers: Vec::new(),
            trace: Trace::new(),
            steps_at_once: 0,
        }
    }

    /// Adds a host with an agent, which is not started yet.
    ///
    /// # Errors
    /// What [`UserAgent::new`] has against the settings.
    pub fn add_host(&mut self, name: &str, ip: IpAddr, settings: Settings) -> Result<HostId, Misuse> {
        let mut rng = self.rng.fork(&format!("host {name}"));
        let mut seed = [0; 32];
        for chunk in seed.chunks_mut(8) {
            chunk.copy_from_slice(&rng.u64().to_le_bytes());
        }
        let agent = UserAgent::new(settings, seed, self.now, WallClock::new(Instant::ZERO, BEGINNING))?;
        self.hosts.push(Host::new(name, ip, agent, self.now));
        Ok(HostId(self.hosts.len() - 1))
    }

    /// Adds a scripted peer that takes SIP at `address` and sends, when not told otherwise, to `towards`.
    pub fn add_peer(&mut self, name: &str, address: SocketAddr, towards: SocketAddr) -> PeerId {
        let rng = self.rng.fork(&format!("peer {name}"));
        self.peers.push(ScriptedPeer::new(name, address, towards, rng));
        PeerId(self.peers.len() - 1)
    }

    /// Gives a host name its addresses, best first.
    pub fn add_name(&mut self, name: &str, addresses: &[IpAddr]) {
        self.names.insert(name.to_string(), addresses.to_vec());
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The network, to look at.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, to change.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// A host, to look at.
    pub fn host(&self, host: HostId) -> &Host {
        &self.hosts[host.0]
    }

    /// A host, to change.
    pub fn host_mut(&mut self, host: HostId) -> &mut Host {
        &mut self.hosts[host.0]
    }

    /// A peer, to look at.
    pub fn peer(&self, peer: PeerId) -> &ScriptedPeer {
        &self.peers[peer.0]
    }

    /// A peer, to tell what to do. What it sends leaves at the next step.
    pub fn peer_mut(&mut self, peer: PeerId) -> &mut ScriptedPeer {
        &mut self.peers[peer.0]
    }

    /// Everything that happened so far, a line each, byte for byte the same for the same seed and the same doing.
    pub fn trace(&self) -> &str {
        self.trace.text()
    }

    /// Whether the trace is kept. It is at first; a long run may do without.
    pub fn set_tracing(&mut self, on: bool) {
        self.trace.set_on(on);
    }

    /// Gives a command to a host's agent, and carries out all that comes of it.
    pub fn command<R>(&mut self, host: HostId, command: impl FnOnce(&mut UserAgent) -> R) -> R {
        let mut cx = Cx { now: self.now, network: &mut self.network, names: &self.names, trace: &mut self.trace };
        self.hosts[host.0].command(&mut cx, command)
    }

    /// Gives a host's agent an account with the id `user@domain`.
    ///
    /// # Panics
    /// If the agent refuses it.
    pub fn add_account(&mut self, host: HostId, id: &str) -> AccountId {
        let added = self.command(host, |agent| agent.add_account(Account::new(id)?));
        added.expect("the account is good")
    }

    /// Starts a host's agent and lets time pass until it runs.
    ///
    /// # Panics
    /// If it does not start within ten seconds.
    pub fn start(&mut self, host: HostId) {
        self.command(host, UserAgent::start);
        let started = |event: &Event| matches!(event, Event::Agent(AgentNotification::DidStart { .. }));
        let runs = self.run_until(
            |world| world.host(host).notifications().iter().any(|told| started(&told.event)),
            Duration::from_secs(10),
        );
        runs.expect("the agent starts");
    }

    /// Jumps to the next event. False if nothing will ever happen again.
    ///
    /// # Panics
    /// If an agent wakes for ever without time passing.
    pub fn step(&mut self) -> bool {
        self.step_by(Instant::NEVER)
    }

    /// Lets so much time pass.
    pub fn run_for(&mut self, span: Duration) {
        let deadline = self.now + span;
        while self.step_by(deadline) {}
        self.now = deadline;
    }

    /// Lets time pass until the condition holds, which is looked at before the first and after each step.
    ///
    /// # Errors
    /// [`Timeout`] if it does not hold within the time given, all of which has then passed.
    pub fn run_until(&mut self, mut condition: impl FnMut(&World) -> bool, within: Duration) -> Result<(), Timeout> {
        let deadline = self.now + within;
        loop {
            if condition(self) {
                return Ok(());
            }
            if !self.step_by(deadline) {
                self.now = deadline;
                return Err(self.timeout("the condition".to_string(), within, String::new()));
            }
        }
    }

    /// Lets time pass until a peer has an unread request of a method, and takes it.
    ///
    /// # Errors
    /// [`Timeout`], with all that the peer did get.
    pub fn expect_request(&mut self, peer: PeerId, method: Method, within: Duration) -> Result<Received, Timeout> {
        let what = format!("{method} to {}", self.peer(peer).name());
        self.expect(peer, what, within, |peer| peer.take_request(&method))
    }

    /// Lets time pass until a peer has an unread response with a status, and takes it.
    ///
    /// # Errors
    /// [`Timeout`], with all that the peer did get.
    pub fn expect_response(&mut self, peer: PeerId, code: u16, within: Duration) -> Result<Received, Timeout> {
        let what = format!("{code} to {}", self.peer(peer).name());
        self.expect(peer, what, within, |peer| peer.take_response(code))
    }

    fn expect(
        &mut self,
        peer: PeerId,
        what: String,
        within: Duration,
        take: impl Fn(&mut ScriptedPeer) -> Option<Received>,
    ) -> Result<Received, Timeout> {
        let deadline = self.now + within;
        loop {
            if let Some(received) = take(&mut self.peers[peer.0]) {
                return Ok(received);
            }
            if !self.step_by(deadline) {
                self.now = deadline;
                let came = |received: &Received| format!("\n{:?} {}", received.at, summary(&received.to_bytes()));
                let seen = self.peer(peer).received().iter().map(came).collect();
                return Err(self.timeout(what, within, seen));
            }
        }
    }

    fn timeout(&self, what: String, within: Duration, seen: String) -> Timeout {
        Timeout { what, within, at: self.now, seen }
    }

    /// Does what is due next, if that is not after `deadline`.
    fn step_by(&mut self, deadline: Instant) -> bool {
        let World { hosts, peers, network, names, trace, now, steps_at_once, .. } = self;
        let mut cx = Cx { now: *now, network: &mut *network, names: &*names, trace: &mut *trace };
        peers.iter_mut().for_each(|peer| peer.flush(&mut cx));
        let (at, due) = next_due(network, hosts, peers);
        if at == Instant::NEVER || at > deadline {
            return false;
        }
        let at = at.max(*now);
        *steps_at_once = if at > *now { 0 } else { *steps_at_once + 1 };
        assert!(*steps_at_once < STEPS_AT_ONCE, "{due:?} for ever at {at:?}");
        *now = at;
        let mut cx = Cx { now: at, network, names: &*names, trace };
        match due {
            Due::Arrival => {
                if let Some(flight) = cx.network.arrive(at) {
                    deliver(&mut cx, hosts, peers, flight);
                }
            }
            Due::Reply(host) => hosts[host].reply(&mut cx),
            Due::Wake(host) => hosts[host].handle(&mut cx, Input::Time),
            Due::Frame(host) => hosts[host].pump_audio(&mut cx),
            Due::Speech(peer) => peers[peer].speak(&mut cx),
        }
        true
    }
}

/// The earliest event; of several at once, the first in this order.
fn next_due(network: &Network, hosts: &[Host], peers: &[ScriptedPeer]) -> (Instant, Due) {
    let mut next = (network.next_arrival(), Due::Arrival);
    let mut consider = |at: Instant, due: Due| {
        if at < next.0 {
            next = (at, due);
        }
    };
    for (n, host) in hosts.iter().enumerate() {
        consider(host.next_reply(), Due::Reply(n));
        consider(host.next_wake(), Due::Wake(n));
        consider(host.next_frame(), Due::Frame(n));
    }
    for (n, peer) in peers.iter().enumerate() {
        consider(peer.next_packet(), Due::Speech(n));
    }
    next
}

fn deliver(cx: &mut Cx<'_>, hosts: &mut [Host], peers: &mut [ScriptedPeer], flight: Flight) {
    match flight {
        Flight::Datagram { from, to, data } => {
            let taken = hosts.iter_mut().any(|host| host.on_datagram(cx, from, to, data.clone()))
                || peers.iter_mut().any(|peer| peer.on_datagram(cx, from, to, &data));
            if !taken {
                cx.trace.line(cx.now, "nobody", format_args!("at {to} for {from}"));
                cx.network.bounce(cx.now, from, to);
            }
        }
        Flight::Unreachable { sender, to } => {
            let _told = hosts.iter_mut().any(|host| host.on_unreachable(cx, sender, to))
                || peers.iter_mut().any(|peer| peer.on_unreachable(sender, to));
        }
        Flight::Opening { stream } => {
            let Some(state) = cx.network.streams.get(&stream) else { return };
            let (from, to) = (state.address(End::Opener), state.address(End::Acceptor));
            let taken = hosts.iter_mut().any(|host| host.on_opening(cx, stream, from, to))
                || peers.iter_mut().any(|peer| peer.on_opening(cx, stream, to));
            if !taken {
                cx.network.refuse(cx.now, stream);
            }
        }
        Flight::Opened { stream } => {
            let Some(state) = cx.network.streams.get(&stream) else { return };
            let local = state.address(End::Opener);
            let _told = hosts.iter_mut().any(|host| host.on_opened(cx, stream, Ok(local)))
                || peers.iter_mut().any(|peer| peer.on_opened(stream, true));
        }
        Flight::Failed { stream, timed_out } => {
            let failure = if timed_out {
                IoFailure::new(IoFailureKind::TimedOut, "connection timed out")
            } else {
                IoFailure::new(IoFailureKind::Refused, "connection refused")
            };
            let _told = hosts.iter_mut().any(|host| host.on_opened(cx, stream, Err(failure.clone())))
                || peers.iter_mut().any(|peer| peer.on_opened(stream, false));
        }
        Flight::Segment { stream, end, data } => {
            let Some(state) = cx.network.streams.get(&stream) else { return };
            let from = state.address(end.other());
            let _taken = hosts.iter_mut().any(|host| host.on_segment(cx, from, (stream, end), data.clone()))
                || peers.iter_mut().any(|peer| peer.on_segment(cx, stream, end, &data));
        }
        Flight::Closed { stream, end, reset } => {
            let _told = hosts.iter_mut().any(|host| host.on_closed(cx, stream, end, reset))
                || peers.iter_mut().any(|peer| peer.on_closed(cx, stream, end, reset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::StatusCode;

    const SECOND: Duration = Duration::from_secs(1);

    fn two_peers() -> (World, PeerId, PeerId) {
        let mut world = World::new(1);
        let (a, b): (SocketAddr, SocketAddr) = ("10.0.0.8:5060".parse().unwrap(), "10.0.0.9:5060".parse().unwrap());
        let carol = world.add_peer("carol", a, b);
        let dave = world.add_peer("dave", b, a);
        (world, carol, dave)
    }

    #[test]
    fn two_peers_talk_by_datagrams() {
        let (mut world, carol, dave) = two_peers();
        let mut call = world.peer_mut(carol).call("sip:dave@10.0.0.9");
        world.peer_mut(carol).send(call.options());
        let options = world.expect_request(dave, Method::Options, SECOND).unwrap();
        assert_eq!(options.at, Instant::from_millis(5));
        let answer = world.peer_mut(dave).answer(&options);
        let ok = answer.reply(&options, StatusCode::OK, None);
        world.peer_mut(dave).reply(&options, ok);
        let ok = world.expect_response(carol, 200, SECOND).unwrap();
        assert_eq!(ok.at, Instant::from_millis(10));
        assert!(!world.step());
    }

    #[test]
    fn two_peers_talk_over_a_stream() {
        let (mut world, carol, dave) = two_peers();
        let there = world.peer(dave).address();
        world.peer_mut(carol).connect(there);
        world.run_for(SECOND);
        let mut call = world.peer_mut(carol).call("sip:dave@10.0.0.9");
        call.transport = "TCP";
        world.peer_mut(carol).send(call.options());
        world.peer_mut(carol).send(call.options());
        let first = world.expect_request(dave, Method::Options, SECOND).unwrap();
        world.expect_request(dave, Method::Options, SECOND).unwrap();
        world.peer_mut(dave).reply(&first, first.reply(StatusCode::OK));
        world.expect_response(carol, 200, SECOND).unwrap();
    }

    #[test]
    fn what_does_not_come_is_a_timeout_that_tells_what_did() {
        let (mut world, carol, dave) = two_peers();
        let mut call = world.peer_mut(carol).call("sip:dave@10.0.0.9");
        world.peer_mut(carol).send(call.options());
        let error = world.expect_request(dave, Method::Invite, SECOND).unwrap_err();
        assert_eq!((error.at, error.within), (Instant::from_millis(1_000), SECOND));
        assert!(error.to_string().contains("OPTIONS sip:dave@10.0.0.9"), "{error}");
    }

    #[test]
    fn nobody_at_the_address_is_told_to_the_sender() {
        let (mut world, carol, dave) = two_peers();
        world.peer_mut(dave).set_takes_datagrams(false);
        world.peer_mut(carol).send("OPTIONS sip:dave@10.0.0.9 SIP/2.0\n\n");
        world.run_for(SECOND);
        assert_eq!(world.peer(carol).unreachable(), [world.peer(dave).address()]);
    }

    #[test]
    fn speech_is_heard() {
        let (mut world, carol, dave) = two_peers();
        let to = world.peer(dave).rtp();
        world.peer_mut(carol).talk(to, super::super::AudioSource::tone(440.0, -20.0), SECOND);
        world.run_for(2 * SECOND);
        assert_eq!(world.peer(dave).heard().len(), 8_000);
    }
}
