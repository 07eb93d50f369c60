//! RFC 4475 and RFC 5118 at a user agent, message by message: each comes as a datagram, and what the agent answers,
//! tells and keeps is what the RFC wants of a UA that is neither proxy nor registrar.
//!
//! What the parser alone makes of them is in `torture_wire.rs`; where the RFCs leave a choice, both files make the same.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use sansip_core::agent::{
    Account, Channel, Input, IoFailure, IoFailureKind, Output, Reply, Request, Transmit, UserAgent,
};
use sansip_core::ids::{AccountId, SessionId, SocketId};
use sansip_core::middleware::notification::{AgentNotification, Event, SessionNotification, SessionState, StreamKind};
use sansip_core::middleware::settings::{Settings, SipSettings};
use sansip_core::time::{Instant, WallClock, WallTime};
use sansip_core::wire::sip::{Allow, HeaderName, Message, Method};

/// What becomes of a message.
enum Verdict {
    /// A call: 100, then 180. The function looks at the session.
    Rings(fn(&mut Endpoint, SessionId)),
    /// A request that is well formed, and answered with this status by a transaction. The function looks at the response.
    Answered(u16, fn(&Message)),
    /// A request that is not well formed: answered with this status, without a transaction, and told of.
    Malformed(u16),
    /// A response that is well formed and answers nothing.
    Stray,
    /// A response that is not well formed: told of, never answered.
    MalformedResponse,
}

use Verdict::{Answered, Malformed, MalformedResponse, Rings, Stray};

/// The port that every message comes from, which is none that a Via names.
const SOURCE_PORT: u16 = 40_000;

/// Where the responses go, if not to port 5060 of the source (RFC 3261, 18.2.2).
const PORTS: &[(&str, u16)] = &[
    // The Via says so.
    ("quotbal", 5050),
    ("mult-ip-in-header", 6050),
    ("ipv4-mapped-ipv6", 19823),
    // `rport` (RFC 3581, 4).
    ("mpart01", SOURCE_PORT),
    // The Via cannot be read.
    ("badinv01", SOURCE_PORT),
    ("badvers", SOURCE_PORT),
];

/// A user agent on one socket, with its machine, and what came out of it.
struct Endpoint {
    agent: UserAgent,
    socket: SocketId,
    peer: SocketAddr,
    /// The account `user@example.com`; another one is the default.
    user: AccountId,
    sent: Vec<Transmit>,
    told: Vec<Event>,
}

impl Endpoint {
    fn new(here: &str, peer: &str, answer_unknown_users: bool) -> Endpoint {
        let here: SocketAddr = here.parse().unwrap();
        let peer = SocketAddr::new(peer.parse().unwrap(), SOURCE_PORT);
        let settings = Settings {
            local_ip: Some(here.ip()),
            sip: SipSettings { udp: Some(here), tcp: None, ..Settings::default().sip },
            answer_unknown_users,
            ..Settings::default()
        };
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
        let mut agent = UserAgent::new(settings, [75; 32], Instant::ZERO, wall).unwrap();
        agent.add_account(Account::new("anybody@example.org").unwrap()).unwrap();
        let user = agent.add_account(Account::new("user@example.com").unwrap()).unwrap();
        agent.start();
        let socket = SocketId::from_number(0);
        let mut endpoint = Endpoint { agent, socket, peer, user, sent: Vec::new(), told: Vec::new() };
        endpoint.drain(Some(here));
        let started = |event: &Event| matches!(event, Event::Agent(AgentNotification::DidStart { .. }));
        assert!(endpoint.told.iter().any(started), "{:?}", endpoint.told);
        endpoint
    }

    fn v4() -> Endpoint {
        Endpoint::new("10.0.0.1:5060", "10.0.0.9", true)
    }

    fn v6() -> Endpoint {
        Endpoint::new("[2001:db8::10]:5060", "2001:db8::99", true)
    }

    /// Takes everything out of the agent and does what it asks for. The socket bound to `signalling` is the one that
    /// messages come to.
    fn drain(&mut self, signalling: Option<SocketAddr>) {
        loop {
            match self.agent.poll() {
                Output::Transmit(transmit) => self.sent.push(transmit),
                Output::Notification(notification) => self.told.push(notification.event),
                Output::Request(id, request) => {
                    let reply = match request {
                        Request::Bind { socket, address } => {
                            if Some(address) == signalling {
                                self.socket = socket;
                            }
                            Reply::Bound { local: address }
                        }
                        Request::Lookup { .. } => Reply::Addresses(vec![self.peer.ip()]),
                        Request::CloseSocket { .. } => Reply::Done,
                        other => Reply::Failed(IoFailure::new(IoFailureKind::Other, format!("{other:?}"))),
                    };
                    self.agent.handle(Instant::ZERO, Input::Reply(id, reply));
                }
                Output::Wake(_) => return,
            }
        }
    }

    /// A datagram comes; what was sent and told before is forgotten.
    fn receive(&mut self, data: &[u8]) {
        self.sent.clear();
        self.told.clear();
        let data = data.to_vec().into();
        self.agent.handle(Instant::ZERO, Input::Datagram { socket: self.socket, from: self.peer, data });
        self.drain(None);
    }

    /// The SIP messages that were sent.
    fn messages(&self) -> Vec<Message> {
        let signalling = |transmit: &&Transmit| transmit.by == Channel::Socket(self.socket);
        self.sent.iter().filter(signalling).map(|transmit| Message::parse(transmit.data.clone()).unwrap()).collect()
    }

    fn statuses(&self) -> Vec<u16> {
        self.messages().iter().map(|message| message.status().map_or(0, |status| status.code())).collect()
    }

    fn malformed(&self) -> usize {
        let from_peer = |event: &&Event| matches!(event, Event::Agent(AgentNotification::GotMalformedMessage { from, .. }) if *from == self.peer);
        self.told.iter().filter(from_peer).count()
    }

    /// The session that was told of as incoming.
    fn incoming(&self) -> Option<SessionId> {
        self.told.iter().find_map(|event| match event {
            Event::Session(id, SessionNotification::NewIncoming { .. }) => Some(*id),
            _ => None,
        })
    }

    /// The application takes the call; the 200 that comes of it.
    fn accept(&mut self, session: SessionId) -> Message {
        self.sent.clear();
        self.agent.session(session).unwrap().accept(true).unwrap();
        self.drain(None);
        assert_eq!(self.statuses(), [200]);
        self.messages().remove(0)
    }

    /// The peer acknowledges the 200.
    fn acknowledge(&mut self, ok: &Message) {
        let mut ack = Message::request(Method::Ack, "sip:user@10.0.0.1");
        ack.push(HeaderName::Via, "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKack");
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
            ack.copy_from(ok, name);
        }
        ack.push(HeaderName::CSeq, format!("{} ACK", ok.cseq().unwrap().number));
        self.receive(&ack.to_bytes());
        assert!(self.messages().is_empty(), "an ACK is never answered");
    }
}

fn folder(rfc: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(rfc)
}

fn read(rfc: &str, name: &str) -> Vec<u8> {
    std::fs::read(folder(rfc).join(name).with_extension("dat")).unwrap()
}

/// Judges every message of the folder; none may be without a verdict, and no verdict without a message.
fn judge(rfc: &str, count: usize, endpoint: fn() -> Endpoint, verdicts: &[(&str, Verdict)]) {
    let files: BTreeSet<String> = std::fs::read_dir(folder(rfc))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: BTreeSet<String> = verdicts.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, names);
    assert_eq!((names.len(), verdicts.len()), (count, count));
    for (name, verdict) in verdicts {
        judge_one(name, &read(rfc, name), &mut endpoint(), verdict);
    }
}

fn judge_one(name: &str, data: &[u8], endpoint: &mut Endpoint, verdict: &Verdict) {
    endpoint.receive(data);
    let statistics = endpoint.agent.statistics();
    let well_formed = match verdict {
        Rings(_) | Answered(..) | Stray => true,
        Malformed(_) | MalformedResponse => false,
    };
    let counts = (statistics.messages, statistics.malformed, endpoint.malformed());
    assert_eq!(counts, if well_formed { (1, 0, 0) } else { (0, 1, 1) }, "{name}: {:?}", endpoint.told);
    for transmit in &endpoint.sent {
        check_reply(name, data, endpoint, transmit);
    }
    let statuses = endpoint.statuses();
    match verdict {
        Rings(_) => assert_eq!(statuses, [100, 180], "{name}"),
        // A call that is refused after all may have had its 100.
        Answered(status, check) => {
            let finals: Vec<u16> = statuses.iter().copied().filter(|status| *status >= 200).collect();
            assert_eq!(finals, [*status], "{name}");
            assert_eq!(statuses.last(), Some(status), "{name}");
            check(endpoint.messages().last().unwrap());
            assert!(endpoint.incoming().is_none(), "{name}");
            assert_eq!(endpoint.agent.load().server_transactions, 1, "{name}");
        }
        Malformed(status) => {
            assert_eq!(statuses, [*status], "{name}");
            assert_eq!(endpoint.agent.load().server_transactions, 0, "{name}");
        }
        Stray | MalformedResponse => {
            assert!(endpoint.sent.is_empty(), "{name}");
            assert_eq!(endpoint.agent.load(), Default::default(), "{name}");
        }
    }
    let incoming = endpoint.incoming();
    repeat(name, data, endpoint);
    if let Rings(check) = verdict {
        let session = incoming.unwrap_or_else(|| panic!("{name}: no call was told of"));
        assert_eq!(endpoint.agent.info(session).unwrap().state, SessionState::Incoming, "{name}");
        check(endpoint, session);
    }
}

/// What every response to a request has from it (8.2.6.2), and where it goes (18.2.2).
fn check_reply(name: &str, data: &[u8], endpoint: &Endpoint, transmit: &Transmit) {
    let response = Message::parse(transmit.data.clone()).unwrap();
    let request = match Message::parse(data.to_vec().into()) {
        Ok(request) => request,
        Err(broken) => *broken.message.unwrap(),
    };
    assert_eq!(transmit.by, Channel::Socket(endpoint.socket), "{name}");
    let port = PORTS.iter().find(|(of, _)| *of == name).map_or(5060, |(_, port)| *port);
    assert_eq!(transmit.to, SocketAddr::new(endpoint.peer.ip(), port), "{name}");
    for header in [HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
        let (theirs, ours) = (request.headers(header), response.headers(header));
        assert!(theirs.eq(ours), "{name}: {header}");
    }
    match (request.header(HeaderName::To), response.header(HeaderName::To)) {
        (None, ours) => assert_eq!(ours, None, "{name}"),
        (Some(theirs), Some(ours)) => {
            let tag = ours.strip_prefix(theirs).unwrap_or_else(|| panic!("{name}: {theirs} became {ours}"));
            let tagged = request.to().is_ok_and(|to| to.tag().is_some());
            let provisional = response.status().is_some_and(|status| status.code() == 100);
            assert!(tag.starts_with(";tag=") || tag.is_empty() && (tagged || provisional), "{name}: {ours}");
        }
        (Some(_), None) => panic!("{name}: no To"),
    }
    let theirs: Vec<&str> = request.values(HeaderName::Via).collect();
    let ours: Vec<&str> = response.values(HeaderName::Via).collect();
    assert_eq!(theirs[1..], ours[1..], "{name}");
    match request.via() {
        Err(_) => assert_eq!(theirs[0], ours[0], "{name}"),
        Ok(via) => {
            let marked = response.via().unwrap();
            assert_eq!((marked.sent_by(), marked.branch()), (via.sent_by(), via.branch()), "{name}");
            assert_eq!(marked.received(), Some(endpoint.peer.ip()), "{name}");
            let rport = via.rport().map(|_| Some(SOURCE_PORT));
            assert_eq!(marked.rport(), rport, "{name}");
        }
    }
}

/// The message comes again: what it was answered with last goes out again, octet for octet, and nothing else happens.
fn repeat(name: &str, data: &[u8], endpoint: &mut Endpoint) {
    let last = endpoint.sent.last().cloned();
    let before = endpoint.agent.load();
    endpoint.receive(data);
    assert_eq!(endpoint.sent, Vec::from_iter(last), "{name}, once more");
    let malformed = endpoint.malformed();
    assert_eq!(endpoint.told.len(), malformed, "{name}, once more: {:?}", endpoint.told);
    assert_eq!(endpoint.agent.load(), before, "{name}, once more");
}

/// 405 names what there is instead (21.4.6).
fn not_allowed(response: &Message) {
    let allowed: Vec<Method> = response.all::<Allow>().map(|method| method.unwrap().0).collect();
    for method in [Method::Invite, Method::Ack, Method::Bye, Method::Cancel, Method::Options] {
        assert!(allowed.contains(&method), "{method}");
    }
    assert!(!allowed.contains(&Method::Register));
}

/// 11.2.
fn options(response: &Message) {
    not_allowed(response);
    assert!(response.values(HeaderName::Accept).any(|range| range == "application/sdp"));
    assert!(response.body().is_empty());
}

fn anything(_: &Message) {}

/// The call is for the account that its Request-URI names.
fn for_the_user(endpoint: &mut Endpoint, session: SessionId) {
    let info = endpoint.agent.info(session).unwrap();
    assert_eq!(info.account, endpoint.user);
    assert_eq!(info.callee_uri.as_deref(), Some("sip:user@example.com"));
    assert_eq!(info.remote_uri.as_deref(), Some("sip:caller@example.net"));
}

#[test]
fn rfc_4475() {
    judge(
        "rfc4475",
        49,
        Endpoint::v4,
        &[
            // 3.1.1. Valid messages.
            // Well formed, and within a dialog that we know nothing of (RFC 3261, 12.2.2).
            ("wsinv", Answered(481, |response| assert_eq!(response.to().unwrap().tag(), Some("1918181833n")))),
            ("intmeth", Answered(405, not_allowed)),
            ("esc01", Rings(esc01)),
            ("escnull", Answered(405, not_allowed)),
            ("esc02", Answered(405, not_allowed)),
            ("lwsdisp", Answered(200, options)),
            ("longreq", Rings(longreq)),
            // A REGISTER, and behind its end an INVITE that must not be seen.
            ("dblreq", Answered(405, not_allowed)),
            ("semiuri", Answered(200, options)),
            ("transports", Answered(200, options)),
            ("mpart01", Answered(405, not_allowed)),
            ("unreason", Stray),
            ("noreason", Stray),
            // 3.1.2. Invalid messages.
            ("badinv01", Malformed(400)),
            ("clerr", Malformed(400)),
            ("ncl", Malformed(400)),
            ("scalar02", Malformed(400)),
            ("scalarlg", MalformedResponse),
            ("quotbal", Malformed(400)),
            ("ltgtruri", Malformed(400)),
            ("lwsruri", Malformed(400)),
            // These two may be refused, or the blanks ignored; they are ignored.
            ("lwsstart", Rings(for_the_user)),
            ("trws", Answered(200, options)),
            ("escruri", Malformed(400)),
            // May be refused, or the date ignored; it is ignored, as nothing depends on it.
            ("baddate", Rings(for_the_user)),
            ("regbadct", Malformed(400)),
            ("badaspec", Malformed(400)),
            ("baddn", Malformed(400)),
            ("badvers", Malformed(505)),
            ("mismatch01", Malformed(400)),
            ("mismatch02", Malformed(501)),
            ("bigcode", MalformedResponse),
            // 3.2. Transaction layer semantics: matched as RFC 2543 has it.
            ("badbranch", Answered(200, options)),
            // 3.3. Application layer semantics.
            ("insuf", Malformed(400)),
            ("unkscm", Answered(416, anything)),
            // Never a scheme of ours: as good as unknown.
            ("novelsc", Answered(416, anything)),
            // A proxy would not care, a registrar would say 400; what is no registrar says 405 whatever To holds.
            ("unksm2", Answered(405, not_allowed)),
            ("bext01", Answered(420, bext01)),
            (
                "invut",
                Answered(415, |response| assert_eq!(response.header(HeaderName::Accept), Some("application/sdp"))),
            ),
            ("regaut01", Answered(405, not_allowed)),
            ("multi01", Malformed(400)),
            ("mcl01", Malformed(400)),
            ("bcast", Stray),
            ("zeromf", Answered(200, options)),
            ("cparam01", Answered(405, not_allowed)),
            ("cparam02", Answered(405, not_allowed)),
            ("regescrt", Answered(405, not_allowed)),
            // No answer that we have is one that the caller takes: 406, with a Warning that says so.
            (
                "sdp01",
                Answered(406, |response| {
                    assert!(response.header(HeaderName::Warning).unwrap().starts_with("399 "));
                }),
            ),
            // 3.4. Backward compatibility.
            ("inv2543", Rings(inv2543)),
        ],
    );
}

/// Escapes stay as they were written wherever they are repeated: in the attributes, and in the Request-URI of a BYE.
fn esc01(endpoint: &mut Endpoint, session: SessionId) {
    let info = endpoint.agent.info(session).unwrap();
    assert_ne!(info.account, endpoint.user, "the user is `sips:user@example.com`, at example.net");
    assert_eq!(info.callee_uri.as_deref(), Some("sip:sips%3Auser%40example.com@example.net"));
    assert_eq!(info.remote_uri.as_deref(), Some("sip:I%20have%20spaces@example.net"));
    let ok = endpoint.accept(session);
    endpoint.acknowledge(&ok);
    assert_eq!(endpoint.agent.info(session).unwrap().state, SessionState::Established);
    endpoint.agent.session(session).unwrap().end().unwrap();
    endpoint.drain(None);
    let bye = endpoint.messages().into_iter().find(|message| message.method() == Some(&Method::Bye)).unwrap();
    assert_eq!(bye.uri(), "sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31");
    assert_eq!(bye.to().unwrap().uri.as_str(), "sip:I%20have%20spaces@example.net");
    assert_eq!(bye.from().unwrap().uri.as_str(), "sip:%75se%72@example.com");
}

fn longreq(endpoint: &mut Endpoint, session: SessionId) {
    let info = endpoint.agent.info(session).unwrap();
    let caller = format!("sip:{}@example.net", "amazinglylongcallername".repeat(5));
    assert_eq!(info.remote_uri, Some(caller));
    assert_eq!(info.account, endpoint.user);
    let ok = endpoint.accept(session);
    assert_eq!(ok.values(HeaderName::Via).count(), 34);
    assert!(ok.to().unwrap().display_name().unwrap().ends_with(" proportion"));
}

/// An INVITE of RFC 2543 has no Contact: the caller is reached at its From.
fn inv2543(endpoint: &mut Endpoint, session: SessionId) {
    let info = endpoint.agent.info(session).unwrap();
    let caller = "sip:+13035551111@ift.client.example.net;user=phone";
    assert_eq!(info.remote_uri.as_deref(), Some(caller));
    assert_eq!(info.callee_uri.as_deref(), Some("sip:UserB@example.com"));
    let ok = endpoint.accept(session);
    assert_eq!(ok.header(HeaderName::RecordRoute), Some("<sip:UserB@example.com;maddr=ss1.example.com>"));
    endpoint.acknowledge(&ok);
    assert_eq!(endpoint.agent.info(session).unwrap().state, SessionState::Established);
}

/// What the UAS has not got; Proxy-Require is not its business.
fn bext01(response: &Message) {
    let list: Vec<&str> = response.values(HeaderName::Unsupported).collect();
    assert_eq!(list, ["nothingSupportsThis", "nothingSupportsThisEither"]);
}

#[test]
fn baddn_with_its_empty_line() {
    let mut data = read("rfc4475", "baddn");
    data.extend(b"\r\n");
    judge_one("baddn", &data, &mut Endpoint::v4(), &Malformed(400));
}

/// An agent that answers only for its own users: the user of `semiuri` is `user;par=u@example.net`, and not `user`.
#[test]
fn a_user_with_semicolons_is_another_user() {
    let strict = || Endpoint::new("10.0.0.1:5060", "10.0.0.9", false);
    judge_one("semiuri", &read("rfc4475", "semiuri"), &mut strict(), &Answered(404, anything));
    judge_one("zeromf", &read("rfc4475", "zeromf"), &mut strict(), &Answered(200, options));
    judge_one("esc01", &read("rfc4475", "esc01"), &mut strict(), &Answered(404, anything));
    judge_one("lwsstart", &read("rfc4475", "lwsstart"), &mut strict(), &Rings(for_the_user));
}

/// 8.2.2.2: the request came before by another path.
#[test]
fn a_merged_request_is_482() {
    let first = String::from_utf8(read("rfc4475", "lwsstart")).unwrap();
    let second = first.replace("z9hG4bKkdjuw3923", "z9hG4bKkdjuw3924");
    let mut endpoint = Endpoint::v4();
    endpoint.receive(first.as_bytes());
    let session = endpoint.incoming().unwrap();
    endpoint.receive(second.as_bytes());
    assert_eq!(endpoint.statuses(), [482]);
    assert!(endpoint.told.is_empty());
    assert_eq!(endpoint.agent.sessions(), [session]);
}

#[test]
fn rfc_5118() {
    judge(
        "rfc5118",
        12,
        Endpoint::v6,
        &[
            ("ipv6-good", Answered(405, not_allowed)),
            ("ipv6-bad", Malformed(400)),
            ("port-ambiguous", Answered(405, not_allowed)),
            ("port-unambiguous", Answered(405, not_allowed)),
            // BYEs of dialogs that we know nothing of.
            ("via-received-param-with-delim", Answered(481, one_received)),
            ("mult-ip-in-header", Answered(481, mult_ip_in_header)),
            ("via-received-param-no-delim", Answered(200, one_received_and_options)),
            // The audio is G.726 only.
            ("ipv6-in-sdp", Answered(488, no_codec_in_common)),
            ("ipv4-mapped-ipv6", Answered(488, no_codec_in_common)),
            ("mult-ip-in-sdp", Rings(mult_ip_in_sdp)),
            ("ipv6-bug-abnf-3-colons", Answered(200, options)),
            ("ipv6-correct-abnf-2-colons", Answered(200, options)),
        ],
    );
}

/// The client's own `received`, whatever its form, is replaced by what is true, without brackets.
fn one_received(response: &Message) {
    let via = response.values(HeaderName::Via).next().unwrap();
    assert_eq!(via.matches("received").count(), 1, "{via}");
    assert!(via.contains(";received=2001:db8::99"), "{via}");
}

fn one_received_and_options(response: &Message) {
    one_received(response);
    options(response);
}

fn mult_ip_in_header(response: &Message) {
    let vias: Vec<&str> = response.values(HeaderName::Via).collect();
    assert_eq!(vias.len(), 3);
    assert_eq!(vias[2], "SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200");
}

/// RFC 3261, 20.43: 305, incompatible media format.
fn no_codec_in_common(response: &Message) {
    assert!(response.header(HeaderName::Warning).unwrap().starts_with("305 "));
}

/// The audio stream's own `c=` is IPv4, that of the video stream, which is refused, IPv6.
fn mult_ip_in_sdp(endpoint: &mut Endpoint, session: SessionId) {
    let ok = endpoint.accept(session);
    let answer = std::str::from_utf8(ok.body()).unwrap();
    let media: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(media.len(), 2, "{answer}");
    assert!(media[0].starts_with("m=audio 5"), "{answer}");
    assert!(media[1].starts_with("m=video 0 "), "{answer}");
    let info = endpoint.agent.info(session).unwrap();
    assert_eq!(info.audio_remote_rtp_address_sdp, Some(IpAddr::from([192, 0, 2, 1])));
    assert_eq!(info.audio_remote_rtp_port_sdp, Some(22334));
}

/// The two descriptions of RFC 5118 with IPv6 throughout, with a codec that we have: where the media goes was read right.
#[test]
fn ipv6_in_descriptions() {
    for (name, address) in [("ipv6-in-sdp", "2001:db8::20"), ("ipv4-mapped-ipv6", "::ffff:192.0.2.2")] {
        let text = String::from_utf8(read("rfc5118", name)).unwrap();
        let data = text.replace("RTP/AVP 2\r\n", "RTP/AVP 0\r\n");
        assert_ne!(data, text);
        let mut endpoint = Endpoint::v6();
        endpoint.receive(data.as_bytes());
        assert_eq!(endpoint.statuses(), [100, 180], "{name}");
        let streams = endpoint.told.iter().any(|event| {
            let expected = [StreamKind::Audio];
            matches!(event, Event::Session(_, SessionNotification::NewIncoming { streams }) if *streams == expected)
        });
        assert!(streams, "{name}: {:?}", endpoint.told);
        let session = endpoint.incoming().unwrap();
        let ok = endpoint.accept(session);
        let answer = std::str::from_utf8(ok.body()).unwrap();
        assert!(answer.contains("c=IN IP6 2001:db8::10\r\n"), "{answer}");
        // RFC 3264, 6: the answer's t= is the offer's.
        assert!(answer.contains("t=3338481189 3370017201\r\n"), "{answer}");
        let info = endpoint.agent.info(session).unwrap();
        assert_eq!(info.audio_remote_rtp_address_sdp, Some(address.parse().unwrap()), "{name}");
        assert_eq!(info.audio_remote_rtp_port_sdp, Some(6000), "{name}");
    }
}
