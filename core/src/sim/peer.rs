//! An endpoint without an agent: it keeps what it gets and says what the test has it say.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::ops::Deref;
use core::time::Duration;

use bytes::Bytes;

use super::audio::{AudioSource, from_ulaw, to_ulaw};
use super::host::Cx;
use super::log::{is_media, is_rtcp, summary};
use super::script::{ScriptedCall, rtp_packet};
use super::stream::{End, StreamId};
use crate::rng::Rng;
use crate::time::Instant;
use crate::wire::sip::{Frame, Framer, Message, Method};

/// A peer of a [`World`](super::World).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PeerId(pub(super) usize);

/// How a message came, and by which an answer goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Path {
    /// As a datagram from this address.
    Datagram(SocketAddr),
    /// Over a stream.
    Stream(StreamId, End),
}

/// A message that a peer got.
#[derive(Clone, Debug)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// How.
    pub path: Path,
    /// The same octets came before.
    pub retransmission: bool,
    /// The message.
    pub message: Message,
}

impl Deref for Received {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.message
    }
}

/// An RTP or RTCP packet that a peer got.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedMedia {
    /// When.
    pub at: Instant,
    /// Who sent it.
    pub from: SocketAddr,
    /// The peer's address it came to.
    pub to: SocketAddr,
    /// The packet.
    pub data: Bytes,
}

impl ReceivedMedia {
    /// The payload type of an RTP packet; the lower seven bits of an RTCP packet's type.
    pub fn payload_type(&self) -> u8 {
        self.data.get(1).copied().unwrap_or(0) & 0x7f
    }

    /// The sequence number of an RTP packet.
    pub fn sequence(&self) -> u16 {
        let octet = |at: usize| self.data.get(at).copied().unwrap_or(0);
        u16::from_be_bytes([octet(2), octet(3)])
    }

    /// The payload of an RTP packet without extension and padding.
    pub fn payload(&self) -> &[u8] {
        let sources = usize::from(self.data.first().copied().unwrap_or(0) & 0x0f);
        self.data.get(12 + 4 * sources..).unwrap_or(&[])
    }
}

/// What a peer can be told to send.
pub trait Wire {
    /// The octets. Text may end its lines with a bare LF: each becomes CRLF.
    fn into_wire(self) -> Bytes;
}

impl Wire for Bytes {
    fn into_wire(self) -> Bytes {
        self
    }
}

impl Wire for &Message {
    fn into_wire(self) -> Bytes {
        self.to_bytes()
    }
}

impl Wire for Message {
    fn into_wire(self) -> Bytes {
        self.to_bytes()
    }
}

impl Wire for &str {
    fn into_wire(self) -> Bytes {
        Bytes::from(self.replace("\r\n", "\n").replace('\n', "\r\n"))
    }
}

impl Wire for String {
    fn into_wire(self) -> Bytes {
        self.as_str().into_wire()
    }
}

#[derive(Debug)]
enum Out {
    Datagram { from: SocketAddr, to: SocketAddr, data: Bytes },
    Stream { stream: StreamId, end: End, data: Bytes },
    Connect { to: SocketAddr },
    Close { stream: StreamId, end: End },
}

/// PCMU that the peer sends, a packet every 20 ms.
#[derive(Debug)]
struct Talk {
    to: SocketAddr,
    source: AudioSource,
    next: Option<Instant>,
    packets_left: u64,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
}

const PACKET: Duration = Duration::from_millis(20);
const PACKET_SAMPLES: usize = 160;
/// Where a peer takes RTP; RTCP one above.
const RTP_PORT: u16 = 40_000;

/// An endpoint that does nothing by itself. What it is told to send leaves at the world's next step.
pub struct ScriptedPeer {
    name: String,
    address: SocketAddr,
    rtp: SocketAddr,
    path: Path,
    listens: bool,
    takes_datagrams: bool,
    rng: Rng,
    calls: u32,
    outbox: Vec<Out>,
    received: Vec<Received>,
    unread: VecDeque<Received>,
    seen: BTreeSet<Bytes>,
    broken: Vec<(Instant, Bytes)>,
    media: Vec<ReceivedMedia>,
    streams: BTreeMap<(StreamId, End), Framer>,
    opening: BTreeSet<StreamId>,
    next_port: u16,
    refused: u32,
    unreachable: Vec<SocketAddr>,
    talk: Option<Talk>,
}

impl fmt::Debug for ScriptedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedPeer")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("received", &self.received.len())
            .finish_non_exhaustive()
    }
}

impl ScriptedPeer {
    pub(super) fn new(name: &str, address: SocketAddr, towards: SocketAddr, rng: Rng) -> ScriptedPeer {
        ScriptedPeer {
            name: name.into(),
            address,
            rtp: SocketAddr::new(address.ip(), RTP_PORT),
            path: Path::Datagram(towards),
            listens: true,
            takes_datagrams: true,
            rng,
            calls: 0,
            outbox: Vec::new(),
            received: Vec::new(),
            unread: VecDeque::new(),
            seen: BTreeSet::new(),
            broken: Vec::new(),
            media: Vec::new(),
            streams: BTreeMap::new(),
            opening: BTreeSet::new(),
            next_port: 30_000,
            refused: 0,
            unreachable: Vec::new(),
            talk: None,
        }
    }

    /// The peer's name in the trace, and the user of its URI.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the peer takes SIP, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the peer takes RTP; RTCP comes to the port above.
    pub fn rtp(&self) -> SocketAddr {
        self.rtp
    }

    /// Moves the peer's RTP elsewhere, for the calls made after.
    pub fn set_rtp_port(&mut self, port: u16) {
        self.rtp.set_port(port);
    }

    /// Whether the peer accepts TCP connections. It does at first.
    pub fn set_listens(&mut self, listens: bool) {
        self.listens = listens;
    }

    /// Whether the peer's UDP socket is open. It is at first.
    pub fn set_takes_datagrams(&mut self, takes: bool) {
        self.takes_datagrams = takes;
    }

    /// How [`send`](ScriptedPeer::send) goes from now on. At first a datagram to the address the peer was made with.
    pub fn set_path(&mut self, path: Path) {
        self.path = path;
    }

    /// How [`send`](ScriptedPeer::send) goes now.
    pub fn path(&self) -> Path {
        self.path
    }

    /// Opens a TCP connection; when it is up, [`send`](ScriptedPeer::send) goes over it.
    pub fn connect(&mut self, to: SocketAddr) {
        self.outbox.push(Out::Connect { to });
    }

    /// Closes the connection of a path; nothing happens for a datagram's.
    pub fn close(&mut self, path: Path) {
        if let Path::Stream(stream, end) = path {
            self.outbox.push(Out::Close { stream, end });
        }
    }

    /// Sends a message, or any text or octets.
    pub fn send(&mut self, what: impl Wire) {
        self.send_by(self.path, what);
    }

    /// Sends back by the way something came.
    pub fn reply(&mut self, to: &Received, what: impl Wire) {
        self.send_by(to.path, what);
    }

    /// Sends by a given path.
    pub fn send_by(&mut self, path: Path, what: impl Wire) {
        let data = what.into_wire();
        self.outbox.push(match path {
            Path::Datagram(to) => Out::Datagram { from: self.address, to, data },
            Path::Stream(stream, end) => Out::Stream { stream, end, data },
        });
    }

    /// Sends a raw packet from the RTP port.
    pub fn send_rtp(&mut self, to: SocketAddr, packet: Bytes) {
        self.outbox.push(Out::Datagram { from: self.rtp, to, data: packet });
    }

    /// Sends a raw packet from any of the peer's ports.
    pub fn send_from(&mut self, port: u16, to: SocketAddr, packet: Bytes) {
        self.outbox.push(Out::Datagram { from: SocketAddr::new(self.address.ip(), port), to, data: packet });
    }

    /// Says something in PCMU, a packet every 20 ms, for so long. It replaces what was being said.
    pub fn talk(&mut self, to: SocketAddr, source: AudioSource, length: Duration) {
        let packets_left = u64::try_from(length.as_millis() / PACKET.as_millis()).unwrap_or(u64::MAX);
        let (sequence, timestamp, ssrc) = (self.rng.u32() as u16, self.rng.u32(), self.rng.u32());
        self.talk = Some(Talk { to, source, next: None, packets_left, sequence, timestamp, ssrc });
    }

    /// Says no more.
    pub fn be_quiet(&mut self) {
        self.talk = None;
    }

    /// A call to `uri`, from this peer, before its INVITE is sent.
    pub fn call(&mut self, uri: &str) -> ScriptedCall {
        self.calls += 1;
        let rng = self.rng.fork(&format!("call {}", self.calls));
        ScriptedCall::new(&self.name, self.address, self.rtp, uri, rng)
    }

    /// The peer's side of a call that `invite` asks for.
    pub fn answer(&mut self, invite: &Message) -> ScriptedCall {
        self.calls += 1;
        let rng = self.rng.fork(&format!("call {}", self.calls));
        ScriptedCall::answering(&self.name, self.address, self.rtp, invite, rng)
    }

    /// Every message so far, retransmissions too.
    pub fn received(&self) -> &[Received] {
        &self.received
    }

    /// Every request of a method so far, retransmissions too.
    pub fn requests(&self, method: &Method) -> Vec<&Received> {
        self.received.iter().filter(|message| message.method() == Some(method)).collect()
    }

    /// Every response with a status so far, retransmissions too.
    pub fn responses(&self, code: u16) -> Vec<&Received> {
        self.received.iter().filter(|message| message.status().is_some_and(|status| status.code() == code)).collect()
    }

    /// What came and was no message.
    pub fn broken(&self) -> &[(Instant, Bytes)] {
        &self.broken
    }

    /// Every RTP and RTCP packet so far.
    pub fn media(&self) -> &[ReceivedMedia] {
        &self.media
    }

    /// Forgets the RTP and RTCP packets so far.
    pub fn forget_media(&mut self) {
        self.media.clear();
    }

    /// The RTP packets of a payload type so far.
    pub fn rtp_of_type(&self, payload_type: u8) -> Vec<&ReceivedMedia> {
        let wanted = |packet: &&ReceivedMedia| !is_rtcp(&packet.data) && packet.payload_type() == payload_type;
        self.media.iter().filter(wanted).collect()
    }

    /// The PCMU sound that came, decoded, as it came.
    pub fn heard(&self) -> Vec<i16> {
        self.rtp_of_type(0).into_iter().flat_map(|packet| packet.payload().iter().copied().map(from_ulaw)).collect()
    }

    /// The addresses that could not be reached.
    pub fn unreachable(&self) -> &[SocketAddr] {
        &self.unreachable
    }

    /// How many connections were refused.
    pub fn refused(&self) -> u32 {
        self.refused
    }

    /// Takes the first unread request of a method, leaving the others unread. Retransmissions are never unread.
    pub fn take_request(&mut self, method: &Method) -> Option<Received> {
        self.take(|message| message.method() == Some(method))
    }

    /// Takes the first unread response with a status, leaving the others unread. Retransmissions are never unread.
    pub fn take_response(&mut self, code: u16) -> Option<Received> {
        self.take(|message| message.status().is_some_and(|status| status.code() == code))
    }

    fn take(&mut self, wanted: impl Fn(&Message) -> bool) -> Option<Received> {
        let at = self.unread.iter().position(|received| wanted(&received.message))?;
        self.unread.remove(at)
    }

    pub(super) fn next_packet(&self) -> Instant {
        self.talk.as_ref().and_then(|talk| talk.next).unwrap_or(Instant::NEVER)
    }

    /// Sends what the peer was told to send.
    pub(super) fn flush(&mut self, cx: &mut Cx<'_>) {
        if let Some(talk) = &mut self.talk {
            talk.next.get_or_insert(cx.now);
        }
        for out in core::mem::take(&mut self.outbox) {
            match out {
                Out::Datagram { from, to, data } => self.send_datagram(cx, from, to, &data),
                Out::Stream { stream, end, data } => {
                    cx.trace.line(cx.now, &self.name, format_args!("sends {stream:?} {}", summary(&data)));
                    cx.network.write(cx.now, stream, end, &data);
                }
                Out::Connect { to } => {
                    let from = SocketAddr::new(self.address.ip(), self.next_port);
                    self.next_port = self.next_port.checked_add(1).unwrap_or(30_000);
                    self.opening.insert(cx.network.open(cx.now, from, to));
                }
                Out::Close { stream, end } => {
                    self.streams.remove(&(stream, end));
                    cx.network.close(cx.now, stream, end);
                }
            }
        }
    }

    fn send_datagram(&self, cx: &mut Cx<'_>, from: SocketAddr, to: SocketAddr, data: &Bytes) {
        let fate = cx.network.send(cx.now, from, to, data);
        cx.trace.line(cx.now, &self.name, format_args!("sends {to} {} {fate:?}", summary(data)));
    }

    /// Sends the packet of speech that is due.
    pub(super) fn speak(&mut self, cx: &mut Cx<'_>) {
        let Some(talk) = &mut self.talk else { return };
        let mut samples = [0i16; PACKET_SAMPLES];
        talk.source.fill(8_000, &mut samples);
        let payload: Vec<u8> = samples.iter().copied().map(to_ulaw).collect();
        let packet = rtp_packet(0, talk.sequence, talk.timestamp, talk.ssrc, &payload);
        talk.sequence = talk.sequence.wrapping_add(1);
        talk.timestamp = talk.timestamp.wrapping_add(PACKET_SAMPLES as u32);
        talk.packets_left = talk.packets_left.saturating_sub(1);
        talk.next = Some(cx.now + PACKET);
        let (to, over) = (talk.to, talk.packets_left == 0);
        self.send_datagram(cx, self.rtp, to, &packet);
        if over {
            self.talk = None;
        }
    }

    fn takes(&self, to: SocketAddr) -> bool {
        let media = [self.rtp.port(), self.rtp.port().saturating_add(1)].contains(&to.port());
        to.ip() == self.address.ip() && (media || (self.takes_datagrams && to.port() == self.address.port()))
    }

    /// A datagram; false if it is not for this peer.
    pub(super) fn on_datagram(&mut self, cx: &mut Cx<'_>, from: SocketAddr, to: SocketAddr, data: &Bytes) -> bool {
        if !self.takes(to) {
            return false;
        }
        cx.trace.line(cx.now, &self.name, format_args!("gets {from} {}", summary(data)));
        if is_media(data) {
            self.media.push(ReceivedMedia { at: cx.now, from, to, data: data.clone() });
            return true;
        }
        match Message::parse(data.clone()) {
            Ok(message) => {
                let retransmission = !self.seen.insert(data.clone());
                self.keep(Received { at: cx.now, path: Path::Datagram(from), retransmission, message });
            }
            Err(_) => self.broken.push((cx.now, data.clone())),
        }
        true
    }

    fn keep(&mut self, received: Received) {
        if !received.retransmission {
            self.unread.push_back(received.clone());
        }
        self.received.push(received);
    }

    pub(super) fn on_unreachable(&mut self, sender: SocketAddr, to: SocketAddr) -> bool {
        if sender.ip() != self.ip() {
            return false;
        }
        self.unreachable.push(to);
        true
    }

    fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// A connection; false if this peer does not take it.
    pub(super) fn on_opening(&mut self, cx: &mut Cx<'_>, stream: StreamId, to: SocketAddr) -> bool {
        if !self.listens || to != self.address {
            return false;
        }
        self.streams.insert((stream, End::Acceptor), Framer::new());
        cx.network.accept(cx.now, stream);
        true
    }

    /// The outcome of a connection; false if it is another's.
    pub(super) fn on_opened(&mut self, stream: StreamId, up: bool) -> bool {
        if !self.opening.remove(&stream) {
            return false;
        }
        if up {
            self.streams.insert((stream, End::Opener), Framer::new());
            self.path = Path::Stream(stream, End::Opener);
        } else {
            self.refused += 1;
        }
        true
    }

    /// Bytes of a stream; false if its end is another's.
    pub(super) fn on_segment(&mut self, cx: &mut Cx<'_>, stream: StreamId, end: End, data: &Bytes) -> bool {
        let Some(framer) = self.streams.get_mut(&(stream, end)) else { return false };
        cx.trace.line(cx.now, &self.name, format_args!("gets {stream:?} {}", summary(data)));
        framer.push(data);
        let mut messages = Vec::new();
        while let Some(frame) = framer.next() {
            match frame {
                Ok(Frame::Message(message)) => messages.push(message),
                Ok(Frame::Broken(_)) => self.broken.push((cx.now, data.clone())),
                Ok(Frame::Ping) => cx.network.write(cx.now, stream, end, &Bytes::from_static(b"\r\n")),
                Ok(Frame::Pong) => {}
                Err(_) => {
                    self.broken.push((cx.now, data.clone()));
                    break;
                }
            }
        }
        for message in messages {
            let path = Path::Stream(stream, end);
            self.keep(Received { at: cx.now, path, retransmission: false, message });
        }
        true
    }

    /// The end of a stream; false if its end is another's.
    pub(super) fn on_closed(&mut self, cx: &mut Cx<'_>, stream: StreamId, end: End, reset: bool) -> bool {
        if self.streams.remove(&(stream, end)).is_none() {
            return false;
        }
        if !reset {
            cx.network.close(cx.now, stream, end);
        }
        true
    }
}
