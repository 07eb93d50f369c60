//! What the program prints, and the terminal it prints to: lines that do not tear the status line, and a terminal that
//! is as it was before on every way out.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

/// True while the terminal hands on each key and treats line ends as they are.
static RAW: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode, until this is dropped.
pub(crate) struct RawMode(());

impl RawMode {
    /// `None` if the terminal cannot be switched: then keys come a line at a time.
    pub(crate) fn begin() -> Option<RawMode> {
        crossterm::terminal::enable_raw_mode().ok()?;
        RAW.store(true, Ordering::SeqCst);
        Some(RawMode(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back as it was.
pub(crate) fn restore() {
    if RAW.swap(false, Ordering::SeqCst) {
        // There is nobody left to tell if it fails.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// Makes a panic find the terminal as people know it.
pub(crate) fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        before(panic);
    }));
}

/// Standard output and the status line at its end.
pub(crate) struct Screen {
    status: String,
    has_status: bool,
}

impl Screen {
    pub(crate) fn new() -> Screen {
        Screen { status: String::new(), has_status: stdout().is_terminal() }
    }

    /// True if a status line makes sense.
    pub(crate) fn has_status(&self) -> bool {
        self.has_status
    }

    /// Prints a line, or several, on standard output.
    pub(crate) fn line(&self, text: &str) {
        let mut out = stdout().lock();
        // Whoever closed the pipe does not want to read; the call goes on.
        let _ = write!(out, "{}{}{}", self.wipe(), as_lines(text), self.status).and_then(|()| out.flush());
    }

    /// Prints a line, or several, on standard error.
    pub(crate) fn error(&self, text: &str) {
        if !self.status.is_empty() {
            let _ = write!(stdout(), "{}", self.wipe()).and_then(|()| stdout().flush());
        }
        let _ = write!(stderr(), "{}", as_lines(text));
        if !self.status.is_empty() {
            let _ = write!(stdout(), "{}", self.status).and_then(|()| stdout().flush());
        }
    }

    /// Shows another status line; an empty one takes it away.
    pub(crate) fn set_status(&mut self, text: String) {
        if self.has_status && text != self.status {
            let wipe = self.wipe();
            self.status = text;
            let _ = write!(stdout(), "{wipe}{}", self.status).and_then(|()| stdout().flush());
        }
    }

    /// What takes the status line away.
    fn wipe(&self) -> &'static str {
        if self.status.is_empty() { "" } else { "\r\x1b[2K" }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.set_status(String::new());
    }
}

/// The text with the line ends that the terminal needs now.
fn as_lines(text: &str) -> String {
    let end = if RAW.load(Ordering::SeqCst) { "\r\n" } else { "\n" };
    if text.is_empty() { end.to_owned() } else { text.lines().map(|line| printable(line) + end).collect() }
}

/// A line without control characters: what a peer says must not command the terminal.
pub(crate) fn printable(line: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c };
    line.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_command_the_terminal() {
        assert_eq!(as_lines("486 \u{1b}[2JBusy\nHere"), "486 \u{fffd}[2JBusy\nHere\n");
        assert_eq!(as_lines(""), "\n");
    }
}
