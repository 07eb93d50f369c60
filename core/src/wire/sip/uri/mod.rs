//! URIs (RFC 3261, 19.1): a view that borrows its text, and an owned one.
//!
//! SIP and SIPS URIs are taken apart; `tel:` URIs have a view of their own ([`Tel`], RFC 3966); of every other scheme
//! only the characters are checked.

mod compare;
mod escape;
mod owned;
mod tel;

use alloc::borrow::Cow;
use core::fmt;

pub use escape::{escape, unescape};
pub use owned::Uri;
pub use tel::Tel;

use super::chars::{self, PASSWORD, SCHEME, URI, URI_HEADERS, URI_PARAMS, USER};
use super::{Host, Params, ParseError, Place, StatusCode, Transport};

/// The scheme of a URI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme<'a> {
    /// `sip`
    Sip,
    /// `sips`
    Sips,
    /// `tel`
    Tel,
    /// Any other, as written.
    Other(&'a str),
}

impl Scheme<'_> {
    /// The scheme in lower case; another as written.
    pub const fn as_str(&self) -> &str {
        match self {
            Scheme::Sip => "sip",
            Scheme::Sips => "sips",
            Scheme::Tel => "tel",
            Scheme::Other(name) => name,
        }
    }
}

/// A view of a URI whose syntax has been checked. `==` compares texts; see [`UriRef::equivalent`].
#[derive(Clone, Copy, Debug)]
pub struct UriRef<'a> {
    text: &'a str,
    scheme: Scheme<'a>,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: Host<'a>,
    port: Option<u16>,
    params: &'a str,
    headers: &'a str,
}

impl PartialEq for UriRef<'_> {
    fn eq(&self, other: &UriRef<'_>) -> bool {
        self.text == other.text
    }
}

impl Eq for UriRef<'_> {}

const fn wrong(reason: &'static str) -> ParseError {
    ParseError::new(Place::Uri, reason)
}

impl<'a> UriRef<'a> {
    /// Reads a URI without blanks or brackets around it.
    ///
    /// Not checked: that the last label of a host name begins with a letter (RFC 3261, 25.1), that a local `tel`
    /// number has a `phone-context` (RFC 3966, 3).
    #[inline]
    pub fn parse(text: &'a str) -> Result<UriRef<'a>, ParseError> {
        let colon = memchr::memchr(b':', text.as_bytes()).ok_or(wrong("no scheme"))?;
        let (name, rest) = (&text[..colon], &text[colon + 1..]);
        if name.eq_ignore_ascii_case("sip") {
            UriRef::parse_sip(text, Scheme::Sip, rest)
        } else if name.eq_ignore_ascii_case("sips") {
            UriRef::parse_sip(text, Scheme::Sips, rest)
        } else if name.eq_ignore_ascii_case("tel") {
            let (number, params) = split_at_byte(rest, b';');
            tel::check_number(number)?;
            check_params(params)?;
            Ok(UriRef { user: Some(number), params, ..UriRef::opaque(text, Scheme::Tel) })
        } else {
            let letter = name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
            if !letter || !chars::all(name, SCHEME) {
                return Err(wrong("not a scheme"));
            }
            if rest.is_empty() || !chars::all_escaped(rest, URI) {
                return Err(wrong("a character that no URI holds"));
            }
            Ok(UriRef::opaque(text, Scheme::Other(name)))
        }
    }

    const fn opaque(text: &'a str, scheme: Scheme<'a>) -> UriRef<'a> {
        let host = Host::Name("");
        UriRef { text, scheme, user: None, password: None, host, port: None, params: "", headers: "" }
    }

    /// `[userinfo "@"] hostport uri-parameters [headers]`. No part but `userinfo` may hold `@`, and a user may hold `;`
    /// and `?`, so the `@` is looked for first.
    fn parse_sip(text: &'a str, scheme: Scheme<'a>, rest: &'a str) -> Result<UriRef<'a>, ParseError> {
        let (user, password, rest) = match memchr::memchr(b'@', rest.as_bytes()) {
            None => (None, None, rest),
            Some(at) => {
                let (user, password) = match split_at_byte(&rest[..at], b':') {
                    (user, "") => (user, None),
                    (user, password) => (user, Some(&password[1..])),
                };
                if user.is_empty() || !chars::all_escaped(user, USER) {
                    return Err(wrong("not a user"));
                }
                if password.is_some_and(|password| !chars::all_escaped(password, PASSWORD)) {
                    return Err(wrong("not a password"));
                }
                (Some(user), password, &rest[at + 1..])
            }
        };
        let end = rest.bytes().position(|byte| byte == b';' || byte == b'?').unwrap_or(rest.len());
        let (host_port, tail) = rest.split_at(end);
        let (params, headers) = split_at_byte(tail, b'?');
        if host_port.bytes().any(chars::is_blank) {
            return Err(wrong("a blank in a host"));
        }
        let (host, port) = Host::parse_with_port(host_port).map_err(|error| error.in_place(Place::Uri))?;
        check_params(params)?;
        check_headers(headers)?;
        Ok(UriRef { text, scheme, user, password, host, port, params, headers })
    }

    /// The URI as it is written.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme<'a> {
        self.scheme
    }

    /// Whether the scheme is `sip` or `sips`.
    pub const fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    /// Whether the scheme is `sips`.
    pub const fn is_secure(&self) -> bool {
        matches!(self.scheme, Scheme::Sips)
    }

    /// Refuses every scheme but `sip` and `sips`, with the error that 416 answers.
    pub fn require_sip(&self) -> Result<(), ParseError> {
        if self.is_sip() {
            return Ok(());
        }
        Err(wrong("unsupported scheme").with_status(StatusCode::UNSUPPORTED_URI_SCHEME))
    }

    /// The user, escapes as written; the number of a `tel` URI.
    pub const fn user(&self) -> Option<&'a str> {
        self.user
    }

    /// The user with its escapes resolved. Octets that are not UTF-8 become U+FFFD.
    pub fn user_unescaped(&self) -> Option<Cow<'a, str>> {
        self.user.map(unescape)
    }

    /// The password, escapes as written.
    pub const fn password(&self) -> Option<&'a str> {
        self.password
    }

    /// The host; the empty name in a URI that is neither `sip` nor `sips`.
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port, if one is written.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The URI's parameters, escapes as written.
    pub const fn params(&self) -> Params<'a> {
        Params::of_checked(self.params)
    }

    /// A parameter by name, in any case: `Some(None)` when it has no value.
    #[inline]
    pub fn param(&self, name: &str) -> Option<Option<&'a str>> {
        self.params().get(name)
    }

    /// The headers after `?`: names and values, escapes as written.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let list = self.headers.strip_prefix('?');
        list.into_iter().flat_map(|list| list.split('&')).filter_map(|header| header.split_once('='))
    }

    /// The parameter `transport`, if it names one that this crate knows.
    pub fn transport(&self) -> Option<Transport> {
        self.params().value("transport").and_then(Transport::parse)
    }

    /// Whether it is the URI of a loose router (RFC 3261, 16.12).
    pub fn is_lr(&self) -> bool {
        self.params().has("lr")
    }

    /// The parameter `maddr`, if it is a host.
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.params().value("maddr").and_then(|text| Host::parse(text).ok())
    }

    /// The parameter `ttl`, 0 to 255.
    pub fn ttl(&self) -> Option<u8> {
        self.params().value("ttl").and_then(chars::decimal).and_then(|ttl| u8::try_from(ttl).ok())
    }

    /// The parameter `user`: `phone` or `ip`, or another.
    pub fn user_param(&self) -> Option<&'a str> {
        self.params().value("user")
    }

    /// The parameter `method`.
    pub fn method(&self) -> Option<&'a str> {
        self.params().value("method")
    }

    /// The telephone number of a `tel` URI.
    pub fn tel(&self) -> Option<Tel<'a>> {
        match (self.scheme, self.user) {
            (Scheme::Tel, Some(number)) => Some(Tel::new(number, self.params())),
            _ => None,
        }
    }
}

impl fmt::Display for UriRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Splits before the first `byte`, which stays with the second part.
fn split_at_byte(text: &str, byte: u8) -> (&str, &str) {
    text.split_at(memchr::memchr(byte, text.as_bytes()).unwrap_or(text.len()))
}

fn check_params(params: &str) -> Result<(), ParseError> {
    if !chars::all_escaped(params, URI_PARAMS) {
        return Err(wrong("a character that no parameter holds"));
    }
    let bytes = params.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        if byte == b';' && matches!(bytes.get(at + 1), None | Some(b';' | b'=')) {
            return Err(wrong("a parameter without a name"));
        }
    }
    Ok(())
}

fn check_headers(headers: &str) -> Result<(), ParseError> {
    let Some(list) = headers.strip_prefix('?') else { return Ok(()) };
    if !chars::all_escaped(list, URI_HEADERS) {
        return Err(wrong("a character that no header holds"));
    }
    for header in list.split('&') {
        match header.find('=') {
            None | Some(0) => return Err(wrong("a header without a name or a value")),
            Some(_) => (),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
