//! A running user agent.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use sansip_core::agent::{Account, Route, TransportStatistics, UserAgent};
use sansip_core::error::Misuse;
use sansip_core::ids::{AccountId, SessionId};
use sansip_core::middleware::notification::Listening;
use sansip_core::middleware::settings::Settings;
use sansip_core::time::Instant;

use crate::clock::Clock;
use crate::driver::audio::{SoundDefaults, keep_playing};
use crate::driver::notifications::{Notifications, WAITING};
use crate::driver::queue::Queue;
use crate::driver::runtime::Runtime;
use crate::driver::session::Session;
use crate::driver::shared::{Progress, Shared, keep_time};
use crate::driver::task::{Task, within};
use crate::sound::SoundNotice;

/// How long an agent whose last handle was dropped may take to say goodbye to its peers.
const FAREWELL: Duration = Duration::from_secs(2);

/// What an agent is started with.
#[derive(Clone)]
pub struct AgentOptions {
    /// The agent's settings.
    pub settings: Settings,
    /// The accounts it speaks for; the first is the default.
    pub accounts: Vec<Account>,
    /// What calls say and where their sound goes, unless they are told otherwise.
    pub sound: SoundDefaults,
}

impl Default for AgentOptions {
    /// Default settings, no accounts. Calls use the machine's default microphone and loudspeaker.
    fn default() -> AgentOptions {
        AgentOptions { settings: Settings::default(), accounts: Vec::new(), sound: SoundDefaults::default() }
    }
}

/// Why an agent could not be started.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no async runtime here.
    #[error("an agent must be started within its async runtime, with I/O and time enabled")]
    NoRuntime,
    /// The system gives no random numbers.
    #[error("{0}")]
    NoEntropy(String),
    /// A setting or an account cannot be used.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// A socket could not be opened; the text says which and why.
    #[error("{0}")]
    Failed(String),
}

/// What the driver counted beside the core's own [`TransportStatistics`]. Nothing of it is an error: networks drop datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DriverStatistics {
    /// Datagrams that the machine did not take.
    pub datagrams_not_sent: u64,
    /// Writes to connections that had ended or whose peers did not read.
    pub stream_writes_dropped: u64,
    /// Connections refused because there were too many.
    pub connections_refused: u64,
    /// Sound frames left out because the machine was away for too long, suspended as a rule.
    pub frames_skipped: u64,
}

/// A running user agent. Clones are handles of the same one; dropping the last handle (those of its sessions count) ends
/// its calls and closes its sockets, which takes up to two seconds in the background.
pub struct Agent<R> {
    owner: Arc<Owner>,
    runtime: PhantomData<fn() -> R>,
}

/// What the handles hold in common. The driver's own tasks hold [`Shared`] instead, so that they do not keep it alive.
pub(crate) struct Owner {
    pub(crate) shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        let ended = self.shared.command(|state| {
            if !state.has_ended() {
                state.agent.stop();
            }
            state.has_ended()
        });
        if !ended {
            let shared = self.shared.clone();
            self.shared.spawn(async move {
                // However far it came: what is left is cut off.
                let _ = within(&*shared.runtime, FAREWELL, shared.ended()).await;
                shared.shut_down();
            });
        }
    }
}

impl<R: Runtime> Agent<R> {
    /// Starts an agent and waits until its sockets are open.
    ///
    /// # Errors
    /// [`StartError`]: no runtime, a setting or account that cannot be used, or a port that is in use.
    pub async fn start(options: AgentOptions) -> Result<(Agent<R>, Notifications), StartError> {
        let runtime = R::current().ok_or(StartError::NoRuntime)?;
        let seed = crate::entropy::seed().map_err(|error| StartError::NoEntropy(error.to_string()))?;
        let clock = Clock::new();
        let mut core = UserAgent::new(options.settings, seed, clock.now(), clock.wall_clock())?;
        for account in options.accounts {
            core.add_account(account)?;
        }
        let queue = Arc::new(Queue::new(WAITING));
        let shared = Shared::new(Arc::new(runtime), core, clock, queue.clone(), options.sound.clone());
        let agent = Agent { owner: Arc::new(Owner { shared: shared.clone() }), runtime: PhantomData };
        let notifications = Notifications::new(queue);
        let time = Task::spawn(&*shared.runtime, keep_time(shared.clone()));
        let sound = Task::spawn(&*shared.runtime, keep_playing(shared.clone(), options.sound));
        shared.command(|state| {
            state.tasks.extend([time, sound]);
            state.agent.start();
        });
        match shared.progress.wait(|now| (*now != Progress::Starting).then(|| now.clone())).await {
            Progress::Listening(_) => Ok((agent, notifications)),
            Progress::Failed(reason) => {
                shared.shut_down();
                Err(StartError::Failed(reason))
            }
            Progress::Starting | Progress::Ended => {
                Err(StartError::Failed("the agent ended before its sockets were open".into()))
            }
        }
    }
}

impl<R> Agent<R> {
    /// The addresses on which the agent takes SIP messages; none once it has ended.
    pub fn listening(&self) -> Vec<Listening> {
        self.owner.shared.progress.look(|progress| match progress {
            Progress::Listening(listening) => listening.clone(),
            _ => Vec::new(),
        })
    }

    /// Adds an account. Asking for an id that exists gives the same account.
    ///
    /// # Errors
    /// [`Misuse`] if the account cannot be used.
    pub fn add_account(&self, account: Account) -> Result<AccountId, Misuse> {
        self.owner.shared.command(|state| state.agent.add_account(account))
    }

    /// The account that calls are placed from unless another is named: the first that was added.
    pub fn default_account(&self) -> Option<AccountId> {
        self.owner.shared.lock().agent.default_account()
    }

    /// A new session of an account, to be connected. If its last handle is dropped before that, it is forgotten.
    ///
    /// # Errors
    /// [`Misuse`] if there is no such account, the agent is not running, or there are too many sessions.
    pub fn session(&self, account: AccountId) -> Result<Session, Misuse> {
        let shared = &self.owner.shared;
        let record = shared.command(|state| {
            let id = state.agent.new_session(account)?;
            Ok::<_, Misuse>(state.record(id))
        })?;
        Ok(Session::new(self.owner.clone(), record))
    }

    /// Calls a URI with audio from the default account, by the way that the URI itself names.
    ///
    /// # Errors
    /// [`Misuse`] if there is no account, or the URI cannot be used.
    pub fn call(&self, callee_uri: &str) -> Result<Session, Misuse> {
        let bad = |reason: String| Misuse::BadUri { uri: callee_uri.into(), reason };
        let route = Route::for_uri(callee_uri).map_err(|error| bad(error.to_string()))?;
        let account = self.default_account().ok_or(Misuse::NoSuchAccount(AccountId::from_number(0)))?;
        let session = self.session(account)?;
        // Refused, the session is dropped here, and so forgotten.
        session.connect(callee_uri, &[route], true)?;
        Ok(session)
    }

    /// The handle of a session that notifications tell of, until it has ended.
    pub fn find_session(&self, id: SessionId) -> Option<Session> {
        let state = self.owner.shared.lock();
        // Counted under the lock, so that a handle that is dropped meanwhile is not taken for the last.
        state.records.get(&id).map(|record| Session::new(self.owner.clone(), record.clone()))
    }

    /// Every session that has begun and not ended.
    pub fn sessions(&self) -> Vec<Session> {
        let state = self.owner.shared.lock();
        let records = state.agent.sessions().into_iter().filter_map(|id| state.records.get(&id).cloned());
        records.map(|record| Session::new(self.owner.clone(), record)).collect()
    }

    /// What the core counted.
    pub fn statistics(&self) -> TransportStatistics {
        self.owner.shared.lock().agent.statistics()
    }

    /// What the driver counted.
    pub fn driver_statistics(&self) -> DriverStatistics {
        self.owner.shared.lock().statistics
    }

    /// The agent's time now, as in [`Notification::at`](sansip_core::middleware::notification::Notification).
    pub fn now(&self) -> Instant {
        self.owner.shared.clock.now()
    }

    /// The next thing that the sound card has to say, if any: which devices are used, that one was lost, that there is
    /// none. At most 64 wait; the oldest is dropped.
    pub fn sound_notice(&self) -> Option<SoundNotice> {
        self.owner.shared.sound_notices.try_next()
    }

    /// Ends every session and closes the sockets; [`Agent::ended`] waits for it.
    pub fn stop(&self) {
        self.owner.shared.command(|state| {
            if !state.has_ended() {
                state.agent.stop();
            }
        });
    }

    /// Waits until the agent has ended: every session is over, every socket and file closed.
    pub async fn ended(&self) {
        let shared = &self.owner.shared;
        shared.ended().await;
        shared.open_files.wait(|open| (*open == 0).then_some(())).await;
    }
}

impl<R> Clone for Agent<R> {
    fn clone(&self) -> Agent<R> {
        Agent { owner: self.owner.clone(), runtime: PhantomData }
    }
}

impl<R> std::fmt::Debug for Agent<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("listening", &self.listening()).finish_non_exhaustive()
    }
}
