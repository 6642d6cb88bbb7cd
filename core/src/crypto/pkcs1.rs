//! RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2), with keys of the `rsa` crate.
//!
//! That crate raises to any exponent with a table of powers, which alone costs as many
//! multiplications as the usual exponent 65537 takes. The exponents here have 33 bits at most, so one
//! squaring for each bit, and one multiplication for each that is set, take half the time. Nothing of
//! it is secret.
//!
//! The signature's power is compared, whole, with the one number that it has to be. Nothing is parsed
//! that a signer could have made up.

use super::{BadSignature, VerifyKey};
use alloc::{vec, vec::Vec};
use core::{fmt, marker::PhantomData};
use crypto_bigint::{
    BoxedUint,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use rsa::{PublicKey, traits::PublicKeyParts as _};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// A hash, and how a signature names it.
pub(super) trait NamedHash: Digest + Send + Sync {
    /// What stands before the hash in a `DigestInfo` (RFC 8017 §9.2, note 1).
    const PREFIX: [u8; 19];
}

impl NamedHash for Sha256 {
    const PREFIX: [u8; 19] = prefix(1, 32);
}

impl NamedHash for Sha384 {
    const PREFIX: [u8; 19] = prefix(2, 48);
}

impl NamedHash for Sha512 {
    const PREFIX: [u8; 19] = prefix(3, 64);
}

/// DER of a sequence of the algorithm, 2.16.840.1.101.3.4.2.`algorithm` without parameters, and of an
/// octet string of `length` bytes.
const fn prefix(algorithm: u8, length: u8) -> [u8; 19] {
    let whole = length + 17;
    [
        0x30, whole, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
        algorithm, 0x05, 0x00, 0x04, length,
    ]
}

/// A key that is for one hash.
pub(super) struct Pkcs1Key<H> {
    key: PublicKey,
    hash: PhantomData<fn() -> H>,
}

impl<H: NamedHash> Pkcs1Key<H> {
    pub(super) const fn new(key: PublicKey) -> Self {
        Self { key, hash: PhantomData }
    }

    /// The number whose signature is asked for (EMSA-PKCS1-v1_5, RFC 8017 §9.2).
    fn encoded(&self, message: &[u8]) -> Option<BoxedUint> {
        let hash = H::digest(message);
        let filled = self.key.size().checked_sub(H::PREFIX.len() + hash.len() + 3)?;
        let filling = vec![0xff; filled];
        let parts = [&[0x00, 0x01], &*filling, &[0x00], &H::PREFIX, &hash];
        let bytes: Vec<u8> = parts.concat();
        BoxedUint::from_be_slice(&bytes, self.key.n_bits_precision()).ok()
    }

    fn is_signed(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        if signature.len() != self.key.size() {
            return None;
        }
        let signature = BoxedUint::from_be_slice(signature, self.key.n_bits_precision()).ok()?;
        if signature >= **self.key.n() {
            return None;
        }
        let power = raised(signature, self.key.e(), self.key.n_params());
        Some(power == self.encoded(message)?)
    }
}

impl<H: NamedHash> VerifyKey for Pkcs1Key<H> {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self.is_signed(message, signature) {
            Some(true) => Ok(()),
            _ => Err(BadSignature),
        }
    }
}

impl<H> fmt::Debug for Pkcs1Key<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pkcs1Key(..)")
    }
}

/// `base` to the power of `exponent`, which is not zero (RSAVP1, RFC 8017 §5.2.2).
fn raised(base: BoxedUint, exponent: &BoxedUint, modulus: &BoxedMontyParams) -> BoxedUint {
    let base = BoxedMontyForm::new(base, modulus);
    let mut power = base.clone();
    // The highest bit is what the power starts with.
    for bit in (0..exponent.bit_width_vartime().saturating_sub(1)).rev() {
        power = power.square();
        if exponent.bit_vartime(bit) {
            power *= &base;
        }
    }
    power.retrieve()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        crypto::{RUSTCRYPTO, SignatureAlgorithm},
        encoding,
        key_set::{KeyLookup, KeySet},
        test_support::ProviderKey,
    };
    use crypto_bigint::Odd;
    use proptest::prelude::*;

    /// RFC 8017 §9.2, note 1, as it stands there.
    #[test]
    fn the_hashes_are_named_as_the_standard_names_them() {
        let start = [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03];
        assert_eq!(Sha256::PREFIX[..12], start);
        assert_eq!(Sha256::PREFIX[12..], [0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20]);
        assert_eq!(Sha384::PREFIX[1], 0x41);
        assert_eq!(Sha384::PREFIX[12..], [0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30]);
        assert_eq!(Sha512::PREFIX[1], 0x51);
        assert_eq!(Sha512::PREFIX[12..], [0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40]);
    }

    /// RFC 8017 §8.2.2: of a signature's length, and of a number below the modulus.
    #[test]
    fn refuses_a_signature_that_is_longer_shorter_or_not_below_the_modulus() {
        let provider = ProviderKey::one();
        let set = provider.jwk_set();
        let set = KeySet::parse(set.as_bytes(), &[SignatureAlgorithm::Rs256], &RUSTCRYPTO).unwrap();
        let KeyLookup::Found(key) = set.find(SignatureAlgorithm::Rs256, None) else {
            panic!("one key")
        };
        let token = provider.sign_input("a message");
        let good = encoding::decode(token.rsplit_once('.').unwrap().1).unwrap();
        assert_eq!(key.verify(b"a message", &good), Ok(()));
        assert_eq!(key.verify(b"another", &good), Err(BadSignature));
        assert_eq!(key.verify(b"", &good), Err(BadSignature));

        let jwk = provider.jwk();
        let modulus = jwk.split(r#""n":""#).nth(1).and_then(|it| it.split('"').next()).unwrap();
        let modulus = encoding::decode(modulus).unwrap();
        let one = [&[0; 255][..], &[1]].concat();
        let flipped = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            bytes
        };
        for bad in [
            vec![],
            good[1..].to_vec(),
            good[..255].to_vec(),
            [&[0], &*good].concat(),
            [&*good, &[0]].concat(),
            good.repeat(2),
            vec![0; 256],
            one,
            modulus,
            vec![0xff; 256],
            flipped(0),
            flipped(255),
        ] {
            assert_eq!(key.verify(b"a message", &bad), Err(BadSignature), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn raises_as_plain_multiplication_does(
            base in any::<u32>(),
            exponent in 1_u64..1 << 33,
            modulus in any::<u32>(),
        ) {
            let modulus = u128::from(modulus | 1).max(3);
            let base = u128::from(base) % modulus;
            let mut expected = 1;
            for bit in (0..34).rev() {
                expected = expected * expected % modulus;
                if exponent >> bit & 1 == 1 {
                    expected = expected * base % modulus;
                }
            }
            let number = |value: u128| BoxedUint::from(u64::try_from(value).unwrap());
            let odd = Odd::new(number(modulus)).into_option().unwrap();
            let params = BoxedMontyParams::new_vartime(odd);
            let power = raised(number(base), &BoxedUint::from(exponent), &params);
            prop_assert_eq!(power, number(expected));
        }
    }
}
