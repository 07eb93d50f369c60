//! Telephone numbers as URIs (RFC 3966).

use core::fmt;

use super::{Params, ParseError, wrong};

/// The number of a `tel` URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tel<'a> {
    number: &'a str,
    params: Params<'a>,
}

impl<'a> Tel<'a> {
    pub(super) const fn new(number: &'a str, params: Params<'a>) -> Tel<'a> {
        Tel { number, params }
    }

    /// The number as written, visual separators included.
    pub const fn number(&self) -> &'a str {
        self.number
    }

    /// Whether it is a global number, which begins with `+`.
    pub fn is_global(&self) -> bool {
        self.number.starts_with('+')
    }

    /// The number's digits, `+` first if it is global, without visual separators; letters in upper case.
    pub fn digits(&self) -> impl Iterator<Item = char> + use<'a> {
        digits(self.number)
    }

    /// The parameters.
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// The context of a local number: a global prefix or a domain.
    pub fn context(&self) -> Option<&'a str> {
        self.params.value("phone-context")
    }

    /// The extension (`ext`).
    pub fn extension(&self) -> Option<&'a str> {
        self.params.value("ext")
    }

    /// Whether both are the same number (RFC 3966, 5): digits without separators, and every parameter, in any order.
    pub fn equivalent(&self, other: &Tel<'_>) -> bool {
        self.digits().eq(other.digits()) && within(self.params, other.params) && within(other.params, self.params)
    }
}

impl fmt::Display for Tel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number)
    }
}

fn digits(number: &str) -> impl Iterator<Item = char> + '_ {
    number.chars().filter(|digit| !is_separator(*digit)).map(|digit| digit.to_ascii_uppercase())
}

const fn is_separator(character: char) -> bool {
    matches!(character, '-' | '.' | '(' | ')')
}

/// Of a parameter that is there twice, which it must not be (RFC 3966, 3), the first counts.
fn within(one: Params<'_>, two: Params<'_>) -> bool {
    one.iter().all(|(name, _)| match (one.get(name).flatten(), two.get(name)) {
        (Some(value), Some(Some(other))) if name.eq_ignore_ascii_case("ext") => digits(value).eq(digits(other)),
        (Some(value), Some(Some(other))) => value.eq_ignore_ascii_case(other),
        (None, Some(None)) => true,
        _ => false,
    })
}

/// `global-number-digits` or `local-number-digits`.
pub(super) fn check_number(number: &str) -> Result<(), ParseError> {
    let (global, rest) = match number.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let is_digit =
        |digit: char| digit.is_ascii_digit() || !global && (digit.is_ascii_hexdigit() || "*#".contains(digit));
    if rest.contains(is_digit) && rest.chars().all(|digit| is_digit(digit) || is_separator(digit)) {
        Ok(())
    } else {
        Err(wrong("not a telephone number"))
    }
}
