//! Headers that hold an address: `"Name" <URI>;parameters`, or a bare URI (RFC 3261, 20.10).

use alloc::borrow::Cow;
use core::fmt;
use core::ops::Deref;

use super::super::chars::{self, TOKEN, is_blank, trim, trim_start};
use super::super::quote::{quoted_len, unquote};
use super::super::{Params, UriRef};
use super::{Header, HeaderName, ParseError};

/// An address with its display name and the header's parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameAddr<'a> {
    /// The display name as written, with its quotes if it has them.
    pub display: Option<&'a str>,
    /// The address.
    pub uri: UriRef<'a>,
    /// The header's parameters. Those of a bare URI belong to the header (20.10).
    pub params: Params<'a>,
}

impl<'a> NameAddr<'a> {
    /// An address with nothing around it.
    pub const fn new(uri: UriRef<'a>) -> NameAddr<'a> {
        NameAddr { display: None, uri, params: Params::EMPTY }
    }

    /// Reads `name-addr` or `addr-spec`. A name may touch the `<` (RFC 4475, 3.1.1.6), and may hold UTF-8 unquoted.
    #[inline]
    pub fn parse(value: &'a str) -> Result<NameAddr<'a>, ParseError> {
        let value = trim(value);
        if value.starts_with('"') {
            let end = quoted_len(value.as_bytes()).ok_or(ParseError::value("a display name that does not end"))?;
            let (display, rest) = value.split_at(end);
            return NameAddr::bracketed(Some(display), trim_start(rest));
        }
        match chars::find(value, b'<') {
            None => NameAddr::bare(value),
            Some(at) => {
                let display = trim(&value[..at]);
                if !display.bytes().all(|byte| chars::is(byte, TOKEN) || is_blank(byte) || !byte.is_ascii()) {
                    return Err(ParseError::value("a display name that needs quotes"));
                }
                NameAddr::bracketed((!display.is_empty()).then_some(display), &value[at..])
            }
        }
    }

    fn bracketed(display: Option<&'a str>, text: &'a str) -> Result<NameAddr<'a>, ParseError> {
        let inner = text.strip_prefix('<').ok_or(ParseError::value("no address after the display name"))?;
        let end = memchr::memchr(b'>', inner.as_bytes()).ok_or(ParseError::value("an address that does not end"))?;
        let uri = UriRef::parse(&inner[..end])?;
        let params = Params::parse(&inner[end + 1..])?;
        Ok(NameAddr { display, uri, params })
    }

    /// 20.10: a URI with a comma, a question mark or a semicolon of its own must stand between `<` and `>`.
    fn bare(text: &'a str) -> Result<NameAddr<'a>, ParseError> {
        let end = chars::find(text, b';').unwrap_or(text.len());
        let uri = trim(&text[..end]);
        if uri.contains(['?', ',']) {
            return Err(ParseError::value("an address that needs <>"));
        }
        Ok(NameAddr { display: None, uri: UriRef::parse(uri)?, params: Params::parse(&text[end..])? })
    }

    /// The display name without its quotes.
    pub fn display_name(&self) -> Option<Cow<'a, str>> {
        self.display.map(unquote)
    }

    /// The same address with other parameters.
    #[must_use]
    pub const fn with_params(self, params: Params<'a>) -> NameAddr<'a> {
        NameAddr { params, ..self }
    }

    /// A parameter of the header by name, in any case: `Some(None)` when it has no value.
    pub fn param(&self, name: &str) -> Option<Option<&'a str>> {
        self.params.get(name)
    }
}

impl fmt::Display for NameAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = self.display {
            write!(f, "{display} ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

macro_rules! address_headers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name<'a>(
                /// The address and its parameters.
                pub NameAddr<'a>,
            );

            impl<'a> Header<'a> for $name<'a> {
                const NAME: HeaderName = HeaderName::$name;

                #[inline]
                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    NameAddr::parse(value).map($name).map_err(|error| error.at(Self::NAME))
                }
            }

            impl<'a> Deref for $name<'a> {
                type Target = NameAddr<'a>;

                fn deref(&self) -> &NameAddr<'a> {
                    &self.0
                }
            }

            impl fmt::Display for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*
    };
}

address_headers! {
    /// From, RFC 3261, 20.20.
    From;
    /// To, RFC 3261, 20.39.
    To;
    /// Reply-To, RFC 3261, 20.31.
    ReplyTo;
    /// One entry of Route, RFC 3261, 20.34.
    Route;
    /// One entry of Record-Route, RFC 3261, 20.30.
    RecordRoute;
    /// One entry of Path, RFC 3327.
    Path;
    /// One entry of Service-Route, RFC 3608.
    ServiceRoute;
    /// Refer-To, RFC 3515, 2.1.
    ReferTo;
    /// Referred-By, RFC 3892, 3.
    ReferredBy;
    /// One entry of P-Asserted-Identity, RFC 3325, 9.1.
    PAssertedIdentity;
    /// One entry of P-Preferred-Identity, RFC 3325, 9.2.
    PPreferredIdentity;
    /// One entry of P-Associated-URI, RFC 7315, 4.1.
    PAssociatedUri;
    /// One URI of Alert-Info, RFC 3261, 20.4.
    AlertInfo;
    /// One URI of Call-Info, RFC 3261, 20.9.
    CallInfo;
    /// One URI of Error-Info, RFC 3261, 20.18.
    ErrorInfo;
    /// One entry of Diversion, RFC 5806.
    Diversion;
    /// One entry of History-Info, RFC 7044, 5.
    HistoryInfo;
}

impl<'a> From<'a> {
    /// The tag; none in a request of RFC 2543.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag")
    }
}

impl<'a> To<'a> {
    /// The tag; none in a request outside a dialog.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag")
    }
}

impl<'a> CallInfo<'a> {
    /// What the URI is for: `icon`, `info`, `card` or another token.
    pub fn purpose(&self) -> Option<&'a str> {
        self.params.value("purpose")
    }
}

impl<'a> ReferredBy<'a> {
    /// The Content-ID of the token that proves it (`cid`), without its quotes.
    pub fn cid(&self) -> Option<Cow<'a, str>> {
        self.params.get_unquoted("cid").flatten()
    }
}
