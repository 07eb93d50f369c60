//! Time as the core sees it: microseconds since the agent's zero, and one anchor to the calendar.

use core::fmt;
use core::ops::{Add, AddAssign, Sub};

pub use core::time::Duration;

/// A moment, in microseconds since the zero that the owner of the agent chose.
///
/// It only ever grows; the owner takes it from a clock that counts suspend.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The agent's zero.
    pub const ZERO: Instant = Instant(0);
    /// A moment that never comes: "no timer is set".
    pub const NEVER: Instant = Instant(u64::MAX);

    /// The moment `micros` microseconds after zero.
    pub const fn from_micros(micros: u64) -> Instant {
        Instant(micros)
    }

    /// The moment `millis` milliseconds after zero.
    pub const fn from_millis(millis: u64) -> Instant {
        Instant(millis * 1_000)
    }

    /// Microseconds since zero.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time that has passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at [`Instant::NEVER`].
    fn add(self, by: Duration) -> Instant {
        Instant(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, by: Duration) {
        *self = *self + by;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Instant::NEVER {
            return f.write_str("never");
        }
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// Calendar time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct WallTime(u64);

impl WallTime {
    /// The calendar time `micros` microseconds after the Unix epoch.
    pub const fn from_unix_micros(micros: u64) -> WallTime {
        WallTime(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_unix_micros(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_unix_seconds(self) -> u64 {
        self.0 / 1_000_000
    }
}

/// Ties an agent's [`Instant`]s to the calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WallClock {
    at: Instant,
    wall: WallTime,
    offset_seconds: i32,
}

impl WallClock {
    /// Says that it was `wall` at the moment `at`.
    pub const fn new(at: Instant, wall: WallTime) -> WallClock {
        WallClock { at, wall, offset_seconds: 0 }
    }

    /// The same clock, with file names and other dates shown to people `seconds` east of UTC.
    pub const fn with_utc_offset(self, seconds: i32) -> WallClock {
        WallClock { offset_seconds: seconds, ..self }
    }

    /// The calendar time at `moment`.
    pub const fn at(&self, moment: Instant) -> WallTime {
        WallTime(self.wall.0.saturating_add(moment.0).saturating_sub(self.at.0))
    }

    /// The local calendar date and time at `moment`.
    pub const fn civil(&self, moment: Instant) -> Civil {
        let seconds = (self.at(moment).0 / 1_000_000) as i64 + self.offset_seconds as i64;
        Civil::from_seconds(seconds)
    }
}

/// A date and time of day in the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, four digits for any call placed in this age.
    pub year: i64,
    /// Month, 1-12.
    pub month: u8,
    /// Day of the month, 1-31.
    pub day: u8,
    /// Hour, 0-23.
    pub hour: u8,
    /// Minute, 0-59.
    pub minute: u8,
    /// Second, 0-59.
    pub second: u8,
}

impl Civil {
    /// The civil time `seconds` after the Unix epoch.
    const fn from_seconds(seconds: i64) -> Civil {
        let days = seconds.div_euclid(86_400);
        let rest = seconds.rem_euclid(86_400);
        // Days are counted from 0000-03-01, so that the leap day is a year's last.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Civil {
            year,
            month: month as u8,
            day: day as u8,
            hour: (rest / 3_600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_across_leap_days() {
        let civil = |s| {
            let c = Civil::from_seconds(s);
            (c.year, c.month, c.day, c.hour, c.minute, c.second)
        };
        assert_eq!(civil(0), (1970, 1, 1, 0, 0, 0));
        assert_eq!(civil(951_782_399), (2000, 2, 28, 23, 59, 59));
        assert_eq!(civil(951_782_400), (2000, 2, 29, 0, 0, 0));
        assert_eq!(civil(1_795_392_000), (2026, 11, 23, 0, 0, 0));
        assert_eq!(civil(-1), (1969, 12, 31, 23, 59, 59));
    }

    #[test]
    fn never_absorbs_addition() {
        assert_eq!(Instant::NEVER + Duration::from_secs(1), Instant::NEVER);
    }
}
