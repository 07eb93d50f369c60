//! The handle of one call.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sansip_core::agent::{Route, SessionHandle, SessionInfo};
use sansip_core::error::Misuse;
use sansip_core::ids::SessionId;
use sansip_core::machines::media::stream::{AudioLevels, AudioStatistics};
use sansip_core::middleware::notification::{Notification, Originator};
use sansip_core::wire::sip::StatusCode;

use crate::driver::agent::Owner;
use crate::driver::audio::{AudioChannel, AudioSink, AudioSource, PlayError, Samples};
use crate::driver::record::{Record, SessionProgress};

/// Why a session failed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}{reason} ({} side)", StatusPrefix(*code), originator.name())]
pub struct SessionFailure {
    /// Whose fault it is.
    pub originator: Originator,
    /// The SIP status; 0 for an internal fault, or for a session that ended before it was established.
    pub code: u16,
    /// Why, for people.
    pub reason: String,
}

struct StatusPrefix(u16);

impl fmt::Display for StatusPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, "{} ", self.0) }
    }
}

/// How a session ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Who ended it.
    pub originator: Originator,
    /// Why it failed, if it did.
    pub failure: Option<SessionFailure>,
}

/// One call.
///
/// The handle can be cloned and used from any thread. The commands are those of the middleware: they act at once, never
/// wait, and are refused with a [`Misuse`] that changes nothing when the session is in the wrong state. What comes of
/// them is told by notifications. The agent lives as long as any handle of its sessions. A call goes on without handles; a
/// session that was never connected is forgotten with its last one.
pub struct Session {
    owner: Arc<Owner>,
    record: Arc<Record>,
}

impl Clone for Session {
    fn clone(&self) -> Session {
        Session::new(self.owner.clone(), self.record.clone())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.record.remove_handle() {
            self.owner.shared.command(|state| state.forget_unused(&self.record));
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.record.id).finish()
    }
}

impl Session {
    pub(crate) fn new(owner: Arc<Owner>, record: Arc<Record>) -> Session {
        record.add_handle();
        Session { owner, record }
    }

    /// The session's name in notifications.
    pub fn id(&self) -> SessionId {
        self.record.id
    }

    fn command<R>(&self, command: impl FnOnce(SessionHandle<'_>) -> Result<R, Misuse>) -> Result<R, Misuse> {
        let id = self.record.id;
        self.owner.shared.command(|state| command(state.agent.session(id)?))
    }

    /// Calls `callee_uri`, trying the routes in order until one succeeds.
    ///
    /// # Errors
    /// [`Misuse`] if the session was used before, the URI or the routes cannot be used, or no stream is asked for.
    pub fn connect(&self, callee_uri: &str, routes: &[Route], audio: bool) -> Result<(), Misuse> {
        self.command(|session| session.connect(callee_uri, routes, audio))
    }

    /// Takes an incoming call.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not incoming, or audio was not offered or not accepted.
    pub fn accept(&self, audio: bool) -> Result<(), Misuse> {
        self.command(|session| session.accept(audio))
    }

    /// Refuses an incoming call; with 603 unless another status of 300 or above is given.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not incoming, or the status does not refuse.
    pub fn reject(&self, status: Option<StatusCode>) -> Result<(), Misuse> {
        self.command(|session| session.reject(status))
    }

    /// Ends the session, whatever its state. One that was never connected is forgotten, and no notification tells of it.
    /// Does nothing if the session is ending or has ended.
    ///
    /// # Errors
    /// [`Misuse::NoSuchSession`] once the agent has forgotten the session.
    pub fn end(&self) -> Result<(), Misuse> {
        self.owner.shared.command(|state| state.end_session(&self.record))
    }

    /// Puts the peer on hold.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not established.
    pub fn hold(&self) -> Result<(), Misuse> {
        self.command(|session| session.hold())
    }

    /// Takes the peer off hold.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not established.
    pub fn unhold(&self) -> Result<(), Misuse> {
        self.command(|session| session.unhold())
    }

    /// Sends a DTMF digit: one of `0`-`9`, `*`, `#`, `A`-`D`. Digits queue.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not established, has no audio, the digit is none, or too many wait.
    pub fn send_dtmf(&self, digit: char) -> Result<(), Misuse> {
        self.command(|session| session.send_dtmf(digit))
    }

    /// Starts to record both sides as a WAV file; under a name made of date and peer unless one is given. An absolute
    /// name is taken as it is.
    ///
    /// # Errors
    /// [`Misuse`] if the session is not established, has no audio, or records already. A file that cannot be opened is
    /// told by a notification.
    pub fn start_recording_audio(&self, file_name: Option<String>) -> Result<(), Misuse> {
        self.command(|session| session.start_recording_audio(file_name))
    }

    /// Stops the recording.
    ///
    /// # Errors
    /// [`Misuse`] if no recording runs.
    pub fn stop_recording_audio(&self) -> Result<(), Misuse> {
        self.command(|session| session.stop_recording_audio())
    }

    /// The session's attributes now.
    ///
    /// # Errors
    /// [`Misuse::NoSuchSession`] once the agent has forgotten the session, which is a while after it ended.
    pub fn info(&self) -> Result<SessionInfo, Misuse> {
        self.owner.shared.lock().agent.info(self.record.id)
    }

    /// Figures of the session's audio: packets, loss, jitter, round trip.
    ///
    /// # Errors
    /// [`Misuse`] while the session has no active audio.
    pub fn audio_statistics(&self) -> Result<AudioStatistics, Misuse> {
        let mut state = self.owner.shared.lock();
        state.agent.audio(self.record.id).map(|mut port| port.statistics())
    }

    /// How loud both sides are.
    ///
    /// # Errors
    /// [`Misuse`] while the session has no active audio.
    pub fn audio_levels(&self) -> Result<AudioLevels, Misuse> {
        self.owner.shared.lock().agent.audio(self.record.id).map(|mut port| port.levels())
    }

    /// Sends silence instead of the session's source, or the source again.
    ///
    /// # Errors
    /// [`Misuse`] while the session has no active audio.
    pub fn set_muted(&self, muted: bool) -> Result<(), Misuse> {
        let id = self.record.id;
        self.owner.shared.command(|state| state.agent.audio(id).map(|mut port| port.set_muted(muted)))
    }

    /// True while silence is sent instead of the session's source.
    ///
    /// # Errors
    /// [`Misuse`] while the session has no active audio.
    pub fn is_muted(&self) -> Result<bool, Misuse> {
        self.owner.shared.lock().agent.audio(self.record.id).map(|mut port| port.is_muted())
    }

    /// What the peer hears from now on. Allowed at any time, before the session is connected too.
    pub fn set_audio_source(&self, source: AudioSource) {
        self.record.sound().set_source(source);
    }

    /// Where the peer's sound goes from now on. Allowed at any time.
    pub fn set_audio_sink(&self, sink: AudioSink) {
        self.record.sound().set_sink(sink);
    }

    /// Takes the session's sound into the application's own hands: what is written into the channel is sent, what the
    /// peer says can be read from it. Takes the place of the source and the sink, and of an earlier channel.
    ///
    /// # Errors
    /// [`Misuse`] while the session has no active audio: its sample rate is not known before.
    pub fn audio(&self) -> Result<AudioChannel, Misuse> {
        let sample_rate = self.owner.shared.lock().agent.audio(self.record.id)?.sample_rate();
        Ok(self.record.sound().open_channel(sample_rate))
    }

    /// Plays a WAV file to the peer in place of the present source, and waits until all of it was sent or the session
    /// has ended; silence follows. Dropping the future does not stop the file.
    ///
    /// # Errors
    /// [`PlayError`] if the file cannot be read, or the session has no active audio.
    pub async fn play(&self, file: impl AsRef<Path>) -> Result<(), PlayError> {
        let rate = self.owner.shared.lock().agent.audio(self.record.id).map_err(PlayError::NoAudio)?.sample_rate();
        let samples = Samples::load(file, rate).await?;
        let played = self.record.sound().play(samples);
        // An error means that the source was replaced or the session has ended: it plays no more either way.
        let _ = played.come().await;
        Ok(())
    }

    /// The session's next notification; waits for it. `None` once the session has ended and everything has been read.
    ///
    /// Up to 256 wait, then the oldest is dropped. Clones of the handle share one queue: each notification goes to one of
    /// them.
    pub async fn next(&self) -> Option<Notification> {
        self.record.queue.next().await
    }

    /// Waits until the session is established.
    ///
    /// # Errors
    /// Why it failed or ended instead.
    pub async fn established(&self) -> Result<(), SessionFailure> {
        let reached = |progress: &mut SessionProgress| match &progress.ended {
            _ if progress.established => Some(Ok(())),
            Some(ended) => Some(Err(not_established(ended))),
            None => None,
        };
        self.record.progress.wait(reached).await
    }

    /// Waits until the session has ended, and says how.
    pub async fn ended(&self) -> Ended {
        self.record.progress.wait(|progress| progress.ended.clone()).await
    }
}

fn not_established(ended: &Ended) -> SessionFailure {
    ended.failure.clone().unwrap_or_else(|| SessionFailure {
        originator: ended.originator,
        code: 0,
        reason: "ended before it was established".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_read_well() {
        let failure = SessionFailure { originator: Originator::Remote, code: 486, reason: "Busy Here".into() };
        assert_eq!(failure.to_string(), "486 Busy Here (remote side)");
        let ended = Ended { originator: Originator::Remote, failure: None };
        assert_eq!(not_established(&ended).to_string(), "ended before it was established (remote side)");
    }
}
