//! No credential survives, in whatever form it comes; what is none stays readable.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::masked;

/// Everything that is secret in these tests has this in it.
const SECRET: &str = "s3cr3t";

fn assert_hidden(text: &str) -> String {
    let shown = masked(text.as_bytes());
    assert!(!shown.contains(SECRET), "{text:?} shows as {shown:?}");
    assert!(shown.contains("***"), "{text:?} shows as {shown:?}");
    shown
}

/// The text with another kind of line end, and with a fold at every blank unless it is folded already.
fn variants(text: &str) -> [String; 4] {
    let folded = |fold: &str| match text.split_once(':') {
        Some((name, value)) if !text.trim_end().contains('\n') => format!("{name}:{}", value.replace(' ', fold)),
        _ => text.to_string(),
    };
    [text.to_string(), text.replace("\r\n", "\n"), folded("\r\n "), folded("\n\t")]
}

#[test]
fn secrets_do_not_show() {
    let text = masked(
        b"REGISTER sip:a:hunter2@b SIP/2.0\r\nAuthorization: Digest username=\"u\", nonce=\"n1\", response=\"abcdef\", \
          qop=auth, cnonce=\"c1\"\r\nProxy-Authorization: Basic Zm9vOmJhcg==\r\n\r\na=crypto:1 AES inline:SECRET|2^20\r\n",
    );
    for secret in ["hunter2", "abcdef", "c1\"", "n1", "Zm9v", "SECRET"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("username=\"u\"") && text.contains("qop=auth") && text.contains("|2^20"));
}

#[test]
fn what_proves_nothing_is_shown() {
    let text = "Authorization: Digest username=\"alice\", realm=\"a, \\\"b\\\"\", nonce=\"s3cr3t\", \
                uri=\"sip:b.example.com\", response=\"s3cr3t\", algorithm=SHA-256, qop=auth, nc=00000001, \
                cnonce=\"s3cr3t\", opaque=\"s3cr3t\", userhash=false\r\n";
    assert_eq!(
        assert_hidden(text),
        "Authorization: Digest username=\"alice\", realm=\"a, \\\"b\\\"\", nonce=\"***\", uri=\"sip:b.example.com\", \
         response=\"***\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"***\", opaque=\"***\", userhash=false\r\n"
    );
    assert_eq!(
        masked(b"Authentication-Info: qop=auth, rspauth=\"x\", nc=1\r\n"),
        "Authentication-Info: qop=auth, rspauth=\"***\", nc=1\r\n"
    );
    assert_eq!(masked(b"Proxy-Authorization: Bearer abc.def\r\n"), "Proxy-Authorization: Bearer ***\r\n");
}

#[test]
fn every_form_of_credentials_is_hidden() {
    let fields = [
        "Authorization: Digest response=\"s3cr3t\"\r\n",
        "AUTHORIZATION: DIGEST RESPONSE=\"s3cr3t\"\r\n",
        "authorization : digest response = \"s3cr3t\" , username = \"u\"\r\n",
        "Proxy-Authorization: Digest username=\"u\",response=s3cr3t\r\n",
        "proxy-authorization\t:\tDigest\tresponse=\"s3cr3t\"\r\n",
        "Authorization: Digest username=\"a, response=b\", response=\"s3cr3t\"\r\n",
        "Authorization: Digest opaque=\"x, s3cr3t\", realm=\"r\"\r\n",
        "Authorization: Digest nonce=\"\\\", username=s3cr3t\"\r\n",
        "Authorization: Digest auts=\"s3cr3t\", anything=\"s3cr3t\"\r\n",
        // A backslash that was not escaped, a quote that does not end, commas that are missing.
        "Authorization: Digest username=\"DOMAIN\\\", response=\"s3cr3t\"\r\n",
        "Authorization: Digest username=\"u, response=\"s3cr3t\"\r\n",
        "Authorization: Digest response=\"s3cr3t\r\n",
        "Authorization: Digest username=\"u\" response=\"s3cr3t\"\r\n",
        "Authorization: Digest username=u response=s3cr3t\r\n",
        "Authorization: Digest s3cr3t\r\n",
        "Authorization: Digest ,, response=\"s3cr3t\"\r\n",
        "Authorization: Digest =\"s3cr3t\"\r\n",
        "Authorization: Digest s3cr3t==\r\n",
        "Authorization: Digest username=\"u\", s3cr3t=1\r\n",
        "Authorization: Digest <username>=\"s3cr3t\"\r\n",
        "Authorization:Digest response=\"s3cr3t\"\r\n",
        // Other schemes, known or not, and none.
        "Authorization: Basic s3cr3t\r\n",
        "Authorization: Basic realm=\"r\", s3cr3t\r\n",
        "Authorization: Bearer s3cr3t\r\n",
        "Authorization: NTLM qop=\"auth\", gssapi-data=\"s3cr3t\"\r\n",
        "Authorization: NoOneKnowsThisScheme opaque-data=s3cr3t\r\n",
        "Authorization: s3cr3t\r\n",
        "Authorization: s3cr3t s3cr3t\r\n",
        "Authorization: response=\"s3cr3t\"\r\n",
        "Authorization: Digest\r\n response=\"s3cr3t\"\r\n",
        "Authorization: Digest username=\"u\",\r\n\tresponse=\"s3cr3t\"\r\n",
        "Authorization:\r\n Digest\r\n response\r\n =\r\n \"s3cr3t\"\r\n",
        // The server's proof, and what the next one will be made of.
        "Authentication-Info: rspauth=\"s3cr3t\", cnonce=\"s3cr3t\", nextnonce=\"s3cr3t\"\r\n",
        "Proxy-Authentication-Info: nextnonce=\"s3cr3t\", qop=auth\r\n",
        "authentication-info: s3cr3t\r\n",
        // A password in what is shown.
        "Authorization: Digest uri=\"sip:u:s3cr3t@h\", username=\"u\"\r\n",
        "Authorization: Digest username=\"sip:u:s3cr3t@h\"\r\n",
    ];
    for field in fields {
        for text in variants(field) {
            assert_hidden(&text);
            let message = format!("INVITE sip:b SIP/2.0\r\nCall-ID: c\r\n{text}CSeq: 1 INVITE\r\n\r\n");
            let shown = assert_hidden(&message);
            assert!(shown.ends_with("CSeq: 1 INVITE\r\n\r\n"), "{shown:?}: the rest is there");
            // Within a body of type message/sipfrag, and cut off in the middle.
            assert_hidden(&format!("\r\n{}", text.trim_end()));
        }
    }
}

#[test]
fn passwords_in_uris_are_hidden() {
    let lines = [
        "REGISTER sip:u:s3cr3t@h SIP/2.0\r\n",
        "From: <sip:u:s3cr3t@h>;tag=1\r\n",
        "f:sip:u:s3cr3t@h;tag=1\r\n",
        "Contact: <SIP:u:s3cr3t@h>, <sip:v@h>\r\n",
        "Contact: <sip:v@h>, <Sips:u:s3cr3t@h:5061>\r\n",
        "Contact: <sips:u:s3cr3t@h>, <sip:v:s3cr3t@h>\r\n",
        "Route: <sip:v@h;lr>,<sip:u:s3cr3t@[2001:db8::1];lr>\r\n",
        "Contact: sip:v@h,sip:u:s3cr3t@h\r\n",
        "To: <sip:u:a,s3cr3t@h>\r\n",
        "To: <sip:u:a=s3cr3t&$b@h>\r\n",
        "To: <sip:u;x=y:s3cr3t@h>\r\n",
        "To: <sip:u:p@s3cr3t@h>\r\n",
        "To: <sip:u:a:s3cr3t@h>\r\n",
        "To: \"sip:a@b\" <sip:u:s3cr3t@h>\r\n",
        "Call-Info: <http://u:s3cr3t@h/x>;purpose=icon\r\n",
        "Alert-Info: <https://u:s3cr3t@h>\r\n",
        "Refer-To: <sip:b@h?Replaces=x&Authorization=Digest%20response=%22s3cr3t%22&Subject=y>\r\n",
        "Refer-To: <sip:b@h?proxy-authorization=s3cr3t>\r\n",
        "Warning: 399 h \"bad URI sip:u:s3cr3t@h\"\r\n",
    ];
    for line in lines {
        assert_hidden(line);
        assert_hidden(&line.replace("\r\n", "\n"));
        assert_hidden(line.trim_end());
    }
    assert_eq!(masked(b"To: <sip:u:pw@h:5060;lr>;tag=1\r\n"), "To: <sip:u:***@h:5060;lr>;tag=1\r\n");
    assert_eq!(masked(b"Contact: <sip:u:pw@h>, <sip:v@h>\r\n"), "Contact: <sip:u:***@h>, <sip:v@h>\r\n");
    assert_eq!(
        masked(b"Refer-To: <sip:b@h?Authorization=x&Subject=y>"),
        "Refer-To: <sip:b@h?Authorization=***&Subject=y>"
    );
}

#[test]
fn keys_of_session_descriptions_are_hidden() {
    let lines = [
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cr3t\r\n",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cr3t|2^20|1:4 KDR=1\r\n",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cr3t|2^20|1:4;inline:s3cr3t|2^20|2:4\r\n",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cr3t;inline:s3cr3t;inline:s3cr3t\r\n",
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 INLINE:s3cr3t+/==|1:4\r\n",
        "a=crypto:1 AES inline:abc+/s3cr3t== FEC_ORDER=FEC_SRTP\r\n",
        "k=clear:s3cr3t\r\n",
        "k=base64:s3cr3t\r\n",
        "k=uri:https://h/s3cr3t\r\n",
        "a=key-mgmt:mikey s3cr3t\r\n",
        "a=ice-pwd:s3cr3t\r\n",
    ];
    for line in lines {
        assert_hidden(line);
        assert_hidden(&line.replace("\r\n", "\n"));
        assert_hidden(line.trim_end());
        assert_hidden(&format!("v=0\r\nm=audio 1 RTP/SAVP 0\r\n{line}a=sendrecv\r\n"));
    }
    assert_eq!(
        masked(b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:k1|2^20|1:4;inline:k2|2^20 KDR=1\r\n"),
        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20|1:4;inline:***|2^20 KDR=1\r\n"
    );
}

/// Our parser takes a lone CR for a blank; who reads it as a line end shall see nothing either.
#[test]
fn odd_line_ends_hide_nothing_from_the_mask() {
    for text in [
        "Subject: x\rAuthorization: Basic s3cr3t\r\n",
        "Subject: x\n\rAuthorization: Basic s3cr3t",
        "\r\r\r\nAuthorization: Basic s3cr3t\r",
        "Authorization: Basic\r s3cr3t\r\n",
        "a=x\rk=clear:s3cr3t\r",
    ] {
        assert_hidden(text);
    }
}

#[test]
fn octets_that_are_no_text_hide_nothing() {
    let shown =
        masked(b"X: \xff\xfe\r\nAuthorization: Digest username=\"\xff\", response=\"s3cr3t\xff\"\r\n\r\n\x00\xff");
    assert!(!shown.contains(SECRET), "{shown:?}");
    assert!(shown.starts_with("X: \u{fffd}\u{fffd}\r\n"));
    assert!(masked(b"").is_empty());
}

#[test]
fn a_message_without_secrets_is_shown_as_it_is() {
    let message = "INVITE sip:bob@b.example.com:5070;transport=tcp SIP/2.0\r\n\
                   Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1,\r\n SIP/2.0/UDP h\r\n\
                   From: \"A: b = c\" <sip:alice@[2001:db8::1]:5060?Subject=a%20b>;tag=f\r\n\
                   To: sip:bob@b.example.com\r\n\
                   Route: <sip:p1:5060;lr>,<sip:p2@h;lr>\r\n\
                   Contact: sip:a@h,sip:b@h2\r\n\
                   WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\
                   k: timer, 100rel\r\n\
                   Alert-Info: <http://h:80/x?y=z>\r\n\
                   Content-Type: application/sdp\r\n\r\n\
                   v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\na=rtpmap:0 PCMU/8000\r\na=ice-ufrag:abcd\r\n";
    assert_eq!(masked(message.as_bytes()), message);
}

/// A long line without an end is not looked at again and again.
#[test]
fn the_mask_is_linear() {
    for unit in ["sip:", "inline:", "sip:@", "a=", "sip:a:b@", "Authorization:", "\r\n ", "\"\\"] {
        let text = unit.repeat(200_000 / unit.len());
        assert!(masked(text.as_bytes()).len() <= text.len() * 2);
    }
}

/// One parameter as some peer may write it.
fn parameter() -> impl Strategy<Value = String> {
    let name = prop::sample::select(std::vec![
        "response", "nonce", "cnonce", "opaque", "auts", "x-token", "Response", "NONCE",
    ]);
    let equals = prop::sample::select(std::vec!["=", " =", "= ", " = ", "=\r\n "]);
    let value = ("[a-z,=: ]{0,5}", "[a-z,=: ]{0,5}").prop_map(|(a, b)| format!("\"{a}{SECRET}{b}\""));
    let secret = (name, equals, value).prop_map(|(name, equals, value)| format!("{name}{equals}{value}"));
    let harmless = prop::sample::select(std::vec![
        "username=\"u\"",
        "realm=\"a, b\"",
        "realm=\"a \\\" response=\"",
        "uri=\"sip:b:5060\"",
        "qop=auth",
        "nc=1",
        "qop=\"auth,auth-int\"",
        "algorithm=MD5",
        "",
        "garbage",
        "\"",
    ]);
    prop_oneof![secret, harmless.prop_map(String::from)]
}

proptest! {
    #[test]
    fn no_order_of_parameters_shows_a_secret(
        name in prop::sample::select(std::vec!["Authorization", "proxy-authorization ", "Authentication-Info"]),
        parameters in prop::collection::vec(parameter(), 0..8),
        comma in prop::sample::select(std::vec![",", ", ", " ,", ",\r\n ", " "]),
    ) {
        let scheme = if name.starts_with("Authentication") { "" } else { "Digest " };
        let text = format!("{name}: {scheme}{}\r\nX: y\r\n", parameters.join(comma));
        let shown = masked(text.as_bytes());
        prop_assert!(!shown.contains(SECRET), "{text:?} shows as {shown:?}");
        prop_assert!(shown.ends_with("X: y\r\n"), "{shown:?}");
    }

    #[test]
    fn any_octets_are_masked(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let shown = masked(&octets);
        let lines: Vec<&str> = shown.split(['\r', '\n']).collect();
        prop_assert!(!lines.is_empty());
    }

    #[test]
    fn what_is_masked_stays_masked(text in "(sip:|inline:|k=|a=ice-pwd:|Authorization:|[a-z@:;,<>\" =]|\r\n){0,60}") {
        let once = masked(text.as_bytes());
        prop_assert_eq!(masked(once.as_bytes()).matches("***").count(), once.matches("***").count());
    }
}
