//! The authentication session with one realm (RFC 7616 3.6): the nonce in force and how often it was used.

use alloc::format;
use alloc::string::String;

use bytestring::ByteString;

use super::challenge::{DigestChallenge, Side};
use super::credentials::{Credentials, Secret};
use super::digest;
use super::digest::Qop;
use crate::rng::Rng;
use crate::wire::sip::quote;

/// Letters of a cnonce: 120 bits.
const CNONCE: usize = 24;

/// What is known about one realm: its challenge, and what to answer it with.
#[derive(Clone, Debug)]
pub(super) struct Realm {
    challenge: DigestChallenge,
    credentials: Credentials,
    /// Requests that used the nonce.
    count: u32,
    /// Ours, chosen with the first answer and kept: the key of the `-sess` algorithms depends on it.
    cnonce: String,
    /// H(A1), computed with the first answer. As good as the password.
    key: Secret,
    /// The next answer is the first to this challenge.
    unanswered: bool,
}

/// What a request said to one realm, so that its refusal can be understood.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    side: Side,
    realm: ByteString,
    credentials: Credentials,
    /// It answered a challenge, rather than using a known nonce unasked.
    to_challenge: bool,
}

impl Answer {
    /// True if `challenge` refuses these very credentials. A challenge that says `stale`, or that meets a nonce used
    /// unasked, only refuses the nonce.
    pub(super) fn is_refused_by(&self, challenge: &DigestChallenge, credentials: &Credentials) -> bool {
        challenge.same_space(self.side, &self.realm)
            && !challenge.stale
            && self.to_challenge
            && self.credentials.same_login(credentials)
    }
}

/// The request that an answer is for.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// The Request-URI exactly as it is sent.
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl Realm {
    pub(super) fn new(challenge: DigestChallenge, credentials: Credentials) -> Realm {
        Realm { challenge, credentials, count: 0, cnonce: String::new(), key: Secret::new(""), unanswered: true }
    }

    /// A new challenge of the same realm. A nonce that comes again goes on counting (RFC 7616 3.4, `nc`).
    pub(super) fn renew(&mut self, challenge: DigestChallenge, credentials: Credentials) {
        let count = if self.challenge.nonce == challenge.nonce { self.count } else { 0 };
        *self = Realm { count, ..Realm::new(challenge, credentials) };
    }

    /// `nextnonce` of Authentication-Info (RFC 7616 3.5). The key of a `-sess` algorithm stays that of the challenge
    /// (RFC 7616 3.4.2).
    pub(super) fn next_nonce(&mut self, nonce: ByteString) {
        if self.challenge.nonce != nonce {
            self.challenge.nonce = nonce;
            self.count = 0;
        }
    }

    pub(super) fn is(&self, side: Side, realm: &str) -> bool {
        self.challenge.same_space(side, realm)
    }

    pub(super) fn side(&self) -> Side {
        self.challenge.side
    }

    pub(super) fn cnonce(&self) -> &str {
        &self.cnonce
    }

    /// The value of the header field that answers the challenge for this request, and the note of it.
    pub(super) fn answer(&mut self, asked: &Asked<'_>, rng: &mut Rng) -> (String, Answer) {
        if self.unanswered {
            self.begin(rng);
        }
        let answer = Answer {
            side: self.challenge.side,
            realm: self.challenge.realm.clone(),
            credentials: self.credentials.clone(),
            to_challenge: self.unanswered,
        };
        self.unanswered = false;
        self.count = self.count.saturating_add(1);
        (self.value(asked), answer)
    }

    fn begin(&mut self, rng: &mut Rng) {
        let DigestChallenge { realm, nonce, algorithm, .. } = &self.challenge;
        self.cnonce = rng.token(CNONCE);
        let password = self.credentials.password.expose();
        let mut key = digest::identity(algorithm.hash, &self.credentials.username, realm, password);
        if algorithm.session {
            key = digest::session_key(algorithm.hash, &key, nonce, &self.cnonce);
        }
        self.key = Secret::new(key);
    }

    /// RFC 7616 3.4 says which parameters are quoted: username, realm, nonce, uri, response, cnonce and opaque are;
    /// algorithm, qop and nc are not.
    fn value(&self, asked: &Asked<'_>) -> String {
        let DigestChallenge { realm, nonce, algorithm, qop, .. } = &self.challenge;
        let count = digest::nonce_count(self.count);
        let action = digest::action(algorithm.hash, *qop, asked.method, asked.uri, asked.body);
        let response = digest::response(algorithm.hash, self.key.expose(), nonce, *qop, &count, &self.cnonce, &action);
        let mut value = format!(
            "Digest {}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            self.username(),
            quote(realm),
            quote(nonce),
            quote(asked.uri),
        );
        if let Some(token) = &self.challenge.algorithm_token {
            value.push_str(", algorithm=");
            value.push_str(token);
        }
        // RFC 2617 3.2.2: no cnonce where no qop was offered; but a `-sess` server could not check without.
        if *qop != Qop::Absent || algorithm.session {
            value.push_str(&format!(", cnonce=\"{}\"", self.cnonce));
        }
        if let Some(opaque) = &self.challenge.opaque {
            value.push_str(&format!(", opaque={}", quote(opaque)));
        }
        if let Some(qop) = qop.token() {
            value.push_str(&format!(", qop={qop}, nc={count}"));
        }
        if self.challenge.userhash {
            value.push_str(", userhash=true");
        }
        value
    }

    /// The `username` parameter: hashed where the server wants it so, and in the extended notation where a
    /// quoted-string cannot hold it (RFC 7616 3.4).
    fn username(&self) -> String {
        let username = &*self.credentials.username;
        if self.challenge.userhash {
            let hash = self.challenge.algorithm.hash;
            return format!("username=\"{}\"", digest::username_hash(hash, username, &self.challenge.realm));
        }
        if username.contains(|c: char| c.is_control()) {
            return format!("username*=UTF-8''{}", percent_encoded(username));
        }
        format!("username={}", quote(username))
    }
}

/// The value-chars of RFC 5987 3.2.1.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("%{octet:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 3.9.2 writes the name so.
    #[test]
    fn extended_notation() {
        assert_eq!(percent_encoded("J\u{e4}s\u{f8}n Doe"), "J%C3%A4s%C3%B8n%20Doe");
        assert_eq!(percent_encoded("a\r\nb"), "a%0D%0Ab");
    }
}
