//! The seed of an agent, from the system's entropy.
//!
//! It is the only true chance in the program: everything an agent draws comes from this seed.

/// The system has no entropy to give. An agent must not run without: its tags and branches could be guessed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the system gives no random numbers ({reason}); check that /dev/urandom exists and may be read")]
pub struct EntropyError {
    reason: String,
}

/// 32 bytes for the seed of an agent.
///
/// Blocks only early in the system's boot, until its generator has been filled.
///
/// # Errors
/// [`EntropyError`] if the system has no source of random numbers.
pub fn seed() -> Result<[u8; 32], EntropyError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| EntropyError { reason: error.to_string() })?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_seeds_differ() {
        let (first, second) = (seed().unwrap(), seed().unwrap());
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
