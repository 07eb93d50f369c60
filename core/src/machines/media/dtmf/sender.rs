//! Sends digits (RFC 4733 2.5.1).
//!
//! An event keeps the timestamp of its beginning while its duration grows from packet to packet; the first has the
//! marker, the last is sent three times with the end bit. An event longer than the 16-bit duration continues in segments,
//! each with its own timestamp, the marker on the first and the end on the last only (2.5.1.3).

use alloc::collections::VecDeque;
use core::time::Duration;

use super::{DTMF_LONGEST_SENT, DTMF_SHORTEST, DtmfError, units};
use crate::limits;
use crate::time::Instant;
use crate::wire::rtp::TelephoneEvent;

/// Power of the digits, in dBm0 with the sign dropped.
const VOLUME: u8 = 10;
/// Silence between digits.
const GAP: Duration = Duration::from_millis(100);
/// The final packet of an event or a segment is sent this many times (RFC 4733 2.5.1.4).
const FINAL_PACKETS: u8 = 3;

/// A packet to be sent now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DtmfPacket {
    /// The marker of the RTP header.
    pub marker: bool,
    /// The timestamp of the RTP header: the beginning of the event or segment.
    pub timestamp: u32,
    /// The payload.
    pub event: TelephoneEvent,
}

/// The queue of digits and the one that is being sent.
#[derive(Clone, Debug)]
pub struct DtmfSender {
    clock_rate: u32,
    interval: Duration,
    queue: VecDeque<(u8, Duration)>,
    current: Option<Event>,
    /// No digit begins before: the gap after the last.
    not_before: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    code: u8,
    began: Instant,
    /// The whole event, in units of the timestamp.
    length: u64,
    timestamp: u32,
    /// Units of all segments before this one.
    earlier: u64,
    first: bool,
    /// Final packets of this segment that were sent.
    finals: u8,
    next: Instant,
}

impl DtmfSender {
    /// A sender whose events have timestamps of `clock_rate` units per second, and packets every `interval`.
    pub fn new(clock_rate: u32, interval: Duration) -> DtmfSender {
        DtmfSender {
            clock_rate: clock_rate.max(1),
            interval,
            queue: VecDeque::new(),
            current: None,
            not_before: Instant::ZERO,
        }
    }

    /// The same with another clock or interval. An event that is being sent is cut off if the clock changes; digits that
    /// wait stay.
    pub fn set_rhythm(&mut self, clock_rate: u32, interval: Duration) {
        if clock_rate.max(1) != self.clock_rate {
            self.clock_rate = clock_rate.max(1);
            self.current = None;
        }
        self.interval = interval;
    }

    /// Drops everything that waits or is being sent.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.current = None;
    }

    /// Cuts the digit off that is being sent, without its end packets; those that wait stay.
    pub fn cut_off(&mut self) {
        self.current = None;
    }

    /// Puts a digit at the end of the queue.
    pub fn enqueue(&mut self, digit: char, duration: Duration) -> Result<(), DtmfError> {
        let code = TelephoneEvent::code_of(digit).ok_or(DtmfError::NotADigit(digit))?;
        if !(DTMF_SHORTEST..=DTMF_LONGEST_SENT).contains(&duration) {
            return Err(DtmfError::Duration(duration));
        }
        if self.queue.len() >= limits::DTMF_QUEUE {
            return Err(DtmfError::QueueFull);
        }
        self.queue.push_back((code, duration));
        Ok(())
    }

    /// Whether a digit is being sent: audio is silent meanwhile.
    pub fn is_sending(&self) -> bool {
        self.current.is_some()
    }

    /// When [`poll`](DtmfSender::poll) has something to say; never, if nothing waits.
    pub fn next_timeout(&self) -> Instant {
        match (&self.current, self.queue.is_empty()) {
            (Some(event), _) => event.next,
            (None, false) => self.not_before,
            (None, true) => Instant::NEVER,
        }
    }

    /// The packet that is due, if one is. `timestamp` is the stream's clock at `now`.
    pub fn poll(&mut self, now: Instant, timestamp: u32) -> Option<DtmfPacket> {
        if now < self.next_timeout() {
            return None;
        }
        if self.current.is_none() {
            let (code, duration) = self.queue.pop_front()?;
            self.current = Some(Event {
                code,
                // The first packet tells of one interval already (RFC 4733 2.5.1.2: sent as soon as recognised).
                began: now,
                length: units(duration, self.clock_rate),
                timestamp,
                earlier: 0,
                first: true,
                finals: 0,
                next: now,
            });
        }
        self.packet(now)
    }

    fn packet(&mut self, now: Instant) -> Option<DtmfPacket> {
        const SEGMENT: u64 = u16::MAX as u64;
        let event = self.current.as_mut()?;
        let lasted = units(now.since(event.began) + self.interval, self.clock_rate).min(event.length);
        let duration = lasted.saturating_sub(event.earlier).min(SEGMENT);
        let last_segment = event.length - event.earlier <= SEGMENT;
        let complete = duration == SEGMENT || lasted == event.length;
        let packet = DtmfPacket {
            marker: event.first,
            timestamp: event.timestamp,
            event: TelephoneEvent {
                event: event.code,
                end: complete && last_segment,
                volume: VOLUME,
                duration: duration as u16,
            },
        };
        event.first = false;
        event.next = now + self.interval;
        event.finals += u8::from(complete);
        if event.finals == FINAL_PACKETS {
            if last_segment {
                self.current = None;
                self.not_before = now + GAP;
            } else {
                event.finals = 0;
                event.earlier += SEGMENT;
                event.timestamp = event.timestamp.wrapping_add(u32::from(u16::MAX));
            }
        }
        Some(packet)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    /// Every packet with the millisecond it was sent at; the stream's clock runs from 1,000.
    fn run(sender: &mut DtmfSender) -> Vec<(u64, DtmfPacket)> {
        let mut sent = Vec::new();
        loop {
            let at = sender.next_timeout();
            if at == Instant::NEVER {
                return sent;
            }
            let ms = at.as_micros() / 1_000;
            sent.push((ms, sender.poll(at, 1_000 + 8 * ms as u32).expect("due")));
        }
    }

    #[test]
    fn a_digit_of_the_usual_length() {
        let mut sender = DtmfSender::new(8_000, INTERVAL);
        sender.enqueue('5', Duration::from_millis(200)).unwrap();
        let sent = run(&mut sender);
        assert_eq!(sent.len(), 12, "nine while it grows, three at the end");
        for (i, (ms, packet)) in sent.iter().enumerate() {
            assert_eq!(*ms, 20 * i as u64);
            assert_eq!((packet.marker, packet.timestamp, packet.event.event), (i == 0, 1_000, 5));
            assert_eq!(packet.event.duration, (160 * (i as u16 + 1)).min(1_600));
            assert_eq!(packet.event.end, i >= 9);
        }
    }

    #[test]
    fn digits_queue_with_a_gap_between() {
        let mut sender = DtmfSender::new(8_000, INTERVAL);
        for digit in "1#d".chars() {
            sender.enqueue(digit, Duration::from_millis(100)).unwrap();
        }
        let sent = run(&mut sender);
        let starts: Vec<(u64, u8)> =
            sent.iter().filter(|(_, p)| p.marker).map(|(ms, p)| (*ms, p.event.event)).collect();
        assert_eq!(starts, [(0, 1), (220, 11), (440, 15)]);
        assert_eq!(sent.iter().filter(|(_, p)| p.event.end).count(), 9);
        let timestamps: Vec<u32> = sent.iter().filter(|(_, p)| p.marker).map(|(_, p)| p.timestamp).collect();
        assert_eq!(timestamps, [1_000, 1_000 + 220 * 8, 1_000 + 440 * 8]);
    }

    #[test]
    fn a_long_event_goes_on_in_segments() {
        let mut sender = DtmfSender::new(8_000, INTERVAL);
        sender.enqueue('7', Duration::from_secs(20)).unwrap();
        let sent = run(&mut sender);
        let segments: Vec<u32> = {
            let mut timestamps: Vec<u32> = sent.iter().map(|(_, p)| p.timestamp).collect();
            timestamps.dedup();
            timestamps
        };
        assert_eq!(segments, [1_000, 1_000 + 65_535, 1_000 + 2 * 65_535]);
        assert_eq!(sent.iter().filter(|(_, p)| p.marker).count(), 1);
        let ends: Vec<u16> = sent.iter().filter(|(_, p)| p.event.end).map(|(_, p)| p.event.duration).collect();
        assert_eq!(ends, [(160_000 - 2 * 65_535) as u16; 3]);
        let full = sent.iter().filter(|(_, p)| p.event.duration == u16::MAX).count();
        assert_eq!(full, 6, "each full segment's last packet three times");
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let mut sender = DtmfSender::new(8_000, INTERVAL);
        assert_eq!(sender.enqueue('x', Duration::from_millis(200)), Err(DtmfError::NotADigit('x')));
        let short = Duration::from_millis(39);
        assert_eq!(sender.enqueue('1', short), Err(DtmfError::Duration(short)));
        for _ in 0..limits::DTMF_QUEUE {
            sender.enqueue('1', Duration::from_millis(200)).unwrap();
        }
        assert_eq!(sender.enqueue('1', Duration::from_millis(200)), Err(DtmfError::QueueFull));
        sender.clear();
        assert_eq!(sender.next_timeout(), Instant::NEVER);
    }

    #[test]
    fn a_late_owner_does_not_make_a_burst() {
        let mut sender = DtmfSender::new(8_000, INTERVAL);
        sender.enqueue('3', Duration::from_millis(200)).unwrap();
        sender.poll(Instant::ZERO, 0).unwrap();
        let late = Instant::from_millis(500);
        let packet = sender.poll(late, 4_000).unwrap();
        assert!(packet.event.end && packet.event.duration == 1_600 && packet.timestamp == 0);
        assert_eq!(sender.poll(late, 4_000), None);
    }
}
