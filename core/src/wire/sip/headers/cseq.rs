//! Headers that name a method: CSeq (RFC 3261, 20.16), RAck (RFC 3262, 7.2), Allow (RFC 3261, 20.5).

use core::fmt;

use super::super::Method;
use super::super::chars::{decimal, is_blank, trim_start};
use super::{Header, HeaderName, ParseError};

/// The sequence number of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CSeq {
    /// Less than 2^31 (8.1.1.5).
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

/// Splits at the first blanks.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_at(text.bytes().position(is_blank)?);
    Some((word, trim_start(rest)))
}

/// A number below 2^31.
fn number31(text: &str) -> Option<u32> {
    decimal(text).and_then(|number| u32::try_from(number).ok()).filter(|number| *number < 1 << 31)
}

impl<'a> Header<'a> for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    #[inline]
    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let wrong = |reason| ParseError::header(HeaderName::CSeq, reason);
        let (digits, method) = word(value).ok_or(wrong("not a number and a method"))?;
        let number = number31(digits).ok_or(wrong("not a number below 2^31"))?;
        let method = Method::parse(method).map_err(|error| error.at(HeaderName::CSeq))?;
        Ok(CSeq { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// Which provisional response a PRACK acknowledges.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RAck {
    /// The RSeq of the response.
    pub rseq: u32,
    /// The CSeq of the response.
    pub cseq: CSeq,
}

impl<'a> Header<'a> for RAck {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        let wrong = ParseError::header(HeaderName::RAck, "not two numbers and a method");
        let (digits, rest) = word(value).ok_or(wrong)?;
        let rseq = decimal(digits).and_then(|number| u32::try_from(number).ok()).ok_or(wrong)?;
        let cseq = CSeq::parse(rest).map_err(|error| error.at(HeaderName::RAck))?;
        Ok(RAck { rseq, cseq })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// One method of Allow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Allow(
    /// The method.
    pub Method,
);

impl<'a> Header<'a> for Allow {
    const NAME: HeaderName = HeaderName::Allow;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        Method::parse(value).map(Allow).map_err(|error| error.at(Self::NAME))
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
