//! What a stream is told when it begins, and at each negotiation.

use alloc::string::String;
use core::net::SocketAddr;
use core::time::Duration;

use smallvec::SmallVec;

use super::super::codec::CodecKind;
use super::super::jitter::JitterConfig;
use crate::time::WallClock;

/// What stays the same as long as the stream lives. Random values come from the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AudioConfig {
    /// Our synchronization source: random (RFC 3550 8.1).
    pub ssrc: u32,
    /// Sequence number of the first packet: random (RFC 3550 5.1).
    pub first_sequence: u16,
    /// Timestamp of the first sample: random (RFC 3550 5.1).
    pub first_timestamp: u32,
    /// Our canonical name in reports (RFC 7022: random, or `user@host`); cut to 255 octets.
    pub cname: String,
    /// How the jitter buffer may behave.
    pub jitter: JitterConfig,
    /// Send no reports. Those of the peer are read all the same.
    pub no_rtcp: bool,
    /// The calendar, for the NTP time in reports; without it the time counts from the agent's zero.
    pub wall_clock: Option<WallClock>,
}

/// What offer and answer agreed on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Format {
    /// The codec to send with. Its sample rate is that of [`push`](super::AudioStream::push) and
    /// [`pull`](super::AudioStream::pull).
    pub codec: CodecKind,
    /// The payload type to send with, 0-127.
    pub send_payload_type: u8,
    /// The payload types that are received. Codecs of another sample rate than `codec`'s are not.
    pub receive: SmallVec<[(u8, CodecKind); 8]>,
    /// The payload type to send telephone-events with, if the peer takes them.
    pub telephone_event: Option<u8>,
    /// The payload type that telephone-events are received with.
    pub telephone_event_receive: Option<u8>,
    /// How much sound a packet holds; brought into 10 to 60 ms, whole milliseconds.
    pub ptime: Duration,
    /// Where SDP says that the peer receives RTP.
    pub remote_rtp: SocketAddr,
    /// Where the peer receives RTCP, if SDP says so (RFC 3605); otherwise one port above RTP.
    pub remote_rtcp: Option<SocketAddr>,
    /// Our direction is `sendrecv` or `sendonly`.
    pub sending: bool,
    /// Our direction is `sendrecv` or `recvonly`.
    pub receiving: bool,
}

impl Format {
    /// A format with one codec in both directions, packets of 20 ms, without telephone-events.
    pub fn new(codec: CodecKind, payload_type: u8, remote_rtp: SocketAddr) -> Format {
        Format {
            codec,
            send_payload_type: payload_type,
            receive: SmallVec::from_slice(&[(payload_type, codec)]),
            telephone_event: None,
            telephone_event_receive: None,
            ptime: Duration::from_millis(20),
            remote_rtp,
            remote_rtcp: None,
            sending: true,
            receiving: true,
        }
    }

    /// The same format with telephone-events of one payload type in both directions.
    pub fn with_telephone_event(self, payload_type: u8) -> Format {
        Format { telephone_event: Some(payload_type), telephone_event_receive: Some(payload_type), ..self }
    }

    /// The packet time within its range.
    pub(super) fn packet_time(&self) -> Duration {
        Duration::from_millis(self.ptime.as_millis().clamp(10, 60) as u64)
    }
}
