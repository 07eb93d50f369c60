//! What the driver keeps of each session that has not ended: how far it is, its own notifications, its sound.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::{Notification, Originator, SessionNotification, SessionState, StreamKind};

use crate::driver::audio::SessionSound;
use crate::driver::queue::Queue;
use crate::driver::session::{Ended, SessionFailure};
use crate::driver::shared::{Shared, State};
use crate::driver::watched::Watched;

/// How many notifications of one session wait for [`Session::next`](crate::driver::Session::next).
const WAITING: usize = 256;

/// How far a session is.
#[derive(Clone, Default)]
pub(crate) struct SessionProgress {
    pub(crate) established: bool,
    pub(crate) failure: Option<SessionFailure>,
    pub(crate) ended: Option<Ended>,
}

/// What the driver keeps of a session.
pub(crate) struct Record {
    pub(crate) id: SessionId,
    pub(crate) queue: Queue<Notification>,
    pub(crate) progress: Watched<SessionProgress>,
    sound: Mutex<SessionSound>,
    /// Sound was moved: from then on the card may be needed. A call that only rings does not open it.
    has_audio: AtomicBool,
}

impl Record {
    fn new(id: SessionId, sound: SessionSound) -> Arc<Record> {
        let progress = Watched::new(SessionProgress::default());
        let queue = Queue::new(WAITING);
        Arc::new(Record { id, queue, progress, sound: Mutex::new(sound), has_audio: AtomicBool::new(false) })
    }

    /// The session's sound. Locked for short; where the state is locked too, the state came first.
    pub(crate) fn sound(&self) -> MutexGuard<'_, SessionSound> {
        self.sound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the session's audio runs.
    pub(crate) fn has_audio(&self) {
        self.has_audio.store(true, Ordering::Relaxed);
    }

    /// True if the session's audio runs and has to do with the sound card.
    pub(crate) fn wants_card(&self) -> bool {
        self.has_audio.load(Ordering::Relaxed) && self.sound().uses_card()
    }

    /// The agent is gone before the session ended.
    pub(crate) fn cut_off(&self) {
        self.end(Originator::Local);
    }

    fn end(&self, originator: Originator) {
        self.progress.change(|progress| {
            progress.ended.get_or_insert(Ended { originator, failure: progress.failure.clone() });
        });
        self.queue.close();
        self.sound().close();
    }

    fn take_note(&self, what: &SessionNotification) {
        match what {
            SessionNotification::DidStart => self.progress.change(|progress| progress.established = true),
            SessionNotification::DidFail { originator, code, reason } => {
                let failure = SessionFailure { originator: *originator, code: *code, reason: reason.clone() };
                self.progress.change(|progress| progress.failure = Some(failure));
            }
            SessionNotification::GotHoldRequest { originator } => self.sound().hold(*originator, true),
            SessionNotification::GotUnholdRequest { originator } => self.sound().hold(*originator, false),
            SessionNotification::GotStreamUpdate { streams } if !streams.contains(&StreamKind::Audio) => {
                self.sound().close();
            }
            _ => {}
        }
    }
}

impl State {
    /// The record of a session; a new one for a session that has none yet.
    pub(crate) fn record(&mut self, shared: &Shared, id: SessionId) -> Arc<Record> {
        let State { records, sound_defaults, .. } = self;
        let made = || {
            shared.sound.raise();
            Record::new(id, SessionSound::new(sound_defaults))
        };
        records.entry(id).or_insert_with(made).clone()
    }

    pub(crate) fn tell_session(
        &mut self,
        shared: &Shared,
        id: SessionId,
        what: &SessionNotification,
        notification: &Notification,
    ) {
        // A session's first notification says that it leaves NULL. Nothing but that begins a record: what comes after
        // the end is for the general stream only.
        let begins = matches!(what, SessionNotification::ChangedState { prev_state: SessionState::Null, .. });
        if !begins && !self.records.contains_key(&id) {
            return;
        }
        let record = self.record(shared, id);
        record.take_note(what);
        record.queue.push(notification.clone());
        if let SessionNotification::DidEnd { originator } = what {
            record.end(*originator);
            self.records.remove(&id);
        }
    }
}
