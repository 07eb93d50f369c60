//! A re-INVITE of ours that gets a 100 and then nothing: 64*T1 later it is cancelled, its hold is taken back, and the
//! queue goes on (RFC 3261 9.1, 14.1).

use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, Received, ScriptedCall};
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{LONG, SECOND, Scene, direction, rtp_of};

const TAKEN_BACK: [&str; 2] = ["GotHoldRequest(local)", "GotUnholdRequest(local)"];

/// A call whose hold was answered with 100: the session, carol's side of it, and the re-INVITE.
fn hold_on_trial(seed: u64) -> (Scene, SessionId, ScriptedCall, Received) {
    let mut scene = Scene::new(seed);
    let (session, call) = scene.talk_out();
    let to = rtp_of(scene.peer().requests(&Method::Invite)[0]);
    scene.peer().talk(to, AudioSource::tone(440.0, -15.0), SECOND);
    scene.run(2 * SECOND);
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    scene.reply(&call, &invite, StatusCode::TRYING, None);
    (scene, session, call, invite)
}

/// The next hold is asked for and comes to pass.
fn hold_again(scene: &mut Scene, session: SessionId, call: &mut ScriptedCall, before: &Received) {
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let again = scene.request(Method::Invite);
    assert!(again.cseq().unwrap().number > before.cseq().unwrap().number);
    assert_eq!(direction(&again), "sendonly");
    let sdp = call.sdp("recvonly");
    scene.reply(call, &again, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), ["GotHoldRequest(local)"]);
    assert!(scene.info(session).on_hold_by_local);
}

#[test]
fn it_is_cancelled_after_64_t1_and_taken_back() {
    let (mut scene, session, mut call, invite) = hold_on_trial(310);
    scene.run(31 * SECOND);
    assert!(scene.peer().requests(&Method::Cancel).is_empty());
    assert!(scene.info(session).on_hold_by_local);
    let cancel = scene.request(Method::Cancel);
    let waited = cancel.at.since(invite.at).as_millis();
    assert!((32_000..=32_100).contains(&waited), "{waited} ms");
    assert_eq!(cancel.cseq().unwrap().number, invite.cseq().unwrap().number);
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.reply(&call, &invite, StatusCode::REQUEST_TERMINATED, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), TAKEN_BACK);
    assert!(!scene.info(session).on_hold());
    assert_eq!(scene.state(session), SessionState::Established);
    hold_again(&mut scene, session, &mut call, &invite);
}

#[test]
fn a_peer_that_does_not_answer_the_cancel_either_keeps_nothing_up() {
    let (mut scene, session, mut call, invite) = hold_on_trial(311);
    scene.request(Method::Cancel);
    scene.run(LONG);
    assert_eq!(scene.story(session), TAKEN_BACK);
    assert!(!scene.info(session).on_hold());
    assert_eq!(scene.state(session), SessionState::Established);
    hold_again(&mut scene, session, &mut call, &invite);
}
