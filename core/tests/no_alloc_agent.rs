//! A call in steady state allocates nothing in the agent either: frames go in, as packets to the other agent and out
//! there, through `UserAgent::handle`, `poll` and `audio` and all that lies between.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use allocation_counter::measure;
use sansip_core::agent::{Account, Channel, Input, Output, Reply, Request, Route, Transmit, UserAgent};
use sansip_core::ids::{AccountId, RequestId, SessionId, SocketId};
use sansip_core::middleware::notification::{Event, SessionNotification};
use sansip_core::middleware::settings::Settings;
use sansip_core::time::{Duration, Instant, WallClock, WallTime};
use sansip_core::wire::sip::Transport;

const FRAME: Duration = Duration::from_millis(20);
/// 50 s: longer than 64*T1, so that nothing of the INVITE is left, and every buffer has its size.
const WARM_UP: u32 = 2_500;
/// 20 s. Reports (RFC 3550 6.2) are due at least every 6.2 s and go both ways in it; they may not allocate either.
const MEASURED: u32 = 1_000;
const PORT: u16 = 5060;

/// One agent and the sockets it believes to have.
struct Side {
    agent: UserAgent,
    account: AccountId,
    ip: IpAddr,
    sockets: BTreeMap<SocketId, SocketAddr>,
    open: BTreeMap<SocketAddr, SocketId>,
    session: Option<SessionId>,
    started: bool,
    /// Samples of the tone that were heard.
    heard: u64,
}

impl Side {
    fn new(name: &str, last: u8) -> Side {
        let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
        let mut settings = Settings { local_ip: Some(ip), ..Settings::default() };
        settings.sip.udp = Some(SocketAddr::new(ip, PORT));
        settings.sip.tcp = None;
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
        let mut agent = UserAgent::new(settings, [last; 32], Instant::ZERO, wall).expect("the settings are good");
        let account = Account::new(&format!("{name}@{ip}")).expect("the account is good");
        let account = agent.add_account(account).expect("there is room");
        agent.start();
        let (sockets, open) = (BTreeMap::new(), BTreeMap::new());
        Side { agent, account, ip, sockets, open, session: None, started: false, heard: 0 }
    }

    /// Carries a request out at once.
    fn carry_out(&mut self, now: Instant, id: RequestId, request: Request) {
        let reply = match request {
            Request::Bind { socket, address } => {
                self.sockets.insert(socket, address);
                self.open.insert(address, socket);
                Reply::Bound { local: address }
            }
            Request::SourceAddress { .. } => Reply::Addresses(vec![self.ip]),
            other => panic!("nothing here asks for {other:?}"),
        };
        self.agent.handle(now, Input::Reply(id, reply));
    }

    /// Takes every call; notes that the call is up.
    fn react(&mut self, event: &Event) {
        match event {
            Event::Session(id, SessionNotification::NewIncoming { .. }) => {
                self.session = Some(*id);
                self.agent.session(*id).and_then(|session| session.accept(true)).expect("the call can be taken");
            }
            Event::Session(_, SessionNotification::DidStart) => self.started = true,
            Event::Session(_, SessionNotification::DidFail { code, reason, .. }) => panic!("{code} {reason}"),
            _ => {}
        }
    }
}

/// Two agents and what lies between them.
struct Line {
    now: Instant,
    sides: [Side; 2],
    rtp: u32,
    rtcp: u32,
}

impl Line {
    /// A call that is up.
    fn new() -> Line {
        let sides = [Side::new("alice", 1), Side::new("bob", 2)];
        let mut line = Line { now: Instant::ZERO, sides, rtp: 0, rtcp: 0 };
        line.settle();
        let route = Route::new(line.sides[1].ip.to_string(), PORT, Transport::Udp);
        let alice = &mut line.sides[0];
        let session = alice.agent.new_session(alice.account).expect("the agent runs");
        alice.session = Some(session);
        let connected = alice.agent.session(session).and_then(|call| call.connect("sip:bob@10.0.0.2", &[route], true));
        connected.expect("the call can be placed");
        line.settle();
        assert!(line.sides.iter().all(|side| side.started), "the call is up on both sides");
        line
    }

    /// Carries out what both sides want, until neither wants anything.
    fn settle(&mut self) {
        while self.drain(0) | self.drain(1) {}
    }

    /// Carries out what one side wants; false if that was nothing.
    fn drain(&mut self, turn: usize) -> bool {
        let mut busy = false;
        loop {
            match self.sides[turn].agent.poll() {
                Output::Transmit(transmit) => self.deliver(turn, transmit),
                Output::Request(id, request) => self.sides[turn].carry_out(self.now, id, request),
                Output::Notification(notification) => self.sides[turn].react(&notification.event),
                Output::Wake(_) => return busy,
            }
            busy = true;
        }
    }

    fn deliver(&mut self, turn: usize, transmit: Transmit) {
        let Channel::Socket(socket) = transmit.by else { panic!("there are no connections here") };
        match transmit.to.port() {
            PORT => {}
            port if port % 2 == 0 => self.rtp += 1,
            _ => self.rtcp += 1,
        }
        let from = self.sides[turn].sockets[&socket];
        let other = &mut self.sides[1 - turn];
        let socket = other.open[&transmit.to];
        other.agent.handle(self.now, Input::Datagram { socket, from, data: transmit.data });
    }

    /// 20 ms: both sides say a frame, both hear one.
    fn frame(&mut self) {
        self.now += FRAME;
        for side in &mut self.sides {
            side.agent.handle(self.now, Input::Time);
        }
        self.settle();
        let tone: [i16; 160] = core::array::from_fn(|n| if n % 20 < 10 { 4_000 } else { -4_000 });
        for turn in 0..2 {
            let side = &mut self.sides[turn];
            let session = side.session.expect("the call is up");
            side.agent.audio(session).expect("there is sound").push(&tone);
            self.settle();
        }
        for side in &mut self.sides {
            let session = side.session.expect("the call is up");
            let mut samples = [0; 160];
            side.agent.audio(session).expect("there is sound").pull(&mut samples);
            side.heard += samples.iter().filter(|sample| sample.unsigned_abs() > 3_000).count() as u64;
        }
        self.settle();
    }

    fn frames(&mut self, count: u32) {
        (0..count).for_each(|_| self.frame());
    }
}

#[test]
fn a_call_in_steady_state_allocates_nothing() {
    let mut line = Line::new();
    line.frames(WARM_UP);
    let (rtp, rtcp) = (line.rtp, line.rtcp);
    let heard = [line.sides[0].heard, line.sides[1].heard];
    let allocations = measure(|| line.frames(MEASURED));
    assert_eq!(allocations.count_total, 0, "{allocations:?}");

    // It was a call that was measured: every frame was sent and heard, and reports went both ways.
    assert_eq!(line.rtp - rtp, 2 * MEASURED);
    assert!(line.rtcp - rtcp >= 6, "{} reports", line.rtcp - rtcp);
    for (side, before) in line.sides.iter_mut().zip(heard) {
        let samples = side.heard - before;
        assert!(samples > u64::from(MEASURED) * 150, "{samples} samples were heard");
        let session = side.session.expect("the call is up");
        let statistics = side.agent.audio(session).expect("there is sound").statistics();
        assert_eq!(statistics.lost, 0, "{statistics:?}");
        assert!(statistics.remote.is_some(), "{statistics:?}");
    }
    let counted = measure(|| drop(std::hint::black_box(vec![0u8; 100])));
    assert_eq!(counted.count_total, 1, "the counter counts");
}
