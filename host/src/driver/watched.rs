//! A value that several tasks share, and those who wait for it to change.
//!
//! It needs no runtime: whoever changes the value wakes everybody who waits, and each looks again. Waiting futures may be
//! dropped at any time; they leave nothing behind.
//!
//! A waker may do anything when it is called, even poll its future at once. So none is called while this thread has one of
//! the driver's locks: what [`Locked`] guards gathers the wakers, and calls them after it has unlocked.

use std::cell::RefCell;
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use smallvec::SmallVec;

/// A value that changes. Its lock is held for as long as the closures run, so they are short.
pub(crate) struct Watched<T> {
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    value: T,
    /// As a rule there is one who waits, and then this allocates nothing.
    waiting: SmallVec<[Waiting; 1]>,
    /// Places given away so far.
    places: u64,
}

struct Waiting {
    place: u64,
    waker: Waker,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Watched<T> {
        Watched { inner: Mutex::new(Inner { value, waiting: SmallVec::new(), places: 0 }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the value, or takes something out that nobody waits for.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.lock().value)
    }

    /// Changes the value, and wakes everybody who waits.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut inner = self.lock();
        let result = change(&mut inner.value);
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        for waiting in waiting {
            wake(waiting.waker);
        }
        result
    }

    /// Waits until `look` finds what it looks for; it is asked at once and after every change.
    pub(crate) async fn wait<R>(&self, mut look: impl FnMut(&mut T) -> Option<R>) -> R {
        let mut place = Place { of: self, number: None };
        poll_fn(|cx| place.poll(cx, &mut look)).await
    }
}

thread_local! {
    /// What this thread has still to wake.
    static GATHERED: RefCell<Gathered> = RefCell::new(Gathered { locks: 0, wakers: SmallVec::new() });
}

struct Gathered {
    /// How many [`Locked`] this thread has.
    locks: usize,
    /// Those to be woken when it has none. Few turns wake more, so that as a rule this allocates nothing.
    wakers: SmallVec<[Waker; 4]>,
}

/// Wakes now, or, if this thread has a lock, as soon as it has none.
fn wake(waker: Waker) {
    let mut waker = Some(waker);
    // A thread that is ending may have lost its list already; then it wakes at once.
    let _ = GATHERED.try_with(|gathered| {
        let mut gathered = gathered.borrow_mut();
        if gathered.locks > 0 {
            gathered.wakers.extend(waker.take());
        }
    });
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// A lock that this thread has. Whom a change wakes meanwhile is woken after it is unlocked.
pub(crate) struct Locked<'a, T> {
    value: MutexGuard<'a, T>,
    // Dropped after the guard: fields are dropped in the order in which they are written.
    _gathering: Gathering,
}

/// Locks; a panic of somebody who had the lock does not matter.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Locked<'_, T> {
    let value = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    Locked { value, _gathering: Gathering::begin() }
}

impl<T> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// While one lives, wakers are gathered; the last of a thread calls them.
struct Gathering {
    counted: bool,
}

impl Gathering {
    fn begin() -> Gathering {
        Gathering { counted: GATHERED.try_with(|gathered| gathered.borrow_mut().locks += 1).is_ok() }
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        let wakers = GATHERED.try_with(|gathered| {
            let mut gathered = gathered.borrow_mut();
            gathered.locks -= 1;
            if gathered.locks == 0 { std::mem::take(&mut gathered.wakers) } else { SmallVec::new() }
        });
        wakers.unwrap_or_default().into_iter().for_each(Waker::wake);
    }
}

/// A switch that somebody waits for. What was raised before the wait counts.
pub(crate) type Signal = Watched<bool>;

impl Signal {
    /// Raises the signal.
    pub(crate) fn raise(&self) {
        self.change(|raised| *raised = true);
    }

    /// Waits until the signal is raised, and lowers it.
    pub(crate) async fn raised(&self) {
        self.wait(|raised| std::mem::take(raised).then_some(())).await;
    }
}

/// The place of a future among those that wait; given up with the future.
struct Place<'a, T> {
    of: &'a Watched<T>,
    number: Option<u64>,
}

impl<T> Place<'_, T> {
    fn poll<R>(&mut self, cx: &mut Context<'_>, look: impl FnOnce(&mut T) -> Option<R>) -> Poll<R> {
        let mut inner = self.of.lock();
        if let Some(found) = look(&mut inner.value) {
            return Poll::Ready(found);
        }
        let Inner { waiting, places, .. } = &mut *inner;
        let number = *self.number.get_or_insert_with(|| {
            *places += 1;
            *places
        });
        match waiting.iter_mut().find(|waiting| waiting.place == number) {
            Some(waiting) => waiting.waker.clone_from(cx.waker()),
            None => waiting.push(Waiting { place: number, waker: cx.waker().clone() }),
        }
        Poll::Pending
    }
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut inner = self.of.lock();
        let at = inner.waiting.iter().position(|waiting| waiting.place == number);
        let left = at.map(|at| inner.waiting.swap_remove(at));
        // A waker may do anything when it is dropped, so that comes after the lock.
        drop(inner);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::task::tests::{Woken, poll_once};

    #[test]
    fn a_change_wakes_everybody_and_each_looks_again() {
        let watched = Watched::new(0);
        let (first, second) = (Woken::new(), Woken::new());
        let mut one = Box::pin(watched.wait(|n| (*n == 1).then_some(*n)));
        let mut two = Box::pin(watched.wait(|n| (*n == 2).then_some(*n)));
        assert_eq!(poll_once(one.as_mut(), &first), Poll::Pending);
        assert_eq!(poll_once(two.as_mut(), &second), Poll::Pending);
        watched.change(|n| *n = 2);
        assert_eq!((first.times(), second.times()), (1, 1));
        assert_eq!(poll_once(one.as_mut(), &first), Poll::Pending);
        assert_eq!(poll_once(two.as_mut(), &second), Poll::Ready(2));
        watched.change(|n| *n = 1);
        assert_eq!((first.times(), second.times()), (2, 1), "who has found what it waited for is left alone");
    }

    #[test]
    fn a_future_that_is_dropped_leaves_nothing_behind() {
        let watched = Watched::new(());
        let woken = Woken::new();
        for _ in 0..10 {
            let mut wait = Box::pin(watched.wait(|()| None::<()>));
            assert_eq!(poll_once(wait.as_mut(), &woken), Poll::Pending);
            assert_eq!(poll_once(wait.as_mut(), &woken), Poll::Pending);
            assert_eq!(watched.lock().waiting.len(), 1);
        }
        assert_eq!(watched.lock().waiting.len(), 0);
        watched.change(|()| ());
        assert_eq!(woken.times(), 0);
    }

    #[test]
    fn who_is_woken_under_a_lock_is_woken_after_it() {
        let (outer, inner, signal) = (Mutex::new(0), Mutex::new(()), Signal::new(false));
        let woken = Woken::new();
        let mut wait = Box::pin(signal.raised());
        assert_eq!(poll_once(wait.as_mut(), &woken), Poll::Pending);
        let mut first = lock(&outer);
        let second = lock(&inner);
        *first += 1;
        signal.raise();
        drop(second);
        assert_eq!((woken.times(), *first), (0, 1), "the outer lock is still held");
        drop(first);
        assert_eq!(woken.times(), 1);
        assert!(outer.try_lock().is_ok());
        assert_eq!(poll_once(wait.as_mut(), &woken), Poll::Ready(()));
    }

    #[test]
    fn a_signal_raised_before_the_wait_counts_once() {
        let signal = Signal::new(false);
        let woken = Woken::new();
        signal.raise();
        signal.raise();
        assert_eq!(poll_once(Box::pin(signal.raised()).as_mut(), &woken), Poll::Ready(()));
        assert_eq!(poll_once(Box::pin(signal.raised()).as_mut(), &woken), Poll::Pending);
    }
}
