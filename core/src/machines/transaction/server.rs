//! Server transactions: INVITE (RFC 3261 17.2.1 with RFC 6026) and the others (17.2.2).

use core::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use super::key::{MergeKey, ServerKey};
use super::{Effect, TimerValues, doubled, is_success, set_timer};
use crate::ids::TransactionId;
use crate::machines::{Cx, Hop};
use crate::timers::{Timer, TransactionTimer};
use crate::wire::sip::{Message, Method, StatusCode};

/// 17.2.1: a 100 goes out if the user has not answered by then.
const TRYING_AFTER: Duration = Duration::from_millis(200);

/// ```text
///  INVITE:  Proceeding -> Completed -> Confirmed -> gone   (300-699: G, H; ACK: I)
///               |
///               +-------> Accepted  -> gone                (2xx: L)
///  others:  Trying -> Proceeding -> Completed -> gone      (J)
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
}

#[derive(Debug)]
pub(super) struct Server {
    id: TransactionId,
    key: ServerKey,
    merge: Option<MergeKey>,
    hop: Hop,
    state: State,
    invite: bool,
    /// The 100 that is due when nothing else was sent in time.
    trying: Option<Bytes>,
    /// The response to repeat; none in `Accepted`, where its user repeats it.
    last: Option<Bytes>,
    /// The To tag of the responses, which that to a CANCEL has too (9.2).
    to_tag: Option<ByteString>,
    /// The interval of timer G.
    interval: Duration,
}

impl Server {
    pub(super) fn new(
        id: TransactionId,
        key: ServerKey,
        merge: Option<MergeKey>,
        request: &Message,
        hop: Hop,
    ) -> Server {
        let invite = request.method() == Some(&Method::Invite);
        Server {
            id,
            key,
            merge,
            hop,
            state: if invite { State::Proceeding } else { State::Trying },
            invite,
            trying: invite.then(|| request.reply(StatusCode::TRYING).to_bytes()),
            last: None,
            to_tag: None,
            interval: Duration::ZERO,
        }
    }

    pub(super) fn key(&self) -> &ServerKey {
        &self.key
    }

    pub(super) fn merge_key(&self) -> Option<&MergeKey> {
        self.merge.as_ref()
    }

    pub(super) fn to_tag(&self) -> Option<&ByteString> {
        self.to_tag.as_ref()
    }

    /// True while a final response of 300 to 699 waits for its ACK.
    pub(super) fn awaits_ack(&self) -> bool {
        self.invite && self.state == State::Completed
    }

    pub(super) fn start(&self, cx: &mut Cx<'_, Effect>) {
        if self.invite {
            set_timer(cx, self.id, TransactionTimer::Trying, TRYING_AFTER);
        }
    }

    fn send(&self, cx: &mut Cx<'_, Effect>, bytes: &Bytes) {
        cx.out.put(Effect::Send { hop: self.hop, bytes: bytes.clone() });
    }

    /// The request came again: so does the last response, but for a 2xx to an INVITE, which its user repeats.
    pub(super) fn on_retransmission(&mut self, cx: &mut Cx<'_, Effect>) {
        if matches!(self.state, State::Accepted | State::Confirmed) {
            return;
        }
        if let Some(last) = &self.last {
            self.send(cx, last);
        } else if let Some(trying) = self.trying.take() {
            self.send(cx, &trying);
            self.last = Some(trying);
        }
    }

    /// True if the transaction is over.
    pub(super) fn respond(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, response: &Message) -> bool {
        let Some(status) = response.status() else { return false };
        let open = match self.state {
            State::Trying | State::Proceeding => true,
            // RFC 6026 7.1: the user repeats its 2xx until the ACK comes.
            State::Accepted => status.is_success(),
            State::Completed | State::Confirmed => false,
        };
        if !open {
            return false;
        }
        let bytes = response.to_bytes();
        self.send(cx, &bytes);
        self.last = Some(bytes);
        self.trying = None;
        if self.invite && self.to_tag.is_none() {
            // A copy: a slice would keep the whole message.
            self.to_tag = response.to().ok().and_then(|to| to.tag()).map(ByteString::from);
        }
        cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::Trying));
        if status.is_provisional() {
            self.state = State::Proceeding;
            return false;
        }
        match self.invite {
            true => self.on_invite_final(cx, values, is_success(Some(status))),
            false => return self.on_other_final(cx, values),
        }
        false
    }

    fn on_invite_final(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, success: bool) {
        if success {
            self.last = None;
            if self.state != State::Accepted {
                self.state = State::Accepted;
                set_timer(cx, self.id, TransactionTimer::L, values.timeout());
            }
            return;
        }
        self.state = State::Completed;
        self.interval = values.t1;
        if !self.hop.transport.is_reliable() {
            set_timer(cx, self.id, TransactionTimer::G, self.interval);
        }
        set_timer(cx, self.id, TransactionTimer::H, values.timeout());
    }

    fn on_other_final(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues) -> bool {
        self.state = State::Completed;
        if self.hop.transport.is_reliable() {
            return true;
        }
        set_timer(cx, self.id, TransactionTimer::J, values.timeout());
        false
    }

    /// True if the transaction is over.
    pub(super) fn on_ack(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, request: Message) -> bool {
        match self.state {
            State::Completed if self.invite => {
                cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::G));
                cx.timers.cancel(Timer::Transaction(self.id, TransactionTimer::H));
                self.state = State::Confirmed;
                if self.hop.transport.is_reliable() {
                    return true;
                }
                set_timer(cx, self.id, TransactionTimer::I, values.t4);
            }
            // RFC 6026 7.1: a peer that reuses the branch for the ACK to a 2xx; the ACK is the user's.
            State::Accepted => cx.out.put(Effect::Ack { request }),
            _ => {}
        }
        false
    }

    /// True if the transaction is over.
    pub(super) fn on_timer(&mut self, cx: &mut Cx<'_, Effect>, values: &TimerValues, timer: TransactionTimer) -> bool {
        match timer {
            TransactionTimer::Trying if self.last.is_none() => self.on_retransmission(cx),
            TransactionTimer::G if self.state == State::Completed => {
                if let Some(last) = &self.last {
                    self.send(cx, last);
                }
                self.interval = doubled(self.interval, values.t2);
                set_timer(cx, self.id, TransactionTimer::G, self.interval);
            }
            TransactionTimer::H if self.state == State::Completed => {
                cx.out.put(Effect::ServerFailed { id: self.id });
                return true;
            }
            TransactionTimer::I | TransactionTimer::J | TransactionTimer::L => return true,
            _ => {}
        }
        false
    }
}
