//! Makes a frame of sound a little shorter or longer without changing its pitch: one period is taken out or put in
//! twice, blended over its length (waveform-similarity overlap-add). The jitter buffer changes its delay this way.

use alloc::vec::Vec;

use super::plc::likeness;

/// Periods must be this alike to be blended.
const ALIKE: f32 = 0.7;
/// Below this mean square, nobody hears what is done to a frame (about -50 dBov).
const QUIET: i64 = 100 * 100;

/// Takes one period out of the frame. Says how many samples it lost; `None`, with the frame as it was, if the change
/// would be heard and `force` is not set, or if the frame is too short.
pub fn shorten(frame: &mut Vec<i16>, sample_rate: u32, force: bool) -> Option<usize> {
    let lag = lag_of(frame, sample_rate, force)?;
    for i in 0..lag {
        frame[i] = blend(frame[i], frame[i + lag], i, lag);
    }
    frame.copy_within(2 * lag.., lag);
    frame.truncate(frame.len() - lag);
    Some(lag)
}

/// Puts one period in twice. Says how many samples the frame gained; `None`, with the frame as it was, as for
/// [`shorten`].
pub fn lengthen(frame: &mut Vec<i16>, sample_rate: u32, force: bool) -> Option<usize> {
    let lag = lag_of(frame, sample_rate, force)?;
    let length = frame.len();
    frame.resize(length + lag, 0);
    frame.copy_within(lag..length, 2 * lag);
    // The samples after the first period are now heard twice; between them lies the way back to its beginning.
    for i in (0..lag).rev() {
        frame[lag + i] = blend(frame[2 * lag + i], frame[i], i, lag);
    }
    Some(lag)
}

/// From `a` at the beginning to `b` at the end.
fn blend(a: i16, b: i16, at: usize, length: usize) -> i16 {
    let (a, b) = (i32::from(a), i32::from(b));
    (a + (b - a) * (at as i32 + 1) / (length as i32 + 1)) as i16
}

/// The lag, 2.5 to 10 ms, at which the frame's beginning is most like what follows.
fn lag_of(frame: &[i16], sample_rate: u32, force: bool) -> Option<usize> {
    let low = sample_rate as usize / 400;
    let high = (sample_rate as usize / 100).min(frame.len() / 2);
    if low == 0 || low > high {
        return None;
    }
    let power = frame.iter().map(|&s| i64::from(s) * i64::from(s)).sum::<i64>() / frame.len() as i64;
    if power < QUIET {
        return Some(high);
    }
    let scored = (low..=high).map(|lag| (likeness(&frame[..lag], &frame[lag..2 * lag], 1), lag));
    let (score, lag) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (force || score >= ALIKE).then_some(lag)
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::super::tone::Sine;
    use super::*;

    fn tone(frequency: f64) -> Vec<i16> {
        let mut frame = vec![0; 160];
        Sine::new(8_000, frequency, 10_000.0).fill(&mut frame);
        frame
    }

    fn roughness(samples: &[i16]) -> i32 {
        samples.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap()
    }

    #[test]
    fn a_tone_stays_smooth() {
        for frequency in [150.0, 440.0, 700.0] {
            let before = tone(frequency);
            let (first, last) = (before[0], before[159]);
            let mut frame = before.clone();
            let lost = shorten(&mut frame, 8_000, false).unwrap();
            assert_eq!(frame.len(), 160 - lost);
            assert!(roughness(&frame) < roughness(&before) * 3 / 2, "{frequency}");
            assert!((i32::from(frame[0]) - i32::from(first)).abs() < 200 && frame[frame.len() - 1] == last);
            let mut frame = before.clone();
            let gained = lengthen(&mut frame, 8_000, false).unwrap();
            assert_eq!(frame.len(), 160 + gained);
            assert!(roughness(&frame) < roughness(&before) * 3 / 2, "{frequency}");
            assert_eq!((frame[0], frame[frame.len() - 1]), (first, last));
        }
    }

    #[test]
    fn noise_is_left_alone_unless_forced() {
        let mut state = 1u32;
        let noise: Vec<i16> = (0..160)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16
            })
            .collect();
        let mut frame = noise.clone();
        assert_eq!(shorten(&mut frame, 8_000, false), None);
        assert_eq!(frame, noise);
        assert!(shorten(&mut frame, 8_000, true).is_some());
        assert_eq!(lengthen(&mut vec![0; 30], 8_000, true), None);
    }
}
