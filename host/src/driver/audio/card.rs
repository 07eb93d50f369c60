//! The sound card as the sessions of one agent share it: opened when the first needs it, closed when none does.

use std::time::Duration;

use crate::sound::{DeviceChoice, Direction, Frame, Sound, SoundConfig, SoundError, SoundNotice, SoundTrouble};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::driver::shared::Shared;

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
    Opening(JoinHandle<Result<Sound, SoundError>>),
    Open(Box<Sound>),
    Refused { again: Instant },
}

impl Card {
    pub(crate) fn new(input: DeviceChoice, output: DeviceChoice) -> Card {
        let config = SoundConfig { input, output, rate: CARD_RATE, frame: Frame::Ms20 };
        Card { config, state: CardState::Closed }
    }

    /// Opens the card if it is `wanted`, closes it if not. Never waits for it.
    pub(crate) async fn follow(&mut self, shared: &Shared, wanted: bool) {
        if !wanted {
            return self.close();
        }
        match &mut self.state {
            CardState::Closed => self.open(),
            CardState::Refused { again } if Instant::now() >= *again => self.open(),
            CardState::Refused { .. } => {}
            CardState::Opening(opening) => {
                if opening.is_finished() {
                    let opened = opening.await.unwrap_or_else(|error| Err(SoundError::Thread(error.to_string())));
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

    fn open(&mut self) {
        let config = self.config.clone();
        self.state = CardState::Opening(tokio::task::spawn_blocking(move || Sound::open(config)));
    }

    /// The card's thread may take a moment to end, so that is left to a thread that may wait.
    pub(crate) fn close(&mut self) {
        match std::mem::replace(&mut self.state, CardState::Closed) {
            CardState::Open(sound) => drop(tokio::task::spawn_blocking(move || drop(sound))),
            CardState::Opening(opening) => drop(tokio::spawn(async move { drop(opening.await) })),
            CardState::Closed | CardState::Refused { .. } => {}
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
