//! Requests of a dialog follow its route set (RFC 3261 12.2.1.1, 16.12.1). PAINS: wrong route set on ACK or BYE.

use sansip_core::sim::Path;
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode};

use crate::common::{Scene, address};

fn routes(message: &Message) -> Vec<&str> {
    message.values(HeaderName::Route).collect()
}

/// Alice calls carol, whose 200 has these Record-Route fields; the ACK and the BYE that alice sends.
fn ack_and_bye(seed: u64, record_routes: &[&str]) -> (Message, Message) {
    let mut scene = Scene::new(seed);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    let mut ok = call.reply(&invite, StatusCode::OK, Some(sdp));
    for value in record_routes {
        ok.push(HeaderName::RecordRoute, value);
    }
    ok.set(HeaderName::Contact, "<sip:desk@10.0.0.77:5070>");
    scene.peer().reply(&invite, ok);
    // Everything goes to the first proxy of the route set, which is where carol listens.
    let ack = scene.request(Method::Ack);
    scene.act(session, |session| session.end()).unwrap();
    let bye = scene.request(Method::Bye);
    scene.reply(&call, &bye, StatusCode::OK, None);
    (ack.message, bye.message)
}

#[test]
fn loose_routes_are_followed_in_reverse_order() {
    let wanted = ["<sip:10.0.0.9;lr>", "<sip:p2.example.com:5066;lr;x=1>"];
    // One field a value, and all values in one field.
    for (seed, fields) in [
        (220, &["<sip:p2.example.com:5066;lr;x=1>", "<sip:10.0.0.9;lr>"][..]),
        (221, &["<sip:p2.example.com:5066;lr;x=1>, <sip:10.0.0.9;lr>"][..]),
    ] {
        let (ack, bye) = ack_and_bye(seed, fields);
        for request in [&ack, &bye] {
            assert_eq!(request.uri(), "sip:desk@10.0.0.77:5070");
            assert_eq!(routes(request), wanted);
        }
    }
}

#[test]
fn a_strict_router_gets_its_own_uri_and_the_target_last() {
    let (ack, bye) = ack_and_bye(222, &["<sip:p2.example.com;lr>", "<sip:10.0.0.9>"]);
    for request in [&ack, &bye] {
        assert_eq!(request.uri(), "sip:10.0.0.9");
        assert_eq!(routes(request), ["<sip:p2.example.com;lr>", "<sip:desk@10.0.0.77:5070>"]);
    }
}

#[test]
fn a_callee_follows_the_routes_in_order_and_echoes_them() {
    let mut scene = Scene::new(223);
    let record_routes = ["<sip:10.0.0.9;lr>", "<sip:p2.example.com;lr>"];
    let mut call = scene.peer().call("sip:alice@10.0.0.1");
    call.record_routes = record_routes.map(String::from).to_vec();
    call.contact = "<sip:desk@10.0.0.77:5070>".to_string();
    let sdp = call.sdp("sendrecv");
    let invite = call.invite(Some(sdp));
    scene.peer().send(invite);
    scene.response(180);
    let session = scene.world.host(scene.alice).incoming()[0];
    scene.act(session, |session| session.accept(true)).unwrap();
    let ok = scene.response(200);
    assert_eq!(ok.values(HeaderName::RecordRoute).collect::<Vec<_>>(), record_routes);
    call.learn(&ok);
    call.routes.clear();
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.run(crate::common::SECOND);
    scene.act(session, |session| session.end()).unwrap();
    let bye = scene.request(Method::Bye);
    assert_eq!(bye.uri(), "sip:desk@10.0.0.77:5070");
    assert_eq!(routes(&bye), record_routes);
}

#[test]
fn a_moved_contact_is_where_requests_go() {
    let mut scene = Scene::new(224);
    let (session, mut call, _) = scene.talk_in();
    let elsewhere = scene.world.add_peer("moved", address("10.0.0.20:5080"), address("10.0.0.1:5060"));
    // RFC 3261 12.2.2: a re-INVITE refreshes the remote target.
    call.contact = "<sip:moved@10.0.0.20:5080>".to_string();
    let sdp = call.sdp("sendrecv");
    scene.reinvite(&mut call, sdp);
    scene.act(session, |session| session.end()).unwrap();
    let bye = scene.world.expect_request(elsewhere, Method::Bye, crate::common::LONG).unwrap();
    assert_eq!(bye.uri(), "sip:moved@10.0.0.20:5080");
    assert!(matches!(bye.path, Path::Datagram(from) if from == address("10.0.0.1:5060")));
    assert!(scene.peer().requests(&Method::Bye).is_empty());
}
