//! Sound in the application's own hands.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How far the application may write ahead, in samples a second: a fifth of a second is heard late at most.
const AHEAD: u32 = 5;

/// The session's audio has ended, or the session was given another source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("what is written here is not said any more: the audio has ended, or has another source")]
pub struct ChannelClosed;

/// Samples to and from a peer: 16 bits, mono, at [`AudioChannel::sample_rate`]. From
/// [`Session::audio`](crate::driver::Session::audio).
///
/// Reading and writing are paced by the call: one second of sound takes one second. Clones use the same two queues, so
/// that one task can read while another writes. Where nothing is written, the peer hears silence; where nothing is read
/// for a second, the oldest sound is dropped and counted.
#[derive(Clone)]
pub struct AudioChannel {
    pcm: Arc<Pcm>,
}

impl AudioChannel {
    /// Samples per second, both ways.
    pub fn sample_rate(&self) -> u32 {
        self.pcm.sample_rate
    }

    /// Waits until `out`, or the first half second of it, can be filled with what the peer said, and returns how many
    /// samples it was: fewer only at the end, 0 when all has been read and the audio has ended or goes to another sink.
    ///
    /// Dropping the future loses nothing.
    pub async fn read(&self, out: &mut [i16]) -> usize {
        let wanted = out.len().min(self.pcm.sample_rate as usize / 2);
        loop {
            let came = self.pcm.came.notified();
            {
                let mut inner = self.pcm.lock();
                if inner.heard.len() >= wanted || inner.ear_closed {
                    let n = wanted.min(inner.heard.len());
                    for (out, sample) in out.iter_mut().zip(inner.heard.drain(..n)) {
                        *out = sample;
                    }
                    return n;
                }
            }
            came.await;
        }
    }

    /// Gives `samples` to be said to the peer, and waits until all of them are queued: not more than a fifth of a second
    /// ahead. A future that is dropped may have queued a part.
    ///
    /// # Errors
    /// [`ChannelClosed`] if the audio has ended.
    pub async fn write(&self, mut samples: &[i16]) -> Result<(), ChannelClosed> {
        loop {
            let room = self.pcm.room.notified();
            {
                let mut inner = self.pcm.lock();
                if inner.mouth_closed {
                    return Err(ChannelClosed);
                }
                let free = self.pcm.most_ahead().saturating_sub(inner.said.len());
                let (now, later) = samples.split_at(free.min(samples.len()));
                inner.said.extend(now);
                samples = later;
                if samples.is_empty() {
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Waits until everything that was written has been sent.
    ///
    /// # Errors
    /// [`ChannelClosed`] if the audio ended before.
    pub async fn flush(&self) -> Result<(), ChannelClosed> {
        loop {
            let room = self.pcm.room.notified();
            {
                let inner = self.pcm.lock();
                if inner.said.is_empty() {
                    return Ok(());
                }
                if inner.mouth_closed {
                    return Err(ChannelClosed);
                }
            }
            room.await;
        }
    }

    /// How many samples of the peer were dropped because nobody read them.
    pub fn lost(&self) -> u64 {
        self.pcm.lock().lost
    }
}

impl std::fmt::Debug for AudioChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AudioChannel({} Hz)", self.pcm.sample_rate)
    }
}

/// The two queues between the application and the task that moves sound.
pub(crate) struct Pcm {
    sample_rate: u32,
    inner: Mutex<Inner>,
    /// Sound came, or the end.
    came: Notify,
    /// There is room to write, or the end.
    room: Notify,
}

struct Inner {
    said: VecDeque<i16>,
    heard: VecDeque<i16>,
    lost: u64,
    /// Nothing that is written is said any more.
    mouth_closed: bool,
    /// Nothing more will be heard.
    ear_closed: bool,
}

impl Pcm {
    pub(crate) fn open(sample_rate: u32) -> (Arc<Pcm>, AudioChannel) {
        let second = sample_rate as usize;
        let inner = Inner {
            said: VecDeque::with_capacity(second / AHEAD as usize),
            heard: VecDeque::with_capacity(second),
            lost: 0,
            mouth_closed: false,
            ear_closed: false,
        };
        let pcm = Arc::new(Pcm { sample_rate, inner: Mutex::new(inner), came: Notify::new(), room: Notify::new() });
        (pcm.clone(), AudioChannel { pcm })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn most_ahead(&self) -> usize {
        (self.sample_rate / AHEAD) as usize
    }

    /// Takes a frame to be said; silence where nothing was written.
    pub(crate) fn take(&self, out: &mut [i16]) {
        let mut inner = self.lock();
        let n = out.len().min(inner.said.len());
        for (out, sample) in out.iter_mut().zip(inner.said.drain(..n)) {
            *out = sample;
        }
        out[n..].fill(0);
        drop(inner);
        self.room.notify_waiters();
    }

    /// Gives a frame that was heard.
    pub(crate) fn give(&self, heard: &[i16]) {
        let mut inner = self.lock();
        let over = (inner.heard.len() + heard.len()).saturating_sub(self.sample_rate as usize);
        let stale = over.min(inner.heard.len());
        inner.heard.drain(..stale);
        inner.lost += stale as u64;
        inner.heard.extend(heard);
        drop(inner);
        self.came.notify_waiters();
    }

    /// What is written is not said any more.
    pub(crate) fn close_mouth(&self) {
        self.lock().mouth_closed = true;
        self.room.notify_waiters();
    }

    /// Nothing more is heard.
    pub(crate) fn close_ear(&self) {
        self.lock().ear_closed = true;
        self.came.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_written_is_said_and_what_is_heard_is_read() {
        let (pcm, channel) = Pcm::open(8_000);
        let written = tokio::spawn({
            let channel = channel.clone();
            async move { channel.write(&[7; 2_000]).await }
        });
        let mut said = Vec::new();
        let mut frame = [1; 160];
        while said.len() < 2_000 {
            tokio::task::yield_now().await;
            pcm.take(&mut frame);
            said.extend(frame.iter().copied().filter(|&sample| sample != 0));
        }
        assert_eq!((said.len(), written.await.unwrap()), (2_000, Ok(())));
        assert_eq!(channel.flush().await, Ok(()));
        pcm.give(&[5; 160]);
        pcm.give(&[6; 160]);
        let mut out = [0; 200];
        assert_eq!(channel.read(&mut out).await, 200);
        assert_eq!((out[159], out[160]), (5, 6));
    }

    #[tokio::test]
    async fn the_end_wakes_both_sides() {
        let (pcm, channel) = Pcm::open(8_000);
        pcm.give(&[5; 100]);
        let reader = tokio::spawn({
            let channel = channel.clone();
            async move {
                let mut out = [0; 160];
                (channel.read(&mut out).await, channel.read(&mut out).await)
            }
        });
        let writer = tokio::spawn({
            let channel = channel.clone();
            async move { channel.write(&[1; 9_000]).await }
        });
        tokio::task::yield_now().await;
        pcm.close_mouth();
        pcm.close_ear();
        assert_eq!(reader.await.unwrap(), (100, 0));
        assert_eq!(writer.await.unwrap(), Err(ChannelClosed));
        assert_eq!(channel.flush().await, Err(ChannelClosed));
    }

    #[test]
    fn an_unread_channel_keeps_the_newest_second() {
        let (pcm, channel) = Pcm::open(8_000);
        for second in 1..=3 {
            pcm.give(&[second; 8_000]);
        }
        assert_eq!(channel.lost(), 16_000);
        assert!(pcm.lock().heard.iter().all(|&sample| sample == 3));
    }
}
