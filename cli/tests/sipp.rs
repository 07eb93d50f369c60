//! Calls between `sansip` and sipp: one test a scenario under `sipp/`. The scenario judges what goes over the wire (a
//! failed check is a failed call, and sipp says so with its exit code); the test judges the notifications, the exit code
//! of `sansip`, and what only a clock or an ear can tell.
//!
//! Run as root with `cargo test -p sansip-cli --test sipp -- --ignored`.

mod peers;

use std::process::ExitStatus;
use std::time::Duration;

use peers::sansip::{Heard, Setup as Sansip};
use peers::sipp::{AMPLITUDE, Message, Setup as Sipp, TONE, gaps};
use peers::sound::Wav;
use peers::{Bench, digest};

/// A process that has nothing left to wait for ends within this.
const SOON: Duration = Duration::from_secs(5);
/// The longest of the scenarios, those aside that wait for 64*T1.
const SCENARIO: Duration = Duration::from_secs(15);
/// A little more than 64*T1 = 32 s (RFC 3261 17.1.1.2).
const GIVEN_UP: Duration = Duration::from_secs(45);

/// What came of a call that sansip made.
struct Called {
    status: ExitStatus,
    heard: Heard,
    messages: Vec<Message>,
}

impl Called {
    /// The call was established and ended in order.
    fn well(&self) -> &Self {
        assert!(self.status.success(), "sansip ended with {} although the call was established", self.status);
        self.heard.expect_order(&[
            "SIPSessionNewOutgoing",
            "SIPSessionWillStart",
            "SIPSessionDidStart",
            "SIPSessionDidEnd",
        ]);
        self.heard.expect("SIPSessionDidFail", 0).expect("SIPSessionDidEnd", 1);
        self
    }

    /// The call was never established: `words` are among the data of the failure.
    fn failed(&self, words: &[&str]) -> &Self {
        assert!(!self.status.success(), "sansip ended with {} although the call failed", self.status);
        self.heard.expect_with("SIPSessionDidFail", words).expect("SIPSessionDidStart", 0);
        self.heard.expect_order(&["SIPSessionDidFail", "SIPSessionDidEnd"]);
        self
    }
}

/// sansip calls, sipp answers with the scenario.
fn call(scenario: &str, sansip: &[&str]) -> Called {
    call_with(scenario, &[], sansip)
}

fn call_with(scenario: &str, sipp: &[&str], sansip: &[&str]) -> Called {
    let bench = Bench::new(scenario);
    let sipp = Sipp::uas(&bench, scenario).args(sipp).start();
    let sansip = Sansip::call(&bench, &sipp.uri()).trace().args(&["--tone", "440"]).args(sansip).start();
    let messages = sipp.finish(SCENARIO);
    let (status, heard) = sansip.finish(SOON);
    Called { status, heard, messages }
}

/// sansip answers every call at once, sipp calls with the scenario; one call, after which sansip leaves.
fn answer(scenario: &str, sansip: &[&str]) -> (Heard, Vec<Message>) {
    answer_with(scenario, &[], sansip)
}

fn answer_with(scenario: &str, sipp: &[&str], sansip: &[&str]) -> (Heard, Vec<Message>) {
    let bench = Bench::new(scenario);
    let sansip =
        Sansip::answer(&bench).trace().args(&["--auto-answer", "--calls", "1", "--tone", "440"]).args(sansip).start();
    let messages = Sipp::uac(&bench, scenario, sansip.listen()).args(sipp).start().finish(SCENARIO);
    let heard = sansip.finish_well(SOON);
    heard.expect_order(&["SIPSessionNewIncoming", "SIPSessionWillStart", "SIPSessionDidStart", "SIPSessionDidEnd"]);
    heard.expect("SIPSessionDidEnd", 1).expect("SIPSessionDidFail", 0);
    (heard, messages)
}

/// sansip listens and lets calls ring (or does what `words` say), sipp plays the scenario; no call is established, and
/// sansip is interrupted in the end.
fn ring(scenario: &str, sipp: &[&str], words: &[&str]) -> Heard {
    let bench = Bench::new(scenario);
    let sansip = Sansip::answer(&bench).trace().args(words).start();
    Sipp::uac(&bench, scenario, sansip.listen()).args(sipp).start().finish(SCENARIO);
    let heard = sansip.interrupt();
    heard.expect("SIPSessionDidStart", 0);
    heard
}

fn requests<'a>(messages: &'a [Message], start: &'a str) -> impl Iterator<Item = &'a Message> {
    messages.iter().filter(move |message| message.received(start))
}

// ------------------------------------------------------------------------------------------------ sansip calls

#[test]
#[ignore = "needs sipp"]
fn we_call_and_hear_our_echo() {
    let called = call_with("uas_basic", &["-rtp_echo"], &["--duration", "6"]);
    called.well().heard.expect("SIPSessionGotNoAudio", 0).expect("SIPSessionGotRingIndication", 1);
}

#[test]
#[ignore = "needs sipp"]
fn we_call_over_tcp() {
    let bench = Bench::new("uas_basic_tcp");
    let sipp = Sipp::uas(&bench, "uas_basic").tcp().start();
    let uri = format!("{};transport=tcp", sipp.uri());
    let sansip = Sansip::call(&bench, &uri).trace().tcp().args(&["--duration", "1"]).start();
    let messages = sipp.finish(SCENARIO);
    sansip.finish_well(SOON).expect("SIPSessionDidStart", 1);
    let invite = requests(&messages, "INVITE ").next().expect("sipp has traced the INVITE");
    let via = invite.header("Via").or_else(|| invite.header("v")).expect("every request has a Via");
    assert!(via.starts_with("SIP/2.0/TCP"), "{via}");
}

#[test]
#[ignore = "needs sipp"]
fn a_silent_peer_is_told_once() {
    let called = call("uas_silent", &["--duration", "7"]);
    called.well().heard.expect("SIPSessionGotNoAudio", 1);
}

#[test]
#[ignore = "needs sipp"]
fn the_peer_ends_our_call() {
    call("uas_bye", &[]).well().heard.expect_with("SIPSessionDidEnd", &["remote"]);
}

/// Calls with the credentials that `uas_auth_*` asks for and verifies the digest that went out.
fn call_with_credentials(scenario: &str, field: &str, from_file: bool) {
    const PASSWORD: &str = "open-sesame";
    let bench = Bench::new(scenario);
    let sipp = Sipp::uas(&bench, scenario).start();
    let sansip = Sansip::call(&bench, &sipp.uri()).trace().args(&["--username", "alice", "--duration", "1"]);
    let sansip = if from_file {
        let file = bench.file("password");
        std::fs::write(&file, format!("{PASSWORD}\n")).expect("the file with the password");
        sansip.path("--password-file", &file)
    } else {
        sansip.env("SANSIP_PASSWORD", PASSWORD)
    };
    let sansip = sansip.start();
    let messages = sipp.finish(SCENARIO);
    sansip.finish_well(SOON).expect("SIPSessionDidStart", 1).expect("SIPSessionDidFail", 0);
    let second = requests(&messages, "INVITE ").find_map(|invite| Some((invite, invite.header(field)?)));
    let (invite, credentials) = second.unwrap_or_else(|| panic!("no INVITE with {field}"));
    let uri = invite.text.split(' ').nth(1).expect("a request line");
    digest::verify(credentials, "alice", PASSWORD, "INVITE", uri);
}

#[test]
#[ignore = "needs sipp"]
fn a_401_is_answered_with_the_digest() {
    call_with_credentials("uas_auth_401", "Authorization", false);
}

#[test]
#[ignore = "needs sipp"]
fn a_407_is_answered_with_the_digest() {
    call_with_credentials("uas_auth_407", "Proxy-Authorization", true);
}

#[test]
#[ignore = "needs sipp"]
fn a_wrong_password_is_tried_once() {
    let bench = Bench::new("uas_auth_refused");
    let sipp = Sipp::uas(&bench, "uas_auth_refused").start();
    let setup = Sansip::call(&bench, &sipp.uri()).trace().args(&["--username", "alice"]);
    let sansip = setup.env("SANSIP_PASSWORD", "wrong").start();
    sipp.finish(SCENARIO);
    let (status, heard) = sansip.finish(SOON);
    assert!(!status.success(), "sansip ended with {status} although it was refused");
    heard.expect_with("SIPSessionDidFail", &["remote", "401"]);
}

#[test]
#[ignore = "needs sipp"]
fn no_answer_within_the_time_is_cancelled() {
    call("uas_cancel", &["--timeout", "1"]).failed(&["local", "408"]);
}

#[test]
#[ignore = "needs sipp"]
fn hanging_up_while_it_rings_cancels() {
    let bench = Bench::new("uas_cancel_by_key");
    let sipp = Sipp::uas(&bench, "uas_cancel").start();
    let mut sansip = Sansip::call(&bench, &sipp.uri()).trace().start();
    sansip.wait_for("SIPSessionGotRingIndication", SOON);
    sansip.say("h");
    sipp.finish(SCENARIO);
    let (status, heard) = sansip.finish(SOON);
    assert!(!status.success(), "the call was never established, yet sansip ended with {status}");
    heard.expect_order(&["SIPSessionWillEnd", "SIPSessionDidEnd"]).expect("SIPSessionDidFail", 0);
}

#[test]
#[ignore = "needs sipp"]
fn no_cancel_before_a_provisional_response() {
    call("uas_cancel_waits", &["--timeout", "1"]).failed(&["local", "408"]);
}

#[test]
#[ignore = "needs sipp"]
fn a_200_that_crosses_our_cancel_is_ended_with_bye() {
    let called = call("uas_cancel_crosses_200", &["--timeout", "1"]);
    called.heard.expect("SIPSessionDidEnd", 1);
}

/// Calls with a scenario that plays early media and goes on playing in the call.
fn call_with_early_media(scenario: &str) -> Heard {
    let bench = Bench::new(scenario);
    let sipp = Sipp::uas(&bench, scenario).start();
    let recording = bench.file("heard.wav");
    let setup = Sansip::call(&bench, &sipp.uri()).trace().args(&["--duration", "3"]).path("--record", &recording);
    let sansip = setup.start();
    sipp.finish(SCENARIO);
    let heard = sansip.finish_well(SOON);
    let tone = Wav::read(&recording).hear(TONE, AMPLITUDE);
    assert!(tone.heard >= Duration::from_secs(2), "the tone of the peer is not in the recording: {tone:?}");
    heard
}

#[test]
#[ignore = "needs sipp"]
fn early_media_with_180() {
    call_with_early_media("uas_early_media_180").expect("SIPSessionGotRingIndication", 1);
}

#[test]
#[ignore = "needs sipp"]
fn early_media_with_183() {
    call_with_early_media("uas_early_media_183").expect_with("SIPSessionGotProvisionalResponse", &["183"]);
}

#[test]
#[ignore = "needs sipp"]
fn a_302_ends_the_call() {
    call("uas_302", &[]).failed(&["remote", "302"]);
}

#[test]
#[ignore = "needs sipp"]
fn a_486_ends_the_call() {
    call("uas_486", &[]).failed(&["remote", "486"]);
}

#[test]
#[ignore = "needs sipp"]
fn a_603_ends_the_call() {
    call("uas_603", &[]).failed(&["remote", "603"]);
}

#[test]
#[ignore = "needs sipp"]
fn the_called_party_holds_us() {
    let called = call("uas_hold_by_peer", &["--duration", "3"]);
    called.well().heard.expect("SIPSessionGotHoldRequest", 1).expect("SIPSessionGotUnholdRequest", 1);
    called.heard.expect_with("SIPSessionGotHoldRequest", &["remote"]);
}

#[test]
#[ignore = "needs sipp"]
fn we_hold_the_called_party() {
    let bench = Bench::new("uas_hold_by_us");
    let sipp = Sipp::uas(&bench, "uas_hold_by_us").start();
    let mut sansip = Sansip::call(&bench, &sipp.uri()).trace().args(&["--hold-after", "1", "--duration", "4"]).start();
    sansip.wait_for_word("SIPSessionGotHoldRequest", "local", SOON);
    sansip.say("space");
    sipp.finish(SCENARIO);
    sansip.finish_well(SOON).expect("SIPSessionGotHoldRequest", 1).expect("SIPSessionGotUnholdRequest", 1);
}

#[test]
#[ignore = "needs sipp"]
fn a_refused_hold_is_taken_back() {
    let called = call("uas_hold_refused", &["--hold-after", "1", "--duration", "3"]);
    called.well().heard.expect_order(&["SIPSessionGotHoldRequest", "SIPSessionGotUnholdRequest", "SIPSessionDidEnd"]);
}

#[test]
#[ignore = "needs sipp"]
fn glare_is_retried_by_the_owner_of_the_call_id() {
    let called = call("uas_glare", &["--hold-after", "1", "--duration", "7"]);
    let waits = gaps(requests(&called.well().messages, "INVITE "));
    // 10 ms of steps, and the way through two processes.
    assert!(
        waits.len() == 2 && (2.09..4.2).contains(&waits[1]),
        "RFC 3261 14.1 says 2.1 to 4 s; INVITEs after {waits:?} s"
    );
}

#[test]
#[ignore = "needs sipp"]
fn two_re_invites_cross_when_we_called() {
    let called = call("uas_glare_crossing", &["--hold-after", "1", "--duration", "7"]);
    called.well().heard.expect("SIPSessionGotHoldRequest", 1);
}

#[test]
#[ignore = "needs sipp"]
fn every_copy_of_the_200_is_acknowledged() {
    let called = call_with("uas_retransmitted_200", &["-nr"], &["--duration", "3"]);
    called.well().heard.expect("SIPSessionDidStart", 1);
    assert_eq!(requests(&called.messages, "ACK ").count(), 3);
}

#[test]
#[ignore = "needs sipp"]
fn ack_and_bye_follow_a_loose_route() {
    call("uas_record_route", &["--duration", "1"]).well();
}

#[test]
#[ignore = "needs sipp"]
fn ack_and_bye_follow_a_strict_route() {
    call("uas_record_route_strict", &["--duration", "1"]).well();
}

#[test]
#[ignore = "needs sipp"]
fn two_byes_cross_when_we_called() {
    call("uas_bye_crossing", &["--duration", "1"]).well();
}

#[test]
#[ignore = "needs sipp"]
fn a_new_contact_moves_the_target() {
    call("uas_target_refresh", &["--duration", "2"]).well();
}

#[test]
#[ignore = "needs sipp"]
fn a_second_200_of_a_fork_is_ended() {
    call("uas_forked_200", &["--duration", "2"]).well().heard.expect("SIPSessionDidStart", 1);
}

#[test]
#[ignore = "needs sipp"]
fn a_digit_goes_by_info_where_events_are_not_offered() {
    call("uas_dtmf_info", &["--dtmf", "5", "--duration", "3"]).well();
}

// ---------------------------------------------------------------------------------------------- sansip answers

#[test]
#[ignore = "needs sipp"]
fn we_are_called_and_hear_a_tone() {
    let bench = Bench::new("uac_basic");
    let recording = bench.file("heard.wav");
    let setup = Sansip::answer(&bench).trace().args(&["--auto-answer", "--calls", "1"]).path("--record", &recording);
    let sansip = setup.start();
    Sipp::uac(&bench, "uac_basic", sansip.listen()).start().finish(SCENARIO);
    sansip.finish_well(SOON).expect_with("SIPSessionDidEnd", &["remote"]);
    let tone = Wav::read(&recording).hear(TONE, AMPLITUDE);
    assert!(tone.heard >= Duration::from_millis(1_500), "the tone of the peer is not in the recording: {tone:?}");
}

#[test]
#[ignore = "needs sipp"]
fn we_are_called_over_tcp() {
    let bench = Bench::new("uac_basic_tcp");
    let sansip = Sansip::answer(&bench).trace().tcp().args(&["--auto-answer", "--calls", "1"]).start();
    Sipp::uac(&bench, "uac_basic", sansip.listen()).tcp().start().finish(SCENARIO);
    sansip.finish_well(SOON).expect("SIPSessionDidStart", 1);
}

#[test]
#[ignore = "needs sipp"]
fn we_end_the_call_of_the_peer() {
    answer("uac_bye_by_us", &["--duration", "1"]).0.expect_with("SIPSessionDidEnd", &["local"]);
}

#[test]
#[ignore = "needs sipp"]
fn the_caller_cancels_while_it_rings() {
    let heard = ring("uac_cancel", &[], &[]);
    heard.expect_with("SIPSessionDidFail", &["remote", "487"]).expect("SIPSessionDidEnd", 1);
}

#[test]
#[ignore = "needs sipp"]
fn a_cancel_after_the_200_changes_nothing() {
    answer("uac_cancel_after_200", &[]);
}

#[test]
#[ignore = "needs sipp"]
fn an_unknown_cancel_is_481() {
    ring("uac_cancel_unknown", &[], &[]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn an_unknown_bye_is_481() {
    ring("uac_bye_unknown", &[], &[]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn a_bye_in_the_early_dialog_ends_the_call() {
    ring("uac_early_bye", &[], &[]).expect("SIPSessionDidEnd", 1);
}

#[test]
#[ignore = "needs sipp"]
fn we_are_busy() {
    let heard = ring("uac_rejected_486", &[], &["--reject", "486"]);
    heard
        .expect_order(&["SIPSessionNewIncoming", "SIPSessionWillEnd", "SIPSessionDidEnd"])
        .expect("SIPSessionDidFail", 0);
}

#[test]
#[ignore = "needs sipp"]
fn we_decline() {
    let heard = ring("uac_rejected_603", &[], &["--reject", "603"]);
    heard
        .expect_order(&["SIPSessionNewIncoming", "SIPSessionWillEnd", "SIPSessionDidEnd"])
        .expect("SIPSessionDidFail", 0);
}

/// The caller holds and unholds, in one of the ways in which this is said.
fn the_caller_holds(scenario: &str) {
    let (heard, _) = answer(scenario, &[]);
    heard.expect("SIPSessionGotHoldRequest", 1).expect("SIPSessionGotUnholdRequest", 1);
    heard.expect_with("SIPSessionGotHoldRequest", &["remote"]).expect_with("SIPSessionGotUnholdRequest", &["remote"]);
}

#[test]
#[ignore = "needs sipp"]
fn the_caller_holds_with_sendonly() {
    the_caller_holds("uac_hold_sendonly");
}

#[test]
#[ignore = "needs sipp"]
fn the_caller_holds_with_inactive() {
    the_caller_holds("uac_hold_inactive");
}

#[test]
#[ignore = "needs sipp"]
fn the_caller_holds_with_the_address_zero() {
    the_caller_holds("uac_hold_zero");
}

#[test]
#[ignore = "needs sipp"]
fn we_hold_the_caller() {
    let bench = Bench::new("uac_hold_by_us");
    let setup = Sansip::answer(&bench).trace().args(&["--auto-answer", "--calls", "1", "--hold-after", "1"]);
    let mut sansip = setup.start();
    let sipp = Sipp::uac(&bench, "uac_hold_by_us", sansip.listen()).start();
    sansip.wait_for_word("SIPSessionGotHoldRequest", "local", SOON);
    sansip.say("space");
    sipp.finish(SCENARIO);
    sansip.finish_well(SOON).expect("SIPSessionGotHoldRequest", 1).expect("SIPSessionGotUnholdRequest", 1);
}

#[test]
#[ignore = "needs sipp"]
fn an_invite_without_an_offer_gets_one() {
    answer("uac_late_offer", &[]);
}

#[test]
#[ignore = "needs sipp"]
fn a_re_invite_without_an_offer_gets_one() {
    answer("uac_reinvite_without_offer", &[]).0.expect("SIPSessionGotHoldRequest", 0);
}

#[test]
#[ignore = "needs sipp"]
fn a_lost_ack_brings_the_200_again() {
    let (_, messages) = answer_with("uac_lost_ack", &["-nr"], &[]);
    let waits =
        gaps(requests(&messages, "SIP/2.0 200").filter(|ok| ok.header("CSeq").is_some_and(|c| c.contains("INVITE"))));
    let close = |wait: f64, wanted: f64| (wait - wanted).abs() < 0.2;
    assert!(waits.len() == 2 && close(waits[0], 0.5) && close(waits[1], 1.0), "T1, then 2*T1; 200s after {waits:?} s");
}

#[test]
#[ignore = "needs sipp"]
fn a_call_without_an_ack_is_ended() {
    let bench = Bench::new("uac_no_ack");
    let sansip = Sansip::answer(&bench).trace().args(&["--auto-answer"]).start();
    Sipp::uac(&bench, "uac_no_ack", sansip.listen()).start().finish(GIVEN_UP);
    let heard = sansip.interrupt();
    heard.expect_with("SIPSessionDidFail", &["local", "408"]).expect("SIPSessionDidStart", 0);
}

#[test]
#[ignore = "needs sipp"]
fn our_bye_follows_the_route_of_the_invite() {
    answer("uac_record_route", &["--duration", "1"]);
}

#[test]
#[ignore = "needs sipp"]
fn glare_is_retried_sooner_by_the_other_side() {
    answer("uac_glare", &["--hold-after", "1"]).0.expect("SIPSessionGotHoldRequest", 1);
}

#[test]
#[ignore = "needs sipp"]
fn two_re_invites_cross_when_we_were_called() {
    answer("uac_glare_crossing", &["--hold-after", "1"]).0.expect("SIPSessionGotHoldRequest", 1);
}

#[test]
#[ignore = "needs sipp"]
fn two_byes_cross_when_we_were_called() {
    answer("uac_bye_crossing", &["--duration", "1"]);
}

#[test]
#[ignore = "needs sipp"]
fn an_unknown_method_is_405() {
    ring("uac_unknown_method", &[], &[]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn an_unknown_method_in_a_call_is_405() {
    answer("uac_unknown_method_in_dialog", &[]);
}

#[test]
#[ignore = "needs sipp"]
fn options_tells_what_we_can() {
    ring("uac_options", &[], &[]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn options_in_a_call_is_answered() {
    answer("uac_options_in_dialog", &[]);
}

#[test]
#[ignore = "needs sipp"]
fn an_unknown_extension_is_420() {
    ring("uac_require_unknown", &[], &["--auto-answer"]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn no_common_codec_is_488() {
    ring("uac_no_common_codec", &[], &["--auto-answer"]);
}

#[test]
#[ignore = "needs sipp"]
fn a_body_that_is_not_sdp_is_415() {
    ring("uac_unsupported_body", &[], &["--auto-answer"]).expect("SIPSessionNewIncoming", 0);
}

#[test]
#[ignore = "needs sipp"]
fn a_repeated_invite_is_one_call() {
    ring("uac_retransmitted_invite", &["-nr"], &[]).expect("SIPSessionNewIncoming", 1);
}

#[test]
#[ignore = "needs sipp"]
fn a_re_invite_that_cannot_be_met_changes_nothing() {
    answer("uac_reinvite_refused", &[]).0.expect("SIPSessionGotHoldRequest", 0);
}

#[test]
#[ignore = "needs sipp"]
fn digits_come_as_telephone_events() {
    let (heard, _) = answer("uac_dtmf", &[]);
    heard
        .expect("SIPSessionGotDTMF", 2)
        .expect_with("SIPSessionGotDTMF", &["1"])
        .expect_with("SIPSessionGotDTMF", &["5"]);
}
