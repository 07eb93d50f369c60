//! Where audio comes from and goes to: symmetric RTP (RFC 4961) that cannot be hijacked.
//!
//! The first source that proves itself is latched, also when it is not the address that SDP gave: behind a NAT it never
//! is. From then on another address is believed only
//! - if it is the one that SDP gave (so that a stranger who was quicker cannot keep the peer out), or
//! - if the latched one has been silent for two seconds and the new one goes on with the same SSRC at the right sequence
//!   number, as a peer does whose NAT or network changed, or
//! - after a re-negotiation, if the latched one has been silent for half a second, and the new one has its SSRC or comes
//!   from its host, or from the one that SDP gave.

use core::net::SocketAddr;
use core::time::Duration;

use crate::time::Instant;

/// After this much silence a peer that goes on elsewhere is followed.
const SILENCE: Duration = Duration::from_secs(2);
/// After a re-negotiation, so much is enough.
const SILENCE_RENEGOTIATED: Duration = Duration::from_millis(500);
/// How long a re-negotiation loosens the rules.
const RENEGOTIATED: Duration = Duration::from_secs(10);

/// What to do with a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is of the current source at its address.
    Current,
    /// It may become the source: probation (RFC 3550 A.1), then [`Latch::adopt`].
    Candidate,
    /// A stranger's.
    Refused,
}

/// See the [module](self).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Latch {
    signalled: SocketAddr,
    latched: Option<(SocketAddr, Instant)>,
    renegotiated: Option<Instant>,
}

impl Latch {
    /// Nothing has come yet; SDP gave `signalled`.
    pub fn new(signalled: SocketAddr) -> Latch {
        Latch { signalled, latched: None, renegotiated: None }
    }

    /// SDP was negotiated again. A new address is believed from scratch; the same one loosens the rules for a while.
    pub fn renegotiate(&mut self, now: Instant, signalled: SocketAddr) {
        if signalled == self.signalled {
            self.renegotiated = Some(now);
        } else {
            *self = Latch::new(signalled);
        }
    }

    /// Where packets go: to the latched source, or else to the address that SDP gave; `None` if that is none.
    pub fn destination(&self) -> Option<SocketAddr> {
        let address = self.latched.map_or(self.signalled, |(address, _)| address);
        (!address.ip().is_unspecified() && address.port() != 0).then_some(address)
    }

    /// The latched source.
    pub fn source(&self) -> Option<SocketAddr> {
        self.latched.map(|(address, _)| address)
    }

    /// Judges a packet from `from`. `same_source`: it has the SSRC of the current source; `in_window`: and a sequence
    /// number that could follow.
    pub fn judge(&self, now: Instant, from: SocketAddr, same_source: bool, in_window: bool) -> Verdict {
        let Some((latched, heard)) = self.latched else { return Verdict::Candidate };
        let silent = now.since(heard);
        if from == latched {
            return if same_source { Verdict::Current } else { Verdict::Candidate };
        }
        let renegotiated = self.renegotiated.is_some_and(|at| now.since(at) < RENEGOTIATED);
        if from == self.signalled
            || (same_source && in_window && silent >= SILENCE)
            || (renegotiated && silent >= SILENCE_RENEGOTIATED && (same_source || self.is_known(from)))
        {
            return Verdict::Candidate;
        }
        Verdict::Refused
    }

    /// True for the host that was heard, or that SDP gave: a peer that restarted its media has another port and SSRC.
    fn is_known(&self, from: SocketAddr) -> bool {
        from.ip() == self.signalled.ip() || self.latched.is_some_and(|(latched, _)| from.ip() == latched.ip())
    }

    /// A packet of the current source came.
    pub fn heard(&mut self, now: Instant) {
        if let Some((_, heard)) = &mut self.latched {
            *heard = now;
        }
    }

    /// A candidate has proved itself. True if the address is another than before.
    pub fn adopt(&mut self, now: Instant, from: SocketAddr) -> bool {
        let before = self.latched.replace((from, now));
        self.renegotiated = None;
        before.is_none_or(|(address, _)| address != from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 4_000))
    }

    fn seconds(s: u64) -> Instant {
        Instant::from_millis(s * 1_000)
    }

    #[test]
    fn the_first_source_is_latched_and_answered() {
        let mut latch = Latch::new(address(1));
        assert_eq!(latch.destination(), Some(address(1)));
        assert_eq!(latch.judge(seconds(0), address(2), false, false), Verdict::Candidate);
        assert!(latch.adopt(seconds(0), address(2)));
        assert_eq!(latch.destination(), Some(address(2)));
        assert_eq!(latch.judge(seconds(0), address(2), true, true), Verdict::Current);
        assert_eq!(latch.judge(seconds(0), address(2), false, false), Verdict::Candidate, "a new SSRC");
    }

    #[test]
    fn strangers_are_refused() {
        let mut latch = Latch::new(address(1));
        latch.adopt(seconds(0), address(2));
        assert_eq!(latch.judge(seconds(1), address(3), true, true), Verdict::Refused, "not yet silent");
        assert_eq!(latch.judge(seconds(9), address(3), false, false), Verdict::Refused, "another SSRC");
        assert_eq!(latch.judge(seconds(9), address(3), true, false), Verdict::Refused, "another sequence");
        assert_eq!(latch.judge(seconds(9), address(3), true, true), Verdict::Candidate);
        assert_eq!(latch.judge(seconds(1), address(1), false, false), Verdict::Candidate, "the address of the SDP");
    }

    #[test]
    fn renegotiation_opens_the_door_to_the_peer_only() {
        let mut latch = Latch::new(address(1));
        latch.adopt(seconds(0), address(2));
        latch.renegotiate(seconds(1), address(1));
        let moved = SocketAddr::new(address(2).ip(), 5_000);
        assert_eq!(latch.judge(seconds(1), address(3), false, false), Verdict::Refused, "a stranger");
        assert_eq!(latch.judge(seconds(1), address(3), true, false), Verdict::Candidate, "the same SSRC");
        assert_eq!(latch.judge(seconds(1), moved, false, false), Verdict::Candidate, "the same host");
        latch.heard(seconds(1));
        assert_eq!(latch.judge(seconds(1), moved, false, false), Verdict::Refused, "not silent");
        assert_eq!(latch.judge(seconds(20), address(3), false, false), Verdict::Refused);
        latch.renegotiate(seconds(20), address(9));
        assert_eq!((latch.source(), latch.destination()), (None, Some(address(9))));
    }

    #[test]
    fn nothing_is_sent_to_nowhere() {
        assert_eq!(Latch::new(SocketAddr::from(([0, 0, 0, 0], 4_000))).destination(), None);
        assert_eq!(Latch::new(SocketAddr::from(([192, 0, 2, 1], 0))).destination(), None);
    }
}
