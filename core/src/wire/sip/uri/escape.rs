//! `%` HEX HEX.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::super::chars::{self, PASSWORD};

/// Resolves every `%` HEX HEX once. Octets that are not UTF-8 become U+FFFD; a `%` without digits stays.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes: Vec<u8> = Unescaped::new(text).map(|(byte, _)| byte).collect();
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// The octets that a text stands for; each with whether it was escaped.
pub(super) struct Unescaped<'a>(&'a [u8]);

impl<'a> Unescaped<'a> {
    pub(super) fn new(text: &'a str) -> Unescaped<'a> {
        Unescaped(text.as_bytes())
    }
}

impl Iterator for Unescaped<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        if let [b'%', high, low, rest @ ..] = self.0
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            self.0 = rest;
            return Some((high << 4 | low, true));
        }
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some((byte, false))
    }
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            // What every part of a URI may hold: no separator, not even `&=+$,`, which `PASSWORD` has.
            if chars::is(byte, PASSWORD) && !b"&=+$,".contains(&byte) {
                f.write_char(byte as char)?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

/// `text` so that it can stand in any part of a URI: everything but letters, digits and `-_.!~*'()` is escaped.
pub fn escape(text: &str) -> impl fmt::Display + '_ {
    Escaped(text)
}
