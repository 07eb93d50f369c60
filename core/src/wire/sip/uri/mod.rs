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
///
/// It is small, as it is handed around by value: the text, and where its parts begin.
#[derive(Clone, Copy)]
pub struct UriRef<'a> {
    text: &'a str,
    kind: Kind,
    port: Option<u16>,
    /// Where the user begins, or the host if there is none: behind the scheme's colon.
    start: u32,
    /// Where the user ends.
    user_end: u32,
    /// Where the host begins; `start` if there is no user.
    host: u32,
    /// Where the host ends.
    host_end: u32,
    /// Where the parameters begin.
    params: u32,
    /// Where the headers begin.
    headers: u32,
}

/// The schemes whose parts are known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sip,
    Sips,
    Tel,
    Other,
}

impl PartialEq for UriRef<'_> {
    fn eq(&self, other: &UriRef<'_>) -> bool {
        self.text == other.text
    }
}

impl Eq for UriRef<'_> {}

impl fmt::Debug for UriRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

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
        if u32::try_from(text.len()).is_err() {
            return Err(wrong("too long"));
        }
        if let [b's' | b'S', b'i' | b'I', b'p' | b'P', b':', ..] = text.as_bytes() {
            return UriRef::parse_sip(text, Kind::Sip, 4);
        }
        let colon = chars::find(text, b':').ok_or(wrong("no scheme"))?;
        let (name, start) = (&text[..colon], colon + 1);
        if name.eq_ignore_ascii_case("sips") {
            UriRef::parse_sip(text, Kind::Sips, start)
        } else if name.eq_ignore_ascii_case("tel") {
            UriRef::parse_tel(text, start)
        } else {
            UriRef::parse_other(text, start)
        }
    }

    /// `[userinfo "@"] hostport uri-parameters [headers]`
    #[inline]
    fn parse_sip(text: &'a str, kind: Kind, start: usize) -> Result<UriRef<'a>, ParseError> {
        let (user_end, host) = UriRef::user_info(text, start)?;
        let in_uri = |error: ParseError| error.in_place(Place::Uri);
        let (_, host_len) = Host::take(&text[host..]).map_err(in_uri)?;
        let host_end = host + host_len;
        let (port, port_len) = Host::take_port(&text[host_end..], false).map_err(in_uri)?;
        let params = host_end + port_len;
        let headers = match text.as_bytes().get(params) {
            None => params,
            Some(b';' | b'?') => {
                let headers = params + chars::find(&text[params..], b'?').unwrap_or(text.len() - params);
                check_params(&text[params..headers])?;
                check_headers(&text[headers..])?;
                headers
            }
            Some(_) => return Err(wrong("not a host")),
        };
        Ok(UriRef {
            text,
            kind,
            port,
            start: start as u32,
            user_end: user_end as u32,
            host: host as u32,
            host_end: host_end as u32,
            params: params as u32,
            headers: headers as u32,
        })
    }

    /// Where the user ends and where the host begins. No part but `userinfo` may hold `@`, and a user may hold all that
    /// a host, a port and parameters are made of, so the `@` has to be looked for.
    #[inline]
    fn user_info(text: &str, start: usize) -> Result<(usize, usize), ParseError> {
        let rest = &text.as_bytes()[start..];
        let plain = chars::span(rest, USER);
        match rest.get(plain) {
            None => return Ok((start, start)),
            Some(b'@') if plain > 0 => return Ok((start + plain, start + plain + 1)),
            Some(_) => (),
        }
        let Some(at) = memchr::memchr(b'@', rest) else { return Ok((start, start)) };
        let info = &text[start..start + at];
        let (user, password) = split_at_byte(info, b':');
        if user.is_empty() || !chars::all_escaped(user, USER) {
            return Err(wrong("not a user"));
        }
        if !chars::all_escaped(password.strip_prefix(':').unwrap_or_default(), PASSWORD) {
            return Err(wrong("not a password"));
        }
        Ok((start + user.len(), start + at + 1))
    }

    fn parse_tel(text: &'a str, start: usize) -> Result<UriRef<'a>, ParseError> {
        let (number, params) = split_at_byte(&text[start..], b';');
        tel::check_number(number)?;
        check_params(params)?;
        let end = (start + number.len()) as u32;
        Ok(UriRef { user_end: end, params: end, ..UriRef::opaque(text, Kind::Tel, start) })
    }

    fn parse_other(text: &'a str, start: usize) -> Result<UriRef<'a>, ParseError> {
        let (name, rest) = (&text[..start - 1], &text[start..]);
        if !name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) || !chars::all(name, SCHEME) {
            return Err(wrong("not a scheme"));
        }
        if rest.is_empty() || !chars::all_escaped(rest, URI) {
            return Err(wrong("a character that no URI holds"));
        }
        Ok(UriRef::opaque(text, Kind::Other, start))
    }

    /// A URI that has no parts but its scheme.
    fn opaque(text: &'a str, kind: Kind, start: usize) -> UriRef<'a> {
        let (start, end) = (start as u32, text.len() as u32);
        UriRef {
            text,
            kind,
            port: None,
            start,
            user_end: start,
            host: start,
            host_end: start,
            params: end,
            headers: end,
        }
    }

    /// The text between two offsets, both of which [`UriRef::parse`] found.
    #[inline]
    fn part(&self, from: u32, to: u32) -> &'a str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The URI as it is written.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'a> {
        match self.kind {
            Kind::Sip => Scheme::Sip,
            Kind::Sips => Scheme::Sips,
            Kind::Tel => Scheme::Tel,
            Kind::Other => Scheme::Other(self.part(0, self.start - 1)),
        }
    }

    /// Whether the scheme is `sip` or `sips`.
    pub const fn is_sip(&self) -> bool {
        matches!(self.kind, Kind::Sip | Kind::Sips)
    }

    /// Whether the scheme is `sips`.
    pub const fn is_secure(&self) -> bool {
        matches!(self.kind, Kind::Sips)
    }

    /// Refuses every scheme but `sip` and `sips`, with the error that 416 answers.
    pub fn require_sip(&self) -> Result<(), ParseError> {
        if self.is_sip() {
            return Ok(());
        }
        Err(wrong("unsupported scheme").with_status(StatusCode::UNSUPPORTED_URI_SCHEME))
    }

    /// The user, escapes as written; the number of a `tel` URI.
    pub fn user(&self) -> Option<&'a str> {
        (self.user_end > self.start).then(|| self.part(self.start, self.user_end))
    }

    /// The user with its escapes resolved. Octets that are not UTF-8 become U+FFFD.
    pub fn user_unescaped(&self) -> Option<Cow<'a, str>> {
        self.user().map(unescape)
    }

    /// The password, escapes as written.
    pub fn password(&self) -> Option<&'a str> {
        (self.host > self.user_end + 1).then(|| self.part(self.user_end + 1, self.host - 1))
    }

    /// The host; the empty name in a URI that is neither `sip` nor `sips`.
    pub fn host(&self) -> Host<'a> {
        Host::of_checked(self.part(self.host, self.host_end))
    }

    /// The port, if one is written.
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The URI's parameters, escapes as written.
    pub fn params(&self) -> Params<'a> {
        Params::of_checked(self.part(self.params, self.headers))
    }

    /// A parameter by name, in any case: `Some(None)` when it has no value.
    #[inline]
    pub fn param(&self, name: &str) -> Option<Option<&'a str>> {
        self.params().get(name)
    }

    /// The headers after `?`: names and values, escapes as written.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let list = self.headers_text().strip_prefix('?');
        list.into_iter().flat_map(|list| list.split('&')).filter_map(|header| header.split_once('='))
    }

    /// The headers with their `?`.
    fn headers_text(&self) -> &'a str {
        self.part(self.headers, self.text.len() as u32)
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
        match (self.kind, self.user()) {
            (Kind::Tel, Some(number)) => Some(Tel::new(number, self.params())),
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
    text.split_at(chars::find(text, byte).unwrap_or(text.len()))
}

#[inline]
fn check_params(params: &str) -> Result<(), ParseError> {
    if params.is_empty() {
        return Ok(());
    }
    if !chars::all_escaped(params, URI_PARAMS) {
        return Err(wrong("a character that no parameter holds"));
    }
    let bytes = params.as_bytes();
    let nameless = |pair: &[u8]| pair[0] == b';' && (pair[1] == b';' || pair[1] == b'=');
    if bytes.last() == Some(&b';') || bytes.windows(2).any(nameless) {
        return Err(wrong("a parameter without a name"));
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
