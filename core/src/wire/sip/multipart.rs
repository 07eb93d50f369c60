//! Bodies of several parts (RFC 2046, 5.1; RFC 3261, 7.4.1).

use alloc::vec::Vec;
use core::ops::{Deref, DerefMut};

use bytes::{BufMut, Bytes};

use super::fields::ReadFields;
use super::{ContentType, Fields, HeaderName, ParseError, Place, unquote};
use crate::limits;

/// One part of a body.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Its header fields, all of which may be missing.
    pub fields: Fields,
    /// Its body.
    pub body: Bytes,
    /// Its own parts, if its Content-Type is a multipart.
    pub parts: Vec<Part>,
}

impl Part {
    /// A part with a Content-Type.
    pub fn new(content_type: &str, body: Bytes) -> Part {
        let mut fields = Fields::new();
        fields.push(HeaderName::ContentType, content_type);
        Part { fields, body, parts: Vec::new() }
    }

    /// Its Content-Type; `None` means `text/plain` (RFC 2045, 5.2).
    pub fn content_type(&self) -> Result<Option<ContentType<'_>>, ParseError> {
        self.fields.find()
    }

    /// This part or the first below it whose Content-Type is `kind/subtype`.
    pub fn find_type(&self, kind: &str, subtype: &str) -> Option<&Part> {
        match self.content_type() {
            Ok(Some(of_part)) if of_part.is(kind, subtype) => Some(self),
            _ => self.parts.iter().find_map(|part| part.find_type(kind, subtype)),
        }
    }
}

impl Deref for Part {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

impl DerefMut for Part {
    fn deref_mut(&mut self) -> &mut Fields {
        &mut self.fields
    }
}

const fn wrong(reason: &'static str) -> ParseError {
    ParseError::new(Place::Body, reason)
}

/// Takes a body apart, and its parts again where they are multiparts themselves. Bodies are shared, not copied.
///
/// # Errors
/// The Content-Type is no multipart or has no boundary; a part's header section is none; the last boundary is missing;
/// there are more than [`limits::MULTIPART_PARTS`] parts in all or [`limits::MULTIPART_DEPTH`] levels.
pub fn parse(content_type: &ContentType<'_>, body: &Bytes) -> Result<Vec<Part>, ParseError> {
    let mut left = limits::MULTIPART_PARTS;
    parse_level(content_type, body, limits::MULTIPART_DEPTH, &mut left)
}

fn parse_level(
    content_type: &ContentType<'_>,
    body: &Bytes,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Part>, ParseError> {
    if !content_type.is_multipart() {
        return Err(wrong("not a multipart"));
    }
    let boundary = content_type.params.value("boundary").map(unquote).unwrap_or_default();
    // 1 to 70 octets, RFC 2046, 5.1.1.
    if boundary.is_empty() || boundary.len() > 70 {
        return Err(wrong("no boundary"));
    }
    let depth = depth.checked_sub(1).ok_or(wrong("too many levels of parts"))?;
    let mut parts = Vec::new();
    let mut delimiter = next_delimiter(body, 0, &boundary).ok_or(wrong("no part"))?;
    while !delimiter.last {
        let next = next_delimiter(body, delimiter.end, &boundary).ok_or(wrong("no last boundary"))?;
        *left = left.checked_sub(1).ok_or(wrong("too many parts"))?;
        // The line end before a boundary is the boundary's, yet it may also be the empty line behind a part's fields.
        let part = body.slice(delimiter.end..next.dashes);
        let length = next.start.saturating_sub(delimiter.end);
        parts.push(parse_part(&part, length, depth, left)?);
        delimiter = next;
    }
    Ok(parts)
}

fn parse_part(bytes: &Bytes, length: usize, depth: usize, left: &mut usize) -> Result<Part, ParseError> {
    let mut fields = Fields::new();
    let read = ReadFields::into(&mut fields, bytes, 0);
    if let Some(error) = read.error {
        return Err(error.in_place(Place::Body));
    }
    let mut part = Part { fields, body: bytes.slice(read.end.min(length)..length), parts: Vec::new() };
    if let Some(of_part) = part.fields.find::<ContentType<'_>>()?
        && of_part.is_multipart()
    {
        part.parts = parse_level(&of_part, &part.body, depth, left)?;
    }
    Ok(part)
}

/// A boundary line: the line end before it belongs to it.
struct Delimiter {
    start: usize,
    dashes: usize,
    end: usize,
    last: bool,
}

/// The first boundary line at or behind `from`, which is the beginning of a line.
fn next_delimiter(body: &[u8], mut from: usize, boundary: &str) -> Option<Delimiter> {
    let line_start = from;
    loop {
        let at = from + memchr::memmem::find(body.get(from..)?, boundary.as_bytes())?;
        from = at + 1;
        let Some(dashes) = at.checked_sub(2).filter(|&dashes| dashes >= line_start && &body[dashes..at] == b"--")
        else {
            continue;
        };
        let start = match &body[line_start..dashes] {
            [] => dashes,
            [.., b'\r', b'\n'] => dashes - 2,
            [.., b'\n'] => dashes - 1,
            _ => continue,
        };
        let tail = &body[at + boundary.len()..];
        let last = tail.starts_with(b"--");
        let tail = if last { &tail[2..] } else { tail };
        let blanks = tail.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let line_end = match &tail[blanks..] {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            [] if last => 0,
            _ => continue,
        };
        let end = body.len() - tail.len() + blanks + line_end;
        return Some(Delimiter { start, dashes, end, last });
    }
}

/// Puts parts together. The caller picks a boundary (1 to 70 letters and digits) that stands in none of them; parts that
/// hold parts are written with the body they have.
pub fn write(boundary: &str, parts: &[Part], out: &mut impl BufMut) {
    for part in parts {
        out.put_slice(b"--");
        out.put_slice(boundary.as_bytes());
        out.put_slice(b"\r\n");
        part.fields.write(out);
        out.put_slice(b"\r\n");
        out.put_slice(&part.body);
        out.put_slice(b"\r\n");
    }
    out.put_slice(b"--");
    out.put_slice(boundary.as_bytes());
    out.put_slice(b"--\r\n");
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::sip::Header as _;

    fn read(boundary: &str, body: impl Into<Bytes>) -> Result<Vec<Part>, ParseError> {
        parse(&ContentType::parse(&format!("multipart/mixed;boundary=\"{boundary}\"")).unwrap(), &body.into())
    }

    #[test]
    fn preamble_epilogue_and_parts_without_headers() {
        let body =
            "preamble --b\r\n--b  \r\n\r\nplain\r\n--bb\r\n--b\r\nContent-Type: a/b\r\n\r\n--b--\r\nepilogue --b";
        let parts = read("b", body).unwrap();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].is_empty());
        assert_eq!(parts[0].body, "plain\r\n--bb");
        assert!(parts[1].content_type().unwrap().unwrap().is("a", "b"));
        assert_eq!(parts[1].body, "");
    }

    #[test]
    fn parts_within_parts() {
        let mut inner = vec![];
        write("in", &[Part::new("application/sdp", "v=0".into())], &mut inner);
        let mut outer = vec![];
        write("out", &[Part::new("multipart/related; boundary=in", inner.into())], &mut outer);
        let parts = read("out", outer).unwrap();
        assert_eq!(parts[0].find_type("application", "sdp").unwrap().body, "v=0");
        assert!(parts[0].find_type("application", "xml").is_none());
    }

    #[test]
    fn levels_and_parts_are_capped() {
        let mut body: Vec<u8> = "v=0".into();
        for level in 0..=limits::MULTIPART_DEPTH {
            let mut outer = vec![];
            let kind = format!("multipart/mixed;boundary=b{}", level.wrapping_sub(1));
            write(&format!("b{level}"), &[Part::new(if level == 0 { "a/b" } else { &kind }, body.into())], &mut outer);
            body = outer;
        }
        let error = read(&format!("b{}", limits::MULTIPART_DEPTH), body).unwrap_err();
        assert_eq!(error.reason(), "too many levels of parts");
        let many: String = (0..=limits::MULTIPART_PARTS).map(|_| "--b\r\n\r\nx\r\n").collect();
        assert_eq!(read("b", format!("{many}--b--")).unwrap_err().reason(), "too many parts");
    }

    #[test]
    fn what_is_no_multipart_is_refused() {
        assert_eq!(read("b", "--b\r\n\r\nx").unwrap_err().reason(), "no last boundary");
        assert_eq!(read("b", "x").unwrap_err().reason(), "no part");
        assert_eq!(read("", "x").unwrap_err().reason(), "no boundary");
        assert!(read("b", "--b\r\nno field\r\n\r\nx\r\n--b--").is_err());
        assert!(parse(&ContentType::parse("text/plain").unwrap(), &Bytes::new()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_put_together_comes_apart(bodies in prop::collection::vec(prop::collection::vec(0u8..=255, 0..40), 1..6)) {
            let boundary = "boundary-longer-than-any-body-in-this-test-is-itself";
            let parts: Vec<Part> =
                bodies.iter().map(|body| Part::new("application/octet-stream", body.clone().into())).collect();
            let mut out = vec![];
            write(boundary, &parts, &mut out);
            let back = read(boundary, out).unwrap();
            prop_assert_eq!(back.iter().map(|part| part.body.to_vec()).collect::<Vec<_>>(), bodies);
        }
    }
}
