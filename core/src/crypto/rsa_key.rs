//! Which RSA keys are good enough, whatever the provider thinks.

use core::{fmt, iter};

/// An RSA public key whose numbers are within the rules (RFC 7518 §3.3, §6.3.1).
///
/// The modulus has 2048 to 8192 bits, is odd and is not from the generator that CVE-2017-15361
/// (ROCA) is about; the exponent is odd and from 3 to 2³³ − 1. Both are big-endian without leading
/// zeros.
#[derive(Clone, Copy, Debug)]
pub struct RsaPublicKey<'k> {
    modulus: &'k [u8],
    exponent: &'k [u8],
}

impl<'k> RsaPublicKey<'k> {
    /// The least bits of a modulus.
    pub const MIN_BITS: usize = 2048;
    /// The most bits of a modulus: the work of a check grows with the square of it.
    pub const MAX_BITS: usize = 8192;

    /// Checks the numbers.
    ///
    /// # Errors
    ///
    /// [`KeyRejected`] says which rule the key breaks.
    pub fn new(modulus: &'k [u8], exponent: &'k [u8]) -> Result<Self, KeyRejected> {
        let (Some(&highest), Some(&lowest)) = (modulus.first(), modulus.last()) else {
            return Err(KeyRejected::ModulusTooSmall);
        };
        if highest == 0 || exponent.first().is_none_or(|byte| *byte == 0) {
            return Err(KeyRejected::LeadingZero);
        }
        let bits = modulus.len().saturating_mul(8).saturating_sub(highest.leading_zeros() as usize);
        if bits < Self::MIN_BITS {
            return Err(KeyRejected::ModulusTooSmall);
        }
        if bits > Self::MAX_BITS {
            return Err(KeyRejected::ModulusTooLarge);
        }
        if lowest & 1 == 0 {
            return Err(KeyRejected::ModulusEven);
        }
        if exponent.len() > 5 {
            return Err(KeyRejected::Exponent);
        }
        let value = exponent.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if !(3..1 << 33).contains(&value) || value & 1 == 0 {
            return Err(KeyRejected::Exponent);
        }
        if is_from_weak_generator(modulus) {
            return Err(KeyRejected::WeakGenerator);
        }
        Ok(Self { modulus, exponent })
    }

    /// The modulus, big-endian.
    #[must_use]
    pub const fn modulus(&self) -> &'k [u8] {
        self.modulus
    }

    /// The public exponent, big-endian.
    #[must_use]
    pub const fn exponent(&self) -> &'k [u8] {
        self.exponent
    }
}

/// Whether a modulus has the mark of a generator whose keys can be factored (CVE-2017-15361).
///
/// That generator makes primes which are powers of 65537 modulo every small prime, so their product
/// is one too. An honest modulus is that for all of these primes once in more than 2²⁷ times.
fn is_from_weak_generator(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
        97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.into_iter().all(|prime| {
        let reduce = |number: u32| number.checked_rem(prime).unwrap_or_default();
        let remainder =
            modulus.iter().fold(0, |rest: u32, byte| reduce(rest << 8 | u32::from(*byte)));
        let generator = reduce(65_537);
        // The powers repeat after less than `prime` steps.
        iter::successors(Some(1), |power: &u32| Some(reduce(power.saturating_mul(generator))))
            .take(prime as usize)
            .any(|power| power == remainder)
    })
}

/// Why a public key is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyRejected {
    /// The exponent is even, less than 3 or more than 2³³ − 1.
    Exponent,
    /// A coordinate or a key on a curve has another length than its curve asks for.
    Length,
    /// A number starts with a zero byte (RFC 7518 §6.3.1.1 leaves them out).
    LeadingZero,
    /// The modulus is even.
    ModulusEven,
    /// The modulus has more than 8192 bits.
    ModulusTooLarge,
    /// The modulus has less than 2048 bits.
    ModulusTooSmall,
    /// The crypto provider cannot use it.
    Provider,
    /// The crypto provider does not have the algorithm.
    Unsupported,
    /// The modulus is from a generator whose keys can be factored (CVE-2017-15361).
    WeakGenerator,
}

impl fmt::Display for KeyRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exponent => "the RSA exponent is even or out of range",
            Self::Length => "a number on a curve has the wrong length",
            Self::LeadingZero => "an RSA number starts with a zero byte",
            Self::ModulusEven => "the RSA modulus is even",
            Self::ModulusTooLarge => "the RSA modulus has more than 8192 bits",
            Self::ModulusTooSmall => "the RSA modulus has less than 2048 bits",
            Self::Provider => "the crypto provider cannot use the key",
            Self::Unsupported => "the crypto provider does not have the algorithm",
            Self::WeakGenerator => "the RSA modulus is from a generator whose keys can be factored",
        })
    }
}

impl core::error::Error for KeyRejected {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// J12, rule 27: hostile keys are dropped before a provider sees them.
    #[test]
    fn refuses_hostile_rsa_keys() {
        let modulus = |bytes: usize, highest: u8, lowest: u8| {
            let mut modulus = vec![0xa5; bytes];
            modulus[0] = highest;
            modulus[bytes - 1] = lowest;
            modulus
        };
        let good = modulus(256, 0x80, 1);
        for (modulus, exponent, expected) in [
            (modulus(256, 0x80, 1), &[1, 0, 1][..], Ok(())),
            (modulus(256, 0x80, 1), &[3], Ok(())),
            (modulus(1024, 0xff, 1), &[1, 0xff, 0xff, 0xff, 0xff], Ok(())),
            (modulus(256, 0x7f, 1), &[1, 0, 1], Err(KeyRejected::ModulusTooSmall)),
            (modulus(128, 0xff, 1), &[1, 0, 1], Err(KeyRejected::ModulusTooSmall)),
            (modulus(1025, 1, 1), &[1, 0, 1], Err(KeyRejected::ModulusTooLarge)),
            (modulus(256, 0x80, 2), &[1, 0, 1], Err(KeyRejected::ModulusEven)),
            (modulus(257, 0, 1), &[1, 0, 1], Err(KeyRejected::LeadingZero)),
            (good.clone(), &[0, 1, 0, 1], Err(KeyRejected::LeadingZero)),
            (good.clone(), &[], Err(KeyRejected::LeadingZero)),
            (good.clone(), &[1], Err(KeyRejected::Exponent)),
            (good.clone(), &[4], Err(KeyRejected::Exponent)),
            (good.clone(), &[2, 0, 0, 0, 1], Err(KeyRejected::Exponent)),
            (good, &[1; 6], Err(KeyRejected::Exponent)),
            (vec![], &[3], Err(KeyRejected::ModulusTooSmall)),
        ] {
            assert_eq!(RsaPublicKey::new(&modulus, exponent).map(|_| ()), expected);
        }
    }

    /// J12, rule 27: a power of 65537 is one modulo every prime, which is the mark of ROCA.
    #[test]
    fn refuses_the_mark_of_a_weak_generator() {
        // 65537 is 2¹⁶ + 1: each step adds the number to itself, 16 bits further up.
        let mut power = vec![1_u8];
        for _ in 0..128 {
            let shifted = [&[0, 0], power.as_slice()].concat();
            power.resize(shifted.len(), 0);
            let mut carry = 0;
            for (digit, other) in power.iter_mut().zip(shifted) {
                let sum = u16::from(*digit) + u16::from(other) + carry;
                (*digit, carry) = (sum as u8, sum >> 8);
            }
            if carry > 0 {
                power.push(1);
            }
        }
        power.reverse();
        let modulus = without_zeros(&power);
        let rejected = RsaPublicKey::new(modulus, &[1, 0, 1]).err();
        assert_eq!(rejected, Some(KeyRejected::WeakGenerator));
        let mut other = modulus.to_vec();
        *other.last_mut().unwrap() ^= 2;
        assert!(RsaPublicKey::new(&other, &[1, 0, 1]).is_ok());
    }

    fn without_zeros(number: &[u8]) -> &[u8] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        &number[zeros..]
    }
}
