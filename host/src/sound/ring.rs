//! The device's side of the sound path: what runs inside the sound card's callbacks.
//!
//! Nothing here locks, allocates or waits. Samples cross to the application's side through a lock-free ring, at the
//! device's rate, mono, 16 bits; everything else crosses in atomics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use rtrb::{Consumer, Producer};

use super::notice::SoundTrouble;

/// Counts what went missing in one direction. Lives as long as the [`Sound`](super::Sound), over all its devices.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    underruns: AtomicU64,
    overruns: AtomicU64,
}

impl Meters {
    /// Sound was wanted and there was none.
    pub(crate) fn underrun(&self) {
        self.underruns.fetch_add(1, Ordering::Relaxed);
    }

    /// Sound came and there was no room.
    pub(crate) fn overrun(&self) {
        self.overruns.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn underruns(&self) -> u64 {
        self.underruns.load(Ordering::Relaxed)
    }

    pub(crate) fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }
}

/// Why a running stream is of no more use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Fault {
    Gone = 1,
    Denied,
    Busy,
    Unsupported,
    System,
}

/// How one stream does.
#[derive(Debug, Default)]
pub(crate) struct Health {
    beats: AtomicU64,
    period: AtomicUsize,
    fault: AtomicU8,
}

impl Health {
    /// The callback ran, for `frames` samples.
    fn beat(&self, frames: usize) {
        self.beats.fetch_add(1, Ordering::Relaxed);
        self.period.store(frames, Ordering::Relaxed);
    }

    /// How often the callback ran.
    pub(crate) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// How many samples the device takes or gives at a time, as last seen; 0 before the first callback.
    pub(crate) fn period(&self) -> usize {
        self.period.load(Ordering::Relaxed)
    }

    /// The stream is of no more use. The first reason stays.
    pub(crate) fn fail(&self, fault: Fault) {
        let _ = self.fault.compare_exchange(0, fault as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Why the stream is of no more use, if it is not.
    pub(crate) fn trouble(&self) -> Option<SoundTrouble> {
        let fault = self.fault.load(Ordering::Relaxed);
        let while_running = || "while it was running".to_owned();
        [Fault::Gone, Fault::Denied, Fault::Busy, Fault::Unsupported, Fault::System]
            .into_iter()
            .find(|&known| known as u8 == fault)
            .map(|fault| match fault {
                Fault::Gone => SoundTrouble::NoDevice,
                Fault::Denied => SoundTrouble::Denied(while_running()),
                Fault::Busy => SoundTrouble::Busy(while_running()),
                Fault::Unsupported => SoundTrouble::Unsupported(while_running()),
                Fault::System => SoundTrouble::System(while_running()),
            })
    }
}

/// Where a recording device leaves its samples.
pub(crate) struct CapturePort {
    pub(crate) ring: Producer<i16>,
    pub(crate) health: Arc<Health>,
    pub(crate) meters: Arc<Meters>,
}

impl CapturePort {
    /// Takes the samples of one callback. What does not fit is lost and counted.
    pub(crate) fn write(&mut self, samples: impl ExactSizeIterator<Item = i16>) {
        let count = samples.len();
        self.health.beat(count);
        let room = count.min(self.ring.slots());
        if room < count {
            self.meters.overrun();
        }
        if let Ok(chunk) = self.ring.write_chunk_uninit(room) {
            chunk.fill_from_iter(samples);
        }
    }
}

/// Where a playing device finds its samples.
pub(crate) struct PlaybackPort {
    pub(crate) ring: Consumer<i16>,
    pub(crate) health: Arc<Health>,
    pub(crate) meters: Arc<Meters>,
    /// Samples of one frame of the application.
    pub(crate) frame: usize,
    /// Sound is flowing: there was a cushion, and it has not run out since.
    pub(crate) flowing: bool,
}

impl PlaybackPort {
    /// Gives up to `frames` samples to `put`, with their index, and returns how many there were. The rest is silence.
    ///
    /// After silence it waits until there is a cushion of a frame beside what is asked for, so that an application whose
    /// timer jitters does not run dry at once.
    pub(crate) fn read(&mut self, frames: usize, mut put: impl FnMut(usize, i16)) -> usize {
        self.health.beat(frames);
        let have = self.ring.slots();
        if !self.flowing {
            if have < self.frame + frames {
                return 0;
            }
            self.flowing = true;
        }
        let count = have.min(frames);
        if count < frames {
            self.flowing = false;
            self.meters.underrun();
        }
        match self.ring.read_chunk(count) {
            Ok(chunk) => chunk.into_iter().enumerate().for_each(|(index, sample)| put(index, sample)),
            Err(_) => return 0,
        }
        count
    }
}

/// One of the two, as a sound system is given it.
pub(crate) enum Port {
    Capture(CapturePort),
    Playback(PlaybackPort),
}

#[cfg(test)]
mod tests {
    use rtrb::RingBuffer;

    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let (ring, mut other) = RingBuffer::new(100);
        let mut port = CapturePort { ring, health: Arc::default(), meters: Arc::default() };
        port.write((0..80).map(|i| i as i16));
        assert_eq!(port.meters.overruns(), 0);
        port.write([7; 80].into_iter());
        assert_eq!((port.meters.overruns(), port.health.beats(), port.health.period()), (1, 2, 80));
        assert_eq!(other.slots(), 100);
        assert_eq!((other.pop(), other.pop()), (Ok(0), Ok(1)));
    }

    #[test]
    fn playing_waits_for_a_cushion_and_counts_a_gap_once() {
        let (mut other, ring) = RingBuffer::new(1_000);
        let (health, meters) = (Arc::default(), Arc::<Meters>::default());
        let mut port = PlaybackPort { ring, health, meters: meters.clone(), frame: 160, flowing: false };
        other.push_entire_slice(&[1; 160]).unwrap();
        assert_eq!(port.read(80, |_, _| panic!("there is no cushion yet")), 0);
        other.push_entire_slice(&[2; 160]).unwrap();
        let mut heard = Vec::new();
        for _ in 0..4 {
            assert_eq!(port.read(80, |_, sample| heard.push(sample)), 80);
        }
        assert_eq!(heard, [[1; 160], [2; 160]].concat());
        assert_eq!(meters.underruns(), 0);
        for _ in 0..10 {
            assert_eq!(port.read(80, |_, _| panic!("nothing is there")), 0);
        }
        assert_eq!(meters.underruns(), 1);
    }

    #[test]
    fn the_first_fault_stays() {
        let health = Health::default();
        assert_eq!(health.trouble(), None);
        health.fail(Fault::Gone);
        health.fail(Fault::System);
        assert_eq!(health.trouble(), Some(SoundTrouble::NoDevice));
    }
}
