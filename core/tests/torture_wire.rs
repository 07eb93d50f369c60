//! RFC 4475 and RFC 5118, message by message: what the parser makes of each before any user agent sees it.
//!
//! Three verdicts. `Read`: read, valid, and the odd values read right. `Refuse`: no message; the error's status answers
//! it. `Invalid`: a message, but [`Message::validate`] refuses it with that status. Where the RFC leaves a choice, the
//! comment beside the verdict says which one is made here. What a user agent does with the accepted ones (501 for an
//! unknown method, 416 for a scheme, 420, 415, …) is not the parser's business.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sansip_core::wire::sip::*;

enum Verdict {
    Read(fn(&Message)),
    Refuse(u16, &'static str),
    Invalid(u16, &'static str),
}

use Verdict::{Invalid, Read, Refuse};

fn folder(rfc: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(rfc)
}

/// Judges every file of the folder; none may be without a verdict, and no verdict without a file.
fn judge(rfc: &str, verdicts: &[(&str, Verdict)]) {
    let files: BTreeSet<String> = std::fs::read_dir(folder(rfc))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: BTreeSet<String> = verdicts.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, names);
    for (name, verdict) in verdicts {
        let bytes = std::fs::read(folder(rfc).join(name).with_extension("dat")).unwrap();
        let parsed = Message::parse(bytes.into());
        match (verdict, parsed) {
            (Read(check), Ok(message)) => {
                assert_eq!(message.validate(), Ok(()), "{name}");
                check(&message);
                again(name, &message);
            }
            (Refuse(status, text), Err(broken)) => {
                assert_eq!((broken.error.status().code(), &*broken.error.to_string()), (*status, *text), "{name}");
            }
            (Invalid(status, text), Ok(message)) => {
                let error = message.validate().expect_err(name);
                assert_eq!((error.status().code(), &*error.to_string()), (*status, *text), "{name}");
                again(name, &message);
            }
            (_, Ok(_)) => panic!("{name} was read"),
            (_, Err(broken)) => panic!("{name} was refused: {broken}"),
        }
    }
}

/// What was read is written so that it reads back the same.
fn again(name: &str, message: &Message) {
    let fields = |message: &Message| -> Vec<(String, String)> {
        let others = message.fields().filter(|(_, name, _)| *name != HeaderName::ContentLength);
        others.map(|(name, _, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let back = Message::parse(message.to_bytes()).unwrap_or_else(|broken| panic!("{name}: {broken}"));
    assert_eq!(fields(&back), fields(message), "{name}");
    assert_eq!((back.uri(), back.reason(), back.body()), (message.uri(), message.reason(), message.body()), "{name}");
}

fn is_invite_with_sdp(message: &Message) {
    assert_eq!(message.method(), Some(&Method::Invite));
    assert!(message.content_type().unwrap().unwrap().is_sdp());
    assert!(message.body().starts_with(b"v=0\r\n"));
}

#[test]
fn rfc_4475() {
    judge(
        "rfc4475",
        &[
            // 3.1.1. Valid messages.
            ("wsinv", Read(wsinv)),
            ("intmeth", Read(intmeth)),
            ("esc01", Read(esc01)),
            ("escnull", Read(escnull)),
            ("esc02", Read(esc02)),
            ("lwsdisp", Read(lwsdisp)),
            ("longreq", Read(longreq)),
            ("dblreq", Read(dblreq)),
            ("semiuri", Read(semiuri)),
            ("transports", Read(transports)),
            ("mpart01", Read(mpart01)),
            ("unreason", Read(unreason)),
            ("noreason", Read(noreason)),
            // 3.1.2. Invalid messages.
            ("badinv01", Invalid(400, "Via: a parameter without a name")),
            ("clerr", Refuse(400, "Content-Length: larger than the datagram")),
            ("ncl", Refuse(400, "Content-Length: not a number, or two that differ")),
            ("scalar02", Invalid(400, "CSeq: not a number below 2^31")),
            // A response: a user agent drops it.
            ("scalarlg", Invalid(400, "CSeq: not a number below 2^31")),
            ("quotbal", Invalid(400, "To: a display name that does not end")),
            ("ltgtruri", Invalid(400, "Request-URI: not a scheme")),
            ("lwsruri", Refuse(400, "Request-URI: blanks in it or around it")),
            // May be refused or let go; it is let go, and not written again.
            ("lwsstart", Read(|message| assert_eq!(message.uri(), "sip:user@example.com"))),
            // May be refused or let go; it is let go, and not written again.
            ("trws", Read(|message| assert_eq!(message.uri(), "sip:remote-target@example.com"))),
            // May be refused, or the headers ignored; it is refused, as nobody can have meant them.
            ("escruri", Invalid(400, "Request-URI: headers in it")),
            // May be refused, or the date ignored; a header that nobody needs is ignored (RFC 3261, 8.2.2).
            ("baddate", Read(baddate)),
            ("regbadct", Invalid(400, "Contact: an address that needs <>")),
            // May be refused, or the blanks ignored; it is refused.
            ("badaspec", Invalid(400, "To: not a scheme")),
            // May be refused, or the quotes inferred; it is refused. In the archive it also lacks its empty line; see below.
            ("baddn", Refuse(400, "header section: does not end with an empty line")),
            ("badvers", Refuse(505, "start line: unknown version")),
            ("mismatch01", Invalid(400, "CSeq: not the method of the request")),
            ("mismatch02", Invalid(501, "CSeq: not the method of the request")),
            // A response: it is dropped.
            ("bigcode", Refuse(400, "start line: not a status code")),
            // 3.2. Transaction layer semantics.
            ("badbranch", Read(|message| assert_eq!(message.via().unwrap().branch(), Some("z9hG4bK")))),
            // 3.3. Application layer semantics.
            ("insuf", Invalid(400, "From: missing")),
            ("unkscm", Read(unkscm)),
            ("novelsc", Read(novelsc)),
            ("unksm2", Read(unksm2)),
            ("bext01", Read(bext01)),
            ("invut", Read(invut)),
            ("regaut01", Read(regaut01)),
            ("multi01", Invalid(400, "CSeq: more than one")),
            ("mcl01", Refuse(400, "Content-Length: not a number, or two that differ")),
            ("bcast", Read(bcast)),
            ("zeromf", Read(|message| assert_eq!(message.max_forwards(), Ok(Some(0))))),
            ("cparam01", Read(cparam01)),
            ("cparam02", Read(cparam02)),
            ("regescrt", Read(regescrt)),
            ("sdp01", Read(sdp01)),
            // 3.4. Backward compatibility.
            ("inv2543", Read(inv2543)),
        ],
    );
}

#[test]
fn baddn_with_its_empty_line() {
    let mut bytes = std::fs::read(folder("rfc4475").join("baddn.dat")).unwrap();
    bytes.extend(b"\r\n");
    let error = Message::parse(bytes.into()).unwrap().validate().unwrap_err();
    assert_eq!((error.status().code(), &*error.to_string()), (400, "From: a display name that needs quotes"));
}

fn wsinv(message: &Message) {
    is_invite_with_sdp(message);
    assert_eq!(message.to().unwrap().tag(), Some("1918181833n"));
    assert_eq!(message.from().unwrap().display_name().unwrap(), "J Rosenberg \\\"");
    assert_eq!(message.from().unwrap().tag(), Some("98asjd8"));
    assert_eq!(message.max_forwards(), Ok(Some(68)));
    assert_eq!(message.cseq(), Ok(CSeq { number: 9, method: Method::Invite }));
    let vias: Vec<Via> = message.all().collect::<Result<_, _>>().unwrap();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(vias[1].transport, Some(Transport::Tcp));
    assert_eq!(vias[2].sent_by(), "192.168.255.111");
    assert_eq!(message.header(HeaderName::Subject), Some(""));
    assert_eq!(message.other("NewFangledHeader").next(), Some("newfangled value continued newfangled value"));
    assert_eq!(message.other("unknownheaderwithunusualvalue").next(), Some(";;,,;;,;"));
    let route = message.get::<Route>().unwrap();
    assert_eq!((route.uri.is_lr(), route.uri.param("unknown-no-value")), (true, Some(None)));
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.q(), Some(330));
    assert_eq!(contact.address().unwrap().display_name().unwrap(), "Quoted string \"\"");
    assert_eq!(contact.address().unwrap().param("newparam"), Some(Some("newvalue")));
    assert_eq!(contact.address().unwrap().param("secondparam"), Some(None));
}

fn intmeth(message: &Message) {
    assert_eq!(message.method().unwrap().as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = UriRef::parse(message.uri()).unwrap();
    assert_eq!(uri.user(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(message.via().unwrap().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    assert_eq!(message.to().unwrap().display_name().unwrap(), "BEL:\x07 NUL:\0 DEL:\x7F");
    let from = message.from().unwrap();
    assert_eq!((from.display, from.tag()), (Some("token1~` token2'+_ token3*%!.-"), Some("_token~1'+`*%!-.")));
    assert_eq!(from.params.get_unquoted("fromParam''~+*_!.-%").unwrap().unwrap(), "работающий");
    assert_eq!(message.call_id(), Ok("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"));
    assert_eq!(message.cseq().unwrap().number, 139_122_385);
    assert_eq!(message.max_forwards(), Ok(Some(255)));
    assert_eq!(message.other("extensionHeader-!.%*+_`'~").next(), Some("\u{FEFF}大停電"));
}

fn esc01(message: &Message) {
    is_invite_with_sdp(message);
    assert_eq!(UriRef::parse(message.uri()).unwrap().user_unescaped().unwrap(), "sips:user@example.com");
    assert!(message.to().unwrap().uri.equivalent(&UriRef::parse("sip:user@example.com").unwrap()));
    assert_eq!(message.from().unwrap().uri.user_unescaped().unwrap(), "I have spaces");
    let contact = message.contact().unwrap().unwrap();
    let uri = contact.address().unwrap().uri;
    assert!(uri.equivalent(&UriRef::parse("sip:caller@host5.example.net;lr;name=value%25%34%31").unwrap()));
    assert!(!uri.equivalent(&UriRef::parse("sip:caller@host5.example.net;name=valueA").unwrap()));
}

fn escnull(message: &Message) {
    assert_eq!(message.to().unwrap().uri.user_unescaped().unwrap(), "null-\0-null");
    let users: Vec<_> = message
        .all::<Contact>()
        .map(|contact| contact.unwrap().address().unwrap().uri.user_unescaped().unwrap())
        .collect();
    assert_eq!(users, ["\0", "\0\0"]);
}

fn esc02(message: &Message) {
    assert_eq!(message.method(), Some(&Method::Other("RE%47IST%45R".into())));
    assert_eq!(message.to().unwrap().display_name().unwrap(), "%Z%45");
    assert_eq!(message.all::<Contact>().count(), 2);
    assert_eq!(message.other("C%6Fntact").next(), Some("<sip:alias2@host2.example.com>"));
}

fn lwsdisp(message: &Message) {
    assert_eq!(message.from().unwrap().display, Some("caller"));
    assert_eq!(message.from().unwrap().uri.user(), Some("caller"));
}

fn longreq(message: &Message) {
    is_invite_with_sdp(message);
    assert_eq!(message.all::<Via>().count(), 34);
    assert_eq!(message.from().unwrap().tag().unwrap().len(), 155);
    assert_eq!(message.call_id().unwrap().len(), 8 + 3 + 20 * 6 + 10);
    assert_eq!(message.to().unwrap().uri.port(), Some(6000));
}

fn dblreq(message: &Message) {
    assert_eq!(message.method(), Some(&Method::Register));
    assert!(message.body().is_empty());
}

fn semiuri(message: &Message) {
    let uri = UriRef::parse(message.uri()).unwrap();
    assert_eq!(
        (uri.user_unescaped().unwrap(), uri.host()),
        ("user;par=u@example.net".into(), Host::Name("example.com"))
    );
    assert_eq!(message.all::<Accept>().filter(Result::is_ok).count(), 6);
}

fn transports(message: &Message) {
    let tokens: Vec<_> = message.all::<Via>().map(|via| via.unwrap().transport_token).collect();
    assert_eq!(tokens, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

fn mpart01(message: &Message) {
    let parts = multipart::parse(&message.content_type().unwrap().unwrap(), message.body()).unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[0].body, "Hello");
    assert_eq!((&parts[1].body[..3], parts[1].body.len()), (&b"\x30\x82\x01"[..], 342));
    assert_eq!(message.get::<Date>().unwrap().unix(), 1_129_351_496);
    assert_eq!(message.get::<UserAgent>().unwrap().products().nth(1), Some(Product::Comment("(curses)")));
}

fn unreason(message: &Message) {
    assert_eq!(message.status(), Some(StatusCode::OK));
    assert_eq!(message.reason(), "= 2**3 * 5**2 но сто девяносто девять - простое");
}

fn noreason(message: &Message) {
    assert_eq!((message.status(), message.reason()), (Some(StatusCode::TRYING), ""));
}

fn baddate(message: &Message) {
    is_invite_with_sdp(message);
    assert_eq!(message.get::<Date>().unwrap_err().to_string(), "Date: not a date in GMT");
}

fn unkscm(message: &Message) {
    let uri = UriRef::parse(message.uri()).unwrap();
    assert_eq!(uri.scheme(), Scheme::Other("nobodyKnowsThisScheme"));
    assert_eq!(uri.require_sip().unwrap_err().status(), StatusCode::UNSUPPORTED_URI_SCHEME);
}

fn novelsc(message: &Message) {
    assert_eq!(UriRef::parse(message.uri()).unwrap().scheme(), Scheme::Other("soap.beep"));
}

fn unksm2(message: &Message) {
    assert_eq!(message.to().unwrap().uri.as_str(), "isbn:2983792873");
    assert_eq!(message.from().unwrap().uri.scheme(), Scheme::Other("http"));
    assert_eq!(message.from().unwrap().tag(), Some("3234233"));
    assert_eq!(message.contact().unwrap().unwrap().address().unwrap().uri.as_str(), "name:John_Smith");
}

fn bext01(message: &Message) {
    let required: Vec<_> = message.all::<Require>().map(|tag| tag.unwrap().0).collect();
    assert_eq!(required, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    assert_eq!(message.all::<ProxyRequire>().count(), 2);
}

fn invut(message: &Message) {
    assert!(message.content_type().unwrap().unwrap().is("application", "unknownformat"));
    assert_eq!(message.body().len(), 40);
}

fn regaut01(message: &Message) {
    let credentials = message.get::<Authorization>().unwrap();
    assert_eq!((credentials.scheme, credentials.params.raw("opaque-data")), ("NoOneKnowsThisScheme", Some("here")));
}

fn bcast(message: &Message) {
    let second = message.all::<Via>().nth(1).unwrap().unwrap();
    assert_eq!(second.host, Host::V4([255, 255, 255, 255].into()));
}

fn cparam01(message: &Message) {
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.address().unwrap().param("unknownparam"), Some(None));
    assert_eq!(contact.address().unwrap().uri.as_str(), "sip:+19725552222@gw1.example.net");
}

fn cparam02(message: &Message) {
    let contact = message.contact().unwrap().unwrap();
    assert_eq!(contact.address().unwrap().param("unknownparam"), None);
    assert_eq!(contact.address().unwrap().uri.param("unknownparam"), Some(None));
}

fn regescrt(message: &Message) {
    let contact = message.contact().unwrap().unwrap();
    let headers: Vec<_> = contact.address().unwrap().uri.headers().collect();
    assert_eq!(headers, [("Route", "%3Csip:sip.example.com%3E")]);
}

fn sdp01(message: &Message) {
    is_invite_with_sdp(message);
    assert!(!message.get::<Accept>().unwrap().covers("application", "sdp"));
}

fn inv2543(message: &Message) {
    is_invite_with_sdp(message);
    assert_eq!((message.via().unwrap().branch(), message.from().unwrap().tag()), (None, None));
    assert_eq!((message.max_forwards(), message.header(HeaderName::ContentLength)), (Ok(None), None));
    assert_eq!(message.get::<RecordRoute>().unwrap().uri.maddr(), Some(Host::Name("ss1.example.com")));
}

#[test]
fn rfc_5118() {
    fn host(message: &Message, expected: &str) {
        let uri = UriRef::parse(message.uri()).unwrap();
        assert_eq!(uri.host(), Host::V6(expected.parse().unwrap()));
    }
    fn received(message: &Message) {
        assert_eq!(message.via().unwrap().received(), "2001:db8::9:255".parse().ok());
    }
    judge(
        "rfc5118",
        &[
            ("ipv6-good", Read(|message| host(message, "2001:db8::10"))),
            ("ipv6-bad", Invalid(400, "Request-URI: not a port")),
            ("port-ambiguous", Read(|message| host(message, "2001:db8::10:5070"))),
            (
                "port-unambiguous",
                Read(|message| {
                    host(message, "2001:db8::10");
                    assert_eq!(UriRef::parse(message.uri()).unwrap().port(), Some(5070));
                }),
            ),
            ("via-received-param-with-delim", Read(received)),
            ("via-received-param-no-delim", Read(received)),
            ("ipv6-in-sdp", Read(is_invite_with_sdp)),
            (
                "mult-ip-in-header",
                Read(|message| {
                    let hosts: Vec<_> = message.all::<Via>().map(|via| via.unwrap().host.address().unwrap()).collect();
                    let expected = ["2001:db8::9:1", "192.0.2.1", "2001:db8::9:255"];
                    assert_eq!(hosts, expected.map(|address| address.parse::<std::net::IpAddr>().unwrap()));
                }),
            ),
            ("mult-ip-in-sdp", Read(is_invite_with_sdp)),
            (
                "ipv4-mapped-ipv6",
                Read(|message| {
                    let via = message.via().unwrap();
                    let mapped = Host::V6("::ffff:192.0.2.10".parse().unwrap());
                    assert_eq!((via.host, via.port), (mapped, Some(19823)));
                }),
            ),
            // The grammar of RFC 3261 allows a colon too many; it is let go.
            ("ipv6-bug-abnf-3-colons", Read(|message| host(message, "2001:db8::192.0.2.1"))),
            ("ipv6-correct-abnf-2-colons", Read(|message| host(message, "2001:db8::192.0.2.1"))),
        ],
    );
}
