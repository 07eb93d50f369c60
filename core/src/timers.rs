//! Every timer of an agent, by name, with its reason; and the set of those that run.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::ids::{ConnectionId, SessionId, TransactionId};
use crate::time::Instant;

/// What a timer is for. A timer is set at most once: setting it again moves it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Timer {
    /// A timer of a SIP transaction.
    Transaction(TransactionId, TransactionTimer),
    /// A timer of a session.
    Session(SessionId, SessionTimer),
    /// The next thing the session's audio stream has to do on its own (RTCP reports, DTMF end packets).
    Audio(SessionId),
    /// Something is due on a connection.
    Connection(ConnectionId, ConnectionTimer),
}

/// The timers of RFC 3261 table 4 and RFC 6026.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransactionTimer {
    /// INVITE request retransmission, unreliable transport (17.1.1.2).
    A,
    /// INVITE client transaction time-out (17.1.1.2).
    B,
    /// Wait for response retransmissions after a failed INVITE (17.1.1.2).
    D,
    /// Non-INVITE request retransmission, unreliable transport (17.1.2.2).
    E,
    /// Non-INVITE client transaction time-out (17.1.2.2).
    F,
    /// INVITE response retransmission (17.2.1).
    G,
    /// Wait for the ACK (17.2.1).
    H,
    /// Wait for ACK retransmissions (17.2.1).
    I,
    /// Wait for non-INVITE request retransmissions (17.2.2).
    J,
    /// Wait for response retransmissions of a non-INVITE request (17.1.2.2).
    K,
    /// Server `Accepted` state: wait for INVITE retransmissions (RFC 6026 7.1).
    L,
    /// Client `Accepted` state: wait for further 2xx responses (RFC 6026 7.2).
    M,
    /// 100 Trying is due, 200 ms after the INVITE came (17.2.1).
    Trying,
}

/// The timers of a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SessionTimer {
    /// Nobody answered our INVITE within the invite time-out.
    NoAnswer,
    /// A cancelled INVITE got no final response (RFC 3261 9.1: 64*T1).
    CancelGivenUp,
    /// Our 2xx to an INVITE is due again (RFC 3261 13.3.1.4).
    Retransmit2xx,
    /// No ACK came for our 2xx (RFC 3261 13.3.1.4: 64*T1).
    NoAck,
    /// A provisional response keeps the INVITE alive at proxies (RFC 3261 13.3.1.1: every minute).
    RefreshProvisional,
    /// Nobody took the incoming call in the time that its Expires, or we, allow (RFC 3261 13.3.1).
    Expires,
    /// Our re-INVITE has no final response yet; it is cancelled, and later forgotten.
    ReinviteLate,
    /// The re-INVITE that met a 491 may be tried again (RFC 3261 14.1).
    RetryReinvite,
    /// The peer has sent no RTP since audio started.
    NoAudio,
    /// Retransmissions of the 2xx to our INVITE have ceased; extra forks are forgotten (RFC 3261 13.2.2.4: 64*T1).
    ForksOver,
}

/// The timers of a stream connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ConnectionTimer {
    /// It has not come up in time.
    ConnectTimeout,
    /// Nothing has used it for long.
    Idle,
    /// It began a message and never finished it.
    PartialMessage,
}

/// The timers that run.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    due: BTreeMap<Timer, Instant>,
    order: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    /// Sets `timer` to go off at `at`, in place of when it was to go off before.
    pub fn set(&mut self, timer: Timer, at: Instant) {
        if self.due.get(&timer) == Some(&at) {
            return;
        }
        if let Some(before) = self.due.insert(timer, at) {
            self.order.remove(&(before, timer));
        }
        self.order.insert((at, timer));
    }

    /// Stops `timer`, if it runs.
    pub fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.due.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    /// Stops every timer from `first` to `last`, both included.
    pub fn cancel_range(&mut self, first: Timer, last: Timer) {
        while let Some((&timer, _)) = self.due.range(first..=last).next() {
            self.cancel(timer);
        }
    }

    /// When `timer` goes off, if it runs.
    pub fn get(&self, timer: Timer) -> Option<Instant> {
        self.due.get(&timer).copied()
    }

    /// Takes the next timer that is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, timer) = self.order.first()?;
        if at > now {
            return None;
        }
        self.cancel(timer);
        Some(timer)
    }

    /// When the next timer goes off; [`Instant::NEVER`] if none runs.
    pub fn next(&self) -> Instant {
        self.order.first().map_or(Instant::NEVER, |&(at, _)| at)
    }

    /// How many timers run.
    pub fn len(&self) -> usize {
        self.due.len()
    }

    /// True if no timer runs.
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_and_cancelled_timers_do_not_go_off_twice() {
        let mut timers = Timers::default();
        let a = Timer::Audio(SessionId::from_number(1));
        let b = Timer::Audio(SessionId::from_number(2));
        timers.set(a, Instant::from_millis(10));
        timers.set(b, Instant::from_millis(20));
        timers.set(a, Instant::from_millis(30));
        assert_eq!(timers.next(), Instant::from_millis(20));
        assert_eq!(timers.pop_due(Instant::from_millis(40)), Some(b));
        assert_eq!(timers.pop_due(Instant::from_millis(29)), None);
        timers.cancel(a);
        assert!(timers.is_empty());
        assert_eq!(timers.next(), Instant::NEVER);
    }
}
