//! Our own re-INVITEs, one at a time (`SPEC` 1.5, RFC 3261 14.1).

use core::time::Duration;

use super::{Call, Cx, Effect, Session, body, notify};
use crate::ids::CallerId;
use crate::limits;
use crate::middleware::notification::{Failure, Originator, SessionNotification, SessionState};
use crate::timers::SessionTimer;
use crate::wire::sip::{Message, Method, StatusCode};

/// Something that needs a re-INVITE.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    Hold,
    Unhold,
}

/// The re-INVITE under way.
#[derive(Debug)]
pub(super) struct Reinvite {
    operation: Operation,
    /// Its request; `None` while it waits after a 491.
    caller: Option<CallerId>,
    /// How often it met a 491.
    glares: u32,
    /// It took too long, and was cancelled.
    cancelled: bool,
}

impl Reinvite {
    pub(super) fn is(&self, id: CallerId) -> bool {
        self.caller == Some(id)
    }

    /// Its request, while that has no final response.
    pub(super) fn caller(&self) -> Option<CallerId> {
        self.caller
    }

    /// True while its INVITE has no final response.
    pub(super) fn is_pending(&self) -> bool {
        self.caller.is_some()
    }
}

impl Session {
    /// What on_hold_by_local will be when the queue is done.
    pub(super) fn hold_wanted(&self) -> bool {
        self.queue.back().map_or(self.on_hold_by_local, |last| *last == Operation::Hold)
    }

    /// Takes up the next operation, when nothing else is under way.
    pub(super) fn run_queue(&mut self, cx: &mut Cx<'_, Effect>) {
        let idle = self.reinvite.is_none() && self.pending_2xx.is_none();
        if self.state != SessionState::Established || !idle {
            return;
        }
        while let Some(operation) = self.queue.pop_front() {
            let hold = operation == Operation::Hold;
            if hold != self.on_hold_by_local {
                self.reinvite = Some(Reinvite { operation, caller: None, glares: 0, cancelled: false });
                self.set_held_by_local(cx, hold);
                return self.send_reinvite(cx);
            }
        }
    }

    /// Sets the flag and tells of it; a refusal takes both back.
    fn set_held_by_local(&mut self, cx: &mut Cx<'_, Effect>, hold: bool) {
        self.on_hold_by_local = hold;
        let originator = Originator::Local;
        notify(
            cx,
            match hold {
                true => SessionNotification::GotHoldRequest { originator },
                false => SessionNotification::GotUnholdRequest { originator },
            },
        );
        self.hold_changed(cx);
    }

    fn send_reinvite(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(offer) = self.offer(cx) else { return self.reinvite_refused(cx) };
        let caller = self.send_in_dialog(cx, Method::Invite, Some((body::SDP, offer)));
        if let Some(reinvite) = &mut self.reinvite {
            reinvite.caller = caller;
        }
        self.set_timer(cx, SessionTimer::ReinviteLate, self.settings.sip.timers.timeout());
    }

    /// A provisional response stopped the transaction's own clock, and nothing came since: the re-INVITE is cancelled;
    /// if even that brings no final response, it is taken for refused (9.1).
    pub(super) fn on_reinvite_late(&mut self, cx: &mut Cx<'_, Effect>) {
        let Some(reinvite) = self.reinvite.as_mut().filter(|reinvite| reinvite.is_pending()) else { return };
        let Some(caller) = reinvite.caller else { return };
        if !core::mem::replace(&mut reinvite.cancelled, true) {
            cx.out.put(Effect::Cancel(caller));
            return self.set_timer(cx, SessionTimer::ReinviteLate, self.settings.sip.timers.timeout());
        }
        cx.out.put(Effect::Forget(caller));
        self.reinvite_refused(cx);
    }

    pub(super) fn on_reinvite_response(&mut self, cx: &mut Cx<'_, Effect>, response: &Message, request: &Message) {
        let (Some(status), Ok(cseq)) = (response.status(), response.cseq()) else { return };
        if status.is_provisional() {
            return;
        }
        self.cancel_timer(cx, SessionTimer::ReinviteLate);
        if status.is_success() {
            let Some(mut dialog) = self.dialog.take() else { return };
            // A bad Contact in the 2xx leaves the target as it was.
            let _ = dialog.on_response(&Method::Invite, response);
            self.acknowledge(cx, &dialog, cseq.number, request);
            self.dialog = Some(dialog);
        }
        if self.state == SessionState::Terminating || self.state == SessionState::Terminated {
            return;
        }
        match status {
            _ if status.is_success() => self.reinvite_accepted(cx, response),
            StatusCode::REQUEST_PENDING => self.reinvite_glared(cx),
            // 12.2.1.2, RFC 5057: the dialog is gone.
            StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST | StatusCode::REQUEST_TIMEOUT => {
                self.say_bye(cx);
                self.fail(cx, Failure::remote(status, body::reason_of(response)));
            }
            _ => self.reinvite_refused(cx),
        }
    }

    fn reinvite_accepted(&mut self, cx: &mut Cx<'_, Effect>, response: &Message) {
        // The request is over, but for 2xx that come again and are acknowledged again.
        self.reinvite = None;
        if let Err(reason) = self.take_answer(cx, response) {
            self.say_bye(cx);
            return self.fail(cx, Failure::local(StatusCode::NOT_ACCEPTABLE_HERE, reason));
        }
        self.run_queue(cx);
    }

    /// 491: both sides sent a re-INVITE. Whoever owns the Call-ID waits longer (14.1).
    fn reinvite_glared(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Some(offer_answer) = &mut self.offer_answer {
            offer_answer.cancel_offer();
        }
        let owner = matches!(self.call, Call::Outgoing(_));
        let Some(reinvite) = &mut self.reinvite else { return };
        reinvite.glares += 1;
        if reinvite.glares > limits::GLARE_RETRIES {
            return self.reinvite_refused(cx);
        }
        reinvite.caller = None;
        // In units of 10 ms, as the RFC has it.
        let tens = match owner {
            true => 210 + cx.rng.below(191),
            false => cx.rng.below(201),
        };
        self.set_timer(cx, SessionTimer::RetryReinvite, Duration::from_millis(10 * tens));
    }

    pub(super) fn on_retry_reinvite(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state != SessionState::Established {
            return;
        }
        if self.pending_2xx.is_some() {
            // The peer's re-INVITE is not through yet: its ACK ends the wait.
            return self.set_timer(cx, SessionTimer::RetryReinvite, self.settings.sip.timers.t1);
        }
        if self.reinvite.as_ref().is_some_and(|reinvite| !reinvite.is_pending()) {
            self.send_reinvite(cx);
        }
    }

    /// The peer does not want it: everything is as it was.
    fn reinvite_refused(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Some(offer_answer) = &mut self.offer_answer {
            offer_answer.cancel_offer();
        }
        if let Some(reinvite) = self.reinvite.take() {
            self.set_held_by_local(cx, reinvite.operation == Operation::Unhold);
        }
        self.run_queue(cx);
    }

    pub(super) fn on_reinvite_failed(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode, reason: &str) {
        if !matches!(self.state, SessionState::Established) {
            return;
        }
        if status == StatusCode::REQUEST_TIMEOUT {
            // 12.2.1.2: no response at all ends the dialog.
            self.say_bye(cx);
            return self.fail(cx, Failure::local(status, bytestring::ByteString::from(reason)));
        }
        self.reinvite_refused(cx);
    }
}
