//! The [`UserAgent`]: every machine put together, behind one door.
//!
//! No protocol rule lives here. [`receive`](self) takes what comes in to the layer it belongs to, `dispatch` carries out what
//! the machines want, `timers` wakes whoever set a timer, `uas` sorts requests that begin something.

mod audio;
mod dispatch;
mod door;
mod handle;
mod receive;
mod timers;
mod uas;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::error::Misuse;
use crate::ids::{AccountId, CallerId, Ids, RequestId, SessionId, SocketId};
use crate::limits;
use crate::machines::dialog::DialogId;
use crate::machines::locate::{Asker, Locator};
use crate::machines::media::dtmf::{DTMF_LONGEST_SENT, DTMF_SHORTEST};
use crate::machines::transaction::Transactions;
use crate::machines::transport::{self, Transports};
use crate::machines::uac::Callers;
use crate::machines::{locate, transaction, uac};
use crate::middleware::notification::{AgentNotification, Event, SessionNotification, SessionState};
use crate::middleware::session::{self, Session};
use crate::middleware::settings::Settings;
use crate::rng::Rng;
use crate::time::WallClock;
use crate::timers::Timers;
use crate::wire::sip::Message;

pub use self::audio::AudioPort;
pub use self::door::{Input, Output};
pub use self::handle::SessionHandle;
pub use crate::io::{Channel, IoFailure, IoFailureKind, Reply, Request, Transmit};
pub use crate::machines::locate::{Route, Target};
pub use crate::machines::transport::TransportStatistics;
pub use crate::middleware::account::Account;
pub use crate::middleware::notification::{self, Notification};
pub use crate::middleware::session::{Direction, SessionInfo};
pub use crate::time::{Duration, Instant};

/// A SIP user agent.
///
/// # The contract
/// Four families of methods:
/// - **what happened** goes in by [`handle`](UserAgent::handle): datagrams, stream bytes, replies, time. It never fails;
///   what a peer sends wrong becomes a response, a notification or a counted drop;
/// - **what the application wants** goes in by [`start`](UserAgent::start), [`stop`](UserAgent::stop),
///   [`new_session`](UserAgent::new_session), [`session`](UserAgent::session) and [`audio`](UserAgent::audio). It acts at the
///   moment of the latest `handle`; a command that cannot be done returns [`Misuse`] and changes nothing;
/// - **what the agent wants and tells** comes out by [`poll`](UserAgent::poll), in the order in which it was caused. Poll
///   after each call of the two families above, until [`Output::Wake`];
/// - **how things are** is read by [`info`](UserAgent::info), [`sessions`](UserAgent::sessions),
///   [`statistics`](UserAgent::statistics).
///
/// The same settings, seed and inputs give the same outputs, byte for byte.
///
/// ```
/// use sansip_core::agent::{Account, Input, Output, UserAgent};
/// use sansip_core::middleware::settings::Settings;
/// use sansip_core::time::{Instant, WallClock, WallTime};
///
/// let wall = WallClock::new(Instant::ZERO, WallTime::from_unix_micros(1_795_392_000_000_000));
/// let mut agent = UserAgent::new(Settings::default(), [7; 32], Instant::ZERO, wall)?;
/// agent.add_account(Account::new("alice@example.com")?)?;
/// agent.start();
/// let mut now = Instant::ZERO;
/// loop {
///     match agent.poll() {
///         Output::Transmit(transmit) => { /* send transmit.data to transmit.to */ }
///         Output::Request(id, request) => { /* carry it out, then handle(Input::Reply(id, ..)) */ }
///         Output::Notification(notification) => println!("{}", notification.event.name()),
///         Output::Wake(at) => {
///             // Sleep until `at`, or until something comes in.
///             if at == Instant::NEVER { break }
///             now = at;
///             agent.handle(now, Input::Time);
///         }
///     }
/// }
/// # Ok::<(), sansip_core::error::Misuse>(())
/// ```
#[derive(Debug)]
pub struct UserAgent {
    settings: Arc<Settings>,
    now: Instant,
    wall: WallClock,
    chance: Chance,
    ids: Ids,
    timers: Timers,
    phase: Phase,

    transports: Transports,
    transactions: Transactions,
    callers: Callers,
    locator: Locator,

    accounts: BTreeMap<AccountId, Account>,
    default_account: Option<AccountId>,
    sessions: BTreeMap<SessionId, Entry>,
    ended: BTreeMap<SessionId, SessionInfo>,
    dialogs: BTreeMap<DialogId, SessionId>,
    media: BTreeMap<SocketId, SessionId>,

    asked: BTreeMap<RequestId, Waiting>,
    acks: BTreeMap<CallerId, Message>,
    malformed: MalformedMeter,
    effects: Effects,
    out: VecDeque<Output>,
}

#[derive(Debug)]
struct Entry {
    /// Boxed, as in every table whose keys only grow: such a table is half empty.
    session: Box<Session>,
    account: AccountId,
}

/// One stream of chance for each layer, so that they do not disturb each other.
#[derive(Debug)]
struct Chance {
    transport: Rng,
    uac: Rng,
    session: Rng,
}

/// ```text
/// Idle -> Starting -> Running -> Stopping -> Ended
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Idle,
    Starting,
    Running,
    Stopping,
    Ended,
}

/// Who waits for a reply of the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Waiting {
    Transport(transport::Asked),
    Locate(Asker),
    Session(SessionId, session::Asked),
}

/// Notifications of malformed messages, so many a second.
#[derive(Clone, Copy, Debug, Default)]
struct MalformedMeter {
    total: u64,
    second: u64,
    told: u32,
}

/// Everything a machine may want; carried out in order by `dispatch`.
#[derive(Debug)]
enum Effect {
    Transport(transport::Effect),
    Transaction(transaction::Effect),
    Caller(uac::Effect),
    Locate(locate::Effect),
    Session(SessionId, session::Effect),
}

#[derive(Debug, Default)]
struct Effects(VecDeque<Effect>);

macro_rules! sinks {
    ($($machine:ident => $variant:ident),*) => {
        $(impl crate::machines::Sink<$machine::Effect> for Effects {
            fn put(&mut self, effect: $machine::Effect) {
                self.0.push_back(Effect::$variant(effect));
            }
        })*
    };
}

sinks!(transport => Transport, transaction => Transaction, uac => Caller, locate => Locate);

/// The sink of one session.
struct SessionSink<'a>(SessionId, &'a mut Effects);

impl crate::machines::Sink<session::Effect> for SessionSink<'_> {
    fn put(&mut self, effect: session::Effect) {
        self.1.0.push_back(Effect::Session(self.0, effect));
    }
}

/// What a machine is handed, out of the agent's fields.
macro_rules! cx {
    ($agent:expr, $chance:ident) => {
        &mut $crate::machines::Cx {
            now: $agent.now,
            rng: &mut $agent.chance.$chance,
            ids: &mut $agent.ids,
            timers: &mut $agent.timers,
            out: &mut $agent.effects,
        }
    };
}
use cx;

impl UserAgent {
    /// An agent that has not started: nothing is open.
    ///
    /// `seed` is 32 bytes of entropy (or a number of a test's choosing), `now` the present in the owner's clock, `wall` ties
    /// that clock to the calendar. The error is [`Misuse::BadSetting`].
    pub fn new(settings: Settings, seed: [u8; 32], now: Instant, wall: WallClock) -> Result<UserAgent, Misuse> {
        check(&settings)?;
        let rng = Rng::from_seed(seed);
        let bound = settings.sip.udp.or(settings.sip.tcp).map(|a| a.ip()).filter(|ip| !ip.is_unspecified());
        Ok(UserAgent {
            now,
            wall,
            chance: Chance { transport: rng.fork("transport"), uac: rng.fork("uac"), session: rng.fork("session") },
            ids: Ids::default(),
            timers: Timers::default(),
            phase: Phase::Idle,
            transports: Transports::new(settings.logging.trace_sip),
            transactions: Transactions::new(settings.sip.timers),
            callers: Callers::new(settings.sip.udp_limit),
            locator: Locator::new(settings.local_ip.or(bound)),
            accounts: BTreeMap::new(),
            default_account: None,
            sessions: BTreeMap::new(),
            ended: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            media: BTreeMap::new(),
            asked: BTreeMap::new(),
            acks: BTreeMap::new(),
            malformed: MalformedMeter::default(),
            effects: Effects::default(),
            out: VecDeque::new(),
            settings: Arc::new(settings),
        })
    }

    /// Opens the sockets that the settings name. WillStart now; DidStart or DidFail when they are open or cannot be.
    pub fn start(&mut self) {
        if self.phase != Phase::Idle {
            return;
        }
        self.phase = Phase::Starting;
        self.tell_agent(AgentNotification::WillStart);
        let settings = Arc::clone(&self.settings);
        self.transports.start(cx!(self, transport), settings.sip.udp, settings.sip.tcp);
        self.settle();
    }

    /// Ends every session, waits until the peers know (64*T1 at most where one does not answer), then closes every socket.
    /// WillEnd now; DidEnd when all that is done.
    pub fn stop(&mut self) {
        if matches!(self.phase, Phase::Stopping | Phase::Ended) {
            return;
        }
        self.phase = Phase::Stopping;
        self.tell_agent(AgentNotification::WillEnd);
        // Those in NULL too: their media may be on its way.
        let all: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in all {
            self.with_session(id, |session, cx| session.end(cx));
        }
        self.settle();
    }

    /// Takes what happened at `now`. Timers that were due go first. Time never goes back: an earlier `now` counts as the
    /// latest one.
    pub fn handle(&mut self, now: Instant, input: Input) {
        self.now = self.now.max(now);
        while let Some(timer) = self.timers.pop_due(self.now) {
            self.on_timer(timer);
            self.settle();
        }
        self.receive(input);
        self.settle();
    }

    /// The next thing the agent wants or tells; [`Output::Wake`] when there is no more.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| Output::Wake(self.timers.next()))
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the transports counted: what was received, dropped, not sent.
    pub fn statistics(&self) -> TransportStatistics {
        self.transports.statistics()
    }

    /// How much the agent holds at the moment; all zero when nothing goes on.
    pub fn load(&self) -> Load {
        let (clients, servers) = self.transactions.len();
        Load {
            sessions: self.sessions.len(),
            client_transactions: clients,
            server_transactions: servers,
            requests: self.callers.len(),
            searches: self.locator.len(),
            dialogs: self.dialogs.len(),
            connections: self.transports.connections(),
            timers: self.timers.len(),
            replies_awaited: self.asked.len(),
        }
    }

    /// Adds an account; the first becomes the default one. An account whose id is there already is the same account, whose
    /// name and credentials are now these.
    pub fn add_account(&mut self, account: Account) -> Result<AccountId, Misuse> {
        let existing = self.accounts.iter().find(|(_, known)| known.id() == account.id()).map(|(&id, _)| id);
        let id = existing.unwrap_or_else(|| self.ids.account());
        self.accounts.insert(id, account);
        self.default_account.get_or_insert(id);
        Ok(id)
    }

    /// The account that calls to unknown users go to, if the settings say so.
    pub fn default_account(&self) -> Option<AccountId> {
        self.default_account
    }

    /// An account.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// A new session in NULL, for a call by `account`.
    pub fn new_session(&mut self, account: AccountId) -> Result<SessionId, Misuse> {
        if self.phase != Phase::Running {
            return Err(Misuse::NotRunning("new_session"));
        }
        if self.sessions.len() >= limits::SESSIONS {
            return Err(Misuse::TooMany("new_session"));
        }
        self.make_session(account).ok_or(Misuse::NoSuchAccount(account))
    }

    fn make_session(&mut self, account: AccountId) -> Option<SessionId> {
        let data = self.accounts.get(&account)?.clone();
        let id = self.ids.session();
        let session = Session::new(id, data, Arc::clone(&self.settings), self.wall);
        self.sessions.insert(id, Entry { session: Box::new(session), account });
        Some(id)
    }

    /// Forgets a session that nothing was ever asked of: one in NULL that will not be used. False, and nothing done, for
    /// any other.
    pub fn discard_session(&mut self, id: SessionId) -> bool {
        let unused = self.sessions.get(&id).is_some_and(|entry| entry.session.is_unused());
        if unused {
            self.sessions.remove(&id);
        }
        unused
    }

    /// A session, to ask something of.
    pub fn session(&mut self, id: SessionId) -> Result<SessionHandle<'_>, Misuse> {
        match self.sessions.contains_key(&id) || self.ended.contains_key(&id) {
            true => Ok(SessionHandle::new(self, id)),
            false => Err(Misuse::NoSuchSession(id)),
        }
    }

    /// Every session that is not in NULL or TERMINATED (`SPEC` 2).
    pub fn sessions(&self) -> Vec<SessionId> {
        let live = |state| !matches!(state, SessionState::Null | SessionState::Terminated);
        self.sessions.iter().filter(|(_, entry)| live(entry.session.state())).map(|(&id, _)| id).collect()
    }

    /// The attributes of a session. Those of an ended one stay readable until some hundred others have ended.
    pub fn info(&self, id: SessionId) -> Result<SessionInfo, Misuse> {
        match self.sessions.get(&id) {
            Some(entry) => Ok(entry.session.info(entry.account)),
            None => self.ended.get(&id).cloned().ok_or(Misuse::NoSuchSession(id)),
        }
    }

    fn with_session<R>(
        &mut self,
        id: SessionId,
        act: impl FnOnce(&mut Session, &mut crate::machines::Cx<'_, session::Effect>) -> R,
    ) -> Option<R> {
        let entry = self.sessions.get_mut(&id)?;
        let mut sink = SessionSink(id, &mut self.effects);
        let mut cx = crate::machines::Cx {
            now: self.now,
            rng: &mut self.chance.session,
            ids: &mut self.ids,
            timers: &mut self.timers,
            out: &mut sink,
        };
        Some(act(&mut entry.session, &mut cx))
    }

    fn tell(&mut self, event: Event) {
        let notification = Notification { at: self.now, timestamp: self.wall.at(self.now), event };
        self.out.push_back(Output::Notification(notification));
    }

    fn tell_agent(&mut self, what: AgentNotification) {
        self.tell(Event::Agent(what));
    }

    fn tell_session(&mut self, id: SessionId, what: SessionNotification) {
        self.tell(Event::Session(id, what));
    }

    fn fail(&mut self, reason: String) {
        self.tell_agent(AgentNotification::DidFail { reason });
    }
}

/// How much an agent holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Load {
    /// Sessions, those that are only remembered for late responses included.
    pub sessions: usize,
    /// Client transactions.
    pub client_transactions: usize,
    /// Server transactions.
    pub server_transactions: usize,
    /// Requests of the UAC core.
    pub requests: usize,
    /// Searches for addresses.
    pub searches: usize,
    /// Dialogs.
    pub dialogs: usize,
    /// Stream connections.
    pub connections: usize,
    /// Timers that run.
    pub timers: usize,
    /// Requests to the machine that wait for a reply.
    pub replies_awaited: usize,
}

fn check(settings: &Settings) -> Result<(), Misuse> {
    let bad = |name, reason: &str| Err(Misuse::BadSetting { name, reason: reason.into() });
    let ptime = settings.audio.ptime.as_millis();
    if settings.audio.codecs.is_empty() {
        return bad("audio.codecs", "at least one codec is needed");
    }
    if !(10..=60).contains(&ptime) || !ptime.is_multiple_of(10) {
        return bad("audio.ptime", "10, 20, 30, 40, 50 or 60 ms");
    }
    let ports = &settings.rtp.port_range;
    if *ports.start() == 0 || ports.end().saturating_sub(*ports.start()) < 1 {
        return bad("rtp.port_range", "at least one even port and the odd one above it");
    }
    if !(DTMF_SHORTEST..=DTMF_LONGEST_SENT).contains(&settings.audio.dtmf_duration) {
        return bad("audio.dtmf_duration", "40 ms to 30 s");
    }
    if settings.user_agent.chars().any(char::is_control) {
        return bad("user_agent", "no control characters");
    }
    Ok(())
}
