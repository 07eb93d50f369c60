//! Recordings (SPEC 1.7): what is told, what is in the file, hold, and disks that fail.

use sansip_core::error::Misuse;
use sansip_core::ids::SessionId;
use sansip_core::io::{IoFailure, IoFailureKind};
use sansip_core::middleware::notification::SessionState;
use sansip_core::sim::{AudioSource, Pair, Side};

use crate::common::{assert_tone, told};

const FILE: &str = "/recordings/call.wav";

fn talking(seed: u64) -> (Pair, SessionId) {
    let mut pair = Pair::new(seed);
    pair.host_mut(Side::Bob).say_by_default(AudioSource::tone(440.0, -15.0));
    let (out, _) = pair.call();
    pair.settle();
    pair.forget();
    (pair, out)
}

fn record(pair: &mut Pair, session: SessionId, file_name: Option<&str>) {
    let file_name = file_name.map(String::from);
    pair.session(Side::Alice, session, |session| session.start_recording_audio(file_name)).unwrap();
}

fn stop(pair: &mut Pair, session: SessionId) {
    pair.session(Side::Alice, session, |session| session.stop_recording_audio()).unwrap();
    pair.settle();
}

fn number(wav: &[u8], at: usize) -> usize {
    u32::from_le_bytes(wav[at..at + 4].try_into().unwrap()) as usize
}

/// The samples that the header of a WAV file tells of: 16-bit PCM, one channel, 8 kHz.
fn samples(wav: &[u8]) -> Vec<i16> {
    assert_eq!((&wav[..4], &wav[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    assert_eq!(u16::from_le_bytes([wav[20], wav[21]]), 1, "PCM");
    assert_eq!(u16::from_le_bytes([wav[22], wav[23]]), 1, "channels");
    assert_eq!(number(wav, 24), 8_000);
    assert_eq!(u16::from_le_bytes([wav[34], wav[35]]), 16, "bits");
    assert_eq!(&wav[36..40], b"data");
    let octets = number(wav, 40);
    assert_eq!(number(wav, 4), octets + 36);
    wav[44..44 + octets].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The samples of a recording that was closed in order: its header tells of all there is.
fn whole(wav: &[u8]) -> Vec<i16> {
    assert_eq!(number(wav, 40), wav.len() - 44);
    samples(wav)
}

fn lines(file: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{name}RecordingAudio({file})")).collect()
}

#[test]
fn a_recording_has_what_was_heard() {
    let (mut pair, out) = talking(230);
    record(&mut pair, out, Some(FILE));
    for _ in 0..3 {
        pair.settle();
    }
    assert_eq!(pair.host(Side::Alice).agent().info(out).unwrap().audio_recording_file_name.as_deref(), Some(FILE));
    stop(&mut pair, out);
    assert_eq!(pair.story(Side::Alice, out), lines(FILE, &["WillStart", "DidStart", "WillStop", "DidStop"]));
    let disk = pair.host(Side::Alice).disk();
    assert_eq!(disk.open_files(), 0);
    let samples = whole(disk.file(FILE).unwrap());
    assert!((23_000..=25_000).contains(&samples.len()), "{} samples of 3 s", samples.len());
    assert_tone(&samples[1_600..22_400], 440.0, -15.0);
}

#[test]
fn the_default_name_says_when_and_who() {
    let (mut pair, out) = talking(231);
    record(&mut pair, out, None);
    pair.settle();
    stop(&mut pair, out);
    let paths: Vec<&str> = pair.host(Side::Alice).disk().paths().collect();
    let [path] = paths[..] else { panic!("{paths:?}") };
    let time = path.strip_prefix("recordings/alice@10.0.0.1/20261122-1200").expect(path);
    assert!(time[2..].starts_with("-bob@10.0.0.2-outgoing.wav"), "{path}");
    assert!(time[..2].bytes().all(|digit| digit.is_ascii_digit()), "{path}");
}

#[test]
fn hold_pauses_a_recording() {
    let (mut pair, out) = talking(232);
    record(&mut pair, out, Some(FILE));
    pair.settle();
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    for _ in 0..5 {
        pair.settle();
    }
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    pair.settle();
    stop(&mut pair, out);
    let samples = whole(pair.host(Side::Alice).disk().file(FILE).unwrap());
    assert!((14_000..=18_000).contains(&samples.len()), "{} samples of 2 s", samples.len());
}

#[test]
fn started_on_hold_it_waits_for_unhold() {
    let (mut pair, out) = talking(233);
    pair.session(Side::Alice, out, |session| session.hold()).unwrap();
    pair.settle();
    record(&mut pair, out, Some(FILE));
    pair.settle();
    assert_eq!(pair.story(Side::Alice, out), told(&[&["GotHoldRequest(local)"]]));
    pair.session(Side::Alice, out, |session| session.unhold()).unwrap();
    pair.settle();
    stop(&mut pair, out);
    let story = pair.story(Side::Alice, out);
    assert_eq!(story[..2], ["GotHoldRequest(local)", "GotUnholdRequest(local)"]);
    assert_eq!(story[2..], lines(FILE, &["WillStart", "DidStart", "WillStop", "DidStop"]));
}

#[test]
fn the_end_of_the_call_stops_it() {
    let (mut pair, out) = talking(234);
    record(&mut pair, out, Some(FILE));
    pair.settle();
    pair.forget();
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.settle();
    let mut wanted = told(&[&["ChangedState(ESTABLISHED->TERMINATING)", "WillEnd"]]);
    wanted.extend(lines(FILE, &["WillStop", "DidStop"]));
    wanted.extend(told(&[&["GotStreamUpdate()", "ChangedState(TERMINATING->TERMINATED)", "DidEnd(local)"]]));
    assert_eq!(pair.story(Side::Alice, out), wanted);
    let disk = pair.host(Side::Alice).disk();
    assert!(whole(disk.file(FILE).unwrap()).len() > 6_000);
    assert_eq!(disk.open_files(), 0);
}

#[test]
fn a_file_that_cannot_be_opened_loses_nothing_else() {
    let (mut pair, out) = talking(235);
    let failure = IoFailure::new(IoFailureKind::PermissionDenied, "permission denied");
    pair.host_mut(Side::Alice).disk_mut().fail_create(Some(failure));
    record(&mut pair, out, Some(FILE));
    pair.settle();
    let mut wanted = lines(FILE, &["WillStart"]);
    wanted.push(format!("DidStopRecordingAudio({FILE}, failed)"));
    assert_eq!(pair.story(Side::Alice, out), wanted);
    assert_eq!(pair.state(Side::Alice, out), Some(SessionState::Established));
    pair.host_mut(Side::Alice).disk_mut().fail_create(None);
    record(&mut pair, out, Some("/recordings/again.wav"));
    pair.settle();
    stop(&mut pair, out);
    assert!(!whole(pair.host(Side::Alice).disk().file("/recordings/again.wav").unwrap()).is_empty());
}

#[test]
fn a_full_disk_keeps_what_was_recorded() {
    let (mut pair, out) = talking(236);
    // Two seconds and a bit.
    pair.host_mut(Side::Alice).disk_mut().disk_full_after(40_000);
    record(&mut pair, out, Some(FILE));
    for _ in 0..5 {
        pair.settle();
    }
    let mut wanted = lines(FILE, &["WillStart", "DidStart"]);
    wanted.push(format!("DidStopRecordingAudio({FILE}, failed)"));
    assert_eq!(pair.story(Side::Alice, out), wanted);
    assert_eq!(pair.state(Side::Alice, out), Some(SessionState::Established));
    let disk = pair.host(Side::Alice).disk();
    assert_eq!(disk.open_files(), 0);
    let kept = samples(disk.file(FILE).unwrap());
    assert!(kept.len() >= 8_000, "{} samples", kept.len());
}

#[test]
fn a_crash_leaves_a_file_with_a_valid_header() {
    let (mut pair, out) = talking(237);
    record(&mut pair, out, Some(FILE));
    for _ in 0..3 {
        pair.settle();
    }
    // Nothing was stopped or closed: this is what a crash would leave.
    let kept = samples(pair.host(Side::Alice).disk().file(FILE).unwrap());
    assert!(kept.len() >= 15_000, "{} samples of 3 s", kept.len());
}

#[test]
fn recordings_are_refused_where_they_make_no_sense() {
    let (mut pair, out) = talking(238);
    let nothing = pair.session(Side::Alice, out, |session| session.stop_recording_audio());
    assert_eq!(nothing, Err(Misuse::NotRecording));
    record(&mut pair, out, Some(FILE));
    let twice = pair.session(Side::Alice, out, |session| session.start_recording_audio(None));
    assert_eq!(twice, Err(Misuse::AlreadyRecording));
}

#[test]
fn a_stop_and_a_hang_up_at_once_are_told_in_order() {
    let mut pair = Pair::new(59);
    let (out, _) = pair.call();
    pair.session(Side::Alice, out, |session| session.start_recording_audio(None)).unwrap();
    pair.settle();
    pair.forget();
    // A slow disk: the file is not closed when the call is over.
    let slow = sansip_core::time::Duration::from_millis(50);
    pair.host_mut(Side::Alice).set_delays(slow, slow);
    pair.session(Side::Alice, out, |session| session.stop_recording_audio()).unwrap();
    pair.session(Side::Alice, out, |session| session.end()).unwrap();
    pair.settle();
    let story = pair.story(Side::Alice, out);
    let at = |start: &str| story.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{story:?}"));
    assert!(at("WillStopRecordingAudio") < at("DidStopRecordingAudio"), "{story:?}");
    assert!(at("DidStopRecordingAudio") < at("ChangedState(TERMINATING->TERMINATED)"), "{story:?}");
    assert_eq!(story.iter().filter(|line| line.starts_with("DidStopRecordingAudio")).count(), 1, "{story:?}");
}
