//! The tests of every adapter, on tokio.

use sansip_tokio as adapter;
use tokio::task::yield_now;
use tokio::time::timeout;

#[path = "../../host/tests/adapters/calls.rs"]
mod calls;

const FIRST_PORT: u16 = 42_000;

fn run(threads: usize, test: impl Future<Output = ()>) {
    let mut builder = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    builder.worker_threads(threads).enable_all().build().unwrap().block_on(test);
}

fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> {
    let task = tokio::spawn(work);
    async { task.await.unwrap() }
}

#[test]
fn an_agent_needs_a_runtime() {
    let starting = adapter::Agent::start(adapter::AgentOptions::default());
    let mut starting = Box::pin(starting);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match starting.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(Err(error)) => assert_eq!(error, adapter::StartError::NoRuntime),
        _ => panic!("an agent without a runtime"),
    }
}
