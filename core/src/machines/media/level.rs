//! The level meter of a stream: smoothed loudness and recent peak, for a picture beside a name.

use super::measure::mean_square_dbov;

/// Loudness and peak of a running sound, in dBov (see [`measure`](super::measure)).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LevelMeter {
    sample_rate: u32,
    mean_square: f64,
    peak: u16,
}

impl LevelMeter {
    /// A meter for sound of `sample_rate` samples per second, at silence.
    pub fn new(sample_rate: u32) -> LevelMeter {
        LevelMeter { sample_rate: sample_rate.max(1), mean_square: 0.0, peak: 0 }
    }

    /// Takes a frame in. What came a second ago hardly counts any more.
    pub fn add(&mut self, samples: &[i16]) {
        if samples.is_empty() {
            return;
        }
        let (mut sum, mut peak) = (0u64, 0u16);
        for &sample in samples {
            let magnitude = sample.unsigned_abs();
            sum += u64::from(magnitude) * u64::from(magnitude);
            peak = peak.max(magnitude);
        }
        let mean_square = sum as f64 / samples.len() as f64;
        // A fifth of a second to follow, a little longer for the peak to fall by half.
        let weight = (samples.len() as f64 / (f64::from(self.sample_rate) * 0.2)).min(1.0);
        self.mean_square += (mean_square - self.mean_square) * weight;
        self.peak = peak.max((f64::from(self.peak) * (1.0 - weight / 2.0)) as u16);
    }

    /// The smoothed root mean square, in dBov, -127 to 0.
    pub fn rms(&self) -> f32 {
        mean_square_dbov(self.mean_square)
    }

    /// The recent peak, in dB relative to full scale, -127 to 0.
    pub fn peak(&self) -> f32 {
        mean_square_dbov(f64::from(self.peak) * f64::from(self.peak))
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure::SILENCE;
    use super::super::tone::Sine;
    use super::*;

    #[test]
    fn it_follows_the_sound_up_and_down() {
        let mut meter = LevelMeter::new(8_000);
        assert_eq!((meter.rms(), meter.peak()), (SILENCE, SILENCE));
        let mut sine = Sine::new(8_000, 440.0, 16_384.0);
        let mut frame = [0; 160];
        for _ in 0..100 {
            sine.fill(&mut frame);
            meter.add(&frame);
        }
        assert!((meter.rms() - -9.03).abs() < 0.2, "{}", meter.rms());
        assert!((meter.peak() - -6.02).abs() < 0.2, "{}", meter.peak());
        for _ in 0..50 {
            meter.add(&[0; 160]);
        }
        assert!(meter.rms() < -25.0 && meter.peak() < -20.0, "{} {}", meter.rms(), meter.peak());
    }
}
