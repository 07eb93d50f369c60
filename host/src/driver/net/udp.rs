//! Datagram sockets: one small task reads each, everybody writes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sansip_core::agent::Input;
use sansip_core::ids::SocketId;
use sansip_core::io::Reply;

use super::Turn;
use crate::driver::failure::failed;
use crate::driver::runtime::Datagrams;
use crate::driver::shared::{Shared, State};
use crate::driver::task::{Task, sleep, yield_now};

/// Datagrams read from one socket before the lock is given to others.
const DATAGRAMS_A_TURN: usize = 64;
/// Datagrams of one socket that may wait for a full send buffer; more are dropped, as a full network would.
const WAITING_TO_SEND: usize = 64;
/// The pause after a socket failed for no reason of a peer, so that a broken network costs no time.
const PAUSE: Duration = Duration::from_millis(20);

/// A bound datagram socket.
pub(crate) struct DatagramSocket {
    socket: Arc<dyn Datagrams>,
    reader: Task,
    waiting: Arc<Waiting>,
}

/// Datagrams that wait for room in the socket. While there are any, a task sends them, and every other one queues behind.
type Waiting = Mutex<VecDeque<(SocketAddr, Bytes)>>;

impl DatagramSocket {
    pub(crate) fn close(&self) {
        self.reader.stop();
    }
}

impl State {
    pub(crate) fn bind(&mut self, shared: &Arc<Shared>, id: SocketId, address: SocketAddr) -> Reply {
        match open(shared, address) {
            Ok((socket, local)) => {
                let reader = Task::spawn(&*shared.runtime, read(shared.clone(), id, socket.clone()));
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
        match by.send(shared, to, data) {
            Ok(()) => {}
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
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::OutOfMemory)
}

fn open(shared: &Shared, address: SocketAddr) -> io::Result<(Arc<dyn Datagrams>, SocketAddr)> {
    let socket = std::net::UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    Ok((shared.runtime.datagrams(socket)?, local))
}

impl DatagramSocket {
    /// Sends at once, or as soon as the socket can: a new one may not be known to be writable until the runtime has looked
    /// at it once.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if too many wait already.
    fn send(&self, shared: &Shared, to: SocketAddr, data: Bytes) -> io::Result<()> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_empty() {
            match self.socket.try_send(&data, to) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    shared.spawn(send_waiting(self.socket.clone(), self.waiting.clone()));
                }
                result => return result,
            }
        } else if waiting.len() >= WAITING_TO_SEND {
            return Err(ErrorKind::WouldBlock.into());
        }
        waiting.push_back((to, data));
        Ok(())
    }
}

/// Sends what waits, in order, and ends when nothing does. What cannot be sent then is lost, as datagrams may be; the core
/// sends again what matters.
async fn send_waiting(socket: Arc<dyn Datagrams>, waiting: Arc<Waiting>) {
    while poll_fn(|cx| socket.poll_writable(cx)).await.is_ok() {
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((to, data)) = waiting.front() {
            if matches!(socket.try_send(data, *to), Err(error) if error.kind() == ErrorKind::WouldBlock) {
                break;
            }
            waiting.pop_front();
        }
        if waiting.is_empty() {
            return;
        }
    }
    // The runtime has been shut down.
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

async fn read(shared: Arc<Shared>, id: SocketId, socket: Arc<dyn Datagrams>) {
    while poll_fn(|cx| socket.poll_readable(cx)).await.is_ok() {
        match take(&shared, id, &*socket) {
            Ok(Turn::Drained) => {}
            Ok(Turn::More) => yield_now().await,
            Ok(Turn::Ended) => return,
            Err(_) => sleep(&*shared.runtime, PAUSE).await,
        }
    }
}

/// One turn of reading. The octets are received into the one buffer that the lock protects: an idle socket holds none.
///
/// # Errors
/// The socket itself failed.
fn take(shared: &Arc<Shared>, id: SocketId, socket: &dyn Datagrams) -> io::Result<Turn> {
    let mut state = shared.lock();
    let mut turn = Ok(Turn::More);
    for _ in 0..DATAGRAMS_A_TURN {
        if state.has_ended() {
            return Ok(Turn::Ended);
        }
        match state.receive(shared, id, socket) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                turn = Ok(Turn::Drained);
                break;
            }
            // An ICMP error of a datagram sent before, on systems that tell; the next read works.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                turn = Err(error);
                break;
            }
        }
    }
    shared.finish(state);
    turn
}
