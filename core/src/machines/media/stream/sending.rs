//! The sending half of a stream: samples gathered to packets, digits between them, one clock for both.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use bytes::BytesMut;

use super::super::codec::{AudioCodec, Codec};
use super::super::dtmf::{DtmfPacket, DtmfSender};
use super::super::protection::Protection;
use super::{AudioConfig, AudioPacket, Format};
use crate::limits;
use crate::time::Instant;
use crate::wire::rtp::{Header, TelephoneEvent};

/// A pause of the caller's that is longer than this moves the timestamps on.
const PAUSE: Duration = Duration::from_millis(200);
/// Octets that the packet buffer holds: enough for the packets that a caller lets wait.
const BUFFER: usize = 16 * 1024;

/// Packets on their way out, in one buffer that is used over and over.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<AudioPacket>,
    buffer: BytesMut,
    pub(super) dropped: u64,
}

impl Outbox {
    pub(super) fn new() -> Outbox {
        let queue = VecDeque::with_capacity(limits::AUDIO_PACKETS);
        Outbox { queue, buffer: BytesMut::with_capacity(BUFFER), dropped: 0 }
    }

    /// An empty buffer with room for `octets`. Once all packets before have been sent, their memory is used again.
    fn begin(&mut self, octets: usize) -> &mut BytesMut {
        self.buffer.clear();
        if !self.buffer.try_reclaim(octets) {
            self.buffer.reserve(octets.max(BUFFER));
        }
        &mut self.buffer
    }

    /// What was written to the buffer becomes a packet.
    fn end(&mut self, to: SocketAddr, rtcp: bool) {
        if self.queue.len() >= limits::AUDIO_PACKETS {
            self.queue.pop_front();
            self.dropped += 1;
        }
        self.queue.push_back(AudioPacket { to, rtcp, data: self.buffer.split().freeze() });
    }

    /// Queues an RTCP packet.
    pub(super) fn rtcp(&mut self, to: SocketAddr, packet: &[u8], protection: &mut Protection) {
        let buffer = self.begin(packet.len() + limits::RTP_PACKET);
        buffer.extend_from_slice(packet);
        protection.protect_rtcp(buffer);
        self.end(to, true);
    }

    pub(super) fn pop(&mut self) -> Option<AudioPacket> {
        self.queue.pop_front()
    }
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) ssrc: u32,
    pub(super) packets: u64,
    pub(super) octets: u64,
    pub(super) dtmf: DtmfSender,
    sequence: u16,
    codec: Codec,
    payload_type: u8,
    telephone_event: Option<u8>,
    enabled: bool,
    /// Samples of a packet.
    frame: usize,
    gathered: Vec<i16>,
    /// Timestamp of the next sample that is pushed.
    timestamp: u32,
    /// When the last samples were pushed.
    pushed: Option<Instant>,
    /// The next packet begins a talk spurt.
    marker: bool,
}

impl Sending {
    pub(super) fn new(config: &AudioConfig, format: &Format) -> Sending {
        let mut sending = Sending {
            ssrc: config.ssrc,
            packets: 0,
            octets: 0,
            dtmf: DtmfSender::new(format.codec.clock_rate(), format.packet_time()),
            sequence: config.first_sequence,
            codec: Codec::new(format.codec),
            payload_type: format.send_payload_type,
            telephone_event: None,
            enabled: false,
            frame: 0,
            gathered: Vec::new(),
            timestamp: config.first_timestamp,
            pushed: None,
            marker: true,
        };
        sending.set_format(format);
        sending
    }

    pub(super) fn set_format(&mut self, format: &Format) {
        if self.codec.kind() != format.codec {
            self.codec = Codec::new(format.codec);
            self.gathered.clear();
        }
        if !format.sending || self.payload_type != format.send_payload_type {
            self.gathered.clear();
        }
        self.frame = format.codec.samples_in(format.packet_time()).max(1);
        self.payload_type = format.send_payload_type;
        self.telephone_event = format.telephone_event;
        self.marker |= format.sending && !self.enabled;
        self.enabled = format.sending;
        self.dtmf.set_rhythm(format.codec.clock_rate(), format.packet_time());
        if !format.sending {
            self.dtmf.cut_off();
        }
        if format.telephone_event.is_none() {
            self.dtmf.clear();
        }
        // A packet, and a push that does not end where a packet ends.
        self.gathered.reserve(self.frame * 2);
    }

    /// When a digit's packet is due.
    pub(super) fn next_timeout(&self) -> Instant {
        if self.enabled && self.telephone_event.is_some() { self.dtmf.next_timeout() } else { Instant::NEVER }
    }

    /// The RTP clock at `now`.
    pub(super) fn clock(&self, now: Instant) -> u32 {
        let passed = self.pushed.map_or(Duration::ZERO, |at| now.since(at));
        let units = passed.as_micros() * u128::from(self.codec.kind().clock_rate()) / 1_000_000;
        self.timestamp.wrapping_add(units as u32)
    }

    fn units(&self, samples: usize) -> u32 {
        let kind = self.codec.kind();
        (samples as u64 * u64::from(kind.clock_rate()) / u64::from(kind.sample_rate())) as u32
    }

    /// Takes samples in that end at `now`, and queues the packets that are full.
    pub(super) fn push(
        &mut self,
        now: Instant,
        samples: &[i16],
        to: Option<SocketAddr>,
        out: &mut Outbox,
        protection: &mut Protection,
    ) {
        self.follow_clock(now, samples.len());
        let Some(to) = to.filter(|_| self.enabled && !self.dtmf.is_sending()) else {
            self.marker = true;
            self.gathered.clear();
            self.timestamp = self.timestamp.wrapping_add(self.units(samples.len()));
            return;
        };
        let mut rest = samples;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.len().min(self.frame.saturating_sub(self.gathered.len())));
            self.gathered.extend_from_slice(part);
            self.timestamp = self.timestamp.wrapping_add(self.units(part.len()));
            rest = after;
            if self.gathered.len() >= self.frame {
                self.packet(to, out, protection);
            }
        }
    }

    /// Timestamps count time (RFC 3550 5.1): they go on while the caller pauses.
    fn follow_clock(&mut self, now: Instant, samples: usize) {
        if let Some(before) = self.pushed.replace(now) {
            let rate = u64::from(self.codec.kind().sample_rate());
            let pause = now.since(before).saturating_sub(Duration::from_micros(samples as u64 * 1_000_000 / rate));
            if pause > PAUSE {
                let units = pause.as_micros() * u128::from(self.codec.kind().clock_rate()) / 1_000_000;
                self.timestamp = self.timestamp.wrapping_add(units as u32);
                self.gathered.clear();
                self.marker = true;
            }
        }
    }

    fn header(&mut self, marker: bool, payload_type: u8, timestamp: u32) -> [u8; Header::LEN] {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        header.to_octets()
    }

    fn packet(&mut self, to: SocketAddr, out: &mut Outbox, protection: &mut Protection) {
        let timestamp = self.timestamp.wrapping_sub(self.units(self.gathered.len()));
        let header = self.header(self.marker, self.payload_type, timestamp);
        self.marker = false;
        let buffer = out.begin(limits::RTP_PACKET);
        buffer.extend_from_slice(&header);
        // No codec here needs more than two octets a sample.
        buffer.resize(Header::LEN + self.gathered.len() * 2, 0);
        let octets = self.codec.encode(&self.gathered, &mut buffer[Header::LEN..]);
        buffer.truncate(Header::LEN + octets);
        self.gathered.clear();
        protection.protect_rtp(buffer);
        self.packets += 1;
        self.octets += octets as u64;
        out.end(to, false);
    }

    /// Queues the packet of a digit that is due.
    pub(super) fn poll_dtmf(
        &mut self,
        now: Instant,
        to: Option<SocketAddr>,
        out: &mut Outbox,
        protection: &mut Protection,
    ) {
        if !self.enabled {
            return;
        }
        let (Some(payload_type), Some(to)) = (self.telephone_event, to) else { return };
        if self.pushed.is_none() {
            // Without audio the clock begins with the digit.
            self.pushed = Some(now);
        }
        while let Some(DtmfPacket { marker, timestamp, event }) = self.dtmf.poll(now, self.clock(now)) {
            // RFC 4733 2.2: no audio while the event lasts.
            self.gathered.clear();
            let header = self.header(marker, payload_type, timestamp);
            let buffer = out.begin(limits::RTP_PACKET);
            buffer.extend_from_slice(&header);
            buffer.extend_from_slice(&event.to_octets());
            protection.protect_rtp(buffer);
            self.packets += 1;
            self.octets += TelephoneEvent::LEN as u64;
            out.end(to, false);
        }
    }
}
