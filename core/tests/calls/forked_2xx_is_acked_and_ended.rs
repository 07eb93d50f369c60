//! Two phones answer one INVITE: the second is acknowledged and ended (RFC 3261 13.2.2.4).

use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::ScriptedCall;
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode};

use crate::common::{ANSWERED, CALLING, RINGING, SECOND, Scene, header, told};

fn is_for(request: &Message, call: &ScriptedCall) -> bool {
    header(request, HeaderName::To).ends_with(&format!(";tag={}", call.local_tag))
}

#[test]
fn the_second_answer_is_acked_and_ended_and_the_first_goes_on() {
    let mut scene = Scene::new(180);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut desk = scene.peer().answer(&invite);
    let mut mobile = scene.peer().answer(&invite);
    mobile.contact = "<sip:mobile@10.0.0.9:5060>".to_string();
    scene.reply(&desk, &invite, StatusCode::RINGING, None);
    scene.reply(&mobile, &invite, StatusCode::RINGING, None);
    let sdp = desk.sdp("sendrecv");
    scene.reply(&desk, &invite, StatusCode::OK, Some(sdp));
    let ack = scene.request(Method::Ack);
    assert!(is_for(&ack, &desk));
    let sdp = mobile.sdp("sendrecv");
    scene.reply(&mobile, &invite, StatusCode::OK, Some(sdp));
    let ack = scene.request(Method::Ack);
    assert!(is_for(&ack, &mobile));
    assert_eq!(ack.uri(), "sip:mobile@10.0.0.9:5060");
    let bye = scene.request(Method::Bye);
    assert!(is_for(&bye, &mobile));
    assert_eq!(bye.uri(), "sip:mobile@10.0.0.9:5060");
    scene.reply(&mobile, &bye, StatusCode::OK, None);
    scene.run(SECOND);
    assert_eq!(scene.state(session), SessionState::Established);
    assert_eq!(scene.story(session), told(&[CALLING, RINGING, RINGING, ANSWERED]));
    let bye = scene.hang_up(session, &desk);
    assert!(is_for(&bye, &desk));
}
