//! GotNoAudio: once, five seconds after audio started, when no RTP came and nobody holds (SPEC 1.8).

use sansip_core::sim::AudioSource;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{ANSWERED, CALLING, LONG, SECOND, Scene, rtp_of, told};

#[test]
fn a_silent_peer_is_told_once_after_five_seconds() {
    let mut scene = Scene::new(150);
    let (session, _) = scene.talk_out();
    let start = scene.world.now();
    let alice = scene.alice;
    let got =
        |world: &sansip_core::sim::World| world.host(alice).story(session).iter().any(|line| line == "GotNoAudio");
    scene.world.run_until(got, LONG).unwrap();
    let waited = scene.world.now().since(start).as_millis();
    assert!((4_950..=5_050).contains(&waited), "{waited} ms");
    scene.run(LONG);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED, &["GotNoAudio"]]));
    assert!(!scene.info(session).audio_was_received);
}

#[test]
fn a_peer_that_talks_is_not_missed() {
    let mut scene = Scene::new(151);
    let (session, _, ok) = scene.talk_in();
    scene.forget();
    scene.peer().talk(rtp_of(&ok), AudioSource::tone(440.0, -15.0), SECOND);
    scene.run(LONG);
    assert_eq!(scene.story(session), told(&[]));
    assert!(scene.info(session).audio_was_received);
}

#[test]
fn on_hold_nothing_is_missed() {
    let mut scene = Scene::new(152);
    let (session, mut call) = scene.talk_out();
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    let sdp = call.sdp("recvonly");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.run(LONG);
    assert_eq!(scene.story(session), told(&[&["GotHoldRequest(local)"]]));
}
