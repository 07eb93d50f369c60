//! Nobody takes the call (SPEC 1.4: 408 after the invite time-out), or nobody is there at all.

use std::time::Duration;

use sansip_core::middleware::notification::SessionState;
use sansip_core::time::Instant;
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{CALLING, LONG, RINGING, SECOND, Scene, told};

#[test]
fn ringing_for_too_long_is_408() {
    let mut scene = Scene::new(30);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    let cancel = scene.world.expect_request(scene.carol, Method::Cancel, Duration::from_secs(100)).unwrap();
    assert!(cancel.at >= Instant::from_millis(90_000) && cancel.at < Instant::from_millis(90_500), "{:?}", cancel.at);
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.reply(&call, &invite, StatusCode::REQUEST_TERMINATED, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    let failed = ["ChangedState(CALLING->TERMINATED)", "DidFail(local 408 No answer)", "DidEnd(local)"];
    assert_eq!(scene.story(session), told(&[CALLING, RINGING, &failed]));
}

#[test]
fn silence_is_408_after_64_t1() {
    let mut scene = Scene::new(31);
    let session = scene.dial();
    scene.run(Duration::from_secs(31));
    assert_eq!(scene.state(session), SessionState::Calling);
    scene.run(LONG);
    let story = scene.story(session);
    assert_eq!(story[..3], told(&[CALLING, &["ChangedState(CALLING->TERMINATED)"]]));
    assert!(story[3].starts_with("DidFail(local 408 "), "{story:?}");
    assert_eq!(story[4..], told(&[&["DidEnd(local)"]]));
    // RFC 3261 17.1.1.2: at 0, 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s.
    assert_eq!(scene.peer().requests(&Method::Invite).len(), 7);
}
