//! Sound like speech, made of nothing: syllables of a voice's harmonics under two formants, with pauses between words.

use std::f64::consts::TAU;

/// Seconds of a syllable, and of the pause after a word of three.
const SYLLABLE: f64 = 0.18;
const PAUSE: f64 = 0.12;
/// Syllables in a word.
const WORD: usize = 3;
/// Vowels: the two formants that make them, in Hz.
const VOWELS: [(f64, f64); 5] = [(730.0, 1_090.0), (530.0, 1_840.0), (270.0, 2_290.0), (570.0, 840.0), (300.0, 870.0)];
/// Highest harmonic that a telephone carries, in Hz.
const HIGHEST: f64 = 3_400.0;
/// How wide a formant is, in Hz.
const WIDTH: f64 = 120.0;
/// The peaks of the loudest syllable.
const PEAK: f64 = 9_000.0;

/// `seconds` of speech-like sound of a voice of `pitch` Hz at `rate` samples a second.
pub(crate) fn speech(seconds: f64, pitch: f64, rate: u32) -> Vec<i16> {
    let total = (seconds * f64::from(rate)) as usize;
    let mut samples = Vec::with_capacity(total);
    let mut syllable = 0;
    while samples.len() < total {
        say_syllable(&mut samples, syllable, pitch, rate);
        syllable += 1;
        if syllable % WORD == 0 {
            samples.resize(samples.len() + (PAUSE * f64::from(rate)) as usize, 0);
        }
    }
    samples.truncate(total);
    samples
}

fn say_syllable(samples: &mut Vec<i16>, index: usize, pitch: f64, rate: u32) {
    let (low, high) = VOWELS[index % VOWELS.len()];
    // The voice falls a little from syllable to syllable, and starts anew with each word.
    let pitch = pitch * (1.0 - 0.06 * (index % WORD) as f64);
    let harmonics: Vec<(f64, f64)> = (1..)
        .map(|n| f64::from(n) * pitch)
        .take_while(|&frequency| frequency < HIGHEST)
        .map(|frequency| (frequency, 0.05 + resonance(frequency, low) + 0.6 * resonance(frequency, high)))
        .collect();
    let loudest: f64 = harmonics.iter().map(|(_, weight)| weight).sum();
    let length = (SYLLABLE * f64::from(rate)) as usize;
    for n in 0..length {
        let time = n as f64 / f64::from(rate);
        let swell = (std::f64::consts::PI * n as f64 / length as f64).sin();
        let sum: f64 = harmonics.iter().map(|(frequency, weight)| weight * (TAU * frequency * time).sin()).sum();
        samples.push((PEAK * swell * sum / loudest) as i16);
    }
}

fn resonance(frequency: f64, formant: f64) -> f64 {
    let distance = (frequency - formant) / WIDTH;
    1.0 / (1.0 + distance * distance)
}

#[cfg(test)]
mod tests {
    use sansip_core::machines::media::measure::rms_dbov;

    use super::super::{AFTER_HOLD, BY_CALLEE, BY_CALLER};
    use super::*;
    use crate::measure::find_tone;

    #[test]
    fn speech_is_audible_and_has_pauses_and_is_no_tone() {
        let samples = speech(2.5, 120.0, 8_000);
        assert_eq!(samples.len(), 20_000);
        assert!((-45.0..-15.0).contains(&rms_dbov(&samples)), "{}", rms_dbov(&samples));
        assert!(samples.chunks(160).any(|frame| frame.iter().all(|&sample| sample == 0)));
        for marker in [BY_CALLER, BY_CALLEE, AFTER_HOLD] {
            assert_eq!(find_tone(&samples, 8_000, marker.frequency), None, "{} Hz", marker.frequency);
        }
    }
}
