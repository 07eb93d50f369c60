//! WAV files: the header of 16-bit PCM, written and read.

use thiserror::Error;

/// Octets of the header that [`header`] writes.
pub const HEADER_LEN: usize = 44;

/// Most octets of samples that a WAV file can hold: its lengths are 32-bit.
pub const DATA_MAX: u32 = u32::MAX - HEADER_LEN as u32;

/// What the samples of a WAV file are: 16-bit little-endian PCM, interleaved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WavFormat {
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

/// The header of a file that holds `data` octets of samples.
pub fn header(format: WavFormat, data: u32) -> [u8; HEADER_LEN] {
    let data = data.min(DATA_MAX);
    let frame = format.channels.saturating_mul(2);
    let mut out = [0; HEADER_LEN];
    let mut put = |at: usize, part: &[u8]| out[at..at + part.len()].copy_from_slice(part);
    put(0, b"RIFF");
    put(4, &(data + 36).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16u32.to_le_bytes());
    put(20, &1u16.to_le_bytes());
    put(22, &format.channels.to_le_bytes());
    put(24, &format.sample_rate.to_le_bytes());
    put(28, &format.sample_rate.saturating_mul(u32::from(frame)).to_le_bytes());
    put(32, &frame.to_le_bytes());
    put(34, &16u16.to_le_bytes());
    put(36, b"data");
    put(40, &data.to_le_bytes());
    out
}

/// Why a file cannot be played.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum WavError {
    /// It does not begin as a WAV file does, or ends before its samples.
    #[error("this is not a WAV file")]
    NotWav,
    /// It holds something other than 16-bit PCM.
    #[error("format {format} with {bits} bits instead of 16-bit PCM")]
    Unsupported {
        /// The format tag: 1 is PCM, 3 floats.
        format: u16,
        /// Bits of a sample.
        bits: u16,
    },
}

/// Finds the samples in a WAV file: their format, and their octets as far as the file holds them.
pub fn parse(file: &[u8]) -> Result<(WavFormat, &[u8]), WavError> {
    let rest = file.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)).ok_or(WavError::NotWav)?;
    let mut rest = rest.strip_prefix(b"WAVE").ok_or(WavError::NotWav)?;
    let mut format = None;
    while let Some((&[i0, i1, i2, i3, l0, l1, l2, l3], after)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let body = after.get(..length.min(after.len())).unwrap_or_default();
        match &[i0, i1, i2, i3] {
            b"fmt " => format = Some(read_format(body)?),
            b"data" => return Ok((format.ok_or(WavError::NotWav)?, body)),
            _ => {}
        }
        // Chunks begin at even octets.
        rest = after.get(length.saturating_add(length & 1)..).ok_or(WavError::NotWav)?;
    }
    Err(WavError::NotWav)
}

fn read_format(body: &[u8]) -> Result<WavFormat, WavError> {
    /// The real format tag is in the extension.
    const EXTENSIBLE: u16 = 0xfffe;
    let u16_at = |at: usize| {
        let octets = body.get(at..at + 2).and_then(|o| o.try_into().ok());
        octets.map(u16::from_le_bytes).ok_or(WavError::NotWav)
    };
    let sample_rate = u32::from(u16_at(4)?) | u32::from(u16_at(6)?) << 16;
    let (channels, bits) = (u16_at(2)?, u16_at(14)?);
    let format = match u16_at(0)? {
        EXTENSIBLE => u16_at(24)?,
        format => format,
    };
    if format != 1 || bits != 16 {
        return Err(WavError::Unsupported { format, bits });
    }
    if sample_rate == 0 || channels == 0 {
        return Err(WavError::NotWav);
    }
    Ok(WavFormat { sample_rate, channels })
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_found_again() {
        let format = WavFormat { sample_rate: 8_000, channels: 2 };
        let mut file = header(format, 8).to_vec();
        file.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(parse(&file), Ok((format, &[1, 2, 3, 4, 5, 6, 7, 8][..])));
        // A crash while data was written: what the file holds is played.
        file.truncate(HEADER_LEN + 4);
        assert_eq!(parse(&file).unwrap().1, [1, 2, 3, 4]);
    }

    #[test]
    fn other_chunks_are_passed_over() {
        let plain = header(WavFormat { sample_rate: 16_000, channels: 1 }, 2);
        let mut file: Vec<u8> = plain[..12].to_vec();
        file.extend(b"LIST\x03\0\0\0abc\0");
        file.extend(&plain[12..]);
        file.extend([9, 9]);
        assert_eq!(parse(&file).unwrap().1, [9, 9]);
    }

    #[test]
    fn what_cannot_be_played_is_named() {
        let mut file = header(WavFormat { sample_rate: 8_000, channels: 1 }, 0);
        file[20] = 3;
        assert_eq!(parse(&file), Err(WavError::Unsupported { format: 3, bits: 16 }));
        assert_eq!(parse(b"RIFFxxxxAVI "), Err(WavError::NotWav));
        assert_eq!(parse(&file[..30]), Err(WavError::NotWav));
    }

    proptest! {
        #[test]
        fn no_file_panics(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
            file.extend(tail);
            let _ = parse(&file).is_ok();
        }
    }
}
