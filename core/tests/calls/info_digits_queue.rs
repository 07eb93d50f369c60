//! Digits by INFO go one at a time: the next when the one before has its final response, so that they cannot overtake
//! each other.

use sansip_core::ids::SessionId;
use sansip_core::sim::{Received, ScriptedCall};
use sansip_core::wire::sip::{Method, StatusCode};

use crate::common::{SECOND, Scene};

/// Alice calls carol, who knows no telephone-event.
fn without_telephone_event(seed: u64) -> (Scene, SessionId, ScriptedCall) {
    let mut scene = Scene::new(seed);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let mut sdp = call.sdp("sendrecv").replace("RTP/AVP 0 101", "RTP/AVP 0");
    for line in ["a=rtpmap:101 telephone-event/8000\r\n", "a=fmtp:101 0-15\r\n"] {
        sdp = sdp.replace(line, "");
    }
    scene.reply(&call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    (scene, session, call)
}

fn digit(info: &Received) -> char {
    let body = String::from_utf8(info.body().to_vec()).unwrap();
    let signal = body.lines().find_map(|line| line.strip_prefix("Signal=")).expect("a Signal line");
    signal.trim().chars().next().expect("a digit")
}

/// How many INFO requests came, each counted once.
fn infos(scene: &mut Scene) -> usize {
    scene.peer().requests(&Method::Info).iter().filter(|info| !info.retransmission).count()
}

#[test]
fn a_digit_waits_for_the_final_response_to_the_one_before() {
    let (mut scene, session, call) = without_telephone_event(360);
    for digit in ['1', '2', '3'] {
        scene.act(session, |session| session.send_dtmf(digit)).unwrap();
    }
    let first = scene.request(Method::Info);
    assert_eq!(digit(&first), '1');
    scene.run(3 * SECOND);
    assert_eq!(infos(&mut scene), 1);
    scene.reply(&call, &first, StatusCode::OK, None);

    let second = scene.request(Method::Info);
    assert_eq!(digit(&second), '2');
    assert!(second.cseq().unwrap().number > first.cseq().unwrap().number);
    // A provisional response is no leave to go on.
    scene.reply(&call, &second, StatusCode::TRYING, None);
    scene.run(3 * SECOND);
    assert_eq!(infos(&mut scene), 2);
    // A refusal is: the other digits may fare better.
    scene.reply(&call, &second, StatusCode::SERVER_INTERNAL_ERROR, None);

    let third = scene.request(Method::Info);
    assert_eq!(digit(&third), '3');
    assert!(third.cseq().unwrap().number > second.cseq().unwrap().number);
    scene.reply(&call, &third, StatusCode::OK, None);
    scene.run(3 * SECOND);
    assert_eq!(infos(&mut scene), 3);

    // The queue is empty, and begins anew.
    scene.act(session, |session| session.send_dtmf('4')).unwrap();
    assert_eq!(digit(&scene.request(Method::Info)), '4');
}

#[test]
fn digits_that_wait_end_with_the_call() {
    let (mut scene, session, call) = without_telephone_event(361);
    for digit in ['1', '2'] {
        scene.act(session, |session| session.send_dtmf(digit)).unwrap();
    }
    let first = scene.request(Method::Info);
    scene.hang_up(session, &call);
    scene.reply(&call, &first, StatusCode::OK, None);
    scene.run(3 * SECOND);
    assert_eq!(infos(&mut scene), 1);
}
