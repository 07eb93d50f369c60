//! Datagram sockets: one small task reads each, everybody writes.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sansip_core::agent::Input;
use sansip_core::ids::SocketId;
use sansip_core::io::Reply;
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;

use crate::driver::failure::failed;
use crate::driver::shared::{Shared, State};

/// Datagrams read from one socket before the lock is given to others.
const DATAGRAMS_A_TURN: usize = 64;
/// Datagrams of one socket that may wait for a full send buffer; more are dropped, as a full network would.
const WAITING_TO_SEND: usize = 64;
/// The pause after a socket failed for no reason of a peer, so that a broken network costs no time.
const PAUSE: Duration = Duration::from_millis(20);

/// A bound datagram socket.
pub(crate) struct DatagramSocket {
    socket: Arc<UdpSocket>,
    reader: AbortHandle,
    waiting: Arc<AtomicUsize>,
}

impl DatagramSocket {
    pub(crate) fn close(&self) {
        self.reader.abort();
    }
}

/// What came of one turn of reading.
enum Turn {
    /// Nothing more is there.
    Drained,
    /// More may be there.
    More,
    /// The socket itself failed.
    Failed,
    /// The agent has ended.
    Ended,
}

impl State {
    pub(crate) fn bind(&mut self, shared: &Arc<Shared>, id: SocketId, address: SocketAddr) -> Reply {
        match open(shared, address) {
            Ok((socket, local)) => {
                let reader = shared.runtime.spawn(read(shared.clone(), id, socket.clone())).abort_handle();
                self.sockets.insert(id, DatagramSocket { socket, reader, waiting: Arc::default() });
                Reply::Bound { local }
            }
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn send_datagram(&mut self, shared: &Arc<Shared>, id: SocketId, to: SocketAddr, data: Bytes) {
        let Some(by) = self.sockets.get(&id) else {
            self.statistics.datagrams_not_sent += 1;
            return;
        };
        match by.socket.try_send_to(&data, to) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if !send_later(shared, by, to, data) {
                    self.statistics.datagrams_not_sent += 1;
                }
            }
            Err(error) => {
                self.statistics.datagrams_not_sent += 1;
                if !is_passing(&error) {
                    self.happened(Input::Unreachable { socket: id, to });
                }
            }
        }
    }
}

/// The machine is short of something for a moment; the peer is as reachable as before.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::OutOfMemory)
}

fn open(shared: &Shared, address: SocketAddr) -> io::Result<(Arc<UdpSocket>, SocketAddr)> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    let _runtime = shared.runtime.enter();
    Ok((Arc::new(UdpSocket::from_std(socket)?), local))
}

/// Sends as soon as the socket can. A new socket is not known to be writable until the runtime has looked at it once.
/// False if too many wait already.
fn send_later(shared: &Shared, by: &DatagramSocket, to: SocketAddr, data: Bytes) -> bool {
    if by.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_TO_SEND {
        by.waiting.fetch_sub(1, Ordering::Relaxed);
        return false;
    }
    let (socket, waiting) = (by.socket.clone(), by.waiting.clone());
    shared.runtime.spawn(async move {
        // What cannot be sent now is lost, as datagrams may be; the core sends again what matters.
        let _ = socket.send_to(&data, to).await;
        waiting.fetch_sub(1, Ordering::Relaxed);
    });
    true
}

async fn read(shared: Arc<Shared>, id: SocketId, socket: Arc<UdpSocket>) {
    while socket.readable().await.is_ok() {
        match take(&shared, id, &socket) {
            Turn::Drained => {}
            Turn::More => tokio::task::yield_now().await,
            Turn::Failed => tokio::time::sleep(PAUSE).await,
            Turn::Ended => return,
        }
    }
}

/// One turn of reading. The octets are received into the one buffer that the lock protects: an idle socket holds none.
fn take(shared: &Arc<Shared>, id: SocketId, socket: &UdpSocket) -> Turn {
    let mut state = shared.lock();
    let mut turn = Turn::More;
    for _ in 0..DATAGRAMS_A_TURN {
        if state.has_ended() {
            return Turn::Ended;
        }
        match state.receive(shared, id, socket) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                turn = Turn::Drained;
                break;
            }
            // An ICMP error of a datagram sent before, on systems that tell; the next read works.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) => {}
            Err(_) => {
                turn = Turn::Failed;
                break;
            }
        }
    }
    shared.finish(state);
    turn
}
