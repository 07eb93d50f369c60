//! Whatever comes over the network, with a call up: the agent does not panic, says little, keeps little, and once the call
//! has ended it keeps nothing.
//!
//! Every run is drawn from its seed, which a failure names; `NO_PANIC_SEED=` runs that one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use sansip_core::agent::{
    Account, Channel, Input, IoFailure, IoFailureKind, Load, Output, Reply, Request, Transmit, UserAgent,
};
use sansip_core::ids::{ConnectionId, SessionId, SocketId};
use sansip_core::limits;
use sansip_core::middleware::notification::{Event, SessionNotification, SessionState};
use sansip_core::middleware::settings::{Settings, SipSettings};
use sansip_core::rng::Rng;
use sansip_core::time::{Instant, WallClock, WallTime};
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode};

const HERE: &str = "10.0.0.1:5060";
const PEER: &str = "10.0.0.9:5060";
const PEER_RTP: &str = "10.0.0.9:40000";
/// 64*T1: no transaction of ours outlives its last message by more.
const TIMEOUT: Duration = Duration::from_secs(32);
/// What one input may cause, besides what a stream's many messages and many sessions cause.
const OUTPUTS: usize = 64;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A running agent and the machine it runs on, which does all it is asked for at once.
struct Machine {
    agent: UserAgent,
    now: Instant,
    wake: Instant,
    sockets: BTreeMap<SocketId, SocketAddr>,
    connections: BTreeSet<ConnectionId>,
    sent: Vec<Transmit>,
    incoming: Vec<SessionId>,
    outputs: usize,
}

impl Machine {
    fn new(seed: u64) -> Machine {
        let settings = Settings {
            local_ip: Some(address(HERE).ip()),
            sip: SipSettings { udp: Some(address(HERE)), tcp: Some(address(HERE)), ..Settings::default().sip },
            answer_unknown_users: true,
            ..Settings::default()
        };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
        let agent = UserAgent::new(settings, bytes, Instant::ZERO, wall).unwrap();
        let mut machine = Machine {
            agent,
            now: Instant::ZERO,
            wake: Instant::NEVER,
            sockets: BTreeMap::new(),
            connections: BTreeSet::new(),
            sent: Vec::new(),
            incoming: Vec::new(),
            outputs: 0,
        };
        machine.agent.add_account(Account::new("alice@example.com").unwrap()).unwrap();
        machine.agent.start();
        machine.drain();
        machine
    }

    /// The socket for SIP datagrams: the first that was asked for.
    fn signalling(&self) -> SocketId {
        *self.sockets.keys().next().unwrap()
    }

    /// The sockets for RTP and RTCP.
    fn media(&self) -> Vec<SocketId> {
        let media = self.sockets.iter().filter(|(_, address)| address.port() != 5060);
        media.map(|(&socket, _)| socket).collect()
    }

    fn drain(&mut self) {
        loop {
            let output = self.agent.poll();
            self.outputs += 1;
            assert!(self.outputs < 100_000, "the agent never comes to rest");
            match output {
                Output::Transmit(transmit) => self.sent.push(transmit),
                Output::Request(id, request) => {
                    let reply = self.carry_out(request);
                    self.agent.handle(self.now, Input::Reply(id, reply));
                }
                Output::Notification(notification) => {
                    if let Event::Session(id, SessionNotification::NewIncoming { .. }) = notification.event {
                        self.incoming.push(id);
                    }
                }
                Output::Wake(at) => {
                    self.wake = at;
                    return;
                }
            }
        }
    }

    fn carry_out(&mut self, request: Request) -> Reply {
        match request {
            Request::Bind { socket, address } => {
                self.sockets.insert(socket, address);
                Reply::Bound { local: address }
            }
            Request::Listen { address, .. } => Reply::Bound { local: address },
            Request::CloseSocket { socket } => {
                self.sockets.remove(&socket);
                Reply::Done
            }
            Request::CloseConnection { connection } => {
                self.connections.remove(&connection);
                Reply::Done
            }
            Request::Connect { .. } => Reply::Failed(IoFailure::new(IoFailureKind::Refused, "refused")),
            Request::Lookup { .. } => Reply::Addresses(vec![address(PEER).ip()]),
            Request::SourceAddress { .. } => Reply::Addresses(vec![address(HERE).ip()]),
            Request::CreateFile { .. } | Request::WriteFile { .. } | Request::CloseFile { .. } => Reply::Done,
        }
    }

    /// Something happens; what comes of it is bounded.
    fn handle(&mut self, input: Input) {
        let size = match &input {
            Input::Stream { data, .. } => data.len(),
            _ => 0,
        };
        let before = self.agent.load();
        (self.outputs, self.sent) = (0, Vec::new());
        self.agent.handle(self.now, input);
        self.drain();
        let allowed = OUTPUTS + size + 8 * (before.timers + before.sessions + before.client_transactions);
        assert!(self.outputs <= allowed, "{} outputs of one input, {allowed} are allowed", self.outputs);
        self.check(&self.agent.load());
    }

    /// What a command causes is taken out.
    fn command(&mut self, act: impl FnOnce(&mut UserAgent)) {
        self.sent.clear();
        self.outputs = 0;
        act(&mut self.agent);
        self.drain();
        self.check(&self.agent.load());
    }

    /// Nothing grows without a cap, and what was asked for was answered.
    fn check(&self, load: &Load) {
        assert!(load.sessions <= limits::SESSIONS, "{load:?}");
        assert!(load.server_transactions <= limits::SERVER_TRANSACTIONS, "{load:?}");
        assert!(load.connections <= limits::CONNECTIONS, "{load:?}");
        assert_eq!((load.replies_awaited, load.searches), (0, 0), "{load:?}");
        assert!(load.dialogs <= load.sessions * limits::FORKS, "{load:?}");
        assert!(load.client_transactions <= 8 * (load.sessions + 1) + load.requests, "{load:?}");
        let holders = load.sessions + load.client_transactions + load.server_transactions + load.connections;
        assert!(load.timers <= 8 * holders, "{load:?}");
    }

    /// Lets time pass; each timer goes off at its own moment.
    fn run_for(&mut self, span: Duration) {
        let until = self.now + span;
        while self.wake <= until {
            self.now = self.wake.max(self.now);
            self.handle(Input::Time);
        }
        self.now = until;
        self.handle(Input::Time);
    }

    fn datagram(&mut self, data: impl Into<Bytes>) {
        let (socket, from, data) = (self.signalling(), address(PEER), data.into());
        self.handle(Input::Datagram { socket, from, data });
    }

    fn accepted(&mut self, n: u64, port: u16) -> ConnectionId {
        let connection = ConnectionId::accepted(n);
        self.connections.insert(connection);
        let (local, remote) = (address(HERE), SocketAddr::new(address(PEER).ip(), port));
        self.handle(Input::Accepted { listener: self.signalling(), connection, local, remote });
        connection
    }

    fn closed(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        self.handle(Input::Closed { connection, error: None });
    }

    fn stream(&mut self, connection: ConnectionId, data: impl Into<Bytes>) {
        self.handle(Input::Stream { connection, data: data.into() });
    }

    /// The SIP messages that were sent last.
    fn messages(&self) -> Vec<Message> {
        let media = self.media();
        let signalling = |transmit: &&Transmit| !media.iter().any(|socket| transmit.by == Channel::Socket(*socket));
        self.sent.iter().filter(signalling).filter_map(|t| Message::parse(t.data.clone()).ok()).collect()
    }

    fn state(&self, session: SessionId) -> SessionState {
        self.agent.info(session).map_or(SessionState::Terminated, |info| info.state)
    }

    /// Everybody hangs up, and every connection is closed.
    fn end_everything(&mut self) {
        for session in self.agent.sessions() {
            self.command(|agent| agent.session(session).unwrap().end().unwrap());
        }
        for connection in self.connections.clone() {
            self.closed(connection);
        }
    }
}

fn sdp() -> String {
    let (ip, port) = (address(PEER_RTP).ip(), address(PEER_RTP).port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    )
}

/// A request of the peer in the call with this Call-ID.
fn request(method: &str, transport: &str, call: &str, to_tag: &str, cseq: u32, branch: &str, body: &str) -> String {
    let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let content_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let param = if transport == "UDP" { "" } else { ";transport=tcp" };
    format!(
        "{method} sip:alice@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 10.0.0.9;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:carol@10.0.0.9>;tag=carol\r\nTo: <sip:alice@10.0.0.1>{tag}\r\nCall-ID: {call}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:carol@10.0.0.9:5060{param}>\r\n{content_type}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A call that is up.
struct Call {
    session: SessionId,
    id: String,
    tag: String,
}

/// The peer calls, the application accepts, the ACK comes. Over the connection, or by datagrams.
fn call_up(machine: &mut Machine, over: Option<ConnectionId>, id: &str) -> Call {
    let transport = if over.is_some() { "TCP" } else { "UDP" };
    let send = |machine: &mut Machine, text: String| match over {
        Some(connection) => machine.stream(connection, text),
        None => machine.datagram(text),
    };
    send(machine, request("INVITE", transport, id, "", 1, &format!("{id}1"), &sdp()));
    let session = machine.incoming.pop().expect("the call rings");
    machine.command(|agent| agent.session(session).unwrap().accept(true).unwrap());
    let ok = machine.messages().pop().expect("a response");
    assert_eq!(ok.status(), Some(StatusCode::OK));
    let tag = ok.to().unwrap().tag().unwrap().to_owned();
    send(machine, request("ACK", transport, id, &tag, 1, &format!("{id}2"), ""));
    assert_eq!(machine.state(session), SessionState::Established);
    Call { session, id: id.to_owned(), tag }
}

/// The torture messages, and what a peer in this very call may say.
fn seeds(call: &Call) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for rfc in ["rfc4475", "rfc5118"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(rfc);
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        all.extend(files.into_iter().map(|file| std::fs::read(file).unwrap()));
    }
    for (cseq, method, body) in [
        (2, "INVITE", sdp()),
        (3, "INVITE", String::new()),
        (4, "INVITE", sdp().replace("t=0 0", "t=0 0\r\na=sendonly")),
        (5, "INFO", String::new()),
        (6, "OPTIONS", String::new()),
        (7, "UPDATE", sdp()),
        (1, "ACK", String::new()),
        (1, "CANCEL", String::new()),
    ] {
        let branch = format!("seed{cseq}{method}");
        all.push(request(method, "UDP", &call.id, &call.tag, cseq, &branch, &body).into_bytes());
        all.push(request(method, "UDP", &format!("new{cseq}"), "", cseq, &branch, &body).into_bytes());
    }
    all
}

fn octets(rng: &mut Rng, most: u64) -> Vec<u8> {
    (0..rng.below(most)).map(|_| rng.u32() as u8).collect()
}

/// A few octets are changed, taken out, doubled, or replaced by what parsers trip over.
fn mutated(rng: &mut Rng, seed: &[u8]) -> Vec<u8> {
    const TOKENS: [&[u8]; 16] = [
        b"\r\n",
        b"\r",
        b"\n ",
        b"\"",
        b"<",
        b">",
        b";",
        b",",
        b"%",
        b"%00",
        b"\0",
        b"4294967296",
        b"-1",
        b"[::1]",
        b"\xff",
        b"=",
    ];
    let mut data = seed.to_vec();
    for _ in 0..=rng.below(6) {
        let at = rng.below(data.len() as u64 + 1) as usize;
        let end = data.len().min(at + rng.below(20) as usize);
        match rng.below(6) {
            0 if at < data.len() => data[at] = rng.u32() as u8,
            1 => drop(data.drain(at..end)),
            2 => {
                let copy = data[at..end].to_vec();
                data.splice(at..at, copy);
            }
            3 => {
                let token = TOKENS[rng.below(TOKENS.len() as u64) as usize];
                data.splice(at..end, token.iter().copied());
            }
            4 => data.truncate(at),
            _ => {
                let run = vec![b'a'; rng.below(3_000) as usize];
                data.splice(at..at, run);
            }
        }
    }
    data
}

/// An RTP packet, or an RTCP packet, or nearly one.
fn media_packet(rng: &mut Rng) -> Vec<u8> {
    let mut packet = match rng.below(4) {
        0 => octets(rng, 200),
        1 => {
            // RFC 3550 6.4: compound packets of any type, with lengths that may lie.
            let mut all = Vec::new();
            for _ in 0..=rng.below(4) {
                let body = octets(rng, 60);
                let words = if rng.chance(0.8) { body.len() as u64 / 4 } else { rng.below(65_536) };
                all.extend([0x80 | rng.below(64) as u8, 200 + rng.below(8) as u8, (words >> 8) as u8, words as u8]);
                all.extend(body);
            }
            all
        }
        _ => {
            let payload_type = [0, 8, 101, 13, 96][rng.below(5) as usize];
            let mut all = vec![0x80 | rng.below(64) as u8, payload_type | (rng.below(2) as u8) << 7];
            all.extend((rng.u32() as u16).to_be_bytes());
            all.extend(rng.u32().to_be_bytes());
            all.extend((rng.below(3) as u32).to_be_bytes());
            all.extend(octets(rng, 320));
            all
        }
    };
    if rng.chance(0.1) {
        packet.truncate(rng.below(16) as usize);
    }
    packet
}

/// One random thing happens.
fn step(machine: &mut Machine, rng: &mut Rng, call: &Call, seeds: &[Vec<u8>]) {
    let seed = &seeds[rng.below(seeds.len() as u64) as usize];
    match rng.below(12) {
        0 => machine.datagram(octets(rng, 400)),
        1..=4 => machine.datagram(mutated(rng, seed)),
        5 | 6 => {
            let open = machine.connections.first().copied().filter(|_| rng.chance(0.9));
            let connection = match open {
                Some(connection) => connection,
                None => machine.accepted(rng.below(1 << 40), 1_024 + rng.below(60_000) as u16),
            };
            let mut data = if rng.chance(0.5) { seed.clone() } else { mutated(rng, seed) };
            data.extend_from_slice(if rng.chance(0.3) { b"\r\n\r\n" } else { b"" });
            while !data.is_empty() && machine.connections.contains(&connection) {
                let rest = data.split_off(data.len().min(1 + rng.below(300) as usize));
                machine.stream(connection, core::mem::replace(&mut data, rest));
            }
        }
        7..=9 => {
            let media = machine.media();
            if !media.is_empty() {
                let socket = media[rng.below(media.len() as u64) as usize];
                let from = address(if rng.chance(0.8) { PEER_RTP } else { "203.0.113.1:9" });
                let data = media_packet(rng).into();
                machine.handle(Input::Datagram { socket, from, data });
                sound(machine, call);
            }
        }
        10 => machine.run_for(Duration::from_millis(rng.below(3_000))),
        _ => command(machine, rng, call),
    }
}

/// 20 ms of sound in both directions.
fn sound(machine: &mut Machine, call: &Call) {
    machine.command(|agent| {
        if let Ok(mut port) = agent.audio(call.session) {
            let mut frame = [0; 160];
            port.pull(&mut frame);
            port.push(&frame);
        }
    });
}

/// What the application may do meanwhile. A call that has ended refuses, and that is all.
fn command(machine: &mut Machine, rng: &mut Rng, call: &Call) {
    let what = rng.below(5);
    let digit = [b'0', b'9', b'*', b'#', b'D'][rng.below(5) as usize] as char;
    // One of those that the mutated INVITEs made ring.
    let other = machine.incoming.pop();
    machine.command(|agent| {
        let refused = match what {
            0 => agent.session(call.session).and_then(|session| session.hold()),
            1 => agent.session(call.session).and_then(|session| session.unhold()),
            2 => agent.session(call.session).and_then(|session| session.send_dtmf(digit)),
            3 => other.map_or(Ok(()), |id| agent.session(id).and_then(|session| session.accept(true))),
            _ => other.map_or(Ok(()), |id| agent.session(id).and_then(|session| session.reject(None))),
        };
        if let Err(misuse) = refused {
            assert!(!misuse.to_string().is_empty());
        }
    });
}

/// Says which seed it was, if the test fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("NO_PANIC_SEED={}", self.0);
        }
    }
}

fn run(seed: u64, steps: u32) {
    let _named = Named(seed);
    let mut machine = Machine::new(seed);
    let mut bytes = [1; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let mut rng = Rng::from_seed(bytes);
    let call = call_up(&mut machine, None, "call");
    let seeds = seeds(&call);
    for _ in 0..steps {
        step(&mut machine, &mut rng, &call, &seeds);
    }
    machine.end_everything();
    // Sessions that were answered and never acknowledged say BYE when that is certain: twice the time.
    machine.run_for(2 * TIMEOUT + Duration::from_millis(1));
    assert!(machine.agent.sessions().is_empty(), "{:?}", machine.agent.sessions());
    assert_eq!(machine.agent.load(), Load::default());
    assert!(machine.media().is_empty(), "every media socket is closed");
}

#[test]
fn anything_may_come_while_a_call_is_up() {
    match std::env::var("NO_PANIC_SEED") {
        Ok(seed) => run(seed.parse().expect("NO_PANIC_SEED is a number"), 4_000),
        Err(_) => (1..=4).for_each(|seed| run(seed, 2_000)),
    }
}

/// After a BYE of either side, and 64*T1 for the transactions, nothing is left. By datagrams and over a connection.
#[test]
fn nothing_is_left_of_a_call() {
    for over_tcp in [false, true] {
        for ours in [false, true] {
            let mut machine = Machine::new(9);
            let over = over_tcp.then(|| machine.accepted(1, 5060));
            let call = call_up(&mut machine, over, "call");
            machine.run_for(Duration::from_secs(7));
            if ours {
                machine.command(|agent| agent.session(call.session).unwrap().end().unwrap());
                let bye = machine.messages().pop().expect("a BYE");
                assert_eq!(bye.method(), Some(&Method::Bye));
                let ok = bye.reply(StatusCode::OK).to_bytes();
                match over {
                    Some(connection) => machine.stream(connection, ok),
                    None => machine.datagram(ok),
                }
            } else {
                let transport = if over_tcp { "TCP" } else { "UDP" };
                let bye = request("BYE", transport, &call.id, &call.tag, 2, "bye", "");
                match over {
                    Some(connection) => machine.stream(connection, bye),
                    None => machine.datagram(bye),
                }
                assert_eq!(machine.messages().pop().and_then(|ok| ok.status()), Some(StatusCode::OK));
            }
            let what = format!("TCP: {over_tcp}, our BYE: {ours}");
            assert_eq!(machine.state(call.session), SessionState::Terminated, "{what}");
            if let Some(connection) = over {
                machine.closed(connection);
            }
            machine.run_for(TIMEOUT + Duration::from_millis(1));
            assert_eq!(machine.agent.load(), Load::default(), "{what}");
            assert!(machine.media().is_empty(), "{what}");
        }
    }
}

/// A peer that answers our re-INVITE with a 100 and nothing more leaves nothing behind once the call has ended.
#[test]
fn a_reinvite_that_is_never_answered_ends_with_the_call() {
    let mut machine = Machine::new(10);
    let call = call_up(&mut machine, None, "call");
    machine.command(|agent| agent.session(call.session).unwrap().hold().unwrap());
    let reinvite = machine.messages().pop().expect("a re-INVITE");
    assert_eq!(reinvite.method(), Some(&Method::Invite));
    assert_eq!(reinvite.header(HeaderName::CallId), Some("call"));
    machine.datagram(reinvite.reply(StatusCode::TRYING).to_bytes());
    machine.run_for(Duration::from_secs(100));
    machine.datagram(request("BYE", "UDP", &call.id, &call.tag, 2, "bye", ""));
    assert_eq!(machine.state(call.session), SessionState::Terminated);
    machine.run_for(TIMEOUT + Duration::from_millis(1));
    assert_eq!(machine.agent.load(), Load::default());
}

/// INVITEs that nobody takes: each rings, none is lost, and all are gone when the application has refused them.
#[test]
fn a_flood_of_calls_is_kept_within_bounds() {
    let mut machine = Machine::new(11);
    let count = 500;
    for n in 0..count {
        machine.datagram(request("INVITE", "UDP", &format!("flood{n}"), "", 1, &format!("flood{n}"), &sdp()));
    }
    assert_eq!(machine.agent.sessions().len(), count);
    assert_eq!(machine.incoming.len(), count);
    machine.end_everything();
    assert!(machine.agent.sessions().is_empty());
    machine.run_for(TIMEOUT + Duration::from_millis(1));
    assert_eq!(machine.agent.load(), Load::default());
}
