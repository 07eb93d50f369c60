//! Comfort noise (RFC 3389): what is played while the peer sends none.

use libm::pow;

/// The payload type of comfort noise (RFC 3551 6).
pub const PAYLOAD_TYPE: u8 = 13;

/// The loudest noise that is believed, in dB below overload: louder is no comfort.
const LOUDEST: u8 = 35;

/// White noise of one level.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ComfortNoise {
    state: u32,
    amplitude: i32,
}

impl ComfortNoise {
    /// The noise that a payload asks for: its first octet is the level in dB below overload, 0 to 127 (RFC 3389 3.1).
    /// The spectrum that may follow is not followed. `None` for an empty payload.
    pub fn from_payload(payload: &[u8]) -> Option<ComfortNoise> {
        let level = (payload.first()? & 0x7f).max(LOUDEST);
        // Evenly distributed noise of amplitude A has a root mean square of A / sqrt(3).
        let amplitude = 32_768.0 * 1.732 * pow(10.0, -f64::from(level) / 20.0);
        Some(ComfortNoise { state: 0x9e37_79b9, amplitude: amplitude as i32 })
    }

    /// Fills `out` with noise.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            // Marsaglia's xorshift: good enough to be heard as noise.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            let even = (self.state >> 16) as i32 - 32_768;
            *sample = (even * self.amplitude / 32_768) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure::rms_dbov;
    use super::*;

    #[test]
    fn the_level_is_what_was_asked_for_but_never_loud() {
        let mut out = [0; 8_000];
        ComfortNoise::from_payload(&[50, 1, 2]).unwrap().fill(&mut out);
        assert!((rms_dbov(&out) - -50.0).abs() < 1.0, "{}", rms_dbov(&out));
        ComfortNoise::from_payload(&[0]).unwrap().fill(&mut out);
        assert!(rms_dbov(&out) < -34.0);
        assert_eq!(ComfortNoise::from_payload(&[]), None);
    }
}
