//! The ACK to our 200 is lost (RFC 3261 13.3.1.4): the 200 comes again, and after 64*T1 it is given up with BYE.

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{Pair, Side};
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{ACCEPTED, INCOMING, LONG, SECOND, Scene, T1, told};

#[test]
fn the_200_is_repeated_until_the_ack_comes() {
    let mut pair = Pair::new(160);
    let mut lost = 0;
    pair.world.network_mut().drop_when(move |_, _, data| {
        let ack = data.starts_with(b"ACK ") && lost < 3;
        lost += u32::from(ack);
        ack
    });
    let (_, inc) = pair.call();
    assert_eq!(pair.world.network().counts().filtered, 3);
    assert_eq!(pair.story(Side::Bob, inc), told(&[INCOMING, ACCEPTED]));
}

#[test]
fn without_an_ack_the_call_is_ended() {
    let mut scene = Scene::new(161);
    let (session, mut call) = scene.ring_in();
    scene.act(session, |session| session.accept(true)).unwrap();
    let first = scene.response(200);
    call.learn(&first);
    let bye = scene.request(Method::Bye);
    let waited = bye.at.since(first.at);
    assert!(waited >= 64 * T1 && waited < 64 * T1 + SECOND, "{waited:?}");
    scene.reply(&call, &bye, StatusCode::OK, None);
    scene.run(SECOND);
    assert_eq!(scene.state(session), SessionState::Terminated);
    let story = scene.story(session);
    let end = ["ChangedState(ACCEPTING->TERMINATED)", "DidFail(local 408 No ACK received)", "DidEnd(local)"];
    assert_eq!(story[story.len() - 3..], end);
    assert!(!story.iter().any(|line| line == "DidStart"));
    // At 0.5, 1.5, 3.5, 7.5 s and then every 4 s (T2).
    let times: Vec<u128> =
        scene.peer().responses(200).iter().map(|ok| ok.at.since(first.at).as_millis()).take(6).collect();
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 11_500]);
    scene.run(LONG);
}
