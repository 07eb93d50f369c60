//! Packet loss concealment: invents sound where a packet is missing, from the sound before it.
//!
//! In the manner of ITU-T G.711 Appendix I: the last pitch period is repeated, after 10 ms the last two, after 20 ms
//! the last three, so that long repetitions do not buzz; from 10 ms on the sound fades, and after 60 ms there is
//! silence. The first frame that comes again is joined by a crossfade. Unlike the Appendix, nothing is delayed.

use alloc::vec;
use alloc::vec::Vec;

/// Remembers what was heard and continues it.
#[derive(Clone, Debug)]
pub struct Concealer {
    sample_rate: usize,
    /// The last 48.75 ms that were heard or invented, oldest first.
    history: Vec<i16>,
    /// What was heard before the loss, while one goes on.
    before: Vec<i16>,
    /// Samples of a pitch period, while a loss goes on.
    period: usize,
    /// Samples invented in the loss that goes on; 0 if none does.
    invented: usize,
    /// Where in the repeated periods the next sample is.
    position: usize,
    /// How many periods are repeated, 1-3.
    periods: usize,
    /// The step between the last sample heard and the first invented, which fades out.
    step: i32,
}

/// Loudness is counted in 2^-15.
const FULL: i32 = 1 << 15;

impl Concealer {
    /// For sound of `sample_rate` samples per second.
    pub fn new(sample_rate: u32) -> Concealer {
        let sample_rate = sample_rate as usize;
        let history = vec![0; sample_rate * 4_875 / 100_000];
        let before = history.clone();
        Concealer { sample_rate, history, before, period: 1, invented: 0, position: 0, periods: 1, step: 0 }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.history.fill(0);
        self.invented = 0;
    }

    /// Hears a frame that arrived. If it ends a loss, its beginning is blended with the invented sound.
    pub fn received(&mut self, frame: &mut [i16]) {
        if self.invented > 0 {
            self.join(frame);
            self.invented = 0;
        }
        self.remember(frame);
    }

    /// Fills `out` with invented sound.
    pub fn lost(&mut self, out: &mut [i16]) {
        if self.invented == 0 {
            self.begin();
        }
        for sample in out.iter_mut() {
            *sample = self.invent();
        }
        self.remember(out);
    }

    fn ms(&self, n: usize) -> usize {
        self.sample_rate * n / 1_000
    }

    fn remember(&mut self, frame: &[i16]) {
        let kept = self.history.len().saturating_sub(frame.len());
        let length = self.history.len();
        self.history.copy_within(length - kept.., 0);
        let tail = &frame[frame.len().saturating_sub(length)..];
        self.history[length - tail.len()..].copy_from_slice(tail);
    }

    /// A loss begins: the pitch period is found, and the step from what was heard last.
    fn begin(&mut self) {
        self.before.copy_from_slice(&self.history);
        let (low, high, window) = (self.ms(5), self.ms(15), self.ms(20));
        self.period = best_lag(&self.before, low, high, window);
        self.periods = 1;
        self.position = 0;
        self.step = 0;
        let last = i32::from(self.before.last().copied().unwrap_or(0));
        // Continuing the period before by one sample would give `expected` where `last` was.
        let expected = i32::from(self.before[self.before.len() - self.period - 1]);
        self.step = last - expected;
    }

    /// The next invented sample.
    fn invent(&mut self) -> i16 {
        let wanted = (1 + self.invented / self.ms(10)).min(3);
        if wanted > self.periods && self.position == 0 {
            self.periods = wanted;
        }
        let mut sample = self.repeated(self.position);
        let quarter = (self.period / 4).max(1);
        if self.invented < quarter {
            sample += self.step * (quarter - self.invented) as i32 / quarter as i32;
        }
        self.position = (self.position + 1) % (self.periods * self.period);
        let gain = self.gain();
        self.invented = self.invented.saturating_add(1);
        ((sample * gain) >> 15).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }

    /// The sample at `position` of the repeated periods. The last quarter period is blended with what precedes the
    /// first, so that the end meets the beginning.
    fn repeated(&self, position: usize) -> i32 {
        let repeated = self.periods * self.period;
        let quarter = (self.period / 4).max(1);
        let heard = i32::from(self.before[self.before.len() - repeated + position]);
        let Some(into) = (position + quarter).checked_sub(repeated) else { return heard };
        match (self.before.len() + position).checked_sub(2 * repeated) {
            Some(at) => {
                let earlier = i32::from(self.before[at]);
                let into = into as i32 + 1;
                heard + (earlier - heard) * into / quarter as i32
            }
            None => heard,
        }
    }

    /// Full for 10 ms, then a fifth less every 10 ms: silence at 60 ms.
    fn gain(&self) -> i32 {
        let fade = self.ms(50);
        let into = self.invented.saturating_sub(self.ms(10)).min(fade);
        (FULL as i64 * (fade - into) as i64 / fade as i64) as i32
    }

    /// Crossfades from the invented sound to the frame: a quarter period, and 4 ms more for every 10 ms lost, at most
    /// 10 ms (Appendix I 2.6).
    fn join(&mut self, frame: &mut [i16]) {
        let lost = self.invented / self.ms(10);
        let length = (self.period / 4 + lost * self.ms(4)).min(self.ms(10)).min(frame.len());
        for (i, sample) in frame.iter_mut().take(length).enumerate() {
            let old = i32::from(self.invent());
            let new = i32::from(*sample);
            *sample = (old + (new - old) * (i as i32 + 1) / (length as i32 + 1)) as i16;
        }
    }
}

/// The lag from `low` to `high` at which the last `window` samples are most like those before them (normalized
/// cross-correlation): the pitch period. Coarse at every second lag and sample, then fine.
pub(super) fn best_lag(sound: &[i16], low: usize, high: usize, window: usize) -> usize {
    let high = high.min(sound.len().saturating_sub(window));
    let coarse = best_of(sound, (low..=high).step_by(2), window, 2).unwrap_or(low);
    let fine = coarse.saturating_sub(1).max(low)..=(coarse + 1).min(high);
    best_of(sound, fine, window, 1).unwrap_or(low)
}

fn best_of(sound: &[i16], lags: impl Iterator<Item = usize>, window: usize, step: usize) -> Option<usize> {
    let mut best: Option<(f32, usize)> = None;
    let last = sound.get(sound.len().checked_sub(window)?..)?;
    for lag in lags {
        let Some(start) = sound.len().checked_sub(window + lag) else { continue };
        let score = likeness(last, &sound[start..start + window], step);
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, lag));
        }
    }
    best.map(|(_, lag)| lag)
}

/// How alike two stretches of sound are in shape: 1 for equal, 0 for unrelated, -1 for opposite. Every `step`th sample
/// is compared.
pub(super) fn likeness(a: &[i16], b: &[i16], step: usize) -> f32 {
    let (mut cross, mut power_a, mut power_b) = (0i64, 0i64, 0i64);
    for (&x, &y) in a.iter().step_by(step).zip(b.iter().step_by(step)) {
        let (x, y) = (i64::from(x), i64::from(y));
        cross += x * y;
        power_a += x * x;
        power_b += y * y;
    }
    let power = libm::sqrtf(power_a as f32) * libm::sqrtf(power_b as f32);
    if power < 1.0 { 0.0 } else { cross as f32 / power }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::measure::level_at;
    use super::super::tone::Sine;
    use super::*;

    fn sine(frequency: f64, n: usize) -> Vec<i16> {
        let mut samples = vec![0; n];
        Sine::new(8_000, frequency, 10_000.0).fill(&mut samples);
        samples
    }

    /// The largest step between neighbours.
    fn roughness(samples: &[i16]) -> i32 {
        samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_lost_frame_of_a_tone_is_hardly_heard() {
        for frequency in [110.0, 200.0, 440.0, 1_000.0] {
            let mut sound = sine(frequency, 1_600);
            let smooth = roughness(&sound);
            let clean = level_at(&sound[800..1_120], 8_000, frequency);
            let mut concealer = Concealer::new(8_000);
            for (i, frame) in sound.chunks_mut(160).enumerate() {
                if i == 5 { concealer.lost(frame) } else { concealer.received(frame) }
            }
            let concealed = level_at(&sound[800..960], 8_000, frequency);
            assert!((clean - concealed).abs() < 2.0, "{frequency} Hz: {clean} dB became {concealed} dB");
            let rough = roughness(&sound[700..1_200]);
            assert!(rough < smooth * 2, "{frequency} Hz: a step of {rough} where {smooth} is the tone's");
        }
    }

    #[test]
    fn a_long_loss_fades_to_silence() {
        let mut concealer = Concealer::new(8_000);
        for frame in sine(300.0, 800).chunks_mut(160) {
            concealer.received(frame);
        }
        let mut lost = vec![0; 800];
        for frame in lost.chunks_mut(80) {
            concealer.lost(frame);
        }
        let loudest = |range: core::ops::Range<usize>| lost[range].iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!(loudest(0..80) > 9_000);
        assert!((2_000..8_000).contains(&loudest(240..320)), "{}", loudest(240..320));
        assert_eq!(loudest(480..800), 0);
    }

    #[test]
    fn nothing_heard_gives_silence() {
        let mut out = [7; 160];
        Concealer::new(8_000).lost(&mut out);
        assert_eq!(out, [0; 160]);
    }

    #[test]
    fn extremes_do_not_overflow() {
        let mut concealer = Concealer::new(8_000);
        for k in 0..6 {
            let mut frame: Vec<i16> =
                (0..480).map(|i| if (i / 7 + k) % 2 == 0 { i16::MIN } else { i16::MAX }).collect();
            concealer.received(&mut frame);
            concealer.lost(&mut frame[..3]);
            concealer.lost(&mut frame);
        }
        concealer.received(&mut []);
        concealer.lost(&mut []);
    }
}
