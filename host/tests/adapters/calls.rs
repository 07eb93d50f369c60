//! Two agents in one process, over real loopback sockets: the tests that every adapter passes.
//!
//! An adapter's `tests/calls.rs` includes this file and says what `adapter`, `run`, `spawn`, `timeout`, `yield_now` and
//! `FIRST_PORT` are on its runtime.

use std::time::Duration;

use super::adapter::sansip_core::agent::{Account, Route};
use super::adapter::sansip_core::machines::media::measure::{level_at, rms_dbov};
use super::adapter::sansip_core::middleware::notification::{
    AgentNotification, Event, Originator, SessionNotification,
};
use super::adapter::sansip_core::wire::sip::Transport;
use super::adapter::{Agent, AgentOptions, AudioSource, Notifications, Samples, Session, SoundDefaults, StartError};
use super::{FIRST_PORT, adapter, run, spawn, timeout, yield_now};

/// Media ports of each agent, so that tests that run at once do not meet.
const PORTS: u16 = 100;
/// Longer than anything here should take, on a machine that is busy.
const LONG: Duration = Duration::from_secs(20);

fn options(name: &str, nth: u16) -> AgentOptions {
    let mut options = AgentOptions { sound: SoundDefaults::none(), ..AgentOptions::default() };
    options.accounts.push(Account::new(name).unwrap());
    let settings = &mut options.settings;
    settings.local_ip = Some([127, 0, 0, 1].into());
    settings.sip.udp = Some(([127, 0, 0, 1], 0).into());
    settings.sip.tcp = Some(([127, 0, 0, 1], 0).into());
    let first = FIRST_PORT + nth * PORTS;
    settings.rtp.port_range = first..=first + (PORTS - 1);
    options
}

async fn start(name: &str, nth: u16) -> (Agent, Notifications) {
    timeout(LONG, Agent::start(options(name, nth))).await.unwrap().unwrap()
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

#[test]
fn a_tone_is_heard_at_its_level_over_udp_and_tcp() {
    run(2, async {
        let (alice, _alice_hears) = start("alice@example.com", 0).await;
        let (bob, mut bob_hears) = start("bob@example.com", 1).await;
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
    });
}

#[test]
fn what_an_application_writes_and_plays_is_heard() {
    run(2, async {
        let (alice, _alice_hears) = start("alice@example.com", 2).await;
        let (bob, mut bob_hears) = start("bob@example.com", 3).await;
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
        let said = spawn(async move {
            mouth.write(&square).await.unwrap();
            mouth.write(&square).await.unwrap();
            mouth.flush().await
        });
        let heard = hear(&called, 1).await;
        let tone = level_at(&heard[..4_000], 8_000, 500.0);
        assert!((tone + 19.2).abs() < 1.0, "{tone}");
        assert_eq!(timeout(LONG, said).await.unwrap(), Ok(()));
    });
}

#[test]
fn a_recording_is_a_wav_file_with_the_tone_in_it() {
    run(2, async {
        let folder = std::env::temp_dir().join(format!("sansip-recording-{FIRST_PORT}-{}", std::process::id()));
        let file = folder.join("a/b/call.wav");
        let (alice, _alice_hears) = start("alice@example.com", 4).await;
        let (bob, mut bob_hears) = start("bob@example.com", 5).await;
        let (calling, called) = call(&alice, &bob, &mut bob_hears, Transport::Udp).await;
        calling.set_audio_source(AudioSource::Tone { frequency: 440.0, level: -20.0 });
        called.start_recording_audio(Some(file.to_str().unwrap().into())).unwrap();
        hear(&called, 2).await;
        called.stop_recording_audio().unwrap();
        let stopped = async {
            loop {
                let notification = called.next().await.expect("the session has ended");
                if let Event::Session(_, SessionNotification::DidStopRecordingAudio { error, .. }) = notification.event
                {
                    return error;
                }
            }
        };
        assert_eq!(timeout(LONG, stopped).await.unwrap(), None);
        // The file is on the disk when the agent has ended.
        bob.stop();
        timeout(LONG, bob.ended()).await.unwrap();
        let recorded = adapter::sansip_host::wav::load(&file, 8_000).unwrap();
        assert!(recorded.len() > 2 * 8_000, "{}", recorded.len());
        let tone = level_at(&recorded[8_000..16_000], 8_000, 440.0);
        assert!((tone + 20.0).abs() < 1.0, "{tone}");
        std::fs::remove_dir_all(folder).unwrap();
    });
}

#[test]
fn a_port_in_use_is_told_at_start() {
    run(1, async {
        let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let mut options = options("alice@example.com", 6);
        options.settings.sip.udp = Some(([127, 0, 0, 1], port).into());
        let error = timeout(LONG, Agent::start(options)).await.unwrap().err().expect("the port is in use");
        assert!(matches!(&error, StartError::Failed(reason) if reason.contains(&port.to_string())), "{error}");
    });
}

#[test]
fn a_host_that_does_not_exist_fails_the_call() {
    run(1, async {
        let (alice, _alice_hears) = start("alice@example.com", 7).await;
        let session = alice.session(alice.default_account().unwrap()).unwrap();
        let nowhere = Route::new("no-such-host.invalid", 5060, Transport::Udp);
        session.connect("sip:bob@no-such-host.invalid", &[nowhere], true).unwrap();
        let failure = timeout(LONG, session.established()).await.unwrap().expect_err("nobody is there to answer");
        assert_eq!(failure.originator, Originator::Local);
        assert!(failure.code == 503 || failure.code == 408, "{failure}");
        assert!(timeout(LONG, session.ended()).await.unwrap().failure.is_some());
    });
}

#[test]
fn a_host_that_refuses_tcp_fails_the_call() {
    run(1, async {
        let (alice, _alice_hears) = start("alice@example.com", 8).await;
        // Bound and closed again: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let session = alice.session(alice.default_account().unwrap()).unwrap();
        session.connect("sip:bob@example.com", &[Route::new("127.0.0.1", port, Transport::Tcp)], true).unwrap();
        let failure = timeout(LONG, session.established()).await.unwrap().expect_err("nobody is there to answer");
        assert_eq!((failure.originator, failure.code), (Originator::Local, 503), "{failure}");
    });
}

#[test]
fn dropping_the_last_handle_ends_calls_and_closes_sockets() {
    run(1, async {
        let (alice, mut alice_hears) = start("alice@example.com", 9).await;
        let (bob, mut bob_hears) = start("bob@example.com", 10).await;
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
                yield_now().await;
            }
        };
        timeout(LONG, free).await.expect("the port is still bound");
    });
}

#[test]
fn a_session_that_was_never_connected_is_forgotten_with_its_last_handle() {
    run(1, async {
        let (alice, _alice_hears) = start("alice@example.com", 13).await;
        let session = alice.session(alice.default_account().unwrap()).unwrap();
        let id = session.id();
        assert!(session.connect("sip:bob@example.com", &[], true).is_err(), "there is no way to call by");
        let other = session.clone();
        drop(session);
        assert!(alice.find_session(id).is_some(), "one handle is left, and finding another changes nothing");
        assert!(other.info().is_ok());
        drop(other);
        assert!(alice.find_session(id).is_none());

        let ended = alice.session(alice.default_account().unwrap()).unwrap();
        ended.end().unwrap();
        assert_eq!(timeout(LONG, ended.ended()).await.unwrap().originator, Originator::Local);
        assert!(alice.find_session(ended.id()).is_none());
    });
}

#[test]
fn an_agent_that_is_stopped_ends() {
    run(1, async {
        let (alice, _alice_hears) = start("alice@example.com", 11).await;
        alice.stop();
        timeout(LONG, alice.ended()).await.unwrap();
        assert!(alice.listening().is_empty());
        assert!(alice.session(alice.default_account().unwrap()).is_err(), "no call from an agent that has ended");
        alice.stop();
    });
}

#[test]
fn garbage_does_no_harm_and_is_told() {
    run(1, async {
        let (alice, mut alice_hears) = start("alice@example.com", 12).await;
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
    });
}
