//! An INVITE without SDP: the offer is in our 200, the answer in the ACK (RFC 3261 13.2.1, 13.3.1).

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, ScriptedCall};

use sansip_core::ids::SessionId;
use sansip_core::wire::sip::Message;

use crate::common::{ACCEPTED, INCOMING, LONG, SECOND, Scene, assert_tone, direction, rtp_of, sdp, told};

/// Carol calls without an offer and alice accepts.
fn accepted(seed: u64) -> (Scene, SessionId, ScriptedCall, Message) {
    let mut scene = Scene::new(seed);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let invite = call.invite(None);
    scene.peer().send(invite);
    scene.response(180);
    let session = scene.world.host(alice).incoming()[0];
    scene.act(session, |session| session.accept(true)).unwrap();
    let ok = scene.response(200).message;
    call.learn(&ok);
    (scene, session, call, ok)
}

#[test]
fn the_offer_is_in_our_200_and_the_answer_in_the_ack() {
    let (mut scene, session, mut call, ok) = accepted(120);
    assert!(sdp(&ok).contains("m=audio "));
    let answer = call.sdp("sendrecv");
    let ack = call.ack(Some(answer));
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[INCOMING, ACCEPTED]));
    let alice = scene.alice;
    scene.peer().talk(rtp_of(&ok), AudioSource::tone(1_000.0, -15.0), 5 * SECOND);
    scene.run(SECOND);
    scene.peer().forget_media();
    scene.world.host_mut(alice).forget_heard(session);
    scene.run(SECOND);
    assert_tone(&scene.peer().heard(), 440.0, -15.0);
    assert_tone(scene.world.host(alice).heard(session), 1_000.0, -15.0);
}

#[test]
fn an_ack_without_an_answer_ends_the_call() {
    let (mut scene, session, mut call, _) = accepted(121);
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.request(sansip_core::wire::sip::Method::Bye);
    scene.run(LONG);
    assert_eq!(scene.state(session), SessionState::Terminated);
    let story = scene.story(session);
    assert!(story.iter().any(|line| line.starts_with("DidFail(local 488 ")), "{story:?}");
    assert_eq!(story.last().unwrap(), "DidEnd(local)");
}

#[test]
fn a_reinvite_without_sdp_is_answered_with_an_offer() {
    let mut scene = Scene::new(122);
    let (session, mut call, _) = scene.talk_in();
    scene.forget();
    let invite = call.invite(None);
    scene.peer().send(invite);
    let ok = scene.response(200);
    assert_eq!(direction(&ok), "sendrecv");
    let answer = call.sdp("sendonly");
    let ack = call.ack(Some(answer));
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[&["GotHoldRequest(remote)"]]));
    assert_eq!(scene.state(session), SessionState::Established);
}
