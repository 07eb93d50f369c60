//! How a session ends: by the application, by the peer, or by a failure (RFC 3261 15; `SPEC` 1.4).

use alloc::collections::VecDeque;
use alloc::string::String;

use super::{Call, Cx, Effect, Session, notify};
use crate::ids::CallerId;
use crate::middleware::notification::{Failure, Originator, SessionNotification, SessionState};
use crate::time::Instant;
use crate::timers::{SessionTimer, Timer};
use crate::wire::sip::{Method, StatusCode};

impl Session {
    /// end(): CANCEL, a final response or BYE, by state; nothing where there is nothing to end.
    pub(super) fn begin_end(&mut self, cx: &mut Cx<'_, Effect>) {
        match self.state {
            SessionState::Terminating | SessionState::Terminated => {}
            // connect() was called, and its media is still being prepared.
            SessionState::Null if matches!(self.call, Call::Outgoing(_)) => {
                self.set_state(cx, SessionState::Terminating);
                notify(cx, SessionNotification::WillEnd);
                self.finish(cx, Originator::Local);
            }
            // The agent stops before the call could ring.
            SessionState::Null => self.decline_unheard(cx),
            SessionState::Calling => {
                self.set_state(cx, SessionState::Terminating);
                notify(cx, SessionNotification::WillEnd);
                self.stop_media(cx);
                self.set_timer(cx, SessionTimer::CancelGivenUp, self.settings.sip.timers.timeout());
                self.cancel_invite(cx);
            }
            SessionState::Incoming => self.refuse(cx, StatusCode::DECLINE),
            SessionState::Accepting if self.awaits_answer() => self.refuse(cx, StatusCode::DECLINE),
            SessionState::Accepting => {
                // The 200 is out: BYE has to wait for its ACK (15).
                self.set_state(cx, SessionState::Terminating);
                notify(cx, SessionNotification::WillEnd);
                self.stop_media(cx);
            }
            SessionState::Established | SessionState::Proposing | SessionState::Proposed => {
                self.set_state(cx, SessionState::Terminating);
                notify(cx, SessionNotification::WillEnd);
                self.stop_media(cx);
                self.say_bye(cx);
            }
        }
    }

    /// Sends BYE. It is final for us: no answer to it can keep the session.
    pub(super) fn say_bye(&mut self, cx: &mut Cx<'_, Effect>) {
        self.drop_pending_2xx(cx);
        if self.bye.is_none() {
            self.bye = self.send_in_dialog(cx, Method::Bye, None);
        }
    }

    fn drop_pending_2xx(&mut self, cx: &mut Cx<'_, Effect>) {
        self.cancel_timer(cx, SessionTimer::Retransmit2xx);
        self.cancel_timer(cx, SessionTimer::NoAck);
        self.pending_2xx = None;
    }

    /// Our BYE was answered, or never will be.
    pub(super) fn on_bye_done(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state == SessionState::Terminating {
            self.finish(cx, Originator::Local);
        }
    }

    /// -> TERMINATED with DidFail and DidEnd.
    pub(super) fn fail(&mut self, cx: &mut Cx<'_, Effect>, failure: Failure) {
        self.stop_media(cx);
        self.set_state(cx, SessionState::Terminated);
        let Failure { originator, code, reason } = failure;
        notify(cx, SessionNotification::DidFail { originator, code, reason: String::from(&*reason) });
        self.close(cx, originator);
    }

    /// -> TERMINATED with DidEnd.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_, Effect>, originator: Originator) {
        self.stop_media(cx);
        self.set_state(cx, SessionState::Terminated);
        self.close(cx, originator);
    }

    fn close(&mut self, cx: &mut Cx<'_, Effect>, originator: Originator) {
        self.stop_time = self.start_time.map(|_| cx.now);
        for timer in [
            SessionTimer::NoAnswer,
            SessionTimer::CancelGivenUp,
            SessionTimer::RefreshProvisional,
            SessionTimer::RetryReinvite,
            SessionTimer::ReinviteLate,
            SessionTimer::Expires,
        ] {
            self.cancel_timer(cx, timer);
        }
        self.drop_pending_2xx(cx);
        self.queue = VecDeque::new();
        self.unanswered = self.reinvite.take().and_then(|reinvite| reinvite.caller());
        self.offer_answer = None;
        if let Some(dialog) = &self.dialog {
            cx.out.put(Effect::DialogEnded(dialog.id().clone()));
        }
        self.tell_end(cx, originator);
        match self.late_answers_until(cx.now) {
            Some(until) => cx.timers.set(Timer::Session(self.id, SessionTimer::ForksOver), until),
            None => self.over(cx),
        }
    }

    /// Nothing more can come; but the last octets of a recording are waited for.
    fn over(&mut self, cx: &mut Cx<'_, Effect>) {
        self.is_over = true;
        self.go_if_over(cx);
    }

    pub(super) fn go_if_over(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.is_over && self.closing.is_empty() {
            cx.out.put(Effect::Over);
        }
    }

    /// Until when 2xx responses to our INVITEs may still come, which have to be acknowledged and ended (13.2.2.4):
    /// 64*T1 after the first, which is when it was answered, or after now, if it was not.
    fn late_answers_until(&self, now: Instant) -> Option<Instant> {
        let timeout = self.settings.sip.timers.timeout();
        let until = match (self.unanswered, self.invite_out(), self.start_time) {
            (Some(_), _, _) | (None, Some(_), None) => now + timeout,
            (None, Some(_), Some(answered)) => answered + timeout,
            (None, None, _) => return None,
        };
        (until > now).then_some(until)
    }

    fn invite_out(&self) -> Option<CallerId> {
        match &self.call {
            Call::Outgoing(call) => call.caller(),
            _ => None,
        }
    }

    /// Nobody waits for late answers any longer. An INVITE that was cancelled, or was overtaken by BYE, and has no final
    /// response by now, never gets one (9.1).
    pub(super) fn on_forks_over(&mut self, cx: &mut Cx<'_, Effect>) {
        for caller in [self.invite_out(), self.unanswered].into_iter().flatten() {
            cx.out.put(Effect::Forget(caller));
        }
        self.over(cx);
    }
}
