//! Sound before the answer: 183 with SDP (RFC 3261 13.2.1, RFC 3960).

use sansip_core::sim::AudioSource;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{CALLING, RINGING, SECOND, Scene, assert_tone, rtp_of, told};

#[test]
fn an_announcement_is_heard_before_the_answer() {
    let mut scene = Scene::new(130);
    let alice = scene.alice;
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::SESSION_PROGRESS, Some(sdp.clone()));
    scene.peer().talk(rtp_of(&invite), AudioSource::tone(440.0, -15.0), 6 * SECOND);
    scene.run(SECOND);
    scene.world.host_mut(alice).forget_heard(session);
    scene.run(2 * SECOND);
    assert_tone(scene.world.host(alice).heard(session), 440.0, -15.0);
    let early: &[&str] = &["GotProvisionalResponse(183 Session Progress)", "GotStreamUpdate(audio)"];
    assert_eq!(scene.story(session), told(&[CALLING, early]));

    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.world.host_mut(alice).forget_heard(session);
    scene.run(2 * SECOND);
    assert_tone(scene.world.host(alice).heard(session), 440.0, -15.0);
    let answered: &[&str] = &["WillStart", "ChangedState(CALLING->ESTABLISHED)", "DidStart"];
    assert_eq!(scene.story(session), told(&[CALLING, early, answered]));
}

#[test]
fn a_call_refused_after_an_announcement_has_no_audio_left() {
    let mut scene = Scene::new(131);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::SESSION_PROGRESS, Some(sdp));
    scene.run(SECOND);
    scene.reply(&call, &invite, StatusCode::BUSY_HERE, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    let story = told(&[
        CALLING,
        &["GotProvisionalResponse(183 Session Progress)", "GotStreamUpdate(audio)", "GotStreamUpdate()"],
        &["ChangedState(CALLING->TERMINATED)", "DidFail(remote 486 Busy Here)", "DidEnd(remote)"],
    ]);
    assert_eq!(scene.story(session), story);
    assert_eq!(scene.world.host(scene.alice).open_sockets().len(), 1);
}

#[test]
fn each_180_is_told() {
    let mut scene = Scene::new(132);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::TRYING, None);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    scene.run(SECOND);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[CALLING, RINGING, RINGING]));
}
