//! The provider in pure Rust: rsa, aes-gcm, hkdf and sha2 of the RustCrypto project.
//!
//! It has the RSA algorithms. Elliptic curves would weigh more than everything else here together,
//! so a key on one is left out with [`KeyRejected::Unsupported`].

use super::{
    AeadFailure, AeadKey, AuthenticatedEncryption, BadSignature, CryptoProvider, Hashing,
    KeyRejected, OutputTooLong, PseudorandomKey, RsaPublicKey, SignatureAlgorithm,
    SignatureVerification, VerifyKey, pkcs1::Pkcs1Key,
};
use aes_gcm::{Aes256Gcm, aead::AeadInOut, aead::KeyInit};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;
use hkdf::Hkdf;
use rsa::{BoxedUint, PublicKey, pss, signature::Verifier as _};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The provider in pure Rust, which works without std.
pub static RUSTCRYPTO: CryptoProvider =
    CryptoProvider { signatures: &RustCrypto, aead: &RustCrypto, hash: &RustCrypto };

#[derive(Debug)]
struct RustCrypto;

impl SignatureVerification for RustCrypto {
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        use SignatureAlgorithm::{Ps256, Rs256, Rs384, Rs512};
        &[Ps256, Rs256, Rs384, Rs512]
    }

    fn rsa_key(
        &self,
        algorithm: SignatureAlgorithm,
        key: &RsaPublicKey<'_>,
    ) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
        let key = PublicKey::new_with_size_limits(
            BoxedUint::from_be_slice_vartime(key.modulus()),
            BoxedUint::from_be_slice_vartime(key.exponent()),
            RsaPublicKey::MIN_BITS..=RsaPublicKey::MAX_BITS,
        )
        .map_err(|_| KeyRejected::Provider)?;
        match algorithm {
            SignatureAlgorithm::Ps256 => Ok(Arc::new(PssKey(pss::VerifyingKey::new(key)))),
            SignatureAlgorithm::Rs256 => Ok(Arc::new(Pkcs1Key::<Sha256>::new(key))),
            SignatureAlgorithm::Rs384 => Ok(Arc::new(Pkcs1Key::<Sha384>::new(key))),
            SignatureAlgorithm::Rs512 => Ok(Arc::new(Pkcs1Key::<Sha512>::new(key))),
            SignatureAlgorithm::EdDsa | SignatureAlgorithm::Es256 => Err(KeyRejected::Unsupported),
        }
    }
}

#[derive(Debug)]
struct PssKey(pss::VerifyingKey<Sha256>);

impl VerifyKey for PssKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let signature = pss::Signature::try_from(signature).map_err(|_| BadSignature)?;
        self.0.verify(message, &signature).map_err(|_| BadSignature)
    }
}

impl AuthenticatedEncryption for RustCrypto {
    fn seal(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), AeadFailure> {
        Aes256Gcm::new(key.key().into())
            .encrypt_in_place(key.nonce().into(), associated_data, buffer)
            .map_err(|_| AeadFailure)
    }

    fn open<'b>(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], AeadFailure> {
        let (text, tag) = sealed.split_last_chunk_mut::<16>().ok_or(AeadFailure)?;
        let (nonce, tag) = (key.nonce().into(), (&*tag).into());
        Aes256Gcm::new(key.key().into())
            .decrypt_inout_detached(nonce, associated_data, (&mut *text).into(), tag)
            .map_err(|_| AeadFailure)?;
        Ok(text)
    }
}

impl Hashing for RustCrypto {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        Sha256::digest(bytes).into()
    }

    fn extract(&self, salt: &[u8], secret: &[u8]) -> Arc<dyn PseudorandomKey> {
        Arc::new(Prepared(Hkdf::new(Some(salt), secret)))
    }
}

struct Prepared(Hkdf<Sha256>);

impl PseudorandomKey for Prepared {
    fn expand(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputTooLong> {
        self.0.expand_multi_info(info, output).map_err(|_| OutputTooLong)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869 A.1.
    #[test]
    fn hkdf_gives_the_vector_of_its_standard() {
        let mut output = [0; 42];
        let salt: [u8; 13] = core::array::from_fn(|i| i as u8);
        let info: [u8; 10] = core::array::from_fn(|i| 0xf0 + i as u8);
        let key = RustCrypto.extract(&salt, &[0x0b; 22]);
        key.expand(&[&info[..3], &info[3..]], &mut output).unwrap();
        assert_eq!(output[..8], [0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a]);
        assert_eq!(key.expand(&[], &mut [0; 8161]), Err(OutputTooLong));
    }

    #[test]
    fn opens_only_what_it_sealed_under_the_same_associated_data() {
        let key = AeadKey::new(&[7; 32], &[7; 12]);
        let mut buffer = b"text".to_vec();
        RustCrypto.seal(&key, b"name", &mut buffer).unwrap();
        assert_eq!(buffer.len(), 4 + 16);
        assert_eq!(RustCrypto.open(&key, b"other", &mut buffer.clone()), Err(AeadFailure));
        assert_eq!(RustCrypto.open(&key, b"name", &mut buffer[..15].to_vec()), Err(AeadFailure));
        assert_eq!(RustCrypto.open(&key, b"name", &mut buffer).unwrap(), b"text");
    }
}
