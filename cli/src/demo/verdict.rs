//! Whether the sound came through: measured from the two recordings, and what the streams counted.

use std::path::{Path, PathBuf};

use super::log::Log;
use super::script::Figures;
use super::{AFTER_HOLD, BY_CALLEE, BY_CALLER, Marker};
use crate::exit::Failure;
use crate::measure::{Found, find_tone};
use crate::status;

/// The level at which the markers are sent, in dBov.
pub(super) const LEVEL: f64 = -20.0;
/// How far the level may be off, in dB.
const LEVEL_ERROR: f64 = 1.0;
/// By how many seconds a tone may be shorter than it was sent: it begins and ends within frames of 20 ms.
const SHORTER: f64 = 0.2;
/// How much of it may be missing. On loopback nothing is lost; a machine that is very busy may be late with a packet.
const MOST_MISSING: f64 = 0.05;
/// The sample rate of the recordings.
const RATE: u32 = 8_000;

/// Prints what was measured, and decides.
pub(super) async fn judge(files: &[PathBuf; 2], figures: Figures, log: &Log) -> Result<(), Failure> {
    log.plain("");
    log.plain("verdict");
    // Each side's recording is searched for the other's tone: that one came over the network.
    let [by_caller, by_callee] = files;
    let to_callee = direction("caller to callee", by_callee, BY_CALLER, log).await?;
    let to_caller = direction("callee to caller", by_caller, BY_CALLEE, log).await?;
    let after_hold = direction("after the hold  ", by_callee, AFTER_HOLD, log).await?;
    log.plain(&format!("  caller's stream    {}", status::network(&figures.caller)));
    log.plain(&format!("  callee's stream    {}", status::network(&figures.callee)));
    let digits = figures.digits == Figures::digits_sent();
    let sent = Figures::digits_sent();
    log.plain(&format!("  digits             sent {sent}, got {}: {}", figures.digits, word(digits)));
    let good = to_callee && to_caller && after_hold && digits;
    if good {
        log.plain("the call works: the sound came through both ways");
        Ok(())
    } else {
        Err(Failure::Call("the sound did not come through as it should; run it again with --trace".into()))
    }
}

fn word(good: bool) -> &'static str {
    if good { "good" } else { "BAD" }
}

async fn direction(name: &str, file: &Path, sent: Marker, log: &Log) -> Result<bool, Failure> {
    let samples = sansip_tokio::Samples::load(file, RATE).await.map_err(|error| Failure::Local(error.to_string()))?;
    let (text, good) = match find_tone(samples.as_slice(), RATE, sent.frequency) {
        Some(found) => (describe(&found, sent), is_good(&found, sent)),
        None => (format!("{} Hz not found", sent.frequency), false),
    };
    log.plain(&format!("  {name}   {text}: {}", word(good)));
    Ok(good)
}

fn describe(found: &Found, sent: Marker) -> String {
    format!(
        "{} Hz found for {:.2} s at {:.1} dBov (sent at {LEVEL:.1}), {:.1} % of it missing",
        sent.frequency,
        found.seconds,
        found.level,
        found.missing * 100.0
    )
}

fn is_good(found: &Found, sent: Marker) -> bool {
    let error = (f64::from(found.level) - LEVEL).abs();
    error < LEVEL_ERROR && found.seconds >= sent.seconds - SHORTER && found.missing <= MOST_MISSING
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_level_length_and_no_holes() {
        let good = Found { seconds: 1.5, level: -20.3, missing: 0.0 };
        assert!(is_good(&good, BY_CALLER));
        assert!(!is_good(&Found { level: -22.0, ..good }, BY_CALLER));
        assert!(!is_good(&Found { seconds: 0.5, ..good }, BY_CALLER));
        assert!(!is_good(&Found { missing: 0.2, ..good }, BY_CALLER));
    }
}
