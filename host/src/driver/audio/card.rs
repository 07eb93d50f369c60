//! The sound card as the sessions of one agent share it: opened when the first needs it, closed when none does.

use std::time::{Duration, Instant};

use crate::driver::promise::{Promised, blocking};
use crate::driver::shared::Shared;
use crate::sound::{DeviceChoice, Direction, Frame, Sound, SoundConfig, SoundError, SoundNotice, SoundTrouble};

/// The rate at which the card is used, in Hz: that of every codec there is today. A session of another rate says silence
/// to, and is not heard from, the card.
pub(crate) const CARD_RATE: u32 = 8_000;
/// Samples of a frame of 20 ms.
pub(crate) const CARD_FRAME: usize = CARD_RATE as usize / 50;
/// When to try again after the sound system refused altogether.
const AGAIN: Duration = Duration::from_secs(5);

/// The sound card of one agent.
pub(crate) struct Card {
    config: SoundConfig,
    state: CardState,
}

enum CardState {
    Closed,
    Opening(Promised<Result<Sound, SoundError>>),
    Open(Box<Sound>),
    Refused { again: Instant },
}

impl Card {
    pub(crate) fn new(input: DeviceChoice, output: DeviceChoice) -> Card {
        let config = SoundConfig { input, output, rate: CARD_RATE, frame: Frame::Ms20 };
        Card { config, state: CardState::Closed }
    }

    /// Opens the card if it is `wanted`, closes it if not. Never waits for it.
    pub(crate) fn follow(&mut self, shared: &Shared, wanted: bool) {
        if !wanted {
            return self.close(shared);
        }
        match &mut self.state {
            CardState::Closed => self.open(shared),
            CardState::Refused { again } if Instant::now() >= *again => self.open(shared),
            CardState::Refused { .. } => {}
            CardState::Opening(opening) => {
                if let Some(opened) = opening.try_take() {
                    let opened = opened.unwrap_or_else(|broken| Err(SoundError::Thread(broken.to_string())));
                    self.state = opened.map_or_else(|error| refused(shared, &error), |s| CardState::Open(Box::new(s)));
                }
            }
            CardState::Open(sound) => {
                while let Some(notice) = sound.notice() {
                    shared.sound_notices.push(notice);
                }
            }
        }
    }

    fn open(&mut self, shared: &Shared) {
        let config = self.config.clone();
        self.state = CardState::Opening(blocking(&*shared.runtime, move || Sound::open(config)));
    }

    /// The card's thread may take a moment to end, so that is left to a thread that may wait. A card that is still being
    /// opened is dropped by the thread that opens it.
    pub(crate) fn close(&mut self, shared: &Shared) {
        let state = std::mem::replace(&mut self.state, CardState::Closed);
        if matches!(state, CardState::Open(_) | CardState::Opening(_)) {
            shared.runtime.spawn_blocking(Box::new(move || drop(state)));
        }
    }

    /// Fills a frame from the microphone; silence where it has none to give.
    pub(crate) fn capture(&mut self, out: &mut [i16]) {
        let came = match &mut self.state {
            CardState::Open(sound) => sound.capture(out),
            _ => 0,
        };
        out[came..].fill(0);
    }

    /// Gives a frame to the loudspeaker.
    pub(crate) fn play(&mut self, frame: &[i16]) {
        if let CardState::Open(sound) = &mut self.state {
            // What the card has no room for is dropped, and counted by it.
            sound.playback(frame);
        }
    }
}

/// Tells why there is no card, in both directions, and when to try again.
fn refused(shared: &Shared, error: &SoundError) -> CardState {
    let trouble = match error {
        SoundError::NoSuchDevice(trouble) => trouble.clone(),
        error => SoundTrouble::System(error.to_string()),
    };
    for direction in [Direction::Input, Direction::Output] {
        shared.sound_notices.push(SoundNotice::NoDevice { direction, trouble: trouble.clone() });
    }
    CardState::Refused { again: Instant::now() + AGAIN }
}
