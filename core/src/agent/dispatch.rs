//! Where machines meet: what one wants done is handed to the other, in order.

use alloc::format;

use super::{Effect, Output, Phase, UserAgent, Waiting, cx};
use crate::ids::{CallerId, SessionId, SocketId};
use crate::io::Request;
use crate::limits;
use crate::machines::locate::{Asker, Target};
use crate::machines::transport::{self, new_branch};
use crate::machines::uac::{self, Destination, cancel_of};
use crate::machines::{Hop, locate, transaction};
use crate::middleware::notification::{AgentNotification, Event, Listening, SessionState};
use crate::middleware::session;
use crate::trace::{Traced, masked};
use crate::wire::sip::{HeaderName, Message};

impl UserAgent {
    /// Carries out every effect. Those that come of one go before those that wait, as if each had been called on the
    /// spot: what leaves the agent is in the order in which it was caused.
    pub(super) fn settle(&mut self) {
        while let Some(effect) = self.effects.0.pop_front() {
            let waiting = self.effects.0.len();
            match effect {
                Effect::Transport(effect) => self.on_transport_effect(effect),
                Effect::Transaction(effect) => self.on_transaction_effect(effect),
                Effect::Caller(effect) => self.on_caller_effect(effect),
                Effect::Locate(effect) => self.on_locate_effect(effect),
                Effect::Session(id, effect) => self.on_session_effect(id, effect),
            }
            let caused = self.effects.0.len() - waiting;
            self.effects.0.rotate_right(caused);
            if self.effects.0.is_empty() {
                self.close_when_quiet();
            }
        }
        self.close_when_quiet();
    }

    /// The last step of a stop: every session has ended, and the peers know.
    fn close_when_quiet(&mut self) {
        if self.phase == Phase::Stopping && self.is_quiet() {
            self.phase = Phase::Ended;
            self.transports.stop(cx!(self, transport));
            self.settle();
        }
    }

    /// True if nothing is left to say to a peer: a CANCEL, a BYE or a refusal is not lost by closing the socket too soon,
    /// and a 2xx that crosses a CANCEL finds somebody who acknowledges and ends it. Each of these waits ends by itself
    /// after 64*T1 at the latest.
    fn is_quiet(&self) -> bool {
        let live = |state| !matches!(state, SessionState::Null | SessionState::Terminated);
        !self.sessions.values().any(|entry| live(entry.session.state()))
            && !self.callers.awaits()
            && !self.transactions.awaits_ack()
            && self.acks.is_empty()
    }

    fn ask(&mut self, waiting: Waiting, request: Request) {
        let id = self.ids.request();
        self.asked.insert(id, waiting);
        self.out.push_back(Output::Request(id, request));
    }

    fn on_transport_effect(&mut self, effect: transport::Effect) {
        match effect {
            transport::Effect::Transmit(transmit) => self.out.push_back(Output::Transmit(transmit)),
            transport::Effect::Ask(asked, request) => self.ask(Waiting::Transport(asked), request),
            transport::Effect::Message { message, hop } => self.on_message(message, hop),
            transport::Effect::Malformed { from, reason } => self.on_malformed(from, reason),
            transport::Effect::Failed { channel, remote, .. } => {
                self.transactions.on_transport_error(cx!(self, transport), channel, remote);
            }
            transport::Effect::Trace { direction, transport, peer, bytes } => {
                let text = masked(&bytes);
                self.tell(Event::Trace(Traced { direction, transport, peer, text }));
            }
            transport::Effect::Started if self.phase == Phase::Starting => {
                self.phase = Phase::Running;
                let listening =
                    self.transports.listening().map(|(transport, address)| Listening { transport, address }).collect();
                self.tell_agent(AgentNotification::DidStart { listening });
            }
            transport::Effect::Started => {}
            transport::Effect::StartFailed { reason } => {
                self.phase = Phase::Ended;
                self.fail(reason);
                self.transports.stop(cx!(self, transport));
            }
            transport::Effect::Stopped => {
                self.timers = crate::timers::Timers::default();
                self.tell_agent(AgentNotification::DidEnd);
            }
        }
    }

    fn on_malformed(&mut self, from: core::net::SocketAddr, reason: alloc::string::String) {
        let meter = &mut self.malformed;
        meter.total += 1;
        let second = self.now.as_micros() / 1_000_000;
        if meter.second != second {
            meter.second = second;
            meter.told = 0;
        }
        meter.told += 1;
        if meter.told <= limits::MALFORMED_NOTIFICATIONS_PER_SECOND {
            let total = meter.total;
            self.tell_agent(AgentNotification::GotMalformedMessage { from, reason, total });
        }
    }

    fn on_transaction_effect(&mut self, effect: transaction::Effect) {
        match effect {
            transaction::Effect::Send { hop, bytes } => self.transports.send(cx!(self, transport), hop, bytes),
            transaction::Effect::Request { id, request, hop } => self.on_request(id, &request, hop),
            transaction::Effect::Ack { request } => self.on_ack(&request),
            transaction::Effect::Response { user, id, response } => {
                self.callers.on_response(cx!(self, uac), user, id, response);
            }
            transaction::Effect::TimedOut { user, .. } => self.callers.on_timed_out(cx!(self, uac), user),
            transaction::Effect::TransportFailed { user, .. } => {
                self.callers.on_transport_failed(cx!(self, uac), user);
            }
            // The peer that never acknowledged our refusal has the same view of it as we: there is no call.
            transaction::Effect::ServerFailed { .. } => {}
            transaction::Effect::Ended { id, user } => {
                if let Some(user) = user {
                    self.callers.on_transaction_ended(user, id);
                }
            }
        }
    }

    fn on_caller_effect(&mut self, effect: uac::Effect) {
        match effect {
            uac::Effect::Locate(id, routes) => {
                self.locator.locate(cx!(self, transport), Asker::Caller(id), routes);
            }
            uac::Effect::Attempt(id, target) => self.attempt(id, target),
            uac::Effect::Renumber { id, owner } => {
                let next = self.sessions.get_mut(&owner).map(|entry| entry.session.next_cseq(id));
                self.callers.renumber(cx!(self, uac), id, next);
            }
            uac::Effect::Cancel(invite) => {
                let Some((invite, hop)) = self.transactions.client_request(invite) else { return };
                let cancel = cancel_of(invite);
                // Nobody waits for the answer to a CANCEL: what counts is the INVITE's.
                let nobody = self.ids.caller();
                self.transactions.request(cx!(self, transport), cancel, hop, nobody);
            }
            uac::Effect::Response { id, owner, response } => {
                let Some(request) = self.callers.sent(id).cloned() else { return };
                self.with_session(owner, |session, cx| session.on_response(cx, id, &response, &request));
            }
            uac::Effect::Failed { id, owner, status, reason } => {
                self.with_session(owner, |session, cx| session.on_request_failed(cx, id, status, &reason));
            }
        }
    }

    /// Sends a request to one target: by a hop, with a Via, in a transaction.
    fn attempt(&mut self, id: CallerId, target: Target) {
        let hop = self.transports.hop_to(cx!(self, transport), target.transport, target.remote);
        let transaction = hop.and_then(|hop| {
            let via = self.via(target);
            let transports = &self.transports;
            let contact = |user: &str| transports.contact(user, target.transport, target.local_ip);
            let request = self.callers.prepare(id, &via, contact)?;
            self.transactions.request(cx!(self, transport), request, hop, id)
        });
        self.callers.on_started(cx!(self, uac), id, transaction);
    }

    fn via(&mut self, target: Target) -> alloc::string::String {
        let sent_by = self.transports.sent_by(target.transport, target.local_ip);
        let branch = new_branch(&mut self.chance.uac);
        format!("SIP/2.0/{} {sent_by};branch={branch};rport", target.transport.as_str())
    }

    fn on_locate_effect(&mut self, effect: locate::Effect) {
        match effect {
            locate::Effect::Ask(asker, request) => self.ask(Waiting::Locate(asker), request),
            locate::Effect::Found { asker: Asker::Caller(id), targets, problem } => {
                self.callers.on_located(cx!(self, uac), id, targets, &problem);
            }
            locate::Effect::Found { asker: Asker::Ack(id), targets, .. } => {
                if let (Some(ack), Some(&target)) = (self.acks.remove(&id), targets.first()) {
                    self.send_ack(ack, target);
                }
            }
            locate::Effect::Found { asker: Asker::Session(id), targets, problem } => {
                let transports = &self.transports;
                let contact = match (self.sessions.get(&id), targets.first()) {
                    (Some(entry), Some(target)) => {
                        transports.contact(&entry.session.contact_user(), target.transport, target.local_ip)
                    }
                    _ => Default::default(),
                };
                self.with_session(id, |session, cx| session.on_located(cx, targets, &problem, contact));
            }
        }
    }

    fn on_session_effect(&mut self, id: SessionId, effect: session::Effect) {
        match effect {
            session::Effect::Notify(what) => self.tell_session(id, what),
            session::Effect::Ask(asked, request) => {
                self.note_media(id, &request);
                self.ask(Waiting::Session(id, asked), request);
            }
            session::Effect::Locate(routes) => {
                self.locator.locate(cx!(self, transport), Asker::Session(id), routes);
            }
            session::Effect::Send(outgoing) => self.callers.send(cx!(self, uac), outgoing),
            session::Effect::Cancel(caller) => self.callers.cancel(cx!(self, uac), caller),
            session::Effect::Forget(caller) => {
                if let Some(transaction) = self.callers.forget(caller) {
                    self.transactions.abandon(cx!(self, transport), transaction);
                }
            }
            session::Effect::Ack { ack, destination } => self.on_session_ack(ack, destination),
            session::Effect::Respond(transaction, response) => {
                self.transactions.respond(cx!(self, transport), transaction, &response);
            }
            session::Effect::DialogBegan(dialog) => {
                self.dialogs.insert(dialog, id);
            }
            session::Effect::DialogEnded(dialog) => {
                self.dialogs.remove(&dialog);
            }
            session::Effect::Transmit(transmit) => self.out.push_back(Output::Transmit(transmit)),
            session::Effect::Over => self.forget_session(id),
        }
    }

    /// Remembers whose packets come to a socket.
    fn note_media(&mut self, id: SessionId, request: &Request) {
        let socket: SocketId = match request {
            Request::Bind { socket, .. } => {
                self.media.insert(*socket, id);
                return;
            }
            Request::CloseSocket { socket } => *socket,
            _ => return,
        };
        self.media.remove(&socket);
    }

    fn on_session_ack(&mut self, ack: Message, destination: Destination) {
        match destination {
            Destination::Targets(targets) => {
                if let Some(&target) = targets.first() {
                    self.send_ack(ack, target);
                }
            }
            Destination::Routes(routes) if self.acks.len() < limits::WAITING_ACKS => {
                let id = self.ids.caller();
                self.acks.insert(id, ack);
                self.locator.locate(cx!(self, transport), Asker::Ack(id), routes);
            }
            // The peer repeats its 2xx, and so comes the next chance.
            Destination::Routes(_) => {}
        }
    }

    /// 13.2.2.4: the ACK to a 2xx goes straight to the transport.
    fn send_ack(&mut self, mut ack: Message, target: Target) {
        let via = self.via(target);
        ack.prepend(HeaderName::Via, via);
        let hop: Option<Hop> = self.transports.hop_to(cx!(self, transport), target.transport, target.remote);
        if let Some(hop) = hop {
            self.transports.send(cx!(self, transport), hop, ack.to_bytes());
        }
    }

    /// A session is over: only its attributes stay, for a while.
    fn forget_session(&mut self, id: SessionId) {
        let Some(entry) = self.sessions.remove(&id) else { return };
        self.locator.forget(Asker::Session(id));
        self.media.retain(|_, session| *session != id);
        self.dialogs.retain(|_, session| *session != id);
        // What the application never heard of, nobody asks about.
        if entry.session.was_told() {
            self.ended.insert(id, entry.session.info(entry.account));
        }
        while self.ended.len() > limits::ENDED_SESSIONS {
            self.ended.pop_first();
        }
    }
}
