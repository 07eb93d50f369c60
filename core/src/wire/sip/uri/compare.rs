//! When two URIs mean the same (RFC 3261, 19.1.4; RFC 3966, 5).

use super::escape::Unescaped;
use super::{Kind, Params, UriRef};

/// Parameters which must be in both URIs or in neither. `transport` is one: the section lists
/// `sip:bob@biloxi.com;transport=udp` and `sip:bob@biloxi.com` among those that differ.
const BOTH_OR_NEITHER: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];

/// The characters whose escaped form is not the same (RFC 3261, 25.1, `reserved`).
const RESERVED: &[u8] = b";/?:@&=+$,";

impl UriRef<'_> {
    /// Whether the two mean the same by RFC 3261, 19.1.4; `tel` URIs by RFC 3966, 5; any other when their texts are
    /// equal. Not transitive: a parameter that only one of them has does not count.
    pub fn equivalent(&self, other: &UriRef<'_>) -> bool {
        match (self.kind, other.kind) {
            (Kind::Sip, Kind::Sip) | (Kind::Sips, Kind::Sips) => {
                same_option(self.user(), other.user(), same_case)
                    && same_option(self.password(), other.password(), same_case)
                    && self.host() == other.host()
                    && self.port == other.port
                    && same_params(self.params(), other.params())
                    && self.headers_within(other)
                    && other.headers_within(self)
            }
            (Kind::Tel, Kind::Tel) => match (self.tel(), other.tel()) {
                (Some(one), Some(two)) => one.equivalent(&two),
                _ => false,
            },
            _ => self.text == other.text,
        }
    }

    /// Whether each header of this URI is in the other. Header names and values of the well-known headers compare
    /// without regard to case; no other rule is applied to values.
    fn headers_within(&self, other: &UriRef<'_>) -> bool {
        self.headers().all(|(name, value)| {
            other.headers().any(|(key, text)| same_any_case(name, key) && same_any_case(value, text))
        })
    }
}

fn same_option(one: Option<&str>, two: Option<&str>, same: fn(&str, &str) -> bool) -> bool {
    match (one, two) {
        (Some(one), Some(two)) => same(one, two),
        (None, None) => true,
        _ => false,
    }
}

/// An octet, its case folded if asked, and whether it is an escaped reserved one.
fn folded(text: &str, fold: bool) -> impl Iterator<Item = (u8, bool)> + '_ {
    Unescaped::new(text).map(move |(byte, escaped)| {
        (if fold { byte.to_ascii_lowercase() } else { byte }, escaped && RESERVED.contains(&byte))
    })
}

fn same_case(one: &str, two: &str) -> bool {
    folded(one, false).eq(folded(two, false))
}

fn same_any_case(one: &str, two: &str) -> bool {
    folded(one, true).eq(folded(two, true))
}

fn find<'a>(params: Params<'a>, name: &str) -> Option<Option<&'a str>> {
    params.iter().find(|(key, _)| same_any_case(key, name)).map(|(_, value)| value)
}

fn same_params(one: Params<'_>, two: Params<'_>) -> bool {
    // Of a parameter that is there twice, which it must not be (19.1.1), the first counts.
    let alike = one.iter().all(|(name, _)| match (find(one, name), find(two, name)) {
        (Some(value), Some(other)) => same_option(value, other, same_any_case),
        _ => true,
    });
    alike && BOTH_OR_NEITHER.iter().all(|name| find(one, name).is_some() == find(two, name).is_some())
}
