//! The command line.

use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use sansip_core::agent::Route;
use sansip_core::machines::media::codec::CodecKind;
use sansip_core::wire::sip::{StatusCode, Transport};

/// Places and answers SIP calls.
#[derive(Parser, Debug)]
#[command(name = "sansip", version, about, after_help = crate::exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Call somebody
    #[command(after_help = crate::keys::HELP)]
    Call(CallOptions),
    /// Wait for calls and answer them
    #[command(after_help = crate::keys::HELP)]
    Answer(AnswerOptions),
    /// List the sound devices of this machine
    Devices,
    /// Call a peer of its own on this machine and measure whether the sound comes through; needs nothing else
    Demo(DemoOptions),
}

#[derive(Args, Debug)]
pub(crate) struct CallOptions {
    /// Whom to call: sip:bob@example.com, bob@example.com, 192.0.2.1:5060
    pub(crate) uri: String,
    /// Where to send the call instead of to the address's own host; several are tried in order
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) route: Vec<String>,
    #[command(flatten)]
    pub(crate) talk: TalkOptions,
}

#[derive(Args, Debug)]
pub(crate) struct AnswerOptions {
    /// Take every call at once
    #[arg(long)]
    pub(crate) auto_answer: bool,
    /// Leave after so many calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) calls: Option<u64>,
    /// Refuse every call with this status, 300 to 699
    #[arg(long, value_name = "CODE", value_parser = refusal, conflicts_with = "auto_answer")]
    pub(crate) reject: Option<StatusCode>,
    #[command(flatten)]
    pub(crate) talk: TalkOptions,
}

/// What both kinds of call have in common.
#[derive(Args, Debug)]
pub(crate) struct TalkOptions {
    /// Say this WAV file instead of the microphone's sound
    #[arg(long, value_name = "FILE.wav", conflicts_with = "tone")]
    pub(crate) play: Option<PathBuf>,
    /// Record both sides; of several calls the second goes to FILE-2.wav and so on
    #[arg(long, value_name = "FILE.wav")]
    pub(crate) record: Option<PathBuf>,
    /// Say a sine of this frequency instead of the microphone's sound
    #[arg(long, value_name = "HZ", num_args = 0..=1, default_missing_value = "440", value_parser = frequency)]
    pub(crate) tone: Option<f64>,
    /// Use neither microphone nor loudspeaker
    #[arg(long)]
    pub(crate) no_sound: bool,
    /// Record from this sound device: its name, an unambiguous part of it, or its id; `sansip devices` lists them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["no_sound", "play", "tone"])]
    pub(crate) input: Option<String>,
    /// Play to this sound device, named like that of --input
    #[arg(long, value_name = "NAME", conflicts_with = "no_sound")]
    pub(crate) output: Option<String>,
    /// Hang up so long after the call was established
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
    /// Codecs to offer, best first: PCMU, PCMA
    #[arg(long, value_name = "CODEC", value_delimiter = ',', value_parser = codec)]
    pub(crate) codec: Vec<CodecKind>,
    /// Use this transport only: udp or tcp [default: udp for call, both for answer]
    #[arg(long, value_parser = transport)]
    pub(crate) transport: Option<Transport>,
    /// The address for SIP: HOST, HOST:PORT or :PORT [default: any free port for call, 5060 for answer]
    #[arg(long, value_name = "HOST:PORT", value_parser = listen)]
    pub(crate) listen: Option<Listen>,
    /// The ports for RTP
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    pub(crate) rtp_ports: Option<RangeInclusive<u16>>,
    /// Print every SIP message on standard error, with direction and time, credentials masked
    #[arg(long)]
    pub(crate) trace: bool,
    /// The name to call as, or to be called at: alice or alice@example.com; also the one the password is for
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Read the password from the first line of this file; without it, SANSIP_PASSWORD in the environment is the password
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Put the peer on hold so long after the call was established
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub(crate) hold_after: Option<Duration>,
    /// Send these DTMF digits one second after the call was established
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    pub(crate) dtmf: Option<String>,
    /// Give up a call that rings so long [default: 90]
    #[arg(long, value_name = "SECS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Print each notification of the middleware on a line of its own
    #[arg(long)]
    pub(crate) notifications: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// Keep the caller's recording in this file; otherwise it goes to a temporary directory
    #[arg(long, value_name = "FILE.wav")]
    pub(crate) record: Option<PathBuf>,
    /// Print every SIP message on standard error, with direction and time
    #[arg(long)]
    pub(crate) trace: bool,
}

/// `--listen`: a host, a port, or both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listen {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
}

impl Listen {
    /// The address to bind; any address and `port` where nothing is said.
    pub(crate) fn address(this: Option<&Listen>, port: u16) -> Result<SocketAddr, String> {
        let port = this.and_then(|listen| listen.port).unwrap_or(port);
        let Some(host) = this.and_then(|listen| listen.host.as_deref()) else {
            return Ok(([0, 0, 0, 0], port).into());
        };
        let unknown = |why: &dyn std::fmt::Display| format!("--listen: {host} is no address of this machine: {why}");
        let mut addresses = (host, port).to_socket_addrs().map_err(|error| unknown(&error))?;
        addresses.next().ok_or_else(|| unknown(&"it has no address"))
    }
}

fn listen(text: &str) -> Result<Listen, String> {
    let (host, port) = host_port(text)?;
    Ok(Listen { host: Some(host).filter(|host| !host.is_empty()), port })
}

/// Splits `host`, `host:port`, `:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn host_port(text: &str) -> Result<(String, Option<u16>), String> {
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), None));
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or("after ] comes :PORT")?)),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map(|port| port.parse().map_err(|_| format!("{port:?} is no port, 0 to 65535"))).transpose()?;
    Ok((host.to_owned(), port))
}

/// A `--route` with the transport that the call uses.
pub(crate) fn route(text: &str, transport: Transport) -> Result<Route, String> {
    let (host, port) = host_port(text)?;
    if host.is_empty() {
        return Err(format!("--route {text}: the host is missing"));
    }
    Ok(Route::new(host, port.unwrap_or(5060), transport))
}

fn refusal(text: &str) -> Result<StatusCode, String> {
    let code = text.parse().ok().filter(|code| (300..=699).contains(code));
    code.and_then(StatusCode::new).ok_or_else(|| "a refusal is 300 to 699, such as 486 or 603".into())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().map_err(|_| "give seconds, such as 10 or 2.5")?;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err("give 0 to 86400 seconds".into());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn frequency(text: &str) -> Result<f64, String> {
    let hz = text.parse::<f64>().map_err(|_| "give a frequency in Hz, such as 440")?;
    if (20.0..=3_900.0).contains(&hz) { Ok(hz) } else { Err("a telephone carries 20 to 3900 Hz".into()) }
}

fn codec(text: &str) -> Result<CodecKind, String> {
    match text.to_ascii_uppercase().as_str() {
        "PCMU" => Ok(CodecKind::Pcmu),
        "PCMA" => Ok(CodecKind::Pcma),
        _ => Err("the codecs are PCMU and PCMA".into()),
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    match text.to_ascii_lowercase().as_str() {
        "udp" => Ok(Transport::Udp),
        "tcp" => Ok(Transport::Tcp),
        _ => Err("the transports are udp and tcp".into()),
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let wrong = || "give two ports, such as 50000-50400".to_owned();
    let (low, high) = text.split_once('-').ok_or_else(wrong)?;
    let (low, high) = (low.trim().parse().map_err(|_| wrong())?, high.trim().parse().map_err(|_| wrong())?);
    // RTP takes an even port and RTCP the odd one above it.
    if low < 1 || high <= low { Err("the second port must be above the first".into()) } else { Ok(low..=high) }
}

fn digits(text: &str) -> Result<String, String> {
    let digits = text.to_ascii_uppercase();
    let good = !digits.is_empty() && digits.chars().all(|c| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D'));
    if good { Ok(digits) } else { Err("digits are 0-9 * # A-D".into()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn call(words: &[&str]) -> CallOptions {
        let words = ["sansip", "call", "sip:bob@example.com"].iter().chain(words);
        match Cli::try_parse_from(words).unwrap().command {
            Command::Call(options) => options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_are_understood() {
        let talk = call(&["--tone", "--codec", "pcma,PCMU", "--rtp-ports", "6000-6010", "--dtmf", "12#a"]).talk;
        assert_eq!(talk.tone, Some(440.0));
        assert_eq!(talk.codec, [CodecKind::Pcma, CodecKind::Pcmu]);
        assert_eq!(talk.rtp_ports, Some(6_000..=6_010));
        assert_eq!(talk.dtmf.as_deref(), Some("12#A"));
        let talk = call(&["--tone", "1000", "--duration", "2.5", "--transport", "TCP"]).talk;
        assert_eq!((talk.tone, talk.duration), (Some(1_000.0), Some(Duration::from_millis(2_500))));
        assert_eq!(talk.transport, Some(Transport::Tcp));
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [
            &["--tone", "9000"][..],
            &["--dtmf", "x"],
            &["--rtp-ports", "10-5"],
            &["--codec", "opus"],
            &["--duration", "-1"],
            &["--listen", "host:70000"],
            &["--play", "a.wav", "--tone"],
            &["--input", "Headset", "--no-sound"],
            &["--input", "Headset", "--tone"],
            &["--output", "Headset", "--no-sound"],
        ] {
            let all = ["sansip", "call", "sip:bob@example.com"].iter().chain(words);
            assert!(Cli::try_parse_from(all).is_err(), "{words:?}");
        }
        assert!(Cli::try_parse_from(["sansip", "answer", "--reject", "200"]).is_err());
        assert!(Cli::try_parse_from(["sansip", "answer", "--calls", "0"]).is_err());
    }

    #[test]
    fn hosts_and_ports_are_split() {
        let split = |text| host_port(text).unwrap();
        assert_eq!(split("127.0.0.1:5070"), ("127.0.0.1".into(), Some(5070)));
        assert_eq!(split(":5070"), (String::new(), Some(5070)));
        assert_eq!(split("localhost"), ("localhost".into(), None));
        assert_eq!(split("[::1]:5070"), ("::1".into(), Some(5070)));
        assert_eq!(split("::1"), ("::1".into(), None));
        let listen = listen(":5070").unwrap();
        assert_eq!(Listen::address(Some(&listen), 5060), Ok(([0, 0, 0, 0], 5070).into()));
        assert_eq!(Listen::address(None, 5060), Ok(([0, 0, 0, 0], 5060).into()));
    }
}
