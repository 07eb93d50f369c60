//! The attributes of a session (SPEC 1.2), all of them, in every state of a call.

use sansip_core::agent::{Direction, Route, SessionHandle, SessionInfo, Target};
use sansip_core::ids::SessionId;
use sansip_core::machines::media::stream::AudioStatistics;
use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, LogEntry, ScriptedCall};
use sansip_core::time::Instant;
use sansip_core::wire::sip::{HeaderName, Message, Method, StatusCode, Transport};

use crate::common::{ALICE, SECOND, Scene, address, ip, requests_sent, rtp_of};

const ALICE_URI: &str = "sip:alice@10.0.0.1";
const CAROL_URI: &str = "sip:carol@10.0.0.9";
const FILE: &str = "/recordings/call.wav";

/// A session that nothing has happened to.
fn unused(scene: &Scene, id: SessionId) -> SessionInfo {
    SessionInfo {
        id,
        state: SessionState::Null,
        account: scene.account,
        direction: None,
        start_time: None,
        stop_time: None,
        on_hold_by_local: false,
        on_hold_by_remote: false,
        remote_user_agent: None,
        local_uri: ALICE_URI.to_string(),
        remote_uri: None,
        caller_uri: None,
        callee_uri: None,
        route: None,
        has_audio: false,
        audio_transport: None,
        audio_sample_rate: None,
        audio_codec: None,
        audio_srtp_active: false,
        audio_local_rtp_address: None,
        audio_local_rtp_port: None,
        audio_remote_rtp_address_sdp: None,
        audio_remote_rtp_port_sdp: None,
        audio_remote_rtp_address_received: None,
        audio_remote_rtp_port_received: None,
        audio_was_received: false,
        audio_recording_file_name: None,
    }
}

/// With audio that carol agreed to and has sent nothing of; alice takes RTP at this port.
fn with_audio(info: SessionInfo, port: u16) -> SessionInfo {
    SessionInfo {
        has_audio: true,
        audio_transport: Some(AudioStatistics::default()),
        audio_sample_rate: Some(8_000),
        audio_codec: Some("PCMU".to_string()),
        audio_local_rtp_address: Some(ip("10.0.0.1")),
        audio_local_rtp_port: Some(port),
        audio_remote_rtp_address_sdp: Some(ip("10.0.0.9")),
        audio_remote_rtp_port_sdp: Some(40_000),
        ..info
    }
}

/// With audio that has come from carol.
fn heard(info: SessionInfo) -> SessionInfo {
    SessionInfo {
        audio_was_received: true,
        audio_remote_rtp_address_received: Some(ip("10.0.0.9")),
        audio_remote_rtp_port_received: Some(40_000),
        ..info
    }
}

/// What is left when the call is over.
fn over(info: &SessionInfo, stop_time: Option<Instant>) -> SessionInfo {
    SessionInfo {
        state: SessionState::Terminated,
        stop_time,
        has_audio: false,
        audio_transport: None,
        audio_sample_rate: None,
        audio_codec: None,
        audio_local_rtp_address: None,
        audio_local_rtp_port: None,
        audio_remote_rtp_address_sdp: None,
        audio_remote_rtp_port_sdp: None,
        audio_remote_rtp_address_received: None,
        audio_remote_rtp_port_received: None,
        audio_was_received: false,
        audio_recording_file_name: None,
        ..info.clone()
    }
}

/// Every attribute is as wanted; of the audio transport, whether there is one, as its counts never stand still.
#[track_caller]
fn assert_info(scene: &Scene, wanted: &SessionInfo) {
    let got = scene.info(wanted.id);
    assert_eq!(got.audio_transport.is_some(), wanted.audio_transport.is_some(), "{got:?}");
    assert_eq!(got.on_hold(), wanted.on_hold_by_local || wanted.on_hold_by_remote);
    assert_eq!(SessionInfo { audio_transport: wanted.audio_transport, ..got }, *wanted);
}

/// When alice got the latest message that begins like this.
fn received_at(scene: &Scene, beginning: &str) -> Instant {
    let is_it = |entry: &LogEntry| match entry {
        LogEntry::Received { data, .. } => data.starts_with(beginning.as_bytes()),
        _ => false,
    };
    scene.world.host(scene.alice).log().iter().rfind(|line| is_it(&line.entry)).expect(beginning).at
}

/// When alice sent her first 200 to an INVITE.
fn accepted_at(scene: &Scene) -> Instant {
    let is_it = |message: &Message| {
        message.status() == Some(StatusCode::OK) && message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
    };
    let sent = scene.world.host(scene.alice).sent_messages();
    sent.iter().find(|(_, message)| is_it(message)).expect("a 200 to the INVITE").0
}

fn to_carol() -> Target {
    Target { transport: Transport::Udp, remote: address("10.0.0.9:5060"), local_ip: ip("10.0.0.1") }
}

/// Alice holds or lets go, and carol agrees.
fn set_hold(scene: &mut Scene, session: SessionId, call: &mut ScriptedCall, hold: bool) {
    let command = |session: SessionHandle<'_>| if hold { session.hold() } else { session.unhold() };
    scene.act(session, command).unwrap();
    let invite = scene.request(Method::Invite);
    let sdp = call.sdp(if hold { "recvonly" } else { "sendrecv" });
    scene.reply(call, &invite, StatusCode::OK, Some(sdp));
    scene.request(Method::Ack);
    scene.run(SECOND);
}

/// Hold by both sides, one after the other, and a recording, in a call that is up; the call is being recorded then.
fn hold_and_record(scene: &mut Scene, call: &mut ScriptedCall, established: &SessionInfo) -> SessionInfo {
    let session = established.id;
    set_hold(scene, session, call, true);
    assert_info(scene, &SessionInfo { on_hold_by_local: true, ..established.clone() });
    let sdp = call.sdp("inactive");
    scene.reinvite(call, sdp);
    assert_info(scene, &SessionInfo { on_hold_by_local: true, on_hold_by_remote: true, ..established.clone() });
    let sdp = call.sdp("recvonly");
    scene.reinvite(call, sdp);
    assert_info(scene, &SessionInfo { on_hold_by_local: true, ..established.clone() });
    set_hold(scene, session, call, false);
    assert_info(scene, established);
    let sdp = call.sdp("sendonly");
    scene.reinvite(call, sdp);
    assert_info(scene, &SessionInfo { on_hold_by_remote: true, ..established.clone() });
    let sdp = call.sdp("sendrecv");
    scene.reinvite(call, sdp);
    assert_info(scene, established);

    scene.act(session, |session| session.start_recording_audio(Some(FILE.to_string()))).unwrap();
    scene.run(SECOND);
    let recording = SessionInfo { audio_recording_file_name: Some(FILE.to_string()), ..established.clone() };
    assert_info(scene, &recording);
    scene.act(session, |session| session.stop_recording_audio()).unwrap();
    scene.run(SECOND);
    assert_info(scene, established);
    scene.act(session, |session| session.start_recording_audio(Some(FILE.to_string()))).unwrap();
    scene.run(SECOND);
    assert_info(scene, &recording);
    recording
}

#[test]
fn of_a_call_that_we_place() {
    let mut scene = Scene::new(370);
    let (alice, account) = (scene.alice, scene.account);
    let session = scene.world.command(alice, |agent| agent.new_session(account)).unwrap();
    assert_info(&scene, &unused(&scene, session));

    let routes = [Route::new("10.0.0.9", 5060, Transport::Udp)];
    scene.act(session, |session| session.connect(CAROL_URI, &routes, true)).unwrap();
    let invite = scene.request(Method::Invite);
    let calling = SessionInfo {
        state: SessionState::Calling,
        direction: Some(Direction::Outgoing),
        remote_uri: Some(CAROL_URI.to_string()),
        caller_uri: Some(ALICE_URI.to_string()),
        callee_uri: Some(CAROL_URI.to_string()),
        route: Some(to_carol()),
        ..unused(&scene, session)
    };
    assert_info(&scene, &calling);

    let mut call = scene.peer().answer(&invite);
    let mut trying = call.reply(&invite, StatusCode::TRYING, None);
    trying.push(HeaderName::Server, "Proxy/9");
    scene.peer().reply(&invite, trying);
    scene.run(SECOND);
    assert_info(&scene, &calling);

    // Early media: agreed on, and not heard yet.
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::SESSION_PROGRESS, Some(sdp.clone()));
    scene.run(SECOND);
    let local = rtp_of(&invite);
    assert_info(&scene, &with_audio(calling.clone(), local.port()));
    scene.peer().talk(local, AudioSource::tone(440.0, -15.0), 60 * SECOND);
    scene.run(SECOND);
    let early = heard(with_audio(calling, local.port()));
    assert_info(&scene, &early);

    let mut ok = call.reply(&invite, StatusCode::OK, Some(sdp));
    ok.push(HeaderName::UserAgent, "Not/1");
    ok.push(HeaderName::Server, "Carol/3");
    scene.peer().reply(&invite, ok);
    scene.request(Method::Ack);
    let established = SessionInfo {
        state: SessionState::Established,
        start_time: Some(received_at(&scene, "SIP/2.0 200 ")),
        remote_user_agent: Some("Carol/3".to_string()),
        ..early
    };
    assert_info(&scene, &established);
    scene.run(SECOND);
    let counts = scene.info(session).audio_transport.unwrap();
    assert!(counts.packets_sent > 40 && counts.packets_received > 40, "{counts:?}");

    let recording = hold_and_record(&mut scene, &mut call, &established);
    scene.hang_up(session, &call);
    let stop_time = received_at(&scene, "SIP/2.0 200 ");
    assert!(Some(stop_time) > established.start_time);
    assert_info(&scene, &over(&recording, Some(stop_time)));
}

#[test]
fn of_a_call_that_comes_in() {
    let mut scene = Scene::new(371);
    let mut call = scene.peer().call(ALICE_URI);
    let sdp = call.sdp("sendrecv");
    let mut invite = call.invite(Some(sdp));
    invite.push(HeaderName::UserAgent, "Carol/2");
    scene.peer().send(invite);
    scene.response(180);
    let session = scene.world.host(scene.alice).incoming()[0];
    let incoming = SessionInfo {
        state: SessionState::Incoming,
        direction: Some(Direction::Incoming),
        remote_user_agent: Some("Carol/2".to_string()),
        remote_uri: Some(CAROL_URI.to_string()),
        caller_uri: Some(CAROL_URI.to_string()),
        callee_uri: Some(ALICE_URI.to_string()),
        ..unused(&scene, session)
    };
    assert_info(&scene, &incoming);

    scene.act(session, |session| session.accept(true)).unwrap();
    let ok = scene.response(200);
    call.learn(&ok);
    let ack = call.ack(None);
    scene.peer().send(ack);
    scene.run(SECOND);
    let local = rtp_of(&ok);
    let silent = SessionInfo {
        state: SessionState::Established,
        start_time: Some(accepted_at(&scene)),
        ..with_audio(incoming, local.port())
    };
    assert_info(&scene, &silent);
    scene.peer().talk(local, AudioSource::tone(440.0, -15.0), 60 * SECOND);
    scene.run(SECOND);
    let established = heard(silent);
    assert_info(&scene, &established);

    let recording = hold_and_record(&mut scene, &mut call, &established);
    let bye = call.bye();
    scene.peer().send(bye);
    scene.response(200);
    scene.run(SECOND);
    let stop_time = received_at(&scene, "BYE ");
    assert_info(&scene, &over(&recording, Some(stop_time)));
}

/// A call to carol that she refuses with 486 and these header fields: what is known of her afterwards.
fn refused_by(seed: u64, fields: &[(HeaderName, &str)]) -> SessionInfo {
    let mut scene = Scene::new(seed);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let call = scene.peer().answer(&invite);
    let mut trying = call.reply(&invite, StatusCode::TRYING, None);
    trying.push(HeaderName::Server, "Proxy/9");
    scene.peer().reply(&invite, trying);
    scene.run(SECOND);
    let mut busy = call.reply(&invite, StatusCode::BUSY_HERE, None);
    for (name, value) in fields {
        busy.push(*name, value);
    }
    scene.peer().reply(&invite, busy);
    scene.request(Method::Ack);
    scene.run(SECOND);
    let info = scene.info(session);
    // It never started, so it did not stop.
    assert_eq!((info.state, info.start_time, info.stop_time), (SessionState::Terminated, None, None));
    info
}

#[test]
fn who_refused_is_known_and_a_proxy_is_not_mistaken_for_it() {
    let server = (HeaderName::Server, "Carol/3");
    let user_agent = (HeaderName::UserAgent, "Carol/2");
    let name = |info: SessionInfo| info.remote_user_agent;
    assert_eq!(name(refused_by(372, &[server])).as_deref(), Some("Carol/3"));
    assert_eq!(name(refused_by(373, &[user_agent])).as_deref(), Some("Carol/2"));
    assert_eq!(name(refused_by(374, &[user_agent, server])).as_deref(), Some("Carol/3"));
    assert_eq!(name(refused_by(375, &[])), None);
}

#[test]
fn a_call_refused_after_early_media_has_no_audio_left() {
    let mut scene = Scene::new(376);
    let session = scene.dial();
    let invite = scene.request(Method::Invite);
    let mut call = scene.peer().answer(&invite);
    let sdp = call.sdp("sendrecv");
    scene.reply(&call, &invite, StatusCode::SESSION_PROGRESS, Some(sdp));
    scene.run(SECOND);
    let early = scene.info(session);
    assert!(early.has_audio);
    scene.reply(&call, &invite, StatusCode::BUSY_HERE, None);
    scene.request(Method::Ack);
    scene.run(SECOND);
    assert_info(&scene, &over(&early, None));
}

#[test]
fn the_route_is_the_one_in_use() {
    let mut scene = Scene::new(377);
    scene.world.network_mut().set_tells_unreachable(true);
    scene.peer().set_takes_datagrams(false);
    let dave = scene.world.add_peer("dave", address("10.0.0.10:5060"), address(ALICE));
    let routes = ["10.0.0.9", "10.0.0.10"].map(|host| Route::new(host, 5060, Transport::Udp));
    let session = scene.dial_by(&routes);
    let invite = scene.world.expect_request(dave, Method::Invite, SECOND).unwrap();
    assert_eq!(requests_sent(&scene.world, scene.alice, &Method::Invite).len(), 2);
    let second = Some(Target { remote: address("10.0.0.10:5060"), ..to_carol() });
    assert_eq!(scene.info(session).route, second);

    let mut call = scene.world.peer_mut(dave).answer(&invite);
    let sdp = call.sdp("sendrecv");
    let ok = call.reply(&invite, StatusCode::OK, Some(sdp));
    scene.world.peer_mut(dave).reply(&invite, ok);
    scene.world.expect_request(dave, Method::Ack, SECOND).unwrap();
    assert_eq!(scene.state(session), SessionState::Established);
    assert_eq!(scene.info(session).route, second);
}
