//! One request that came by two ways (RFC 3261 8.2.2.2), and one that merely came twice (17.2.3).

use sansip_core::wire::sip::{HeaderName, Method};

use crate::common::{INCOMING, SECOND, Scene, header, told};

#[test]
fn the_second_way_is_482() {
    let mut scene = Scene::new(190);
    let (session, mut call) = scene.ring_in();
    // The same From tag, Call-ID and CSeq, by another branch.
    call.cseq -= 1;
    let sdp = call.sdp("sendrecv");
    let merged = call.invite(Some(sdp));
    scene.peer().send(&merged);
    let refused = scene.response(482);
    assert_eq!(header(&refused, HeaderName::Via), header(&merged, HeaderName::Via));
    let ack = call.ack_failure(&refused);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert_eq!(scene.story(session), told(&[INCOMING]));
    assert_eq!(scene.world.host(scene.alice).incoming().len(), 1);
}

#[test]
fn a_retransmission_gets_the_last_response_again() {
    let mut scene = Scene::new(191);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let sdp = call.sdp("sendrecv");
    let invite = call.invite(Some(sdp));
    scene.peer().send(&invite);
    scene.response(180);
    scene.peer().send(&invite);
    scene.run(SECOND);
    assert_eq!(scene.peer().responses(180).len(), 2);
    assert_eq!(scene.world.host(scene.alice).incoming().len(), 1);
    assert!(scene.peer().requests(&Method::Cancel).is_empty());
}
