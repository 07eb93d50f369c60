//! RTP and RTCP on the wire (RFC 3550), and the telephone-event payload (RFC 4733): octets to values and back.
//!
//! Everything here is a view over octets that somebody else holds, or writes into a buffer that somebody else brings:
//! nothing allocates. What sequence numbers, reports and events *mean* is the business of
//! [`machines::media`](crate::machines::media).
//!
//! Promises: no input panics; a packet that parses is consistent (every length was checked), so its accessors cannot
//! fail; what is written parses back equal; RTCP packets of unknown type are kept as they came.

mod packet;
mod rtcp;
mod rtcp_write;
mod telephone_event;

use thiserror::Error;

pub use packet::{Csrcs, Extension, Header, Packet};
pub use rtcp::{
    Application, Bye, Chunk, Chunks, Compound, Packets, ReceiverReport, ReportBlock, ReportBlocks, RtcpPacket,
    SdesItem, SdesItems, SenderInfo, SenderReport, Ssrcs, Unknown, packet_type, sdes,
};
pub use rtcp_write::RtcpWriter;
pub use telephone_event::TelephoneEvent;

/// The RTP version that this module reads and writes (RFC 3550 5.1).
pub const VERSION: u8 = 2;

/// Why octets are not an RTP packet, a compound RTCP packet or a telephone-event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ParseError {
    /// Fewer octets than the header, or than a length field in it, asks for.
    #[error("truncated: {needed} octets are needed, {found} came")]
    Truncated {
        /// Octets that the packet needs.
        needed: usize,
        /// Octets that there are.
        found: usize,
    },
    /// The version is not 2.
    #[error("RTP version {0} instead of 2")]
    Version(u8),
    /// The padding count is zero, longer than the packet, or stands where RFC 3550 6.4.1 forbids padding.
    #[error("padding of {0} octets is impossible here")]
    Padding(u8),
    /// An SDES chunk, a BYE or another RTCP packet contradicts its own length.
    #[error("RTCP packet of type {0} contradicts its length")]
    Inconsistent(u8),
}

/// The buffer handed in is too small, or a value does not fit its field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum WriteError {
    /// The packet needs more octets than the buffer has.
    #[error("the buffer is too small: {needed} octets are needed, {available} are there")]
    NoSpace {
        /// Octets that the packet needs.
        needed: usize,
        /// Octets that the buffer has left.
        available: usize,
    },
    /// A count, a length or a text is larger than its field on the wire allows.
    #[error("{0} is larger than its field allows")]
    TooLarge(&'static str),
}

/// Whether a datagram on a port shared by RTP and RTCP is RTCP (RFC 5761 4: the second octet is 192 to 223).
pub fn is_rtcp(data: &[u8]) -> bool {
    matches!(data, [first, 192..=223, ..] if first >> 6 == VERSION)
}

/// Big-endian 16 bits at `at`, if they are there.
fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// Big-endian 32 bits at `at`, if they are there.
fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The four octets of a 32-bit word, from a slice that holds at least four.
fn word(chunk: &[u8]) -> u32 {
    chunk.iter().take(4).fold(0, |value, &octet| value << 8 | u32::from(octet))
}
