//! What can be wrong with the messages of a dialog.

use thiserror::Error;

use crate::wire::sip::{ParseError, StatusCode};

/// Why a message does not make, or does not change, a dialog.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DialogError {
    /// Only responses from 101 to 299 make a dialog (RFC 3261 12.1): a mistake of the caller.
    #[error("the response does not establish a dialog")]
    NotEstablishing,
    /// A header field that the dialog needs is missing or unreadable.
    #[error("{0}")]
    Field(ParseError),
    /// The route set is longer than [`limits::ROUTE_SET`](crate::limits::ROUTE_SET).
    #[error("Record-Route: too many entries")]
    TooManyRoutes,
}

impl DialogError {
    /// What answers it when the peer's request is to blame.
    pub fn status(&self) -> StatusCode {
        match self {
            DialogError::NotEstablishing => StatusCode::SERVER_INTERNAL_ERROR,
            DialogError::Field(error) => error.status(),
            DialogError::TooManyRoutes => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<ParseError> for DialogError {
    fn from(error: ParseError) -> DialogError {
        DialogError::Field(error)
    }
}

/// Why a request within a dialog is refused. The dialog is as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum DialogRejection {
    /// Its CSeq number is lower than that of a request before (RFC 3261 12.2.2).
    #[error("CSeq {number} comes after {newest}")]
    OutOfOrder {
        /// The request's number.
        number: u32,
        /// The highest number seen before.
        newest: u32,
    },
    /// Its CSeq or Contact is unreadable.
    #[error("{0}")]
    Field(ParseError),
}

impl DialogRejection {
    /// The status that answers the request.
    pub fn status(&self) -> StatusCode {
        match self {
            DialogRejection::OutOfOrder { .. } => StatusCode::SERVER_INTERNAL_ERROR,
            DialogRejection::Field(error) => error.status(),
        }
    }
}

impl From<ParseError> for DialogRejection {
    fn from(error: ParseError) -> DialogRejection {
        DialogRejection::Field(error)
    }
}
