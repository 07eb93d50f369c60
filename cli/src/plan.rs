//! What is to be done in a call at a certain time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use sansip_core::ids::SessionId;
use tokio::time::Instant;

/// Something to do in a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Act {
    SendDigits,
    Hold,
    HangUp,
}

/// What is to be done, the soonest first.
#[derive(Default)]
pub(crate) struct Plan {
    acts: BinaryHeap<Reverse<(Instant, SessionId, Act)>>,
}

impl Plan {
    pub(crate) fn add(&mut self, at: Instant, session: SessionId, act: Act) {
        self.acts.push(Reverse((at, session, act)));
    }

    /// Waits until something is due.
    pub(crate) async fn due(&self) {
        match self.acts.peek() {
            Some(Reverse((at, ..))) => tokio::time::sleep_until(*at).await,
            None => std::future::pending().await,
        }
    }

    /// What is due by now.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(SessionId, Act)> {
        let due = self.acts.peek().is_some_and(|Reverse((at, ..))| *at <= now);
        if due { self.acts.pop().map(|Reverse((_, session, act))| (session, act)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_soonest_comes_first_and_nothing_too_early() {
        let now = Instant::now();
        let later = |ms| now + Duration::from_millis(ms);
        let session = SessionId::from_number(1);
        let mut plan = Plan::default();
        plan.add(later(200), session, Act::HangUp);
        plan.add(later(100), session, Act::Hold);
        assert_eq!(plan.take(now), None);
        assert_eq!(plan.take(later(100)), Some((session, Act::Hold)));
        assert_eq!(plan.take(later(100)), None);
        assert_eq!(plan.take(later(300)), Some((session, Act::HangUp)));
    }
}
