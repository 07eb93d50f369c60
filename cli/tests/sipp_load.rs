//! Endurance: 1,000 calls of sipp at 50 calls a second, with RTP both ways, to one `sansip answer`.
//!
//! Run with `cargo test --release -p sansip-cli --test sipp_load -- --ignored --nocapture`.

mod peers;

use std::time::{Duration, Instant};

use peers::sansip::{Setup as Sansip, processor_time, resident};
use peers::sipp::Setup as Sipp;
use peers::{Bench, Ports};

const CALLS: usize = 1_000;
/// The call after which memory is looked at for the first time: by then every pool has grown to the 60 to 70 calls that
/// are up at a time.
const WARM: usize = 200;
/// 20 s of calls, and as much again for a slow machine.
const LONGEST: Duration = Duration::from_secs(60);
/// How much more memory call 1,000 may need than call 200, in octets.
///
/// RFC 3261 keeps each finished transaction for 64*T1 = 32 s (timers J and L) to answer retransmissions, longer than the
/// whole test takes: at call 1,000 the last responses of 800 more calls are held than at call 200, some 2 kB each with
/// their tables (`ended_calls_hold_little.rs` of the core counts them, and that they go); the rest is room for the
/// allocator. What leaks with each call (a session, a jitter buffer, a socket's buffer) is larger than that and shows.
const TOLERANCE: u64 = 4 * 1024 * 1024;
/// Ports for the RTP and RTCP of all calls that are up at a time, with room to spare.
const OUR_MEDIA_PORTS: u16 = 600;
/// sipp takes a new pair for each call and does not come back to the old ones.
const SIPP_MEDIA_PORTS: u16 = 2_100;
/// Datagrams that the machine must have sent: 1 s at 50 packets a second both ways would be 100 a call.
const SENT: u64 = 80 * CALLS as u64;
/// Datagrams that a program must have read, of those: sansip reads all that sipp sends, sipp few of those that it gets.
const READ: u64 = 40 * CALLS as u64;

/// A count of the UDP datagrams of this network namespace since it exists.
fn counted(name: &str) -> u64 {
    let table = std::fs::read_to_string("/proc/net/snmp").expect("Linux counts datagrams");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("Udp: "))
        .map(|row| row.split_whitespace().collect())
        .collect();
    let [names, figures] = rows.as_slice() else { panic!("two rows for UDP in /proc/net/snmp") };
    let place = names.iter().position(|found| *found == name).unwrap_or_else(|| panic!("no {name}"));
    figures[place].parse().expect("a number of datagrams")
}

#[test]
#[ignore = "needs sipp"]
fn a_thousand_calls_leave_the_memory_flat() {
    let bench = Bench::new("uac_load");
    let (sent, read) = (counted("OutDatagrams"), counted("InDatagrams"));
    let sansip = Sansip::answer(&bench).args(&["--auto-answer"]).start_with(Ports::take(OUR_MEDIA_PORTS));
    let calls = u32::try_from(CALLS).expect("1,000 fits");
    let started = Instant::now();
    let sipp = Sipp::uac(&bench, "uac_load", sansip.listen())
        .load(calls, SIPP_MEDIA_PORTS)
        .args(&["-r", "50", "-l", "200"])
        .start();

    let mut memory = Vec::new();
    for call in (WARM..=CALLS).step_by(WARM) {
        sansip.wait_for_nth("SIPSessionDidEnd", call, LONGEST);
        memory.push(resident(sansip.id()));
    }
    let (elapsed, busy) = (started.elapsed(), processor_time(sansip.id()));
    sipp.finish(LONGEST);

    let heard = sansip.interrupt();
    heard.expect("SIPSessionDidStart", CALLS).expect("SIPSessionDidEnd", CALLS).expect("SIPSessionDidFail", 0);
    let (sent, read) = (counted("OutDatagrams") - sent, counted("InDatagrams") - read);
    let kilobytes: Vec<u64> = memory.iter().map(|octets| octets / 1024).collect();
    eprintln!(
        "{CALLS} calls in {:.1} s, 0 failed; resident after each {WARM} calls: {kilobytes:?} kB; processor time: {:.1} s; \
         datagrams sent: {sent}, read: {read}",
        elapsed.as_secs_f64(),
        busy.as_secs_f64()
    );
    assert!(sent >= SENT, "{sent} datagrams are too few for RTP both ways");
    assert!(read >= READ, "{read} datagrams were read, too few for RTP to one side");
    let (warm, full) = (memory[0], memory[memory.len() - 1]);
    assert!(full <= warm + TOLERANCE, "memory grew from {warm} to {full} octets between call {WARM} and call {CALLS}");
}
