//! A bounded queue that never makes its writer wait: when it is full, either the oldest entry is dropped and counted, or
//! the new one is refused.

use std::collections::VecDeque;

use crate::driver::watched::Watched;

pub(crate) struct Queue<T> {
    inner: Watched<Inner<T>>,
    capacity: usize,
}

struct Inner<T> {
    entries: VecDeque<T>,
    lost: u64,
    closed: bool,
}

/// Why an entry was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Queue<T> {
        let inner = Inner { entries: VecDeque::new(), lost: 0, closed: false };
        Queue { inner: Watched::new(inner), capacity }
    }

    /// Adds an entry, in place of the oldest if there is no room; nothing happens once the queue is closed.
    pub(crate) fn push(&self, entry: T) {
        self.inner.change(|inner| {
            if inner.closed {
                return;
            }
            if inner.entries.len() == self.capacity {
                inner.entries.pop_front();
                inner.lost += 1;
            }
            inner.entries.push_back(entry);
        });
    }

    /// Adds an entry if there is room.
    pub(crate) fn offer(&self, entry: T) -> Result<(), Refused> {
        self.inner.change(|inner| {
            if inner.closed {
                return Err(Refused::Closed);
            }
            if inner.entries.len() == self.capacity {
                return Err(Refused::Full);
            }
            inner.entries.push_back(entry);
            Ok(())
        })
    }

    /// Takes no more entries. Those that wait can still be read.
    pub(crate) fn close(&self) {
        self.inner.change(|inner| inner.closed = true);
    }

    /// Takes no more entries, and forgets those that wait.
    pub(crate) fn abandon(&self) {
        let forgotten = self.inner.change(|inner| {
            inner.closed = true;
            std::mem::take(&mut inner.entries)
        });
        drop(forgotten);
    }

    /// The next entry; waits for it. `None` once the queue is closed and empty.
    pub(crate) async fn next(&self) -> Option<T> {
        let next = |inner: &mut Inner<T>| match inner.entries.pop_front() {
            Some(entry) => Some(Some(entry)),
            None => inner.closed.then_some(None),
        };
        self.inner.wait(next).await
    }

    /// The next entry, if one waits.
    pub(crate) fn try_next(&self) -> Option<T> {
        self.inner.look(|inner| inner.entries.pop_front())
    }

    /// How many entries were dropped because nobody read them in time.
    pub(crate) fn lost(&self) -> u64 {
        self.inner.look(|inner| inner.lost)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;
    use crate::driver::task::tests::{Woken, at_once, poll_once};

    #[test]
    fn the_oldest_is_dropped_and_counted() {
        let queue = Queue::new(2);
        for n in 1..=5 {
            queue.push(n);
        }
        assert_eq!(queue.lost(), 3);
        queue.close();
        queue.push(6);
        let next = || at_once(queue.next());
        assert_eq!((next(), next(), next()), (Some(4), Some(5), None));
    }

    #[test]
    fn what_is_offered_never_drops_another() {
        let queue = Queue::new(1);
        assert_eq!(queue.offer(1), Ok(()));
        assert_eq!(queue.offer(2), Err(Refused::Full));
        assert_eq!((queue.try_next(), queue.lost()), (Some(1), 0));
        queue.abandon();
        assert_eq!(queue.offer(3), Err(Refused::Closed));
        assert_eq!(at_once(queue.next()), None);
    }

    #[test]
    fn a_reader_is_woken_by_an_entry_and_by_the_end() {
        let queue = Queue::new(2);
        let woken = Woken::new();
        let mut next = Box::pin(queue.next());
        assert_eq!(poll_once(next.as_mut(), &woken), Poll::Pending);
        queue.push(1);
        assert_eq!(woken.times(), 1);
        assert_eq!(poll_once(next.as_mut(), &woken), Poll::Ready(Some(1)));
        let mut next = Box::pin(queue.next());
        assert_eq!(poll_once(next.as_mut(), &woken), Poll::Pending);
        queue.close();
        assert_eq!(woken.times(), 2);
        assert_eq!(poll_once(next.as_mut(), &woken), Poll::Ready(None));
    }
}
