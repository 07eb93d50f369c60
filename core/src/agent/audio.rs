//! Sound in and out of a session, beside the enums: no allocation for a frame.

use crate::ids::SessionId;
use crate::machines::media::stream::{AudioLevels, AudioStatistics};
use crate::middleware::notification::StreamKind;

use super::{Misuse, UserAgent};

impl UserAgent {
    /// The sound of a session, to put frames in and take frames out: 10 or 20 ms a call, one `push` and one `pull` for each
    /// frame of real time. [`Misuse::StreamNotActive`] while there is none.
    ///
    /// Poll the agent afterwards: what was pushed comes out as packets.
    pub fn audio(&mut self, id: SessionId) -> Result<AudioPort<'_>, Misuse> {
        let entry = self.sessions.get_mut(&id).ok_or(Misuse::NoSuchSession(id))?;
        match entry.session.audio_stream() {
            Some(_) => Ok(AudioPort { agent: self, id }),
            None => Err(Misuse::StreamNotActive { method: "audio", stream: StreamKind::Audio }),
        }
    }
}

/// The sound of one session: see [`UserAgent::audio`].
#[derive(Debug)]
pub struct AudioPort<'a> {
    agent: &'a mut UserAgent,
    id: SessionId,
}

impl AudioPort<'_> {
    /// Samples a second, of what goes in and what comes out; one channel.
    pub fn sample_rate(&mut self) -> u32 {
        self.stream(|stream| stream.sample_rate()).unwrap_or(8_000)
    }

    /// Says `samples` to the peer.
    pub fn push(&mut self, samples: &[i16]) {
        self.agent.with_session(self.id, |session, cx| session.push_audio(cx, samples));
        self.agent.settle();
    }

    /// Fills `out` with what the peer says; with silence where there is nothing.
    pub fn pull(&mut self, out: &mut [i16]) {
        if self.agent.with_session(self.id, |session, cx| session.pull_audio(cx, out)).is_none() {
            out.fill(0);
        }
        self.agent.settle();
    }

    /// Sends silence instead of what is pushed, or what is pushed again.
    pub fn set_muted(&mut self, muted: bool) {
        self.stream(|stream| stream.set_muted(muted));
    }

    /// True while silence is sent.
    pub fn is_muted(&mut self) -> bool {
        self.stream(|stream| stream.is_muted()).unwrap_or(false)
    }

    /// Packets, loss, jitter, round trip, levels.
    pub fn statistics(&mut self) -> AudioStatistics {
        self.stream(|stream| stream.statistics()).unwrap_or_default()
    }

    /// How loud both sides are.
    pub fn levels(&mut self) -> AudioLevels {
        self.stream(|stream| stream.levels()).unwrap_or_default()
    }

    /// True while one of the sides holds.
    pub fn is_on_hold(&self) -> bool {
        self.agent.sessions.get(&self.id).is_some_and(|entry| entry.session.is_on_hold())
    }

    fn stream<R>(&mut self, act: impl FnOnce(&mut crate::machines::media::stream::AudioStream) -> R) -> Option<R> {
        self.agent.sessions.get_mut(&self.id)?.session.audio_stream().map(act)
    }
}
