//! Randomness as an argument.

use core::fmt;

/// A source of bytes that nobody can predict.
///
/// Adapters implement it over the operating system's generator; tests over a fixed sequence.
pub trait Entropy {
    /// Fills `bytes` completely.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the generator fails. What was asked for is then refused with a 500:
    /// weak bytes are never used in its place.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The random generator failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the random generator failed")
    }
}

impl core::error::Error for EntropyError {}

/// `N` fresh bytes.
pub(crate) fn random<const N: usize>(entropy: &mut dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}
