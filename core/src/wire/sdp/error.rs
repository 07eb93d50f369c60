//! What can be wrong with the text of a session description.

/// Why a text is not a session description. Lines are counted from 1, empty ones aside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// Longer than [`SDP_BYTES`](crate::limits::SDP_BYTES).
    #[error("the session description is too long")]
    TooLong,
    /// A line that is not a letter and an equals sign.
    #[error("line {line} is not of the form <letter>=<value>")]
    NotALine {
        /// The line.
        line: usize,
    },
    /// A line whose value cannot be read.
    #[error("the {kind}= in line {line} cannot be read")]
    BadLine {
        /// The line's letter.
        kind: char,
        /// The line.
        line: usize,
    },
    /// A line that may stand once stands again.
    #[error("a second {kind}= in line {line}")]
    Repeated {
        /// The line's letter.
        kind: char,
        /// The line.
        line: usize,
    },
    /// More lines of one kind than [`limits`](crate::limits) allow.
    #[error("too many {kind}= lines")]
    TooMany {
        /// The lines' letter.
        kind: char,
    },
    /// A line without which nothing can be made of the description.
    #[error("no {kind}= line")]
    Missing {
        /// The line's letter.
        kind: char,
    },
}

impl SdpError {
    /// The status that answers a SIP request with such a body.
    pub const fn sip_status(&self) -> u16 {
        match self {
            // RFC 3261 21.4.11: 413 Request Entity Too Large.
            SdpError::TooLong | SdpError::TooMany { .. } => 413,
            // RFC 3261 21.4.1: malformed syntax.
            SdpError::NotALine { .. }
            | SdpError::BadLine { .. }
            | SdpError::Repeated { .. }
            | SdpError::Missing { .. } => 400,
        }
    }
}
