//! Sound in the application's own hands.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::driver::watched::Watched;

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
        let take = |heard: &mut Pipe| {
            let enough = heard.samples.len() >= wanted || heard.closed;
            enough.then(|| heard.take(&mut out[..wanted]))
        };
        self.pcm.heard.wait(take).await
    }

    /// Gives `samples` to be said to the peer, and waits until all of them are queued: not more than a fifth of a second
    /// ahead. A future that is dropped may have queued a part.
    ///
    /// # Errors
    /// [`ChannelClosed`] if the audio has ended.
    pub async fn write(&self, mut samples: &[i16]) -> Result<(), ChannelClosed> {
        let give = |said: &mut Pipe| {
            if said.closed {
                return Some(Err(ChannelClosed));
            }
            let free = self.pcm.most_ahead().saturating_sub(said.samples.len());
            let (now, later) = samples.split_at(free.min(samples.len()));
            said.samples.extend(now);
            samples = later;
            samples.is_empty().then_some(Ok(()))
        };
        self.pcm.said.wait(give).await
    }

    /// Waits until everything that was written has been sent.
    ///
    /// # Errors
    /// [`ChannelClosed`] if the audio ended before.
    pub async fn flush(&self) -> Result<(), ChannelClosed> {
        let sent = |said: &mut Pipe| {
            if said.samples.is_empty() {
                return Some(Ok(()));
            }
            said.closed.then_some(Err(ChannelClosed))
        };
        self.pcm.said.wait(sent).await
    }

    /// How many samples of the peer were dropped because nobody read them.
    pub fn lost(&self) -> u64 {
        self.pcm.heard.look(|heard| heard.lost)
    }
}

impl std::fmt::Debug for AudioChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AudioChannel({} Hz)", self.pcm.sample_rate)
    }
}

/// The two pipes between the application and the task that moves sound.
pub(crate) struct Pcm {
    sample_rate: u32,
    said: Watched<Pipe>,
    heard: Watched<Pipe>,
}

/// Samples on their way in one direction.
struct Pipe {
    samples: VecDeque<i16>,
    lost: u64,
    /// What is put in now goes nowhere; nothing more comes out than is in it.
    closed: bool,
}

impl Pipe {
    fn with_capacity(samples: usize) -> Watched<Pipe> {
        Watched::new(Pipe { samples: VecDeque::with_capacity(samples), lost: 0, closed: false })
    }

    /// Fills the front of `out` with what is there, and says how much it was.
    fn take(&mut self, out: &mut [i16]) -> usize {
        let n = out.len().min(self.samples.len());
        for (out, sample) in out.iter_mut().zip(self.samples.drain(..n)) {
            *out = sample;
        }
        n
    }
}

impl Pcm {
    pub(crate) fn open(sample_rate: u32) -> (Arc<Pcm>, AudioChannel) {
        let second = sample_rate as usize;
        let said = Pipe::with_capacity(second / AHEAD as usize);
        let heard = Pipe::with_capacity(second);
        let pcm = Arc::new(Pcm { sample_rate, said, heard });
        (pcm.clone(), AudioChannel { pcm })
    }

    fn most_ahead(&self) -> usize {
        (self.sample_rate / AHEAD) as usize
    }

    /// Takes a frame to be said; silence where nothing was written.
    pub(crate) fn take(&self, out: &mut [i16]) {
        let n = self.said.change(|said| said.take(out));
        out[n..].fill(0);
    }

    /// Gives a frame that was heard.
    pub(crate) fn give(&self, frame: &[i16]) {
        self.heard.change(|heard| {
            let over = (heard.samples.len() + frame.len()).saturating_sub(self.sample_rate as usize);
            let stale = over.min(heard.samples.len());
            heard.samples.drain(..stale);
            heard.lost += stale as u64;
            heard.samples.extend(frame);
        });
    }

    /// What is written is not said any more.
    pub(crate) fn close_mouth(&self) {
        self.said.change(|said| said.closed = true);
    }

    /// Nothing more is heard.
    pub(crate) fn close_ear(&self) {
        self.heard.change(|heard| heard.closed = true);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;
    use crate::driver::task::tests::{Woken, at_once, poll_once};

    #[test]
    fn what_is_written_is_said_and_what_is_heard_is_read() {
        let (pcm, channel) = Pcm::open(8_000);
        let woken = Woken::new();
        let mut writing = Box::pin(channel.write(&[7; 2_000]));
        let (mut said, mut frame) = (0, [1; 160]);
        while poll_once(writing.as_mut(), &woken) == Poll::Pending {
            pcm.take(&mut frame);
            assert_eq!(frame, [7; 160]);
            said += frame.len();
        }
        assert!(woken.times() > 0);
        assert_eq!(said, 480, "what is written waits until less than a fifth of a second is ahead of it");
        let mut flushing = Box::pin(channel.flush());
        while poll_once(flushing.as_mut(), &woken) == Poll::Pending {
            pcm.take(&mut frame);
            said += frame.iter().filter(|&&sample| sample == 7).count();
        }
        assert_eq!((said, frame[79], frame[80]), (2_000, 7, 0));

        let mut out = [0; 200];
        let mut reading = Box::pin(channel.read(&mut out));
        pcm.give(&[5; 160]);
        assert_eq!(poll_once(reading.as_mut(), &woken), Poll::Pending);
        pcm.give(&[6; 160]);
        assert_eq!(poll_once(reading.as_mut(), &woken), Poll::Ready(200));
        drop(reading);
        assert_eq!((out[159], out[160]), (5, 6));
    }

    #[test]
    fn the_end_wakes_both_sides() {
        let (pcm, channel) = Pcm::open(8_000);
        pcm.give(&[5; 100]);
        let woken = Woken::new();
        let (mut out, said) = ([0; 160], [1; 9_000]);
        let mut reading = Box::pin(channel.read(&mut out));
        let mut writing = Box::pin(channel.write(&said));
        assert_eq!(poll_once(reading.as_mut(), &woken), Poll::Pending);
        assert_eq!(poll_once(writing.as_mut(), &woken), Poll::Pending);
        pcm.close_mouth();
        pcm.close_ear();
        assert_eq!(woken.times(), 2);
        assert_eq!(poll_once(reading.as_mut(), &woken), Poll::Ready(100));
        assert_eq!(poll_once(writing.as_mut(), &woken), Poll::Ready(Err(ChannelClosed)));
        drop(reading);
        assert_eq!(at_once(channel.read(&mut out)), 0);
        assert_eq!(at_once(channel.flush()), Err(ChannelClosed));
    }

    #[test]
    fn an_unread_channel_keeps_the_newest_second() {
        let (pcm, channel) = Pcm::open(8_000);
        for second in 1..=3 {
            pcm.give(&[second; 8_000]);
        }
        assert_eq!(channel.lost(), 16_000);
        assert!(pcm.heard.look(|heard| heard.samples.iter().all(|&sample| sample == 3)));
    }
}
