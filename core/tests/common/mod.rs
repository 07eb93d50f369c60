//! What the simulated calls have in common: a scene with an agent and a scripted peer, how calls are told, and ears.

use std::f64::consts::TAU;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use sansip_core::agent::{Account, Route, SessionHandle, SessionInfo};
use sansip_core::error::Misuse;
use sansip_core::ids::{AccountId, SessionId};
use sansip_core::middleware::notification::SessionState;
use sansip_core::middleware::settings::Settings;
use sansip_core::sim::{HostId, PeerId, Received, ScriptedCall, ScriptedPeer, World};
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode, Transport};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
/// T1 of RFC 3261 17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// More than 64*T1, and less than the invite time-out.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// A call that we place, until something comes back.
pub(crate) const CALLING: &[&str] = &["ChangedState(NULL->CALLING)", "NewOutgoing(audio)"];
/// A call that comes in.
pub(crate) const INCOMING: &[&str] = &["ChangedState(NULL->INCOMING)", "NewIncoming(audio)"];
/// The peer rings.
pub(crate) const RINGING: &[&str] = &["GotRingIndication"];
/// The peer took our call.
pub(crate) const ANSWERED: &[&str] =
    &["WillStart", "GotStreamUpdate(audio)", "ChangedState(CALLING->ESTABLISHED)", "DidStart"];
/// We took the peer's call, and the ACK came.
pub(crate) const ACCEPTED: &[&str] = &[
    "ChangedState(INCOMING->ACCEPTING)",
    "WillStart",
    "GotStreamUpdate(audio)",
    "ChangedState(ACCEPTING->ESTABLISHED)",
    "DidStart",
];
/// We ended a call that was established.
pub(crate) const ENDED_BY_US: &[&str] = &[
    "ChangedState(ESTABLISHED->TERMINATING)",
    "WillEnd",
    "GotStreamUpdate()",
    "ChangedState(TERMINATING->TERMINATED)",
    "DidEnd(local)",
];
/// The peer ended a call that was established.
pub(crate) const ENDED_BY_PEER: &[&str] =
    &["WillEnd", "GotStreamUpdate()", "ChangedState(ESTABLISHED->TERMINATED)", "DidEnd(remote)"];

/// The lists one behind the other.
pub(crate) fn told(parts: &[&[&str]]) -> Vec<String> {
    parts.concat().into_iter().map(String::from).collect()
}

pub(crate) const ALICE: &str = "10.0.0.1:5060";
pub(crate) const CAROL: &str = "10.0.0.9:5060";

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// One agent, `alice@10.0.0.1`, and one scripted peer, carol at `10.0.0.9`.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) alice: HostId,
    pub(crate) account: AccountId,
    pub(crate) carol: PeerId,
}

impl Scene {
    pub(crate) fn new(seed: u64) -> Scene {
        Scene::with(seed, |_| {})
    }

    pub(crate) fn with(seed: u64, change: impl FnOnce(&mut Settings)) -> Scene {
        Scene::with_account(seed, change, Account::new("alice@10.0.0.1").unwrap())
    }

    pub(crate) fn with_account(seed: u64, change: impl FnOnce(&mut Settings), account: Account) -> Scene {
        let mut settings = Settings::default();
        change(&mut settings);
        let mut world = World::new(seed);
        let alice = world.add_host("alice", ip("10.0.0.1"), settings).unwrap();
        let account = world.command(alice, |agent| agent.add_account(account)).unwrap();
        world.start(alice);
        let carol = world.add_peer("carol", address(CAROL), address(ALICE));
        Scene { world, alice, account, carol }
    }

    pub(crate) fn peer(&mut self) -> &mut ScriptedPeer {
        self.world.peer_mut(self.carol)
    }

    /// Alice calls carol straight over UDP.
    pub(crate) fn dial(&mut self) -> SessionId {
        self.dial_by(&[Route::new("10.0.0.9", 5060, Transport::Udp)])
    }

    /// Alice calls carol by these routes.
    pub(crate) fn dial_by(&mut self, routes: &[Route]) -> SessionId {
        dial(&mut self.world, self.alice, self.account, "sip:carol@10.0.0.9", routes)
    }

    /// The next request of a method that carol gets.
    pub(crate) fn request(&mut self, method: Method) -> Received {
        self.world.expect_request(self.carol, method, LONG).unwrap()
    }

    /// The next response with a status that carol gets.
    pub(crate) fn response(&mut self, code: u16) -> Received {
        self.world.expect_response(self.carol, code, LONG).unwrap()
    }

    /// Carol answers a request of a call.
    pub(crate) fn reply(&mut self, call: &ScriptedCall, to: &Received, status: StatusCode, sdp: Option<String>) {
        let response = call.reply(to, status, sdp);
        self.peer().reply(to, response);
    }

    /// Alice calls carol, who answers: the session, and carol's side of it.
    pub(crate) fn talk_out(&mut self) -> (SessionId, ScriptedCall) {
        let session = self.dial();
        let invite = self.request(Method::Invite);
        let mut call = self.peer().answer(&invite);
        let sdp = call.sdp("sendrecv");
        self.reply(&call, &invite, StatusCode::OK, Some(sdp));
        self.request(Method::Ack);
        assert_eq!(self.state(session), SessionState::Established);
        (session, call)
    }

    /// Carol calls alice and hears her ring: the session, and carol's side of it.
    pub(crate) fn ring_in(&mut self) -> (SessionId, ScriptedCall) {
        let mut call = self.peer().call("sip:alice@10.0.0.1");
        let sdp = call.sdp("sendrecv");
        let invite = call.invite(Some(sdp));
        self.peer().send(invite);
        self.response(180);
        let session = *self.world.host(self.alice).incoming().last().unwrap();
        assert_eq!(self.state(session), SessionState::Incoming);
        (session, call)
    }

    /// Carol calls alice, who accepts: the session, carol's side of it, and alice's 200.
    pub(crate) fn talk_in(&mut self) -> (SessionId, ScriptedCall, Received) {
        let (session, mut call) = self.ring_in();
        self.act(session, |session| session.accept(true)).unwrap();
        let ok = self.response(200);
        call.learn(&ok);
        let ack = call.ack(None);
        self.peer().send(ack);
        self.run(SECOND);
        assert_eq!(self.state(session), SessionState::Established);
        (session, call, ok)
    }

    /// Carol sends a re-INVITE, gets her 200 and sends the ACK.
    pub(crate) fn reinvite(&mut self, call: &mut ScriptedCall, sdp: String) -> Received {
        let invite = call.invite(Some(sdp));
        self.peer().send(invite);
        let ok = self.response(200);
        let ack = call.ack(None);
        self.peer().send(ack);
        self.run(SECOND);
        ok
    }

    /// Alice ends the session and carol answers the BYE, which is given back.
    pub(crate) fn hang_up(&mut self, session: SessionId, call: &ScriptedCall) -> Received {
        self.act(session, |session| session.end()).unwrap();
        let bye = self.request(Method::Bye);
        self.reply(call, &bye, StatusCode::OK, None);
        self.run(SECOND);
        bye
    }

    pub(crate) fn act(
        &mut self,
        session: SessionId,
        command: impl FnOnce(SessionHandle<'_>) -> Result<(), Misuse>,
    ) -> Result<(), Misuse> {
        self.world.command(self.alice, |agent| command(agent.session(session)?))
    }

    pub(crate) fn run(&mut self, span: Duration) {
        self.world.run_for(span);
    }

    pub(crate) fn info(&self, session: SessionId) -> SessionInfo {
        self.world.host(self.alice).agent().info(session).unwrap()
    }

    pub(crate) fn state(&self, session: SessionId) -> SessionState {
        self.info(session).state
    }

    pub(crate) fn story(&self, session: SessionId) -> Vec<String> {
        self.world.host(self.alice).story(session)
    }

    pub(crate) fn forget(&mut self) {
        self.world.host_mut(self.alice).forget_notifications();
    }
}

/// Starts a call by these routes.
pub(crate) fn dial(world: &mut World, host: HostId, account: AccountId, uri: &str, routes: &[Route]) -> SessionId {
    let dialled = world.command(host, |agent| {
        let session = agent.new_session(account)?;
        agent.session(session)?.connect(uri, routes, true)?;
        Ok::<SessionId, Misuse>(session)
    });
    dialled.unwrap()
}

/// The SDP of a message, as text.
pub(crate) fn sdp(message: &Message) -> String {
    String::from_utf8(message.body().to_vec()).unwrap()
}

/// The direction attribute of a message's SDP; `sendrecv` when there is none.
pub(crate) fn direction(message: &Message) -> &'static str {
    let text = sdp(message);
    let has = |name: &&str| text.lines().any(|line| line.strip_prefix("a=") == Some(*name));
    ["sendonly", "recvonly", "inactive"].into_iter().find(|name| has(name)).unwrap_or("sendrecv")
}

/// Where a message's SDP wants RTP.
pub(crate) fn rtp_of(message: &Message) -> SocketAddr {
    let text = sdp(message);
    let host = text.lines().find_map(|line| line.strip_prefix("c=IN IP4 ")).expect("a c= line");
    let port = text.lines().find_map(|line| line.strip_prefix("m=audio ")).expect("an m=audio line");
    let port = port.split(' ').next().unwrap().parse().unwrap();
    SocketAddr::new(ip(host), port)
}

/// The requests that alice or another host sent.
pub(crate) fn requests_sent(world: &World, host: HostId, method: &Method) -> Vec<Message> {
    let sent = world.host(host).sent_messages().into_iter().map(|(_, message)| message);
    sent.filter(|message| message.method() == Some(method)).collect()
}

/// How many responses with a status a host sent.
pub(crate) fn responses_sent(world: &World, host: HostId, code: u16) -> usize {
    let has = |message: &Message| message.status().is_some_and(|status| status.code() == code);
    world.host(host).sent_messages().iter().filter(|(_, message)| has(message)).count()
}

pub(crate) fn header(message: &Message, name: HeaderName) -> &str {
    message.header(name).unwrap_or("")
}

const RATE: f64 = 8_000.0;
/// 100 ms at 8 kHz: whole periods of every tone used.
const WINDOW: usize = 800;

fn decibels(power: f64) -> f64 {
    10.0 * (power / (32_767.0 * 32_767.0)).max(1e-12).log10()
}

/// The power of everything, in dBov.
pub(crate) fn level(samples: &[i16]) -> f64 {
    assert!(!samples.is_empty(), "nothing was heard at all");
    decibels(samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64)
}

/// The power of one frequency in a window, in dBov: the Fourier sum at it.
fn tone_level(window: &[i16], hertz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in window.iter().enumerate() {
        let angle = TAU * hertz * n as f64 / RATE;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    decibels(2.0 * (re * re + im * im) / (window.len() as f64).powi(2))
}

/// A tone was heard all the time: within 1 dB of its level on the whole, and nowhere weaker by more than 6 dB.
#[track_caller]
pub(crate) fn assert_tone(samples: &[i16], hertz: f64, dbov: f64) {
    let windows: Vec<f64> = samples.chunks_exact(WINDOW).map(|window| tone_level(window, hertz)).collect();
    assert!(windows.len() >= 5, "only {} samples were heard", samples.len());
    let power = windows.iter().map(|level| 10f64.powf(level / 10.0)).sum::<f64>() / windows.len() as f64;
    let mean = 10.0 * power.log10();
    assert!((mean - dbov).abs() <= 1.0, "{hertz} Hz at {mean:.2} dBov, not {dbov}: {windows:.1?}");
    assert!(windows.iter().all(|level| *level > dbov - 6.0), "{hertz} Hz drops out: {windows:.1?}");
}

/// Nothing was heard.
#[track_caller]
pub(crate) fn assert_silence(samples: &[i16]) {
    let level = level(samples);
    assert!(level < -60.0, "{level:.1} dBov instead of silence");
}
