//! Timers, of the reactor that async-std's own are made of: they can be set again.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use sansip_host::driver::Timer;

pub(crate) struct ReactorTimer(async_io::Timer);

impl ReactorTimer {
    pub(crate) fn new(after: Duration) -> ReactorTimer {
        ReactorTimer(async_io::Timer::after(after))
    }
}

impl Timer for ReactorTimer {
    fn set(&mut self, after: Duration) {
        self.0.set_after(after);
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Instant;

    use super::*;

    #[async_std::test]
    async fn a_timer_goes_off_when_it_was_last_set_to() {
        let start = Instant::now();
        let mut timer = ReactorTimer::new(Duration::from_secs(3_600));
        timer.set(Duration::from_millis(1));
        poll_fn(|cx| timer.poll_expired(cx)).await;
        timer.set(Duration::from_millis(2));
        poll_fn(|cx| timer.poll_expired(cx)).await;
        assert!(start.elapsed() >= Duration::from_millis(3));
    }
}
