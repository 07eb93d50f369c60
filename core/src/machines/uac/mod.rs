//! The UAC core (RFC 3261 8.1): one request, from its first target to its last answer.
//!
//! It tries targets in order (RFC 3263 4.3: a transport failure, a time-out and a 503 move on), answers challenges
//! (22.2, 22.3), sends what is too long for UDP by TCP and comes back when TCP is refused (18.1.1), and cancels when there is
//! something to cancel (9.1). Whoever asked sees provisional responses and one end.

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bytestring::ByteString;

use super::Cx;
use super::auth::{Authenticator, Credentials};
use super::locate::{Route, Target};
use crate::ids::{CallerId, SessionId, TransactionId};
use crate::wire::sip::{CSeq, HeaderName, Message, Method, StatusCode, Transport};

/// A request to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its name, from [`Ids::caller`](crate::ids::Ids::caller).
    pub id: CallerId,
    /// Whose it is.
    pub owner: SessionId,
    /// The request, without Via; its Contact is written anew for each target if `contact_user` is there.
    pub request: Message,
    /// Where to send it.
    pub destination: Destination,
    /// The user part of the Contact that the request needs.
    pub contact_user: Option<ByteString>,
    /// What to answer challenges with.
    pub credentials: Vec<Credentials>,
}

/// Where a request goes.
#[derive(Clone, PartialEq, Debug)]
pub enum Destination {
    /// Addresses, best first.
    Targets(Vec<Target>),
    /// Routes that are yet to be looked up.
    Routes(Vec<Route>),
}

/// What the UAC core wants done or tells.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Find the addresses of these routes, for [`Callers::on_located`].
    Locate(CallerId, Vec<Route>),
    /// Send the request to this target by a new transaction, for [`Callers::on_started`].
    Attempt(CallerId, Target),
    /// The request is to be sent again with a new CSeq number, which its owner knows, for [`Callers::renumber`].
    Renumber {
        /// The request.
        id: CallerId,
        /// Its owner.
        owner: SessionId,
    },
    /// Cancel this INVITE transaction.
    Cancel(TransactionId),
    /// A response: any number of provisional ones, one final one, and for an INVITE further 2xx.
    Response {
        /// The request.
        id: CallerId,
        /// Its owner.
        owner: SessionId,
        /// The response.
        response: Message,
    },
    /// There will be no response.
    Failed {
        /// The request.
        id: CallerId,
        /// Its owner.
        owner: SessionId,
        /// The status that says what happened (8.1.3.1): 408, 503, or 487 if it was cancelled before it was sent.
        status: StatusCode,
        /// What happened, for people.
        reason: String,
    },
}

/// ```text
/// Locating -> Trying -> Answered -> gone
///    ^          |  (next target, challenge)
///    +----------+
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Its addresses are being found, or its CSeq number.
    Locating,
    /// Its transaction waits for an answer.
    Trying(TransactionId),
    /// It has its final response; an INVITE's 2xx may come again.
    Answered(TransactionId),
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    target: Target,
    /// TCP was refused: send by UDP whatever the length.
    whatever_length: bool,
}

#[derive(Debug)]
struct Caller {
    owner: SessionId,
    /// What another try needs; `None` once there can be none.
    tries: Option<Tries>,
    state: State,
    /// The request as it was sent last, Via and credentials included.
    sent: Option<Message>,
    provisional_seen: bool,
    cancelled: bool,
}

/// What it takes to send a request: to a first target, to the next one, and again with credentials.
#[derive(Debug)]
struct Tries {
    request: Message,
    contact_user: Option<ByteString>,
    credentials: Vec<Credentials>,
    authenticator: Authenticator,
    candidates: VecDeque<Candidate>,
    current: Option<Candidate>,
}

impl Caller {
    /// The final response has come.
    fn set_answered(&mut self, transaction: TransactionId) {
        self.tries = None;
        self.state = State::Answered(transaction);
    }
}

/// The requests under way.
#[derive(Debug)]
pub struct Callers {
    udp_limit: usize,
    // Boxed: a table whose keys only grow is half empty.
    callers: BTreeMap<CallerId, Box<Caller>>,
}

/// Room for the Via and the Contact that a request has not got yet, in octets.
const VIA_ROOM: usize = 200;

impl Callers {
    /// None yet. A request longer than `udp_limit` octets goes by TCP first.
    pub fn new(udp_limit: usize) -> Callers {
        Callers { udp_limit, callers: BTreeMap::new() }
    }

    /// How many requests are under way.
    pub fn len(&self) -> usize {
        self.callers.len()
    }

    /// True if no request is under way.
    pub fn is_empty(&self) -> bool {
        self.callers.is_empty()
    }

    /// True while a request waits for its final response.
    pub fn awaits(&self) -> bool {
        self.callers.values().any(|caller| !matches!(caller.state, State::Answered(_)))
    }

    /// Sends a request.
    pub fn send(&mut self, cx: &mut Cx<'_, Effect>, outgoing: Outgoing) {
        let id = outgoing.id;
        let tries = Tries {
            request: outgoing.request,
            contact_user: outgoing.contact_user,
            credentials: outgoing.credentials,
            authenticator: Authenticator::new(),
            candidates: VecDeque::new(),
            current: None,
        };
        let mut caller = Box::new(Caller {
            owner: outgoing.owner,
            tries: None,
            state: State::Locating,
            sent: None,
            provisional_seen: false,
            cancelled: false,
        });
        match outgoing.destination {
            Destination::Targets(targets) => {
                caller.tries = Some(Tries { candidates: candidates(targets), ..tries });
                self.callers.insert(id, caller);
                self.next_target(cx, id, StatusCode::SERVICE_UNAVAILABLE, "there is no address to send to");
            }
            Destination::Routes(routes) => {
                caller.tries = Some(tries);
                self.callers.insert(id, caller);
                cx.out.put(Effect::Locate(id, routes));
            }
        }
    }

    /// The addresses are found, or not.
    pub fn on_located(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId, targets: Vec<Target>, problem: &str) {
        let Some(tries) = self.callers.get_mut(&id).and_then(|caller| caller.tries.as_mut()) else { return };
        tries.candidates = candidates(targets);
        let problem = if problem.is_empty() { "there is no address to send to" } else { problem };
        self.next_target(cx, id, StatusCode::SERVICE_UNAVAILABLE, problem);
    }

    /// Takes up the next target; without one, the request has failed with `status`.
    fn next_target(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId, status: StatusCode, reason: &str) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        let owner = caller.owner;
        let next = match &mut caller.tries {
            Some(tries) if !caller.cancelled => tries.candidates.pop_front().map(|candidate| (tries, candidate)),
            _ => None,
        };
        let Some((tries, candidate)) = next else {
            self.callers.remove(&id);
            return cx.out.put(Effect::Failed { id, owner, status, reason: reason.into() });
        };
        caller.state = State::Locating;
        // 9.1: what one target said makes no CANCEL to the next one welcome.
        caller.provisional_seen = false;
        let target = candidate.target;
        tries.authenticator.authorize(&mut tries.request, cx.rng);
        let too_long = target.transport == Transport::Udp
            && !candidate.whatever_length
            && tries.request.encoded_len() + VIA_ROOM > self.udp_limit;
        if too_long {
            // 18.1.1: by TCP, and by UDP after all if that is refused.
            tries.candidates.push_front(Candidate { whatever_length: true, ..candidate });
            let tcp = Target { transport: Transport::Tcp, ..target };
            tries.current = Some(Candidate { target: tcp, whatever_length: false });
            return cx.out.put(Effect::Attempt(id, tcp));
        }
        tries.current = Some(candidate);
        cx.out.put(Effect::Attempt(id, target));
    }

    /// The request as it is to be sent to the current target, given its Via, and Contact if it has one.
    pub fn prepare(&mut self, id: CallerId, via: &str, contact: impl FnOnce(&str) -> ByteString) -> Option<Message> {
        let caller = self.callers.get_mut(&id)?;
        let tries = caller.tries.as_mut()?;
        if let Some(user) = &tries.contact_user {
            tries.request.set(HeaderName::Contact, contact(user));
        }
        let mut request = tries.request.clone();
        request.prepend(HeaderName::Via, via);
        caller.sent = Some(request.clone());
        Some(request)
    }

    /// The current attempt has its transaction.
    pub fn on_started(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId, transaction: Option<TransactionId>) {
        match (self.callers.get_mut(&id), transaction) {
            (Some(caller), Some(transaction)) => caller.state = State::Trying(transaction),
            (Some(_), None) => {
                self.next_target(cx, id, StatusCode::SERVICE_UNAVAILABLE, "no transport leads to the peer");
            }
            (None, _) => {}
        }
    }

    /// Whose a request is.
    pub fn owner(&self, id: CallerId) -> Option<SessionId> {
        self.callers.get(&id).map(|caller| caller.owner)
    }

    /// A request as it was sent last, Via and credentials included.
    pub fn sent(&self, id: CallerId) -> Option<&Message> {
        self.callers.get(&id)?.sent.as_ref()
    }

    /// The transaction of a request that still waits, or whose 2xx may come again.
    pub fn transaction(&self, id: CallerId) -> Option<TransactionId> {
        match self.callers.get(&id)?.state {
            State::Locating => None,
            State::Trying(transaction) | State::Answered(transaction) => Some(transaction),
        }
    }

    /// A response came.
    pub fn on_response(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        id: CallerId,
        transaction: TransactionId,
        response: Message,
    ) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        let Some(status) = response.status() else { return };
        let owner = caller.owner;
        if status.is_provisional() {
            let first = !core::mem::replace(&mut caller.provisional_seen, true);
            if first && caller.cancelled {
                cx.out.put(Effect::Cancel(transaction));
            }
            return cx.out.put(Effect::Response { id, owner, response });
        }
        if status.is_success() {
            caller.set_answered(transaction);
            return cx.out.put(Effect::Response { id, owner, response });
        }
        if let Some(tries) = caller.tries.as_mut().filter(|_| !caller.cancelled) {
            let challenged = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
            if challenged && tries.authenticator.on_challenge(&response, &tries.credentials).is_ok() {
                caller.state = State::Locating;
                return cx.out.put(Effect::Renumber { id, owner });
            }
            // RFC 3263 4.3.
            if status == StatusCode::SERVICE_UNAVAILABLE && !tries.candidates.is_empty() {
                return self.next_target(cx, id, status, response.reason());
            }
        }
        caller.set_answered(transaction);
        cx.out.put(Effect::Response { id, owner, response });
    }

    /// The request is sent to the same target again, with the credentials that were asked for and this CSeq number; the
    /// next one if its owner is gone.
    pub fn renumber(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId, number: Option<u32>) {
        let Some(tries) = self.callers.get_mut(&id).and_then(|caller| caller.tries.as_mut()) else { return };
        let number = number.unwrap_or_else(|| tries.request.cseq().map_or(1, |cseq| cseq.number.saturating_add(1)));
        let method = tries.request.method().cloned().unwrap_or(Method::Invite);
        tries.request.set(HeaderName::CSeq, CSeq { number, method });
        if let Some(candidate) = tries.current {
            tries.candidates.push_front(candidate);
        }
        self.next_target(cx, id, StatusCode::SERVICE_UNAVAILABLE, "there is no address to send to");
    }

    /// No response came in time.
    pub fn on_timed_out(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId) {
        let reason = self.explain(id, "does not answer");
        self.next_target(cx, id, StatusCode::REQUEST_TIMEOUT, &reason);
    }

    /// The request could not be sent.
    pub fn on_transport_failed(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId) {
        let reason = self.explain(id, "cannot be reached");
        self.next_target(cx, id, StatusCode::SERVICE_UNAVAILABLE, &reason);
    }

    fn explain(&self, id: CallerId, what: &str) -> String {
        match self.callers.get(&id).and_then(|caller| caller.tries.as_ref()?.current) {
            Some(Candidate { target, .. }) => {
                format!("{} {} {what}", target.transport.as_str(), target.remote)
            }
            None => format!("the peer {what}"),
        }
    }

    /// Cancels an INVITE (9.1): at once if a provisional response was seen, when one comes otherwise. One that was not sent
    /// yet fails with 487.
    pub fn cancel(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId) {
        let Some(caller) = self.callers.get_mut(&id) else { return };
        if core::mem::replace(&mut caller.cancelled, true) {
            return;
        }
        match caller.state {
            State::Locating => {
                let owner = caller.owner;
                self.callers.remove(&id);
                let status = StatusCode::REQUEST_TERMINATED;
                cx.out.put(Effect::Failed { id, owner, status, reason: "Request cancelled".into() });
            }
            State::Trying(transaction) if caller.provisional_seen => cx.out.put(Effect::Cancel(transaction)),
            State::Trying(_) | State::Answered(_) => {}
        }
    }

    /// A transaction is over: so is the request, if it was its last.
    pub fn on_transaction_ended(&mut self, id: CallerId, transaction: TransactionId) {
        if self.callers.get(&id).is_some_and(|caller| caller.state == State::Answered(transaction)) {
            self.callers.remove(&id);
        }
    }

    /// Forgets a request; its responses are nobody's from now on.
    pub fn forget(&mut self, id: CallerId) -> Option<TransactionId> {
        let transaction = self.transaction(id);
        self.callers.remove(&id);
        transaction
    }
}

fn candidates(targets: Vec<Target>) -> VecDeque<Candidate> {
    targets.into_iter().map(|target| Candidate { target, whatever_length: false }).collect()
}

/// The CANCEL of an INVITE that was sent (9.1).
pub fn cancel_of(invite: &Message) -> Message {
    let mut cancel = Message::request(Method::Cancel, invite.uri());
    if let Ok(via) = invite.via() {
        cancel.push(HeaderName::Via, via);
    }
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::Route] {
        cancel.copy_from(invite, name);
    }
    if let Ok(cseq) = invite.cseq() {
        cancel.push(HeaderName::CSeq, CSeq { number: cseq.number, method: Method::Cancel });
    }
    cancel.push(HeaderName::MaxForwards, 70);
    // 22.1: a CANCEL cannot be challenged, so it carries what its INVITE proved itself with.
    cancel.copy_from(invite, HeaderName::Authorization);
    cancel.copy_from(invite, HeaderName::ProxyAuthorization);
    cancel
}
