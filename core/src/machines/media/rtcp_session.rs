//! Reports to the peer, and what the peer reports of us (RFC 3550 6): when they are due, what is in them, the round trip.

use alloc::string::String;
use core::time::Duration;

use super::source::Source;
use crate::rng::Rng;
use crate::time::{Instant, WallClock};
use crate::wire::rtp::{Compound, ReportBlock, RtcpPacket, RtcpWriter, SdesItem, SenderInfo, WriteError, sdes};

/// Least mean time between reports (RFC 3550 6.2).
const MINIMUM: f64 = 5.0;
/// Share of the session's bandwidth that is for reports: 5 % of 80 kbit/s, in octets per second.
const BANDWIDTH: f64 = 500.0;
/// Makes up for timer reconsideration, which converges below the mean: e - 3/2 (RFC 3550 6.3.1).
const COMPENSATION: f64 = core::f64::consts::E - 1.5;
/// Octets of IPv4 and UDP headers, which count as report size too.
const LOWER_HEADERS: f64 = 28.0;
/// Seconds from 1900 to 1970.
const NTP_UNIX: u64 = 2_208_988_800;

/// What a report says of our own stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnStream {
    /// Our synchronization source.
    pub ssrc: u32,
    /// RTP packets sent.
    pub packets: u64,
    /// Payload octets sent.
    pub octets: u64,
    /// The stream's RTP clock at the moment of the report.
    pub timestamp: u32,
}

/// What the peer said of our stream last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RemoteView {
    /// Packets lost between the last two reports, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost altogether; negative if there were duplicates.
    pub cumulative_lost: i32,
    /// Jitter, in units of our stream's clock.
    pub jitter: u32,
    /// Time from here to the peer and back.
    pub round_trip: Option<Duration>,
}

/// What a datagram from the peer said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// It came from the source we hear.
    pub from_source: bool,
    /// The source we hear said goodbye.
    pub bye: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct RtcpSession {
    rng: Rng,
    cname: String,
    wall_clock: Option<WallClock>,
    previous: Instant,
    next: Instant,
    /// Mean size of reports, in octets with the headers below.
    mean_size: f64,
    reported: bool,
    heard_peer: bool,
    /// Packets sent at the time of the last two reports: whoever sent since then is a sender (RFC 3550 6.3.8).
    sent_before: [u64; 2],
    view: Option<RemoteView>,
}

impl RtcpSession {
    /// A session that begins at `now`. `cname` is cut to 255 octets.
    pub fn new(rng: Rng, cname: &str, wall_clock: Option<WallClock>, now: Instant) -> RtcpSession {
        let mut cname = String::from(cname);
        while cname.len() > 255 {
            cname.pop();
        }
        let mut session = RtcpSession {
            rng,
            cname,
            wall_clock,
            previous: now,
            next: now,
            mean_size: 120.0,
            reported: false,
            heard_peer: false,
            sent_before: [0; 2],
            view: None,
        };
        session.next = now + session.interval();
        session
    }

    /// When a report is due.
    pub fn next_timeout(&self) -> Instant {
        self.next
    }

    /// What the peer said of our stream last.
    pub fn remote_view(&self) -> Option<RemoteView> {
        self.view
    }

    /// True once a report was written.
    pub fn has_reported(&self) -> bool {
        self.reported
    }

    /// RFC 3550 6.3.6: at the time a report is due, the interval is computed again; true if it is due still.
    pub fn is_due(&mut self, now: Instant) -> bool {
        if now < self.next {
            return false;
        }
        let interval = self.interval();
        if self.previous + interval <= now {
            return true;
        }
        self.next = self.previous + interval;
        false
    }

    /// Writes a report into `out`, and when the next is due. Gives its length.
    pub fn write_report(
        &mut self,
        now: Instant,
        own: OwnStream,
        source: Option<&mut Source>,
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        let mut writer = RtcpWriter::new(out);
        self.begin(&mut writer, now, own, source)?;
        let length = writer.len();
        self.sent_before = [self.sent_before[1], own.packets];
        self.reported = true;
        self.note_size(length);
        self.previous = now;
        self.next = now + self.interval();
        Ok(length)
    }

    /// Writes a report with a BYE for our source into `out` (RFC 3550 6.3.7). Gives its length.
    pub fn write_bye(
        &mut self,
        now: Instant,
        own: OwnStream,
        source: Option<&mut Source>,
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        let mut writer = RtcpWriter::new(out);
        self.begin(&mut writer, now, own, source)?;
        writer.bye(&[own.ssrc], None)?;
        Ok(writer.len())
    }

    /// SR or RR, and the CNAME (RFC 3550 6.1).
    fn begin(
        &self,
        writer: &mut RtcpWriter<'_>,
        now: Instant,
        own: OwnStream,
        source: Option<&mut Source>,
    ) -> Result<(), WriteError> {
        let block = source.map(|source| source.report(now));
        let blocks: &[ReportBlock] = block.as_slice();
        if self.is_sender(own.packets) {
            let info = SenderInfo {
                ntp: self.ntp(now),
                rtp_timestamp: own.timestamp,
                packets: own.packets as u32,
                octets: own.octets as u32,
            };
            writer.sender_report(own.ssrc, &info, blocks)?;
        } else {
            writer.receiver_report(own.ssrc, blocks)?;
        }
        let item = SdesItem { kind: sdes::CNAME, text: self.cname.as_bytes() };
        writer.source_description(&[(own.ssrc, &[item])])
    }

    fn is_sender(&self, sent: u64) -> bool {
        sent > self.sent_before[0]
    }

    /// Takes a datagram in. `source` is the source we hear, `own_ssrc` ours.
    pub fn on_compound(
        &mut self,
        now: Instant,
        compound: &Compound<'_>,
        length: usize,
        own_ssrc: u32,
        mut source: Option<&mut Source>,
    ) -> Heard {
        self.heard_peer = true;
        self.note_size(length);
        let mut heard = Heard::default();
        let current = source.as_ref().map(|source| source.ssrc());
        for packet in compound.packets() {
            let (reporter, blocks) = match packet {
                RtcpPacket::SenderReport(report) => {
                    if let Some(source) = source.as_mut().filter(|source| source.ssrc() == report.ssrc) {
                        source.on_sender_report(now, report.info.ntp);
                    }
                    (report.ssrc, report.blocks)
                }
                RtcpPacket::ReceiverReport(report) => (report.ssrc, report.blocks),
                RtcpPacket::Bye(bye) => {
                    heard.bye |= bye.ssrcs.iter().any(|ssrc| Some(ssrc) == current);
                    continue;
                }
                RtcpPacket::SourceDescription(_) | RtcpPacket::Application(_) | RtcpPacket::Unknown(_) => continue,
            };
            heard.from_source |= Some(reporter) == current;
            if let Some(block) = blocks.iter().find(|block| block.ssrc == own_ssrc) {
                self.on_block(now, &block);
            }
        }
        heard
    }

    /// RFC 3550 6.4.1: the round trip is arrival - LSR - DLSR.
    fn on_block(&mut self, now: Instant, block: &ReportBlock) {
        let before = self.view.and_then(|view| view.round_trip);
        let round_trip = if block.last_sr == 0 {
            before
        } else {
            let arrival = (self.ntp(now) >> 16) as u32;
            let units = arrival.wrapping_sub(block.last_sr).wrapping_sub(block.delay_since_last_sr);
            // Clocks that tick unevenly can make a very short trip negative; more than a minute is nonsense.
            match units as i32 {
                ..=-65_537 => before,
                -65_536..0 => Some(Duration::ZERO),
                0..3_932_160 => Some(Duration::from_micros(u64::from(units) * 1_000_000 / 65_536)),
                _ => before,
            }
        };
        self.view = Some(RemoteView {
            fraction_lost: block.fraction_lost,
            cumulative_lost: block.cumulative_lost,
            jitter: block.jitter,
            round_trip,
        });
    }

    /// NTP time: seconds since 1900 in the high 32 bits. Without a wall clock it counts from the agent's zero, which
    /// RFC 3550 6.4.1 allows.
    fn ntp(&self, now: Instant) -> u64 {
        let micros = match self.wall_clock {
            Some(clock) => clock.at(now).as_unix_micros() + NTP_UNIX * 1_000_000,
            None => now.as_micros(),
        };
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        (seconds << 32) | ((rest << 32) / 1_000_000)
    }

    /// RFC 3550 6.3.3: a running mean with a weight of 1/16.
    fn note_size(&mut self, length: usize) {
        let size = length as f64 + LOWER_HEADERS;
        self.mean_size += (size - self.mean_size) / 16.0;
    }

    /// RFC 3550 6.3.1 and A.7. With two members, one sender is more than a quarter: all share the bandwidth.
    fn interval(&mut self) -> Duration {
        let members = if self.heard_peer { 2.0 } else { 1.0 };
        let minimum = if self.reported { MINIMUM } else { MINIMUM / 2.0 };
        let mean = (self.mean_size * members / BANDWIDTH).max(minimum);
        let random = 0.5 + self.rng.below(1 << 32) as f64 / (1u64 << 32) as f64;
        Duration::from_secs_f64(mean * random / COMPENSATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::WallTime;

    fn session(seed: u8) -> RtcpSession {
        RtcpSession::new(Rng::from_seed([seed; 32]), "a@b", None, Instant::ZERO)
    }

    fn own(packets: u64) -> OwnStream {
        OwnStream { ssrc: 11, packets, octets: packets * 160, timestamp: 800 }
    }

    #[test]
    fn reports_come_every_five_seconds_on_average_and_never_regularly() {
        let mut session = session(1);
        let mut times = std::vec::Vec::new();
        let mut out = [0; 200];
        while times.len() < 200 {
            let now = session.next_timeout();
            if session.is_due(now) {
                session.write_report(now, own(1), None, &mut out).unwrap();
                times.push(now);
            }
        }
        let mean = times[199].since(times[0]).as_secs_f64() / 199.0;
        assert!((4.0..6.0).contains(&mean), "{mean}");
        let gaps: std::vec::Vec<f64> = times.windows(2).map(|w| w[1].since(w[0]).as_secs_f64()).collect();
        assert!(gaps.iter().all(|g| (2.0..6.5).contains(g)));
        assert!(gaps.iter().any(|&g| g < 4.0) && gaps.iter().any(|&g| g > 5.0));
    }

    #[test]
    fn a_report_and_its_answer_give_the_round_trip_and_the_loss() {
        let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_700_000_000_000_000));
        let mut a = RtcpSession::new(Rng::from_seed([1; 32]), "a@a", Some(wall), Instant::ZERO);
        let mut b = session(2);
        let mut source_a = Source::new(11, 1, 8_000);
        for sequence in [1, 2, 3, 5] {
            source_a.count(sequence);
        }
        let mut out = [0; 200];
        // 30 ms to b, 70 ms at b, 50 ms back.
        let n = a.write_report(Instant::from_millis(1_000), own(5), None, &mut out).unwrap();
        let compound = Compound::parse(&out[..n]).unwrap();
        let heard = b.on_compound(Instant::from_millis(1_030), &compound, n, 22, Some(&mut source_a));
        assert!(heard.from_source && !heard.bye);
        let from_b = OwnStream { ssrc: 22, packets: 0, octets: 0, timestamp: 0 };
        let n = b.write_bye(Instant::from_millis(1_100), from_b, Some(&mut source_a), &mut out).unwrap();
        let mut source_b = Source::new(22, 1, 8_000);
        let compound = Compound::parse(&out[..n]).unwrap();
        assert!(matches!(compound.packets().next(), Some(RtcpPacket::ReceiverReport(_))), "b sends nothing");
        let heard = a.on_compound(Instant::from_millis(1_150), &compound, n, 11, Some(&mut source_b));
        assert!(heard.from_source && heard.bye);
        let view = a.remote_view().unwrap();
        assert_eq!((view.cumulative_lost, view.fraction_lost), (1, 51));
        let round_trip = view.round_trip.unwrap().as_micros();
        assert!((79_900..80_100).contains(&round_trip), "{round_trip}");
    }

    #[test]
    fn the_first_report_says_who_sends() {
        let mut session = session(3);
        let mut out = [0; 200];
        let n = session.write_report(Instant::from_millis(3_000), own(7), None, &mut out).unwrap();
        let packets: std::vec::Vec<_> = Compound::parse(&out[..n]).unwrap().packets().collect();
        let RtcpPacket::SenderReport(report) = packets[0] else { panic!("{packets:?}") };
        assert_eq!((report.ssrc, report.info.packets, report.info.octets), (11, 7, 1_120));
        assert_eq!(report.info.ntp, 3 << 32);
        let RtcpPacket::SourceDescription(chunks) = packets[1] else { panic!("{packets:?}") };
        assert_eq!(chunks.iter().next().unwrap().cname(), Some(&b"a@b"[..]));
        // Nothing was sent between two more reports: we are no sender any more.
        for second in [8, 13] {
            session.write_report(Instant::from_millis(second * 1_000), own(7), None, &mut out).unwrap();
        }
        assert_eq!(out[1], crate::wire::rtp::packet_type::RR);
    }
}
