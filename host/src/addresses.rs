//! The machine's own IP addresses, and which of them a peer is reached from.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// One address of one network interface that is up.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LocalAddress {
    /// The address.
    pub ip: IpAddr,
    /// The interface's name, as in `eth0`.
    pub interface: String,
    /// Reached from this machine only.
    pub loopback: bool,
}

/// The addresses of all interfaces that are up, loopback last. Link-local ones are not among them: a peer elsewhere
/// could not answer to them.
///
/// # Errors
/// What the system says when it does not give its interfaces.
pub fn local_addresses() -> io::Result<Vec<LocalAddress>> {
    let mut addresses: Vec<LocalAddress> = if_addrs::get_if_addrs()?
        .into_iter()
        .filter(|interface| interface.is_oper_up() || interface.is_loopback())
        .filter(|interface| !interface.is_link_local())
        .map(|interface| LocalAddress {
            ip: interface.ip(),
            loopback: interface.is_loopback(),
            interface: interface.name,
        })
        .collect();
    addresses.sort_by_key(|address| address.loopback);
    Ok(addresses)
}

/// The local address that the system's routes use to reach `remote`. Nothing is sent: a UDP socket is connected and
/// asked for its own side.
///
/// # Errors
/// What the system says when there is no route, for instance `NetworkUnreachable` for IPv6 on a machine without it.
pub fn local_address_towards(remote: IpAddr) -> io::Result<IpAddr> {
    // The discard port (RFC 863); any number does, since nothing is sent.
    const DISCARD: u16 = 9;
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(remote, DISCARD))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_reached_from_loopback() {
        let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
        assert_eq!(local_address_towards(loopback).unwrap(), loopback);
    }

    #[test]
    fn loopback_is_listed_and_comes_last() {
        let addresses = local_addresses().unwrap();
        assert!(addresses.iter().any(|address| address.loopback && address.ip.is_loopback()), "{addresses:?}");
        assert!(addresses.is_sorted_by_key(|address| address.loopback));
    }
}
