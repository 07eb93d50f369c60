//! What the peer asks within the dialog: re-INVITE, BYE, INFO, OPTIONS (RFC 3261 12.2.2, 14.2, 15.1.2).

use alloc::format;

use super::body::{self, Body};
use super::{Cx, Effect, Session, notify};
use crate::error::Misuse;
use crate::ids::TransactionId;
use crate::limits;
use crate::middleware::notification::{Originator, SessionNotification, SessionState};
use crate::wire::sip::{HeaderName, Message, Method, StatusCode};

impl Session {
    /// A request in the session's dialog.
    pub(crate) fn on_request(&mut self, cx: &mut Cx<'_, Effect>, transaction: TransactionId, request: &Message) {
        let Some(dialog) = &mut self.dialog else { return };
        if let Err(rejection) = dialog.on_request(request) {
            let response = dialog.reply(request, rejection.status(), None);
            return self.respond(cx, transaction, response);
        }
        match request.method() {
            Some(Method::Bye) => self.on_bye(cx, transaction, request),
            Some(Method::Invite) => self.on_reinvite(cx, transaction, request),
            Some(Method::Info) => self.on_info(cx, transaction, request),
            Some(Method::Options) => {
                let mut response = self.reply(request, StatusCode::OK);
                response.push(HeaderName::Allow, body::ALLOW);
                response.push(HeaderName::Accept, body::SDP);
                self.respond(cx, transaction, response);
            }
            _ => {
                let mut response = self.reply(request, StatusCode::METHOD_NOT_ALLOWED);
                response.push(HeaderName::Allow, body::ALLOW);
                self.respond(cx, transaction, response);
            }
        }
    }

    fn reply(&mut self, request: &Message, status: StatusCode) -> Message {
        match &mut self.dialog {
            Some(dialog) => dialog.reply(request, status, Some(&self.contact)),
            None => request.reply(status),
        }
    }

    fn respond(&self, cx: &mut Cx<'_, Effect>, transaction: TransactionId, mut response: Message) {
        body::identify(&mut response, &self.settings.user_agent);
        cx.out.put(Effect::Respond(transaction, response));
    }

    fn answer_with(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        transaction: TransactionId,
        request: &Message,
        status: StatusCode,
    ) {
        let response = self.reply(request, status);
        self.respond(cx, transaction, response);
    }

    /// 15.1.2.
    fn on_bye(&mut self, cx: &mut Cx<'_, Effect>, transaction: TransactionId, request: &Message) {
        self.answer_with(cx, transaction, request, StatusCode::OK);
        if self.awaits_answer() {
            return self.end_unanswered(cx);
        }
        match self.state {
            // Both said BYE; ours is still answered, and ends the session.
            SessionState::Terminating | SessionState::Terminated => {}
            _ => {
                notify(cx, SessionNotification::WillEnd);
                self.finish(cx, Originator::Remote);
            }
        }
    }

    /// 14.2.
    fn on_reinvite(&mut self, cx: &mut Cx<'_, Effect>, transaction: TransactionId, request: &Message) {
        match self.state {
            SessionState::Established => {}
            SessionState::Terminating | SessionState::Terminated => {
                return self.answer_with(cx, transaction, request, StatusCode::CALL_TRANSACTION_DOES_NOT_EXIST);
            }
            // The first INVITE of the dialog is not through yet.
            _ => {
                let mut response = self.reply(request, StatusCode::SERVER_INTERNAL_ERROR);
                response.push(HeaderName::RetryAfter, cx.rng.below(11));
                return self.respond(cx, transaction, response);
            }
        }
        let ours_pending = self.reinvite.as_ref().is_some_and(|reinvite| reinvite.is_pending());
        if ours_pending || self.pending_2xx.is_some() {
            return self.answer_with(cx, transaction, request, StatusCode::REQUEST_PENDING);
        }
        let description = match body::description(request) {
            Body::None => self.fresh_offer(cx).ok_or_else(|| self.reply(request, StatusCode::SERVER_INTERNAL_ERROR)),
            Body::Unusable(status, _) => {
                let mut response = self.reply(request, status);
                if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
                    response.push(HeaderName::Accept, body::SDP);
                }
                Err(response)
            }
            Body::Sdp(offer) => self.answer_offer(cx, request, &offer),
        };
        let description = match description {
            Ok(description) => description,
            Err(response) => return self.respond(cx, transaction, response),
        };
        let offered = request.body().is_empty();
        let mut response = self.reply(request, StatusCode::OK);
        body::identify(&mut response, &self.settings.user_agent);
        response.set_body(body::SDP, description);
        let cseq = request.cseq().map_or(0, |cseq| cseq.number);
        self.send_2xx(cx, transaction, response, cseq, offered);
        self.tell_negotiated(cx);
    }

    /// The answer to an offer of the peer, or the response that refuses it.
    fn answer_offer(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        request: &Message,
        offer: &crate::wire::sdp::SessionDescription,
    ) -> Result<bytes::Bytes, Message> {
        let taken = match &mut self.offer_answer {
            Some(offer_answer) => offer_answer.on_offer(offer).map(|_| ()),
            None => return Err(self.reply(request, StatusCode::SERVER_INTERNAL_ERROR)),
        };
        if let Err(error) = taken {
            let mut response = self.reply(request, body::status_of(&error));
            body::explain(&mut response, &error);
            return Err(response);
        }
        match self.make_answer(cx) {
            Some(answer) => Ok(answer),
            None => {
                let mut response = self.reply(request, StatusCode::NOT_ACCEPTABLE_HERE);
                body::warn(&mut response, 304, "the session's media cannot go on with this offer");
                Err(response)
            }
        }
    }

    /// DTMF by INFO (`application/dtmf-relay`, `application/dtmf`), from peers that offer no telephone-event.
    fn on_info(&mut self, cx: &mut Cx<'_, Effect>, transaction: TransactionId, request: &Message) {
        let content_type = request.header(HeaderName::ContentType).unwrap_or("").to_ascii_lowercase();
        let text = core::str::from_utf8(request.body()).unwrap_or("");
        let digit = match content_type.split(';').next().unwrap_or("").trim() {
            // RFC 6086 4.2.2: an INFO without a body is fine.
            "" => None,
            "application/dtmf-relay" => dtmf_relay_digit(text),
            "application/dtmf" => text.trim().chars().next(),
            _ => {
                let mut response = self.reply(request, StatusCode::UNSUPPORTED_MEDIA_TYPE);
                response.push(HeaderName::Accept, "application/dtmf-relay, application/dtmf");
                return self.respond(cx, transaction, response);
            }
        };
        self.answer_with(cx, transaction, request, StatusCode::OK);
        if let Some(digit) = digit.map(|d| d.to_ascii_uppercase()).filter(|&d| super::commands::is_dtmf_digit(d)) {
            notify(cx, SessionNotification::GotDtmf { digit });
        }
    }

    /// Sends a digit by INFO, after those before it were answered: they could overtake each other.
    pub(super) fn send_dtmf_by_info(&mut self, cx: &mut Cx<'_, Effect>, digit: char) -> Result<(), Misuse> {
        if self.info_digits.len() >= limits::DTMF_QUEUE {
            return Err(Misuse::TooMany("send_dtmf"));
        }
        self.info_digits.push_back(digit);
        if self.info.is_none() {
            self.send_next_info_digit(cx);
        }
        Ok(())
    }

    pub(super) fn send_next_info_digit(&mut self, cx: &mut Cx<'_, Effect>) {
        self.info = None;
        if self.state != SessionState::Established {
            return;
        }
        let Some(digit) = self.info_digits.pop_front() else { return };
        let millis = self.settings.audio.dtmf_duration.as_millis();
        let text = format!("Signal={digit}\r\nDuration={millis}\r\n");
        self.info = self.send_in_dialog(cx, Method::Info, Some(("application/dtmf-relay", bytes::Bytes::from(text))));
    }
}

fn dtmf_relay_digit(text: &str) -> Option<char> {
    let line = text.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case("signal").then_some(value.trim())
    })?;
    match line {
        "10" => Some('*'),
        "11" => Some('#'),
        _ => line.chars().next(),
    }
}

impl Session {
    /// Tells that streams have come or gone.
    pub(super) fn tell_streams(&self, cx: &mut Cx<'_, Effect>) {
        let streams = self.active_streams();
        notify(cx, SessionNotification::GotStreamUpdate { streams });
    }
}
