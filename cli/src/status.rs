//! The status line, and figures as people read them.

use std::time::Duration;

use sansip_core::agent::SessionInfo;
use sansip_core::machines::media::stream::{AudioLevels, AudioStatistics};

/// The status line of a call: codec, duration, levels, loss, jitter, and what is special.
pub(crate) fn line(info: &SessionInfo, lasted: Duration, levels: Option<AudioLevels>, muted: bool) -> String {
    let mut parts = vec![info.audio_codec.clone().unwrap_or_else(|| "no audio".into()), clock(lasted)];
    if let Some(levels) = levels {
        parts.push(format!("in {:>4.0} dB  out {:>4.0} dB", levels.received, levels.sent));
    }
    if let Some(audio) = &info.audio_transport {
        parts.push(format!("loss {:.1} %", loss(&audio.statistics)));
        parts.push(format!("jitter {} ms", audio.statistics.jitter.as_millis()));
    }
    let special = [
        (info.on_hold_by_local, "ON HOLD"),
        (info.on_hold_by_remote, "HELD BY PEER"),
        (muted, "MUTED"),
        (info.audio_recording_file_name.is_some(), "RECORDING"),
    ];
    parts.extend(special.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()));
    parts.join("  ")
}

/// What the network did to a stream.
pub(crate) fn network(audio: &AudioStatistics) -> String {
    format!(
        "{} packets sent, {} received, loss {:.1} %, jitter {:.1} ms",
        audio.packets_sent,
        audio.packets_received,
        loss(audio),
        audio.jitter.as_secs_f64() * 1_000.0
    )
}

/// The packets that did not come, in percent of those that should have.
pub(crate) fn loss(audio: &AudioStatistics) -> f64 {
    // More came than was sent if some came twice.
    let lost = u64::try_from(audio.lost).unwrap_or(0);
    let expected = audio.packets_received.saturating_add(lost);
    if expected == 0 { 0.0 } else { lost as f64 * 100.0 / expected as f64 }
}

/// Minutes and seconds.
pub(crate) fn clock(lasted: Duration) -> String {
    let seconds = lasted.as_secs();
    match seconds / 3_600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(clock(Duration::from_secs(75)), "01:15");
        assert_eq!(clock(Duration::from_secs(3_675)), "1:01:15");
        let audio = AudioStatistics {
            packets_sent: 100,
            packets_received: 95,
            lost: 5,
            jitter: Duration::from_micros(2_500),
            ..AudioStatistics::default()
        };
        assert_eq!(network(&audio), "100 packets sent, 95 received, loss 5.0 %, jitter 2.5 ms");
        assert_eq!(loss(&AudioStatistics { lost: -3, ..audio }), 0.0);
        assert_eq!(loss(&AudioStatistics::default()), 0.0);
    }
}
