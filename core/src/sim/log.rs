//! What happened, line by line: each host's own log, and the trace of the whole world.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::fmt::Write;
use core::net::SocketAddr;

use bytes::Bytes;

use crate::io::{Channel, Request};
use crate::middleware::notification::Event;
use crate::time::Instant;

/// One thing that a host saw, in order.
#[derive(Clone, PartialEq, Debug)]
pub struct LogLine {
    /// When.
    pub at: Instant,
    /// What.
    pub entry: LogEntry,
}

/// What a host saw.
#[derive(Clone, PartialEq, Debug)]
pub enum LogEntry {
    /// Bytes came in. RTP and RTCP are left out unless the host [logs media](super::Host::set_logs_media).
    Received {
        /// Who sent them.
        from: SocketAddr,
        /// The bytes.
        data: Bytes,
    },
    /// The agent sent bytes. RTP and RTCP are left out unless the host [logs media](super::Host::set_logs_media).
    Sent {
        /// By what.
        by: Channel,
        /// Where to.
        to: SocketAddr,
        /// The bytes.
        data: Bytes,
    },
    /// The agent asked for something.
    Requested(Request),
    /// The agent told something.
    Notified(Event),
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ", self.at)?;
        match &self.entry {
            LogEntry::Received { from, data } => write!(f, "<- {from} {}", summary(data)),
            LogEntry::Sent { to, data, .. } => write!(f, "-> {to} {}", summary(data)),
            LogEntry::Requested(request) => write!(f, "?? {request:?}"),
            LogEntry::Notified(event) => write!(f, "!! {}", event.name()),
        }
    }
}

/// The log of everything, for comparing two runs byte by byte and for reading.
#[derive(Debug)]
pub(super) struct Trace {
    text: String,
    on: bool,
}

impl Trace {
    pub(super) fn new() -> Trace {
        Trace { text: String::new(), on: true }
    }

    pub(super) fn set_on(&mut self, on: bool) {
        self.on = on;
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn line(&mut self, at: Instant, who: &str, what: fmt::Arguments<'_>) {
        if self.on {
            // Writing to a String does not fail.
            let _ = writeln!(self.text, "{at:?} {who} {what}");
        }
    }
}

/// RTP or RTCP, by its first two bits (RFC 3550 5.1); no SIP message begins so.
pub(super) fn is_media(data: &[u8]) -> bool {
    data.first().is_some_and(|octet| octet >> 6 == 2)
}

/// RTCP beside RTP on one port, by its packet type (RFC 5761 4).
pub(super) fn is_rtcp(data: &[u8]) -> bool {
    is_media(data) && data.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// One line about some bytes: what they are, how many, and a fingerprint.
pub(super) fn summary(data: &[u8]) -> String {
    let print = fingerprint(data);
    if is_rtcp(data) {
        return format!("RTCP {} octets #{print:016x}", data.len());
    }
    if is_media(data) && data.len() >= 12 {
        let sequence = u16::from_be_bytes([data[2], data[3]]);
        return format!("RTP pt {} seq {sequence} {} octets #{print:016x}", data[1] & 0x7f, data.len());
    }
    let text = String::from_utf8_lossy(data);
    let first = text.lines().next().unwrap_or("");
    let cseq = text.lines().find_map(|line| line.strip_prefix("CSeq:")).unwrap_or("").trim();
    format!("{first} ({cseq}) {} octets #{print:016x}", data.len())
}

/// FNV-1a, 64 bits.
fn fingerprint(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_tell_kinds_apart() {
        let sip = summary(b"SIP/2.0 200 OK\r\nCSeq: 7 BYE\r\n\r\n");
        assert!(sip.starts_with("SIP/2.0 200 OK (7 BYE) 31 octets #"), "{sip}");
        let mut rtp = [0u8; 12];
        (rtp[0], rtp[1], rtp[3]) = (0x80, 0x80 | 101, 5);
        assert!(summary(&rtp).starts_with("RTP pt 101 seq 5 12 octets #"));
        assert!(summary(&[0x80, 200, 0, 1]).starts_with("RTCP 4 octets #"));
        assert_ne!(summary(b"a"), summary(b"b"));
    }
}
