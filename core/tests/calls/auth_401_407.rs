//! Challenges to our INVITE (RFC 3261 22, RFC 7616). What the digests are worth is tested beside their code.

use sansip_core::agent::Account;
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode};

use crate::common::{ANSWERED, CALLING, SECOND, Scene, header, told};

const CHALLENGE: &str =
    "Digest realm=\"example.com\", nonce=\"n0nce\", opaque=\"0p\", algorithm=MD5, qop=\"auth,auth-int\"";

fn scene(seed: u64) -> Scene {
    Scene::with_account(seed, |_| {}, Account::new("alice@10.0.0.1").unwrap().with_password("secret"))
}

/// The value of a parameter of a Digest, without quotes.
fn parameter<'a>(digest: &'a str, name: &str) -> Option<&'a str> {
    let digest = digest.strip_prefix("Digest ")?;
    digest.split(',').find_map(|part| {
        let (key, value) = part.trim().split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

fn check_answer(first: &Message, second: &Message, name: HeaderName) {
    assert_eq!(header(second, HeaderName::CallId), header(first, HeaderName::CallId));
    assert_eq!(header(second, HeaderName::From), header(first, HeaderName::From));
    assert_eq!(second.cseq().unwrap().number, first.cseq().unwrap().number + 1);
    assert_ne!(second.via().unwrap().branch(), first.via().unwrap().branch());
    let digest = header(second, name);
    for (key, value) in [
        ("username", "alice"),
        ("realm", "example.com"),
        ("nonce", "n0nce"),
        ("opaque", "0p"),
        ("uri", second.uri()),
        ("qop", "auth"),
        ("nc", "00000001"),
    ] {
        assert_eq!(parameter(digest, key), Some(value), "{key} in {digest}");
    }
    let response = parameter(digest, "response").unwrap();
    assert!(response.len() == 32 && response.bytes().all(|b| b.is_ascii_hexdigit()), "{digest}");
}

fn challenged_by(seed: u64, status: StatusCode, challenge: HeaderName, answer: HeaderName) {
    let mut scene = scene(seed);
    let session = scene.dial();
    let first = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&first);
    let mut refusal = call.reply(&first, status, None);
    refusal.push(challenge, CHALLENGE);
    scene.peer().reply(&first, refusal);
    let ack = scene.request(Method::Ack);
    assert_eq!(ack.via().unwrap().branch(), first.via().unwrap().branch());
    let second = scene.request(Method::Invite);
    check_answer(&first, &second, answer);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &second, StatusCode::OK, Some(sdp));
    let ack = scene.request(Method::Ack);
    // RFC 3261 22.1: the ACK to a 2xx carries the credentials of its INVITE.
    assert_eq!(header(&ack, answer), header(&second, answer));
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
}

#[test]
fn a_401_is_answered_with_authorization() {
    challenged_by(210, StatusCode::UNAUTHORIZED, HeaderName::WwwAuthenticate, HeaderName::Authorization);
}

#[test]
fn a_407_is_answered_with_proxy_authorization() {
    let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    challenged_by(211, status, HeaderName::ProxyAuthenticate, HeaderName::ProxyAuthorization);
}

#[test]
fn a_wrong_password_is_tried_once() {
    let mut scene = scene(212);
    let session = scene.dial();
    let first = scene.request(Method::Invite);
    let call = scene.peer().answer(&first);
    let mut refusal = call.reply(&first, StatusCode::UNAUTHORIZED, None);
    refusal.push(HeaderName::WwwAuthenticate, CHALLENGE);
    scene.peer().reply(&first, refusal);
    let second = scene.request(Method::Invite);
    let mut refusal = call.reply(&second, StatusCode::UNAUTHORIZED, None);
    refusal.push(HeaderName::WwwAuthenticate, CHALLENGE);
    scene.peer().reply(&second, refusal);
    scene.run(SECOND);
    assert_eq!(scene.peer().requests(&Method::Invite).len(), 2);
    let failed = ["ChangedState(CALLING->TERMINATED)", "DidFail(remote 401 Unauthorized)", "DidEnd(remote)"];
    assert_eq!(scene.story(session), told(&[CALLING, &failed]));
}

#[test]
fn a_stale_nonce_is_replaced_without_giving_up() {
    let mut scene = scene(213);
    let session = scene.dial();
    let first = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&first);
    let mut refusal = call.reply(&first, StatusCode::UNAUTHORIZED, None);
    refusal.push(HeaderName::WwwAuthenticate, CHALLENGE);
    scene.peer().reply(&first, refusal);
    let second = scene.request(Method::Invite);
    let mut refusal = call.reply(&second, StatusCode::UNAUTHORIZED, None);
    refusal.push(HeaderName::WwwAuthenticate, CHALLENGE.replace("n0nce", "fresh") + ", stale=true");
    scene.peer().reply(&second, refusal);
    let third = scene.request(Method::Invite);
    assert_eq!(parameter(header(&third, HeaderName::Authorization), "nonce"), Some("fresh"));
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &third, StatusCode::OK, Some(sdp));
    scene.run(SECOND);
    // Two of them belong to the refusals.
    assert_eq!(scene.peer().requests(&Method::Ack).len(), 3);
    assert_eq!(scene.story(session), told(&[CALLING, ANSWERED]));
}

#[test]
fn without_a_password_the_401_is_the_answer() {
    let mut scene = Scene::new(214);
    let session = scene.dial();
    let first = scene.request(Method::Invite);
    let call = scene.peer().answer(&first);
    let mut refusal = call.reply(&first, StatusCode::UNAUTHORIZED, None);
    refusal.push(HeaderName::WwwAuthenticate, CHALLENGE);
    scene.peer().reply(&first, refusal);
    scene.request(Method::Ack);
    scene.run(SECOND);
    let failed = ["ChangedState(CALLING->TERMINATED)", "DidFail(remote 401 Unauthorized)", "DidEnd(remote)"];
    assert_eq!(scene.story(session), told(&[CALLING, &failed]));
}
