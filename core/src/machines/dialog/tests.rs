//! Dialogs by the examples of the RFCs, and by what went wrong in other stacks.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;

use super::{Dialog, DialogError, DialogRejection, DialogState, id_of_request, id_of_response};
use crate::limits;
use crate::wire::sip::{HeaderName, Message, Method, StatusCode};

fn message(lines: &[&str]) -> Message {
    let text = format!("{}\r\nContent-Length: 0\r\n\r\n", lines.join("\r\n"));
    match Message::parse(Bytes::from(text)) {
        Ok(message) => message,
        Err(broken) => panic!("{:?}", broken.error),
    }
}

const ALICE: &str = "sip:alice@client.atlanta.example.com;transport=tcp";
const BOB: &str = "sip:bob@client.biloxi.example.com;transport=tcp";

/// RFC 3665 3.2 F4 without its body: Alice's INVITE as she sent it.
fn invite_of_alice() -> Message {
    message(&[
        "INVITE sip:bob@biloxi.example.com SIP/2.0",
        "Via: SIP/2.0/TCP client.atlanta.example.com:5060;branch=z9hG4bK74bf9",
        "Max-Forwards: 70",
        "Route: <sip:ss1.atlanta.example.com;lr>",
        "From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl",
        "To: Bob <sip:bob@biloxi.example.com>",
        "Call-ID: 3848276298220188511@atlanta.example.com",
        "CSeq: 2 INVITE",
        "Contact: <sip:alice@client.atlanta.example.com;transport=tcp>",
    ])
}

/// RFC 3665 3.2 F7 without its body: the INVITE as it reaches Bob.
fn invite_at_bob(record_route: &[&str]) -> Message {
    let mut lines = vec![
        "INVITE sip:bob@client.biloxi.example.com SIP/2.0",
        "Via: SIP/2.0/TCP ss2.biloxi.example.com:5060;branch=z9hG4bK721e4.1",
        "Max-Forwards: 68",
    ];
    lines.extend(record_route);
    lines.extend([
        "From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl",
        "To: Bob <sip:bob@biloxi.example.com>",
        "Call-ID: 3848276298220188511@atlanta.example.com",
        "CSeq: 2 INVITE",
        "Contact: <sip:alice@client.atlanta.example.com;transport=tcp>",
    ]);
    message(&lines)
}

const BOTH_PROXIES: &str = "Record-Route: <sip:ss2.biloxi.example.com;lr>,\r\n <sip:ss1.atlanta.example.com;lr>";

/// RFC 3665 3.2 F11 and F14: what Alice gets, with other fields as the test wants.
fn response_to_alice(status: &str, tag: &str, fields: &[&str]) -> Message {
    let start = format!("SIP/2.0 {status}");
    let to = format!("To: Bob <sip:bob@biloxi.example.com>{tag}");
    let mut lines = vec![
        start.as_str(),
        "Via: SIP/2.0/TCP client.atlanta.example.com:5060;branch=z9hG4bK74bf9;received=192.0.2.101",
        "From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl",
        to.as_str(),
        "Call-ID: 3848276298220188511@atlanta.example.com",
        "CSeq: 2 INVITE",
    ];
    lines.extend(fields);
    message(&lines)
}

fn ok_to_alice() -> Message {
    let contact = format!("Contact: <{BOB}>");
    response_to_alice("200 OK", ";tag=314159", &[BOTH_PROXIES, &contact])
}

fn dialog_of_alice() -> Dialog {
    Dialog::from_response(&invite_of_alice(), &ok_to_alice()).expect("a dialog")
}

/// A request of Alice within the dialog of [`dialog_of_bob`].
fn from_alice(method: &str, number: u32, fields: &[&str]) -> Message {
    let start = format!("{method} {BOB} SIP/2.0");
    let cseq = format!("CSeq: {number} {method}");
    let mut lines = vec![
        start.as_str(),
        "Via: SIP/2.0/TCP ss2.biloxi.example.com:5060;branch=z9hG4bK9",
        "From: Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl",
        "To: Bob <sip:bob@biloxi.example.com>;tag=314159",
        "Call-ID: 3848276298220188511@atlanta.example.com",
        cseq.as_str(),
    ];
    lines.extend(fields);
    message(&lines)
}

fn dialog_of_bob() -> Dialog {
    let invite = invite_at_bob(&[BOTH_PROXIES]);
    let mut dialog = Dialog::from_request(&invite, "314159").expect("a dialog");
    dialog.reply(&invite, StatusCode::OK, Some(BOB));
    dialog
}

fn routes(message: &Message) -> Vec<&str> {
    message.values(HeaderName::Route).collect()
}

fn field(message: &Message, name: HeaderName) -> &str {
    message.header(name).unwrap_or_else(|| panic!("no {}", name.as_str()))
}

/// RFC 3665 3.2 F15: the ACK goes through both proxies, nearest first, with the number of the INVITE.
#[test]
fn pain_1_route_set_of_the_ack() {
    let ack = dialog_of_alice().ack(2);
    assert_eq!(ack.method(), Some(&Method::Ack));
    assert_eq!(ack.uri(), BOB);
    assert_eq!(routes(&ack), ["<sip:ss1.atlanta.example.com;lr>", "<sip:ss2.biloxi.example.com;lr>"]);
    assert_eq!(field(&ack, HeaderName::From), "Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl");
    assert_eq!(field(&ack, HeaderName::To), "Bob <sip:bob@biloxi.example.com>;tag=314159");
    assert_eq!(field(&ack, HeaderName::CallId), "3848276298220188511@atlanta.example.com");
    assert_eq!(field(&ack, HeaderName::CSeq), "2 ACK");
    assert_eq!(field(&ack, HeaderName::MaxForwards), "70");
    assert_eq!(ack.headers(HeaderName::Via).count(), 0);
}

/// RFC 3665 3.2 F18: Bob's BYE takes the Record-Route values in the order in which he got them.
#[test]
fn pain_1_route_set_of_the_bye_of_the_callee() {
    let bye = dialog_of_bob().request(Method::Bye, BOB);
    assert_eq!(bye.uri(), ALICE);
    assert_eq!(routes(&bye), ["<sip:ss2.biloxi.example.com;lr>", "<sip:ss1.atlanta.example.com;lr>"]);
    assert_eq!(field(&bye, HeaderName::From), "Bob <sip:bob@biloxi.example.com>;tag=314159");
    assert_eq!(field(&bye, HeaderName::To), "Alice <sip:alice@atlanta.example.com>;tag=9fxced76sl");
    assert_eq!(field(&bye, HeaderName::CSeq), "1 BYE");
    assert_eq!(bye.headers(HeaderName::Contact).count(), 0);
}

/// The route set is the one of the 2xx also if the 180 had another, or none (RFC 3261 13.2.2.4).
#[test]
fn pain_1_the_2xx_replaces_the_route_set_of_the_180() {
    let earlier: [&[&str]; 2] = [&[], &["Record-Route: <sip:other.example.com;lr>"]];
    for early in earlier {
        let ringing = response_to_alice("180 Ringing", ";tag=314159", early);
        let mut dialog = Dialog::from_response(&invite_of_alice(), &ringing).expect("a dialog");
        assert_eq!(dialog.state(), DialogState::Early);
        dialog.request(Method::Prack, ALICE);
        dialog.confirm(&ok_to_alice()).expect("confirmed");
        assert_eq!(dialog.state(), DialogState::Confirmed);
        assert_eq!(routes(&dialog.ack(2)), ["<sip:ss1.atlanta.example.com;lr>", "<sip:ss2.biloxi.example.com;lr>"]);
        // Nothing but the route set and the target is computed anew.
        assert_eq!(field(&dialog.request(Method::Bye, ALICE), HeaderName::CSeq), "4 BYE");
    }
    let mut dialog = {
        let ringing = response_to_alice("180 Ringing", ";tag=314159", &[BOTH_PROXIES]);
        Dialog::from_response(&invite_of_alice(), &ringing).expect("a dialog")
    };
    let contact = format!("Contact: <{BOB}>");
    dialog.confirm(&response_to_alice("200 OK", ";tag=314159", &[&contact])).expect("confirmed");
    assert!(dialog.route_set().is_empty());
}

/// Neither the Route of the INVITE nor Record-Route within the dialog is the dialog's route set.
#[test]
fn pain_1_later_messages_do_not_change_the_route_set() {
    let mut dialog = dialog_of_alice();
    let before = dialog.route_set().to_vec();
    let again = response_to_alice("200 OK", ";tag=314159", &["Record-Route: <sip:new.example.com;lr>"]);
    dialog.on_response(&Method::Invite, &again).expect("fine");
    dialog.confirm(&again).expect("fine");
    assert_eq!(dialog.route_set(), before);

    let mut dialog = dialog_of_bob();
    let before = dialog.route_set().to_vec();
    let fields = ["Record-Route: <sip:new.example.com;lr>", "Contact: <sip:alice@new.example.com>"];
    dialog.on_request(&from_alice("INVITE", 3, &fields)).expect("in order");
    assert_eq!(dialog.route_set(), before);

    let plain = response_to_alice("200 OK", ";tag=1", &["Contact: <sip:bob@b>"]);
    let mut dialog = Dialog::from_response(&invite_of_alice(), &plain).expect("a dialog");
    assert!(routes(&dialog.request(Method::Bye, ALICE)).is_empty());
}

/// In-dialog requests go to the peer's latest Contact: sipgo#361, rvoip#176, #184, livekit/sip#528, pjproject#3783.
#[test]
fn pain_2_requests_go_to_the_latest_contact() {
    let mut dialog = dialog_of_bob();
    assert_eq!(dialog.request(Method::Info, BOB).uri(), ALICE);
    for (method, number) in [("INVITE", 3), ("UPDATE", 4), ("SUBSCRIBE", 5), ("NOTIFY", 6), ("REFER", 7)] {
        let contact = format!("Contact: \"Alice, at {number}\" <sip:alice@10.0.0.{number}:5070;ob>;expires=60");
        let request = from_alice(method, number, &[&contact]);
        dialog.on_request(&request).expect("in order");
        dialog.reply(&request, StatusCode::OK, Some(BOB));
        let target = format!("sip:alice@10.0.0.{number}:5070;ob");
        assert_eq!(dialog.remote_target(), target, "{method}");
        let bye = dialog.request(Method::Bye, BOB);
        assert_eq!(bye.uri(), target);
        assert_eq!(routes(&bye).len(), 2);
    }
    let refreshed = String::from(dialog.remote_target());
    for method in ["INFO", "MESSAGE", "OPTIONS", "BYE", "PRACK", "ACK"] {
        let request = from_alice(method, 8, &["Contact: <sip:elsewhere.example.com>"]);
        dialog.on_request(&request).expect("in order");
        assert_eq!(dialog.remote_target(), refreshed, "{method}");
    }
}

#[test]
fn pain_2_responses_to_target_refreshes_bring_the_contact() {
    let mut dialog = dialog_of_alice();
    let moved = response_to_alice("200 OK", ";tag=314159", &["Contact: <sip:bob@192.0.2.7>"]);
    dialog.on_response(&Method::Info, &moved).expect("fine");
    assert_eq!(dialog.remote_target(), BOB);
    let ringing = response_to_alice("180 Ringing", ";tag=314159", &["Contact: <sip:bob@192.0.2.8>"]);
    dialog.on_response(&Method::Invite, &ringing).expect("fine");
    let refused = response_to_alice("488 Not Acceptable Here", ";tag=314159", &["Contact: <sip:bob@192.0.2.9>"]);
    dialog.on_response(&Method::Invite, &refused).expect("fine");
    assert_eq!(dialog.remote_target(), BOB);
    dialog.on_response(&Method::Update, &moved).expect("fine");
    assert_eq!(dialog.remote_target(), "sip:bob@192.0.2.7");
    // A retransmission of the first 2xx does not turn it back.
    dialog.confirm(&ok_to_alice()).expect("fine");
    assert_eq!(dialog.request(Method::Bye, ALICE).uri(), "sip:bob@192.0.2.7");
}

/// RFC 6141 4.6: a refused target refresh is taken back, unless a request went to the new target already.
#[test]
fn a_refused_target_refresh_is_taken_back() {
    let moved = from_alice("INVITE", 3, &["Contact: <sip:alice@192.0.2.1>"]);
    let mut dialog = dialog_of_bob();
    dialog.on_request(&moved).expect("in order");
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1");
    dialog.reply(&moved, StatusCode::TRYING, None);
    dialog.reply(&moved, StatusCode::NOT_ACCEPTABLE_HERE, None);
    assert_eq!(dialog.remote_target(), ALICE);

    let mut dialog = dialog_of_bob();
    dialog.on_request(&moved).expect("in order");
    dialog.request(Method::Info, BOB);
    dialog.reply(&moved, StatusCode::NOT_ACCEPTABLE_HERE, None);
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1");

    let mut dialog = dialog_of_bob();
    dialog.on_request(&moved).expect("in order");
    let info = from_alice("INFO", 4, &[]);
    dialog.on_request(&info).expect("in order");
    dialog.reply(&info, StatusCode::NOT_ACCEPTABLE_HERE, None);
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1", "another request was refused");
    dialog.reply(&moved, StatusCode::OK, Some(BOB));
    dialog.reply(&moved, StatusCode::NOT_ACCEPTABLE_HERE, None);
    assert_eq!(dialog.remote_target(), "sip:alice@192.0.2.1", "it was accepted before");
}

/// RFC 3261 16.12.1.1, both ends.
#[test]
fn basic_sip_trapezoid() {
    let record_route = ["Record-Route: <sip:p2.domain.com;lr>", "Record-Route: <sip:p1.example.com;lr>"];
    let mut fields = record_route.to_vec();
    fields.push("Contact: sip:callee@u2.domain.com");
    let mut u1 =
        Dialog::from_response(&invite_of_alice(), &response_to_alice("200 OK", ";tag=a", &fields)).expect("a dialog");
    let bye = u1.request(Method::Bye, "sip:caller@u1.example.com");
    assert_eq!(bye.uri(), "sip:callee@u2.domain.com");
    assert_eq!(routes(&bye), ["<sip:p1.example.com;lr>", "<sip:p2.domain.com;lr>"]);
    assert_eq!(u1.next_hop(), "sip:p1.example.com;lr");

    let u2 = Dialog::from_request(&invite_at_bob(&record_route), "a").expect("a dialog");
    assert_eq!(u2.remote_target(), ALICE);
    assert_eq!(u2.route_set(), ["<sip:p2.domain.com;lr>", "<sip:p1.example.com;lr>"]);
    assert_eq!(u2.next_hop(), "sip:p2.domain.com;lr");
}

/// RFC 3261 16.12.1.2: a strict router further on is the business of the proxy before it.
#[test]
fn traversing_a_strict_routing_proxy() {
    let invite = invite_at_bob(&[
        "Record-Route: <sip:p4.domain.com;lr>",
        "Record-Route: <sip:p3.middle.com>",
        "Record-Route: <sip:p2.example.com;lr>",
        "Record-Route: <sip:p1.example.com;lr>",
    ]);
    let bye = Dialog::from_request(&invite, "a").expect("a dialog").request(Method::Bye, BOB);
    assert_eq!(bye.uri(), ALICE);
    assert_eq!(
        routes(&bye),
        ["<sip:p4.domain.com;lr>", "<sip:p3.middle.com>", "<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]
    );
}

/// RFC 3261 16.12.1.3: the UAC believes the Record-Route of the response, not what it knows of the request.
#[test]
fn rewritten_record_route() {
    let fields =
        ["Contact: <sip:callee@u2.rightprivatespace.com>", "Record-Route: <sip:gateway.leftprivatespace.com;lr>"];
    let response = response_to_alice("200 OK", ";tag=a", &fields);
    let bye = Dialog::from_response(&invite_of_alice(), &response).expect("a dialog").request(Method::Bye, ALICE);
    assert_eq!(bye.uri(), "sip:callee@u2.rightprivatespace.com");
    assert_eq!(routes(&bye), ["<sip:gateway.leftprivatespace.com;lr>"]);
}

/// The example of RFC 3261 12.2.1.1, and the stripping it asks for.
#[test]
fn a_strict_router_first() {
    let fields = [
        "Record-Route: <sip:proxy4>, <sip:proxy3;lr>",
        "Record-Route: <sip:proxy2>",
        "Record-Route: <sip:proxy1;method=INVITE;transport=tcp?Subject=x>",
        "Contact: <sip:user@remoteua>",
    ];
    let response = response_to_alice("200 OK", ";tag=a", &fields);
    let mut dialog = Dialog::from_response(&invite_of_alice(), &response).expect("a dialog");
    for request in [dialog.ack(2), dialog.request(Method::Bye, ALICE)] {
        assert_eq!(request.uri(), "sip:proxy1;transport=tcp");
        assert_eq!(routes(&request), ["<sip:proxy2>", "<sip:proxy3;lr>", "<sip:proxy4>", "<sip:user@remoteua>"]);
    }
    assert_eq!(dialog.next_hop(), "sip:proxy1;method=INVITE;transport=tcp?Subject=x");
}

/// `lr=on` and `LR` are loose routers too; `lr` outside of `<>` is meant to be inside.
#[test]
fn loose_routers_in_odd_spellings() {
    for spelling in ["<sip:p;lr=on>", "<sip:p;LR>", "<sip:p;transport=udp;lr>;x=y", "sip:p;lr"] {
        let fields = [format!("Record-Route: {spelling}"), format!("Contact: <{BOB}>")];
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let response = response_to_alice("200 OK", ";tag=a", &fields);
        let mut dialog = Dialog::from_response(&invite_of_alice(), &response).expect("a dialog");
        let bye = dialog.request(Method::Bye, ALICE);
        assert_eq!(bye.uri(), BOB, "{spelling}");
        assert_eq!(routes(&bye), [if spelling.starts_with('<') { spelling } else { "<sip:p;lr>" }]);
    }
}

#[test]
fn numbers_grow_by_one_in_each_direction() {
    let mut dialog = dialog_of_alice();
    assert_eq!((dialog.local_seq(), dialog.remote_seq()), (Some(2), None));
    for (method, cseq) in [(Method::Info, "3 INFO"), (Method::Invite, "4 INVITE"), (Method::Ack, "4 ACK")] {
        assert_eq!(field(&dialog.request(method, ALICE), HeaderName::CSeq), cseq);
    }
    assert_eq!(field(&dialog.request(Method::Bye, ALICE), HeaderName::CSeq), "5 BYE");
}

/// RFC 3261 12.2.2.
#[test]
fn requests_out_of_order_are_refused_with_500() {
    let mut dialog = dialog_of_bob();
    dialog.on_request(&from_alice("INFO", 20, &[])).expect("gaps are fine");
    assert_eq!(dialog.remote_seq(), Some(20));
    let late = from_alice("INVITE", 19, &["Contact: <sip:late.example.com>"]);
    let rejection = dialog.on_request(&late).expect_err("out of order");
    assert_eq!(rejection, DialogRejection::OutOfOrder { number: 19, newest: 20 });
    assert_eq!(rejection.status(), StatusCode::SERVER_INTERNAL_ERROR);
    assert_eq!((dialog.remote_seq(), dialog.remote_target()), (Some(20), ALICE));
    // ACK and CANCEL carry the number of their INVITE.
    dialog.on_request(&from_alice("ACK", 2, &[])).expect("not counted");
    dialog.on_request(&from_alice("CANCEL", 2, &[])).expect("not counted");
    dialog.on_request(&from_alice("INFO", 20, &[])).expect("the transaction's matter");
    assert_eq!(dialog.remote_seq(), Some(20));
}

#[test]
fn an_unreadable_contact_changes_nothing() {
    let mut dialog = dialog_of_bob();
    for contact in ["Contact: *", "Contact: <>", "Contact: <nonsense>"] {
        let rejection = dialog.on_request(&from_alice("UPDATE", 9, &[contact])).expect_err("unreadable");
        assert!(matches!(rejection, DialogRejection::Field(_)), "{contact}");
        assert_eq!(rejection.status().class(), 4);
        assert_eq!((dialog.remote_seq(), dialog.remote_target()), (Some(2), ALICE));
    }
}

#[test]
fn replies_carry_tag_contact_and_record_route() {
    let invite = invite_at_bob(&[BOTH_PROXIES]);
    let mut dialog = Dialog::from_request(&invite, "314159").expect("a dialog");
    let trying = dialog.reply(&invite, StatusCode::TRYING, None);
    assert_eq!(field(&trying, HeaderName::To), "Bob <sip:bob@biloxi.example.com>");
    assert_eq!(trying.headers(HeaderName::RecordRoute).count(), 0);

    let ringing = dialog.reply(&invite, StatusCode::RINGING, Some(BOB));
    assert_eq!(dialog.state(), DialogState::Early);
    let ok = dialog.reply(&invite, StatusCode::OK, Some(BOB));
    assert_eq!(dialog.state(), DialogState::Confirmed);
    for reply in [&ringing, &ok] {
        assert_eq!(field(reply, HeaderName::To), "Bob <sip:bob@biloxi.example.com>;tag=314159");
        assert_eq!(field(reply, HeaderName::Contact), format!("<{BOB}>"));
        let copied: Vec<&str> = reply.values(HeaderName::RecordRoute).collect();
        assert_eq!(copied, ["<sip:ss2.biloxi.example.com;lr>", "<sip:ss1.atlanta.example.com;lr>"]);
    }

    let mut refused = Dialog::from_request(&invite, "314159").expect("a dialog");
    let busy = refused.reply(&invite, StatusCode::BUSY_HERE, None);
    assert_eq!(field(&busy, HeaderName::To), "Bob <sip:bob@biloxi.example.com>;tag=314159");
    assert_eq!(busy.headers(HeaderName::RecordRoute).count(), 0);
    assert_eq!(refused.state(), DialogState::Early);

    // Requests within the dialog have our tag already, and do not confirm it.
    for (method, number, copied) in [("UPDATE", 3, 0), ("REFER", 4, 1)] {
        let request = from_alice(method, number, &[BOTH_PROXIES, "Contact: <sip:alice@192.0.2.1>"]);
        refused.on_request(&request).expect("in order");
        let ok = refused.reply(&request, StatusCode::OK, Some(BOB));
        assert_eq!(field(&ok, HeaderName::To), "Bob <sip:bob@biloxi.example.com>;tag=314159");
        assert_eq!(ok.headers(HeaderName::RecordRoute).count(), copied);
        assert_eq!(refused.state(), DialogState::Early);
    }
}

#[test]
fn target_refresh_requests_have_a_contact() {
    let mut dialog = dialog_of_alice();
    for method in [Method::Invite, Method::Update, Method::Subscribe, Method::Notify, Method::Refer] {
        let request = dialog.request(method, ALICE);
        assert_eq!(field(&request, HeaderName::Contact), format!("<{ALICE}>"));
    }
    let whole = "\"A\" <sip:alice@192.0.2.1>;+sip.instance=\"<urn:uuid:0>\"";
    assert_eq!(field(&dialog.request(Method::Invite, whole), HeaderName::Contact), whole);
    for method in [Method::Bye, Method::Info, Method::Prack, Method::Message] {
        assert_eq!(dialog.request(method, ALICE).headers(HeaderName::Contact).count(), 0);
    }
}

#[test]
fn both_ends_know_the_messages_of_their_dialog() {
    let mut alice = dialog_of_alice();
    let mut bob = dialog_of_bob();
    assert_eq!(id_of_response(&ok_to_alice()).as_ref(), Some(alice.id()));
    assert_eq!(id_of_request(&alice.request(Method::Bye, ALICE)).as_ref(), Some(bob.id()));
    assert_eq!(id_of_request(&bob.request(Method::Bye, BOB)).as_ref(), Some(alice.id()));
    assert_eq!(id_of_request(&alice.ack(2)).as_ref(), Some(bob.id()));
    assert_eq!(id_of_request(&invite_of_alice()), None);
    // Another fork is another dialog.
    let other = response_to_alice("200 OK", ";tag=other", &[]);
    assert_ne!(id_of_response(&other).as_ref(), Some(alice.id()));
}

/// RFC 3261 12.1.1, 12.1.2 and 12.2.1.1: peers of RFC 2543 have no tags.
#[test]
fn peers_without_tags() {
    let contact = format!("Contact: <{BOB}>");
    let response = response_to_alice("200 OK", "", &[&contact]);
    let mut dialog = Dialog::from_response(&invite_of_alice(), &response).expect("a dialog");
    assert_eq!(dialog.id().remote_tag, "");
    assert_eq!(field(&dialog.request(Method::Bye, ALICE), HeaderName::To), "Bob <sip:bob@biloxi.example.com>");

    let invite = message(&[
        "INVITE sip:bob@b SIP/2.0",
        "Via: SIP/2.0/UDP a",
        "From: sip:alice@a",
        "To: sip:bob@b;x=y",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        "Contact: sip:alice@192.0.2.1",
    ]);
    let mut dialog = Dialog::from_request(&invite, "b").expect("a dialog");
    let bye = dialog.request(Method::Bye, BOB);
    assert_eq!(field(&bye, HeaderName::To), "sip:alice@a");
    assert_eq!(field(&bye, HeaderName::From), "sip:bob@b;tag=b");
    assert_eq!(bye.uri(), "sip:alice@192.0.2.1");
}

#[test]
fn a_provisional_response_without_contact() {
    let ringing = response_to_alice("180 Ringing", ";tag=314159", &[]);
    let mut dialog = Dialog::from_response(&invite_of_alice(), &ringing).expect("a dialog");
    assert_eq!(dialog.remote_target(), "sip:bob@biloxi.example.com");
    let contact = format!("Contact: <{BOB}>");
    let progress = response_to_alice("183 Session Progress", ";tag=314159", &[&contact]);
    dialog.on_response(&Method::Invite, &progress).expect("fine");
    assert_eq!(dialog.remote_target(), BOB);
    // It is told now: an unreliable provisional response cannot change it (RFC 6141 4.7).
    let again = response_to_alice("183 Session Progress", ";tag=314159", &["Contact: <sip:elsewhere>"]);
    dialog.on_response(&Method::Invite, &again).expect("fine");
    assert_eq!(dialog.remote_target(), BOB);
}

#[test]
fn what_makes_no_dialog() {
    for status in ["100 Trying", "302 Moved Temporarily", "486 Busy Here"] {
        let response = response_to_alice(status, ";tag=1", &[]);
        let error = Dialog::from_response(&invite_of_alice(), &response).expect_err("no dialog");
        assert_eq!(error, DialogError::NotEstablishing, "{status}");
    }
    let mut early =
        Dialog::from_response(&invite_of_alice(), &response_to_alice("180 Ringing", ";tag=1", &[])).expect("a dialog");
    assert_eq!(early.confirm(&response_to_alice("486 Busy Here", ";tag=1", &[])), Err(DialogError::NotEstablishing));
    assert_eq!(early.state(), DialogState::Early);

    let mut invite = invite_at_bob(&[]);
    invite.remove(HeaderName::Contact);
    let error = Dialog::from_request(&invite, "b").expect_err("no Contact");
    assert_eq!(error.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn route_sets_are_capped() {
    let fields = |n: usize| {
        let mut fields: Vec<String> = (0..n).map(|i| format!("Record-Route: <sip:p{i};lr>")).collect();
        fields.push(format!("Contact: <{BOB}>"));
        fields
    };
    let dialog = |n: usize| {
        let fields = fields(n);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        Dialog::from_response(&invite_of_alice(), &response_to_alice("200 OK", ";tag=1", &fields))
    };
    assert_eq!(dialog(limits::ROUTE_SET).expect("fits").route_set().len(), limits::ROUTE_SET);
    assert_eq!(dialog(limits::ROUTE_SET + 1).expect_err("too long"), DialogError::TooManyRoutes);
}

#[test]
fn a_sips_request_uri_makes_a_secure_dialog() {
    let mut invite = invite_of_alice();
    assert!(!Dialog::from_response(&invite, &ok_to_alice()).expect("a dialog").is_secure());
    invite.set_uri("SIPS:bob@biloxi.example.com");
    assert!(Dialog::from_response(&invite, &ok_to_alice()).expect("a dialog").is_secure());
}
