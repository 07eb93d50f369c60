//! Media types: Content-Type (RFC 3261, 20.15) and Accept (20.1).

use core::fmt;
use core::ops::Deref;

use super::super::Params;
use super::super::chars::{is_token, trim};
use super::{Header, HeaderName, ParseError};

/// A media type, or in Accept a range of them (`*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaType<'a> {
    /// The type, in any case.
    pub kind: &'a str,
    /// The subtype, in any case.
    pub subtype: &'a str,
    /// The parameters; of Accept also `q`.
    pub params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads `type/subtype;parameters`.
    pub fn parse(value: &'a str) -> Result<MediaType<'a>, ParseError> {
        let end = memchr::memchr(b';', value.as_bytes()).unwrap_or(value.len());
        let (name, params) = value.split_at(end);
        let (kind, subtype) = name.split_once('/').ok_or(ParseError::value("not a media type"))?;
        let (kind, subtype) = (trim(kind), trim(subtype));
        if !is_token(kind) || !is_token(subtype) {
            return Err(ParseError::value("not a media type"));
        }
        Ok(MediaType { kind, subtype, params: Params::parse(params)? })
    }

    /// Whether it is `kind/subtype`, whatever its parameters. `*` stands only for itself.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Whether this range covers `kind/subtype`: `*/*`, `kind/*`, or the type itself.
    pub fn covers(&self, kind: &str, subtype: &str) -> bool {
        self.kind == "*" || self.kind.eq_ignore_ascii_case(kind) && (self.subtype == "*" || self.is(kind, subtype))
    }
}

impl fmt::Display for MediaType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.kind, self.subtype, self.params)
    }
}

macro_rules! media_headers {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name<'a>(
                /// The media type.
                pub MediaType<'a>,
            );

            impl<'a> Header<'a> for $name<'a> {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    MediaType::parse(value).map($name).map_err(|error| error.at(Self::NAME))
                }
            }

            impl<'a> Deref for $name<'a> {
                type Target = MediaType<'a>;

                fn deref(&self) -> &MediaType<'a> {
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

media_headers! {
    /// Content-Type.
    ContentType;
    /// One range of Accept.
    Accept;
}

impl ContentType<'_> {
    /// Whether it is `application/sdp`.
    pub fn is_sdp(&self) -> bool {
        self.is("application", "sdp")
    }

    /// Whether it is `multipart/…`.
    pub fn is_multipart(&self) -> bool {
        self.kind.eq_ignore_ascii_case("multipart")
    }
}

impl Accept<'_> {
    /// The weight in thousandths, 0 to 1000; 1000 unless one is written that can be read.
    pub fn q(&self) -> u16 {
        self.params.value("q").and_then(super::super::weight).unwrap_or(1000)
    }
}
