//! The seam between streams and codecs.
//!
//! A codec turns samples (16-bit, mono) into payloads and back, and invents sound for what was lost. A new codec is a
//! variant of [`CodecKind`] with its row of properties, a variant of [`Codec`], and a type that implements
//! [`AudioCodec`]; streams, jitter buffer and reports ask only what is asked here.

use core::time::Duration;

use super::g711::{G711, Law};

/// The codecs that a stream can speak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum CodecKind {
    /// G.711 mu-law, payload type 0 (RFC 3551 4.5.14).
    Pcmu,
    /// G.711 A-law, payload type 8 (RFC 3551 4.5.14).
    Pcma,
}

impl CodecKind {
    /// Every codec, the one to prefer first.
    pub const ALL: &'static [CodecKind] = &[CodecKind::Pcmu, CodecKind::Pcma];

    /// The encoding name in SDP (`a=rtpmap`), which is compared without regard to case.
    pub const fn name(self) -> &'static str {
        match self {
            CodecKind::Pcmu => "PCMU",
            CodecKind::Pcma => "PCMA",
        }
    }

    /// Samples per second that go in and come out.
    pub const fn sample_rate(self) -> u32 {
        match self {
            CodecKind::Pcmu | CodecKind::Pcma => 8_000,
        }
    }

    /// Units of the RTP timestamp per second, as in `a=rtpmap`. Not always the sample rate: G.722's is 8000 at 16000
    /// samples per second (RFC 3551 4.5.2).
    pub const fn clock_rate(self) -> u32 {
        match self {
            CodecKind::Pcmu | CodecKind::Pcma => 8_000,
        }
    }

    /// Channels as in `a=rtpmap`. The samples that go in and come out are mono in any case.
    pub const fn channels(self) -> u8 {
        match self {
            CodecKind::Pcmu | CodecKind::Pcma => 1,
        }
    }

    /// The payload type that needs no `a=rtpmap` (RFC 3551 6), if there is one.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            CodecKind::Pcmu => Some(0),
            CodecKind::Pcma => Some(8),
        }
    }

    /// The codec of an `a=rtpmap` line: its name without regard to case, its clock rate and channels.
    pub fn from_rtpmap(name: &str, clock_rate: u32, channels: u8) -> Option<CodecKind> {
        CodecKind::ALL.iter().copied().find(|kind| {
            kind.name().eq_ignore_ascii_case(name) && kind.clock_rate() == clock_rate && kind.channels() == channels
        })
    }

    /// The codec of a payload type without `a=rtpmap` (RFC 3551 6).
    pub fn from_static_payload_type(payload_type: u8) -> Option<CodecKind> {
        CodecKind::ALL.iter().copied().find(|kind| kind.static_payload_type() == Some(payload_type))
    }

    /// How many samples `duration` is, rounded down.
    pub fn samples_in(self, duration: Duration) -> usize {
        (duration.as_micros() * u128::from(self.sample_rate()) / 1_000_000) as usize
    }
}

/// What a codec can do. Slices are samples at the codec's [`sample_rate`](CodecKind::sample_rate), mono.
pub trait AudioCodec {
    /// Which codec it is.
    fn kind(&self) -> CodecKind;

    /// Encodes `samples` into `out` and says how many octets it wrote; stops where `out` ends.
    fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize;

    /// How many samples a payload decodes to, without decoding it. 0 if it is no payload of this codec.
    fn samples_of(&self, payload: &[u8]) -> usize;

    /// Decodes a payload into `out` and says how many samples it wrote; stops where `out` ends. The first frame after
    /// concealment is joined smoothly to what was invented.
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize;

    /// Invents sound for all of `out` in place of a lost frame, and fades to silence when the loss goes on. Says how
    /// many samples it wrote.
    fn conceal(&mut self, out: &mut [i16]) -> usize;

    /// Forgets what was heard, for a stream that begins anew.
    fn reset(&mut self);
}

/// One of the codecs, ready to work in both directions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Codec {
    /// PCMU or PCMA.
    G711(G711),
}

impl Codec {
    /// A codec of the kind that is asked for, in its initial state.
    pub fn new(kind: CodecKind) -> Codec {
        match kind {
            CodecKind::Pcmu => Codec::G711(G711::new(Law::Mu)),
            CodecKind::Pcma => Codec::G711(G711::new(Law::A)),
        }
    }
}

impl AudioCodec for Codec {
    fn kind(&self) -> CodecKind {
        match self {
            Codec::G711(codec) => codec.kind(),
        }
    }

    fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> usize {
        match self {
            Codec::G711(codec) => codec.encode(samples, out),
        }
    }

    fn samples_of(&self, payload: &[u8]) -> usize {
        match self {
            Codec::G711(codec) => codec.samples_of(payload),
        }
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self {
            Codec::G711(codec) => codec.decode(payload, out),
        }
    }

    fn conceal(&mut self, out: &mut [i16]) -> usize {
        match self {
            Codec::G711(codec) => codec.conceal(out),
        }
    }

    fn reset(&mut self) {
        match self {
            Codec::G711(codec) => codec.reset(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sdp_names_lead_to_codecs() {
        assert_eq!(CodecKind::from_rtpmap("pcma", 8_000, 1), Some(CodecKind::Pcma));
        assert_eq!(CodecKind::from_rtpmap("PCMU", 16_000, 1), None);
        assert_eq!(CodecKind::from_rtpmap("PCMU", 8_000, 2), None);
        assert_eq!(CodecKind::from_static_payload_type(0), Some(CodecKind::Pcmu));
        assert_eq!(CodecKind::from_static_payload_type(9), None);
        assert_eq!(CodecKind::Pcmu.samples_in(Duration::from_millis(20)), 160);
    }

    #[test]
    fn every_codec_is_what_it_says() {
        for &kind in CodecKind::ALL {
            let mut codec = Codec::new(kind);
            assert_eq!(codec.kind(), kind);
            let mut payload = [0; 400];
            let n = codec.encode(&[1_000; 160], &mut payload);
            assert_eq!(codec.samples_of(&payload[..n]), 160);
            let mut samples = [0; 400];
            assert_eq!(codec.decode(&payload[..n], &mut samples), 160);
            assert!(samples[..160].iter().all(|s| (950..1_050).contains(s)), "{samples:?}");
        }
    }
}
