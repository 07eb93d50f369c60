//! Sockets.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use sansip_host::driver::{Datagrams, Listener, Stream};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

pub(crate) struct Udp(UdpSocket);

impl Udp {
    /// To be called within the runtime.
    pub(crate) fn new(socket: std::net::UdpSocket) -> io::Result<Udp> {
        UdpSocket::from_std(socket).map(Udp)
    }
}

impl Datagrams for Udp {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_recv_ready(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_send_ready(cx)
    }

    fn try_receive(&self, room: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.try_recv_from(room)
    }

    fn try_send(&self, data: &[u8], to: SocketAddr) -> io::Result<()> {
        self.0.try_send_to(data, to).map(drop)
    }
}

pub(crate) struct TcpAcceptor(TcpListener);

impl TcpAcceptor {
    /// To be called within the runtime.
    pub(crate) fn new(socket: std::net::TcpListener) -> io::Result<TcpAcceptor> {
        TcpListener::from_std(socket).map(TcpAcceptor)
    }
}

impl Listener for TcpAcceptor {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arc<dyn Stream>>> {
        self.0.poll_accept(cx).map_ok(|(stream, _)| Tcp::shared(stream))
    }
}

pub(crate) async fn connect(remote: SocketAddr) -> io::Result<Arc<dyn Stream>> {
    TcpStream::connect(remote).await.map(Tcp::shared)
}

struct Tcp(TcpStream);

impl Tcp {
    fn shared(stream: TcpStream) -> Arc<dyn Stream> {
        // Without it the connection works too, only later.
        let _ = stream.set_nodelay(true);
        Arc::new(Tcp(stream))
    }
}

impl Stream for Tcp {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read_ready(cx)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(room)
    }

    fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        self.0.try_write(data)
    }
}
