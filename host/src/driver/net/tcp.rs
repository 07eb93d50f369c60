//! Stream connections: one task each, which reads and writes.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sansip_core::agent::Input;
use sansip_core::ids::{ConnectionId, RequestId, SocketId};
use sansip_core::io::{IoFailure, IoFailureKind, Reply};
use sansip_core::limits;

use super::Turn;
use crate::driver::failure::{failed, failure};
use crate::driver::queue::{Queue, Refused};
use crate::driver::runtime::{Listener, Stream};
use crate::driver::shared::{Shared, State};
use crate::driver::task::{First, Task, race, sleep, within, yield_now};

/// Writes that may wait for one connection; a peer that lets more pile up does not read, and is cut off.
const WAITING: usize = 256;
/// How long a closing connection may take to send what waits.
const CLOSING: Duration = Duration::from_secs(2);
/// How often a connection is read before the lock is given to others.
const READS_A_TURN: usize = 16;
/// The pause after accepting failed, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection that is up or coming up.
pub(crate) struct Connection {
    outgoing: Arc<Queue<Bytes>>,
    task: Task,
    /// The request that asked for it, until it is answered.
    connecting: Option<RequestId>,
}

impl Connection {
    /// Ends the connection without sending what waits.
    pub(crate) fn cut(self) {
        self.task.stop();
    }
}

impl State {
    pub(crate) fn listen(&mut self, shared: &Arc<Shared>, id: SocketId, address: SocketAddr) -> Reply {
        match open_listener(shared, address) {
            Ok((listener, local)) => {
                self.listeners.insert(id, Task::spawn(&*shared.runtime, accept(shared.clone(), id, listener)));
                Reply::Bound { local }
            }
            Err(error) => failed(&error),
        }
    }

    pub(crate) fn connect(
        &mut self,
        shared: &Arc<Shared>,
        request: RequestId,
        connection: ConnectionId,
        remote: SocketAddr,
    ) {
        let outgoing = Arc::new(Queue::new(WAITING));
        let task = Task::spawn(&*shared.runtime, open(shared.clone(), request, connection, remote, outgoing.clone()));
        self.connections.insert(connection, Connection { outgoing, task, connecting: Some(request) });
    }

    /// Lets a connection send what waits, and closes it. The reply comes at once if there is nothing to wait for. One that
    /// is still coming up is given up, and the request that asked for it has failed.
    pub(crate) fn close_connection(
        &mut self,
        shared: &Arc<Shared>,
        request: RequestId,
        id: ConnectionId,
    ) -> Option<Reply> {
        let Some(Connection { outgoing, task, connecting }) = self.connections.remove(&id) else {
            return Some(Reply::Done);
        };
        if let Some(connecting) = connecting {
            task.stop();
            let error = IoFailure::new(IoFailureKind::Other, "the connection was closed before it was up");
            self.happened(Input::Reply(connecting, Reply::Failed(error)));
            return Some(Reply::Done);
        }
        // With the queue the task ends.
        outgoing.close();
        let shared_then = shared.clone();
        shared.spawn(async move {
            if within(&*shared_then.runtime, CLOSING, task.ended()).await.is_none() {
                task.stop();
            }
            shared_then.input(Input::Reply(request, Reply::Done));
        });
        None
    }

    pub(crate) fn send_stream(&mut self, id: ConnectionId, data: Bytes) {
        let Some(connection) = self.connections.get(&id) else {
            self.statistics.stream_writes_dropped += 1;
            return;
        };
        match connection.outgoing.offer(data) {
            Ok(()) => {}
            // The connection has just ended; its task is about to say so.
            Err(Refused::Closed) => self.statistics.stream_writes_dropped += 1,
            Err(Refused::Full) => {
                self.statistics.stream_writes_dropped += 1;
                let error = IoFailure::new(IoFailureKind::TimedOut, "the peer does not read what is sent to it");
                let connecting = self.connections.remove(&id).and_then(|connection| {
                    connection.task.stop();
                    connection.connecting
                });
                self.happened(match connecting {
                    Some(request) => Input::Reply(request, Reply::Failed(error)),
                    None => Input::Closed { connection: id, error: Some(error) },
                });
            }
        }
    }
}

fn open_listener(shared: &Shared, address: SocketAddr) -> io::Result<(Box<dyn Listener>, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok((shared.runtime.listener(listener)?, local))
}

async fn accept(shared: Arc<Shared>, id: SocketId, listener: Box<dyn Listener>) {
    loop {
        match poll_fn(|cx| listener.poll_accept(cx)).await {
            Ok(stream) => take_in(&shared, id, stream),
            Err(_) => sleep(&*shared.runtime, PAUSE).await,
        }
    }
}

/// Gives an accepted connection its id and its task, and tells the core. Beyond the cap it is closed unheard.
fn take_in(shared: &Arc<Shared>, listener: SocketId, stream: Arc<dyn Stream>) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let mut state = shared.lock();
    if state.has_ended() {
        return;
    }
    if state.connections.len() >= limits::CONNECTIONS {
        state.statistics.connections_refused += 1;
        return;
    }
    state.accepted += 1;
    let connection = ConnectionId::accepted(state.accepted);
    let outgoing = Arc::new(Queue::new(WAITING));
    // The task cannot say anything before this turn is over.
    let task = Task::spawn(&*shared.runtime, carry(shared.clone(), connection, stream, outgoing.clone()));
    state.connections.insert(connection, Connection { outgoing, task, connecting: None });
    state.agent.handle(shared.clock.now(), Input::Accepted { listener, connection, local, remote });
    shared.finish(state);
}

async fn open(
    shared: Arc<Shared>,
    request: RequestId,
    connection: ConnectionId,
    remote: SocketAddr,
    outgoing: Arc<Queue<Bytes>>,
) {
    let opened = match within(&*shared.runtime, limits::CONNECT_TIME, shared.runtime.connect(remote)).await {
        Some(result) => result.and_then(|stream| stream.local_addr().map(|local| (stream, local))),
        None => Err(io::Error::new(ErrorKind::TimedOut, format!("no answer from {remote}"))),
    };
    match opened {
        Ok((stream, local)) => {
            if came_up(&shared, request, connection, local) {
                carry(shared, connection, stream, outgoing).await;
            }
        }
        Err(error) => {
            let mut state = shared.lock();
            // Who gave it up meanwhile has answered the request.
            if state.connections.remove(&connection).is_some() {
                state.agent.handle(shared.clock.now(), Input::Reply(request, failed(&error)));
                shared.finish(state);
            }
        }
    }
}

/// Tells the core that a connection is up. False if it was given up meanwhile: the request has been answered then.
fn came_up(shared: &Arc<Shared>, request: RequestId, id: ConnectionId, local: SocketAddr) -> bool {
    let mut state = shared.lock();
    let Some(connection) = state.connections.get_mut(&id) else { return false };
    connection.connecting = None;
    state.agent.handle(shared.clock.now(), Input::Reply(request, Reply::Connected { local }));
    shared.finish(state);
    true
}

/// Carries bytes both ways until the agent closes the connection or it fails.
async fn carry(shared: Arc<Shared>, connection: ConnectionId, stream: Arc<dyn Stream>, outgoing: Arc<Queue<Bytes>>) {
    let error = match race(read(&shared, connection, &*stream), write(&*stream, &outgoing)).await {
        First::One(ended) => ended.err(),
        First::Other(Ok(())) => return,
        First::Other(Err(error)) => Some(error),
    };
    outgoing.abandon();
    let known = shared.lock().connections.remove(&connection).is_some();
    if known {
        shared.input(Input::Closed { connection, error: error.as_ref().map(failure) });
    }
}

/// Reads until the peer closes.
async fn read(shared: &Arc<Shared>, connection: ConnectionId, stream: &dyn Stream) -> io::Result<()> {
    loop {
        poll_fn(|cx| stream.poll_readable(cx)).await?;
        match take(shared, connection, stream)? {
            Turn::More => yield_now().await,
            Turn::Drained => {}
            Turn::Ended => return Ok(()),
        }
    }
}

/// One turn of reading. As with datagrams, a connection on which nothing comes holds no buffer.
fn take(shared: &Arc<Shared>, connection: ConnectionId, stream: &dyn Stream) -> io::Result<Turn> {
    let mut state = shared.lock();
    let mut turn = Ok(Turn::More);
    for _ in 0..READS_A_TURN {
        match state.receive_stream(shared, connection, stream) {
            Ok(0) => turn = Ok(Turn::Ended),
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == ErrorKind::WouldBlock => turn = Ok(Turn::Drained),
            Err(error) => turn = Err(error),
        }
        break;
    }
    shared.finish(state);
    turn
}

/// Writes until the queue ends. With the connection's task the socket is closed, and what was written is sent.
async fn write(stream: &dyn Stream, outgoing: &Queue<Bytes>) -> io::Result<()> {
    while let Some(data) = outgoing.next().await {
        let mut rest = &data[..];
        while !rest.is_empty() {
            match stream.try_write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll_fn(|cx| stream.poll_writable(cx)).await?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}
