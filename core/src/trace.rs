//! What goes over the wire, for people to read: SIP messages with direction and time, credentials masked.

use alloc::string::String;
use core::net::SocketAddr;

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

/// The message with the values that prove an identity masked: `response=`, `cnonce=` and the opaque parts of
/// `Authorization` and `Proxy-Authorization`, SDES keys (`inline:`) in SDP, and passwords in URIs.
pub fn masked(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        mask_line(line, &mut out);
    }
    out
}

fn mask_line(line: &str, out: &mut String) {
    let name = line.split(':').next().unwrap_or("").trim();
    if name.eq_ignore_ascii_case("Authorization") || name.eq_ignore_ascii_case("Proxy-Authorization") {
        return mask_parameters(line, &["response", "cnonce", "nonce", "opaque"], out);
    }
    if let Some(at) = line.find("inline:") {
        let rest = &line[at + 7..];
        let end = rest.find([' ', '|', ';', '\r', '\n']).unwrap_or(rest.len());
        out.push_str(&line[..at + 7]);
        out.push_str("***");
        return out.push_str(&rest[end..]);
    }
    mask_uri_password(line, out);
}

fn mask_parameters(line: &str, secret: &[&str], out: &mut String) {
    let Some((head, rest)) = line.split_once(':') else { return out.push_str(line) };
    out.push_str(head);
    out.push(':');
    let digest = rest.trim_start().get(..6).is_some_and(|s| s.eq_ignore_ascii_case("digest"));
    if !digest {
        let scheme_end = rest.trim_start().find(' ').unwrap_or(0);
        out.push(' ');
        out.push_str(&rest.trim_start()[..scheme_end]);
        return out.push_str(" ***\r\n");
    }
    for (i, parameter) in rest.split(',').enumerate() {
        if i > 0 {
            out.push(',');
        }
        let name = parameter.split('=').next().unwrap_or("").trim();
        let name = name.rsplit(' ').next().unwrap_or(name);
        if secret.iter().any(|s| name.eq_ignore_ascii_case(s)) {
            let eq = parameter.find('=').unwrap_or(parameter.len());
            out.push_str(&parameter[..eq]);
            out.push_str("=\"***\"");
            out.push_str(if parameter.ends_with("\r\n") { "\r\n" } else { "" });
        } else {
            out.push_str(parameter);
        }
    }
}

/// `sip:user:password@host` shows as `sip:user:***@host`.
fn mask_uri_password(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("sip:").or_else(|| rest.find("sips:")) {
        let start = at + rest[at..].find(':').unwrap_or(0) + 1;
        let (before, uri) = rest.split_at(start);
        out.push_str(before);
        let end = uri.find(['>', ' ', '"', '\r', '\n', ',']).unwrap_or(uri.len());
        let (uri, after) = uri.split_at(end);
        match uri.split_once('@') {
            Some((user, host)) if user.contains(':') => {
                out.push_str(user.split(':').next().unwrap_or(""));
                out.push_str(":***@");
                out.push_str(host);
            }
            _ => out.push_str(uri),
        }
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
