//! Comma-separated lists (RFC 3261, 7.3.1), and the challenges that look like one.

use super::HeaderName;
use super::chars::{self, TOKEN, is_blank, trim, trim_start};
use super::quote::quoted_len;

/// Where the first comma stands that is neither in a quoted string nor between `<` and `>`. What opens and does not
/// close reaches to the end.
#[inline]
fn first_comma(text: &str) -> Option<usize> {
    memchr::memchr(b',', text.as_bytes())?;
    first_outer_comma(text.as_bytes())
}

fn first_outer_comma(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b',' => return Some(at),
            b'"' => at += quoted_len(&bytes[at..])?,
            b'<' => at += memchr::memchr(b'>', &bytes[at..])?,
            _ => at += 1,
        }
    }
    None
}

/// Where the first comma stands that is followed by another challenge, and not by another parameter of this one
/// (`Digest realm="a", nonce="b", Basic realm="c"`).
fn first_challenge_end(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let comma = from + first_comma(&text[from..])?;
        let next = trim_start(&text[comma + 1..]);
        let bytes = next.as_bytes();
        let token = bytes.iter().position(|&byte| !chars::is(byte, TOKEN)).unwrap_or(bytes.len());
        if token > 0 && trim_start(&next[token..]).as_bytes().first() != Some(&b'=') {
            return Some(comma);
        }
        from = comma + 1;
    }
}

/// The elements of one field's value.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    rest: Option<&'a str>,
    comma: fn(&str) -> Option<usize>,
}

impl<'a> Elements<'a> {
    /// An empty value has no element; a field that is no list has one.
    #[inline]
    pub(super) fn new(name: HeaderName, value: &'a str) -> Elements<'a> {
        let comma = match name {
            HeaderName::WwwAuthenticate | HeaderName::ProxyAuthenticate => first_challenge_end,
            _ if name.is_list() => first_comma,
            _ => |_: &str| None,
        };
        Elements { rest: (!value.is_empty() || !name.is_list()).then_some(value), comma }
    }

    /// The first element; see [`Elements::new`].
    #[inline]
    pub(super) fn first(name: HeaderName, value: &'a str) -> Option<&'a str> {
        let end = match name {
            HeaderName::WwwAuthenticate | HeaderName::ProxyAuthenticate => first_challenge_end(value),
            _ if !name.is_list() => return Some(value),
            _ if value.is_empty() => return None,
            _ => first_comma(value),
        };
        Some(end.map_or(value, |end| trim(&value[..end])))
    }

    /// How many octets of `value` its first element takes, the comma and the blanks after it counted; `None` if no
    /// other follows.
    pub(super) fn first_len(name: HeaderName, value: &'a str) -> Option<usize> {
        let comma = (Elements::new(name, value).comma)(value)?;
        let blanks = value.as_bytes()[comma + 1..].iter().take_while(|&&byte| is_blank(byte)).count();
        Some(comma + 1 + blanks)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let (element, rest) = match (self.comma)(text) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        self.rest = rest;
        Some(trim(element))
    }
}

/// The elements of a comma-separated list that stands in no header of its own.
pub(super) fn elements(text: &str) -> Elements<'_> {
    Elements { rest: (!text.is_empty()).then_some(text), comma: first_comma }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn split(name: HeaderName, value: &str) -> Vec<&str> {
        Elements::new(name, value).collect()
    }

    #[test]
    fn commas_in_quotes_and_brackets_do_not_split() {
        let list = "\"a, \\\", b\" <sip:a,b@c>;q=0.1 ,<sip:d@e>, sip:f@g";
        let parts = ["\"a, \\\", b\" <sip:a,b@c>;q=0.1", "<sip:d@e>", "sip:f@g"];
        assert_eq!(split(HeaderName::Contact, list), parts);
        assert_eq!(split(HeaderName::Supported, ""), [""; 0]);
        assert_eq!(split(HeaderName::Supported, "a,,b"), ["a", "", "b"]);
        assert_eq!(split(HeaderName::Contact, "<a,b,c"), ["<a,b,c"]);
        assert_eq!(split(HeaderName::Subject, "a, b"), ["a, b"]);
    }

    #[test]
    fn challenges_split_before_a_scheme_only() {
        let list = "Digest realm=\"a, b\", nonce=\"c\" , qop = \"auth\",Basic realm=\"d\", Negotiate, Foo x=y";
        let parts =
            ["Digest realm=\"a, b\", nonce=\"c\" , qop = \"auth\"", "Basic realm=\"d\"", "Negotiate", "Foo x=y"];
        assert_eq!(split(HeaderName::WwwAuthenticate, list), parts);
    }
}
