//! What the driver keeps of each session that has not ended: how far it is, its own notifications, its sound.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sansip_core::agent::SessionHandle;
use sansip_core::error::Misuse;
use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::{Notification, Originator, SessionNotification, SessionState, StreamKind};

use crate::driver::audio::SessionSound;
use crate::driver::queue::Queue;
use crate::driver::session::{Ended, SessionFailure};
use crate::driver::shared::{Shared, State};
use crate::driver::watched::{Locked, Watched, lock};

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
    /// How many [`Session`](crate::driver::Session)s there are of it.
    handles: AtomicUsize,
    /// It is or was connected: from then on its end is told, whether or not there are handles.
    begun: AtomicBool,
    /// It has had audio: from then on there is sound to move, and the card may be needed. A call that only rings needs
    /// neither.
    has_audio: AtomicBool,
}

impl Record {
    fn new(id: SessionId, sound: SessionSound) -> Arc<Record> {
        let progress = Watched::new(SessionProgress::default());
        let queue = Queue::new(WAITING);
        Arc::new(Record {
            id,
            queue,
            progress,
            sound: Mutex::new(sound),
            handles: AtomicUsize::new(0),
            begun: AtomicBool::new(false),
            has_audio: AtomicBool::new(false),
        })
    }

    /// The session's sound. Locked for short; where the state is locked too, the state came first.
    pub(crate) fn sound(&self) -> Locked<'_, SessionSound> {
        lock(&self.sound)
    }

    /// One more handle.
    pub(crate) fn add_handle(&self) {
        self.handles.fetch_add(1, Ordering::Relaxed);
    }

    /// One handle less. True if it was the last one of a session that was never connected.
    pub(crate) fn remove_handle(&self) -> bool {
        self.handles.fetch_sub(1, Ordering::AcqRel) == 1 && !self.begun.load(Ordering::Acquire)
    }

    /// True if the session has, or had, audio.
    pub(crate) fn has_audio(&self) -> bool {
        self.has_audio.load(Ordering::Relaxed)
    }

    /// True if the session's audio has to do with the sound card.
    pub(crate) fn wants_card(&self) -> bool {
        self.has_audio() && self.sound().uses_card()
    }

    /// The agent is gone before the session ended, or the session ended before it began.
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
    pub(crate) fn record(&mut self, id: SessionId) -> Arc<Record> {
        let State { records, sound_defaults, .. } = self;
        records.entry(id).or_insert_with(|| Record::new(id, SessionSound::new(sound_defaults))).clone()
    }

    /// True if the session was made and never connected, or the core has forgotten it.
    fn is_unused(&self, id: SessionId) -> bool {
        !self.agent.info(id).is_ok_and(|info| info.state != SessionState::Null)
    }

    /// Ends a session. One that was never connected is forgotten, and nothing is told but to those who wait for its end.
    ///
    /// # Errors
    /// [`Misuse::NoSuchSession`] if the core has forgotten it.
    pub(crate) fn end_session(&mut self, record: &Record) -> Result<(), Misuse> {
        let unused = self.is_unused(record.id);
        let ended = self.agent.session(record.id).and_then(SessionHandle::end);
        if unused {
            self.records.remove(&record.id);
            record.cut_off();
        }
        ended
    }

    /// Ends a session that was never connected and never can be: nobody has a handle of it.
    pub(crate) fn forget_unused(&mut self, record: &Record) {
        // Somebody may have found it meanwhile, or it is another's and has begun.
        if record.handles.load(Ordering::Acquire) == 0 && self.is_unused(record.id) {
            // An error says that it is forgotten already.
            let _ = self.end_session(record);
        }
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
        let record = self.record(id);
        record.begun.store(true, Ordering::Release);
        record.take_note(what);
        // Audio never begins without a word: an answer in a provisional response, or the session's start.
        if !record.has_audio() && self.agent.audio(id).is_ok() {
            record.has_audio.store(true, Ordering::Relaxed);
            shared.sound.raise();
        }
        record.queue.push(notification.clone());
        if let SessionNotification::DidEnd { originator } = what {
            record.end(*originator);
            self.records.remove(&id);
        }
    }
}
