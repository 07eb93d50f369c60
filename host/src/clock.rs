//! The clock that an agent is driven by, and its anchor to the calendar.
//!
//! A registration that expires while a laptop sleeps has expired when it wakes, so the clock counts suspend wherever the
//! system has such a clock: `CLOCK_BOOTTIME` on Linux and Android, `CLOCK_MONOTONIC` on Apple's systems (which, unlike
//! Linux's clock of that name, goes on during sleep). Elsewhere it is `std::time::Instant`, which leaves open whether
//! suspend counts; there, timers may be late by the time slept.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sansip_core::time::{Instant, WallClock, WallTime};

/// A clock whose zero is the moment it was made. It never goes back.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    zero: Duration,
}

impl Clock {
    /// A clock that starts at [`Instant::ZERO`] now.
    pub fn new() -> Clock {
        Clock { zero: reading() }
    }

    /// The time since the clock was made, in microseconds.
    pub fn now(&self) -> Instant {
        Instant::from_micros(micros(reading().saturating_sub(self.zero)))
    }

    /// How long to wait until `at`; zero if it has come, `None` if it never comes ([`Instant::NEVER`]).
    pub fn until(&self, at: Instant) -> Option<Duration> {
        (at != Instant::NEVER).then(|| at.since(self.now()))
    }

    /// The anchor an agent is given once: what the calendar and the local UTC offset say now.
    pub fn wall_clock(&self) -> WallClock {
        WallClock::new(self.now(), wall()).with_utc_offset(utc_offset_seconds())
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}

/// The calendar time now, as the system's clock has it; the epoch if that clock stands before 1970.
pub fn wall() -> WallTime {
    WallTime::from_unix_micros(micros(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
}

/// How many seconds local time is east of UTC now; 0 if the system does not say which time zone it is in.
pub fn utc_offset_seconds() -> i32 {
    jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds()
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn reading() -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    #[cfg(target_vendor = "apple")]
    const COUNTS_SUSPEND: ClockId = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    const COUNTS_SUSPEND: ClockId = ClockId::Boottime;

    let read = clock_gettime(COUNTS_SUSPEND);
    // Both fields of a reading of these clocks are positive, and the second is below a thousand million.
    Duration::new(read.tv_sec as u64, read.tv_nsec as u32)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn reading() -> Duration {
    use std::sync::OnceLock;

    static START: OnceLock<std::time::Instant> = OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_at_zero_and_never_goes_back() {
        let clock = Clock::new();
        let mut last = clock.now();
        assert!(last < Instant::from_millis(60_000), "{last:?}");
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }

    #[test]
    fn the_calendar_is_past_this_code() {
        // 2026-01-01T00:00:00Z.
        assert!(wall().as_unix_seconds() > 1_767_225_600);
    }

    #[test]
    fn the_offset_is_that_of_a_zone_on_earth() {
        assert!((-14 * 3_600..=14 * 3_600).contains(&utc_offset_seconds()));
    }

    #[test]
    fn never_is_not_waited_for() {
        let clock = Clock::new();
        assert_eq!(clock.until(Instant::NEVER), None);
        assert_eq!(clock.until(Instant::ZERO), Some(Duration::ZERO));
    }
}
