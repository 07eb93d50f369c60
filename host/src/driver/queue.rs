//! A bounded queue that never makes its writer wait: when it is full, the oldest entry is dropped and counted.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub(crate) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    /// One permit for each entry that came while nobody waited, and a broadcast when the queue closes.
    came: Notify,
    capacity: usize,
}

struct Inner<T> {
    entries: VecDeque<T>,
    lost: u64,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new(capacity: usize) -> Queue<T> {
        let inner = Inner { entries: VecDeque::new(), lost: 0, closed: false };
        Queue { inner: Mutex::new(inner), came: Notify::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry; nothing happens once the queue is closed.
    pub(crate) fn push(&self, entry: T) {
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        if inner.entries.len() == self.capacity {
            inner.entries.pop_front();
            inner.lost += 1;
        }
        inner.entries.push_back(entry);
        drop(inner);
        self.came.notify_one();
    }

    /// Takes no more entries. Those that wait can still be read.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.came.notify_waiters();
    }

    /// Takes no more entries, and forgets those that wait.
    pub(crate) fn abandon(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.entries = VecDeque::new();
    }

    /// The next entry; waits for it. `None` once the queue is closed and empty.
    pub(crate) async fn next(&self) -> Option<T> {
        loop {
            // Made before looking, so that what comes between the look and the wait is not missed.
            let came = self.came.notified();
            {
                let mut inner = self.lock();
                if let Some(entry) = inner.entries.pop_front() {
                    return Some(entry);
                }
                if inner.closed {
                    return None;
                }
            }
            came.await;
        }
    }

    /// The next entry, if one waits.
    pub(crate) fn try_next(&self) -> Option<T> {
        self.lock().entries.pop_front()
    }

    /// How many entries were dropped because nobody read them in time.
    pub(crate) fn lost(&self) -> u64 {
        self.lock().lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_is_dropped_and_counted() {
        let queue = Queue::new(2);
        for n in 1..=5 {
            queue.push(n);
        }
        assert_eq!(queue.lost(), 3);
        queue.close();
        queue.push(6);
        assert_eq!((queue.next().await, queue.next().await, queue.next().await), (Some(4), Some(5), None));
    }

    #[tokio::test]
    async fn a_reader_is_woken_by_an_entry_and_by_the_end() {
        let queue = std::sync::Arc::new(Queue::new(2));
        let reader = tokio::spawn({
            let queue = queue.clone();
            async move { (queue.next().await, queue.next().await) }
        });
        tokio::task::yield_now().await;
        queue.push(1);
        tokio::task::yield_now().await;
        queue.close();
        assert_eq!(reader.await.unwrap(), (Some(1), None));
    }
}
