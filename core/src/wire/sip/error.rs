//! What can be wrong with a message, and which status answers it.

use alloc::boxed::Box;
use core::fmt;

use super::{HeaderName, Message, StatusCode};

/// Where in a message something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The first line.
    StartLine,
    /// The Request-URI.
    RequestUri,
    /// The header section as a whole.
    Head,
    /// A header field.
    Header(HeaderName),
    /// A URI that stands alone.
    Uri,
    /// A value that stands alone: parameters, a quoted string.
    Value,
    /// The body.
    Body,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::StartLine => "start line",
            Place::RequestUri => "Request-URI",
            Place::Head => "header section",
            Place::Header(name) => name.as_str(),
            Place::Uri => "URI",
            Place::Value => "value",
            Place::Body => "body",
        })
    }
}

/// Something in a message is not as its grammar has it. The text names the field: `CSeq: not a number`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ParseError {
    place: Place,
    reason: &'static str,
    status: StatusCode,
}

impl ParseError {
    /// An error that a 400 answers.
    pub const fn new(place: Place, reason: &'static str) -> ParseError {
        ParseError { place, reason, status: StatusCode::BAD_REQUEST }
    }

    /// An error in a value that does not know yet which field it stands in; see [`ParseError::at`].
    pub(crate) const fn value(reason: &'static str) -> ParseError {
        ParseError::new(Place::Value, reason)
    }

    /// An error of the header field `name`.
    pub const fn header(name: HeaderName, reason: &'static str) -> ParseError {
        ParseError::new(Place::Header(name), reason)
    }

    /// The header field `name` is not there, and must be.
    pub const fn missing(name: HeaderName) -> ParseError {
        ParseError::header(name, "missing")
    }

    /// The same error, answered with `status`.
    pub(crate) const fn with_status(self, status: StatusCode) -> ParseError {
        ParseError { status, ..self }
    }

    /// The same error, found in the header field `name`.
    pub const fn at(self, name: HeaderName) -> ParseError {
        ParseError { place: Place::Header(name), ..self }
    }

    /// The same error, found in `place`.
    pub const fn in_place(self, place: Place) -> ParseError {
        ParseError { place, ..self }
    }

    /// Where it is wrong.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// What is wrong, in a few words that suit a reason phrase.
    pub const fn reason(&self) -> &'static str {
        self.reason
    }

    /// The status that answers a request with this error: 400, 413 (body too large), 416 (scheme), 505 (version), 513
    /// (header section too large).
    pub const fn status(&self) -> StatusCode {
        self.status
    }
}

/// Bytes that are no message.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Broken {
    /// What is wrong.
    pub error: ParseError,
    /// What could be salvaged, so that a request can be answered with [`ParseError::status`]: the start line was one,
    /// and every header field that is one is here.
    pub message: Option<Box<Message>>,
}

impl From<ParseError> for Broken {
    fn from(error: ParseError) -> Broken {
        Broken { error, message: None }
    }
}
