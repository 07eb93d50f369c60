//! Stream connections: one task each, which reads and writes.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sansip_core::agent::Input;
use sansip_core::ids::{ConnectionId, RequestId, SocketId};
use sansip_core::io::{IoFailure, IoFailureKind, Reply};
use sansip_core::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::driver::failure::{failed, failure};
use crate::driver::shared::{Shared, State};

/// Writes that may wait for one connection; a peer that lets more pile up does not read, and is cut off.
const WAITING: usize = 256;
/// How long a closing connection may take to send what waits.
const CLOSING: Duration = Duration::from_secs(2);
/// Room for what is read at once.
const READ: usize = 4 * 1024;
/// The pause after accepting failed, for want of file descriptors as a rule.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection that is up or coming up.
pub(crate) struct Connection {
    outgoing: mpsc::Sender<Bytes>,
    task: JoinHandle<()>,
}

impl Connection {
    /// Ends the connection without sending what waits.
    pub(crate) fn cut(self) {
        self.task.abort();
    }
}

impl State {
    pub(crate) fn listen(&mut self, shared: &Arc<Shared>, id: SocketId, address: SocketAddr) -> Reply {
        match open_listener(shared, address) {
            Ok((listener, local)) => {
                let task = shared.runtime.spawn(accept(shared.clone(), id, listener));
                self.listeners.insert(id, task.abort_handle());
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
        let (outgoing, waiting) = mpsc::channel(WAITING);
        let task = shared.runtime.spawn(open(shared.clone(), request, connection, remote, waiting));
        self.connections.insert(connection, Connection { outgoing, task });
    }

    /// Lets a connection send what waits, and closes it. The reply comes at once if there is nothing to wait for.
    pub(crate) fn close_connection(
        &mut self,
        shared: &Arc<Shared>,
        request: RequestId,
        id: ConnectionId,
    ) -> Option<Reply> {
        let Some(Connection { outgoing, mut task }) = self.connections.remove(&id) else { return Some(Reply::Done) };
        // Without its sender the queue ends, and with it the task.
        drop(outgoing);
        let shared_then = shared.clone();
        shared.runtime.spawn(async move {
            if tokio::time::timeout(CLOSING, &mut task).await.is_err() {
                task.abort();
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
        match connection.outgoing.try_send(data) {
            Ok(()) => {}
            // The connection has just ended; its task is about to say so.
            Err(mpsc::error::TrySendError::Closed(_)) => self.statistics.stream_writes_dropped += 1,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.statistics.stream_writes_dropped += 1;
                if let Some(connection) = self.connections.remove(&id) {
                    connection.cut();
                }
                let error = IoFailure::new(IoFailureKind::TimedOut, "the peer does not read what is sent to it");
                self.happened(Input::Closed { connection: id, error: Some(error) });
            }
        }
    }
}

fn open_listener(shared: &Shared, address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    let _runtime = shared.runtime.enter();
    Ok((TcpListener::from_std(listener)?, local))
}

async fn accept(shared: Arc<Shared>, id: SocketId, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => take_in(&shared, id, stream, remote),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Gives an accepted connection its id and its task, and tells the core. Beyond the cap it is closed unheard.
fn take_in(shared: &Arc<Shared>, listener: SocketId, stream: TcpStream, remote: SocketAddr) {
    let Ok(local) = stream.local_addr() else { return };
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
    let (outgoing, waiting) = mpsc::channel(WAITING);
    // The task cannot say anything before this turn is over.
    let task = shared.runtime.spawn(carry(shared.clone(), connection, stream, waiting));
    state.connections.insert(connection, Connection { outgoing, task });
    state.agent.handle(shared.clock.now(), Input::Accepted { listener, connection, local, remote });
    shared.finish(state);
}

async fn open(
    shared: Arc<Shared>,
    request: RequestId,
    connection: ConnectionId,
    remote: SocketAddr,
    waiting: mpsc::Receiver<Bytes>,
) {
    let opened = match tokio::time::timeout(limits::CONNECT_TIME, TcpStream::connect(remote)).await {
        Ok(result) => result.and_then(|stream| stream.local_addr().map(|local| (stream, local))),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer from {remote}"))),
    };
    match opened {
        Ok((stream, local)) => {
            shared.input(Input::Reply(request, Reply::Connected { local }));
            carry(shared, connection, stream, waiting).await;
        }
        Err(error) => {
            shared.lock().connections.remove(&connection);
            shared.input(Input::Reply(request, failed(&error)));
        }
    }
}

/// Carries bytes both ways until the agent closes the connection or it fails.
async fn carry(shared: Arc<Shared>, connection: ConnectionId, stream: TcpStream, waiting: mpsc::Receiver<Bytes>) {
    // SIP messages are small and waited for.
    let _ = stream.set_nodelay(true);
    let (reading, writing) = stream.into_split();
    let error = tokio::select! {
        ended = read(&shared, connection, reading) => ended.err(),
        failed = write(writing, waiting) => match failed {
            Ok(()) => return,
            Err(error) => Some(error),
        },
    };
    let known = shared.lock().connections.remove(&connection).is_some();
    if known {
        shared.input(Input::Closed { connection, error: error.as_ref().map(failure) });
    }
}

/// Reads until the peer closes.
async fn read(shared: &Arc<Shared>, connection: ConnectionId, mut reading: OwnedReadHalf) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(READ);
        if reading.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        shared.input(Input::Stream { connection, data: buffer.split().freeze() });
    }
}

/// Writes until the queue ends, and says goodbye.
async fn write(mut writing: OwnedWriteHalf, mut waiting: mpsc::Receiver<Bytes>) -> io::Result<()> {
    while let Some(data) = waiting.recv().await {
        writing.write_all(&data).await?;
    }
    writing.shutdown().await
}
