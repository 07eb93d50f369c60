//! The machine: challenges in, header fields out.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytestring::ByteString;

use super::challenge::{Challenges, DigestChallenge, Side, is_one_line};
use super::credentials::Credentials;
use super::error::AuthError;
use super::realm::{Answer, Asked, Realm};
use crate::limits;
use crate::rng::Rng;
use crate::wire::sip::{CSeq, HeaderName, Message, Method, unquote};

/// Answers Digest challenges, for one account or for the requests of one dialog.
///
/// ```text
///            authorize                      on_challenge (401, 407)
///  request ------------> sent with answers ------------------------> challenged -- authorize --> sent again
///                              | on_success (any other final answer)      | Err: given up
///                              v                                          v
///                           nonce kept for the next request            realm forgotten if refused
/// ```
///
/// Requests are told apart by Call-ID, method and CSeq number, so several may be under way at once. RFC 3261 22.2 wants
/// a new CSeq number for the request that is sent again.
#[derive(Clone, Debug, Default)]
pub struct Authenticator {
    /// One a realm and side; the oldest first.
    realms: Vec<Realm>,
    /// Requests that wait for an answer, and challenged ones that wait to be sent again; the oldest first.
    requests: VecDeque<Request>,
}

#[derive(Clone, Debug)]
struct Request {
    call_id: ByteString,
    method: Method,
    number: u32,
    /// Challenges that it has met.
    attempts: usize,
    state: RequestState,
}

#[derive(Clone, Debug)]
enum RequestState {
    /// On its way, with these answers.
    Sent(Vec<Answer>),
    /// Challenged, and not sent again yet.
    Challenged,
}

impl Authenticator {
    /// An authenticator that knows no realm.
    pub fn new() -> Authenticator {
        Authenticator::default()
    }

    /// Takes a 401 or 407 and remembers what it asks for. After `Ok`, give the request a new CSeq number, call
    /// [`authorize`](Authenticator::authorize) and send it again.
    ///
    /// Of several challenges of one realm the strongest that we know is answered; all realms for which there are
    /// credentials are answered, and those answered earlier stay answered (a chain of proxies, RFC 3261 22.3).
    ///
    /// # Errors
    /// Any [`AuthError`] means that sending the request again is no use. Credentials are given up when the answer to
    /// the challenge before was refused without `stale=true` (RFC 3261 22.1), and the request after
    /// [`limits::AUTH_ATTEMPTS`] challenges.
    pub fn on_challenge(&mut self, response: &Message, credentials: &[Credentials]) -> Result<(), AuthError> {
        if !response.status().is_some_and(|status| matches!(status.code(), 401 | 407)) {
            return Err(AuthError::NotAChallenge);
        }
        let call_id = response.call_id().map_err(AuthError::Unreadable)?;
        let cseq = response.cseq().map_err(AuthError::Unreadable)?;
        let (attempts, answers) = self.take_request(call_id, &cseq);
        if attempts >= limits::AUTH_ATTEMPTS {
            return Err(AuthError::TooManyAttempts);
        }
        self.take_challenges(Challenges::read(response), &answers, credentials)?;
        self.note(Request {
            call_id: ByteString::from(call_id),
            method: cseq.method,
            number: cseq.number,
            attempts: attempts + 1,
            state: RequestState::Challenged,
        });
        Ok(())
    }

    /// Removes `Authorization` and `Proxy-Authorization` and writes them anew, one field for each remembered realm.
    ///
    /// The Request-URI, the body, Call-ID and CSeq must be final. Nothing is done to a response, nor to ACK and CANCEL,
    /// which cannot be challenged: an ACK repeats the fields of its INVITE (RFC 3261 22.1).
    pub fn authorize(&mut self, request: &mut Message, rng: &mut Rng) {
        let Some(method) = request.method().cloned() else { return };
        if matches!(method, Method::Ack | Method::Cancel) {
            return;
        }
        let mut values = Vec::with_capacity(self.realms.len());
        let mut answers = Vec::with_capacity(self.realms.len());
        let asked = Asked { method: method.as_str(), uri: request.uri(), body: request.body() };
        for realm in &mut self.realms {
            let (value, answer) = realm.answer(&asked, rng);
            values.push((realm.side().answer(), value));
            answers.push(answer);
        }
        request.remove(HeaderName::Authorization);
        request.remove(HeaderName::ProxyAuthorization);
        for (name, value) in values {
            request.push(name, value);
        }
        self.sent(request, method, answers);
    }

    /// Takes a final response that is not a challenge: whatever it says, authentication was passed. Reads `nextnonce`
    /// of `Authentication-Info` and `Proxy-Authentication-Info` (RFC 7616 3.5).
    pub fn on_success(&mut self, response: &Message) {
        if let (Ok(call_id), Ok(cseq)) = (response.call_id(), response.cseq()) {
            self.take_request(call_id, &cseq);
        }
        for info in response.headers(HeaderName::AuthenticationInfo) {
            self.on_info(Side::Server, info);
        }
        for info in response.other("Proxy-Authentication-Info") {
            self.on_info(Side::Proxy, info);
        }
    }

    /// Chooses what to answer. One realm that can be answered is enough to try again (RFC 8760 2.4).
    fn take_challenges(
        &mut self,
        challenges: Challenges,
        answers: &[Answer],
        credentials: &[Credentials],
    ) -> Result<(), AuthError> {
        let mut error = if challenges.unknown { AuthError::UnknownAlgorithm } else { AuthError::Malformed };
        let mut answered = false;
        for challenge in challenges.chosen {
            let Some(login) = Credentials::for_realm(credentials, &challenge.realm) else {
                if !matches!(error, AuthError::Refused { .. }) {
                    error = AuthError::NoCredentials { realm: challenge.realm };
                }
                continue;
            };
            if answers.iter().any(|answer| answer.is_refused_by(&challenge, login)) {
                self.realms.retain(|realm| !realm.is(challenge.side, &challenge.realm));
                error = AuthError::Refused { realm: challenge.realm };
                continue;
            }
            self.remember(challenge, login.clone());
            answered = true;
        }
        if answered { Ok(()) } else { Err(error) }
    }

    fn remember(&mut self, challenge: DigestChallenge, credentials: Credentials) {
        if let Some(realm) = self.realms.iter_mut().find(|r| r.is(challenge.side, &challenge.realm)) {
            return realm.renew(challenge, credentials);
        }
        if self.realms.len() >= limits::AUTH_REALMS {
            self.realms.remove(0);
        }
        self.realms.push(Realm::new(challenge, credentials));
    }

    /// How often the request of this response was challenged before, and what it answered. It is forgotten, with its
    /// forerunners. The newest note that is not newer than the response counts: a request that carried no answer left
    /// none.
    fn take_request(&mut self, call_id: &str, cseq: &CSeq) -> (usize, Vec<Answer>) {
        let mut found: Option<Request> = None;
        let mut i = 0;
        while i < self.requests.len() {
            let mine = self.requests.get(i).is_some_and(|request| {
                request.number <= cseq.number && request.method == cseq.method && request.call_id == *call_id
            });
            if !mine {
                i += 1;
                continue;
            }
            let newest = found.as_ref().map_or(0, |request| request.number);
            if let Some(request) = self.requests.remove(i).filter(|request| request.number >= newest) {
                found = Some(request);
            }
        }
        match found {
            Some(Request { attempts, state: RequestState::Sent(answers), .. }) => (attempts, answers),
            Some(Request { attempts, state: RequestState::Challenged, .. }) => (attempts, Vec::new()),
            None => (0, Vec::new()),
        }
    }

    /// Notes a request that goes out with answers. If one of its kind was challenged, it is that one again.
    fn sent(&mut self, request: &Message, method: Method, answers: Vec<Answer>) {
        let (Ok(call_id), Ok(cseq)) = (request.call_id(), request.cseq()) else { return };
        let challenged = self.requests.iter().position(|earlier| {
            matches!(earlier.state, RequestState::Challenged) && earlier.method == method && earlier.call_id == *call_id
        });
        let attempts = challenged.and_then(|at| self.requests.remove(at)).map_or(0, |earlier| earlier.attempts);
        if answers.is_empty() {
            return;
        }
        let call_id = ByteString::from(call_id);
        self.note(Request { call_id, method, number: cseq.number, attempts, state: RequestState::Sent(answers) });
    }

    fn note(&mut self, request: Request) {
        if self.requests.len() >= limits::AUTH_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    /// The field does not name the realm. It is found by the cnonce that the field repeats; without one only if there
    /// is no choice.
    fn on_info(&mut self, side: Side, info: &str) {
        let Some(nonce) = info_param(info, "nextnonce").filter(|nonce| !nonce.is_empty() && is_one_line(nonce)) else {
            return;
        };
        let cnonce = info_param(info, "cnonce");
        let mut realms = self
            .realms
            .iter_mut()
            .filter(|realm| realm.side() == side && cnonce.as_deref().is_none_or(|cnonce| cnonce == realm.cnonce()));
        if let (Some(realm), None) = (realms.next(), realms.next()) {
            realm.next_nonce(ByteString::from(&*nonce));
        }
    }
}

/// A parameter of a comma-separated list, unquoted.
fn info_param<'a>(info: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut quoted = false;
    let mut escaped = false;
    let comma = |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' => return !quoted,
            _ => {}
        }
        false
    };
    let mut params = info.split(comma).filter_map(|param| param.split_once('='));
    let (_, value) = params.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    let value = value.trim();
    Some(if value.starts_with('"') { unquote(value) } else { Cow::Borrowed(value) })
}
