use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use core::fmt::Debug;
use core::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::limits;

/// RFC 8866, section 5.
const EXAMPLE: &str = "v=0\r\n\
    o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n\
    s=Call to John Smith\r\n\
    i=SDP Offer #1\r\n\
    u=http://www.jdoe.example.com/home.html\r\n\
    e=Jane Doe <jane@jdoe.example.com>\r\n\
    p=+1 617 555-6011\r\n\
    c=IN IP4 198.51.100.1\r\n\
    t=0 0\r\n\
    m=audio 49170 RTP/AVP 0\r\n\
    m=audio 49180 RTP/AVP 0\r\n\
    m=video 51372 RTP/AVP 99\r\n\
    c=IN IP6 2001:db8::2\r\n\
    a=rtpmap:99 h263-1998/90000\r\n";

fn parse(text: &str) -> SessionDescription {
    SessionDescription::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn error(text: &str) -> SdpError {
    SessionDescription::parse(text.as_bytes()).expect_err(text)
}

#[test]
fn the_example_of_rfc_8866_is_read_and_written_as_it_stands() {
    let session = parse(EXAMPLE);
    assert_eq!(session.origin.username, "jdoe");
    assert_eq!((session.origin.session_id.as_str(), session.origin.version.as_str()), ("3724394400", "3724394405"));
    assert_eq!(session.name, "Call to John Smith");
    assert_eq!(session.information.as_deref(), Some("SDP Offer #1"));
    assert_eq!(session.uri.as_deref(), Some("http://www.jdoe.example.com/home.html"));
    assert_eq!(session.emails, ["Jane Doe <jane@jdoe.example.com>"]);
    assert_eq!(session.phones, ["+1 617 555-6011"]);
    assert_eq!(session.media.len(), 3);
    let video = &session.media[2];
    assert_eq!((&video.media, video.port, &video.protocol), (&MediaType::Video, 51372, &Protocol::RtpAvp));
    let address = |media: &MediaDescription| session.connection_of(media).and_then(|c| c.address.ip());
    assert_eq!(address(&session.media[0]), Some("198.51.100.1".parse::<IpAddr>().unwrap()));
    assert_eq!(address(video), Some("2001:db8::2".parse::<IpAddr>().unwrap()));
    assert_eq!(session.to_string(), EXAMPLE);
}

#[test]
fn liberal_in_strict_out() {
    // LF, trailing blanks, no s=, no t=, a blank user name, empty lines, a NUL at the end, attributes before c=.
    let session = parse(
        "v=0 \no= 99999999999999999999999 1 IN IP4 10.0.0.1\n\na=tool:x\nc=IN IP4 10.0.0.1\t\nm=audio 4 RTP/AVP 0\n\0",
    );
    assert_eq!(
        session.to_string(),
        "v=0\r\no=- 99999999999999999999999 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\na=tool:x\r\n\
         m=audio 4 RTP/AVP 0\r\n"
    );
    assert_eq!(parse("v=0\ro=a b c 1 2 IN IP4 h\r").origin.username, "a b c");
    assert_eq!(parse("v=0\r\no=- 1 2 IN IP4 h\r\ns= \r\n").name, "-");
}

#[test]
fn unknown_lines_and_attributes_are_kept_where_they_belong() {
    let text = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\na=x-one:two:three\r\na=x-flag\r\ny=what\r\nb=AS:lots\r\n\
                m=audio 4 RTP/AVP 0\r\nb=AS:64\r\na=x-more:\r\nq=odd\r\ns=here\r\nm=video 0 RTP/AVP 31\r\n";
    let session = parse(text);
    assert_eq!(session.other_lines.len(), 2);
    assert_eq!(session.media[0].other_lines[1], OtherLine { kind: 's', value: "here".into() });
    assert_eq!(session.media[0].bandwidths, [Bandwidth { kind: "AS".into(), value: 64 }]);
    assert_eq!(session.attributes.values("x-one").collect::<Vec<_>>(), ["two:three"]);
    assert_eq!(session.to_string(), text);
}

#[test]
fn times_keep_their_repeats_and_zones() {
    let text = "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=3034423619 3042462419\r\nr=604800 3600 0 90000\r\n\
                z=2882844526 -1h 2898848070 0\r\nt=1 2\r\nk=prompt\r\n";
    let session = parse(text);
    assert_eq!(session.times[0].repeats, ["604800 3600 0 90000"]);
    assert_eq!(session.times[0].zones.as_deref(), Some("2882844526 -1h 2898848070 0"));
    assert_eq!(session.to_string(), text);
}

#[test]
fn each_kind_of_wrong_is_named() {
    let head = "v=0\no=- 1 1 IN IP4 h\n";
    assert_eq!(error(""), SdpError::Missing { kind: 'v' });
    assert_eq!(error("o=- 1 1 IN IP4 h\n"), SdpError::Missing { kind: 'v' });
    assert_eq!(error("v=1\n"), SdpError::BadLine { kind: 'v', line: 1 });
    assert_eq!(error("v=0\n"), SdpError::Missing { kind: 'o' });
    assert_eq!(error("v=0\no=- 1\n"), SdpError::BadLine { kind: 'o', line: 2 });
    assert_eq!(error(&format!("{head}nonsense\n")), SdpError::NotALine { line: 3 });
    assert_eq!(error(&format!("{head}é=1\n")), SdpError::NotALine { line: 3 });
    assert_eq!(error(&format!("{head}\n\nc=IN IP4\n")), SdpError::BadLine { kind: 'c', line: 3 });
    assert_eq!(error(&format!("{head}r=1 2 3\n")), SdpError::BadLine { kind: 'r', line: 3 });
    for bad in
        ["audio", "audio x RTP/AVP 0", "audio 70000 RTP/AVP 0", "audio +5 RTP/AVP 0", "audio 4/0 RTP/AVP 0", "audio 4"]
    {
        assert_eq!(error(&format!("{head}m={bad}\n")), SdpError::BadLine { kind: 'm', line: 3 }, "{bad}");
    }
    assert_eq!(error(&format!("{head}c=IN IP4 h\nc=IN IP4 i\n")), SdpError::Repeated { kind: 'c', line: 4 });
    assert_eq!(error(&format!("{head}v=0\n")), SdpError::Repeated { kind: 'v', line: 3 });
}

#[test]
fn nothing_grows_without_a_cap() {
    let head = "v=0\no=- 1 1 IN IP4 h\n";
    let many = |line: &str, count: usize| format!("{head}{}", line.repeat(count));
    assert_eq!(error(&many("a=x\n", limits::SDP_ATTRIBUTES + 1)), SdpError::TooMany { kind: 'a' });
    assert_eq!(error(&many("m=audio 0 RTP/AVP 0\n", limits::SDP_MEDIA + 1)), SdpError::TooMany { kind: 'm' });
    assert_eq!(error(&many("q=x\n", limits::SDP_LINES + 1)), SdpError::TooMany { kind: 'q' });
    assert_eq!(parse(&many("a=x\n", limits::SDP_ATTRIBUTES)).attributes.len(), limits::SDP_ATTRIBUTES);
    assert_eq!(error(&many("a=x\n", limits::SDP_BYTES)), SdpError::TooLong);
    let formats = " 0".repeat(limits::SDP_FORMATS + 1);
    assert_eq!(error(&format!("{head}m=audio 4 RTP/AVP{formats}\n")), SdpError::BadLine { kind: 'm', line: 3 });
}

#[test]
fn no_text_can_make_a_line_of_its_own() {
    let mut session = SessionDescription::new(Origin::new(1, 1, [192, 0, 2, 1].into()));
    session.name = "x\r\na=inactive".into();
    session.attributes.push(Attribute::new("tool", "y\nm=audio 1 RTP/AVP 0\0"));
    let back = parse(&session.to_string());
    assert_eq!(back.name, "x  a=inactive");
    assert_eq!((back.attributes.len(), back.media.len()), (1, 0));
}

#[test]
fn connections_of_every_kind() {
    let both = |text: &str, connection: Connection| {
        assert_eq!(Connection::parse(text).as_ref(), Some(&connection), "{text}");
        assert_eq!(connection.to_string(), text);
    };
    let ip = |text: &str| NetworkAddress::Ip(text.parse().unwrap());
    both("IN IP4 192.0.2.1", Connection::ip([192, 0, 2, 1].into()));
    both("IN IP6 2001:db8::1", Connection::ip("2001:db8::1".parse().unwrap()));
    both("IN IP4 224.2.36.42/127", Connection { address: ip("224.2.36.42"), ttl: Some(127), count: None });
    both("IN IP4 233.252.0.1/127/3", Connection { address: ip("233.252.0.1"), ttl: Some(127), count: Some(3) });
    both("IN IP6 ff00::db8:0:101/3", Connection { address: ip("ff00::db8:0:101"), ttl: None, count: Some(3) });
    let name = Connection::parse("IN IP4 host.example.com").unwrap();
    assert_eq!((name.address.ip(), name.to_string().as_str()), (None, "IN IP4 host.example.com"));
    assert!(Connection::parse("IN IP4 0.0.0.0").unwrap().is_unspecified());
    assert!(Connection::parse("IN IP6 ::").unwrap().is_unspecified());
    assert!(!name.is_unspecified());
    assert_eq!(Connection::parse("IN IP4 192.0.2.1/300").unwrap().address.ip(), None);
}

/// The value is read as `typed` and written again as it stood.
fn same<T: TypedAttribute + PartialEq + Debug>(text: &str, typed: T) {
    assert_eq!(T::parse(text).as_ref(), Some(&typed), "{text}");
    assert_eq!(typed.to_string(), text);
}

#[test]
fn attributes_of_rtp() {
    let map = |encoding: &str, clock_rate, parameters: Option<&str>| RtpMap {
        payload_type: 97,
        encoding: encoding.into(),
        clock_rate,
        parameters: parameters.map(Into::into),
    };
    same("97 L16/8000", map("L16", 8_000, None));
    same("97 opus/48000/2", map("opus", 48_000, Some("2")));
    assert_eq!(map("opus", 48_000, Some("2")).channels(), 2);
    assert_eq!(map("L16", 8_000, None).channels(), 1);
    assert_eq!(RtpMap::parse(" 0  PCMU/8000 ").unwrap().clock_rate, 8_000);
    assert_eq!(RtpMap::parse("128 L16/8000"), None);
    assert_eq!(RtpMap::parse("0 PCMU"), None);
    let fmtp = Fmtp { format: "96".into(), parameters: "mode-set=0,2; octet-align=1".into() };
    same("96 mode-set=0,2; octet-align=1", fmtp.clone());
    assert_eq!(fmtp.parameter("octet-align"), Some("1"));
    assert_eq!(fmtp.parameter("crc"), None);
    same("20", Ptime(20));
    assert_eq!(Ptime::parse("20.5"), Some(Ptime(20)));
    assert_eq!(MaxPtime::parse("x"), None);
    same("53020", Rtcp { port: 53020, address: None });
    // RFC 3605, section 2.1.
    same(
        "53020 IN IP4 126.16.64.4",
        Rtcp { port: 53020, address: Some(NetworkAddress::new("IN", "IP4", "126.16.64.4")) },
    );
    assert_eq!(Rtcp::parse("53020 IN"), None);
    same("* nack pli", RtcpFeedback { format: "*".into(), feedback: "nack pli".into() });
    same("314159 cname:a b", Ssrc { id: 314_159, attribute: "cname".into(), value: Some("a b".into()) });
}

#[test]
fn crypto_with_every_part() {
    // RFC 4568, section 10.2, the lines unfolded; and the second with two keys.
    let first = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4 FEC_ORDER=FEC_SRTP";
    let second = "2 F8_128_HMAC_SHA1_80 inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm|2^20|1:4;\
                  inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4 FEC_ORDER=FEC_SRTP";
    let mut attributes = Attributes::new();
    attributes.push(Attribute::new("crypto", first));
    attributes.push(Attribute::new("crypto", second));
    let lines: Vec<Crypto> = attributes.all::<Crypto>().collect();
    assert_eq!(lines.iter().map(ToString::to_string).collect::<Vec<_>>(), [first, second]);
    assert_eq!(lines[0].session_parameters, ["FEC_ORDER=FEC_SRTP"]);
    let keys: Vec<SrtpKey> = lines[1].keys.iter().filter_map(CryptoKey::srtp).collect();
    assert_eq!(keys[1].key_salt, "QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5");
    assert_eq!(keys[1].lifetime, Some(1 << 20));
    assert_eq!(keys[1].mki, Some(MasterKeyIndex { value: 2, length: 4 }));
    assert_eq!(CryptoKey::inline(&keys[1]), lines[1].keys[1]);
    let key = |info: &str| CryptoKey { method: "inline".into(), info: info.into() }.srtp();
    assert_eq!(key("abc").map(|key| (key.lifetime, key.mki)), Some((None, None)));
    assert_eq!(key("abc|1:1").and_then(|key| key.mki).map(|mki| mki.value), Some(1));
    assert_eq!(key("abc|1000").and_then(|key| key.lifetime), Some(1000));
    for bad in ["", "abc|2^64", "abc|1:0", "abc|1:129", "abc|1:1|2^3", "abc|x"] {
        assert_eq!(key(bad), None, "{bad}");
    }
    assert!(!format!("{:?}", lines[0]).contains("WVNf"), "a key in a log");
}

#[test]
fn attributes_of_msrp_and_connections() {
    same("msrp://a.example.com:7394/2s93i9ek2a;tcp", Path(vec!["msrp://a.example.com:7394/2s93i9ek2a;tcp".into()]));
    same("message/cpim text/*", AcceptTypes(vec!["message/cpim".into(), "text/*".into()]));
    same("*", AcceptWrappedTypes(vec!["*".into()]));
    same("4294967296", MaxSize(1 << 32));
    for setup in [Setup::Active, Setup::Passive, Setup::ActPass, Setup::HoldConn] {
        same(setup.name(), setup);
    }
    same("new", ConnectionReuse::New);
    same("existing", ConnectionReuse::Existing);
    // RFC 8122, section 5 (the SHA-1 of figure 1).
    let text = "sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB";
    let fingerprint = Fingerprint::parse(text).unwrap();
    assert_eq!((fingerprint.octets.len(), fingerprint.octets[1]), (20, 0xAD));
    same(text, fingerprint);
    assert_eq!(Fingerprint::parse("sha-1 4A:A"), None);
    assert_eq!(Fingerprint::parse("sha-1 4A:+A"), None);
}

#[test]
fn attributes_of_ice_and_groups() {
    // RFC 8839, section 4.6.
    let text = "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998";
    let candidate = Candidate::parse(text).unwrap();
    assert_eq!(candidate.kind, CandidateKind::ServerReflexive);
    assert_eq!((candidate.related_address.as_deref(), candidate.related_port), (Some("203.0.113.141"), Some(8998)));
    same(text, candidate);
    let browser = Candidate::parse("1 1 udp 1 a.local 9 typ host generation 0 network-cost 50").unwrap();
    assert_eq!(browser.extensions.len(), 2);
    assert_eq!(Candidate::parse("1 1 UDP 1 a 9 type host"), None);
    same("8hhY", IceUfrag("8hhY".into()));
    same("asd88fgpdd777uzjYhagZg", IcePwd("asd88fgpdd777uzjYhagZg".into()));
    same("trickle ice2", IceOptions(vec!["trickle".into(), "ice2".into()]));
    let chosen = RemoteCandidates::parse("1 192.0.2.3 45664 2 192.0.2.3 45665").unwrap();
    assert_eq!(chosen.0[1].port, 45665);
    same("1 192.0.2.3 45664 2 192.0.2.3 45665", chosen);
    same("0", Mid("0".into()));
    same("BUNDLE 0 1", Group { semantics: "BUNDLE".into(), mids: vec!["0".into(), "1".into()] });
    same("floor", Label("floor".into()));
}

#[test]
fn direction_of_a_stream_wins_over_the_sessions() {
    let session = parse(
        "v=0\no=- 1 1 IN IP4 h\na=sendonly\nm=audio 4 RTP/AVP 0\nm=audio 4 RTP/AVP 0\na=inactive\nm=audio 4 RTP/AVP 0\na=SendRecv \n",
    );
    let directions: Vec<_> = session.media.iter().map(|media| session.direction_of(media)).collect();
    assert_eq!(directions, [Direction::SendOnly, Direction::Inactive, Direction::SendRecv]);
    let mut attributes = session.media[1].attributes.clone();
    attributes.set_direction(Direction::RecvOnly);
    assert_eq!((attributes.direction(), attributes.len()), (Some(Direction::RecvOnly), 1));
}

#[test]
fn directions_answer_each_other() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    // RFC 3264 6.1: (what we want, what they say, what we answer).
    for (wish, theirs, answer) in [
        (SendRecv, SendRecv, SendRecv),
        (SendRecv, SendOnly, RecvOnly),
        (SendRecv, RecvOnly, SendOnly),
        (SendRecv, Inactive, Inactive),
        (SendOnly, SendRecv, SendOnly),
        (SendOnly, SendOnly, Inactive),
        (RecvOnly, RecvOnly, Inactive),
        (Inactive, SendRecv, Inactive),
    ] {
        assert_eq!(wish.answer_to(theirs), answer, "{wish} to {theirs}");
    }
    assert_eq!(SendOnly.reversed(), RecvOnly);
}

#[test]
fn a_refused_line_keeps_its_media_protocol_and_formats() {
    let session = parse("v=0\no=- 1 1 IN IP4 h\nm=video 51372 RTP/SAVP 31 32\nc=IN IP4 h\na=inactive\nm=x 0 y/z\n");
    let refused: Vec<String> = session
        .media
        .iter()
        .map(|media| {
            let mut answer = SessionDescription::new(session.origin.clone());
            answer.media.push(media.refused());
            answer.to_string().split_once("m=").unwrap().1.to_string()
        })
        .collect();
    assert_eq!(refused, ["video 0 RTP/SAVP 31 32\r\n", "x 0 y/z 0\r\n"]);
}

fn text() -> impl Strategy<Value = String> {
    "[!-~éß€][ -~éß€]{0,20}[!-~éß€]"
}

fn token() -> impl Strategy<Value = String> {
    // Never a name that stands for something else.
    "x-[a-zA-Z0-9.]{1,8}"
}

fn address() -> impl Strategy<Value = NetworkAddress> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|ip| NetworkAddress::Ip(ip.into())),
        any::<[u8; 16]>().prop_map(|ip| NetworkAddress::Ip(ip.into())),
        token().prop_map(|name| NetworkAddress::new("IN", "IP4", &name)),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    (address(), any::<Option<u8>>(), any::<Option<u32>>()).prop_map(|(address, ttl, count)| match address.ip() {
        Some(IpAddr::V4(_)) => Connection { address, ttl, count: ttl.and(count) },
        Some(IpAddr::V6(_)) => Connection { address, ttl: None, count },
        None => Connection { address, ttl: None, count: None },
    })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let one = (token(), proptest::option::of(text())).prop_map(|(name, value)| Attribute { name, value });
    proptest::collection::vec(one, 0..5).prop_map(|list| list.into_iter().collect())
}

fn bandwidths() -> impl Strategy<Value = Vec<Bandwidth>> {
    proptest::collection::vec((token(), any::<u64>()).prop_map(|(kind, value)| Bandwidth { kind, value }), 0..3)
}

fn others() -> impl Strategy<Value = Vec<OtherLine>> {
    let one = ("[xyqwXYZ]", text()).prop_map(|(kind, value)| OtherLine { kind: kind.chars().next().unwrap(), value });
    proptest::collection::vec(one, 0..3)
}

fn media() -> impl Strategy<Value = MediaDescription> {
    let kind = prop_oneof![Just(MediaType::Audio), Just(MediaType::Message), token().prop_map(MediaType::Other)];
    let protocol =
        prop_oneof![Just(Protocol::RtpAvp), Just(Protocol::UdpTlsRtpSavpf), token().prop_map(Protocol::Other)];
    let line = (kind, any::<u16>(), 1u32.., protocol, proptest::collection::vec(token(), 0..4));
    let rest = (
        proptest::option::of(text()),
        proptest::collection::vec(connection(), 0..3),
        bandwidths(),
        proptest::option::of(text()),
        attributes(),
        others(),
    );
    (line, rest).prop_map(|((media, port, port_count, protocol, formats), rest)| {
        let (information, connections, bandwidths, key, attributes, other_lines) = rest;
        let line = MediaDescription::new(media, port, protocol, formats);
        MediaDescription { port_count, information, connections, bandwidths, key, attributes, other_lines, ..line }
    })
}

fn timing() -> impl Strategy<Value = Timing> {
    (any::<u64>(), any::<u64>(), proptest::collection::vec(text(), 0..3), proptest::option::of(text()))
        .prop_map(|(start, stop, repeats, zones)| Timing { start, stop, repeats, zones })
}

fn description() -> impl Strategy<Value = SessionDescription> {
    let origin = (token(), any::<u64>(), any::<u64>(), address()).prop_map(|(username, id, version, address)| Origin {
        username,
        session_id: id.to_string(),
        version: version.to_string(),
        address,
    });
    let texts = (
        text(),
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::collection::vec(text(), 0..3),
        proptest::collection::vec(text(), 0..3),
    );
    let rest = (
        proptest::option::of(connection()),
        bandwidths(),
        proptest::collection::vec(timing(), 1..3),
        attributes(),
        others(),
        proptest::collection::vec(media(), 0..4),
    );
    (origin, texts, rest).prop_map(|(origin, texts, rest)| {
        let (name, information, uri, key, emails, phones) = texts;
        let (connection, bandwidths, times, attributes, other_lines, media) = rest;
        SessionDescription {
            origin,
            name,
            information,
            uri,
            emails,
            phones,
            connection,
            bandwidths,
            times,
            key,
            attributes,
            other_lines,
            media,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_parses_back_equal(session in description()) {
        let text = session.to_string();
        prop_assert_eq!(SessionDescription::parse(text.as_bytes()), Ok(session));
    }

    #[test]
    fn no_bytes_panic(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(SessionDescription::parse(&data).is_err() || data.windows(3).any(|window| window == b"v=0"));
    }

    #[test]
    fn what_is_read_is_written_and_read_the_same(
        lines in proptest::collection::vec("[a-zA-Z]=[ -~\u{c}é]{0,30}|m=audio [0-9]{1,5}(/[0-9])? [a-zA-Z/]{1,8}( [0-9]{1,3}){0,3}", 0..20)
    ) {
        let text = format!("v=0\no=- 1 1 IN IP4 h\n{}\n", lines.join("\n"));
        if let Ok(session) = SessionDescription::parse(text.as_bytes()) {
            prop_assert_eq!(SessionDescription::parse(session.to_string().as_bytes()), Ok(session));
        }
    }

    #[test]
    fn no_attribute_value_panics(value in "\\PC{0,40}") {
        // `Display` of what was read is read the same.
        fn again<T: TypedAttribute + PartialEq + Debug>(value: &str) -> Result<(), TestCaseError> {
            if let Some(typed) = T::parse(value) {
                prop_assert_eq!(T::parse(&typed.to_string()), Some(typed));
            }
            Ok(())
        }
        again::<RtpMap>(&value)?;
        again::<Fmtp>(&value)?;
        again::<Rtcp>(&value)?;
        again::<Ssrc>(&value)?;
        again::<RtcpFeedback>(&value)?;
        again::<Crypto>(&value)?;
        again::<Fingerprint>(&value)?;
        again::<Candidate>(&value)?;
        again::<RemoteCandidates>(&value)?;
        again::<Group>(&value)?;
        again::<Path>(&value)?;
        again::<Mid>(&value)?;
    }
}
