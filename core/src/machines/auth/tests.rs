//! The authenticator against servers in all their spellings.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use bytes::Bytes;
use bytestring::ByteString;

use super::digest::{action, identity, nonce_count, response, session_key, username_hash};
use super::{Algorithm, AuthError, Authenticator, Credentials, Qop, Secret};
use crate::limits;
use crate::rng::Rng;
use crate::wire::sip::{HeaderName, Message, Method};

const REGISTRAR: &str = "sip:biloxi.com";

fn credentials(realm: Option<&str>, username: &str, password: &str) -> Credentials {
    Credentials { username: username.into(), password: Secret::new(password), realm: realm.map(ByteString::from) }
}

fn bob() -> Vec<Credentials> {
    vec![credentials(None, "bob", "zanzibar")]
}

fn register(number: u32) -> Message {
    request(Method::Register, number)
}

fn request(method: Method, number: u32) -> Message {
    let cseq = format!("{number} {method}");
    let mut request = Message::request(method, REGISTRAR);
    request.push(HeaderName::CallId, "843817637684230@998sdasdh09");
    request.push(HeaderName::CSeq, cseq);
    request
}

fn reply(status: &str, cseq: &str, fields: &[&str]) -> Message {
    let mut text = format!(
        "SIP/2.0 {status}\r\nVia: SIP/2.0/UDP ua.biloxi.com;branch=z9hG4bK1\r\nFrom: <sip:bob@biloxi.com>;tag=1\r\n\
         To: <sip:bob@biloxi.com>;tag=2\r\nCall-ID: 843817637684230@998sdasdh09\r\nCSeq: {cseq}\r\n"
    );
    for field in fields {
        text.push_str(field);
        text.push_str("\r\n");
    }
    text.push_str("Content-Length: 0\r\n\r\n");
    match Message::parse(Bytes::from(text)) {
        Ok(message) => message,
        Err(broken) => panic!("{:?}", broken.error),
    }
}

fn unauthorized(number: u32, fields: &[&str]) -> Message {
    reply("401 Unauthorized", &format!("{number} REGISTER"), fields)
}

/// A parameter of an Authorization value as written, quotes and all.
fn raw<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let params = value.strip_prefix("Digest ").expect("digest").split(", ");
    params.filter_map(|param| param.split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value)
}

fn plain<'a>(value: &'a str, name: &str) -> &'a str {
    raw(value, name).unwrap_or_else(|| panic!("no {name} in {value}")).trim_matches('"')
}

fn authorization(request: &Message) -> &str {
    request.header(HeaderName::Authorization).expect("an Authorization")
}

/// The response that a server would compute from what the request says.
fn expected(value: &str, method: &str, body: &[u8], username: &str, password: &str) -> String {
    let algorithm = raw(value, "algorithm").map_or(Algorithm::default(), |a| Algorithm::parse(a).expect("known"));
    let qop = Qop::choose(raw(value, "qop")).expect("known");
    let (nonce, cnonce) = (plain(value, "nonce"), raw(value, "cnonce").unwrap_or("").trim_matches('"'));
    let mut key = identity(algorithm.hash, username, plain(value, "realm"), password);
    if algorithm.session {
        key = session_key(algorithm.hash, &key, nonce, cnonce);
    }
    let action = action(algorithm.hash, qop, method, plain(value, "uri"), body);
    response(algorithm.hash, &key, nonce, qop, raw(value, "nc").unwrap_or(""), cnonce, &action)
}

struct Client {
    authenticator: Authenticator,
    rng: Rng,
}

impl Client {
    fn new() -> Client {
        Client { authenticator: Authenticator::new(), rng: Rng::from_seed([3; 32]) }
    }

    fn challenged(&mut self, number: u32, fields: &[&str]) -> Result<(), AuthError> {
        self.authenticator.on_challenge(&unauthorized(number, fields), &bob())
    }

    fn send(&mut self, mut request: Message) -> Message {
        self.authenticator.authorize(&mut request, &mut self.rng);
        request
    }
}

#[test]
fn the_password_never_shows() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"n\""]).expect("answered");
    client.send(register(2));
    let shown = format!("{:?} {:?}", bob(), client.authenticator);
    assert!(shown.contains("bob") && shown.contains("***"));
    assert!(!shown.contains("zanzibar"));
    // H(A1) is as good as the password.
    assert!(!shown.contains(&identity(Algorithm::default().hash, "bob", "biloxi.com", "zanzibar")));
}

#[test]
fn each_parameter_is_quoted_as_rfc_7616_wants() {
    let mut client = Client::new();
    let challenge = "WWW-Authenticate: Digest realm=\"biloxi.com\", qop=\"auth,auth-int\", algorithm=MD5, \
                     nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    client.challenged(1, &[challenge]).expect("answered");
    let sent = client.send(register(2));
    let value = authorization(&sent);
    assert_eq!(raw(value, "username"), Some("\"bob\""));
    assert_eq!(raw(value, "realm"), Some("\"biloxi.com\""));
    assert_eq!(raw(value, "nonce"), Some("\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""));
    assert_eq!(raw(value, "uri"), Some("\"sip:biloxi.com\""));
    assert_eq!(raw(value, "algorithm"), Some("MD5"));
    assert_eq!(raw(value, "opaque"), Some("\"5ccc069c403ebaf9f0171e9517f40e41\""));
    assert_eq!(raw(value, "qop"), Some("auth"));
    assert_eq!(raw(value, "nc"), Some("00000001"));
    assert!(raw(value, "cnonce").is_some_and(|cnonce| cnonce.starts_with('"') && cnonce.len() > 16));
    assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
    assert_eq!(sent.headers(HeaderName::ProxyAuthorization).count(), 0);
}

/// RFC 3665 3.2 F2: an empty opaque comes back empty, `stale=FALSE` is not stale.
#[test]
fn the_challenge_of_rfc_3665() {
    let mut client = Client::new();
    let challenge = reply(
        "407 Proxy Authorization Required",
        "1 INVITE",
        &[
            "Proxy-Authenticate: Digest realm=\"atlanta.example.com\", qop=\"auth\",",
            " nonce=\"f84f1cec41e6cbe5aea9c8e88d359\",",
            " opaque=\"\", stale=FALSE, algorithm=MD5",
        ],
    );
    client.authenticator.on_challenge(&challenge, &bob()).expect("answered");
    let sent = client.send(request(Method::Invite, 2));
    let value = sent.header(HeaderName::ProxyAuthorization).expect("a Proxy-Authorization");
    assert_eq!(raw(value, "opaque"), Some("\"\""));
    assert_eq!(plain(value, "response"), expected(value, "INVITE", b"", "bob", "zanzibar"));
    assert_eq!(sent.headers(HeaderName::Authorization).count(), 0);
}

/// The digest of RFC 2069: no qop, so no cnonce and no nc; no algorithm, so MD5 and none sent.
#[test]
fn a_server_of_rfc_2069() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"n\""]).expect("answered");
    let sent = client.send(register(2));
    let value = authorization(&sent);
    for absent in ["qop", "nc", "cnonce", "opaque", "algorithm", "userhash"] {
        assert_eq!(raw(value, absent), None, "{absent}");
    }
    assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
}

/// Digest that does not interoperate: rsipstack#22, rustpbx#146, ezk#59.
#[test]
fn pain_5_sha_256_offered_first_and_lists_of_qualities() {
    let spellings = ["qop=\"auth,auth-int\"", "qop=\"auth, auth-int\"", "qop=\"auth-int,auth\"", "qop=auth"];
    for qop in spellings {
        let mut client = Client::new();
        let sha = format!("WWW-Authenticate: Digest realm=\"biloxi.com\", {qop}, algorithm=SHA-256, nonce=\"n\"");
        let md5 = format!("WWW-Authenticate: Digest realm=\"biloxi.com\", {qop}, algorithm=MD5, nonce=\"m\"");
        client.challenged(1, &[&sha, &md5]).expect("answered");
        let sent = client.send(register(2));
        assert_eq!(sent.headers(HeaderName::Authorization).count(), 1, "one answer a realm");
        let value = authorization(&sent);
        assert_eq!((raw(value, "algorithm"), raw(value, "qop")), (Some("SHA-256"), Some("auth")), "{qop}");
        assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
    }
}

#[test]
fn the_strongest_known_algorithm_is_answered_wherever_it_stands() {
    let field = |algorithm: &str| format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm={algorithm}");
    let cases: [(&[&str], &str); 5] = [
        (&["MD5", "SHA-256"], "SHA-256"),
        (&["MD5", "SHA-512-256", "SHA-256"], "SHA-512-256"),
        (&["SHA-256", "SHA-512-256"], "SHA-256"),
        (&["AKAv1-MD5", "SHA-999", "MD5-sess"], "MD5-sess"),
        (&["md5", "sha-256-sess"], "sha-256-sess"),
    ];
    for (offered, chosen) in cases {
        let fields: Vec<String> = offered.iter().map(|algorithm| field(algorithm)).collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let mut client = Client::new();
        client.challenged(1, &fields).expect("answered");
        let sent = client.send(register(2));
        assert_eq!(raw(authorization(&sent), "algorithm"), Some(chosen), "{offered:?}");
    }
}

#[test]
fn several_challenges_in_one_field() {
    let mut client = Client::new();
    let field = "WWW-Authenticate: Basic realm=\"a, b\", Digest realm=\"biloxi.com\", nonce=\"m\", algorithm=MD5, \
                 Digest realm=\"biloxi.com\", nonce=\"s\", algorithm=SHA-256, qop=\"auth\"";
    client.challenged(1, &[field]).expect("answered");
    let sent = client.send(register(2));
    let value = authorization(&sent);
    assert_eq!((plain(value, "nonce"), raw(value, "algorithm")), ("s", Some("SHA-256")));
}

#[test]
fn auth_int_alone_protects_the_body() {
    let mut client = Client::new();
    let field = "WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256";
    client.challenged(1, &[field]).expect("answered");
    let mut message = register(2);
    message.set_body("text/plain", Bytes::from_static(b"hello"));
    let sent = client.send(message);
    let value = authorization(&sent);
    assert_eq!(raw(value, "qop"), Some("auth-int"));
    assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"hello", "bob", "zanzibar"));
    assert_ne!(plain(value, "response"), expected(value, "REGISTER", b"hallo", "bob", "zanzibar"));
}

#[test]
fn the_nonce_is_used_again_and_counted() {
    for algorithm in ["MD5", "MD5-sess"] {
        let mut client = Client::new();
        let field = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm={algorithm}");
        client.challenged(1, &[&field]).expect("answered");
        for count in 1..=11 {
            let sent = client.send(register(1 + count));
            let value = authorization(&sent);
            assert_eq!(raw(value, "nc"), Some(nonce_count(count).as_str()));
            assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
            client.authenticator.on_success(&reply("200 OK", &format!("{} REGISTER", 1 + count), &[]));
        }
    }
}

#[test]
fn a_stale_nonce_is_replaced_without_new_credentials() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""]).expect("answered");
    client.send(register(2));
    let stale = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\", stale=TRUE";
    client.challenged(2, &[stale]).expect("only the nonce was refused");
    let sent = client.send(register(3));
    let value = authorization(&sent);
    assert_eq!((plain(value, "nonce"), raw(value, "nc")), ("n2", Some("00000001")));
}

#[test]
fn refused_credentials_are_not_tried_again() {
    for again in ["n1", "n2"] {
        let mut client = Client::new();
        client.challenged(1, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""]).expect("answered");
        client.send(register(2));
        let field = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{again}\", qop=\"auth\"");
        assert_eq!(client.challenged(2, &[&field]), Err(AuthError::Refused { realm: "r".into() }));
        // Nothing is sent with the refused credentials, until others come.
        assert_eq!(client.send(register(3)).headers(HeaderName::Authorization).count(), 0);
        let other = [credentials(Some("r"), "bob", "correct")];
        client.authenticator.on_challenge(&unauthorized(3, &[&field]), &other).expect("other credentials");
        let sent = client.send(register(4));
        let value = authorization(&sent);
        assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "correct"));
    }
}

/// Servers forget nonces without saying `stale`. A nonce used unasked may be refused once.
#[test]
fn a_forgotten_nonce_is_not_a_wrong_password() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""]).expect("answered");
    client.send(register(2));
    client.authenticator.on_success(&reply("200 OK", "2 REGISTER", &[]));
    client.send(register(3));
    client.challenged(3, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n2\", qop=\"auth\""]).expect("a new nonce");
    assert_eq!(plain(authorization(&client.send(register(4))), "nonce"), "n2");
    assert!(matches!(
        client.challenged(4, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n3\", qop=\"auth\""]),
        Err(AuthError::Refused { .. })
    ));
}

/// Two requests leave before the first challenge comes: the second challenge does not refuse anything.
#[test]
fn requests_under_way_together_do_not_disturb_each_other() {
    let mut client = Client::new();
    let field = "WWW-Authenticate: Digest realm=\"r\", nonce=\"same\", qop=\"auth\"";
    client.send(request(Method::Message, 1));
    client.send(request(Method::Message, 2));
    for (challenged, again) in [(1, 3), (2, 4)] {
        let challenge = reply("401 Unauthorized", &format!("{challenged} MESSAGE"), &[field]);
        client.authenticator.on_challenge(&challenge, &bob()).expect("carried no credentials");
        let sent = client.send(request(Method::Message, again));
        // One nonce for both: it goes on counting.
        assert_eq!(raw(authorization(&sent), "nc"), Some(nonce_count(again - 2).as_str()));
    }
    let challenge = reply("401 Unauthorized", "3 MESSAGE", &[field]);
    assert!(matches!(client.authenticator.on_challenge(&challenge, &bob()), Err(AuthError::Refused { .. })));
}

#[test]
fn a_server_that_is_never_content_is_given_up() {
    let mut client = Client::new();
    let mut number = 1;
    client.send(register(number));
    let error = loop {
        let field = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n{number}\", qop=\"auth\", stale=true");
        if let Err(error) = client.challenged(number, &[&field]) {
            break error;
        }
        number += 1;
        assert!(number < 100, "loops for ever");
        client.send(register(number));
    };
    assert_eq!(error, AuthError::TooManyAttempts);
    assert_eq!(number as usize, limits::AUTH_ATTEMPTS + 1);
}

/// Each success lets the next request be challenged as often as the first.
#[test]
fn success_begins_the_count_anew() {
    let mut client = Client::new();
    for round in 0..20u32 {
        let number = 1 + 2 * round;
        client.send(register(number));
        let field = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n{round}\", qop=\"auth\", stale=true");
        client.challenged(number, &[&field]).expect("the first challenge of its request");
        client.send(register(number + 1));
        client.authenticator.on_success(&reply("200 OK", &format!("{} REGISTER", number + 1), &[]));
    }
}

/// RFC 3261 22.3: each proxy of a chain challenges in turn, then the server; all are answered together in the end.
#[test]
fn a_chain_of_proxies_and_a_server() {
    let mut client = Client::new();
    let p1 = reply(
        "407 Proxy Authentication Required",
        "1 INVITE",
        &["Proxy-Authenticate: Digest realm=\"p1\", nonce=\"n1\", qop=\"auth\""],
    );
    client.authenticator.on_challenge(&p1, &bob()).expect("answered");
    client.send(request(Method::Invite, 2));
    let p2 = reply(
        "407 Proxy Authentication Required",
        "2 INVITE",
        &["Proxy-Authenticate: Digest realm=\"p2\", nonce=\"n2\", qop=\"auth\""],
    );
    client.authenticator.on_challenge(&p2, &bob()).expect("answered");
    client.send(request(Method::Invite, 3));
    let server =
        reply("401 Unauthorized", "3 INVITE", &["WWW-Authenticate: Digest realm=\"p1\", nonce=\"n3\", qop=\"auth\""]);
    client.authenticator.on_challenge(&server, &bob()).expect("a server and a proxy of one name are two");
    let sent = client.send(request(Method::Invite, 4));
    let proxies: Vec<&str> = sent.headers(HeaderName::ProxyAuthorization).collect();
    let nonces: Vec<&str> = proxies.iter().map(|value| plain(value, "nonce")).collect();
    assert_eq!(nonces, ["n1", "n2"]);
    let counts: Vec<&str> = proxies.iter().map(|value| plain(value, "nc")).collect();
    assert_eq!(counts, ["00000003", "00000002"]);
    assert_eq!(plain(authorization(&sent), "nonce"), "n3");
}

/// RFC 3261 22.3: a forking proxy gathers all challenges in one response.
#[test]
fn both_kinds_of_challenge_in_one_response() {
    let mut client = Client::new();
    let both = reply(
        "407 Proxy Authentication Required",
        "1 INVITE",
        &["Proxy-Authenticate: Digest realm=\"p\", nonce=\"np\"", "WWW-Authenticate: Digest realm=\"s\", nonce=\"ns\""],
    );
    client.authenticator.on_challenge(&both, &bob()).expect("answered");
    let sent = client.send(request(Method::Invite, 2));
    assert_eq!(sent.headers(HeaderName::ProxyAuthorization).count(), 1);
    assert_eq!(plain(authorization(&sent), "realm"), "s");
}

#[test]
fn credentials_belong_to_realms() {
    let known = [credentials(None, "anybody", "x"), credentials(Some("biloxi.com"), "bob", "zanzibar")];
    let mut client = Client::new();
    let field = "WWW-Authenticate: Digest realm=\"biloxi.com\", nonce=\"n\"";
    client.authenticator.on_challenge(&unauthorized(1, &[field]), &known).expect("answered");
    assert_eq!(plain(authorization(&client.send(register(2))), "username"), "bob");

    let only = [credentials(Some("biloxi.com"), "bob", "zanzibar")];
    let foreign = "WWW-Authenticate: Digest realm=\"evil.example\", nonce=\"n\"";
    let mut client = Client::new();
    assert_eq!(
        client.authenticator.on_challenge(&unauthorized(1, &[foreign]), &only),
        Err(AuthError::NoCredentials { realm: "evil.example".into() })
    );
    client.authenticator.on_challenge(&unauthorized(1, &[foreign, field]), &only).expect("one can be answered");
    assert_eq!(plain(authorization(&client.send(register(2))), "realm"), "biloxi.com");
}

#[test]
fn what_cannot_be_answered_says_why() {
    let mut client = Client::new();
    assert_eq!(client.challenged(1, &[]), Err(AuthError::Malformed));
    assert_eq!(client.challenged(1, &["WWW-Authenticate: Digest nonce=\"n\""]), Err(AuthError::Malformed));
    assert_eq!(client.challenged(1, &["WWW-Authenticate: Basic realm=\"r\""]), Err(AuthError::UnknownAlgorithm));
    for unknown in ["algorithm=SHA-512", "qop=\"auth-conf\""] {
        let field = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", {unknown}");
        assert_eq!(client.challenged(1, &[&field]), Err(AuthError::UnknownAlgorithm), "{unknown}");
    }
    let ok = reply("200 OK", "1 REGISTER", &[]);
    assert_eq!(client.authenticator.on_challenge(&ok, &bob()), Err(AuthError::NotAChallenge));
}

#[test]
fn quotes_and_backslashes_in_names_survive() {
    let mut client = Client::new();
    let known = [credentials(None, "b\"o\\b", "zanzibar")];
    let field = "WWW-Authenticate: Digest realm=\"a \\\"realm\\\"\", nonce=\"n\", opaque=\"o\\\\p\"";
    client.authenticator.on_challenge(&unauthorized(1, &[field]), &known).expect("answered");
    let sent = client.send(register(2));
    let value = authorization(&sent);
    assert_eq!(raw(value, "username"), Some("\"b\\\"o\\\\b\""));
    assert_eq!(raw(value, "realm"), Some("\"a \\\"realm\\\"\""));
    assert_eq!(raw(value, "opaque"), Some("\"o\\\\p\""));
    let algorithm = Algorithm::default();
    let key = identity(algorithm.hash, "b\"o\\b", "a \"realm\"", "zanzibar");
    let action = action(algorithm.hash, Qop::Absent, "REGISTER", REGISTRAR, b"");
    assert_eq!(plain(value, "response"), response(algorithm.hash, &key, "n", Qop::Absent, "", "", &action));
}

#[test]
fn user_names_are_hashed_on_demand() {
    let mut client = Client::new();
    let field = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256, charset=UTF-8, \
                 userhash=true";
    client.challenged(1, &[field]).expect("answered");
    let sent = client.send(register(2));
    let value = authorization(&sent);
    let algorithm = Algorithm::parse("SHA-256").expect("known");
    assert_eq!(plain(value, "username"), username_hash(algorithm.hash, "bob", "r"));
    assert_eq!(raw(value, "userhash"), Some("true"));
    assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
}

/// A user name from the application must not be able to write header fields.
#[test]
fn control_characters_go_in_the_extended_notation() {
    let mut client = Client::new();
    let known = [credentials(None, "bob\r\nX: y", "zanzibar")];
    let field = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
    client.authenticator.on_challenge(&unauthorized(1, &[field]), &known).expect("answered");
    let sent = client.send(register(2));
    assert_eq!(raw(authorization(&sent), "username*"), Some("UTF-8''bob%0D%0AX%3A%20y"));
    assert_eq!(raw(authorization(&sent), "username"), None);
}

#[test]
fn nextnonce_is_used_for_the_next_request() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", qop=\"auth\""]).expect("answered");
    let sent = client.send(register(2));
    let cnonce = plain(authorization(&sent), "cnonce");
    let info = format!("Authentication-Info: qop=auth, cnonce=\"{cnonce}\", nc=00000001, nextnonce=\"n,2=\"");
    client.authenticator.on_success(&reply("200 OK", "2 REGISTER", &[&info]));
    let sent = client.send(register(3));
    let value = authorization(&sent);
    assert_eq!((plain(value, "nonce"), raw(value, "nc")), ("n,2=", Some("00000001")));
    assert_eq!(plain(value, "response"), expected(value, "REGISTER", b"", "bob", "zanzibar"));
    // For whom it is not, it does nothing.
    let info = "Authentication-Info: cnonce=\"of another\", nextnonce=\"n3\"";
    client.authenticator.on_success(&reply("200 OK", "3 REGISTER", &[info]));
    assert_eq!(plain(authorization(&client.send(register(4))), "nonce"), "n,2=");
}

#[test]
fn old_fields_are_replaced_and_ack_and_cancel_are_left_alone() {
    let mut client = Client::new();
    client.challenged(1, &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n\""]).expect("answered");
    let mut message = register(2);
    message.push(HeaderName::Authorization, "Digest username=\"old\"");
    message.push(HeaderName::ProxyAuthorization, "Digest username=\"old\"");
    let sent = client.send(message);
    assert_eq!(sent.headers(HeaderName::Authorization).count(), 1);
    assert_eq!(sent.headers(HeaderName::ProxyAuthorization).count(), 0);
    assert_eq!(plain(authorization(&sent), "username"), "bob");
    for method in [Method::Ack, Method::Cancel] {
        let mut message = request(method, 2);
        message.push(HeaderName::Authorization, "Digest username=\"of the INVITE\"");
        assert_eq!(authorization(&client.send(message)), "Digest username=\"of the INVITE\"");
    }
}

#[test]
fn what_servers_can_make_grow_is_capped() {
    let mut client = Client::new();
    for number in 1..200u32 {
        let field = format!("WWW-Authenticate: Digest realm=\"r{number}\", nonce=\"n\"");
        let _ = client.challenged(number, &[&field]);
        let sent = client.send(register(number + 1));
        assert!(sent.headers(HeaderName::Authorization).count() <= limits::AUTH_REALMS);
    }
    let mut client = Client::new();
    let fields: Vec<String> =
        (0..100).map(|i| format!("WWW-Authenticate: Digest realm=\"r{i}\", nonce=\"n\"")).collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    client.challenged(1, &fields).expect("answered");
    assert_eq!(client.send(register(2)).headers(HeaderName::Authorization).count(), limits::AUTH_REALMS);
}
