//! A 200 that comes again is acknowledged again, and changes nothing (RFC 3261 13.2.2.4).

use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{ANSWERED, CALLING, SECOND, Scene, told};

#[test]
fn each_200_gets_its_ack() {
    let mut scene = Scene::new(170);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    let ok = call.reply(&invite, StatusCode::OK, Some(sdp));
    for _ in 0..4 {
        scene.peer().reply(&invite, &ok);
        scene.run(SECOND);
    }
    let acks = scene.world.peer(scene.carol).requests(&Method::Ack);
    assert_eq!(acks.len(), 4);
    for ack in &acks {
        assert_eq!(ack.cseq().unwrap().number, invite.cseq().unwrap().number);
        assert_eq!(ack.uri(), "sip:carol@10.0.0.9:5060");
    }
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
}

#[test]
fn a_200_to_a_reinvite_gets_its_ack_each_time() {
    let mut scene = Scene::new(171);
    let (session, mut call) = scene.talk_out();
    scene.forget();
    scene.act(session, |session| session.hold()).unwrap();
    let invite = scene.request(Method::Invite);
    let sdp = call.sdp("recvonly");
    let ok = call.reply(&invite, StatusCode::OK, Some(sdp));
    let before = scene.peer().requests(&Method::Ack).len();
    for _ in 0..3 {
        scene.peer().reply(&invite, &ok);
        scene.run(SECOND);
    }
    assert_eq!(scene.peer().requests(&Method::Ack).len(), before + 3);
    assert_eq!(scene.story(session), told(&[&["GotHoldRequest(local)"]]));
}
