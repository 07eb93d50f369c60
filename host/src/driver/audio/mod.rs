//! The sound of sessions: where it comes from and where it goes.
//!
//! Every 20 ms one task ([`keep_playing`]) moves one frame in and one frame out of every session that has audio; it
//! sleeps while there is none. What a
//! session says is its [`AudioSource`], what becomes of the peer's voice its [`AudioSink`]; both can be changed at any
//! time.

mod card;
mod channel;
mod player;
mod session;
mod tick;

use std::path::Path;
use std::sync::Arc;

use sansip_core::error::Misuse;

use crate::driver::promise::{Broken, promise};
use crate::sound::DeviceChoice;
use crate::wav::{WavError, load};

pub use channel::{AudioChannel, ChannelClosed};
pub(crate) use session::SessionSound;
pub(crate) use tick::keep_playing;

/// What a session says to its peer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AudioSource {
    /// Silence. Packets are sent all the same, so that the way through NATs stays open.
    Silence,
    /// The microphone, mixed to all sessions that use it. Not heard by a peer that this side holds.
    SoundCard,
    /// A sine without end.
    Tone {
        /// Its frequency in Hz, below half of the call's sample rate (4,000 Hz for PCMU and PCMA).
        frequency: f64,
        /// Its level in dBov, at most -3.01 (full scale). -20 is a good level for a line.
        level: f64,
    },
    /// Recorded sound, then silence. It waits while the session is on hold.
    Samples(Samples),
}

/// What becomes of what the peer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AudioSink {
    /// Nothing. Recording and statistics work all the same.
    Discard,
    /// The loudspeaker, mixed with the other sessions that use it.
    SoundCard,
}

/// What the sessions of an agent say and where their sound goes, unless they are told otherwise.
#[derive(Clone, Debug)]
pub struct SoundDefaults {
    /// What a session says.
    pub source: AudioSource,
    /// Where its sound goes.
    pub sink: AudioSink,
    /// The device to record from.
    pub input: DeviceChoice,
    /// The device to play to.
    pub output: DeviceChoice,
}

impl Default for SoundDefaults {
    /// The machine's default microphone and loudspeaker. They are opened when the first session needs them.
    fn default() -> SoundDefaults {
        SoundDefaults {
            source: AudioSource::SoundCard,
            sink: AudioSink::SoundCard,
            input: DeviceChoice::Default,
            output: DeviceChoice::Default,
        }
    }
}

impl SoundDefaults {
    /// No sound card: silence is said, and what is heard is dropped.
    pub fn none() -> SoundDefaults {
        SoundDefaults {
            source: AudioSource::Silence,
            sink: AudioSink::Discard,
            input: DeviceChoice::None,
            output: DeviceChoice::None,
        }
    }
}

/// Recorded sound: mono, 16 bits. Clones share the samples.
#[derive(Clone)]
pub struct Samples {
    pub(crate) samples: Arc<[i16]>,
    pub(crate) rate: u32,
    pub(crate) repeat: bool,
}

impl Samples {
    /// Samples of `rate` Hz (4,000 to 768,000); calls of another rate convert them.
    pub fn new(samples: impl Into<Arc<[i16]>>, rate: u32) -> Samples {
        Samples { samples: samples.into(), rate, repeat: false }
    }

    /// Reads a WAV file of up to ten minutes, converted to `rate` Hz.
    ///
    /// # Errors
    /// [`PlayError::File`] says what is wrong with the file and what to do.
    pub async fn load(file: impl AsRef<Path>, rate: u32) -> Result<Samples, PlayError> {
        let file = file.as_ref().to_owned();
        let (promise, read) = promise();
        // A thread of its own: no agent, and so no runtime, need be here.
        let thread = std::thread::Builder::new().name("sansip-wav".into());
        thread
            .spawn(move || promise.keep(load(file, rate)))
            .map_err(|error| PlayError::Interrupted(error.to_string()))?;
        let samples = read.come().await.map_err(|Broken| PlayError::Interrupted(Broken.to_string()))??;
        Ok(Samples::new(samples, rate))
    }

    /// The same sound over and over.
    pub fn repeated(self) -> Samples {
        Samples { repeat: true, ..self }
    }

    /// The samples.
    pub fn as_slice(&self) -> &[i16] {
        &self.samples
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Samples({} at {} Hz)", self.samples.len(), self.rate)
    }
}

/// Why a file cannot be played.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] WavError),
    /// The session has no active audio.
    #[error(transparent)]
    NoAudio(Misuse),
    /// There was no thread to read the file, or it ended early.
    #[error("reading was interrupted: {0}")]
    Interrupted(String),
}
