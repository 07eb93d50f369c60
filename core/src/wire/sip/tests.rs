//! Messages as a whole.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::limits;

const INVITE: &str = "INVITE sip:bob@biloxi.com SIP/2.0\r\n\
    Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/TCP p;branch=z9hG4bK1\r\n\
    v: SIP/2.0/UDP q;branch=z9hG4bK2\r\n\
    Max-Forwards: 70\r\n\
    t: Bob <sip:bob@biloxi.com>\r\n\
    From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
    Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:alice@pc33.atlanta.com>\r\n\
    X-Foo: one\r\n\
    x-foo:  two\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 4\r\n\r\nv=0\n";

fn parse(text: impl Into<Bytes>) -> Message {
    Message::parse(text.into()).unwrap()
}

fn broken(text: impl Into<Bytes>) -> Broken {
    Message::parse(text.into()).unwrap_err()
}

fn written(message: &Message) -> String {
    let bytes = message.to_bytes();
    assert_eq!(bytes.len(), message.encoded_len());
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn an_invite_is_read() {
    let message = parse(INVITE);
    assert_eq!(
        (message.method(), message.uri(), message.status()),
        (Some(&Method::Invite), "sip:bob@biloxi.com", None)
    );
    assert_eq!(message.via().unwrap().branch(), Some("z9hG4bK776asdhds"));
    assert_eq!(message.all::<Via>().map(|via| via.unwrap().branch().unwrap()).collect::<Vec<_>>().len(), 3);
    assert_eq!(message.from().unwrap().tag(), Some("1928301774"));
    assert_eq!(message.to().unwrap().display_name().unwrap(), "Bob");
    assert_eq!(message.cseq().unwrap(), CSeq { number: 314159, method: Method::Invite });
    assert_eq!(message.call_id(), Ok("a84b4c76e66710@pc33.atlanta.com"));
    assert_eq!(message.contact().unwrap().unwrap().address().unwrap().uri.user(), Some("alice"));
    assert_eq!(message.max_forwards(), Ok(Some(70)));
    assert!(message.content_type().unwrap().unwrap().is_sdp());
    assert_eq!(message.other("X-FOO").collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(message.other("via").count(), 2);
    assert_eq!(message.get::<Expires>(), Err(ParseError::missing(HeaderName::Expires)));
    assert_eq!(message.find::<Expires>(), Ok(None));
    assert_eq!(message.body(), "v=0\n");
    assert_eq!(message.fields().nth(1).unwrap(), ("v", HeaderName::Via, "SIP/2.0/UDP q;branch=z9hG4bK2"));
    assert_eq!(message.len(), 12);
    message.validate().unwrap();
}

#[test]
fn what_was_read_is_written_as_it_came() {
    assert_eq!(written(&parse(INVITE)), INVITE);
    let bare_lf = INVITE.replace("\r\n", "\n");
    let again = written(&parse(bare_lf));
    assert_eq!(again, INVITE.replace("x-foo:  two", "x-foo: two"));
}

#[test]
fn folded_values_are_unfolded() {
    let message = parse(
        "\r\n\nBYE sip:a SIP/2.0\r\nTO :\r\n sip:b ;   \r\n\t tag = 1\r\nSubject: \r\n \r\nX: a\rb\r\r\nl: 0\r\n\r\n",
    );
    assert_eq!(message.header(HeaderName::To), Some("sip:b ; tag = 1"));
    assert_eq!(message.to().unwrap().tag(), Some("1"));
    assert_eq!(message.header(HeaderName::Subject), Some(""));
    assert_eq!(message.other("x").next(), Some("a b"));
    assert_eq!(
        written(&message),
        "BYE sip:a SIP/2.0\r\nTO: sip:b ; tag = 1\r\nSubject: \r\nX: a b\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn octets_that_are_not_utf_8_are_replaced_and_the_rest_is_read() {
    let message = parse(b"BYE sip:a SIP/2.0\r\nSubject: J\xF6rg\r\nX: \r\n \xFF\r\nl: 2\r\n\r\n\xFF\xFEz".to_vec());
    assert_eq!(message.header(HeaderName::Subject), Some("J\u{FFFD}rg"));
    assert_eq!(message.other("X").next(), Some("\u{FFFD}"));
    assert_eq!(message.body().as_ref(), b"\xFF\xFE");
    assert_eq!(message.uri(), "sip:a");
}

#[test]
fn fields_are_changed_in_place() {
    let mut message = parse(INVITE);
    message.prepend(HeaderName::Via, "SIP/2.0/TLS top;branch=z9hG4bK0");
    assert_eq!(message.via().unwrap().branch(), Some("z9hG4bK0"));
    assert!(message.remove_first_value(HeaderName::Via));
    assert!(message.remove_first_value(HeaderName::Via));
    assert_eq!(
        message.values(HeaderName::Via).collect::<Vec<_>>(),
        ["SIP/2.0/TCP p;branch=z9hG4bK1", "SIP/2.0/UDP q;branch=z9hG4bK2"]
    );
    assert!(written(&message).contains("SIP/2.0\r\nVia: SIP/2.0/TCP p;branch=z9hG4bK1\r\nv: SIP/2.0/UDP q"));
    assert!(message.remove_first_value(HeaderName::Via) && message.remove_first_value(HeaderName::Via));
    assert!(!message.remove_first_value(HeaderName::Via));
    message.set(HeaderName::MaxForwards, 69);
    message.set(HeaderName::Expires, Expires(60));
    message.push(HeaderName::Route, "<sip:one>, <sip:two>");
    message.push(HeaderName::Route, format_args!("<{}>", "sip:three"));
    assert_eq!(
        message.all::<Route>().map(|route| route.unwrap().uri.as_str()).collect::<Vec<_>>(),
        ["sip:one", "sip:two", "sip:three"]
    );
    message.set(HeaderName::Route, "<sip:four>");
    message.push_other("X-Bar", "  blank  ");
    message.prepend(HeaderName::Subject, "");
    message.set_uri("sip:new target@h");
    assert_eq!((message.remove_other("X-FOO"), message.remove_other("x-none")), (2, 0));
    message.set_body("text/plain", Bytes::from_static(b"hello"));
    assert_eq!(
        written(&message),
        "INVITE sip:new%20target@h SIP/2.0\r\nSubject: \r\nMax-Forwards: 69\r\nt: Bob <sip:bob@biloxi.com>\r\n\
         From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710@pc33.atlanta.com\r\n\
         CSeq: 314159 INVITE\r\nContact: <sip:alice@pc33.atlanta.com>\r\nContent-Type: text/plain\r\nExpires: 60\r\n\
         Route: <sip:four>\r\nX-Bar: blank\r\nContent-Length: 5\r\n\r\nhello"
    );
    message.clear_body();
    assert!(message.body().is_empty() && message.content_type().unwrap().is_none());
}

#[test]
fn no_value_ends_its_field() {
    let mut message = Message::request(Method::Options, "sip:a b\r\nEvil: 1");
    message.push(HeaderName::Subject, "a\r\nEvil: 1\n\rEvil: 2");
    message.push_other("X\r\nY: ", "b\n");
    message.push_other("", "c");
    assert_eq!(
        written(&message),
        "OPTIONS sip:a%20b%0D%0AEvil:%201 SIP/2.0\r\nSubject: a  Evil: 1  Evil: 2\r\nX--Y--: b\r\n-: c\r\nContent-Length: 0\r\n\r\n"
    );
    let response = Message::response(StatusCode::OK, "fine\r\nEvil: 1");
    assert_eq!(written(&response), "SIP/2.0 200 fine  Evil: 1\r\nContent-Length: 0\r\n\r\n");
    let mut out = vec![];
    parse(INVITE).write_reply(StatusCode::OK, None, |reply| reply.field(HeaderName::Subject, "a\r\nb"), &mut out);
    assert!(String::from_utf8(out).unwrap().contains("Subject: a  b\r\n"));
}

const REPLY: &str = "Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/TCP p;branch=z9hG4bK1\r\n\
    v: SIP/2.0/UDP q;branch=z9hG4bK2\r\n";

#[test]
fn a_reply_repeats_the_request() {
    let mut request = parse(INVITE);
    request.push(HeaderName::Timestamp, "54");
    request.push(HeaderName::RecordRoute, "<sip:r;lr>");
    let mut reply = request.reply(StatusCode::RINGING);
    assert_eq!(
        (reply.status(), reply.reason(), reply.is_request(), reply.uri()),
        (Some(StatusCode::RINGING), "Ringing", false, "")
    );
    let rest = "From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\nCall-ID: a84b4c76e66710@pc33.atlanta.com\r\nCSeq: 314159 INVITE\r\n";
    let text = written(&reply);
    assert_eq!(
        text,
        format!("SIP/2.0 180 Ringing\r\n{REPLY}t: Bob <sip:bob@biloxi.com>\r\n{rest}Content-Length: 0\r\n\r\n")
    );
    assert!(reply.set_to_tag("xyz") && !reply.set_to_tag("zyx"));
    reply.copy_from(&request, HeaderName::RecordRoute);
    reply.copy_from(&request, HeaderName::Contact);
    reply.set_body("a/b", Bytes::from_static(b"c"));
    assert_eq!(reply.to().unwrap().tag(), Some("xyz"));
    assert!(reply.header(HeaderName::Timestamp).is_none());
    assert_eq!(request.reply(StatusCode::TRYING).header(HeaderName::Timestamp), Some("54"));
    assert_eq!(request.reply_with_reason(StatusCode::OK, "Fine").reason(), "Fine");
    let mut again = reply.clone();
    again.copy_from(&parse(written(&reply)), HeaderName::Contact);
    assert_eq!(again.headers(HeaderName::Contact).collect::<Vec<_>>(), ["<sip:alice@pc33.atlanta.com>"; 2]);

    let mut out = vec![];
    request.write_reply(
        StatusCode::RINGING,
        Some("xyz"),
        |reply| {
            reply.copy(HeaderName::RecordRoute);
            reply.field(HeaderName::Contact, "<sip:b@c>");
            reply.body("a/b", b"c");
            reply.body("lost", b"lost");
            reply.copy(HeaderName::RecordRoute);
        },
        &mut out,
    );
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(
            "SIP/2.0 180 Ringing\r\n{REPLY}{rest}To: Bob <sip:bob@biloxi.com>;tag=xyz\r\nRecord-Route: <sip:r;lr>\r\n\
             Contact: <sip:b@c>\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\nc"
        )
    );
}

#[test]
fn owned_text_is_shared_where_it_was_received() {
    let mut message = parse(INVITE);
    message.push(HeaderName::Subject, "added");
    let id = message.call_id().unwrap();
    let owned = message.text(id);
    assert_eq!((owned.as_ptr(), &*owned), (id.as_ptr(), id));
    assert_eq!(&*message.text(message.header(HeaderName::Subject).unwrap()), "added");
    assert_eq!(&*message.text(""), "");
    assert_eq!(&*message.text("from elsewhere"), "from elsewhere");
}

#[test]
fn a_body_ends_where_content_length_says() {
    assert_eq!(parse("BYE sip:a SIP/2.0\r\n\r\nall of it").body(), "all of it");
    assert_eq!(parse("BYE sip:a SIP/2.0\r\nl: 3\r\nContent-Length: 3\r\n\r\nall of it").body(), "all");
    for (length, error) in [
        ("10", "Content-Length: larger than the datagram"),
        ("-1", "Content-Length: not a number, or two that differ"),
        ("3\r\nl: 4", "Content-Length: not a number, or two that differ"),
        ("99999999999999999999", "Content-Length: not a number, or two that differ"),
        ("262145", "body: too large"),
    ] {
        let broken = broken(format!("BYE sip:a SIP/2.0\r\nl: {length}\r\n\r\nall of it"));
        assert_eq!(broken.error.to_string(), error);
        assert_eq!(broken.message.unwrap().method(), Some(&Method::Bye));
    }
    let large = format!("BYE sip:a SIP/2.0\r\n\r\n{}", "x".repeat(limits::SIP_BODY + 1));
    assert_eq!(broken(large).error.status(), StatusCode::REQUEST_ENTITY_TOO_LARGE);
}

#[test]
fn what_is_no_message_is_refused_with_a_status() {
    for (text, status, salvaged) in [
        ("", 400, false),
        ("\r\n\r\n", 400, false),
        ("\0\0\0\0", 400, false),
        ("INVITE\r\n\r\n", 400, false),
        ("INV@ITE sip:a SIP/2.0\r\n\r\n", 400, false),
        ("INVITE sip:a\r\n\r\n", 400, true),
        ("INVITE sip:a HTTP/1.1\r\n\r\n", 400, true),
        ("INVITE sip:a SIP/x.y\r\n\r\n", 400, true),
        ("INVITE sip:a SIP/3.0\r\n\r\n", 505, true),
        ("INVITE sip:a\rb SIP/2.0\r\n\r\n", 400, true),
        ("INVITE sip:a b SIP/2.0\r\n\r\n", 400, true),
        ("INVITE  SIP/2.0\r\n\r\n", 400, true),
        ("SIP/2.0\r\n\r\n", 400, false),
        ("SIP/2.0 99 x\r\n\r\n", 400, false),
        ("SIP/2.0 700 x\r\n\r\n", 400, false),
        ("SIP/2.0 0200 x\r\n\r\n", 400, false),
        ("SIP/3.0 200 x\r\n\r\n", 505, false),
        ("BYE sip:a SIP/2.0\r\n", 400, true),
        ("BYE sip:a SIP/2.0\r\nTo: x\r\n", 400, true),
        ("BYE sip:a SIP/2.0\r\nTo: x", 400, true),
        ("BYE sip:a SIP/2.0\r\n folded\r\n\r\n", 400, true),
        ("BYE sip:a SIP/2.0\r\nno field\r\n\r\n", 400, true),
        ("BYE sip:a SIP/2.0\r\n: empty\r\n\r\n", 400, true),
    ] {
        let broken = broken(text);
        assert_eq!((broken.error.status().code(), broken.message.is_some()), (status, salvaged), "{text:?}: {broken}");
    }
    let salvaged = broken("BYE sip:a SIP/3.0\r\nno field\r\nVia: x\r\n\r\n").message.unwrap();
    assert_eq!(salvaged.reply(StatusCode::VERSION_NOT_SUPPORTED).header(HeaderName::Via), Some("x"));
    assert_eq!(parse("SIP/2.0 200\r\n\r\n").reason(), "");
    assert_eq!(parse("sip/2.0 200 a  b\r\n\r\n").reason(), "a  b");
}

#[test]
fn heads_are_capped() {
    let many = format!("BYE sip:a SIP/2.0\r\n{}\r\n", "X: y\r\n".repeat(limits::SIP_HEADERS + 1));
    let long = format!("BYE sip:a SIP/2.0\r\nX: {}\r\n\r\n", "x".repeat(limits::SIP_LINE));
    let folded = format!("BYE sip:a SIP/2.0\r\nX: {}\r\n\r\n", "x\r\n ".repeat(limits::SIP_LINE / 4));
    let large = format!("BYE sip:a SIP/2.0\r\n{}\r\n", format!("X: {}\r\n", "x".repeat(1000)).repeat(70));
    for text in [many, long, folded, large] {
        let broken = broken(text);
        assert_eq!(broken.error.status(), StatusCode::MESSAGE_TOO_LARGE);
        assert!(broken.message.is_some_and(|message| message.len() <= limits::SIP_HEADERS));
    }
    let uri = format!("BYE sip:{} SIP/2.0\r\n\r\n", "a".repeat(limits::SIP_LINE));
    assert_eq!(broken(uri).error.status(), StatusCode::REQUEST_URI_TOO_LONG);
}

#[test]
fn a_message_is_checked_on_request_only() {
    for (from, to, error) in [
        ("Max-Forwards: 70", "Max-Forwards: 256", "Max-Forwards: not a number from 0 to 255"),
        ("CSeq: 314159 INVITE", "CSeq: 314159 BYE", "CSeq: not the method of the request"),
        ("CSeq: 314159 INVITE\r\n", "", "CSeq: missing"),
        ("t: Bob", "Organization: Bob", "To: missing"),
        ("X-Foo: one", "i: one", "Call-ID: more than one"),
        ("X-Foo: one", "c: a/b", "Content-Type: more than one"),
        ("X-Foo: one", "Route: x", "Route: no scheme"),
        ("branch=z9hG4bK1", "", "Via: a parameter without a name"),
        ("sip:bob@biloxi.com SIP", "sip: SIP", "Request-URI: no host"),
        ("sip:bob@biloxi.com SIP", "sip:bob@b?a=b SIP", "Request-URI: headers in it"),
        ("<sip:alice@pc33", "<sip:alice<pc33", "Contact: not a host"),
    ] {
        let message = parse(INVITE.replacen(from, to, 1));
        assert_eq!(message.validate().unwrap_err().to_string(), error);
    }
    let unknown = parse(INVITE.replacen("INVITE", "FOO", 1)).validate().unwrap_err();
    assert_eq!(unknown.status(), StatusCode::NOT_IMPLEMENTED);
    parse(INVITE.replace("INVITE", "FOO")).validate().unwrap();
    parse(INVITE.replace("INVITE sip:bob@biloxi.com SIP/2.0", "SIP/2.0 200 OK")).validate().unwrap();
}

#[test]
fn weights_are_thousandths() {
    for (text, value) in [
        ("1", Some(1000)),
        ("0.5", Some(500)),
        ("1.000", Some(1000)),
        ("0", Some(0)),
        ("0.", Some(0)),
        (".25", Some(250)),
    ] {
        assert_eq!(weight(text), value, "{text}");
    }
    for text in ["", "1.1", "2", "0.1234", "-1", "0.5x", "x"] {
        assert_eq!(weight(text), None, "{text}");
    }
}

/// Header fields as a peer may write them.
fn field() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(HeaderName::ALL).prop_map(|name| name.as_str().to_string()),
        "[A-Za-z][A-Za-z0-9.!%*_+`'~-]{0,8}",
    ]
    .prop_filter("its value is its own affair", |name| HeaderName::parse(name) != HeaderName::ContentLength);
    (name, "[ \t]{0,2}", "[ \t]{0,2}", "[!-~é]([ -~é]{0,28}[!-~é])?")
        .prop_map(|(name, one, two, value)| format!("{name}{one}:{two}{value}\r\n"))
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(fields in prop::collection::vec(field(), 0..30), body in prop::collection::vec(0u8..=255, 0..60)) {
        let mut bytes = format!("INFO sip:a@b SIP/2.0\r\n{}Content-Length: {}\r\n\r\n", fields.concat(), body.len()).into_bytes();
        bytes.extend(&body);
        let message = parse(bytes.clone());
        prop_assert_eq!(message.to_bytes().to_vec(), bytes);
        prop_assert_eq!(message.body().as_ref(), &body[..]);
        prop_assert_eq!(message.len(), fields.len() + 1);
        for ((name, _, value), line) in message.fields().zip(&fields) {
            let (key, text) = line.split_once(':').unwrap();
            prop_assert_eq!((name, value), (key.trim(), text.trim()));
        }
    }

    #[test]
    fn what_is_built_reads_back(fields in prop::collection::vec(("[A-Z][a-z]{0,6}-[A-Z]", "\\PC{0,20}"), 0..20), status in 100u16..700) {
        let mut message = Message::response(StatusCode::new(status).unwrap(), "a reason");
        for (name, value) in &fields {
            message.push_other(name, value);
        }
        let back = parse(message.to_bytes());
        prop_assert_eq!(back.status(), message.status());
        let values: Vec<_> = back.fields().map(|(name, _, value)| (name, value)).take(fields.len()).collect();
        let given: Vec<_> = message.fields().map(|(name, _, value)| (name, value)).collect();
        prop_assert_eq!(values, given);
        prop_assert_eq!(back.to_bytes(), message.to_bytes());
    }
}
