//! Re-INVITEs that meet: 491, and the retry at the time that RFC 3261 14.1 draws.

use std::time::Duration;

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{Pair, Received, ScriptedCall, Side};
use sansip_core::wire::sip::{HeaderName, Method, StatusCode};

use crate::common::{LONG, Scene, direction, header, responses_sent, told};

#[test]
fn two_holds_that_meet_both_come_to_pass() {
    for seed in 80..90 {
        let mut pair = Pair::new(seed);
        let (out, inc) = pair.call();
        pair.settle();
        pair.forget();
        pair.session(Side::Alice, out, |session| session.hold()).unwrap();
        pair.session(Side::Bob, inc, |session| session.hold()).unwrap();
        pair.world.run_for(Duration::from_secs(10));
        for side in [Side::Alice, Side::Bob] {
            assert_eq!(responses_sent(&pair.world, pair.id(side), 491), 1, "seed {seed}");
        }
        for (side, session) in [(Side::Alice, out), (Side::Bob, inc)] {
            let info = pair.host(side).agent().info(session).unwrap();
            assert!(info.on_hold_by_local && info.on_hold_by_remote, "seed {seed}, {side:?}");
            assert_eq!(pair.story(side, session), ["GotHoldRequest(local)", "GotHoldRequest(remote)"], "seed {seed}");
        }
    }
}

/// Refuses the re-INVITE with 491; how long after the next one comes.
fn refuse(scene: &mut Scene, call: &ScriptedCall, invite: &Received) -> (Duration, Received) {
    scene.reply(call, invite, StatusCode::REQUEST_PENDING, None);
    let ack = scene.request(Method::Ack);
    let next = scene.request(Method::Invite);
    (next.at.since(ack.at), next)
}

#[test]
fn the_owner_of_the_call_id_waits_2_1_to_4_seconds() {
    for seed in 90..100 {
        let mut scene = Scene::new(seed);
        let (session, mut call) = scene.talk_out();
        scene.forget();
        scene.act(session, |session| session.hold()).unwrap();
        let invite = scene.request(Method::Invite);
        let (waited, again) = refuse(&mut scene, &call, &invite);
        assert!((2_100..=4_000).contains(&waited.as_millis()), "seed {seed}: {waited:?}");
        let sdp = call.sdp("recvonly");
        scene.reply(&call, &again, StatusCode::OK, Some(sdp));
        scene.request(Method::Ack);
        assert!(scene.info(session).on_hold_by_local);
        assert_eq!(scene.story(session), told(&[&["GotHoldRequest(local)"]]), "told once");
    }
}

#[test]
fn the_other_side_waits_up_to_2_seconds() {
    for seed in 100..110 {
        let mut scene = Scene::new(seed);
        let (session, call, _) = scene.talk_in();
        scene.act(session, |session| session.hold()).unwrap();
        let invite = scene.request(Method::Invite);
        let (waited, _) = refuse(&mut scene, &call, &invite);
        assert!(waited.as_millis() <= 2_000, "seed {seed}: {waited:?}");
    }
}

#[test]
fn after_three_retries_the_hold_is_given_up() {
    let mut scene = Scene::new(110);
    let (session, call) = scene.talk_out();
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let mut invite = scene.request(Method::Invite);
    for _ in 0..3 {
        invite = refuse(&mut scene, &call, &invite).1;
    }
    scene.reply(&call, &invite, StatusCode::REQUEST_PENDING, None);
    scene.request(Method::Ack);
    let sent = scene.peer().requests(&Method::Invite).len();
    scene.run(LONG);
    assert_eq!(scene.peer().requests(&Method::Invite).len(), sent);
    assert!(!scene.info(session).on_hold_by_local);
    // Nobody holds any more, and carol says nothing.
    assert_eq!(scene.story(session), ["GotHoldRequest(local)", "GotUnholdRequest(local)", "GotNoAudio"]);
}

#[test]
fn an_invite_while_ours_is_pending_is_491() {
    let mut scene = Scene::new(111);
    let (session, mut call) = scene.talk_out();
    scene.act(session, |session| session.hold()).unwrap();
    let ours = scene.request(Method::Invite);
    let sdp = call.sdp("sendonly");
    let theirs = call.invite(Some(sdp));
    scene.peer().send(theirs);
    let pending = scene.response(491);
    let ack = call.ack_failure(&pending);
    scene.peer().send(ack);
    let sdp = call.sdp("recvonly");
    scene.reply(&call, &ours, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    assert!(scene.info(session).on_hold_by_local && !scene.info(session).on_hold_by_remote);
}

#[test]
fn a_second_invite_before_the_first_is_answered_is_500_with_retry_after() {
    // RFC 3261 14.2.
    let mut scene = Scene::new(112);
    let (session, mut call) = scene.ring_in();
    let ringing = scene.peer().responses(180)[0].message.clone();
    call.learn(&ringing);
    let sdp = call.sdp("sendrecv");
    let second = call.invite(Some(sdp));
    scene.peer().send(second);
    let refused = scene.response(500);
    let seconds: u32 = header(&refused, HeaderName::RetryAfter).parse().unwrap();
    assert!(seconds <= 10, "{seconds}");
    assert_eq!(scene.state(session), SessionState::Incoming);
}

#[test]
fn a_remote_hold_while_the_retry_waits_is_answered() {
    let mut scene = Scene::new(113);
    let (session, mut call) = scene.talk_out();
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let ours = scene.request(Method::Invite);
    scene.reply(&call, &ours, StatusCode::REQUEST_PENDING, None);
    scene.request(Method::Ack);
    let sdp = call.sdp("inactive");
    let ok = scene.reinvite(&mut call, sdp);
    assert_eq!(direction(&ok), "inactive");
    let again = scene.request(Method::Invite);
    assert_eq!(direction(&again), "inactive");
    let sdp = call.sdp("inactive");
    scene.reply(&call, &again, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    assert_eq!(scene.story(session), ["GotHoldRequest(local)", "GotHoldRequest(remote)"]);
}
