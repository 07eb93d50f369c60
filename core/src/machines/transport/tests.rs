//! Where requests came from and where responses go, what is broken, and the life of connections.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::*;
use crate::ids::Ids;
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::{ConnectionTimer, Timer, Timers};
use crate::wire::sip::{HeaderName, StatusCode};

struct Bench {
    now: Instant,
    rng: Rng,
    ids: Ids,
    timers: Timers,
    layer: Transports,
    udp: SocketId,
    tcp: SocketId,
}

const PEER: &str = "192.0.2.9:40000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Bench {
    fn idle(trace: bool) -> Bench {
        Bench {
            now: Instant::ZERO,
            rng: Rng::from_seed([4; 32]),
            ids: Ids::default(),
            timers: Timers::default(),
            layer: Transports::new(trace),
            udp: SocketId::from_number(0),
            tcp: SocketId::from_number(0),
        }
    }

    /// A layer with a datagram and a listening socket, both open.
    fn new() -> Bench {
        Bench::on("192.0.2.1:5060", false)
    }

    fn on(local: &str, trace: bool) -> Bench {
        let mut bench = Bench::idle(trace);
        let local = address(local);
        let asked = bench.act(|layer, cx| layer.start(cx, Some(local), Some(local)));
        let (udp, tcp) = match &asked[..] {
            [
                Effect::Ask(Asked::Socket(a), Request::Bind { socket: udp, address: to }),
                Effect::Ask(Asked::Socket(b), Request::Listen { socket: tcp, address: also_to }),
            ] => {
                assert_eq!((a, b, *to, *also_to), (udp, tcp, local, local));
                (*udp, *tcp)
            }
            other => panic!("{other:?}"),
        };
        let bound = || Reply::Bound { local };
        assert!(bench.act(|layer, cx| layer.on_reply(cx, Asked::Socket(udp), bound())).is_empty());
        let last = bench.act(|layer, cx| layer.on_reply(cx, Asked::Socket(tcp), bound()));
        assert!(matches!(&last[..], [Effect::Started]), "{last:?}");
        (bench.udp, bench.tcp) = (udp, tcp);
        bench
    }

    fn act(&mut self, act: impl FnOnce(&mut Transports, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut effects: Vec<Effect> = Vec::new();
        let mut cx =
            Cx { now: self.now, rng: &mut self.rng, ids: &mut self.ids, timers: &mut self.timers, out: &mut effects };
        act(&mut self.layer, &mut cx);
        effects
    }

    /// Lets time pass; what the timers do.
    fn run_to(&mut self, seconds: u64) -> Vec<String> {
        let until = Instant::from_millis(seconds * 1_000);
        let mut done = Vec::new();
        while self.timers.next() <= until {
            self.now = self.timers.next();
            let at = self.now.as_micros() / 1_000_000;
            match self.timers.pop_due(self.now) {
                Some(Timer::Connection(id, timer)) => {
                    let effects = self.act(|layer, cx| layer.on_connection_timer(cx, id, timer));
                    done.extend(effects.iter().map(|effect| format!("{at} {}", show(effect))));
                }
                other => panic!("{other:?} is no timer of this layer"),
            }
        }
        self.now = until;
        done
    }

    fn datagram(&mut self, from: &str, data: impl Into<Bytes>) -> Vec<Effect> {
        let (socket, from, data) = (self.udp, address(from), data.into());
        self.act(|layer, cx| layer.on_datagram(cx, socket, from, data))
    }

    fn accept(&mut self, n: u64, from: &str) -> ConnectionId {
        let id = ConnectionId::accepted(n);
        let effects = self.act(|layer, cx| layer.on_accepted(cx, id, address(from)));
        assert!(effects.is_empty(), "{effects:?}");
        id
    }

    fn stream(&mut self, id: ConnectionId, data: impl AsRef<[u8]>) -> Vec<Effect> {
        let data = Bytes::copy_from_slice(data.as_ref());
        self.act(|layer, cx| layer.on_stream(cx, id, data))
    }

    fn hop_to(&mut self, transport: Transport, remote: &str) -> (Option<Hop>, Vec<Effect>) {
        let mut hop = None;
        let effects = self.act(|layer, cx| hop = layer.hop_to(cx, transport, address(remote)));
        (hop, effects)
    }

    /// Opens a connection of ours, which is not up yet.
    fn connect(&mut self, remote: &str) -> (ConnectionId, Hop) {
        let (hop, effects) = self.hop_to(Transport::Tcp, remote);
        match &effects[..] {
            [Effect::Ask(Asked::Connection(asked), Request::Connect { connection, remote: to })] => {
                assert_eq!((asked, *to), (connection, address(remote)));
                (*connection, hop.unwrap())
            }
            other => panic!("{other:?}"),
        }
    }

    fn up(&mut self, id: ConnectionId) -> Vec<Effect> {
        let connected = Reply::Connected { local: address("192.0.2.1:50000") };
        self.act(|layer, cx| layer.on_reply(cx, Asked::Connection(id), connected))
    }

    fn send(&mut self, hop: Hop, text: &'static str) -> Vec<Effect> {
        self.act(|layer, cx| layer.send(cx, hop, Bytes::from_static(text.as_bytes())))
    }

    fn due(&self, id: ConnectionId, timer: ConnectionTimer) -> Option<u64> {
        self.timers.get(Timer::Connection(id, timer)).map(|at| at.as_micros() / 1_000_000)
    }
}

/// An effect in a few words.
fn show(effect: &Effect) -> String {
    match effect {
        Effect::Transmit(transmit) => {
            let text = String::from_utf8_lossy(&transmit.data);
            format!("transmit {:?}", text.lines().next().unwrap_or(""))
        }
        Effect::Ask(_, Request::CloseConnection { .. }) => "close connection".into(),
        Effect::Ask(_, Request::CloseSocket { .. }) => "close socket".into(),
        Effect::Ask(_, Request::Connect { .. }) => "connect".into(),
        Effect::Ask(_, other) => format!("{other:?}"),
        Effect::Message { message, .. } => format!("message {}", message.header(HeaderName::CSeq).unwrap_or("?")),
        Effect::Malformed { reason, .. } => format!("malformed: {reason}"),
        Effect::Failed { failure, .. } => format!("failed: {:?}", failure.kind),
        Effect::Trace { direction, .. } => format!("trace {direction:?}"),
        Effect::Started => "started".into(),
        Effect::StartFailed { .. } => "start failed".into(),
        Effect::Stopped => "stopped".into(),
    }
}

fn shown(effects: &[Effect]) -> Vec<String> {
    effects.iter().map(show).collect()
}

/// A request with these Via lines.
fn options(vias: &str, cseq: u32) -> String {
    format!(
        "OPTIONS sip:bob@192.0.2.1 SIP/2.0\r\n{vias}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@a.example.com>;tag=f\r\n\
         To: <sip:bob@b.example.com>\r\nCall-ID: c\r\nCSeq: {cseq} OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

const VIA: &str = "Via: SIP/2.0/UDP a.example.com;branch=z9hG4bK1";

/// Via values as they are passed up, and where the responses go.
fn passed_up(effects: &[Effect]) -> (Vec<String>, SocketAddr) {
    match effects {
        [Effect::Message { message, hop }] => (message.values(HeaderName::Via).map(String::from).collect(), hop.remote),
        other => panic!("{other:?}"),
    }
}

// 18.2.1, 18.2.2, RFC 3581, 4.

#[test]
fn requests_are_marked_with_where_they_came_from() {
    // The topmost Via, the source; the Via as it is marked, where the responses go.
    let cases = [
        // sent-by is the source: nothing to add.
        ("192.0.2.9:5070;branch=z9hG4bK1", "192.0.2.9:40000", "192.0.2.9:5070;branch=z9hG4bK1", "192.0.2.9:5070"),
        ("192.0.2.9;branch=z9hG4bK1", "192.0.2.9:40000", "192.0.2.9;branch=z9hG4bK1", "192.0.2.9:5060"),
        // It is another address, or a name.
        (
            "10.0.0.3:5070;branch=z9hG4bK1",
            "198.51.100.7:40000",
            "10.0.0.3:5070;branch=z9hG4bK1;received=198.51.100.7",
            "198.51.100.7:5070",
        ),
        (
            "a.example.com;branch=z9hG4bK1",
            "198.51.100.7:40000",
            "a.example.com;branch=z9hG4bK1;received=198.51.100.7",
            "198.51.100.7:5060",
        ),
        // rport: the port too, and `received` even where it says nothing new.
        (
            "192.0.2.9:5070;rport;branch=z9hG4bK1",
            "192.0.2.9:40000",
            "192.0.2.9:5070;branch=z9hG4bK1;received=192.0.2.9;rport=40000",
            "192.0.2.9:40000",
        ),
        (
            "a.example.com;branch=z9hG4bK1;RPORT",
            "198.51.100.7:40000",
            "a.example.com;branch=z9hG4bK1;received=198.51.100.7;rport=40000",
            "198.51.100.7:40000",
        ),
        // What the client says of itself does not count.
        (
            "a.example.com;received=203.0.113.1;branch=z9hG4bK1;rport=1",
            "198.51.100.7:40000",
            "a.example.com;branch=z9hG4bK1;received=198.51.100.7;rport=40000",
            "198.51.100.7:40000",
        ),
        (
            "a.example.com;Received=203.0.113.1;branch=z9hG4bK1",
            "198.51.100.7:40000",
            "a.example.com;branch=z9hG4bK1;received=198.51.100.7",
            "198.51.100.7:5060",
        ),
        // Other parameters stay as they are.
        (
            "a.example.com;flag;x=\"q;u\";branch=z9hG4bK1;ttl=7",
            "198.51.100.7:40000",
            "a.example.com;flag;x=\"q;u\";branch=z9hG4bK1;ttl=7;received=198.51.100.7",
            "198.51.100.7:5060",
        ),
        // maddr says where the responses go, and sent-by to which port.
        (
            "192.0.2.9:5070;maddr=224.0.1.75;branch=z9hG4bK1",
            "192.0.2.9:40000",
            "192.0.2.9:5070;maddr=224.0.1.75;branch=z9hG4bK1",
            "224.0.1.75:5070",
        ),
        (
            "192.0.2.9;maddr=224.0.1.75;branch=z9hG4bK1",
            "192.0.2.9:40000",
            "192.0.2.9;maddr=224.0.1.75;branch=z9hG4bK1",
            "224.0.1.75:5060",
        ),
        // A maddr that is a name is nothing that can be sent to at once.
        (
            "192.0.2.9;maddr=m.example.com;branch=z9hG4bK1",
            "192.0.2.9:40000",
            "192.0.2.9;maddr=m.example.com;branch=z9hG4bK1",
            "192.0.2.9:5060",
        ),
    ];
    for (via, from, marked, reply_to) in cases {
        let mut bench = Bench::new();
        let effects = bench.datagram(from, options(&format!("Via: SIP/2.0/UDP {via}"), 1));
        let (vias, remote) = passed_up(&effects);
        assert_eq!(vias, [format!("SIP/2.0/UDP {marked}")], "{via}");
        assert_eq!(remote, address(reply_to), "{via}");
    }
}

#[test]
fn requests_over_ipv6_are_marked_without_brackets() {
    let cases = [
        ("[2001:db8::9]:5070;branch=z9hG4bK1", "[2001:db8::9]:5070;branch=z9hG4bK1", "[2001:db8::9]:5070"),
        // The same address, written otherwise.
        ("[2001:DB8:0::0:9];branch=z9hG4bK1", "[2001:DB8:0::0:9];branch=z9hG4bK1", "[2001:db8::9]:5060"),
        (
            "[2001:db8::1]:5070;branch=z9hG4bK1",
            "[2001:db8::1]:5070;branch=z9hG4bK1;received=2001:db8::9",
            "[2001:db8::9]:5070",
        ),
        (
            "a.example.com;branch=z9hG4bK1;rport",
            "a.example.com;branch=z9hG4bK1;received=2001:db8::9;rport=40000",
            "[2001:db8::9]:40000",
        ),
        (
            "[2001:db8::9];maddr=[ff02::1];branch=z9hG4bK1",
            "[2001:db8::9];maddr=[ff02::1];branch=z9hG4bK1",
            "[ff02::1]:5060",
        ),
    ];
    for (via, marked, reply_to) in cases {
        let mut bench = Bench::on("[2001:db8::1]:5060", false);
        let effects = bench.datagram("[2001:db8::9]:40000", options(&format!("Via: SIP/2.0/UDP {via}"), 1));
        let (vias, remote) = passed_up(&effects);
        assert_eq!((vias, remote), (vec![format!("SIP/2.0/UDP {marked}")], address(reply_to)), "{via}");
    }
}

#[test]
fn only_the_topmost_via_is_marked_however_vias_are_written() {
    let marked = "SIP/2.0/UDP a.example.com;branch=z9hG4bK1;received=192.0.2.9";
    let second = "SIP/2.0/TCP b.example.com;branch=z9hG4bK2;rport";
    let third = "SIP/2.0/UDP c.example.com";
    for vias in [
        format!("{VIA}\r\nVia: {second}\r\nVia: {third}"),
        format!("{VIA}, {second}, {third}"),
        format!("{VIA} ,{second}\r\nv: {third}"),
        format!("v: SIP / 2.0 / UDP a.example.com ; branch = z9hG4bK1\r\nVIA: {second},{third}"),
        format!("Via: SIP/2.0/UDP\r\n a.example.com;branch=z9hG4bK1,\r\n {second},\r\n\t{third}"),
    ] {
        let mut bench = Bench::new();
        let effects = bench.datagram(PEER, options(&vias, 1));
        let (passed, remote) = passed_up(&effects);
        assert_eq!(passed, [marked, second, third], "{vias}");
        assert_eq!(remote, address("192.0.2.9:5060"), "{vias}");
    }
}

/// 18.2.2: over a connection, responses go back over it, whatever the Via says.
#[test]
fn over_a_connection_responses_go_back_over_it() {
    let cases = [
        ("192.0.2.9:5070;branch=z9hG4bK1", "192.0.2.9:5070;branch=z9hG4bK1"),
        (
            "a.example.com:5070;maddr=224.0.1.75;branch=z9hG4bK1",
            "a.example.com:5070;maddr=224.0.1.75;branch=z9hG4bK1;received=192.0.2.9",
        ),
        ("a.example.com;branch=z9hG4bK1;rport", "a.example.com;branch=z9hG4bK1;received=192.0.2.9;rport=40000"),
    ];
    for (via, marked) in cases {
        let mut bench = Bench::new();
        let id = bench.accept(1, PEER);
        let effects = bench.stream(id, options(&format!("Via: SIP/2.0/TCP {via}"), 1));
        let [Effect::Message { message, hop }] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(message.header(HeaderName::Via), Some(&*format!("SIP/2.0/TCP {marked}")));
        let back = Hop { transport: Transport::Tcp, channel: Channel::Connection(id), remote: address(PEER) };
        assert_eq!(*hop, back);
    }
}

#[test]
fn responses_are_passed_up_as_they_came() {
    let mut bench = Bench::new();
    let response = format!(
        "SIP/2.0 200 OK\r\n{VIA};received=1.2.3.4\r\nFrom: <sip:a@b>;tag=f\r\nTo: <sip:c@d>;tag=t\r\nCall-ID: c\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    let effects = bench.datagram(PEER, response);
    let (vias, remote) = passed_up(&effects);
    assert_eq!(vias, ["SIP/2.0/UDP a.example.com;branch=z9hG4bK1;received=1.2.3.4"]);
    assert_eq!(remote, address(PEER));
    assert_eq!(bench.layer.statistics().messages, 1);
}

// What is no message.

#[test]
fn keep_alives_and_stun_are_swallowed() {
    let mut bench = Bench::new();
    // RFC 8489, 5: a Binding request.
    let stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
    let swallowed: [&[u8]; 7] = [b"", b"\r\n", b"\r\n\r\n", b"\n", b"\0", b"\0\0\0\0", stun];
    for data in swallowed {
        assert!(bench.datagram(PEER, Bytes::from_static(data)).is_empty(), "{data:?}");
    }
    assert_eq!(bench.layer.statistics(), TransportStatistics { other: 7, ..Default::default() });
    let effects = bench.datagram(PEER, format!("\r\n\r\n{}", options(VIA, 1)));
    assert_eq!(shown(&effects), ["message 1 OPTIONS"], "line ends before a message are skipped (7.5)");
}

#[test]
fn what_is_not_sip_is_told_and_never_answered() {
    let mut bench = Bench::new();
    for data in ["hello", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x7f\x45LF\r\n\r\n", "        "] {
        let effects = bench.datagram(PEER, data);
        match &effects[..] {
            [Effect::Malformed { from, reason }] => {
                assert_eq!(*from, address(PEER), "{data:?}");
                assert!(!reason.is_empty(), "{data:?}");
            }
            other => panic!("{data:?}: {other:?}"),
        }
    }
    assert_eq!(bench.layer.statistics(), TransportStatistics { malformed: 4, ..Default::default() });
}

/// What was sent in answer to a malformed request.
fn refusal(effects: &[Effect]) -> (SocketAddr, Message) {
    match effects {
        [Effect::Malformed { .. }, Effect::Transmit(transmit)] => {
            (transmit.to, Message::parse(transmit.data.clone()).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

/// 8.2.7: statelessly, with the same To tag each time.
#[test]
fn a_malformed_request_is_answered_without_a_transaction() {
    let mut bench = Bench::new();
    let broken = options(VIA, 1).replace("CSeq: 1", "CSeq: one");
    let (to, response) = refusal(&bench.datagram(PEER, broken.clone()));
    assert_eq!(to, address("192.0.2.9:5060"));
    assert_eq!(response.status(), Some(StatusCode::BAD_REQUEST));
    assert!(response.reason().starts_with("CSeq: "), "{}", response.reason());
    let via = "SIP/2.0/UDP a.example.com;branch=z9hG4bK1;received=192.0.2.9";
    assert_eq!(response.values(HeaderName::Via).collect::<Vec<_>>(), [via]);
    assert_eq!(response.header(HeaderName::From), Some("<sip:alice@a.example.com>;tag=f"));
    assert_eq!(response.header(HeaderName::CallId), Some("c"));
    assert_eq!(response.header(HeaderName::CSeq), Some("one OPTIONS"));
    assert_eq!(response.headers(HeaderName::ContentLength).collect::<Vec<_>>(), ["0"]);
    let tag = response.to().unwrap().tag().unwrap().to_string();
    assert!(tag.len() >= 8, "{tag}");

    let (_, again) = refusal(&bench.datagram(PEER, broken.clone()));
    assert_eq!(again.to_bytes(), response.to_bytes(), "the same request, the same answer");
    let (_, other) = refusal(&bench.datagram(PEER, broken.replace("z9hG4bK1", "z9hG4bK2")));
    assert_ne!(other.to().unwrap().tag(), Some(&*tag), "another transaction, another tag");
    assert!(bench.timers.is_empty());
    assert_eq!(bench.layer.statistics(), TransportStatistics { malformed: 3, ..Default::default() });
}

#[test]
fn a_to_tag_that_is_there_stays() {
    let mut bench = Bench::new();
    let broken = options(VIA, 1).replace("CSeq: 1", "CSeq: one").replace("b.example.com>", "b.example.com>;tag=theirs");
    let (_, response) = refusal(&bench.datagram(PEER, broken));
    assert_eq!(response.to().unwrap().tag(), Some("theirs"));
}

#[test]
fn every_kind_of_malformed_request_gets_its_own_status() {
    let body = |length: &str| options(VIA, 1).replace("Content-Length: 0", &format!("Content-Length: {length}"));
    let huge = (limits::SIP_BODY + 1).to_string();
    let cases = [
        (400, options(VIA, 1).replace("Call-ID: c\r\n", "")),
        (400, options(VIA, 1).replace("OPTIONS sip:bob", "OPTIONS <sip:bob")),
        (400, options(VIA, 1).replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE")),
        (400, options(VIA, 1).replace("Max-Forwards: 70", "Max-Forwards: 700")),
        (400, options(VIA, 1).replace("Max-Forwards", "this is no header field\r\nMax-Forwards")),
        (400, body("-1")),
        (400, body("12")),
        (413, body(&huge)),
        (505, options(VIA, 1).replacen("SIP/2.0", "SIP/3.0", 1)),
        (513, options(VIA, 1).replace("Call-ID", &format!("X: {}\r\nCall-ID", "x".repeat(limits::SIP_LINE)))),
    ];
    for (status, text) in cases {
        let (to, response) = refusal(&Bench::new().datagram(PEER, text.clone()));
        assert_eq!(response.status().unwrap().code(), status, "{text:.200}");
        assert_eq!(to, address("192.0.2.9:5060"), "{text:.200}");
    }
}

#[test]
fn a_request_whose_via_cannot_be_read_is_answered_where_it_came_from() {
    let via = "Via: SIP/2.0/UDP 203.0.113.1:99;;";
    let (to, response) = refusal(&Bench::new().datagram(PEER, options(via, 1)));
    assert_eq!(to, address(PEER));
    assert_eq!(response.header(HeaderName::Via), Some(&via[5..]));
}

/// Nothing answers an ACK or a response, and without a Via nobody could match the answer.
#[test]
fn what_must_not_be_answered_is_only_told() {
    let ack = options(VIA, 1).replace("OPTIONS", "ACK").replace("CSeq: 1", "CSeq: one");
    let response =
        options(VIA, 1).replace("OPTIONS sip:bob@192.0.2.1 SIP/2.0", "SIP/2.0 200 OK").replace("CSeq: 1", "CSeq: x");
    let without_via = options("X: y", 1);
    let mut bench = Bench::new();
    for text in [ack, response, without_via] {
        let effects = bench.datagram(PEER, text.clone());
        assert!(matches!(&effects[..], [Effect::Malformed { .. }]), "{text}: {effects:?}");
    }
}

#[test]
fn what_comes_to_a_socket_that_is_not_ours_is_nothing() {
    let mut bench = Bench::new();
    let data = Bytes::from(options(VIA, 1));
    let effects = bench.act(|layer, cx| layer.on_datagram(cx, SocketId::from_number(99), address(PEER), data));
    assert!(effects.is_empty());
    assert!(bench.stream(ConnectionId::accepted(9), options(VIA, 1)).is_empty());
    assert!(!bench.layer.owns(SocketId::from_number(99)));
    assert!(bench.layer.owns(bench.udp) && bench.layer.owns(bench.tcp));
}

// Streams.

/// Keep-alives, requests with and without a body, and a broken one, in one stream.
fn stream_of_everything() -> String {
    let via = "Via: SIP/2.0/TCP a.example.com;branch=z9hG4bK1";
    let with_body = options(via, 2).replace("Content-Length: 0\r\n\r\n", "Content-Length: 4\r\n\r\n\r\n\r\n");
    let broken = options(via, 3).replace("CSeq: 3", "CSeq: three");
    format!("\r\n\r\n{}\r\n{with_body}{broken}{}\r\n\r\n", options(via, 1), options(via, 4))
}

/// What comes of a stream in pieces.
fn in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, TransportStatistics) {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    let mut all = Vec::new();
    for piece in pieces {
        all.extend(shown(&bench.stream(id, piece)));
    }
    assert_eq!(bench.due(id, ConnectionTimer::PartialMessage), None, "nothing is unfinished");
    (all, bench.layer.statistics())
}

#[test]
fn a_stream_gives_the_same_wherever_it_is_cut() {
    let stream = stream_of_everything();
    let bytes = stream.as_bytes();
    let (whole, statistics) = in_pieces([bytes]);
    assert_eq!(
        whole,
        [
            "transmit \"\"",
            "message 1 OPTIONS",
            "message 2 OPTIONS",
            "malformed: CSeq: not a number below 2^31",
            "transmit \"SIP/2.0 400 CSeq: not a number below 2^31\"",
            "message 4 OPTIONS",
            "transmit \"\"",
        ]
    );
    assert_eq!((statistics.messages, statistics.malformed), (3, 1));
    for cut in 0..=bytes.len() {
        let (one, two) = bytes.split_at(cut);
        assert_eq!(in_pieces([one, two]), (whole.clone(), statistics), "cut at {cut}");
    }
    assert_eq!(in_pieces(bytes.chunks(1)), (whole, statistics), "octet by octet");
}

/// RFC 5626, 3.5.1: a double CRLF is answered with a single one, a single one is itself an answer.
#[test]
fn pings_are_answered_and_pongs_are_not() {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    assert!(bench.stream(id, "\r\n").is_empty());
    match &bench.stream(id, "\r\n")[..] {
        [Effect::Transmit(transmit)] => {
            assert_eq!(
                *transmit,
                Transmit { by: Channel::Connection(id), to: address(PEER), data: Bytes::from_static(b"\r\n") }
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.stream(id, "\r").is_empty());
}

#[test]
fn a_message_that_is_never_finished_costs_the_connection() {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    bench.run_to(10);
    assert!(bench.stream(id, "OPTIONS sip:bob").is_empty());
    assert_eq!(bench.due(id, ConnectionTimer::PartialMessage), Some(42));
    for second in 11..40 {
        assert!(bench.run_to(second).is_empty());
        assert!(bench.stream(id, "b").is_empty());
    }
    assert_eq!(bench.due(id, ConnectionTimer::PartialMessage), Some(42), "an octet now and then does not help");
    let done = bench.run_to(1_000);
    let expected =
        ["42 malformed: a message that was begun and never finished", "42 close connection", "42 failed: Reset"];
    assert_eq!(done, expected);
    assert_eq!(bench.layer.connections(), 0);
    assert!(bench.timers.is_empty());
}

#[test]
fn a_message_that_is_finished_in_time_stops_the_timer() {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    let text = options("Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1", 1);
    let (head, rest) = text.split_at(40);
    bench.stream(id, head);
    bench.run_to(20);
    assert_eq!(shown(&bench.stream(id, rest)), ["message 1 OPTIONS"]);
    assert_eq!(bench.due(id, ConnectionTimer::PartialMessage), None);
    bench.run_to(30);
    bench.stream(id, head);
    assert_eq!(bench.due(id, ConnectionTimer::PartialMessage), Some(62), "the next message has its own time");
}

#[test]
fn a_stream_that_cannot_be_framed_is_closed() {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    let text = options("Via: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK1", 1).replace("Content-Length: 0\r\n", "");
    let effects = bench.stream(id, text);
    let shown = shown(&effects);
    assert!(shown[0].starts_with("malformed: Content-Length"), "{shown:?}");
    assert_eq!(shown[shown.len() - 2..], ["close connection", "failed: Reset"]);
    assert_eq!(bench.layer.connections(), 0);
    assert!(bench.stream(id, options(VIA, 2)).is_empty(), "what follows is nobody's");
    assert!(bench.timers.is_empty());
}

#[test]
fn a_connection_that_nobody_uses_is_closed() {
    let idle = limits::CONNECTION_IDLE.as_secs();
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    assert_eq!(bench.due(id, ConnectionTimer::Idle), Some(idle));
    bench.run_to(100);
    bench.stream(id, "\r\n");
    assert_eq!(bench.due(id, ConnectionTimer::Idle), Some(100 + idle), "what is received counts");
    bench.run_to(200);
    let hop = Hop { transport: Transport::Tcp, channel: Channel::Connection(id), remote: address(PEER) };
    bench.send(hop, "x");
    assert_eq!(bench.due(id, ConnectionTimer::Idle), Some(200 + idle), "so does what is sent");
    let done = bench.run_to(10_000);
    assert_eq!(done, [format!("{} close connection", 200 + idle), format!("{} failed: Reset", 200 + idle)]);
    assert_eq!(bench.layer.connections(), 0);
    assert!(bench.timers.is_empty());
}

// Connections of ours.

#[test]
fn what_is_sent_before_a_connection_is_up_goes_out_in_order() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    assert_eq!(hop, Hop { transport: Transport::Tcp, channel: Channel::Connection(id), remote: address(PEER) });
    assert_eq!(bench.due(id, ConnectionTimer::ConnectTimeout), Some(limits::CONNECT_TIME.as_secs()));
    assert!(bench.send(hop, "one").is_empty());
    assert!(bench.send(hop, "two").is_empty());
    assert_eq!(shown(&bench.up(id)), ["transmit \"one\"", "transmit \"two\""]);
    assert_eq!(bench.due(id, ConnectionTimer::ConnectTimeout), None);
    assert_eq!(bench.due(id, ConnectionTimer::Idle), Some(limits::CONNECTION_IDLE.as_secs()));
    match &bench.send(hop, "three")[..] {
        [Effect::Transmit(transmit)] => {
            assert_eq!((transmit.by, transmit.to), (Channel::Connection(id), address(PEER)));
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.up(id).is_empty(), "a second reply is nothing");
}

#[test]
fn connections_are_used_again_whoever_opened_them() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    assert_eq!(bench.hop_to(Transport::Tcp, PEER).0, Some(hop), "while it comes up");
    bench.up(id);
    let (again, effects) = bench.hop_to(Transport::Tcp, PEER);
    assert_eq!((again, effects.len()), (Some(hop), 0));

    let accepted = bench.accept(1, "192.0.2.8:33000");
    let (hop, effects) = bench.hop_to(Transport::Tcp, "192.0.2.8:33000");
    assert_eq!((hop.map(|hop| hop.channel), effects.len()), (Some(Channel::Connection(accepted)), 0));
    let (_, effects) = bench.hop_to(Transport::Tcp, "192.0.2.8:5060");
    assert_eq!(shown(&effects), ["connect"], "another port is another peer");
    assert_eq!(bench.layer.connections(), 3);
}

#[test]
fn a_connection_that_cannot_be_opened_fails_what_waits_for_it() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    bench.send(hop, "one");
    let refused = Reply::Failed(IoFailure::new(IoFailureKind::Refused, "refused"));
    let effects = bench.act(|layer, cx| layer.on_reply(cx, Asked::Connection(id), refused));
    match &effects[..] {
        [Effect::Failed { channel, remote: None, failure }] => {
            assert_eq!((*channel, failure.kind), (Channel::Connection(id), IoFailureKind::Refused));
        }
        other => panic!("{other:?}"),
    }
    assert!(bench.timers.is_empty());
    let (next, _) = bench.connect(PEER);
    assert_ne!(next, id, "the next one is new");
}

#[test]
fn a_connection_that_does_not_come_up_is_given_up() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    bench.send(hop, "one");
    let at = limits::CONNECT_TIME.as_secs();
    assert_eq!(bench.run_to(1_000), [format!("{at} close connection"), format!("{at} failed: TimedOut")]);
    assert!(bench.up(id).is_empty(), "too late");
    assert_eq!(bench.layer.connections(), 0);
    assert!(bench.timers.is_empty());
}

#[test]
fn what_waits_for_a_connection_is_capped() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    for _ in 0..limits::CONNECTION_QUEUE {
        assert!(bench.send(hop, "x").is_empty());
    }
    assert_eq!(shown(&bench.send(hop, "x")), ["failed: Other"]);
    assert_eq!(bench.layer.statistics().unsent, 1);
    assert_eq!(bench.up(id).len(), limits::CONNECTION_QUEUE);
}

#[test]
fn the_peers_close_fails_what_waits_for_an_answer() {
    let mut bench = Bench::new();
    let (id, hop) = bench.connect(PEER);
    bench.up(id);
    let effects = bench.act(|layer, cx| layer.on_closed(cx, id, None));
    assert_eq!(shown(&effects), ["failed: Reset"]);
    assert!(bench.timers.is_empty());
    assert!(bench.act(|layer, cx| layer.on_closed(cx, id, None)).is_empty(), "once");
    let (_, effects) = bench.hop_to(Transport::Tcp, PEER);
    assert_eq!(shown(&effects), ["connect"]);
    assert_eq!(hop.channel, Channel::Connection(id));
}

/// 18.2.2: a response whose connection is gone goes by a new one to where the request came from.
#[test]
fn responses_open_a_connection_again() {
    let mut bench = Bench::new();
    let gone = bench.accept(1, PEER);
    let hop = Hop { transport: Transport::Tcp, channel: Channel::Connection(gone), remote: address(PEER) };
    bench.act(|layer, cx| layer.on_closed(cx, gone, None));
    let effects = bench.send(hop, "one");
    let id = match &effects[..] {
        [Effect::Ask(Asked::Connection(id), Request::Connect { remote, .. })] => {
            assert_eq!(*remote, address(PEER));
            *id
        }
        other => panic!("{other:?}"),
    };
    assert!(bench.send(hop, "two").is_empty(), "the connection under way is used");
    match &bench.up(id)[..] {
        [Effect::Transmit(one), Effect::Transmit(two)] => {
            assert_eq!((one.by, &*one.data), (Channel::Connection(id), &b"one"[..]));
            assert_eq!((two.by, &*two.data), (Channel::Connection(id), &b"two"[..]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn connections_are_capped() {
    let mut bench = Bench::new();
    for n in 0..limits::CONNECTIONS {
        let ip = core::net::Ipv4Addr::from_bits(0x0A00_0000 + u32::try_from(n).unwrap());
        bench.accept(n as u64, &format!("{ip}:5060"));
    }
    let one_more = ConnectionId::accepted(u64::MAX >> 1);
    let effects = bench.act(|layer, cx| layer.on_accepted(cx, one_more, address(PEER)));
    assert_eq!(shown(&effects), ["close connection"]);
    let (hop, effects) = bench.hop_to(Transport::Tcp, "192.0.2.77:5060");
    assert_eq!((hop, effects.len()), (None, 0));
    assert!(bench.hop_to(Transport::Tcp, "10.0.0.5:5060").0.is_some(), "those that are there go on");
    assert_eq!(bench.layer.statistics().refused_connections, 2);
    assert_eq!(bench.layer.connections(), limits::CONNECTIONS);
}

// Sockets.

#[test]
fn datagrams_go_by_the_socket_of_their_family() {
    let mut bench = Bench::new();
    let (hop, effects) = bench.hop_to(Transport::Udp, PEER);
    let expected = Hop { transport: Transport::Udp, channel: Channel::Socket(bench.udp), remote: address(PEER) };
    assert_eq!((hop, effects.len()), (Some(expected), 0));
    assert_eq!(bench.hop_to(Transport::Udp, "[2001:db8::1]:5060").0, None);
    assert_eq!(bench.hop_to(Transport::Tls, PEER).0, None);
    match &bench.send(expected, "x")[..] {
        [Effect::Transmit(transmit)] => assert_eq!((transmit.by, transmit.to), (expected.channel, expected.remote)),
        other => panic!("{other:?}"),
    }
    let (socket, to) = (bench.udp, address(PEER));
    let effects = bench.act(|layer, cx| layer.on_unreachable(cx, socket, to));
    assert!(matches!(&effects[..], [Effect::Failed { remote: Some(remote), .. }] if *remote == to), "{effects:?}");
}

#[test]
fn vias_and_contacts_name_the_port_that_is_listened_on() {
    let bench = Bench::on("192.0.2.1:5070", false);
    let local = "192.0.2.1".parse().unwrap();
    let v6 = "2001:db8::1".parse().unwrap();
    assert_eq!(bench.layer.sent_by(Transport::Udp, local), address("192.0.2.1:5070"));
    assert_eq!(&*bench.layer.contact("bob", Transport::Udp, local), "<sip:bob@192.0.2.1:5070>");
    assert_eq!(&*bench.layer.contact("bob", Transport::Tcp, local), "<sip:bob@192.0.2.1:5070;transport=tcp>");
    assert_eq!(&*bench.layer.contact("bob", Transport::Udp, v6), "<sip:bob@[2001:db8::1]:5070>");
    let listening: Vec<_> = bench.layer.listening().collect();
    assert_eq!(listening, [(Transport::Udp, address("192.0.2.1:5070")), (Transport::Tcp, address("192.0.2.1:5070"))]);
    // Without a listening socket there is only the default port to name.
    assert_eq!(Bench::idle(false).layer.sent_by(Transport::Tcp, local), address("192.0.2.1:5060"));
}

#[test]
fn a_layer_without_sockets_starts_at_once() {
    let mut bench = Bench::idle(false);
    let effects = bench.act(|layer, cx| layer.start(cx, None, None));
    assert_eq!(shown(&effects), ["started"]);
}

#[test]
fn a_socket_that_cannot_be_opened_says_what_to_do() {
    for (kind, advice) in [
        (IoFailureKind::AddressInUse, "choose another port"),
        (IoFailureKind::AddressNotAvailable, "no address of this machine"),
        (IoFailureKind::PermissionDenied, "need more rights"),
        (IoFailureKind::Other, "the machine's words"),
    ] {
        let mut bench = Bench::idle(false);
        let asked = bench.act(|layer, cx| layer.start(cx, Some(address("192.0.2.1:5060")), None));
        let [Effect::Ask(asked, _)] = &asked[..] else { panic!("{asked:?}") };
        let asked = *asked;
        let failed = Reply::Failed(IoFailure::new(kind, "the machine's words"));
        let effects = bench.act(|layer, cx| layer.on_reply(cx, asked, failed));
        let [Effect::StartFailed { reason }] = &effects[..] else { panic!("{effects:?}") };
        assert!(reason.contains("UDP 192.0.2.1:5060") && reason.contains("the machine's words"), "{reason}");
        assert!(reason.contains(advice), "{reason}");
    }
}

#[test]
fn a_stop_closes_everything_for_good() {
    let mut bench = Bench::new();
    let id = bench.accept(1, PEER);
    let (ours, _) = bench.connect("192.0.2.8:5060");
    let effects = bench.act(|layer, cx| layer.stop(cx));
    let closed = |effect: &Effect| match effect {
        Effect::Ask(Asked::Close, Request::CloseConnection { connection }) => Some(*connection),
        _ => None,
    };
    let mut connections: Vec<ConnectionId> = effects.iter().filter_map(closed).collect();
    connections.sort();
    let mut expected = [id, ours];
    expected.sort();
    assert_eq!(connections, expected);
    let shown = shown(&effects);
    assert_eq!(shown.iter().filter(|what| *what == "close socket").count(), 2);
    assert_eq!(shown.last().map(String::as_str), Some("stopped"));
    assert!(bench.timers.is_empty());
    assert_eq!(bench.hop_to(Transport::Tcp, PEER).0, None);
    assert_eq!(bench.hop_to(Transport::Udp, PEER).0, None);
    assert!(bench.datagram(PEER, options(VIA, 1)).is_empty());
    let effects = bench.act(|layer, cx| layer.on_accepted(cx, ConnectionId::accepted(5), address(PEER)));
    assert_eq!(self::shown(&effects), ["close connection"]);
}

#[test]
fn what_goes_over_the_wire_is_traced_both_ways() {
    let mut bench = Bench::on("192.0.2.1:5060", true);
    let effects = bench.datagram(PEER, options(VIA, 1));
    assert_eq!(shown(&effects), ["trace Received", "message 1 OPTIONS"]);
    let Effect::Trace { transport, peer, bytes, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!((*transport, *peer), (Transport::Udp, address(PEER)));
    assert_eq!(Message::parse(bytes.clone()).unwrap().values(HeaderName::Via).collect::<Vec<_>>(), [&VIA[5..]]);
    let effects = bench.datagram(PEER, options(VIA, 1).replace("CSeq: 1", "CSeq: x"));
    let shown = shown(&effects);
    assert!(shown[1].starts_with("malformed") && shown[3].starts_with("transmit"), "{shown:?}");
    assert_eq!((&*shown[0], &*shown[2], shown.len()), ("trace Received", "trace Sent", 4));
}
