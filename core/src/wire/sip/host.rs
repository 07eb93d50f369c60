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
    #[inline]
    pub fn parse(text: &'a str) -> Result<Host<'a>, ParseError> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(ParseError::value("an IPv6 reference that does not end"))?;
            return Host::parse_v6(inner).map(Host::V6).ok_or(ParseError::value("not an IPv6 address"));
        }
        match text.as_bytes().first() {
            None => return Err(ParseError::value("no host")),
            Some(byte) if byte.is_ascii_digit() => {
                if let Ok(address) = text.parse::<Ipv4Addr>() {
                    return Ok(Host::V4(address));
                }
            }
            Some(_) => (),
        }
        if chars::all(text, HOST) { Ok(Host::Name(text)) } else { Err(ParseError::value("not a host")) }
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

    /// Splits `host [":" port]`, blanks around the colon allowed (`COLON` of Via). The port is 0 to 65535.
    #[inline]
    pub(super) fn parse_with_port(text: &'a str) -> Result<(Host<'a>, Option<u16>), ParseError> {
        let start = if text.starts_with('[') { text.find(']').map_or(text.len(), |at| at + 1) } else { 0 };
        let (host, port) = match memchr::memchr(b':', &text.as_bytes()[start..]) {
            None => (text, None),
            Some(at) => (&text[..start + at], Some(&text[start + at + 1..])),
        };
        let port = match port {
            None => None,
            Some(digits) => {
                let number = chars::decimal(chars::trim(digits)).and_then(|number| u16::try_from(number).ok());
                Some(number.ok_or(ParseError::value("not a port"))?)
            }
        };
        Ok((Host::parse(chars::trim(host))?, port))
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
