//! Headers with a grammar of their own: Retry-After, Timestamp, Warning, Privacy, and the products of Server and
//! User-Agent.

use alloc::borrow::Cow;
use core::fmt;

use super::super::Params;
use super::super::chars::{self, TOKEN, is_blank, is_token, trim, trim_start};
use super::super::quote::{quoted_len, unquote};
use super::number::seconds;
use super::{Header, HeaderName, ParseError, Server, UserAgent};

/// The length of the comment that `bytes` begins with, both parentheses counted: comments nest, and `\` escapes
/// (RFC 3261, 25.1). `None` if it does not end.
fn comment_len(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => (),
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Retry-After, RFC 3261, 20.33.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryAfter<'a> {
    /// In how many seconds; what is too large is 2^32-1.
    pub seconds: u32,
    /// What the peer says about it, with its parentheses.
    pub comment: Option<&'a str>,
    /// The parameters.
    pub params: Params<'a>,
}

impl RetryAfter<'_> {
    /// For how many seconds from then on the peer will be there.
    pub fn duration(&self) -> Option<u32> {
        self.params.value("duration").and_then(seconds)
    }
}

impl<'a> Header<'a> for RetryAfter<'a> {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let wrong = ParseError::header(Self::NAME, "not a number of seconds");
        let end = value.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(value.len());
        let (digits, rest) = value.split_at(end);
        let seconds = seconds(digits).ok_or(wrong)?;
        let rest = trim_start(rest);
        let length = if rest.starts_with('(') { comment_len(rest.as_bytes()).ok_or(wrong)? } else { 0 };
        let (comment, rest) = rest.split_at(length);
        let params = Params::parse(rest).map_err(|error| error.at(Self::NAME))?;
        Ok(RetryAfter { seconds, comment: (length > 0).then_some(comment), params })
    }
}

impl fmt::Display for RetryAfter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.comment {
            Some(comment) => write!(f, "{} {comment}{}", self.seconds, self.params),
            None => write!(f, "{}{}", self.seconds, self.params),
        }
    }
}

/// Timestamp, RFC 3261, 20.38, in seconds with a fraction, as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timestamp<'a> {
    /// When the request was sent, by the sender's clock.
    pub sent: &'a str,
    /// How long the answer took.
    pub delay: Option<&'a str>,
}

/// `*DIGIT [ "." *DIGIT ]`
fn is_decimal(text: &str, empty: bool) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    (empty || !whole.is_empty()) && [whole, part].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

impl<'a> Header<'a> for Timestamp<'a> {
    const NAME: HeaderName = HeaderName::Timestamp;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let end = value.bytes().position(is_blank).unwrap_or(value.len());
        let (sent, delay) = value.split_at(end);
        let delay = (!delay.is_empty()).then_some(trim(delay));
        if !is_decimal(sent, false) || !delay.is_none_or(|delay| is_decimal(delay, true)) {
            return Err(ParseError::header(Self::NAME, "not a number of seconds"));
        }
        Ok(Timestamp { sent, delay })
    }
}

impl fmt::Display for Timestamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sent)?;
        self.delay.map_or(Ok(()), |delay| write!(f, " {delay}"))
    }
}

/// One warning of Warning, RFC 3261, 20.43.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Warning<'a> {
    /// Three digits.
    pub code: u16,
    /// Who warns: a host, with a port or without, or a token.
    pub agent: &'a str,
    /// The text as written, with its quotes.
    pub text: &'a str,
}

impl<'a> Warning<'a> {
    /// The text without its quotes.
    pub fn message(&self) -> Cow<'a, str> {
        unquote(self.text)
    }
}

impl<'a> Header<'a> for Warning<'a> {
    const NAME: HeaderName = HeaderName::Warning;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let wrong = |reason| ParseError::header(Self::NAME, reason);
        let (digits, rest) = value.split_once(' ').ok_or(wrong("not a code, an agent and a text"))?;
        let code = if digits.len() == 3 { chars::decimal(digits) } else { None };
        let code = code.and_then(|code| u16::try_from(code).ok()).ok_or(wrong("not a code of three digits"))?;
        let (agent, text) = trim_start(rest).split_once(' ').ok_or(wrong("not a code, an agent and a text"))?;
        let text = trim_start(text);
        if agent.is_empty()
            || agent.contains('"')
            || !text.starts_with('"')
            || quoted_len(text.as_bytes()) != Some(text.len())
        {
            return Err(wrong("not a code, an agent and a text"));
        }
        Ok(Warning { code, agent, text })
    }
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03} {} {}", self.code, self.agent, self.text)
    }
}

/// Privacy, RFC 3323, 4.2: tokens between semicolons.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Privacy<'a>(&'a str);

impl<'a> Privacy<'a> {
    /// What is asked for: `none`, `id`, `header`, `session`, `user`, `critical`, `history`.
    pub fn values(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.split(';').map(trim)
    }

    /// Whether `value` is asked for, in any case.
    pub fn has(&self, value: &str) -> bool {
        self.values().any(|of_list| of_list.eq_ignore_ascii_case(value))
    }
}

impl<'a> Header<'a> for Privacy<'a> {
    const NAME: HeaderName = HeaderName::Privacy;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let privacy = Privacy(value);
        if privacy.values().all(is_token) {
            Ok(privacy)
        } else {
            Err(ParseError::header(Self::NAME, "not a list of tokens"))
        }
    }
}

impl fmt::Display for Privacy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A part of Server or User-Agent (RFC 3261, 25.1, `server-val`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Product<'a> {
    /// `name` or `name/version`.
    Product {
        /// The name.
        name: &'a str,
        /// The version.
        version: Option<&'a str>,
    },
    /// A comment, with its parentheses.
    Comment(&'a str),
    /// What is neither: all the rest. Such headers are common, and harmless.
    Rest(&'a str),
}

/// The parts of Server or User-Agent in order.
#[derive(Clone, Debug)]
pub struct Products<'a>(&'a str);

impl<'a> Iterator for Products<'a> {
    type Item = Product<'a>;

    fn next(&mut self) -> Option<Product<'a>> {
        let text = trim_start(self.0);
        if text.is_empty() {
            return None;
        }
        let bytes = text.as_bytes();
        let token = |at: usize| bytes[at..].iter().take_while(|&&byte| chars::is(byte, TOKEN)).count();
        let name = token(0);
        let (length, product) = if bytes[0] == b'(' {
            match comment_len(bytes) {
                Some(length) => (length, Product::Comment(&text[..length])),
                None => (text.len(), Product::Rest(text)),
            }
        } else if name == 0 {
            (text.len(), Product::Rest(text))
        } else {
            let version = if bytes.get(name) == Some(&b'/') { token(name + 1) } else { 0 };
            match version {
                0 => (name, Product::Product { name: &text[..name], version: None }),
                _ => {
                    let end = name + 1 + version;
                    (end, Product::Product { name: &text[..name], version: Some(&text[name + 1..end]) })
                }
            }
        };
        self.0 = &text[length..];
        Some(product)
    }
}

impl<'a> Server<'a> {
    /// Its parts.
    pub fn products(&self) -> Products<'a> {
        Products(self.0)
    }
}

impl<'a> UserAgent<'a> {
    /// Its parts.
    pub fn products(&self) -> Products<'a> {
        Products(self.0)
    }
}
