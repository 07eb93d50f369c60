//! A hold that the peer refuses did not happen (RFC 3261 14.1: the session goes on as it was).

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::AudioSource;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{LONG, SECOND, Scene, assert_tone, direction};

#[test]
fn a_refused_hold_is_taken_back_and_talk_goes_on() {
    let mut scene = Scene::new(50);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let (session, call) = scene.talk_out();
    scene.run(SECOND);
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    assert_eq!(direction(&invite), "sendonly");
    assert!(scene.info(session).on_hold_by_local);
    scene.reply(&call, &invite, StatusCode::NOT_ACCEPTABLE_HERE, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert!(!scene.info(session).on_hold_by_local);
    assert_eq!(scene.story(session), ["GotHoldRequest(local)", "GotUnholdRequest(local)"]);
    scene.peer().forget_media();
    scene.run(SECOND);
    assert_tone(&scene.peer().heard(), 440.0, -15.0);
}

#[test]
fn a_refused_unhold_leaves_the_call_on_hold() {
    let mut scene = Scene::new(51);
    let (session, mut call) = scene.talk_out();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    let sdp = call.sdp("recvonly");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.forget();
    scene.act(session, |session| session.unhold()).unwrap();
    let invite = scene.request(Method::Invite);
    scene.reply(&call, &invite, StatusCode::NOT_ACCEPTABLE_HERE, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert!(scene.info(session).on_hold_by_local);
    assert_eq!(scene.story(session), ["GotUnholdRequest(local)", "GotHoldRequest(local)"]);
}

#[test]
fn a_peer_that_knows_no_such_call_ends_it() {
    let mut scene = Scene::new(52);
    let (session, call) = scene.talk_out();
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    // RFC 3261 12.2.1.2: 481 to a request within a dialog ends the dialog.
    scene.reply(&call, &invite, StatusCode::new(481).unwrap(), None);
    scene.run(LONG);
    assert_eq!(scene.state(session), SessionState::Terminated);
    let story = scene.story(session);
    assert_eq!(story.last().unwrap(), "DidEnd(remote)", "{story:?}");
}
