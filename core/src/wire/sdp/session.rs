//! The whole description and its session-level lines (RFC 8866 5).

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::{Attributes, Connection, Direction, MediaDescription, NetworkAddress, SdpError, digits, parse, write};

/// A session description. Texts must not contain CR, LF or NUL (they are written as blanks) nor end in a blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`
    pub origin: Origin,
    /// `s=`; `-` when there is no meaningful name.
    pub name: String,
    /// `i=`
    pub information: Option<String>,
    /// `u=`
    pub uri: Option<String>,
    /// `e=`
    pub emails: Vec<String>,
    /// `p=`
    pub phones: Vec<String>,
    /// `c=`: for every media description that has none of its own.
    pub connection: Option<Connection>,
    /// `b=`
    pub bandwidths: Vec<Bandwidth>,
    /// `t=` with its `r=` and `z=`. Empty is written as `t=0 0`, and a missing `t=` is read as that.
    pub times: Vec<Timing>,
    /// `k=` (obsolete, RFC 8866 5.12; kept, never used).
    pub key: Option<String>,
    /// `a=` of the session.
    pub attributes: Attributes,
    /// Lines that mean nothing here, in order; they are written after the attributes.
    pub other_lines: Vec<OtherLine>,
    /// `m=` and what belongs to each.
    pub media: Vec<MediaDescription>,
}

impl SessionDescription {
    /// A description without a name, a time limit or media.
    pub fn new(origin: Origin) -> SessionDescription {
        SessionDescription {
            origin,
            name: "-".into(),
            information: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            times: alloc::vec![Timing::unbounded()],
            key: None,
            attributes: Attributes::new(),
            other_lines: Vec::new(),
            media: Vec::new(),
        }
    }

    /// Reads a description. Octets that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`SdpError`] says which line is wrong. A missing `c=` is no error here: a stream that is refused needs none.
    pub fn parse(data: &[u8]) -> Result<SessionDescription, SdpError> {
        parse::session(data)
    }

    /// Writes it at the end of `out`.
    pub fn write(&self, out: &mut String) {
        write::session(self, out);
    }

    /// The `c=` that holds for a media description of this session: its own, else the session's.
    pub fn connection_of<'a>(&'a self, media: &'a MediaDescription) -> Option<&'a Connection> {
        media.connections.first().or(self.connection.as_ref())
    }

    /// The direction that holds for a media description of this session: its own, else the session's, else sendrecv.
    pub fn direction_of(&self, media: &MediaDescription) -> Direction {
        media.attributes.direction().or_else(|| self.attributes.direction()).unwrap_or_default()
    }

    /// True if both say the same, their `o=` lines aside.
    pub fn same_content(&self, other: &SessionDescription) -> bool {
        self.name == other.name
            && self.information == other.information
            && self.uri == other.uri
            && self.emails == other.emails
            && self.phones == other.phones
            && self.connection == other.connection
            && self.bandwidths == other.bandwidths
            && self.times == other.times
            && self.key == other.key
            && self.attributes == other.attributes
            && self.other_lines == other.other_lines
            && self.media == other.media
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// The `o=` line (RFC 8866 5.2): whose session this is, and which version of its description.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The user, or `-`.
    pub username: String,
    /// A number as text: peers write more than 64 bits.
    pub session_id: String,
    /// A number as text, greater by one with each change.
    pub version: String,
    /// Where the session was made.
    pub address: NetworkAddress,
}

impl Origin {
    /// An origin without a user name.
    pub fn new(session_id: u64, version: u64, address: IpAddr) -> Origin {
        Origin {
            username: "-".into(),
            session_id: session_id.to_string(),
            version: version.to_string(),
            address: NetworkAddress::Ip(address),
        }
    }

    /// Reads the value of an `o=` line. A user name may contain blanks or be missing, as seen in the wild.
    pub(super) fn parse(value: &str) -> Option<Origin> {
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        let (username, rest) = words.split_at_checked(words.len().checked_sub(5)?)?;
        let [session_id, version, net_type, addr_type, address] = *rest else { return None };
        Some(Origin {
            username: if username.is_empty() { "-".into() } else { username.join(" ") },
            session_id: session_id.into(),
            version: version.into(),
            address: NetworkAddress::new(net_type, addr_type, address),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.version, self.address)
    }
}

/// A `t=` line with the `r=` and `z=` lines that follow it (RFC 8866 5.9 to 5.11).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timing {
    /// Seconds since 1900, or 0: at once.
    pub start: u64,
    /// Seconds since 1900, or 0: without end.
    pub stop: u64,
    /// Values of `r=`, as they came.
    pub repeats: Vec<String>,
    /// Value of `z=`, as it came.
    pub zones: Option<String>,
}

impl Timing {
    /// `t=0 0`, what calls use.
    pub const fn unbounded() -> Timing {
        Timing { start: 0, stop: 0, repeats: Vec::new(), zones: None }
    }

    pub(super) fn parse(value: &str) -> Option<Timing> {
        let mut words = value.split_ascii_whitespace();
        let (start, stop) = (digits(words.next()?)?, digits(words.next()?)?);
        words.next().is_none().then_some(Timing { start, stop, repeats: Vec::new(), zones: None })
    }
}

/// A `b=` line (RFC 8866 5.8).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bandwidth {
    /// What is limited: `CT`, `AS`, `TIAS`, …
    pub kind: String,
    /// The limit; kbit/s unless the kind says otherwise (`TIAS`, `RS` and `RR` are bit/s).
    pub value: u64,
}

impl Bandwidth {
    pub(super) fn parse(value: &str) -> Option<Bandwidth> {
        let (kind, number) = value.split_once(':')?;
        let kind = kind.trim();
        if kind.is_empty() {
            return None;
        }
        Some(Bandwidth { kind: kind.into(), value: digits(number.trim())? })
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

/// A line that means nothing here: an unknown letter, or a known one in a place or form that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtherLine {
    /// Its letter.
    pub kind: char,
    /// What follows the equals sign.
    pub value: String,
}
