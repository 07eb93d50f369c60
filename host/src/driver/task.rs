//! Tasks that can be stopped and waited for, on runtimes that only run them; and the few ways in which they wait.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::driver::runtime::{Runtime, Timer};
use crate::driver::watched::Watched;

/// A running task. Dropping this lets it run on.
pub(crate) struct Task {
    course: Arc<Watched<Course>>,
}

#[derive(Default)]
struct Course {
    stopped: bool,
    ended: bool,
}

impl Task {
    pub(crate) fn spawn(runtime: &dyn Runtime, work: impl Future<Output = ()> + Send + 'static) -> Task {
        let course = Arc::new(Watched::new(Course::default()));
        let ending = Ending(course.clone());
        // Boxed here, so that moving it into the race costs nothing.
        let work = Box::pin(work);
        runtime.spawn(Box::pin(async move {
            race(ending.0.wait(|course| course.stopped.then_some(())), work).await;
        }));
        Task { course }
    }

    /// Drops the task's work the next time the runtime looks at it, which is soon.
    pub(crate) fn stop(&self) {
        self.course.change(|course| course.stopped = true);
    }

    /// Waits until the task has ended, and its work has been dropped.
    pub(crate) async fn ended(&self) {
        self.course.wait(|course| course.ended.then_some(())).await;
    }
}

/// Tells of the end, whichever way it came: the runtime drops its tasks when it is shut down.
struct Ending(Arc<Watched<Course>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.change(|course| course.ended = true);
    }
}

/// Which of two came first.
pub(crate) enum First<A, B> {
    One(A),
    Other(B),
}

/// Waits for the first of two, and drops the other. `one` is looked at first.
pub(crate) async fn race<A, B>(one: impl Future<Output = A>, other: impl Future<Output = B>) -> First<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(one) => Poll::Ready(First::One(one)),
        Poll::Pending => other.as_mut().poll(cx).map(First::Other),
    })
    .await
}

/// Waits until a timer goes off.
pub(crate) async fn expired(timer: &mut dyn Timer) {
    poll_fn(|cx| timer.poll_expired(cx)).await;
}

/// Waits for a time.
pub(crate) async fn sleep(runtime: &dyn Runtime, time: Duration) {
    expired(&mut *runtime.timer(time)).await;
}

/// Waits for the end of `work`, but not longer than `time`.
pub(crate) async fn within<R>(runtime: &dyn Runtime, time: Duration, work: impl Future<Output = R>) -> Option<R> {
    match race(work, sleep(runtime, time)).await {
        First::One(result) => Some(result),
        First::Other(()) => None,
    }
}

/// Lets other tasks run first.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    use super::*;
    use crate::driver::runtime::{Connecting, Datagrams, Listener, Work};

    /// Counts how often a future was woken.
    #[derive(Default)]
    pub(crate) struct Woken(AtomicUsize);

    impl Woken {
        pub(crate) fn new() -> Arc<Woken> {
            Arc::default()
        }

        pub(crate) fn times(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn poll_once<R>(future: Pin<&mut dyn Future<Output = R>>, woken: &Arc<Woken>) -> Poll<R> {
        future.poll(&mut Context::from_waker(&Waker::from(woken.clone())))
    }

    /// The result of a future that has nothing to wait for.
    pub(crate) fn at_once<R>(future: impl Future<Output = R>) -> R {
        match poll_once(pin!(future), &Woken::new()) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("the future waits"),
        }
    }

    /// A runtime that keeps its tasks until they are looked at.
    #[derive(Default)]
    pub(crate) struct Shelf(Mutex<Vec<Work>>);

    impl Shelf {
        /// Looks once at every task.
        pub(crate) fn run(&self, woken: &Arc<Woken>) {
            self.0.lock().unwrap().retain_mut(|work| poll_once(work.as_mut(), woken).is_pending());
        }
    }

    impl Runtime for Shelf {
        fn current() -> Option<Shelf> {
            Some(Shelf::default())
        }
        fn spawn(&self, work: Work) {
            self.0.lock().unwrap().push(work);
        }
        fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
            work();
        }
        fn timer(&self, _after: Duration) -> Box<dyn Timer> {
            Box::new(Passed)
        }
        fn datagrams(&self, _socket: std::net::UdpSocket) -> io::Result<Arc<dyn Datagrams>> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn listener(&self, _socket: std::net::TcpListener) -> io::Result<Box<dyn Listener>> {
            Err(io::ErrorKind::Unsupported.into())
        }
        fn connect(&self, _remote: SocketAddr) -> Connecting {
            Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
        }
    }

    /// A timer that has gone off.
    struct Passed;

    impl Timer for Passed {
        fn set(&mut self, _after: Duration) {}
        fn poll_expired(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }

    #[test]
    fn a_task_tells_its_end_whichever_way_it_came() {
        let (shelf, woken) = (Shelf::default(), Woken::new());
        let held = Arc::new(());
        let work = |held: Arc<()>| async move {
            std::future::pending::<()>().await;
            drop(held);
        };
        let [stopped, dropped] = [(); 2].map(|()| Task::spawn(&shelf, work(held.clone())));
        let done = Task::spawn(&shelf, async {});
        shelf.run(&woken);
        at_once(done.ended());
        assert_eq!((shelf.0.lock().unwrap().len(), Arc::strong_count(&held)), (2, 3));

        stopped.stop();
        assert_eq!(woken.times(), 1);
        shelf.run(&woken);
        at_once(stopped.ended());
        assert_eq!(Arc::strong_count(&held), 2);

        assert_eq!(poll_once(pin!(dropped.ended()), &woken), Poll::Pending);
        shelf.0.lock().unwrap().clear();
        at_once(dropped.ended());
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn work_that_takes_too_long_is_given_up() {
        let shelf = Shelf::default();
        assert_eq!(at_once(within(&shelf, Duration::ZERO, async { 5 })), Some(5));
        assert_eq!(at_once(within(&shelf, Duration::ZERO, std::future::pending::<()>())), None);
    }

    #[test]
    fn the_first_wins_and_the_other_is_dropped() {
        let kept = Arc::new(());
        let other = kept.clone();
        let pending = async move {
            let _other = other;
            std::future::pending::<()>().await;
        };
        assert!(matches!(at_once(race(pending, async { 5 })), First::Other(5)));
        assert_eq!(Arc::strong_count(&kept), 1);
        assert!(matches!(at_once(race(async { 1 }, async { 2 })), First::One(1)));
    }

    #[test]
    fn yielding_waits_once_and_wakes_itself() {
        let woken = Woken::new();
        let mut future = Box::pin(yield_now());
        assert_eq!(poll_once(future.as_mut(), &woken), Poll::Pending);
        assert_eq!(woken.times(), 1);
        assert_eq!(poll_once(future.as_mut(), &woken), Poll::Ready(()));
    }
}
