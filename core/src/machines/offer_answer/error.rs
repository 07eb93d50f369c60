//! What can go wrong in a negotiation: the peer's fault, or the caller's.

use alloc::string::{String, ToString};

use super::StreamKind;

/// Where a negotiation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignalingState {
    /// No offer is open.
    Stable,
    /// Our offer waits for its answer.
    LocalOfferSent,
    /// The peer's offer waits for our answer.
    RemoteOfferReceived,
}

/// Why no stream of a description can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Incompatibility {
    /// No stream of a kind that we support, or all with port 0.
    #[error("no supported media type")]
    MediaType,
    /// A transport that we do not support.
    #[error("no supported media transport")]
    Protocol,
    /// No codec in common.
    #[error("no codec in common")]
    Codec,
    /// No `c=` line, neither for the stream nor for the session.
    #[error("no connection address for the stream")]
    Address,
}

/// Why an offer or an answer was not made or not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferAnswerError {
    /// The peer's description leaves no stream.
    #[error("no common media: {0}")]
    NoCommonMedia(Incompatibility),
    /// The peer's offer has fewer `m=` lines than were in force (RFC 3264 8).
    #[error("an offer must keep the {before} media lines of the session, this one has {now}")]
    FewerMediaLines {
        /// Lines in force.
        before: usize,
        /// Lines of the offer.
        now: usize,
    },
    /// The peer's offer or answer has another media type in a line that is in use.
    #[error("the media type of media line {line} must not change")]
    MediaTypeChanged {
        /// The line, counted from 1.
        line: usize,
    },
    /// The peer's answer does not have the `m=` lines of our offer (RFC 3264 6).
    #[error("an answer to {offered} media lines has {answered}")]
    MediaLineCount {
        /// Lines of our offer.
        offered: usize,
        /// Lines of the answer.
        answered: usize,
    },
    /// The peer offers while our offer is open: glare (RFC 3261 14.2).
    #[error("an offer of ours is open")]
    Glare,
    /// The peer offers while its last offer is not answered (RFC 3261 14.2).
    #[error("the last offer is not answered yet")]
    OfferPending,

    /// The call is not possible now.
    #[error("this needs the state {needs:?}, and it is {found:?}")]
    WrongState {
        /// Where the negotiation must stand.
        needs: SignalingState,
        /// Where it stands.
        found: SignalingState,
    },
    /// The offer or the answer would leave no stream: the session is to be ended, or the offer rejected, instead.
    #[error("no stream is left")]
    NoStreams,
    /// A stream is accepted that was not offered, or not in a way that we support.
    #[error("{0} was not offered")]
    NotOffered(StreamKind),
    /// The capability names no codec.
    #[error("no codec to offer")]
    NoCodecs,
    /// More codecs than there are payload types, counting those that the session has used before.
    #[error("no payload type is free")]
    NoPayloadType,
    /// More `m=` lines than [`SDP_MEDIA`](crate::limits::SDP_MEDIA).
    #[error("no media line is free")]
    NoMediaLine,
}

impl OfferAnswerError {
    /// The status that answers the peer's request; `None` where the caller is wrong, who then has nothing to answer.
    pub const fn sip_status(&self) -> Option<u16> {
        match self {
            // RFC 3261 21.4.26: 488 Not Acceptable Here.
            OfferAnswerError::NoCommonMedia(_)
            | OfferAnswerError::FewerMediaLines { .. }
            | OfferAnswerError::MediaTypeChanged { .. }
            | OfferAnswerError::MediaLineCount { .. } => Some(488),
            // RFC 3261 14.2.
            OfferAnswerError::Glare => Some(491),
            OfferAnswerError::OfferPending => Some(500),
            OfferAnswerError::WrongState { .. }
            | OfferAnswerError::NoStreams
            | OfferAnswerError::NotOffered(_)
            | OfferAnswerError::NoCodecs
            | OfferAnswerError::NoPayloadType
            | OfferAnswerError::NoMediaLine => None,
        }
    }

    /// Code and text of the Warning header field for a 488 (RFC 3261 20.43).
    pub fn warning(&self) -> Option<(u16, String)> {
        let code = match self {
            OfferAnswerError::NoCommonMedia(Incompatibility::MediaType) => 304,
            OfferAnswerError::NoCommonMedia(Incompatibility::Protocol) => 302,
            OfferAnswerError::NoCommonMedia(Incompatibility::Codec) => 305,
            OfferAnswerError::NoCommonMedia(Incompatibility::Address) => 301,
            OfferAnswerError::MediaTypeChanged { .. } => 304,
            OfferAnswerError::FewerMediaLines { .. } | OfferAnswerError::MediaLineCount { .. } => 399,
            _ => return None,
        };
        Some((code, self.to_string()))
    }
}
