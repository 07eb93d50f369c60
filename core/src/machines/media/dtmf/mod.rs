//! DTMF digits as telephone-events (RFC 4733): sent packet by packet, and received exactly once each.

mod receiver;
mod sender;

use core::time::Duration;

use thiserror::Error;

use crate::limits;

pub use receiver::{DtmfReceiver, DtmfReport};
pub use sender::{DtmfPacket, DtmfSender};

/// How long a digit lasts unless something else is asked for.
pub const DTMF_DURATION: Duration = Duration::from_millis(200);
/// The shortest digit that is sent: shorter ones are not recognised everywhere (ITU-T Q.24).
pub const DTMF_SHORTEST: Duration = Duration::from_millis(40);
/// The longest digit that is sent.
pub const DTMF_LONGEST_SENT: Duration = Duration::from_secs(30);

/// Why a digit cannot be sent. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DtmfError {
    /// It is none of `0`-`9`, `*`, `#`, `A`-`D`.
    #[error("{0:?} is not a DTMF digit")]
    NotADigit(char),
    /// The duration is not between [`DTMF_SHORTEST`] and [`DTMF_LONGEST_SENT`].
    #[error("a digit of {0:?} cannot be sent")]
    Duration(Duration),
    /// Too many digits wait.
    #[error("{} digits wait already", limits::DTMF_QUEUE)]
    QueueFull,
    /// The peer did not agree to telephone-events.
    #[error("telephone-event was not negotiated")]
    NotNegotiated,
}

/// `duration` in units of a clock, rounded down.
fn units(duration: Duration, clock_rate: u32) -> u64 {
    u64::try_from(duration.as_micros() * u128::from(clock_rate) / 1_000_000).unwrap_or(u64::MAX)
}
