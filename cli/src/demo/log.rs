//! What the demo prints: each line with the time of day and who it is about.

use std::sync::Arc;

use sansip_core::middleware::notification::Notification;

use crate::describe;
use crate::terminal::Screen;

/// The demo's output; clones print to the same place.
#[derive(Clone)]
pub(crate) struct Log {
    screen: Arc<Screen>,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log { screen: Arc::new(Screen::new()) }
    }

    /// Says what the demo does.
    pub(crate) fn say(&self, text: &str) {
        self.screen.line(&format!("{} demo    {text}", describe::time_of_day(sansip_host::clock::wall())));
    }

    /// Prints a line without a time.
    pub(crate) fn plain(&self, text: &str) {
        self.screen.line(text);
    }

    /// Prints a notification of one of the two parties, or a SIP message.
    pub(crate) fn notification(&self, party: &str, notification: &Notification) {
        if let Some(trace) = describe::trace(notification) {
            // What one party sends the other receives: once is enough.
            if party == "caller" {
                self.screen.error(&trace);
            }
            return;
        }
        let time = describe::time_of_day(notification.timestamp);
        self.screen.line(&format!("{time} {party}  {}", describe::notification(&notification.event)));
    }
}
