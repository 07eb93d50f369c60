//! Requests that cannot be served get the status they are owed (RFC 3261 8.2, SPEC 1.6).

use sansip_core::wire::sip::{HeaderName, Method};

use crate::common::{SECOND, Scene, header};

#[test]
fn a_user_that_is_not_here_is_404() {
    let mut scene = Scene::new(200);
    let mut call = scene.peer().call("sip:nobody@10.0.0.1");
    let sdp = call.sdp("sendrecv");
    let invite = call.invite(Some(sdp));
    scene.peer().send(invite);
    let refused = scene.response(404);
    let ack = call.ack_failure(&refused);
    scene.peer().send(ack);
    scene.run(SECOND);
    assert!(scene.world.host(scene.alice).incoming().is_empty());
}

#[test]
fn no_stream_we_know_is_488() {
    let mut scene = Scene::new(201);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let sdp = call.sdp("sendrecv").replace("m=audio", "m=image");
    let invite = call.invite(Some(sdp));
    scene.peer().send(invite);
    scene.response(488);
}

#[test]
fn a_body_that_is_no_sdp_is_415() {
    let mut scene = Scene::new(202);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let mut invite = call.invite(None);
    invite.set_body("text/plain", "hello".into());
    scene.peer().send(invite);
    let refused = scene.response(415);
    assert!(header(&refused, HeaderName::Accept).contains("application/sdp"));
}

#[test]
fn an_extension_that_is_required_and_unknown_is_420() {
    let mut scene = Scene::new(203);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let sdp = call.sdp("sendrecv");
    let mut invite = call.invite(Some(sdp));
    invite.push(HeaderName::Require, "foo, bar");
    scene.peer().send(invite);
    let refused = scene.response(420);
    let unsupported: Vec<&str> = refused.values(HeaderName::Unsupported).collect();
    assert_eq!(unsupported, ["foo", "bar"]);
}

#[test]
fn an_unknown_method_is_405_and_told_what_is_allowed() {
    let mut scene = Scene::new(204);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let request = call.request(Method::parse("DANCE").unwrap());
    scene.peer().send(request);
    let refused = scene.response(405);
    assert!(refused.values(HeaderName::Allow).any(|method| method == "INVITE"));
}

#[test]
fn options_tell_what_we_can() {
    let mut scene = Scene::new(205);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    let options = call.options();
    scene.peer().send(options);
    let ok = scene.response(200);
    for method in ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"] {
        assert!(ok.values(HeaderName::Allow).any(|allowed| allowed == method), "{method}");
    }
    assert!(header(&ok, HeaderName::Accept).contains("application/sdp"));
}

#[test]
fn a_bye_of_nothing_is_481() {
    let mut scene = Scene::new(206);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    call.remote_tag = Some("nothing".to_string());
    let bye = call.bye();
    scene.peer().send(bye);
    scene.response(481);
}

#[test]
fn a_scheme_that_is_not_ours_is_416() {
    let mut scene = Scene::new(207);
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    call.target = "nobodyKnowsThisScheme:totallyopaquecontent".to_string();
    let options = call.options();
    scene.peer().send(options);
    scene.response(416);
}
