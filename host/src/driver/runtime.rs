//! What a driver needs of an async runtime.
//!
//! Sockets are asked with `try_…` and waited for with `poll_…`, so that a datagram is read into the driver's own buffer
//! and sent without a task of its own. Every `poll_…` is called from one task at a time, and keeps that task's waker only.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a task does.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection on its way.
pub type Connecting = Pin<Box<dyn Future<Output = io::Result<Arc<dyn Stream>>> + Send>>;

/// An async runtime, as one agent uses it. Its methods are called from any thread.
pub trait Runtime: Send + Sync + 'static {
    /// The runtime that runs the calling code; `None` if there is none.
    fn current() -> Option<Self>
    where
        Self: Sized;

    /// Runs a task to its end. When it has ended it is dropped at once: sockets are closed that way.
    fn spawn(&self, work: Work);

    /// Runs something that blocks, where that holds no task up.
    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>);

    /// A timer that goes off `after` now.
    fn timer(&self, after: Duration) -> Box<dyn Timer>;

    /// Takes over a bound socket that does not block.
    ///
    /// # Errors
    /// What the system says, for instance that there are too many open files.
    fn datagrams(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn Datagrams>>;

    /// Takes over a listening socket that does not block.
    ///
    /// # Errors
    /// What the system says.
    fn listener(&self, socket: std::net::TcpListener) -> io::Result<Box<dyn Listener>>;

    /// Opens a TCP connection. It is waited for in a task of this runtime.
    fn connect(&self, remote: SocketAddr) -> Connecting;
}

/// A timer that can be set again and again.
pub trait Timer: Send {
    /// Lets it go off `after` now, and no more when it would have.
    fn set(&mut self, after: Duration);

    /// Ready once it has gone off. What comes of asking again before it was set again is open.
    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A bound UDP socket.
pub trait Datagrams: Send + Sync {
    /// Ready when there may be a datagram; asked after [`Datagrams::try_receive`] found none, too.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when there may be room for a datagram.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Takes a datagram: its length, and who sent it. What does not fit is cut off.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if there is none.
    fn try_receive(&self, room: &mut [u8]) -> io::Result<(usize, SocketAddr)>;

    /// Sends a datagram.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if there is no room now, or the runtime has not looked yet.
    fn try_send(&self, data: &[u8], to: SocketAddr) -> io::Result<()>;
}

/// A listening TCP socket.
pub trait Listener: Send + Sync {
    /// The next connection.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arc<dyn Stream>>>;
}

/// A TCP connection. Dropped, it is closed, and what was written before is sent. Small writes are sent at once
/// (`TCP_NODELAY`): SIP messages are small and waited for.
pub trait Stream: Send + Sync {
    /// Its own side.
    ///
    /// # Errors
    /// What the socket says.
    fn local_addr(&self) -> io::Result<SocketAddr>;

    /// The other side.
    ///
    /// # Errors
    /// What the socket says; a connection that was reset has none.
    fn peer_addr(&self) -> io::Result<SocketAddr>;

    /// Ready when there may be something to read; asked after [`Stream::try_read`] found nothing, too.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ready when there may be room to write.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Reads what is there; 0 at the end.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if there is nothing.
    fn try_read(&self, room: &mut [u8]) -> io::Result<usize>;

    /// Writes the beginning of `data`, as much as there is room for.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if there is no room.
    fn try_write(&self, data: &[u8]) -> io::Result<usize>;
}
