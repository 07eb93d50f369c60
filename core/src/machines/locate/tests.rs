//! From routes to targets: names, addresses of both families, failures, and the order in which targets are tried.

use std::vec;

use super::*;
use crate::ids::Ids;
use crate::io::{IoFailure, IoFailureKind};
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;

struct Bench {
    locator: Locator,
    rng: Rng,
    ids: Ids,
    timers: Timers,
}

const ASKER: Asker = Asker::Session(SessionId::from_number(1));
const OTHER: Asker = Asker::Caller(CallerId::from_number(1));

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn target(transport: Transport, remote: &str, local_ip: &str) -> Target {
    Target { transport, remote: remote.parse().unwrap(), local_ip: ip(local_ip) }
}

fn lookup(host: &str) -> Effect {
    Effect::Ask(ASKER, Request::Lookup { host: host.into() })
}

fn source(towards: &str) -> Effect {
    Effect::Ask(ASKER, Request::SourceAddress { towards: ip(towards) })
}

fn addresses(list: &[&str]) -> Reply {
    Reply::Addresses(list.iter().map(|text| ip(text)).collect())
}

fn failed(text: &str) -> Reply {
    Reply::Failed(IoFailure::new(IoFailureKind::NotFound, text))
}

fn found(targets: &[Target], problem: &str) -> Effect {
    Effect::Found { asker: ASKER, targets: targets.to_vec(), problem: problem.into() }
}

impl Bench {
    fn new(local_ip: Option<&str>) -> Bench {
        Bench {
            locator: Locator::new(local_ip.map(ip)),
            rng: Rng::from_seed([5; 32]),
            ids: Ids::default(),
            timers: Timers::default(),
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut Locator, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut effects: Vec<Effect> = Vec::new();
        let mut cx = Cx {
            now: Instant::ZERO,
            rng: &mut self.rng,
            ids: &mut self.ids,
            timers: &mut self.timers,
            out: &mut effects,
        };
        act(&mut self.locator, &mut cx);
        effects
    }

    fn locate(&mut self, routes: &[Route]) -> Vec<Effect> {
        let routes = routes.to_vec();
        self.act(|locator, cx| locator.locate(cx, ASKER, routes))
    }

    fn reply(&mut self, reply: Reply) -> Vec<Effect> {
        self.act(|locator, cx| locator.on_reply(cx, ASKER, reply))
    }
}

#[test]
fn addresses_are_found_at_once_when_our_own_is_known() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    let routes = [
        Route::new("192.0.2.1", 5060, Transport::Udp),
        Route::new("192.0.2.2", 5080, Transport::Tcp),
        Route::new("2001:db8::3", 5061, Transport::Tls),
    ];
    let expected = [
        target(Transport::Udp, "192.0.2.1:5060", "10.0.0.1"),
        target(Transport::Tcp, "192.0.2.2:5080", "10.0.0.1"),
        target(Transport::Tls, "[2001:db8::3]:5061", "10.0.0.1"),
    ];
    assert_eq!(bench.locate(&routes), [found(&expected, "")]);
    assert!(bench.locator.is_empty());
}

#[test]
fn the_machine_is_asked_for_our_address_towards_each_peer() {
    let mut bench = Bench::new(None);
    let routes = [Route::new("192.0.2.1", 5060, Transport::Udp), Route::new("2001:db8::3", 5060, Transport::Tcp)];
    assert_eq!(bench.locate(&routes), [source("192.0.2.1")]);
    assert_eq!(bench.locator.len(), 1);
    assert_eq!(bench.reply(addresses(&["10.0.0.1"])), [source("2001:db8::3")]);
    let expected = [
        target(Transport::Udp, "192.0.2.1:5060", "10.0.0.1"),
        target(Transport::Tcp, "[2001:db8::3]:5060", "2001:db8::1"),
    ];
    assert_eq!(bench.reply(addresses(&["2001:db8::1"])), [found(&expected, "")]);
    assert!(bench.locator.is_empty());
}

/// RFC 3263, 4.3: the addresses of a name in the order given, before the next route.
#[test]
fn names_are_looked_up_and_every_address_is_a_target() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    let routes = [
        Route::new("one.example.com", 5060, Transport::Udp),
        Route::new("192.0.2.9", 5090, Transport::Tcp),
        Route::new("two.example.com", 5070, Transport::Tcp),
    ];
    assert_eq!(bench.locate(&routes), [lookup("one.example.com")]);
    let next = bench.reply(addresses(&["192.0.2.2", "192.0.2.1", "2001:db8::1"]));
    assert_eq!(next, [lookup("two.example.com")]);
    let expected = [
        target(Transport::Udp, "192.0.2.2:5060", "10.0.0.1"),
        target(Transport::Udp, "192.0.2.1:5060", "10.0.0.1"),
        target(Transport::Udp, "[2001:db8::1]:5060", "10.0.0.1"),
        target(Transport::Tcp, "192.0.2.9:5090", "10.0.0.1"),
        target(Transport::Tcp, "192.0.2.7:5070", "10.0.0.1"),
    ];
    assert_eq!(bench.reply(addresses(&["192.0.2.7"])), [found(&expected, "")]);
}

#[test]
fn names_and_our_addresses_are_asked_for_in_turn() {
    let mut bench = Bench::new(None);
    assert_eq!(bench.locate(&[Route::new("one.example.com", 5060, Transport::Udp)]), [lookup("one.example.com")]);
    assert_eq!(bench.reply(addresses(&["192.0.2.2", "192.0.2.1"])), [source("192.0.2.2")]);
    assert_eq!(bench.reply(addresses(&["10.0.0.2", "10.0.0.3"])), [source("192.0.2.1")]);
    let expected =
        [target(Transport::Udp, "192.0.2.2:5060", "10.0.0.2"), target(Transport::Udp, "192.0.2.1:5060", "10.0.0.1")];
    assert_eq!(bench.reply(addresses(&["10.0.0.1"])), [found(&expected, "")]);
}

#[test]
fn what_cannot_be_found_is_passed_over_and_told() {
    let mut bench = Bench::new(None);
    let routes = [
        Route::new("gone.example.com", 5060, Transport::Udp),
        Route::new("empty.example.com", 5060, Transport::Udp),
        Route::new("192.0.2.1", 5060, Transport::Udp),
        Route::new("192.0.2.2", 5060, Transport::Udp),
        Route::new("192.0.2.3", 5060, Transport::Udp),
    ];
    assert_eq!(bench.locate(&routes), [lookup("gone.example.com")]);
    assert_eq!(bench.reply(failed("no such host")), [lookup("empty.example.com")]);
    assert_eq!(bench.reply(addresses(&[])), [source("192.0.2.1")]);
    assert_eq!(bench.reply(failed("no route")), [source("192.0.2.2")]);
    assert_eq!(bench.reply(addresses(&[])), [source("192.0.2.3")]);
    let last = bench.reply(addresses(&["10.0.0.1"]));
    let [Effect::Found { asker: ASKER, targets, problem }] = &last[..] else { panic!("{last:?}") };
    assert_eq!(*targets, [target(Transport::Udp, "192.0.2.3:5060", "10.0.0.1")]);
    let told: Vec<&str> = problem.split("; ").collect();
    assert_eq!(told.len(), 4, "{problem}");
    for (told, parts) in told.iter().zip([
        ["gone.example.com", "no such host"],
        ["empty.example.com", "no address"],
        ["192.0.2.1", "no route"],
        ["192.0.2.2", "no local address"],
    ]) {
        assert!(parts.iter().all(|part| told.contains(part)), "{problem}");
    }
}

#[test]
fn a_search_without_a_target_ends_too() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    assert_eq!(bench.locate(&[]), [found(&[], "")]);
    bench.locate(&[Route::new("gone.example.com", 5060, Transport::Udp)]);
    let last = bench.reply(failed("no such host"));
    let [Effect::Found { targets, problem, .. }] = &last[..] else { panic!("{last:?}") };
    assert!(targets.is_empty());
    assert!(problem.contains("gone.example.com"), "{problem}");
    assert!(bench.locator.is_empty());
}

/// A reply of the wrong kind is the machine's fault; the search goes on.
#[test]
fn a_reply_of_another_kind_is_a_failure() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    bench.locate(&[Route::new("odd.example.com", 5060, Transport::Udp)]);
    let last = bench.reply(Reply::Done);
    assert!(matches!(&last[..], [Effect::Found { targets, .. }] if targets.is_empty()), "{last:?}");
}

#[test]
fn searches_do_not_disturb_each_other() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    bench.locate(&[Route::new("one.example.com", 5060, Transport::Udp)]);
    let route = Route::new("two.example.com", 5070, Transport::Udp);
    let asked = bench.act(|locator, cx| locator.locate(cx, OTHER, vec![route]));
    assert_eq!(asked, [Effect::Ask(OTHER, Request::Lookup { host: "two.example.com".into() })]);
    assert_eq!(bench.locator.len(), 2);
    let two = bench.act(|locator, cx| locator.on_reply(cx, OTHER, addresses(&["192.0.2.2"])));
    let targets = vec![target(Transport::Udp, "192.0.2.2:5070", "10.0.0.1")];
    assert_eq!(two, [Effect::Found { asker: OTHER, targets, problem: String::new() }]);
    let one = bench.reply(addresses(&["192.0.2.1"]));
    assert_eq!(one, [found(&[target(Transport::Udp, "192.0.2.1:5060", "10.0.0.1")], "")]);
}

#[test]
fn what_is_forgotten_says_nothing_more() {
    let mut bench = Bench::new(Some("10.0.0.1"));
    bench.locate(&[Route::new("one.example.com", 5060, Transport::Udp)]);
    bench.locator.forget(ASKER);
    assert!(bench.locator.is_empty());
    assert!(bench.reply(addresses(&["192.0.2.1"])).is_empty());
}

/// RFC 3263, 4.1 and 4.2, as far as a URI alone tells.
#[test]
fn a_uri_names_its_own_route() {
    let cases = [
        ("sip:bob@b.example.com", Route::new("b.example.com", 5060, Transport::Udp)),
        ("sip:b.example.com:5080", Route::new("b.example.com", 5080, Transport::Udp)),
        ("sip:bob@192.0.2.1;transport=tcp", Route::new("192.0.2.1", 5060, Transport::Tcp)),
        ("sip:bob@192.0.2.1:5090;Transport=TCP;lr", Route::new("192.0.2.1", 5090, Transport::Tcp)),
        ("sip:bob@[2001:db8::1]", Route::new("2001:db8::1", 5060, Transport::Udp)),
        ("sip:bob@[2001:db8::1]:5070", Route::new("2001:db8::1", 5070, Transport::Udp)),
        ("sip:bob@b.example.com;maddr=192.0.2.7", Route::new("192.0.2.7", 5060, Transport::Udp)),
        ("sip:bob@b.example.com:5070;maddr=[2001:db8::7]", Route::new("2001:db8::7", 5070, Transport::Udp)),
        ("sips:bob@b.example.com", Route::new("b.example.com", 5061, Transport::Tls)),
        ("sip:bob@b.example.com;transport=tls", Route::new("b.example.com", 5061, Transport::Tls)),
    ];
    for (uri, route) in cases {
        assert_eq!(Route::for_uri(uri), Ok(route), "{uri}");
    }
    for uri in ["", "bob", "<sip:bob@b>", "sip:", "sip:bob@"] {
        assert!(Route::for_uri(uri).is_err(), "{uri}");
    }
}
