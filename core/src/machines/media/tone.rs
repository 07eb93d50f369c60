//! Tones: sines whose phase never slips, DTMF pairs, and the cadences that a telephone plays to its user.

use core::f64::consts::TAU;

use libm::{round, sin};

use crate::wire::rtp::TelephoneEvent;

/// A sine. Its phase is an exact fraction of a turn, so that it neither drifts nor jumps however long it runs and
/// however it is cut into frames.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sine {
    /// Where in the turn, in 2^-64 of one.
    phase: u64,
    /// How far a sample goes.
    step: u64,
    amplitude: f64,
}

impl Sine {
    /// A sine of `frequency` Hz, below half of `sample_rate`, with its peaks at `amplitude` (0 to 32,767).
    pub fn new(sample_rate: u32, frequency: f64, amplitude: f64) -> Sine {
        let turn = frequency / f64::from(sample_rate.max(1));
        Sine { phase: 0, step: (turn * 18_446_744_073_709_551_616.0) as u64, amplitude: amplitude.clamp(0.0, 32_767.0) }
    }

    /// Fills `out` with the next samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        out.fill(0);
        self.add(out);
    }

    /// Adds the next samples to `out`, saturating.
    pub fn add(&mut self, out: &mut [i16]) {
        for sample in out {
            let turn = (self.phase >> 11) as f64 / (1u64 << 53) as f64;
            let value = round(sin(turn * TAU) * self.amplitude) as i16;
            *sample = sample.saturating_add(value);
            self.phase = self.phase.wrapping_add(self.step);
        }
    }

    /// Moves on by `samples` without a sound.
    fn skip(&mut self, samples: usize) {
        self.phase = self.phase.wrapping_add(self.step.wrapping_mul(samples as u64));
    }
}

/// One or two sines, switched on and off in a cadence that is exact to the sample.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tone {
    sines: [Option<Sine>; 2],
    /// Samples of sound, and of silence after it; no cadence if the second is 0.
    on: u64,
    off: u64,
    position: u64,
}

impl Tone {
    /// A tone without end: one frequency in Hz, or two added, each with its peaks at `amplitude`.
    pub fn new(sample_rate: u32, first: f64, second: Option<f64>, amplitude: f64) -> Tone {
        let sine = |frequency| Sine::new(sample_rate, frequency, amplitude);
        Tone { sines: [Some(sine(first)), second.map(sine)], on: 1, off: 0, position: 0 }
    }

    /// The same tone, `on_ms` milliseconds of sound and `off_ms` of silence in turn.
    pub fn with_cadence(self, sample_rate: u32, on_ms: u64, off_ms: u64) -> Tone {
        let samples = |ms: u64| u64::from(sample_rate) * ms / 1_000;
        Tone { on: samples(on_ms).max(1), off: samples(off_ms), ..self }
    }

    /// The pair of a DTMF digit (ITU-T Q.23); `None` if it is none of `0`-`9`, `*`, `#`, `A`-`D`.
    pub fn dtmf(sample_rate: u32, digit: char, amplitude: f64) -> Option<Tone> {
        let (low, high) = dtmf_frequencies(digit)?;
        Some(Tone::new(sample_rate, low, Some(high), amplitude))
    }

    /// What a caller hears while the callee's telephone rings, as in most of Europe: 425 Hz, 1 s in 5 (ITU-T E.180).
    pub fn ringback(sample_rate: u32) -> Tone {
        Tone::new(sample_rate, 425.0, None, 4_000.0).with_cadence(sample_rate, 1_000, 4_000)
    }

    /// What a caller hears when the callee is busy: 425 Hz, half a second in one (ITU-T E.180).
    pub fn busy(sample_rate: u32) -> Tone {
        Tone::new(sample_rate, 425.0, None, 4_000.0).with_cadence(sample_rate, 500, 500)
    }

    /// Fills `out` with the next samples.
    pub fn fill(&mut self, mut out: &mut [i16]) {
        while !out.is_empty() {
            let period = self.on + self.off;
            let (sounds, left) = match self.on.checked_sub(self.position) {
                Some(left @ 1..) => (true, left),
                _ => (false, period - self.position),
            };
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
            // Without silence there is no cadence: all of it sounds.
            let n = if self.off == 0 { out.len() } else { n };
            let (part, rest) = out.split_at_mut(n);
            part.fill(0);
            for sine in self.sines.iter_mut().flatten() {
                if sounds { sine.add(part) } else { sine.skip(n) }
            }
            self.position = if self.off == 0 { 0 } else { (self.position + n as u64) % period };
            out = rest;
        }
    }
}

/// The two frequencies of a DTMF digit, in Hz.
pub fn dtmf_frequencies(digit: char) -> Option<(f64, f64)> {
    const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    let digit = digit.to_ascii_uppercase();
    TelephoneEvent::code_of(digit)?;
    let key = "123A456B789C*0#D".chars().position(|k| k == digit)?;
    Some((*LOW.get(key / 4)?, *HIGH.get(key % 4)?))
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::measure::{level_at, rms_dbov};
    use super::*;

    #[test]
    fn frames_of_any_length_join_without_a_seam() {
        let mut whole = vec![0; 8_000];
        Tone::new(8_000, 440.0, Some(480.0), 5_000.0).fill(&mut whole);
        let mut pieces = vec![0; 8_000];
        let mut tone = Tone::new(8_000, 440.0, Some(480.0), 5_000.0);
        let mut rest = pieces.as_mut_slice();
        for n in [1, 79, 160, 33].into_iter().cycle() {
            let (frame, after) = rest.split_at_mut(n.min(rest.len()));
            tone.fill(frame);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(whole, pieces);
    }

    #[test]
    fn a_cadence_is_exact() {
        let mut tone = Tone::ringback(8_000);
        let mut sound = vec![0; 80_000];
        for frame in sound.chunks_mut(160) {
            tone.fill(frame);
        }
        for second in 0..10 {
            let part = &sound[second * 8_000..(second + 1) * 8_000];
            assert_eq!(part.iter().any(|&s| s != 0), second % 5 == 0, "second {second}");
        }
    }

    #[test]
    fn digits_sound_as_they_should() {
        let mut sound = vec![0; 1_600];
        for (digit, low, high) in
            [('1', 697.0, 1_209.0), ('0', 941.0, 1_336.0), ('d', 941.0, 1_633.0), ('6', 770.0, 1_477.0)]
        {
            Tone::dtmf(8_000, digit, 8_000.0).unwrap().fill(&mut sound);
            for frequency in [low, high] {
                assert!((level_at(&sound, 8_000, frequency) - -15.3).abs() < 0.5, "{digit} at {frequency}");
            }
            assert!(level_at(&sound, 8_000, 1_050.0) < -35.0);
        }
        assert_eq!(Tone::dtmf(8_000, 'x', 1.0), None);
    }

    #[test]
    fn a_full_sine_is_three_decibels_below_overload() {
        let mut sound = vec![0; 8_000];
        Sine::new(8_000, 1_000.0, 32_767.0).fill(&mut sound);
        assert!((rms_dbov(&sound) - -3.01).abs() < 0.02);
    }
}
