//! The sound card: recorded and played frames at the rate of a call, whatever happens to the devices.
//!
//! [`Sound`] gives and takes frames of 10 or 20 ms of mono 16-bit sound. Behind it runs whatever device was chosen, at
//! its own rate and in its own format. When the device is unplugged, stops, or the system's default becomes another,
//! sound goes on: with silence until a device is there, and a [`SoundNotice`] that says so. A machine without any sound
//! card is silent at real pace.
//!
//! Who does what:
//!
//! ```text
//! callbacks of the card   ring of samples at the device's rate   Sound::capture, Sound::playback
//!  ring.rs: no lock, no  <------------------------------------->  ends.rs: resamples to the call's rate,
//!  allocation                                                     follows the card's clock
//!            \                                                  /
//!             watch.rs, a thread of its own: opens, closes, follows the default, tries again
//! ```
//!
//! The module does no echo cancellation and knows nothing of codecs or packets.
#![cfg_attr(not(feature = "sound"), allow(dead_code, reason = "without a sound card nothing runs its callbacks"))]

#[cfg(not(feature = "sound"))]
mod absent;
#[cfg(feature = "sound")]
mod card;
mod device;
mod ends;
mod notice;
mod pace;
mod ring;
mod watch;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

#[cfg(not(feature = "sound"))]
use absent::Cards;
#[cfg(feature = "sound")]
use card::Cards;
pub use device::{Device, DeviceChoice, Direction};
use ends::{Call, End, LiveCapture, LivePlayback, Slot};
pub use notice::{SoundError, SoundNotice, SoundTrouble};
use ring::Meters;
use watch::{Line, Outlet, SoundSystem};

/// Lowest and highest sample rate of a call, in Hz.
pub const CALL_RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;
/// Most notices that wait to be read; what happens while so many do is not told.
pub const NOTICES: usize = 64;

/// How long the sound system may take to say whether the chosen devices exist.
const OPEN_TIME: Duration = Duration::from_secs(10);

/// The length of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Frame {
    /// 10 ms.
    Ms10,
    /// 20 ms, what most calls send in a packet.
    #[default]
    Ms20,
}

impl Frame {
    /// Its length.
    pub const fn duration(self) -> Duration {
        match self {
            Frame::Ms10 => Duration::from_millis(10),
            Frame::Ms20 => Duration::from_millis(20),
        }
    }
}

/// Which devices to use, and what for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SoundConfig {
    /// The microphone.
    pub input: DeviceChoice,
    /// The loudspeaker.
    pub output: DeviceChoice,
    /// The call's sample rate in Hz, one of [`CALL_RATES`] that has a whole number of samples in a frame.
    pub rate: u32,
    /// The length of the frames in which sound is given and taken.
    pub frame: Frame,
}

impl Default for SoundConfig {
    /// The system's default devices, for a call of 8000 Hz in frames of 20 ms.
    fn default() -> SoundConfig {
        SoundConfig {
            input: DeviceChoice::Default,
            output: DeviceChoice::Default,
            rate: 8_000,
            frame: Frame::default(),
        }
    }
}

/// What has gone missing since [`Sound::open`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Times that recorded sound ran out while it was being taken.
    pub capture_underruns: u64,
    /// Times that recorded sound was thrown away since nobody had taken it.
    pub capture_overruns: u64,
    /// Times that the loudspeaker ran out of sound.
    pub playback_underruns: u64,
    /// Times that sound to play was refused since there was no room.
    pub playback_overruns: u64,
}

/// A microphone and a loudspeaker. Dropped, it stops both.
pub struct Sound {
    capture: End<LiveCapture>,
    playback: End<LivePlayback>,
    notices: Receiver<SoundNotice>,
    zero: Instant,
    frame: usize,
    _watcher: Watcher,
}

impl Sound {
    /// Starts the devices that `config` chooses. That a machine has none is told by [`Sound::notice`] and is no error.
    ///
    /// Blocks for as long as the sound system takes to open its devices: some ten milliseconds, seldom a second. In async
    /// code, call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SoundError`] if the rate does not fit, a device that is chosen by name does not exist, or the sound system hangs.
    pub fn open(config: SoundConfig) -> Result<Sound, SoundError> {
        Sound::open_with(Cards::new, config)
    }

    fn open_with<S, F>(system: F, config: SoundConfig) -> Result<Sound, SoundError>
    where
        S: SoundSystem + 'static,
        F: FnOnce() -> S + Send + 'static,
    {
        let call = Call { rate: config.rate, frame: config.frame.duration() };
        let samples = u64::from(call.rate) * call.frame.as_millis() as u64;
        if !CALL_RATES.contains(&call.rate) || !samples.is_multiple_of(1_000) {
            return Err(SoundError::Rate(call.rate));
        }
        let (into, out_of) = (Arc::<Slot<LiveCapture>>::default(), Arc::<Slot<LivePlayback>>::default());
        let (heard, played) = (Arc::<Meters>::default(), Arc::<Meters>::default());
        let capture = End::new(call, into.clone(), heard.clone());
        let playback = End::new(call, out_of.clone(), played.clone());

        let (tell, notices) = sync_channel(NOTICES);
        let (begun, begins) = sync_channel(1);
        let (stop, stopped) = channel();
        let SoundConfig { input, output, .. } = config;
        let thread = thread::Builder::new()
            .name("sansip-sound".to_owned())
            .spawn(move || {
                let lines = [
                    Line::new(input, call, Outlet::Capture(into), heard, tell.clone()),
                    Line::new(output, call, Outlet::Playback(out_of), played, tell),
                ];
                watch::run(system(), lines, begun, stopped);
            })
            .map_err(|error| SoundError::Thread(error.to_string()))?;
        let mut watcher = Watcher { stop: Some(stop), thread: Some(thread) };
        match begins.recv_timeout(OPEN_TIME) {
            Ok(Ok(())) => {}
            Ok(Err(trouble)) => return Err(SoundError::NoSuchDevice(trouble)),
            Err(RecvTimeoutError::Timeout) => {
                // To wait for the thread would be to hang with it. It ends by itself if the sound system ever answers.
                watcher.thread = None;
                return Err(SoundError::Hung);
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(SoundError::Thread("it ended before it had begun".to_owned()));
            }
        }
        let frame = call.samples(call.rate);
        Ok(Sound { capture, playback, notices, zero: Instant::now(), frame, _watcher: watcher })
    }

    /// How many samples a frame has at the call's rate.
    pub fn frame_samples(&self) -> usize {
        self.frame
    }

    /// Takes what has been recorded: fills the front of `out` with whole frames, as many as there are and as fit, and
    /// returns the number of samples; 0 if not even one frame is there yet. Never waits and never allocates, but for the
    /// first call after a device was opened.
    ///
    /// Call it once a frame's time. Sound that is not taken for more than about 100 ms is thrown away.
    pub fn capture(&mut self, out: &mut [i16]) -> usize {
        self.capture.capture(self.zero.elapsed(), out)
    }

    /// Gives sound to be played: takes whole frames from the front of `sound`, as many as there is room for, and returns
    /// the number of samples taken. Never waits and never allocates, but for the first call after a device was opened.
    ///
    /// Call it once a frame's time. There is room for about 100 ms; more is refused and counted.
    pub fn playback(&mut self, sound: &[i16]) -> usize {
        self.playback.playback(self.zero.elapsed(), sound)
    }

    /// The next thing to tell about the devices, if there is one.
    pub fn notice(&mut self) -> Option<SoundNotice> {
        self.notices.try_recv().ok()
    }

    /// What has gone missing so far.
    pub fn counters(&self) -> Counters {
        let (capture, playback) = (self.capture.meters(), self.playback.meters());
        Counters {
            capture_underruns: capture.underruns(),
            capture_overruns: capture.overruns(),
            playback_underruns: playback.underruns(),
            playback_overruns: playback.overruns(),
        }
    }
}

/// All sound devices of the machine. Like [`Sound::open`] it blocks while the sound system looks.
///
/// # Errors
/// [`SoundTrouble`] if the sound system does not answer, or this program was built without it.
pub fn devices() -> Result<Vec<Device>, SoundTrouble> {
    // On a thread of its own: sound libraries leave their marks on the threads that call them.
    thread::scope(|scope| scope.spawn(|| Cards::new().devices()).join())
        .unwrap_or_else(|_| Err(SoundTrouble::System("it ended while it was listing its devices".to_owned())))
}

/// The thread that looks after the devices; dropped, it ends.
struct Watcher {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed by then, and there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::watch::tests::Fake;
    use super::*;

    fn config() -> SoundConfig {
        SoundConfig::default()
    }

    #[test]
    fn a_machine_without_a_card_is_silent_and_says_so() {
        let mut sound = Sound::open_with(Fake::default, config()).unwrap();
        let mut frame = [1; 160];
        assert_eq!(sound.frame_samples(), 160);
        assert_eq!(sound.capture(&mut frame), 160);
        assert_eq!(frame, [0; 160]);
        assert_eq!(sound.playback(&frame), 160);
        let told: Vec<_> = std::iter::from_fn(|| sound.notice()).collect();
        let none = |direction| SoundNotice::NoDevice { direction, trouble: SoundTrouble::NoDevice };
        assert_eq!(told, [none(Direction::Input), none(Direction::Output)]);
        assert_eq!(sound.counters(), Counters::default());
    }

    #[test]
    fn both_directions_run_on_the_default() {
        let mut sound = Sound::open_with(|| Fake::with(&["headset"]), config()).unwrap();
        for way in [Direction::Input, Direction::Output] {
            match sound.notice() {
                Some(SoundNotice::Opened { direction, device, rate: 48_000, channels: 2 }) => {
                    assert_eq!((direction, device.as_str()), (way, "headset"));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn wrong_choices_are_refused() {
        for rate in [0, 4_000, 11_025, 400_000] {
            let refused = Sound::open_with(Fake::default, SoundConfig { rate, frame: Frame::Ms10, ..config() });
            assert_eq!(refused.err(), Some(SoundError::Rate(rate)));
        }
        let output = DeviceChoice::Named("trumpet".into());
        let refused = Sound::open_with(|| Fake::with(&["headset"]), SoundConfig { output, ..config() });
        let text = refused.err().unwrap().to_string();
        assert_eq!(text, "there is no sound device \"trumpet\"; there are: headset");
    }

    #[cfg(not(feature = "sound"))]
    #[test]
    fn a_program_built_without_sound_says_what_to_do() {
        let mut sound = Sound::open(config()).unwrap();
        match sound.notice() {
            Some(SoundNotice::NoDevice { trouble: SoundTrouble::NotBuilt, .. }) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(devices(), Err(SoundTrouble::NotBuilt));
    }
}
