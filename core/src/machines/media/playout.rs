//! From packets to samples in the listener's rhythm: jitter buffer, decoder, concealment, comfort noise.

use alloc::vec::Vec;

use super::codec::{AudioCodec, Codec, CodecKind};
use super::comfort::{self, ComfortNoise};
use super::jitter::{Arrival, Inserted, JitterBuffer, JitterConfig, JitterCounts, Next, Wish};
use super::stretch;
use crate::limits;
use crate::time::Instant;

/// After so many milliseconds in which a change of length would have been heard, it is made all the same.
const PATIENCE_MS: u64 = 3_000;

/// What the playout counted, in samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlayoutCounts {
    /// Samples that were invented for lost ones.
    pub concealed: u64,
    /// Samples that were left out to shorten the delay.
    pub shortened: u64,
    /// Samples that were put in to lengthen the delay.
    pub lengthened: u64,
}

/// Decodes one source's packets into a continuous sound.
#[derive(Clone, Debug)]
pub struct Playout {
    jitter: JitterBuffer,
    codecs: Vec<(u8, Codec)>,
    /// Index of the codec that was heard last.
    current: usize,
    sample_rate: u32,
    clock_rate: u32,
    /// What was decoded last, from `at` on not yet heard.
    pcm: Vec<i16>,
    at: usize,
    comfort: Option<ComfortNoise>,
    counts: PlayoutCounts,
}

impl Playout {
    /// For packets of these payload types, the first of which gives the rates of all.
    pub fn new(config: JitterConfig, formats: &[(u8, CodecKind)]) -> Playout {
        let kind = formats.first().map_or(CodecKind::Pcmu, |&(_, kind)| kind);
        Playout {
            jitter: JitterBuffer::new(config, kind.clock_rate()),
            codecs: formats.iter().map(|&(payload_type, kind)| (payload_type, Codec::new(kind))).collect(),
            current: 0,
            sample_rate: kind.sample_rate(),
            clock_rate: kind.clock_rate(),
            pcm: Vec::with_capacity(limits::RTP_PACKET * 2),
            at: 0,
            comfort: None,
            counts: PlayoutCounts::default(),
        }
    }

    /// Whether packets of this type are understood.
    pub fn understands(&self, payload_type: u8) -> bool {
        payload_type == comfort::PAYLOAD_TYPE || self.codecs.iter().any(|&(known, _)| known == payload_type)
    }

    /// Another source begins: what waits is forgotten.
    pub fn reset(&mut self) {
        self.jitter.reset();
        self.comfort = None;
        self.pcm.clear();
        self.at = 0;
        for (_, codec) in &mut self.codecs {
            codec.reset();
        }
    }

    /// A packet arrives. `sequence` is extended by the count of wraps. False if its payload is of no use.
    pub fn insert(
        &mut self,
        now: Instant,
        sequence: u64,
        timestamp: u32,
        marker: bool,
        payload_type: u8,
        payload: &[u8],
    ) -> bool {
        let duration = match self.codecs.iter().find(|&&(known, _)| known == payload_type) {
            Some((_, codec)) => match codec.samples_of(payload) {
                0 => return false,
                samples => self.clock_of(samples),
            },
            None if payload_type == comfort::PAYLOAD_TYPE => 0,
            None => return false,
        };
        let ahead = self.clock_of(self.pcm.len() - self.at);
        let arrival = Arrival { sequence, timestamp, marker, payload_type, duration, payload };
        self.jitter.insert(now, &arrival, ahead) == Inserted::Queued || payload_type != comfort::PAYLOAD_TYPE
    }

    /// Fills `out` with what is to be heard now.
    pub fn pull(&mut self, out: &mut [i16]) {
        let mut filled = 0;
        while filled < out.len() {
            let ready = &self.pcm[self.at..];
            if !ready.is_empty() {
                let n = ready.len().min(out.len() - filled);
                out[filled..filled + n].copy_from_slice(&ready[..n]);
                self.at += n;
                filled += n;
                continue;
            }
            let rest = &mut out[filled..];
            filled += match self.jitter.take() {
                Next::Packet { payload_type, payload } => {
                    self.comfort = match payload_type {
                        comfort::PAYLOAD_TYPE => ComfortNoise::from_payload(payload),
                        _ => None,
                    };
                    self.pcm.clear();
                    self.at = 0;
                    if let Some(index) = self.codecs.iter().position(|&(known, _)| known == payload_type) {
                        let codec = &mut self.codecs[index].1;
                        if index != self.current {
                            codec.reset();
                            self.current = index;
                        }
                        let samples = codec.samples_of(payload).min(limits::RTP_PACKET);
                        self.pcm.resize(samples, 0);
                        let decoded = codec.decode(payload, &mut self.pcm);
                        self.pcm.truncate(decoded);
                        self.stretch();
                    }
                    0
                }
                Next::LeadIn(units) => {
                    let n = samples_of(units, self.sample_rate, self.clock_rate).clamp(1, rest.len());
                    rest[..n].fill(0);
                    self.jitter.advance(units_of(n, self.sample_rate, self.clock_rate).max(1));
                    n
                }
                Next::Gap(units) => {
                    let n = samples_of(units, self.sample_rate, self.clock_rate).clamp(1, rest.len());
                    self.invent(&mut out[filled..filled + n]);
                    self.jitter.advance(self.clock_of(n).max(1));
                    n
                }
                Next::Dry => {
                    let n = rest.len();
                    self.invent(&mut out[filled..]);
                    self.jitter.stall(self.clock_of(n));
                    n
                }
            };
        }
    }

    fn invent(&mut self, out: &mut [i16]) {
        if let Some(noise) = &mut self.comfort {
            return noise.fill(out);
        }
        match self.codecs.get_mut(self.current) {
            Some((_, codec)) => {
                codec.conceal(out);
            }
            None => out.fill(0),
        }
        if out.iter().any(|&sample| sample != 0) {
            self.counts.concealed += out.len() as u64;
        }
    }

    /// Grants the jitter buffer's wish if it can be done unheard.
    fn stretch(&mut self) {
        let patience = u64::from(self.clock_rate) * PATIENCE_MS / 1_000;
        let wish = self.jitter.wish();
        let change = match wish {
            Wish::Keep => return,
            Wish::Shorten => {
                let force = u64::from(self.jitter.unchanged_for()) > patience;
                stretch::shorten(&mut self.pcm, self.sample_rate, force)
            }
            Wish::Lengthen => stretch::lengthen(&mut self.pcm, self.sample_rate, true),
        };
        let Some(samples) = change else { return };
        let units = i32::try_from(self.clock_of(samples)).unwrap_or(0);
        if wish == Wish::Shorten {
            self.counts.shortened += samples as u64;
            self.jitter.changed(-units);
        } else {
            self.counts.lengthened += samples as u64;
            self.jitter.changed(units);
        }
    }

    fn clock_of(&self, samples: usize) -> u32 {
        units_of(samples, self.sample_rate, self.clock_rate)
    }

    /// Samples between the newest that has come and the next to be heard.
    pub fn delay_samples(&self) -> u64 {
        let waiting = samples_of(self.jitter.delay(), self.sample_rate, self.clock_rate);
        (waiting + self.pcm.len() - self.at) as u64
    }

    /// What the jitter buffer counted.
    pub fn jitter_counts(&self) -> JitterCounts {
        self.jitter.counts()
    }

    /// What was invented and changed.
    pub fn counts(&self) -> PlayoutCounts {
        self.counts
    }
}

fn units_of(samples: usize, sample_rate: u32, clock_rate: u32) -> u32 {
    u32::try_from(samples as u64 * u64::from(clock_rate) / u64::from(sample_rate)).unwrap_or(u32::MAX)
}

fn samples_of(units: u32, sample_rate: u32, clock_rate: u32) -> usize {
    (u64::from(units) * u64::from(sample_rate) / u64::from(clock_rate)) as usize
}

#[cfg(test)]
mod tests {
    use super::super::g711::encode_mu;
    use super::super::measure::{level_at, rms_dbov};
    use super::super::tone::Sine;
    use super::*;

    const FORMATS: [(u8, CodecKind); 2] = [(0, CodecKind::Pcmu), (8, CodecKind::Pcma)];

    fn tone_packet(sine: &mut Sine, samples: usize) -> Vec<u8> {
        let mut frame = std::vec![0; samples];
        sine.fill(&mut frame);
        frame.into_iter().map(encode_mu).collect()
    }

    #[test]
    fn a_packet_size_that_changes_is_heard_through() {
        let mut playout = Playout::new(JitterConfig::default(), &FORMATS);
        let mut sine = Sine::new(8_000, 440.0, 10_000.0);
        let (mut sequence, mut sent) = (65_536, 0u32);
        let mut heard = Vec::new();
        for tick in 0..1_200u64 {
            // 10 ms a tick; the packet size goes 10, 20, 60, 30 ms.
            let size = [10, 20, 60, 30][(tick / 300) as usize] * 8;
            if (tick + 1) * 80 >= u64::from(sent) + size {
                let payload = tone_packet(&mut sine, size as usize);
                playout.insert(Instant::from_millis(tick * 10), sequence, sent, false, 0, &payload);
                sequence += 1;
                sent += size as u32;
            }
            let mut out = [0; 80];
            playout.pull(&mut out);
            heard.extend(out);
        }
        let expected = level_at(&heard[4_000..8_000], 8_000, 440.0);
        for second in 1..11 {
            let part = &heard[second * 8_000..(second + 1) * 8_000];
            assert!((rms_dbov(part) - expected).abs() < 1.0, "second {second}: {}", rms_dbov(part));
        }
        assert!(playout.counts().concealed < 8 * 200, "{:?}", playout.counts());
    }

    #[test]
    fn comfort_noise_fills_the_pause() {
        let mut playout = Playout::new(JitterConfig::default(), &FORMATS);
        let mut out = [0; 160];
        playout.insert(Instant::ZERO, 65_536, 0, true, 0, &[0xff; 160]);
        assert!(playout.insert(Instant::ZERO, 65_537, 160, false, comfort::PAYLOAD_TYPE, &[50]));
        for _ in 0..5 {
            playout.pull(&mut out);
        }
        assert!((rms_dbov(&out) - -50.0).abs() < 2.0, "{}", rms_dbov(&out));
        assert!(!playout.insert(Instant::ZERO, 65_538, 320, false, 96, &[1]), "an unknown type");
        assert!(!playout.insert(Instant::ZERO, 65_538, 320, false, 0, &[]), "an empty payload");
    }
}
