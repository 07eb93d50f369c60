//! The runtime itself: tasks, and threads for what blocks.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sansip_host::driver::{Connecting, Datagrams, Listener, Runtime, Timer, Work};
use tokio::runtime::Handle;

use crate::net;
use crate::timer::TokioTimer;

/// A tokio runtime, with I/O and time enabled.
#[derive(Clone, Debug)]
pub struct Tokio {
    handle: Handle,
}

impl Runtime for Tokio {
    fn current() -> Option<Tokio> {
        Handle::try_current().ok().map(|handle| Tokio { handle })
    }

    fn spawn(&self, work: Work) {
        self.handle.spawn(work);
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.handle.spawn_blocking(work);
    }

    fn timer(&self, after: Duration) -> Box<dyn Timer> {
        let _within = self.handle.enter();
        Box::new(TokioTimer::new(after))
    }

    fn datagrams(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn Datagrams>> {
        let _within = self.handle.enter();
        Ok(Arc::new(net::Udp::new(socket)?))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<Box<dyn Listener>> {
        let _within = self.handle.enter();
        Ok(Box::new(net::TcpAcceptor::new(socket)?))
    }

    fn connect(&self, remote: SocketAddr) -> Connecting {
        Box::pin(net::connect(remote))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_runtime_there_is_none() {
        assert!(Tokio::current().is_none());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _within = runtime.enter();
        assert!(Tokio::current().is_some());
    }
}
