//! Host names and routes.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use sansip_core::agent::Input;
use sansip_core::ids::RequestId;
use sansip_core::io::{IoFailure, IoFailureKind, Reply};

use crate::driver::failure::failed;
use crate::driver::promise::blocking;
use crate::driver::shared::Shared;
use crate::driver::task::within;

/// How long the system's resolver may take.
const LONGEST_LOOKUP: Duration = Duration::from_secs(10);

/// Asks the system's resolver for a host's addresses, and hands the answer in.
pub(crate) async fn look_up(shared: Arc<Shared>, request: RequestId, host: String) {
    let name = host.clone();
    let resolving = blocking(&*shared.runtime, move || (name.as_str(), 0).to_socket_addrs());
    let reply = match within(&*shared.runtime, LONGEST_LOOKUP, resolving.come()).await {
        Some(Ok(Ok(addresses))) => Reply::Addresses(each_once(addresses.map(|address| address.ip()))),
        Some(Ok(Err(error))) => unknown(&host, &error),
        Some(Err(broken)) => Reply::Failed(IoFailure::new(IoFailureKind::Other, format!("{host}: {broken}"))),
        None => Reply::Failed(IoFailure::new(
            IoFailureKind::TimedOut,
            format!("no answer about {host} within {} s", LONGEST_LOOKUP.as_secs()),
        )),
    };
    shared.input(Input::Reply(request, reply));
}

/// The resolver gives an address once for each kind of socket.
fn each_once(addresses: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut once = Vec::new();
    for address in addresses {
        if !once.contains(&address) {
            once.push(address);
        }
    }
    once
}

/// The resolver's errors have no kind of their own in std: one that is not the operating system's is about the name.
fn unknown(host: &str, error: &io::Error) -> Reply {
    if error.raw_os_error().is_some() {
        return failed(error);
    }
    Reply::Failed(IoFailure::new(IoFailureKind::NotFound, format!("{host}: {error}")))
}

/// The local address that packets to `towards` leave from.
pub(crate) fn source_address(towards: IpAddr) -> Reply {
    match crate::addresses::local_address_towards(towards) {
        Ok(address) => Reply::Addresses(vec![address]),
        Err(error) => failed(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_shows_once_in_order() {
        let [a, b]: [IpAddr; 2] = ["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        assert_eq!(each_once([a, a, b, a, b].into_iter()), [a, b]);
    }

    #[test]
    fn a_name_that_does_not_exist_is_not_found() {
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        let Reply::Failed(failure) = unknown("nowhere.invalid", &error) else { panic!() };
        assert_eq!(failure.kind, IoFailureKind::NotFound);
        assert!(failure.text.starts_with("nowhere.invalid: "), "{failure}");
    }

    #[test]
    fn loopback_is_reached_from_loopback() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        assert_eq!(source_address(loopback), Reply::Addresses(vec![loopback]));
    }
}
