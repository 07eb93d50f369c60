//! A peer that holds from the first description on: the hold is told after DidStart, and pairs with the unhold.

use sansip_core::ids::SessionId;
use sansip_core::sim::{AudioSource, ScriptedCall};
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{ACCEPTED, ANSWERED, CALLING, INCOMING, SECOND, Scene, assert_tone, direction, told};

const HELD: &[&str] = &["GotHoldRequest(remote)"];
const LET_GO: &[&str] = &["GotUnholdRequest(remote)"];

fn scene_that_talks(seed: u64) -> Scene {
    let mut scene = Scene::new(seed);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    scene
}

/// Nothing is said on hold; carol lets go, and hears alice.
fn let_go(scene: &mut Scene, session: SessionId, call: &mut ScriptedCall) {
    let info = scene.info(session);
    assert!(info.on_hold_by_remote && !info.on_hold_by_local);
    scene.peer().forget_media();
    scene.run(SECOND);
    assert!(scene.peer().rtp_of_type(0).is_empty(), "sound is sent to a peer that holds");
    let sdp = call.sdp("sendrecv");
    let ok = scene.reinvite(call, sdp);
    assert_eq!(direction(&ok), "sendrecv");
    assert!(!scene.info(session).on_hold());
    scene.peer().forget_media();
    scene.run(SECOND);
    assert_tone(&scene.peer().heard(), 440.0, -15.0);
}

#[test]
fn an_answer_that_holds_is_told_after_the_start() {
    let mut scene = scene_that_talks(330);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendonly");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED, HELD]));
    let_go(&mut scene, session, &mut call);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED, HELD, LET_GO]));
}

#[test]
fn an_offer_that_holds_is_told_after_the_start() {
    let mut scene = scene_that_talks(331);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let sdp = call.sdp("sendonly");
    let invite = call.invite(Some(sdp));
    scene.peer().send(invite);
    scene.response(180);
    let session = scene.world.host(scene.alice).incoming()[0];
    scene.act(session, |session| session.accept(true)).unwrap();
    let ok = scene.response(200);
    assert_eq!(direction(&ok), "recvonly");
    call.learn(&ok);
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[INCOMING, ACCEPTED, HELD]));
    let_go(&mut scene, session, &mut call);
    assert_eq!(scene.story(session), told(&[INCOMING, ACCEPTED, HELD, LET_GO]));
}
