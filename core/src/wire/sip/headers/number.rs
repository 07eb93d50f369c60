//! Headers that are one number.

use core::fmt;

use super::super::chars::decimal;
use super::{Header, HeaderName, ParseError};

/// `delta-seconds`: a number beyond 2^32-1 is taken for that (RFC 3261, 20.19, allows no larger).
pub(super) fn seconds(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| decimal(text).and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX))
}

fn whole<T: TryFrom<u64>>(text: &str) -> Option<T> {
    decimal(text).and_then(|number| T::try_from(number).ok())
}

macro_rules! number_headers {
    ($($(#[$doc:meta])* $name:ident($number:ty) = $read:expr, $reason:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
            pub struct $name(
                /// The number.
                pub $number,
            );

            impl<'a> Header<'a> for $name {
                const NAME: HeaderName = HeaderName::$name;

                fn parse(value: &'a str) -> Result<Self, ParseError> {
                    $read(value).map($name).ok_or(ParseError::header(Self::NAME, $reason))
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }
        )*
    };
}

number_headers! {
    /// Max-Forwards, RFC 3261, 20.22: 0 to 255.
    MaxForwards(u8) = whole::<u8>, "not a number from 0 to 255";
    /// Max-Breadth, RFC 5393, 5.3.3.
    MaxBreadth(u32) = whole::<u32>, "not a number";
    /// Content-Length, RFC 3261, 20.14, in octets.
    ContentLength(u64) = whole::<u64>, "not a number";
    /// Expires, RFC 3261, 20.19, in seconds; what is too large is 2^32-1.
    Expires(u32) = seconds, "not a number of seconds";
    /// Min-Expires, RFC 3261, 20.23, in seconds; what is too large is 2^32-1.
    MinExpires(u32) = seconds, "not a number of seconds";
    /// RSeq, RFC 3262, 7.1: 1 to 2^32-1.
    RSeq(u32) = |text| whole::<u32>(text).filter(|number| *number > 0), "not a number from 1 to 2^32-1";
    /// Flow-Timer, RFC 5626, 10, in seconds.
    FlowTimer(u32) = seconds, "not a number of seconds";
}
