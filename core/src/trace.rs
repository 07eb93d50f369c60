//! What goes over the wire, for people to read: SIP messages with direction and time, credentials masked.
//!
//! Masking knows what may be shown of a credential, not what must be hidden: a form that nobody thought of is hidden whole.

use alloc::string::String;
use core::net::SocketAddr;
use core::ops::Range;

use crate::wire::sip::Transport;

/// Which way a traced message went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// It came from the peer.
    Received,
    /// It was sent to the peer.
    Sent,
}

/// One SIP message as it went over the wire, with every credential replaced by `***`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// Which way it went.
    pub direction: Direction,
    /// By what transport.
    pub transport: Transport,
    /// The peer's address.
    pub peer: SocketAddr,
    /// The message, or the readable part of what came instead of one.
    pub text: String,
}

/// The message as text, with every credential in it replaced by `***`: what proves an identity in `Authorization`,
/// `Proxy-Authorization`, `Authentication-Info` and `Proxy-Authentication-Info`, passwords in URIs, credentials in the
/// headers of a URI, and keys in session descriptions (SDES, `k=`, `a=key-mgmt`, `a=ice-pwd`).
///
/// Header fields with credentials are shown unfolded; octets that are not UTF-8 as U+FFFD. The text is for people: it
/// does not parse back to the message.
pub fn masked(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(field_len(rest));
        mask_field(line, &mut out);
        rest = after;
    }
    out
}

/// The length of the first line, its end included. A lone CR ends a line too: whoever reads it so shall see no more.
fn line_len(text: &str) -> usize {
    match text.find(['\r', '\n']) {
        Some(at) if text[at..].starts_with("\r\n") => at + 2,
        Some(at) => at + 1,
        None => text.len(),
    }
}

/// The length of the first line and of those that continue it (RFC 3261 7.3.1).
fn field_len(text: &str) -> usize {
    let mut end = line_len(text);
    while text[end..].starts_with([' ', '\t']) {
        end += line_len(&text[end..]);
    }
    end
}

fn mask_field(field: &str, out: &mut String) {
    let name = field.split(':').next().unwrap_or("").trim();
    let is = |names: [&str; 2]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    let credentials = is(["Authorization", "Proxy-Authorization"]);
    let proof = is(["Authentication-Info", "Proxy-Authentication-Info"]);
    match field.split_once(':') {
        Some((written, value)) if credentials || proof => {
            out.push_str(written.trim_end());
            out.push_str(": ");
            let value = unfolded(value);
            if credentials {
                mask_credentials(&value, out)
            } else {
                mask_parameters(&value, out)
            }
            out.push_str(&field[field.trim_end_matches(['\r', '\n']).len()..]);
        }
        _ => mask_line(field, out),
    }
}

fn unfolded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for part in value.split(['\r', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(part);
    }
    out
}

/// Schemes whose name may be shown, though nothing behind it.
const SCHEMES: [&str; 4] = ["Basic", "Bearer", "NTLM", "Negotiate"];

/// The Digest parameters that prove nothing (RFC 7616 3.4).
const SHOWN: [&str; 7] = ["username", "realm", "uri", "algorithm", "qop", "nc", "userhash"];
/// Those of which only the name is shown. Any other name may be a secret itself.
const NAMED: [&str; 7] = ["response", "nonce", "cnonce", "opaque", "auts", "rspauth", "nextnonce"];

fn mask_credentials(value: &str, out: &mut String) {
    let (scheme, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("Digest") {
        out.push_str(scheme);
        out.push(' ');
        return mask_parameters(rest, out);
    }
    if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        out.push_str(scheme);
        out.push(' ');
    }
    out.push_str("***");
}

/// Shows the values of [`SHOWN`] parameters alone; from the first thing on that is no parameter, nothing.
fn mask_parameters(mut text: &str, out: &mut String) {
    loop {
        text = text.trim_start();
        let Some((name, value)) = text.split_once('=').map(|(name, value)| (name.trim(), value.trim_start())) else {
            return out.push_str(if text.is_empty() { "" } else { "***" });
        };
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let Some(len) = value_len(value).filter(|_| is_name) else { return out.push_str("***") };
        let (value, rest) = value.split_at(len);
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        out.push_str(if is(&SHOWN) || is(&NAMED) { name } else { "***" });
        out.push('=');
        match is(&SHOWN) {
            true => mask_line(value, out),
            false => out.push_str("\"***\""),
        }
        let rest = rest.trim_start();
        if rest.is_empty() {
            return;
        }
        out.push_str(", ");
        match rest.strip_prefix(',') {
            Some(next) => text = next,
            None => return out.push_str("***"),
        }
    }
}

/// The length of a parameter's value; `None` for a quoted string that does not end.
fn value_len(text: &str) -> Option<usize> {
    let Some(inner) = text.strip_prefix('"') else {
        return Some(text.find([',', ' ', '\t']).unwrap_or(text.len()));
    };
    let mut escaped = false;
    let end = inner.bytes().position(|byte| match byte {
        _ if escaped => {
            escaped = false;
            false
        }
        b'\\' => {
            escaped = true;
            false
        }
        byte => byte == b'"',
    });
    end.map(|end| end + 2)
}

/// Lines of a session description of which nothing behind the colon or the `=` is shown.
const KEY_LINES: [&str; 3] = ["k=", "a=ice-pwd:", "a=key-mgmt:"];

fn mask_line(line: &str, out: &mut String) {
    let is_key = |start: &&&str| line.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    if let Some(start) = KEY_LINES.iter().find(is_key) {
        out.push_str(&line[..start.len()]);
        out.push_str("***");
        return out.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
    }
    let (mut shown, mut at) = (0, 0);
    while let Some(found) = line[at..].find([':', '=']) {
        at += found + 1;
        if let Some(secret) = secret_behind(line, at) {
            out.push_str(&line[shown..secret.start]);
            out.push_str("***");
            (shown, at) = (secret.end, secret.end);
        }
    }
    out.push_str(&line[shown..]);
}

/// The secret that follows the `:` or `=` before `at`, if one does.
fn secret_behind(line: &str, at: usize) -> Option<Range<usize>> {
    let (before, rest) = line.split_at(at);
    let follows = |word: &str| {
        let start = before.len().checked_sub(word.len());
        start.and_then(|start| before.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    let up_to = |ends: &[char]| at..at + rest.find(ends).unwrap_or(rest.len());
    if follows("inline:") {
        // RFC 4568 6.1: the key ends at its lifetime, at the next key, or at the session parameters.
        return Some(up_to(&['|', ';', ' ', '\t', '\r', '\n', '"', '<']));
    }
    if follows("authorization=") {
        return Some(up_to(&['&', '>', '"', ' ', '\t', '\r', '\n']));
    }
    if follows("sip:") || follows("sips:") {
        return password(rest).map(|secret| at + secret.start..at + secret.end);
    }
    let behind_slashes = rest.strip_prefix("//").filter(|_| before.ends_with(':'))?;
    password(behind_slashes).map(|secret| at + 2 + secret.start..at + 2 + secret.end)
}

/// How far into a URI its password is looked for, in octets: longer than any user and password, and short enough that a
/// line full of schemes is not read over and over.
const USERINFO: usize = 1_024;

/// Where the password of a URI is, given what follows the scheme: between the first colon and the `@`.
fn password(text: &str) -> Option<Range<usize>> {
    let mut window = text.len().min(USERINFO);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    let uri = text[..window].split(['>', '<', '"', ' ', '\t', '\r', '\n']).next().unwrap_or("");
    let first = uri.find('@')?;
    // An `@` that somebody forgot to escape is part of the password.
    let host = uri[first..].find([',', ';', '?', '/']).map_or(uri.len(), |end| first + end);
    let end = uri[..host].rfind('@').unwrap_or(first);
    let start = uri[..end].find(':')? + 1;
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests;
