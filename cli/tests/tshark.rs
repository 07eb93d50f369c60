//! A call between two `sansip` processes, captured on loopback and dissected by tshark: a reader that we did not write
//! finds nothing wrong in what we send.
//!
//! Run as root with `cargo test -p sansip-cli --test tshark -- --ignored`.

mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use peers::process::Process;
use peers::sansip::Setup;
use peers::{Bench, Ports, wait_until};

const SOON: Duration = Duration::from_secs(15);
/// How long the call lasts: RTCP is sent at least once in it (RFC 3550 6.2: the first report after 2.5 s, times 0.5 to 1.5).
const DURATION: &str = "6";
/// Packets that each side sends in that time, at 50 a second, less what the start costs.
const LEAST_PACKETS: u64 = 270;

/// Runs tshark over the capture and gives what it printed.
fn tshark(capture: &Path, words: &[&str]) -> String {
    let output = Command::new("tshark").arg("-r").arg(capture).args(words).output().expect("tshark is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark {}: {said}", words.join(" "));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How many packets of the capture match the display filter.
fn count(capture: &Path, filter: &str) -> usize {
    tshark(capture, &["-Y", filter, "-T", "fields", "-e", "frame.number"]).lines().count()
}

/// Calls over UDP or TCP with `words` for the caller, captures everything, and gives the capture.
fn captured_call(bench: &Bench, tcp: bool, words: &[&str]) -> PathBuf {
    let (callee, caller) = (Ports::take(2), Ports::take(2));
    let (callee_media, caller_media) = (Ports::take(10), Ports::take(10));
    let filter = format!(
        "port {} or port {} or udp portrange {} or udp portrange {}",
        callee.first,
        caller.first,
        callee_media.range(),
        caller_media.range()
    );
    let capture = bench.file("call.pcapng");
    let mut command = Command::new("dumpcap");
    command.args(["-q", "-i", "lo", "-f", &filter, "-w"]).arg(&capture);
    let mut dumpcap = Process::start("dumpcap", &mut command);
    dumpcap.wait_for("it captures", 1, SOON, |line| line.starts_with("File:"));

    let answer =
        Setup::answer(bench).listen(callee.address()).args(&["--auto-answer", "--calls", "1", "--tone", "1000"]);
    let answer = if tcp { answer.tcp() } else { answer }.start_with(callee_media);
    let uri = format!("sip:callee@{}{}", callee.address(), if tcp { ";transport=tcp" } else { "" });
    let call = Setup::call(bench, &uri).listen(caller.address()).args(&["--tone", "440"]).args(words);
    let call = if tcp { call.tcp() } else { call }.start_with(caller_media);
    call.finish_well(SOON).expect("SIPSessionDidStart", 1);
    answer.finish_well(SOON).expect("SIPSessionDidStart", 1);

    // The kernel hands packets over in blocks: what came last is in the file only when the block is full or old.
    wait_until("the end of the call in the capture", SOON, || {
        let last = r#"sip.Status-Code == 200 && sip.CSeq.method == "BYE""#;
        // The file may end within a packet while dumpcap writes, which tshark calls an error.
        let output =
            Command::new("tshark").arg("-r").arg(&capture).args(["-Y", last]).output().expect("tshark is installed");
        (!output.stdout.is_empty()).then_some(())
    });
    dumpcap.interrupt();
    assert!(dumpcap.wait_exit(SOON).success(), "dumpcap failed");
    capture
}

/// What holds for every capture: nothing malformed, nothing that tshark calls an error, nothing it cannot name.
fn expect_clean(capture: &Path) {
    /// `PI_ERROR` of Wireshark.
    const SEVERITY_ERROR: u32 = 0x0080_0000;
    let malformed = tshark(capture, &["-Y", "_ws.malformed", "-V"]);
    assert!(malformed.is_empty(), "malformed packets:\n{malformed}");
    let errors = tshark(capture, &["-Y", &format!("_ws.expert.severity >= {SEVERITY_ERROR}"), "-V"]);
    assert!(errors.is_empty(), "expert errors:\n{errors}");
    let unknown = tshark(capture, &["-Y", "udp && !sip && !rtp && !rtcp", "-V"]);
    assert!(unknown.is_empty(), "datagrams that are neither SIP nor RTP nor RTCP:\n{unknown}");
    let sent = ["INVITE", "ACK", "BYE"];
    for method in sent {
        let number = count(capture, &format!(r#"sip.Method == "{method}""#));
        assert_eq!(number, 1, "{method} on loopback, where nothing is lost");
    }
    assert_eq!(count(capture, "sdp"), 2, "one offer and one answer");
    assert!(count(capture, "rtcp.pt == 200") >= 2, "a sender report of each side (RFC 3550 6.4.1)");
    assert!(count(capture, "rtcp.sdes.type == 1") >= 2, "a CNAME of each side (RFC 3550 6.5.1)");
    assert!(count(capture, "rtcp.pt == 203") >= 1, "a BYE in RTCP at the end (RFC 3550 6.6)");
}

/// The streams that tshark sees: packets and losses of each.
fn streams(capture: &Path) -> Vec<(u64, u64)> {
    let table = tshark(capture, &["-q", "-z", "rtp,streams"]);
    let rows = table.lines().filter(|line| line.contains(" 0x"));
    let figures = |row: &str| -> Option<(u64, u64)> {
        // ... SSRC, payload, packets, lost (share), deltas ...; the payload may have several words.
        let cells: Vec<&str> = row.split_whitespace().collect();
        let share = cells.iter().position(|cell| cell.starts_with('(') && cell.ends_with("%)"))?;
        Some((cells.get(share.checked_sub(2)?)?.parse().ok()?, cells.get(share.checked_sub(1)?)?.parse().ok()?))
    };
    rows.map(|row| figures(row).unwrap_or_else(|| panic!("a row of another shape: {row}"))).collect()
}

fn expect_two_whole_streams(capture: &Path) {
    let streams = streams(capture);
    assert_eq!(streams.len(), 2, "one stream each way, each with one SSRC: {streams:?}");
    for (packets, lost) in streams {
        assert_eq!(lost, 0, "nothing is lost on loopback");
        assert!(packets >= LEAST_PACKETS, "{packets} packets are too few for {DURATION} s");
    }
}

#[test]
#[ignore = "needs tshark"]
fn tshark_finds_nothing_wrong_over_udp() {
    let bench = Bench::new("tshark-udp");
    let capture = captured_call(&bench, false, &["--duration", DURATION]);
    expect_clean(&capture);
    expect_two_whole_streams(&capture);
}

#[test]
#[ignore = "needs tshark"]
fn tshark_finds_nothing_wrong_over_tcp() {
    let bench = Bench::new("tshark-tcp");
    let capture = captured_call(&bench, true, &["--duration", DURATION, "--codec", "PCMA"]);
    expect_clean(&capture);
    expect_two_whole_streams(&capture);
}

#[test]
#[ignore = "needs tshark"]
fn tshark_reads_our_digits() {
    let bench = Bench::new("tshark-dtmf");
    let capture = captured_call(&bench, false, &["--duration", DURATION, "--dtmf", "59"]);
    expect_clean(&capture);
    let ends = tshark(
        &capture,
        &["-Y", "rtpevent.end_of_event == 1", "-T", "fields", "-e", "rtpevent.event_id", "-e", "rtp.timestamp"],
    );
    let ends: Vec<&str> = ends.lines().collect();
    assert_eq!(ends.len(), 6, "the last packet of each digit is sent three times (RFC 4733 2.5.1.4): {ends:?}");
    for (three, digit) in ends.chunks(3).zip(["5", "9"]) {
        assert!(
            three.iter().all(|line| line.split('\t').next() == Some(digit)),
            "three ends of digit {digit}: {ends:?}"
        );
        assert!(three.windows(2).all(|pair| pair[0] == pair[1]), "one timestamp for a digit: {ends:?}");
    }
    assert!(streams(&capture).iter().all(|(_, lost)| *lost == 0), "nothing is lost on loopback");
}
