//! The telephone that `call` and `answer` have in common: it follows the agent's notifications, the keys and the plan of
//! each call, and prints what a person wants to know.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sansip_core::error::Misuse;
use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::{
    AgentNotification, Event, Notification, Originator, SessionNotification, SessionState,
};
use sansip_core::wire::sip::StatusCode;
use sansip_host::sound::SoundNotice;
use sansip_tokio::{Agent, Notifications, Session};
use tokio::time::{Instant, interval, timeout};

use crate::exit::{Failure, advice};
use crate::keys::{Key, Keys};
use crate::options::TalkOptions;
use crate::plan::{Act, Plan};
use crate::setup::recording_file;
use crate::terminal::Screen;
use crate::{describe, keys, status};

/// How long after the call was established `--dtmf` is sent.
const BEFORE_DIGITS: Duration = Duration::from_secs(1);
/// How often the status line changes.
const STATUS: Duration = Duration::from_millis(500);
/// How long a call that is hung up may take to end. BYE and CANCEL are sent again after 0.5, 1.5, 3.5 and 7.5 s; a peer
/// that has not answered by then is gone.
const FAREWELL: Duration = Duration::from_secs(8);
/// How long the agent may take to close what is open; a peer that does not answer is not waited for any longer.
const GOODBYE: Duration = Duration::from_secs(3);

/// What is done with a call that comes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Policy {
    /// Take it at once.
    Take,
    /// Refuse it.
    Refuse(StatusCode),
    /// Ask who sits at the keys.
    Ask,
}

/// One call.
struct Talk {
    session: Session,
    /// Who is at the other end.
    peer: String,
    /// When it was established.
    since: Option<Instant>,
    held: bool,
    muted: bool,
    recording: bool,
    /// It came in and has not been taken yet.
    rings: bool,
    failure: Option<String>,
}

/// The telephone.
pub(crate) struct Phone {
    agent: Agent,
    notifications: Notifications,
    keys: Keys,
    screen: Screen,
    options: TalkOptions,
    policy: Policy,
    plan: Plan,
    calls: BTreeMap<SessionId, Talk>,
    /// The call that keys are for.
    current: Option<SessionId>,
    /// The call that the program was started for.
    own: Option<SessionId>,
    /// Notifications lost so far.
    lost: u64,
    leaving: bool,
    /// When to leave although a call has not ended.
    give_up: Option<Instant>,
    /// Calls established, and calls ended.
    pub(crate) established: u64,
    ended: u64,
    /// Why the call that the program was started for failed.
    pub(crate) failure: Option<String>,
    /// A recording that could not be made, or the agent's own failure.
    trouble: Option<String>,
}

impl Phone {
    pub(crate) fn new(
        (agent, notifications): (Agent, Notifications),
        keys: Keys,
        options: TalkOptions,
        policy: Policy,
    ) -> Phone {
        Phone {
            agent,
            notifications,
            keys,
            screen: Screen::new(),
            options,
            policy,
            plan: Plan::default(),
            calls: BTreeMap::new(),
            current: None,
            own: None,
            lost: 0,
            leaving: false,
            give_up: None,
            established: 0,
            ended: 0,
            failure: None,
            trouble: None,
        }
    }

    pub(crate) fn say(&self, text: &str) {
        self.screen.line(text);
    }

    /// Adds the call that the program was started for.
    pub(crate) fn add(&mut self, session: Session, peer: String) {
        self.own = Some(session.id());
        self.take_up(session, peer, false);
    }

    fn take_up(&mut self, session: Session, peer: String, rings: bool) {
        let id = session.id();
        let talk =
            Talk { session, peer, since: None, held: false, muted: false, recording: false, rings, failure: None };
        self.calls.insert(id, talk);
        if !rings || !matches!(self.policy, Policy::Refuse(_)) {
            self.current = Some(id);
        }
    }

    /// Runs until the call that the program was started for has ended, and stops the agent.
    pub(crate) async fn run_until_ended(&mut self) -> Result<(), Failure> {
        self.run(|phone| phone.own.is_none_or(|own| !phone.calls.contains_key(&own))).await
    }

    /// Runs until so many calls have ended, or somebody wants to leave, and stops the agent.
    pub(crate) async fn run_until_calls(&mut self, most: u64) -> Result<(), Failure> {
        self.run(|phone| phone.ended >= most).await
    }

    async fn run(&mut self, done: impl Fn(&Phone) -> bool) -> Result<(), Failure> {
        let mut tick = interval(STATUS);
        while !(done(self) || self.leaving && self.calls.is_empty()) {
            let give_up = self.give_up;
            tokio::select! {
                told = self.notifications.next() => match told {
                    Some(notification) => self.on_notification(&notification),
                    None => break,
                },
                key = self.keys.next() => self.on_key(key)?,
                () = self.plan.due() => self.keep_plan(),
                _ = tick.tick() => self.on_tick(),
                () = tokio::time::sleep_until(give_up.unwrap_or_else(Instant::now)), if give_up.is_some() => break,
            }
        }
        self.stop().await
    }

    /// Stops the agent, and prints what it still has to say.
    async fn stop(&mut self) -> Result<(), Failure> {
        self.screen.set_status(String::new());
        self.agent.stop();
        let agent = self.agent.clone();
        let ended = timeout(GOODBYE, agent.ended());
        tokio::pin!(ended);
        loop {
            tokio::select! {
                biased;
                Some(notification) = self.notifications.next() => self.on_notification(&notification),
                key = self.keys.next() => self.on_key(key)?,
                _ = &mut ended => break,
            }
        }
        while let Some(notification) = self.notifications.try_next() {
            self.on_notification(&notification);
        }
        match self.trouble.take() {
            Some(trouble) => Err(Failure::Local(trouble)),
            None => Ok(()),
        }
    }

    fn on_notification(&mut self, notification: &Notification) {
        if let Some(trace) = describe::trace(notification) {
            return self.screen.error(&trace);
        }
        if self.options.notifications {
            self.screen.line(&describe::notification(&notification.event));
        }
        match &notification.event {
            Event::Session(id, what) => self.on_session(*id, what),
            Event::Agent(AgentNotification::DidFail { reason }) => {
                self.trouble = Some(reason.clone());
                self.leave();
            }
            _ => {}
        }
    }

    fn on_session(&mut self, id: SessionId, what: &SessionNotification) {
        if let SessionNotification::NewIncoming { .. } = what {
            return self.on_incoming(id);
        }
        let Some(talk) = self.calls.get_mut(&id) else {
            // A call that was over before it could be looked at.
            self.ended += u64::from(matches!(what, SessionNotification::DidEnd { .. }));
            return;
        };
        match what {
            SessionNotification::ChangedState { state: SessionState::Terminating, .. } if self.own == Some(id) => {
                self.give_up.get_or_insert_with(|| Instant::now() + FAREWELL);
            }
            SessionNotification::GotRingIndication => self.screen.line(&format!("{} rings", talk.peer)),
            SessionNotification::DidStart => self.on_start(id),
            SessionNotification::DidFail { originator, code, reason } => {
                let status = if *code == 0 { String::new() } else { format!("{code} ") };
                let advice = advice(*code).map(|advice| format!("; {advice}")).unwrap_or_default();
                let side = if *originator == Originator::Remote { "the peer says" } else { "this side says" };
                talk.failure = Some(format!("the call with {} failed, {side}: {status}{reason}{advice}", talk.peer));
            }
            SessionNotification::DidEnd { originator } => self.on_end(id, *originator),
            SessionNotification::GotHoldRequest { originator } => self.on_hold(id, *originator, true),
            SessionNotification::GotUnholdRequest { originator } => self.on_hold(id, *originator, false),
            SessionNotification::GotDtmf { digit } => {
                self.screen.line(&format!("{} sent the digit {digit}", talk.peer));
            }
            SessionNotification::GotNoAudio => {
                let text = "nothing is heard from the peer; a firewall may keep its sound back";
                self.screen.line(&format!("{}: {text}", talk.peer));
            }
            SessionNotification::DidStartRecordingAudio { file_name } => {
                talk.recording = true;
                self.screen.line(&format!("recording to {file_name}"));
            }
            SessionNotification::DidStopRecordingAudio { file_name, error } => {
                talk.recording = false;
                self.on_recorded(file_name, error.as_deref());
            }
            _ => {}
        }
    }

    fn on_incoming(&mut self, id: SessionId) {
        let Some(session) = self.agent.find_session(id) else { return };
        let peer = session.info().ok().and_then(|info| info.remote_uri).unwrap_or_else(|| "somebody".into());
        self.screen.line(&format!("{peer} calls"));
        self.take_up(session.clone(), peer, true);
        let answered = match self.policy {
            Policy::Take => self.answer(id, true),
            Policy::Refuse(status) => session.reject(Some(status)),
            Policy::Ask => {
                self.screen.line("press y to take the call, n to refuse it");
                Ok(())
            }
        };
        self.report(answered);
    }

    fn answer(&mut self, id: SessionId, take: bool) -> Result<(), Misuse> {
        let Some(talk) = self.calls.get_mut(&id).filter(|talk| talk.rings) else { return Ok(()) };
        talk.rings = false;
        if take { talk.session.accept(true) } else { talk.session.reject(None) }
    }

    fn on_start(&mut self, id: SessionId) {
        let Some(talk) = self.calls.get_mut(&id) else { return };
        let now = Instant::now();
        talk.since = Some(now);
        talk.rings = false;
        self.established += 1;
        self.screen.line(&format!("in a call with {}", talk.peer));
        let session = talk.session.clone();
        if let Some(file) = self.options.record.clone() {
            self.record(&session, &file, self.established);
        }
        if self.options.dtmf.is_some() {
            self.plan.add(now + BEFORE_DIGITS, id, Act::SendDigits);
        }
        if let Some(after) = self.options.hold_after {
            self.plan.add(now + after, id, Act::Hold);
        }
        if let Some(after) = self.options.duration {
            self.plan.add(now + after, id, Act::HangUp);
        }
        if self.leaving {
            self.report(session.end());
        }
    }

    fn record(&mut self, session: &Session, file: &Path, n: u64) {
        match recording_file(file, n) {
            Ok(file) => self.report(session.start_recording_audio(Some(file.to_string_lossy().into_owned()))),
            Err(failure) => self.trouble = Some(failure.to_string()),
        }
    }

    fn on_recorded(&mut self, file_name: &str, error: Option<&str>) {
        let Some(error) = error else { return self.screen.line(&format!("recorded to {file_name}")) };
        let text = format!(
            "the recording {file_name} stopped: {error}; make room on the disk or choose another place with --record \
             (what was recorded is kept)"
        );
        self.screen.error(&format!("sansip: {text}"));
        self.trouble = Some(text);
    }

    fn on_hold(&mut self, id: SessionId, by: Originator, held: bool) {
        let Some(talk) = self.calls.get_mut(&id) else { return };
        let text = match (by, held) {
            (Originator::Local, true) => "is on hold",
            (Originator::Remote, true) => "put this side on hold",
            (Originator::Local, false) => "is off hold",
            (Originator::Remote, false) => "took this side off hold",
        };
        if by == Originator::Local {
            talk.held = held;
        }
        self.screen.line(&format!("{} {text}", talk.peer));
    }

    fn on_end(&mut self, id: SessionId, originator: Originator) {
        let Some(talk) = self.calls.remove(&id) else { return };
        self.ended += 1;
        let by = if originator == Originator::Local { "this side" } else { "the peer" };
        match talk.since {
            Some(since) => {
                let lasted = status::clock(since.elapsed());
                self.screen.line(&format!("the call with {} ended after {lasted}, by {by}", talk.peer));
            }
            None => self.screen.line(&format!("the call with {} ended", talk.peer)),
        }
        match talk.failure {
            // The program ends with this one's.
            Some(failure) if self.own == Some(id) => self.failure = Some(failure),
            Some(failure) => self.screen.error(&format!("sansip: {failure}")),
            None => {}
        }
        if self.current == Some(id) {
            self.current = self.calls.keys().next_back().copied();
            self.screen.set_status(String::new());
        }
    }

    fn on_key(&mut self, key: Key) -> Result<(), Failure> {
        match key {
            Key::Interrupt if self.leaving => return Err(Failure::AtOnce),
            Key::Interrupt => self.leave(),
            Key::Help => self.screen.line(keys::HELP),
            key => {
                let done = self.on_call_key(key);
                self.report(done);
            }
        }
        Ok(())
    }

    fn on_call_key(&mut self, key: Key) -> Result<(), Misuse> {
        let Some(id) = self.current else { return Ok(()) };
        let Some(talk) = self.calls.get_mut(&id) else { return Ok(()) };
        match key {
            Key::Take => self.answer(id, true),
            Key::Refuse => self.answer(id, false),
            Key::HangUp if talk.rings => self.answer(id, false),
            Key::HangUp => talk.session.end(),
            Key::Hold if talk.held => talk.session.unhold(),
            Key::Hold => talk.session.hold(),
            Key::Mute => {
                talk.session.set_muted(!talk.muted)?;
                talk.muted = !talk.muted;
                self.screen.line(if talk.muted { "muted" } else { "not muted any more" });
                Ok(())
            }
            Key::Record if talk.recording => talk.session.stop_recording_audio(),
            Key::Record => talk.session.start_recording_audio(None),
            Key::Digit(digit) => talk.session.send_dtmf(digit),
            Key::Help | Key::Interrupt => Ok(()),
        }
    }

    fn keep_plan(&mut self) {
        while let Some((id, act)) = self.plan.take(Instant::now()) {
            // The call may have ended before its plan.
            let Some(talk) = self.calls.get(&id) else { continue };
            let done = match act {
                Act::Hold => talk.session.hold(),
                Act::HangUp => talk.session.end(),
                Act::SendDigits => {
                    let mut digits = self.options.dtmf.iter().flat_map(|digits| digits.chars());
                    digits.try_for_each(|digit| talk.session.send_dtmf(digit))
                }
            };
            self.report(done);
        }
    }

    fn on_tick(&mut self) {
        while let Some(notice) = self.agent.sound_notice() {
            self.on_sound(&notice);
        }
        let lost = self.notifications.lost();
        if lost > self.lost {
            self.screen
                .error(&format!("sansip: this machine is too slow: {} notifications were lost", lost - self.lost));
            self.lost = lost;
        }
        if !self.screen.has_status() {
            return;
        }
        let shown = self.current.and_then(|id| self.calls.get(&id));
        let text = shown.map(|talk| match (talk.since, talk.session.info()) {
            (Some(since), Ok(info)) => {
                status::line(&info, since.elapsed(), talk.session.audio_levels().ok(), talk.muted)
            }
            _ => String::new(),
        });
        self.screen.set_status(text.unwrap_or_default());
    }

    fn on_sound(&self, notice: &SoundNotice) {
        let text = match notice {
            SoundNotice::Opened { direction, device, .. } => format!("sound {direction}: {device}"),
            SoundNotice::Reopened { direction, device, .. } => format!("sound {direction} now: {device}"),
            SoundNotice::Lost { direction, device, trouble } => {
                format!("sound {direction}: {device} is lost: {trouble}; {}", trouble.advice())
            }
            SoundNotice::NoDevice { direction, trouble } => {
                format!("sound {direction}: {trouble}; {}, or use --no-sound", trouble.advice())
            }
        };
        self.screen.line(&text);
    }

    /// Hangs up everything; the program leaves when that is done.
    fn leave(&mut self) {
        self.leaving = true;
        self.give_up.get_or_insert_with(|| Instant::now() + FAREWELL);
        let sessions: Vec<Session> = self.calls.values().map(|talk| talk.session.clone()).collect();
        for session in sessions {
            self.report(session.end());
        }
    }

    /// Tells of a command that could not be done now.
    fn report(&self, done: Result<(), Misuse>) {
        if let Err(misuse) = done {
            self.screen.error(&format!("sansip: {misuse}"));
        }
    }
}
