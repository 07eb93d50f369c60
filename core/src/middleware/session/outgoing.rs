//! A call that we place: CALLING, and the answers to its INVITE (RFC 3261 13.2).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use bytestring::ByteString;

use super::body::{self, Body};
use super::{Call, Callee, Cx, Effect, Session, notify};
use crate::ids::CallerId;
use crate::limits;
use crate::machines::dialog::{Dialog, DialogId};
use crate::machines::locate::{Route, Target};
use crate::machines::offer_answer::OfferAnswer;
use crate::machines::uac::{Destination, Outgoing};
use crate::middleware::notification::{Failure, Originator, SessionNotification, SessionState, StreamKind};
use crate::middleware::session::Direction;
use crate::timers::SessionTimer;
use crate::wire::sip::{CSeq, HeaderName, Message, Method, StatusCode};

/// The INVITE of a call and what came of it.
#[derive(Debug)]
pub(super) struct OutgoingCall {
    callee: Callee,
    targets: Vec<Target>,
    /// The INVITE's name, once it is sent.
    caller: Option<CallerId>,
    cseq: u32,
    /// The early dialogs.
    forks: Vec<Fork>,
    /// Somebody has answered, if only provisionally.
    alive: bool,
    /// Dialogs of further 2xx, which were acknowledged and ended.
    ended: Vec<DialogId>,
}

/// An early dialog, and the offer/answer state in it if it brought a description.
#[derive(Debug)]
struct Fork {
    dialog: Dialog,
    answered: Option<Box<OfferAnswer>>,
}

impl OutgoingCall {
    pub(super) fn is(&self, id: CallerId) -> bool {
        self.caller == Some(id)
    }

    pub(super) fn caller(&self) -> Option<CallerId> {
        self.caller
    }

    pub(super) fn next_cseq(&mut self) -> u32 {
        self.cseq += 1;
        self.cseq
    }
}

/// Where requests of a dialog go.
pub(super) fn destination_of(dialog: &Dialog, local_ip: Option<IpAddr>) -> Destination {
    // A peer's Contact or Record-Route that is no SIP URI leads nowhere: the request fails with 503.
    let Ok(route) = Route::for_uri(&dialog.next_hop()) else { return Destination::Targets(Vec::new()) };
    match (route.address.parse::<IpAddr>(), local_ip) {
        (Ok(ip), Some(local_ip)) => {
            let remote = SocketAddr::new(ip, route.port);
            Destination::Targets(vec![Target { transport: route.transport, remote, local_ip }])
        }
        _ => Destination::Routes(vec![route]),
    }
}

impl Session {
    /// Prepares a call; CALLING begins when its media is ready.
    pub(super) fn begin_outgoing(&mut self, cx: &mut Cx<'_, Effect>, callee: Callee, routes: Vec<Route>) {
        self.direction = Some(Direction::Outgoing);
        self.remote_uri = Some(ByteString::from(callee.0.as_str()));
        self.call = Call::Outgoing(OutgoingCall {
            callee,
            targets: Vec::new(),
            caller: None,
            cseq: 1 + cx.rng.below(10_000) as u32,
            forks: Vec::new(),
            alive: false,
            ended: Vec::new(),
        });
        cx.out.put(Effect::Locate(routes));
    }

    pub(super) fn on_outgoing_located(&mut self, cx: &mut Cx<'_, Effect>, targets: Vec<Target>, problem: &str) {
        if self.state != SessionState::Null {
            return;
        }
        let Call::Outgoing(call) = &mut self.call else { return };
        if targets.is_empty() {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return self.fail(cx, Failure::local(status, ByteString::from(problem)));
        }
        self.route = targets.first().copied();
        call.targets = targets;
        self.hunt_ports(cx);
    }

    /// The media is ready: NULL -> CALLING.
    pub(super) fn send_invite(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state != SessionState::Null {
            return;
        }
        let Some(offer) = self.first_offer(cx) else {
            return self.fail(cx, Failure::internal("no offer could be made"));
        };
        let Call::Outgoing(call) = &mut self.call else { return };
        let id = cx.ids.caller();
        call.caller = Some(id);
        let mut invite = Message::request(Method::Invite, call.callee.0.as_str());
        let from = format!("{};tag={}", self.account.name_addr(), cx.rng.token(16));
        invite.push(HeaderName::From, from);
        invite.push(HeaderName::To, format_args!("<{}>", call.callee.0));
        invite.push(HeaderName::CallId, cx.rng.token(32));
        invite.push(HeaderName::CSeq, CSeq { number: call.cseq, method: Method::Invite });
        invite.push(HeaderName::MaxForwards, 70);
        invite.push(HeaderName::Allow, body::ALLOW);
        body::identify(&mut invite, &self.settings.user_agent);
        invite.set_body(body::SDP, offer);
        let call_targets = call.targets.len().max(1);
        let destination = Destination::Targets(call.targets.clone());
        self.set_state(cx, SessionState::Calling);
        notify(cx, SessionNotification::NewOutgoing { streams: vec![StreamKind::Audio] });
        // Each route that is dead costs 64*T1 before the next is tried.
        let dead_routes = self.settings.sip.timers.timeout() * (call_targets as u32 - 1);
        self.set_timer(cx, SessionTimer::NoAnswer, self.settings.session.invite_timeout + dead_routes);
        cx.out.put(Effect::Send(Outgoing {
            id,
            owner: self.id,
            request: invite,
            destination,
            contact_user: Some(self.contact_user()),
            credentials: self.account.credentials(),
        }));
    }

    pub(super) fn on_invite_response(&mut self, cx: &mut Cx<'_, Effect>, response: &Message, request: &Message) {
        let Some(status) = response.status() else { return };
        if status.is_final() {
            self.note_user_agent(response);
        }
        if status.is_provisional() {
            if self.state == SessionState::Calling {
                self.on_provisional(cx, status, response, request);
            }
        } else if status.is_success() {
            self.on_invite_success(cx, response, request);
        } else {
            self.on_invite_refused(cx, status, response);
        }
    }

    fn on_provisional(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode, response: &Message, request: &Message) {
        let Call::Outgoing(call) = &mut self.call else { return };
        if !core::mem::replace(&mut call.alive, true) {
            self.set_timer(cx, SessionTimer::NoAnswer, self.settings.session.invite_timeout);
        }
        match status {
            StatusCode::TRYING => return,
            StatusCode::RINGING => notify(cx, SessionNotification::GotRingIndication),
            _ => {
                let reason = response.reason().to_string();
                notify(cx, SessionNotification::GotProvisionalResponse { code: status.code(), reason });
            }
        }
        let Ok(dialog) = Dialog::from_response(request, response) else { return };
        let Call::Outgoing(call) = &mut self.call else { return };
        let fork = match call.forks.iter().position(|fork| fork.dialog.id() == dialog.id()) {
            Some(fork) => fork,
            None if call.forks.len() < limits::FORKS => {
                call.forks.push(Fork { dialog, answered: None });
                call.forks.len() - 1
            }
            None => return,
        };
        // Early media (RFC 3261 13.2.1, RFC 3264): the first description of a fork counts.
        if call.forks[fork].answered.is_some() {
            return;
        }
        if let Body::Sdp(answer) = body::description(response)
            && let Some(mut offer_answer) = self.offer_answer.clone()
            && let Ok(agreement) = offer_answer.on_answer(&answer)
        {
            call.forks[fork].answered = Some(offer_answer);
            self.apply(cx, &agreement);
            self.announce_audio(cx);
        }
    }

    fn on_invite_success(&mut self, cx: &mut Cx<'_, Effect>, response: &Message, request: &Message) {
        let Ok(mut dialog) = Dialog::from_response(request, response) else { return };
        let cseq = response.cseq().map_or(1, |cseq| cseq.number);
        if self.dialog.as_ref().is_some_and(|ours| ours.id() == dialog.id()) {
            return self.acknowledge_again(cx, response, request);
        }
        // A 2xx whose route set or target is bad confirms the dialog all the same, so that it can be acknowledged.
        let _ = dialog.confirm(response);
        let first = self.dialog.is_none();
        match self.state {
            SessionState::Calling if first => self.establish(cx, dialog, response, request, cseq),
            // 15.1.1, RFC 5407 3.1.2: the 2xx crossed our CANCEL. Acknowledge it and end it.
            SessionState::Terminating if first => {
                self.acknowledge(cx, &dialog, cseq, request);
                self.cancel_timer(cx, SessionTimer::CancelGivenUp);
                cx.out.put(Effect::DialogBegan(dialog.id().clone()));
                self.dialog = Some(dialog);
                self.say_bye(cx);
            }
            _ => self.end_fork(cx, dialog, cseq, request),
        }
    }

    /// 13.2.2.4: another fork answered too, or too late: it is acknowledged and ended.
    fn end_fork(&mut self, cx: &mut Cx<'_, Effect>, mut dialog: Dialog, cseq: u32, request: &Message) {
        self.acknowledge(cx, &dialog, cseq, request);
        let Call::Outgoing(call) = &mut self.call else { return };
        if call.ended.contains(dialog.id()) || call.ended.len() >= limits::FORKS {
            return;
        }
        call.ended.push(dialog.id().clone());
        let mut bye = dialog.request(Method::Bye, "");
        body::identify(&mut bye, &self.settings.user_agent);
        cx.out.put(Effect::Send(Outgoing {
            id: cx.ids.caller(),
            owner: self.id,
            request: bye,
            destination: destination_of(&dialog, self.local_ip),
            contact_user: None,
            credentials: self.account.credentials(),
        }));
    }

    /// CALLING -> ESTABLISHED, if the answer can be used.
    fn establish(&mut self, cx: &mut Cx<'_, Effect>, dialog: Dialog, response: &Message, request: &Message, cseq: u32) {
        self.cancel_timer(cx, SessionTimer::NoAnswer);
        notify(cx, SessionNotification::WillStart);
        self.acknowledge(cx, &dialog, cseq, request);
        self.start_time = Some(cx.now);
        cx.out.put(Effect::DialogBegan(dialog.id().clone()));
        let early = self.take_early_answer(&dialog);
        self.dialog = Some(dialog);
        // The answer of the early dialog is this one (RFC 6337 2.1); the one in the 2xx only repeats it.
        if let Some(offer_answer) = early {
            let agreement = offer_answer.agreement().cloned();
            self.offer_answer = Some(offer_answer);
            if let Some(agreement) = agreement {
                self.apply(cx, &agreement);
            }
        } else if let Err(reason) = self.take_answer(cx, response) {
            self.say_bye(cx);
            return self.fail(cx, Failure::local(StatusCode::NOT_ACCEPTABLE_HERE, reason));
        }
        self.announce_audio(cx);
        self.set_state(cx, SessionState::Established);
        notify(cx, SessionNotification::DidStart);
        self.tell_initial_hold(cx);
        self.run_queue(cx);
    }

    fn take_early_answer(&mut self, dialog: &Dialog) -> Option<Box<OfferAnswer>> {
        let Call::Outgoing(call) = &mut self.call else { return None };
        let forks = core::mem::take(&mut call.forks);
        forks.into_iter().find(|fork| fork.dialog.id() == dialog.id())?.answered
    }

    /// Takes the answer in a message; the error says why it cannot be used.
    pub(super) fn take_answer(&mut self, cx: &mut Cx<'_, Effect>, message: &Message) -> Result<(), ByteString> {
        let answer = match body::description(message) {
            Body::Sdp(answer) => answer,
            Body::None => return Err(ByteString::from_static("the peer's answer is missing")),
            Body::Unusable(_, why) => return Err(ByteString::from_static(why)),
        };
        let Some(offer_answer) = &mut self.offer_answer else {
            return Err(ByteString::from_static("no offer was made"));
        };
        let agreement = offer_answer.on_answer(&answer).map_err(|error| ByteString::from(error.to_string()))?;
        if agreement.audio.is_none() {
            return Err(ByteString::from_static("no common media"));
        }
        self.apply(cx, &agreement);
        Ok(())
    }

    fn on_invite_refused(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode, response: &Message) {
        self.end_invite(cx);
        match self.state {
            SessionState::Calling => {
                self.fail(cx, Failure::remote(status, body::reason_of(response)));
            }
            // 487, or whatever crossed our CANCEL.
            SessionState::Terminating => self.finish(cx, Originator::Local),
            _ => {}
        }
    }

    pub(super) fn on_invite_failed(&mut self, cx: &mut Cx<'_, Effect>, status: StatusCode, reason: &str) {
        self.end_invite(cx);
        match self.state {
            SessionState::Calling => self.fail(cx, Failure::local(status, ByteString::from(reason))),
            SessionState::Terminating => self.finish(cx, Originator::Local),
            _ => {}
        }
    }

    /// The INVITE is over: nothing that answers it can come any more.
    fn end_invite(&mut self, cx: &mut Cx<'_, Effect>) -> Option<CallerId> {
        self.cancel_timer(cx, SessionTimer::NoAnswer);
        self.cancel_timer(cx, SessionTimer::CancelGivenUp);
        match &mut self.call {
            Call::Outgoing(call) => call.caller.take(),
            _ => None,
        }
    }

    /// Nobody took the call in time: it is cancelled, and over for the application at once.
    pub(super) fn on_no_answer(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state != SessionState::Calling {
            return;
        }
        self.cancel_invite(cx);
        self.fail(cx, Failure::local(StatusCode::REQUEST_TIMEOUT, "No answer"));
    }

    pub(super) fn cancel_invite(&mut self, cx: &mut Cx<'_, Effect>) {
        self.cancel_timer(cx, SessionTimer::NoAnswer);
        if let Call::Outgoing(call) = &self.call
            && let Some(caller) = call.caller()
        {
            cx.out.put(Effect::Cancel(caller));
        }
    }

    /// 9.1: 64*T1 after the CANCEL, the INVITE is taken for cancelled.
    pub(super) fn on_cancel_given_up(&mut self, cx: &mut Cx<'_, Effect>) {
        if self.state == SessionState::Terminating && self.dialog.is_none() {
            if let Some(caller) = self.end_invite(cx) {
                cx.out.put(Effect::Forget(caller));
            }
            self.finish(cx, Originator::Local);
        }
    }

    /// Sends the ACK to a 2xx (13.2.2.4), with the credentials of its INVITE.
    pub(super) fn acknowledge(&mut self, cx: &mut Cx<'_, Effect>, dialog: &Dialog, cseq: u32, invite: &Message) {
        let mut ack = dialog.ack(cseq);
        ack.copy_from(invite, HeaderName::Authorization);
        ack.copy_from(invite, HeaderName::ProxyAuthorization);
        body::identify(&mut ack, &self.settings.user_agent);
        cx.out.put(Effect::Ack { ack, destination: destination_of(dialog, self.local_ip) });
    }

    /// A 2xx that was acknowledged came again: its ACK was lost.
    pub(super) fn acknowledge_again(&mut self, cx: &mut Cx<'_, Effect>, response: &Message, invite: &Message) {
        let success = response.status().is_some_and(StatusCode::is_success);
        let Ok(cseq) = response.cseq() else { return };
        if !success || cseq.method != Method::Invite {
            return;
        }
        if let Some(dialog) = self.dialog.take() {
            self.acknowledge(cx, &dialog, cseq.number, invite);
            self.dialog = Some(dialog);
        }
    }

    /// The URI of the callee, for the attributes.
    pub(super) fn callee_uri(&self) -> Option<String> {
        match &self.call {
            Call::Outgoing(call) => Some(call.callee.0.to_string()),
            _ => None,
        }
    }
}
