//! A streaming resampler for mono 16-bit sound, whose ratio can follow a sound card's clock.
//!
//! It works in chunks: either every call takes the same number of samples and gives what comes of them
//! ([`Resampler::fixed_input`]), or every call gives the same number and takes what that needs
//! ([`Resampler::fixed_output`]). A call allocates nothing.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Adjustable as _, Async, FixedAsync, Resampler as _, SincInterpolationParameters, WindowFunction};

/// Lowest and highest sample rate, in Hz.
pub const RATES: std::ops::RangeInclusive<u32> = 4_000..=768_000;
/// Most samples in a chunk.
pub const CHUNK: usize = 65_536;
/// How far [`Resampler::lean`] may move the ratio: 1 per cent.
pub const MAX_LEAN: f64 = 0.01;

/// Length of the filter in samples of the lower rate: flat up to 0.9 of half that rate, and 4 ms of delay at 8 kHz.
const TAPS: u32 = 64;
/// Longest filter, in samples of the source.
const MOST_TAPS: u32 = 1_024;

/// Why a resampler cannot be made or used: mistakes of the caller.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ResampleError {
    /// A sample rate outside [`RATES`].
    #[error("a sample rate of {0} Hz cannot be resampled; rates from 4000 to 768000 Hz can")]
    Rate(u32),
    /// A chunk of no samples or of more than [`CHUNK`].
    #[error("a chunk of {0} samples cannot be resampled; use 1 to 65536")]
    Chunk(usize),
    /// The input is shorter than [`Resampler::input_next`].
    #[error("the resampler needs {needed} samples and got {got}")]
    InputTooShort {
        /// Samples that the call needs.
        needed: usize,
        /// Samples that it got.
        got: usize,
    },
    /// The output is shorter than [`Resampler::output_next`].
    #[error("the resampler gives {needed} samples and has room for {got}")]
    OutputTooShort {
        /// Samples that the call gives.
        needed: usize,
        /// Room that it got.
        got: usize,
    },
    /// The filter library refused what it documents to take.
    #[error("the resampler failed: {0}")]
    Library(String),
}

/// Converts a mono stream from one sample rate to another.
#[derive(Debug)]
pub struct Resampler {
    inner: Async<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl Resampler {
    /// A resampler that takes `chunk` samples at `from` Hz each call.
    ///
    /// # Errors
    /// [`ResampleError::Rate`] and [`ResampleError::Chunk`].
    pub fn fixed_input(from: u32, to: u32, chunk: usize) -> Result<Resampler, ResampleError> {
        Resampler::new(from, to, chunk, FixedAsync::Input)
    }

    /// A resampler that gives `chunk` samples at `to` Hz each call.
    ///
    /// # Errors
    /// [`ResampleError::Rate`] and [`ResampleError::Chunk`].
    pub fn fixed_output(from: u32, to: u32, chunk: usize) -> Result<Resampler, ResampleError> {
        Resampler::new(from, to, chunk, FixedAsync::Output)
    }

    fn new(from: u32, to: u32, chunk: usize, fixed: FixedAsync) -> Result<Resampler, ResampleError> {
        if let Some(rate) = [from, to].into_iter().find(|rate| !RATES.contains(rate)) {
            return Err(ResampleError::Rate(rate));
        }
        if chunk == 0 || chunk > CHUNK {
            return Err(ResampleError::Chunk(chunk));
        }
        let taps = (TAPS * from.div_ceil(to)).min(MOST_TAPS) as usize;
        let filter = SincInterpolationParameters::new(taps, WindowFunction::Blackman);
        let inner = Async::new_sinc(f64::from(to) / f64::from(from), 1.0 + MAX_LEAN, &filter, chunk, 1, fixed)
            .map_err(|error| ResampleError::Library(error.to_string()))?;
        let input = vec![0.0; inner.input_frames_max()];
        let output = vec![0.0; inner.output_frames_max()];
        Ok(Resampler { inner, input, output })
    }

    /// How many samples the next call takes.
    pub fn input_next(&self) -> usize {
        self.inner.input_frames_next()
    }

    /// The most samples that any call takes.
    pub fn input_max(&self) -> usize {
        self.input.len()
    }

    /// How many samples the next call gives.
    pub fn output_next(&self) -> usize {
        self.inner.output_frames_next()
    }

    /// The most samples that any call gives.
    pub fn output_max(&self) -> usize {
        self.output.len()
    }

    /// By how many samples of the output the sound is late.
    pub fn delay(&self) -> usize {
        self.inner.output_delay()
    }

    /// Makes the output longer (`factor` above 1) or shorter (below 1) than the rates say, from the next call on; this
    /// is how a clock that is not quite true is followed. The factor is kept within [`MAX_LEAN`] of 1.
    pub fn lean(&mut self, factor: f64) {
        // The library takes 1/max to max, and 1/1.01 is a little nearer to 1 than 0.99.
        let factor = factor.clamp(1.0 / (1.0 + MAX_LEAN), 1.0 + MAX_LEAN);
        let taken = self.inner.set_resample_ratio_relative(factor, true);
        debug_assert!(taken.is_ok(), "{taken:?}");
    }

    /// Converts one chunk: takes [`Resampler::input_next`] samples from the front of `input`, writes
    /// [`Resampler::output_next`] to the front of `output`, and returns both numbers.
    ///
    /// # Errors
    /// [`ResampleError::InputTooShort`] and [`ResampleError::OutputTooShort`]; nothing has changed then.
    pub fn process(&mut self, input: &[i16], output: &mut [i16]) -> Result<(usize, usize), ResampleError> {
        let (takes, gives) = (self.input_next(), self.output_next());
        let Some(source) = input.get(..takes) else {
            return Err(ResampleError::InputTooShort { needed: takes, got: input.len() });
        };
        let room = output.len();
        let Some(target) = output.get_mut(..gives) else {
            return Err(ResampleError::OutputTooShort { needed: gives, got: room });
        };
        for (wide, &narrow) in self.input.iter_mut().zip(source) {
            *wide = f32::from(narrow);
        }
        let library = |error: &dyn std::fmt::Display| ResampleError::Library(error.to_string());
        let from = InterleavedSlice::new(&self.input[..takes], 1, takes).map_err(|error| library(&error))?;
        let mut to = InterleavedSlice::new_mut(&mut self.output[..gives], 1, gives).map_err(|error| library(&error))?;
        self.inner.process_into_buffer(&from, &mut to, None).map_err(|error| library(&error))?;
        for (narrow, &wide) in target.iter_mut().zip(&self.output) {
            // A cast from float to integer saturates: a peak that the filter overshoots is clipped, not wrapped.
            *narrow = wide.round() as i16;
        }
        Ok((takes, gives))
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn tone(rate: u32, hertz: f64, samples: usize) -> Vec<i16> {
        (0..samples).map(|i| (10_000.0 * (TAU * hertz * i as f64 / f64::from(rate)).sin()).round() as i16).collect()
    }

    /// The amplitude of `hertz` in `samples`, over whole periods.
    fn level(samples: &[i16], rate: u32, hertz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, &sample) in samples.iter().enumerate() {
            let phase = TAU * hertz * i as f64 / f64::from(rate);
            re += f64::from(sample) * phase.cos();
            im += f64::from(sample) * phase.sin();
        }
        2.0 * re.hypot(im) / samples.len() as f64
    }

    fn run(resampler: &mut Resampler, mut input: &[i16]) -> Vec<i16> {
        let mut all = Vec::new();
        let mut chunk = vec![0; resampler.output_max()];
        while input.len() >= resampler.input_next() {
            let (taken, given) = resampler.process(input, &mut chunk).unwrap();
            input = &input[taken..];
            all.extend_from_slice(&chunk[..given]);
        }
        all
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level() {
        for (from, to) in [(8_000, 48_000), (48_000, 8_000), (44_100, 16_000), (16_000, 44_100), (48_000, 48_000)] {
            for mut resampler in [
                Resampler::fixed_input(from, to, (from / 50) as usize).unwrap(),
                Resampler::fixed_output(from, to, (to / 50) as usize).unwrap(),
            ] {
                let out = run(&mut resampler, &tone(from, 440.0, from as usize * 2));
                let settled = &out[resampler.delay() * 2..];
                let second = &settled[..to as usize];
                let heard = level(second, to, 440.0);
                assert!((9_900.0..10_100.0).contains(&heard), "{from} to {to}: {heard}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_filtered_out() {
        let mut resampler = Resampler::fixed_output(48_000, 8_000, 160).unwrap();
        let out = run(&mut resampler, &tone(48_000, 6_000.0, 96_000));
        // 6 kHz would fold to 2 kHz.
        assert!(level(&out[800..8_800], 8_000, 2_000.0) < 20.0);
    }

    #[test]
    fn the_length_is_what_the_rates_say() {
        let mut resampler = Resampler::fixed_input(8_000, 48_000, 160).unwrap();
        let out = run(&mut resampler, &[0; 80_000]);
        assert!(out.len().abs_diff(480_000) < 1_000, "{}", out.len());
    }

    #[test]
    fn leaning_changes_the_length() {
        let mut resampler = Resampler::fixed_input(8_000, 48_000, 160).unwrap();
        resampler.lean(1.005);
        let out = run(&mut resampler, &[0; 80_000]);
        assert!(out.len().abs_diff(482_400) < 1_000, "{}", out.len());
        resampler.lean(9.0);
        assert!(resampler.output_next() <= resampler.output_max());
        resampler.lean(0.0);
        let mut room = vec![0; resampler.output_max()];
        assert!(resampler.process(&[0; 160], &mut room).is_ok());
    }

    #[test]
    fn a_peak_is_clipped() {
        let mut resampler = Resampler::fixed_input(8_000, 48_000, 160).unwrap();
        let square: Vec<i16> = (0..1_600).map(|i| if i / 20 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let out = run(&mut resampler, &square);
        // In the middle of a half-wave the sign is that of the source: nothing has wrapped.
        let delay = resampler.delay();
        let sample = |i: usize| out[i * 6 + delay];
        assert!(sample(210) > 20_000 && sample(230) < -20_000, "{} {}", sample(210), sample(230));
        assert!(out.contains(&i16::MAX));
    }

    #[test]
    fn wrong_calls_are_named() {
        assert_eq!(Resampler::fixed_input(8_000, 0, 160).unwrap_err(), ResampleError::Rate(0));
        assert_eq!(Resampler::fixed_input(8_000, 48_000, 0).unwrap_err(), ResampleError::Chunk(0));
        let mut resampler = Resampler::fixed_input(8_000, 48_000, 160).unwrap();
        let mut room = [0; 2_000];
        let short = resampler.process(&[0; 159], &mut room);
        assert_eq!(short, Err(ResampleError::InputTooShort { needed: 160, got: 159 }));
        let needed = resampler.output_next();
        let narrow = resampler.process(&[0; 160], &mut room[..needed - 1]);
        assert_eq!(narrow, Err(ResampleError::OutputTooShort { needed, got: needed - 1 }));
    }
}
