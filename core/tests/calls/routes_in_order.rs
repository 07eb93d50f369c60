//! Routes are tried in order until one succeeds (RFC 3263 4.3): dead ones and 503 move on, other answers do not.

use sansip_core::agent::Route;
use sansip_core::ids::SessionId;
use sansip_core::sim::PeerId;
use sansip_core::wire::sip::{Method, StatusCode, Transport};

use crate::common::{ALICE, ANSWERED, CALLING, LONG, SECOND, Scene, address, ip, told};

/// A scene with two more peers, dave and erin, and a call by carol's, dave's and erin's route, the first of which is
/// dead.
fn dialled(seed: u64, tells_unreachable: bool) -> (Scene, SessionId, PeerId, PeerId) {
    let mut scene = Scene::new(seed);
    scene.world.network_mut().set_tells_unreachable(tells_unreachable);
    scene.peer().set_takes_datagrams(false);
    let dave = scene.world.add_peer("dave", address("10.0.0.10:5060"), address(ALICE));
    let erin = scene.world.add_peer("erin", address("10.0.0.11:5060"), address(ALICE));
    let routes = ["10.0.0.9", "10.0.0.10", "10.0.0.11"].map(|host| Route::new(host, 5060, Transport::Udp));
    let session = scene.dial_by(&routes);
    (scene, session, dave, erin)
}

fn second_busy_third_answers(mut scene: Scene, session: SessionId, dave: PeerId, erin: PeerId) {
    let at_dave = scene.world.expect_request(dave, Method::Invite, LONG).unwrap();
    let call = scene.world.peer_mut(dave).answer(&at_dave);
    let unavailable = call.reply(&at_dave, StatusCode::SERVICE_UNAVAILABLE, None);
    scene.world.peer_mut(dave).reply(&at_dave, unavailable);
    scene.world.expect_request(dave, Method::Ack, LONG).unwrap();
    let at_erin = scene.world.expect_request(erin, Method::Invite, LONG).unwrap();
    assert_ne!(at_erin.via().unwrap().branch(), at_dave.via().unwrap().branch());
    let mut call = scene.world.peer_mut(erin).answer(&at_erin);
    let sdp = call.sdp("sendrecv");
    let ok = call.reply(&at_erin, StatusCode::OK, Some(sdp));
    scene.world.peer_mut(erin).reply(&at_erin, ok);
    scene.world.expect_request(erin, Method::Ack, LONG).unwrap();
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
}

#[test]
fn a_route_that_refuses_datagrams_is_left_at_once() {
    let (scene, session, dave, erin) = dialled(240, true);
    second_busy_third_answers(scene, session, dave, erin);
}

#[test]
fn a_route_that_is_silent_is_left_after_timer_b() {
    let (mut scene, session, dave, erin) = dialled(241, false);
    scene.run(31 * SECOND);
    assert!(scene.world.peer(dave).received().is_empty());
    second_busy_third_answers(scene, session, dave, erin);
}

#[test]
fn a_busy_callee_is_busy_by_every_route() {
    let (mut scene, session, dave, erin) = dialled(242, true);
    let at_dave = scene.world.expect_request(dave, Method::Invite, LONG).unwrap();
    let call = scene.world.peer_mut(dave).answer(&at_dave);
    let busy = call.reply(&at_dave, StatusCode::BUSY_HERE, None);
    scene.world.peer_mut(dave).reply(&at_dave, busy);
    scene.run(LONG);
    assert!(scene.world.peer(erin).received().is_empty());
    let failed = ["ChangedState(CALLING->TERMINATED)", "DidFail(remote 486 Busy Here)", "DidEnd(remote)"];
    assert_eq!(scene.story(session), told(&[CALLING, &failed]));
}

#[test]
fn the_last_route_decides() {
    let mut scene = Scene::new(243);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    scene.reply(&call, &invite, StatusCode::SERVICE_UNAVAILABLE, None);
    scene.run(SECOND);
    let failed = ["ChangedState(CALLING->TERMINATED)", "DidFail(remote 503 Service Unavailable)", "DidEnd(remote)"];
    assert_eq!(scene.story(session), told(&[CALLING, &failed]));
}

#[test]
fn a_name_with_several_addresses_is_several_routes() {
    let mut scene = Scene::new(244);
    scene.world.add_name("pbx.example.com", &["10.0.0.66", "10.0.0.9"].map(ip));
    let session = scene.dial_by(&[Route::new("pbx.example.com", 5060, Transport::Udp)]);
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
}

#[test]
fn a_name_that_does_not_exist_fails_the_call() {
    let mut scene = Scene::new(245);
    let session = scene.dial_by(&[Route::new("nowhere.example.com", 5060, Transport::Udp)]);
    scene.run(SECOND);
    let story = scene.story(session);
    assert!(story.iter().any(|line| line.starts_with("DidFail(local 503 ")), "{story:?}");
    assert_eq!(story.last().unwrap(), "DidEnd(local)");
}
