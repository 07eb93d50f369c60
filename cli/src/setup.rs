//! From the command line to what an agent is started with. Everything that can be wrong on this machine is found here,
//! before anybody's telephone rings.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use sansip_core::agent::{Account, Route};
use sansip_core::middleware::settings::Settings;
use sansip_core::wire::sip::Transport;
use sansip_tokio::{Agent, AgentOptions, AudioSink, AudioSource, Notifications, Samples, SoundDefaults, StartError};

use crate::exit::Failure;
use crate::options::{Listen, TalkOptions};

/// The level of `--tone`, in dBov: that of a talker.
const TONE_LEVEL: f64 = -20.0;
/// The sample rate of the codecs there are.
const RATE: u32 = 8_000;

/// The address to call and the ways there.
pub(crate) struct Callee {
    pub(crate) uri: String,
    pub(crate) routes: Vec<Route>,
}

impl Callee {
    /// Reads what people type; `sip:` may be left out.
    pub(crate) fn new(text: &str, routes: &[String], transport: Option<Transport>) -> Result<Callee, Failure> {
        let has_scheme = ["sip:", "sips:", "tel:"].iter().any(|scheme| starts_with_ignoring_case(text, scheme));
        let uri = if has_scheme { text.to_owned() } else { format!("sip:{text}") };
        let own = Route::for_uri(&uri)
            .map_err(|error| Failure::Usage(format!("{text:?} is no address to call ({error}); give sip:name@host")))?;
        let used = transport.unwrap_or(own.transport);
        let routes = if routes.is_empty() {
            let at_default = own.port == own.transport.default_port();
            let port = if at_default { used.default_port() } else { own.port };
            vec![Route { port, transport: used, ..own }]
        } else {
            let read = routes.iter().map(|route| crate::options::route(route, used));
            read.collect::<Result<_, _>>().map_err(Failure::Usage)?
        };
        Ok(Callee { uri, routes })
    }
}

fn starts_with_ignoring_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Where to listen.
pub(crate) struct Listening {
    pub(crate) udp: Option<SocketAddr>,
    pub(crate) tcp: Option<SocketAddr>,
}

/// The sockets of a call out: those of its transport. Without `--listen` any free port will do.
pub(crate) fn listening_to_call(talk: &TalkOptions, callee: &Callee) -> Result<Listening, Failure> {
    let address = Listen::address(talk.listen.as_ref(), 0).map_err(Failure::Usage)?;
    let by_tcp = callee.routes.iter().all(|route| route.transport == Transport::Tcp);
    Ok(Listening { udp: (!by_tcp).then_some(address), tcp: by_tcp.then_some(address) })
}

/// The sockets of whoever waits for calls: both transports, unless one is named.
pub(crate) fn listening_to_answer(talk: &TalkOptions) -> Result<Listening, Failure> {
    let address = Listen::address(talk.listen.as_ref(), 5060).map_err(Failure::Usage)?;
    let uses = |transport| talk.transport.is_none_or(|only| only == transport);
    Ok(Listening { udp: uses(Transport::Udp).then_some(address), tcp: uses(Transport::Tcp).then_some(address) })
}

/// What an agent is started with. `domain` is that of an account whose name does not have one.
pub(crate) async fn agent_options(
    talk: &TalkOptions,
    listening: Listening,
    domain: &str,
) -> Result<AgentOptions, Failure> {
    Ok(AgentOptions {
        settings: settings(talk, &listening),
        accounts: vec![account(talk, domain)?],
        sound: sound(talk).await?,
    })
}

fn settings(talk: &TalkOptions, listening: &Listening) -> Settings {
    let mut settings = Settings::default();
    let bound = listening.udp.or(listening.tcp).map(|address| address.ip());
    settings.local_ip = bound.filter(|ip| !ip.is_unspecified());
    settings.sip.udp = listening.udp;
    settings.sip.tcp = listening.tcp;
    settings.logging.trace_sip = talk.trace;
    if !talk.codec.is_empty() {
        settings.audio.codecs = talk.codec.clone();
    }
    if let Some(ports) = &talk.rtp_ports {
        settings.rtp.port_range = ports.clone();
    }
    if let Some(timeout) = talk.timeout {
        settings.session.invite_timeout = timeout;
    }
    settings
}

fn account(talk: &TalkOptions, domain: &str) -> Result<Account, Failure> {
    let name = talk.username.as_deref().unwrap_or("sansip");
    let id = if name.contains('@') { name.to_owned() } else { format!("{name}@{domain}") };
    let account = Account::new(&id).map_err(|error| Failure::Usage(format!("--username: {error}")))?;
    Ok(match password(talk)? {
        Some(password) => account.with_password(&password),
        None => account,
    })
}

fn password(talk: &TalkOptions) -> Result<Option<String>, Failure> {
    let Some(file) = &talk.password_file else { return Ok(std::env::var("SANSIP_PASSWORD").ok()) };
    let wrong = |what: &dyn std::fmt::Display| Failure::Local(format!("--password-file {}: {what}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    let line = text.lines().next().unwrap_or("").to_owned();
    if line.is_empty() { Err(wrong(&"its first line is empty; put the password there")) } else { Ok(Some(line)) }
}

async fn sound(talk: &TalkOptions) -> Result<SoundDefaults, Failure> {
    let mut sound = if talk.no_sound { SoundDefaults::none() } else { SoundDefaults::default() };
    if let Some(file) = &talk.play {
        let samples = Samples::load(file, RATE).await.map_err(|error| Failure::Local(error.to_string()))?;
        sound.source = AudioSource::Samples(samples);
    } else if let Some(frequency) = talk.tone {
        sound.source = AudioSource::Tone { frequency, level: TONE_LEVEL };
    }
    if !matches!(sound.source, AudioSource::SoundCard) {
        // The microphone is left alone when it is not heard.
        sound.input = sansip_host::sound::DeviceChoice::None;
    }
    if !matches!(sound.sink, AudioSink::SoundCard) {
        sound.output = sansip_host::sound::DeviceChoice::None;
    }
    crate::devices::choose(talk, &mut sound).await?;
    Ok(sound)
}

/// The domain of a caller without one: that of the callee, or where the callee is an IP address, our own on the way there.
pub(crate) fn domain_towards(callee: &Callee) -> String {
    let host = Route::for_uri(&callee.uri).map(|route| route.address).unwrap_or_default();
    let Ok(ip) = host.parse::<IpAddr>() else { return host };
    match sansip_host::addresses::local_address_towards(ip) {
        Ok(IpAddr::V4(own)) => own.to_string(),
        // An account's domain is a name or an IPv4 address.
        _ => "localhost".into(),
    }
}

/// Starts an agent, or says what to do.
pub(crate) async fn start(options: AgentOptions) -> Result<(Agent, Notifications), Failure> {
    Agent::start(options).await.map_err(|error| match error {
        StartError::Misuse(misuse) => Failure::Usage(misuse.to_string()),
        StartError::Failed(reason) => Failure::Local(format!("{reason} (the address and port are set with --listen)")),
        error => Failure::Local(error.to_string()),
    })
}

/// The file for the `n`th recording, from 1, with its whole path.
pub(crate) fn recording_file(first: &Path, n: u64) -> Result<PathBuf, Failure> {
    let name = match (n, first.file_stem()) {
        (0 | 1, _) | (_, None) => first.to_owned(),
        (n, Some(stem)) => {
            let mut name = stem.to_owned();
            name.push(format!("-{n}"));
            if let Some(extension) = first.extension() {
                name.push(".");
                name.push(extension);
            }
            first.with_file_name(name)
        }
    };
    std::path::absolute(&name).map_err(|error| Failure::Local(format!("--record {}: {error}", first.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_an_address() {
        let callee = |text, transport| Callee::new(text, &[], transport).unwrap();
        let plain = callee("bob@example.com", None);
        assert_eq!(plain.uri, "sip:bob@example.com");
        assert_eq!(plain.routes, [Route::new("example.com", 5060, Transport::Udp)]);
        let tcp = callee("SIP:127.0.0.1:5070", Some(Transport::Tcp));
        assert_eq!(tcp.routes, [Route::new("127.0.0.1", 5070, Transport::Tcp)]);
        let named = callee("sip:bob@example.com;transport=tcp", None);
        assert_eq!(named.routes[0].transport, Transport::Tcp);
        let by_proxy = Callee::new("bob@example.com", &["proxy:5080".into(), "10.0.0.1".into()], None).unwrap();
        let expected = [Route::new("proxy", 5080, Transport::Udp), Route::new("10.0.0.1", 5060, Transport::Udp)];
        assert_eq!(by_proxy.routes, expected);
        assert!(matches!(Callee::new("", &[], None), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_caller_has_the_callees_domain_or_its_own_address() {
        let domain = |text| domain_towards(&Callee::new(text, &[], None).unwrap());
        assert_eq!(domain("bob@example.com"), "example.com");
        assert_eq!(domain("bob@127.0.0.1:5070"), "127.0.0.1");
    }

    #[test]
    fn recordings_of_several_calls_have_names_of_their_own() {
        let file = |n| recording_file(Path::new("/tmp/call.wav"), n).unwrap();
        assert_eq!(file(1), Path::new("/tmp/call.wav"));
        assert_eq!(file(2), Path::new("/tmp/call-2.wav"));
        assert!(recording_file(Path::new("call.wav"), 1).unwrap().is_absolute());
    }
}
