//! One request through everything that can happen to it: targets, challenges, length, CANCEL.

use std::format;
use std::vec;

use bytes::Bytes;

use super::*;
use crate::ids::Ids;
use crate::machines::auth::Secret;
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;

struct Bench {
    callers: Callers,
    rng: Rng,
    ids: Ids,
    timers: Timers,
}

const ID: CallerId = CallerId::from_number(1);
const OWNER: SessionId = SessionId::from_number(2);

const fn transaction(n: u64) -> TransactionId {
    TransactionId::from_number(n)
}

fn target(transport: Transport, host: u8) -> Target {
    let remote = format!("192.0.2.{host}:5060").parse().unwrap();
    Target { transport, remote, local_ip: "10.0.0.1".parse().unwrap() }
}

/// The hosts 1, 2, … by UDP.
fn hosts(count: u8) -> Vec<Target> {
    (1..=count).map(|host| target(Transport::Udp, host)).collect()
}

fn request(method: Method) -> Message {
    let cseq = CSeq { number: 1, method: method.clone() };
    let mut request = Message::request(method, "sip:bob@b.example.com");
    request.push(HeaderName::MaxForwards, 70);
    request.push(HeaderName::From, "<sip:alice@a.example.com>;tag=f");
    request.push(HeaderName::To, "<sip:bob@b.example.com>");
    request.push(HeaderName::CallId, "c");
    request.push(HeaderName::CSeq, cseq);
    request
}

fn outgoing(request: Message, targets: Vec<Target>) -> Outgoing {
    Outgoing {
        id: ID,
        owner: OWNER,
        request,
        destination: Destination::Targets(targets),
        contact_user: None,
        credentials: Vec::new(),
    }
}

fn password() -> Vec<Credentials> {
    vec![Credentials { username: "alice".into(), password: Secret::new("wonderland"), realm: None }]
}

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";
const PROXY_CHALLENGE: &str = "Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"n2\", algorithm=MD5\r\n";

fn response(code: u16, cseq: u32, fields: &str) -> Message {
    let text = format!(
        "SIP/2.0 {code} Reason\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:alice@a.example.com>;tag=f\r\n\
         To: <sip:bob@b.example.com>;tag=t\r\nCall-ID: c\r\nCSeq: {cseq} INVITE\r\n{fields}Content-Length: 0\r\n\r\n"
    );
    match Message::parse(Bytes::from(text)) {
        Ok(message) => message,
        Err(broken) => panic!("{}", broken.error),
    }
}

impl Bench {
    fn new(udp_limit: usize) -> Bench {
        Bench {
            callers: Callers::new(udp_limit),
            rng: Rng::from_seed([6; 32]),
            ids: Ids::default(),
            timers: Timers::default(),
        }
    }

    fn with<R>(&mut self, act: impl FnOnce(&mut Callers, &mut Cx<'_, Effect>) -> R) -> (R, Vec<String>) {
        let mut effects: Vec<Effect> = Vec::new();
        let mut cx = Cx {
            now: Instant::ZERO,
            rng: &mut self.rng,
            ids: &mut self.ids,
            timers: &mut self.timers,
            out: &mut effects,
        };
        let result = act(&mut self.callers, &mut cx);
        (result, effects.iter().map(show).collect())
    }

    fn act(&mut self, act: impl FnOnce(&mut Callers, &mut Cx<'_, Effect>)) -> Vec<String> {
        self.with(act).1
    }

    fn send(&mut self, outgoing: Outgoing) -> Vec<String> {
        self.act(|callers, cx| callers.send(cx, outgoing))
    }

    /// The request as it goes to the current target.
    fn prepare(&mut self) -> Message {
        let via = "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;rport";
        let contact = |user: &str| format!("<sip:{user}@10.0.0.1>").into();
        let (message, effects) = self.with(|callers, _| callers.prepare(ID, via, contact));
        assert!(effects.is_empty(), "{effects:?}");
        message.unwrap()
    }

    /// It went out, by this transaction.
    fn started(&mut self, n: u64) -> Message {
        let message = self.prepare();
        let effects = self.act(|callers, cx| callers.on_started(cx, ID, Some(transaction(n))));
        assert!(effects.is_empty(), "{effects:?}");
        assert_eq!(self.callers.transaction(ID), Some(transaction(n)));
        message
    }

    fn receive(&mut self, n: u64, response: Message) -> Vec<String> {
        self.act(|callers, cx| callers.on_response(cx, ID, transaction(n), response))
    }

    fn cancel(&mut self) -> Vec<String> {
        self.act(|callers, cx| callers.cancel(cx, ID))
    }

    fn timed_out(&mut self) -> Vec<String> {
        self.act(|callers, cx| callers.on_timed_out(cx, ID))
    }

    fn transport_failed(&mut self) -> Vec<String> {
        self.act(|callers, cx| callers.on_transport_failed(cx, ID))
    }
}

fn show(effect: &Effect) -> String {
    match effect {
        Effect::Locate(id, routes) => {
            assert_eq!(*id, ID);
            format!("locate {}", routes.len())
        }
        Effect::Attempt(id, target) => {
            assert_eq!(*id, ID);
            format!("attempt {} {}", target.transport, target.remote)
        }
        Effect::Renumber { id, owner } => {
            assert_eq!((*id, *owner), (ID, OWNER));
            "renumber".into()
        }
        Effect::Cancel(id) => format!("cancel {}", id.number()),
        Effect::Response { id, owner, response } => {
            assert_eq!((*id, *owner), (ID, OWNER));
            format!("response {}", response.status().unwrap().code())
        }
        Effect::Failed { id, owner, status, reason } => {
            assert_eq!((*id, *owner), (ID, OWNER));
            format!("failed {}: {reason}", status.code())
        }
    }
}

/// An INVITE to so many hosts, sent to the first.
fn calling(count: u8) -> Bench {
    let mut bench = Bench::new(1_300);
    assert_eq!(bench.send(outgoing(request(Method::Invite), hosts(count))), ["attempt UDP 192.0.2.1:5060"]);
    bench.started(1);
    bench
}

// Targets: RFC 3263, 4.3.

#[test]
fn the_request_goes_out_with_its_via_and_contact() {
    let mut bench = Bench::new(1_300);
    let invite = Outgoing { contact_user: Some("alice".into()), ..outgoing(request(Method::Invite), hosts(1)) };
    bench.send(invite);
    let sent = bench.started(1);
    assert_eq!(sent.fields().next().map(|(name, _, _)| name), Some("Via"), "Via is on top");
    assert_eq!(sent.header(HeaderName::Via), Some("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;rport"));
    assert_eq!(sent.header(HeaderName::Contact), Some("<sip:alice@10.0.0.1>"));
    assert_eq!(sent.validate(), Ok(()));

    let mut bench = calling(1);
    assert_eq!(bench.prepare().header(HeaderName::Contact), None, "what needs no Contact gets none");
}

#[test]
fn a_failure_moves_on_to_the_next_target() {
    let ways: [fn(&mut Bench) -> Vec<String>; 3] =
        [Bench::timed_out, Bench::transport_failed, |bench| bench.receive(1, response(503, 1, "Retry-After: 7\r\n"))];
    for way in ways {
        let mut bench = calling(2);
        assert_eq!(way(&mut bench), ["attempt UDP 192.0.2.2:5060"]);
        assert_eq!(bench.callers.transaction(ID), None);
        let sent = bench.started(2);
        assert_eq!(sent.cseq(), Ok(CSeq { number: 1, method: Method::Invite }), "the same request");
        assert_eq!(sent.values(HeaderName::Via).count(), 1);
        assert_eq!(bench.receive(2, response(180, 1, "")), ["response 180"]);
        assert_eq!(bench.receive(2, response(200, 1, "")), ["response 200"]);
    }
}

#[test]
fn targets_are_tried_in_order_until_there_is_none() {
    let mut bench = calling(3);
    assert_eq!(bench.timed_out(), ["attempt UDP 192.0.2.2:5060"]);
    bench.started(2);
    assert_eq!(bench.transport_failed(), ["attempt UDP 192.0.2.3:5060"]);
    bench.started(3);
    assert_eq!(bench.timed_out(), ["failed 408: UDP 192.0.2.3:5060 does not answer"]);
    assert!(bench.callers.is_empty());

    let mut bench = calling(1);
    assert_eq!(bench.transport_failed(), ["failed 503: UDP 192.0.2.1:5060 cannot be reached"]);
    assert!(bench.callers.is_empty());

    let mut bench = calling(1);
    assert_eq!(bench.receive(1, response(503, 1, "")), ["response 503"], "the last target's own words");
}

#[test]
fn a_target_that_no_transport_leads_to_is_passed_over() {
    let mut bench = Bench::new(1_300);
    let targets = vec![target(Transport::Tls, 1), target(Transport::Udp, 2)];
    assert_eq!(bench.send(outgoing(request(Method::Invite), targets)), ["attempt TLS 192.0.2.1:5060"]);
    let effects = bench.act(|callers, cx| callers.on_started(cx, ID, None));
    assert_eq!(effects, ["attempt UDP 192.0.2.2:5060"]);
    let effects = bench.act(|callers, cx| callers.on_started(cx, ID, None));
    assert_eq!(effects, ["failed 503: no transport leads to the peer"]);
    assert!(bench.callers.is_empty());
}

#[test]
fn other_refusals_are_final() {
    for code in [300, 404, 408, 480, 486, 500, 504, 600, 603] {
        let mut bench = calling(2);
        assert_eq!(bench.receive(1, response(code, 1, "")), [format!("response {code}")]);
        assert_eq!(bench.callers.len(), 1, "until its transaction is over");
        bench.callers.on_transaction_ended(ID, transaction(1));
        assert!(bench.callers.is_empty());
    }
}

#[test]
fn routes_are_looked_up_first() {
    let routed = || {
        let routes = vec![Route::new("b.example.com", 5060, Transport::Udp)];
        Outgoing { destination: Destination::Routes(routes), ..outgoing(request(Method::Bye), Vec::new()) }
    };
    let mut bench = Bench::new(1_300);
    assert_eq!(bench.send(routed()), ["locate 1"]);
    let effects = bench.act(|callers, cx| callers.on_located(cx, ID, hosts(2), ""));
    assert_eq!(effects, ["attempt UDP 192.0.2.1:5060"]);

    let mut bench = Bench::new(1_300);
    bench.send(routed());
    let effects = bench.act(|callers, cx| callers.on_located(cx, ID, Vec::new(), "host b.example.com not found"));
    assert_eq!(effects, ["failed 503: host b.example.com not found"]);

    let mut bench = Bench::new(1_300);
    assert_eq!(bench.send(outgoing(request(Method::Bye), Vec::new())), ["failed 503: there is no address to send to"]);
    assert!(bench.callers.is_empty());
}

#[test]
fn every_2xx_of_an_invite_is_passed_up() {
    let mut bench = calling(2);
    assert_eq!(bench.receive(1, response(183, 1, "")), ["response 183"]);
    assert_eq!(bench.receive(1, response(200, 1, "")), ["response 200"]);
    assert_eq!(bench.receive(1, response(200, 1, "")), ["response 200"]);
    assert_eq!(bench.callers.transaction(ID), Some(transaction(1)));
    bench.callers.on_transaction_ended(ID, transaction(1));
    assert!(bench.callers.is_empty());
    assert_eq!(bench.receive(1, response(200, 1, "")), [""; 0]);
}

#[test]
fn the_end_of_an_earlier_transaction_ends_nothing() {
    let mut bench = calling(2);
    bench.callers.on_transaction_ended(ID, transaction(1));
    assert_eq!(bench.callers.len(), 1, "it has no final response yet");
    bench.timed_out();
    bench.started(2);
    bench.receive(2, response(486, 1, ""));
    bench.callers.on_transaction_ended(ID, transaction(1));
    assert_eq!(bench.callers.len(), 1, "that was another target's");
    bench.callers.on_transaction_ended(ID, transaction(2));
    assert!(bench.callers.is_empty());
}

#[test]
fn what_is_forgotten_hears_nothing() {
    let mut bench = calling(2);
    assert_eq!(bench.callers.forget(ID), Some(transaction(1)));
    assert!(bench.callers.is_empty());
    assert_eq!(bench.callers.forget(ID), None);
    assert_eq!(bench.receive(1, response(200, 1, "")), [""; 0]);
    assert_eq!(bench.timed_out(), [""; 0]);
    assert_eq!(bench.cancel(), [""; 0]);
}

// Challenges: 8.1.3.5, 22.2, 22.3.

fn challenged(fields: &str, code: u16) -> Bench {
    let mut bench = Bench::new(1_300);
    bench.send(Outgoing { credentials: password(), ..outgoing(request(Method::Invite), hosts(2)) });
    bench.started(1);
    assert_eq!(bench.receive(1, response(code, 1, fields)), ["renumber"]);
    assert_eq!(bench.callers.transaction(ID), None);
    bench
}

#[test]
fn a_challenge_is_answered_with_the_next_cseq_at_the_same_target() {
    let cases = [
        (CHALLENGE, 401, HeaderName::Authorization, "nonce=\"n1\""),
        (PROXY_CHALLENGE, 407, HeaderName::ProxyAuthorization, "nonce=\"n2\""),
    ];
    for (fields, code, answer, nonce) in cases {
        let mut bench = challenged(fields, code);
        let effects = bench.act(|callers, cx| callers.renumber(cx, ID, Some(5)));
        assert_eq!(effects, ["attempt UDP 192.0.2.1:5060"]);
        let sent = bench.started(2);
        assert_eq!(sent.cseq(), Ok(CSeq { number: 5, method: Method::Invite }));
        assert_eq!((sent.call_id(), sent.from().unwrap().tag()), (Ok("c"), Some("f")), "all else stays");
        let credentials = sent.header(answer).unwrap();
        for part in ["Digest ", "username=\"alice\"", nonce, "uri=\"sip:bob@b.example.com\"", "response=\""] {
            assert!(credentials.contains(part), "{credentials}");
        }
        assert!(!credentials.contains("wonderland"));
        assert_eq!(bench.receive(2, response(200, 5, "")), ["response 200"]);
    }
}

#[test]
fn without_an_owner_the_cseq_is_one_more() {
    let mut bench = challenged(CHALLENGE, 401);
    bench.act(|callers, cx| callers.renumber(cx, ID, None));
    assert_eq!(bench.started(2).cseq(), Ok(CSeq { number: 2, method: Method::Invite }));
}

#[test]
fn a_server_behind_a_proxy_may_challenge_too() {
    let mut bench = challenged(PROXY_CHALLENGE, 407);
    bench.act(|callers, cx| callers.renumber(cx, ID, Some(2)));
    bench.started(2);
    assert_eq!(bench.receive(2, response(401, 2, CHALLENGE)), ["renumber"]);
    bench.act(|callers, cx| callers.renumber(cx, ID, Some(3)));
    let sent = bench.started(3);
    assert!(sent.header(HeaderName::ProxyAuthorization).is_some(), "what the proxy wants stays");
    assert!(sent.header(HeaderName::Authorization).is_some());
}

#[test]
fn a_challenge_that_cannot_be_answered_is_final() {
    let mut bench = calling(2);
    assert_eq!(bench.receive(1, response(401, 1, CHALLENGE)), ["response 401"], "no credentials");

    let mut bench = challenged(CHALLENGE, 401);
    bench.act(|callers, cx| callers.renumber(cx, ID, Some(2)));
    bench.started(2);
    assert_eq!(bench.receive(2, response(401, 2, CHALLENGE)), ["response 401"], "the password is wrong");

    let mut bench = Bench::new(1_300);
    bench.send(Outgoing { credentials: password(), ..outgoing(request(Method::Invite), hosts(1)) });
    bench.started(1);
    assert_eq!(bench.receive(1, response(401, 1, "")), ["response 401"], "there is no challenge in it");
}

#[test]
fn after_a_challenge_the_other_targets_are_still_there() {
    let mut bench = challenged(CHALLENGE, 401);
    bench.act(|callers, cx| callers.renumber(cx, ID, Some(2)));
    bench.started(2);
    assert_eq!(bench.timed_out(), ["attempt UDP 192.0.2.2:5060"]);
    let sent = bench.started(3);
    assert_eq!(sent.headers(HeaderName::Authorization).count(), 1);
}

// Length: 18.1.1.

#[test]
fn what_is_too_long_for_udp_goes_by_tcp() {
    let invite = request(Method::Invite);
    let fits = invite.encoded_len() + VIA_ROOM;
    let mut bench = Bench::new(fits);
    assert_eq!(bench.send(outgoing(invite.clone(), hosts(1))), ["attempt UDP 192.0.2.1:5060"]);
    let mut bench = Bench::new(fits - 1);
    assert_eq!(bench.send(outgoing(invite.clone(), hosts(1))), ["attempt TCP 192.0.2.1:5060"]);
    let mut bench = Bench::new(fits - 1);
    let tcp = vec![target(Transport::Tcp, 1)];
    assert_eq!(bench.send(outgoing(invite, tcp)), ["attempt TCP 192.0.2.1:5060"]);
    bench.started(1);
    assert_eq!(bench.transport_failed(), ["failed 503: TCP 192.0.2.1:5060 cannot be reached"], "it was TCP anyway");
}

#[test]
fn with_1300_octets_the_default_limit_is_reached() {
    let mut long = request(Method::Invite);
    long.set_body("application/sdp", Bytes::from(vec![b'x'; 1_200]));
    assert!(long.encoded_len() > 1_300);
    let mut bench = Bench::new(1_300);
    assert_eq!(bench.send(outgoing(long, hosts(1))), ["attempt TCP 192.0.2.1:5060"]);
}

/// 18.1.1: "if … the connection attempt … results in … a TCP reset … the client SHOULD retry with UDP"; then the next host.
#[test]
fn a_refused_tcp_connection_falls_back_to_udp() {
    let mut bench = Bench::new(0);
    assert_eq!(bench.send(outgoing(request(Method::Invite), hosts(2))), ["attempt TCP 192.0.2.1:5060"]);
    bench.started(1);
    assert_eq!(bench.transport_failed(), ["attempt UDP 192.0.2.1:5060"]);
    bench.started(2);
    assert_eq!(bench.transport_failed(), ["attempt TCP 192.0.2.2:5060"]);
    bench.started(3);
    assert_eq!(bench.transport_failed(), ["attempt UDP 192.0.2.2:5060"]);
    bench.started(4);
    assert_eq!(bench.timed_out(), ["failed 408: UDP 192.0.2.2:5060 does not answer"]);
}

#[test]
fn a_challenge_over_tcp_is_answered_over_tcp() {
    let mut bench = Bench::new(0);
    bench.send(Outgoing { credentials: password(), ..outgoing(request(Method::Invite), hosts(1)) });
    bench.started(1);
    assert_eq!(bench.receive(1, response(401, 1, CHALLENGE)), ["renumber"]);
    let effects = bench.act(|callers, cx| callers.renumber(cx, ID, Some(2)));
    assert_eq!(effects, ["attempt TCP 192.0.2.1:5060"]);
}

// CANCEL: 9.1.

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut bench = calling(1);
    assert_eq!(bench.cancel(), [""; 0]);
    assert_eq!(bench.cancel(), [""; 0]);
    assert_eq!(bench.receive(1, response(100, 1, "")), ["cancel 1", "response 100"]);
    assert_eq!(bench.receive(1, response(180, 1, "")), ["response 180"], "once");
    assert_eq!(bench.receive(1, response(487, 1, "")), ["response 487"]);
}

#[test]
fn after_a_provisional_response_a_cancel_goes_at_once() {
    let mut bench = calling(1);
    bench.receive(1, response(180, 1, ""));
    assert_eq!(bench.cancel(), ["cancel 1"]);
    assert_eq!(bench.cancel(), [""; 0], "once");
    assert_eq!(bench.receive(1, response(180, 1, "")), ["response 180"]);
}

#[test]
fn a_cancel_before_anything_was_sent_is_487() {
    let routes = Destination::Routes(vec![Route::new("b.example.com", 5060, Transport::Udp)]);
    let mut bench = Bench::new(1_300);
    bench.send(Outgoing { destination: routes, ..outgoing(request(Method::Invite), Vec::new()) });
    assert_eq!(bench.cancel(), ["failed 487: Request cancelled"]);
    assert!(bench.callers.is_empty());
    let effects = bench.act(|callers, cx| callers.on_located(cx, ID, hosts(1), ""));
    assert_eq!(effects, [""; 0], "nothing goes out after that");

    let mut bench = challenged(CHALLENGE, 401);
    assert_eq!(bench.cancel(), ["failed 487: Request cancelled"], "between a challenge and its answer");
}

#[test]
fn a_cancel_after_the_answer_is_too_late() {
    let mut bench = calling(1);
    bench.receive(1, response(180, 1, ""));
    bench.receive(1, response(200, 1, ""));
    assert_eq!(bench.cancel(), [""; 0]);
}

#[test]
fn what_is_cancelled_is_not_tried_again() {
    let ways: [fn(&mut Bench) -> Vec<String>; 2] = [Bench::timed_out, Bench::transport_failed];
    for way in ways {
        let mut bench = calling(2);
        bench.cancel();
        let effects = way(&mut bench);
        assert!(matches!(&effects[..], [only] if only.starts_with("failed ")), "{effects:?}");
        assert!(bench.callers.is_empty());
    }
    let mut bench = calling(2);
    bench.cancel();
    assert_eq!(bench.receive(1, response(503, 1, "")), ["response 503"]);

    let mut bench = Bench::new(1_300);
    bench.send(Outgoing { credentials: password(), ..outgoing(request(Method::Invite), hosts(2)) });
    bench.started(1);
    bench.cancel();
    assert_eq!(bench.receive(1, response(401, 1, CHALLENGE)), ["response 401"]);
}

/// The 200 may have crossed the CANCEL: it is the owner's to acknowledge and to end.
#[test]
fn a_2xx_that_crosses_the_cancel_is_passed_up() {
    let mut bench = calling(1);
    bench.receive(1, response(180, 1, ""));
    assert_eq!(bench.cancel(), ["cancel 1"]);
    assert_eq!(bench.receive(1, response(200, 1, "")), ["response 200"]);
}

/// 9.1: a provisional response of one target says nothing about the next.
#[test]
fn a_cancel_waits_for_a_provisional_response_of_the_current_target() {
    let ways: [fn(&mut Bench) -> Vec<String>; 2] =
        [Bench::transport_failed, |bench| bench.receive(1, response(503, 1, ""))];
    for way in ways {
        let mut bench = calling(2);
        bench.receive(1, response(180, 1, ""));
        assert_eq!(way(&mut bench), ["attempt UDP 192.0.2.2:5060"]);
        bench.started(2);
        assert_eq!(bench.cancel(), [""; 0]);
        assert_eq!(bench.receive(2, response(180, 1, "")), ["cancel 2", "response 180"]);
    }
}

/// 9.1: the same Request-URI, Call-ID, To, From and CSeq number, the top Via alone, the Routes; 22.1: the credentials.
#[test]
fn the_cancel_has_what_the_rfc_says() {
    let mut invite = request(Method::Invite);
    invite.prepend(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1;rport");
    invite.push(HeaderName::Route, "<sip:p1.example.com;lr>, <sip:p2.example.com;lr>");
    invite.push(HeaderName::Contact, "<sip:alice@10.0.0.1>");
    invite.push(HeaderName::Require, "100rel");
    invite.push(HeaderName::Authorization, "Digest username=\"alice\"");
    invite.push(HeaderName::ProxyAuthorization, "Digest username=\"p\"");
    invite.set_body("application/sdp", Bytes::from_static(b"v=0\r\n"));
    let cancel = cancel_of(&invite);
    assert_eq!((cancel.method(), cancel.uri()), (Some(&Method::Cancel), "sip:bob@b.example.com"));
    for same in [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::Route,
        HeaderName::Authorization,
        HeaderName::ProxyAuthorization,
    ] {
        assert!(cancel.header(same).is_some());
        assert!(cancel.headers(same).eq(invite.headers(same)), "{same}");
    }
    assert_eq!(cancel.cseq(), Ok(CSeq { number: 1, method: Method::Cancel }));
    assert_eq!(cancel.max_forwards(), Ok(Some(70)));
    for absent in [HeaderName::Contact, HeaderName::Require, HeaderName::ProxyRequire, HeaderName::ContentType] {
        assert_eq!(cancel.header(absent), None, "{absent}");
    }
    assert!(cancel.body().is_empty());
    assert_eq!(cancel.validate(), Ok(()));
}
