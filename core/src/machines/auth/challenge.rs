//! Reading the challenges of a response and choosing those to answer (RFC 7616 3.3 and 3.7, RFC 8760 2.4).

use alloc::vec::Vec;

use bytestring::ByteString;

use super::digest::{Algorithm, Qop};
use crate::limits;
use crate::wire::sip::{Challenge, HeaderName, Message, ProxyAuthenticate, WwwAuthenticate};

/// Who challenged: it says in which header field the answer goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    /// The user agent server or registrar, by `WWW-Authenticate`.
    Server,
    /// A proxy on the way, by `Proxy-Authenticate`.
    Proxy,
}

impl Side {
    /// The header field that answers it.
    pub(super) const fn answer(self) -> HeaderName {
        match self {
            Side::Server => HeaderName::Authorization,
            Side::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}

/// A Digest challenge that we can answer. All texts are unquoted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DigestChallenge {
    pub(super) side: Side,
    pub(super) realm: ByteString,
    pub(super) nonce: ByteString,
    pub(super) opaque: Option<ByteString>,
    /// The nonce was too old, the credentials were right.
    pub(super) stale: bool,
    pub(super) algorithm: Algorithm,
    /// `algorithm` as the server spelt it, which is how it gets it back.
    pub(super) algorithm_token: Option<ByteString>,
    pub(super) qop: Qop,
    /// The server wants the user name hashed.
    pub(super) userhash: bool,
}

impl DigestChallenge {
    /// True if both come from the same realm on the same side: the protection space (RFC 3261 22.1).
    pub(super) fn same_space(&self, side: Side, realm: &str) -> bool {
        self.side == side && self.realm == *realm
    }
}

/// What a response asks for.
#[derive(Default, Debug)]
pub(super) struct Challenges {
    /// The strongest challenge of each realm that we can answer, in the order of the response.
    pub(super) chosen: Vec<DigestChallenge>,
    /// Some challenge was of an unknown scheme, algorithm or quality.
    pub(super) unknown: bool,
}

impl Challenges {
    /// Reads both header fields whatever the status is: a forking proxy gathers the challenges of all branches in one
    /// response (RFC 3261 22.3). At most [`limits::CHALLENGES`] are read.
    pub(super) fn read(response: &Message) -> Challenges {
        let server = response.all::<WwwAuthenticate<'_>>().map(|c| c.ok().map(|c| Reading::of(Side::Server, &c.0)));
        let proxy = response.all::<ProxyAuthenticate<'_>>().map(|c| c.ok().map(|c| Reading::of(Side::Proxy, &c.0)));
        let mut challenges = Challenges::default();
        for reading in server.chain(proxy).take(limits::CHALLENGES).flatten() {
            match reading {
                Reading::Digest(challenge) => challenges.consider(challenge),
                Reading::Unknown => challenges.unknown = true,
                Reading::Malformed => {}
            }
        }
        challenges
    }

    /// RFC 8760 2.4 takes the topmost challenge that is known, unless local policy says otherwise. Ours is that a
    /// longer digest wins; among equals the server's order decides.
    fn consider(&mut self, challenge: DigestChallenge) {
        match self.chosen.iter_mut().find(|c| c.same_space(challenge.side, &challenge.realm)) {
            None => self.chosen.push(challenge),
            Some(best) if challenge.algorithm.hash.bits() > best.algorithm.hash.bits() => *best = challenge,
            Some(_) => {}
        }
    }
}

enum Reading {
    Digest(DigestChallenge),
    Unknown,
    Malformed,
}

impl Reading {
    fn of(side: Side, challenge: &Challenge<'_>) -> Reading {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return Reading::Unknown;
        }
        let text = |name: &str| challenge.get(name).map(|value| ByteString::from(&*value));
        let flag = |name: &str| challenge.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let (Some(realm), Some(nonce)) = (text("realm"), text("nonce")) else { return Reading::Malformed };
        let opaque = text("opaque");
        if !is_one_line(&realm) || !is_one_line(&nonce) || opaque.as_ref().is_some_and(|o| !is_one_line(o)) {
            return Reading::Malformed;
        }
        let algorithm_token = challenge.get("algorithm").map(|token| ByteString::from(token.trim()));
        let algorithm = match &algorithm_token {
            None => Some(Algorithm::default()),
            Some(token) => Algorithm::parse(token),
        };
        let (Some(algorithm), Some(qop)) = (algorithm, Qop::choose(text("qop").as_deref())) else {
            return Reading::Unknown;
        };
        Reading::Digest(DigestChallenge {
            side,
            realm,
            nonce,
            opaque,
            stale: flag("stale"),
            algorithm,
            algorithm_token,
            qop,
            userhash: flag("userhash"),
        })
    }
}

/// What we echo must not be able to begin a header field of its own.
pub(super) fn is_one_line(text: &str) -> bool {
    !text.contains(['\r', '\n', '\0'])
}
