//! What the application may ask of a session, and when (`SPEC` 1.3).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::reinvite::Operation;
use super::{Call, Callee, Cx, Effect, Session};
use crate::error::Misuse;
use crate::limits;
use crate::machines::locate::Route;
use crate::middleware::notification::{SessionState, StreamKind};
use crate::wire::sip::{Scheme, StatusCode, Uri};

impl Session {
    fn needs(&self, method: &'static str, needs: &'static str, allowed: bool) -> Result<(), Misuse> {
        match allowed {
            true => Ok(()),
            false => Err(Misuse::WrongState { method, needs, found: self.state }),
        }
    }

    fn needs_established(&self, method: &'static str) -> Result<(), Misuse> {
        self.needs(method, "ESTABLISHED", self.state == SessionState::Established)
    }

    fn needs_audio(&self, method: &'static str) -> Result<(), Misuse> {
        match self.active_streams().is_empty() {
            true => Err(Misuse::StreamNotActive { method, stream: StreamKind::Audio }),
            false => Ok(()),
        }
    }

    pub(crate) fn connect(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        callee: &str,
        routes: &[Route],
        audio: bool,
    ) -> Result<(), Misuse> {
        let unused = self.state == SessionState::Null && matches!(self.call, Call::None);
        self.needs("connect", "NULL and unused", unused)?;
        if !audio {
            return Err(Misuse::NoStreams("connect"));
        }
        if routes.is_empty() || routes.len() > limits::ROUTES {
            return Err(Misuse::Routes { given: routes.len() });
        }
        let callee = callee_of(callee)?;
        self.begin_outgoing(cx, callee, Vec::from(routes));
        Ok(())
    }

    pub(crate) fn accept(&mut self, cx: &mut Cx<'_, Effect>, audio: bool) -> Result<(), Misuse> {
        self.needs("accept", "INCOMING", self.state == SessionState::Incoming)?;
        if !audio {
            return Err(Misuse::NoStreams("accept"));
        }
        self.begin_answer(cx);
        Ok(())
    }

    pub(crate) fn reject(&mut self, cx: &mut Cx<'_, Effect>, status: Option<StatusCode>) -> Result<(), Misuse> {
        self.needs("reject", "INCOMING", self.state == SessionState::Incoming)?;
        let status = status.unwrap_or(StatusCode::DECLINE);
        if !(300..700).contains(&status.code()) {
            return Err(Misuse::BadStatus { method: "reject", code: status.code(), range: "300-699" });
        }
        self.refuse(cx, status);
        Ok(())
    }

    pub(crate) fn end(&mut self, cx: &mut Cx<'_, Effect>) {
        self.begin_end(cx);
    }

    pub(crate) fn hold(&mut self, cx: &mut Cx<'_, Effect>) -> Result<(), Misuse> {
        self.enqueue(cx, "hold", Operation::Hold)
    }

    pub(crate) fn unhold(&mut self, cx: &mut Cx<'_, Effect>) -> Result<(), Misuse> {
        self.enqueue(cx, "unhold", Operation::Unhold)
    }

    fn enqueue(&mut self, cx: &mut Cx<'_, Effect>, method: &'static str, operation: Operation) -> Result<(), Misuse> {
        let states = [SessionState::Established, SessionState::Proposing, SessionState::Proposed];
        self.needs(method, "ESTABLISHED, PROPOSING or PROPOSED", states.contains(&self.state))?;
        if self.hold_wanted() == (operation == Operation::Hold) {
            return Ok(());
        }
        if self.queue.len() >= limits::SESSION_QUEUE {
            return Err(Misuse::TooMany(method));
        }
        self.queue.push_back(operation);
        self.run_queue(cx);
        Ok(())
    }

    pub(crate) fn send_dtmf(&mut self, cx: &mut Cx<'_, Effect>, digit: char) -> Result<(), Misuse> {
        self.needs_established("send_dtmf")?;
        self.needs_audio("send_dtmf")?;
        let upper = digit.to_ascii_uppercase();
        if !is_dtmf_digit(upper) {
            return Err(Misuse::BadDigit(digit));
        }
        self.dial(cx, upper)
    }

    pub(crate) fn start_recording_audio(
        &mut self,
        cx: &mut Cx<'_, Effect>,
        file_name: Option<String>,
    ) -> Result<(), Misuse> {
        self.needs_established("start_recording_audio")?;
        self.needs_audio("start_recording_audio")?;
        if self.recording.is_some() {
            return Err(Misuse::AlreadyRecording);
        }
        self.begin_recording(cx, file_name);
        Ok(())
    }

    pub(crate) fn stop_recording_audio(&mut self, cx: &mut Cx<'_, Effect>) -> Result<(), Misuse> {
        self.needs_established("stop_recording_audio")?;
        if self.recording.is_none() {
            return Err(Misuse::NotRecording);
        }
        self.end_recording(cx, false);
        Ok(())
    }
}

fn callee_of(text: &str) -> Result<Callee, Misuse> {
    let bad = |reason: String| Misuse::BadUri { uri: text.to_string(), reason };
    let uri = Uri::parse(text).map_err(|error| bad(error.to_string()))?;
    // 19.1.1: headers and a method make a request of a URI; a call is ours to make.
    if uri.view().headers().next().is_some() || uri.view().method().is_some() {
        return Err(bad("an address to call has no headers and no method".into()));
    }
    match uri.view().scheme() {
        Scheme::Sip => Ok(Callee(uri)),
        Scheme::Sips => Err(bad("sips: needs TLS, which is not there yet".into())),
        _ => Err(bad("only sip: addresses can be called".into())),
    }
}

/// True for 0-9, *, # and A-D.
pub(crate) fn is_dtmf_digit(digit: char) -> bool {
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')
}
