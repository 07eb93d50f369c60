//! The stream of everything an agent tells.

use std::sync::Arc;

use sansip_core::middleware::notification::{AgentNotification, Event, Notification};

use crate::driver::queue::Queue;

/// How many notifications wait for the application before the oldest is dropped.
pub(crate) const WAITING: usize = 4_096;

/// Everything an [`Agent`](crate::driver::Agent) tells, in the order in which it happened.
///
/// An incoming call is an [`Event::Session`](sansip_core::middleware::notification::Event::Session) with
/// [`NewIncoming`](sansip_core::middleware::notification::SessionNotification::NewIncoming);
/// [`Agent::find_session`](crate::driver::Agent::find_session) gives the handle to answer it with.
///
/// A slow reader never holds the agent up: up to 4,096 notifications wait, then one is dropped and counted in
/// [`Notifications::lost`]: the oldest trace of a SIP message or notice of a malformed one, and only where none of these
/// wait the oldest of all. So no peer can push out what is told of sessions. [`Session::established`](crate::driver::Session::established) and
/// [`Session::ended`](crate::driver::Session::ended) do not go through this queue and lose nothing. Whoever has no use for the
/// stream drops it.
pub struct Notifications {
    queue: Arc<Queue<Notification>>,
}

/// Puts a notification into the queue of all. What anybody on the network can cause as often as he likes goes first when
/// there is no room.
pub(crate) fn tell_everything(queue: &Queue<Notification>, notification: Notification) {
    match notification.event {
        Event::Trace(_) | Event::Agent(AgentNotification::GotMalformedMessage { .. }) => queue.push_minor(notification),
        _ => queue.push(notification),
    }
}

impl Notifications {
    pub(crate) fn new(queue: Arc<Queue<Notification>>) -> Notifications {
        Notifications { queue }
    }

    /// The next notification; waits for it. `None` once the agent has ended and everything has been read.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Notification> {
        self.queue.next().await
    }

    /// The next notification, if one waits.
    pub fn try_next(&mut self) -> Option<Notification> {
        self.queue.try_next()
    }

    /// How many notifications were dropped because they were not read in time.
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

#[cfg(test)]
mod tests {
    use sansip_core::ids::SessionId;
    use sansip_core::middleware::notification::SessionNotification;
    use sansip_core::time::{Instant, WallTime};

    use super::*;
    use crate::driver::task::tests::at_once;

    fn told(event: Event) -> Notification {
        Notification { at: Instant::ZERO, timestamp: WallTime::default(), event }
    }

    #[test]
    fn broken_messages_never_push_out_what_sessions_tell() {
        let queue = Arc::new(Queue::new(2));
        let mut notifications = Notifications::new(queue.clone());
        let from = ([192, 0, 2, 1], 5060).into();
        let malformed = |total| AgentNotification::GotMalformedMessage { from, reason: "no SIP".into(), total };
        let starts = Event::Session(SessionId::from_number(1), SessionNotification::DidStart);
        tell_everything(&queue, told(starts.clone()));
        for total in 1..=10 {
            tell_everything(&queue, told(Event::Agent(malformed(total))));
        }
        assert_eq!(notifications.lost(), 9);
        assert_eq!(notifications.try_next().unwrap().event, starts);
        let last = at_once(notifications.next()).unwrap().event;
        assert_eq!(last, Event::Agent(malformed(10)));
    }
}
