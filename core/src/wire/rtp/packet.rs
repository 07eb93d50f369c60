//! One RTP packet: header, contributing sources, header extension, payload, padding (RFC 3550 5.1, 5.3.1).

use super::{ParseError, VERSION, WriteError, u16_at, word};

/// The fixed fields of an RTP header (RFC 3550 5.1) that an application sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Header {
    /// The marker: for audio, the first packet of a talk spurt (RFC 3551 4.1).
    pub marker: bool,
    /// What the payload is, 0-127.
    pub payload_type: u8,
    /// Counts packets, modulo 2^16.
    pub sequence: u16,
    /// The sampling instant of the first octet, in units of the payload's clock, modulo 2^32.
    pub timestamp: u32,
    /// The synchronization source.
    pub ssrc: u32,
}

impl Header {
    /// Octets of the fixed header.
    pub const LEN: usize = 12;

    /// The twelve octets of a packet without padding, extension and contributing sources. Bit 7 of the payload type
    /// is ignored.
    pub fn to_octets(self) -> [u8; Header::LEN] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        [VERSION << 6, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

/// The header extension (RFC 3550 5.3.1): one at most, opaque here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extension<'a> {
    /// "Defined by profile"; `0xBEDE` for one-octet header extensions (RFC 8285).
    pub profile: u16,
    /// The extension's data, a multiple of four octets.
    pub data: &'a [u8],
}

/// The contributing sources of a packet, 15 at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Csrcs<'a>(&'a [u8]);

impl<'a> Csrcs<'a> {
    /// The list in its wire form: four octets each. None if `octets` is not that, or holds more than 15.
    pub fn from_octets(octets: &'a [u8]) -> Option<Csrcs<'a>> {
        (octets.len().is_multiple_of(4) && octets.len() <= 60).then_some(Csrcs(octets))
    }

    /// The sources in their order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.0.chunks_exact(4).map(word)
    }

    /// How many there are, 0-15.
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An RTP packet as a view over its octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet<'a> {
    /// The fixed fields.
    pub header: Header,
    /// Contributing sources: who was mixed into this packet.
    pub csrcs: Csrcs<'a>,
    /// The header extension, if there is one.
    pub extension: Option<Extension<'a>>,
    /// The payload without its padding.
    pub payload: &'a [u8],
    /// Octets of padding at the end, their count included; 0 for none.
    pub padding: u8,
}

impl<'a> Packet<'a> {
    /// A packet without contributing sources, extension and padding.
    pub fn new(header: Header, payload: &'a [u8]) -> Packet<'a> {
        Packet { header, csrcs: Csrcs::default(), extension: None, payload, padding: 0 }
    }

    /// Reads a packet (RFC 3550 5.1; the checks are those of A.1 that need no state).
    pub fn parse(data: &'a [u8]) -> Result<Packet<'a>, ParseError> {
        let truncated = |needed| ParseError::Truncated { needed, found: data.len() };
        let (fixed, mut rest) = data.split_first_chunk::<{ Header::LEN }>().ok_or(truncated(Header::LEN))?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if first >> 6 != VERSION {
            return Err(ParseError::Version(first >> 6));
        }
        let csrc_octets = usize::from(first & 0x0f) * 4;
        let (csrcs, after) = rest.split_at_checked(csrc_octets).ok_or(truncated(Header::LEN + csrc_octets))?;
        rest = after;
        let extension = if first & 0x10 != 0 {
            let at = Header::LEN + csrc_octets;
            let profile = u16_at(rest, 0).ok_or(truncated(at + 4))?;
            let length = usize::from(u16_at(rest, 2).ok_or(truncated(at + 4))?) * 4;
            let extension = rest.get(4..4 + length).ok_or(truncated(at + 4 + length))?;
            rest = rest.get(4 + length..).unwrap_or_default();
            Some(Extension { profile, data: extension })
        } else {
            None
        };
        let padding = if first & 0x20 != 0 { *rest.last().ok_or(ParseError::Padding(0))? } else { 0 };
        if first & 0x20 != 0 && (padding == 0 || usize::from(padding) > rest.len()) {
            return Err(ParseError::Padding(padding));
        }
        let payload = rest.get(..rest.len() - usize::from(padding)).unwrap_or_default();
        let header = Header {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Ok(Packet { header, csrcs: Csrcs(csrcs), extension, payload, padding })
    }

    /// Octets that [`write`](Packet::write) needs.
    pub fn len(&self) -> usize {
        let extension = self.extension.map_or(0, |e| 4 + e.data.len());
        Header::LEN + self.csrcs.0.len() + extension + self.payload.len() + usize::from(self.padding)
    }

    /// Never true: a packet has a header.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Writes the packet to the start of `out` and says how many octets it took. Padding is written as zeros and its
    /// count.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, WriteError> {
        let needed = self.len();
        let available = out.len();
        let out = out.get_mut(..needed).ok_or(WriteError::NoSpace { needed, available })?;
        let mut fixed = self.header.to_octets();
        fixed[0] |= u8::from(self.padding != 0) << 5
            | u8::from(self.extension.is_some()) << 4
            | u8::try_from(self.csrcs.len()).map_err(|_| WriteError::TooLarge("CSRC list"))?;
        let mut at = put(out, 0, &fixed);
        at = put(out, at, self.csrcs.0);
        if let Some(extension) = self.extension {
            let words =
                u16::try_from(extension.data.len() / 4).map_err(|_| WriteError::TooLarge("header extension"))?;
            if !extension.data.len().is_multiple_of(4) {
                return Err(WriteError::TooLarge("header extension"));
            }
            at = put(out, at, &extension.profile.to_be_bytes());
            at = put(out, at, &words.to_be_bytes());
            at = put(out, at, extension.data);
        }
        at = put(out, at, self.payload);
        out[at..].fill(0);
        if let (Some(last), 1..) = (out.last_mut(), self.padding) {
            *last = self.padding;
        }
        Ok(needed)
    }
}

/// Copies `part` to `out[at..]`, which was checked to be long enough, and gives the place after it.
fn put(out: &mut [u8], at: usize, part: &[u8]) -> usize {
    out[at..at + part.len()].copy_from_slice(part);
    at + part.len()
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_real_packet() {
        // PCMU, marker, sequence 0x1234, timestamp 160, as a telephone sends it.
        let data = [0x80, 0x80, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 0xff, 0x7f];
        let packet = Packet::parse(&data).unwrap();
        assert_eq!(
            packet.header,
            Header { marker: true, payload_type: 0, sequence: 0x1234, timestamp: 160, ssrc: 0xdead_beef }
        );
        assert_eq!(packet.payload, [0xff, 0x7f]);
    }

    #[test]
    fn impossible_packets_are_refused() {
        let mut data = [0u8; 16];
        assert_eq!(Packet::parse(&data), Err(ParseError::Version(0)));
        assert_eq!(Packet::parse(&data[..11]), Err(ParseError::Truncated { needed: 12, found: 11 }));
        data[0] = 0xa0; // padding, count 0
        assert_eq!(Packet::parse(&data), Err(ParseError::Padding(0)));
        data[15] = 5; // one more than there is
        assert_eq!(Packet::parse(&data), Err(ParseError::Padding(5)));
        data[15] = 4;
        assert_eq!(Packet::parse(&data).unwrap().payload, []);
        data[0] = 0x82; // two CSRCs in four octets
        assert_eq!(Packet::parse(&data), Err(ParseError::Truncated { needed: 20, found: 16 }));
        data[0] = 0x90; // extension of four words
        data[15] = 4;
        assert_eq!(Packet::parse(&data), Err(ParseError::Truncated { needed: 32, found: 16 }));
    }

    proptest! {
        #[test]
        fn what_is_written_parses_back(
            marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
            csrcs in proptest::collection::vec(any::<u32>(), 0..16),
            extension in proptest::option::of((any::<u16>(), proptest::collection::vec(any::<u32>(), 0..9))),
            payload in proptest::collection::vec(any::<u8>(), 0..300), padding: u8,
        ) {
            let octets = |words: &[u32]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
            let csrc_octets = octets(&csrcs);
            let extension = extension.map(|(profile, words)| (profile, octets(&words)));
            let packet = Packet {
                header: Header { marker, payload_type, sequence, timestamp, ssrc },
                csrcs: Csrcs::from_octets(&csrc_octets).unwrap(),
                extension: extension.as_ref().map(|(profile, data)| Extension { profile: *profile, data }),
                payload: &payload,
                padding,
            };
            let mut out = [0xaa; 1_000];
            let n = packet.write(&mut out).unwrap();
            prop_assert_eq!(Packet::parse(&out[..n]), Ok(packet));
            prop_assert_eq!(packet.csrcs.iter().collect::<Vec<_>>(), csrcs);
            prop_assert_eq!(packet.write(&mut out[..n - 1]), Err(WriteError::NoSpace { needed: n, available: n - 1 }));
        }

        #[test]
        fn no_input_panics(data in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(packet) = Packet::parse(&data) {
                prop_assert_eq!(packet.len(), data.len());
            }
        }
    }
}
