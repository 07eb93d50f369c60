//! What an ended call leaves behind while its transactions wait for retransmissions (RFC 3261 17, RFC 6026), and that it
//! leaves nothing once they have waited: a busy agent's memory follows the calls of the last 32 s, and by little.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use allocation_counter::measure;
use bytes::Bytes;
use sansip_core::agent::{Account, Channel, Input, Output, Reply, Request, Route, UserAgent};
use sansip_core::ids::{AccountId, RequestId, SocketId};
use sansip_core::middleware::notification::{Event, SessionNotification};
use sansip_core::middleware::settings::Settings;
use sansip_core::time::{Duration, Instant, WallClock, WallTime};
use sansip_core::wire::sip::Transport;

/// Calls until what is kept of ended sessions for the application has reached its cap.
const WARM: u32 = 400;
const CALLS: u32 = 500;
/// Most octets that an ended call may hold, as a mean, with its share of the tables.
const MOST_CALLED: i64 = 2_000;
const MOST_CALLING: i64 = 7_000;
/// Longer than 64*T1.
const FORGOTTEN: Duration = Duration::from_secs(40);

const OURS: &str = "10.0.0.1:5060";
const PEER: &str = "10.0.0.9:5060";

/// An agent that takes every call, the machine it believes to run on, and what it sent last.
struct Phone {
    now: Instant,
    agent: UserAgent,
    account: AccountId,
    sockets: BTreeMap<SocketId, SocketAddr>,
    sent: Vec<Bytes>,
}

impl Phone {
    fn new() -> Phone {
        let mut settings = Settings { local_ip: Some(IpAddr::from([10, 0, 0, 1])), ..Settings::default() };
        settings.sip.udp = Some(OURS.parse().unwrap());
        settings.sip.tcp = None;
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
        let mut agent = UserAgent::new(settings, [1; 32], Instant::ZERO, wall).unwrap();
        let account = agent.add_account(Account::new("bob@10.0.0.1").unwrap()).unwrap();
        agent.start();
        let mut phone = Phone { now: Instant::ZERO, agent, account, sockets: BTreeMap::new(), sent: Vec::new() };
        phone.drain();
        phone
    }

    fn pass(&mut self, span: Duration) {
        self.now += span;
        self.agent.handle(self.now, Input::Time);
        self.drain();
        self.sent.clear();
    }

    fn receive(&mut self, text: &str) {
        self.sent.clear();
        let (&socket, _) = self.sockets.iter().find(|(_, at)| at.port() == 5060).unwrap();
        let data = Bytes::copy_from_slice(text.as_bytes());
        self.agent.handle(self.now, Input::Datagram { socket, from: PEER.parse().unwrap(), data });
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.agent.poll() {
                Output::Transmit(transmit) => {
                    let Channel::Socket(socket) = transmit.by else { panic!("no connections here") };
                    if self.sockets[&socket].port() == 5060 {
                        self.sent.push(transmit.data);
                    }
                }
                Output::Request(id, request) => self.carry_out(id, request),
                Output::Notification(notification) => {
                    if let Event::Session(id, SessionNotification::NewIncoming { .. }) = notification.event {
                        self.agent.session(id).unwrap().accept(true).unwrap();
                    }
                }
                Output::Wake(_) => return,
            }
        }
    }

    fn carry_out(&mut self, id: RequestId, request: Request) {
        let reply = match request {
            Request::Bind { socket, address } => {
                self.sockets.insert(socket, address);
                Reply::Bound { local: address }
            }
            Request::CloseSocket { socket } => {
                self.sockets.remove(&socket);
                Reply::Done
            }
            Request::SourceAddress { .. } => Reply::Addresses(vec![IpAddr::from([10, 0, 0, 1])]),
            other => panic!("nothing of this test asks for {other:?}"),
        };
        self.agent.handle(self.now, Input::Reply(id, reply));
    }

    /// A message that was sent last and starts so.
    fn sent(&self, start: &str) -> &str {
        let texts = self.sent.iter().map(|bytes| std::str::from_utf8(bytes).unwrap());
        texts.filter(|text| text.starts_with(start)).last().unwrap_or_else(|| panic!("no {start} in {:?}", self.sent))
    }

    /// The peer calls and hangs up.
    fn is_called(&mut self, n: u32) {
        self.pass(Duration::from_millis(20));
        let request = |method: &str, cseq: u32, to_tag: &str, body: &str| {
            format!(
                "{method} sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bK-{n}-{method};rport\r\n\
                 Max-Forwards: 70\r\nFrom: \"Peer\" <sip:peer@10.0.0.9>;tag=peer{n}\r\nTo: <sip:bob@10.0.0.1>{to_tag}\r\n\
                 Call-ID: {n}-28740@10.0.0.9\r\nCSeq: {cseq} {method}\r\nContact: <sip:peer@{PEER}>\r\n\
                 Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nContent-Type: application/sdp\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        self.receive(&request("INVITE", 1, "", SDP));
        let tag = value(self.sent("SIP/2.0 200"), "To").split_once(";tag=").unwrap().1.to_owned();
        let tag = format!(";tag={tag}");
        self.receive(&request("ACK", 1, &tag, ""));
        self.receive(&request("BYE", 2, &tag, ""));
        self.sent("SIP/2.0 200");
    }

    /// We call, the peer answers and hangs up.
    fn calls(&mut self, n: u32) {
        self.pass(Duration::from_millis(20));
        let session = self.agent.new_session(self.account).unwrap();
        let route = Route::new("10.0.0.9", 5060, Transport::Udp);
        self.agent.session(session).unwrap().connect("sip:peer@10.0.0.9", &[route], true).unwrap();
        self.drain();
        let invite = self.sent("INVITE").to_owned();
        let (via, from, call_id) = (value(&invite, "Via"), value(&invite, "From"), value(&invite, "Call-ID"));
        let to = format!("{};tag=peer{n}", value(&invite, "To"));
        self.receive(&format!(
            "SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {}\r\n\
             Contact: <sip:peer@{PEER}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
            value(&invite, "CSeq"),
            SDP.len()
        ));
        self.sent("ACK");
        self.receive(&format!(
            "BYE sip:bob@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bK-{n}-BYE;rport\r\nMax-Forwards: 70\r\n\
             From: {to}\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
        ));
        self.sent("SIP/2.0 200");
    }
}

const SDP: &str = "v=0\r\no=peer 4711 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
                   m=audio 20202 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
                   a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";

fn value<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

/// The mean that each of the calls holds when it has ended, and what all of them together hold 40 s later.
fn held(mut call: impl FnMut(&mut Phone, u32)) -> (i64, i64) {
    let mut phone = Phone::new();
    (0..WARM).for_each(|n| call(&mut phone, n));
    phone.pass(FORGOTTEN);
    let mut fresh = 0;
    let all = measure(|| {
        let calls = measure(|| (WARM..WARM + CALLS).for_each(|n| call(&mut phone, n)));
        fresh = calls.bytes_current / i64::from(CALLS);
        phone.pass(FORGOTTEN);
    });
    let load = phone.agent.load();
    assert_eq!((load.sessions, load.server_transactions, load.client_transactions, load.requests), (0, 0, 0, 0));
    (fresh, all.bytes_current)
}

#[test]
fn of_a_call_that_came_in() {
    let (fresh, later) = held(Phone::is_called);
    assert!(fresh <= MOST_CALLED, "{fresh} octets a call");
    // The tables keep some room; nothing grows with the calls.
    assert!(later <= 4 * i64::from(CALLS), "{later} octets after all is over");
}

#[test]
fn of_a_call_that_we_placed() {
    let (fresh, later) = held(Phone::calls);
    assert!(fresh <= MOST_CALLING, "{fresh} octets a call");
    assert!(later <= 4 * i64::from(CALLS), "{later} octets after all is over");
}
