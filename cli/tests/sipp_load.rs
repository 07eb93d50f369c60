//! Endurance: 1,000 calls of sipp at 50 calls a second, with RTP both ways, to one `sansip answer`.
//!
//! Run with `cargo test --release -p sansip-cli --test sipp_load -- --ignored --nocapture`.

mod peers;

use std::time::Duration;

use peers::sansip::{Setup as Sansip, resident};
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
/// whole test takes: at call 1,000 the last responses of 800 more calls are held than at call 200, some 4 kB each with
/// their tables; the rest is room for the allocator. What leaks with each call (a session, a jitter buffer, a socket's
/// buffer) is larger than that and shows.
const TOLERANCE: u64 = 8 * 1024 * 1024;
/// Ports for the RTP and RTCP of all calls that are up at a time, with room to spare.
const OUR_MEDIA_PORTS: u16 = 600;
/// sipp takes a new pair for each call and does not come back to the old ones.
const SIPP_MEDIA_PORTS: u16 = 2_100;
/// Datagrams that the machine must have delivered: 1 s at 50 packets a second both ways would be 100 a call.
const DATAGRAMS: u64 = 80 * CALLS as u64;

/// The UDP datagrams delivered in this network namespace since it exists.
fn delivered() -> u64 {
    let table = std::fs::read_to_string("/proc/net/snmp").expect("Linux counts datagrams");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("Udp: "))
        .map(|row| row.split_whitespace().collect())
        .collect();
    let [names, figures] = rows.as_slice() else { panic!("two rows for UDP in /proc/net/snmp") };
    let place = names.iter().position(|name| *name == "InDatagrams").expect("InDatagrams");
    figures[place].parse().expect("a number of datagrams")
}

#[test]
#[ignore = "needs sipp"]
fn a_thousand_calls_leave_the_memory_flat() {
    let bench = Bench::new("uac_load");
    let before = delivered();
    let sansip = Sansip::answer(&bench).args(&["--auto-answer"]).start_with(Ports::take(OUR_MEDIA_PORTS));
    let calls = u32::try_from(CALLS).expect("1,000 fits");
    let sipp = Sipp::uac(&bench, "uac_load", sansip.listen())
        .load(calls, SIPP_MEDIA_PORTS)
        .args(&["-r", "50", "-l", "200"])
        .start();

    sansip.wait_for_nth("SIPSessionDidEnd", WARM, LONGEST);
    let warm = resident(sansip.id());
    sansip.wait_for_nth("SIPSessionDidEnd", CALLS, LONGEST);
    let full = resident(sansip.id());
    sipp.finish(LONGEST);

    let heard = sansip.interrupt();
    heard.expect("SIPSessionDidStart", CALLS).expect("SIPSessionDidEnd", CALLS).expect("SIPSessionDidFail", 0);
    let datagrams = delivered() - before;
    eprintln!(
        "resident after call {WARM}: {} kB, after call {CALLS}: {} kB; {datagrams} datagrams",
        warm / 1024,
        full / 1024
    );
    assert!(datagrams >= DATAGRAMS, "{datagrams} datagrams are too few for RTP both ways");
    assert!(full <= warm + TOLERANCE, "memory grew from {warm} to {full} octets between call {WARM} and call {CALLS}");
}
