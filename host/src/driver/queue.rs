//! A bounded queue that never makes its writer wait: when it is full, either the oldest entry is dropped and counted, or
//! the new one is refused. Entries may be minor: of those one is dropped before any other.

use std::collections::VecDeque;

use crate::driver::watched::Watched;

pub(crate) struct Queue<T> {
    inner: Watched<Inner<T>>,
    capacity: usize,
}

struct Inner<T> {
    /// With the place in the order of all.
    major: VecDeque<(u64, T)>,
    minor: VecDeque<(u64, T)>,
    /// Places given away so far.
    places: u64,
    lost: u64,
    closed: bool,
}

impl<T> Inner<T> {
    fn len(&self) -> usize {
        self.major.len() + self.minor.len()
    }

    fn add(&mut self, entry: T, minor: bool) {
        self.places += 1;
        let entries = if minor { &mut self.minor } else { &mut self.major };
        entries.push_back((self.places, entry));
    }

    /// The oldest of all.
    fn take(&mut self) -> Option<T> {
        let minor_first = match (self.major.front(), self.minor.front()) {
            (Some((major, _)), Some((minor, _))) => minor < major,
            (major, _) => major.is_none(),
        };
        let entries = if minor_first { &mut self.minor } else { &mut self.major };
        entries.pop_front().map(|(_, entry)| entry)
    }
}

/// Why an entry was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Queue<T> {
        let inner = Inner { major: VecDeque::new(), minor: VecDeque::new(), places: 0, lost: 0, closed: false };
        Queue { inner: Watched::new(inner), capacity }
    }

    /// Adds an entry. If there is no room, it takes the place of the oldest minor one, or if there is none of the oldest.
    /// Nothing happens once the queue is closed.
    pub(crate) fn push(&self, entry: T) {
        self.put(entry, false);
    }

    /// Adds a minor entry, in place of the oldest minor one if there is no room; where there is none, it is itself lost.
    pub(crate) fn push_minor(&self, entry: T) {
        self.put(entry, true);
    }

    fn put(&self, entry: T, minor: bool) {
        // What is dropped may do anything, so that comes after the lock.
        let dropped = self.inner.change(|inner| {
            if inner.closed {
                return Some(entry);
            }
            if inner.len() < self.capacity {
                inner.add(entry, minor);
                return None;
            }
            inner.lost += 1;
            let oldest = match inner.minor.pop_front() {
                None if minor => return Some(entry),
                None => inner.major.pop_front(),
                oldest => oldest,
            };
            inner.add(entry, minor);
            oldest.map(|(_, entry)| entry)
        });
        drop(dropped);
    }

    /// Adds an entry if there is room.
    pub(crate) fn offer(&self, entry: T) -> Result<(), Refused> {
        self.inner.change(|inner| {
            if inner.closed {
                return Err(Refused::Closed);
            }
            if inner.len() >= self.capacity {
                return Err(Refused::Full);
            }
            inner.add(entry, false);
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
            (std::mem::take(&mut inner.major), std::mem::take(&mut inner.minor))
        });
        drop(forgotten);
    }

    /// The next entry; waits for it. `None` once the queue is closed and empty.
    pub(crate) async fn next(&self) -> Option<T> {
        let next = |inner: &mut Inner<T>| match inner.take() {
            Some(entry) => Some(Some(entry)),
            None => inner.closed.then_some(None),
        };
        self.inner.wait(next).await
    }

    /// The next entry, if one waits.
    pub(crate) fn try_next(&self) -> Option<T> {
        self.inner.look(Inner::take)
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
    fn minor_entries_are_dropped_before_any_other() {
        let queue = Queue::new(3);
        queue.push(1);
        queue.push_minor(20);
        queue.push(3);
        queue.push_minor(40);
        assert_eq!(queue.lost(), 1, "20 made room for 40");
        queue.push(5);
        queue.push_minor(60);
        assert_eq!(queue.lost(), 3, "5 came in place of 40, and 60 found no room");
        let next = || queue.try_next();
        assert_eq!((next(), next(), next(), next()), (Some(1), Some(3), Some(5), None));
        queue.push_minor(70);
        queue.push(8);
        queue.push_minor(90);
        assert_eq!((next(), next(), next()), (Some(70), Some(8), Some(90)), "the order is that of arrival");
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
