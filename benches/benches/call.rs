//! Whole calls between two agents in memory: INVITE, 200, ACK, BYE, 200, with an offer and an answer, without sound.
//!
//! Both agents run in one thread and do all that they do in a real call: transactions with their timers, dialogs, offer
//! and answer, media ports, notifications. Calls come one after the other, 10 ms of the agents' time apart, so that some
//! thousand transactions of earlier calls wait for their last retransmissions, as they do in a busy server.
//!
//! Criterion measures one call; then a long run is timed by itself, and calls per second are printed.
#![allow(clippy::print_stdout)] // The figures are what it is for.
#![allow(missing_docs)] // criterion's macro makes undocumented functions.

use std::alloc::System;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time;

use criterion::{Criterion, criterion_group};
use sansip_core::agent::{Account, Channel, Input, Load, Output, Reply, Request, Route, Transmit, UserAgent};
use sansip_core::ids::{AccountId, RequestId, SocketId};
use sansip_core::middleware::notification::{AgentNotification, Event, Notification, SessionNotification};
use sansip_core::middleware::settings::Settings;
use sansip_core::time::{Duration, Instant, WallClock, WallTime};
use sansip_core::wire::sip::Transport;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Between the beginnings of two calls, in the agents' time.
const SPACING: Duration = Duration::from_millis(10);
/// Longer than 64*T1: after it, nothing is left of a call.
const FORGOTTEN: Duration = Duration::from_secs(40);
const PORT: u16 = 5060;
const CALLER: usize = 0;
const CALLEE: usize = 1;

/// One agent and the machine it believes to run on.
struct Side {
    agent: UserAgent,
    account: AccountId,
    ip: IpAddr,
    sockets: BTreeMap<SocketId, SocketAddr>,
    open: BTreeMap<SocketAddr, SocketId>,
}

impl Side {
    fn new(name: &str, ip: IpAddr, seed: u8) -> Side {
        let mut settings = Settings { local_ip: Some(ip), ..Settings::default() };
        settings.sip.udp = Some(SocketAddr::new(ip, PORT));
        settings.sip.tcp = None;
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
        let mut agent = UserAgent::new(settings, [seed; 32], Instant::ZERO, wall).expect("the settings are good");
        let account = Account::new(&format!("{name}@{ip}")).expect("the account is good");
        let account = agent.add_account(account).expect("there is room");
        agent.start();
        Side { agent, account, ip, sockets: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// Carries a request out at once.
    fn carry_out(&mut self, now: Instant, id: RequestId, request: Request) {
        let reply = match request {
            Request::Bind { socket, address } => {
                self.sockets.insert(socket, address);
                self.open.insert(address, socket);
                Reply::Bound { local: address }
            }
            Request::CloseSocket { socket } => {
                if let Some(address) = self.sockets.remove(&socket) {
                    self.open.remove(&address);
                }
                Reply::Done
            }
            Request::SourceAddress { .. } => Reply::Addresses(vec![self.ip]),
            other => panic!("nothing of this benchmark asks for {other:?}"),
        };
        self.agent.handle(now, Input::Reply(id, reply));
    }
}

/// Two agents and what lies between them.
struct Line {
    now: Instant,
    sides: [Side; 2],
    started: usize,
    ended: usize,
    datagrams: u64,
}

impl Line {
    fn new() -> Line {
        let ip = |last| IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        let sides = [Side::new("alice", ip(1), 1), Side::new("bob", ip(2), 2)];
        let mut line = Line { now: Instant::ZERO, sides, started: 0, ended: 0, datagrams: 0 };
        line.settle();
        assert_eq!(line.started, 2, "both agents run");
        line
    }

    /// A call from its first INVITE to the last 200.
    fn call(&mut self) {
        self.pass(SPACING);
        let callee = format!("sip:bob@{}", self.sides[CALLEE].ip);
        let route = Route::new(self.sides[CALLEE].ip.to_string(), PORT, Transport::Udp);
        let caller = &mut self.sides[CALLER];
        let session = caller.agent.new_session(caller.account).expect("the agent runs");
        let connected = caller.agent.session(session).and_then(|handle| handle.connect(&callee, &[route], true));
        connected.expect("the call can be placed");
        let before = self.ended;
        self.settle();
        assert_eq!(self.ended - before, 2, "the call has ended on both sides");
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        for side in &mut self.sides {
            side.agent.handle(self.now, Input::Time);
        }
        self.settle();
    }

    /// Carries out what both sides want, until neither wants anything.
    fn settle(&mut self) {
        let mut turn = CALLER;
        let mut quiet = 0;
        while quiet < self.sides.len() {
            quiet = if self.drain(turn) { 0 } else { quiet + 1 };
            turn = 1 - turn;
        }
    }

    /// Carries out what one side wants; false if that was nothing.
    fn drain(&mut self, turn: usize) -> bool {
        let mut busy = false;
        loop {
            match self.sides[turn].agent.poll() {
                Output::Transmit(transmit) => self.deliver(turn, transmit),
                Output::Request(id, request) => self.sides[turn].carry_out(self.now, id, request),
                Output::Notification(notification) => self.react(turn, &notification),
                Output::Wake(_) => return busy,
            }
            busy = true;
        }
    }

    fn deliver(&mut self, turn: usize, transmit: Transmit) {
        let Channel::Socket(socket) = transmit.by else { panic!("there are no connections here") };
        let from = self.sides[turn].sockets[&socket];
        let other = &mut self.sides[1 - turn];
        let Some(&socket) = other.open.get(&transmit.to) else { panic!("nobody listens at {}", transmit.to) };
        self.datagrams += 1;
        other.agent.handle(self.now, Input::Datagram { socket, from, data: transmit.data });
    }

    /// The callee takes every call, the caller ends it as soon as it stands.
    fn react(&mut self, turn: usize, notification: &Notification) {
        let agent = &mut self.sides[turn].agent;
        match &notification.event {
            Event::Session(id, SessionNotification::NewIncoming { .. }) => {
                agent.session(*id).and_then(|session| session.accept(true)).expect("the call can be taken");
            }
            Event::Session(id, SessionNotification::DidStart) if turn == CALLER => {
                agent.session(*id).and_then(|session| session.end()).expect("the call can be ended");
            }
            Event::Session(_, SessionNotification::DidEnd { .. }) => self.ended += 1,
            Event::Session(_, SessionNotification::DidFail { code, reason, .. }) => panic!("{code} {reason}"),
            Event::Agent(AgentNotification::DidStart { .. }) => self.started += 1,
            Event::Agent(AgentNotification::DidFail { reason }) => panic!("{reason}"),
            _ => {}
        }
    }

    /// Nothing is left of any call once the last retransmission could have come.
    fn assert_forgotten(&mut self) {
        for _ in 0..3 {
            self.pass(FORGOTTEN);
        }
        for side in &self.sides {
            assert_eq!(side.agent.load(), Load::default());
        }
    }
}

fn criterion_groups(criterion: &mut Criterion) {
    let mut line = Line::new();
    criterion.bench_function("call, both agents", |bencher| bencher.iter(|| line.call()));
}

fn report() {
    // So many calls begin within 64*T1.
    const WARM: u32 = 4_000;
    const CALLS: u32 = 20_000;
    let mut line = Line::new();
    (0..WARM).for_each(|_| line.call());
    let (datagrams, region) = (line.datagrams, Region::new(ALLOCATOR));
    let start = time::Instant::now();
    (0..CALLS).for_each(|_| line.call());
    let seconds = start.elapsed().as_secs_f64();
    let change = region.change();
    let calls = f64::from(CALLS);
    println!("\nINVITE-200-ACK-BYE-200 between two agents in one thread, with SDP, without sound");
    println!("  {:.0} calls per second per core, both agents counted", calls / seconds);
    println!("  {:.1} us a call", seconds * 1e6 / calls);
    println!("  {:.1} datagrams a call", (line.datagrams - datagrams) as f64 / calls);
    println!("  {:.0} allocations a call", (change.allocations + change.reallocations) as f64 / calls);
    line.assert_forgotten();
}

criterion_group!(groups, criterion_groups);

fn main() {
    groups();
    Criterion::default().configure_from_args().final_summary();
    report();
}
