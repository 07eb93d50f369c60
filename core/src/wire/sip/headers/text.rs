//! Headers that are one text.

use core::fmt;

use super::super::chars::{self, WORD, is_token};
use super::{Header, HeaderName, ParseError};

/// `word ["@" word]` (RFC 3261, 25.1, `callid`).
pub(super) fn is_call_id(text: &str) -> bool {
    let local = chars::span(text.as_bytes(), WORD);
    match &text.as_bytes()[local..] {
        _ if local == 0 => false,
        [] => true,
        [b'@', host @ ..] => !host.is_empty() && chars::span(host, WORD) == host.len(),
        _ => false,
    }
}

fn anything(_: &str) -> bool {
    true
}

fn something(text: &str) -> bool {
    !text.is_empty()
}

/// `1*DIGIT "." 1*DIGIT`
fn is_version(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(major, minor)| chars::decimal(major).is_some() && chars::decimal(minor).is_some())
}

macro_rules! text_headers {
    ($($(#[$doc:meta])* $name:ident = $check:ident, $reason:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name<'a>(
                /// The text as written.
                pub &'a str,
            );

            impl<'a> Header<'a> for $name<'a> {
                const NAME: HeaderName = HeaderName::$name;

                #[inline]
                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    if $check(value) { Ok($name(value)) } else { Err(ParseError::header(Self::NAME, $reason)) }
                }
            }

            impl fmt::Display for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(self.0)
                }
            }
        )*
    };
}

text_headers! {
    /// Call-ID, RFC 3261, 20.8. Compared octet by octet.
    CallId = is_call_id, "not a Call-ID";
    /// Content-ID, RFC 8262, with its brackets.
    ContentId = something, "empty";
    /// MIME-Version, RFC 3261, 20.24.
    MimeVersion = is_version, "not a version";
    /// Organization, RFC 3261, 20.25. May be empty.
    Organization = anything, "";
    /// Priority, RFC 3261, 20.26: `emergency`, `urgent`, `normal`, `non-urgent` or another token.
    Priority = is_token, "not a token";
    /// Subject, RFC 3261, 20.36. May be empty.
    Subject = anything, "";
    /// SIP-ETag, RFC 3903, 11.3.1.
    SipETag = is_token, "not a token";
    /// SIP-If-Match, RFC 3903, 11.3.2.
    SipIfMatch = is_token, "not a token";
    /// One option tag of Supported, RFC 3261, 20.37.
    Supported = is_token, "not an option tag";
    /// One option tag of Require, RFC 3261, 20.32.
    Require = is_token, "not an option tag";
    /// One option tag of Proxy-Require, RFC 3261, 20.29.
    ProxyRequire = is_token, "not an option tag";
    /// One option tag of Unsupported, RFC 3261, 20.40.
    Unsupported = is_token, "not an option tag";
    /// One event package of Allow-Events, RFC 6665, 8.2.2.
    AllowEvents = is_token, "not an event package";
    /// One info package of Recv-Info, RFC 6086, 8.3.
    RecvInfo = is_token, "not an info package";
    /// One directive of Request-Disposition, RFC 3841, 9.1.
    RequestDisposition = is_token, "not a directive";
    /// One coding of Content-Encoding, RFC 3261, 20.12.
    ContentEncoding = is_token, "not a coding";
    /// One language of Content-Language, RFC 3261, 20.13.
    ContentLanguage = is_token, "not a language";
    /// Content-Transfer-Encoding, RFC 2045, 6.
    ContentTransferEncoding = is_token, "not a token";
    /// One Call-ID of In-Reply-To, RFC 3261, 20.21.
    InReplyTo = is_call_id, "not a Call-ID";
    /// Server, RFC 3261, 20.35.
    Server = something, "empty";
    /// User-Agent, RFC 3261, 20.41.
    UserAgent = something, "empty";
}
