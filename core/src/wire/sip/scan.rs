//! The one pass over a header section: where each field's name and value lie. Nothing here looks into a value, but for
//! `Content-Length`, without which the message has no end.

use alloc::string::String;

use smallvec::SmallVec;

use super::chars::{self, TOKEN, is_blank};
use super::{HeaderName, ParseError, Place, StatusCode};
use crate::limits;

/// Set in [`Span::start`] and [`Slot::start`]: the text lies in what was added, not in what was received.
const ADDED: u32 = 1 << 31;

/// Where a piece of text lies.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    pub(super) fn received(start: usize, len: usize) -> Span {
        Span { start: offset(start), len: offset(len) }
    }

    pub(super) fn added(start: usize, len: usize) -> Span {
        Span { start: offset(start) | ADDED, len: offset(len) }
    }

    pub(super) fn of<'a>(self, head: &'a str, added: &'a str) -> &'a str {
        let text = if self.start & ADDED == 0 { head } else { added };
        let start = (self.start & !ADDED) as usize;
        text.get(start..start + self.len as usize).unwrap_or_default()
    }
}

/// Messages are capped far below 2 GiB, so offsets fit 31 bits.
fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX) & !ADDED
}

/// Where a header field lies: its name, and `value_at` octets after the name's first its value, unfolded and trimmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    start: u32,
    value_at: u32,
    value_len: u32,
    name_len: u16,
    /// Which header it is.
    pub(super) name: HeaderName,
    /// Whether nothing but the value lies between name and end: false once a list has lost its first elements.
    whole: bool,
}

/// Header fields, without an allocation for the usual number of them.
pub(super) type Slots = SmallVec<[Slot; 20]>;

impl Slot {
    /// A field in the added text, which is `name: value` from `start` on.
    pub(super) fn added(name: HeaderName, start: usize, name_len: usize, value_at: usize, value_len: usize) -> Slot {
        Slot {
            start: offset(start) | ADDED,
            value_at: offset(value_at),
            value_len: offset(value_len),
            name_len: u16::try_from(name_len).unwrap_or(u16::MAX),
            name,
            whole: true,
        }
    }

    /// Whether it lies in the added text.
    pub(super) const fn is_added(&self) -> bool {
        self.start & ADDED != 0
    }

    const fn base(&self) -> usize {
        (self.start & !ADDED) as usize
    }

    /// The name as written, out of the text it lies in.
    #[inline]
    pub(super) fn name_of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.base()..self.base() + self.name_len as usize).unwrap_or_default()
    }

    /// The value out of the text it lies in.
    #[inline]
    pub(super) fn value_of<'a>(&self, text: &'a str) -> &'a str {
        let start = self.base() + self.value_at as usize;
        text.get(start..start + self.value_len as usize).unwrap_or_default()
    }

    /// The octets of the whole line with its CRLF, if they lie together in the text.
    #[inline]
    pub(super) fn line(&self, text: &str) -> Option<(usize, usize)> {
        let end = self.base() + (self.value_at + self.value_len) as usize;
        (self.whole && text.as_bytes().get(end..end + 2) == Some(b"\r\n")).then_some((self.base(), end + 2))
    }

    /// Drops the first `by` octets of the value.
    pub(super) fn advance(&mut self, by: usize) {
        let by = offset(by).min(self.value_len);
        self.value_at += by;
        self.value_len -= by;
        self.whole = false;
    }
}

/// What `Content-Length` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Length {
    /// It is not there.
    Missing,
    /// So many octets.
    Octets(usize),
    /// No number, a number beyond every measure, or two that differ.
    Wrong,
}

/// What the pass finds.
pub(super) struct Scan<'a> {
    slots: &'a mut Slots,
    /// Fields which were folded, or held a lone CR: `name: value CRLF` each.
    added: &'a mut String,
    /// Where the body begins.
    pub(super) end: usize,
    pub(super) length: Length,
    /// The first thing that was wrong; the fields that are right are there nevertheless.
    pub(super) error: Option<ParseError>,
}

const fn head_error(reason: &'static str) -> ParseError {
    ParseError::new(Place::Head, reason)
}

pub(super) const TOO_LARGE: ParseError = head_error("too large").with_status(StatusCode::MESSAGE_TOO_LARGE);

/// A line of `bytes`: where it ends, where the next begins, and whether a CR without LF is in it.
pub(super) struct Line {
    pub(super) end: usize,
    pub(super) next: usize,
    pub(super) lone_cr: bool,
}

/// The line that begins at `at`; its end is CRLF or LF. `None`: it does not end.
#[inline]
pub(super) fn line(bytes: &[u8], at: usize) -> Option<Line> {
    let mut lone_cr = false;
    let mut from = at;
    loop {
        let end = from + memchr::memchr2(b'\n', b'\r', bytes.get(from..)?)?;
        match (bytes[end], bytes.get(end + 1)) {
            (b'\n', _) => return Some(Line { end, next: end + 1, lone_cr }),
            (b'\r', Some(b'\n')) => return Some(Line { end, next: end + 2, lone_cr }),
            (_, None) => return None,
            _ => lone_cr = true,
        }
        from = end + 1;
    }
}

/// The first colon among the first 24 octets, eight at a time: of each octet that is a colon the highest bit is set.
#[inline]
fn early_colon(field: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    for (at, word) in field.as_chunks::<8>().0.iter().take(3).enumerate() {
        let others = u64::from_le_bytes(*word) ^ (ONES * b':' as u64);
        let colons = others.wrapping_sub(ONES) & !others & (ONES << 7);
        if colons != 0 {
            return Some(at * 8 + colons.trailing_zeros() as usize / 8);
        }
    }
    None
}

/// Which header a field is, how long its name is, and where its colon stands. `None`: it is no field. A name that is
/// known right before an early colon needs no further look, unless a CR is about, which [`HeaderName::of_token`] does not
/// expect.
#[inline]
fn field_name(field: &[u8], mend: bool) -> Option<(HeaderName, usize, usize)> {
    if !mend && let Some(colon) = early_colon(field) {
        match HeaderName::of_token(&field[..colon]) {
            HeaderName::Other => (),
            name => return Some((name, colon, colon)),
        }
    }
    let length = field.iter().position(|&byte| !chars::is(byte, TOKEN))?;
    let blanks = field[length..].iter().take_while(|&&byte| is_blank(byte)).count();
    let colon = length + blanks;
    (length > 0 && field.get(colon) == Some(&b':')).then(|| (HeaderName::of_token(&field[..length]), length, colon))
}

impl<'a> Scan<'a> {
    /// Reads the fields that begin at `at`, up to and with the empty line.
    pub(super) fn fields(slots: &'a mut Slots, added: &'a mut String, bytes: &[u8], mut at: usize) -> Scan<'a> {
        let mut scan = Scan { slots, added, end: bytes.len(), length: Length::Missing, error: None };
        loop {
            let Some(Line { mut end, mut next, mut lone_cr }) = line(bytes, at) else {
                scan.fail(head_error("does not end with an empty line"));
                return scan;
            };
            if end == at && !lone_cr {
                scan.end = next;
                return scan;
            }
            let mut folded = false;
            while bytes.get(next).copied().is_some_and(is_blank) {
                let Some(more) = line(bytes, next) else { break };
                folded = true;
                lone_cr |= more.lone_cr;
                (end, next) = (more.end, more.next);
            }
            if end - at > limits::SIP_LINE || scan.slots.len() >= limits::SIP_HEADERS || next > limits::SIP_HEAD {
                scan.fail(TOO_LARGE);
            } else {
                scan.field(bytes, at, end, folded || lone_cr);
            }
            at = next;
        }
    }

    fn fail(&mut self, error: ParseError) {
        self.error.get_or_insert(error);
    }

    #[inline]
    fn field(&mut self, bytes: &[u8], at: usize, end: usize, mend: bool) {
        let field = &bytes[at..end];
        let Some((name, name_len, colon)) = field_name(field, mend) else {
            return self.fail(head_error("a line that is no header field"));
        };
        let mut value_at = colon + 1;
        while field.get(value_at).copied().is_some_and(is_blank) {
            value_at += 1;
        }
        let mut value_end = field.len();
        while value_end > value_at && is_blank(field[value_end - 1]) {
            value_end -= 1;
        }
        if mend {
            self.mended(name, &field[..name_len], &field[value_at..value_end]);
        } else {
            self.slots.push(Slot {
                start: offset(at),
                value_at: offset(value_at),
                value_len: offset(value_end - value_at),
                name_len: u16::try_from(name_len).unwrap_or(u16::MAX),
                name,
                whole: true,
            });
        }
        if name == HeaderName::ContentLength {
            self.content_length(&field[value_at..value_end]);
        }
    }

    /// Writes a folded value on one line: each line end with the blanks around it becomes one space (7.3.1).
    fn mended(&mut self, name: HeaderName, written: &[u8], value: &[u8]) {
        let start = self.added.len();
        self.added.push_str(&String::from_utf8_lossy(written));
        self.added.push_str(": ");
        let value_start = self.added.len();
        for part in value.split(|&byte| byte == b'\r' || byte == b'\n') {
            let part = part.trim_ascii();
            if part.is_empty() {
                continue;
            }
            if self.added.len() > value_start {
                self.added.push(' ');
            }
            self.added.push_str(&String::from_utf8_lossy(part));
        }
        let slot = Slot::added(name, start, written.len(), value_start - start, self.added.len() - value_start);
        self.slots.push(slot);
        self.added.push_str("\r\n");
    }

    fn content_length(&mut self, value: &[u8]) {
        let octets = core::str::from_utf8(value).ok().and_then(chars::decimal).and_then(|n| usize::try_from(n).ok());
        self.length = match (octets, self.length) {
            (Some(octets), Length::Missing) => Length::Octets(octets),
            (Some(octets), Length::Octets(before)) if octets == before => Length::Octets(octets),
            _ => Length::Wrong,
        };
    }
}
