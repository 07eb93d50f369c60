//! An audio stream of a session: samples in, packets out; packets in, samples out. No sockets.
//!
//! The owner gives packets that arrive to [`on_rtp`](AudioStream::on_rtp) and [`on_rtcp`](AudioStream::on_rtcp), calls
//! [`push`](AudioStream::push) and [`pull`](AudioStream::pull) every 10 or 20 ms, [`handle_timeout`] when
//! [`next_timeout`](AudioStream::next_timeout) says so, and after each of these fetches what there is to send
//! ([`poll_transmit`](AudioStream::poll_transmit)) and to know ([`poll_event`](AudioStream::poll_event)).
//!
//! [`handle_timeout`]: AudioStream::handle_timeout

mod config;
mod receiving;
mod sending;
mod statistics;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;
use core::net::SocketAddr;
use core::time::Duration;

use bytes::Bytes;

use super::dtmf::DtmfError;
use super::level::LevelMeter;
use super::protection::Protection;
use super::recorder::{Recorder, RecordingLayout};
use super::rtcp_session::{OwnStream, RtcpSession};
use crate::limits;
use crate::rng::Rng;
use crate::time::Instant;
use crate::wire::rtp::{self, Compound, Packet};

pub use config::{AudioConfig, Format};
use receiving::Receiving;
use sending::{Outbox, Sending};
pub use statistics::{AudioLevels, AudioStatistics, RemoteStatistics};

/// A packet to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AudioPacket {
    /// Where to.
    pub to: SocketAddr,
    /// From the RTCP socket rather than from the RTP socket.
    pub rtcp: bool,
    /// The datagram. Drop it once it is sent: its memory is used again for later packets.
    pub data: Bytes,
}

/// Something that happened to a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AudioEvent {
    /// The first valid audio came, from here; it is answered there.
    SourceSeen(SocketAddr),
    /// The peer's audio comes from another address now; it is answered there.
    SourceChanged(SocketAddr),
    /// The peer pressed a key: once for each.
    Dtmf(char),
    /// The peer released the key, or nothing more was heard of it.
    DtmfEnded {
        /// The key.
        digit: char,
        /// How long it was pressed, at most [`limits::DTMF_LONGEST`].
        duration: Duration,
    },
    /// The peer used our SSRC: ours was changed (RFC 3550 8.2). If it does so again, it is an echo, and heard as such.
    SsrcCollision,
    /// The peer's source said goodbye by RTCP BYE.
    PeerSaidBye,
}

/// Events that wait to be fetched.
#[derive(Debug)]
struct Events(VecDeque<AudioEvent>);

impl Events {
    fn push(&mut self, event: AudioEvent) {
        if self.0.len() < limits::AUDIO_EVENTS {
            self.0.push_back(event);
        }
    }
}

/// An audio stream. See the [module](self).
#[derive(Debug)]
pub struct AudioStream {
    config: AudioConfig,
    rng: Rng,
    /// What was negotiated last, with the halves that follow it; nothing before the first negotiation.
    active: Option<Active>,
    rtcp: RtcpSession,
    /// The peer that used our SSRC, and whether it goes on doing so.
    collision: Option<(SocketAddr, bool)>,
    protection: Protection,
    /// For packets whose protection is taken off.
    scratch: Vec<u8>,
    out: Outbox,
    events: Events,
    muted: bool,
    recorder: Option<Recorder>,
    sent_level: LevelMeter,
    received_level: LevelMeter,
}

#[derive(Debug)]
struct Active {
    format: Format,
    sending: Sending,
    receiving: Receiving,
    /// Where the peer's reports came from.
    rtcp_source: Option<SocketAddr>,
    /// Reports that were malformed or a stranger's.
    rtcp_refused: u64,
}

/// What is pushed while the stream is muted, in pieces of at most 20 ms at 48 kHz.
static SILENCE: [i16; 960] = [0; 960];

impl AudioStream {
    /// A stream that begins at `now`. Nothing is sent or heard before [`set_format`](AudioStream::set_format).
    pub fn new(config: AudioConfig, rng: Rng, now: Instant) -> AudioStream {
        let rtcp = RtcpSession::new(rng.fork("rtcp"), &config.cname, config.wall_clock, now);
        AudioStream {
            rng: rng.fork("ssrc"),
            config,
            active: None,
            rtcp,
            collision: None,
            protection: Protection::default(),
            scratch: Vec::new(),
            out: Outbox::new(),
            events: Events(VecDeque::with_capacity(limits::AUDIO_EVENTS)),
            muted: false,
            recorder: None,
            sent_level: LevelMeter::new(8_000),
            received_level: LevelMeter::new(8_000),
        }
    }

    /// Follows a negotiation. SSRC, sequence numbers and timestamps go on; so does the peer's source, unless SDP gives
    /// another address.
    pub fn set_format(&mut self, now: Instant, format: Format) {
        let rate = format.codec.sample_rate();
        if self.active.as_ref().is_none_or(|active| active.format.codec.sample_rate() != rate) {
            self.sent_level = LevelMeter::new(rate);
            self.received_level = LevelMeter::new(rate);
        }
        match &mut self.active {
            Some(active) => {
                active.sending.set_format(&format);
                active.receiving.set_format(now, &format, &mut self.events);
                if active.format.remote_rtp != format.remote_rtp || active.format.remote_rtcp != format.remote_rtcp {
                    active.rtcp_source = None;
                }
                active.format = format;
            }
            None => {
                let sending = Sending::new(&self.config, &format);
                let receiving = Receiving::new(self.config.jitter, &format);
                self.active = Some(Active { format, sending, receiving, rtcp_source: None, rtcp_refused: 0 });
            }
        }
    }

    /// What was negotiated last.
    pub fn format(&self) -> Option<&Format> {
        self.active.as_ref().map(|active| &active.format)
    }

    /// Samples per second of [`push`](AudioStream::push) and [`pull`](AudioStream::pull); 8,000 before the first
    /// negotiation.
    pub fn sample_rate(&self) -> u32 {
        self.format().map_or(8_000, |format| format.codec.sample_rate())
    }

    /// A datagram came to the RTP socket. RTCP on the same port (RFC 5761) is read as such. Never fails: what is no use
    /// is counted.
    pub fn on_rtp(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        if rtp::is_rtcp(data) {
            return self.on_rtcp(now, from, data);
        }
        let mut scratch = mem::take(&mut self.scratch);
        match self.protection.unprotect_rtp(data, &mut scratch) {
            Some(plain) => self.on_plain_rtp(now, from, plain),
            None => self.count_malformed(),
        }
        self.scratch = scratch;
    }

    fn count_malformed(&mut self) {
        if let Some(active) = &mut self.active {
            active.receiving.counts.malformed += 1;
        }
    }

    fn on_plain_rtp(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        let packet = match Packet::parse(data) {
            Ok(packet) if data.len() <= limits::RTP_PACKET => packet,
            _ => return self.count_malformed(),
        };
        let own = self.active.as_ref().map(|active| active.sending.ssrc);
        if Some(packet.header.ssrc) == own {
            self.on_own_ssrc(now, from);
        }
        if let Some(active) = &mut self.active {
            active.receiving.on_packet(now, from, &packet, data, &mut self.events);
        }
    }

    /// RFC 3550 8.2: a collision is answered by a BYE and a new SSRC. If the same address then has the new one as well,
    /// it sends back what we send: an echo, which is heard.
    fn on_own_ssrc(&mut self, now: Instant, from: SocketAddr) {
        let Some(active) = &self.active else { return };
        if active.receiving.is_stranger(now, from) {
            return;
        }
        match &mut self.collision {
            Some((known, echo)) if *known == from => *echo = true,
            _ => {
                self.collision = Some((from, false));
                self.bye(now);
                if let Some(active) = &mut self.active {
                    active.sending.ssrc = self.rng.u32();
                }
                self.events.push(AudioEvent::SsrcCollision);
            }
        }
    }

    /// A datagram came to the RTCP socket. Never fails: what is no use is counted.
    pub fn on_rtcp(&mut self, now: Instant, from: SocketAddr, data: &[u8]) {
        let mut scratch = mem::take(&mut self.scratch);
        if let Some(active) = &mut self.active {
            let known = active.knows(from);
            let plain = self.protection.unprotect_rtcp(data, &mut scratch).filter(|_| known);
            match plain.filter(|plain| plain.len() <= limits::RTP_PACKET).map(Compound::parse) {
                Some(Ok(compound)) => {
                    let (own, source) = (active.sending.ssrc, active.receiving.source.as_mut());
                    let heard = self.rtcp.on_compound(now, &compound, data.len(), own, source);
                    if heard.from_source {
                        active.rtcp_source = Some(from);
                    }
                    if heard.bye {
                        self.events.push(AudioEvent::PeerSaidBye);
                    }
                }
                _ => active.rtcp_refused += 1,
            }
        }
        self.scratch = scratch;
    }

    /// Takes samples in that were spoken up to `now`: 10 or 20 ms a call, any number works. They are gathered to packets;
    /// while the stream does not send, or a digit is sent, they are dropped.
    pub fn push(&mut self, now: Instant, samples: &[i16]) {
        if !self.muted {
            return self.push_audible(now, samples);
        }
        for part in samples.chunks(SILENCE.len()) {
            self.push_audible(now, &SILENCE[..part.len()]);
        }
    }

    fn push_audible(&mut self, now: Instant, samples: &[i16]) {
        let Some(active) = &mut self.active else { return };
        let to = active.receiving.latch.destination();
        active.sending.poll_dtmf(now, to, &mut self.out, &mut self.protection);
        active.sending.push(now, samples, to, &mut self.out, &mut self.protection);
        if active.format.sending {
            self.sent_level.add(samples);
            if let Some(recorder) = &mut self.recorder {
                recorder.sent(now, samples);
            }
        }
    }

    /// Fills `out` with what is to be heard from `now` on: 10 or 20 ms a call, any number works. Always fills it, with
    /// concealment or silence where nothing came.
    pub fn pull(&mut self, now: Instant, out: &mut [i16]) {
        match &mut self.active {
            Some(active) => active.receiving.pull(out),
            None => out.fill(0),
        }
        self.received_level.add(out);
        if let Some(recorder) = &mut self.recorder {
            recorder.received(now, out);
        }
    }

    /// The next packet to be sent.
    pub fn poll_transmit(&mut self) -> Option<AudioPacket> {
        self.out.pop()
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<AudioEvent> {
        self.events.0.pop_front()
    }

    /// When [`handle_timeout`](AudioStream::handle_timeout) is due.
    pub fn next_timeout(&self) -> Instant {
        let Some(active) = &self.active else { return Instant::NEVER };
        let report = if self.config.no_rtcp { Instant::NEVER } else { self.rtcp.next_timeout() };
        // Digits wait as long as there is nowhere to send them.
        let digits = active.receiving.latch.destination().map_or(Instant::NEVER, |_| active.sending.next_timeout());
        report.min(digits).min(active.receiving.next_timeout())
    }

    /// Sends what is due: packets of digits, reports.
    pub fn handle_timeout(&mut self, now: Instant) {
        let Some(active) = &mut self.active else { return };
        let to = active.receiving.latch.destination();
        active.sending.poll_dtmf(now, to, &mut self.out, &mut self.protection);
        active.receiving.on_timeout(now, &mut self.events);
        if !self.config.no_rtcp && self.rtcp.is_due(now) {
            self.report(now, false);
        }
    }

    /// Says goodbye to the peer (RTCP BYE, RFC 3550 6.6), if reports are sent and anything was sent at all.
    pub fn bye(&mut self, now: Instant) {
        let sent = self.active.as_ref().is_some_and(|active| active.sending.packets > 0) || self.rtcp.has_reported();
        if sent && !self.config.no_rtcp {
            self.report(now, true);
        }
    }

    fn report(&mut self, now: Instant, bye: bool) {
        let Some(active) = &mut self.active else { return };
        let own = OwnStream {
            ssrc: active.sending.ssrc,
            packets: active.sending.packets,
            octets: active.sending.octets,
            timestamp: active.sending.clock(now),
        };
        // SR with one block, and a CNAME of 255 octets at most: far below this.
        let mut report = [0; 512];
        let source = active.receiving.source.as_mut();
        let written = match bye {
            true => self.rtcp.write_bye(now, own, source, &mut report),
            false => self.rtcp.write_report(now, own, source, &mut report),
        };
        if let (Ok(length), Some(to)) = (written, active.rtcp_destination()) {
            self.out.rtcp(to, &report[..length], &mut self.protection);
        }
    }

    /// Queues a digit for the peer (RFC 4733): [`DTMF_DURATION`](super::dtmf::DTMF_DURATION) is the usual duration. While
    /// the stream does not send, it waits.
    pub fn send_dtmf(&mut self, digit: char, duration: Duration) -> Result<(), DtmfError> {
        let active = self.active.as_mut().filter(|active| active.format.telephone_event.is_some());
        active.ok_or(DtmfError::NotNegotiated)?.sending.dtmf.enqueue(digit, duration)
    }

    /// Whether digits wait or are being sent.
    pub fn is_sending_dtmf(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.sending.dtmf.next_timeout() != Instant::NEVER)
    }

    /// While muted, silence is sent in place of what is pushed.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Whether silence is sent in place of what is pushed.
    pub fn is_muted(&self) -> bool {
        self.muted
    }

    /// Begins to record both sides: what is pulled, and what is pushed while the stream sends. An earlier recorder is
    /// given back.
    pub fn start_recording(&mut self, now: Instant, layout: RecordingLayout) -> Option<Recorder> {
        self.recorder.replace(Recorder::new(self.sample_rate(), layout, now))
    }

    /// The recorder, to pause it and to fetch its writes.
    pub fn recorder_mut(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_mut()
    }

    /// Ends the recording. The last writes are to be fetched from the recorder that comes back.
    pub fn stop_recording(&mut self) -> Option<Recorder> {
        let mut recorder = self.recorder.take()?;
        recorder.finish();
        Some(recorder)
    }

    /// True once valid RTP came from the peer.
    pub fn received_anything(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.receiving.seen)
    }

    /// Where the peer's audio comes from, once some came.
    pub fn remote_source(&self) -> Option<SocketAddr> {
        self.active.as_ref()?.receiving.latch.source()
    }

    /// Our synchronization source; it changes on a collision only.
    pub fn ssrc(&self) -> u32 {
        self.active.as_ref().map_or(self.config.ssrc, |active| active.sending.ssrc)
    }

    /// The peer's synchronization source, once one is heard.
    pub fn remote_ssrc(&self) -> Option<u32> {
        self.active.as_ref()?.receiving.source.as_ref().map(|source| source.ssrc())
    }

    /// How loud both sides are.
    pub fn levels(&self) -> AudioLevels {
        AudioLevels {
            sent: self.sent_level.rms(),
            sent_peak: self.sent_level.peak(),
            received: self.received_level.rms(),
            received_peak: self.received_level.peak(),
        }
    }
}

impl Active {
    /// Reports are believed from the hosts that audio comes from or goes to.
    fn knows(&self, from: SocketAddr) -> bool {
        let latched = self.receiving.latch.source().map(|source| source.ip());
        let signalled = [Some(self.format.remote_rtp), self.format.remote_rtcp];
        latched == Some(from.ip()) || signalled.into_iter().flatten().any(|address| address.ip() == from.ip())
    }

    /// Where reports go: to where the peer's come from; else, if its audio comes from another host than SDP said, beside
    /// that; else where SDP says.
    fn rtcp_destination(&self) -> Option<SocketAddr> {
        if let Some(source) = self.rtcp_source {
            return Some(source);
        }
        let rtp = self.receiving.latch.destination()?;
        let beside = rtp.port().checked_add(1).map(|port| SocketAddr::new(rtp.ip(), port));
        if rtp.ip() == self.format.remote_rtp.ip() { self.format.remote_rtcp.or(beside) } else { beside }
    }
}
