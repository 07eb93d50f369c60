//! One stream: the `m=` line and what follows it (RFC 8866 5.14).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Attributes, Bandwidth, Connection, OtherLine, digits};
use crate::limits;

/// A media description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaDescription {
    /// What is carried.
    pub media: MediaType,
    /// Where it is received; 0: the stream is refused or removed (RFC 3264 6, 8.2).
    pub port: u16,
    /// How many ports; 1 unless the line says otherwise, never 0.
    pub port_count: u32,
    /// How it is carried.
    pub protocol: Protocol,
    /// Formats in order of preference: payload types for RTP, `*` for MSRP.
    pub formats: Vec<String>,
    /// `i=`
    pub information: Option<String>,
    /// `c=`: more than one only for layered multicast.
    pub connections: Vec<Connection>,
    /// `b=`
    pub bandwidths: Vec<Bandwidth>,
    /// `k=` (obsolete; kept, never used).
    pub key: Option<String>,
    /// `a=` of this stream.
    pub attributes: Attributes,
    /// Lines that mean nothing here, in order; they are written after the attributes.
    pub other_lines: Vec<OtherLine>,
}

impl MediaDescription {
    /// A description with nothing but its `m=` line.
    pub fn new(media: MediaType, port: u16, protocol: Protocol, formats: Vec<String>) -> MediaDescription {
        MediaDescription {
            media,
            port,
            port_count: 1,
            protocol,
            formats,
            information: None,
            connections: Vec::new(),
            bandwidths: Vec::new(),
            key: None,
            attributes: Attributes::new(),
            other_lines: Vec::new(),
        }
    }

    /// This line with port 0 and nothing else: how a stream is refused, and how one that is gone keeps its place
    /// (RFC 3264 6, 8.2).
    pub fn refused(&self) -> MediaDescription {
        let mut formats = self.formats.clone();
        if formats.is_empty() {
            // A line without a format is not RFC 8866's; some peers send such a line with port 0.
            formats.push("0".into());
        }
        MediaDescription::new(self.media.clone(), 0, self.protocol.clone(), formats)
    }

    /// Reads the value of an `m=` line. A missing format list is let pass.
    pub(super) fn parse(value: &str) -> Option<MediaDescription> {
        let mut words = value.split_ascii_whitespace();
        let media = MediaType::from_name(words.next()?);
        let port = words.next()?;
        let protocol = Protocol::from_name(words.next()?);
        let formats: Vec<String> = words.by_ref().take(limits::SDP_FORMATS).map(Into::into).collect();
        if words.next().is_some() {
            return None;
        }
        let (port, port_count) = match port.split_once('/') {
            Some((port, count)) => (digits(port)?, digits::<u32>(count).filter(|count| *count > 0)?),
            None => (digits(port)?, 1),
        };
        let mut description = MediaDescription::new(media, port, protocol, formats);
        description.port_count = port_count;
        Some(description)
    }
}

/// What a stream carries (RFC 8866 8.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// `audio`
    Audio,
    /// `video`
    Video,
    /// `message`: MSRP chat and files.
    Message,
    /// `application`
    Application,
    /// `text`: real-time text.
    Text,
    /// `image`: fax.
    Image,
    /// Any other token.
    Other(String),
}

impl MediaType {
    /// The type with this name, in any case.
    pub fn from_name(name: &str) -> MediaType {
        [
            MediaType::Audio,
            MediaType::Video,
            MediaType::Message,
            MediaType::Application,
            MediaType::Text,
            MediaType::Image,
        ]
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(name))
        .unwrap_or_else(|| MediaType::Other(name.into()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            MediaType::Audio => "audio",
            MediaType::Video => "video",
            MediaType::Message => "message",
            MediaType::Application => "application",
            MediaType::Text => "text",
            MediaType::Image => "image",
            MediaType::Other(name) => name,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a stream is carried (RFC 8866 8.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `RTP/AVP`: plain RTP (RFC 3551).
    RtpAvp,
    /// `RTP/SAVP`: SRTP (RFC 3711).
    RtpSavp,
    /// `RTP/AVPF`: RTP with feedback (RFC 4585).
    RtpAvpf,
    /// `RTP/SAVPF`: SRTP with feedback (RFC 5124).
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP`: SRTP keyed by DTLS (RFC 5764).
    UdpTlsRtpSavp,
    /// `UDP/TLS/RTP/SAVPF`: the same with feedback (RFC 5764).
    UdpTlsRtpSavpf,
    /// `TCP/MSRP` (RFC 4975).
    TcpMsrp,
    /// `TCP/TLS/MSRP` (RFC 4975).
    TcpTlsMsrp,
    /// Any other.
    Other(String),
}

impl Protocol {
    /// The protocol with this name, in any case.
    pub fn from_name(name: &str) -> Protocol {
        [
            Protocol::RtpAvp,
            Protocol::RtpSavp,
            Protocol::RtpAvpf,
            Protocol::RtpSavpf,
            Protocol::UdpTlsRtpSavp,
            Protocol::UdpTlsRtpSavpf,
            Protocol::TcpMsrp,
            Protocol::TcpTlsMsrp,
        ]
        .into_iter()
        .find(|known| known.name().eq_ignore_ascii_case(name))
        .unwrap_or_else(|| Protocol::Other(name.into()))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Protocol::RtpAvp => "RTP/AVP",
            Protocol::RtpSavp => "RTP/SAVP",
            Protocol::RtpAvpf => "RTP/AVPF",
            Protocol::RtpSavpf => "RTP/SAVPF",
            Protocol::UdpTlsRtpSavp => "UDP/TLS/RTP/SAVP",
            Protocol::UdpTlsRtpSavpf => "UDP/TLS/RTP/SAVPF",
            Protocol::TcpMsrp => "TCP/MSRP",
            Protocol::TcpTlsMsrp => "TCP/TLS/MSRP",
            Protocol::Other(name) => name,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
