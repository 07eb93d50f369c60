//! What the sound card has to say: notices while it runs, errors when it does not start.

use super::device::Direction;

/// Something about the sound devices that a person may want to know. None of them ends anything: sound goes on, with
/// silence where no device is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SoundNotice {
    /// A device runs, the first in this direction.
    Opened {
        /// Which way.
        direction: Direction,
        /// The device's name.
        device: String,
        /// Its sample rate in Hz.
        rate: u32,
        /// Its channels. Sound is mono: they are mixed together, or all given the same.
        channels: u16,
    },
    /// The device has gone. It, or with [`DeviceChoice::Default`](super::DeviceChoice::Default) another, is tried again
    /// until one runs.
    Lost {
        /// Which way.
        direction: Direction,
        /// The device's name.
        device: String,
        /// Why.
        trouble: SoundTrouble,
    },
    /// A device runs after the one before was lost, or the system's default has become another.
    Reopened {
        /// Which way.
        direction: Direction,
        /// The device's name.
        device: String,
        /// Its sample rate in Hz.
        rate: u32,
        /// Its channels.
        channels: u16,
    },
    /// No device could be opened: there is silence until one can. [`SoundTrouble::advice`] says what to do.
    NoDevice {
        /// Which way.
        direction: Direction,
        /// Why.
        trouble: SoundTrouble,
    },
}

/// Why a sound device does not run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SoundTrouble {
    /// There is none, or it has been unplugged.
    #[error("there is no sound device")]
    NoDevice,
    /// There are some, but not the one that was asked for.
    #[error("there is no sound device {wanted:?}; there are: {}", list(.there_are))]
    NoSuchDevice {
        /// What was asked for.
        wanted: String,
        /// The names there are.
        there_are: Vec<String>,
    },
    /// This program may not use it.
    #[error("this program may not use the sound device ({0})")]
    Denied(String),
    /// Another program uses it.
    #[error("another program uses the sound device ({0})")]
    Busy(String),
    /// It has no format that can be used.
    #[error("the sound device has no format that can be used ({0})")]
    Unsupported(String),
    /// It has stopped asking for sound or giving any.
    #[error("the sound device has stopped")]
    Stalled,
    /// The sound system itself failed.
    #[error("the sound system failed ({0})")]
    System(String),
    /// This program was built without the feature `sound`.
    #[error("this program was built without sound card support")]
    NotBuilt,
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl SoundTrouble {
    /// What a person can do about it, in one line.
    pub fn advice(&self) -> &'static str {
        match self {
            SoundTrouble::NoDevice => {
                "plug in a headset or a sound card, or start the sound server; it is taken up as soon as it is there"
            }
            SoundTrouble::NoSuchDevice { .. } => "choose one of the devices that there are, or the default",
            SoundTrouble::Denied(_) => {
                "allow this program to use the microphone; on Linux, your user may have to be in the group audio"
            }
            SoundTrouble::Busy(_) => "close the program that uses it; it is tried again until it is free",
            SoundTrouble::Unsupported(_) => "choose another device",
            SoundTrouble::Stalled => "plug it out and in again, or choose another device; it is tried again",
            SoundTrouble::System(_) => "restart the sound server; it is tried again",
            SoundTrouble::NotBuilt => {
                "build with the feature `sound` (on Linux it needs libasound2-dev and pkg-config), or use sound files"
            }
        }
    }
}

/// Why [`Sound::open`](super::Sound::open) refuses. A machine without a sound card is no reason: that is silence and a
/// [`SoundNotice::NoDevice`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SoundError {
    /// The call's rate is not one of 8000 to 192000 Hz with a whole number of samples in a frame.
    #[error("a call cannot have a sample rate of {0} Hz; use 8000, 16000 or 48000")]
    Rate(u32),
    /// The device that was asked for by name is not there.
    #[error("{0}")]
    NoSuchDevice(SoundTrouble),
    /// The sound system does not answer.
    #[error("the sound system does not answer; restart the sound server, or use no sound device")]
    Hung,
    /// The system gave no thread.
    #[error("the system gives no thread for sound ({0})")]
    Thread(String),
}
