//! An agent that is stopped closes its sockets only when the peers know (RFC 3261 9.1, 13.2.2.4, 15, 17.2.1).

use std::time::Duration;

use sansip_core::middleware::notification::{AgentNotification, Event, SessionState};
use sansip_core::sim::{Received, ScriptedCall};
use sansip_core::wire::sip::{HeaderName, Method, StatusCode};

use crate::common::{LONG, SECOND, Scene, header};

fn stop(scene: &mut Scene) {
    scene.world.command(scene.alice, |agent| agent.stop());
}

fn has_ended(scene: &Scene) -> bool {
    let told = scene.world.host(scene.alice).notifications();
    told.iter().any(|told| matches!(told.event, Event::Agent(AgentNotification::DidEnd)))
}

/// A call that nobody answered in time, which is over for the application; its INVITE, and carol's side of it.
fn give_up(seed: u64) -> (Scene, ScriptedCall, Received) {
    let mut scene = Scene::with(seed, |settings| settings.session.invite_timeout = SECOND);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::RINGING, None);
    scene.run(SECOND + Duration::from_millis(100));
    assert_eq!(scene.state(session), SessionState::Terminated);
    (scene, call, invite)
}

#[test]
fn a_cancelled_invite_is_waited_for() {
    let (mut scene, call, invite) = give_up(300);
    stop(&mut scene);
    let cancel = scene.request(Method::Cancel);
    assert!(!has_ended(&scene));
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.reply(&call, &invite, StatusCode::REQUEST_TERMINATED, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert!(has_ended(&scene));
}

#[test]
fn a_200_that_crosses_the_cancel_is_acked_and_ended_first() {
    let (mut scene, mut call, invite) = give_up(301);
    stop(&mut scene);
    let cancel = scene.request(Method::Cancel);
    scene.reply(&call, &cancel, StatusCode::OK, None);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    let bye = scene.request(Method::Bye);
    assert!(!has_ended(&scene));
    scene.reply(&call, &bye, StatusCode::OK, None);
    scene.run(SECOND);
    assert!(has_ended(&scene));
}

#[test]
fn a_peer_that_never_answers_the_cancel_is_given_up_and_forgotten() {
    let (mut scene, call, _invite) = give_up(302);
    let cancel = scene.request(Method::Cancel);
    scene.reply(&call, &cancel, StatusCode::OK, None);
    scene.run(LONG);
    assert_eq!(scene.world.host(scene.alice).agent().load(), Default::default());
    stop(&mut scene);
    scene.run(Duration::ZERO);
    assert!(has_ended(&scene));
}

#[test]
fn a_refusal_is_repeated_until_it_is_acknowledged() {
    let mut scene = Scene::new(303);
    let (_, mut call) = scene.ring_in();
    stop(&mut scene);
    let decline = scene.response(603);
    scene.run(SECOND);
    assert_eq!(scene.peer().responses(603).len(), 2, "timer G");
    assert!(!has_ended(&scene));
    let ack = call.ack_failure(&decline);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert!(has_ended(&scene));
}

#[test]
fn the_end_of_a_call_with_an_unanswered_re_invite_leaves_nothing_behind() {
    let mut scene = Scene::new(304);
    let (session, call) = scene.talk_out();
    scene.run(LONG);
    scene.act(session, |session| session.hold()).unwrap();
    let reinvite = scene.request(Method::Invite);
    scene.reply(&call, &reinvite, StatusCode::TRYING, None);
    scene.run(SECOND);
    scene.hang_up(session, &call);
    assert_eq!(scene.state(session), SessionState::Terminated);
    scene.run(LONG);
    assert_eq!(scene.world.host(scene.alice).agent().load(), Default::default());
}

#[test]
fn a_refused_call_leaves_no_session_behind() {
    let mut scene = Scene::new(305);
    scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::BUSY_HERE, None);
    let ack = scene.request(Method::Ack);
    assert_eq!(header(&ack, HeaderName::CallId), header(&invite, HeaderName::CallId));
    scene.run(SECOND);
    // The transaction stays for timer D; the session has nothing to wait for.
    assert_eq!(scene.world.host(scene.alice).agent().load().sessions, 0);
}
