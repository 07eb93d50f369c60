//! The program under test.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use super::process::Process;
use super::{Bench, Ports, bound, wait_until};

/// The program has no reason to take longer than this to open its sockets or to leave.
const SOON: Duration = Duration::from_secs(10);

/// How `sansip` is started: `call` or `answer`, without a sound card, with notifications and SIP trace.
pub(crate) struct Setup {
    command: Command,
    name: &'static str,
    listen: SocketAddr,
    tcp: bool,
    answers: bool,
}

impl Setup {
    /// `sansip call <uri>`.
    pub(crate) fn call(bench: &Bench, uri: &str) -> Self {
        Self::new(bench, "sansip call", &["call", uri], false)
    }

    /// `sansip answer`.
    pub(crate) fn answer(bench: &Bench) -> Self {
        Self::new(bench, "sansip answer", &["answer"], true)
    }

    fn new(bench: &Bench, name: &'static str, words: &[&str], answers: bool) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sansip"));
        // Settings and recordings of whoever runs the test stay out of it, and the other way round.
        command.args(words).current_dir(bench.dir()).env("HOME", bench.dir()).env_remove("SANSIP_PASSWORD");
        command.args(["--no-sound", "--notifications"]);
        Self { command, name, listen: Ports::take(2).address(), tcp: false, answers }
    }

    /// More words of the command line.
    pub(crate) fn args(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// A word of the command line that is a path.
    pub(crate) fn path(mut self, option: &str, path: &Path) -> Self {
        self.command.arg(option).arg(path);
        self
    }

    /// A variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Uses TCP.
    pub(crate) fn tcp(mut self) -> Self {
        self.tcp = true;
        self.args(&["--transport", "tcp"])
    }

    /// Prints every SIP message.
    pub(crate) fn trace(self) -> Self {
        self.args(&["--trace"])
    }

    /// Listens on this address instead of a free port of 127.0.0.1.
    pub(crate) fn listen(mut self, listen: SocketAddr) -> Self {
        self.listen = listen;
        self
    }

    /// Starts it with `rtp` for its media. An answering one has opened its socket when this returns.
    pub(crate) fn start_with(mut self, rtp: Ports) -> Sansip {
        self.command.args(["--listen", &self.listen.to_string(), "--rtp-ports", &rtp.range()]);
        let process = Process::start(self.name, &mut self.command);
        let mut sansip = Sansip { process, listen: self.listen };
        if self.answers {
            wait_until("sansip answer listens", SOON, || {
                assert!(sansip.process.runs(), "sansip answer ended before it listened");
                bound(self.listen.port(), self.tcp).then_some(())
            });
        }
        sansip
    }

    /// Starts it with ten ports for its media.
    pub(crate) fn start(self) -> Sansip {
        self.start_with(Ports::take(10))
    }
}

/// The program while it runs.
pub(crate) struct Sansip {
    process: Process,
    listen: SocketAddr,
}

impl Sansip {
    /// Where it listens for SIP.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A command on standard input: `h`, `space`, `m`, `r`, a digit.
    pub(crate) fn say(&mut self, command: &str) {
        self.process.say(command);
    }

    /// Waits for the notification `name` and gives its line.
    pub(crate) fn wait_for(&self, name: &str, deadline: Duration) -> String {
        self.wait_for_nth(name, 1, deadline)
    }

    /// Waits until the notification `name` has come `count` times and gives the last line.
    pub(crate) fn wait_for_nth(&self, name: &str, count: usize, deadline: Duration) -> String {
        self.process.wait_for(name, count, deadline, |line| is(line, name))
    }

    /// Waits until the notification `name` comes with `word` among its data.
    pub(crate) fn wait_for_word(&self, name: &str, word: &str, deadline: Duration) -> String {
        self.process
            .wait_for(&format!("{name} with {word}"), 1, deadline, |line| is(line, name) && mentions(line, word))
    }

    /// The notifications so far.
    pub(crate) fn heard(&self) -> Heard {
        let line = |line: &String| line.starts_with("SIP") && !line.starts_with("SIP/");
        Heard { lines: self.process.out().into_iter().filter(line).collect() }
    }

    /// Waits for its end: how it ended and what it notified.
    pub(crate) fn finish(mut self, deadline: Duration) -> (ExitStatus, Heard) {
        let status = self.process.wait_exit(deadline);
        (status, self.heard())
    }

    /// Waits for its end, which is that of a call that was established.
    pub(crate) fn finish_well(self, deadline: Duration) -> Heard {
        let (status, heard) = self.finish(deadline);
        assert!(status.success(), "sansip ended with {status} although the call was established");
        heard
    }

    /// Ends it as Ctrl-C does; it must leave in order.
    pub(crate) fn interrupt(mut self) -> Heard {
        assert!(self.process.runs(), "sansip is gone");
        self.process.interrupt();
        let status = self.process.wait_exit(SOON);
        assert!(status.success(), "sansip answer ended with {status} at SIGINT");
        self.heard()
    }
}

/// The notifications of one run, one a line, in order.
pub(crate) struct Heard {
    lines: Vec<String>,
}

impl Heard {
    /// How often `name` came.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.lines.iter().filter(|line| is(line, name)).count()
    }

    /// How often `name` came with `word` among its data.
    pub(crate) fn count_with(&self, name: &str, word: &str) -> usize {
        self.lines.iter().filter(|line| is(line, name) && mentions(line, word)).count()
    }

    /// Fails the test unless `name` came exactly `count` times.
    pub(crate) fn expect(&self, name: &str, count: usize) -> &Self {
        assert_eq!(self.count(name), count, "{name}; heard:\n{}", self.lines.join("\n"));
        self
    }

    /// Fails the test unless `name` came with all of `words`.
    pub(crate) fn expect_with(&self, name: &str, words: &[&str]) -> &Self {
        let found = self.lines.iter().any(|line| is(line, name) && words.iter().all(|word| mentions(line, word)));
        assert!(found, "no {name} with {words:?}; heard:\n{}", self.lines.join("\n"));
        self
    }

    /// Fails the test unless the names came in this order (others may stand between).
    pub(crate) fn expect_order(&self, names: &[&str]) -> &Self {
        let mut lines = self.lines.iter();
        for name in names {
            let found = lines.any(|line| is(line, name));
            assert!(found, "{name} not in its place of {names:?}; heard:\n{}", self.lines.join("\n"));
        }
        self
    }
}

fn is(line: &str, name: &str) -> bool {
    line.split_whitespace().next() == Some(name)
}

/// Whether `word` stands as a word of its own behind the name and the session of a notification.
fn mentions(line: &str, word: &str) -> bool {
    let data = line.splitn(3, char::is_whitespace).nth(2).unwrap_or_default();
    data.split(|c: char| !c.is_ascii_alphanumeric() && !"*#_.".contains(c))
        .any(|found| found.eq_ignore_ascii_case(word))
}

/// The resident memory of a process in octets, from `/proc`.
pub(crate) fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells VmRSS");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number of kB") * 1024
}

/// The processor time that a process has used, in the kernel too.
pub(crate) fn processor_time(id: u32) -> Duration {
    /// `sysconf(_SC_CLK_TCK)`: 100 on every Linux.
    const TICKS: f64 = 100.0;
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("the process runs");
    // Behind the name, which may hold anything: state, 10 other figures, utime, stime.
    let (_, figures) = line.rsplit_once(')').expect("a name in parentheses");
    let ticks =
        figures.split_whitespace().skip(11).take(2).map(|figure| figure.parse::<f64>().expect("a number of ticks"));
    Duration::from_secs_f64(ticks.sum::<f64>() / TICKS)
}
