//! Text to [`SessionDescription`], line by line.

use alloc::string::String;
use alloc::vec::Vec;

use super::{
    Attribute, Attributes, Bandwidth, Connection, MediaDescription, Origin, OtherLine, SdpError, SessionDescription,
    Timing,
};
use crate::limits;

/// Reads a whole description.
pub(super) fn session(data: &[u8]) -> Result<SessionDescription, SdpError> {
    if data.len() > limits::SDP_BYTES {
        return Err(SdpError::TooLong);
    }
    let text = String::from_utf8_lossy(data);
    let mut parser = Parser::default();
    // CRLF, LF, a bare CR and the NUL that some devices send at the end all end a line; empty lines are skipped.
    let lines = text.split(['\r', '\n', '\0']).map(|line| line.trim_end_matches([' ', '\t']));
    for (index, line) in lines.filter(|line| !line.is_empty()).enumerate() {
        parser.line(line, index + 1)?;
    }
    parser.finish()
}

/// The values of a description, as far as they have been read.
#[derive(Default)]
struct Parser {
    started: bool,
    origin: Option<Origin>,
    name: Option<String>,
    information: Option<String>,
    uri: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    connection: Option<Connection>,
    bandwidths: Vec<Bandwidth>,
    times: Vec<Timing>,
    key: Option<String>,
    attributes: Attributes,
    other_lines: Vec<OtherLine>,
    media: Vec<MediaDescription>,
}

impl Parser {
    fn line(&mut self, text: &str, line: usize) -> Result<(), SdpError> {
        let (kind, value) = match text.as_bytes() {
            [kind, b'=', ..] if kind.is_ascii_alphabetic() => (char::from(*kind), text.get(2..).unwrap_or_default()),
            _ => return Err(SdpError::NotALine { line }),
        };
        if !self.started {
            // RFC 8866 5.1: "v=0" stands first.
            self.started = true;
            return match (kind, value.trim()) {
                ('v', "0") => Ok(()),
                ('v', _) => Err(SdpError::BadLine { kind, line }),
                _ => Err(SdpError::Missing { kind: 'v' }),
            };
        }
        match (kind, self.media.last_mut()) {
            ('m', _) => {
                let media = MediaDescription::parse(value).ok_or(SdpError::BadLine { kind, line })?;
                push(&mut self.media, media, kind, limits::SDP_MEDIA)
            }
            (_, Some(media)) => media_line(media, kind, value, line),
            (_, None) => self.session_line(kind, value, line),
        }
    }

    /// A line before the first `m=`. Their order is not checked: peers mix it.
    fn session_line(&mut self, kind: char, value: &str, line: usize) -> Result<(), SdpError> {
        let bad = SdpError::BadLine { kind, line };
        match kind {
            'v' => Err(SdpError::Repeated { kind, line }),
            'o' => once(&mut self.origin, Origin::parse(value).ok_or(bad)?, kind, line),
            's' => once(&mut self.name, value.into(), kind, line),
            'i' => once_text(&mut self.information, value, kind, line),
            'u' => once_text(&mut self.uri, value, kind, line),
            'k' => once_text(&mut self.key, value, kind, line),
            'c' => once(&mut self.connection, Connection::parse(value).ok_or(bad)?, kind, line),
            'e' => push(&mut self.emails, value.into(), kind, limits::SDP_LINES),
            'p' => push(&mut self.phones, value.into(), kind, limits::SDP_LINES),
            't' => push(&mut self.times, Timing::parse(value).ok_or(bad)?, kind, limits::SDP_LINES),
            'r' => push(&mut self.times.last_mut().ok_or(bad)?.repeats, value.into(), kind, limits::SDP_LINES),
            'z' => once(&mut self.times.last_mut().ok_or(bad)?.zones, value.into(), kind, line),
            'b' => bandwidth(&mut self.bandwidths, &mut self.other_lines, value),
            'a' => attribute(&mut self.attributes, &mut self.other_lines, value),
            _ => other(&mut self.other_lines, kind, value),
        }
    }

    fn finish(self) -> Result<SessionDescription, SdpError> {
        if !self.started {
            return Err(SdpError::Missing { kind: 'v' });
        }
        let mut session = SessionDescription::new(self.origin.ok_or(SdpError::Missing { kind: 'o' })?);
        if let Some(name) = self.name.filter(|name| !name.is_empty()) {
            session.name = name;
        }
        if !self.times.is_empty() {
            session.times = self.times;
        }
        session.information = self.information;
        session.uri = self.uri;
        session.emails = self.emails;
        session.phones = self.phones;
        session.connection = self.connection;
        session.bandwidths = self.bandwidths;
        session.key = self.key;
        session.attributes = self.attributes;
        session.other_lines = self.other_lines;
        session.media = self.media;
        Ok(session)
    }
}

/// A line after an `m=`.
fn media_line(media: &mut MediaDescription, kind: char, value: &str, line: usize) -> Result<(), SdpError> {
    match kind {
        'i' => once_text(&mut media.information, value, kind, line),
        'k' => once_text(&mut media.key, value, kind, line),
        'c' => {
            let connection = Connection::parse(value).ok_or(SdpError::BadLine { kind, line })?;
            push(&mut media.connections, connection, kind, limits::SDP_LINES)
        }
        'b' => bandwidth(&mut media.bandwidths, &mut media.other_lines, value),
        'a' => attribute(&mut media.attributes, &mut media.other_lines, value),
        _ => other(&mut media.other_lines, kind, value),
    }
}

/// No call fails over a bandwidth: one that cannot be read is kept as text.
fn bandwidth(bandwidths: &mut Vec<Bandwidth>, others: &mut Vec<OtherLine>, value: &str) -> Result<(), SdpError> {
    match Bandwidth::parse(value) {
        Some(bandwidth) => push(bandwidths, bandwidth, 'b', limits::SDP_LINES),
        None => other(others, 'b', value),
    }
}

fn attribute(attributes: &mut Attributes, others: &mut Vec<OtherLine>, text: &str) -> Result<(), SdpError> {
    let attribute = match text.split_once(':') {
        Some((name, value)) => Attribute::new(name, value),
        None => Attribute::flag(text),
    };
    if attribute.name.is_empty() {
        return other(others, 'a', text);
    }
    if attributes.len() >= limits::SDP_ATTRIBUTES {
        return Err(SdpError::TooMany { kind: 'a' });
    }
    attributes.push(attribute);
    Ok(())
}

fn other(others: &mut Vec<OtherLine>, kind: char, value: &str) -> Result<(), SdpError> {
    push(others, OtherLine { kind, value: value.into() }, kind, limits::SDP_LINES)
}

fn push<T>(list: &mut Vec<T>, item: T, kind: char, most: usize) -> Result<(), SdpError> {
    if list.len() >= most {
        return Err(SdpError::TooMany { kind });
    }
    list.push(item);
    Ok(())
}

fn once<T>(slot: &mut Option<T>, value: T, kind: char, line: usize) -> Result<(), SdpError> {
    match slot {
        Some(_) => Err(SdpError::Repeated { kind, line }),
        None => {
            *slot = Some(value);
            Ok(())
        }
    }
}

/// As [`once`]; a line without a text says nothing.
fn once_text(slot: &mut Option<String>, value: &str, kind: char, line: usize) -> Result<(), SdpError> {
    if value.is_empty() { Ok(()) } else { once(slot, value.into(), kind, line) }
}
