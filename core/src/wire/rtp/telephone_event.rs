//! The telephone-event payload (RFC 4733 2.3): one named event and how long it has lasted.

use super::ParseError;

/// The payload of a telephone-event packet.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |     event     |E|R| volume    |          duration             |
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TelephoneEvent {
    /// The event code: 0-15 are the DTMF digits (RFC 4733 3.2).
    pub event: u8,
    /// The event is over; sent three times.
    pub end: bool,
    /// Power of the tone, 0 to 63, as dBm0 with the sign dropped: 0 is loudest.
    pub volume: u8,
    /// How long the event has lasted since the packet's timestamp, in units of the timestamp.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Octets of one event.
    pub const LEN: usize = 4;

    /// Reads the event at the start of a payload; what follows it is ignored.
    pub fn parse(payload: &[u8]) -> Result<TelephoneEvent, ParseError> {
        let &[event, flags, high, low] = payload
            .first_chunk::<{ TelephoneEvent::LEN }>()
            .ok_or(ParseError::Truncated { needed: TelephoneEvent::LEN, found: payload.len() })?;
        let duration = u16::from_be_bytes([high, low]);
        Ok(TelephoneEvent { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration })
    }

    /// The four octets; the reserved bit is zero, a volume above 63 is written as 63.
    pub fn to_octets(self) -> [u8; TelephoneEvent::LEN] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, u8::from(self.end) << 7 | self.volume.min(63), high, low]
    }

    /// The digit of a DTMF event code: `0`-`9`, `*`, `#`, `A`-`D` (RFC 4733 3.2).
    pub fn digit(self) -> Option<char> {
        b"0123456789*#ABCD".get(usize::from(self.event)).map(|&d| char::from(d))
    }

    /// The event code of a DTMF digit; `a`-`d` are taken for `A`-`D`.
    pub fn code_of(digit: char) -> Option<u8> {
        let digit = digit.to_ascii_uppercase();
        let position = "0123456789*#ABCD".chars().position(|d| d == digit)?;
        u8::try_from(position).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_and_codes_are_each_others_inverse() {
        for event in 0..=255u8 {
            let digit = TelephoneEvent { event, end: false, volume: 10, duration: 0 }.digit();
            assert_eq!(digit.and_then(TelephoneEvent::code_of), (event < 16).then_some(event));
        }
        assert_eq!(TelephoneEvent::code_of('d'), Some(15));
        assert_eq!(TelephoneEvent::code_of('E'), None);
    }

    #[test]
    fn three_octets_are_too_few() {
        assert_eq!(TelephoneEvent::parse(&[1, 2, 3]), Err(ParseError::Truncated { needed: 4, found: 3 }));
    }

    proptest! {
        #[test]
        fn what_is_written_parses_back(event: u8, end: bool, volume in 0u8..64, duration: u16) {
            let value = TelephoneEvent { event, end, volume, duration };
            prop_assert_eq!(TelephoneEvent::parse(&value.to_octets()), Ok(value));
        }
    }
}
