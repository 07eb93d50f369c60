//! The stream of everything an agent tells.

use std::sync::Arc;

use sansip_core::middleware::notification::Notification;

use crate::driver::queue::Queue;

/// How many notifications wait for the application before the oldest is dropped.
pub(crate) const WAITING: usize = 4_096;

/// Everything an [`Agent`](crate::driver::Agent) tells, in the order in which it happened.
///
/// An incoming call is an [`Event::Session`](sansip_core::middleware::notification::Event::Session) with
/// [`NewIncoming`](sansip_core::middleware::notification::SessionNotification::NewIncoming);
/// [`Agent::find_session`](crate::driver::Agent::find_session) gives the handle to answer it with.
///
/// A slow reader never holds the agent up: up to 4,096 notifications wait, then the oldest is dropped and counted in
/// [`Notifications::lost`]. [`Session::established`](crate::driver::Session::established) and
/// [`Session::ended`](crate::driver::Session::ended) do not go through this queue and lose nothing. Whoever has no use for the
/// stream drops it.
pub struct Notifications {
    queue: Arc<Queue<Notification>>,
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
