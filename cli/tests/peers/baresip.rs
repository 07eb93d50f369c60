//! baresip in a network namespace of its own, steered over its control port.
//!
//! baresip refuses the loopback interface, so a veth pair joins it to the program under test, which stays outside.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::process::Process;
use super::{Bench, LOOK_AGAIN, sound, wait_until};

/// The tone that baresip sends, in Hz.
pub(crate) const TONE: f64 = 1000.0;
/// Its amplitude, of 32,768.
pub(crate) const AMPLITUDE: f64 = 8000.0;

const SOON: Duration = Duration::from_secs(10);
const SIP_PORT: u16 = 25_070;
/// Not the port after `SIP_PORT`: baresip listens there for TLS.
const CONTROL_PORT: u16 = 25_080;
/// How long the tone lasts, in seconds: longer than any call of the tests.
const TONE_LENGTH: f64 = 40.0;

/// A network namespace, joined to ours by a veth pair. Deleted (and the pair with it) when dropped.
pub(crate) struct Namespace {
    name: String,
    /// Our end of the pair.
    pub(crate) here: Ipv4Addr,
    /// The end in the namespace.
    pub(crate) there: Ipv4Addr,
}

impl Namespace {
    /// A new one. `number` (0 to 63) makes its addresses differ from those of the other tests; they lie in 198.18.0.0/15,
    /// which RFC 2544 keeps for tests between devices.
    pub(crate) fn new(number: u8) -> Self {
        assert!(number < 64, "64 networks of four addresses fit");
        let name = format!("sansip-{}-{number}", std::process::id());
        // Names of interfaces have at most 15 octets.
        let link = format!("ss{}n{number}", std::process::id() % 1_000_000);
        let (here, there) = (Ipv4Addr::new(198, 18, 77, number * 4 + 1), Ipv4Addr::new(198, 18, 77, number * 4 + 2));
        ip(&["netns", "add", &name]);
        let namespace = Self { name, here, there };
        let name = namespace.name.as_str();
        ip(&["link", "add", &link, "type", "veth", "peer", "name", "d0", "netns", name]);
        ip(&["addr", "add", &format!("{here}/30"), "dev", &link]);
        ip(&["link", "set", &link, "up"]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        ip(&["-n", name, "addr", "add", &format!("{there}/30"), "dev", "d0"]);
        ip(&["-n", name, "link", "set", "d0", "up"]);
        namespace
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output().expect("iproute2 is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {}: {said} (a namespace needs root)", words.join(" "));
}

/// A baresip that answers every call by itself, sends a tone and writes down what it hears.
pub(crate) struct Baresip {
    /// Dropped before the namespace, which must outlive it.
    process: Process,
    control: Control,
    address: SocketAddr,
    home: PathBuf,
}

impl Baresip {
    /// Starts it in `namespace`.
    pub(crate) fn start(bench: &Bench, namespace: &Namespace) -> Self {
        let home = bench.file("baresip");
        fs::create_dir_all(&home).expect("the directory of baresip");
        let tone = home.join("tone.wav");
        sound::write_wav(&tone, 8000, &sound::tone(TONE, 8000, TONE_LENGTH, AMPLITUDE));
        let there = namespace.there;
        let account =
            format!("<sip:baresip@{there}:{SIP_PORT}>;regint=0;answermode=auto;audio_codecs=PCMU/8000/1,PCMA/8000/1\n");
        fs::write(home.join("accounts"), account).expect("the account of baresip");
        fs::write(home.join("contacts"), "").expect("the contacts of baresip");
        fs::write(home.join("config"), config(&home, &tone, there)).expect("the configuration of baresip");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &namespace.name, "baresip", "-f"]).arg(&home).env("HOME", &home);
        let mut process = Process::start("baresip", &mut command);
        let control = wait_until("the control port of baresip", SOON, || {
            assert!(process.runs(), "baresip ended at once");
            TcpStream::connect_timeout(&(there, CONTROL_PORT).into(), SOON).ok()
        });
        process.wait_for("it is ready", 1, SOON, |line| line.contains("baresip is ready"));
        Self { process, control: Control::new(control), address: (there, SIP_PORT).into(), home }
    }

    /// Its URI.
    pub(crate) fn uri(&self) -> String {
        format!("sip:baresip@{}", self.address)
    }

    /// A command of its menu: `dial URI`, `hold`, `resume`, `hangup`, `sndcode DIGIT`.
    pub(crate) fn command(&mut self, command: &str, parameters: &str) {
        self.control.command(command, parameters);
    }

    /// Presses and releases the key of a digit.
    pub(crate) fn press(&mut self, digit: char) {
        self.command("sndcode", &digit.to_string());
        // 120 ms of the event are what is being tested, so that much time passes.
        std::thread::sleep(Duration::from_millis(120));
        self.command("sndcode", "");
    }

    /// Waits for the next event of this type (`CALL_ESTABLISHED`, `CALL_DTMF_START`, ...) behind those waited for before,
    /// and gives it as it came (JSON).
    pub(crate) fn wait_for(&mut self, kind: &str, deadline: Duration) -> String {
        self.control.wait_for(kind, deadline)
    }

    /// The WAV file of what it heard; complete when the call has ended.
    pub(crate) fn heard(&self) -> PathBuf {
        let files = fs::read_dir(&self.home).expect("the directory of baresip").flatten().map(|entry| entry.path());
        let is_heard = |path: &PathBuf| path.to_string_lossy().ends_with("-dec.wav");
        files.filter(is_heard).max().expect("baresip wrote what it heard")
    }
}

fn config(home: &Path, tone: &Path, there: Ipv4Addr) -> String {
    let (home, tone) = (home.display(), tone.display());
    let rtp = format!("{}-{}", SIP_PORT + 1000, SIP_PORT + 1020);
    let modules = modules();
    let modules = modules.display();
    // aubridge takes the place of a sound card; sndfile writes each direction to a WAV file.
    format!(
        "sip_listen {there}:{SIP_PORT}\naudio_source aufile,{tone}\naudio_player aubridge,ear\n\
         audio_alert aubridge,bell\nsnd_path {home}\nrtp_ports {rtp}\nnet_interface d0\n\
         ctrl_tcp_listen {there}:{CONTROL_PORT}\nmodule_path {modules}\nmodule stdio.so\nmodule g711.so\n\
         module aufile.so\nmodule aubridge.so\nmodule sndfile.so\nmodule ctrl_tcp.so\nmodule_tmp uuid.so\n\
         module_tmp account.so\nmodule_app menu.so\nmodule_app contact.so\n"
    )
}

/// Where the package put the modules: Debian's, or the one of the architecture.
fn modules() -> PathBuf {
    let plain = PathBuf::from("/usr/lib/baresip/modules");
    if plain.is_dir() {
        return plain;
    }
    let libraries = fs::read_dir("/usr/lib").expect("a file system").flatten();
    let mut folders = libraries.map(|entry| entry.path().join("baresip/modules"));
    folders.find(|folder| folder.is_dir()).expect("baresip-core is installed")
}

/// The control port: netstrings (`LENGTH:JSON,`) both ways.
struct Control {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Control {
    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LOOK_AGAIN)).expect("a time-out that is not zero");
        Self { stream, received: Vec::new() }
    }

    fn command(&mut self, command: &str, parameters: &str) {
        let json = format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        let sent = write!(self.stream, "{}:{json},", json.len());
        sent.unwrap_or_else(|error| panic!("baresip takes no command: {error}"));
    }

    fn wait_for(&mut self, kind: &str, deadline: Duration) -> String {
        let wanted = format!("\"type\":\"{kind}\"");
        let end = Instant::now() + deadline;
        let mut passed = Vec::new();
        loop {
            while let Some(event) = self.take() {
                if event.contains(&wanted) {
                    return event;
                }
                passed.push(event);
            }
            assert!(Instant::now() < end, "baresip: no {kind} within {deadline:?}; it said:\n{}", passed.join("\n"));
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("baresip closed its control port; it said:\n{}", passed.join("\n")),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => panic!("the control port of baresip: {error}"),
            }
        }
    }

    /// Takes the next whole netstring out of what has been received.
    fn take(&mut self) -> Option<String> {
        let colon = self.received.iter().position(|octet| *octet == b':')?;
        let length: usize = std::str::from_utf8(&self.received[..colon]).ok()?.parse().ok()?;
        let event = self.received.get(colon + 1..colon + 1 + length)?;
        let event = String::from_utf8_lossy(event).into_owned();
        let end = colon + length + 2;
        if self.received.len() < end {
            return None;
        }
        self.received.drain(..end);
        Some(event)
    }
}
