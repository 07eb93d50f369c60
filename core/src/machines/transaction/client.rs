//! Client transactions: INVITE (RFC 3261 17.1.1 with RFC 6026) and the others (17.1.2).

use bytes::Bytes;
use bytestring::ByteString;
use core::time::Duration;

use super::{Effect, TimerValues, doubled, is_success, set_timer};
use crate::ids::{CallerId, TransactionId};
use crate::machines::{Cx, Hop};
use crate::timers::{Timer, TransactionTimer};
use crate::wire::sip::{CSeq, HeaderName, Message, Method};

/// What a response is matched by (17.1.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ClientKey {
    branch: ByteString,
    method: Method,
}

impl ClientKey {
    pub(super) fn of_request(request: &Message) -> Option<ClientKey> {
        Some(ClientKey { branch: request.text(request.via().ok()?.branch()?), method: request.method()?.clone() })
    }

    pub(super) fn of_response(response: &Message) -> Option<ClientKey> {
        Some(ClientKey { branch: response.text(response.via().ok()?.branch()?), method: response.cseq().ok()?.method })
    }
}

/// ```text
///  INVITE:  Calling -> Proceeding -> Completed -> gone        (300-699; D)
///              |            |
///              +------------+-----> Accepted  -> gone         (2xx; M)
///  others:  Calling -> Proceeding -> Completed -> gone        (final; K)
/// ```
/// RFC 3261 calls the first state of the others `Trying`; it is the same but for its timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
}

#[derive(Debug)]
pub(super) struct Client {
    id: TransactionId,
    key: ClientKey,
    user: CallerId,
    /// The request, and its bytes, until the final response comes.
    request: Option<Message>,
    bytes: Bytes,
    hop: Hop,
    state: State,
    /// The interval of timer A or E.
    interval: Duration,
    /// The ACK to a final response of 300 to 699, to be sent again with each retransmission of it.
    ack: Option<Bytes>,
}

impl Client {
    pub(super) fn new(id: TransactionId, key: ClientKey, request: Message, hop: Hop, user: CallerId) -> Client {
        let bytes = request.to_bytes();
        let request = Some(request);
        Client { id, key, user, request, bytes, hop, state: State::Calling, interval: Duration::ZERO, ack: None }
    }

    pub(super) fn id(&self) -> TransactionId {
        self.id
    }

    pub(super) fn key(&self) -> &ClientKey {
        &self.key
    }

    pub(super) fn user(&self) -> CallerId {
        self.user
    }

    pub(super) fn request(&self) -> Option<&Message> {
        self.request.as_ref()
    }

    /// Takes the request: it is not sent again.
    fn take_request(&mut self) -> Option<Message> {
        self.bytes = Bytes::new();
        self.request.take()
    }

    pub(super) fn hop(&self) -> Hop {
        self.hop
    }

    /// True while a final response is still wanted.
    pub(super) fn awaits(&self) -> bool {
        matches!(self.state, State::Calling | State::Proceeding)
    }

    fn is_invite(&self) -> bool {
        self.key.method == Method::Invite
    }

    fn timer(&self, cx: &mut Cx<'_, Effect>, timer: TransactionTimer, after: Duration) {
        set_timer(cx, self.id, timer, after);
    }

    fn send(&self, cx: &mut Cx<'_, Effect>, bytes: &Bytes) {
        cx.out.put(Effect::Send { hop: self.hop, bytes: bytes.clone() });
    }

    /// Sends the request and sets A and B, or E and F.
    pub(super) fn start(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues) {
        let (again, give_up) = match self.is_invite() {
            true => (TransactionTimer::A, TransactionTimer::B),
            false => (TransactionTimer::E, TransactionTimer::F),
        };
        self.send(cx, &self.bytes);
        self.interval = values.t1;
        if !self.hop.transport.is_reliable() {
            self.timer(cx, again, self.interval);
        }
        self.timer(cx, give_up, values.timeout());
    }

    /// True if the transaction is over.
    pub(super) fn on_response(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, response: Message) -> bool {
        let Some(status) = response.status() else { return false };
        match (self.is_invite(), self.state, status.is_provisional()) {
            // 17.1.1.2, 17.1.2.2: the first provisional stops INVITE retransmission; later ones are passed up too.
            (_, State::Calling | State::Proceeding, true) => self.on_provisional(cx, values, response),
            (true, State::Calling | State::Proceeding, false) => return self.on_invite_final(cx, values, response),
            (false, State::Calling | State::Proceeding, false) => return self.on_other_final(cx, values, response),
            // RFC 6026 7.2: further 2xx are the user's; it acknowledges each.
            (true, State::Accepted, false) if status.is_success() => self.pass_up(cx, response),
            // 17.1.1.2: a retransmitted final response is acknowledged again.
            (true, State::Completed, false) if !status.is_success() => {
                if let Some(ack) = &self.ack {
                    self.send(cx, ack);
                }
            }
            _ => {}
        }
        false
    }

    fn on_provisional(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, response: Message) {
        if self.state == State::Calling {
            self.state = State::Proceeding;
            if self.is_invite() {
                cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::A));
                cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::B));
            } else if !self.hop.transport.is_reliable() {
                self.interval = values.t2;
            }
        }
        self.pass_up(cx, response);
    }

    /// 17.1.1.2, RFC 6026 8.4.
    fn on_invite_final(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, response: Message) -> bool {
        cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::A));
        cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::B));
        let request = self.take_request();
        if is_success(response.status()) {
            self.state = State::Accepted;
            self.timer(cx, TransactionTimer::M, values.timeout());
            self.pass_up(cx, response);
            return false;
        }
        self.ack = request.map(|request| build_ack(&request, &response).to_bytes());
        if let Some(ack) = &self.ack {
            self.send(cx, ack);
        }
        self.state = State::Completed;
        self.pass_up(cx, response);
        if self.hop.transport.is_reliable() {
            return true;
        }
        // Timer D: at least 32 s, whatever T1 is.
        self.timer(cx, TransactionTimer::D, values.timeout().max(Duration::from_secs(32)));
        false
    }

    /// 17.1.2.2.
    fn on_other_final(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, response: Message) -> bool {
        cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::E));
        cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::F));
        self.take_request();
        self.state = State::Completed;
        self.pass_up(cx, response);
        if self.hop.transport.is_reliable() {
            return true;
        }
        self.timer(cx, TransactionTimer::K, values.t4);
        false
    }

    fn pass_up(&self, cx: &mut Cx<'_, Effect>, response: Message) {
        cx.out.put(Effect::Response { user: self.user, id: self.id, response });
    }

    /// True if the transaction is over.
    pub(super) fn on_timer(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, timer: TransactionTimer) -> bool {
        match timer {
            TransactionTimer::A if self.state == State::Calling => {
                self.send(cx, &self.bytes);
                self.interval *= 2;
                self.timer(cx, TransactionTimer::A, self.interval);
            }
            TransactionTimer::E if self.awaits() => {
                self.send(cx, &self.bytes);
                self.interval = doubled(self.interval, values.t2);
                self.timer(cx, TransactionTimer::E, self.interval);
            }
            TransactionTimer::B | TransactionTimer::F if self.awaits() => {
                cx.out.put(Effect::TimedOut { user: self.user, id: self.id });
                return true;
            }
            TransactionTimer::D | TransactionTimer::K | TransactionTimer::M => return true,
            _ => {}
        }
        false
    }
}

/// 17.1.1.3.
fn build_ack(invite: &Message, response: &Message) -> Message {
    let mut ack = Message::request(Method::Ack, invite.uri());
    if let Ok(via) = invite.via() {
        ack.push(HeaderName::Via, via);
    }
    ack.copy_from(invite, HeaderName::From);
    ack.copy_from(response, HeaderName::To);
    ack.copy_from(invite, HeaderName::CallId);
    if let Ok(cseq) = invite.cseq() {
        ack.push(HeaderName::CSeq, CSeq { number: cseq.number, method: Method::Ack });
    }
    ack.push(HeaderName::MaxForwards, 70);
    ack.copy_from(invite, HeaderName::Route);
    // 22.1: an ACK has the credentials of its INVITE.
    ack.copy_from(invite, HeaderName::Authorization);
    ack.copy_from(invite, HeaderName::ProxyAuthorization);
    ack
}
