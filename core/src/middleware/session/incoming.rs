//! A call that comes in: INCOMING, ACCEPTING, and the wait for the ACK (RFC 3261 13.3).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use core::time::Duration;

use bytestring::ByteString;

use super::body::{self, Body};
use super::{Call, Cx, Effect, Pending2xx, Session, notify};
use crate::ids::TransactionId;
use crate::limits;
use crate::machines::dialog::Dialog;
use crate::machines::offer_answer::OfferAnswer;
use crate::middleware::notification::{Failure, Originator, SessionNotification, SessionState, StreamKind};
use crate::middleware::session::Direction;
use crate::timers::SessionTimer;
use crate::wire::sip::{Expires, HeaderName, Message, Method, StatusCode};

/// 13.3.1.1: a provisional response at least this often keeps proxies from giving up.
const REFRESH_PROVISIONAL: Duration = Duration::from_secs(60);

/// The INVITE of a call and how far its answer is.
#[derive(Debug)]
pub(super) struct IncomingCall {
    transaction: TransactionId,
    request: Message,
    /// It came without a description: our 2xx makes the offer.
    late_offer: bool,
    phase: Phase,
}

/// ```text
/// Locating -> Ringing -> Preparing -> Answered
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Our address towards the peer is being found.
    Locating,
    /// The application decides.
    Ringing,
    /// Accepted; media is being opened.
    Preparing,
    /// A final response went out.
    Answered,
}

impl Session {
    /// A session for an INVITE. [`Session::ring`] goes on once our address is known.
    pub(crate) fn incoming(&mut self, transaction: TransactionId, request: Message) {
        self.direction = Some(Direction::Incoming);
        self.note_user_agent(&request);
        self.remote_uri = request.from().ok().map(|from| ByteString::from(from.uri.as_str()));
        self.call = Call::Incoming(IncomingCall { transaction, request, late_offer: false, phase: Phase::Locating });
    }

    pub(super) fn on_incoming_located(&mut self, cx: &mut Cx<'_, Effect>, problem: &str) {
        let Call::Incoming(call) = &self.call else { return };
        if call.phase != Phase::Locating {
            return;
        }
        if self.local_ip.is_none() {
            let response = call.request.reply_with_reason(StatusCode::SERVER_INTERNAL_ERROR, problem);
            return self.turn_away(cx, response);
        }
        match self.take_offer(cx) {
            Ok(()) => self.ring(cx),
            Err(response) => self.turn_away(cx, *response),
        }
    }

    /// Refuses a call that the application never hears of.
    fn turn_away(&mut self, cx: &mut Cx<'_, Effect>, mut response: Message) {
        let Call::Incoming(call) = &mut self.call else { return };
        call.phase = Phase::Answered;
        tag_reply(cx, &mut response);
        cx.out.put(Effect::Respond(call.transaction, response));
        self.state = SessionState::Terminated;
        cx.out.put(Effect::Over);
    }

    /// Reads the offer, if there is one; the error is the response to send.
    fn take_offer(&mut self, cx: &mut Cx<'_, Effect>) -> Result<(), Box<Message>> {
        self.begin_offer_answer(cx);
        let Call::Incoming(call) = &mut self.call else { return Ok(()) };
        match body::description(&call.request) {
            Body::None => call.late_offer = true,
            Body::Unusable(status, why) => {
                let mut response = call.request.reply_with_reason(status, why);
                if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                    response.push(HeaderName::Accept, body::SDP);
                }
                return Err(response.into());
            }
            Body::Sdp(offer) => {
                let Some(offer_answer) = &mut self.offer_answer else { return Ok(()) };
                offer_answer.on_offer(&offer).map_err(|error| Box::new(body::refusal(&call.request, &error)))?;
            }
        }
        Ok(())
    }

    /// NULL -> INCOMING: the peer hears that it rings, the application that there is a call.
    fn ring(&mut self, cx: &mut Cx<'_, Effect>) {
        let Call::Incoming(call) = &mut self.call else { return };
        let Ok(dialog) = Dialog::from_request(&call.request, &cx.rng.token(16)) else {
            let response = call.request.reply(StatusCode::BAD_REQUEST);
            return self.turn_away(cx, response);
        };
        call.phase = Phase::Ringing;
        cx.out.put(Effect::DialogBegan(dialog.id().clone()));
        self.dialog = Some(dialog);
        self.send_ringing(cx);
        let Call::Incoming(call) = &self.call else { return };
        let expires = call.request.find::<Expires>().ok().flatten().map(|expires| Duration::from_secs(expires.0.into()));
        self.set_timer(cx, SessionTimer::Expires, expires.unwrap_or(limits::INCOMING_TIME).min(limits::INCOMING_TIME));
        self.set_state(cx, SessionState::Incoming);
        notify(cx, SessionNotification::NewIncoming { streams: vec![StreamKind::Audio] });
    }

    /// 13.3.1: the INVITE has expired, or nobody took it for too long.
    pub(super) fn on_expires(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state == SessionState::Incoming {
            self.respond_to_invite(cx, StatusCode::REQUEST_TERMINATED);
            self.fail(cx, Failure::remote(StatusCode::REQUEST_TERMINATED, "Request expired"));
        }
    }

    /// A call may begin on hold: that is told when there is a call to hold.
    pub(super) fn tell_initial_hold(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.on_hold_by_remote {
            notify(cx, SessionNotification::GotHoldRequest { originator: Originator::Remote });
        }
    }

    fn send_ringing(&mut self, cx: &mut Cx<'_, Effect>) {
        self.respond_to_invite(cx, StatusCode::RINGING);
        self.set_timer(cx, SessionTimer::RefreshProvisional, REFRESH_PROVISIONAL);
    }

    pub(super) fn on_refresh_provisional(&mut self, cx: &mut Cx<'_, Effect>) {
        if matches!(self.state, SessionState::Incoming | SessionState::Accepting) && self.pending_2xx.is_none() {
            self.send_ringing(cx);
        }
    }

    /// Answers the INVITE that began the call.
    fn respond_to_invite(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode) {
        let (Call::Incoming(call), Some(dialog)) = (&mut self.call, &mut self.dialog) else { return };
        let mut response = dialog.reply(&call.request, status, Some(&self.contact));
        body::identify(&mut response, &self.settings.user_agent);
        if status.is_final() {
            call.phase = Phase::Answered;
            self.cancel_timer(cx, SessionTimer::RefreshProvisional);
            self.cancel_timer(cx, SessionTimer::Expires);
        }
        let Call::Incoming(call) = &self.call else { return };
        cx.out.put(Effect::Respond(call.transaction, response));
    }

    /// INCOMING -> ACCEPTING.
    pub(super) fn begin_answer(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Call::Incoming(call) = &mut self.call {
            call.phase = Phase::Preparing;
        }
        self.cancel_timer(cx, SessionTimer::Expires);
        self.set_state(cx, SessionState::Accepting);
        self.hunt_ports(cx);
    }

    /// The media is ready: 200.
    pub(super) fn answer(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state != SessionState::Accepting {
            return;
        }
        let Call::Incoming(call) = &mut self.call else { return };
        let (late_offer, transaction) = (call.late_offer, call.transaction);
        let description = match late_offer {
            true => self.fresh_offer(cx),
            false => self.make_answer(cx),
        };
        let Some(description) = description else {
            self.respond_to_invite(cx, StatusCode::NOT_ACCEPTABLE_HERE);
            return self.fail(cx, Failure::local(StatusCode::NOT_ACCEPTABLE_HERE, "no common media"));
        };
        let (Call::Incoming(call), Some(dialog)) = (&mut self.call, &mut self.dialog) else { return };
        call.phase = Phase::Answered;
        let mut response = dialog.reply(&call.request, StatusCode::OK, Some(&self.contact));
        response.push(HeaderName::Allow, body::ALLOW);
        body::identify(&mut response, &self.settings.user_agent);
        response.set_body(body::SDP, description);
        let cseq = call.request.cseq().map_or(0, |cseq| cseq.number);
        self.cancel_timer(cx, SessionTimer::RefreshProvisional);
        notify(cx, SessionNotification::WillStart);
        self.start_time = Some(cx.now);
        self.send_2xx(cx, transaction, response, cseq, late_offer);
    }

    /// Sends a 2xx to an INVITE, and goes on sending it until the ACK comes (13.3.1.4).
    pub(super) fn send_2xx(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        transaction: TransactionId,
        response: Message,
        cseq: u32,
        offered: bool,
    ) {
        let timers = self.settings.sip.timers;
        cx.out.put(Effect::Respond(transaction, response.clone()));
        self.pending_2xx = Some(Pending2xx { transaction, response, cseq, interval: timers.t1, offered });
        self.set_timer(cx, SessionTimer::Retransmit2xx, timers.t1);
        self.set_timer(cx, SessionTimer::NoAck, timers.timeout());
    }

    pub(super) fn on_retransmit_2xx(&mut self, cx: &mut Cx<'_, Effect>) {
        let t2 = self.settings.sip.timers.t2;
        let Some(pending) = &mut self.pending_2xx else { return };
        cx.out.put(Effect::Respond(pending.transaction, pending.response.clone()));
        pending.interval = (pending.interval * 2).min(t2);
        let again = pending.interval;
        self.set_timer(cx, SessionTimer::Retransmit2xx, again);
    }

    fn take_pending_2xx(&mut self, cx: &mut Cx<'_, Effect>) -> Option<Pending2xx> {
        self.cancel_timer(cx, SessionTimer::Retransmit2xx);
        self.cancel_timer(cx, SessionTimer::NoAck);
        self.pending_2xx.take()
    }

    /// The peer never acknowledged our 2xx.
    pub(super) fn on_no_ack(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.take_pending_2xx(cx).is_none() {
            return;
        }
        match self.state {
            SessionState::Terminating => self.say_bye(cx),
            SessionState::Terminated => {}
            _ => {
                self.say_bye(cx);
                self.fail(cx, Failure::local(StatusCode::REQUEST_TIMEOUT, "No ACK received"));
            }
        }
    }

    /// The ACK to a 2xx came.
    pub(crate) fn on_ack(&mut self, cx: &mut Cx<'_, Effect>, ack: &Message) {
        let number = ack.cseq().map(|cseq| cseq.number);
        if self.pending_2xx.as_ref().is_none_or(|pending| Ok(pending.cseq) != number) {
            return;
        }
        let Some(pending) = self.take_pending_2xx(cx) else { return };
        if self.state == SessionState::Terminating {
            // 15: the callee may not say BYE before the ACK; now it may.
            return self.say_bye(cx);
        }
        if pending.offered
            && let Err(reason) = self.take_answer(cx, ack)
        {
            self.say_bye(cx);
            return self.fail(cx, Failure::local(StatusCode::NOT_ACCEPTABLE_HERE, reason));
        }
        if self.state == SessionState::Accepting {
            self.announce_audio(cx);
            self.set_state(cx, SessionState::Established);
            notify(cx, SessionNotification::DidStart);
            self.tell_initial_hold(cx);
        }
        self.run_queue(cx);
    }

    /// INCOMING -> TERMINATING -> TERMINATED: the application does not want the call.
    pub(super) fn refuse(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode) {
        self.set_state(cx, SessionState::Terminating);
        notify(cx, SessionNotification::WillEnd);
        self.respond_to_invite(cx, status);
        self.finish(cx, Originator::Local);
    }

    pub(super) fn refuse_for_internal_fault(&mut self, cx: &mut Cx<'_, Effect>) {
        self.respond_to_invite(cx, StatusCode::SERVER_INTERNAL_ERROR);
    }

    /// True while the INVITE that began the call has no final response.
    pub(super) fn awaits_answer(&self) -> bool {
        matches!(&self.call, Call::Incoming(call) if call.phase != Phase::Answered)
    }

    /// The INVITE's transaction, if it is this one and has no final response.
    pub(crate) fn is_cancelled_by(&self, transaction: TransactionId) -> bool {
        matches!(&self.call, Call::Incoming(call) if call.transaction == transaction) && self.awaits_answer()
    }

    /// The peer took its INVITE back (9.2).
    pub(crate) fn on_cancel(&mut self, cx: &mut Cx<'_, Effect>) {
        self.end_unanswered(cx);
    }

    /// 487 for an INVITE that is not answered yet, and the end of the session.
    pub(super) fn end_unanswered(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state == SessionState::Null {
            let Call::Incoming(call) = &self.call else { return };
            let response = call.request.reply(StatusCode::REQUEST_TERMINATED);
            return self.turn_away(cx, response);
        }
        self.respond_to_invite(cx, StatusCode::REQUEST_TERMINATED);
        self.fail(cx, Failure::remote(StatusCode::REQUEST_TERMINATED, "Request cancelled"));
    }

    /// Refuses an INVITE that the application has not heard of yet; nothing if there is none.
    pub(super) fn decline_unheard(&mut self, cx: &mut Cx<'_, Effect>) {
        if let Call::Incoming(call) = &self.call {
            let response = call.request.reply(StatusCode::TEMPORARILY_UNAVAILABLE);
            self.turn_away(cx, response);
        }
    }

    /// The URI the peer called, for the attributes.
    pub(super) fn called_uri(&self) -> Option<String> {
        match &self.call {
            Call::Incoming(call) => Some(String::from(call.request.uri())),
            _ => None,
        }
    }

    pub(super) fn begin_offer_answer(&mut self, cx: &mut Cx<'_, Effect>) {
        let (None, Some(ip)) = (&self.offer_answer, self.local_ip) else { return };
        // RFC 8866 5.2: a number that is unlikely to be used twice, and that 32-bit peers can read.
        let number = cx.rng.u64() >> 33;
        self.offer_answer =
            Some(Box::new(OfferAnswer::new(number, ip, super::audio::capability(&self.settings.audio))));
    }
}

/// Gives a response outside a dialog the To tag that every final response must have.
fn tag_reply(cx: &mut Cx<'_, Effect>, response: &mut Message) {
    let Ok(to) = response.to() else { return };
    if to.tag().is_none() {
        let tagged = format!("{};tag={}", response.header(HeaderName::To).unwrap_or(""), cx.rng.token(16));
        response.set(HeaderName::To, tagged);
    }
}

/// True for a request that begins a session.
pub(crate) fn begins_session(request: &Message) -> bool {
    request.method() == Some(&Method::Invite) && request.to().is_ok_and(|to| to.tag().is_none())
}
