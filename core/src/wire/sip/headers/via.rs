//! Via (RFC 3261, 20.42; `rport`: RFC 3581).

use core::fmt;
use core::net::IpAddr;

use super::super::chars::{is_blank, is_token, trim, trim_start};
use super::super::{Host, Params, Transport, chars};
use super::{Header, HeaderName, ParseError};

/// One hop of a request: who sent it, over what, and where the response goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Via<'a> {
    /// The transport, if this crate knows it.
    pub transport: Option<Transport>,
    /// The transport as written.
    pub transport_token: &'a str,
    /// The host of `sent-by`.
    pub host: Host<'a>,
    /// The port of `sent-by`, if one is written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params<'a>,
    sent_by: &'a str,
}

const fn wrong(reason: &'static str) -> ParseError {
    ParseError::header(HeaderName::Via, reason)
}

/// Splits `SIP SLASH 2.0 SLASH transport LWS` from what follows.
fn protocol(value: &str) -> Result<(&str, &str), ParseError> {
    let rest = match value.as_bytes().get(..8) {
        Some(name) if name == b"SIP/2.0/" => &value[8..],
        _ => {
            let mut parts = value.splitn(3, '/');
            let name = parts.next().map(trim).unwrap_or_default();
            let version = parts.next().map(trim).unwrap_or_default();
            if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
                return Err(wrong("not SIP/2.0"));
            }
            trim_start(parts.next().unwrap_or_default())
        }
    };
    let rest = trim_start(rest);
    let end = rest.bytes().position(is_blank).ok_or(wrong("no sent-by"))?;
    let (transport, rest) = rest.split_at(end);
    if is_token(transport) { Ok((transport, trim_start(rest))) } else { Err(wrong("not a transport")) }
}

impl<'a> Via<'a> {
    /// `host [":" port]` as written.
    pub const fn sent_by(&self) -> &'a str {
        self.sent_by
    }

    /// The transaction's identifier.
    pub fn branch(&self) -> Option<&'a str> {
        self.params.value("branch")
    }

    /// The address that the request came from, if it differed. Brackets around an IPv6 address are let go (RFC 5118,
    /// 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.value("received")?;
        text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).parse().ok()
    }

    /// The port that the request came from: `Some(None)` while it is only asked for (RFC 3581). A value that is no port
    /// counts as none.
    pub fn rport(&self) -> Option<Option<u16>> {
        let value = self.params.get("rport")?;
        Some(value.and_then(chars::decimal).and_then(|port| u16::try_from(port).ok()))
    }

    /// Where to send the response instead (18.2.2), if it is a host.
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.params.value("maddr").and_then(|text| Host::parse(text).ok())
    }

    /// The hops of a multicast, 0 to 255.
    pub fn ttl(&self) -> Option<u8> {
        self.params.value("ttl").and_then(chars::decimal).and_then(|ttl| u8::try_from(ttl).ok())
    }
}

impl<'a> Header<'a> for Via<'a> {
    const NAME: HeaderName = HeaderName::Via;

    #[inline]
    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let (transport_token, rest) = protocol(value)?;
        let at = |error: ParseError| error.at(HeaderName::Via);
        let (host, host_end) = Host::take(rest).map_err(at)?;
        let (port, port_len) = Host::take_port(&rest[host_end..], true).map_err(at)?;
        let (sent_by, params) = rest.split_at(host_end + port_len);
        let params = Params::parse(params).map_err(at)?;
        Ok(Via { transport: Transport::parse(transport_token), transport_token, host, port, params, sent_by })
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}{}", self.transport_token, self.sent_by, self.params)
    }
}
