//! G.711: one octet a sample, in two laws (ITU-T G.711; RFC 3551 4.5.14).
//!
//! Both laws are piecewise linear approximations of a logarithm: a sign, three bits of segment, four bits of step.
//! Encoding finds the segment by counting leading zeros. Both ways are worked out by the compiler into tables.

use super::codec::{AudioCodec, CodecKind};
use super::plc::Concealer;

/// The two laws of G.711.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Law {
    /// Mu-law, spoken in North America and Japan.
    Mu,
    /// A-law, spoken elsewhere.
    A,
}

/// What a mu-law code stands for.
static MU: [i16; 256] = table(Law::Mu);
/// What an A-law code stands for.
static A: [i16; 256] = table(Law::A);

const fn table(law: Law) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match law {
            Law::Mu => expand_mu(code as u8),
            Law::A => expand_a(code as u8),
        };
        code += 1;
    }
    table
}

/// G.711 table 2: all bits are inverted; the magnitude is biased by 33 (of 14 bits).
const fn expand_mu(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let magnitude = ((((code & 15) as i16) << 1 | 33) << segment) - 33;
    if code & 0x80 != 0 { -(magnitude << 2) } else { magnitude << 2 }
}

/// G.711 table 1: even bits are inverted; the first two segments have the same step.
const fn expand_a(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = ((code & 15) as i16) << 1 | 1;
    let magnitude = if segment == 0 { step } else { (step | 32) << (segment - 1) };
    if code & 0x80 != 0 { magnitude << 3 } else { -(magnitude << 3) }
}

/// The code of a positive sample, by its upper 13 bits.
static MU_CODES: [u8; 1 << 13] = {
    let mut codes = [0; 1 << 13];
    let mut magnitude = 0;
    while magnitude < codes.len() {
        codes[magnitude] = compress_mu(magnitude as u16);
        magnitude += 1;
    }
    codes
};
/// The code of a positive sample, by its upper 11 bits.
static A_CODES: [u8; 1 << 11] = {
    let mut codes = [0; 1 << 11];
    let mut magnitude = 0;
    while magnitude < codes.len() {
        codes[magnitude] = compress_a(magnitude as u16);
        magnitude += 1;
    }
    codes
};

/// The mu-law code of a positive magnitude of 13 bits.
const fn compress_mu(magnitude: u16) -> u8 {
    let biased = if magnitude > 0x1fff - 33 { 0x1fff } else { magnitude + 33 };
    let segment = 10 - biased.leading_zeros() as u16;
    !((segment << 4 | (biased >> (segment + 1)) & 15) as u8)
}

/// The A-law code of a positive magnitude of 11 bits.
const fn compress_a(magnitude: u16) -> u8 {
    let segment = (12 - (magnitude | 16).leading_zeros()) as u16;
    let code = if magnitude < 32 { magnitude } else { segment << 4 | (magnitude >> (segment - 1)) & 15 };
    (code as u8 | 0x80) ^ 0x55
}

/// The sign of a sample as the top bit of an octet, and its magnitude. The one's complement of negative samples keeps
/// the two halves symmetric.
#[inline]
fn split(sample: i16) -> (u8, usize) {
    let negative = sample >> 15;
    (negative as u8 & 0x80, usize::from((sample ^ negative) as u16))
}

/// The mu-law code of a sample.
#[inline]
pub fn encode_mu(sample: i16) -> u8 {
    let (sign, magnitude) = split(sample);
    // A magnitude has 15 bits: the index is within the table.
    MU_CODES[(magnitude >> 2) & (MU_CODES.len() - 1)] ^ sign
}

/// The A-law code of a sample.
#[inline]
pub fn encode_a(sample: i16) -> u8 {
    let (sign, magnitude) = split(sample);
    A_CODES[(magnitude >> 4) & (A_CODES.len() - 1)] ^ sign
}

/// The sample that a mu-law code stands for.
pub fn decode_mu(code: u8) -> i16 {
    MU[usize::from(code)]
}

/// The sample that an A-law code stands for.
pub fn decode_a(code: u8) -> i16 {
    A[usize::from(code)]
}

/// G.711 with packet loss concealment.
#[derive(Clone, Debug)]
pub struct G711 {
    law: Law,
    concealer: Concealer,
}

impl G711 {
    /// A codec for one stream.
    pub fn new(law: Law) -> G711 {
        G711 { law, concealer: Concealer::new(8_000) }
    }
}

impl AudioCodec for G711 {
    fn kind(&self) -> CodecKind {
        match self.law {
            Law::Mu => CodecKind::Pcmu,
            Law::A => CodecKind::Pcma,
        }
    }

    fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        let pairs = out.iter_mut().zip(samples);
        match self.law {
            Law::Mu => pairs.for_each(|(code, &sample)| *code = encode_mu(sample)),
            Law::A => pairs.for_each(|(code, &sample)| *code = encode_a(sample)),
        }
        samples.len().min(out.len())
    }

    fn samples_of(&self, payload: &[u8]) -> usize {
        payload.len()
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let table = match self.law {
            Law::Mu => &MU,
            Law::A => &A,
        };
        for (sample, &code) in out.iter_mut().zip(payload) {
            *sample = table[usize::from(code)];
        }
        let decoded = payload.len().min(out.len());
        self.concealer.received(&mut out[..decoded]);
        decoded
    }

    fn conceal(&mut self, out: &mut [i16]) -> usize {
        self.concealer.lost(out);
        out.len()
    }

    fn reset(&mut self) {
        self.concealer.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compression of G.711 as its tables describe it: decision values, segment by segment.
    fn by_the_book(law: Law, sample: i16) -> u8 {
        let negative = sample < 0;
        let sample = i32::from(if negative { !sample } else { sample });
        // Lowest magnitude (16-bit scale) of each of the 128 intervals.
        let lowest = |code: i32| {
            let (segment, step) = (code / 16, code % 16);
            match law {
                Law::Mu => (((step * 2 + 32) << segment) - 32).max(0) * 4,
                Law::A if segment == 0 => step * 16,
                Law::A => ((step + 16) << (segment - 1)) * 16,
            }
        };
        let code = (0..128).rev().find(|&code| book_lowest(law, code, lowest(code)) <= sample).unwrap();
        match law {
            Law::Mu => !(code as u8 | if negative { 0x80 } else { 0 }),
            Law::A => (code as u8 | if negative { 0 } else { 0x80 }) ^ 0x55,
        }
    }

    /// Mu-law's decision values are 0, 1, 3, 5, ... 31, 35, 39, ... (G.711 table 2): one below the biased power.
    fn book_lowest(law: Law, code: i32, lowest: i32) -> i32 {
        if law == Law::Mu && code > 0 { lowest - 4 } else { lowest }
    }

    #[test]
    fn every_sample_has_the_code_of_the_tables() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(encode_mu(sample), by_the_book(Law::Mu, sample), "mu-law of {sample}");
            assert_eq!(encode_a(sample), by_the_book(Law::A, sample), "A-law of {sample}");
        }
    }

    #[test]
    fn every_sample_comes_back_as_near_as_its_step_allows() {
        for sample in i16::MIN..=i16::MAX {
            let s = i32::from(sample);
            // Steps double from segment to segment; half a step is the most that is lost, but for clipping.
            let half = |m: i32, bias: i32, least: i32| ((m + bias) / 32).max(least);
            let mu = i32::from(decode_mu(encode_mu(sample)));
            assert!((mu - s).abs() <= half(s.abs(), 132, 4) || s.abs() > 32_124, "mu-law {sample} -> {mu}");
            let a = i32::from(decode_a(encode_a(sample)));
            assert!((a - s).abs() <= half(s.abs(), 0, 8) + 1, "A-law {sample} -> {a}");
        }
    }

    #[test]
    fn every_code_is_its_samples_code() {
        for code in 0..=255u8 {
            assert_eq!(encode_a(decode_a(code)), code);
            // Mu-law has two zeros; the negative one (0x7f) becomes the positive.
            assert_eq!(encode_mu(decode_mu(code)), if code == 0x7f { 0xff } else { code });
        }
        assert_eq!((decode_mu(0), decode_mu(0x80), decode_mu(0xff)), (-32_124, 32_124, 0));
        assert_eq!((decode_a(0x2a), decode_a(0xaa), decode_a(0xd5), decode_a(0x55)), (-32_256, 32_256, 8, -8));
    }
}
