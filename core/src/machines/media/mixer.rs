//! Mixes streams: the sum of all, and for each the sum of all others (mix-minus), without hard clipping.

use alloc::vec::Vec;

/// Up to here a sum is taken as it is; above it is bent, so that it never reaches full scale.
const KNEE: i32 = 24_576;
/// What is left between the knee and full scale.
const ROOM: i32 = 32_767 - KNEE;

/// Limits a sum of samples softly: unchanged up to three quarters of full scale, then ever flatter towards it. The
/// curve has no corner, so loud talkers do not crackle.
pub fn saturate(sum: i32) -> i16 {
    let over = i64::from(sum).abs() - i64::from(KNEE);
    if over <= 0 {
        return sum as i16;
    }
    let bent = i64::from(KNEE) + i64::from(ROOM) * over / (over + i64::from(ROOM));
    (bent * i64::from(sum.signum())) as i16
}

/// Adds frames up, one round of frames at a time: [`begin`](Mixer::begin), [`add`](Mixer::add) each, then take
/// [`all`](Mixer::all) or [`all_but`](Mixer::all_but).
#[derive(Clone, Debug, Default)]
pub struct Mixer {
    sum: Vec<i32>,
}

impl Mixer {
    /// A mixer; it allocates once, for the longest frame it meets.
    pub fn new() -> Mixer {
        Mixer::default()
    }

    /// Begins a round of frames of `samples` samples.
    pub fn begin(&mut self, samples: usize) {
        self.sum.clear();
        self.sum.resize(samples, 0);
    }

    /// Adds a frame; what is longer than the round's length is left out.
    pub fn add(&mut self, frame: &[i16]) {
        for (sum, &sample) in self.sum.iter_mut().zip(frame) {
            *sum = sum.saturating_add(i32::from(sample));
        }
    }

    /// The mix of all frames.
    pub fn all(&self, out: &mut [i16]) {
        for (out, &sum) in out.iter_mut().zip(&self.sum) {
            *out = saturate(sum);
        }
    }

    /// The mix of all frames but `own`, which must be one of those added: what the one it came from should hear.
    pub fn all_but(&self, own: &[i16], out: &mut [i16]) {
        let own = own.iter().copied().chain(core::iter::repeat(0));
        for ((out, &sum), own) in out.iter_mut().zip(&self.sum).zip(own) {
            *out = saturate(sum - i32::from(own));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturation_is_smooth_monotonous_and_odd() {
        let mut before = 0;
        for sum in 0..300_000 {
            let value = i32::from(saturate(sum));
            assert!((0..=1).contains(&(value - before)), "at {sum}: {before} then {value}");
            assert_eq!(i32::from(saturate(-sum)), -value);
            before = value;
        }
        assert_eq!(saturate(20_000), 20_000);
        assert_eq!(saturate(i32::MAX), 32_766);
        assert_eq!(saturate(i32::MIN), -32_766);
    }

    #[test]
    fn each_hears_the_others() {
        let frames = [[1_000i16; 4], [200; 4], [-30; 4]];
        let mut mixer = Mixer::new();
        mixer.begin(4);
        for frame in &frames {
            mixer.add(frame);
        }
        let mut out = [0; 4];
        mixer.all(&mut out);
        assert_eq!(out, [1_170; 4]);
        mixer.all_but(&frames[0], &mut out);
        assert_eq!(out, [170; 4]);
        mixer.all_but(&frames[2], &mut out);
        assert_eq!(out, [1_200; 4]);
    }
}
