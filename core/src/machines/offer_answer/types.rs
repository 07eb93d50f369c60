//! What goes into a negotiation and what comes out of it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use crate::wire::sdp::Direction;

/// The kinds of stream that can be negotiated. A new kind is added here; `m=` lines of every other kind are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// One audio stream over RTP.
    Audio,
}

impl StreamKind {
    /// Its name: `audio`.
    pub const fn name(self) -> &'static str {
        match self {
            StreamKind::Audio => "audio",
        }
    }
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A codec as descriptions name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodecSpec {
    /// Its encoding name, for example `PCMU`; compared without regard to case.
    pub name: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels.
    pub channels: u8,
    /// Its static payload type (RFC 3551 6), 0 to 127; `None`, or a greater number: one is chosen.
    pub payload_type: Option<u8>,
    /// Format parameters that we write.
    pub fmtp: Option<String>,
}

impl CodecSpec {
    /// G.711 µ-law.
    pub fn pcmu() -> CodecSpec {
        CodecSpec { name: "PCMU".into(), clock_rate: 8_000, channels: 1, payload_type: Some(0), fmtp: None }
    }

    /// G.711 A-law.
    pub fn pcma() -> CodecSpec {
        CodecSpec { name: "PCMA".into(), clock_rate: 8_000, channels: 1, payload_type: Some(8), fmtp: None }
    }
}

/// What our audio can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioCapability {
    /// Codecs, the preferred one first.
    pub codecs: Vec<CodecSpec>,
    /// True if digits are sent and received as telephone-events (RFC 4733).
    pub telephone_event: bool,
    /// Milliseconds of sound in a packet that we ask for, and send where the peer does not ask; 10 to 60.
    pub ptime_ms: u8,
}

/// Our end of an audio stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalAudio {
    /// Where we receive RTP.
    pub rtp: SocketAddr,
    /// Where we receive RTCP, if not on the port above.
    pub rtcp_port: Option<u16>,
    /// What we want: `SendOnly` puts the peer on hold.
    pub direction: Direction,
}

/// The streams of an offer of ours. A stream in force that is not named here is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Audio.
    pub audio: Option<LocalAudio>,
}

/// The streams of a peer's offer that we accept; every other is answered with port 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Audio.
    pub audio: Option<LocalAudio>,
}

/// What a peer offers, compared with what is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteOffer {
    /// Streams that can be accepted.
    pub offered: Vec<StreamKind>,
    /// Streams that can be accepted and are not in force.
    pub added: Vec<StreamKind>,
    /// Streams in force that are offered no more.
    pub removed: Vec<StreamKind>,
    /// The audio stream that can be accepted.
    pub audio: Option<OfferedAudio>,
    /// True if the description is the peer's last one again, whatever its `o=` says: a refresh.
    pub unchanged: bool,
}

/// The audio stream of a peer's offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedAudio {
    /// Who sends and receives, as the peer sees it. `c=0.0.0.0` does not receive (RFC 3264 8.4).
    pub direction: Direction,
    /// True if that differs from what the peer said last; true for a stream that is added.
    pub direction_changed: bool,
}

impl OfferedAudio {
    /// True if the peer wants nothing sent to it: we are on hold.
    pub const fn held(&self) -> bool {
        !self.direction.receives()
    }
}

/// What both sides agreed on: the streams in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The audio stream.
    pub audio: Option<AgreedAudio>,
}

impl Agreement {
    /// The streams in force.
    pub fn streams(&self) -> impl Iterator<Item = StreamKind> {
        self.audio.iter().map(|_| StreamKind::Audio)
    }
}

/// A codec and the payload type under which the peer wants it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AgreedCodec {
    /// Its encoding name, as in our [`AudioCapability`].
    pub name: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Channels.
    pub channels: u8,
    /// The payload type to send.
    pub payload_type: u8,
    /// The peer's format parameters.
    pub fmtp: Option<String>,
}

/// An audio stream in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedAudio {
    /// What we send.
    pub codec: AgreedCodec,
    /// What we receive, by payload type.
    pub receive: Vec<(u8, CodecSpec)>,
    /// Payload type of the telephone-events that we send, at the codec's clock rate.
    pub telephone_event_send: Option<u8>,
    /// Payload type of the telephone-events that we receive, at the codec's clock rate.
    pub telephone_event_receive: Option<u8>,
    /// Milliseconds of sound in a packet that we send: 10, 20, … 60.
    pub ptime_ms: u8,
    /// Where RTP goes; `None` when the peer is on `c=0.0.0.0`, or its address is a name or a multicast group.
    pub remote_rtp: Option<SocketAddr>,
    /// Where RTCP goes; `None` likewise.
    pub remote_rtcp: Option<SocketAddr>,
    /// Who sends and receives, as we see it.
    pub direction: Direction,
    /// True if we may not send: the peer said so, or its address is `0.0.0.0` or `::`.
    pub held_by_remote: bool,
}
