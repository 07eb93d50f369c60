//! The harness of the tests against programs we did not write: sipp, baresip, tshark.
//!
//! It starts the program `sansip` and the peers, waits for what they print with a deadline, ends what it has started
//! (and nothing else), and prints what they said when a test fails. It knows nothing of SIP; the verdicts stand in the
//! tests and in the scenarios under `sipp/`.
//!
//! What it needs: Linux (`/proc`), a POSIX shell, and the Debian packages `sip-tester`, `baresip-core`, `tshark` and
//! `iproute2`; root for the network namespace, for capturing and for the packets that sipp plays from a file.
//! The tests wait on the network rather than on the processor: `--test-threads=4` is fine on two cores.
#![allow(dead_code, reason = "each test program uses its own part of the harness")]

pub(crate) mod baresip;
pub(crate) mod digest;
pub(crate) mod process;
pub(crate) mod sansip;
pub(crate) mod sipp;
pub(crate) mod sound;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Between two looks at something that cannot be waited for (a port, the end of a process).
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The first port handed out and the one after the last: below the range that Linux gives to outgoing sockets.
const PORTS: (u16, u16) = (20_000, 32_000);
/// How much of each log is printed when a test fails, in octets from its end.
const LOG_TAIL: usize = 12_000;

/// The directory of one test: every file of its processes lies there. Removed when the test passes; when it fails, the
/// logs in it are printed and it stays.
pub(crate) struct Bench {
    dir: PathBuf,
}

impl Bench {
    /// An empty directory for the test `name`.
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique = format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique);
        fs::create_dir_all(&dir).expect("the directory of the test");
        Self { dir }
    }

    /// The path of a file of this test.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The directory itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.dir);
            return;
        }
        eprintln!("the files of this test stay in {}", self.dir.display());
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        for path in
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "log"))
        {
            let bytes = fs::read(&path).unwrap_or_default();
            let tail = bytes.get(bytes.len().saturating_sub(LOG_TAIL)..).unwrap_or_default();
            eprintln!("----- {}\n{}", path.display(), String::from_utf8_lossy(tail));
        }
    }
}

/// A run of free ports on 127.0.0.1, UDP and TCP, never handed out twice by one test program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// The first port; it is even, as RTP likes it (RFC 3550 11).
    pub(crate) first: u16,
    /// How many ports there are.
    pub(crate) count: u16,
}

impl Ports {
    /// `count` free ports in a row.
    pub(crate) fn take(count: u16) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(PORTS.0);
        let count = count.next_multiple_of(2);
        for _ in 0..1_000 {
            let first = NEXT.fetch_add(count, Ordering::Relaxed);
            if first.checked_add(count).is_none_or(|end| end > PORTS.1) {
                NEXT.store(PORTS.0, Ordering::Relaxed);
                continue;
            }
            if (first..first + count).all(free) {
                return Self { first, count };
            }
        }
        panic!("no {count} free ports in a row between {} and {}", PORTS.0, PORTS.1);
    }

    /// As `sansip --rtp-ports` wants it: `LOW-HIGH`, both included.
    pub(crate) fn range(self) -> String {
        format!("{}-{}", self.first, self.first + self.count - 1)
    }

    /// The first port on 127.0.0.1.
    pub(crate) fn address(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.first).into()
    }
}

fn free(port: u16) -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Looks again and again until `look` gives something; fails the test after `deadline`.
pub(crate) fn wait_until<T>(what: &str, deadline: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {deadline:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether some socket of this network namespace is bound to the UDP port (`tcp`: listens on the TCP port).
///
/// Read from `/proc/net`: binding the port to find out could take it from the program that is about to.
pub(crate) fn bound(port: u16, tcp: bool) -> bool {
    /// The state LISTEN in `/proc/net/tcp`.
    const LISTEN: &str = "0A";
    let files = if tcp { ["/proc/net/tcp", "/proc/net/tcp6"] } else { ["/proc/net/udp", "/proc/net/udp6"] };
    let wanted = format!("{port:04X}");
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|table| {
        table.lines().skip(1).any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let here = fields.next().and_then(|local| local.rsplit(':').next()) == Some(wanted.as_str());
            here && (!tcp || fields.nth(1) == Some(LISTEN))
        })
    })
}
