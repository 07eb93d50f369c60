//! Records both sides of a call as a WAV file: frames in, writes for a file out. It touches no file itself.
//!
//! The two sides are aligned by the time their frames come, not by their count: a side that pauses leaves silence. About
//! once a second the samples are given out, and after them the header anew, so that a crash leaves a file that is valid
//! up to its last second.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::mixer::saturate;
use super::wav::{self, WavFormat};
use crate::limits;
use crate::time::Instant;

/// How far the count of a side's samples may be from what the time says before it is mended.
const TOLERANCE: Duration = Duration::from_millis(60);
/// How far a side may lag before it is taken for silent.
const LAG: Duration = Duration::from_millis(200);
/// A time without any frame is recorded as silence up to this length.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);

/// How the two sides of a call are recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RecordingLayout {
    /// Both in one channel.
    #[default]
    Mixed,
    /// What was received in the left channel, what was sent in the right.
    TwoChannels,
}

impl RecordingLayout {
    fn channels(self) -> u16 {
        match self {
            RecordingLayout::Mixed => 1,
            RecordingLayout::TwoChannels => 2,
        }
    }
}

/// Octets for the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordingWrite {
    /// Where in the file they belong.
    pub offset: u64,
    /// The octets.
    pub data: Bytes,
}

/// What a recorder is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecorderState {
    /// It records.
    Recording,
    /// It waits for [`Recorder::resume`].
    Paused,
    /// It was finished.
    Finished,
    /// It stopped on its own: nobody fetched what it recorded, or the file has grown to the limit of its format. What
    /// was recorded until then is whole.
    Stopped,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Recorder {
    format: WavFormat,
    layout: RecordingLayout,
    state: RecorderState,
    /// At this moment, the recording was this long (in samples).
    anchor: (Instant, u64),
    /// Received and sent samples that were not given out yet.
    sides: [Vec<i16>; 2],
    /// Samples per channel that were given out.
    written: u64,
    writes: VecDeque<RecordingWrite>,
    queued: usize,
    buffer: BytesMut,
}

impl Recorder {
    /// A recorder of sound of `sample_rate` that begins at `now`. The first write, an empty file's header, is ready.
    pub fn new(sample_rate: u32, layout: RecordingLayout, now: Instant) -> Recorder {
        let format = WavFormat { sample_rate: sample_rate.max(1), channels: layout.channels() };
        let mut recorder = Recorder {
            format,
            layout,
            state: RecorderState::Recording,
            anchor: (now, 0),
            sides: [Vec::new(), Vec::new()],
            written: 0,
            writes: VecDeque::new(),
            queued: 0,
            buffer: BytesMut::new(),
        };
        recorder.write_header();
        recorder
    }

    /// What the recorder is doing.
    pub fn state(&self) -> RecorderState {
        self.state
    }

    /// How much is recorded.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.length() * 1_000_000 / u64::from(self.format.sample_rate))
    }

    /// A frame that came from the peer and is heard at `now`.
    pub fn received(&mut self, now: Instant, frame: &[i16]) {
        self.take(0, now, frame);
    }

    /// A frame that was spoken up to `now`.
    pub fn sent(&mut self, now: Instant, frame: &[i16]) {
        self.take(1, now, frame);
    }

    /// Stops the time, for a call on hold.
    pub fn pause(&mut self) {
        if self.state == RecorderState::Recording {
            self.state = RecorderState::Paused;
            self.level_sides();
        }
    }

    /// Goes on where it paused.
    pub fn resume(&mut self, now: Instant) {
        if self.state == RecorderState::Paused {
            self.state = RecorderState::Recording;
            self.anchor = (now, self.length());
        }
    }

    /// Ends the recording: what is left is given out, and the final header.
    pub fn finish(&mut self) {
        if matches!(self.state, RecorderState::Recording | RecorderState::Paused) {
            self.level_sides();
            self.write_out(self.sides[0].len());
            self.write_header();
            if self.state != RecorderState::Stopped {
                self.state = RecorderState::Finished;
            }
        }
    }

    /// The next write for the file, in order.
    pub fn poll_write(&mut self) -> Option<RecordingWrite> {
        let write = self.writes.pop_front()?;
        self.queued -= write.data.len();
        Some(write)
    }

    fn samples_in(&self, duration: Duration) -> u64 {
        let samples = duration.as_micros() * u128::from(self.format.sample_rate) / 1_000_000;
        u64::try_from(samples).unwrap_or(u64::MAX / 2)
    }

    /// Samples recorded, given out or not.
    fn length(&self) -> u64 {
        self.written + self.sides[0].len().max(self.sides[1].len()) as u64
    }

    /// Makes the sides equally long.
    fn level_sides(&mut self) {
        let length = self.sides[0].len().max(self.sides[1].len());
        for side in &mut self.sides {
            side.resize(length, 0);
        }
    }

    fn take(&mut self, side: usize, now: Instant, frame: &[i16]) {
        if self.state != RecorderState::Recording || frame.is_empty() {
            return;
        }
        let tolerance = self.samples_in(TOLERANCE);
        let mut position = self.anchor.1 + self.samples_in(now.since(self.anchor.0));
        let longest = self.length() + frame.len() as u64 + self.samples_in(LONGEST_SILENCE);
        if position > longest {
            self.anchor = (now, longest);
            position = longest;
        }
        let end = self.written + self.sides[side].len() as u64;
        let begin = position.saturating_sub(frame.len() as u64);
        if end > position + tolerance {
            // More sound than time: this frame is one too many.
            return;
        }
        if begin > end + tolerance {
            let missing = usize::try_from(begin - end).unwrap_or(0);
            let length = self.sides[side].len() + missing;
            self.sides[side].resize(length, 0);
        }
        self.sides[side].extend_from_slice(frame);
        let second = self.format.sample_rate as usize;
        let ready = second + self.samples_in(LAG) as usize;
        while self.sides[0].len().max(self.sides[1].len()) >= ready && self.state == RecorderState::Recording {
            self.write_out(second);
            self.write_header();
        }
    }

    /// Gives the first `samples` of both sides out; a side that has fewer is silent.
    fn write_out(&mut self, samples: usize) {
        let frame = usize::from(self.format.channels) * 2;
        let offset = wav::HEADER_LEN as u64 + self.written * frame as u64;
        let octets = samples * frame;
        if self.queued + octets > limits::RECORDER_QUEUE || offset + octets as u64 > u64::from(wav::DATA_MAX) {
            self.state = RecorderState::Stopped;
            return;
        }
        if samples == 0 {
            return;
        }
        self.buffer.reserve(octets);
        for i in 0..samples {
            let [received, sent] = [0, 1].map(|side: usize| self.sides[side].get(i).copied().unwrap_or(0));
            match self.layout {
                RecordingLayout::Mixed => self.buffer.put_i16_le(saturate(i32::from(received) + i32::from(sent))),
                RecordingLayout::TwoChannels => {
                    self.buffer.put_i16_le(received);
                    self.buffer.put_i16_le(sent);
                }
            }
        }
        for side in &mut self.sides {
            side.drain(..samples.min(side.len()));
        }
        self.written += samples as u64;
        self.push(offset);
    }

    fn write_header(&mut self) {
        let octets = self.written * u64::from(self.format.channels) * 2;
        let header = wav::header(self.format, u32::try_from(octets).unwrap_or(wav::DATA_MAX));
        self.buffer.extend_from_slice(&header);
        self.push(0);
    }

    fn push(&mut self, offset: u64) {
        let data = self.buffer.split().freeze();
        self.queued += data.len();
        self.writes.push_back(RecordingWrite { offset, data });
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure::level_at;
    use super::super::tone::Sine;
    use super::*;

    fn apply(recorder: &mut Recorder, file: &mut Vec<u8>) {
        while let Some(write) = recorder.poll_write() {
            let at = usize::try_from(write.offset).unwrap();
            file.resize(file.len().max(at + write.data.len()), 0);
            file[at..at + write.data.len()].copy_from_slice(&write.data);
        }
    }

    fn samples(file: &[u8]) -> (WavFormat, Vec<i16>) {
        let (format, data) = wav::parse(file).unwrap();
        (format, data.chunks_exact(2).map(|o| i16::from_le_bytes([o[0], o[1]])).collect())
    }

    #[test]
    fn both_sides_are_heard_and_aligned() {
        let mut recorder = Recorder::new(8_000, RecordingLayout::TwoChannels, Instant::ZERO);
        let (mut received, mut sent) = (Sine::new(8_000, 440.0, 8_000.0), Sine::new(8_000, 1_000.0, 4_000.0));
        let mut file = Vec::new();
        let mut frame = [0; 160];
        for n in 1..=250u64 {
            let now = Instant::from_millis(n * 20);
            received.fill(&mut frame);
            recorder.received(now, &frame);
            // The sending side begins after two seconds.
            sent.fill(&mut frame);
            if n > 100 {
                recorder.sent(now, &frame);
            }
            apply(&mut recorder, &mut file);
            // A crash at any time leaves a valid file.
            let (_, recorded) = samples(&file);
            assert!(recorded.len() as u64 / 2 + 8_000 + 1_600 >= n * 160, "after {n} frames: {}", recorded.len());
        }
        recorder.finish();
        apply(&mut recorder, &mut file);
        assert_eq!(recorder.state(), RecorderState::Finished);
        let (format, both) = samples(&file);
        assert_eq!(format, WavFormat { sample_rate: 8_000, channels: 2 });
        assert_eq!(both.len(), 2 * 250 * 160);
        let left: Vec<i16> = both.iter().step_by(2).copied().collect();
        let right: Vec<i16> = both.iter().skip(1).step_by(2).copied().collect();
        assert!((level_at(&left, 8_000, 440.0) - -15.3).abs() < 0.2);
        assert!(right[..16_000].iter().all(|&s| s == 0));
        assert!((level_at(&right[16_000..], 8_000, 1_000.0) - -21.3).abs() < 0.2);
    }

    #[test]
    fn a_pause_takes_no_time() {
        let mut recorder = Recorder::new(8_000, RecordingLayout::Mixed, Instant::ZERO);
        let mut file = Vec::new();
        for n in 1..=50u64 {
            recorder.received(Instant::from_millis(n * 20), &[100; 160]);
        }
        recorder.pause();
        recorder.received(Instant::from_millis(30_000), &[100; 160]);
        recorder.resume(Instant::from_millis(60_000));
        for n in 1..=50u64 {
            recorder.sent(Instant::from_millis(60_000 + n * 20), &[200; 160]);
        }
        assert_eq!(recorder.duration(), Duration::from_secs(2));
        recorder.finish();
        apply(&mut recorder, &mut file);
        let (_, mixed) = samples(&file);
        assert_eq!(mixed.len(), 16_000);
        assert!(mixed[..8_000].iter().all(|&s| s == 100) && mixed[8_000..].iter().all(|&s| s == 200));
    }

    #[test]
    fn missing_frames_leave_silence_and_extra_ones_are_dropped() {
        let mut recorder = Recorder::new(8_000, RecordingLayout::Mixed, Instant::ZERO);
        for n in 1..=100u64 {
            if !(40..60).contains(&n) {
                recorder.received(Instant::from_millis(n * 20), &[100; 160]);
            }
            recorder.sent(Instant::from_millis(n * 20), &[1; 160]);
            recorder.sent(Instant::from_millis(n * 20), &[1; 160]);
        }
        recorder.finish();
        assert!(recorder.duration() <= Duration::from_millis(2_080), "{:?}", recorder.duration());
        let mut file = Vec::new();
        apply(&mut recorder, &mut file);
        let (_, mixed) = samples(&file);
        assert_eq!((mixed[38 * 160], mixed[45 * 160], mixed[99 * 160]), (101, 1, 101));
    }

    #[test]
    fn nobody_who_fetches_stops_it() {
        let mut recorder = Recorder::new(8_000, RecordingLayout::Mixed, Instant::ZERO);
        for n in 1..=10_000u64 {
            recorder.received(Instant::from_millis(n * 20), &[100; 160]);
        }
        assert_eq!(recorder.state(), RecorderState::Stopped);
        assert!(recorder.queued <= limits::RECORDER_QUEUE + 44);
        assert!(recorder.sides[0].len() < 16_000);
    }

    #[test]
    fn a_machine_that_slept_does_not_fill_the_disk() {
        let mut recorder = Recorder::new(8_000, RecordingLayout::Mixed, Instant::ZERO);
        recorder.received(Instant::from_millis(20), &[100; 160]);
        recorder.received(Instant::from_millis(10_000_000), &[100; 160]);
        recorder.finish();
        assert!(recorder.duration() < Duration::from_secs(11));
    }
}
