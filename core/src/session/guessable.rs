//! Secrets that stand in for a secret.

use super::SecretRingError;

/// The least bytes of a secret.
const MIN_LENGTH: usize = 32;
/// The least different bytes in a secret.
const MIN_DISTINCT: usize = 8;

/// Refuses a secret that is short, or one of the patterns that people type: hardly any different
/// bytes, a piece that is repeated, a run such as `abcdef…`.
///
/// Random bytes in any usual encoding are none of these but with a chance that does not matter.
pub(super) fn check(secret: &str) -> Result<(), SecretRingError> {
    let bytes = secret.as_bytes();
    if bytes.len() < MIN_LENGTH {
        return Err(SecretRingError::TooShort);
    }
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let distinct = seen.into_iter().filter(|seen| *seen).count();
    let is_repetition = (1..=bytes.len() / 2).any(|period| {
        bytes
            .get(period..)
            .is_some_and(|rest| rest.iter().zip(bytes).all(|(one, other)| one == other))
    });
    let steps = bytes.windows(2).filter(|pair| match pair {
        [first, second] => first.abs_diff(*second) == 1,
        _ => false,
    });
    if distinct < MIN_DISTINCT || is_repetition || steps.count() > bytes.len() / 2 {
        return Err(SecretRingError::TooRegular);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoding,
        entropy::{self, Entropy as _},
        test_support::Counting,
    };
    use alloc::{format, string::String};

    #[test]
    fn takes_random_secrets() {
        let mut entropy = Counting::default();
        for _ in 0..1000 {
            let bytes = entropy::random::<32>(&mut entropy).unwrap();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(check(&hex), Ok(()), "{hex}");
            assert_eq!(check(&encoding::encode(&bytes)), Ok(()));
            let _ = entropy.fill(&mut [0; 1]);
        }
    }

    /// C28: whoever guesses the secret can make sessions.
    #[test]
    fn refuses_secrets_that_are_short_or_patterns() {
        for short in ["", "secret", &"x9".repeat(15)] {
            assert_eq!(check(short), Err(SecretRingError::TooShort), "{short}");
        }
        for weak in [
            &"a".repeat(32),
            &"ab".repeat(40),
            &"secret-pass".repeat(3),
            &"correct-horse-battery-staple-".repeat(2),
            "abcdefghijklmnopqrstuvwxyzABCDEFGH",
            "zyxwvutsrqponmlkjihgfedcba9876543210",
            "01234567890123456789012345678901",
            "0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(check(weak), Err(SecretRingError::TooRegular), "{weak}");
        }
    }
}
