//! A child process whose output is collected line by line and can be waited for.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::wait_until;

/// How many lines of each process are printed when a test fails, from the end.
const TAIL: usize = 400;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

#[derive(Default)]
struct Said {
    lines: Vec<(Stream, String)>,
    /// Streams that have not ended yet.
    open: usize,
}

#[derive(Default)]
struct Shared {
    said: Mutex<Said>,
    grew: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, stream: Stream, from: impl Read) {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            self.lock().lines.push((stream, text));
            self.grew.notify_all();
        }
        self.lock().open -= 1;
        self.grew.notify_all();
    }
}

/// A process that the test has started. It is killed when this is dropped; when the test fails, its last lines are printed.
pub(crate) struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts `command`. Its three standard streams are pipes.
    pub(crate) fn start(name: impl Into<String>, command: &mut Command) -> Self {
        let name = name.into();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start ({error}): {command:?}"));
        let shared = Arc::new(Shared::default());
        shared.lock().open = 2;
        let out = child.stdout.take().expect("a pipe was asked for");
        let err = child.stderr.take().expect("a pipe was asked for");
        let (first, second) = (Arc::clone(&shared), Arc::clone(&shared));
        let readers = vec![
            std::thread::spawn(move || first.read(Stream::Out, out)),
            std::thread::spawn(move || second.read(Stream::Err, err)),
        ];
        let stdin = child.stdin.take();
        Self { name, child, stdin, shared, readers }
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes one line to its standard input.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("standard input is open until the process is dropped");
        let written =
            stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")).and_then(|()| stdin.flush());
        written.unwrap_or_else(|error| panic!("{} does not listen any more: {error}", self.name));
    }

    /// Every line of standard output so far.
    pub(crate) fn out(&self) -> Vec<String> {
        self.lines_of(Stream::Out)
    }

    /// Every line of standard error so far.
    pub(crate) fn err(&self) -> Vec<String> {
        self.lines_of(Stream::Err)
    }

    fn lines_of(&self, wanted: Stream) -> Vec<String> {
        self.shared.lock().lines.iter().filter(|(stream, _)| *stream == wanted).map(|(_, line)| line.clone()).collect()
    }

    /// Waits until `matches` has held for `count` lines (of either stream, from the start) and gives the last of these.
    /// Fails the test after `deadline`, or at once when the process has said its last word.
    pub(crate) fn wait_for(
        &self,
        what: &str,
        count: usize,
        deadline: Duration,
        matches: impl Fn(&str) -> bool,
    ) -> String {
        let end = Instant::now() + deadline;
        let (mut seen, mut found) = (0, 0);
        let mut said = self.shared.lock();
        loop {
            while let Some((_, line)) = said.lines.get(seen) {
                seen += 1;
                found += usize::from(matches(line));
                if found >= count {
                    return line.clone();
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if said.open == 0 || left.is_zero() {
                let why = if said.open == 0 { "it ended" } else { "the time is over" };
                drop(said);
                panic!("{}: {what}: {found} of {count} lines, then {why}", self.name);
            }
            said = self.shared.grew.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the process. Everything it said has been collected when this returns.
    pub(crate) fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        let child = &mut self.child;
        let status = wait_until(&what, deadline, || child.try_wait().expect("the state of a child"));
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        status
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("the state of a child").is_none()
    }

    /// Sends it SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s INT \"$0\"", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} cannot be interrupted", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let status = self.child.wait();
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            let said = self.shared.lock();
            eprintln!("===== {} (ended with {status:?})", self.name);
            for (stream, line) in said.lines.iter().skip(said.lines.len().saturating_sub(TAIL)) {
                eprintln!("{} {line}", if *stream == Stream::Out { "|" } else { "!" });
            }
        }
    }
}
