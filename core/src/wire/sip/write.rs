//! Messages to bytes.

use alloc::vec::Vec;
use core::fmt::{self, Display, Write as _};

use bytes::{BufMut, Bytes};

use super::message::{Start, belongs_to_reply};
use super::{Fields, HeaderName, Message, StatusCode, To};

/// The decimal digits of a number.
struct Digits {
    text: [u8; 20],
    from: usize,
}

impl Digits {
    fn of(mut number: u64) -> Digits {
        let mut digits = Digits { text: [b'0'; 20], from: 20 };
        loop {
            digits.from -= 1;
            digits.text[digits.from] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return digits;
            }
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[self.from..]
    }
}

/// Lets a `Display` write into a buffer; line ends become spaces.
struct OneLine<'a, B>(&'a mut B);

impl<B: BufMut> fmt::Write for OneLine<'_, B> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let bytes = text.as_bytes();
        if memchr::memchr2(b'\r', b'\n', bytes).is_none() {
            self.0.put_slice(bytes);
            return Ok(());
        }
        for &byte in bytes {
            self.0.put_u8(if byte == b'\r' || byte == b'\n' { b' ' } else { byte });
        }
        Ok(())
    }
}

/// Counts what would be written.
struct Counter(usize);

impl Counter {
    fn add(&mut self, parts: &[&[u8]]) {
        self.0 += parts.iter().map(|part| part.len()).sum::<usize>();
    }
}

/// What the parts of a message are put into.
trait Sink {
    fn put(&mut self, parts: &[&[u8]]);
}

impl Sink for Counter {
    fn put(&mut self, parts: &[&[u8]]) {
        self.add(parts);
    }
}

fn put(out: &mut impl BufMut, parts: &[&[u8]]) {
    Buffer(out).put(parts);
}

/// A buffer as a sink.
struct Buffer<'a, B>(&'a mut B);

impl<B: BufMut> Sink for Buffer<'_, B> {
    #[inline]
    fn put(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.0.put_slice(part);
        }
    }
}

impl Fields {
    /// Writes every field, each with its CRLF, without the empty line behind them.
    ///
    /// # Panics
    /// If `out` has a fixed size that is too small.
    pub fn write(&self, out: &mut impl BufMut) {
        self.put(&mut Buffer(out), |_| true);
    }

    /// Puts every field that `keep` lets through. Lines which lie behind one another in the same text go as one.
    #[inline]
    fn put(&self, sink: &mut impl Sink, keep: impl Fn(HeaderName) -> bool) {
        let mut run: (bool, usize, usize) = (false, 0, 0);
        let text = |added: bool| if added { self.added.as_bytes() } else { self.head.as_bytes() };
        for slot in &self.slots {
            if !keep(slot.name) {
                continue;
            }
            let added = slot.is_added();
            match slot.line(if added { &self.added } else { &self.head }) {
                Some((from, to)) if run.0 == added && run.2 == from => run.2 = to,
                Some((from, to)) => {
                    sink.put(&[&text(run.0)[run.1..run.2]]);
                    run = (added, from, to);
                }
                None => {
                    sink.put(&[&text(run.0)[run.1..run.2]]);
                    run = (added, 0, 0);
                    let (name, value) = (self.name_of(slot), self.value_of(slot));
                    sink.put(&[name.as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
                }
            }
        }
        sink.put(&[&text(run.0)[run.1..run.2]]);
    }
}

impl Message {
    /// Writes the message. `Content-Length` is written once, as the last field, and is the length of the body; a field
    /// that says otherwise is left out. Everything that was received is written as it came (but unfolded).
    ///
    /// # Panics
    /// If `out` has a fixed size that is less than [`Message::encoded_len`], as [`BufMut::put_slice`] does.
    pub fn write(&self, out: &mut impl BufMut) {
        self.put(&mut Buffer(out));
    }

    /// The octets of the message.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write(&mut out);
        out.into()
    }

    /// How many octets [`Message::write`] writes.
    pub fn encoded_len(&self) -> usize {
        let mut counter = Counter(0);
        self.put(&mut counter);
        counter.0
    }

    fn put(&self, sink: &mut impl Sink) {
        match &self.start {
            Start::Request { method, .. } => {
                sink.put(&[method.as_str().as_bytes(), b" ", self.uri().as_bytes(), b" SIP/2.0\r\n"]);
            }
            Start::Response { status, .. } => put_status_line(sink, *status, self.reason()),
        }
        self.header_fields().put(sink, |name| name != HeaderName::ContentLength);
        put_body(sink, self.body());
    }

    /// Writes a response to this request straight into a buffer, without making a [`Message`] of it: the fields that
    /// [`Message::reply`] names, To with `to_tag` unless it has one, then what `extra` writes.
    ///
    /// # Panics
    /// If `out` has a fixed size that is too small.
    #[inline]
    pub fn write_reply<B: BufMut>(
        &self,
        status: StatusCode,
        to_tag: Option<&str>,
        extra: impl FnOnce(&mut ReplyWriter<'_, B>),
        out: &mut B,
    ) {
        let tag = to_tag.filter(|_| self.get::<To<'_>>().is_ok_and(|to| to.tag().is_none()));
        put_status_line(&mut Buffer(out), status, status.reason());
        let fields = self.header_fields();
        fields
            .put(&mut Buffer(out), |name| belongs_to_reply(name, status) && (tag.is_none() || name != HeaderName::To));
        let mut writer = ReplyWriter { fields, out, has_body: false };
        if let (Some(tag), Some(to)) = (tag, self.header(HeaderName::To)) {
            put(writer.out, &[b"To: ", to.as_bytes(), b";tag="]);
            // As in `ReplyWriter::field`.
            let _ = OneLine(writer.out).write_str(tag);
            put(writer.out, &[b"\r\n"]);
        }
        extra(&mut writer);
        if !writer.has_body {
            put_body(&mut Buffer(writer.out), b"");
        }
    }
}

fn put_status_line(sink: &mut impl Sink, status: StatusCode, reason: &str) {
    sink.put(&[b"SIP/2.0 ", Digits::of(status.code().into()).as_bytes(), b" ", reason.as_bytes(), b"\r\n"]);
}

fn put_body(sink: &mut impl Sink, body: &[u8]) {
    sink.put(&[b"Content-Length: ", Digits::of(body.len() as u64).as_bytes(), b"\r\n\r\n", body]);
}

/// Writes the rest of a response; see [`Message::write_reply`].
#[derive(Debug)]
pub struct ReplyWriter<'a, B> {
    fields: &'a Fields,
    out: &'a mut B,
    has_body: bool,
}

impl<B: BufMut> ReplyWriter<'_, B> {
    /// Writes a field. Nothing is written after the body.
    pub fn field(&mut self, name: HeaderName, value: impl Display) {
        if self.has_body {
            return;
        }
        self.out.put_slice(name.as_str().as_bytes());
        self.out.put_slice(b": ");
        // A buffer does not report failures; a `Display` that does has written what it could.
        let _ = write!(OneLine(self.out), "{value}");
        self.out.put_slice(b"\r\n");
    }

    /// Copies every field of this name from the request. Nothing is written after the body.
    pub fn copy(&mut self, name: HeaderName) {
        if !self.has_body {
            self.fields.put(&mut Buffer(self.out), |of_slot| of_slot == name);
        }
    }

    /// Writes the body, last and once.
    pub fn body(&mut self, content_type: &str, body: &[u8]) {
        if !self.has_body {
            self.field(HeaderName::ContentType, content_type);
            put_body(&mut Buffer(self.out), body);
            self.has_body = true;
        }
    }
}
