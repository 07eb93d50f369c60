//! sipp with a scenario of ours.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::process::Process;
use super::{Bench, Ports, bound, sound, wait_until};

/// The tone that the scenarios play (`tone.ulaw` beside them while they run), in Hz.
pub(crate) const TONE: f64 = 1000.0;
/// Its amplitude, of 32,768.
pub(crate) const AMPLITUDE: f64 = 8000.0;

const SOON: Duration = Duration::from_secs(10);
/// Ports for the media of one call: RTP and RTCP of the echo, and the two after them that sipp takes for video.
const MEDIA_PORTS: u16 = 4;

/// How sipp is started.
pub(crate) struct Setup {
    command: Command,
    name: String,
    files: PathBuf,
    listen: SocketAddr,
    calls: u32,
    media: u16,
    tcp: bool,
    answers: bool,
    traced: bool,
}

impl Setup {
    /// sipp answers with the scenario `name`.
    pub(crate) fn uas(bench: &Bench, name: &str) -> Self {
        Self::new(bench, name, None)
    }

    /// sipp calls `peer` with the scenario `name`.
    pub(crate) fn uac(bench: &Bench, name: &str, peer: SocketAddr) -> Self {
        Self::new(bench, name, Some(peer))
    }

    fn new(bench: &Bench, name: &str, peer: Option<SocketAddr>) -> Self {
        let second = sound::tone(TONE, 8000, 1.0, AMPLITUDE);
        let coded: Vec<u8> = second.iter().map(|sample| sound::ulaw(*sample)).collect();
        fs::write(bench.file("tone.ulaw"), coded).expect("the tone of the scenarios");
        let mut command = Command::new("sipp");
        command.current_dir(bench.dir()).args(peer.map(|peer| peer.to_string()));
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(name).with_extension("xml");
        command.arg("-sf").arg(scenario);
        Self {
            command,
            name: name.to_owned(),
            files: bench.file(name),
            listen: Ports::take(2).address(),
            calls: 1,
            media: MEDIA_PORTS,
            tcp: false,
            answers: peer.is_none(),
            traced: true,
        }
    }

    /// More words of the command line.
    pub(crate) fn args(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// Uses one TCP connection.
    pub(crate) fn tcp(mut self) -> Self {
        self.tcp = true;
        self.args(&["-t", "t1"])
    }

    /// Makes `calls` calls, with `media` ports for them all, and writes no trace of the messages.
    pub(crate) fn load(mut self, calls: u32, media: u16) -> Self {
        (self.calls, self.media, self.traced) = (calls, media, false);
        self
    }

    /// Starts it; an answering one has opened its socket when this returns.
    pub(crate) fn start(mut self) -> Sipp {
        let (ip, port) = (self.listen.ip().to_string(), self.listen.port().to_string());
        let media = Ports::take(self.media).first.to_string();
        let control = Ports::take(2).first.to_string();
        // sipp asks its terminal for keys and dies without one unless told not to.
        self.command.args(["-nostdin", "-i", &ip, "-p", &port, "-mi", &ip, "-mp", &media, "-cp", &control]);
        self.command.args(["-m", &self.calls.to_string(), "-trace_err", "-trace_logs", "-trace_stat", "-fd", "1"]);
        for (option, extension) in [("-error_file", "errors.log"), ("-log_file", "verdict.log"), ("-stf", "csv")] {
            self.command.arg(option).arg(self.files.with_extension(extension));
        }
        if self.traced {
            self.command.arg("-trace_msg").arg("-message_file").arg(self.files.with_extension("messages.log"));
        }
        let mut process = Process::start(format!("sipp {}", self.name), &mut self.command);
        if self.answers {
            wait_until("sipp listens", SOON, || {
                assert!(process.runs(), "sipp {} ended before it listened", self.name);
                bound(self.listen.port(), self.tcp).then_some(())
            });
        }
        Sipp { process, name: self.name, files: self.files, listen: self.listen, calls: self.calls }
    }
}

/// sipp while it runs.
pub(crate) struct Sipp {
    process: Process,
    name: String,
    files: PathBuf,
    listen: SocketAddr,
    calls: u32,
}

impl Sipp {
    /// The URI of the peer that it plays.
    pub(crate) fn uri(&self) -> String {
        format!("sip:peer@{}", self.listen)
    }

    /// Waits for its end: every call that was asked for has succeeded and none has failed.
    /// Gives every message it sent and received.
    pub(crate) fn finish(mut self, deadline: Duration) -> Vec<Message> {
        let status = self.process.wait_exit(deadline);
        assert!(status.success(), "the scenario {} failed: sipp ended with {status}", self.name);
        let table = fs::read_to_string(self.files.with_extension("csv")).expect("the statistics of sipp");
        assert_eq!(figure(&table, "SuccessfulCall(C)"), Some(self.calls), "successful calls of {}", self.name);
        assert_eq!(figure(&table, "FailedCall(C)"), Some(0), "failed calls of {}", self.name);
        let trace = fs::read(self.files.with_extension("messages.log")).unwrap_or_default();
        messages(&String::from_utf8_lossy(&trace))
    }
}

/// A figure of the last row of sipp's statistics.
fn figure(table: &str, column: &str) -> Option<u32> {
    let mut rows = table.lines();
    let place = rows.next()?.split(';').position(|name| name == column)?;
    rows.next_back()?.split(';').nth(place)?.trim().parse().ok()
}

/// One message of sipp's trace.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Seconds since midnight.
    pub(crate) at: f64,
    /// Sent by sipp (otherwise received by it).
    pub(crate) sent: bool,
    /// Start line, header fields and body.
    pub(crate) text: String,
}

impl Message {
    /// Whether sipp received it and it starts with `start`.
    pub(crate) fn received(&self, start: &str) -> bool {
        !self.sent && self.text.starts_with(start)
    }

    /// The value of the first header field `name`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.text.lines().take_while(|line| !line.trim().is_empty());
        let mut fields = lines.filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Reads sipp's trace: a line of dashes with date and time, a line that tells the direction, an empty line, the message.
fn messages(trace: &str) -> Vec<Message> {
    const RULE: &str = "-----------------------------------------------";
    trace.split(RULE).filter_map(message).collect()
}

fn message(part: &str) -> Option<Message> {
    let (first, rest) = part.split_once('\n')?;
    let (direction, text) = rest.split_once('\n')?;
    let clock = first.split_whitespace().nth(1)?;
    let at = clock.split(':').try_fold(0.0, |sum, figure| Some(sum * 60.0 + figure.parse::<f64>().ok()?))?;
    let sent = match direction {
        line if line.contains("message sent") => true,
        line if line.contains("message received") => false,
        _ => return None,
    };
    Some(Message { at, sent, text: text.trim_start().to_owned() })
}

/// The seconds between each of `messages` and the next.
pub(crate) fn gaps<'a>(messages: impl Iterator<Item = &'a Message>) -> Vec<f64> {
    const DAY: f64 = 86_400.0;
    let times: Vec<f64> = messages.map(|message| message.at).collect();
    times.windows(2).map(|pair| (pair[1] - pair[0]).rem_euclid(DAY)).collect()
}
