//! Timers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sansip_host::driver::Timer;
use tokio::time::{Instant, Sleep, sleep};

pub(crate) struct TokioTimer(Pin<Box<Sleep>>);

impl TokioTimer {
    /// To be called within the runtime.
    pub(crate) fn new(after: Duration) -> TokioTimer {
        TokioTimer(Box::pin(sleep(after)))
    }
}

impl Timer for TokioTimer {
    fn set(&mut self, after: Duration) {
        self.0.as_mut().reset(Instant::now() + after);
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timer_goes_off_when_it_was_last_set_to() {
        let start = Instant::now();
        let mut timer = TokioTimer::new(Duration::from_secs(1));
        timer.set(Duration::from_secs(5));
        poll_fn(|cx| timer.poll_expired(cx)).await;
        assert_eq!(start.elapsed().as_secs(), 5);
        timer.set(Duration::from_secs(2));
        poll_fn(|cx| timer.poll_expired(cx)).await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
