//! Keys while in a call. On a terminal they act at once; otherwise standard input is read as one key a line.

use std::io::{BufRead, IsTerminal, Read, stdin};

use tokio::sync::mpsc;

use crate::terminal::RawMode;

/// What `--help` and the key `?` say.
pub(crate) const HELP: &str = "\
Keys while in a call (one a line where standard input is no terminal):
  h      hang up                    space  hold, and back
  m      mute, and back             r      record, and stop
  0-9 * # A-D  DTMF                 ?      this help
  y      take an incoming call      n      refuse it
  Ctrl-C hang up everything and leave; twice: leave at once";

/// Keys that wait; a person types slower, and a script waits.
const WAITING: usize = 64;

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Key {
    Take,
    Refuse,
    HangUp,
    Hold,
    Mute,
    Record,
    Digit(char),
    Help,
    Interrupt,
}

/// What a character asks for, if anything.
fn key(character: char) -> Option<Key> {
    Some(match character {
        'y' | '\r' | '\n' => Key::Take,
        'n' => Key::Refuse,
        'h' | 'q' => Key::HangUp,
        ' ' => Key::Hold,
        'm' => Key::Mute,
        'r' => Key::Record,
        '0'..='9' | '*' | '#' | 'A'..='D' => Key::Digit(character),
        '?' => Key::Help,
        // Ctrl-C in raw mode.
        '\u{3}' => Key::Interrupt,
        _ => return None,
    })
}

/// What a line asks for: its first character, or the word `space`.
fn line_key(line: &str) -> Option<Key> {
    let line = line.trim_end_matches(['\r', '\n']);
    if line.trim() == "space" { Some(Key::Hold) } else { key(line.chars().next().unwrap_or('\n')) }
}

/// The keys typed, and the signals that ask the program to end.
pub(crate) struct Keys {
    typed: mpsc::Receiver<Key>,
    /// Kept, so that the queue never ends.
    _open: mpsc::Sender<Key>,
    /// Where keys act without Enter; dropped, the terminal is as before.
    _raw: Option<RawMode>,
}

impl Keys {
    /// Begins to read. To be called within the runtime.
    pub(crate) fn start() -> Keys {
        let (sender, typed) = mpsc::channel(WAITING);
        let raw = if stdin().is_terminal() { RawMode::begin() } else { None };
        let (keys, by_character) = (sender.clone(), raw.is_some());
        // A thread of its own: it cannot be woken from a read, and must not keep the runtime from ending.
        std::thread::spawn(move || if by_character { read_characters(&keys) } else { read_lines(&keys) });
        watch_signals(&sender);
        Keys { typed, _open: sender, _raw: raw }
    }

    /// The next key; waits for it.
    pub(crate) async fn next(&mut self) -> Key {
        match self.typed.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

fn read_characters(keys: &mpsc::Sender<Key>) {
    for byte in stdin().lock().bytes().map_while(Result::ok) {
        if key(byte.into()).is_some_and(|key| keys.blocking_send(key).is_err()) {
            return;
        }
    }
}

/// The end of standard input ends nothing: a program in the background has none.
fn read_lines(keys: &mpsc::Sender<Key>) {
    for line in stdin().lock().lines().map_while(Result::ok) {
        if line_key(&line).is_some_and(|key| keys.blocking_send(key).is_err()) {
            return;
        }
    }
}

/// Ctrl-C, and on Unix the signals that ask a program to end or tell that its terminal has gone.
#[cfg(unix)]
fn watch_signals(keys: &mpsc::Sender<Key>) {
    use tokio::signal::unix::{SignalKind, signal};

    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        // Where a signal cannot be watched it ends the program, as it would without this.
        let Ok(mut signal) = signal(kind) else { continue };
        let sender = keys.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                if sender.send(Key::Interrupt).await.is_err() {
                    return;
                }
            }
        });
    }
}

#[cfg(not(unix))]
fn watch_signals(keys: &mpsc::Sender<Key>) {
    let sender = keys.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if sender.send(Key::Interrupt).await.is_err() {
                return;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_characters_mean_the_same() {
        assert_eq!((line_key("h"), key('h')), (Some(Key::HangUp), Some(Key::HangUp)));
        assert_eq!((line_key(" "), line_key("space"), key(' ')), (Some(Key::Hold), Some(Key::Hold), Some(Key::Hold)));
        assert_eq!((line_key(""), line_key("5\r")), (Some(Key::Take), Some(Key::Digit('5'))));
        assert_eq!((key('x'), key('\u{3}')), (None, Some(Key::Interrupt)));
    }
}
