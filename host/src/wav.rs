//! WAV files as sources of sound: any usual kind, read as mono 16-bit samples at the rate that a call needs.
//!
//! [`WavSource`] reads a file of any length in constant memory; [`load`] reads a short one whole. Writing is not here: the
//! core's recorder makes the bytes of a recording itself.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hound::{SampleFormat, WavIntoSamples, WavReader};

use crate::resample::{RATES, ResampleError, Resampler};

/// The longest file that [`load`] reads into memory. Longer ones are for [`WavSource`].
pub const LONGEST_LOADED: Duration = Duration::from_secs(600);

/// Samples converted at a time.
const CHUNK: usize = 1_024;

/// Why a WAV file cannot be played. Its text names the file, what is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot play {}: {fault}", .path.display())]
pub struct WavError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: WavFault,
}

/// What is wrong with a WAV file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WavFault {
    /// The system does not open or read it.
    #[error("{reason}; check the path and whether you may read it")]
    Io {
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// The system's words.
        reason: String,
    },
    /// It is not a WAV file, or a broken one.
    #[error("it is not a sound WAV file ({0}); make one with: ffmpeg -i FILE -c:a pcm_s16le new.wav")]
    Broken(String),
    /// It is a WAV file of a kind that is not read: not PCM of 8, 16, 24 or 32 bits and not 32-bit float.
    #[error("its encoding is not read here; convert it with: ffmpeg -i FILE -c:a pcm_s16le new.wav")]
    Encoding,
    /// Its sample rate, or the one asked for, is not one that can be resampled.
    #[error("{0}")]
    Rate(ResampleError),
    /// It is longer than [`LONGEST_LOADED`].
    #[error("it lasts {0:?}, longer than the 10 minutes that fit in memory; shorten it")]
    TooLong(Duration),
}

impl From<hound::Error> for WavFault {
    fn from(error: hound::Error) -> WavFault {
        match error {
            hound::Error::IoError(error) if is_end(&error) => WavFault::Broken("it ends too early".into()),
            hound::Error::IoError(error) => WavFault::Io { kind: error.kind(), reason: error.to_string() },
            hound::Error::FormatError(reason) => WavFault::Broken(reason.into()),
            hound::Error::TooWide
            | hound::Error::UnfinishedSample
            | hound::Error::Unsupported
            | hound::Error::InvalidSampleFormat => WavFault::Encoding,
        }
    }
}

/// A WAV file that is read bit by bit.
pub struct WavSource {
    path: PathBuf,
    frames: Frames,
    duration: Duration,
    converter: Option<Converter>,
}

impl WavSource {
    /// Opens `path` to be read at `rate` Hz.
    ///
    /// # Errors
    /// [`WavError`] if the file cannot be opened, is not a WAV file, or is of a kind or rate that is not read.
    pub fn open(path: impl AsRef<Path>, rate: u32) -> Result<WavSource, WavError> {
        let path = path.as_ref();
        WavSource::try_open(path, rate).map_err(|fault| WavError { path: path.to_owned(), fault })
    }

    fn try_open(path: &Path, rate: u32) -> Result<WavSource, WavFault> {
        let reader = WavReader::open(path)?;
        let (spec, length) = (reader.spec(), reader.duration());
        if let Some(wrong) = [spec.sample_rate, rate].into_iter().find(|rate| !RATES.contains(rate)) {
            return Err(WavFault::Rate(ResampleError::Rate(wrong)));
        }
        let duration = Duration::from_secs(u64::from(length)) / spec.sample_rate;
        let converter = if spec.sample_rate == rate {
            None
        } else {
            Some(Converter::new(spec.sample_rate, rate).map_err(WavFault::Rate)?)
        };
        Ok(WavSource { path: path.to_owned(), frames: Frames::new(reader)?, duration, converter })
    }

    /// How long the file plays, as its header says. A file that was cut off plays shorter.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Fills `out` with the next samples and returns how many there were: fewer than `out` holds, or 0, at the end.
    ///
    /// # Errors
    /// [`WavError`] if the file cannot be read on. A file that just ends before its header says is not an error.
    pub fn read(&mut self, out: &mut [i16]) -> Result<usize, WavError> {
        let read = match &mut self.converter {
            None => self.frames.read(out),
            Some(converter) => converter.read(&mut self.frames, out),
        };
        read.map_err(|fault| WavError { path: self.path.clone(), fault })
    }
}

/// Reads the whole of `path` at `rate` Hz.
///
/// # Errors
/// As [`WavSource::open`] and [`WavSource::read`], and [`WavFault::TooLong`] beyond [`LONGEST_LOADED`].
pub fn load(path: impl AsRef<Path>, rate: u32) -> Result<Vec<i16>, WavError> {
    let mut source = WavSource::open(path, rate)?;
    if source.duration > LONGEST_LOADED {
        return Err(WavError { path: source.path, fault: WavFault::TooLong(source.duration) });
    }
    let mut all = Vec::new();
    let mut chunk = [0; CHUNK];
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            return Ok(all);
        }
        all.extend_from_slice(&chunk[..read]);
    }
}

/// The file's samples, made mono and 16 bits wide, at the file's own rate.
struct Frames {
    samples: Samples,
    channels: u16,
    ended: bool,
}

enum Samples {
    Int { samples: WavIntoSamples<BufReader<File>, i32>, bits: u16 },
    Float(WavIntoSamples<BufReader<File>, f32>),
}

impl Frames {
    fn new(reader: WavReader<BufReader<File>>) -> Result<Frames, WavFault> {
        let spec = reader.spec();
        let samples = match (spec.sample_format, spec.bits_per_sample) {
            (SampleFormat::Int, bits @ (8 | 16 | 24 | 32)) => Samples::Int { samples: reader.into_samples(), bits },
            (SampleFormat::Float, 32) => Samples::Float(reader.into_samples()),
            _ => return Err(WavFault::Encoding),
        };
        Ok(Frames { samples, channels: spec.channels, ended: false })
    }

    fn read(&mut self, out: &mut [i16]) -> Result<usize, WavFault> {
        for (count, sample) in out.iter_mut().enumerate() {
            match self.next()? {
                Some(next) => *sample = next,
                None => return Ok(count),
            }
        }
        Ok(out.len())
    }

    /// The mean of the channels of the next frame; `None` at the end, also at that of a file that was cut off.
    fn next(&mut self) -> Result<Option<i16>, WavFault> {
        let mut sum = 0;
        for _ in 0..self.channels {
            if self.ended {
                return Ok(None);
            }
            match self.samples.next() {
                Some(Ok(sample)) => sum += i32::from(sample),
                None => self.ended = true,
                Some(Err(hound::Error::IoError(error))) if is_end(&error) => self.ended = true,
                Some(Err(error)) => return Err(error.into()),
            }
        }
        Ok((!self.ended).then(|| (sum / i32::from(self.channels)) as i16))
    }
}

impl Samples {
    fn next(&mut self) -> Option<Result<i16, hound::Error>> {
        match self {
            Samples::Int { samples, bits } => {
                let bits = *bits;
                samples.next().map(|sample| sample.map(|sample| narrow(sample, bits)))
            }
            // A cast from float to integer saturates, and makes silence of what is not a number.
            Samples::Float(samples) => {
                samples.next().map(|sample| sample.map(|sample| (sample * 32_767.0).round() as i16))
            }
        }
    }
}

/// A sample of `bits` bits as one of 16.
fn narrow(sample: i32, bits: u16) -> i16 {
    match bits {
        8 => (sample << 8) as i16,
        16 => sample as i16,
        24 => (sample >> 8) as i16,
        _ => (sample >> 16) as i16,
    }
}

/// Whether `error` is the file's end: hound makes an error of kind `Other` when bytes are missing.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::Other)
}

/// Brings the file's samples to another rate, without the filter's delay at the start and with its tail at the end.
struct Converter {
    resampler: Resampler,
    input: Vec<i16>,
    output: Vec<i16>,
    /// The part of `output` that has not been given yet.
    ready: std::ops::Range<usize>,
    /// Samples of the filter's delay that are still to be thrown away.
    skip: usize,
    from: u32,
    to: u32,
    /// Samples read from the file.
    taken: u64,
    /// Samples given.
    given: u64,
    ended: bool,
}

impl Converter {
    fn new(from: u32, to: u32) -> Result<Converter, ResampleError> {
        let resampler = Resampler::fixed_input(from, to, CHUNK)?;
        Ok(Converter {
            input: vec![0; resampler.input_max()],
            output: vec![0; resampler.output_max()],
            ready: 0..0,
            skip: resampler.delay(),
            resampler,
            from,
            to,
            taken: 0,
            given: 0,
            ended: false,
        })
    }

    fn read(&mut self, frames: &mut Frames, out: &mut [i16]) -> Result<usize, WavFault> {
        let mut filled = 0;
        while filled < out.len() {
            if self.ready.is_empty() {
                if self.ended && self.given >= self.whole() {
                    break;
                }
                self.convert(frames)?;
                continue;
            }
            let mut count = self.ready.len().min(out.len() - filled);
            if self.ended {
                let left = usize::try_from(self.whole().saturating_sub(self.given)).unwrap_or(usize::MAX);
                count = count.min(left);
                if count == 0 {
                    break;
                }
            }
            let from = self.ready.start;
            out[filled..filled + count].copy_from_slice(&self.output[from..from + count]);
            self.ready.start += count;
            self.given += count as u64;
            filled += count;
        }
        Ok(filled)
    }

    /// How many samples the file makes at the new rate; final once the file has ended.
    fn whole(&self) -> u64 {
        (self.taken * u64::from(self.to)).div_ceil(u64::from(self.from))
    }

    fn convert(&mut self, frames: &mut Frames) -> Result<(), WavFault> {
        let needed = self.resampler.input_next();
        let read = frames.read(&mut self.input[..needed])?;
        self.input[read..needed].fill(0);
        self.taken += read as u64;
        self.ended |= read < needed;
        let (_, made) = self.resampler.process(&self.input[..needed], &mut self.output).map_err(WavFault::Rate)?;
        let skipped = self.skip.min(made);
        self.skip -= skipped;
        self.ready = skipped..made;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use hound::{WavSpec, WavWriter};

    use super::*;

    /// A file of its own for each test, gone when the test ends.
    struct TestFile(PathBuf);

    impl TestFile {
        fn new(name: &str) -> TestFile {
            TestFile(std::env::temp_dir().join(format!("sansip-wav-{}-{name}.wav", std::process::id())))
        }
    }

    impl Drop for TestFile {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample, sample_format }
    }

    fn write<S: hound::Sample + Copy>(name: &str, spec: WavSpec, samples: &[S]) -> TestFile {
        let file = TestFile::new(name);
        let mut writer = WavWriter::create(&file.0, spec).unwrap();
        for &sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        file
    }

    #[test]
    fn every_width_is_read() {
        let int = |name: &str, bits: u16, samples: &[i32]| {
            let file = write(name, spec(1, 8_000, bits, SampleFormat::Int), samples);
            load(&file.0, 8_000)
        };
        assert_eq!(int("8", 8, &[-128, 0, 64]).unwrap(), [-32_768, 0, 16_384]);
        assert_eq!(int("16", 16, &[-32_768, 0, 16_384]).unwrap(), [-32_768, 0, 16_384]);
        assert_eq!(int("24", 24, &[-8_388_608, 0, 4_194_304]).unwrap(), [-32_768, 0, 16_384]);
        assert_eq!(int("32", 32, &[i32::MIN, 0, 1 << 30]).unwrap(), [-32_768, 0, 16_384]);
        let float = write("float", spec(1, 8_000, 32, SampleFormat::Float), &[-1.0f32, 0.0, 2.0, f32::NAN]);
        assert_eq!(load(&float.0, 8_000).unwrap(), [-32_767, 0, 32_767, 0]);
    }

    #[test]
    fn stereo_becomes_the_mean() {
        let file = write("stereo", spec(2, 8_000, 16, SampleFormat::Int), &[1_000i16, 2_000, -32_768, -32_768]);
        assert_eq!(load(&file.0, 8_000).unwrap(), [1_500, -32_768]);
    }

    #[test]
    fn another_rate_keeps_length_and_pitch() {
        for (from, to) in [(44_100u32, 8_000u32), (8_000, 48_000), (16_000, 8_000)] {
            let tone = |i| (10_000.0 * (TAU * 440.0 * f64::from(i) / f64::from(from)).sin()).round() as i16;
            let samples: Vec<i16> = (0..from).map(tone).collect();
            let name = format!("rate-{from}-{to}");
            let read = load(&write(&name, spec(1, from, 16, SampleFormat::Int), &samples).0, to).unwrap();
            assert_eq!(read.len(), to as usize, "{from} to {to}");
            let (mut re, mut im) = (0.0, 0.0);
            for (i, &sample) in read.iter().enumerate() {
                let phase = TAU * 440.0 * i as f64 / f64::from(to);
                re += f64::from(sample) * phase.cos();
                im += f64::from(sample) * phase.sin();
            }
            let level = 2.0 * re.hypot(im) / read.len() as f64;
            assert!((9_800.0..10_200.0).contains(&level), "{from} to {to}: {level}");
        }
    }

    #[test]
    fn another_rate_does_not_shift_the_sound() {
        for (from, to) in [(44_100, 8_000), (8_000, 48_000)] {
            let step: Vec<i16> = (0..from).map(|i| if i < from / 2 { 0 } else { 10_000 }).collect();
            let name = format!("step-{from}-{to}");
            let read = load(&write(&name, spec(1, from, 16, SampleFormat::Int), &step).0, to).unwrap();
            let half = read.iter().position(|&sample| sample > 5_000).unwrap();
            let rise = 2 * to as usize / from.min(to) as usize;
            assert!(half.abs_diff(to as usize / 2) <= rise, "{from} to {to}: {half}");
            assert!((9_900..10_100).contains(&read[to as usize * 3 / 4]));
        }
    }

    #[test]
    fn pieces_of_any_size_are_the_same_sound() {
        let samples: Vec<i16> = (0..30_000).map(|i| (i % 1_999) as i16).collect();
        let file = write("pieces", spec(1, 44_100, 16, SampleFormat::Int), &samples);
        let whole = load(&file.0, 8_000).unwrap();
        let mut source = WavSource::open(&file.0, 8_000).unwrap();
        let (mut pieces, mut piece) = (Vec::new(), [0; 160]);
        loop {
            let read = source.read(&mut piece).unwrap();
            pieces.extend_from_slice(&piece[..read]);
            if read < piece.len() {
                break;
            }
        }
        assert_eq!(pieces, whole);
        assert_eq!(source.read(&mut piece).unwrap(), 0);
    }

    #[test]
    fn a_file_that_was_cut_off_plays_to_the_cut() {
        let file = write("cut", spec(1, 8_000, 16, SampleFormat::Int), &[7i16; 1_000]);
        let bytes = std::fs::read(&file.0).unwrap();
        std::fs::write(&file.0, &bytes[..bytes.len() - 1_001]).unwrap();
        assert_eq!(load(&file.0, 8_000).unwrap(), [7; 499]);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let missing = load("no/such/file.wav", 8_000).unwrap_err();
        assert!(matches!(missing.fault, WavFault::Io { kind: io::ErrorKind::NotFound, .. }), "{missing:?}");
        assert!(missing.to_string().starts_with("cannot play no/such/file.wav: "), "{missing}");

        let text = TestFile::new("text");
        std::fs::write(&text.0, "this is no sound, only some words, and enough of them for a header").unwrap();
        assert!(matches!(load(&text.0, 8_000).unwrap_err().fault, WavFault::Broken(_)));
        std::fs::write(&text.0, "").unwrap();
        assert!(matches!(load(&text.0, 8_000).unwrap_err().fault, WavFault::Broken(_)));

        let ulaw = write("ulaw", spec(1, 8_000, 16, SampleFormat::Int), &[0i16; 8]);
        let mut bytes = std::fs::read(&ulaw.0).unwrap();
        // The format tag of mu-law (RFC 2361).
        bytes[20] = 7;
        std::fs::write(&ulaw.0, bytes).unwrap();
        assert_eq!(load(&ulaw.0, 8_000).unwrap_err().fault, WavFault::Encoding);

        let slow = write("slow", spec(1, 1_000, 16, SampleFormat::Int), &[0i16; 8]);
        assert_eq!(load(&slow.0, 8_000).unwrap_err().fault, WavFault::Rate(ResampleError::Rate(1_000)));
    }
}
