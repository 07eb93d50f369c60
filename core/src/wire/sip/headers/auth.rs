//! Challenges and credentials (RFC 3261, 20.7, 20.27, 20.28, 20.44; RFC 7616).

use alloc::borrow::Cow;
use core::fmt;

use super::super::chars::{self, TOKEN, is_token, trim, trim_start};
use super::super::list::{Elements, elements};
use super::super::quote::{quoted_len, unquote};
use super::{Header, HeaderName, ParseError};

/// Comma-separated parameters: `realm="a", nonce="b"`. Names are found in any case; of two that are alike the first
/// counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AuthParams<'a>(&'a str);

impl<'a> AuthParams<'a> {
    /// Reads a list of parameters, or the one token that some schemes (Bearer, Negotiate) have instead.
    pub fn parse(text: &'a str) -> Result<AuthParams<'a>, ParseError> {
        let text = trim(text);
        let params = AuthParams(text);
        if params.is_token68() || elements(text).all(|param| split(param).is_some()) {
            Ok(params)
        } else {
            Err(ParseError::value("not a list of parameters"))
        }
    }

    /// RFC 7235, 2.1: letters, digits and `-._~+/`, then only `=`.
    fn is_token68(&self) -> bool {
        let token = self.0.trim_end_matches('=');
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
    }

    /// The token that stands instead of parameters.
    pub fn token68(&self) -> Option<&'a str> {
        self.is_token68().then_some(self.0)
    }

    /// The parameters as written.
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Every parameter: its name, and its value as written (quotes included).
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        elements(self.0).filter_map(split)
    }

    /// The value of this name as written, with its quotes.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of this name without its quotes and escapes.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(name).map(unquote)
    }
}

/// `name = value`, the value a quoted string or without blanks, commas and quotes.
fn split(param: &str) -> Option<(&str, &str)> {
    let (name, value) = param.split_at(memchr::memchr(b'=', param.as_bytes())?);
    let (name, value) = (trim(name), trim(&value[1..]));
    let whole = if value.starts_with('"') {
        quoted_len(value.as_bytes()) == Some(value.len())
    } else {
        !value.contains(['"', ' ', '\t'])
    };
    (is_token(name) && whole).then_some((name, value))
}

impl fmt::Display for AuthParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A scheme and its parameters: what challenges and credentials are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuthScheme<'a> {
    /// The scheme, in any case: `Digest`.
    pub scheme: &'a str,
    /// Its parameters.
    pub params: AuthParams<'a>,
}

/// What a server asks to be shown.
pub type Challenge<'a> = AuthScheme<'a>;

/// What a client shows.
pub type Credentials<'a> = AuthScheme<'a>;

impl<'a> AuthScheme<'a> {
    /// Reads one challenge, or credentials.
    pub fn parse(text: &'a str) -> Result<AuthScheme<'a>, ParseError> {
        let end = text.bytes().position(|byte| !chars::is(byte, TOKEN)).unwrap_or(text.len());
        let (scheme, rest) = text.split_at(end);
        let blanks = rest.len() - trim_start(rest).len();
        if scheme.is_empty() || !rest.is_empty() && blanks == 0 {
            return Err(ParseError::value("not a scheme and its parameters"));
        }
        Ok(AuthScheme { scheme, params: AuthParams::parse(rest)? })
    }

    /// Reads every challenge of a field: commas stand between them and between their parameters.
    pub fn parse_list(text: &'a str) -> impl Iterator<Item = Result<AuthScheme<'a>, ParseError>> + use<'a> {
        Elements::new(HeaderName::WwwAuthenticate, text).map(AuthScheme::parse)
    }

    /// Whether the scheme is Digest.
    pub fn is_digest(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Digest")
    }

    /// A parameter without its quotes.
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.params.get(name)
    }
}

impl fmt::Display for AuthScheme<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme)?;
        if self.params.0.is_empty() { Ok(()) } else { write!(f, " {}", self.params) }
    }
}

macro_rules! auth_headers {
    ($($(#[$doc:meta])* $name:ident($inner:ident);)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            pub struct $name<'a>(
                /// What it holds.
                pub $inner<'a>,
            );

            impl<'a> Header<'a> for $name<'a> {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    $inner::parse(value).map($name).map_err(|error| error.at(Self::NAME))
                }
            }

            impl<'a> core::ops::Deref for $name<'a> {
                type Target = $inner<'a>;

                fn deref(&self) -> &$inner<'a> {
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

auth_headers! {
    /// One challenge of WWW-Authenticate, RFC 3261, 20.44.
    WwwAuthenticate(AuthScheme);
    /// One challenge of Proxy-Authenticate, RFC 3261, 20.27.
    ProxyAuthenticate(AuthScheme);
    /// Authorization, RFC 3261, 20.7.
    Authorization(AuthScheme);
    /// Proxy-Authorization, RFC 3261, 20.28.
    ProxyAuthorization(AuthScheme);
    /// Authentication-Info, RFC 3261, 20.6.
    AuthenticationInfo(AuthParams);
    /// Proxy-Authentication-Info, RFC 7615, 4.
    ProxyAuthenticationInfo(AuthParams);
}
