//! Quoted strings (RFC 3261, 25.1): `"` text with `\` before what would end it `"`.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt::{self, Write as _};

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for part in self.0.split_inclusive(['"', '\\']) {
            match part.strip_suffix(['"', '\\']) {
                Some(text) => {
                    f.write_str(text)?;
                    f.write_char('\\')?;
                    f.write_str(&part[text.len()..])?;
                }
                None => f.write_str(part)?,
            }
        }
        f.write_char('"')
    }
}

/// `text` as a quoted string. A line end cannot stand in one; what writes it into a message makes it a space.
pub fn quote(text: &str) -> impl fmt::Display + '_ {
    Quoted(text)
}

/// The text that a quoted string stands for. What does not begin with a quote is taken as it is.
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"') else { return Cow::Borrowed(text) };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut escaped = false;
    for character in inner.chars() {
        if character == '\\' && !escaped {
            escaped = true;
        } else {
            plain.push(character);
            escaped = false;
        }
    }
    Cow::Owned(plain)
}

/// The length of the quoted string that `bytes` begins with, both quotes counted; `None` if it does not end.
pub(super) fn quoted_len(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_quoted_unquotes_to_itself(text in "\\PC*") {
            let quoted = quote(&text).to_string();
            prop_assert_eq!(unquote(&quoted), text.as_str());
            prop_assert_eq!(quoted_len(quoted.as_bytes()), Some(quoted.len()));
        }
    }

    #[test]
    fn an_open_quote_has_no_length() {
        assert_eq!(quoted_len(b"\"abc"), None);
        assert_eq!(quoted_len(b"\"abc\\\""), None);
        assert_eq!(quoted_len(b"\""), None);
        assert_eq!(quoted_len(b"\"\\"), None);
    }
}
