//! The runtime itself: tasks, and threads for what blocks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_std::task;
use sansip_host::driver::{Connecting, Datagrams, Listener, Runtime, Timer, Work};

use crate::net;
use crate::timer::ReactorTimer;

/// async-std's runtime. There is one in every program, and it starts when it is first used.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    fn current() -> Option<AsyncStd> {
        Some(AsyncStd)
    }

    fn spawn(&self, work: Work) {
        // A task whose handle is dropped runs on.
        drop(task::spawn(work));
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        drop(task::spawn_blocking(work));
    }

    fn timer(&self, after: Duration) -> Box<dyn Timer> {
        Box::new(ReactorTimer::new(after))
    }

    fn datagrams(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn Datagrams>> {
        Ok(Arc::new(net::Udp::new(socket)?))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<Box<dyn Listener>> {
        Ok(Box::new(net::TcpAcceptor::new(socket)?))
    }

    fn connect(&self, remote: SocketAddr) -> Connecting {
        Box::pin(net::connect(remote))
    }
}
