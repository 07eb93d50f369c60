//! The adaptive jitter buffer: packets come in when the network likes, and go out when they are due.
//!
//! Positions are RTP timestamps, extended to 64 bits. `play` is the timestamp of the next sample to be handed out. What
//! is watched is the *margin* of each packet: how long before its turn it arrives. The least margin of the last seconds
//! says all that the buffer needs to know, whatever its cause (network jitter, clock drift, packet size, the rhythm of
//! the sound card): if it is negative or next to nothing, the delay grows at once; if it stays large, the delay shrinks
//! a few milliseconds at a time. So the delay follows the jitter and can never grow without bound.
//!
//! When the buffer runs dry, time stands still (`stalled`). If the packet that was missing comes after all, the delay has
//! grown by its lateness. If a later one comes, the standstill is credited to the gap, and the delay is as before.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::limits;
use crate::time::Instant;

/// How the buffer may behave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JitterConfig {
    /// Delay of the first packet, before anything is known of the network.
    pub initial: Duration,
    /// Least time that packets should come before their turn: the reserve against the next surprise.
    pub reserve: Duration,
    /// Most delay that is ever tolerated; what is older is dropped.
    pub maximum: Duration,
}

impl Default for JitterConfig {
    /// 40 ms, 10 ms, 400 ms.
    fn default() -> JitterConfig {
        JitterConfig {
            initial: Duration::from_millis(40),
            reserve: Duration::from_millis(10),
            maximum: Duration::from_millis(400),
        }
    }
}

/// A packet as it arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrival<'a> {
    /// Its sequence number, extended by the count of wraps.
    pub sequence: u64,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its marker: it begins a talk spurt.
    pub marker: bool,
    /// Its payload type.
    pub payload_type: u8,
    /// How long it sounds, in units of the timestamp.
    pub duration: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inserted {
    /// It waits for its turn.
    Queued,
    /// It had come before.
    Duplicate,
    /// Its turn was over.
    Late,
}

/// What is to be played next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<'a> {
    /// This packet.
    Packet {
        /// Its payload type.
        payload_type: u8,
        /// What it carries.
        payload: &'a [u8],
    },
    /// Nothing for so many units of the timestamp, for a packet is missing; [`advance`](JitterBuffer::advance) says how
    /// much of it was filled.
    Gap(u32),
    /// Silence for so many units of the timestamp: a talk spurt is about to begin. To be filled as a gap is.
    LeadIn(u32),
    /// Nothing is there; [`stall`](JitterBuffer::stall) says how long that lasted.
    Dry,
}

/// How the length of what is played should change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    /// As it is.
    Keep,
    /// Shorter: packets wait longer than they need.
    Shorten,
    /// Longer: packets come too late.
    Lengthen,
}

/// What the buffer counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JitterCounts {
    /// Packets that had come before.
    pub duplicates: u64,
    /// Packets whose turn was over.
    pub late: u64,
    /// Packets dropped because too many waited.
    pub discarded: u64,
    /// Times the timeline began anew: talk spurts after silence, jumps of the timestamp.
    pub restarts: u64,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    sequence: u64,
    timestamp: i64,
    duration: u32,
    payload_type: u8,
    payload: Vec<u8>,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    clock_rate: u32,
    initial: i64,
    reserve: i64,
    maximum: i64,
    slots: Vec<Slot>,
    /// Slots that hold nothing; the one used last is taken first, so that few are ever used.
    free: Vec<usize>,
    /// Slots that wait, by sequence number.
    order: VecDeque<usize>,
    timeline: Option<Timeline>,
    margins: Margins,
    /// Units played since the length was last changed.
    since_change: i64,
    counts: JitterCounts,
}

/// Where a running stream is.
#[derive(Clone, Copy, Debug)]
struct Timeline {
    /// The next sample to be handed out.
    play: i64,
    /// Up to here there is silence, not loss.
    lead_in: i64,
    /// How long nothing was there.
    stalled: i64,
    newest_sequence: u64,
    newest_start: i64,
    newest_end: i64,
    last_played: u64,
    /// Bit n: the sequence number `newest_sequence - n` has come.
    seen: u128,
}

impl JitterBuffer {
    /// An empty buffer for timestamps of `clock_rate` units per second.
    pub fn new(config: JitterConfig, clock_rate: u32) -> JitterBuffer {
        let clock_rate = clock_rate.max(1);
        let units = |d: Duration| i64::try_from(d.as_micros() * u128::from(clock_rate) / 1_000_000).unwrap_or(i64::MAX);
        let maximum = units(config.maximum.clamp(Duration::from_millis(60), Duration::from_secs(5)));
        JitterBuffer {
            clock_rate,
            initial: units(config.initial).min(maximum / 2),
            reserve: units(config.reserve).min(maximum / 4),
            maximum,
            slots: Vec::new(),
            free: Vec::with_capacity(limits::JITTER_PACKETS),
            order: VecDeque::with_capacity(limits::JITTER_PACKETS),
            timeline: None,
            margins: Margins::default(),
            since_change: 0,
            counts: JitterCounts::default(),
        }
    }

    /// Forgets all packets and positions: the next packet begins a new stream. Counts stay.
    pub fn reset(&mut self) {
        self.free.extend(self.order.drain(..));
        self.timeline = None;
        self.margins = Margins::default();
    }

    /// What was counted.
    pub fn counts(&self) -> JitterCounts {
        self.counts
    }

    /// Packets that wait.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True if no packet waits.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Units of the timestamp between the newest sample that has come and the next to be handed out.
    pub fn delay(&self) -> u32 {
        self.timeline.map_or(0, |t| u32::try_from((t.newest_end - t.play).max(0)).unwrap_or(u32::MAX))
    }

    /// Takes a packet in. `ahead` is how many units have been taken out but not been heard yet.
    pub fn insert(&mut self, now: Instant, arrival: &Arrival<'_>, ahead: u32) -> Inserted {
        let ahead = i64::from(ahead);
        let Some(mut timeline) = self.timeline else {
            let start = i64::from(arrival.timestamp);
            self.timeline = Some(Timeline::new(arrival.sequence, start, start - (self.initial - ahead).max(0)));
            return self.queue(now, arrival, start, ahead);
        };
        let timestamp = timeline.extend(arrival.timestamp);
        if !timeline.first_time(arrival.sequence) {
            self.counts.duplicates += 1;
            return Inserted::Duplicate;
        }
        if arrival.sequence <= timeline.last_played {
            self.timeline = Some(timeline);
            self.counts.late += 1;
            self.margins.observe(now, self.clock_rate, (timestamp - timeline.play + ahead).max(-self.maximum));
            return Inserted::Late;
        }
        if arrival.sequence < timeline.newest_sequence
            && !(timeline.play - self.maximum..=timeline.newest_start).contains(&timestamp)
        {
            // Older by its number, but not by its timestamp: one of them is wrong.
            self.timeline = Some(timeline);
            self.counts.late += 1;
            return Inserted::Late;
        }
        if arrival.sequence > timeline.newest_sequence {
            self.follow(&mut timeline, arrival, timestamp, ahead);
        }
        self.timeline = Some(timeline);
        self.queue(now, arrival, timestamp, ahead)
    }

    /// A packet newer than all others: is it the next of a running stream, or does something begin anew?
    fn follow(&mut self, timeline: &mut Timeline, arrival: &Arrival<'_>, timestamp: i64, ahead: i64) {
        let pause = i64::from(self.clock_rate) * 60 / 1_000;
        let long_pause = i64::from(self.clock_rate) / 2;
        let went_back = timestamp < timeline.newest_start;
        let spurt =
            self.order.is_empty() && (timeline.stalled > long_pause || (arrival.marker && timeline.stalled >= pause));
        if went_back || spurt {
            self.free.extend(self.order.drain(..));
            let target = self.target();
            timeline.restart(timestamp, timestamp - (target - ahead).max(0));
            self.margins = Margins::default();
            self.counts.restarts += 1;
        } else if self.order.is_empty() && timeline.stalled > 0 {
            let credit = (timestamp - timeline.play).clamp(0, timeline.stalled);
            timeline.play += credit;
            self.margins.shift(-credit);
        }
        timeline.stalled = 0;
        timeline.newest_start = timestamp;
        timeline.newest_end = timestamp + i64::from(arrival.duration);
        timeline.advance_window(arrival.sequence);
    }

    /// The delay that a new talk spurt gets: as much as its packets' margins scattered of late.
    fn target(&self) -> i64 {
        match self.margins.scatter() {
            Some(scatter) => (scatter + self.reserve).clamp(self.reserve, self.maximum / 2),
            None => self.initial,
        }
    }

    fn queue(&mut self, now: Instant, arrival: &Arrival<'_>, timestamp: i64, ahead: i64) -> Inserted {
        if self.order.len() >= limits::JITTER_PACKETS {
            self.drop_front();
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        });
        let slot = &mut self.slots[index];
        slot.sequence = arrival.sequence;
        slot.timestamp = timestamp;
        slot.duration = arrival.duration;
        slot.payload_type = arrival.payload_type;
        slot.payload.clear();
        slot.payload.extend_from_slice(arrival.payload);
        let slots = &self.slots;
        let place = self.order.iter().rposition(|&i| slots[i].sequence < arrival.sequence).map_or(0, |p| p + 1);
        self.order.insert(place, index);
        if let Some(timeline) = &mut self.timeline {
            if timeline.newest_sequence == arrival.sequence {
                timeline.newest_end = timestamp + i64::from(arrival.duration);
            }
            let margin = timestamp - timeline.play + ahead;
            if margin <= self.maximum {
                self.margins.observe(now, self.clock_rate, margin.max(-self.maximum));
            }
            let delay = timeline.newest_end - timeline.play + ahead;
            if delay > self.maximum + i64::from(arrival.duration) {
                self.skip(ahead);
            }
        }
        Inserted::Queued
    }

    /// Too much waits: the oldest is dropped until the delay is what the jitter asks for.
    fn skip(&mut self, ahead: i64) {
        let Some(timeline) = self.timeline else { return };
        let last = self.order.back().map_or(0, |&i| i64::from(self.slots[i].duration));
        let wanted = timeline.newest_end - last - (self.target() - ahead).max(0);
        while let Some(&front) = self.order.front() {
            let slot = &self.slots[front];
            if self.order.len() == 1 || slot.timestamp + i64::from(slot.duration) > wanted {
                break;
            }
            self.drop_front();
        }
        let front = self.order.front().map_or(wanted, |&i| self.slots[i].timestamp);
        if self.order.len() > 1 {
            return self.move_play(front.max(timeline.play));
        }
        // One packet far ahead: the timestamps jumped. It waits as the first of a stream does.
        self.move_play(wanted.max(timeline.play));
        if let Some(timeline) = &mut self.timeline {
            timeline.lead_in = front;
        }
    }

    fn drop_front(&mut self) {
        let Some(front) = self.order.pop_front() else { return };
        self.free.push(front);
        self.counts.discarded += 1;
        let end = self.slots[front].timestamp + i64::from(self.slots[front].duration);
        if let Some(timeline) = &mut self.timeline {
            timeline.last_played = timeline.last_played.max(self.slots[front].sequence);
            let end = end.max(timeline.play);
            self.move_play(end);
        }
    }

    fn move_play(&mut self, to: i64) {
        if let Some(timeline) = &mut self.timeline {
            self.margins.shift(timeline.play - to);
            timeline.play = to;
            timeline.lead_in = timeline.lead_in.min(to);
        }
    }

    /// What is to be played next. A packet leaves the buffer with this call.
    pub fn take(&mut self) -> Next<'_> {
        let Some(timeline) = &mut self.timeline else { return Next::Dry };
        while let Some(&front) = self.order.front() {
            let slot = &self.slots[front];
            let end = slot.timestamp + i64::from(slot.duration);
            if slot.timestamp >= timeline.play || end > timeline.play {
                break;
            }
            // All of it was filled as a gap before it came.
            self.order.pop_front();
            self.free.push(front);
            timeline.last_played = slot.sequence;
            self.counts.late += 1;
        }
        let Some(&front) = self.order.front() else { return Next::Dry };
        let slot = &self.slots[front];
        if slot.timestamp > timeline.play {
            let lead_in = timeline.lead_in > timeline.play;
            let until = if lead_in { slot.timestamp.min(timeline.lead_in) } else { slot.timestamp };
            let units = u32::try_from(until - timeline.play).unwrap_or(u32::MAX);
            return if lead_in { Next::LeadIn(units) } else { Next::Gap(units) };
        }
        self.order.pop_front();
        self.free.push(front);
        // A packet that comes while its gap is being filled is played whole: the delay grows by what was filled of it.
        self.margins.shift(timeline.play - slot.timestamp);
        timeline.play = slot.timestamp + i64::from(slot.duration);
        timeline.last_played = slot.sequence;
        timeline.stalled = 0;
        self.since_change += i64::from(slot.duration);
        Next::Packet { payload_type: slot.payload_type, payload: &slot.payload }
    }

    /// `units` of a gap or lead-in were filled.
    pub fn advance(&mut self, units: u32) {
        if let Some(timeline) = &mut self.timeline {
            timeline.play += i64::from(units);
            self.since_change += i64::from(units);
        }
    }

    /// For `units`, something was played although nothing was there.
    pub fn stall(&mut self, units: u32) {
        if let Some(timeline) = &mut self.timeline {
            timeline.stalled = timeline.stalled.saturating_add(i64::from(units));
            self.margins.shift(i64::from(units));
        }
    }

    /// Whether the next packet should be played shorter or longer than it is.
    pub fn wish(&self) -> Wish {
        let Some(least) = self.margins.least() else { return Wish::Keep };
        if least < self.reserve / 2 {
            return if i64::from(self.delay()) < self.maximum { Wish::Lengthen } else { Wish::Keep };
        }
        let ms = |n: i64| i64::from(self.clock_rate) * n / 1_000;
        let excess = least - self.reserve;
        let patience = if excess > ms(60) { ms(100) } else { ms(500) };
        if self.margins.is_settled() && excess > ms(10) && self.since_change >= patience {
            Wish::Shorten
        } else {
            Wish::Keep
        }
    }

    /// How long the wish to shorten has not been granted, in units of the timestamp.
    pub fn unchanged_for(&self) -> u32 {
        u32::try_from(self.since_change).unwrap_or(u32::MAX)
    }

    /// What was played was longer than its packet by `units` (shorter, if negative).
    pub fn changed(&mut self, units: i32) {
        self.margins.shift(i64::from(units));
        self.since_change = 0;
    }
}

impl Timeline {
    fn new(sequence: u64, start: i64, play: i64) -> Timeline {
        Timeline {
            play,
            lead_in: start,
            stalled: 0,
            newest_sequence: sequence,
            newest_start: start,
            newest_end: start,
            last_played: 0,
            seen: 1,
        }
    }

    fn restart(&mut self, start: i64, play: i64) {
        self.play = play;
        self.lead_in = start;
        self.last_played = self.newest_sequence;
    }

    /// The timestamp nearest to the newest one.
    fn extend(&self, timestamp: u32) -> i64 {
        self.newest_start + i64::from(timestamp.wrapping_sub(self.newest_start as u32) as i32)
    }

    /// False if the sequence number has come before, or is too old to know. Newer ones are not noted yet.
    fn first_time(&mut self, sequence: u64) -> bool {
        let Some(age) = self.newest_sequence.checked_sub(sequence) else { return true };
        if age >= 128 || self.seen & (1 << age) != 0 {
            return false;
        }
        self.seen |= 1 << age;
        true
    }

    fn advance_window(&mut self, sequence: u64) {
        let steps = u32::try_from(sequence - self.newest_sequence).unwrap_or(u32::MAX);
        self.seen = self.seen.checked_shl(steps).unwrap_or(0) | 1;
        self.newest_sequence = sequence;
    }
}

/// The margins of the last four seconds: the least of each half second, and a running mean.
#[derive(Clone, Copy, Debug, Default)]
struct Margins {
    buckets: [Option<i64>; 8],
    current: usize,
    since: Option<Instant>,
    mean: i64,
    /// Margins seen, up to 16.
    count: i64,
}

impl Margins {
    const BUCKET: Duration = Duration::from_millis(500);

    fn observe(&mut self, now: Instant, clock_rate: u32, margin: i64) {
        let since = *self.since.get_or_insert(now);
        let steps = now.since(since).as_millis() / Margins::BUCKET.as_millis();
        if steps > 0 {
            self.since = Some(now);
            for _ in 0..steps.min(8) {
                self.current = (self.current + 1) % self.buckets.len();
                self.buckets[self.current] = None;
            }
        }
        let bucket = &mut self.buckets[self.current];
        *bucket = Some(bucket.map_or(margin, |least| least.min(margin)));
        self.count = (self.count + 1).min(16);
        // In 256ths of a unit, within ten seconds: far from overflow.
        let margin = margin.clamp(-10 * i64::from(clock_rate), 10 * i64::from(clock_rate)) * 256;
        self.mean += (margin - self.mean) / self.count;
    }

    /// All margins were really larger by `units`: the time of playing has moved.
    fn shift(&mut self, units: i64) {
        for least in self.buckets.iter_mut().flatten() {
            *least = least.saturating_add(units);
        }
        self.mean = self.mean.saturating_add(units.saturating_mul(256));
    }

    fn least(&self) -> Option<i64> {
        self.buckets.iter().flatten().min().copied()
    }

    /// How far the least margin lies below the mean.
    fn scatter(&self) -> Option<i64> {
        self.least().filter(|_| self.count >= 16).map(|least| (self.mean / 256 - least).max(0))
    }

    /// Two seconds or more are known.
    fn is_settled(&self) -> bool {
        self.buckets.iter().flatten().count() >= 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: u32 = 160;

    fn arrival(n: u64) -> Arrival<'static> {
        Arrival {
            sequence: 1_000 + n,
            timestamp: 5_000 + FRAME * n as u32,
            marker: n == 0,
            payload_type: 0,
            duration: FRAME,
            payload: &[0xff; 160],
        }
    }

    fn at(n: u64) -> Instant {
        Instant::from_millis(20 * n)
    }

    /// Plays 20 ms and says whether packets, gaps and dry times made them up.
    fn play(buffer: &mut JitterBuffer) -> (u32, u32, u32) {
        let (mut packets, mut gap, mut dry) = (0, 0, 0);
        let mut left = FRAME;
        while left > 0 {
            match buffer.take() {
                Next::Packet { .. } => {
                    packets += 1;
                    left = left.saturating_sub(FRAME);
                }
                Next::Gap(n) | Next::LeadIn(n) => {
                    let n = n.min(left);
                    buffer.advance(n);
                    gap += n;
                    left -= n;
                }
                Next::Dry => {
                    buffer.stall(left);
                    dry += left;
                    left = 0;
                }
            }
        }
        (packets, gap, dry)
    }

    fn buffer() -> JitterBuffer {
        JitterBuffer::new(JitterConfig::default(), 8_000)
    }

    #[test]
    fn the_first_packet_waits_for_the_initial_delay() {
        let mut buffer = buffer();
        buffer.insert(at(0), &arrival(0), 0);
        assert_eq!(play(&mut buffer), (0, 160, 0));
        assert_eq!(play(&mut buffer), (0, 160, 0));
        assert_eq!(play(&mut buffer), (1, 0, 0));
        assert_eq!(play(&mut buffer), (0, 0, 160));
    }

    #[test]
    fn reordered_packets_are_played_in_order_and_duplicates_once() {
        let mut buffer = buffer();
        for n in [0, 2, 1, 1, 3, 2] {
            buffer.insert(at(0), &arrival(n), 0);
        }
        assert_eq!((buffer.len(), buffer.counts().duplicates), (4, 2));
        play(&mut buffer);
        play(&mut buffer);
        for _ in 0..4 {
            assert_eq!(play(&mut buffer), (1, 0, 0));
        }
        assert_eq!(buffer.insert(at(5), &arrival(2), 0), Inserted::Duplicate);
    }

    #[test]
    fn a_lost_packet_costs_its_own_time_only() {
        let mut buffer = buffer();
        for n in 0..50 {
            if n % 10 != 5 {
                buffer.insert(at(n), &arrival(n), 0);
            }
            play(&mut buffer);
        }
        // 40 ms initial delay minus nothing: the packet that came last is two frames behind.
        assert_eq!((buffer.len(), buffer.counts().late, buffer.counts().restarts), (2, 0, 0));
    }

    #[test]
    fn a_late_packet_makes_the_delay_grow_at_once() {
        let mut buffer = buffer();
        for n in 0..10 {
            buffer.insert(at(n), &arrival(n), 0);
            play(&mut buffer);
        }
        // 100 ms without packets, then all of them.
        let mut dry = 0;
        for _ in 10..15 {
            dry += play(&mut buffer).2;
        }
        assert_eq!(dry, 3 * FRAME);
        for n in 10..16 {
            assert_eq!(buffer.insert(at(15), &arrival(n), 0), Inserted::Queued);
        }
        assert_eq!(play(&mut buffer), (1, 0, 0));
        assert_eq!(buffer.len(), 5, "two frames became five");
        assert_eq!(buffer.wish(), Wish::Lengthen, "the packet came with nothing to spare");
    }

    #[test]
    fn a_pause_without_packets_does_not_add_delay() {
        let mut buffer = buffer();
        for n in 0..100 {
            if !(40..50).contains(&n) {
                buffer.insert(at(n), &arrival(n), 0);
            }
            play(&mut buffer);
        }
        assert!(buffer.len() <= 2, "{}", buffer.len());
    }

    #[test]
    fn a_burst_is_cut_to_the_wanted_delay() {
        let mut buffer = buffer();
        for n in 0..40 {
            buffer.insert(at(0), &arrival(n), 0);
        }
        assert!(buffer.counts().discarded > 10);
        assert!(buffer.delay() <= 8 * 400 + FRAME, "{}", buffer.delay());
        assert_eq!(play(&mut buffer).0, 1);
    }

    #[test]
    fn a_jump_of_the_timestamps_begins_anew() {
        for jump in [1u32 << 30, 0u32.wrapping_sub(1 << 30)] {
            let mut buffer = buffer();
            for n in 0..20 {
                buffer.insert(at(n), &arrival(n), 0);
                play(&mut buffer);
            }
            let mut heard = 0;
            for n in 20..40 {
                let moved = Arrival { timestamp: arrival(n).timestamp.wrapping_add(jump), ..arrival(n) };
                assert_eq!(buffer.insert(at(n), &moved, 0), Inserted::Queued);
                heard += play(&mut buffer).0;
            }
            assert!(heard >= 15, "jump {jump}: {heard}");
            assert!(buffer.delay() < 8 * 100);
        }
    }

    #[test]
    fn sequence_numbers_and_timestamps_wrap() {
        let mut buffer = buffer();
        for n in 0..200 {
            let wrapping = Arrival { timestamp: (u32::MAX - 10_000).wrapping_add(n as u32 * FRAME), ..arrival(n) };
            assert_eq!(buffer.insert(at(n), &wrapping, 0), Inserted::Queued);
            let (packets, ..) = play(&mut buffer);
            assert_eq!(packets, u32::from(n >= 2));
        }
    }

    #[test]
    fn a_long_wait_wishes_to_be_shorter() {
        let mut buffer = buffer();
        for n in 0..300 {
            buffer.insert(at(n), &arrival(n), 0);
            play(&mut buffer);
        }
        assert_eq!(buffer.wish(), Wish::Shorten, "40 ms are more than a perfect network needs");
        buffer.changed(-80);
        assert_eq!(buffer.wish(), Wish::Keep, "not so fast");
    }
}
