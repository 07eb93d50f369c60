//! Keeps a device running in each direction, or keeps trying.
//!
//! A [`Line`] is one direction. It is stepped with the time and a [`SoundSystem`], on one thread that owns both, since the
//! streams of some systems may not leave the thread that made them. The policy has no clock and no sound card of its own,
//! so tests step it by hand.
//!
//! ```text
//!           found and started                 fault, or no callback for STALL
//!  Closed ---------------------> Open ------------------------------------------> Closed
//!   |  ^                          |  ^
//!   '--' not found: wait longer   '--' the default is another: closed and opened at once
//! ```

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::device::{DeviceChoice, Direction};
use super::ends::{Call, LiveCapture, LivePlayback, Slot};
use super::notice::{SoundNotice, SoundTrouble};
use super::ring::{Health, Meters, Port};

/// How often the lines are stepped.
const TICK: Duration = Duration::from_millis(100);
/// How often it is asked which device is the default.
const FOLLOW: Duration = Duration::from_secs(1);
/// A device whose callback has not run for so long has stopped.
const STALL: Duration = Duration::from_secs(3);
/// The first wait before a device is tried again, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A device that ran for so long before it was lost is tried again after the first wait.
const STEADY: Duration = Duration::from_secs(10);

/// A device that has been found, and the format it will run in.
pub(crate) struct Found<D> {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) rate: u32,
    pub(crate) channels: u16,
    pub(crate) device: D,
}

/// What is needed of the system's sound.
pub(crate) trait SoundSystem {
    /// A device that has been found.
    type Device;
    /// A running stream; dropped, it stops.
    type Stream;

    /// The id of the default device.
    fn default_id(&mut self, direction: Direction) -> Option<String>;

    /// Finds the device `wanted`, or the default one.
    fn find(&mut self, direction: Direction, wanted: Option<&str>) -> Result<Found<Self::Device>, SoundTrouble>;

    /// Starts `found` on a port that `port` makes; one for each attempt, of which the last counts.
    fn start(
        &mut self,
        found: &Found<Self::Device>,
        port: &mut dyn FnMut() -> Result<Port, SoundTrouble>,
    ) -> Result<Self::Stream, SoundTrouble>;
}

/// The slot of one direction's end.
#[derive(Clone)]
pub(crate) enum Outlet {
    Capture(Arc<Slot<LiveCapture>>),
    Playback(Arc<Slot<LivePlayback>>),
}

/// Hands the application's half of a device over.
type Publish = Box<dyn FnOnce()>;

impl Outlet {
    fn direction(&self) -> Direction {
        match self {
            Outlet::Capture(_) => Direction::Input,
            Outlet::Playback(_) => Direction::Output,
        }
    }

    fn silence(&self) {
        match self {
            Outlet::Capture(slot) => slot.put(None),
            Outlet::Playback(slot) => slot.put(None),
        }
    }

    /// The device's half of a new pair, and the handing over of the other half.
    fn pair(
        &self,
        call: Call,
        rate: u32,
        meters: &Arc<Meters>,
        health: &Arc<Health>,
    ) -> Result<(Port, Publish), SoundTrouble> {
        let unsupported = |error: crate::resample::ResampleError| SoundTrouble::Unsupported(error.to_string());
        match self {
            Outlet::Capture(slot) => {
                let (port, live) = LiveCapture::new(call, rate, meters.clone(), health.clone()).map_err(unsupported)?;
                let slot = slot.clone();
                Ok((Port::Capture(port), Box::new(move || slot.put(Some(live)))))
            }
            Outlet::Playback(slot) => {
                let (port, live) =
                    LivePlayback::new(call, rate, meters.clone(), health.clone()).map_err(unsupported)?;
                let slot = slot.clone();
                Ok((Port::Playback(port), Box::new(move || slot.put(Some(live)))))
            }
        }
    }
}

/// One direction.
pub(crate) struct Line<S: SoundSystem> {
    choice: DeviceChoice,
    call: Call,
    outlet: Outlet,
    meters: Arc<Meters>,
    notices: SyncSender<SoundNotice>,
    state: State<S::Stream>,
    /// A device has run before.
    ran: bool,
    /// It has been said that none runs now.
    told: bool,
    /// Attempts that failed, or did not hold for long, in a row.
    failures: u32,
}

enum State<T> {
    Closed { retry_at: Duration },
    Open(Open<T>),
}

struct Open<T> {
    /// Held so that it runs.
    _stream: T,
    id: String,
    name: String,
    health: Arc<Health>,
    since: Duration,
    beats: u64,
    beat_at: Duration,
    followed_at: Duration,
}

impl<T> Open<T> {
    fn trouble(&mut self, now: Duration) -> Option<SoundTrouble> {
        let beats = self.health.beats();
        if beats != self.beats {
            self.beats = beats;
            self.beat_at = now;
        }
        let stalled = now.saturating_sub(self.beat_at) >= STALL;
        self.health.trouble().or(stalled.then_some(SoundTrouble::Stalled))
    }
}

impl<S: SoundSystem> Line<S> {
    pub(crate) fn new(
        choice: DeviceChoice,
        call: Call,
        outlet: Outlet,
        meters: Arc<Meters>,
        notices: SyncSender<SoundNotice>,
    ) -> Line<S> {
        let state = State::Closed { retry_at: Duration::ZERO };
        Line { choice, call, outlet, meters, notices, state, ran: false, told: false, failures: 0 }
    }

    /// The first attempt. That the device that was asked for by name does not exist is the caller's mistake; every other
    /// trouble is waited out.
    pub(crate) fn begin(&mut self, now: Duration, system: &mut S) -> Result<(), SoundTrouble> {
        match self.attempt(now, system) {
            Some(trouble @ SoundTrouble::NoSuchDevice { .. }) => Err(trouble),
            _ => Ok(()),
        }
    }

    /// Looks after the line at the time `now`.
    pub(crate) fn step(&mut self, now: Duration, system: &mut S) {
        match &mut self.state {
            State::Closed { retry_at } => {
                if now >= *retry_at {
                    self.attempt(now, system);
                }
            }
            State::Open(open) => {
                if let Some(trouble) = open.trouble(now) {
                    self.lose(now, trouble);
                } else if self.choice == DeviceChoice::Default && now.saturating_sub(open.followed_at) >= FOLLOW {
                    open.followed_at = now;
                    let default = system.default_id(self.outlet.direction());
                    if default.is_some_and(|id| id != open.id) {
                        self.close(now);
                        self.attempt(now, system);
                    }
                }
            }
        }
    }

    fn attempt(&mut self, now: Duration, system: &mut S) -> Option<SoundTrouble> {
        let wanted = match &self.choice {
            DeviceChoice::None => return None,
            DeviceChoice::Default => None,
            DeviceChoice::Named(name) => Some(name.as_str()),
        };
        match self.open(now, system, wanted) {
            Ok((open, rate, channels)) => {
                let (direction, device) = (self.outlet.direction(), open.name.clone());
                self.notify(if self.ran {
                    SoundNotice::Reopened { direction, device, rate, channels }
                } else {
                    SoundNotice::Opened { direction, device, rate, channels }
                });
                self.state = State::Open(open);
                self.ran = true;
                self.told = false;
                None
            }
            Err(trouble) => {
                if !self.told {
                    self.told = true;
                    let direction = self.outlet.direction();
                    self.notify(SoundNotice::NoDevice { direction, trouble: trouble.clone() });
                }
                self.failures = self.failures.saturating_add(1);
                self.close(now);
                Some(trouble)
            }
        }
    }

    fn open(
        &self,
        now: Duration,
        system: &mut S,
        wanted: Option<&str>,
    ) -> Result<(Open<S::Stream>, u32, u16), SoundTrouble> {
        let found = system.find(self.outlet.direction(), wanted)?;
        let health = Arc::<Health>::default();
        let mut publish = None;
        let stream = system.start(&found, &mut || {
            let (port, hand_over) = self.outlet.pair(self.call, found.rate, &self.meters, &health)?;
            publish = Some(hand_over);
            Ok(port)
        })?;
        if let Some(hand_over) = publish {
            hand_over();
        }
        let Found { id, name, rate, channels, .. } = found;
        let open = Open { _stream: stream, id, name, health, since: now, beats: 0, beat_at: now, followed_at: now };
        Ok((open, rate, channels))
    }

    fn lose(&mut self, now: Duration, trouble: SoundTrouble) {
        if let State::Open(open) = &self.state {
            let steady = now.saturating_sub(open.since) >= STEADY;
            self.failures = if steady { 0 } else { self.failures.saturating_add(1) };
            let (direction, device) = (self.outlet.direction(), open.name.clone());
            self.notify(SoundNotice::Lost { direction, device, trouble });
            self.told = true;
        }
        self.close(now);
    }

    /// Stops what runs; silence takes its place, and another attempt is due after the wait.
    fn close(&mut self, now: Duration) {
        let doublings = self.failures.saturating_sub(1).min(16);
        let wait = (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT);
        self.outlet.silence();
        self.state = State::Closed { retry_at: now + wait };
    }

    /// Tells the application, unless it has left very many notices unread.
    fn notify(&self, notice: SoundNotice) {
        let _ = self.notices.try_send(notice);
    }

    #[cfg(test)]
    fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }
}

/// Runs both lines until `stop` is dropped. Says on `begun` how the first attempts went, and ends if they must not go on.
pub(crate) fn run<S: SoundSystem>(
    mut system: S,
    mut lines: [Line<S>; 2],
    begun: SyncSender<Result<(), SoundTrouble>>,
    stop: Receiver<()>,
) {
    let zero = Instant::now();
    let result = lines.iter_mut().try_for_each(|line| line.begin(zero.elapsed(), &mut system));
    let go_on = result.is_ok();
    if begun.send(result).is_err() || !go_on {
        return;
    }
    while stop.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        for line in &mut lines {
            line.step(zero.elapsed(), &mut system);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::sync_channel;

    use super::*;
    use crate::sound::device::pick;
    use crate::sound::ends::End;
    use crate::sound::ring::Fault;

    /// A machine whose devices a test plugs in and out.
    #[derive(Clone, Default)]
    pub(crate) struct Fake(Arc<Mutex<World>>);

    #[derive(Default)]
    struct World {
        devices: Vec<String>,
        finds: u32,
        running: Vec<(String, Port)>,
    }

    impl Fake {
        pub(crate) fn with(devices: &[&str]) -> Fake {
            let fake = Fake::default();
            fake.plug(devices);
            fake
        }

        /// What is plugged in now; the first is the default.
        fn plug(&self, devices: &[&str]) {
            self.0.lock().unwrap().devices = devices.iter().map(|&name| name.to_owned()).collect();
        }

        /// Runs a callback of the latest stream of `name`.
        fn beat(&self, name: &str) {
            let mut world = self.0.lock().unwrap();
            match world.running.iter_mut().rev().find(|(running, _)| running == name).map(|(_, port)| port) {
                Some(Port::Capture(port)) => port.write([1_000; 480].into_iter()),
                Some(Port::Playback(port)) => {
                    port.read(480, |_, _| {});
                }
                None => panic!("{name} does not run"),
            }
        }

        fn fail(&self, name: &str) {
            let world = self.0.lock().unwrap();
            match world.running.iter().rev().find(|(running, _)| running == name).map(|(_, port)| port) {
                Some(Port::Capture(port)) => port.health.fail(Fault::Gone),
                Some(Port::Playback(port)) => port.health.fail(Fault::Gone),
                None => panic!("{name} does not run"),
            }
        }

        fn finds(&self) -> u32 {
            self.0.lock().unwrap().finds
        }
    }

    impl SoundSystem for Fake {
        type Device = ();
        type Stream = ();

        fn default_id(&mut self, _direction: Direction) -> Option<String> {
            self.0.lock().unwrap().devices.first().cloned()
        }

        fn find(&mut self, _direction: Direction, wanted: Option<&str>) -> Result<Found<()>, SoundTrouble> {
            let mut world = self.0.lock().unwrap();
            world.finds += 1;
            let named: Vec<_> = world.devices.iter().map(|name| (name.clone(), name.clone())).collect();
            let index = match wanted {
                None => (!named.is_empty()).then_some(0).ok_or(SoundTrouble::NoDevice)?,
                Some(wanted) => pick(&named, wanted).ok_or_else(|| SoundTrouble::NoSuchDevice {
                    wanted: wanted.to_owned(),
                    there_are: world.devices.clone(),
                })?,
            };
            let (id, name) = named[index].clone();
            Ok(Found { id, name, rate: 48_000, channels: 2, device: () })
        }

        fn start(
            &mut self,
            found: &Found<()>,
            port: &mut dyn FnMut() -> Result<Port, SoundTrouble>,
        ) -> Result<(), SoundTrouble> {
            // As with a device that refuses the first format: the first port is thrown away.
            drop(port()?);
            let port = port()?;
            self.0.lock().unwrap().running.push((found.id.clone(), port));
            Ok(())
        }
    }

    const CALL: Call = Call { rate: 8_000, frame: Duration::from_millis(20) };

    struct Rig {
        system: Fake,
        line: Line<Fake>,
        end: End<LiveCapture>,
        notices: Receiver<SoundNotice>,
        now: Duration,
    }

    impl Rig {
        fn new(system: Fake, choice: DeviceChoice) -> Rig {
            let (sender, notices) = sync_channel(64);
            let (slot, meters) = (Arc::<Slot<LiveCapture>>::default(), Arc::<Meters>::default());
            let line = Line::new(choice, CALL, Outlet::Capture(slot.clone()), meters.clone(), sender);
            Rig { system, line, end: End::new(CALL, slot, meters), notices, now: Duration::ZERO }
        }

        fn begin(&mut self) -> Result<(), SoundTrouble> {
            self.line.begin(self.now, &mut self.system)
        }

        /// Steps for `time`; `beating` is the device whose callbacks run whenever it is open.
        fn pass(&mut self, time: Duration, beating: Option<&str>) {
            let end = self.now + time;
            while self.now < end {
                self.now += TICK;
                if let (Some(name), true) = (beating, self.line.is_open()) {
                    self.system.beat(name);
                }
                self.line.step(self.now, &mut self.system);
            }
        }

        /// The notices since the last time, as short words.
        fn heard(&self) -> Vec<String> {
            self.notices
                .try_iter()
                .map(|notice| match notice {
                    SoundNotice::Opened { device, .. } => format!("opened {device}"),
                    SoundNotice::Reopened { device, .. } => format!("reopened {device}"),
                    SoundNotice::Lost { device, trouble, .. } => format!("lost {device}: {trouble}"),
                    SoundNotice::NoDevice { trouble, .. } => format!("none: {trouble}"),
                })
                .collect()
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_machine_without_a_device_takes_up_the_first_that_is_plugged_in() {
        let mut rig = Rig::new(Fake::default(), DeviceChoice::Default);
        rig.begin().unwrap();
        rig.pass(60 * SECOND, None);
        assert_eq!(rig.heard(), ["none: there is no sound device"], "it is said once");
        rig.system.plug(&["headset"]);
        rig.pass(6 * SECOND, Some("headset"));
        assert_eq!(rig.heard(), ["opened headset"]);
    }

    #[test]
    fn a_device_that_is_pulled_out_comes_back() {
        let mut rig = Rig::new(Fake::with(&["headset"]), DeviceChoice::Default);
        rig.begin().unwrap();
        rig.pass(20 * SECOND, Some("headset"));
        assert_eq!(rig.heard(), ["opened headset"]);
        let mut frame = [0; 160];
        assert_eq!(rig.end.capture(rig.now, &mut frame), 160);
        rig.system.fail("headset");
        rig.system.plug(&[]);
        rig.pass(20 * SECOND, None);
        assert_eq!(rig.heard(), ["lost headset: there is no sound device"]);
        assert_eq!(rig.end.capture(rig.now, &mut frame), 160, "silence goes on");
        assert_eq!(frame, [0; 160]);
        rig.system.plug(&["headset"]);
        rig.pass(6 * SECOND, Some("headset"));
        assert_eq!(rig.heard(), ["reopened headset"]);
    }

    #[test]
    fn the_default_is_followed_and_a_named_device_is_not_left() {
        let mut rig = Rig::new(Fake::with(&["loudspeaker", "headset"]), DeviceChoice::Default);
        rig.begin().unwrap();
        rig.system.plug(&["headset", "loudspeaker"]);
        rig.pass(2 * SECOND, None);
        assert_eq!(rig.heard(), ["opened loudspeaker", "reopened headset"]);

        let named = DeviceChoice::Named("loudspeaker".into());
        let mut rig = Rig::new(Fake::with(&["loudspeaker", "headset"]), named);
        rig.begin().unwrap();
        rig.system.plug(&["headset", "loudspeaker"]);
        rig.pass(10 * SECOND, Some("loudspeaker"));
        assert_eq!(rig.heard(), ["opened loudspeaker"]);
    }

    #[test]
    fn a_name_that_does_not_exist_is_refused_at_first_and_waited_for_later() {
        let wanted = || DeviceChoice::Named("trumpet".into());
        let mut rig = Rig::new(Fake::with(&["headset"]), wanted());
        let there_are = vec!["headset".to_owned()];
        assert_eq!(rig.begin(), Err(SoundTrouble::NoSuchDevice { wanted: "trumpet".into(), there_are }));

        let mut rig = Rig::new(Fake::with(&["trumpet"]), wanted());
        rig.begin().unwrap();
        rig.system.fail("trumpet");
        rig.system.plug(&["headset"]);
        rig.pass(10 * SECOND, None);
        rig.system.plug(&["headset", "trumpet"]);
        rig.pass(6 * SECOND, Some("trumpet"));
        assert_eq!(rig.heard(), ["opened trumpet", "lost trumpet: there is no sound device", "reopened trumpet"]);
    }

    #[test]
    fn a_device_that_silently_stops_is_opened_again() {
        let mut rig = Rig::new(Fake::with(&["headset"]), DeviceChoice::Default);
        rig.begin().unwrap();
        rig.pass(20 * SECOND, Some("headset"));
        assert!(rig.line.is_open());
        rig.pass(STALL + SECOND, None);
        assert_eq!(rig.heard(), ["opened headset", "lost headset: the sound device has stopped", "reopened headset"]);
    }

    #[test]
    fn a_device_that_fails_at_once_is_tried_less_and_less_often() {
        let mut rig = Rig::new(Fake::with(&["headset"]), DeviceChoice::Default);
        rig.begin().unwrap();
        for _ in 0..600 {
            if rig.line.is_open() {
                rig.system.fail("headset");
            }
            rig.pass(TICK, None);
        }
        // A minute: 0.25, 0.5, 1, 2, 4, then each 5 seconds, and a tick or two on each.
        assert!((12..=18).contains(&rig.system.finds()), "{}", rig.system.finds());
    }

    #[test]
    fn no_device_is_asked_for_when_none_is_wanted() {
        let mut rig = Rig::new(Fake::with(&["headset"]), DeviceChoice::None);
        rig.begin().unwrap();
        rig.pass(10 * SECOND, None);
        assert_eq!((rig.system.finds(), rig.heard().len()), (0, 0));
    }
}
