//! The application's side of the sound path: frames at the call's rate, from and to the rings of whatever device runs.
//!
//! The device's clock and the application's are never quite the same. Each end watches how full its ring is and makes
//! the resampler give a little more or less, so that the ring neither fills nor runs dry, and nobody hears a click.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use super::pace::Pacer;
use super::ring::{CapturePort, Health, Meters, PlaybackPort};
use crate::resample::{ResampleError, Resampler};

/// How much a ring holds, as a part of a second: 400 ms.
const RING: (usize, usize) = (2, 5);
/// How much more than it should a ring may hold before sound is thrown away, as a part of a second: 100 ms.
const SLACK: (usize, usize) = (1, 10);
/// What a ring holds beyond what the next callback or frame needs, against timers that jitter: 10 ms.
const CUSHION: (usize, usize) = (1, 100);

fn part(rate: u32, (of, per): (usize, usize)) -> usize {
    rate as usize * of / per
}

/// The call's side: its rate in Hz, and the length of its frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) rate: u32,
    pub(crate) frame: Duration,
}

impl Call {
    /// Samples of a frame at `rate`.
    pub(crate) fn samples(&self, rate: u32) -> usize {
        rate as usize * self.frame.as_millis() as usize / 1_000
    }
}

/// Turns how full a ring is into how far a resampler leans.
#[derive(Debug)]
struct Steer {
    rate: f64,
    /// By how many seconds the ring is too full, smoothed.
    error: f64,
}

impl Steer {
    /// The share of a new reading in the smoothed one: callbacks make single readings jump.
    const SHARE: f64 = 1.0 / 32.0;
    /// How far to lean per second of error: clocks that differ by 50 ppm settle a sixth of a millisecond off.
    const GAIN: f64 = 0.3;
    /// How far to lean at most; 0.5 per cent is a twelfth of a semitone.
    const MOST: f64 = 0.005;

    fn new(rate: u32) -> Steer {
        Steer { rate: f64::from(rate), error: 0.0 }
    }

    fn lean(&mut self, fill: usize, target: usize) -> f64 {
        let error = (fill as f64 - target as f64) / self.rate;
        self.error += (error - self.error) * Self::SHARE;
        1.0 - (self.error * Self::GAIN).clamp(-Self::MOST, Self::MOST)
    }
}

/// Frames from a recording device.
pub(crate) struct LiveCapture {
    ring: Consumer<i16>,
    health: Arc<Health>,
    resampler: Resampler,
    scratch: Vec<i16>,
    steer: Steer,
    cushion: usize,
    slack: usize,
    flowing: bool,
}

impl LiveCapture {
    /// The two sides of a recording device that runs at `rate` Hz.
    pub(crate) fn new(
        call: Call,
        rate: u32,
        meters: Arc<Meters>,
        health: Arc<Health>,
    ) -> Result<(CapturePort, LiveCapture), ResampleError> {
        let resampler = Resampler::fixed_output(rate, call.rate, call.samples(call.rate))?;
        let (producer, consumer) = RingBuffer::new(part(rate, RING));
        let port = CapturePort { ring: producer, health: health.clone(), meters };
        let live = LiveCapture {
            ring: consumer,
            health,
            scratch: vec![0; resampler.input_max()],
            resampler,
            steer: Steer::new(rate),
            cushion: part(rate, CUSHION),
            slack: part(rate, SLACK),
            flowing: false,
        };
        Ok((port, live))
    }

    /// Fills `out`, one frame, or says that there is not enough yet.
    fn frame(&mut self, out: &mut [i16], meters: &Meters) -> bool {
        let need = self.resampler.input_next();
        let target = need + self.cushion.max(self.health.period());
        let mut have = self.ring.slots();
        if have > target + self.slack {
            // Nobody has taken sound for a while. What is said now matters more than what was said then.
            if self.flowing {
                meters.overrun();
            }
            if let Ok(stale) = self.ring.read_chunk(have - target) {
                stale.commit_all();
            }
            have = target;
        }
        let enough = if self.flowing { need } else { target };
        if have < enough {
            if self.flowing {
                meters.underrun();
                self.flowing = false;
            }
            return false;
        }
        self.flowing = true;
        let input = &mut self.scratch[..need];
        let made = self.ring.pop_entire_slice(input).is_ok() && self.resampler.process(input, out).is_ok();
        self.resampler.lean(self.steer.lean(have, target));
        made
    }
}

/// Frames to a playing device.
pub(crate) struct LivePlayback {
    ring: Producer<i16>,
    health: Arc<Health>,
    resampler: Resampler,
    scratch: Vec<i16>,
    steer: Steer,
    cushion: usize,
    slack: usize,
}

impl LivePlayback {
    /// The two sides of a playing device that runs at `rate` Hz.
    pub(crate) fn new(
        call: Call,
        rate: u32,
        meters: Arc<Meters>,
        health: Arc<Health>,
    ) -> Result<(PlaybackPort, LivePlayback), ResampleError> {
        let resampler = Resampler::fixed_input(call.rate, rate, call.samples(call.rate))?;
        let (producer, consumer) = RingBuffer::new(part(rate, RING));
        let port =
            PlaybackPort { ring: consumer, health: health.clone(), meters, frame: call.samples(rate), flowing: false };
        let live = LivePlayback {
            ring: producer,
            health,
            scratch: vec![0; resampler.output_max()],
            resampler,
            steer: Steer::new(rate),
            cushion: part(rate, CUSHION),
            slack: part(rate, SLACK),
        };
        Ok((port, live))
    }

    /// Takes `frame`, or says that there is no room.
    fn frame(&mut self, frame: &[i16], meters: &Meters) -> bool {
        let fill = self.ring.buffer().capacity() - self.ring.slots();
        let target = self.health.period() + self.cushion;
        if fill > target + self.slack {
            meters.overrun();
            return false;
        }
        let Ok((_, made)) = self.resampler.process(frame, &mut self.scratch) else { return false };
        self.resampler.lean(self.steer.lean(fill, target));
        let taken = self.ring.push_entire_slice(&self.scratch[..made]).is_ok();
        if !taken {
            meters.overrun();
        }
        taken
    }
}

/// Where the watcher leaves the live half of a device that it has opened, or word that there is none any more.
pub(crate) struct Slot<T> {
    fresh: AtomicBool,
    change: Mutex<Option<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot { fresh: AtomicBool::new(false), change: Mutex::new(None) }
    }
}

impl<T> Slot<T> {
    /// Replaces what the application uses; `None` is silence.
    pub(crate) fn put(&self, live: Option<T>) {
        *self.change.lock().unwrap_or_else(PoisonError::into_inner) = live;
        self.fresh.store(true, Ordering::Release);
    }

    /// What was put since the last time.
    fn take(&self) -> Option<Option<T>> {
        let fresh = self.fresh.swap(false, Ordering::Acquire);
        fresh.then(|| self.change.lock().unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// One direction as the application sees it, whatever runs behind it.
pub(crate) struct End<T> {
    slot: Arc<Slot<T>>,
    live: Option<T>,
    pacer: Pacer,
    frame: usize,
    meters: Arc<Meters>,
}

impl<T> End<T> {
    pub(crate) fn new(call: Call, slot: Arc<Slot<T>>, meters: Arc<Meters>) -> End<T> {
        End { slot, live: None, pacer: Pacer::new(call.frame), frame: call.samples(call.rate), meters }
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    fn refresh(&mut self) {
        if let Some(change) = self.slot.take() {
            self.live = change;
            self.pacer.restart();
        }
    }
}

impl End<LiveCapture> {
    /// Fills the front of `out` with whole frames, as many as there are, and returns the number of samples.
    pub(crate) fn capture(&mut self, now: Duration, out: &mut [i16]) -> usize {
        self.refresh();
        let mut filled = 0;
        for frame in out.chunks_exact_mut(self.frame) {
            let came = match &mut self.live {
                Some(live) => live.frame(frame, &self.meters),
                None => {
                    let due = self.pacer.due(now);
                    if due {
                        frame.fill(0);
                    }
                    due
                }
            };
            if !came {
                break;
            }
            filled += frame.len();
        }
        filled
    }
}

impl End<LivePlayback> {
    /// Takes whole frames from the front of `sound`, as many as there is room for, and returns the number of samples.
    pub(crate) fn playback(&mut self, now: Duration, sound: &[i16]) -> usize {
        self.refresh();
        let mut taken = 0;
        for frame in sound.chunks_exact(self.frame) {
            let went = match &mut self.live {
                Some(live) => live.frame(frame, &self.meters),
                None => self.pacer.due(now),
            };
            if !went {
                break;
            }
            taken += frame.len();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call = Call { rate: 8_000, frame: Duration::from_millis(20) };

    fn capture() -> (CapturePort, End<LiveCapture>) {
        let (meters, slot) = (Arc::<Meters>::default(), Arc::<Slot<_>>::default());
        let (port, live) = LiveCapture::new(CALL, 48_000, meters.clone(), Arc::default()).unwrap();
        slot.put(Some(live));
        (port, End::new(CALL, slot, meters))
    }

    fn playback() -> (PlaybackPort, End<LivePlayback>) {
        let (meters, slot) = (Arc::<Meters>::default(), Arc::<Slot<_>>::default());
        let (port, live) = LivePlayback::new(CALL, 48_000, meters.clone(), Arc::default()).unwrap();
        slot.put(Some(live));
        (port, End::new(CALL, slot, meters))
    }

    /// Runs `seconds` of a device whose clock is `ppm` fast against an application that takes a frame each 20 ms, and
    /// calls `device` and `application` in the order of time.
    fn run(seconds: u64, ppm: i64, mut device: impl FnMut(), mut application: impl FnMut(Duration)) {
        let period_ns = 10_000_000 - 10 * ppm;
        let mut device_at = 3_000_000i64;
        for frame in 0..seconds * 50 {
            let at = frame as i64 * 20_000_000;
            while device_at <= at {
                device();
                device_at += period_ns;
            }
            application(Duration::from_nanos(at as u64));
        }
    }

    #[test]
    fn what_is_recorded_arrives_at_the_calls_rate() {
        let (mut port, mut end) = capture();
        let (mut heard, mut frame) = (Vec::new(), [0; 160]);
        run(
            1,
            0,
            || port.write([1_000; 480].into_iter()),
            |now| {
                if end.capture(now, &mut frame) == frame.len() {
                    heard.extend_from_slice(&frame);
                }
            },
        );
        assert!(heard.len() >= 8_000 - 5 * 160, "{}", heard.len());
        assert!(heard[400..].iter().all(|sample| (990..=1_010).contains(sample)));
        assert_eq!((end.meters().underruns(), end.meters().overruns()), (0, 0));
    }

    #[test]
    fn what_is_played_arrives_at_the_devices_rate() {
        let (mut port, mut end) = playback();
        let mut heard = Vec::new();
        run(
            1,
            0,
            || {
                port.read(480, |_, sample| heard.push(sample));
            },
            |now| {
                assert_eq!(end.playback(now, &[1_000; 160]), 160);
            },
        );
        assert!(heard.len() > 44_000, "{}", heard.len());
        assert!(heard[2_400..].iter().all(|sample| (990..=1_010).contains(sample)));
        assert_eq!((end.meters().underruns(), end.meters().overruns()), (0, 0));
    }

    /// 500 ppm is ten times what a bad card does; unsteered, the rings would be 60 ms off after two minutes.
    #[test]
    fn a_device_with_another_clock_is_followed() {
        for ppm in [-500, 500] {
            let (mut port, mut end) = capture();
            let mut frame = [0; 160];
            let mut missing = 0;
            run(
                120,
                ppm,
                || port.write([0; 480].into_iter()),
                |now| missing += i32::from(end.capture(now, &mut frame) == 0),
            );
            assert!(missing <= 5, "{ppm}: {missing}");
            assert_eq!((end.meters().underruns(), end.meters().overruns()), (0, 0), "capture, {ppm}");

            let (mut port, mut end) = playback();
            run(
                120,
                ppm,
                || {
                    port.read(480, |_, _| {});
                },
                |now| {
                    end.playback(now, &[0; 160]);
                },
            );
            assert_eq!((end.meters().underruns(), end.meters().overruns()), (0, 0), "playback, {ppm}");
        }
    }

    #[test]
    fn sound_that_nobody_took_is_not_heard_late() {
        let (mut port, mut end) = capture();
        let mut frame = [0; 160];
        for value in 1..=40 {
            port.write([value * 100; 480].into_iter());
        }
        assert_eq!(end.capture(Duration::ZERO, &mut frame), 160);
        // 400 ms fit, so that the ring ends at the 40th period; the frame comes from the last 30 ms of them.
        assert!(frame[120] > 3_500, "{}", frame[120]);
    }

    #[test]
    fn a_device_that_stops_is_counted_once_and_starts_with_a_cushion() {
        let (mut port, mut end) = capture();
        let mut frame = [0; 160];
        run(
            1,
            0,
            || port.write([5; 480].into_iter()),
            |now| {
                end.capture(now, &mut frame);
            },
        );
        for _ in 0..10 {
            end.capture(Duration::ZERO, &mut frame);
        }
        assert_eq!(end.meters().underruns(), 1);
    }

    #[test]
    fn more_than_there_is_room_for_is_refused_and_counted() {
        let (_port, mut end) = playback();
        let taken = end.playback(Duration::ZERO, &[0; 160 * 50]);
        assert!((160 * 4..160 * 12).contains(&taken), "{taken}");
        assert_eq!(end.meters().overruns(), 1);
    }

    #[test]
    fn without_a_device_there_is_silence_at_pace() {
        let slot = Arc::<Slot<LiveCapture>>::default();
        let mut end = End::new(CALL, slot, Arc::default());
        let mut frame = [9; 320];
        assert_eq!(end.capture(Duration::ZERO, &mut frame), 160);
        assert_eq!((frame[0], frame[159], frame[160]), (0, 0, 9));
        assert_eq!(end.capture(Duration::from_millis(1), &mut frame), 0);
        assert_eq!(end.capture(Duration::from_millis(20), &mut frame), 160);

        let slot = Arc::<Slot<LivePlayback>>::default();
        let mut end = End::new(CALL, slot, Arc::default());
        assert_eq!(end.playback(Duration::ZERO, &[1; 160]), 160);
        assert_eq!(end.playback(Duration::from_millis(1), &[1; 160]), 0);
    }
}
