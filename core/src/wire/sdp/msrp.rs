//! Attributes of MSRP streams and of the connections they run over.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::TypedAttribute;

list_attribute!(
    /// `a=path` (RFC 4975 8.1): MSRP URIs, the nearest relay first, the peer last.
    Path, "path"
);
list_attribute!(
    /// `a=accept-types` (RFC 4975 8.6): media types, `text/*`, or `*`.
    AcceptTypes, "accept-types"
);
list_attribute!(
    /// `a=accept-wrapped-types` (RFC 4975 8.6): media types that are taken only within a container.
    AcceptWrappedTypes, "accept-wrapped-types"
);
number_attribute!(
    /// `a=max-size` (RFC 4975 8.6): octets of the largest message that is taken.
    MaxSize, "max-size", u64
);

/// `a=setup` (RFC 4145 4): who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// The one who says it opens it.
    Active,
    /// The one who says it waits for it.
    Passive,
    /// Either; the answer chooses.
    ActPass,
    /// Nobody for now.
    HoldConn,
}

impl Setup {
    const ALL: [Setup; 4] = [Setup::Active, Setup::Passive, Setup::ActPass, Setup::HoldConn];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Setup::Active => "active",
            Setup::Passive => "passive",
            Setup::ActPass => "actpass",
            Setup::HoldConn => "holdconn",
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl TypedAttribute for Setup {
    const NAME: &'static str = "setup";

    fn parse(value: &str) -> Option<Setup> {
        Setup::ALL.into_iter().find(|setup| setup.name().eq_ignore_ascii_case(value.trim()))
    }
}

/// `a=connection` (RFC 4145 5): whether a connection that stands is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionReuse {
    /// A new connection is made.
    New,
    /// The one that stands is used.
    Existing,
}

impl fmt::Display for ConnectionReuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ConnectionReuse::New => "new",
            ConnectionReuse::Existing => "existing",
        })
    }
}

impl TypedAttribute for ConnectionReuse {
    const NAME: &'static str = "connection";

    fn parse(value: &str) -> Option<ConnectionReuse> {
        match value.trim() {
            value if value.eq_ignore_ascii_case("new") => Some(ConnectionReuse::New),
            value if value.eq_ignore_ascii_case("existing") => Some(ConnectionReuse::Existing),
            _ => None,
        }
    }
}

/// `a=fingerprint` (RFC 8122 5): hash of the certificate that the TLS or DTLS peer will show.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Name of the hash function in lower case, for example `sha-256`.
    pub hash: String,
    /// The hash.
    pub octets: Vec<u8>,
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hash)?;
        for (index, octet) in self.octets.iter().enumerate() {
            let separator = if index == 0 { ' ' } else { ':' };
            write!(f, "{separator}{octet:02X}")?;
        }
        Ok(())
    }
}

impl TypedAttribute for Fingerprint {
    const NAME: &'static str = "fingerprint";

    fn parse(value: &str) -> Option<Fingerprint> {
        let mut words = value.split_ascii_whitespace();
        let (hash, hex) = (words.next()?, words.next()?);
        let octet = |pair: &str| {
            let is_hex = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            if is_hex { u8::from_str_radix(pair, 16).ok() } else { None }
        };
        let octets: Option<Vec<u8>> = hex.split(':').map(octet).collect();
        Some(Fingerprint { hash: hash.to_ascii_lowercase(), octets: octets? })
    }
}
