//! Wakes whoever set a timer.

use super::{UserAgent, cx};
use crate::timers::Timer;

impl UserAgent {
    pub(super) fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Transaction(id, which) => self.transactions.on_timer(cx!(self, transport), id, which),
            Timer::Connection(id, which) => self.transports.on_connection_timer(cx!(self, transport), id, which),
            Timer::Session(id, which) => {
                self.with_session(id, |session, cx| session.on_timer(cx, which));
            }
            Timer::Audio(id) => {
                self.with_session(id, |session, cx| session.on_audio_timer(cx));
            }
        }
    }
}
