//! Session descriptions (SDP, RFC 8866): text to values and back.
//!
//! [`SessionDescription::parse`] is liberal: any line ending, missing `s=` and `t=`, trailing blanks, unknown lines
//! and attributes (kept and written again). [`SessionDescription::write`] is strict: every line in the RFC's order,
//! ended by CRLF, and no text can smuggle in a line of its own. What is written parses back equal.
//!
//! Attributes are kept as text and typed on demand: `media.attributes.all::<RtpMap>()`.
//!
//! What a description means for a call (who may send, with which codec) is not decided here but in
//! [`offer_answer`](crate::machines::offer_answer).

#[macro_use]
mod macros;
mod attribute;
mod connection;
mod crypto;
mod direction;
mod error;
mod grouping;
mod ice;
mod media;
mod msrp;
mod parse;
mod rtp;
mod session;
mod write;

#[cfg(test)]
mod tests;

pub use attribute::{Attribute, Attributes, TypedAttribute, flag};
pub use connection::{Connection, NetworkAddress};
pub use crypto::{Crypto, CryptoKey, MasterKeyIndex, SrtpKey};
pub use direction::Direction;
pub use error::SdpError;
pub use grouping::{Group, Label, Mid};
pub use ice::{Candidate, CandidateKind, IceOptions, IcePwd, IceUfrag, RemoteCandidate, RemoteCandidates};
pub use media::{MediaDescription, MediaType, Protocol};
pub use msrp::{AcceptTypes, AcceptWrappedTypes, ConnectionReuse, Fingerprint, MaxSize, Path, Setup};
pub use rtp::{Fmtp, MaxPtime, Ptime, Rtcp, RtcpFeedback, RtpMap, Ssrc};
pub use session::{Bandwidth, Origin, OtherLine, SessionDescription, Timing};

/// A number written with digits only: no sign, no blank.
fn digits<T: core::str::FromStr>(text: &str) -> Option<T> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}
