//! Notifications: what the agent tells the application, under the names of the original middleware.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use bytestring::ByteString;

use crate::ids::SessionId;
pub use crate::machines::offer_answer::StreamKind;
use crate::time::{Instant, WallTime};
use crate::trace::Traced;
use crate::wire::sip::StatusCode;

/// Something the application is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Notification {
    /// When it happened, in the agent's time.
    pub at: Instant,
    /// When it happened, in calendar time.
    pub timestamp: WallTime,
    /// What happened.
    pub event: Event,
}

/// What a [`Notification`] is about.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The agent itself.
    Agent(AgentNotification),
    /// One session.
    Session(SessionId, SessionNotification),
    /// A SIP message went over the wire; only when [`trace_sip`](crate::middleware::settings::LoggingSettings) is on.
    Trace(Traced),
}

impl Event {
    /// The name under which the original middleware posted this.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Agent(what) => what.name(),
            Event::Session(_, what) => what.name(),
            Event::Trace(_) => "SIPEngineSIPTrace",
        }
    }
}

/// A notification about the agent itself.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum AgentNotification {
    /// The agent is about to open its sockets.
    WillStart,
    /// Every socket that was asked for is open.
    DidStart {
        /// The addresses the agent listens on.
        listening: Vec<Listening>,
    },
    /// The agent is about to end its sessions and close its sockets.
    WillEnd,
    /// Every session has ended and every socket is closed.
    DidEnd,
    /// The agent could not start, or lost what it cannot work without.
    DidFail {
        /// What is wrong, for people.
        reason: String,
    },
    /// A message came that is not SIP, or is broken. Capped per second; all are counted.
    GotMalformedMessage {
        /// Who sent it.
        from: SocketAddr,
        /// What is wrong with it.
        reason: String,
        /// How many came since the agent began.
        total: u64,
    },
}

/// An address on which the agent takes SIP messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listening {
    /// The transport.
    pub transport: crate::wire::sip::Transport,
    /// The socket's own address.
    pub address: SocketAddr,
}

impl AgentNotification {
    /// The name under which the original middleware posted this.
    pub fn name(&self) -> &'static str {
        match self {
            AgentNotification::WillStart => "SIPEngineWillStart",
            AgentNotification::DidStart { .. } => "SIPEngineDidStart",
            AgentNotification::WillEnd => "SIPEngineWillEnd",
            AgentNotification::DidEnd => "SIPEngineDidEnd",
            AgentNotification::DidFail { .. } => "SIPEngineDidFail",
            AgentNotification::GotMalformedMessage { .. } => "SIPEngineGotMalformedMessage",
        }
    }
}

/// The state of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SessionState {
    /// Made, and not yet used.
    Null,
    /// Our INVITE is out.
    Calling,
    /// The peer's INVITE is here and waits for the application.
    Incoming,
    /// The application took the call; the ACK is not here yet.
    Accepting,
    /// Both sides talk.
    Established,
    /// We asked to add a stream.
    Proposing,
    /// The peer asks to add a stream, and waits for the application.
    Proposed,
    /// The application ended the session, and its end is under way.
    Terminating,
    /// Over. A session is used once.
    Terminated,
}

impl SessionState {
    /// The original's name of the state.
    pub fn name(self) -> &'static str {
        match self {
            SessionState::Null => "NULL",
            SessionState::Calling => "CALLING",
            SessionState::Incoming => "INCOMING",
            SessionState::Accepting => "ACCEPTING",
            SessionState::Established => "ESTABLISHED",
            SessionState::Proposing => "PROPOSING",
            SessionState::Proposed => "PROPOSED",
            SessionState::Terminating => "TERMINATING",
            SessionState::Terminated => "TERMINATED",
        }
    }
}

/// Who caused something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Originator {
    /// This side.
    Local,
    /// The peer.
    Remote,
}

impl Originator {
    /// `"local"` or `"remote"`.
    pub fn name(self) -> &'static str {
        match self {
            Originator::Local => "local",
            Originator::Remote => "remote",
        }
    }
}

/// A notification about one session (`SPEC` 1.4).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum SessionNotification {
    /// The state changed. Posted before the notification that explains it.
    ChangedState {
        /// The state it was in.
        prev_state: SessionState,
        /// The state it is in.
        state: SessionState,
    },
    /// A call came in and waits to be accepted or rejected.
    NewIncoming {
        /// The streams the peer offers.
        streams: Vec<StreamKind>,
    },
    /// Our call is on its way.
    NewOutgoing {
        /// The streams we offer.
        streams: Vec<StreamKind>,
    },
    /// The peer's phone rings: a 180.
    GotRingIndication,
    /// A provisional response other than 100 and 180.
    GotProvisionalResponse {
        /// Its status code.
        code: u16,
        /// Its reason phrase.
        reason: String,
    },
    /// The final response was seen, the ACK not yet sent.
    WillStart,
    /// The session is established.
    DidStart,
    /// The session failed. Always followed by [`SessionNotification::DidEnd`].
    DidFail {
        /// Whose fault it is.
        originator: Originator,
        /// The SIP status; 0 for an internal fault.
        code: u16,
        /// Why, for people.
        reason: String,
    },
    /// The session is about to end.
    WillEnd,
    /// The session has ended.
    DidEnd {
        /// Who ended it.
        originator: Originator,
    },
    /// A side put the other on hold.
    GotHoldRequest {
        /// The side that holds.
        originator: Originator,
    },
    /// A side took the other off hold.
    GotUnholdRequest {
        /// The side that had held.
        originator: Originator,
    },
    /// A recording is about to start.
    WillStartRecordingAudio {
        /// The file, with its path.
        file_name: String,
    },
    /// The recording runs: its file is open.
    DidStartRecordingAudio {
        /// The file, with its path.
        file_name: String,
    },
    /// The recording is about to stop.
    WillStopRecordingAudio {
        /// The file, with its path.
        file_name: String,
    },
    /// The recording has stopped and its file is closed.
    DidStopRecordingAudio {
        /// The file, with its path.
        file_name: String,
        /// Why it stopped, if it was not asked to: the file could not be opened or written. What was written stays.
        error: Option<String>,
    },
    /// Audio started, and no RTP came from the peer since.
    GotNoAudio,
    /// The peer sent a DTMF digit.
    GotDtmf {
        /// One of `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
    },
    /// Someone wants to add streams.
    GotStreamProposal {
        /// Who.
        proposer: Originator,
        /// Which streams.
        streams: Vec<StreamKind>,
    },
    /// A proposal was accepted.
    AcceptedStreamProposal {
        /// Who made it.
        proposer: Originator,
    },
    /// A proposal was refused, cancelled or failed.
    RejectedStreamProposal {
        /// Who made it.
        proposer: Originator,
        /// The SIP status.
        code: u16,
        /// Why.
        reason: String,
    },
    /// The streams that are active have changed.
    GotStreamUpdate {
        /// The streams active now.
        streams: Vec<StreamKind>,
    },
}

impl SessionNotification {
    /// The name under which the original middleware posted this.
    pub fn name(&self) -> &'static str {
        use SessionNotification::*;
        match self {
            ChangedState { .. } => "SIPSessionChangedState",
            NewIncoming { .. } => "SIPSessionNewIncoming",
            NewOutgoing { .. } => "SIPSessionNewOutgoing",
            GotRingIndication => "SIPSessionGotRingIndication",
            GotProvisionalResponse { .. } => "SIPSessionGotProvisionalResponse",
            WillStart => "SIPSessionWillStart",
            DidStart => "SIPSessionDidStart",
            DidFail { .. } => "SIPSessionDidFail",
            WillEnd => "SIPSessionWillEnd",
            DidEnd { .. } => "SIPSessionDidEnd",
            GotHoldRequest { .. } => "SIPSessionGotHoldRequest",
            GotUnholdRequest { .. } => "SIPSessionGotUnholdRequest",
            WillStartRecordingAudio { .. } => "SIPSessionWillStartRecordingAudio",
            DidStartRecordingAudio { .. } => "SIPSessionDidStartRecordingAudio",
            WillStopRecordingAudio { .. } => "SIPSessionWillStopRecordingAudio",
            DidStopRecordingAudio { .. } => "SIPSessionDidStopRecordingAudio",
            GotNoAudio => "SIPSessionGotNoAudio",
            GotDtmf { .. } => "SIPSessionGotDTMF",
            GotStreamProposal { .. } => "SIPSessionGotStreamProposal",
            AcceptedStreamProposal { .. } => "SIPSessionAcceptedStreamProposal",
            RejectedStreamProposal { .. } => "SIPSessionRejectedStreamProposal",
            GotStreamUpdate { .. } => "SIPSessionGotStreamUpdate",
        }
    }
}

/// Why a session failed, before it is told: status, reason, and whose fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Failure {
    pub(crate) originator: Originator,
    pub(crate) code: u16,
    pub(crate) reason: ByteString,
}

impl Failure {
    pub(crate) fn local(status: StatusCode, reason: impl Into<ByteString>) -> Failure {
        Failure { originator: Originator::Local, code: status.code(), reason: reason.into() }
    }

    pub(crate) fn remote(status: StatusCode, reason: impl Into<ByteString>) -> Failure {
        Failure { originator: Originator::Remote, code: status.code(), reason: reason.into() }
    }

    /// An internal fault: code 0.
    pub(crate) fn internal(reason: impl Into<ByteString>) -> Failure {
        Failure { originator: Originator::Local, code: 0, reason: reason.into() }
    }
}
