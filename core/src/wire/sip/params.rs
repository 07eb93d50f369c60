//! Parameter lists: `;name=value;name;name="quoted value"`.

use alloc::borrow::Cow;
use core::fmt;

use super::ParseError;
use super::chars::{self, TOKEN, VALUE, is_blank, trim};
use super::quote::{quoted_len, unquote};

/// A checked list of parameters, each with a `;` before it. Names are found in any case; of two that are alike the
/// first counts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// No parameters.
    pub const EMPTY: Params<'static> = Params("");

    /// Reads `;name=value…`, with blanks around either sign; the empty text is the empty list.
    pub fn parse(text: &'a str) -> Result<Params<'a>, ParseError> {
        let text = trim(text);
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] != b';' {
                return Err(ParseError::value("text where a parameter is due"));
            }
            at = skip_blanks(bytes, at + 1);
            let name = at;
            at += chars::span(&bytes[at..], TOKEN);
            if at == name {
                return Err(ParseError::value("a parameter without a name"));
            }
            at = skip_blanks(bytes, at);
            if bytes.get(at) == Some(&b'=') {
                at = skip_blanks(bytes, at + 1);
                if bytes.get(at) == Some(&b'"') {
                    let quoted = quoted_len(&bytes[at..]);
                    at += quoted.ok_or(ParseError::value("a quoted string that does not end"))?;
                } else {
                    at += chars::span(&bytes[at..], VALUE);
                }
                at = skip_blanks(bytes, at);
            }
        }
        Ok(Params(text))
    }

    /// Takes over the parameters of a URI, whose characters its reader has checked.
    pub(super) const fn of_checked(text: &'a str) -> Params<'a> {
        Params(text)
    }

    /// The list as it is written, `;` first.
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every parameter: its name, and its value as written (quotes included).
    pub fn iter(&self) -> ParamsIter<'a> {
        ParamsIter(self.0)
    }

    /// The parameter of this name: `None` without it, `Some(None)` when it has no value; a quoted value with quotes.
    #[inline]
    pub fn get(&self, name: &str) -> Option<Option<&'a str>> {
        self.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// As [`Params::get`], with the quotes and escapes of a quoted value taken off.
    pub fn get_unquoted(&self, name: &str) -> Option<Option<Cow<'a, str>>> {
        self.get(name).map(|value| value.map(unquote))
    }

    /// The value of this name; `None` also when the parameter has none.
    #[inline]
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.get(name).flatten()
    }

    /// Whether the parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

#[inline]
fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).copied().is_some_and(is_blank) {
        at += 1;
    }
    at
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'a> IntoIterator for Params<'a> {
    type Item = (&'a str, Option<&'a str>);
    type IntoIter = ParamsIter<'a>;

    fn into_iter(self) -> ParamsIter<'a> {
        self.iter()
    }
}

/// The parameters of a [`Params`], in order.
#[derive(Clone, Debug)]
pub struct ParamsIter<'a>(&'a str);

impl<'a> Iterator for ParamsIter<'a> {
    type Item = (&'a str, Option<&'a str>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.0.strip_prefix(';')?;
        let bytes = text.as_bytes();
        let mut equals = None;
        let mut end = 0;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b';' => break,
                b'=' if equals.is_none() => equals = Some(end),
                b'"' if equals.is_some() => end += quoted_len(&bytes[end..]).unwrap_or(bytes.len() - end) - 1,
                _ => (),
            }
            end += 1;
        }
        self.0 = &text[end..];
        Some(match equals {
            Some(at) => (trim(&text[..at]), Some(trim(&text[at + 1..end]))),
            None => (trim(&text[..end]), None),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn blanks_quotes_and_case() {
        let params = Params::parse("; Q = 0.7 ;lr;x=\"a;b=\\\"c\";Y=").unwrap();
        assert_eq!(params.get("q"), Some(Some("0.7")));
        assert_eq!(params.get("LR"), Some(None));
        assert_eq!(params.get("x"), Some(Some("\"a;b=\\\"c\"")));
        assert_eq!(params.get_unquoted("x"), Some(Some("a;b=\"c".into())));
        assert_eq!(params.get("y"), Some(Some("")));
        assert_eq!(params.get("z"), None);
        assert_eq!(params.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Q", "lr", "x", "Y"]);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in [";", ";;a", "a", ";a;", ";a=\"b", ";a=b,c", ";a=b c", ";=b", ";a=\"b\"c", ";a<b>"] {
            assert!(Params::parse(text).is_err(), "{text}");
        }
    }
}
