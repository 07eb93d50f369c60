//! Typed headers: each reads one value, borrows it, and writes it back the same.

mod address;
mod auth;
mod contact;
mod cseq;
mod date;
mod info;
mod media_type;
mod number;
mod text;
mod valued;
mod via;

#[cfg(test)]
mod tests;

pub use address::{
    AlertInfo, CallInfo, Diversion, ErrorInfo, From, HistoryInfo, NameAddr, PAssertedIdentity, PAssociatedUri,
    PPreferredIdentity, Path, RecordRoute, ReferTo, ReferredBy, ReplyTo, Route, ServiceRoute, To,
};
pub use auth::{
    AuthParams, AuthScheme, AuthenticationInfo, Authorization, Challenge, Credentials, ProxyAuthenticate,
    ProxyAuthenticationInfo, ProxyAuthorization, WwwAuthenticate,
};
pub use contact::Contact;
pub use cseq::{Allow, CSeq, RAck};
pub use date::Date;
pub use info::{Privacy, Product, Products, RetryAfter, Timestamp, Warning};
pub use media_type::{Accept, ContentType, MediaType};
pub use number::{ContentLength, Expires, FlowTimer, MaxBreadth, MaxForwards, MinExpires, RSeq};
pub use text::{
    AllowEvents, CallId, ContentEncoding, ContentId, ContentLanguage, ContentTransferEncoding, InReplyTo, MimeVersion,
    Organization, Priority, ProxyRequire, RecvInfo, RequestDisposition, Require, Server, SipETag, SipIfMatch, Subject,
    Supported, Unsupported, UserAgent,
};
pub use valued::{
    AcceptContact, AcceptEncoding, AcceptLanguage, ContentDisposition, Event, InfoPackage, Join, MinSe, Reason,
    ReferSub, Refresher, RejectContact, Replaces, SessionExpires, SubscriptionState, TargetDialog,
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
