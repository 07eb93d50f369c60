//! What a simulated user says, and G.711 mu-law for peers without an agent.

use alloc::vec::Vec;
use core::f64::consts::{SQRT_2, TAU};

/// What is said into a session.
#[derive(Clone, PartialEq, Debug)]
pub enum AudioSource {
    /// Nothing.
    Silence,
    /// A sine.
    Tone {
        /// Its frequency in Hz.
        hertz: f64,
        /// Its power in dBov: 0 is the power of a full-scale square wave, so that the loudest sine has -3.01.
        dbov: f64,
        /// Where in its period it is, in radians.
        phase: f64,
    },
    /// Samples, then silence.
    Samples {
        /// The samples, at the session's rate.
        samples: Vec<i16>,
        /// How many of them have been said.
        said: usize,
    },
}

impl AudioSource {
    /// A sine of `hertz` with a power of `dbov`.
    pub fn tone(hertz: f64, dbov: f64) -> AudioSource {
        AudioSource::Tone { hertz, dbov, phase: 0.0 }
    }

    /// These samples once, then silence.
    pub fn samples(samples: Vec<i16>) -> AudioSource {
        AudioSource::Samples { samples, said: 0 }
    }

    /// Says the next `out.len()` samples at `rate` samples a second.
    pub fn fill(&mut self, rate: u32, out: &mut [i16]) {
        match self {
            AudioSource::Silence => out.fill(0),
            AudioSource::Tone { hertz, dbov, phase } => {
                let amplitude = f64::from(i16::MAX) * SQRT_2 * libm::pow(10.0, *dbov / 20.0);
                let step = TAU * *hertz / f64::from(rate);
                for sample in out {
                    // The conversion saturates: a tone louder than a sine can be is clipped.
                    *sample = libm::round(amplitude * libm::sin(*phase)) as i16;
                    *phase += step;
                    if *phase >= TAU {
                        *phase -= TAU;
                    }
                }
            }
            AudioSource::Samples { samples, said } => {
                let rest = samples.get(*said..).unwrap_or(&[]);
                let count = rest.len().min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                out[count..].fill(0);
                *said += count;
            }
        }
    }
}

/// G.711 mu-law: one sample to one octet. Written apart from the codec under test, as its witness.
pub(super) fn to_ulaw(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    const CLIP: i32 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(CLIP) + BIAS;
    let exponent = 31 - magnitude.leading_zeros() - 7;
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

/// G.711 mu-law: one octet to one sample.
pub(super) fn from_ulaw(octet: u8) -> i16 {
    let octet = !octet;
    let magnitude = ((i32::from(octet & 0x0f) << 3) + 0x84) << ((octet >> 4) & 0x07);
    let magnitude = (magnitude - 0x84) as i16;
    if octet & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulaw_knows_its_landmarks() {
        // G.711 table 2: 0xff is +0, 0x80 the loudest positive, 0x00 the loudest negative.
        assert_eq!(to_ulaw(0), 0xff);
        assert_eq!(to_ulaw(i16::MAX), 0x80);
        assert_eq!(to_ulaw(i16::MIN), 0x00);
        assert_eq!(from_ulaw(0x80), 32_124);
        assert_eq!(from_ulaw(0x00), -32_124);
        for octet in 0..=255u8 {
            assert_eq!(from_ulaw(to_ulaw(from_ulaw(octet))), from_ulaw(octet));
        }
    }

    #[test]
    fn a_tone_has_its_power() {
        let mut out = [0i16; 8_000];
        AudioSource::tone(440.0, -20.0).fill(8_000, &mut out);
        let power = out.iter().map(|s| f64::from(*s) * f64::from(*s)).sum::<f64>() / 8_000.0;
        let dbov = 10.0 * libm::log10(power / (32_767.0 * 32_767.0));
        assert!((dbov + 20.0).abs() < 0.05, "{dbov}");
    }

    #[test]
    fn samples_end_in_silence() {
        let mut source = AudioSource::samples([1, 2, 3].into());
        let mut out = [9; 2];
        source.fill(8_000, &mut out);
        assert_eq!(out, [1, 2]);
        source.fill(8_000, &mut out);
        assert_eq!(out, [3, 0]);
    }
}
