//! CANCEL, sent and received, in every state it can meet (RFC 3261 9, 15; PAINS: races with the final response).

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{Pair, Side};
use sansip_core::wire::sip::{HeaderName, Method, StatusCode};

use crate::common::{ACCEPTED, CALLING, ENDED_BY_PEER, INCOMING, LONG, RINGING, SECOND, Scene, header, told};

const ENDED_WHILE_CALLING: &[&str] =
    &["ChangedState(CALLING->TERMINATING)", "WillEnd", "ChangedState(TERMINATING->TERMINATED)", "DidEnd(local)"];
const CANCELLED_BY_PEER: &[&str] =
    &["ChangedState(INCOMING->TERMINATED)", "DidFail(remote 487 Request cancelled)", "DidEnd(remote)"];

#[test]
fn the_caller_hangs_up_while_it_rings() {
    let mut pair = Pair::new(20);
    let out = pair.dial(Side::Alice);
    let inc = pair.ring(Side::Alice);
    pair.settle();
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.run_until_states(Side::Alice, (out, inc), SessionState::Terminated);
    assert_eq!(pair.story(Side::Alice, out), told(&[CALLING, RINGING, ENDED_WHILE_CALLING]));
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, CANCELLED_BY_PEER]));
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut scene = Scene::new(21);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    scene.act(session, |session| session.end()).unwrap();
    scene.run(SECOND);
    // RFC 3261 9.1: no CANCEL before a provisional response came.
    assert!(scene.peer().requests(&Method::Cancel).is_empty());
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    let cancel = scene.request(Method::Cancel);
    assert_eq!(header(&cancel, HeaderName::Via), header(&invite, HeaderName::Via));
    assert_eq!(cancel.uri(), invite.uri());
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.reply(&call, &invite, StatusCode::REQUEST_TERMINATED, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_eq!(scene.state(session), SessionState::Terminated);
    assert_eq!(scene.story(session).last().unwrap(), "DidEnd(local)");
    assert!(!scene.story(session).iter().any(|line| line.starts_with("DidFail")));
}

#[test]
fn a_peer_that_never_says_anything_is_given_up() {
    let mut scene = Scene::new(22);
    let session = scene.dial();
    scene.request(Method::Invite);
    scene.act(session, |session| session.end()).unwrap();
    scene.run(LONG);
    assert!(scene.peer().requests(&Method::Cancel).is_empty());
    assert_eq!(scene.story(session), told(&[CALLING, ENDED_WHILE_CALLING]));
}

#[test]
fn a_200_that_crosses_our_cancel_is_acked_and_ended() {
    let mut scene = Scene::new(23);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    scene.run(SECOND);
    scene.act(session, |session| session.end()).unwrap();
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    let cancel = scene.request(Method::Cancel);
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.request(Method::Ack);
    let bye = scene.request(Method::Bye);
    scene.reply(&call, &bye, StatusCode::OK, None);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[CALLING, RINGING, ENDED_WHILE_CALLING]));
}

#[test]
fn the_peers_cancel_ends_a_call_that_rings_here() {
    let mut scene = Scene::new(24);
    let (session, mut call) = scene.ring_in();
    let cancel = call.cancel();
    scene.peer().send(cancel);
    let ok = scene.response(200);
    assert_eq!(header(&ok, HeaderName::CSeq), "1 CANCEL");
    let terminated = scene.response(487);
    assert_eq!(header(&terminated, HeaderName::CSeq), "1 INVITE");
    assert_eq!(header(&ok, HeaderName::To), header(&terminated, HeaderName::To), "RFC 3261 9.2: the same tag");
    let ack = call.ack_failure(&terminated);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[INCOMING, CANCELLED_BY_PEER]));
    scene.run(LONG);
    assert_eq!(scene.peer().responses(487).len(), 1, "the ACK stops its retransmission");
}

#[test]
fn a_cancel_after_the_200_has_no_effect() {
    let mut scene = Scene::new(25);
    let (session, mut call) = scene.ring_in();
    scene.act(session, |session| session.accept(true)).unwrap();
    let cancel = call.cancel();
    scene.peer().send(cancel);
    let invite_ok = scene.response(200);
    assert_eq!(header(&invite_ok, HeaderName::CSeq), "1 INVITE");
    let cancel_ok = scene.response(200);
    assert_eq!(header(&cancel_ok, HeaderName::CSeq), "1 CANCEL");
    assert_eq!(header(&cancel_ok, HeaderName::To), header(&invite_ok, HeaderName::To), "RFC 3261 9.2: the same tag");
    call.learn(&invite_ok);
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.state(session), SessionState::Established);
    let bye = call.bye();
    scene.peer().send(bye);
    scene.response(200);
    assert_eq!(scene.story(session), told(&[INCOMING, ACCEPTED, ENDED_BY_PEER]));
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut scene = Scene::new(26);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    call.invite(None);
    let cancel = call.cancel();
    scene.peer().send(cancel);
    scene.response(481);
}
