//! The examples of RFC 3261, 19.1.3 and 19.1.4, and of RFC 3966; and properties.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> UriRef<'_> {
    UriRef::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn examples_of_19_1_3() {
    let parts = uri("sip:alice:secretword@atlanta.com;transport=tcp");
    assert_eq!((parts.user(), parts.password()), (Some("alice"), Some("secretword")));
    assert_eq!(
        (parts.host(), parts.port(), parts.transport()),
        (Host::Name("atlanta.com"), None, Some(Transport::Tcp))
    );
    let parts = uri("sips:alice@atlanta.com?subject=project%20x&priority=urgent");
    assert_eq!(parts.scheme(), Scheme::Sips);
    assert_eq!(parts.headers().collect::<Vec<_>>(), [("subject", "project%20x"), ("priority", "urgent")]);
    let parts = uri("sip:+1-212-555-1212:1234@gateway.com;user=phone");
    assert_eq!(
        (parts.user(), parts.password(), parts.user_param()),
        (Some("+1-212-555-1212"), Some("1234"), Some("phone"))
    );
    assert_eq!(uri("sip:alice@192.0.2.4").host(), Host::V4([192, 0, 2, 4].into()));
    let parts = uri("sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com");
    assert_eq!((parts.user(), parts.method()), (None, Some("REGISTER")));
    assert_eq!(uri("sip:alice;day=tuesday@atlanta.com").user(), Some("alice;day=tuesday"));
    let parts = uri("SIP:*21#@[2001:db8::1]:5070;lr;maddr=224.0.0.1;ttl=15");
    assert_eq!((parts.host(), parts.port()), (Host::V6("2001:db8::1".parse().unwrap()), Some(5070)));
    assert_eq!((parts.is_lr(), parts.maddr(), parts.ttl()), (true, Some(Host::V4([224, 0, 0, 1].into())), Some(15)));
    assert_eq!(uri("sip:a%20%C3%A9b@c").user_unescaped().as_deref(), Some("a éb"));
}

#[test]
fn equal_by_19_1_4() {
    for (one, two) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:DB8::1]", "sip:a@[2001:db8:0::1]"),
        ("tel:+1-201-555-0123", "tel:+1(201)5550123"),
        ("tel:7042;phone-context=Example.com;ext=1-2", "tel:7042;ext=12;phone-context=example.com"),
        ("http://a/b", "http://a/b"),
    ] {
        assert!(uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(uri(two).equivalent(&uri(one)), "{two} {one}");
    }
}

#[test]
fn different_by_19_1_4() {
    for (one, two) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "sip:b"),
        ("sip:a:x@b", "sip:a:y@b"),
        ("sip:a:x@b", "sip:a@b"),
        ("sip:a%40b@c", "sip:a@c"),
        ("sip:a@b;maddr=c", "sip:a@b"),
        ("sip:a@b;user=phone", "sip:a@b"),
        ("sip:a@b;ttl=1", "sip:a@b"),
        ("sip:a@b;method=BYE", "sip:a@b"),
        ("tel:+1", "tel:1"),
        ("tel:1;phone-context=a", "tel:1"),
        ("http://a", "http://b"),
    ] {
        assert!(!uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(!uri(two).equivalent(&uri(one)), "{two} {one}");
    }
}

#[test]
fn not_transitive() {
    let (plain, on, off) = ("sip:c@d", "sip:c@d;security=on", "sip:c@d;security=off");
    assert!(uri(plain).equivalent(&uri(on)) && uri(plain).equivalent(&uri(off)) && !uri(on).equivalent(&uri(off)));
}

#[test]
fn an_escaped_separator_is_another_character() {
    assert!(!uri("sip:a%3Bb@c").equivalent(&uri("sip:a;b@c")));
    assert!(uri("sip:a%3Bb@c").equivalent(&uri("sip:a%3bb@c")));
    assert!(uri("sip:a@c;p=value%25%34%31").equivalent(&uri("sip:a@c;p=VALUE%2541")));
}

#[test]
fn telephone_numbers() {
    let tel = uri("tel:+1-(201).555-0123;ext=12").tel().unwrap();
    assert!(tel.is_global());
    assert_eq!(tel.digits().collect::<String>(), "+12015550123");
    assert_eq!((tel.number(), tel.extension(), tel.context()), ("+1-(201).555-0123", Some("12"), None));
    let tel = uri("tel:*21#a;phone-context=+49").tel().unwrap();
    assert_eq!((tel.is_global(), tel.context()), (false, Some("+49")));
    assert!(uri("sip:1@h").tel().is_none());
    assert!(uri("sip:1@h").require_sip().is_ok());
    assert_eq!(uri("tel:1").require_sip().unwrap_err().status(), StatusCode::UNSUPPORTED_URI_SCHEME);
}

#[test]
fn what_is_no_uri_is_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        ":a@b",
        "1sip:a",
        "a b:c",
        "sip:@b",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b c",
        "sip:a@b:x",
        "sip:a@b:",
        "sip:a@b:65536",
        "sip:a@b;",
        "sip:a@b;;c",
        "sip:a@b;=c",
        "sip:a@b?",
        "sip:a@b?c",
        "sip:a@b?=c",
        "sip:%4@b",
        "sip:%zz@b",
        "sip:a@b;c=%4",
        "sip:a\"@b",
        "sip:é@b",
        "sip:2001:db8::10",
        "sip:[::1",
        "sip:[::g]",
        "<sip:a@b>",
        "tel:",
        "tel:+",
        "tel:+1a",
        "tel:x",
        "tel:--",
        "http:",
        "http://a b",
        "sip:a@b\n",
        "sip:a\0@b",
    ] {
        assert!(UriRef::parse(text).is_err(), "{text}");
    }
}

#[test]
fn built_ones_are_ones() {
    let built = Uri::sip(Some("a b;c"), "example.com", Some(5070)).with_param("lr", None).with_param("x", Some("y;z"));
    assert_eq!(built.as_str(), "sip:a%20b%3Bc@example.com:5070;lr;x=y%3Bz");
    let built = built.with_header("Subject", "a&b").with_param("q", Some("1")).with_header("Route", "<sip:x>");
    assert_eq!(built.as_str(), "sip:a%20b%3Bc@example.com:5070;lr;x=y%3Bz;q=1?Subject=a%26b&Route=%3Csip%3Ax%3E");
    assert_eq!(built.without_headers().as_str(), "sip:a%20b%3Bc@example.com:5070;lr;x=y%3Bz;q=1");
    assert_eq!(Uri::sip(None, "2001:db8::1", None).as_str(), "sip:[2001:db8::1]");
    assert_eq!(Uri::sip(Some(""), "[::1]", Some(1)).as_str(), "sip:[::1]:1");
    assert_eq!(Uri::sip(None, "a b\r\n", None).as_str(), "sip:a-b--");
    assert_eq!(Uri::sip(None, "", None).as_str(), "sip:invalid");
    assert_eq!(Uri::parse("tel:1").unwrap().with_header("a", "b").as_str(), "tel:1");
}

proptest! {
    #[test]
    fn what_is_built_reads_back(user in "\\PC{1,12}", host in "[a-z0-9.-]{1,12}", port: u16, value in "\\PC{0,8}", header in "\\PC{0,8}") {
        let built = Uri::sip(Some(&user), &host, Some(port)).with_param("x", Some(&value)).with_header("h", &header);
        let parts = UriRef::parse(built.as_str()).unwrap();
        prop_assert_eq!(parts.user_unescaped().unwrap(), user.as_str());
        prop_assert_eq!((parts.host().to_string(), parts.port()), (Host::parse(&host).unwrap().to_string(), Some(port)));
        prop_assert_eq!(unescape(parts.param("x").unwrap().unwrap()), value.as_str());
        prop_assert_eq!(unescape(parts.headers().next().unwrap().1), header.as_str());
        prop_assert!(parts.equivalent(&parts));
    }

    #[test]
    fn no_text_panics(text in "(sip|sips|tel|x):[ -~é]{0,40}") {
        if let Ok(parts) = UriRef::parse(&text) {
            prop_assert_eq!(parts.as_str(), text.as_str());
            prop_assert!(parts.equivalent(&parts), "{}", format!("{parts:?}"));
        }
    }
}
