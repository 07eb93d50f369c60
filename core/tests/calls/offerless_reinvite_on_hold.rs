//! An INVITE without SDP while the peer holds us: the offer says what we want, not what is (RFC 6337 5.3), so that the
//! hold can end.

use sansip_core::sim::AudioSource;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{LONG, SECOND, Scene, assert_tone, direction, told};

#[test]
fn the_offer_is_sendrecv_and_its_answer_takes_the_hold_off() {
    let mut scene = Scene::new(300);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let (session, mut call, _) = scene.talk_in();
    let sdp = call.sdp("sendonly");
    scene.reinvite(&mut call, sdp);
    assert!(scene.info(session).on_hold_by_remote);
    scene.forget();

    let invite = call.invite(None);
    scene.peer().send(invite);
    let ok = scene.response(200);
    assert_eq!(direction(&ok), "sendrecv");
    // The offer alone changes nothing.
    assert_eq!(scene.story(session), told(&[]));
    let answer = call.sdp("sendrecv");
    let ack = call.ack(Some(answer));
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[&["GotUnholdRequest(remote)"]]));
    assert!(!scene.info(session).on_hold());
    scene.peer().forget_media();
    scene.run(SECOND);
    assert_tone(&scene.peer().heard(), 440.0, -15.0);
}

#[test]
fn an_answer_that_holds_leaves_the_hold() {
    let mut scene = Scene::new(301);
    let (session, mut call, _) = scene.talk_in();
    let sdp = call.sdp("sendonly");
    scene.reinvite(&mut call, sdp);
    scene.forget();
    let invite = call.invite(None);
    scene.peer().send(invite);
    scene.response(200);
    let answer = call.sdp("sendonly");
    let ack = call.ack(Some(answer));
    scene.peer().send(ack);
    scene.run(LONG);
    assert!(scene.info(session).on_hold_by_remote);
    assert_eq!(scene.story(session), told(&[]));
}

#[test]
fn while_both_hold_the_offer_keeps_only_our_own_hold() {
    let mut scene = Scene::new(302);
    let (session, mut call, _) = scene.talk_in();
    scene.act(session, |session| session.hold()).unwrap();
    let ours = scene.request(Method::Invite);
    let sdp = call.sdp("recvonly");
    scene.reply(&call, &ours, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    let sdp = call.sdp("sendonly");
    let ok = scene.reinvite(&mut call, sdp);
    assert_eq!(direction(&ok), "inactive");
    let info = scene.info(session);
    assert!(info.on_hold_by_local && info.on_hold_by_remote);
    scene.forget();

    let invite = call.invite(None);
    scene.peer().send(invite);
    let ok = scene.response(200);
    assert_eq!(direction(&ok), "sendonly");
    let answer = call.sdp("recvonly");
    let ack = call.ack(Some(answer));
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[&["GotUnholdRequest(remote)"]]));
    let info = scene.info(session);
    assert!(info.on_hold_by_local && !info.on_hold_by_remote);
}
