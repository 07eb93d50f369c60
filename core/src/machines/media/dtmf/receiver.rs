//! Receives digits (RFC 4733 2.5.2): each reported once when it begins, and once when it ends, whichever of its packets
//! are lost, doubled or late.

use core::time::Duration;

use super::units;
use crate::limits;
use crate::time::Instant;
use crate::wire::rtp::TelephoneEvent;

/// An event of which nothing is heard for so long is over: its end packets were lost.
const LOST_END: Duration = Duration::from_millis(300);

/// What was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DtmfReport {
    /// A digit begins.
    Began(char),
    /// It is over, after this long.
    Ended(char, Duration),
}

/// The digit that is being received, and the last one, so that neither is reported twice.
#[derive(Clone, Debug)]
pub struct DtmfReceiver {
    clock_rate: u32,
    event: Option<Event>,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    code: u8,
    digit: char,
    /// Of the segment.
    timestamp: u32,
    /// Of the segment, as far as known.
    duration: u16,
    /// Units of the segments before.
    earlier: u64,
    heard: Instant,
    ended: bool,
}

impl Event {
    fn units(&self) -> u64 {
        self.earlier + u64::from(self.duration)
    }
}

impl DtmfReceiver {
    /// A receiver of events with timestamps of `clock_rate` units per second.
    pub fn new(clock_rate: u32) -> DtmfReceiver {
        DtmfReceiver { clock_rate: clock_rate.max(1), event: None }
    }

    /// Another source: its timestamps have nothing to do with those before. Gives the report that a digit in progress
    /// is over.
    pub fn reset(&mut self) -> Option<DtmfReport> {
        let report = self.end();
        self.event = None;
        report
    }

    /// Takes a packet in; `marker` and `timestamp` are of its RTP header. Gives up to two reports: the end of the digit
    /// before, and the beginning or end of this one.
    pub fn on_packet(
        &mut self,
        now: Instant,
        marker: bool,
        timestamp: u32,
        event: TelephoneEvent,
    ) -> [Option<DtmfReport>; 3] {
        let Some(digit) = event.digit() else { return [None; 3] };
        let place = self.event.map_or(Place::New, |last| place(&last, marker, timestamp, event));
        match (place, &mut self.event) {
            (Place::Old, _) => [None; 3],
            (Place::Same, Some(current)) => {
                current.timestamp = timestamp;
                current.duration = current.duration.max(event.duration);
                current.heard = now;
                [self.end_if(event.end), None, None]
            }
            (Place::NextSegment, Some(current)) => {
                current.earlier += u64::from(timestamp.wrapping_sub(current.timestamp));
                current.timestamp = timestamp;
                current.duration = event.duration;
                current.heard = now;
                [self.end_if(event.end), None, None]
            }
            (Place::New, _) | (_, None) => {
                let before = self.end();
                self.event = Some(Event {
                    code: event.event,
                    digit,
                    timestamp,
                    duration: event.duration,
                    earlier: 0,
                    heard: now,
                    ended: false,
                });
                [before, Some(DtmfReport::Began(digit)), self.end_if(event.end)]
            }
        }
    }

    /// When [`on_timeout`](DtmfReceiver::on_timeout) is due: the digit in progress has not been heard of for long.
    pub fn next_timeout(&self) -> Instant {
        self.event.filter(|e| !e.ended).map_or(Instant::NEVER, |e| e.heard + LOST_END)
    }

    /// Ends a digit whose end packets were lost.
    pub fn on_timeout(&mut self, now: Instant) -> Option<DtmfReport> {
        if now >= self.next_timeout() { self.end() } else { None }
    }

    /// Ends the digit if its end has come, or if it is longer than is believed.
    fn end_if(&mut self, end: bool) -> Option<DtmfReport> {
        let longest = units(limits::DTMF_LONGEST, self.clock_rate);
        let overlong = self.event.is_some_and(|event| event.units() >= longest);
        if end || overlong { self.end() } else { None }
    }

    fn end(&mut self) -> Option<DtmfReport> {
        let event = self.event.as_mut().filter(|event| !event.ended)?;
        event.ended = true;
        let duration = Duration::from_micros(event.units() * 1_000_000 / u64::from(self.clock_rate));
        Some(DtmfReport::Ended(event.digit, duration.min(limits::DTMF_LONGEST)))
    }
}

/// How a packet relates to the event known last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Same,
    NextSegment,
    Old,
    New,
}

fn place(last: &Event, marker: bool, timestamp: u32, event: TelephoneEvent) -> Place {
    let later = timestamp.wrapping_sub(last.timestamp);
    if later == 0 {
        return if event.event == last.code { Place::Same } else { Place::Old };
    }
    if (later as i32) < 0 {
        return Place::Old;
    }
    if event.event == last.code && !marker {
        // RFC 4733 2.5.1.3: a segment begins where the one before, of greatest length, ends.
        if later == u32::from(u16::MAX) {
            return Place::NextSegment;
        }
        // Events cannot overlap: the sender wrongly moves the timestamp from packet to packet.
        if later <= u32::from(last.duration) {
            return Place::Same;
        }
    }
    Place::New
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::super::DtmfSender;
    use super::*;
    use crate::rng::Rng;

    /// What a sender sends for `digits`: time, marker, timestamp, event.
    fn packets(digits: &str, duration: Duration) -> Vec<(Instant, bool, u32, TelephoneEvent)> {
        let mut sender = DtmfSender::new(8_000, Duration::from_millis(20));
        for digit in digits.chars() {
            sender.enqueue(digit, duration).unwrap();
        }
        let mut sent = Vec::new();
        while sender.next_timeout() != Instant::NEVER {
            let at = sender.next_timeout();
            let packet = sender.poll(at, (at.as_micros() / 125) as u32).unwrap();
            sent.push((at, packet.marker, packet.timestamp, packet.event));
        }
        sent
    }

    fn receive(packets: &[(Instant, bool, u32, TelephoneEvent)]) -> (String, String) {
        let mut receiver = DtmfReceiver::new(8_000);
        let (mut began, mut ended) = (String::new(), String::new());
        let mut note = |report| match report {
            Some(DtmfReport::Began(digit)) => began.push(digit),
            Some(DtmfReport::Ended(digit, _)) => ended.push(digit),
            None => {}
        };
        for &(at, marker, timestamp, event) in packets {
            note(receiver.on_timeout(at));
            receiver.on_packet(at, marker, timestamp, event).into_iter().for_each(&mut note);
        }
        note(receiver.on_timeout(Instant::NEVER));
        (began, ended)
    }

    proptest! {
        /// Any packets may be lost, as long as one of each digit is left; neighbours may change places or be doubled.
        #[test]
        fn each_digit_once(digits in "[0-9*#A-D]{1,8}", seed: [u8; 32], loss in 0.0..0.9f64) {
            let mut rng = Rng::from_seed(seed);
            let all = packets(&digits, Duration::from_millis(160));
            let mut kept = Vec::new();
            for event in all.chunk_by(|a, b| a.2 == b.2) {
                let spared = rng.below(event.len() as u64) as usize;
                let mut some: Vec<_> = (0..event.len()).filter(|&i| i == spared || !rng.chance(loss)).map(|i| event[i]).collect();
                if some.len() > 1 && rng.chance(0.3) {
                    let i = rng.below(some.len() as u64 - 1) as usize;
                    some.swap(i, i + 1);
                }
                if rng.chance(0.3) {
                    some.push(some[0]);
                }
                kept.extend(some);
            }
            prop_assert_eq!(receive(&kept), (digits.clone(), digits));
        }
    }

    #[test]
    fn an_overlong_event_ends_once() {
        let (began, ended) = receive(&packets("9", Duration::from_secs(25)));
        assert_eq!((began.as_str(), ended.as_str()), ("9", "9"));
    }

    #[test]
    fn durations_are_told() {
        let mut receiver = DtmfReceiver::new(8_000);
        let mut reports = Vec::new();
        for (at, marker, timestamp, event) in packets("4", Duration::from_millis(120)) {
            reports.extend(receiver.on_packet(at, marker, timestamp, event).into_iter().flatten());
        }
        assert_eq!(reports, [DtmfReport::Began('4'), DtmfReport::Ended('4', Duration::from_millis(120))]);
    }

    #[test]
    fn a_sender_that_moves_the_timestamp_is_understood() {
        let mut wrong = packets("44", Duration::from_millis(100));
        let mut last = 0;
        for (n, (_, marker, timestamp, _)) in wrong.iter_mut().enumerate() {
            if *marker {
                last = n;
            }
            *timestamp += 160 * (n - last) as u32;
        }
        assert_eq!(receive(&wrong).0, "44");
    }

    #[test]
    fn other_events_are_not_digits() {
        let mut receiver = DtmfReceiver::new(8_000);
        let flash = TelephoneEvent { event: 16, end: false, volume: 0, duration: 160 };
        assert_eq!(receiver.on_packet(Instant::ZERO, true, 1, flash), [None; 3]);
    }
}
