//! Measures sound: the level of a stretch of it, and how much of it is at one frequency.
//!
//! Levels are in dBov (RFC 6464 3): decibels below the overload point of 16-bit samples. A full-scale square wave is at
//! 0, a full-scale sine at -3.01, silence at [`SILENCE`].

use libm::{cos, log10};

/// The level of digital silence, in dBov.
pub const SILENCE: f32 = -127.0;

const FULL_SCALE: f64 = 32_768.0;

/// The root mean square of `samples`, in dBov; [`SILENCE`] for none.
pub fn rms_dbov(samples: &[i16]) -> f32 {
    let sum: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    mean_square_dbov(sum / samples.len().max(1) as f64)
}

/// A mean of squared samples, in dBov.
pub(super) fn mean_square_dbov(mean_square: f64) -> f32 {
    let relative = mean_square / (FULL_SCALE * FULL_SCALE);
    if relative <= 0.0 { SILENCE } else { (10.0 * log10(relative)).max(f64::from(SILENCE)) as f32 }
}

/// The level that `samples` have at `frequency` Hz, in dBov: that of the sine of this frequency in them.
///
/// The longer the stretch, the finer the filter: its width is about `sample_rate / samples.len()` Hz.
pub fn level_at(samples: &[i16], sample_rate: u32, frequency: f64) -> f32 {
    let mut goertzel = Goertzel::new(sample_rate, frequency);
    goertzel.add(samples);
    goertzel.level()
}

/// The frequency from `low` to `high` Hz, by steps of `step`, at which `samples` are loudest, and the level there in
/// dBov.
pub fn loudest_frequency(samples: &[i16], sample_rate: u32, low: u32, high: u32, step: u32) -> (u32, f32) {
    let mut best = (low, SILENCE);
    for frequency in (low..=high).step_by(step.max(1) as usize) {
        let level = level_at(samples, sample_rate, f64::from(frequency));
        if level > best.1 {
            best = (frequency, level);
        }
    }
    best
}

/// The Goertzel filter: one bin of a Fourier transform, fed a piece at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Goertzel {
    coefficient: f64,
    last: f64,
    before: f64,
    samples: u64,
}

impl Goertzel {
    /// A detector for `frequency` Hz, which need not divide the sample rate.
    pub fn new(sample_rate: u32, frequency: f64) -> Goertzel {
        let turn = core::f64::consts::TAU * frequency / f64::from(sample_rate.max(1));
        Goertzel { coefficient: 2.0 * cos(turn), last: 0.0, before: 0.0, samples: 0 }
    }

    /// Takes samples in.
    pub fn add(&mut self, samples: &[i16]) {
        for &sample in samples {
            let next = f64::from(sample) + self.coefficient * self.last - self.before;
            self.before = self.last;
            self.last = next;
        }
        self.samples += samples.len() as u64;
    }

    /// The level at the frequency in all that was taken in, in dBov.
    pub fn level(&self) -> f32 {
        let power = self.last * self.last + self.before * self.before - self.coefficient * self.last * self.before;
        let n = self.samples.max(1) as f64;
        // A sine of amplitude A gives a power of (A n / 2)^2, and has a mean square of A^2 / 2.
        mean_square_dbov(2.0 * power / (n * n))
    }

    /// Forgets what was taken in.
    pub fn reset(&mut self) {
        *self = Goertzel { last: 0.0, before: 0.0, samples: 0, ..*self };
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::tone::Sine;
    use super::*;

    #[test]
    fn a_tone_is_found_where_it_is() {
        let mut sound = vec![0; 4_000];
        Sine::new(8_000, 440.0, 10_000.0).fill(&mut sound);
        let expected = 20.0 * libm::log10f(10_000.0 / 32_768.0) - 3.01;
        assert!((level_at(&sound, 8_000, 440.0) - expected).abs() < 0.1);
        assert!((rms_dbov(&sound) - expected).abs() < 0.1);
        assert!(level_at(&sound, 8_000, 600.0) < expected - 30.0);
        assert_eq!(loudest_frequency(&sound, 8_000, 300, 1_000, 20).0, 440);
    }

    #[test]
    fn silence_is_silence() {
        assert_eq!(rms_dbov(&[0; 160]), SILENCE);
        assert_eq!(rms_dbov(&[]), SILENCE);
        assert_eq!(Goertzel::new(8_000, 440.0).level(), SILENCE);
        assert_eq!(rms_dbov(&[i16::MIN; 10]), 0.0);
    }
}
