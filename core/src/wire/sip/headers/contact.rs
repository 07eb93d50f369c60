//! Contact (RFC 3261, 20.10), with the parameters of RFC 5626 and RFC 5627.

use alloc::borrow::Cow;
use core::fmt;

use super::super::chars::decimal;
use super::super::weight;
use super::{Header, HeaderName, NameAddr, ParseError};

/// One Contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contact<'a> {
    /// `*`: all of them, in a REGISTER that removes them.
    Star,
    /// An address.
    Address(NameAddr<'a>),
}

impl<'a> Contact<'a> {
    /// The address, unless it is `*`.
    pub const fn address(&self) -> Option<&NameAddr<'a>> {
        match self {
            Contact::Star => None,
            Contact::Address(address) => Some(address),
        }
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.address()?.params.value(name)
    }

    fn unquoted(&self, name: &str) -> Option<Cow<'a, str>> {
        self.address()?.params.get_unquoted(name).flatten()
    }

    /// The preference `q` in thousandths, 0 to 1000; `None` if there is none or it is no weight.
    pub fn q(&self) -> Option<u16> {
        self.value("q").and_then(weight)
    }

    /// The parameter `expires`, in seconds; a number beyond 2^32-1 is that (RFC 3261, 10.3). What is no number counts as
    /// not there: a registrar takes it for 3600 (20.10).
    pub fn expires(&self) -> Option<u32> {
        self.value("expires").and_then(super::number::seconds)
    }

    /// The instance (`+sip.instance`, RFC 5626, 4.1), without quotes and brackets: `urn:uuid:…`.
    pub fn instance(&self) -> Option<Cow<'a, str>> {
        fn bare(text: &str) -> Option<&str> {
            text.strip_prefix('<')?.strip_suffix('>')
        }
        Some(match self.unquoted("+sip.instance")? {
            Cow::Borrowed(text) => Cow::Borrowed(bare(text).unwrap_or(text)),
            Cow::Owned(text) => match bare(&text) {
                Some(inner) => Cow::Owned(inner.into()),
                None => Cow::Owned(text),
            },
        })
    }

    /// The number of the flow (`reg-id`, RFC 5626, 4.2), 1 to 2^31-1.
    pub fn reg_id(&self) -> Option<u32> {
        let number = self.value("reg-id").and_then(decimal)?;
        u32::try_from(number).ok().filter(|number| (1..1 << 31).contains(number))
    }

    /// The public GRUU (`pub-gruu`, RFC 5627, 5.3).
    pub fn pub_gruu(&self) -> Option<Cow<'a, str>> {
        self.unquoted("pub-gruu")
    }

    /// The temporary GRUU (`temp-gruu`, RFC 5627, 5.3).
    pub fn temp_gruu(&self) -> Option<Cow<'a, str>> {
        self.unquoted("temp-gruu")
    }
}

impl<'a> Header<'a> for Contact<'a> {
    const NAME: HeaderName = HeaderName::Contact;

    #[inline]
    fn parse(value: &'a str) -> Result<Self, ParseError> {
        if value == "*" {
            return Ok(Contact::Star);
        }
        NameAddr::parse(value).map(Contact::Address).map_err(|error| error.at(Self::NAME))
    }
}

impl fmt::Display for Contact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contact::Star => f.write_str("*"),
            Contact::Address(address) => address.fmt(f),
        }
    }
}
