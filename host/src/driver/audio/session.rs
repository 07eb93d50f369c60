//! The sound of one session: its source, its sink, and whether it is on hold.

use std::sync::Arc;

use sansip_core::machines::media::mixer::Mixer;
use sansip_core::machines::media::tone::Sine;
use sansip_core::middleware::notification::Originator;

use super::card::CARD_RATE;
use super::channel::Pcm;
use super::player::Player;
use super::{AudioChannel, AudioSink, AudioSource, Samples, SoundDefaults};
use crate::driver::promise::Promised;

enum Source {
    Silence,
    Card,
    Tone { frequency: f64, level: f64, sine: Option<(u32, Sine)> },
    Playing(Box<Player>),
    Channel(Arc<Pcm>),
}

enum Sink {
    Discard,
    Card,
    Channel(Arc<Pcm>),
}

/// The sound of one session.
pub(crate) struct SessionSound {
    source: Source,
    sink: Sink,
    held_by_us: bool,
    held_by_peer: bool,
}

impl SessionSound {
    pub(crate) fn new(defaults: &SoundDefaults) -> SessionSound {
        let mut sound =
            SessionSound { source: Source::Silence, sink: Sink::Discard, held_by_us: false, held_by_peer: false };
        sound.set_source(defaults.source.clone());
        sound.set_sink(defaults.sink);
        sound
    }

    pub(crate) fn set_source(&mut self, source: AudioSource) {
        self.replace_source(match source {
            AudioSource::Silence => Source::Silence,
            AudioSource::SoundCard => Source::Card,
            AudioSource::Tone { frequency, level } => Source::Tone { frequency, level, sine: None },
            AudioSource::Samples(samples) => Source::Playing(Box::new(Player::new(samples))),
        });
    }

    pub(crate) fn set_sink(&mut self, sink: AudioSink) {
        self.replace_sink(match sink {
            AudioSink::Discard => Sink::Discard,
            AudioSink::SoundCard => Sink::Card,
        });
    }

    /// Plays samples, and tells when the last one was taken.
    pub(crate) fn play(&mut self, samples: Samples) -> Promised<()> {
        let (player, end) = Player::with_end(samples);
        self.replace_source(Source::Playing(Box::new(player)));
        end
    }

    pub(crate) fn open_channel(&mut self, sample_rate: u32) -> AudioChannel {
        let (pcm, channel) = Pcm::open(sample_rate);
        self.replace_source(Source::Channel(pcm.clone()));
        self.replace_sink(Sink::Channel(pcm));
        channel
    }

    fn replace_source(&mut self, source: Source) {
        if let Source::Channel(pcm) = std::mem::replace(&mut self.source, source) {
            pcm.close_mouth();
        }
    }

    fn replace_sink(&mut self, sink: Sink) {
        if let Sink::Channel(pcm) = std::mem::replace(&mut self.sink, sink) {
            pcm.close_ear();
        }
    }

    pub(crate) fn hold(&mut self, by: Originator, held: bool) {
        match by {
            Originator::Local => self.held_by_us = held,
            Originator::Remote => self.held_by_peer = held,
        }
    }

    /// The audio has ended: whoever waits for it is told.
    pub(crate) fn close(&mut self) {
        if matches!(self.source, Source::Playing(_) | Source::Channel(_)) {
            self.replace_source(Source::Silence);
        }
        if matches!(self.sink, Sink::Channel(_)) {
            self.replace_sink(Sink::Discard);
        }
    }

    /// True if the session has anything to do with the sound card now.
    pub(crate) fn uses_card(&self) -> bool {
        !self.held_by_us && (matches!(self.source, Source::Card) || matches!(self.sink, Sink::Card))
    }

    /// Takes a frame of what the peer said. A peer that holds us may still be heard: it may play music.
    pub(crate) fn deliver(&self, heard: &[i16], rate: u32, loudspeaker: &mut Mixer) {
        if self.held_by_us {
            return;
        }
        match &self.sink {
            Sink::Discard => {}
            Sink::Card if rate == CARD_RATE => loudspeaker.add(heard),
            Sink::Card => {}
            Sink::Channel(pcm) => pcm.give(heard),
        }
    }

    /// Fills a frame with what is said to the peer. On hold, by whomever, that is silence, and recorded sound waits.
    pub(crate) fn fill(&mut self, out: &mut [i16], rate: u32, microphone: &[i16]) {
        if self.held_by_us || self.held_by_peer {
            return out.fill(0);
        }
        match &mut self.source {
            Source::Card if rate == CARD_RATE && microphone.len() == out.len() => out.copy_from_slice(microphone),
            Source::Silence | Source::Card => out.fill(0),
            Source::Tone { frequency, level, sine } => {
                let fits = sine.as_ref().is_some_and(|(of, _)| *of == rate);
                if !fits {
                    *sine = Some((rate, tone(rate, *frequency, *level)));
                }
                if let Some((_, sine)) = sine {
                    sine.fill(out);
                }
            }
            Source::Playing(player) => player.fill(out, rate),
            Source::Channel(pcm) => pcm.take(out),
        }
    }
}

/// A sine whose root mean square is at `level` dBov.
fn tone(rate: u32, frequency: f64, level: f64) -> Sine {
    let amplitude = 32_768.0 * std::f64::consts::SQRT_2 * 10f64.powf(level / 20.0);
    Sine::new(rate, frequency, amplitude)
}

#[cfg(test)]
mod tests {
    use sansip_core::machines::media::measure::{level_at, rms_dbov};

    use super::*;
    use crate::driver::task::tests::at_once;

    fn silent() -> SessionSound {
        SessionSound::new(&SoundDefaults::none())
    }

    fn said(sound: &mut SessionSound, frames: usize) -> Vec<i16> {
        let mut all = Vec::new();
        for _ in 0..frames {
            let mut frame = [99; 160];
            sound.fill(&mut frame, 8_000, &[0; 160]);
            all.extend_from_slice(&frame);
        }
        all
    }

    #[test]
    fn a_tone_has_the_level_asked_for() {
        let mut sound = silent();
        sound.set_source(AudioSource::Tone { frequency: 440.0, level: -20.0 });
        let tone = said(&mut sound, 50);
        assert!((level_at(&tone, 8_000, 440.0) + 20.0).abs() < 0.1);
        assert!((rms_dbov(&tone) + 20.0).abs() < 0.1);
    }

    #[test]
    fn recorded_sound_waits_while_on_hold() {
        let mut sound = silent();
        sound.set_source(AudioSource::Samples(Samples::new(vec![7; 320], 8_000)));
        assert_eq!(said(&mut sound, 1), [7; 160]);
        sound.hold(Originator::Remote, true);
        assert_eq!(said(&mut sound, 2), [0; 320]);
        sound.hold(Originator::Remote, false);
        assert_eq!(said(&mut sound, 1), [7; 160]);
        assert_eq!(said(&mut sound, 1), [0; 160]);
    }

    #[test]
    fn a_peer_that_holds_us_is_heard_and_one_that_we_hold_is_not() {
        let mut sound = silent();
        sound.set_sink(AudioSink::SoundCard);
        let heard = |sound: &SessionSound| {
            let (mut mixer, mut out) = (Mixer::new(), [0; 160]);
            mixer.begin(160);
            sound.deliver(&[5; 160], 8_000, &mut mixer);
            mixer.all(&mut out);
            out[0]
        };
        sound.hold(Originator::Remote, true);
        assert_eq!((heard(&sound), sound.uses_card()), (5, true));
        sound.hold(Originator::Local, true);
        assert_eq!((heard(&sound), sound.uses_card()), (0, false));
    }

    #[test]
    fn a_second_channel_closes_the_first() {
        let mut sound = silent();
        let first = sound.open_channel(8_000);
        let second = sound.open_channel(8_000);
        assert!(at_once(first.write(&[1; 10])).is_err());
        assert!(at_once(second.write(&[1; 10])).is_ok());
    }
}
