//! Plays recorded sound into a session, a frame at a time, at whatever rate the session has.

use std::sync::Arc;

use super::Samples;
use crate::driver::promise::{Promise, Promised, promise};
use crate::resample::Resampler;

/// Recorded sound on its way to a peer.
pub(crate) struct Player {
    samples: Arc<[i16]>,
    rate: u32,
    repeat: bool,
    position: usize,
    converter: Option<Converter>,
    /// Told when the last sample has been taken.
    played: Option<Promise<()>>,
}

/// Brings the samples to the session's rate.
struct Converter {
    resampler: Resampler,
    to: u32,
    frame: usize,
    input: Vec<i16>,
}

impl Player {
    pub(crate) fn new(samples: Samples) -> Player {
        let Samples { samples, rate, repeat } = samples;
        Player { samples, rate, repeat, position: 0, converter: None, played: None }
    }

    /// The same, and the promise to tell of the end. It is broken if the player is dropped before.
    pub(crate) fn with_end(samples: Samples) -> (Player, Promised<()>) {
        let (played, end) = promise();
        (Player { played: Some(played), ..Player::new(samples) }, end)
    }

    /// Fills `out` with the next samples at `rate` Hz; silence after the end.
    pub(crate) fn fill(&mut self, out: &mut [i16], rate: u32) {
        if rate == self.rate {
            self.take(out);
        } else {
            self.convert(out, rate);
        }
        let over = self.position >= self.samples.len() && !self.repeat;
        if over && let Some(played) = self.played.take() {
            played.keep(());
        }
    }

    fn take(&mut self, mut out: &mut [i16]) {
        while !out.is_empty() {
            if self.position >= self.samples.len() {
                if !self.repeat || self.samples.is_empty() {
                    return out.fill(0);
                }
                self.position = 0;
            }
            let rest = &self.samples[self.position..];
            let n = rest.len().min(out.len());
            let (now, later) = out.split_at_mut(n);
            now.copy_from_slice(&rest[..n]);
            self.position += n;
            out = later;
        }
    }

    fn convert(&mut self, out: &mut [i16], rate: u32) {
        if self.converter.as_ref().is_none_or(|converter| converter.to != rate || converter.frame != out.len()) {
            self.converter = Converter::new(self.rate, rate, out.len());
        }
        let Some(mut converter) = self.converter.take() else {
            // A rate that cannot be converted, and so nothing to say: the sound is over.
            self.position = self.samples.len();
            self.repeat = false;
            return out.fill(0);
        };
        let need = converter.resampler.input_next();
        self.take(&mut converter.input[..need]);
        if converter.resampler.process(&converter.input[..need], out).is_err() {
            out.fill(0);
        }
        self.converter = Some(converter);
    }
}

impl Converter {
    fn new(from: u32, to: u32, frame: usize) -> Option<Converter> {
        let resampler = Resampler::fixed_output(from, to, frame).ok()?;
        let input = vec![0; resampler.input_max()];
        Some(Converter { resampler, to, frame, input })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_played_once_and_the_end_is_told() {
        let (mut player, end) = Player::with_end(Samples::new(vec![3; 200], 8_000));
        let mut frame = [9; 160];
        player.fill(&mut frame, 8_000);
        assert_eq!((frame[0], end.try_take()), (3, None));
        player.fill(&mut frame, 8_000);
        assert_eq!((frame[39], frame[40], end.try_take()), (3, 0, Some(Ok(()))));
    }

    #[test]
    fn repeated_sound_has_no_seam() {
        let mut player = Player::new(Samples::new(vec![1, 2, 3], 8_000).repeated());
        let mut frame = [0; 7];
        player.fill(&mut frame, 8_000);
        assert_eq!(frame, [1, 2, 3, 1, 2, 3, 1]);
        let mut nothing = Player::new(Samples::new(vec![], 8_000).repeated());
        nothing.fill(&mut frame, 8_000);
        assert_eq!(frame, [0; 7]);
    }

    #[test]
    fn sound_of_another_rate_is_converted() {
        let (mut player, end) = Player::with_end(Samples::new(vec![1_000; 16_000], 16_000));
        let mut heard = Vec::new();
        let mut frame = [0; 160];
        while end.try_take().is_none() {
            player.fill(&mut frame, 8_000);
            heard.extend_from_slice(&frame);
        }
        assert!((7_800..=8_200).contains(&heard.len()), "{}", heard.len());
        assert!(heard[400..7_600].iter().all(|sample| (990..=1_010).contains(sample)));
    }
}
