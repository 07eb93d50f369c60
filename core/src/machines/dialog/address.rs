//! The addresses of From, To, Contact and Record-Route values, cut out verbatim: what a dialog repeats in each request
//! must be octet for octet what the peer or its proxies wrote.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

/// The value without its header parameters: name-addr, or addr-spec (RFC 3261 20.10: without `<>` everything from the
/// first semicolon on are header parameters).
pub(super) fn address(value: &str) -> &str {
    let end = match brackets(value) {
        Some((_, close)) => close + 1,
        None => value.find(';').unwrap_or(value.len()),
    };
    value.get(..end).unwrap_or(value).trim()
}

/// The URI of the value.
pub(super) fn uri(value: &str) -> &str {
    match brackets(value) {
        Some((open, close)) => value.get(open + 1..close).unwrap_or(value).trim(),
        None => address(value),
    }
}

/// The value, in `<>` if it has none: a URI becomes a name-addr.
pub(super) fn bracketed(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if brackets(value).is_some() { Cow::Borrowed(value) } else { Cow::Owned(format!("<{value}>")) }
}

/// The URI without what a Request-URI must not have: `method` and headers (RFC 3261 19.1.1, table 1).
pub(super) fn request_uri(uri: &str) -> Cow<'_, str> {
    // The user part may have ';' and '?' of its own.
    let host = uri.find('@').map_or(0, |at| at + 1);
    let end = uri.get(host..).and_then(|rest| rest.find('?')).map_or(uri.len(), |at| host + at);
    let kept = uri.get(..end).unwrap_or(uri);
    let Some(params) = kept.get(host..).and_then(|rest| rest.find(';')).map(|at| host + at) else {
        return Cow::Borrowed(kept);
    };
    let (before, params) = kept.split_at(params);
    if !params.split(';').any(is_method) {
        return Cow::Borrowed(kept);
    }
    let mut out = String::from(before);
    for param in params.split(';').skip(1).filter(|param| !is_method(param)) {
        out.push(';');
        out.push_str(param);
    }
    Cow::Owned(out)
}

fn is_method(param: &str) -> bool {
    param.split('=').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("method"))
}

/// Where `<` and `>` are, quoted display names passed over.
fn brackets(value: &str) -> Option<(usize, usize)> {
    let mut quoted = false;
    let mut escaped = false;
    let open = value.bytes().position(|octet| {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' => return !quoted,
            _ => {}
        }
        false
    })?;
    let close = open + value.get(open..)?.find('>')?;
    Some((open, close))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_cut_out_verbatim() {
        let cases = [
            ("Bob <sip:bob@b>;tag=1", "Bob <sip:bob@b>", "sip:bob@b"),
            ("<sip:bob@b;lr>;tag=1", "<sip:bob@b;lr>", "sip:bob@b;lr"),
            ("sip:bob@b;tag=1", "sip:bob@b", "sip:bob@b"),
            ("\"a <b> \\\" <c>\" <sip:bob@b>;x=\"<\"", "\"a <b> \\\" <c>\" <sip:bob@b>", "sip:bob@b"),
            ("  sip:b  ", "sip:b", "sip:b"),
            ("*", "*", "*"),
            ("", "", ""),
        ];
        for (value, wanted, wanted_uri) in cases {
            assert_eq!((address(value), uri(value)), (wanted, wanted_uri), "{value}");
        }
    }

    #[test]
    fn brackets_are_added_once() {
        assert_eq!(bracketed("sip:a@b;transport=tcp"), "<sip:a@b;transport=tcp>");
        assert_eq!(
            bracketed("\"A\" <sip:a@b>;+sip.instance=\"<urn:uuid:1>\""),
            "\"A\" <sip:a@b>;+sip.instance=\"<urn:uuid:1>\""
        );
    }

    #[test]
    fn a_request_uri_has_neither_method_nor_headers() {
        let cases = [
            ("sip:proxy1", "sip:proxy1"),
            ("sip:p;lr", "sip:p;lr"),
            ("sip:p;method=INVITE;transport=tcp?Subject=a%3Bb", "sip:p;transport=tcp"),
            ("sip:p;transport=tcp;METHOD=BYE", "sip:p;transport=tcp"),
            ("sip:a;method=x?y@p;maddr=1.2.3.4", "sip:a;method=x?y@p;maddr=1.2.3.4"),
            ("sip:a@p?X=1", "sip:a@p"),
        ];
        for (uri, wanted) in cases {
            assert_eq!(request_uri(uri), wanted, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(value in ".*") {
            prop_assert!(value.contains(address(&value)));
            prop_assert!(value.contains(uri(&value)));
            prop_assert!(bracketed(&value).contains('<'));
            prop_assert!(request_uri(&value).len() <= value.len());
        }
    }
}
