//! One source of RTP packets as a receiver sees it (RFC 3550 A.1, A.3, A.8): sequence numbers with their wraps, what was
//! lost, how much the arrival jitters.

use core::time::Duration;

use crate::time::Instant;
use crate::wire::rtp::ReportBlock;

/// Largest step forward that is still the same stream (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3_000;
/// Largest step back that is still reordering (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

/// What the sequence number of a packet says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sequence {
    /// It belongs to the stream; its number, extended by the count of wraps.
    Valid(u64),
    /// It is the second of a new series: the sender restarted. Its extended number in the new count.
    Restarted(u64),
    /// It is far off; if the next one follows it, the sender restarted.
    Jumped,
}

/// A source that is heard.
#[derive(Clone, Debug)]
pub struct Source {
    ssrc: u32,
    clock_rate: u32,
    highest: u16,
    /// Wraps, in units of 2^16; one at the beginning, so that reordering before the first packet has a number too.
    cycles: u64,
    base: u64,
    /// The number that would confirm a jump.
    expected_after_jump: Option<u16>,
    received: u64,
    received_before: u64,
    expected_before: u64,
    transit: Option<u32>,
    /// In 16ths of a timestamp unit.
    jitter: u32,
    last_sr: Option<(u32, Instant)>,
}

impl Source {
    /// A source whose first packet has the number `sequence`. Jitter is counted in units of `clock_rate`.
    pub fn new(ssrc: u32, sequence: u16, clock_rate: u32) -> Source {
        let mut source = Source {
            ssrc,
            clock_rate: clock_rate.max(1),
            highest: 0,
            cycles: 0,
            base: 0,
            expected_after_jump: None,
            received: 0,
            received_before: 0,
            expected_before: 0,
            transit: None,
            jitter: 0,
            last_sr: None,
        };
        source.begin(sequence);
        source
    }

    fn begin(&mut self, sequence: u16) {
        self.highest = sequence;
        self.cycles = 1 << 16;
        self.base = self.cycles + u64::from(sequence);
        self.expected_after_jump = None;
        self.received = 0;
        self.received_before = 0;
        self.expected_before = 0;
        self.transit = None;
    }

    /// The synchronization source.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Whether `sequence` could be of this stream, without counting it: not farther ahead than a dropout, not older
    /// than reordering explains.
    pub fn in_window(&self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.highest);
        !(MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead)
    }

    /// Counts a packet (RFC 3550 A.1, `update_seq`).
    pub fn count(&mut self, sequence: u16) -> Sequence {
        let ahead = sequence.wrapping_sub(self.highest);
        let extended = if ahead < MAX_DROPOUT {
            if sequence < self.highest {
                self.cycles += 1 << 16;
            }
            self.highest = sequence;
            self.cycles + u64::from(sequence)
        } else if ahead <= u16::MAX - MAX_MISORDER {
            if self.expected_after_jump != Some(sequence) {
                self.expected_after_jump = Some(sequence.wrapping_add(1));
                return Sequence::Jumped;
            }
            self.begin(sequence);
            self.received = 1;
            return Sequence::Restarted(self.base);
        } else if sequence > self.highest {
            self.cycles + u64::from(sequence) - (1 << 16)
        } else {
            self.cycles + u64::from(sequence)
        };
        self.expected_after_jump = None;
        self.received += 1;
        Sequence::Valid(extended)
    }

    /// Notes when a packet with this timestamp came (RFC 3550 A.8).
    pub fn measure(&mut self, now: Instant, timestamp: u32) {
        let arrival = u128::from(now.as_micros()) * u128::from(self.clock_rate) / 1_000_000;
        let transit = (arrival as u32).wrapping_sub(timestamp);
        let Some(before) = self.transit.replace(transit) else { return };
        let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
        // More than a second is no jitter: the sender's timestamps jumped.
        if difference <= self.clock_rate {
            self.jitter += difference;
            self.jitter -= (self.jitter - difference + 8) >> 4;
        }
    }

    /// The interarrival jitter.
    pub fn jitter(&self) -> Duration {
        Duration::from_micros(u64::from(self.jitter >> 4) * 1_000_000 / u64::from(self.clock_rate))
    }

    /// Packets that came.
    pub fn received(&self) -> u64 {
        self.received
    }

    fn expected(&self) -> u64 {
        self.cycles + u64::from(self.highest) - self.base + 1
    }

    /// Packets that did not come; negative if some came twice.
    pub fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// A sender report of this source came, with this NTP time.
    pub fn on_sender_report(&mut self, now: Instant, ntp: u64) {
        self.last_sr = Some(((ntp >> 16) as u32, now));
    }

    /// The report on this source, for the time since the last report (RFC 3550 A.3).
    pub fn report(&mut self, now: Instant) -> ReportBlock {
        let expected = self.expected() - self.expected_before.min(self.expected());
        let received = self.received - self.received_before;
        self.expected_before = self.expected();
        self.received_before = self.received;
        let lost = expected.saturating_sub(received);
        let fraction_lost = (lost * 256).checked_div(expected).unwrap_or(0).min(255) as u8;
        let delay = self.last_sr.map_or(0, |(_, at)| now.since(at).as_micros() * 65_536 / 1_000_000);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost,
            cumulative_lost: self.lost().clamp(-(1 << 23), (1 << 23) - 1) as i32,
            highest_sequence: (self.cycles - (1 << 16)) as u32 | u32::from(self.highest),
            jitter: self.jitter >> 4,
            last_sr: self.last_sr.map_or(0, |(sr, _)| sr),
            delay_since_last_sr: u32::try_from(delay).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_reordering_and_loss() {
        let mut source = Source::new(7, 65_534, 8_000);
        for sequence in [65_534, 65_535, 1, 0, 3] {
            assert!(matches!(source.count(sequence), Sequence::Valid(_)));
        }
        assert_eq!(source.lost(), 1);
        let block = source.report(Instant::ZERO);
        assert_eq!(
            (block.highest_sequence, block.cumulative_lost, block.fraction_lost),
            (65_536 + 3, 1, 256u32.div_euclid(6) as u8)
        );
        assert_eq!(source.report(Instant::ZERO).fraction_lost, 0);
        // The number before the first, reordered: it has an extended number, and is not "expected".
        assert_eq!(source.count(65_533), Sequence::Valid(65_536 + 65_533));
    }

    #[test]
    fn a_jump_needs_to_be_confirmed() {
        let mut source = Source::new(7, 10, 8_000);
        source.count(10);
        assert_eq!(source.count(30_000), Sequence::Jumped);
        assert_eq!(source.count(11), Sequence::Valid(65_536 + 11));
        assert_eq!(source.count(40_000), Sequence::Jumped);
        assert_eq!(source.count(40_001), Sequence::Restarted(65_536 + 40_001));
        assert_eq!(source.lost(), 0);
        assert!(source.in_window(40_500) && source.in_window(39_990) && !source.in_window(50_000));
    }

    #[test]
    fn jitter_is_that_of_the_rfc() {
        let mut source = Source::new(7, 0, 8_000);
        for n in 0..2_000u64 {
            // Every other packet is 10 ms late: differences of 80 units throughout.
            let late = if n % 2 == 0 { 0 } else { 10 };
            source.measure(Instant::from_millis(n * 20 + late), n as u32 * 160);
        }
        assert!((9..=10).contains(&source.jitter().as_millis()), "{:?}", source.jitter());
        source.measure(Instant::from_millis(40_000), 99_999_999);
        assert!(source.jitter().as_millis() <= 10, "a jump is no jitter");
    }
}
