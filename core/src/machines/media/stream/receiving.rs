//! The receiving half of a stream: which source is heard, from where, and what becomes of its packets.

use alloc::vec::Vec;
use core::net::SocketAddr;

use smallvec::SmallVec;

use super::super::codec::CodecKind;
use super::super::dtmf::{DtmfReceiver, DtmfReport};
use super::super::jitter::JitterConfig;
use super::super::latch::{Latch, Verdict};
use super::super::playout::Playout;
use super::super::source::{Sequence, Source};
use super::{AudioEvent, Events, Format};
use crate::limits;
use crate::time::Instant;
use crate::wire::rtp::{Packet, TelephoneEvent};

/// What was counted at the door.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    pub(super) packets: u64,
    pub(super) octets: u64,
    pub(super) malformed: u64,
    pub(super) unknown_payload: u64,
    pub(super) refused: u64,
}

/// A source that has to prove itself by two packets in sequence (RFC 3550 A.1). The first waits, so that it is not lost.
#[derive(Clone, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    expected: u16,
    since: Instant,
    waiting: Vec<u8>,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Receiving {
    pub(super) latch: Latch,
    pub(super) source: Option<Source>,
    pub(super) playout: Playout,
    pub(super) counts: Counts,
    pub(super) seen: bool,
    jitter: JitterConfig,
    formats: SmallVec<[(u8, CodecKind); 8]>,
    telephone_event: Option<u8>,
    enabled: bool,
    clock_rate: u32,
    dtmf: DtmfReceiver,
    candidates: Vec<Candidate>,
}

impl Receiving {
    pub(super) fn new(jitter: JitterConfig, format: &Format) -> Receiving {
        let formats = usable(format);
        Receiving {
            latch: Latch::new(format.remote_rtp),
            source: None,
            playout: Playout::new(jitter, &formats),
            counts: Counts::default(),
            seen: false,
            jitter,
            formats,
            telephone_event: format.telephone_event_receive,
            enabled: format.receiving,
            clock_rate: format.codec.clock_rate(),
            dtmf: DtmfReceiver::new(format.codec.clock_rate()),
            candidates: Vec::with_capacity(limits::PROBATION_SOURCES),
        }
    }

    pub(super) fn set_format(&mut self, now: Instant, format: &Format, events: &mut Events) {
        self.latch.renegotiate(now, format.remote_rtp);
        self.candidates.clear();
        let formats = usable(format);
        if formats != self.formats {
            self.playout = Playout::new(self.jitter, &formats);
            self.formats = formats;
        } else if format.receiving && !self.enabled {
            self.playout.reset();
        }
        if self.clock_rate != format.codec.clock_rate() {
            self.clock_rate = format.codec.clock_rate();
            events.dtmf(self.dtmf.reset());
            self.dtmf = DtmfReceiver::new(self.clock_rate);
            self.source = None;
        }
        self.telephone_event = format.telephone_event_receive;
        self.enabled = format.receiving;
    }

    /// Whether a packet could be believed at all, whatever its sequence: not a stranger's.
    pub(super) fn is_stranger(&self, now: Instant, from: SocketAddr) -> bool {
        self.latch.judge(now, from, true, true) == Verdict::Refused
    }

    pub(super) fn on_packet(
        &mut self,
        now: Instant,
        from: SocketAddr,
        packet: &Packet<'_>,
        raw: &[u8],
        events: &mut Events,
    ) {
        let payload_type = packet.header.payload_type;
        if Some(payload_type) != self.telephone_event && !self.playout.understands(payload_type) {
            self.counts.unknown_payload += 1;
            return;
        }
        let same = self.source.as_ref().filter(|source| source.ssrc() == packet.header.ssrc);
        let in_window = same.is_some_and(|source| source.in_window(packet.header.sequence));
        match self.latch.judge(now, from, same.is_some(), in_window) {
            Verdict::Refused => self.counts.refused += 1,
            Verdict::Current => {
                self.latch.heard(now);
                // While the source goes on, a second one at its address does not replace it.
                self.candidates.retain(|candidate| candidate.from != from);
                self.accept(now, packet, events);
            }
            Verdict::Candidate => self.probation(now, from, packet, raw, events),
        }
    }

    fn probation(&mut self, now: Instant, from: SocketAddr, packet: &Packet<'_>, raw: &[u8], events: &mut Events) {
        let (ssrc, sequence) = (packet.header.ssrc, packet.header.sequence);
        let place = self.candidates.iter().position(|known| known.from == from && known.ssrc == ssrc);
        if let Some(place) = place.filter(|&place| self.candidates[place].expected == sequence) {
            let candidate = self.candidates.swap_remove(place);
            self.adopt(now, from, packet, &candidate.waiting, events);
            self.candidates.clear();
            return;
        }
        let place = match place {
            Some(place) => place,
            None if self.candidates.len() < limits::PROBATION_SOURCES => {
                self.candidates.push(Candidate { from, ssrc, expected: 0, since: now, waiting: Vec::new() });
                self.candidates.len() - 1
            }
            None => {
                let oldest = (0..self.candidates.len()).min_by_key(|&place| self.candidates[place].since);
                oldest.unwrap_or(0)
            }
        };
        let Some(candidate) = self.candidates.get_mut(place) else { return };
        candidate.from = from;
        candidate.ssrc = ssrc;
        candidate.expected = sequence.wrapping_add(1);
        candidate.since = now;
        candidate.waiting.clear();
        candidate.waiting.extend_from_slice(raw);
    }

    /// A candidate has proved itself: it is heard from now on.
    fn adopt(&mut self, now: Instant, from: SocketAddr, packet: &Packet<'_>, first: &[u8], events: &mut Events) {
        if self.latch.adopt(now, from) {
            events.push(if self.seen { AudioEvent::SourceChanged(from) } else { AudioEvent::SourceSeen(from) });
        }
        self.seen = true;
        let first = Packet::parse(first).ok();
        let ssrc = packet.header.ssrc;
        if self.source.as_ref().is_none_or(|source| source.ssrc() != ssrc) {
            let sequence = first.as_ref().unwrap_or(packet).header.sequence;
            self.source = Some(Source::new(ssrc, sequence, self.clock_rate));
            self.playout.reset();
            events.dtmf(self.dtmf.reset());
        }
        for packet in first.iter().chain([packet]) {
            self.accept(now, packet, events);
        }
    }

    fn accept(&mut self, now: Instant, packet: &Packet<'_>, events: &mut Events) {
        let Some(source) = &mut self.source else { return };
        self.counts.packets += 1;
        self.counts.octets += packet.payload.len() as u64;
        let header = packet.header;
        let sequence = match source.count(header.sequence) {
            Sequence::Valid(sequence) => sequence,
            Sequence::Restarted(sequence) => {
                self.playout.reset();
                events.dtmf(self.dtmf.reset());
                sequence
            }
            Sequence::Jumped => return,
        };
        if Some(header.payload_type) == self.telephone_event {
            match TelephoneEvent::parse(packet.payload) {
                Ok(event) if self.enabled => {
                    let reports = self.dtmf.on_packet(now, header.marker, header.timestamp, event);
                    reports.into_iter().for_each(|report| events.dtmf(report));
                }
                Ok(_) => {}
                Err(_) => self.counts.malformed += 1,
            }
            return;
        }
        source.measure(now, header.timestamp);
        if self.enabled {
            let (timestamp, payload_type) = (header.timestamp, header.payload_type);
            if !self.playout.insert(now, sequence, timestamp, header.marker, payload_type, packet.payload) {
                self.counts.malformed += 1;
            }
        }
    }

    pub(super) fn pull(&mut self, out: &mut [i16]) {
        if self.enabled {
            self.playout.pull(out);
        } else {
            out.fill(0);
        }
    }

    pub(super) fn next_timeout(&self) -> Instant {
        self.dtmf.next_timeout()
    }

    pub(super) fn on_timeout(&mut self, now: Instant, events: &mut Events) {
        events.dtmf(self.dtmf.on_timeout(now));
    }
}

/// The payload types that can be played at the stream's sample rate.
fn usable(format: &Format) -> SmallVec<[(u8, CodecKind); 8]> {
    let fits = |kind: CodecKind| {
        kind.sample_rate() == format.codec.sample_rate() && kind.clock_rate() == format.codec.clock_rate()
    };
    format.receive.iter().copied().filter(|&(_, kind)| fits(kind)).collect()
}

impl Events {
    /// Reports a digit.
    fn dtmf(&mut self, report: Option<DtmfReport>) {
        match report {
            Some(DtmfReport::Began(digit)) => self.push(AudioEvent::Dtmf(digit)),
            Some(DtmfReport::Ended(digit, duration)) => self.push(AudioEvent::DtmfEnded { digit, duration }),
            None => {}
        }
    }
}
