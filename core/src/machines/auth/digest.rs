//! The digest itself: what is hashed, in which order (RFC 7616 3.4).

use alloc::format;
use alloc::string::String;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A hash function of the registry of RFC 7616 6.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hash {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512/256 (FIPS 180-4): SHA-512 with its own start value, cut to 256 bits.
    Sha512_256,
}

impl Hash {
    /// Bits of the digest: the higher, the stronger.
    pub const fn bits(self) -> u32 {
        match self {
            Hash::Md5 => 128,
            Hash::Sha256 | Hash::Sha512_256 => 256,
        }
    }

    /// The digest of the parts with a colon between each two, in lowercase hexadecimal (RFC 8760 2.2).
    pub fn of(self, parts: &[&[u8]]) -> String {
        match self {
            Hash::Md5 => hash::<Md5>(parts),
            Hash::Sha256 => hash::<Sha256>(parts),
            Hash::Sha512_256 => hash::<Sha512_256>(parts),
        }
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    hexadecimal(digest.finalize().as_slice())
}

fn hexadecimal(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(octets.len() * 2);
    for octet in octets {
        out.push(char::from(DIGITS[usize::from(octet >> 4)]));
        out.push(char::from(DIGITS[usize::from(octet & 15)]));
    }
    out
}

/// The `algorithm` parameter (RFC 7616 3.3, RFC 8760 2.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Algorithm {
    /// The hash function.
    pub hash: Hash,
    /// True for the `-sess` variant, whose key holds for an authentication session.
    pub session: bool,
}

impl Algorithm {
    /// Reads the token, in any case of letters; `None` for an algorithm that we do not know.
    pub fn parse(token: &str) -> Option<Algorithm> {
        const KNOWN: [(&str, Hash, bool); 6] = [
            ("MD5", Hash::Md5, false),
            ("MD5-sess", Hash::Md5, true),
            ("SHA-256", Hash::Sha256, false),
            ("SHA-256-sess", Hash::Sha256, true),
            ("SHA-512-256", Hash::Sha512_256, false),
            ("SHA-512-256-sess", Hash::Sha512_256, true),
        ];
        let known = KNOWN.iter().find(|(name, ..)| name.eq_ignore_ascii_case(token.trim()))?;
        Some(Algorithm { hash: known.1, session: known.2 })
    }
}

impl Default for Algorithm {
    /// MD5, which a challenge without `algorithm` means (RFC 7616 3.3).
    fn default() -> Algorithm {
        Algorithm { hash: Hash::Md5, session: false }
    }
}

/// The quality of protection (RFC 7616 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Qop {
    /// The challenge offers none: the digest of RFC 2069, without nonce count.
    Absent,
    /// `auth`: method and URI are protected.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

impl Qop {
    /// Chooses from the list of a challenge, `None` being a challenge without: `auth` before `auth-int`, because
    /// intermediaries may rewrite bodies. Unknown values are skipped; `None` if nothing known is left.
    pub fn choose(offered: Option<&str>) -> Option<Qop> {
        let Some(list) = offered else { return Some(Qop::Absent) };
        let offers = |wanted: &str| values(list).any(|value| value.eq_ignore_ascii_case(wanted));
        if offers("auth") {
            Some(Qop::Auth)
        } else if offers("auth-int") {
            Some(Qop::AuthInt)
        } else if values(list).next().is_none() {
            Some(Qop::Absent)
        } else {
            None
        }
    }

    /// The token on the wire; `None` for [`Qop::Absent`].
    pub const fn token(self) -> Option<&'static str> {
        match self {
            Qop::Absent => None,
            Qop::Auth => Some("auth"),
            Qop::AuthInt => Some("auth-int"),
        }
    }
}

fn values(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '"']).filter(|value| !value.is_empty())
}

/// H(A1) of the plain algorithms (RFC 7616 3.4.2): who the user is.
pub(super) fn identity(hash: Hash, username: &str, realm: &str, password: &str) -> String {
    hash.of(&[username.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// H(A1) of the `-sess` algorithms (RFC 7616 3.4.2), from the plain one and the nonces that began the session.
pub(super) fn session_key(hash: Hash, identity: &str, nonce: &str, cnonce: &str) -> String {
    hash.of(&[identity.as_bytes(), nonce.as_bytes(), cnonce.as_bytes()])
}

/// The user name as the server that set `userhash` wants it (RFC 7616 3.4.4).
pub(super) fn username_hash(hash: Hash, username: &str, realm: &str) -> String {
    hash.of(&[username.as_bytes(), realm.as_bytes()])
}

/// H(A2) (RFC 7616 3.4.3): what is asked for. An absent body is an empty one (RFC 8760 2.6, item 7).
pub(super) fn action(hash: Hash, qop: Qop, method: &str, uri: &str, body: &[u8]) -> String {
    match qop {
        Qop::Absent | Qop::Auth => hash.of(&[method.as_bytes(), uri.as_bytes()]),
        Qop::AuthInt => hash.of(&[method.as_bytes(), uri.as_bytes(), hash.of(&[body]).as_bytes()]),
    }
}

/// The nonce count as it is sent and hashed: exactly eight hexadecimal digits (RFC 7616 3.4).
pub(super) fn nonce_count(count: u32) -> String {
    format!("{count:08x}")
}

/// The `response` (RFC 7616 3.4.1; RFC 2617 3.2.2.1 without `qop`).
pub(super) fn response(
    hash: Hash,
    key: &str,
    nonce: &str,
    qop: Qop,
    count: &str,
    cnonce: &str,
    action: &str,
) -> String {
    let (key, nonce, action) = (key.as_bytes(), nonce.as_bytes(), action.as_bytes());
    match qop.token() {
        None => hash.of(&[key, nonce, action]),
        Some(qop) => hash.of(&[key, nonce, count.as_bytes(), cnonce.as_bytes(), qop.as_bytes(), action]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case<'a> {
        algorithm: Algorithm,
        login: (&'a str, &'a str, &'a str),
        nonces: (&'a str, &'a str),
        qop: Qop,
        request: (&'a str, &'a str, &'a [u8]),
    }

    fn answer(case: &Case<'_>) -> String {
        let hash = case.algorithm.hash;
        let (username, realm, password) = case.login;
        let (nonce, cnonce) = case.nonces;
        let (method, uri, body) = case.request;
        let mut key = identity(hash, username, realm, password);
        if case.algorithm.session {
            key = session_key(hash, &key, nonce, cnonce);
        }
        response(hash, &key, nonce, case.qop, &nonce_count(1), cnonce, &action(hash, case.qop, method, uri, body))
    }

    fn algorithm(token: &str) -> Algorithm {
        Algorithm::parse(token).expect("known")
    }

    /// RFC 2617 3.5.
    #[test]
    fn rfc_2617_3_5() {
        let case = Case {
            algorithm: Algorithm::default(),
            login: ("Mufasa", "testrealm@host.com", "Circle Of Life"),
            nonces: ("dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b"),
            qop: Qop::Auth,
            request: ("GET", "/dir/index.html", b""),
        };
        assert_eq!(answer(&case), "6629fae49393a05397450978507c4ef1");
    }

    /// RFC 7616 3.9.1, both algorithms.
    #[test]
    fn rfc_7616_3_9_1() {
        let expected = [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (token, response) in expected {
            let case = Case {
                algorithm: algorithm(token),
                login: ("Mufasa", "http-auth@example.org", "Circle of Life"),
                nonces: (
                    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                    "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                ),
                qop: Qop::Auth,
                request: ("GET", "/dir/index.html", b""),
            };
            assert_eq!(answer(&case), response, "{token}");
        }
    }

    /// The inputs of RFC 7616 3.9.2. The results in its text are of SHA-512 cut to 256 bits, which is not SHA-512/256;
    /// these are of the true function (hashlib's `sha512_256`).
    #[test]
    fn rfc_7616_3_9_2_with_the_true_sha_512_256() {
        let case = Case {
            algorithm: algorithm("SHA-512-256"),
            login: ("J\u{e4}s\u{f8}n Doe", "api@example.org", "Secret, or not?"),
            nonces: ("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"),
            qop: Qop::Auth,
            request: ("GET", "/doe.json", b""),
        };
        assert_eq!(answer(&case), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
        assert_eq!(
            username_hash(Hash::Sha512_256, case.login.0, case.login.1),
            "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
        );
    }

    /// Every algorithm with every quality. Computed with Python's hashlib (`md5`, `sha256`, `sha512_256`) by RFC 7616
    /// 3.4: user bob, realm biloxi.com, password zanzibar, nonce and cnonce of RFC 3261 22.4, nc 00000001,
    /// INVITE sip:bob@biloxi.com, body "v=0\r\n".
    #[test]
    fn every_algorithm_with_every_quality() {
        const EXPECTED: [(&str, [&str; 3]); 6] = [
            (
                "MD5",
                [
                    "bf57e4e0d0bffc0fbaedce64d59add5e",
                    "89eb0059246c02b2f6ee02c7961d5ea3",
                    "77226bb823dc077c1ad3537415667bae",
                ],
            ),
            (
                "MD5-sess",
                [
                    "fff17611bcbbf00c9116a2c922dea8e1",
                    "e4e4ea61d186d07a92c9e1f6919902e9",
                    "8527c9ab1b4eed3fd75491f811944e26",
                ],
            ),
            (
                "SHA-256",
                [
                    "38aad98c50c33abe72c5f88dd17246ffcfa6b1f68852c855719ff0659386c0ca",
                    "b3b5a6c69453abafaab9ae4dccdac90a076b6c80615d5f3498e7433b6e93bf4f",
                    "554a9ffe79ce71c3cb6c9630deddd2787d8033f895e5cdef6a73c8e84ed4c979",
                ],
            ),
            (
                "SHA-256-sess",
                [
                    "2ceb74b5bf787a27f00a80b94f397228de1a9bab1c3c56b7c6f984cf9f3ffdf7",
                    "5da59c9ca40954be9d5063a15a174066c8251be2c10cf47c144c366dc7daf792",
                    "0b4a1efc19e1b701ec5775b6b16dde0fc416102e34a6c5bd6f957b20b5d79170",
                ],
            ),
            (
                "SHA-512-256",
                [
                    "9e960b3a01beb63f1ea5d45d43bd8a2178879d3c9ddbbdb0624187ca823c6eca",
                    "7f1a09de0f19af0a1eac2b28d33e3f2fb89cca1ad8fb01bba5e1883b288bac14",
                    "e9a7fbc1c80a10421c59a0c982f28d40e0ddc7b62ef3dc4faf68f179c6e05922",
                ],
            ),
            (
                "SHA-512-256-sess",
                [
                    "10f52db7e2818a98871fd94294a2593a22eeaf07e23dad0b2bb52694442db5dd",
                    "077d9677be83f41f162d1a4453dc163389919f81e5927391d972f477da767633",
                    "0220683d8c9faccc1d05bd2ef0e7ccdff87eacd5f06fb6bfd9cd7d3acf66a00b",
                ],
            ),
        ];
        for (token, responses) in EXPECTED {
            for (qop, response) in [Qop::Absent, Qop::Auth, Qop::AuthInt].into_iter().zip(responses) {
                let case = Case {
                    algorithm: algorithm(token),
                    login: ("bob", "biloxi.com", "zanzibar"),
                    nonces: ("dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b"),
                    qop,
                    request: ("INVITE", "sip:bob@biloxi.com", b"v=0\r\n"),
                };
                assert_eq!(answer(&case), response, "{token} {qop:?}");
            }
        }
    }

    /// RFC 8760 2.6, item 7 gives the hash of the empty body; the response is computed with hashlib as above.
    #[test]
    fn no_body_is_an_empty_body() {
        assert_eq!(Hash::Sha256.of(&[b""]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let case = Case {
            algorithm: algorithm("SHA-256"),
            login: ("bob", "biloxi.com", "zanzibar"),
            nonces: ("dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b"),
            qop: Qop::AuthInt,
            request: ("REGISTER", "sip:biloxi.com", b""),
        };
        assert_eq!(answer(&case), "85dcdc3f7d95d01fca2dd129a2d5ac0e11e3a850e1aac725c427ebaab24b6ce7");
    }

    #[test]
    fn quality_is_chosen_from_any_spelling_of_the_list() {
        for list in ["auth", "auth,auth-int", "auth-int,auth", "auth-int , auth", " AUTH ", "x, auth", "\"auth\""] {
            assert_eq!(Qop::choose(Some(list)), Some(Qop::Auth), "{list}");
        }
        assert_eq!(Qop::choose(Some("auth-int")), Some(Qop::AuthInt));
        assert_eq!(Qop::choose(Some("auth-conf,auth-int")), Some(Qop::AuthInt));
        assert_eq!(Qop::choose(Some("auth-conf")), None);
        assert_eq!(Qop::choose(Some("")), Some(Qop::Absent));
        assert_eq!(Qop::choose(None), Some(Qop::Absent));
    }

    #[test]
    fn algorithms_are_known_in_any_case_and_no_others() {
        assert_eq!(Algorithm::parse("md5"), Some(Algorithm::default()));
        assert_eq!(Algorithm::parse("sha-256-SESS"), Some(Algorithm { hash: Hash::Sha256, session: true }));
        for unknown in ["SHA-512", "SHA256", "AKAv1-MD5", "MD5-", ""] {
            assert_eq!(Algorithm::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn nonce_counts_have_eight_digits() {
        assert_eq!(nonce_count(1), "00000001");
        assert_eq!(nonce_count(0xabc), "00000abc");
        assert_eq!(nonce_count(u32::MAX), "ffffffff");
    }
}
