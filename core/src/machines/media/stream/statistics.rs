//! What can be known of a running stream.

use core::time::Duration;

use super::AudioStream;

/// How loud a stream is, in dBov: -127 is silence, 0 full scale (see [`level`](super::super::level)).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AudioLevels {
    /// Smoothed level of what is sent.
    pub sent: f32,
    /// Recent peak of what is sent.
    pub sent_peak: f32,
    /// Smoothed level of what is heard.
    pub received: f32,
    /// Recent peak of what is heard.
    pub received_peak: f32,
}

impl Default for AudioLevels {
    /// Silence.
    fn default() -> AudioLevels {
        AudioLevels { sent: -127.0, sent_peak: -127.0, received: -127.0, received_peak: -127.0 }
    }
}

/// Counts since the stream began, and measures of the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AudioStatistics {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Payload octets sent.
    pub octets_sent: u64,
    /// Packets that were dropped because nobody fetched them.
    pub send_overflows: u64,
    /// RTP packets of the peer's sources.
    pub packets_received: u64,
    /// Payload octets of those.
    pub octets_received: u64,
    /// Packets of the current source that did not come; negative if some came twice.
    pub lost: i64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after their turn.
    pub late: u64,
    /// Packets dropped because too many waited.
    pub discarded: u64,
    /// Times the timeline began anew: talk spurts after a pause, jumps of the timestamp.
    pub restarts: u64,
    /// Datagrams that were no RTP, or whose payload made no sense.
    pub malformed: u64,
    /// Packets of a payload type that was not negotiated.
    pub unknown_payload: u64,
    /// Packets of strangers.
    pub refused: u64,
    /// RTCP datagrams that were malformed or of strangers.
    pub rtcp_refused: u64,
    /// Interarrival jitter of what is received (RFC 3550 A.8).
    pub jitter: Duration,
    /// Time from the newest sample that has come to the one that is heard.
    pub playout_delay: Duration,
    /// Sound that was invented in place of what was lost.
    pub concealed: Duration,
    /// Sound that was left out to shorten the delay.
    pub shortened: Duration,
    /// Sound that was put in to lengthen the delay.
    pub lengthened: Duration,
    /// What the peer said last of what it receives.
    pub remote: Option<RemoteStatistics>,
}

/// What the peer reports of our stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RemoteStatistics {
    /// Packets it missed; negative if some came twice.
    pub lost: i32,
    /// Packets it missed between its last two reports, in percent.
    pub lost_percent: u8,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// Time from here to the peer and back, once it is known.
    pub round_trip: Option<Duration>,
}

impl AudioStream {
    /// What can be known of the stream.
    pub fn statistics(&self) -> AudioStatistics {
        let Some(active) = &self.active else { return AudioStatistics::default() };
        let (sending, receiving) = (&active.sending, &active.receiving);
        let rate = |units: u64, rate: u32| Duration::from_micros(units.saturating_mul(1_000_000) / u64::from(rate));
        let samples = |n| rate(n, active.format.codec.sample_rate());
        let counts = receiving.counts;
        let jitter = receiving.playout.jitter_counts();
        let playout = receiving.playout.counts();
        let remote = self.rtcp.remote_view().map(|view| RemoteStatistics {
            lost: view.cumulative_lost,
            lost_percent: (u32::from(view.fraction_lost) * 100 / 256) as u8,
            jitter: rate(u64::from(view.jitter), active.format.codec.clock_rate()),
            round_trip: view.round_trip,
        });
        AudioStatistics {
            packets_sent: sending.packets,
            octets_sent: sending.octets,
            send_overflows: self.out.dropped,
            packets_received: counts.packets,
            octets_received: counts.octets,
            lost: receiving.source.as_ref().map_or(0, |source| source.lost()),
            duplicates: jitter.duplicates,
            late: jitter.late,
            discarded: jitter.discarded,
            restarts: jitter.restarts,
            malformed: counts.malformed,
            unknown_payload: counts.unknown_payload,
            refused: counts.refused,
            rtcp_refused: active.rtcp_refused,
            jitter: receiving.source.as_ref().map_or(Duration::ZERO, |source| source.jitter()),
            playout_delay: samples(receiving.playout.delay_samples()),
            concealed: samples(playout.concealed),
            shortened: samples(playout.shortened),
            lengthened: samples(playout.lengthened),
            remote,
        }
    }
}
