//! A session as the application commands it.

use alloc::string::String;
use alloc::sync::Arc;

use super::{Misuse, Route, UserAgent};
use crate::ids::SessionId;
use crate::machines::Cx;
use crate::middleware::session::{Effect, Session};
use crate::wire::sip::StatusCode;

/// A session, to ask something of: see [`UserAgent::session`]. Each method acts at the moment of the latest
/// [`handle`](UserAgent::handle); poll the agent afterwards. A method that cannot be done returns [`Misuse`] and changes
/// nothing.
#[derive(Debug)]
pub struct SessionHandle<'a> {
    agent: &'a mut UserAgent,
    id: SessionId,
}

impl<'a> SessionHandle<'a> {
    pub(super) fn new(agent: &'a mut UserAgent, id: SessionId) -> SessionHandle<'a> {
        SessionHandle { agent, id }
    }

    fn ask(self, act: impl FnOnce(&mut Session, &mut Cx<'_, Effect>) -> Result<(), Misuse>) -> Result<(), Misuse> {
        let agent = self.agent;
        if !agent.sessions.contains_key(&self.id) {
            return agent.ask_tombstone(self.id, act);
        }
        let done = agent.with_session(self.id, act).unwrap_or(Err(Misuse::NoSuchSession(self.id)));
        agent.settle();
        done
    }

    /// Calls `callee`, a `sip:` URI, by `routes`, which are tried in order until one succeeds.
    pub fn connect(self, callee: &str, routes: &[Route], audio: bool) -> Result<(), Misuse> {
        self.ask(|session, cx| session.connect(cx, callee, routes, audio))
    }

    /// Takes an incoming call, with these of the streams that it offers.
    pub fn accept(self, audio: bool) -> Result<(), Misuse> {
        self.ask(|session, cx| session.accept(cx, audio))
    }

    /// Refuses an incoming call: 603 by default, 486 says busy; any status from 300 to 699.
    pub fn reject(self, status: Option<StatusCode>) -> Result<(), Misuse> {
        self.ask(|session, cx| session.reject(cx, status))
    }

    /// Ends the session, whatever it is doing. Nothing happens if there is nothing to end.
    pub fn end(self) -> Result<(), Misuse> {
        self.ask(|session, cx| {
            session.end(cx);
            Ok(())
        })
    }

    /// Puts the peer on hold.
    pub fn hold(self) -> Result<(), Misuse> {
        self.ask(|session, cx| session.hold(cx))
    }

    /// Takes the peer off hold.
    pub fn unhold(self) -> Result<(), Misuse> {
        self.ask(|session, cx| session.unhold(cx))
    }

    /// Sends a DTMF digit: one of `0`-`9`, `*`, `#`, `A`-`D`. Digits queue.
    pub fn send_dtmf(self, digit: char) -> Result<(), Misuse> {
        self.ask(|session, cx| session.send_dtmf(cx, digit))
    }

    /// Records the session's sound to a WAV file. An absolute name is taken as it is; another, and the default one, go to
    /// the account's folder in the recordings directory.
    pub fn start_recording_audio(self, file_name: Option<String>) -> Result<(), Misuse> {
        self.ask(|session, cx| session.start_recording_audio(cx, file_name))
    }

    /// Stops the recording.
    pub fn stop_recording_audio(self) -> Result<(), Misuse> {
        self.ask(|session, cx| session.stop_recording_audio(cx))
    }
}

impl UserAgent {
    /// Asks something of a session that has ended and was forgotten: it answers that it is TERMINATED.
    fn ask_tombstone(
        &mut self,
        id: SessionId,
        act: impl FnOnce(&mut Session, &mut Cx<'_, Effect>) -> Result<(), Misuse>,
    ) -> Result<(), Misuse> {
        let account = self.ended.get(&id).and_then(|info| self.accounts.get(&info.account));
        let account = account.cloned().ok_or(Misuse::NoSuchSession(id))?;
        let mut session = Session::tombstone(id, account, Arc::clone(&self.settings), self.wall);
        let mut nothing = alloc::vec::Vec::new();
        act(
            &mut session,
            &mut Cx {
                now: self.now,
                rng: &mut self.chance.session,
                ids: &mut self.ids,
                timers: &mut self.timers,
                out: &mut nothing,
            },
        )
    }
}
