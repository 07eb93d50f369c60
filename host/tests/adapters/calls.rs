//! Two agents in one process, over real loopback sockets.

use std::time::Duration;

use sansip_tokio::sansip_core::agent::{Account, Route};
use sansip_tokio::sansip_core::machines::media::measure::{level_at, rms_dbov};
use sansip_tokio::sansip_core::middleware::notification::{AgentNotification, Event, Originator, SessionNotification};
use sansip_tokio::sansip_core::wire::sip::Transport;
use sansip_tokio::{Agent, AgentOptions, AudioSource, Notifications, Samples, Session, SoundDefaults, StartError};
use tokio::time::timeout;

/// Longer than anything here should take, on a machine that is busy.
const LONG: Duration = Duration::from_secs(20);

fn options(name: &str, ports: std::ops::RangeInclusive<u16>) -> AgentOptions {
    let mut options = AgentOptions { sound: SoundDefaults::none(), ..AgentOptions::default() };
    options.accounts.push(Account::new(name).unwrap());
    let settings = &mut options.settings;
    settings.local_ip = Some([127, 0, 0, 1].into());
    settings.sip.udp = Some(([127, 0, 0, 1], 0).into());
    settings.sip.tcp = Some(([127, 0, 0, 1], 0).into());
    settings.rtp.port_range = ports;
    options
}

async fn start(name: &str, ports: std::ops::RangeInclusive<u16>) -> (Agent, Notifications) {
    timeout(LONG, Agent::start(options(name, ports))).await.unwrap().unwrap()
}

fn route(agent: &Agent, transport: Transport) -> Route {
    let listening = agent.listening();
    let at = listening.iter().find(|at| at.transport == transport).unwrap();
    Route::new(at.address.ip().to_string(), at.address.port(), transport)
}

/// Waits for the next call, and for its caller.
async fn incoming(agent: &Agent, notifications: &mut Notifications) -> Session {
    let wait = async {
        loop {
            let notification = notifications.next().await.expect("the agent has ended");
            if let Event::Session(id, SessionNotification::NewIncoming { .. }) = notification.event {
                return agent.find_session(id).unwrap();
            }
        }
    };
    timeout(LONG, wait).await.expect("no call came")
}

async fn established(session: &Session) {
    timeout(LONG, session.established()).await.expect("not established in time").unwrap();
}

/// A call from one agent to the other, established on both sides.
async fn call(alice: &Agent, bob: &Agent, bob_hears: &mut Notifications, transport: Transport) -> (Session, Session) {
    let calling = alice.session(alice.default_account().unwrap()).unwrap();
    calling.connect("sip:bob@example.com", &[route(bob, transport)], true).unwrap();
    let called = incoming(bob, bob_hears).await;
    called.accept(true).unwrap();
    established(&calling).await;
    established(&called).await;
    (calling, called)
}

/// What a session hears in `seconds`, after a moment for the jitter buffer to fill.
async fn hear(session: &Session, seconds: usize) -> Vec<i16> {
    let ear = session.audio().unwrap();
    let rate = ear.sample_rate() as usize;
    let mut heard = vec![0; rate * (seconds + 1)];
    for part in heard.chunks_mut(rate / 10) {
        assert_eq!(timeout(LONG, ear.read(part)).await.unwrap(), part.len());
    }
    heard.split_off(rate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tone_is_heard_at_its_level_over_udp_and_tcp() {
    let (alice, _alice_hears) = start("alice@example.com", 42_000..=42_099).await;
    let (bob, mut bob_hears) = start("bob@example.com", 42_100..=42_199).await;
    for transport in [Transport::Udp, Transport::Tcp] {
        let (calling, called) = call(&alice, &bob, &mut bob_hears, transport).await;
        calling.set_audio_source(AudioSource::Tone { frequency: 440.0, level: -20.0 });
        let heard = hear(&called, 1).await;
        let (tone, all) = (level_at(&heard, 8_000, 440.0), rms_dbov(&heard));
        assert!((tone + 20.0).abs() < 1.0, "{transport:?}: 440 Hz at {tone} dBov");
        assert!((all - tone).abs() < 1.0, "{transport:?}: {all} dBov in all, {tone} of it the tone");

        calling.end().unwrap();
        let ended = timeout(LONG, called.ended()).await.unwrap();
        assert_eq!((ended.originator, ended.failure), (Originator::Remote, None));
        assert_eq!(timeout(LONG, calling.ended()).await.unwrap().originator, Originator::Local);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_application_writes_and_plays_is_heard() {
    let (alice, _alice_hears) = start("alice@example.com", 42_200..=42_299).await;
    let (bob, mut bob_hears) = start("bob@example.com", 42_300..=42_399).await;
    let (calling, called) = call(&alice, &bob, &mut bob_hears, Transport::Udp).await;
    // At another rate than the call's, so that it is converted on the way.
    let loud: Vec<i16> = (0..48_000).map(|n| if n / 40 % 2 == 0 { 4_000 } else { -4_000 }).collect();
    calling.set_audio_source(AudioSource::Samples(Samples::new(loud, 48_000).repeated()));
    let heard = hear(&called, 1).await;
    // A square wave of 600 Hz: its first harmonic is 4/pi of its height.
    let tone = level_at(&heard, 8_000, 600.0);
    assert!((tone + 19.2).abs() < 1.0, "{tone}");

    let mouth = calling.audio().unwrap();
    let square: Vec<i16> = (0..8_000).map(|n| if n / 8 % 2 == 0 { 4_000 } else { -4_000 }).collect();
    let said = tokio::spawn(async move {
        mouth.write(&square).await.unwrap();
        mouth.write(&square).await.unwrap();
        mouth.flush().await
    });
    let heard = hear(&called, 1).await;
    let tone = level_at(&heard[..4_000], 8_000, 500.0);
    assert!((tone + 19.2).abs() < 1.0, "{tone}");
    assert_eq!(timeout(LONG, said).await.unwrap().unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_is_a_wav_file_with_the_tone_in_it() {
    let folder = std::env::temp_dir().join(format!("sansip-tokio-recording-{}", std::process::id()));
    let file = folder.join("a/b/call.wav");
    let (alice, _alice_hears) = start("alice@example.com", 42_400..=42_499).await;
    let (bob, mut bob_hears) = start("bob@example.com", 42_500..=42_599).await;
    let (calling, called) = call(&alice, &bob, &mut bob_hears, Transport::Udp).await;
    calling.set_audio_source(AudioSource::Tone { frequency: 440.0, level: -20.0 });
    called.start_recording_audio(Some(file.to_str().unwrap().into())).unwrap();
    hear(&called, 2).await;
    called.stop_recording_audio().unwrap();
    let stopped = async {
        loop {
            let notification = called.next().await.expect("the session has ended");
            if let Event::Session(_, SessionNotification::DidStopRecordingAudio { error, .. }) = notification.event {
                return error;
            }
        }
    };
    assert_eq!(timeout(LONG, stopped).await.unwrap(), None);
    // The file is on the disk when the agent has ended.
    bob.stop();
    timeout(LONG, bob.ended()).await.unwrap();
    let recorded = sansip_tokio::sansip_host::wav::load(&file, 8_000).unwrap();
    assert!(recorded.len() > 2 * 8_000, "{}", recorded.len());
    let tone = level_at(&recorded[8_000..16_000], 8_000, 440.0);
    assert!((tone + 20.0).abs() < 1.0, "{tone}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_told_at_start() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut options = options("alice@example.com", 42_600..=42_699);
    options.settings.sip.udp = Some(([127, 0, 0, 1], port).into());
    let error = timeout(LONG, Agent::start(options)).await.unwrap().err().expect("the port is in use");
    assert!(matches!(&error, StartError::Failed(reason) if reason.contains(&port.to_string())), "{error}");
}

#[tokio::test]
async fn a_host_that_does_not_exist_fails_the_call() {
    let (alice, _alice_hears) = start("alice@example.com", 42_700..=42_799).await;
    let session = alice.session(alice.default_account().unwrap()).unwrap();
    let nowhere = Route::new("no-such-host.invalid", 5060, Transport::Udp);
    session.connect("sip:bob@no-such-host.invalid", &[nowhere], true).unwrap();
    let failure = timeout(LONG, session.established()).await.unwrap().err().expect("the port is in use");
    assert_eq!(failure.originator, Originator::Local);
    assert!(failure.code == 503 || failure.code == 408, "{failure}");
    assert!(timeout(LONG, session.ended()).await.unwrap().failure.is_some());
}

#[tokio::test]
async fn a_host_that_refuses_tcp_fails_the_call() {
    let (alice, _alice_hears) = start("alice@example.com", 42_800..=42_899).await;
    // Bound and closed again: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let session = alice.session(alice.default_account().unwrap()).unwrap();
    session.connect("sip:bob@example.com", &[Route::new("127.0.0.1", port, Transport::Tcp)], true).unwrap();
    let failure = timeout(LONG, session.established()).await.unwrap().err().expect("the port is in use");
    assert_eq!((failure.originator, failure.code), (Originator::Local, 503), "{failure}");
}

#[tokio::test]
async fn dropping_the_last_handle_ends_calls_and_closes_sockets() {
    let (alice, mut alice_hears) = start("alice@example.com", 42_900..=42_999).await;
    let (bob, mut bob_hears) = start("bob@example.com", 43_000..=43_099).await;
    let (calling, called) = call(&alice, &bob, &mut bob_hears, Transport::Udp).await;
    let port = route(&alice, Transport::Udp).port;
    drop(alice);
    assert!(calling.info().is_ok(), "a session's handle keeps the agent");
    drop(calling);

    let ended = timeout(LONG, called.ended()).await.unwrap();
    assert_eq!((ended.originator, ended.failure), (Originator::Remote, None), "the peer is told");
    let told = async {
        let mut last = None;
        while let Some(notification) = alice_hears.next().await {
            last = Some(notification.event);
        }
        last
    };
    let last = timeout(LONG, told).await.expect("the stream has no end");
    assert!(matches!(last, Some(Event::Agent(AgentNotification::DidEnd))), "{last:?}");
    // The reader's task lets go of the socket a moment after the agent has ended.
    let free = async {
        while std::net::UdpSocket::bind(("127.0.0.1", port)).is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, free).await.expect("the port is still bound");
}

#[tokio::test]
async fn an_agent_that_is_stopped_ends() {
    let (alice, _alice_hears) = start("alice@example.com", 43_100..=43_199).await;
    alice.stop();
    timeout(LONG, alice.ended()).await.unwrap();
    assert!(alice.listening().is_empty());
    assert!(alice.session(alice.default_account().unwrap()).is_err(), "no call from an agent that has ended");
    alice.stop();
}

#[tokio::test]
async fn garbage_does_no_harm_and_is_told() {
    let (alice, mut alice_hears) = start("alice@example.com", 43_200..=43_299).await;
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = alice.listening().into_iter().find(|at| at.transport == Transport::Udp).unwrap().address;
    socket.send_to(b"INVITE nonsense", at).unwrap();
    let told = async {
        loop {
            let notification = alice_hears.next().await.unwrap();
            if let Event::Agent(AgentNotification::GotMalformedMessage { from, .. }) = notification.event {
                return from;
            }
        }
    };
    assert_eq!(timeout(LONG, told).await.unwrap(), socket.local_addr().unwrap());
}
