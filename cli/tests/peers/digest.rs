//! The digest of a request, computed a second time (RFC 7616 3.4), for what sipp cannot verify itself.

use md5::{Digest, Md5};

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// A parameter of a digest field, without its quotes.
fn parameter<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    let parameters = field.strip_prefix("Digest")?;
    let mut pairs = parameters.split(',').filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().trim_matches('"'))
}

/// Fails the test unless the field answers an MD5 challenge with qop=auth for `username`, `password` and `method`, and
/// names `uri` as what is asked for.
pub(crate) fn verify(field: &str, username: &str, password: &str, method: &str, uri: &str) {
    let get = |name| parameter(field, name).unwrap_or_else(|| panic!("no {name} in {field}"));
    assert_eq!(get("uri"), uri, "the digest-uri is the Request-URI (RFC 7616 3.4)");
    let secret = md5_hex(&format!("{username}:{}:{password}", get("realm")));
    let asked = md5_hex(&format!("{method}:{uri}"));
    let (nonce, count, own) = (get("nonce"), get("nc"), get("cnonce"));
    let right = md5_hex(&format!("{secret}:{nonce}:{count}:{own}:auth:{asked}"));
    assert_eq!(get("response"), right, "the digest of {field}");
}
