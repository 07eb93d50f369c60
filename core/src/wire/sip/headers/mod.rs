//! Typed headers: each reads one value, borrows it, and writes it back the same.

mod address;
mod contact;
mod cseq;
mod media_type;
mod number;
mod text;
mod via;

pub use address::{
    Diversion, From, HistoryInfo, NameAddr, PAssertedIdentity, PAssociatedUri, PPreferredIdentity, Path, RecordRoute,
    ReferTo, ReferredBy, ReplyTo, Route, ServiceRoute, To,
};
pub use contact::Contact;
pub use cseq::{CSeq, RAck};
pub use media_type::{Accept, ContentType, MediaType};
pub use number::{ContentLength, Expires, FlowTimer, MaxBreadth, MaxForwards, MinExpires, RSeq};
pub use text::{
    CallId, ContentId, MimeVersion, Organization, Priority, Server, SipETag, SipIfMatch, Subject, UserAgent,
};
pub use via::Via;

use core::fmt::Display;

use super::{HeaderName, ParseError};

/// A header value with a type of its own.
pub trait Header<'a>: Sized + Display {
    /// The header it belongs to.
    const NAME: HeaderName;

    /// Reads one value: one element, of a header that is a list.
    fn parse(value: &'a str) -> Result<Self, ParseError>;
}
