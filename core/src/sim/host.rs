//! A user agent with the machine it runs on: sockets, connections, names, a disk, sound, and a memory of it all.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use bytes::Bytes;

use super::audio::AudioSource;
use super::disk::Disk;
use super::log::{LogEntry, LogLine, Trace, is_media, summary};
use super::network::{Fate, Network};
use super::story::tell;
use super::stream::{End, StreamId};
use crate::agent::{Input, Output, UserAgent};
use crate::ids::{ConnectionId, RequestId, SessionId, SocketId};
use crate::io::{Channel, IoFailure, IoFailureKind, Reply, Request, Transmit};
use crate::middleware::notification::{Event, Notification, SessionNotification};
use crate::time::Instant;
use crate::wire::sip::Message;

/// A host of a [`World`](super::World).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HostId(pub(super) usize);

/// Outputs that one input may cause; more is an endless loop.
const OUTPUTS_PER_INPUT: usize = 10_000;
/// Samples kept of what a session heard: ten minutes at 8 kHz. The oldest half goes when they are too many.
const HEARD_SAMPLES: usize = 8_000 * 600;
/// Where the machine's own ports begin (RFC 6335 6).
const EPHEMERAL: u16 = 49_152;
/// One frame of sound.
const FRAME: Duration = Duration::from_millis(20);

/// Host names and their addresses, which every host of a world sees.
pub(super) type Names = BTreeMap<String, Vec<IpAddr>>;

/// What a host reaches while it works.
pub(super) struct Cx<'a> {
    pub(super) now: Instant,
    pub(super) network: &'a mut Network,
    pub(super) names: &'a Names,
    pub(super) trace: &'a mut Trace,
}

/// What one session says and hears.
#[derive(Debug)]
struct Tap {
    source: AudioSource,
    heard: Vec<i16>,
}

/// A [`UserAgent`] and its machine.
pub struct Host {
    name: String,
    ip: IpAddr,
    agent: UserAgent,
    wake: Instant,
    datagram: BTreeMap<SocketId, SocketAddr>,
    listening: BTreeMap<SocketId, SocketAddr>,
    occupied: BTreeSet<u16>,
    next_port: u16,
    connections: BTreeMap<ConnectionId, (StreamId, End)>,
    opening: BTreeMap<StreamId, (ConnectionId, RequestId)>,
    accepted: u64,
    replies: BTreeMap<(Instant, u64), (RequestId, Reply)>,
    replied: u64,
    io_delay: Duration,
    lookup_delay: Duration,
    disk: Disk,
    log: Vec<LogLine>,
    logs_media: bool,
    notifications: Vec<Notification>,
    taps: BTreeMap<SessionId, Tap>,
    default_source: AudioSource,
    audio_interval: Duration,
    next_frame: Instant,
    has_sessions: bool,
    frame: Vec<i16>,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("name", &self.name).field("ip", &self.ip).finish_non_exhaustive()
    }
}

impl Host {
    pub(super) fn new(name: &str, ip: IpAddr, agent: UserAgent, now: Instant) -> Host {
        Host {
            name: name.into(),
            ip,
            agent,
            wake: Instant::NEVER,
            datagram: BTreeMap::new(),
            listening: BTreeMap::new(),
            occupied: BTreeSet::new(),
            next_port: EPHEMERAL,
            connections: BTreeMap::new(),
            opening: BTreeMap::new(),
            accepted: 0,
            replies: BTreeMap::new(),
            replied: 0,
            io_delay: Duration::from_micros(100),
            lookup_delay: Duration::from_millis(5),
            disk: Disk::default(),
            log: Vec::new(),
            logs_media: false,
            notifications: Vec::new(),
            taps: BTreeMap::new(),
            default_source: AudioSource::Silence,
            audio_interval: FRAME,
            next_frame: now + FRAME,
            has_sessions: false,
            frame: Vec::new(),
        }
    }

    /// The host's name in the trace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host's address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The agent, to look at. Commands go through [`World::command`](super::World::command).
    pub fn agent(&self) -> &UserAgent {
        &self.agent
    }

    /// The disk, to look at.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The disk, to break.
    pub fn disk_mut(&mut self) -> &mut Disk {
        &mut self.disk
    }

    /// Another program takes a port, datagrams and streams: to bind it fails from now on.
    pub fn occupy_port(&mut self, port: u16) {
        self.occupied.insert(port);
    }

    /// How long the machine takes for a request: sockets and files, and names. 100 us and 5 ms at first.
    pub fn set_delays(&mut self, io: Duration, lookup: Duration) {
        self.io_delay = io;
        self.lookup_delay = lookup;
    }

    /// How long the sound card takes for what should be 20 ms: another value is a clock that drifts.
    pub fn set_audio_interval(&mut self, interval: Duration) {
        self.audio_interval = interval;
    }

    /// Puts RTP and RTCP into the log, too.
    pub fn set_logs_media(&mut self, logs: bool) {
        self.logs_media = logs;
    }

    /// What sessions say that were told nothing else. Silence at first.
    pub fn say_by_default(&mut self, source: AudioSource) {
        self.default_source = source;
    }

    /// What a session says from now on.
    pub fn say(&mut self, session: SessionId, source: AudioSource) {
        self.taps.entry(session).or_insert_with(|| Tap { source: AudioSource::Silence, heard: Vec::new() }).source =
            source;
    }

    /// What a session heard since it began, or since [`forget_heard`](Host::forget_heard).
    pub fn heard(&self, session: SessionId) -> &[i16] {
        self.taps.get(&session).map_or(&[][..], |tap| tap.heard.as_slice())
    }

    /// Forgets what a session heard so far.
    pub fn forget_heard(&mut self, session: SessionId) {
        if let Some(tap) = self.taps.get_mut(&session) {
            tap.heard.clear();
        }
    }

    /// Every notification so far.
    pub fn notifications(&self) -> &[Notification] {
        &self.notifications
    }

    /// Forgets the notifications so far.
    pub fn forget_notifications(&mut self) {
        self.notifications.clear();
    }

    /// The notifications of one session so far.
    pub fn session_notifications(&self, session: SessionId) -> Vec<&SessionNotification> {
        self.notifications
            .iter()
            .filter_map(|n| match &n.event {
                Event::Session(id, what) if *id == session => Some(what),
                _ => None,
            })
            .collect()
    }

    /// The notifications of one session so far, each [told](tell) in a line.
    pub fn story(&self, session: SessionId) -> Vec<String> {
        self.session_notifications(session).into_iter().map(tell).collect()
    }

    /// The sessions that came in, first to last.
    pub fn incoming(&self) -> Vec<SessionId> {
        let id = |n: &Notification| match &n.event {
            Event::Session(id, SessionNotification::NewIncoming { .. }) => Some(*id),
            _ => None,
        };
        self.notifications.iter().filter_map(id).collect()
    }

    /// Everything the agent did and saw, in order.
    pub fn log(&self) -> &[LogLine] {
        &self.log
    }

    /// The log as text, a line each.
    pub fn log_text(&self) -> String {
        self.log.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The SIP messages the agent sent, with the time, in order.
    pub fn sent_messages(&self) -> Vec<(Instant, Message)> {
        let sent = |line: &LogLine| match &line.entry {
            LogEntry::Sent { data, .. } if !is_media(data) => Some((line.at, Message::parse(data.clone()).ok()?)),
            _ => None,
        };
        self.log.iter().filter_map(sent).collect()
    }

    /// The datagram sockets that are open, with the addresses they are bound to.
    pub fn open_sockets(&self) -> Vec<SocketAddr> {
        self.datagram.values().copied().collect()
    }

    /// How many stream connections are open.
    pub fn open_connections(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn next_reply(&self) -> Instant {
        self.replies.first_key_value().map_or(Instant::NEVER, |((at, _), _)| *at)
    }

    pub(super) fn next_wake(&self) -> Instant {
        self.wake
    }

    pub(super) fn next_frame(&self) -> Instant {
        if self.has_sessions { self.next_frame } else { Instant::NEVER }
    }

    /// Hands something in and carries out all that comes of it.
    pub(super) fn handle(&mut self, cx: &mut Cx<'_>, input: Input) {
        self.agent.handle(cx.now, input);
        self.drain(cx);
    }

    /// Gives the agent the time, runs a command and carries out all that comes of it.
    pub(super) fn command<R>(&mut self, cx: &mut Cx<'_>, command: impl FnOnce(&mut UserAgent) -> R) -> R {
        self.handle(cx, Input::Time);
        let result = command(&mut self.agent);
        self.drain(cx);
        result
    }

    /// Answers the agent's oldest request.
    pub(super) fn reply(&mut self, cx: &mut Cx<'_>) {
        if let Some((_, (id, reply))) = self.replies.pop_first() {
            cx.trace.line(cx.now, &self.name, format_args!("reply {id} {reply:?}"));
            self.handle(cx, Input::Reply(id, reply));
        }
    }

    /// One frame of sound for each session that has any.
    pub(super) fn pump_audio(&mut self, cx: &mut Cx<'_>) {
        self.next_frame = cx.now + self.audio_interval;
        self.agent.handle(cx.now, Input::Time);
        for session in self.agent.sessions() {
            let Ok(mut port) = self.agent.audio(session) else { continue };
            let rate = port.sample_rate();
            let tap = self
                .taps
                .entry(session)
                .or_insert_with(|| Tap { source: self.default_source.clone(), heard: Vec::new() });
            self.frame.clear();
            self.frame.resize((rate / 50) as usize, 0);
            tap.source.fill(rate, &mut self.frame);
            port.push(&self.frame);
            port.pull(&mut self.frame);
            if tap.heard.len() + self.frame.len() > HEARD_SAMPLES {
                tap.heard.drain(..HEARD_SAMPLES / 2);
            }
            tap.heard.extend_from_slice(&self.frame);
        }
        self.drain(cx);
    }

    fn drain(&mut self, cx: &mut Cx<'_>) {
        for _ in 0..OUTPUTS_PER_INPUT {
            match self.agent.poll() {
                Output::Transmit(transmit) => self.transmit(cx, transmit),
                Output::Request(id, request) => self.request(cx, id, request),
                Output::Notification(notification) => self.note(cx, notification),
                Output::Wake(at) => {
                    self.wake = at;
                    let had_sessions = core::mem::replace(&mut self.has_sessions, !self.agent.sessions().is_empty());
                    if self.has_sessions && !had_sessions {
                        self.next_frame = cx.now + self.audio_interval;
                    }
                    return;
                }
            }
        }
        panic!("{}: one input caused more than {OUTPUTS_PER_INPUT} outputs", self.name);
    }

    fn note(&mut self, cx: &mut Cx<'_>, notification: Notification) {
        match &notification.event {
            Event::Session(id, what) => cx.trace.line(cx.now, &self.name, format_args!("tells {id} {}", tell(what))),
            Event::Agent(what) => cx.trace.line(cx.now, &self.name, format_args!("tells {what:?}")),
            other => cx.trace.line(cx.now, &self.name, format_args!("tells {}", other.name())),
        }
        self.log.push(LogLine { at: cx.now, entry: LogEntry::Notified(notification.event.clone()) });
        self.notifications.push(notification);
    }

    fn transmit(&mut self, cx: &mut Cx<'_>, transmit: Transmit) {
        let Transmit { by, to, data } = transmit;
        let fate = match by {
            Channel::Socket(socket) => match self.datagram.get(&socket) {
                Some(bound) => {
                    let from = SocketAddr::new(self.ip, bound.port());
                    format!("{:?}", cx.network.send(cx.now, from, to, &data))
                }
                None => "NoSocket".to_string(),
            },
            Channel::Connection(connection) => match self.connections.get(&connection) {
                Some((stream, end)) => {
                    cx.network.write(cx.now, *stream, *end, &data);
                    format!("{:?}", Fate::Travels)
                }
                None => "NoConnection".to_string(),
            },
        };
        cx.trace.line(cx.now, &self.name, format_args!("sends {by:?} {to} {} {fate}", summary(&data)));
        if self.logs_media || !is_media(&data) {
            self.log.push(LogLine { at: cx.now, entry: LogEntry::Sent { by, to, data } });
        }
    }

    fn request(&mut self, cx: &mut Cx<'_>, id: RequestId, request: Request) {
        match &request {
            Request::WriteFile { file, offset, data } => {
                let octets = data.len();
                cx.trace.line(cx.now, &self.name, format_args!("asks {id} WriteFile {file} {offset} {octets} octets"));
            }
            other => cx.trace.line(cx.now, &self.name, format_args!("asks {id} {other:?}")),
        }
        self.log.push(LogLine { at: cx.now, entry: LogEntry::Requested(request.clone()) });
        let delay = if matches!(request, Request::Lookup { .. }) { self.lookup_delay } else { self.io_delay };
        if let Some(reply) = self.carry_out(cx, id, request) {
            self.answer(cx.now + delay, id, reply);
        }
    }

    fn answer(&mut self, at: Instant, id: RequestId, reply: Reply) {
        self.replied += 1;
        self.replies.insert((at, self.replied), (id, reply));
    }

    /// `None` when the reply comes later by itself.
    fn carry_out(&mut self, cx: &mut Cx<'_>, id: RequestId, request: Request) -> Option<Reply> {
        Some(match request {
            Request::Bind { socket, address } => match self.take_port(address, false) {
                Ok(local) => {
                    self.datagram.insert(socket, local);
                    Reply::Bound { local }
                }
                Err(failure) => Reply::Failed(failure),
            },
            Request::Listen { socket, address } => match self.take_port(address, true) {
                Ok(local) => {
                    self.listening.insert(socket, local);
                    Reply::Bound { local }
                }
                Err(failure) => Reply::Failed(failure),
            },
            Request::CloseSocket { socket } => {
                self.datagram.remove(&socket);
                self.listening.remove(&socket);
                Reply::Done
            }
            Request::Connect { connection, remote } => {
                let local = SocketAddr::new(self.ip, self.ephemeral_port());
                let stream = cx.network.open(cx.now, local, remote);
                self.opening.insert(stream, (connection, id));
                return None;
            }
            Request::CloseConnection { connection } => {
                if let Some((stream, end)) = self.connections.remove(&connection) {
                    cx.network.close(cx.now, stream, end);
                }
                if let Some(stream) = self.opening.iter().find(|(_, (c, _))| *c == connection).map(|(s, _)| *s) {
                    self.give_up_opening(cx, stream, "closed before it came up");
                }
                Reply::Done
            }
            Request::Lookup { host } => match cx.names.get(&*host) {
                Some(addresses) => Reply::Addresses(addresses.clone()),
                None => Reply::Failed(IoFailure::new(IoFailureKind::NotFound, format!("no address for {host}"))),
            },
            Request::SourceAddress { towards } if towards.is_ipv4() == self.ip.is_ipv4() => {
                Reply::Addresses(vec![self.ip])
            }
            Request::SourceAddress { towards } => {
                Reply::Failed(IoFailure::new(IoFailureKind::Unreachable, format!("no route to {towards}")))
            }
            Request::CreateFile { file, path, replace } => self.disk.create(file, path, replace),
            Request::WriteFile { file, offset, data } => self.disk.write(file, offset, &data),
            Request::CloseFile { file } => self.disk.close(file),
        })
    }

    fn give_up_opening(&mut self, cx: &mut Cx<'_>, stream: StreamId, why: &str) {
        if let Some((_, request)) = self.opening.remove(&stream) {
            cx.network.close(cx.now, stream, End::Opener);
            self.answer(cx.now, request, Reply::Failed(IoFailure::new(IoFailureKind::Other, why)));
        }
    }

    fn take_port(&mut self, address: SocketAddr, streams: bool) -> Result<SocketAddr, IoFailure> {
        let ours = address.ip() == self.ip || address.ip().is_unspecified();
        if !ours || address.is_ipv4() != self.ip.is_ipv4() {
            let text = format!("{address} is not an address of this machine");
            return Err(IoFailure::new(IoFailureKind::AddressNotAvailable, text));
        }
        let port = if address.port() == 0 { self.ephemeral_port() } else { address.port() };
        let taken = if streams { &self.listening } else { &self.datagram };
        let clash = |other: &SocketAddr| {
            let same_ip = other.ip() == address.ip() || other.ip().is_unspecified() || address.ip().is_unspecified();
            other.port() == port && same_ip
        };
        if self.occupied.contains(&port) || taken.values().any(clash) {
            return Err(IoFailure::new(IoFailureKind::AddressInUse, format!("port {port} is in use")));
        }
        Ok(SocketAddr::new(address.ip(), port))
    }

    fn ephemeral_port(&mut self) -> u16 {
        let port = self.next_port;
        self.next_port = if port == u16::MAX { EPHEMERAL } else { port + 1 };
        port
    }

    fn owner<'a>(
        &self,
        sockets: impl IntoIterator<Item = (&'a SocketId, &'a SocketAddr)>,
        to: SocketAddr,
    ) -> Option<SocketId> {
        let takes = |bound: &SocketAddr| {
            bound.port() == to.port() && to.ip() == self.ip && (bound.ip() == to.ip() || bound.ip().is_unspecified())
        };
        sockets.into_iter().find(|(_, bound)| takes(bound)).map(|(socket, _)| *socket)
    }

    /// A datagram for one of the sockets; false if none takes it.
    pub(super) fn on_datagram(&mut self, cx: &mut Cx<'_>, from: SocketAddr, to: SocketAddr, data: Bytes) -> bool {
        let Some(socket) = self.owner(&self.datagram, to) else { return false };
        self.saw(cx, from, &data);
        self.handle(cx, Input::Datagram { socket, from, data });
        true
    }

    /// News of an undeliverable datagram; false if the sender is another host.
    pub(super) fn on_unreachable(&mut self, cx: &mut Cx<'_>, sender: SocketAddr, to: SocketAddr) -> bool {
        let Some(socket) = self.owner(&self.datagram, sender) else { return false };
        cx.trace.line(cx.now, &self.name, format_args!("cannot reach {to}"));
        self.handle(cx, Input::Unreachable { socket, to });
        true
    }

    /// A connection for one of the listening sockets; false if none takes it.
    pub(super) fn on_opening(&mut self, cx: &mut Cx<'_>, stream: StreamId, from: SocketAddr, to: SocketAddr) -> bool {
        let Some(listener) = self.owner(&self.listening, to) else { return false };
        self.accepted += 1;
        let connection = ConnectionId::accepted(self.accepted);
        self.connections.insert(connection, (stream, End::Acceptor));
        cx.network.accept(cx.now, stream);
        cx.trace.line(cx.now, &self.name, format_args!("accepts {connection} of {from}"));
        self.handle(cx, Input::Accepted { listener, connection, local: to, remote: from });
        true
    }

    /// The outcome of a connection the agent asked for; false if another host asked.
    pub(super) fn on_opened(
        &mut self,
        cx: &mut Cx<'_>,
        stream: StreamId,
        outcome: Result<SocketAddr, IoFailure>,
    ) -> bool {
        let Some((connection, request)) = self.opening.remove(&stream) else { return false };
        let reply = match outcome {
            Ok(local) => {
                self.connections.insert(connection, (stream, End::Opener));
                Reply::Connected { local }
            }
            Err(failure) => Reply::Failed(failure),
        };
        cx.trace.line(cx.now, &self.name, format_args!("reply {request} {reply:?}"));
        self.handle(cx, Input::Reply(request, reply));
        true
    }

    fn connection(&self, stream: StreamId, end: End) -> Option<ConnectionId> {
        self.connections.iter().find(|(_, ends)| **ends == (stream, end)).map(|(connection, _)| *connection)
    }

    /// Bytes of a stream; false if the stream's end is another host's.
    pub(super) fn on_segment(&mut self, cx: &mut Cx<'_>, from: SocketAddr, at: (StreamId, End), data: Bytes) -> bool {
        let Some(connection) = self.connection(at.0, at.1) else { return false };
        self.saw(cx, from, &data);
        self.handle(cx, Input::Stream { connection, data });
        true
    }

    /// The end of a stream; false if the stream's end is another host's.
    pub(super) fn on_closed(&mut self, cx: &mut Cx<'_>, stream: StreamId, end: End, reset: bool) -> bool {
        let Some(connection) = self.connection(stream, end) else { return false };
        self.connections.remove(&connection);
        if !reset {
            // An orderly close is answered by our own.
            cx.network.close(cx.now, stream, end);
        }
        cx.trace.line(cx.now, &self.name, format_args!("{connection} closed, reset: {reset}"));
        let error = reset.then(|| IoFailure::new(IoFailureKind::Reset, "connection reset by peer"));
        self.handle(cx, Input::Closed { connection, error });
        true
    }

    fn saw(&mut self, cx: &mut Cx<'_>, from: SocketAddr, data: &Bytes) {
        cx.trace.line(cx.now, &self.name, format_args!("gets {from} {}", summary(data)));
        if self.logs_media || !is_media(data) {
            self.log.push(LogLine { at: cx.now, entry: LogEntry::Received { from, data: data.clone() } });
        }
    }
}
