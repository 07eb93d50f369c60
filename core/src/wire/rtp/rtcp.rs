//! RTCP packets as views over their octets (RFC 3550 6.4-6.7), one after the other in a compound packet.

use super::{ParseError, VERSION, u16_at, u32_at, word};

/// The packet types of RFC 3550 12.1.
pub mod packet_type {
    /// Sender report.
    pub const SR: u8 = 200;
    /// Receiver report.
    pub const RR: u8 = 201;
    /// Source description.
    pub const SDES: u8 = 202;
    /// Goodbye.
    pub const BYE: u8 = 203;
    /// Application-defined.
    pub const APP: u8 = 204;
}

/// The SDES item types of RFC 3550 12.2 that an audio session meets.
pub mod sdes {
    /// Canonical end-point identifier; the only item that is mandatory.
    pub const CNAME: u8 = 1;
    /// User's name.
    pub const NAME: u8 = 2;
    /// Name and version of the application.
    pub const TOOL: u8 = 6;
}

/// A datagram of one or more RTCP packets, checked as a whole.
///
/// Reduced-size packets (RFC 5506: the first is not a report) are taken as well: [`Compound::is_reduced_size`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Compound<'a> {
    data: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks every packet of the datagram (RFC 3550 A.2): versions, lengths, padding only at the end of the last.
    /// Octets after the last whole packet make the datagram invalid.
    pub fn parse(data: &'a [u8]) -> Result<Compound<'a>, ParseError> {
        let mut rest = data;
        loop {
            let (_, after) = split(rest)?;
            if after.is_empty() {
                return Ok(Compound { data });
            }
            rest = after;
        }
    }

    /// The packets in their order.
    pub fn packets(&self) -> Packets<'a> {
        Packets { rest: self.data }
    }

    /// True if the datagram does not begin with a sender or receiver report (RFC 5506).
    pub fn is_reduced_size(&self) -> bool {
        !matches!(self.data.get(1), Some(&(packet_type::SR | packet_type::RR)))
    }
}

/// Iterates over the packets of a [`Compound`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Packets<'a> {
    type Item = RtcpPacket<'a>;

    fn next(&mut self) -> Option<RtcpPacket<'a>> {
        // `Compound::parse` has seen every packet: what is left is nothing, or a packet that parses.
        let (packet, rest) = split(self.rest).ok()?;
        self.rest = rest;
        Some(packet)
    }
}

/// One RTCP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RtcpPacket<'a> {
    /// SR (RFC 3550 6.4.1).
    SenderReport(SenderReport<'a>),
    /// RR (6.4.2).
    ReceiverReport(ReceiverReport<'a>),
    /// SDES (6.5).
    SourceDescription(Chunks<'a>),
    /// BYE (6.6).
    Bye(Bye<'a>),
    /// APP (6.7).
    Application(Application<'a>),
    /// Any other packet, for instance feedback (RFC 4585) or extended reports (RFC 3611), as it came.
    Unknown(Unknown<'a>),
}

/// What a sender says of its own stream (RFC 3550 6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SenderInfo {
    /// When the report was sent: seconds since 1900 in the high 32 bits, fractions in the low.
    pub ntp: u64,
    /// The same moment in the units of the stream's RTP timestamps.
    pub rtp_timestamp: u32,
    /// RTP packets sent since the stream began.
    pub packets: u32,
    /// Payload octets sent since the stream began.
    pub octets: u32,
}

/// What a receiver says of one source (RFC 3550 6.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReportBlock {
    /// The source that is reported on.
    pub ssrc: u32,
    /// Packets lost since the last report, in 256ths of those expected.
    pub fraction_lost: u8,
    /// Packets lost since the stream began, -2^23 to 2^23 - 1; negative if there are duplicates.
    pub cumulative_lost: i32,
    /// Highest sequence number received, extended by the count of wraps.
    pub highest_sequence: u32,
    /// Interarrival jitter, in units of the RTP timestamp (A.8).
    pub jitter: u32,
    /// The middle 32 bits of the NTP time in the last sender report; 0 if none came.
    pub last_sr: u32,
    /// Time since that report came, in 65,536ths of a second; 0 if none came.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    /// Octets of a block.
    pub const LEN: usize = 24;

    fn parse(block: &[u8]) -> ReportBlock {
        let at = |offset| u32_at(block, offset).unwrap_or_default();
        let lost = at(4);
        ReportBlock {
            ssrc: at(0),
            fraction_lost: (lost >> 24) as u8,
            // Sign-extends 24 bits.
            cumulative_lost: (lost << 8) as i32 >> 8,
            highest_sequence: at(8),
            jitter: at(12),
            last_sr: at(16),
            delay_since_last_sr: at(20),
        }
    }
}

/// The report blocks of a report, 31 at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl<'a> ReportBlocks<'a> {
    /// The blocks in their order.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        self.0.chunks_exact(ReportBlock::LEN).map(ReportBlock::parse)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len() / ReportBlock::LEN
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// SR: what is sent and what is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SenderReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// On its own stream.
    pub info: SenderInfo,
    /// On the streams it receives.
    pub blocks: ReportBlocks<'a>,
    /// Profile-specific extension.
    pub extension: &'a [u8],
}

/// RR: what is received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// On the streams it receives.
    pub blocks: ReportBlocks<'a>,
    /// Profile-specific extension.
    pub extension: &'a [u8],
}

/// The chunks of an SDES packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunks<'a>(&'a [u8]);

impl<'a> Chunks<'a> {
    /// The chunks in their order.
    pub fn iter(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let (chunk, after) = Chunk::split(rest)?;
            rest = after;
            Some(chunk)
        })
    }
}

/// One source and what describes it (RFC 3550 6.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chunk<'a> {
    /// The source.
    pub ssrc: u32,
    items: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// What describes the source, in its order.
    pub fn items(&self) -> SdesItems<'a> {
        SdesItems { rest: self.items }
    }

    /// The source's canonical name, if the chunk has one.
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items().find(|item| item.kind == sdes::CNAME).map(|item| item.text)
    }

    /// Takes a chunk off the front: SSRC, items, one to four zeros up to the next 32-bit boundary.
    fn split(data: &'a [u8]) -> Option<(Chunk<'a>, &'a [u8])> {
        let ssrc = u32_at(data, 0)?;
        let mut at = 4;
        while *data.get(at)? != 0 {
            at += 2 + usize::from(*data.get(at + 1)?);
        }
        let items = data.get(4..at)?;
        Some((Chunk { ssrc, items }, data.get((at + 1).next_multiple_of(4)..)?))
    }
}

/// One SDES item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SdesItem<'a> {
    /// What it says; see [`sdes`].
    pub kind: u8,
    /// Its text, which should be UTF-8.
    pub text: &'a [u8],
}

/// Iterates over the items of a [`Chunk`].
#[derive(Clone, Debug)]
pub struct SdesItems<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for SdesItems<'a> {
    type Item = SdesItem<'a>;

    fn next(&mut self) -> Option<SdesItem<'a>> {
        let &[kind, length, ref rest @ ..] = self.rest else { return None };
        let (text, after) = rest.split_at_checked(usize::from(length))?;
        self.rest = after;
        Some(SdesItem { kind, text })
    }
}

/// The sources that a BYE names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ssrcs<'a>(&'a [u8]);

impl<'a> Ssrcs<'a> {
    /// The sources in their order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.0.chunks_exact(4).map(word)
    }
}

/// BYE: sources that leave (RFC 3550 6.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bye<'a> {
    /// Who leaves.
    pub ssrcs: Ssrcs<'a>,
    /// Why, in words.
    pub reason: Option<&'a [u8]>,
}

/// APP: whatever an application likes (RFC 3550 6.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Application<'a> {
    /// Means what the name's owner says, 0-31.
    pub subtype: u8,
    /// Who sends.
    pub ssrc: u32,
    /// Four octets that name the format.
    pub name: [u8; 4],
    /// The rest, a multiple of four octets.
    pub data: &'a [u8],
}

/// A packet of a type that is not read here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unknown<'a> {
    /// The packet type.
    pub packet_type: u8,
    /// The five bits after version and padding, 0-31.
    pub count: u8,
    /// What follows the four octets of header, without padding.
    pub body: &'a [u8],
}

/// Takes one packet off the front of `data`.
fn split(data: &[u8]) -> Result<(RtcpPacket<'_>, &[u8]), ParseError> {
    let truncated = |needed| ParseError::Truncated { needed, found: data.len() };
    let &[first, kind, ..] = data else { return Err(truncated(4)) };
    let length = 4 + 4 * usize::from(u16_at(data, 2).ok_or(truncated(4))?);
    if first >> 6 != VERSION {
        return Err(ParseError::Version(first >> 6));
    }
    let (packet, rest) = data.split_at_checked(length).ok_or(truncated(length))?;
    let mut body = packet.get(4..).unwrap_or_default();
    if first & 0x20 != 0 {
        // RFC 3550 6.4.1: padding is only on the last packet, a multiple of four octets.
        let padding = body.last().copied().unwrap_or(0);
        let kept = body.len().checked_sub(usize::from(padding));
        match kept {
            Some(kept) if rest.is_empty() && padding != 0 && padding % 4 == 0 => body = &body[..kept],
            _ => return Err(ParseError::Padding(padding)),
        }
    }
    let count = first & 0x1f;
    let packet = read(kind, count, body).ok_or(ParseError::Inconsistent(kind))?;
    Ok((packet, rest))
}

fn read(kind: u8, count: u8, body: &[u8]) -> Option<RtcpPacket<'_>> {
    Some(match kind {
        packet_type::SR => {
            let ntp = u64::from(u32_at(body, 4)?) << 32 | u64::from(u32_at(body, 8)?);
            let info = SenderInfo {
                ntp,
                rtp_timestamp: u32_at(body, 12)?,
                packets: u32_at(body, 16)?,
                octets: u32_at(body, 20)?,
            };
            let (blocks, extension) = body.get(24..)?.split_at_checked(usize::from(count) * ReportBlock::LEN)?;
            let blocks = ReportBlocks(blocks);
            RtcpPacket::SenderReport(SenderReport { ssrc: u32_at(body, 0)?, info, blocks, extension })
        }
        packet_type::RR => {
            let (blocks, extension) = body.get(4..)?.split_at_checked(usize::from(count) * ReportBlock::LEN)?;
            let blocks = ReportBlocks(blocks);
            RtcpPacket::ReceiverReport(ReceiverReport { ssrc: u32_at(body, 0)?, blocks, extension })
        }
        packet_type::SDES => {
            let mut rest = body;
            for _ in 0..count {
                (_, rest) = Chunk::split(rest)?;
            }
            RtcpPacket::SourceDescription(Chunks(body.get(..body.len() - rest.len())?))
        }
        packet_type::BYE => {
            let (ssrcs, rest) = body.split_at_checked(usize::from(count) * 4)?;
            let reason = match rest {
                [] => None,
                &[length, ref text @ ..] => Some(text.get(..usize::from(length))?),
            };
            RtcpPacket::Bye(Bye { ssrcs: Ssrcs(ssrcs), reason })
        }
        packet_type::APP => {
            let name = body.get(4..8)?.try_into().ok()?;
            RtcpPacket::Application(Application { subtype: count, ssrc: u32_at(body, 0)?, name, data: body.get(8..)? })
        }
        packet_type => RtcpPacket::Unknown(Unknown { packet_type, count, body }),
    })
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::super::{RtcpWriter, WriteError};
    use super::*;

    type Items = Vec<(u8, Vec<u8>)>;

    #[derive(Clone, Debug)]
    enum Owned {
        Sr(u32, SenderInfo, Vec<ReportBlock>),
        Rr(u32, Vec<ReportBlock>),
        Sdes(Vec<(u32, Items)>),
        Bye(Vec<u32>, Option<Vec<u8>>),
        App(u8, u32, [u8; 4], Vec<u32>),
        Other(u8, u8, Vec<u32>),
    }

    fn octets(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    fn write(packets: &[Owned], out: &mut [u8]) -> Result<usize, WriteError> {
        let mut writer = RtcpWriter::new(out);
        for packet in packets {
            match packet {
                Owned::Sr(ssrc, info, blocks) => writer.sender_report(*ssrc, info, blocks)?,
                Owned::Rr(ssrc, blocks) => writer.receiver_report(*ssrc, blocks)?,
                Owned::Sdes(chunks) => {
                    let items: Vec<Vec<SdesItem<'_>>> = chunks
                        .iter()
                        .map(|(_, items)| items.iter().map(|(kind, text)| SdesItem { kind: *kind, text }).collect())
                        .collect();
                    let chunks: Vec<(u32, &[SdesItem<'_>])> =
                        chunks.iter().zip(&items).map(|((ssrc, _), items)| (*ssrc, items.as_slice())).collect();
                    writer.source_description(&chunks)?;
                }
                Owned::Bye(ssrcs, reason) => writer.bye(ssrcs, reason.as_deref())?,
                Owned::App(subtype, ssrc, name, data) => writer.application(*subtype, *ssrc, *name, &octets(data))?,
                Owned::Other(kind, count, body) => writer.unknown(*kind, *count, &octets(body))?,
            }
        }
        Ok(writer.len())
    }

    fn read_back(packet: RtcpPacket<'_>) -> Owned {
        let words = |data: &[u8]| data.chunks_exact(4).map(word).collect::<Vec<u32>>();
        match packet {
            RtcpPacket::SenderReport(p) => Owned::Sr(p.ssrc, p.info, p.blocks.iter().collect()),
            RtcpPacket::ReceiverReport(p) => Owned::Rr(p.ssrc, p.blocks.iter().collect()),
            RtcpPacket::SourceDescription(p) => Owned::Sdes(
                p.iter().map(|c| (c.ssrc, c.items().map(|i| (i.kind, i.text.to_vec())).collect())).collect(),
            ),
            RtcpPacket::Bye(p) => Owned::Bye(p.ssrcs.iter().collect(), p.reason.map(<[u8]>::to_vec)),
            RtcpPacket::Application(p) => Owned::App(p.subtype, p.ssrc, p.name, words(p.data)),
            RtcpPacket::Unknown(p) => Owned::Other(p.packet_type, p.count, words(p.body)),
        }
    }

    fn block() -> impl Strategy<Value = ReportBlock> {
        (any::<u32>(), any::<u8>(), -(1 << 23)..(1i32 << 23), any::<[u32; 4]>()).prop_map(
            |(ssrc, fraction, lost, rest)| ReportBlock {
                ssrc,
                fraction_lost: fraction,
                cumulative_lost: lost,
                highest_sequence: rest[0],
                jitter: rest[1],
                last_sr: rest[2],
                delay_since_last_sr: rest[3],
            },
        )
    }

    fn packet() -> impl Strategy<Value = Owned> {
        use proptest::collection::vec;
        let text = || vec(any::<u8>(), 0..40);
        let item = (1u8..=255, text());
        prop_oneof![
            (any::<u32>(), any::<(u64, u32, u32, u32)>(), vec(block(), 0..4)).prop_map(|(ssrc, i, blocks)| {
                let info = SenderInfo { ntp: i.0, rtp_timestamp: i.1, packets: i.2, octets: i.3 };
                Owned::Sr(ssrc, info, blocks)
            }),
            (any::<u32>(), vec(block(), 0..4)).prop_map(|(ssrc, blocks)| Owned::Rr(ssrc, blocks)),
            vec((any::<u32>(), vec(item, 0..4)), 0..4).prop_map(Owned::Sdes),
            (vec(any::<u32>(), 0..4), proptest::option::of(text())).prop_map(|(s, r)| Owned::Bye(s, r)),
            (0u8..32, any::<u32>(), any::<[u8; 4]>(), vec(any::<u32>(), 0..4))
                .prop_map(|(s, ssrc, n, d)| Owned::App(s, ssrc, n, d)),
            (205u8..=255, 0u8..32, vec(any::<u32>(), 0..4)).prop_map(|(k, c, b)| Owned::Other(k, c, b)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_parses_back(packets in proptest::collection::vec(packet(), 1..5)) {
            let mut out = vec![0; 4_096];
            let n = write(&packets, &mut out).unwrap();
            let compound = Compound::parse(&out[..n]).unwrap();
            let back: Vec<Owned> = compound.packets().map(read_back).collect();
            prop_assert_eq!(std::format!("{back:?}"), std::format!("{packets:?}"));
            prop_assert!(Compound::parse(&out[..n - 1]).is_err());
        }

        #[test]
        fn no_input_panics(mut data in proptest::collection::vec(any::<u8>(), 0..120), kind in 198u8..208) {
            if data.len() >= 4 {
                data[0] = 0x80 | data[0] & 0x3f;
                data[1] = kind;
                data[2] = 0;
                data[3] = u8::try_from(data.len() / 4 - 1).unwrap();
            }
            if let Ok(compound) = Compound::parse(&data) {
                prop_assert!(compound.packets().map(read_back).count() > 0);
            }
        }
    }

    #[test]
    fn a_reduced_size_packet_is_taken() {
        // RFC 4585 generic NACK on its own (RFC 5506).
        let data = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 7, 0, 0];
        let compound = Compound::parse(&data).unwrap();
        assert!(compound.is_reduced_size());
        let unknown = Unknown { packet_type: 205, count: 1, body: &data[4..] };
        assert_eq!(compound.packets().collect::<Vec<_>>(), [RtcpPacket::Unknown(unknown)]);
    }

    #[test]
    fn padding_stands_at_the_end_only() {
        let mut data = [0xa0, 201, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4, 0x80, 203, 0, 0];
        assert!(matches!(
            Compound::parse(&data[..12]).unwrap().packets().next(),
            Some(RtcpPacket::ReceiverReport(ReceiverReport { ssrc: 9, .. }))
        ));
        assert_eq!(Compound::parse(&data), Err(ParseError::Padding(4)));
        data[11] = 12; // longer than the body
        assert_eq!(Compound::parse(&data[..12]), Err(ParseError::Padding(12)));
    }

    #[test]
    fn a_chunk_without_its_end_is_refused() {
        // One chunk is promised: CNAME of four octets, then no terminating zero.
        let data = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, b'a', b'b'];
        assert_eq!(Compound::parse(&data), Err(ParseError::Inconsistent(202)));
    }
}
