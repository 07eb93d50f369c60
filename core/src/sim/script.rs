//! What a scripted peer says: requests and responses of one call, with sane header fields that a test may change.
//!
//! Written without the dialog machine, whose witness it is.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use bytes::Bytes;

use crate::rng::Rng;
use crate::wire::sip::{HeaderName, Message, Method, StatusCode};

/// A scripted peer's side of one call. Every field may be changed before the next message is made.
#[derive(Clone, Debug)]
pub struct ScriptedCall {
    /// The Call-ID.
    pub call_id: String,
    /// The From of our requests, without its tag.
    pub local: String,
    /// Our tag.
    pub local_tag: String,
    /// The To of our requests, without its tag.
    pub remote: String,
    /// The other side's tag, once it is known.
    pub remote_tag: Option<String>,
    /// The Request-URI of our requests.
    pub target: String,
    /// Our Contact, angle brackets included.
    pub contact: String,
    /// The Route values of our requests, in order.
    pub routes: Vec<String>,
    /// Record-Route values put into our INVITE, as if proxies had, in order.
    pub record_routes: Vec<String>,
    /// The transport in our Via.
    pub transport: &'static str,
    /// The sent-by in our Via.
    pub sent_by: SocketAddr,
    /// The CSeq number of our latest request other than ACK and CANCEL.
    pub cseq: u32,
    /// The RTP address in our SDP.
    pub rtp: SocketAddr,
    invite: Option<Message>,
    invite_cseq: u32,
    sdp_version: u64,
    rng: Rng,
}

impl ScriptedCall {
    pub(super) fn new(user: &str, address: SocketAddr, rtp: SocketAddr, uri: &str, mut rng: Rng) -> ScriptedCall {
        ScriptedCall {
            call_id: format!("{}@{}", rng.token(20), address.ip()),
            local: format!("<sip:{user}@{}>", host(address)),
            local_tag: rng.token(10),
            remote: format!("<{uri}>"),
            remote_tag: None,
            target: uri.to_string(),
            contact: format!("<sip:{user}@{address}>"),
            routes: Vec::new(),
            record_routes: Vec::new(),
            transport: "UDP",
            sent_by: address,
            cseq: 0,
            rtp,
            invite: None,
            invite_cseq: 0,
            sdp_version: 0,
            rng,
        }
    }

    pub(super) fn answering(
        user: &str,
        address: SocketAddr,
        rtp: SocketAddr,
        invite: &Message,
        rng: Rng,
    ) -> ScriptedCall {
        let from = invite.header(HeaderName::From).unwrap_or("");
        let mut call = ScriptedCall::new(user, address, rtp, "sip:nobody", rng);
        call.call_id = invite.header(HeaderName::CallId).unwrap_or("").to_string();
        call.local = invite.header(HeaderName::To).unwrap_or("").to_string();
        call.remote = without_tag(from).to_string();
        call.remote_tag = tag(from).map(ToString::to_string);
        call.target = uri(invite.header(HeaderName::Contact).unwrap_or("")).to_string();
        // RFC 3261 12.1.1: the route set of a UAS, in order.
        call.routes = invite.values(HeaderName::RecordRoute).map(ToString::to_string).collect();
        call
    }

    /// Learns the other side's tag, target and route set from its response to our INVITE (RFC 3261 12.1.2).
    pub fn learn(&mut self, response: &Message) {
        self.remote_tag = response.header(HeaderName::To).and_then(tag).map(ToString::to_string);
        if let Some(contact) = response.header(HeaderName::Contact) {
            self.target = uri(contact).to_string();
        }
        let mut routes: Vec<String> = response.values(HeaderName::RecordRoute).map(ToString::to_string).collect();
        routes.reverse();
        self.routes = routes;
    }

    /// A session description: PCMU and telephone-event at [`rtp`](ScriptedCall::rtp), with a direction such as
    /// `sendrecv`.
    pub fn sdp(&mut self, direction: &str) -> String {
        let ip = self.rtp.ip().to_string();
        self.sdp_with(&ip, "", &format!("a={direction}\r\n"))
    }

    /// A session description with the address of its `c=`, further session lines, and lines that
    /// follow its `m=`.
    pub fn sdp_with(&mut self, connection: &str, session_lines: &str, audio_lines: &str) -> String {
        self.sdp_version += 1;
        let net = if self.rtp.is_ipv4() { "IN IP4" } else { "IN IP6" };
        let (version, ip, port) = (self.sdp_version, self.rtp.ip(), self.rtp.port());
        format!(
            "v=0\r\no=- 4711 {version} {net} {ip}\r\ns=-\r\nc={net} {connection}\r\nt=0 0\r\n{session_lines}\
             m=audio {port} RTP/AVP 0 101\r\n{audio_lines}a=rtpmap:0 PCMU/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        )
    }

    /// The next request: CSeq one higher, a branch of its own, tags as far as they are known.
    pub fn request(&mut self, method: Method) -> Message {
        self.cseq += 1;
        let cseq = self.cseq;
        let mut request = self.skeleton(method.clone(), cseq);
        if matches!(method, Method::Invite) {
            request.push(HeaderName::Contact, &self.contact);
        }
        request
    }

    fn skeleton(&mut self, method: Method, cseq: u32) -> Message {
        let mut request = Message::request(method.clone(), &self.target);
        let branch = self.rng.token(16);
        request.push(HeaderName::Via, format!("SIP/2.0/{} {};branch=z9hG4bK{branch}", self.transport, self.sent_by));
        request.push(HeaderName::MaxForwards, 70);
        for route in &self.routes {
            request.push(HeaderName::Route, route);
        }
        request.push(HeaderName::From, format!("{};tag={}", self.local, self.local_tag));
        match &self.remote_tag {
            Some(tag) => request.push(HeaderName::To, format!("{};tag={tag}", self.remote)),
            None => request.push(HeaderName::To, &self.remote),
        }
        request.push(HeaderName::CallId, &self.call_id);
        request.push(HeaderName::CSeq, format!("{cseq} {method}"));
        request
    }

    /// An INVITE, or a re-INVITE once the other side's tag is known; without SDP if there is none.
    pub fn invite(&mut self, sdp: Option<String>) -> Message {
        let mut invite = self.request(Method::Invite);
        for record_route in &self.record_routes {
            invite.push(HeaderName::RecordRoute, record_route);
        }
        invite.push(HeaderName::Allow, "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO");
        set_sdp(&mut invite, sdp);
        self.invite_cseq = self.cseq;
        self.invite = Some(invite.clone());
        invite
    }

    /// The ACK to a 2xx of our latest INVITE, with an answer if there is one (RFC 3261 13.2.2.4).
    pub fn ack(&mut self, sdp: Option<String>) -> Message {
        let mut ack = self.skeleton(Method::Ack, self.invite_cseq);
        set_sdp(&mut ack, sdp);
        ack
    }

    /// The ACK to a failure of our latest INVITE (RFC 3261 17.1.1.3).
    ///
    /// # Panics
    /// If no INVITE was made.
    pub fn ack_failure(&mut self, response: &Message) -> Message {
        let mut ack = self.like_invite(Method::Ack);
        ack.set(HeaderName::To, response.header(HeaderName::To).unwrap_or(""));
        ack
    }

    /// The CANCEL of our latest INVITE (RFC 3261 9.1).
    ///
    /// # Panics
    /// If no INVITE was made.
    pub fn cancel(&mut self) -> Message {
        self.like_invite(Method::Cancel)
    }

    fn like_invite(&self, method: Method) -> Message {
        let invite = self.invite.as_ref().expect("an INVITE was made before");
        let mut request = Message::request(method.clone(), invite.uri());
        for name in [HeaderName::Via, HeaderName::MaxForwards, HeaderName::Route, HeaderName::From, HeaderName::To] {
            request.copy_from(invite, name);
        }
        request.push(HeaderName::CallId, &self.call_id);
        request.push(HeaderName::CSeq, format!("{} {method}", self.invite_cseq));
        request
    }

    /// A BYE.
    pub fn bye(&mut self) -> Message {
        self.request(Method::Bye)
    }

    /// An OPTIONS.
    pub fn options(&mut self) -> Message {
        self.request(Method::Options)
    }

    /// A response to a request of this call: our tag in To, and where a dialog can come of it Contact and
    /// Record-Route (RFC 3261 12.1.1).
    pub fn reply(&self, request: &Message, status: StatusCode, sdp: Option<String>) -> Message {
        let mut response = request.reply(status);
        let to = request.header(HeaderName::To).unwrap_or("");
        if status.code() > 100 && tag(to).is_none() {
            response.set(HeaderName::To, format!("{to};tag={}", self.local_tag));
        }
        if request.method() == Some(&Method::Invite) && (101..300).contains(&status.code()) {
            response.copy_from(request, HeaderName::RecordRoute);
            response.push(HeaderName::Contact, &self.contact);
        }
        set_sdp(&mut response, sdp);
        response
    }
}

/// An RTP packet (RFC 3550 5.1) without marker, sources, extension and padding.
pub fn rtp_packet(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Bytes {
    let mut packet = Vec::with_capacity(12 + payload.len());
    packet.push(0x80);
    packet.push(payload_type & 0x7f);
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    Bytes::from(packet)
}

fn set_sdp(message: &mut Message, sdp: Option<String>) {
    if let Some(sdp) = sdp {
        message.set_body("application/sdp", Bytes::from(sdp));
    }
}

fn host(address: SocketAddr) -> String {
    if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }
}

/// The tag of a From or To. A peer's URIs carry none.
fn tag(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once(";tag=")?;
    rest.split(';').next()
}

fn without_tag(value: &str) -> &str {
    value.split(";tag=").next().unwrap_or(value)
}

/// The URI of a name-addr or addr-spec.
fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => value.split(';').next().unwrap_or(value).trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> ScriptedCall {
        let address = "10.0.0.9:5060".parse().unwrap();
        let rtp = "10.0.0.9:40000".parse().unwrap();
        ScriptedCall::new("carol", address, rtp, "sip:alice@10.0.0.1", Rng::from_seed([5; 32]))
    }

    #[test]
    fn a_call_counts_its_requests() {
        let mut call = call();
        let sdp = call.sdp("sendrecv");
        let invite = call.invite(Some(sdp));
        assert_eq!(invite.header(HeaderName::CSeq), Some("1 INVITE"));
        assert!(invite.body().starts_with(b"v=0\r\n"));
        let cancel = call.cancel();
        assert_eq!(cancel.header(HeaderName::CSeq), Some("1 CANCEL"));
        assert_eq!(cancel.header(HeaderName::Via), invite.header(HeaderName::Via));
        let mut ok = invite.reply(StatusCode::OK);
        ok.set(HeaderName::To, "<sip:alice@10.0.0.1>;tag=a1");
        ok.push(HeaderName::Contact, "<sip:alice@10.0.0.1:5060;x=y>");
        ok.push(HeaderName::RecordRoute, "<sip:p2;lr>, <sip:p1;lr>");
        call.learn(&ok);
        let ack = call.ack(None);
        assert_eq!(ack.header(HeaderName::CSeq), Some("1 ACK"));
        assert_eq!(ack.uri(), "sip:alice@10.0.0.1:5060;x=y");
        assert_eq!(ack.headers(HeaderName::Route).collect::<Vec<_>>(), ["<sip:p1;lr>", "<sip:p2;lr>"]);
        assert_ne!(ack.header(HeaderName::Via), invite.header(HeaderName::Via));
        let bye = call.bye();
        assert_eq!(bye.header(HeaderName::CSeq), Some("2 BYE"));
        assert_eq!(bye.header(HeaderName::To), Some("<sip:alice@10.0.0.1>;tag=a1"));
    }

    #[test]
    fn an_answer_has_its_tag() {
        let invite = call().invite(None);
        let address = "10.0.0.8:5060".parse().unwrap();
        let answering = ScriptedCall::answering("dave", address, address, &invite, Rng::from_seed([6; 32]));
        let trying = answering.reply(&invite, StatusCode::TRYING, None);
        assert_eq!(trying.header(HeaderName::To), Some("<sip:alice@10.0.0.1>"));
        let ok = answering.reply(&invite, StatusCode::OK, None);
        assert_eq!(ok.header(HeaderName::To).and_then(tag), Some(answering.local_tag.as_str()));
        assert_eq!(ok.header(HeaderName::Contact), Some("<sip:dave@10.0.0.8:5060>"));
        assert_eq!(answering.target, "sip:carol@10.0.0.9:5060");
    }
}
