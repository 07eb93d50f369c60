//! Every typed header: what reads, reads back from what it writes; what is wrong is refused and named.

use core::fmt::Debug;
use std::string::ToString;
use std::vec::Vec;

use super::super::*;

fn good<'a, T: Header<'a> + PartialEq + Debug>(values: &[&'a str]) {
    for value in values {
        let read = T::parse(value).unwrap_or_else(|error| panic!("{value}: {error}"));
        // The text outlives the test run, as a `Header<'a>` borrows it for all of `'a`.
        let written: &'static str = read.to_string().leak();
        let written: &'a str = written;
        assert_eq!(T::parse(written).as_ref(), Ok(&read), "{value} was written as {written}");
    }
}

fn bad<'a, T: Header<'a> + Debug>(values: &[&'a str]) {
    for value in values {
        let error = T::parse(value).map(|read| panic!("{value} was read as {read:?}")).unwrap_err();
        assert_eq!(error.place(), Place::Header(T::NAME), "{value}");
        assert!(error.to_string().starts_with(T::NAME.as_str()));
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    }
}

macro_rules! check {
    ($name:ident: $good:expr, $bad:expr) => {
        good::<$name>(&$good);
        bad::<$name>(&$bad);
    };
}

#[test]
fn addresses() {
    let right = [
        "\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s",
        "sip:+12125551212@server.phone2net.com;tag=887s",
        "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8",
        "\"\" <sip:h>",
        "caller<sip:a@b>",
        "<tel:+1-201-555-0123>;x=\"y;z\"",
        "<http://www.example.com/a?b#c>",
        "Jörg <sip:j@h>",
    ];
    let wrong = ["", "sip:", "<sip:a@b", "\"a <sip:a@b>", "\"a\"sip:a@b", "a,b <sip:a@b>", "sip:a@b?c=d", "sip:a@b;"];
    check!(From: right, wrong);
    check!(To: right, wrong);
    check!(ReplyTo: right, wrong);
    check!(Route: right, wrong);
    check!(RecordRoute: right, wrong);
    check!(Path: right, wrong);
    check!(ServiceRoute: right, wrong);
    check!(ReferTo: right, wrong);
    check!(ReferredBy: right, wrong);
    check!(PAssertedIdentity: right, wrong);
    check!(PPreferredIdentity: right, wrong);
    check!(PAssociatedUri: right, wrong);
    check!(Diversion: right, wrong);
    check!(HistoryInfo: right, wrong);
    check!(AlertInfo: ["<http://www.example.com/sounds/moo.wav>"], wrong);
    check!(CallInfo: ["<http://wwww.example.com/alice/photo.jpg> ;purpose=icon"], wrong);
    check!(ErrorInfo: ["<sip:not-in-service-recording@atlanta.com>"], wrong);
    check!(Contact: ["*", "\"Mr. Watson\" <sip:w@h>;q=0.7; expires=3600"], wrong);

    let from = From::parse(right[0]).unwrap();
    assert_eq!((from.display_name().unwrap().as_ref(), from.tag()), ("A. G. Bell", Some("a48s")));
    assert_eq!(From::parse(right[1]).unwrap().tag(), Some("887s"));
    assert_eq!(From::parse(right[1]).unwrap().uri.param("tag"), None);
    assert_eq!(CallInfo::parse("<a:b>;purpose=card").unwrap().purpose(), Some("card"));
    assert_eq!(ReferredBy::parse("<sip:a@b>;cid=\"x@y\"").unwrap().cid().as_deref(), Some("x@y"));
}

#[test]
fn contact_parameters() {
    let contact = Contact::parse(
        "<sip:a@b>;q=0.25;expires=7200;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\";reg-id=1\
         ;pub-gruu=\"sip:a@b;gr=urn:uuid:f\";temp-gruu=\"sip:t@b;gr\"",
    )
    .unwrap();
    assert_eq!((contact.q(), contact.expires(), contact.reg_id()), (Some(250), Some(7200), Some(1)));
    assert_eq!(contact.instance().as_deref(), Some("urn:uuid:00000000-0000-1000-8000-000A95A0E128"));
    assert_eq!(contact.pub_gruu().as_deref(), Some("sip:a@b;gr=urn:uuid:f"));
    assert_eq!(contact.temp_gruu().as_deref(), Some("sip:t@b;gr"));
    let contact = Contact::parse("<sip:a@b>;q=1.001;expires=99999999999999999999999;reg-id=0").unwrap();
    assert_eq!((contact.q(), contact.expires(), contact.reg_id()), (None, Some(u32::MAX), None));
    assert_eq!(Contact::Star.expires(), None);
}

#[test]
fn via() {
    check!(Via:
    [
        "SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7",
        "SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1",
        "SIP/2.0/TLS [2001:db8::9:1]:5061;received=2001:db8::9:255;rport=5;branch=z",
        "sip/2.0/UNKNOWN host_1",
    ],
    [
        "", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/3.0/UDP h", "HTTP/2.0/UDP h", "SIP/2.0 h", "SIP/2.0/U@P h",
        "SIP/2.0/UDP h:", "SIP/2.0/UDP h:65536", "SIP/2.0/UDP h;", "SIP/2.0/UDP 2001:db8::1", "SIP/2.0/UDP [::1",
    ]);
    let via = Via::parse("SIP / 2.0 / udp first.example.com: 4000;ttl=16 ;maddr=224.2.0.1;rport ;branch=a").unwrap();
    assert_eq!((via.transport, via.transport_token), (Some(Transport::Udp), "udp"));
    assert_eq!(
        (via.host, via.port, via.sent_by()),
        (Host::Name("first.example.com"), Some(4000), "first.example.com: 4000")
    );
    assert_eq!((via.ttl(), via.rport(), via.branch()), (Some(16), Some(None), Some("a")));
    assert_eq!(via.maddr(), Some(Host::V4([224, 2, 0, 1].into())));
    let via = Via::parse("SIP/2.0/X h;received=[2001:db8::1];rport=70000").unwrap();
    assert_eq!((via.received(), via.rport(), via.transport), ("2001:db8::1".parse().ok(), Some(None), None));
}

#[test]
fn numbers_and_methods() {
    check!(CSeq: ["4711 INVITE", "0  X-%", "2147483647\tACK"], ["", "1", "INVITE", "2147483648 ACK", "-1 ACK", "1 A B"]);
    check!(RAck: ["776656 1 INVITE", "4294967295 0 X"], ["1 INVITE", "4294967296 1 INVITE", "1 1", ""]);
    check!(Allow: ["INVITE", "X-Y"], ["", "A B"]);
    check!(MaxForwards: ["0", "255"], ["256", "-1", "", "x"]);
    check!(MaxBreadth: ["60"], ["-1"]);
    check!(ContentLength: ["349"], ["-1", "", "18446744073709551616", "0x1"]);
    check!(Expires: ["0", "4294967295", "99999999999999999999999"], ["", "-1", "5 s"]);
    check!(MinExpires: ["60"], ["x"]);
    check!(RSeq: ["1", "4294967295"], ["0", "4294967296"]);
    check!(FlowTimer: ["120"], [""]);
    assert_eq!(Expires::parse("99999999999999999999999"), Ok(Expires(u32::MAX)));
}

#[test]
fn texts() {
    check!(CallId: ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com", "a", "%ZK-!.*_+'@w`~)(><:\\/\"][?}{"], ["", "a b", "a@", "@a", "a@b@c"]);
    check!(InReplyTo: ["70710@saturn.bell-tel.com"], ["a b"]);
    check!(MimeVersion: ["1.0"], ["1", "a.b"]);
    check!(Priority: ["emergency"], ["", "a b"]);
    check!(SipETag: ["dx200xyz"], ["\"a\""]);
    check!(SipIfMatch: ["dx200xyz"], [""]);
    check!(Server: ["HomeServer v2"], [""]);
    check!(UserAgent: ["Softphone Beta1.5"], [""]);
    check!(ContentId: ["<a@b>"], [""]);
    good::<Subject>(&["", "Need more boxes, \"soon\""]);
    good::<Organization>(&["", "Boxes by Bob"]);
    check!(Supported: ["100rel"], ["", "a b"]);
    check!(Require: ["100rel"], [""]);
    check!(ProxyRequire: ["foo"], [""]);
    check!(Unsupported: ["foo"], [""]);
    check!(AllowEvents: ["presence.winfo"], [""]);
    check!(RecvInfo: ["poker"], [""]);
    check!(RequestDisposition: ["no-fork"], [""]);
    check!(ContentEncoding: ["gzip"], [""]);
    check!(ContentLanguage: ["fr"], ["f r"]);
    check!(ContentTransferEncoding: ["binary"], [""]);
    check!(Privacy: ["id", "header; user ;critical"], ["", "id;", "a b"]);
    assert!(Privacy::parse("header; ID").unwrap().has("id"));
}

#[test]
fn values_with_parameters() {
    check!(AcceptEncoding: ["gzip;q=1.0", "*"], ["", ";q=1"]);
    check!(AcceptLanguage: ["da", "en-gb;q=0.8"], [""]);
    check!(AcceptContact: ["*;audio;require", "*;mobility=\"fixed\";explicit"], ["a;audio"]);
    check!(RejectContact: ["*;video"], [""]);
    check!(ContentDisposition: ["session", "icon;handling=optional"], ["", "a b"]);
    check!(Event: ["presence", "foo.winfo;id=1"], ["", ";id=1"]);
    check!(InfoPackage: ["foo"], [""]);
    check!(SubscriptionState: ["active;expires=60", "terminated;reason=timeout"], [""]);
    check!(Reason: ["SIP ;cause=200 ;text=\"Call completed elsewhere\"", "Q.850;cause=16"], ["", "SIP cause=200"]);
    let dialog = ["98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff;early-only"];
    check!(Replaces: dialog, ["a b;to-tag=1", ""]);
    check!(Join: dialog, [""]);
    check!(TargetDialog: dialog, [""]);
    check!(SessionExpires: ["4000;refresher=uac"], ["", "x;refresher=uac"]);
    check!(MinSe: ["60"], ["-1"]);
    check!(ReferSub: ["false"], [""]);
    check!(ContentType: ["application/sdp", "text/html; charset=\"ISO-8859-4\"", "a / b;x=y"], ["", "text", "/b", "a/", "a/b/c"]);
    check!(Accept: ["*/*;q=0.1", "application/*"], ["sdp"]);

    let state = SubscriptionState::parse("Terminated;reason=deactivated;retry-after=5;expires=1").unwrap();
    assert!(state.is_terminated() && !state.is_active() && !state.is_pending());
    assert_eq!((state.reason(), state.retry_after(), state.expires()), (Some("deactivated"), Some(5), Some(1)));
    let reason = Reason::parse("Q.850;cause=16;text=\"Terminated\"").unwrap();
    assert_eq!((reason.cause(), reason.text().as_deref()), (Some(16), Some("Terminated")));
    let replaces = Replaces::parse(dialog[0]).unwrap();
    assert_eq!((replaces.call_id(), replaces.to_tag()), ("98732@sip.example.com", Some("ff87ff")));
    assert_eq!((replaces.from_tag(), replaces.early_only()), (Some("r33th4x0r"), true));
    let expires = SessionExpires::parse("90;refresher=UAS").unwrap();
    assert_eq!((expires.seconds(), expires.refresher()), (90, Some(Refresher::Uas)));
    let event = Event::parse("a;id=1").unwrap();
    assert!(event.matches(&Event::parse("a;x=y;id=1").unwrap()) && !event.matches(&Event::parse("a").unwrap()));
    assert!(Accept::parse("application/*").unwrap().covers("Application", "sdp"));
    assert!(!Accept::parse("text/*").unwrap().covers("application", "sdp"));
    assert_eq!(Accept::parse("*/*;q=0.05").unwrap().q(), 50);
    assert!(ContentDisposition::parse("x;handling=Optional").unwrap().is_optional());
    assert!(!ReferSub::parse("False").unwrap().wanted());
}

#[test]
fn challenges_and_credentials() {
    let digest = "Digest realm=\"atlanta.com\", domain=\"sip:boxesbybob.com\", qop=\"auth, auth-int\", nonce=\"f84f\\\"1\", \
                  opaque=\"\", stale=FALSE, algorithm=MD5";
    let right = [digest, "NoOneKnowsThisScheme opaque-data=here", "Negotiate", "Bearer abc.DEF==", "Digest"];
    let wrong =
        ["", "Digest realm=\"a", "Digest realm=\"a\" nonce=b", "Digest ,", "Digest=x", "Digest realm=\"a\",,x=y"];
    check!(WwwAuthenticate: right, wrong);
    check!(ProxyAuthenticate: right, wrong);
    check!(Authorization: right, wrong);
    check!(ProxyAuthorization: right, wrong);
    check!(AuthenticationInfo: ["nextnonce=\"47364c23432d2e131a5fb210812c\", qop=auth"], ["nextnonce=\"a"]);
    check!(ProxyAuthenticationInfo: ["nc=00000001"], ["=x"]);

    let challenge = WwwAuthenticate::parse(digest).unwrap();
    assert!(challenge.is_digest());
    assert_eq!(challenge.get("QOP").as_deref(), Some("auth, auth-int"));
    assert_eq!(challenge.get("nonce").as_deref(), Some("f84f\"1"));
    assert_eq!((challenge.params.raw("stale"), challenge.get("opaque").as_deref()), (Some("FALSE"), Some("")));
    assert_eq!(Authorization::parse(right[3]).unwrap().params.token68(), Some("abc.DEF=="));

    let mut message = Message::response(StatusCode::UNAUTHORIZED, "Unauthorized");
    message.push(HeaderName::WwwAuthenticate, "Digest realm=\"a, b\", nonce=\"1\", Basic realm=\"c\"");
    message.push(HeaderName::WwwAuthenticate, "Digest realm=\"d\", nonce=\"2\"");
    let realms: Vec<_> = message.all::<WwwAuthenticate>().map(|item| item.unwrap().get("realm").unwrap()).collect();
    assert_eq!(realms, ["a, b", "c", "d"]);
}

#[test]
fn the_rest() {
    check!(RetryAfter: ["18000;duration=3600", "120 (I'm in (a) meeting)", "5 (\\)) ;x", "99999999999999"], ["", "x", "5 (", "5 x"]);
    check!(Timestamp: ["54", "54.21 0.3", "54. .5"], ["", ".5", "5 x", "5 1 1"]);
    check!(Warning:
        ["307 isi.edu \"Session parameter 'foo' not understood\"", "012 h:5060 \"\""],
        ["", "1812 overture \"In Progress\"", "399 h", "399 h text", "399 h \"a\" b", "399  \"a b\""]);
    check!(Date: ["Sat, 13 Nov 2010 23:29:00 GMT"], ["Sat, 13 Nov 2010 23:29:00 UTC"]);
    assert_eq!(RetryAfter::parse("1;duration=3600").unwrap().duration(), Some(3600));
    assert_eq!(Warning::parse("399 h \"a\\\"b\"").unwrap().message(), "a\"b");
    let products: Vec<_> =
        UserAgent::parse("SIPimp.org/0.2.5 (curses (x)) Foo [bar] Baz").unwrap().products().collect();
    assert_eq!(
        products,
        [
            Product::Product { name: "SIPimp.org", version: Some("0.2.5") },
            Product::Comment("(curses (x))"),
            Product::Product { name: "Foo", version: None },
            Product::Rest("[bar] Baz"),
        ]
    );
}
