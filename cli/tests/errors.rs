//! What the program says and returns when something is wrong on this side: one clear line on standard error, and the exit
//! code that `--help` names. And that the demo works.

use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Output, Stdio};

fn sansip(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sansip"));
    command.args(words).stdin(Stdio::null()).env_remove("SANSIP_PASSWORD");
    command.output().expect("the program starts")
}

/// Asserts the exit code, and that standard error is one line with all of `words`.
fn fails(args: &[&str], code: i32, words: &[&str]) {
    let output = sansip(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {error}");
    assert_eq!(error.lines().count(), 1, "{args:?}: {error}");
    for word in words {
        assert!(error.contains(word), "{args:?}: {word:?} is not in {error}");
    }
}

const QUIET: [&str; 3] = ["--no-sound", "--listen", "127.0.0.1:0"];

fn call<'a>(uri: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["call", uri], &QUIET[..], more].concat()
}

#[test]
fn what_is_no_address_is_a_usage_error() {
    fails(&call("sip:", &[]), 2, &["sip:name@host"]);
    fails(&call("http://example.com", &[]), 2, &["example.com"]);
    assert_eq!(sansip(&["call"]).status.code(), Some(2));
    assert_eq!(sansip(&["whistle"]).status.code(), Some(2));
    assert_eq!(sansip(&["--help"]).status.code(), Some(0));
}

#[test]
fn files_that_are_not_there_are_named() {
    fails(&call("bob@127.0.0.1", &["--play", "/no/such/file.wav"]), 3, &["/no/such/file.wav"]);
    fails(&call("bob@127.0.0.1", &["--password-file", "/no/such/secret"]), 3, &["/no/such/secret"]);
    // Something that is no WAV file: this test.
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.rs");
    fails(&call("bob@127.0.0.1", &["--play", source]), 3, &["errors.rs"]);
}

#[test]
fn a_sound_device_that_is_not_there_is_told_before_the_call() {
    // With sound built in the line names the devices there are, where the sound system answers; without, it says so.
    let word = if cfg!(feature = "sound") { "sound" } else { "built without sound card support" };
    for way in ["--input", "--output"] {
        fails(&["call", "bob@127.0.0.1", "--listen", "127.0.0.1:0", way, "No Such Trumpet"], 3, &[word]);
    }
    if cfg!(feature = "sound") && sansip(&["devices"]).status.success() {
        fails(&["answer", "--listen", "127.0.0.1:0", "--input", "No Such Trumpet"], 3, &["Trumpet", "there are:"]);
    }
    if cfg!(not(feature = "sound")) {
        fails(&["devices"], 3, &["built without sound card support"]);
    }
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let taken = UdpSocket::bind(&udp).unwrap();
    fails(&["answer", "--no-sound", "--transport", "udp", "--listen", &udp], 3, &[&udp, "--listen"]);
    drop(taken);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = taken.local_addr().unwrap().to_string();
    fails(&["answer", "--no-sound", "--transport", "tcp", "--listen", &tcp], 3, &[&tcp, "--listen"]);
}

#[test]
fn a_call_that_fails_says_why() {
    fails(&call("bob@no-such-host.invalid", &[]), 1, &["no-such-host.invalid"]);
    // Nobody listens on a port that has just been closed.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(&call(&format!("bob@{port}"), &["--transport", "tcp"]), 1, &["failed"]);
    // A socket that never answers.
    let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
    let uri = format!("bob@{}", deaf.local_addr().unwrap());
    fails(&call(&uri, &["--timeout", "1"]), 1, &["408"]);
}

#[test]
fn the_demo_hears_itself() {
    let output = sansip(&["demo"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for word in [
        "SIPEngineDidStart",
        "SIPSessionNewIncoming",
        "SIPSessionDidStart",
        "SIPSessionGotDTMF",
        "SIPSessionGotHoldRequest",
        "SIPSessionGotUnholdRequest",
        "SIPSessionDidStopRecordingAudio",
        "SIPSessionDidEnd",
        "SIPEngineDidEnd",
        "440 Hz found",
        "660 Hz found",
        "880 Hz found",
    ] {
        assert!(said.contains(word), "{word} is not in\n{said}");
    }
}
