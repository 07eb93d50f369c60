//! Messages, streams of them, and URIs.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bytes::Bytes;

use crate::wire::sip::{self, Frame, Framer, Header, HeaderName, Message, StatusCode, Uri, UriRef, multipart};

/// Any datagram: a message that was read is written so that it reads back the same, whole and header by header; a reply
/// to it is the same whether it is built or written directly.
pub fn message(data: &[u8]) {
    let message = match Message::parse(Bytes::copy_from_slice(data)) {
        Ok(message) => message,
        Err(broken) => {
            assert!(!broken.error.status().is_success());
            if let Some(salvaged) = broken.message {
                replies(&salvaged);
            }
            return;
        }
    };
    let written = message.to_bytes();
    assert_eq!(written.len(), message.encoded_len());
    match Message::parse(written.clone()) {
        Ok(back) => {
            assert_eq!(show(&back), show(&message));
            assert_eq!(back.body(), message.body());
            assert_eq!(back.to_bytes(), written);
        }
        // What was mended may have grown beyond the caps.
        Err(broken) => assert_eq!(broken.error.status(), StatusCode::MESSAGE_TOO_LARGE),
    }
    let _ = message.validate();
    headers(&message);
    replies(&message);
    if let Ok(Some(content_type)) = message.content_type()
        && content_type.is_multipart()
        && let Ok(parts) = multipart::parse(&content_type, message.body())
    {
        assert!(parts.len() <= crate::limits::MULTIPART_PARTS);
    }
}

/// Everything of a message but `Content-Length` and its body.
fn show(message: &Message) -> Vec<(String, String)> {
    let fields = message.fields().filter(|(_, name, _)| *name != HeaderName::ContentLength);
    let start = match message.status() {
        Some(status) => (status.to_string(), message.reason().to_string()),
        None => (message.method().map(ToString::to_string).unwrap_or_default(), message.uri().to_string()),
    };
    core::iter::once(start).chain(fields.map(|(name, _, value)| (name.to_string(), value.to_string()))).collect()
}

/// A reply written directly is the reply that is built.
fn replies(request: &Message) {
    let mut direct = Vec::new();
    request.write_reply(StatusCode::BAD_REQUEST, None, |_| (), &mut direct);
    assert_eq!(request.reply(StatusCode::BAD_REQUEST).to_bytes(), direct);
    let mut tagged = request.reply(StatusCode::BAD_REQUEST);
    if tagged.set_to_tag("t") {
        assert_eq!(tagged.to().ok().and_then(|to| to.tag()), Some("t"));
    }
}

macro_rules! every_header {
    ($message:ident: $($name:ident)*) => {
        $(
            for value in $message.values(HeaderName::$name) {
                let Ok(value) = sip::$name::parse(value) else { continue };
                let written = value.to_string();
                match sip::$name::parse(&written) {
                    Ok(back) => assert_eq!(back, value),
                    Err(error) => panic!("{written}: {error}"),
                }
            }
        )*
    };
}

/// Every value of a header that can be read, reads back from what it writes.
fn headers(message: &Message) {
    every_header! { message:
        Accept AcceptContact AcceptEncoding AcceptLanguage AlertInfo Allow AllowEvents AuthenticationInfo Authorization
        CallId CallInfo Contact ContentDisposition ContentEncoding ContentId ContentLanguage ContentLength
        ContentTransferEncoding ContentType CSeq Date Diversion ErrorInfo Event Expires FlowTimer From HistoryInfo
        InfoPackage InReplyTo Join MaxBreadth MaxForwards MimeVersion MinExpires MinSe Organization PAssertedIdentity
        PAssociatedUri PPreferredIdentity Path Priority Privacy ProxyAuthenticate ProxyAuthenticationInfo
        ProxyAuthorization ProxyRequire RAck Reason RecordRoute RecvInfo ReferSub ReferTo ReferredBy RejectContact
        Replaces ReplyTo RequestDisposition Require RetryAfter Route RSeq Server ServiceRoute SessionExpires SipETag
        SipIfMatch Subject SubscriptionState Supported TargetDialog Timestamp To Unsupported UserAgent Via Warning
        WwwAuthenticate
    }
}

/// Any stream: split anywhere, its frames are the same.
pub fn stream(data: &[u8]) {
    let Some((&seed, data)) = data.split_first() else { return };
    let mut whole = Framer::new();
    whole.push(data);
    let expected = drain(&mut whole);
    let mut split = Framer::new();
    let mut frames = Vec::new();
    let (mut rest, mut length) = (data, usize::from(seed));
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at((length % 23 + 1).min(rest.len()));
        split.push(piece);
        frames.extend(drain(&mut split));
        rest = behind;
        length = length.wrapping_mul(31).wrapping_add(7);
    }
    assert_eq!(frames, expected);
    assert_eq!(split.partial(), whole.partial());
}

fn drain(framer: &mut Framer) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some(frame) = framer.next() {
        frames.push(match frame {
            Ok(Frame::Message(message)) => {
                message.validate().map_or_else(|error| error.to_string(), |()| alloc::format!("{:?}", show(&message)))
            }
            Ok(Frame::Broken(broken)) => alloc::format!("broken {broken} {}", broken.message.is_some()),
            Ok(Frame::Ping) => String::from("ping"),
            Ok(Frame::Pong) => String::from("pong"),
            Err(error) => alloc::format!("error {error} {}", error.message.is_some()),
        });
    }
    frames
}

/// Any text as a URI: its parts fit together, it is equivalent to itself, and what is added to it can be found.
pub fn uri(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let Ok(uri) = UriRef::parse(text) else { return };
    assert_eq!(uri.as_str(), text);
    assert!(uri.equivalent(&uri));
    let more = Uri::from(uri).with_param("sansip-added", Some("a;b"));
    assert_eq!(UriRef::parse(more.as_str()), Ok(more.view()));
    if uri.is_sip() {
        assert_eq!(more.view().param("sansip-added"), Some(Some("a%3Bb")));
        assert_eq!((more.view().user(), more.view().host()), (uri.user(), uri.host()));
        assert!(more.view().equivalent(&uri) && uri.equivalent(&more.view()));
        let bare = more.with_header("sansip-header", "x").without_headers();
        assert_eq!(bare.view().headers().count(), 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEEDS: [&[u8]; 3] = [
        b"INVITE sip:a@b;lr SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: \"A\" <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
          Call-ID: x@y\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>;q=0.5, *\r\nDate: Sat, 13 Nov 2010 23:29:00 GMT\r\n\
          Warning: 399 h \"text\"\r\nContent-Type: multipart/mixed;boundary=b\r\nl: 22\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n\r\n\r\n",
        b"SIP/2.0 401 Unauthorized\r\nVia: SIP / 2.0 / TCP [::1] : 5060;rport=5 ;received=::1\r\nv:\r\n SIP/2.0/UDP q\r\n\
          WWW-Authenticate: Digest realm=\"a, b\", nonce=\"c\", Basic realm=\"d\"\r\nt: sip:a\r\nCSeq: 1 ACK\r\n\
          Retry-After: 5 (a (b) c);duration=1\r\nTimestamp: 5.1 0.2\r\nReplaces: a@b;to-tag=1;from-tag=2\r\nl: 0\r\n\r\n",
        b"sip:a%20b:pw@[2001:db8::1]:5060;transport=tcp;lr?Subject=x&To=y",
    ];

    /// One of the seeds with some octets changed, or noise.
    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let change =
            (any::<prop::sample::Index>(), prop::sample::select(&b"\r\n \t\"<>;:,=@%(\\)*\0\xFFa1"[..]), 0u8..3);
        let changed =
            (prop::sample::select(&SEEDS[..]), prop::collection::vec(change, 0..6)).prop_map(|(seed, changes)| {
                let mut bytes = seed.to_vec();
                for (index, byte, kind) in changes {
                    let at = index.index(bytes.len());
                    match kind {
                        0 => bytes[at] = byte,
                        1 => bytes.insert(at, byte),
                        _ if bytes.len() > 1 => {
                            bytes.remove(at);
                        }
                        _ => (),
                    }
                }
                bytes
            });
        prop_oneof![4 => changed, 1 => prop::collection::vec(any::<u8>(), 0..200)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_message(data in mutated()) {
            message(&data);
        }

        #[test]
        fn any_stream(seed: u8, one in mutated(), two in mutated()) {
            stream(&[&[seed][..], &one, &two].concat());
        }

        #[test]
        fn any_uri(data in mutated()) {
            uri(&data);
        }
    }
}
