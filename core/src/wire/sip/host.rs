//! Hosts, as URIs and Via write them.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ParseError;
use super::chars::{self, HOST};

/// A host (RFC 3261, 25.1): a name, or an address. Two are equal when they name the same (names in any case).
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A name, without checking that its last label begins with a letter.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 reference, written in brackets.
    V6(Ipv6Addr),
}

impl<'a> Host<'a> {
    /// Reads a host without a port; an IPv6 address stands in brackets.
    pub fn parse(text: &'a str) -> Result<Host<'a>, ParseError> {
        match Host::take(text)? {
            (host, length) if length == text.len() => Ok(host),
            _ => Err(ParseError::value("not a host")),
        }
    }

    /// Reads the host that `text` begins with, and how many octets it takes.
    #[inline]
    pub(super) fn take(text: &'a str) -> Result<(Host<'a>, usize), ParseError> {
        let bytes = text.as_bytes();
        if bytes.first() == Some(&b'[') {
            let end = chars::find(text, b']').ok_or(ParseError::value("an IPv6 reference that does not end"))?;
            let address = Host::parse_v6(&text[1..end]).ok_or(ParseError::value("not an IPv6 address"))?;
            return Ok((Host::V6(address), end + 1));
        }
        let end = chars::span(bytes, HOST);
        if end == 0 {
            return Err(ParseError::value(if bytes.is_empty() { "no host" } else { "not a host" }));
        }
        Ok((Host::of_name(&text[..end]), end))
    }

    /// The host of a text that [`Host::take`] has read.
    pub(super) fn of_checked(text: &'a str) -> Host<'a> {
        match text.strip_prefix('[').and_then(|text| Host::parse_v6(text.strip_suffix(']')?)) {
            Some(address) => Host::V6(address),
            None => Host::of_name(text),
        }
    }

    /// An IPv4 address, if it is one; else a name.
    #[inline]
    fn of_name(text: &'a str) -> Host<'a> {
        if text.as_bytes().first().is_some_and(u8::is_ascii_digit)
            && let Ok(address) = text.parse()
        {
            return Host::V4(address);
        }
        Host::Name(text)
    }

    /// RFC 5118, 4.10: the grammar of RFC 3261 allows one colon too many before an IPv4 tail, so it is let go.
    fn parse_v6(text: &str) -> Option<Ipv6Addr> {
        if let Ok(address) = text.parse() {
            return Some(address);
        }
        let at = text.find(":::")?;
        let mut mended = alloc::string::String::with_capacity(text.len());
        mended.push_str(&text[..at]);
        mended.push_str(&text[at + 1..]);
        if mended.contains('.') { mended.parse().ok() } else { None }
    }

    /// Reads `[":" port]` at the beginning of `text`: the port, 0 to 65535, and how many octets that takes. Blanks around
    /// the colon belong to it if `blanks` (`COLON` of Via).
    #[inline]
    pub(super) fn take_port(text: &str, blanks: bool) -> Result<(Option<u16>, usize), ParseError> {
        let bytes = text.as_bytes();
        let skip = |mut at: usize| {
            while blanks && bytes.get(at).copied().is_some_and(chars::is_blank) {
                at += 1;
            }
            at
        };
        let colon = skip(0);
        if bytes.get(colon) != Some(&b':') {
            return Ok((None, 0));
        }
        let start = skip(colon + 1);
        let end = start + bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        match chars::decimal(&text[start..end]).map(u16::try_from) {
            Some(Ok(port)) => Ok((Some(port), end)),
            _ => Err(ParseError::value("not a port")),
        }
    }

    /// The address, unless it is a name.
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    /// The name, unless it is an address.
    pub const fn name(&self) -> Option<&'a str> {
        match self {
            Host::Name(name) => Some(name),
            Host::V4(_) | Host::V6(_) => None,
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Host<'_>) -> bool {
        match (self, other) {
            (Host::Name(one), Host::Name(two)) => one.eq_ignore_ascii_case(two),
            (Host::V4(one), Host::V4(two)) => one == two,
            (Host::V6(one), Host::V6(two)) => one == two,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl From<IpAddr> for Host<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address),
        }
    }
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(address) => write!(f, "{address}"),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}
