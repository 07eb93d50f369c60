//! The seam for packet protection: every packet passes here once on its way out and once on its way in.
//!
//! SRTP (RFC 3711) will be a variant of [`Protection`]; nothing else of a stream knows whether packets are protected.

use alloc::vec::Vec;

use bytes::BytesMut;

/// How a stream's packets are protected.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Protection {
    /// Not at all (RTP/AVP).
    #[default]
    Plain,
}

impl Protection {
    /// Protects an RTP packet where it stands; it may become longer.
    pub(super) fn protect_rtp(&mut self, _packet: &mut BytesMut) {
        match self {
            Protection::Plain => {}
        }
    }

    /// Protects an RTCP packet where it stands; it may become longer.
    pub(super) fn protect_rtcp(&mut self, _packet: &mut BytesMut) {
        match self {
            Protection::Plain => {}
        }
    }

    /// The RTP packet in `packet`, written to `scratch` if it has to be changed; `None` if it is forged or replayed.
    pub(super) fn unprotect_rtp<'a>(&mut self, packet: &'a [u8], _scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Protection::Plain => Some(packet),
        }
    }

    /// The RTCP packet in `packet`, as for RTP.
    pub(super) fn unprotect_rtcp<'a>(&mut self, packet: &'a [u8], _scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        match self {
            Protection::Plain => Some(packet),
        }
    }
}
