//! Where media goes: the `c=` line (RFC 8866 5.7), and the address form it shares with `a=rtcp`.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use super::digits;

/// A network type, an address type and an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NetworkAddress {
    /// `IN IP4` or `IN IP6` and a literal address.
    Ip(IpAddr),
    /// Anything else: a host name, another address type, another network, an address that cannot be read.
    Other {
        /// Network type, for example `IN`.
        net_type: String,
        /// Address type, for example `IP4`.
        addr_type: String,
        /// The address as it came.
        address: String,
    },
}

impl NetworkAddress {
    /// From the three words of a line. An address of the wrong type (`IP4 ::1`) is taken for what it is.
    pub fn new(net_type: &str, addr_type: &str, address: &str) -> NetworkAddress {
        let other = || NetworkAddress::Other {
            net_type: net_type.into(),
            addr_type: addr_type.into(),
            address: address.into(),
        };
        if !NetworkAddress::is_internet(net_type, addr_type) {
            return other();
        }
        address.parse().map_or_else(|_| other(), NetworkAddress::Ip)
    }

    fn is_internet(net_type: &str, addr_type: &str) -> bool {
        net_type.eq_ignore_ascii_case("IN")
            && (addr_type.eq_ignore_ascii_case("IP4") || addr_type.eq_ignore_ascii_case("IP6"))
    }

    /// The literal address, if it is one.
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            NetworkAddress::Ip(ip) => Some(*ip),
            NetworkAddress::Other { .. } => None,
        }
    }
}

impl fmt::Display for NetworkAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NetworkAddress::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            NetworkAddress::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            NetworkAddress::Other { net_type, addr_type, address } => write!(f, "{net_type} {addr_type} {address}"),
        }
    }
}

/// A `c=` line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Connection {
    /// Where media is to be sent.
    pub address: NetworkAddress,
    /// Time to live of an IPv4 multicast address; `None` for every other.
    pub ttl: Option<u8>,
    /// How many consecutive multicast addresses, if more than this one. With IPv4 it needs a `ttl`.
    pub count: Option<u32>,
}

impl Connection {
    /// A unicast connection to a literal address.
    pub const fn ip(ip: IpAddr) -> Connection {
        Connection { address: NetworkAddress::Ip(ip), ttl: None, count: None }
    }

    /// Reads the value of a `c=` line. `None` unless it has three words.
    pub fn parse(value: &str) -> Option<Connection> {
        let mut words = value.split_ascii_whitespace();
        let (net_type, addr_type, address) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() {
            return None;
        }
        let whole =
            || Connection { address: NetworkAddress::new(net_type, addr_type, address), ttl: None, count: None };
        let mut parts = address.split('/');
        let base = NetworkAddress::new(net_type, addr_type, parts.next()?);
        let suffixes = (parts.next(), parts.next(), parts.next());
        let connection = match (base.ip(), suffixes) {
            (Some(IpAddr::V4(_)), (Some(ttl), None, None)) => {
                digits(ttl).map(|ttl| Connection { address: base, ttl: Some(ttl), count: None })
            }
            (Some(IpAddr::V4(_)), (Some(ttl), Some(count), None)) => digits(ttl)
                .zip(digits(count))
                .map(|(ttl, count)| Connection { address: base, ttl: Some(ttl), count: Some(count) }),
            (Some(IpAddr::V6(_)), (Some(count), None, None)) => {
                digits(count).map(|count| Connection { address: base, ttl: None, count: Some(count) })
            }
            _ => None,
        };
        Some(connection.unwrap_or_else(whole))
    }

    /// True for `0.0.0.0` and `::`, which say that nothing may be sent (RFC 3264 8.4, RFC 6157 5).
    pub fn is_unspecified(&self) -> bool {
        self.address.ip().is_some_and(|ip| ip.is_unspecified())
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.address, f)?;
        if let (Some(ttl), Some(IpAddr::V4(_))) = (self.ttl, self.address.ip()) {
            write!(f, "/{ttl}")?;
        }
        match self.count {
            Some(count) => write!(f, "/{count}"),
            None => Ok(()),
        }
    }
}
