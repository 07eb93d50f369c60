//! Why a challenge is not answered.

use bytestring::ByteString;
use thiserror::Error;

use crate::wire::sip::ParseError;

/// Why [`Authenticator::on_challenge`](super::Authenticator::on_challenge) gives a request up. The 401 or 407 is then
/// the request's final answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AuthError {
    /// No credentials fit a realm that challenged. The realm is what to show when asking for them (RFC 3261 22.1).
    #[error("no credentials for the realm \"{realm}\"")]
    NoCredentials {
        /// The realm, unquoted.
        realm: ByteString,
    },
    /// Every challenge wants a scheme, algorithm or quality of protection that we do not know (RFC 8760 2.4).
    #[error("no challenge asks for Digest with an algorithm and a quality of protection that we know")]
    UnknownAlgorithm,
    /// The server refused the credentials, not just the nonce: they must not be tried again (RFC 3261 22.1).
    #[error("the credentials for the realm \"{realm}\" were refused")]
    Refused {
        /// The realm, unquoted.
        realm: ByteString,
    },
    /// The request was challenged more often than [`limits::AUTH_ATTEMPTS`](crate::limits::AUTH_ATTEMPTS).
    #[error("challenged again and again")]
    TooManyAttempts,
    /// The response has no challenge that can be read.
    #[error("no readable challenge in the response")]
    Malformed,
    /// The response has no readable Call-ID or CSeq.
    #[error("{0}")]
    Unreadable(ParseError),
    /// The response is neither a 401 nor a 407: a mistake of the caller.
    #[error("not a challenge")]
    NotAChallenge,
}
