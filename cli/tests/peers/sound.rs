//! Tones, WAV files, and how well a tone was heard.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The length of the blocks that are looked at, in seconds: 440 Hz and 1000 Hz both fit a whole number of times, so that
/// neither is seen in the place of the other.
const BLOCK: f64 = 0.05;
/// A block counts as heard when the tone is not more than this below what was sent, in dB.
const AUDIBLE: f64 = -6.0;

/// A sine of `seconds` at `rate` samples a second.
pub(crate) fn tone(hz: f64, rate: u32, seconds: f64, amplitude: f64) -> Vec<i16> {
    let count = (f64::from(rate) * seconds) as usize;
    (0..count).map(|n| (amplitude * (TAU * hz * n as f64 / f64::from(rate)).sin()).round() as i16).collect()
}

/// One sample as PCMU (ITU-T G.711).
pub(crate) fn ulaw(sample: i16) -> u8 {
    const BIAS: u16 = 0x84;
    const CLIP: u16 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    // BIAS sets bit 7 at the least, so the segment is 0 to 7.
    let segment = 8 - (magnitude.leading_zeros() as u8);
    let step = (magnitude >> (segment + 3)) as u8 & 0x0f;
    !(sign | (segment << 4) | step)
}

/// Writes 16-bit PCM, one channel.
pub(crate) fn write_wav(path: &Path, rate: u32, samples: &[i16]) {
    let octets = u32::try_from(samples.len() * 2).expect("a file below 4 GB");
    let mut file = Vec::with_capacity(samples.len() * 2 + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + octets).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for word in [1_u16, 1] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * 2).to_le_bytes());
    for word in [2_u16, 16] {
        file.extend_from_slice(&word.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&octets.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    fs::write(path, file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// What a WAV file (16-bit PCM) holds.
pub(crate) struct Wav {
    rate: u32,
    /// The samples of each channel.
    channels: Vec<Vec<i16>>,
}

impl Wav {
    /// Reads the file; fails the test when it is not what a player would accept.
    pub(crate) fn read(path: &Path) -> Self {
        let name = path.display();
        let file = fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(file.len() >= 12 && file.starts_with(b"RIFF") && &file[8..12] == b"WAVE", "{name} is not a WAV file");
        let riff = u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize;
        assert_eq!(riff + 8, file.len(), "{name}: the header tells another length than the file has");
        let format = chunk(&file, *b"fmt ").unwrap_or_else(|| panic!("{name} has no fmt chunk"));
        let word = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
        assert_eq!((word(0), word(14)), (1, 16), "{name} is not 16-bit PCM");
        let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
        let data = chunk(&file, *b"data").unwrap_or_else(|| panic!("{name} has no data chunk"));
        let samples: Vec<i16> = data.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let count = usize::from(word(2));
        let channels = (0..count).map(|n| samples.iter().skip(n).step_by(count).copied().collect()).collect();
        Self { rate, channels }
    }

    /// How well a tone of `hz`, sent with `amplitude`, is heard in the channel that has most of it.
    pub(crate) fn hear(&self, hz: f64, amplitude: f64) -> Hearing {
        let best = self.channels.iter().map(|samples| Hearing::new(samples, self.rate, hz, amplitude));
        best.max_by_key(|hearing| hearing.heard).expect("a WAV file has a channel")
    }
}

fn chunk(file: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    let mut rest = file.get(12..)?;
    loop {
        let (head, body) = rest.split_at_checked(8)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if head.starts_with(&name) {
            return body.get(..length);
        }
        rest = body.get(length.next_multiple_of(2)..)?;
    }
}

/// How well a tone was heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hearing {
    /// How long it was heard, gaps not counted.
    pub(crate) heard: Duration,
    /// Its level against the one sent, in dB: the median of the blocks in which it was heard.
    pub(crate) level: f64,
    /// The longest gap between the first and the last time it was heard.
    pub(crate) gap: Duration,
}

impl Hearing {
    fn new(samples: &[i16], rate: u32, hz: f64, amplitude: f64) -> Self {
        let length = (f64::from(rate) * BLOCK) as usize;
        let blocks = samples.chunks_exact(length);
        let levels: Vec<f64> =
            blocks.map(|block| 20.0 * (goertzel(block, rate, hz) / amplitude).max(1e-6).log10()).collect();
        let mut audible: Vec<f64> = levels.iter().copied().filter(|level| *level >= AUDIBLE).collect();
        audible.sort_by(f64::total_cmp);
        let level = audible.get(audible.len() / 2).copied().unwrap_or(f64::NEG_INFINITY);
        let first = levels.iter().position(|level| *level >= AUDIBLE).unwrap_or(0);
        let last = levels.iter().rposition(|level| *level >= AUDIBLE).unwrap_or(0);
        let between = levels.get(first..last).unwrap_or_default();
        let gap = between.split(|level| *level >= AUDIBLE).map(<[f64]>::len).max().unwrap_or(0);
        let time = |blocks: usize| Duration::from_secs_f64(blocks as f64 * BLOCK);
        Self { heard: time(audible.len()), level, gap: time(gap) }
    }

    /// Fails the test unless the tone was heard for `least`, within 3 dB, without a gap above `gap`.
    pub(crate) fn expect(&self, who: &str, least: Duration, gap: Duration) {
        assert!(self.heard >= least, "{who} heard the tone too short: {self:?}");
        assert!(self.level.abs() <= 3.0, "{who} heard the tone at another level: {self:?}");
        assert!(self.gap <= gap, "{who} heard the tone with gaps: {self:?}");
    }
}

/// The amplitude of the part of `block` that has the frequency `hz` (Goertzel's algorithm).
fn goertzel(block: &[i16], rate: u32, hz: f64) -> f64 {
    let turn = TAU * hz / f64::from(rate);
    let factor = 2.0 * turn.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in block {
        (last, before) = (f64::from(*sample) + factor * last - before, last);
    }
    let power = last * last + before * before - factor * last * before;
    2.0 * power.max(0.0).sqrt() / block.len() as f64
}
