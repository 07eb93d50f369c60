//! Messages (RFC 3261, 7): a start line, header fields, a body.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use core::ops::{Deref, DerefMut};

use bytes::Bytes;
use bytestring::ByteString;

use super::fields::ReadFields;
use super::scan::{Length, Span, line};
use super::{
    Broken, CSeq, CallId, Contact, ContentType, Fields, From, HeaderName, MaxForwards, Method, ParseError, Place,
    StatusCode, To, Via, chars,
};
use crate::limits;

/// A request or a response.
///
/// Reading one finds its lines, and looks into none but the first: [`Message::validate`] does, or the typed readers
/// when they are asked. Header fields are read and changed through [`Fields`]. `Content-Length` is written by
/// [`Message::write`]; setting it has no effect.
#[derive(Clone, Debug)]
pub struct Message {
    pub(super) start: Start,
    fields: Fields,
    body: Bytes,
}

/// The first line.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Request { method: Method, uri: Span },
    Response { status: StatusCode, reason: Span },
}

/// What is known of a message once its head is read.
#[derive(Debug)]
pub(super) struct Head {
    /// Whether the start line is one.
    started: bool,
    pub(super) error: Option<ParseError>,
    pub(super) length: Length,
    /// Where the body begins.
    pub(super) end: usize,
}

const fn start_error(reason: &'static str) -> ParseError {
    ParseError::new(Place::StartLine, reason)
}

const fn length_error(reason: &'static str) -> ParseError {
    ParseError::header(HeaderName::ContentLength, reason)
}

const BODY_TOO_LARGE: ParseError =
    ParseError::new(Place::Body, "too large").with_status(StatusCode::REQUEST_ENTITY_TOO_LARGE);

impl Length {
    /// The octets it names; an error if it names none that can be read.
    pub(super) fn checked(self) -> Result<Option<usize>, ParseError> {
        match self {
            Length::Missing => Ok(None),
            Length::Octets(octets) if octets > limits::SIP_BODY => Err(BODY_TOO_LARGE),
            Length::Octets(octets) => Ok(Some(octets)),
            Length::Wrong => Err(length_error("not a number, or two that differ")),
        }
    }
}

/// The number of CR and LF octets that `bytes` begins with.
pub(super) fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b'\r' || byte == b'\n').count()
}

impl Head {
    /// Reads start line and fields into `message`. `bytes` begins with the start line, and may go on behind the empty
    /// line.
    pub(super) fn read(bytes: &Bytes, message: &mut Message) -> Head {
        let (next, lone_cr) = line(bytes, 0).map_or((bytes.len(), false), |line| (line.next, line.lone_cr));
        let read = ReadFields::into(&mut message.fields, bytes, next);
        let text = message.fields.head.get(..read.at).unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        let (start, error) = match read_start(&message.fields.head, text) {
            _ if text.len() > limits::SIP_LINE => {
                (None, Some(start_error("too long").with_status(StatusCode::REQUEST_URI_TOO_LONG)))
            }
            (start, None) if lone_cr => (start, Some(start_error("a CR in it"))),
            read => read,
        };
        let started = start.is_some();
        if let Some(start) = start {
            message.start = start;
        }
        Head { started, error: error.or(read.error), length: read.length, end: read.end }
    }

    /// What is wrong, and the message if it can be answered nevertheless.
    pub(super) fn broken(&self, error: ParseError, message: Box<Message>) -> Broken {
        Broken { error: self.error.unwrap_or(error), message: self.started.then_some(message) }
    }
}

/// Reads the first line. What is wrong in a request may leave enough of it to be answered. Blanks around the
/// Request-URI and at the end of a Request-Line are let go (RFC 4475, 3.1.2.9, 3.1.2.10).
fn read_start(head: &ByteString, text: &str) -> (Option<Start>, Option<ParseError>) {
    if text.as_bytes().get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"SIP/")) {
        return match read_status_line(text) {
            Ok(start) => (Some(start), None),
            Err(error) => (None, Some(error)),
        };
    }
    let Some(end) = chars::find(text, b' ') else { return (None, Some(start_error("not a start line"))) };
    let (name, rest) = text.split_at(end);
    let method = match Method::known(name) {
        Some(method) => method,
        None if chars::is_token(name) => Method::Other(head.slice_ref(name)),
        None => return (None, Some(start_error("not a method name"))),
    };
    let rest = chars::trim_start(rest);
    let uri_at = text.len() - rest.len();
    let (uri, version) = match rest.strip_suffix(" SIP/2.0") {
        Some(uri) => (uri, "SIP/2.0"),
        None => chars::trim(rest).rsplit_once(' ').unwrap_or((rest, "")),
    };
    let uri = chars::trim(uri);
    let error = if !version.eq_ignore_ascii_case("SIP/2.0") {
        Some(version_error(version))
    } else if uri.is_empty() || memchr::memchr2(b' ', b'\t', uri.as_bytes()).is_some() {
        Some(ParseError::new(Place::RequestUri, "blanks in it or around it"))
    } else {
        None
    };
    (Some(Start::Request { method, uri: Span::received(uri_at, uri.len()) }), error)
}

/// Status-Line (7.2). A missing space before an empty reason phrase is let go.
fn read_status_line(text: &str) -> Result<Start, ParseError> {
    let (version, rest) = text.split_once(' ').unwrap_or((text, ""));
    if !version.eq_ignore_ascii_case("SIP/2.0") {
        return Err(version_error(version));
    }
    let (digits, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let code = if digits.len() == 3 { chars::decimal(digits) } else { None };
    let status = code.and_then(|code| StatusCode::new(u16::try_from(code).ok()?));
    let status = status.ok_or(start_error("not a status code"))?;
    Ok(Start::Response { status, reason: Span::received(text.len() - reason.len(), reason.len()) })
}

/// Another version is answered with 505; what is no version is a malformed line.
fn version_error(text: &str) -> ParseError {
    let version = text.as_bytes().get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"SIP/"));
    let numbers = text.get(4..).and_then(|numbers| numbers.split_once('.'));
    match numbers {
        Some((major, minor)) if version && chars::decimal(major).is_some() && chars::decimal(minor).is_some() => {
            start_error("unknown version").with_status(StatusCode::VERSION_NOT_SUPPORTED)
        }
        _ => start_error("not a SIP version"),
    }
}

impl Message {
    /// Reads a datagram (RFC 3261, 18.3): the body is as long as `Content-Length` says, and what follows is dropped;
    /// without `Content-Length` it is all the rest. Line ends before the start line are skipped, and a line may end with LF.
    ///
    /// # Errors
    /// [`Broken`], with what could be salvaged: the start line is none, a line is no header field, the header section
    /// does not end or is larger than [`limits::SIP_HEAD`] and its kin allow, the body is shorter than announced, or
    /// longer than [`limits::SIP_BODY`].
    pub fn parse(datagram: Bytes) -> Result<Message, Broken> {
        let start = line_ends(&datagram);
        let bytes = if start == 0 { datagram } else { datagram.slice(start..) };
        let mut message = Message::unread();
        let head = Head::read(&bytes, &mut message);
        let rest = bytes.len() - head.end;
        let (length, error) = match head.length.checked() {
            Ok(Some(length)) if length > rest => (rest, Some(length_error("larger than the datagram"))),
            Ok(Some(length)) => (length, None),
            Ok(None) if rest > limits::SIP_BODY => (0, Some(BODY_TOO_LARGE)),
            Ok(None) => (rest, None),
            Err(error) => (0, Some(error)),
        };
        if length > 0 {
            message.body = bytes.slice(head.end..head.end + length);
        }
        match head.error.or(error) {
            None => Ok(message),
            Some(error) => Err(head.broken(error, Box::new(message))),
        }
    }

    /// What a message is before it is read.
    pub(super) fn unread() -> Message {
        let start = Start::Response { status: StatusCode::OK, reason: Span::default() };
        Message { start, fields: Fields::new(), body: Bytes::new() }
    }

    pub(super) fn put_body(&mut self, body: Bytes) {
        self.body = body;
    }

    /// A request with no header fields yet. Blanks and controls in `uri` are escaped.
    pub fn request(method: Method, uri: &str) -> Message {
        let mut fields = Fields::new();
        let uri = fields.write_uri(uri);
        Message { start: Start::Request { method, uri }, fields, body: Bytes::new() }
    }

    /// A response with no header fields yet; usually [`Message::reply`] is meant.
    pub fn response(status: StatusCode, reason: &str) -> Message {
        let mut fields = Fields::new();
        let reason = fields.write_reason(reason);
        Message { start: Start::Response { status, reason }, fields, body: Bytes::new() }
    }

    /// A response to this request (8.2.6.2): every Via, From, To, Call-ID and CSeq as they stand in it, in a 100 also
    /// Timestamp (8.2.6.1). The text is shared, not copied. To gets no tag; see [`Message::set_to_tag`].
    pub fn reply(&self, status: StatusCode) -> Message {
        self.reply_with_reason(status, status.reason())
    }

    /// As [`Message::reply`], with a reason phrase of its own.
    pub fn reply_with_reason(&self, status: StatusCode, reason: &str) -> Message {
        let mut fields = Fields::new();
        fields.share_from(&self.fields, |name| belongs_to_reply(name, status));
        let reason = fields.write_reason(reason);
        Message { start: Start::Response { status, reason }, fields, body: Bytes::new() }
    }

    /// Gives To a tag, unless it has one (be it without a value) or cannot be read. Whether it was given.
    pub fn set_to_tag(&mut self, tag: &str) -> bool {
        match self.get::<To<'_>>() {
            Ok(to) if !to.params.has("tag") => {
                let value = self.fields.header(HeaderName::To).unwrap_or_default().to_owned();
                self.fields.set(HeaderName::To, format_args!("{value};tag={tag}"));
                true
            }
            _ => false,
        }
    }

    /// Whether it is a request.
    pub const fn is_request(&self) -> bool {
        matches!(self.start, Start::Request { .. })
    }

    /// The method of a request.
    pub const fn method(&self) -> Option<&Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI as written; empty for a response.
    pub fn uri(&self) -> &str {
        match &self.start {
            Start::Request { uri, .. } => self.fields.span(*uri),
            Start::Response { .. } => "",
        }
    }

    /// Gives a request another Request-URI. Blanks and controls in it are escaped. Does nothing to a response.
    pub fn set_uri(&mut self, text: &str) {
        if let Start::Request { uri, .. } = &mut self.start {
            *uri = self.fields.write_uri(text);
        }
    }

    /// The status of a response.
    pub const fn status(&self) -> Option<StatusCode> {
        match self.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(status),
        }
    }

    /// The reason phrase of a response; empty for a request.
    pub fn reason(&self) -> &str {
        match &self.start {
            Start::Request { .. } => "",
            Start::Response { reason, .. } => self.fields.span(*reason),
        }
    }

    /// The topmost Via.
    pub fn via(&self) -> Result<Via<'_>, ParseError> {
        self.get()
    }

    /// From.
    pub fn from(&self) -> Result<From<'_>, ParseError> {
        self.get()
    }

    /// To.
    pub fn to(&self) -> Result<To<'_>, ParseError> {
        self.get()
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, ParseError> {
        self.get()
    }

    /// Call-ID. It is compared octet by octet (20.8).
    pub fn call_id(&self) -> Result<&str, ParseError> {
        self.get::<CallId<'_>>().map(|id| id.0)
    }

    /// The first Contact, if there is one.
    pub fn contact(&self) -> Result<Option<Contact<'_>>, ParseError> {
        self.find()
    }

    /// Max-Forwards, 0 to 255, if it is there.
    pub fn max_forwards(&self) -> Result<Option<u8>, ParseError> {
        Ok(self.find::<MaxForwards>()?.map(|hops| hops.0))
    }

    /// Content-Type, if it is there.
    pub fn content_type(&self) -> Result<Option<ContentType<'_>>, ParseError> {
        self.find()
    }

    /// The body.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Gives the message a body and its Content-Type.
    pub fn set_body(&mut self, content_type: &str, body: Bytes) {
        self.fields.set(HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// Takes the body away, and every header field that describes it.
    pub fn clear_body(&mut self) {
        for name in BODY_HEADERS {
            self.fields.remove(name);
        }
        self.body = Bytes::new();
    }

    /// The header fields.
    pub const fn header_fields(&self) -> &Fields {
        &self.fields
    }
}

/// The headers that describe a body (RFC 3261, 7.4.1).
const BODY_HEADERS: [HeaderName; 6] = [
    HeaderName::ContentType,
    HeaderName::ContentEncoding,
    HeaderName::ContentLanguage,
    HeaderName::ContentDisposition,
    HeaderName::ContentLength,
    HeaderName::MimeVersion,
];

/// Which header fields of a request its responses repeat.
#[inline]
pub(super) const fn belongs_to_reply(name: HeaderName, status: StatusCode) -> bool {
    match name {
        HeaderName::Via | HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq => true,
        HeaderName::Timestamp => status.code() == 100,
        _ => false,
    }
}

impl Deref for Message {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl DerefMut for Message {
    fn deref_mut(&mut self) -> &mut Fields {
        &mut self.fields
    }
}
