//! The four machines against the timers of RFC 3261 table 4, to the millisecond, and RFC 6026.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use bytes::Bytes;

use super::*;
use crate::ids::{Ids, SocketId};
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;
use crate::wire::sip::{CSeq, HeaderName, Transport};

use TransactionTimer::{A, B, D, E, F, G, H, I, J, K, L, M, Trying};

/// The layer on its own, its clock, and what it did when.
struct Bench {
    now: Instant,
    rng: Rng,
    ids: Ids,
    timers: Timers,
    layer: Transactions,
    log: Vec<String>,
    /// The messages that were sent.
    sent: Vec<Bytes>,
    /// The server transactions whose requests were passed up.
    passed_up: Vec<TransactionId>,
}

const UDP: Hop = hop(Transport::Udp, 1);
const TCP: Hop = hop(Transport::Tcp, 2);

const fn hop(transport: Transport, host: u8) -> Hop {
    let ip = core::net::IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, host));
    let channel = Channel::Socket(SocketId::from_number(host as u64));
    Hop { transport, channel, remote: core::net::SocketAddr::new(ip, 5060) }
}

const USER: CallerId = CallerId::from_number(7);

impl Bench {
    fn new() -> Bench {
        Bench::with(TimerValues::default())
    }

    fn with(values: TimerValues) -> Bench {
        Bench {
            now: Instant::ZERO,
            rng: Rng::from_seed([3; 32]),
            ids: Ids::default(),
            timers: Timers::default(),
            layer: Transactions::new(values),
            log: Vec::new(),
            sent: Vec::new(),
            passed_up: Vec::new(),
        }
    }

    fn act<R>(&mut self, act: impl FnOnce(&mut Transactions, &mut Cx<'_, Effect>) -> R) -> R {
        let mut effects: Vec<Effect> = Vec::new();
        let mut cx =
            Cx { now: self.now, rng: &mut self.rng, ids: &mut self.ids, timers: &mut self.timers, out: &mut effects };
        let result = act(&mut self.layer, &mut cx);
        let at = self.now.as_micros() / 1_000;
        for effect in effects {
            self.log.push(format!("{at} {}", show(&effect)));
            match effect {
                Effect::Send { bytes, .. } => self.sent.push(bytes),
                Effect::Request { id, .. } => self.passed_up.push(id),
                _ => {}
            }
        }
        result
    }

    /// Lets time pass up to `millis`; each timer goes off at its own moment.
    fn run_to(&mut self, millis: u64) {
        let until = Instant::from_millis(millis);
        while self.timers.next() <= until {
            self.now = self.timers.next();
            match self.timers.pop_due(self.now) {
                Some(Timer::Transaction(id, timer)) => self.act(|layer, cx| layer.on_timer(cx, id, timer)),
                other => panic!("{other:?} is no timer of this layer"),
            }
        }
        self.now = until;
    }

    fn start(&mut self, request: &str, hop: Hop) -> Option<TransactionId> {
        let request = message(request);
        self.act(|layer, cx| layer.request(cx, request, hop, USER))
    }

    fn respond_to_us(&mut self, response: &str) -> bool {
        let response = message(response);
        self.act(|layer, cx| layer.on_response(cx, response))
    }

    fn receive(&mut self, request: &str, hop: Hop) -> Absorbed {
        let request = message(request);
        self.act(|layer, cx| layer.on_request(cx, request, hop))
    }

    /// The user answers the request that was passed up last.
    fn answer(&mut self, request: &str, code: u16) {
        let id = *self.passed_up.last().expect("a request was passed up");
        let response = message(request).reply(StatusCode::new(code).unwrap());
        self.act(|layer, cx| layer.respond(cx, id, &response));
    }

    /// What was done since this was asked last.
    fn log(&mut self) -> Vec<String> {
        core::mem::take(&mut self.log)
    }

    /// When a timer goes off, in milliseconds.
    fn due(&self, id: TransactionId, timer: TransactionTimer) -> Option<u64> {
        self.timers.get(Timer::Transaction(id, timer)).map(|at| at.as_micros() / 1_000)
    }

    fn running(&self, id: TransactionId) -> Vec<TransactionTimer> {
        let all = [A, B, D, E, F, G, H, I, J, K, L, M, Trying];
        all.into_iter().filter(|&timer| self.due(id, timer).is_some()).collect()
    }

    fn assert_empty(&self) {
        assert!(self.layer.is_empty());
        assert_eq!(self.layer.len(), (0, 0));
        assert!(self.timers.is_empty());
        assert!(self.layer.client_keys.is_empty() && self.layer.server_keys.is_empty());
        assert!(self.layer.merge_keys.is_empty());
    }
}

fn show(effect: &Effect) -> String {
    let kind = |message: &Message| match message.status() {
        Some(status) => status.code().to_string(),
        None => message.method().map_or_else(String::new, ToString::to_string),
    };
    match effect {
        Effect::Send { bytes, .. } => format!("send {}", kind(&Message::parse(bytes.clone()).unwrap())),
        Effect::Request { request, .. } => format!("up {}", kind(request)),
        Effect::Ack { request } => format!("up {}", kind(request)),
        Effect::Response { user, response, .. } => {
            assert_eq!(*user, USER);
            format!("up {}", kind(response))
        }
        Effect::TimedOut { .. } => "timed out".into(),
        Effect::TransportFailed { .. } => "transport failed".into(),
        Effect::ServerFailed { .. } => "server failed".into(),
        Effect::Ended { .. } => "ended".into(),
    }
}

fn message(text: &str) -> Message {
    match Message::parse(Bytes::from(text.to_string())) {
        Ok(message) => message,
        Err(broken) => panic!("{}: {text}", broken.error),
    }
}

/// A request with a Via as given, Call-ID `c`, From tag `f`.
fn request(method: &str, via: &str, cseq: u32) -> String {
    format!(
        "{method} sip:bob@b.example.com SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@a.example.com>;tag=f\r\n\
         To: <sip:bob@b.example.com>\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

const VIA: &str = "SIP/2.0/UDP a.example.com;branch=z9hG4bKone";

fn invite() -> String {
    request("INVITE", VIA, 1)
}

fn options() -> String {
    request("OPTIONS", VIA, 1)
}

fn with_to_tag(text: &str, tag: &str) -> String {
    text.replace("To: <sip:bob@b.example.com>", &format!("To: <sip:bob@b.example.com>;tag={tag}"))
}

/// The response of a peer to a request of ours.
fn response(request: &str, code: u16, to_tag: &str) -> String {
    let reply = message(request).reply(StatusCode::new(code).unwrap());
    with_to_tag(core::str::from_utf8(&reply.to_bytes()).unwrap(), to_tag)
}

/// The ACK to a response of 300 to 699 that a peer sends: the INVITE's own branch.
fn ack(to_tag: &str) -> String {
    with_to_tag(&request("ACK", VIA, 1), to_tag)
}

fn lines(times: &[u64], what: &str) -> Vec<String> {
    times.iter().map(|at| format!("{at} {what}")).collect()
}

// 17.1.1: INVITE client transactions.

#[test]
fn an_invite_is_repeated_by_timer_a_and_given_up_by_timer_b() {
    let mut bench = Bench::new();
    let id = bench.start(&invite(), UDP).unwrap();
    assert_eq!((bench.due(id, A), bench.due(id, B)), (Some(500), Some(32_000)));
    assert_eq!(bench.running(id), [A, B]);
    bench.run_to(600_000);
    let mut expected = lines(&[0, 500, 1_500, 3_500, 7_500, 15_500, 31_500], "send INVITE");
    expected.extend(["32000 timed out".to_string(), "32000 ended".to_string()]);
    assert_eq!(bench.log(), expected);
    assert!(bench.sent.iter().all(|bytes| *bytes == bench.sent[0]));
    bench.assert_empty();
}

#[test]
fn over_a_reliable_transport_an_invite_goes_once() {
    let mut bench = Bench::new();
    let id = bench.start(&invite(), TCP).unwrap();
    assert_eq!(bench.running(id), [B]);
    bench.run_to(600_000);
    assert_eq!(bench.log(), ["0 send INVITE", "32000 timed out", "32000 ended"]);
    bench.assert_empty();
}

#[test]
fn a_provisional_response_stops_timers_a_and_b() {
    let mut bench = Bench::new();
    let id = bench.start(&invite(), UDP).unwrap();
    bench.run_to(600);
    assert!(bench.respond_to_us(&response(&invite(), 180, "t")));
    assert!(bench.running(id).is_empty());
    bench.run_to(200_000);
    assert!(bench.respond_to_us(&response(&invite(), 183, "t")));
    assert_eq!(bench.log(), ["0 send INVITE", "500 send INVITE", "600 up 180", "200000 up 183"]);
    assert_eq!(bench.layer.len(), (1, 0));
}

#[test]
fn a_refusal_is_acknowledged_as_often_as_it_comes_until_timer_d() {
    let mut bench = Bench::new();
    let id = bench.start(&invite(), UDP).unwrap();
    bench.run_to(1_000);
    assert!(bench.respond_to_us(&response(&invite(), 486, "t")));
    assert_eq!(bench.running(id), [D]);
    assert_eq!(bench.due(id, D), Some(33_000));
    bench.run_to(2_000);
    assert!(bench.respond_to_us(&response(&invite(), 486, "t")));
    assert!(bench.respond_to_us(&response(&invite(), 180, "t")), "a late provisional is absorbed");
    assert!(bench.respond_to_us(&response(&invite(), 200, "t")), "so is a 200 that contradicts");
    bench.run_to(32_999);
    assert_eq!(bench.layer.len(), (1, 0));
    bench.run_to(33_000);
    assert!(!bench.respond_to_us(&response(&invite(), 486, "t")), "nobody waits for it any more");
    let expected = ["0 send INVITE", "500 send INVITE", "1000 send ACK", "1000 up 486", "2000 send ACK", "33000 ended"];
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

/// Table 4: timer D is "> 32s for UDP", whatever T1 is, and 0 s for TCP.
#[test]
fn timer_d_is_never_less_than_32_seconds() {
    for (t1, due) in [(100, 32_000), (500, 32_000), (1_000, 64_000)] {
        let mut bench = Bench::with(TimerValues { t1: Duration::from_millis(t1), ..TimerValues::default() });
        let id = bench.start(&invite(), UDP).unwrap();
        bench.respond_to_us(&response(&invite(), 404, "t"));
        assert_eq!(bench.due(id, D), Some(due), "T1 = {t1} ms");
    }
    let mut bench = Bench::new();
    bench.start(&invite(), TCP);
    bench.respond_to_us(&response(&invite(), 404, "t"));
    assert_eq!(bench.log(), ["0 send INVITE", "0 send ACK", "0 up 404", "0 ended"]);
    bench.assert_empty();
}

/// RFC 6026, 7.2 and 8.4: `Accepted`, with timer M, over every transport.
#[test]
fn every_2xx_is_passed_up_until_timer_m() {
    for hop in [UDP, TCP] {
        let mut bench = Bench::new();
        let id = bench.start(&invite(), hop).unwrap();
        bench.run_to(100);
        assert!(bench.respond_to_us(&response(&invite(), 200, "one")));
        assert_eq!(bench.running(id), [M]);
        assert_eq!(bench.due(id, M), Some(32_100));
        bench.run_to(5_000);
        assert!(bench.respond_to_us(&response(&invite(), 200, "one")), "retransmitted");
        assert!(bench.respond_to_us(&response(&invite(), 202, "two")), "of another fork");
        assert!(bench.respond_to_us(&response(&invite(), 180, "three")), "absorbed");
        assert!(bench.respond_to_us(&response(&invite(), 486, "four")), "absorbed");
        assert_eq!(bench.due(id, M), Some(32_100), "the timer is not set again");
        bench.run_to(32_100);
        assert!(!bench.respond_to_us(&response(&invite(), 200, "one")), "a stray response");
        assert_eq!(
            bench.log(),
            ["0 send INVITE", "100 up 200", "5000 up 200", "5000 up 202", "32100 ended"],
            "{hop:?}"
        );
        bench.assert_empty();
    }
}

/// 17.1.1.3 and 22.1.
#[test]
fn the_ack_to_a_refusal_has_what_the_rfc_says() {
    let invite = invite().replace(
        "Max-Forwards: 70\r\n",
        "Max-Forwards: 68\r\nRoute: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\nRoute: <sip:p3.example.com;lr>\r\n\
         Contact: <sip:alice@192.0.2.9>\r\nSubject: lunch\r\nAuthorization: Digest username=\"a\"\r\n\
         Proxy-Authorization: Digest username=\"p\"\r\n",
    );
    let mut bench = Bench::new();
    bench.start(&invite, UDP);
    bench.respond_to_us(&response(&invite, 404, "their-tag"));
    let ack = Message::parse(bench.sent.last().unwrap().clone()).unwrap();
    assert_eq!((ack.method(), ack.uri()), (Some(&Method::Ack), "sip:bob@b.example.com"));
    assert_eq!(ack.values(HeaderName::Via).collect::<Vec<_>>(), [VIA]);
    assert_eq!(ack.header(HeaderName::From), Some("<sip:alice@a.example.com>;tag=f"));
    assert_eq!(ack.header(HeaderName::To), Some("<sip:bob@b.example.com>;tag=their-tag"));
    assert_eq!(ack.call_id(), Ok("c"));
    assert_eq!(ack.cseq(), Ok(CSeq { number: 1, method: Method::Ack }));
    assert_eq!(ack.max_forwards(), Ok(Some(70)));
    let routes: Vec<&str> = ack.values(HeaderName::Route).collect();
    assert_eq!(routes, ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"]);
    assert_eq!(ack.header(HeaderName::Authorization), Some("Digest username=\"a\""));
    assert_eq!(ack.header(HeaderName::ProxyAuthorization), Some("Digest username=\"p\""));
    for absent in [HeaderName::Contact, HeaderName::Subject, HeaderName::ContentType] {
        assert_eq!(ack.header(absent), None, "{absent}");
    }
    assert!(ack.body().is_empty());
    assert_eq!(ack.validate(), Ok(()));
}

/// 17.1.1.3: "a single Via header field … equal to the top Via".
#[test]
fn only_the_top_via_goes_into_the_ack() {
    let two = format!("{VIA}, SIP/2.0/UDP z.example.com;branch=z9hG4bKz");
    let invite = request("INVITE", &two, 1);
    let mut bench = Bench::new();
    bench.start(&invite, UDP);
    bench.respond_to_us(&response(&invite, 404, "t"));
    let ack = Message::parse(bench.sent.last().unwrap().clone()).unwrap();
    assert_eq!(ack.values(HeaderName::Via).collect::<Vec<_>>(), [VIA]);
}

// 17.1.2: other client transactions.

#[test]
fn a_request_is_repeated_by_timer_e_up_to_t2_and_given_up_by_timer_f() {
    let mut bench = Bench::new();
    let id = bench.start(&options(), UDP).unwrap();
    assert_eq!((bench.due(id, E), bench.due(id, F)), (Some(500), Some(32_000)));
    assert_eq!(bench.running(id), [E, F]);
    bench.run_to(600_000);
    let times = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    let mut expected = lines(&times, "send OPTIONS");
    expected.extend(["32000 timed out".to_string(), "32000 ended".to_string()]);
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

#[test]
fn over_a_reliable_transport_a_request_goes_once() {
    let mut bench = Bench::new();
    let id = bench.start(&options(), TCP).unwrap();
    assert_eq!(bench.running(id), [F]);
    bench.run_to(600_000);
    assert_eq!(bench.log(), ["0 send OPTIONS", "32000 timed out", "32000 ended"]);
    bench.assert_empty();
}

/// 17.1.2.2: in `Proceeding` timer E is T2, and timer F goes on.
#[test]
fn a_provisional_response_slows_timer_e_down() {
    let mut bench = Bench::new();
    bench.start(&options(), UDP);
    bench.run_to(600);
    assert!(bench.respond_to_us(&response(&options(), 100, "t")));
    bench.run_to(40_000);
    let mut expected = lines(&[0, 500], "send OPTIONS");
    expected.push("600 up 100".into());
    expected.extend(lines(&[1_500, 5_500, 9_500, 13_500, 17_500, 21_500, 25_500, 29_500], "send OPTIONS"));
    expected.extend(["32000 timed out".to_string(), "32000 ended".to_string()]);
    assert_eq!(bench.log(), expected);
}

#[test]
fn a_final_response_is_absorbed_again_until_timer_k() {
    for code in [200, 404] {
        let mut bench = Bench::new();
        let id = bench.start(&options(), UDP).unwrap();
        bench.run_to(600);
        assert!(bench.respond_to_us(&response(&options(), code, "t")));
        assert_eq!(bench.running(id), [K]);
        assert_eq!(bench.due(id, K), Some(5_600));
        bench.run_to(5_599);
        assert!(bench.respond_to_us(&response(&options(), code, "t")));
        bench.run_to(5_600);
        assert!(!bench.respond_to_us(&response(&options(), code, "t")));
        let expected =
            ["0 send OPTIONS".into(), "500 send OPTIONS".into(), format!("600 up {code}"), "5600 ended".into()];
        assert_eq!(bench.log(), expected);
        bench.assert_empty();
    }
    let mut bench = Bench::new();
    bench.start(&options(), TCP);
    bench.respond_to_us(&response(&options(), 200, "t"));
    assert_eq!(bench.log(), ["0 send OPTIONS", "0 up 200", "0 ended"]);
    bench.assert_empty();
}

/// 17.1.3: the branch of the topmost Via and the method of CSeq.
#[test]
fn responses_find_their_transaction_by_branch_and_method() {
    let mut bench = Bench::new();
    let cancel = request("CANCEL", VIA, 1);
    bench.start(&invite(), TCP);
    bench.start(&cancel, TCP);
    assert!(bench.respond_to_us(&response(&cancel, 200, "t")));
    assert!(bench.respond_to_us(&response(&invite(), 487, "t")));
    let expected = ["0 send INVITE", "0 send CANCEL", "0 up 200", "0 ended", "0 send ACK", "0 up 487", "0 ended"];
    assert_eq!(bench.log(), expected);

    bench.start(&options(), UDP);
    let stray = request("OPTIONS", "SIP/2.0/UDP a.example.com;branch=z9hG4bKtwo", 1);
    assert!(!bench.respond_to_us(&response(&stray, 200, "t")), "another branch");
    assert!(!bench.respond_to_us(&response(&request("INFO", VIA, 1), 200, "t")), "another method");
    let branchless = request("OPTIONS", "SIP/2.0/UDP a.example.com", 1);
    assert!(!bench.respond_to_us(&response(&branchless, 200, "t")), "no branch");
    assert!(bench.respond_to_us(&response(&options(), 200, "t")));
}

#[test]
fn a_branch_is_used_once() {
    let mut bench = Bench::new();
    assert!(bench.start(&invite(), UDP).is_some());
    assert_eq!(bench.start(&invite(), UDP), None);
    assert_eq!(bench.start(&request("OPTIONS", "SIP/2.0/UDP a.example.com", 1), UDP), None, "no branch");
    assert_eq!(bench.log(), ["0 send INVITE"]);
    assert_eq!(bench.layer.len(), (1, 0));
}

/// 17.1.4.
#[test]
fn a_transport_error_ends_what_still_waits_there() {
    let mut bench = Bench::new();
    bench.start(&invite(), UDP);
    bench.act(|layer, cx| layer.on_transport_error(cx, TCP.channel, None));
    bench.act(|layer, cx| layer.on_transport_error(cx, UDP.channel, Some(TCP.remote)));
    assert_eq!(bench.log(), ["0 send INVITE"], "another channel, another peer");
    bench.act(|layer, cx| layer.on_transport_error(cx, UDP.channel, Some(UDP.remote)));
    assert_eq!(bench.log(), ["0 transport failed", "0 ended"]);
    bench.assert_empty();

    bench.start(&invite(), UDP);
    bench.respond_to_us(&response(&invite(), 180, "t"));
    bench.start(&options(), UDP);
    bench.act(|layer, cx| layer.on_transport_error(cx, UDP.channel, None));
    let expected = [
        "0 send INVITE",
        "0 up 180",
        "0 send OPTIONS",
        "0 transport failed",
        "0 ended",
        "0 transport failed",
        "0 ended",
    ];
    assert_eq!(bench.log(), expected);

    bench.start(&invite(), UDP);
    bench.respond_to_us(&response(&invite(), 200, "t"));
    bench.log();
    bench.act(|layer, cx| layer.on_transport_error(cx, UDP.channel, None));
    assert_eq!(bench.log(), [""; 0], "it has its answer");
}

#[test]
fn what_is_abandoned_hears_nothing() {
    let mut bench = Bench::new();
    let id = bench.start(&invite(), UDP).unwrap();
    assert_eq!(
        bench.layer.client_request(id).map(|(request, hop)| (request.uri(), hop)),
        Some(("sip:bob@b.example.com", UDP))
    );
    bench.act(|layer, cx| layer.abandon(cx, id));
    assert!(!bench.respond_to_us(&response(&invite(), 200, "t")));
    assert_eq!(bench.log(), ["0 send INVITE", "0 ended"]);
    assert!(bench.layer.client_request(id).is_none());
    bench.assert_empty();
}

// 17.2.1: INVITE server transactions.

#[test]
fn a_100_goes_out_after_200_ms_unless_something_else_did() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    assert_eq!(bench.due(bench.passed_up[0], Trying), Some(200));
    bench.run_to(60_000);
    assert_eq!(bench.log(), ["0 up INVITE", "200 send 100"]);
    let trying = Message::parse(bench.sent[0].clone()).unwrap();
    assert_eq!(trying.to().unwrap().tag(), None);

    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    bench.run_to(100);
    bench.answer(&invite(), 180);
    bench.run_to(60_000);
    assert_eq!(bench.log(), ["0 up INVITE", "100 send 180"]);
}

#[test]
fn an_invite_that_comes_again_gets_the_latest_provisional_response() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    bench.run_to(50);
    bench.receive(&invite(), UDP);
    bench.run_to(300);
    bench.answer(&invite(), 180);
    bench.receive(&invite(), UDP);
    bench.answer(&invite(), 183);
    bench.receive(&invite(), UDP);
    let expected = ["0 up INVITE", "50 send 100", "300 send 180", "300 send 180", "300 send 183", "300 send 183"];
    assert_eq!(bench.log(), expected);
    assert_eq!(bench.sent[1], bench.sent[2]);
}

#[test]
fn a_refusal_is_repeated_by_timer_g_up_to_t2_until_timer_h() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    let id = bench.passed_up[0];
    bench.run_to(1_000);
    bench.answer(&invite(), 180);
    bench.answer(&invite(), 486);
    assert_eq!(bench.running(id), [G, H]);
    assert_eq!((bench.due(id, G), bench.due(id, H)), (Some(1_500), Some(33_000)));
    bench.run_to(600_000);
    let times = [1_000, 1_500, 2_500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500, 32_500];
    let mut expected = vec!["0 up INVITE".to_string(), "200 send 100".into(), "1000 send 180".into()];
    expected.extend(lines(&times, "send 486"));
    expected.extend(["33000 server failed".to_string(), "33000 ended".to_string()]);
    assert_eq!(bench.log(), expected);
    bench.assert_empty();
}

#[test]
fn the_ack_stops_timers_g_and_h_and_starts_timer_i() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    let id = bench.passed_up[0];
    bench.answer(&invite(), 486);
    bench.run_to(100);
    bench.receive(&invite(), UDP);
    bench.run_to(600);
    bench.receive(&ack("t"), UDP);
    assert_eq!(bench.running(id), [I]);
    assert_eq!(bench.due(id, I), Some(5_600));
    bench.receive(&ack("t"), UDP);
    bench.receive(&invite(), UDP);
    bench.answer(&invite(), 200);
    assert_eq!(bench.due(id, I), Some(5_600));
    bench.run_to(600_000);
    assert_eq!(bench.log(), ["0 up INVITE", "0 send 486", "100 send 486", "500 send 486", "5600 ended"]);
    bench.assert_empty();
}

#[test]
fn over_a_reliable_transport_timers_g_and_i_do_not_run() {
    let mut bench = Bench::new();
    bench.receive(&invite(), TCP);
    let id = bench.passed_up[0];
    bench.answer(&invite(), 486);
    assert_eq!(bench.running(id), [H]);
    bench.run_to(1_000);
    bench.receive(&ack("t"), TCP);
    assert_eq!(bench.log(), ["0 up INVITE", "0 send 486", "1000 ended"]);
    bench.assert_empty();

    bench.receive(&invite(), TCP);
    bench.answer(&invite(), 486);
    bench.run_to(600_000);
    assert_eq!(bench.log(), ["1000 up INVITE", "1000 send 486", "33000 server failed", "33000 ended"]);
    bench.assert_empty();
}

/// RFC 6026, 7.1: `Accepted`. The INVITE that comes again is absorbed, the 2xx is repeated by its user, ACKs are the user's,
/// and nothing else can be sent.
#[test]
fn after_a_2xx_the_transaction_stays_until_timer_l() {
    for hop in [UDP, TCP] {
        let mut bench = Bench::new();
        bench.receive(&invite(), hop);
        let id = bench.passed_up[0];
        bench.run_to(100);
        bench.answer(&invite(), 200);
        assert_eq!(bench.running(id), [L]);
        assert_eq!(bench.due(id, L), Some(32_100));
        bench.run_to(600);
        bench.receive(&invite(), hop);
        bench.answer(&invite(), 200);
        bench.answer(&invite(), 486);
        bench.answer(&invite(), 180);
        assert_eq!(bench.due(id, L), Some(32_100), "the timer is not set again");
        bench.run_to(700);
        bench.receive(&ack("t"), hop);
        let own_branch = ack("t").replace("z9hG4bKone", "z9hG4bKtwo");
        bench.receive(&own_branch, hop);
        bench.run_to(32_100);
        let expected = ["0 up INVITE", "100 send 200", "600 send 200", "700 up ACK", "700 up ACK", "32100 ended"];
        assert_eq!(bench.log(), expected, "{hop:?}");
        bench.assert_empty();
        bench.receive(&invite(), hop);
        assert_eq!(bench.log(), ["32100 up INVITE"], "a new one");
    }
}

// 17.2.2: other server transactions.

#[test]
fn a_request_that_comes_again_gets_its_response_again_until_timer_j() {
    let mut bench = Bench::new();
    bench.receive(&options(), UDP);
    let id = bench.passed_up[0];
    assert!(bench.running(id).is_empty(), "no 100 is due for what is no INVITE");
    bench.receive(&options(), UDP);
    assert_eq!(bench.log(), ["0 up OPTIONS"], "in `Trying` it is absorbed");
    bench.answer(&options(), 100);
    bench.receive(&options(), UDP);
    assert_eq!(bench.log(), ["0 send 100", "0 send 100"]);
    bench.run_to(1_000);
    bench.answer(&options(), 200);
    bench.answer(&options(), 404);
    bench.run_to(5_000);
    bench.receive(&options(), UDP);
    assert_eq!(bench.running(id), [J]);
    assert_eq!(bench.due(id, J), Some(33_000));
    bench.run_to(33_000);
    assert_eq!(bench.log(), ["1000 send 200", "5000 send 200", "33000 ended"]);
    bench.assert_empty();
}

#[test]
fn over_a_reliable_transport_a_response_is_the_end() {
    let mut bench = Bench::new();
    bench.receive(&options(), TCP);
    bench.answer(&options(), 200);
    bench.answer(&options(), 200);
    assert_eq!(bench.log(), ["0 up OPTIONS", "0 send 200", "0 ended"]);
    bench.assert_empty();
}

// 17.2.3: which transaction a request belongs to.

#[test]
fn requests_find_their_transaction_by_branch_sent_by_and_method() {
    let others = [
        request("INVITE", "SIP/2.0/UDP a.example.com;branch=z9hG4bKtwo", 1),
        request("INVITE", "SIP/2.0/UDP a.example.com:5070;branch=z9hG4bKone", 1),
        request("OPTIONS", VIA, 1),
    ];
    for other in others {
        let mut bench = Bench::new();
        bench.receive(&invite(), UDP);
        bench.receive(&other, UDP);
        assert_eq!(bench.passed_up.len(), 2, "{other}");
    }
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    bench.receive(&invite().replace("CSeq: 1", "CSeq: 2"), UDP);
    assert_eq!(bench.passed_up.len(), 1, "with a branch of RFC 3261 nothing else counts");
}

/// 9.2, 17.2.3: CANCEL is a transaction of its own, and finds the INVITE it is about.
#[test]
fn a_cancel_finds_its_invite() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    let cancel = request("CANCEL", VIA, 1);
    bench.receive(&cancel, UDP);
    bench.answer(&cancel, 200);
    assert_eq!(bench.log(), ["0 up INVITE", "0 up CANCEL", "0 send 200"]);
    let of = |text: &str| bench.layer.cancelled_by(&message(text));
    assert_eq!(of(&cancel), Some(bench.passed_up[0]));
    assert_eq!(of(&request("CANCEL", "SIP/2.0/UDP a.example.com;branch=z9hG4bKtwo", 1)), None);
    assert_eq!(of(&request("CANCEL", "SIP/2.0/UDP x.example.com;branch=z9hG4bKone", 1)), None);

    let mut bench = Bench::new();
    bench.receive(&options(), UDP);
    assert_eq!(bench.layer.cancelled_by(&message(&cancel)), None, "only an INVITE can be cancelled");
}

/// 17.2.3 for peers of RFC 2543: Request-URI, tags, Call-ID, CSeq and topmost Via.
#[test]
fn without_the_magic_cookie_requests_are_matched_as_in_rfc_2543() {
    let vias =
        ["SIP/2.0/UDP a.example.com", "SIP/2.0/UDP a.example.com;branch=1", "SIP/2.0/UDP a.example.com;branch=z9hG4bK"];
    for via in vias {
        let invite = request("INVITE", via, 1);
        let mut bench = Bench::new();
        bench.receive(&invite, UDP);
        bench.receive(&invite, UDP);
        assert_eq!(bench.passed_up.len(), 1, "{via}");
        assert_eq!(bench.layer.cancelled_by(&message(&request("CANCEL", via, 1))), Some(bench.passed_up[0]), "{via}");

        bench.answer(&invite, 486);
        bench.log();
        bench.receive(&with_to_tag(&request("ACK", via, 1), "t"), UDP);
        assert_eq!(bench.log(), [""; 0], "{via}: the ACK of a refusal has the To tag, and is absorbed");
        assert_eq!(bench.running(bench.passed_up[0]), [I], "{via}");

        for other in [
            request("INVITE", via, 2),
            invite.replace("Call-ID: c", "Call-ID: d"),
            invite.replace(";tag=f", ";tag=g"),
            invite.replace("INVITE sip:bob@", "INVITE sip:carol@"),
            invite
                .replace("a.example.com\r\n", "a.example.com:5070\r\n")
                .replace("a.example.com;", "a.example.com:5070;"),
        ] {
            let mut bench = Bench::new();
            bench.receive(&invite, UDP);
            bench.receive(&other, UDP);
            assert_eq!(bench.passed_up.len(), 2, "{via}: {other}");
        }
    }
}

/// 8.2.2.2: the same request by two paths.
#[test]
fn a_request_that_comes_by_a_second_path_is_merged() {
    let by = |branch: &str| request("INVITE", &format!("SIP/2.0/UDP a.example.com;branch=z9hG4bK{branch}"), 1);
    let mut bench = Bench::new();
    bench.receive(&by("1"), UDP);
    bench.receive(&by("2"), UDP);
    let ids = bench.passed_up.clone();
    assert_eq!(ids.len(), 2);
    assert!(!bench.layer.is_merged(ids[0], &message(&by("1"))));
    assert!(bench.layer.is_merged(ids[1], &message(&by("2"))));

    for other in [
        by("3").replace("CSeq: 1 ", "CSeq: 2 "),
        by("4").replace("Call-ID: c", "Call-ID: d"),
        by("5").replace(";tag=f", ";tag=g"),
        request("OPTIONS", "SIP/2.0/UDP a.example.com;branch=z9hG4bK6", 1),
        with_to_tag(&by("7"), "t"),
    ] {
        let before = bench.passed_up.len();
        bench.receive(&other, UDP);
        assert_eq!(bench.passed_up.len(), before + 1, "{other}");
        assert!(!bench.layer.is_merged(bench.passed_up[before], &message(&other)), "{other}");
    }

    let mut bench = Bench::new();
    bench.receive(&by("1"), TCP);
    bench.answer(&by("1"), 486);
    bench.receive(&by("1").replace("INVITE sip", "ACK sip").replace("1 INVITE", "1 ACK"), TCP);
    bench.receive(&by("2"), TCP);
    let id = *bench.passed_up.last().unwrap();
    assert!(!bench.layer.is_merged(id, &message(&by("2"))), "the first is over and forgotten");
}

/// 17.2.4: what is lost on the way is repeated by the machine's own timers; other transactions are not touched.
#[test]
fn a_transport_error_does_not_end_server_transactions() {
    let mut bench = Bench::new();
    bench.receive(&invite(), UDP);
    bench.answer(&invite(), 486);
    bench.act(|layer, cx| layer.on_transport_error(cx, UDP.channel, None));
    bench.run_to(500);
    assert_eq!(bench.log(), ["0 up INVITE", "0 send 486", "500 send 486"]);
}

#[test]
fn server_transactions_are_capped() {
    let mut bench = Bench::new();
    let nth = |n: usize| request("OPTIONS", &format!("SIP/2.0/UDP a.example.com;branch=z9hG4bK{n}"), 1);
    for n in 0..limits::SERVER_TRANSACTIONS {
        assert_eq!(bench.receive(&nth(n), UDP), Absorbed::Yes);
    }
    assert_eq!(bench.receive(&nth(limits::SERVER_TRANSACTIONS), UDP), Absorbed::TooMany);
    assert_eq!(bench.receive(&nth(0), UDP), Absorbed::Yes, "those that are there go on");
    assert_eq!(bench.receive(&ack("t"), UDP), Absorbed::Yes, "an ACK needs none");
    assert_eq!(bench.layer.len(), (0, limits::SERVER_TRANSACTIONS));
    assert_eq!(bench.passed_up.len(), limits::SERVER_TRANSACTIONS);
}
