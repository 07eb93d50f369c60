//! Measures a recording: where a tone is in it, how loud, and with how many holes.

use sansip_core::machines::media::measure::{level_at, rms_dbov};

/// The length of what is looked at together, in parts of a second: 20 ms, the length of a packet.
const WINDOWS: u32 = 50;
/// How much quieter than everything in a window the tone may be and still be what is heard there, in dB.
const CLEAR: f32 = 1.5;
/// Quieter than this is no tone, in dBov.
const AUDIBLE: f32 = -50.0;
/// Windows without the tone that make the end of it rather than a hole in it: half a second.
const END: usize = 25;

/// A tone as it was found.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Found {
    /// Its length in seconds, holes included.
    pub(crate) seconds: f64,
    /// Its level in dBov: the median of its windows.
    pub(crate) level: f32,
    /// The part of it that is missing, 0 to 1.
    pub(crate) missing: f64,
}

/// The longest stretch of a tone of `frequency` Hz in `samples` of `rate` Hz; `None` if it is nowhere.
pub(crate) fn find_tone(samples: &[i16], rate: u32, frequency: f64) -> Option<Found> {
    let window = (rate / WINDOWS).max(1) as usize;
    let levels: Vec<Option<f32>> =
        samples.chunks_exact(window).map(|window| tone_level(window, rate, frequency)).collect();
    let stretch = longest_stretch(&levels)?;
    let mut heard: Vec<f32> = stretch.iter().flatten().copied().collect();
    heard.sort_by(f32::total_cmp);
    let level = *heard.get(heard.len() / 2)?;
    Some(Found {
        seconds: stretch.len() as f64 / f64::from(WINDOWS),
        level,
        missing: 1.0 - heard.len() as f64 / stretch.len() as f64,
    })
}

/// The tone's level in a window, if the tone is what is heard there.
fn tone_level(window: &[i16], rate: u32, frequency: f64) -> Option<f32> {
    let (all, tone) = (rms_dbov(window), level_at(window, rate, frequency));
    (tone > AUDIBLE && all - tone < CLEAR).then_some(tone)
}

/// The stretch with the most windows that have the tone; it begins and ends with one.
fn longest_stretch(levels: &[Option<f32>]) -> Option<&[Option<f32>]> {
    let mut best: Option<(usize, std::ops::RangeInclusive<usize>)> = None;
    let (mut first, mut last, mut count) = (0, 0, 0);
    for (at, _) in levels.iter().enumerate().filter(|(_, level)| level.is_some()) {
        if count == 0 || at - last > END {
            (first, count) = (at, 0);
        }
        last = at;
        count += 1;
        if best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, first..=last));
        }
    }
    best.and_then(|(_, range)| levels.get(range))
}

#[cfg(test)]
mod tests {
    use sansip_core::machines::media::tone::Sine;

    use super::*;

    /// Silence, a second of a tone with its peaks at 4,000, silence.
    fn recording() -> Vec<i16> {
        let mut samples = vec![0; 24_000];
        Sine::new(8_000, 440.0, 4_000.0).fill(&mut samples[8_000..16_000]);
        samples
    }

    #[test]
    fn a_tone_is_found_with_its_level_and_length() {
        let found = find_tone(&recording(), 8_000, 440.0).unwrap();
        // 4,000 at the peak is -21.3 dBov.
        assert!((found.level + 21.3).abs() < 0.2, "{found:?}");
        assert!((found.seconds - 1.0).abs() < 0.05 && found.missing == 0.0, "{found:?}");
    }

    #[test]
    fn holes_are_measured() {
        let mut samples = recording();
        samples[12_000..12_800].fill(0);
        let found = find_tone(&samples, 8_000, 440.0).unwrap();
        assert!((found.missing - 0.1).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn other_sounds_are_not_the_tone() {
        assert_eq!(find_tone(&recording(), 8_000, 660.0), None);
        assert_eq!(find_tone(&[0; 8_000], 8_000, 440.0), None);
        assert_eq!(find_tone(&[], 8_000, 440.0), None);
    }
}
