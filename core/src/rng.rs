//! The one source of chance: a seeded ChaCha stream, forked by name so that layers do not disturb each other.

use alloc::string::String;
use core::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

/// A deterministic random generator. The same seed gives the same agent, byte for byte.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: [u8; 32],
    stream: ChaCha12Rng,
}

impl Rng {
    /// A generator from 32 bytes, which a real agent takes from the system's entropy.
    pub fn from_seed(seed: [u8; 32]) -> Rng {
        Rng { seed, stream: ChaCha12Rng::from_seed(seed) }
    }

    /// An independent generator for one layer. It depends on the seed and the label only, not on what was drawn.
    pub fn fork(&self, label: &str) -> Rng {
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(label.as_bytes());
        Rng::from_seed(hash.finalize().into())
    }

    /// 32 random bits.
    pub fn u32(&mut self) -> u32 {
        self.stream.next_u32()
    }

    /// 64 random bits.
    pub fn u64(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of the multiplication is below 2^-32 for the small bounds used here.
        ((u128::from(self.u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True with the probability `p` (0.0 to 1.0).
    pub fn chance(&mut self, p: f64) -> bool {
        ((self.u64() >> 11) as f64) < p * ((1u64 << 53) as f64)
    }

    /// A duration from `low` up to, but not including, `high`; `low` when the range is empty.
    pub fn duration(&mut self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low);
        low + Duration::from_micros(self.below(u64::try_from(span.as_micros()).unwrap_or(u64::MAX)))
    }

    /// `letters` random lowercase letters and digits: about 5 bits each. For tags, branches and Call-IDs.
    pub fn token(&mut self, letters: usize) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let mut out = String::with_capacity(letters);
        let mut bits = 0u64;
        for i in 0..letters {
            if i % 12 == 0 {
                bits = self.u64();
            }
            out.push(char::from(ALPHABET[(bits & 31) as usize]));
            bits >>= 5;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_do_not_depend_on_what_was_drawn() {
        let mut a = Rng::from_seed([7; 32]);
        let b = a.clone();
        a.u64();
        assert_eq!(a.fork("x").u64(), b.fork("x").u64());
        assert_ne!(b.fork("x").u64(), b.fork("y").u64());
    }

    #[test]
    fn ranges_hold() {
        let mut rng = Rng::from_seed([1; 32]);
        for _ in 0..1_000 {
            assert!(rng.below(7) < 7);
            let d = rng.duration(Duration::from_millis(2_100), Duration::from_millis(4_000));
            assert!((2_100..4_000).contains(&d.as_millis()));
        }
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.token(20).len(), 20);
    }
}
