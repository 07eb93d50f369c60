//! Headers that are one value with parameters behind it: `value;name=value`.

use alloc::borrow::Cow;
use core::fmt;

use super::super::chars::{decimal, is_token, trim};
use super::super::{Params, weight};
use super::number::seconds;
use super::text::is_call_id;
use super::{Header, HeaderName, ParseError};

fn is_star(text: &str) -> bool {
    text == "*"
}

/// `language-range` or a content coding, `*` included, which is a token character.
fn is_range(text: &str) -> bool {
    is_token(text)
}

fn is_number(text: &str) -> bool {
    seconds(text).is_some()
}

/// The value before the first `;`, and the parameters.
fn split<'a>(
    text: &'a str,
    is_value: fn(&str) -> bool,
    reason: &'static str,
) -> Result<(&'a str, Params<'a>), ParseError> {
    let end = memchr::memchr(b';', text.as_bytes()).unwrap_or(text.len());
    let value = trim(&text[..end]);
    if !is_value(value) {
        return Err(ParseError::value(reason));
    }
    Ok((value, Params::parse(&text[end..])?))
}

macro_rules! valued_headers {
    ($($(#[$doc:meta])* $name:ident = $check:ident, $reason:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name<'a> {
                /// The value as written.
                pub value: &'a str,
                /// The parameters.
                pub params: Params<'a>,
            }

            impl<'a> Header<'a> for $name<'a> {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    let (value, params) = split(value, $check, $reason).map_err(|error| error.at(Self::NAME))?;
                    Ok($name { value, params })
                }
            }

            impl fmt::Display for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}{}", self.value, self.params)
                }
            }
        )*
    };
}

valued_headers! {
    /// One coding of Accept-Encoding, RFC 3261, 20.2.
    AcceptEncoding = is_range, "not a coding";
    /// One language of Accept-Language, RFC 3261, 20.3.
    AcceptLanguage = is_range, "not a language";
    /// One set of wanted features of Accept-Contact, RFC 3841, 9.2; the value is `*`.
    AcceptContact = is_star, "not a *";
    /// One set of unwanted features of Reject-Contact, RFC 3841, 9.2; the value is `*`.
    RejectContact = is_star, "not a *";
    /// Content-Disposition, RFC 3261, 20.11.
    ContentDisposition = is_token, "not a disposition";
    /// Event, RFC 6665, 8.2.1: the value is the package with its templates.
    Event = is_token, "not an event package";
    /// Info-Package, RFC 6086, 8.3.
    InfoPackage = is_token, "not an info package";
    /// Subscription-State, RFC 6665, 8.2.3: the value is `active`, `pending`, `terminated` or another token.
    SubscriptionState = is_token, "not a state";
    /// One reason of Reason, RFC 3326, 2: the value is the protocol, `SIP` or `Q.850`.
    Reason = is_token, "not a protocol";
    /// Replaces, RFC 3891, 6.1: the value is a Call-ID.
    Replaces = is_call_id, "not a Call-ID";
    /// Join, RFC 3911, 7.1: the value is a Call-ID.
    Join = is_call_id, "not a Call-ID";
    /// Target-Dialog, RFC 4538, 7: the value is a Call-ID.
    TargetDialog = is_call_id, "not a Call-ID";
    /// Session-Expires, RFC 4028, 4: the value is a number of seconds.
    SessionExpires = is_number, "not a number of seconds";
    /// Min-SE, RFC 4028, 5: the value is a number of seconds.
    MinSe = is_number, "not a number of seconds";
    /// Refer-Sub, RFC 4488, 4: the value is `true` or `false`.
    ReferSub = is_token, "not true or false";
}

impl AcceptEncoding<'_> {
    /// The weight in thousandths, 0 to 1000; 1000 unless one is written that can be read.
    pub fn q(&self) -> u16 {
        self.params.value("q").and_then(weight).unwrap_or(1000)
    }
}

impl AcceptLanguage<'_> {
    /// The weight in thousandths, 0 to 1000; 1000 unless one is written that can be read.
    pub fn q(&self) -> u16 {
        self.params.value("q").and_then(weight).unwrap_or(1000)
    }
}

impl ContentDisposition<'_> {
    /// Whether a body of this disposition that is not understood may be skipped (`handling=optional`).
    pub fn is_optional(&self) -> bool {
        self.params.value("handling").is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    }
}

impl<'a> Event<'a> {
    /// The identifier that tells subscriptions of one dialog apart.
    pub fn id(&self) -> Option<&'a str> {
        self.params.value("id")
    }

    /// Whether both name the same subscription: package and `id` octet by octet (RFC 6665, 8.2.1).
    pub fn matches(&self, other: &Event<'_>) -> bool {
        self.value == other.value && self.id() == other.id()
    }
}

impl<'a> SubscriptionState<'a> {
    /// Whether the subscription is over.
    pub fn is_terminated(&self) -> bool {
        self.value.eq_ignore_ascii_case("terminated")
    }

    /// Whether the subscription is accepted.
    pub fn is_active(&self) -> bool {
        self.value.eq_ignore_ascii_case("active")
    }

    /// Whether the subscription waits for a decision.
    pub fn is_pending(&self) -> bool {
        self.value.eq_ignore_ascii_case("pending")
    }

    /// Why it ended.
    pub fn reason(&self) -> Option<&'a str> {
        self.params.value("reason")
    }

    /// What is left of it, in seconds.
    pub fn expires(&self) -> Option<u32> {
        self.params.value("expires").and_then(seconds)
    }

    /// When to try again, in seconds.
    pub fn retry_after(&self) -> Option<u32> {
        self.params.value("retry-after").and_then(seconds)
    }
}

impl<'a> Reason<'a> {
    /// The cause: a status code of SIP, a cause value of Q.850.
    pub fn cause(&self) -> Option<u16> {
        self.params.value("cause").and_then(decimal).and_then(|cause| u16::try_from(cause).ok())
    }

    /// The text.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        self.params.get_unquoted("text").flatten()
    }
}

impl<'a> Replaces<'a> {
    /// The Call-ID of the dialog.
    pub fn call_id(&self) -> &'a str {
        self.value
    }

    /// The tag at the recipient's end of the dialog (RFC 3891, 3).
    pub fn to_tag(&self) -> Option<&'a str> {
        self.params.value("to-tag")
    }

    /// The tag at the other end of the dialog.
    pub fn from_tag(&self) -> Option<&'a str> {
        self.params.value("from-tag")
    }

    /// Whether only a dialog that is still early may be replaced.
    pub fn early_only(&self) -> bool {
        self.params.has("early-only")
    }
}

/// Who refreshes a session (RFC 4028, 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refresher {
    /// The user agent that sent the request.
    Uac,
    /// The user agent that answered it.
    Uas,
}

impl SessionExpires<'_> {
    /// The interval in seconds.
    pub fn seconds(&self) -> u32 {
        seconds(self.value).unwrap_or(u32::MAX)
    }

    /// Who refreshes, if that is said.
    pub fn refresher(&self) -> Option<Refresher> {
        match self.params.value("refresher")? {
            uac if uac.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            uas if uas.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        }
    }
}

impl MinSe<'_> {
    /// The interval in seconds.
    pub fn seconds(&self) -> u32 {
        seconds(self.value).unwrap_or(u32::MAX)
    }
}

impl ReferSub<'_> {
    /// Whether a REFER makes a subscription.
    pub fn wanted(&self) -> bool {
        !self.value.eq_ignore_ascii_case("false")
    }
}
