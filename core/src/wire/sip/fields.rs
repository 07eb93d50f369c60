//! The header fields of a message or of a body part: kept as they came, read when asked, changed in place.

use alloc::string::String;
use core::fmt::{self, Display, Write as _};

use bytes::Bytes;
use bytestring::ByteString;

use super::chars::{self, is_blank};
use super::list::Elements;
use super::scan::{Length, Scan, Slot, Slots, Span};
use super::{Header, HeaderName, ParseError};

/// Header fields in order.
///
/// What was received is one shared text; what is added is written behind one another in a second one, and never
/// copied again. Values are unfolded and without blanks at their ends. Whatever is written into a field, line ends
/// in it become spaces, so that no value can end its field.
#[derive(Clone, Default)]
pub struct Fields {
    pub(super) head: ByteString,
    pub(super) added: String,
    pub(super) slots: Slots,
}

/// How fields were read.
pub(super) struct ReadFields {
    /// Where they begin in their text: what stood before them is there too.
    pub(super) at: usize,
    /// Where the body begins in the bytes.
    pub(super) end: usize,
    pub(super) length: Length,
    pub(super) error: Option<ParseError>,
}

impl ReadFields {
    /// Reads the fields that begin at `at`, up to and with the empty line, into `fields`, which are empty.
    pub(super) fn into(fields: &mut Fields, bytes: &Bytes, at: usize) -> ReadFields {
        let Scan { end, length, error, .. } = Scan::fields(&mut fields.slots, &mut fields.added, bytes, at);
        match ByteString::try_from(bytes.slice(..end)) {
            Ok(head) => {
                fields.head = head;
                ReadFields { at, end, length, error }
            }
            Err(_) => {
                *fields = Fields::new();
                ReadFields { end, ..ReadFields::lossy(fields, bytes, at, end) }
            }
        }
    }

    /// What is not UTF-8 becomes U+FFFD in a text of its own, whose lines are the same.
    #[cold]
    fn lossy(fields: &mut Fields, bytes: &Bytes, at: usize, end: usize) -> ReadFields {
        let mut text = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let fields_at = text.len();
        text.push_str(&String::from_utf8_lossy(&bytes[at..end]));
        ReadFields::into(fields, &Bytes::from(text), fields_at)
    }
}

impl Fields {
    /// No fields.
    pub fn new() -> Fields {
        Fields::default()
    }

    #[inline]
    fn text_of(&self, slot: &Slot) -> &str {
        if slot.is_added() { &self.added } else { &self.head }
    }

    #[inline]
    pub(super) fn value_of(&self, slot: &Slot) -> &str {
        slot.value_of(self.text_of(slot))
    }

    pub(super) fn name_of(&self, slot: &Slot) -> &str {
        slot.name_of(self.text_of(slot))
    }

    pub(super) fn span(&self, span: Span) -> &str {
        span.of(&self.head, &self.added)
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The value of the first field of this name: the whole field, which may be a list.
    #[inline]
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.slots.iter().find(|slot| slot.name == name).map(|slot| self.value_of(slot))
    }

    /// The value of every field of this name.
    #[inline]
    pub fn headers(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        self.slots.iter().filter(move |slot| slot.name == name).map(|slot| self.value_of(slot))
    }

    /// The value of every field of this name, in any case: for headers that [`HeaderName`] does not know. The name of
    /// one that it does know finds every spelling.
    pub fn other(&self, name: &str) -> impl Iterator<Item = &str> {
        let known = HeaderName::parse(name);
        self.slots
            .iter()
            .filter(move |slot| match slot.name {
                HeaderName::Other => self.name_of(slot).eq_ignore_ascii_case(name),
                of_slot => of_slot == known,
            })
            .map(|slot| self.value_of(slot))
    }

    /// The values of this name, one by one: lists split at their commas, across fields. An element between two commas
    /// may be empty.
    #[inline]
    pub fn values(&self, name: HeaderName) -> impl Iterator<Item = &str> {
        self.headers(name).flat_map(move |value| Elements::new(name, value))
    }

    /// Every field in order: its name as written, which header that is, its value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, HeaderName, &str)> {
        self.slots.iter().map(|slot| (self.name_of(slot), slot.name, self.value_of(slot)))
    }

    /// The first value of a header. An error if there is none.
    #[inline]
    pub fn get<'a, T: Header<'a>>(&'a self) -> Result<T, ParseError> {
        self.find()?.ok_or(ParseError::missing(T::NAME))
    }

    /// The first value of a header, if there is one.
    #[inline]
    pub fn find<'a, T: Header<'a>>(&'a self) -> Result<Option<T>, ParseError> {
        for slot in &self.slots {
            if slot.name == T::NAME
                && let Some(value) = Elements::first(T::NAME, self.value_of(slot))
            {
                return T::parse(value).map(Some);
            }
        }
        Ok(None)
    }

    /// Every value of a header: list elements and repeated fields alike.
    pub fn all<'a, T: Header<'a>>(&'a self) -> impl Iterator<Item = Result<T, ParseError>> {
        self.values(T::NAME).map(T::parse)
    }

    /// Appends a field.
    pub fn push(&mut self, name: HeaderName, value: impl Display) {
        let slot = self.write_field(name, name.as_str(), value);
        self.slots.push(slot);
    }

    /// Appends a field of any name. What no name may hold is replaced by `-`.
    pub fn push_other(&mut self, name: &str, value: impl Display) {
        let slot = self.write_field(HeaderName::parse(name), name, value);
        self.slots.push(slot);
    }

    /// Puts a field before the first of its name; before all others if it is the first.
    pub fn prepend(&mut self, name: HeaderName, value: impl Display) {
        let slot = self.write_field(name, name.as_str(), value);
        let at = self.slots.iter().position(|slot| slot.name == name).unwrap_or(0);
        self.slots.insert(at, slot);
    }

    /// Replaces every field of this name by one, where the first stood; appends it if there was none.
    pub fn set(&mut self, name: HeaderName, value: impl Display) {
        let slot = self.write_field(name, name.as_str(), value);
        match self.slots.iter().position(|slot| slot.name == name) {
            None => self.slots.push(slot),
            Some(at) => {
                self.remove(name);
                self.slots.insert(at, slot);
            }
        }
    }

    /// Removes every field of this name; how many there were.
    pub fn remove(&mut self, name: HeaderName) -> usize {
        let before = self.slots.len();
        self.slots.retain(|slot| slot.name != name);
        before - self.slots.len()
    }

    /// Removes every field of this name, in any case.
    pub fn remove_other(&mut self, name: &str) -> usize {
        match HeaderName::parse(name) {
            HeaderName::Other => {
                let before = self.slots.len();
                let Fields { head, added, slots } = self;
                slots.retain(|slot| {
                    let text: &str = if slot.is_added() { added } else { head };
                    slot.name != HeaderName::Other || !slot.name_of(text).eq_ignore_ascii_case(name)
                });
                before - slots.len()
            }
            known => self.remove(known),
        }
    }

    /// Removes the first value of this name: the topmost Via or Route, even where it shares its field with the next.
    /// Whether there was one.
    pub fn remove_first_value(&mut self, name: HeaderName) -> bool {
        let Some(at) = self.slots.iter().position(|slot| slot.name == name) else { return false };
        match Elements::first_len(name, self.value_of(&self.slots[at])) {
            Some(by) => self.slots[at].advance(by),
            None => {
                self.slots.remove(at);
            }
        }
        true
    }

    /// Appends every field of this name as it stands in `other`. Text that both share is not copied.
    pub fn copy_from(&mut self, other: &Fields, name: HeaderName) {
        let shared = self.head.as_ptr() == other.head.as_ptr() && self.head.len() == other.head.len();
        for slot in other.slots.iter().filter(|slot| slot.name == name) {
            let slot = if shared && !slot.is_added() {
                *slot
            } else {
                self.write_field(name, other.name_of(slot), other.value_of(slot))
            };
            self.slots.push(slot);
        }
    }

    /// Takes every field of this name out of received text that is about to be shared.
    pub(super) fn share_from(&mut self, other: &Fields, keep: impl Fn(HeaderName) -> bool) {
        self.head = other.head.clone();
        for slot in other.slots.iter().filter(|slot| keep(slot.name)) {
            let slot = match slot.is_added() {
                false => *slot,
                true => self.write_field(slot.name, other.name_of(slot), other.value_of(slot)),
            };
            self.slots.push(slot);
        }
    }

    /// Writes `name: value CRLF` behind what was added.
    fn write_field(&mut self, id: HeaderName, name: &str, value: impl Display) -> Slot {
        let start = self.added.len();
        if chars::is_token(name) {
            self.added.push_str(name);
        } else {
            self.added.extend(name.bytes().map(|byte| if chars::is(byte, chars::TOKEN) { byte as char } else { '-' }));
            if name.is_empty() {
                self.added.push('-');
            }
        }
        let name_len = self.added.len() - start;
        self.added.push_str(": ");
        let value_start = self.write_text(value);
        let value = &self.added[value_start..];
        let blanks = value.len() - chars::trim_start(value).len();
        self.added.drain(value_start..value_start + blanks);
        let end = self.added[value_start..].trim_end_matches([' ', '\t']).len() + value_start;
        self.added.truncate(end);
        let slot = Slot::added(id, start, name_len, value_start - start, end - value_start);
        self.added.push_str("\r\n");
        slot
    }

    /// Writes `text` behind what was added, line ends replaced by spaces; where it begins.
    fn write_text(&mut self, text: impl Display) -> usize {
        let start = self.added.len();
        // Writing to a `String` does not fail; a `Display` that reports a failure of its own has written what it could.
        let _ = write!(self.added, "{text}");
        if memchr::memchr2(b'\r', b'\n', &self.added.as_bytes()[start..]).is_some() {
            let tail = self.added.split_off(start);
            self.added.extend(tail.chars().map(|character| if is_line_end(character) { ' ' } else { character }));
        }
        start
    }

    /// Writes `text` where no blank may stand, a URI: blanks and controls are escaped.
    pub(super) fn write_uri(&mut self, text: &str) -> Span {
        let start = self.added.len();
        if text.bytes().any(|byte| is_blank(byte) || byte.is_ascii_control()) {
            for character in text.chars() {
                if character == ' ' || character.is_ascii_control() {
                    let _ = write!(self.added, "%{:02X}", u32::from(character));
                } else {
                    self.added.push(character);
                }
            }
        } else {
            self.added.push_str(text);
        }
        Span::added(start, self.added.len() - start)
    }

    /// Writes a reason phrase.
    pub(super) fn write_reason(&mut self, text: &str) -> Span {
        let start = self.write_text(text);
        Span::added(start, self.added.len() - start)
    }

    /// An owned piece of text that these fields have handed out: shared where it was received, copied where it was
    /// added.
    pub fn text(&self, part: &str) -> ByteString {
        let head = self.head.as_bytes().as_ptr_range();
        let part_range = part.as_bytes().as_ptr_range();
        if head.start <= part_range.start && part_range.end <= head.end && !part.is_empty() {
            self.head.slice_ref(part)
        } else {
            ByteString::from(part)
        }
    }
}

const fn is_line_end(character: char) -> bool {
    matches!(character, '\r' | '\n')
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields().map(|(name, _, value)| (name, value))).finish()
    }
}
