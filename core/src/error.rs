//! The three kinds of wrong.
//!
//! - **Bytes are wrong**: [`wire::sip::ParseError`](crate::wire::sip::ParseError) and its kin, which say which SIP status
//!   answers them. Never seen by the application except as a notification.
//! - **The peer is wrong** (right bytes, wrong moment): a response, a notification or a counted drop, decided by the
//!   machine that sees it.
//! - **The caller is wrong**: [`Misuse`], the only error that the agent's methods return. Nothing has changed, nothing was
//!   sent.

use alloc::string::String;

use crate::ids::{AccountId, SessionId};
use crate::machines::offer_answer::StreamKind;
use crate::middleware::notification::SessionState;

/// A command of the application that cannot be done. Nothing has changed and nothing was sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The session is not in the state that the method needs.
    #[error("{method}() needs the session to be {needs}, but it is {}", found.name())]
    WrongState {
        /// The method.
        method: &'static str,
        /// The state or states that allow it.
        needs: &'static str,
        /// The state the session is in.
        found: SessionState,
    },
    /// There is no such session, or it has been forgotten.
    #[error("there is no {0}")]
    NoSuchSession(SessionId),
    /// There is no such account.
    #[error("there is no {0}")]
    NoSuchAccount(AccountId),
    /// The agent is not running.
    #[error("{0}() needs the agent to be started and not stopped")]
    NotRunning(&'static str),
    /// No stream was asked for, or none of those offered was accepted.
    #[error("{0}() needs at least one stream")]
    NoStreams(&'static str),
    /// A stream was accepted that was not offered.
    #[error("{method}(): the peer offers no {} stream", stream.name())]
    StreamNotOffered {
        /// The method.
        method: &'static str,
        /// The stream.
        stream: StreamKind,
    },
    /// The stream that the method is about is not active.
    #[error("{method}() needs an active {} stream", stream.name())]
    StreamNotActive {
        /// The method.
        method: &'static str,
        /// The stream.
        stream: StreamKind,
    },
    /// The stream to be added is there already.
    #[error("{method}(): the session has a {} stream already", stream.name())]
    StreamPresent {
        /// The method.
        method: &'static str,
        /// The stream.
        stream: StreamKind,
    },
    /// The only stream of a session cannot be removed.
    #[error("{0}(): this is the session's last stream; use end()")]
    LastStream(&'static str),
    /// A recording runs already.
    #[error("start_recording_audio(): a recording runs already")]
    AlreadyRecording,
    /// No recording runs.
    #[error("stop_recording_audio(): no recording runs")]
    NotRecording,
    /// A URI cannot be used.
    #[error("{uri:?} is no address to call: {reason}")]
    BadUri {
        /// The URI as given.
        uri: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No route was given, or too many.
    #[error("connect() needs 1 to {} routes, not {given}", crate::limits::ROUTES)]
    Routes {
        /// How many were given.
        given: usize,
    },
    /// A DTMF digit is none of `0`-`9`, `*`, `#`, `A`-`D`.
    #[error("{0:?} is no DTMF digit (0-9, *, #, A-D)")]
    BadDigit(char),
    /// A SIP status cannot be used here.
    #[error("{method}(): {code} is no status to use here ({range})")]
    BadStatus {
        /// The method.
        method: &'static str,
        /// The status given.
        code: u16,
        /// The statuses allowed.
        range: &'static str,
    },
    /// A queue is full.
    #[error("{0}(): too many are waiting")]
    TooMany(&'static str),
    /// A setting cannot be used.
    #[error("setting {name}: {reason}")]
    BadSetting {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}
