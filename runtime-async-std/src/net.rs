//! Sockets, on the reactor that async-std's own are made of: they can be tried without waiting.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_io::Async;
use sansip_host::driver::{Datagrams, Listener, Stream};

pub(crate) struct Udp(Async<UdpSocket>);

impl Udp {
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Udp> {
        Async::new(socket).map(Udp)
    }
}

impl Datagrams for Udp {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_readable(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_writable(cx)
    }

    fn try_receive(&self, room: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.get_ref().recv_from(room)
    }

    fn try_send(&self, data: &[u8], to: SocketAddr) -> io::Result<()> {
        self.0.get_ref().send_to(data, to).map(drop)
    }
}

pub(crate) struct TcpAcceptor(Async<TcpListener>);

impl TcpAcceptor {
    pub(crate) fn new(socket: TcpListener) -> io::Result<TcpAcceptor> {
        Async::new(socket).map(TcpAcceptor)
    }
}

impl Listener for TcpAcceptor {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arc<dyn Stream>>> {
        loop {
            match self.0.get_ref().accept() {
                Ok((stream, _)) => return Poll::Ready(Async::new(stream).map(Tcp::shared)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(self.0.poll_readable(cx))?;
        }
    }
}

pub(crate) async fn connect(remote: SocketAddr) -> io::Result<Arc<dyn Stream>> {
    Async::<TcpStream>::connect(remote).await.map(Tcp::shared)
}

struct Tcp(Async<TcpStream>);

impl Tcp {
    fn shared(stream: Async<TcpStream>) -> Arc<dyn Stream> {
        // Without it the connection works too, only later.
        let _ = stream.get_ref().set_nodelay(true);
        Arc::new(Tcp(stream))
    }
}

impl Stream for Tcp {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_readable(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_writable(cx)
    }

    fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.0.get_ref().read(room)
    }

    fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        self.0.get_ref().write(data)
    }
}
