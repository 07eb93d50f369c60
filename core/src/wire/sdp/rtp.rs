//! Attributes of RTP streams.

use alloc::string::String;
use core::fmt;

use super::{NetworkAddress, TypedAttribute, digits};

/// `a=rtpmap` (RFC 8866 6.6): what a payload type stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RtpMap {
    /// 0 to 127.
    pub payload_type: u8,
    /// Name of the encoding; compare without regard to case.
    pub encoding: String,
    /// RTP clock rate in Hz.
    pub clock_rate: u32,
    /// Encoding parameters; for audio the number of channels.
    pub parameters: Option<String>,
}

impl RtpMap {
    /// Channels of an audio encoding: 1 unless the parameters say otherwise.
    pub fn channels(&self) -> u8 {
        self.parameters.as_deref().and_then(digits).unwrap_or(1)
    }
}

impl fmt::Display for RtpMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.payload_type, self.encoding, self.clock_rate)?;
        match &self.parameters {
            Some(parameters) => write!(f, "/{parameters}"),
            None => Ok(()),
        }
    }
}

impl TypedAttribute for RtpMap {
    const NAME: &'static str = "rtpmap";

    fn parse(value: &str) -> Option<RtpMap> {
        let (payload_type, encoding) = value.trim().split_once([' ', '\t'])?;
        let mut parts = encoding.trim().splitn(3, '/');
        let encoding = parts.next().filter(|name| !name.is_empty())?;
        let clock_rate = digits(parts.next()?.trim())?;
        Some(RtpMap {
            payload_type: digits::<u8>(payload_type).filter(|number| *number < 128)?,
            encoding: encoding.into(),
            clock_rate,
            parameters: parts.next().filter(|parameters| !parameters.is_empty()).map(Into::into),
        })
    }
}

/// `a=fmtp` (RFC 8866 6.15): parameters of one format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fmtp {
    /// The format as the `m=` line has it: for RTP a payload type.
    pub format: String,
    /// Its parameters, as they came.
    pub parameters: String,
}

impl Fmtp {
    /// The value of `name=value` in a list parted by semicolons.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl fmt::Display for Fmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.format, self.parameters)
    }
}

impl TypedAttribute for Fmtp {
    const NAME: &'static str = "fmtp";

    fn parse(value: &str) -> Option<Fmtp> {
        let (format, parameters) = value.trim().split_once([' ', '\t'])?;
        Some(Fmtp { format: format.into(), parameters: parameters.trim().into() })
    }
}

number_attribute!(
    /// `a=ptime` (RFC 8866 6.4): milliseconds of sound in a packet that the one who says it wants to receive.
    Ptime, "ptime", u32
);
number_attribute!(
    /// `a=maxptime` (RFC 8866 6.5): most milliseconds of sound in a packet.
    MaxPtime, "maxptime", u32
);

/// `a=rtcp` (RFC 3605): where RTCP is received, if not on the port above RTP's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rtcp {
    /// The port.
    pub port: u16,
    /// The address, if not that of `c=`.
    pub address: Option<NetworkAddress>,
}

impl fmt::Display for Rtcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "{} {address}", self.port),
            None => write!(f, "{}", self.port),
        }
    }
}

impl TypedAttribute for Rtcp {
    const NAME: &'static str = "rtcp";

    fn parse(value: &str) -> Option<Rtcp> {
        let mut words = value.split_ascii_whitespace();
        let port = digits(words.next()?)?;
        let address = match (words.next(), words.next(), words.next()) {
            (Some(net_type), Some(addr_type), Some(address)) => Some(NetworkAddress::new(net_type, addr_type, address)),
            (None, _, _) => None,
            _ => return None,
        };
        Some(Rtcp { port, address })
    }
}

/// `a=rtcp-fb` (RFC 4585 4.2): feedback that a format takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RtcpFeedback {
    /// A payload type, or `*` for all.
    pub format: String,
    /// The kind of feedback with its parameters, for example `nack pli`.
    pub feedback: String,
}

impl fmt::Display for RtcpFeedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.format, self.feedback)
    }
}

impl TypedAttribute for RtcpFeedback {
    const NAME: &'static str = "rtcp-fb";

    fn parse(value: &str) -> Option<RtcpFeedback> {
        let (format, feedback) = value.trim().split_once([' ', '\t'])?;
        Some(RtcpFeedback { format: format.into(), feedback: feedback.trim().into() })
    }
}

/// `a=ssrc` (RFC 5576 4.1): an attribute of one RTP source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ssrc {
    /// The source.
    pub id: u32,
    /// Name of the attribute, for example `cname`.
    pub attribute: String,
    /// Its value.
    pub value: Option<String>,
}

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} {}:{value}", self.id, self.attribute),
            None => write!(f, "{} {}", self.id, self.attribute),
        }
    }
}

impl TypedAttribute for Ssrc {
    const NAME: &'static str = "ssrc";

    fn parse(value: &str) -> Option<Ssrc> {
        let (id, attribute) = value.trim().split_once([' ', '\t'])?;
        let attribute = attribute.trim();
        let (attribute, value) = match attribute.split_once(':') {
            Some((attribute, value)) => (attribute, Some(value.into())),
            None => (attribute, None),
        };
        Some(Ssrc { id: digits(id)?, attribute: attribute.into(), value })
    }
}
