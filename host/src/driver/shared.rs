//! The core, its surroundings, and the one way in: everything that happens takes a *turn*.
//!
//! A turn locks the state, hands one thing to the core, and carries out at once whatever the core wants done: bytes are
//! given to the sockets without waiting, requests are answered or put into tasks, notifications are put into queues.
//! The lock is held for microseconds and never across an `await`, whichever thread the turn runs on: a task that reads
//! a socket, the timer's, the sound's, or a thread of the application. So nothing stands between a datagram and its
//! answer, and what goes out keeps the order in which the core gave it. Whoever waits for something that the turn brought
//! is woken after the lock is given back.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sansip_core::agent::{Input, Output, UserAgent};
use sansip_core::ids::{ConnectionId, FileId, RequestId, SessionId, SocketId};
use sansip_core::io::{Channel, Reply, Request, Transmit};
use sansip_core::middleware::notification::{AgentNotification, Event, Listening, Notification};
use sansip_core::time::Instant;

use crate::clock::Clock;
use crate::driver::agent::DriverStatistics;
use crate::driver::audio::SoundDefaults;
use crate::driver::files::{Operation, Worker};
use crate::driver::net::{Connection, DatagramSocket};
use crate::driver::notifications::tell_everything;
use crate::driver::queue::Queue;
use crate::driver::record::Record;
use crate::driver::runtime::{Datagrams, Runtime, Stream};
use crate::driver::task::{First, Task, expired, race};
use crate::driver::watched::{Locked, Signal, Watched, lock};
use crate::sound::SoundNotice;

/// Longest time between two looks at the clock. The runtime's own timers stand still while the machine sleeps, the
/// agent's do not; this bounds how late the agent is after a suspend.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// Longest datagram there is.
const LONGEST_DATAGRAM: usize = 65_535;

/// Octets read from a connection at once.
const STREAM_READ: usize = 4 * 1024;

/// Room for received RTP packets; reused as soon as the core has let go of them.
const MEDIA_BUFFER: usize = 16 * 1024;

/// Things the sound card had to say that wait for the application.
const SOUND_NOTICES: usize = 64;

/// How far an agent is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Progress {
    Starting,
    Listening(Vec<Listening>),
    Failed(String),
    Ended,
}

/// What every task and handle of one agent shares.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// The earliest timer has moved, or the agent has ended.
    pub(crate) timer: Signal,
    /// A session has sound that has to be moved.
    pub(crate) sound: Signal,
    pub(crate) progress: Watched<Progress>,
    pub(crate) sound_notices: Queue<SoundNotice>,
    /// How many files are not yet closed.
    pub(crate) open_files: Watched<usize>,
    pub(crate) clock: Clock,
    pub(crate) runtime: Arc<dyn Runtime>,
}

/// What the lock protects.
pub(crate) struct State {
    pub(crate) agent: UserAgent,
    pub(crate) sockets: HashMap<SocketId, DatagramSocket>,
    pub(crate) listeners: HashMap<SocketId, Task>,
    pub(crate) connections: HashMap<ConnectionId, Connection>,
    /// Connections accepted so far.
    pub(crate) accepted: u64,
    pub(crate) files: HashMap<FileId, Worker>,
    /// Sessions that have not ended.
    pub(crate) records: BTreeMap<SessionId, Arc<Record>>,
    /// What a new session says and where its sound goes.
    pub(crate) sound_defaults: SoundDefaults,
    notifications: Arc<Queue<Notification>>,
    pub(crate) statistics: DriverStatistics,
    /// The tasks that live as long as the agent.
    pub(crate) tasks: Vec<Task>,
    /// What happened while the core's wishes were carried out.
    inputs: VecDeque<Input>,
    /// When the core wants to be called.
    wake: Instant,
    /// What [`keep_time`] sleeps for.
    awaited: Instant,
    /// Where everything that comes is read to first.
    incoming: Box<[u8]>,
    media: BytesMut,
    /// The core is done.
    core_ended: bool,
    /// Everything is closed.
    ended: bool,
}

impl Shared {
    pub(crate) fn new(
        runtime: Arc<dyn Runtime>,
        agent: UserAgent,
        clock: Clock,
        notifications: Arc<Queue<Notification>>,
        sound_defaults: SoundDefaults,
    ) -> Arc<Shared> {
        let state = State {
            agent,
            sockets: HashMap::new(),
            listeners: HashMap::new(),
            connections: HashMap::new(),
            accepted: 0,
            files: HashMap::new(),
            records: BTreeMap::new(),
            sound_defaults,
            notifications,
            statistics: DriverStatistics::default(),
            tasks: Vec::new(),
            inputs: VecDeque::new(),
            wake: Instant::NEVER,
            awaited: Instant::NEVER,
            incoming: vec![0; LONGEST_DATAGRAM].into_boxed_slice(),
            media: BytesMut::with_capacity(MEDIA_BUFFER),
            core_ended: false,
            ended: false,
        };
        Arc::new(Shared {
            state: Mutex::new(state),
            timer: Signal::new(false),
            sound: Signal::new(false),
            progress: Watched::new(Progress::Starting),
            sound_notices: Queue::new(SOUND_NOTICES),
            open_files: Watched::new(0),
            clock,
            runtime,
        })
    }

    /// Runs a task that ends by itself.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(Box::pin(work));
    }

    /// Waits until everything is closed.
    pub(crate) async fn ended(&self) {
        self.progress.wait(|now| (*now == Progress::Ended).then_some(())).await;
    }

    pub(crate) fn lock(&self) -> Locked<'_, State> {
        lock(&self.state)
    }

    /// A turn in which something happened outside. Nothing happens any more once the agent has ended.
    pub(crate) fn input(self: &Arc<Self>, input: Input) {
        let mut state = self.lock();
        if !state.ended {
            state.agent.handle(self.clock.now(), input);
            self.finish(state);
        }
    }

    /// A turn of the application: a command, or a question that may have effects.
    pub(crate) fn command<R>(self: &Arc<Self>, command: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        state.agent.handle(self.clock.now(), Input::Time);
        let result = command(&mut state);
        self.finish(state);
        result
    }

    /// Ends a turn: carries out what the core wants, sets the timer, and tidies up once the agent has ended.
    pub(crate) fn finish(self: &Arc<Self>, mut state: Locked<'_, State>) {
        state.drain(self);
        if state.core_ended && !state.ended {
            state.shut_down();
            self.tell_end();
        } else if state.wake < state.awaited {
            state.awaited = state.wake;
            self.timer.raise();
        }
    }

    /// Closes everything, whether or not the core is done.
    pub(crate) fn shut_down(&self) {
        let mut state = self.lock();
        state.shut_down();
        self.tell_end();
    }

    /// Wakes whoever waits for the end. Why a start failed is not overwritten: nobody has a handle then.
    fn tell_end(&self) {
        self.progress.change(|progress| {
            if !matches!(progress, Progress::Failed(_)) {
                *progress = Progress::Ended;
            }
        });
        self.timer.raise();
    }
}

impl State {
    /// True once everything is closed.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    fn drain(&mut self, shared: &Arc<Shared>) {
        loop {
            match self.agent.poll() {
                Output::Transmit(transmit) => self.transmit(shared, transmit),
                Output::Request(id, request) => self.carry_out(shared, id, request),
                Output::Notification(notification) => self.tell(shared, notification),
                Output::Wake(at) => match self.inputs.pop_front() {
                    Some(input) => self.agent.handle(shared.clock.now(), input),
                    None => {
                        self.wake = at;
                        break;
                    }
                },
            }
        }
    }

    /// Something to hand to the core before this turn ends.
    pub(crate) fn happened(&mut self, input: Input) {
        self.inputs.push_back(input);
    }

    fn transmit(&mut self, shared: &Arc<Shared>, transmit: Transmit) {
        match transmit.by {
            Channel::Socket(socket) => self.send_datagram(shared, socket, transmit.to, transmit.data),
            Channel::Connection(connection) => self.send_stream(connection, transmit.data),
        }
    }

    fn carry_out(&mut self, shared: &Arc<Shared>, id: RequestId, request: Request) {
        let reply = match request {
            Request::Bind { socket, address } => Some(self.bind(shared, socket, address)),
            Request::Listen { socket, address } => Some(self.listen(shared, socket, address)),
            Request::CloseSocket { socket } => Some(self.close_socket(socket)),
            Request::Connect { connection, remote } => {
                self.connect(shared, id, connection, remote);
                None
            }
            Request::CloseConnection { connection } => self.close_connection(shared, id, connection),
            Request::Lookup { host } => {
                shared.spawn(crate::driver::net::look_up(shared.clone(), id, host.to_string()));
                None
            }
            Request::SourceAddress { towards } => Some(crate::driver::net::source_address(towards)),
            Request::CreateFile { file, path, replace } => {
                self.create_file(shared, id, file, path);
                None
            }
            Request::WriteFile { file, offset, data } => {
                self.file_operation(id, file, Operation::Write { offset, data })
            }
            Request::CloseFile { file } => self.file_operation(id, file, Operation::Close),
        };
        if let Some(reply) = reply {
            self.happened(Input::Reply(id, reply));
        }
    }

    fn tell(&mut self, shared: &Arc<Shared>, notification: Notification) {
        match &notification.event {
            Event::Agent(AgentNotification::DidStart { listening }) => {
                shared.progress.change(|progress| *progress = Progress::Listening(listening.clone()));
            }
            Event::Agent(AgentNotification::DidFail { reason }) => {
                // Only a start that failed is waited for.
                shared.progress.change(|progress| {
                    if *progress == Progress::Starting {
                        *progress = Progress::Failed(reason.clone());
                    }
                });
            }
            Event::Agent(AgentNotification::DidEnd) => self.core_ended = true,
            Event::Session(id, what) => self.tell_session(shared, *id, what, &notification),
            _ => {}
        }
        tell_everything(&self.notifications, notification);
    }

    /// Takes one datagram from a socket and hands it to the core.
    ///
    /// # Errors
    /// What the socket says; `WouldBlock` if there is none.
    pub(crate) fn receive(
        &mut self,
        shared: &Arc<Shared>,
        id: SocketId,
        socket: &dyn Datagrams,
    ) -> std::io::Result<()> {
        let (length, from) = socket.try_receive(&mut self.incoming)?;
        let data = self.keep(length);
        self.agent.handle(shared.clock.now(), Input::Datagram { socket: id, from, data });
        self.drain(shared);
        Ok(())
    }

    /// Takes what has come on a connection and hands it to the core; 0 octets at the end of the stream. Nothing is read
    /// any more once the agent has ended.
    ///
    /// # Errors
    /// What the connection says; `WouldBlock` if nothing is there.
    pub(crate) fn receive_stream(
        &mut self,
        shared: &Arc<Shared>,
        connection: ConnectionId,
        stream: &dyn Stream,
    ) -> std::io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        let room = &mut self.incoming[..STREAM_READ];
        let length = stream.try_read(room)?;
        if length > 0 {
            let data = Bytes::copy_from_slice(&room[..length]);
            self.agent.handle(shared.clock.now(), Input::Stream { connection, data });
            self.drain(shared);
        }
        Ok(length)
    }

    /// The received octets as the core wants them. RTP and RTCP (version 2 in the first two bits) come and go: they are
    /// put into one buffer that is used again and again. Anything else may be kept for long, and gets an allocation of
    /// its exact size, so that a small message never keeps a large buffer alive.
    fn keep(&mut self, length: usize) -> Bytes {
        let data = &self.incoming[..length];
        if data.first().is_some_and(|first| first >> 6 == 2) {
            if self.media.capacity() < length {
                self.media.reserve(MEDIA_BUFFER.max(length));
            }
            self.media.extend_from_slice(data);
            self.media.split().freeze()
        } else {
            Bytes::copy_from_slice(data)
        }
    }

    fn shut_down(&mut self) {
        self.ended = true;
        for (_, socket) in self.sockets.drain() {
            socket.close();
        }
        for (_, listener) in self.listeners.drain() {
            listener.stop();
        }
        for (_, connection) in self.connections.drain() {
            connection.cut();
        }
        // A file's worker writes what waits, and ends.
        self.files.clear();
        for record in std::mem::take(&mut self.records).into_values() {
            record.cut_off();
        }
        for task in self.tasks.drain(..) {
            task.stop();
        }
        self.notifications.close();
    }

    fn close_socket(&mut self, id: SocketId) -> Reply {
        if let Some(socket) = self.sockets.remove(&id) {
            socket.close();
        }
        if let Some(listener) = self.listeners.remove(&id) {
            listener.stop();
        }
        Reply::Done
    }
}

/// Gives the agent its time, until it has ended.
pub(crate) async fn keep_time(shared: Arc<Shared>) {
    let mut timer = shared.runtime.timer(LONGEST_SLEEP);
    loop {
        let wait = {
            let mut state = shared.lock();
            if state.ended {
                return;
            }
            state.awaited = state.wake;
            shared.clock.until(state.wake).map_or(LONGEST_SLEEP, |wait| wait.min(LONGEST_SLEEP))
        };
        timer.set(wait);
        match race(shared.timer.raised(), expired(&mut *timer)).await {
            First::One(()) => {}
            First::Other(()) => shared.input(Input::Time),
        }
    }
}

#[cfg(test)]
mod tests {
    use sansip_core::middleware::settings::Settings;

    use super::*;
    use crate::driver::task::tests::{Shelf, Woken};

    fn shared_on(shelf: Arc<Shelf>) -> Arc<Shared> {
        let clock = Clock::new();
        let seed = crate::entropy::seed().unwrap();
        let agent = UserAgent::new(Settings::default(), seed, clock.now(), clock.wall_clock()).unwrap();
        Shared::new(shelf, agent, clock, Arc::new(Queue::new(1)), SoundDefaults::none())
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_created_is_forgotten() {
        let shelf = Arc::new(Shelf::default());
        let shared = shared_on(shelf.clone());
        let (file, request) = (FileId::from_number(1), RequestId::from_number(1));
        shared.lock().create_file(&shared, request, file, "/dev/null/a.wav".into());
        assert!(shared.lock().files.contains_key(&file));
        shelf.run(&Woken::new());
        assert!(shared.lock().files.is_empty());
        assert_eq!(shared.open_files.look(|open| *open), 0);
    }

    #[test]
    fn closing_a_connection_that_comes_up_answers_both_requests() {
        let shared = shared_on(Arc::default());
        let connection = ConnectionId::from_number(1);
        let [connect, close] = [1, 2].map(RequestId::from_number);
        let mut state = shared.lock();
        state.connect(&shared, connect, connection, ([192, 0, 2, 1], 5060).into());
        assert_eq!(state.close_connection(&shared, close, connection), Some(Reply::Done));
        assert!(state.connections.is_empty());
        match state.inputs.pop_front() {
            Some(Input::Reply(id, Reply::Failed(_))) => assert_eq!(id, connect),
            other => panic!("{other:?}"),
        }
        assert!(state.inputs.is_empty());
    }
}
