//! A URI that owns its text.

use alloc::string::{String, ToString};
use core::fmt::{self, Write as _};

use bytestring::ByteString;

use super::super::chars::{self, HOST, URI_PARAMS};
use super::{Host, ParseError, UriRef, escape};

/// A URI that owns its text, which is known to be one. Cloning shares the text. `==` compares texts; see
/// [`Uri::equivalent`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri(ByteString);

impl Uri {
    /// Checks that `text` is a URI, and takes it.
    pub fn parse(text: impl Into<ByteString>) -> Result<Uri, ParseError> {
        let text = text.into();
        UriRef::parse(&text)?;
        Ok(Uri(text))
    }

    /// `sip:user@host:port`. The user is escaped. An IPv6 address may come with or without brackets.
    ///
    /// For hosts that are known to be one: characters that no host holds are replaced by `-`, and an empty host by
    /// `invalid` (RFC 2606), which never resolves. To check a text, use [`Uri::parse`].
    pub fn sip(user: Option<&str>, host: impl fmt::Display, port: Option<u16>) -> Uri {
        let mut text = String::from("sip:");
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            let _ = write!(text, "{}@", escape(user));
        }
        let host = host.to_string();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&host);
        match bare.parse() {
            Ok(address) => {
                let _ = write!(text, "{}", Host::V6(address));
            }
            Err(_) if host.is_empty() => text.push_str("invalid"),
            Err(_) => text.extend(host.bytes().map(|byte| if chars::is(byte, HOST) { byte as char } else { '-' })),
        }
        if let Some(port) = port {
            let _ = write!(text, ":{port}");
        }
        Uri(text.into())
    }

    /// The same URI with a parameter more, before its headers. Name and value are escaped; without a name nothing is
    /// added.
    #[must_use]
    pub fn with_param(self, name: &str, value: Option<&str>) -> Uri {
        if name.is_empty() {
            return self;
        }
        let end = match self.view().headers_text() {
            "" => self.0.len(),
            headers => self.0.len() - headers.len(),
        };
        let mut text = String::from(&self.0[..end]);
        text.push(';');
        escape_param(&mut text, name);
        if let Some(value) = value {
            text.push('=');
            escape_param(&mut text, value);
        }
        text.push_str(&self.0[end..]);
        Uri(text.into())
    }

    /// The same URI with a header more (RFC 3261, 19.1.1). Name and value are escaped. Only `sip` and `sips` URIs have
    /// headers: to any other, and without a name, nothing is added.
    #[must_use]
    pub fn with_header(self, name: &str, value: &str) -> Uri {
        if name.is_empty() || !self.view().is_sip() {
            return self;
        }
        let mut text = String::from(&*self.0);
        text.push(if self.view().headers_text().is_empty() { '?' } else { '&' });
        let _ = write!(text, "{}={}", escape(name), escape(value));
        Uri(text.into())
    }

    /// The same URI without its headers, which no Request-URI may have (RFC 3261, 19.1.5).
    #[must_use]
    pub fn without_headers(self) -> Uri {
        let end = self.0.len() - self.view().headers_text().len();
        Uri(self.0.slice_ref(&self.0[..end]))
    }

    /// The view that shows its parts.
    pub fn view(&self) -> UriRef<'_> {
        UriRef::parse(&self.0).expect("a Uri is only made of a text that is one")
    }

    /// The URI as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, shared.
    pub fn text(&self) -> ByteString {
        self.0.clone()
    }

    /// Whether both mean the same; see [`UriRef::equivalent`].
    pub fn equivalent(&self, other: &Uri) -> bool {
        self.view().equivalent(&other.view())
    }
}

/// Escapes what no URI parameter holds, and its separators.
fn escape_param(text: &mut String, part: &str) {
    for byte in part.bytes() {
        if chars::is(byte, URI_PARAMS) && byte != b';' && byte != b'=' {
            text.push(byte as char);
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

impl From<UriRef<'_>> for Uri {
    /// Copies the text.
    fn from(uri: UriRef<'_>) -> Uri {
        Uri(uri.as_str().to_string().into())
    }
}

impl core::str::FromStr for Uri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Uri, ParseError> {
        Uri::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
