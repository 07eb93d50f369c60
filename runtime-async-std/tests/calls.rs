//! The tests of every adapter, on async-std.

use async_std::future::timeout;
use async_std::task::{self, yield_now};
use sansip_async_std as adapter;

#[path = "../../host/tests/adapters/calls.rs"]
mod calls;

const FIRST_PORT: u16 = 44_000;

/// async-std has one set of threads for the whole program.
fn run(_threads: usize, test: impl Future<Output = ()>) {
    task::block_on(test);
}

fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> {
    task::spawn(work)
}
