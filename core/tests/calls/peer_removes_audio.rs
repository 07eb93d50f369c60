//! The peer takes the audio stream away (port 0, RFC 3264 8.2): the call goes on without sound.

use sansip_core::error::Misuse;
use sansip_core::ids::SessionId;
use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, ScriptedCall, rtp_packet};

use crate::common::{SECOND, Scene, rtp_of, sdp, told};

/// Carol's re-INVITE with port 0 for audio.
fn remove_audio(scene: &mut Scene, call: &mut ScriptedCall) {
    let port = format!("m=audio {} ", call.rtp.port());
    let text = call.sdp("sendrecv").replace(&port, "m=audio 0 ");
    let ok = scene.reinvite(call, text);
    assert!(sdp(&ok).contains("m=audio 0 "), "{}", sdp(&ok));
}

/// Alice sends neither RTP nor RTCP for a time in which several reports would be due.
fn assert_nothing_sent(scene: &mut Scene) {
    scene.peer().forget_media();
    scene.run(20 * SECOND);
    let sent: Vec<_> = scene.peer().media().iter().map(|packet| (packet.at, packet.to)).collect();
    assert!(sent.is_empty(), "{} packets to a stream that was removed, the first {:?}", sent.len(), sent[0]);
}

fn assert_no_audio(scene: &mut Scene, session: SessionId) {
    let info = scene.info(session);
    assert!(!info.has_audio && !info.audio_was_received, "{info:?}");
    assert_eq!(info.state, SessionState::Established);
    let refused = scene.act(session, |session| session.send_dtmf('5'));
    assert!(matches!(refused, Err(Misuse::StreamNotActive { .. })), "{refused:?}");
    let alice = scene.alice;
    assert!(scene.world.command(alice, |agent| agent.audio(session).is_err()));
}

#[test]
fn nothing_is_sent_or_heard_any_more() {
    let mut scene = Scene::new(350);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let (session, mut call, ok) = scene.talk_in();
    let to = rtp_of(&ok);
    scene.peer().talk(to, AudioSource::tone(1_000.0, -15.0), 5 * SECOND);
    scene.run(6 * SECOND);
    assert!(scene.info(session).audio_was_received);
    // Digits that wait are not sent either.
    for digit in ['1', '2', '3'] {
        scene.act(session, |session| session.send_dtmf(digit)).unwrap();
    }
    scene.forget();
    remove_audio(&mut scene, &mut call);
    assert_eq!(scene.story(session), told(&[&["GotStreamUpdate()"]]));
    assert_no_audio(&mut scene, session);
    assert_nothing_sent(&mut scene);

    // A whole digit, from where the sound came.
    for n in 0..5u16 {
        let end = if n >= 2 { 0x80 } else { 0 };
        let duration = (160 * (n.min(2) + 1)).to_be_bytes();
        let packet = rtp_packet(101, 100 + n, 5_000, 77, &[9, 10 | end, duration[0], duration[1]]);
        scene.peer().send_rtp(to, packet);
        scene.run(SECOND / 50);
    }
    scene.run(10 * SECOND);
    assert_eq!(scene.story(session), told(&[&["GotStreamUpdate()"]]));
    scene.hang_up(session, &call);
    assert_eq!(scene.state(session), SessionState::Terminated);
}

#[test]
fn removed_on_hold_it_is_not_let_go() {
    let mut scene = Scene::new(351);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let (session, mut call, _) = scene.talk_in();
    scene.forget();
    let text = call.sdp("sendonly");
    scene.reinvite(&mut call, text);
    remove_audio(&mut scene, &mut call);
    assert_nothing_sent(&mut scene);
    assert_eq!(scene.story(session), ["GotHoldRequest(remote)", "GotStreamUpdate()"]);
    assert_no_audio(&mut scene, session);
}
