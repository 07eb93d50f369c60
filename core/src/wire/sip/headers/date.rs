//! Date (RFC 3261, 20.17): a moment in GMT, as RFC 1123 writes it.

use core::fmt;

use super::super::chars::decimal;
use super::{Header, HeaderName, ParseError};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The first of January 1970 was a Thursday.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const DAY: u64 = 86_400;

/// Date: seconds since the beginning of 1970, years 1970 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date(u64);

/// The first second of the year 10000.
const END: u64 = 253_402_300_800;

impl Date {
    /// The moment `seconds` after the beginning of 1970; `None` from the year 10000 on.
    pub const fn from_unix(seconds: u64) -> Option<Date> {
        if seconds < END { Some(Date(seconds)) } else { None }
    }

    /// Seconds since the beginning of 1970.
    pub const fn unix(self) -> u64 {
        self.0
    }

    /// Year, month (1 to 12) and day of the month. Days are counted in years which begin in March, so that a leap day
    /// is the last of its year, and in cycles of 400 years, which all have 146,097 days.
    const fn civil(self) -> (u64, u64, u64) {
        let days = self.0 / DAY + 719_468;
        let (cycle, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let (next, number) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
        (cycle * 400 + year + next, number, day - (153 * month + 2) / 5 + 1)
    }

    const fn of_civil(year: u64, month: u64, day: u64) -> u64 {
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let in_year = (153 * month + 2) / 5 + day - 1;
        (year * 365 + year / 4 - year / 100 + year / 400 + in_year - 719_468) * DAY
    }

    fn read(text: &str) -> Option<Date> {
        let mut words = text.split([' ', '\t']).filter(|word| !word.is_empty());
        let week_day = words.next()?.strip_suffix(',')?;
        DAYS.iter().find(|name| name.eq_ignore_ascii_case(week_day))?;
        let day = decimal(words.next()?).filter(|day| (1..=31).contains(day))?;
        let name = words.next()?;
        let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))? as u64 + 1;
        let year = decimal(words.next()?).filter(|year| (1970..=9999).contains(year))?;
        let mut time = words.next()?.split(':').map(decimal);
        let hour = time.next()??;
        let minute = time.next()??;
        let second = time.next()??;
        // 60 is a leap second.
        let in_day = time.next().is_none() && hour < 24 && minute < 60 && second <= 60;
        if !in_day || words.next()? != "GMT" || words.next().is_some() {
            return None;
        }
        let date = Date(Date::of_civil(year, month, day));
        // A 31st of a month that has 30 days would be another day.
        let date = (date.civil() == (year, month, day)).then_some(date)?;
        Date::from_unix(date.0 + hour * 3600 + minute * 60 + second)
    }
}

impl<'a> Header<'a> for Date {
    const NAME: HeaderName = HeaderName::Date;

    fn parse(value: &'a str) -> Result<Self, ParseError> {
        Date::read(value).ok_or(ParseError::header(Self::NAME, "not a date in GMT"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        let week_day = DAYS[(self.0 / DAY % 7) as usize];
        let name = MONTHS[(month - 1) as usize];
        let (hour, minute, second) = (self.0 / 3600 % 24, self.0 / 60 % 60, self.0 % 60);
        write!(f, "{week_day}, {day:02} {name} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments() {
        for (text, unix) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940),
            ("Thu, 29 Feb 2024 12:00:01 GMT", 1_709_208_001),
            ("Fri, 31 Dec 9999 23:59:59 GMT", END - 1),
        ] {
            assert_eq!(Date::parse(text), Ok(Date(unix)), "{text}");
            assert_eq!(Date(unix).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "Fri, 01 Jan 2010 16:00:00 EST",
            "Fri, 31 Feb 2010 16:00:00 GMT",
            "Fri, 01 Jan 2010 24:00:00 GMT",
            "Fri, 01 Jan 2010 16:00 GMT",
            "Fri, 01 Jan 2010 16:00:00:00 GMT",
            "Fri 01 Jan 2010 16:00:00 GMT",
            "Fri, 01 Jan 99999999999999 16:00:00 GMT",
            "",
        ] {
            assert!(Date::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(unix in 0..END) {
            prop_assert_eq!(Date::parse(&Date(unix).to_string()), Ok(Date(unix)));
        }
    }
}
