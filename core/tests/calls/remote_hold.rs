//! Hold by the peer, in every spelling (RFC 3264 8.4, RFC 2543 B.5), and what is no hold.

use sansip_core::sim::AudioSource;

use crate::common::{SECOND, Scene, assert_silence, assert_tone, direction, rtp_of, told};

/// Carol's spelling: the address of `c=`, lines of the session, lines of the audio; and the direction we answer.
const HOLDS: &[(&str, &str, &str, &[&str])] = &[
    ("10.0.0.9", "", "a=sendonly\r\n", &["recvonly"]),
    ("10.0.0.9", "", "a=inactive\r\n", &["inactive"]),
    ("10.0.0.9", "a=sendonly\r\n", "", &["recvonly"]),
    ("10.0.0.9", "a=inactive\r\n", "", &["inactive"]),
    ("10.0.0.9", "a=sendrecv\r\n", "a=sendonly\r\n", &["recvonly"]),
    ("0.0.0.0", "", "", &["recvonly", "inactive"]),
    ("0.0.0.0", "", "a=sendonly\r\n", &["recvonly", "inactive"]),
    ("0.0.0.0", "", "a=inactive\r\n", &["inactive"]),
    ("10.0.0.9", "", "c=IN IP4 0.0.0.0\r\na=sendrecv\r\n", &["recvonly", "inactive"]),
];

#[test]
fn every_spelling_of_hold_is_understood() {
    for (n, (connection, session_lines, audio_lines, answers)) in HOLDS.iter().enumerate() {
        let mut scene = Scene::new(60 + n as u64);
        let alice = scene.alice;
        scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
        let (session, mut call, _) = scene.talk_in();
        scene.forget();
        let sdp = call.sdp_with(connection, session_lines, audio_lines);
        let ok = scene.reinvite(&mut call, sdp);
        assert!(answers.contains(&direction(&ok)), "spelling {n} was answered with {}", direction(&ok));
        assert_eq!(scene.story(session), told(&[&["GotHoldRequest(remote)"]]), "spelling {n}");
        assert!(scene.info(session).on_hold_by_remote && !scene.info(session).on_hold_by_local);
        scene.peer().forget_media();
        scene.run(SECOND);
        assert!(scene.peer().rtp_of_type(0).is_empty(), "spelling {n}: sound is sent to a peer that holds");

        let sdp = call.sdp("sendrecv");
        let ok = scene.reinvite(&mut call, sdp);
        assert_eq!(direction(&ok), "sendrecv");
        assert_eq!(scene.story(session), ["GotHoldRequest(remote)", "GotUnholdRequest(remote)"], "spelling {n}");
        scene.peer().forget_media();
        scene.run(SECOND);
        assert_tone(&scene.peer().heard(), 440.0, -15.0);
    }
}

#[test]
fn a_peer_that_only_listens_does_not_hold() {
    let mut scene = Scene::new(70);
    let alice = scene.alice;
    scene.world.host_mut(alice).say_by_default(AudioSource::tone(440.0, -15.0));
    let (session, mut call, _) = scene.talk_in();
    scene.forget();
    let sdp = call.sdp("recvonly");
    let ok = scene.reinvite(&mut call, sdp);
    assert_eq!(direction(&ok), "sendonly");
    assert!(!scene.info(session).on_hold());
    assert_eq!(scene.story(session), told(&[]));
    scene.peer().forget_media();
    scene.run(SECOND);
    assert_tone(&scene.peer().heard(), 440.0, -15.0);
}

#[test]
fn music_on_hold_is_heard() {
    let mut scene = Scene::new(71);
    let alice = scene.alice;
    let (session, mut call, ok) = scene.talk_in();
    let sdp = call.sdp("sendonly");
    scene.reinvite(&mut call, sdp);
    scene.peer().talk(rtp_of(&ok), AudioSource::tone(1_000.0, -15.0), 5 * SECOND);
    scene.run(SECOND);
    scene.world.host_mut(alice).forget_heard(session);
    scene.run(2 * SECOND);
    assert_tone(scene.world.host(alice).heard(session), 1_000.0, -15.0);
}

#[test]
fn what_a_peer_sends_while_inactive_is_not_heard() {
    let mut scene = Scene::new(72);
    let alice = scene.alice;
    let (session, mut call, ok) = scene.talk_in();
    let sdp = call.sdp("inactive");
    scene.reinvite(&mut call, sdp);
    scene.peer().talk(rtp_of(&ok), AudioSource::tone(1_000.0, -15.0), 5 * SECOND);
    scene.run(SECOND);
    scene.world.host_mut(alice).forget_heard(session);
    scene.run(SECOND);
    assert_silence(scene.world.host(alice).heard(session));
}
