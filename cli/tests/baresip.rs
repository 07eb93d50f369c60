//! Calls between `sansip` and baresip: both ways, tone and digits both ways, hold both ways.
//!
//! Run as root with `cargo test -p sansip-cli --test baresip -- --ignored`.

mod peers;

use std::net::SocketAddr;
use std::time::Duration;

use peers::baresip::{AMPLITUDE, Baresip, Namespace, TONE};
use peers::sansip::{Sansip, Setup};
use peers::sound::{self, Wav};
use peers::{Bench, Ports};

const SOON: Duration = Duration::from_secs(5);
/// The tone that sansip sends, in Hz; its amplitude is that of baresip's.
const OUR_TONE: f64 = 440.0;
/// How long both talk.
const TALK: Duration = Duration::from_secs(4);
/// What must be heard of it: a little is lost while the media starts.
const LEAST: Duration = Duration::from_millis(3_300);
/// The longest gap allowed: two blocks of the measurement, one of which a slip of the two clocks may cost.
const GAP: Duration = Duration::from_millis(100);

struct Both {
    // In the order in which they must be dropped: the namespace after those who live in it.
    sansip: Sansip,
    baresip: Baresip,
    _namespace: Namespace,
    bench: Bench,
}

/// Starts both sides. With `calls` sansip calls, otherwise baresip does. `words` are options of sansip.
fn start(name: &str, number: u8, calls: bool, words: &[&str]) -> Both {
    let bench = Bench::new(name);
    let namespace = Namespace::new(number);
    let mut baresip = Baresip::start(&bench, &namespace);
    let tone = bench.file("ours.wav");
    sound::write_wav(&tone, 8000, &sound::tone(OUR_TONE, 8000, 40.0, AMPLITUDE));
    let listen: SocketAddr = (namespace.here, Ports::take(2).first).into();
    let setup = if calls {
        Setup::call(&bench, &baresip.uri())
    } else {
        Setup::answer(&bench).args(&["--auto-answer", "--calls", "1"])
    };
    let setup = setup.trace().listen(listen).path("--play", &tone).path("--record", &bench.file("heard.wav"));
    let sansip = setup.args(words).start();
    if !calls {
        baresip.command("dial", &format!("sip:sansip@{listen}"));
    }
    sansip.wait_for("SIPSessionDidStart", SOON);
    baresip.wait_for("CALL_ESTABLISHED", SOON);
    Both { sansip, baresip, _namespace: namespace, bench }
}

fn hear_both(mut both: Both) {
    // The call lasts as long as `--duration` says; both ends tell when it is over.
    let heard = both.sansip.finish_well(TALK + SOON);
    heard.expect("SIPSessionDidEnd", 1).expect("SIPSessionDidFail", 0).expect("SIPSessionGotNoAudio", 0);
    both.baresip.wait_for("CALL_CLOSED", SOON);
    Wav::read(&both.bench.file("heard.wav")).hear(TONE, AMPLITUDE).expect("sansip", LEAST, GAP);
    Wav::read(&both.baresip.heard()).hear(OUR_TONE, AMPLITUDE).expect("baresip", LEAST, GAP);
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn we_call_and_each_hears_the_other() {
    hear_both(start("baresip-called", 0, true, &["--duration", "4"]));
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn we_are_called_and_each_hears_the_other() {
    hear_both(start("baresip-calls", 1, false, &["--duration", "4"]));
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn we_call_with_pcma() {
    hear_both(start("baresip-pcma", 2, true, &["--duration", "4", "--codec", "PCMA"]));
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn digits_go_both_ways() {
    let mut both = start("baresip-dtmf", 3, true, &["--dtmf", "1#"]);
    for digit in ["1", "#"] {
        let event = both.baresip.wait_for("CALL_DTMF_START", SOON);
        assert!(event.contains(&format!("\"param\":\"{digit}\"")), "digit {digit} expected: {event}");
        both.baresip.wait_for("CALL_DTMF_END", SOON);
    }
    for digit in ['7', '*'] {
        both.baresip.press(digit);
        both.sansip.wait_for_word("SIPSessionGotDTMF", &digit.to_string(), SOON);
    }
    both.sansip.say("h");
    both.sansip.finish_well(SOON).expect("SIPSessionGotDTMF", 2);
    both.baresip.wait_for("CALL_CLOSED", SOON);
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn baresip_holds_us() {
    let mut both = start("baresip-holds", 4, true, &[]);
    both.baresip.command("hold", "");
    both.sansip.wait_for_word("SIPSessionGotHoldRequest", "remote", SOON);
    both.baresip.wait_for("CALL_REMOTE_SDP", SOON);
    both.baresip.command("resume", "");
    both.sansip.wait_for_word("SIPSessionGotUnholdRequest", "remote", SOON);
    both.baresip.command("hangup", "");
    let heard = both.sansip.finish_well(SOON);
    heard.expect_with("SIPSessionDidEnd", &["remote"]).expect("SIPSessionDidFail", 0);
}

#[test]
#[ignore = "needs baresip and a network namespace"]
fn we_hold_baresip() {
    let mut both = start("baresip-held", 5, false, &["--hold-after", "1"]);
    both.sansip.wait_for_word("SIPSessionGotHoldRequest", "local", SOON);
    both.baresip.wait_for("CALL_REMOTE_SDP", SOON);
    both.sansip.say("space");
    both.sansip.wait_for_word("SIPSessionGotUnholdRequest", "local", SOON);
    both.baresip.wait_for("CALL_REMOTE_SDP", SOON);
    both.sansip.say("h");
    both.sansip.finish_well(SOON).expect("SIPSessionDidFail", 0);
    both.baresip.wait_for("CALL_CLOSED", SOON);
}
