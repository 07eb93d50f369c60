//! The Session (`SPEC` 1): one call, from NULL to TERMINATED.
//!
//! The parts: [`commands`](self) what the application may ask, `outgoing` and `incoming` how a call begins, `reinvite` and
//! `in_dialog` what happens while it lasts, `ending` how it ends, `audio` and `recording` its sound.
//!
//! ```text
//! NULL -> CALLING ------------------> ESTABLISHED -> TERMINATING -> TERMINATED
//! NULL -> INCOMING -> ACCEPTING ----> ESTABLISHED ----------------> TERMINATED
//! ```

mod audio;
mod body;
mod commands;
mod ending;
mod in_dialog;
mod incoming;
mod info;
mod outgoing;
mod ports;
mod recording;
mod reinvite;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use bytestring::ByteString;

use self::audio::AudioLeg;
use self::incoming::IncomingCall;
use self::outgoing::OutgoingCall;
use self::ports::PortHunt;
use self::recording::{Closing, Recording};
use self::reinvite::{Operation, Reinvite};
use super::account::Account;
use super::notification::{Originator, SessionNotification, SessionState, StreamKind};
use super::settings::Settings;
use crate::ids::{CallerId, FileId, SessionId, TransactionId};
use crate::io::{Reply, Request, Transmit};
use crate::machines::Cx;
use crate::machines::dialog::{Dialog, DialogId};
use crate::machines::locate::{Route, Target};
use crate::machines::offer_answer::OfferAnswer;
use crate::machines::uac::{Destination, Outgoing};
use crate::time::{Instant, WallClock};
use crate::timers::SessionTimer;
use crate::wire::sip::{Message, StatusCode, Uri};

pub(crate) use self::body::{ALLOW, SDP, warn};
pub(crate) use self::incoming::begins_session;
pub use self::info::{Direction, SessionInfo};

/// What a session wants done or tells.
#[derive(Debug)]
pub(crate) enum Effect {
    Notify(SessionNotification),
    /// Ask the machine; the reply goes to [`Session::on_reply`].
    Ask(Asked, Request),
    /// Find the addresses of these routes, for [`Session::on_located`].
    Locate(Vec<Route>),
    /// Send a request.
    Send(Outgoing),
    /// Cancel an INVITE.
    Cancel(CallerId),
    /// Forget a request: what answers it is nobody's.
    Forget(CallerId),
    /// Send the ACK to a 2xx towards this URI, without a transaction.
    Ack {
        ack: Message,
        destination: Destination,
    },
    /// Answer a request.
    Respond(TransactionId, Message),
    /// Requests in this dialog are the session's from now on.
    DialogBegan(DialogId),
    /// … and no longer.
    DialogEnded(DialogId),
    /// Send RTP or RTCP.
    Transmit(Transmit),
    /// Everything is over; the session need only be remembered.
    Over,
}

/// What a reply of the machine is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    RtpSocket,
    RtcpSocket,
    RecordingCreate(FileId),
    RecordingWrite(FileId),
    RecordingClose(FileId),
    Nothing,
}

/// What the beginning of a session is doing.
#[derive(Debug)]
enum Call {
    None,
    Outgoing(OutgoingCall),
    Incoming(IncomingCall),
}

/// A 2xx to an INVITE that waits for its ACK (RFC 3261 13.3.1.4).
#[derive(Debug)]
struct Pending2xx {
    transaction: TransactionId,
    response: Message,
    cseq: u32,
    interval: Duration,
    /// It carries an offer; the ACK brings the answer.
    offered: bool,
}

#[derive(Debug)]
pub(crate) struct Session {
    id: SessionId,
    settings: Arc<Settings>,
    account: Account,
    wall: WallClock,
    state: SessionState,
    direction: Option<Direction>,
    start_time: Option<Instant>,
    stop_time: Option<Instant>,
    remote_user_agent: Option<ByteString>,
    remote_uri: Option<ByteString>,
    route: Option<Target>,

    call: Call,
    local_ip: Option<IpAddr>,
    contact: ByteString,
    dialog: Option<Dialog>,
    offer_answer: Option<Box<OfferAnswer>>,
    pending_2xx: Option<Pending2xx>,

    hunt: Option<PortHunt>,
    audio: Option<Box<AudioLeg>>,
    recording: Option<Recording>,
    recording_file_name: Option<String>,
    closing: Vec<Closing>,

    on_hold_by_local: bool,
    on_hold_by_remote: bool,
    queue: VecDeque<Operation>,
    reinvite: Option<Reinvite>,
    /// The BYE that was sent.
    bye: Option<CallerId>,
    /// A re-INVITE that had no final response when the session ended.
    unanswered: Option<CallerId>,
    no_audio_told: bool,
    /// The application was told of it.
    told: bool,
    /// Nothing can come for it any more.
    is_over: bool,
    /// Digits that wait to go by INFO, and the INFO under way.
    info_digits: VecDeque<char>,
    info: Option<CallerId>,
}

impl Session {
    pub(crate) fn new(id: SessionId, account: Account, settings: Arc<Settings>, wall: WallClock) -> Session {
        Session {
            id,
            settings,
            account,
            wall,
            state: SessionState::Null,
            direction: None,
            start_time: None,
            stop_time: None,
            remote_user_agent: None,
            remote_uri: None,
            route: None,
            call: Call::None,
            local_ip: None,
            contact: ByteString::new(),
            dialog: None,
            offer_answer: None,
            pending_2xx: None,
            hunt: None,
            audio: None,
            recording: None,
            recording_file_name: None,
            closing: Vec::new(),
            on_hold_by_local: false,
            on_hold_by_remote: false,
            queue: VecDeque::new(),
            reinvite: None,
            bye: None,
            unanswered: None,
            no_audio_told: false,
            told: false,
            is_over: false,
            info_digits: VecDeque::new(),
            info: None,
        }
    }

    /// What stands for a session that was forgotten: nothing can be asked of it any more.
    pub(crate) fn tombstone(id: SessionId, account: Account, settings: Arc<Settings>, wall: WallClock) -> Session {
        Session { state: SessionState::Terminated, ..Session::new(id, account, settings, wall) }
    }

    pub(crate) fn state(&self) -> SessionState {
        self.state
    }

    /// True once the application was told of the session.
    pub(crate) fn was_told(&self) -> bool {
        self.told
    }

    /// True for a session that nothing was ever asked of.
    pub(crate) fn is_unused(&self) -> bool {
        self.state == SessionState::Null && matches!(self.call, Call::None)
    }

    pub(crate) fn is_on_hold(&self) -> bool {
        self.on_hold_by_local || self.on_hold_by_remote
    }

    /// The only place where the state changes, and is told.
    fn set_state(&mut self, cx: &mut Cx<'_, Effect>, state: SessionState) {
        let prev_state = core::mem::replace(&mut self.state, state);
        if prev_state != state {
            self.told = true;
            notify(cx, SessionNotification::ChangedState { prev_state, state });
        }
    }

    fn set_timer(&self, cx: &mut Cx<'_, Effect>, timer: SessionTimer, after: Duration) {
        let at = cx.now + after;
        cx.timers.set(crate::timers::Timer::Session(self.id, timer), at);
    }

    fn cancel_timer(&self, cx: &mut Cx<'_, Effect>, timer: SessionTimer) {
        cx.timers.cancel(crate::timers::Timer::Session(self.id, timer));
    }

    /// The streams that are active.
    fn active_streams(&self) -> Vec<StreamKind> {
        match &self.audio {
            Some(audio) if audio.is_active() => vec![StreamKind::Audio],
            _ => Vec::new(),
        }
    }

    /// Takes note of what the peer says it is: `Server` in a response, `User-Agent` in either.
    fn note_user_agent(&mut self, message: &Message) {
        use crate::wire::sip::HeaderName;
        let server = message.header(HeaderName::Server).filter(|_| !message.is_request());
        self.remote_user_agent = server.or_else(|| message.header(HeaderName::UserAgent)).map(ByteString::from);
    }

    /// A reply to one of the session's requests to the machine.
    pub(crate) fn on_reply(&mut self, cx: &mut Cx<'_, Effect>, asked: Asked, reply: Reply) {
        match asked {
            Asked::RtpSocket | Asked::RtcpSocket => self.on_socket_reply(cx, asked, reply),
            Asked::RecordingCreate(_) | Asked::RecordingWrite(_) | Asked::RecordingClose(_) => {
                self.on_recording_reply(cx, asked, reply);
            }
            Asked::Nothing => {}
        }
    }

    /// The addresses that [`Effect::Locate`] asked for.
    pub(crate) fn on_located(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        targets: Vec<Target>,
        problem: &str,
        contact: ByteString,
    ) {
        if let Some(first) = targets.first() {
            self.local_ip = Some(first.local_ip);
            self.contact = contact;
        }
        match self.call {
            Call::Outgoing(_) => self.on_outgoing_located(cx, targets, problem),
            Call::Incoming(_) => self.on_incoming_located(cx, problem),
            Call::None => {}
        }
    }

    /// The user part of our Contact: what the agent is reached by.
    pub(crate) fn contact_user(&self) -> ByteString {
        self.account.contact_user()
    }

    /// A timer went off.
    pub(crate) fn on_timer(&mut self, cx: &mut Cx<'_, Effect>, timer: SessionTimer) {
        match timer {
            SessionTimer::NoAnswer => self.on_no_answer(cx),
            SessionTimer::CancelGivenUp => self.on_cancel_given_up(cx),
            SessionTimer::Retransmit2xx => self.on_retransmit_2xx(cx),
            SessionTimer::NoAck => self.on_no_ack(cx),
            SessionTimer::RefreshProvisional => self.on_refresh_provisional(cx),
            SessionTimer::RetryReinvite => self.on_retry_reinvite(cx),
            SessionTimer::NoAudio => self.on_no_audio(cx),
            SessionTimer::Expires => self.on_expires(cx),
            SessionTimer::ReinviteLate => self.on_reinvite_late(cx),
            SessionTimer::ForksOver => self.on_forks_over(cx),
        }
    }

    /// A response to one of the session's requests, with the request as it was sent.
    pub(crate) fn on_response(&mut self, cx: &mut Cx<'_, Effect>, id: CallerId, response: &Message, request: &Message) {
        if self.is_invite(id) {
            self.on_invite_response(cx, response, request);
        } else if self.reinvite.as_ref().is_some_and(|r| r.is(id)) {
            self.on_reinvite_response(cx, response, request);
        } else if self.bye == Some(id) && response.status().is_some_and(StatusCode::is_final) {
            self.on_bye_done(cx);
        } else if self.info == Some(id) {
            if response.status().is_some_and(StatusCode::is_final) {
                self.send_next_info_digit(cx);
            }
        } else {
            // The ACK to a re-INVITE's 2xx may have been lost after all was done.
            self.acknowledge_again(cx, response, request);
        }
    }

    /// There will be no response to one of the session's requests.
    pub(crate) fn on_request_failed(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        id: CallerId,
        status: StatusCode,
        reason: &str,
    ) {
        if self.is_invite(id) {
            self.on_invite_failed(cx, status, reason);
        } else if self.reinvite.as_ref().is_some_and(|r| r.is(id)) {
            self.on_reinvite_failed(cx, status, reason);
        } else if self.info == Some(id) {
            self.send_next_info_digit(cx);
        } else if self.bye == Some(id) {
            self.on_bye_done(cx);
        }
    }

    fn is_invite(&self, id: CallerId) -> bool {
        matches!(&self.call, Call::Outgoing(call) if call.is(id))
    }

    /// The CSeq number for one more try of a request (RFC 3261 8.1.3.5).
    pub(crate) fn next_cseq(&mut self, id: CallerId) -> u32 {
        if let (Call::Outgoing(call), None) = (&mut self.call, &self.dialog)
            && call.is(id)
        {
            return call.next_cseq();
        }
        self.dialog.as_mut().map_or(1, Dialog::next_cseq)
    }

    /// A request within the session's dialog, with its Contact.
    fn send_in_dialog(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        method: crate::wire::sip::Method,
        body: Option<(&str, bytes::Bytes)>,
    ) -> Option<CallerId> {
        let contact = self.contact.clone();
        let dialog = self.dialog.as_mut()?;
        let mut request = dialog.request(method, &contact);
        body::identify(&mut request, &self.settings.user_agent);
        if let Some((content_type, bytes)) = body {
            request.set_body(content_type, bytes);
        }
        let destination = outgoing::destination_of(dialog, self.local_ip);
        let id = cx.ids.caller();
        cx.out.put(Effect::Send(Outgoing {
            id,
            owner: self.id,
            request,
            destination,
            contact_user: None,
            credentials: self.account.credentials(),
        }));
        Some(id)
    }
}

fn notify(cx: &mut Cx<'_, Effect>, what: SessionNotification) {
    cx.out.put(Effect::Notify(what));
}

/// The peer's URI of a call, checked.
#[derive(Clone, Debug)]
pub(crate) struct Callee(pub(crate) Uri);

impl Session {
    /// Who ended or failed what, in words for DidEnd.
    fn tell_end(&self, cx: &mut Cx<'_, Effect>, originator: Originator) {
        notify(cx, SessionNotification::DidEnd { originator });
    }
}
