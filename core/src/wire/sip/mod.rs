//! SIP messages: bytes to values and back (RFC 3261, 7 and 25, and the RFCs that add headers).
//!
//! Three looks at one text, none of which copies it: [`Message`] knows where each header field lies; [`Fields`] hands
//! out values as text; a [`Header`] reads one value. What is not understood is kept and written as it came.
//! [`Framer`] finds the messages of a stream, [`multipart`] the parts of a body.
//!
//! Promises: no input panics; reading is linear in the octets read; [`crate::limits`] caps what is kept; what is written
//! parses back equal. Not here: what a message means.

mod chars;
mod error;
mod fields;
mod frame;
mod headers;
mod host;
mod list;
mod message;
mod method;
pub mod multipart;
mod name;
mod params;
mod quote;
mod scan;
mod status;
mod transport;
mod uri;
mod validate;
mod write;

pub use error::{Broken, ParseError, Place};
pub use fields::Fields;
pub use frame::{Frame, FrameError, Framer};
pub use headers::*;
pub use host::Host;
pub use message::Message;
pub use method::Method;
pub use name::HeaderName;
pub use params::{Params, ParamsIter};
pub use quote::{quote, unquote};
pub use status::StatusCode;
pub use transport::Transport;
pub use uri::{Scheme, Tel, Uri, UriRef, escape, unescape};
pub use write::ReplyWriter;

#[cfg(test)]
mod tests;

/// `qvalue` (RFC 3261, 25.1) in thousandths: `0`, `0.7`, `1.000`.
fn weight(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = part.bytes().zip([100, 10, 1]).map(|(digit, place)| u16::from(digit - b'0') * place).sum::<u16>();
    match (whole, thousandths) {
        ("0" | "", _) if !text.is_empty() => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}
