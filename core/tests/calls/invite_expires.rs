//! An INVITE that is good for so many seconds only (RFC 3261 13.3.1): nobody accepts it in time, and it gets 487.

use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::ScriptedCall;
use sansip_core::time::Instant;
use sansip_core::wire::sip::HeaderName;

use crate::common::{INCOMING, LONG, SECOND, Scene, told};

/// Carol calls with an INVITE that expires after ten seconds: the session, her side of it, and when she heard it ring.
fn ringing(seed: u64) -> (Scene, SessionId, ScriptedCall, Instant) {
    let mut scene = Scene::new(seed);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let sdp = call.sdp("sendrecv");
    let mut invite = call.invite(Some(sdp));
    invite.push(HeaderName::Expires, 10);
    scene.peer().send(invite);
    let rang = scene.response(180).at;
    let session = scene.world.host(scene.alice).incoming()[0];
    (scene, session, call, rang)
}

#[test]
fn it_is_487_when_nobody_accepts_it_in_time() {
    let (mut scene, session, mut call, rang) = ringing(320);
    scene.run(9 * SECOND);
    assert_eq!(scene.state(session), SessionState::Incoming);
    let expired = scene.response(487);
    let waited = expired.at.since(rang).as_millis();
    assert!((9_900..=10_100).contains(&waited), "{waited} ms");
    let ack = call.ack_failure(&expired);
    scene.peer().send(ack);
    scene.run(SECOND);
    let story = scene.story(session);
    assert_eq!(story.len(), 5, "{story:?}");
    assert_eq!(story[..3], told(&[INCOMING, &["ChangedState(INCOMING->TERMINATED)"]]));
    assert!(story[3].starts_with("DidFail(remote 487 "), "{story:?}");
    assert_eq!(story[4], "DidEnd(remote)");
}

#[test]
fn one_that_was_accepted_does_not_expire() {
    let (mut scene, session, mut call, _) = ringing(321);
    scene.act(session, |session| session.accept(true)).unwrap();
    let ok = scene.response(200);
    call.learn(&ok);
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.run(LONG);
    assert_eq!(scene.state(session), SessionState::Established);
    assert!(scene.peer().responses(487).is_empty());
}
