//! Hold and unhold between two agents (RFC 3264 8.4): flags, notifications, directions, and what is heard.

use sansip_core::ids::SessionId;
use sansip_core::sim::{AudioSource, Pair, Side};
use sansip_core::wire::sip::Method;

use crate::common::{assert_silence, assert_tone, direction, requests_sent, told};

fn talking(seed: u64) -> (Pair, SessionId, SessionId) {
    let mut pair = Pair::new(seed);
    pair.host_mut(Side::Alice).say_by_default(AudioSource::tone(440.0, -15.0));
    pair.host_mut(Side::Bob).say_by_default(AudioSource::tone(1_000.0, -15.0));
    let (out, inc) = pair.call();
    pair.settle();
    pair.forget();
    (pair, out, inc)
}

fn holds(pair: &Pair, side: Side, session: SessionId) -> (bool, bool) {
    let info = pair.host(side).agent().info(session).unwrap();
    assert_eq!(info.on_hold(), info.on_hold_by_local || info.on_hold_by_remote);
    (info.on_hold_by_local, info.on_hold_by_remote)
}

fn last_offer(pair: &Pair, side: Side) -> &'static str {
    direction(requests_sent(&pair.world, pair.id(side), &Method::Invite).last().unwrap())
}

/// What a side hears in the second after the one in which things settle.
fn listen(pair: &mut Pair, side: Side, session: SessionId) -> Vec<i16> {
    pair.settle();
    pair.host_mut(side).forget_heard(session);
    pair.settle();
    pair.host(side).heard(session).to_vec()
}

#[test]
fn one_side_holds_and_lets_go() {
    let (mut pair, out, inc) = talking(40);
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    let heard = listen(&mut pair, Side::Alice, out);
    assert_silence(&heard);
    assert_eq!(last_offer(&pair, Side::Alice), "sendonly");
    assert_eq!(holds(&pair, Side::Alice, out), (true, false));
    assert_eq!(holds(&pair, Side::Bob, inc), (false, true));
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    let heard = listen(&mut pair, Side::Alice, out);
    assert_tone(&heard, 1_000.0, -15.0);
    assert_tone(&listen(&mut pair, Side::Bob, inc), 440.0, -15.0);
    assert_eq!(last_offer(&pair, Side::Alice), "sendrecv");
    assert_eq!((holds(&pair, Side::Alice, out), holds(&pair, Side::Bob, inc)), ((false, false), (false, false)));
    assert_eq!(pair.story(Side::Alice, out), ["GotHoldRequest(local)", "GotUnholdRequest(local)"]);
    assert_eq!(pair.story(Side::Bob, inc), ["GotHoldRequest(remote)", "GotUnholdRequest(remote)"]);
}

#[test]
fn both_sides_hold_and_let_go_one_after_the_other() {
    let (mut pair, out, inc) = talking(41);
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.settle();
    pair.session(Side::Bob, inc, |session| session.hold()).unwrap();
    pair.settle();
    assert_eq!(last_offer(&pair, Side::Bob), "inactive");
    assert_eq!((holds(&pair, Side::Alice, out), holds(&pair, Side::Bob, inc)), ((true, true), (true, true)));
    assert_silence(&listen(&mut pair, Side::Bob, inc));
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    pair.settle();
    assert_eq!(last_offer(&pair, Side::Alice), "recvonly");
    assert_eq!((holds(&pair, Side::Alice, out), holds(&pair, Side::Bob, inc)), ((false, true), (true, false)));
    pair.session(Side::Bob, inc, |session| session.unhold()).unwrap();
    assert_tone(&listen(&mut pair, Side::Alice, out), 1_000.0, -15.0);
    assert_eq!(last_offer(&pair, Side::Bob), "sendrecv");
    assert_eq!((holds(&pair, Side::Alice, out), holds(&pair, Side::Bob, inc)), ((false, false), (false, false)));
    let alice =
        ["GotHoldRequest(local)", "GotHoldRequest(remote)", "GotUnholdRequest(local)", "GotUnholdRequest(remote)"];
    let bob =
        ["GotHoldRequest(remote)", "GotHoldRequest(local)", "GotUnholdRequest(remote)", "GotUnholdRequest(local)"];
    assert_eq!(pair.story(Side::Alice, out), alice);
    assert_eq!(pair.story(Side::Bob, inc), bob);
}

#[test]
fn what_already_is_does_nothing() {
    let (mut pair, out, _) = talking(42);
    let before = requests_sent(&pair.world, pair.id(Side::Alice), &Method::Invite).len();
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    pair.settle();
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.settle();
    pair.settle();
    assert_eq!(requests_sent(&pair.world, pair.id(Side::Alice), &Method::Invite).len(), before + 1);
    assert_eq!(pair.story(Side::Alice, out), told(&[&["GotHoldRequest(local)"]]));
}

#[test]
fn hold_and_unhold_at_once_are_done_in_turn() {
    let (mut pair, out, inc) = talking(43);
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    pair.settle();
    pair.settle();
    assert_eq!(holds(&pair, Side::Alice, out), (false, false));
    assert_eq!(pair.story(Side::Alice, out), ["GotHoldRequest(local)", "GotUnholdRequest(local)"]);
    assert_eq!(pair.story(Side::Bob, inc), ["GotHoldRequest(remote)", "GotUnholdRequest(remote)"]);
}
