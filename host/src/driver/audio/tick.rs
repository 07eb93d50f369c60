//! The clock of sound: a frame in and a frame out of every session, each 20 ms.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sansip_core::agent::Input;
use sansip_core::machines::media::mixer::Mixer;

use super::SoundDefaults;
use super::card::{CARD_FRAME, Card};
use crate::driver::record::Record;
use crate::driver::shared::Shared;
use crate::driver::task::expired;

/// The time between frames.
const FRAME: Duration = Duration::from_millis(20);
/// Frames in a second.
const FRAMES: u32 = 50;
/// How far behind the frames may be and still be caught up with, so that their rate is exact in the long run. Beyond
/// that the machine was away, and a burst would only fill the peers' buffers.
const MOST_BEHIND: Duration = Duration::from_millis(200);
/// Sessions served before the lock is given to others.
const SESSIONS_A_TURN: usize = 32;

/// Moves sound as long as the agent lives. Sleeps, with the card closed, while no session has had audio yet.
pub(crate) async fn keep_playing(shared: Arc<Shared>, sound: SoundDefaults) {
    let mut card = Card::new(sound.input, sound.output);
    let mut mover = Mover::default();
    let mut timer = shared.runtime.timer(Duration::ZERO);
    loop {
        card.close(&shared);
        while !mover.find_sessions(&shared) {
            shared.sound.raised().await;
        }
        let mut next = Instant::now();
        while mover.find_sessions(&shared) {
            timer.set(next.saturating_duration_since(Instant::now()));
            expired(&mut *timer).await;
            let behind = next.elapsed();
            if behind > MOST_BEHIND {
                shared.lock().statistics.frames_skipped += (behind.as_millis() / FRAME.as_millis()) as u64;
                next = Instant::now();
            }
            next += FRAME;
            card.follow(&shared, mover.want_card());
            mover.move_frames(&shared, &mut card);
        }
    }
}

/// Buffers that are used again for each frame.
#[derive(Default)]
struct Mover {
    records: Vec<Arc<Record>>,
    microphone: Vec<i16>,
    loudspeaker: Vec<i16>,
    frame: Vec<i16>,
    mixer: Mixer,
}

impl Mover {
    /// Looks which sessions there are that have audio. False if there are none.
    fn find_sessions(&mut self, shared: &Shared) -> bool {
        self.records.clear();
        let state = shared.lock();
        self.records.extend(state.records.values().filter(|record| record.has_audio()).cloned());
        drop(state);
        !self.records.is_empty()
    }

    fn want_card(&self) -> bool {
        self.records.iter().any(|record| record.wants_card())
    }

    fn move_frames(&mut self, shared: &Arc<Shared>, card: &mut Card) {
        let Mover { records, microphone, loudspeaker, frame, mixer } = self;
        microphone.resize(CARD_FRAME, 0);
        loudspeaker.resize(CARD_FRAME, 0);
        card.capture(microphone);
        mixer.begin(CARD_FRAME);
        for some in records.chunks(SESSIONS_A_TURN) {
            let mut state = shared.lock();
            if state.has_ended() {
                return;
            }
            state.agent.handle(shared.clock.now(), Input::Time);
            for record in some {
                // No audio any more, or for now.
                let Ok(mut port) = state.agent.audio(record.id) else { continue };
                let rate = port.sample_rate();
                frame.resize((rate / FRAMES) as usize, 0);
                let mut sound = record.sound();
                port.pull(frame);
                sound.deliver(frame, rate, mixer);
                sound.fill(frame, rate, microphone);
                port.push(frame);
            }
            shared.finish(state);
        }
        mixer.all(loudspeaker);
        card.play(loudspeaker);
    }
}
