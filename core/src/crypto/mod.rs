//! Cryptography as an argument.
//!
//! A [`CryptoProvider`] is a plain struct of capabilities that is passed in, never chosen by a
//! Cargo feature or a global. [`RUSTCRYPTO`] is the pure Rust one and works without std; the
//! adapters bring one over aws-lc-rs. What a key must be like is decided here, before any provider
//! sees it, so that providers cannot disagree about it.

mod algorithm;
mod curve_key;
#[cfg(feature = "rustcrypto")]
mod pkcs1;
mod rsa_key;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
mod signing_key;

pub use algorithm::{KeyKind, SignatureAlgorithm, UnsupportedAlgorithm};
pub use curve_key::{Ed25519PublicKey, P256PublicKey};
pub use rsa_key::{KeyRejected, RsaPublicKey};
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::RUSTCRYPTO;
pub use signing_key::{SigningFailure, SigningKey};

use alloc::{sync::Arc, vec::Vec};
use core::fmt::{self, Debug};
use zeroize::Zeroizing;

/// The cryptography that the core builds on.
#[derive(Clone, Copy, Debug)]
pub struct CryptoProvider {
    /// Checks signatures.
    pub signatures: &'static dyn SignatureVerification,
    /// AES-256-GCM.
    pub aead: &'static dyn AuthenticatedEncryption,
    /// SHA-256 and what is built from it.
    pub hash: &'static dyn Hashing,
}

impl CryptoProvider {
    /// Whether signatures of `algorithm` can be checked.
    ///
    /// # Errors
    ///
    /// [`UnsupportedAlgorithm`] where they cannot.
    pub fn require(&self, algorithm: SignatureAlgorithm) -> Result<(), UnsupportedAlgorithm> {
        if self.signatures.algorithms().contains(&algorithm) {
            Ok(())
        } else {
            Err(UnsupportedAlgorithm(algorithm))
        }
    }
}

/// Makes keys that check signatures.
///
/// RS256 is what every provider has. What else it has it names in
/// [`algorithms`](Self::algorithms); an issuer can be given no other.
pub trait SignatureVerification: Debug + Send + Sync {
    /// The algorithms that the provider has.
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &[SignatureAlgorithm::Rs256]
    }

    /// Prepares an RSA key for one algorithm, once and for all.
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Provider`] where the provider cannot use the key,
    /// [`KeyRejected::Unsupported`] where it does not have the algorithm, or where that takes
    /// another kind of key.
    fn rsa_key(
        &self,
        algorithm: SignatureAlgorithm,
        key: &RsaPublicKey<'_>,
    ) -> Result<Arc<dyn VerifyKey>, KeyRejected>;

    /// Prepares a key on P-256 for ES256, once and for all. The key takes signatures as `r` and `s`
    /// of 32 bytes each (RFC 7518 §3.4).
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Provider`] where the point is not on the curve,
    /// [`KeyRejected::Unsupported`] where the provider does not have ES256.
    fn p256_key(&self, key: &P256PublicKey) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
        let _ = key;
        Err(KeyRejected::Unsupported)
    }

    /// Prepares an Ed25519 key for `EdDSA`, once and for all.
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Provider`] where the key is no point,
    /// [`KeyRejected::Unsupported`] where the provider does not have `EdDSA`.
    fn ed25519_key(&self, key: &Ed25519PublicKey) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
        let _ = key;
        Err(KeyRejected::Unsupported)
    }
}

/// A public key, prepared for the one algorithm that it is for.
pub trait VerifyKey: Debug + Send + Sync {
    /// Checks that `signature` over `message` was made with the private half of this key.
    ///
    /// # Errors
    ///
    /// [`BadSignature`], without a reason.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature>;
}

/// A signature does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not fit")
    }
}

impl core::error::Error for BadSignature {}

/// AES-256-GCM with a tag of 128 bits (NIST SP 800-38D).
pub trait AuthenticatedEncryption: Debug + Send + Sync {
    /// Encrypts `buffer` in place and appends the tag.
    ///
    /// # Errors
    ///
    /// [`AeadFailure`] where the text is too long for the algorithm.
    fn seal(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), AeadFailure>;

    /// Checks the tag at the end of `sealed`, decrypts the rest in place, and returns that.
    ///
    /// # Errors
    ///
    /// [`AeadFailure`], without a reason. The buffer is then of no use.
    fn open<'b>(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], AeadFailure>;
}

/// A key and the nonce that goes with it, for one message and no other.
#[derive(Clone)]
pub struct AeadKey {
    key: Zeroizing<[u8; 32]>,
    nonce: [u8; 12],
}

impl AeadKey {
    /// Copies `key`, and wipes the copy when dropped; the original is the caller's to wipe.
    #[must_use]
    pub fn new(key: &[u8; 32], nonce: &[u8; 12]) -> Self {
        Self { key: Zeroizing::new(*key), nonce: *nonce }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// The nonce.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; 12] {
        &self.nonce
    }
}

impl Debug for AeadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AeadKey(..)")
    }
}

/// A sealed text does not open, or a text cannot be sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AeadFailure;

impl fmt::Display for AeadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sealed text does not open")
    }
}

impl core::error::Error for AeadFailure {}

/// SHA-256, and HKDF over it (RFC 5869).
pub trait Hashing: Debug + Send + Sync {
    /// The SHA-256 hash of `bytes`.
    fn sha256(&self, bytes: &[u8]) -> [u8; 32];

    /// Extracts a key from `secret`, once, for others to be derived from it (RFC 5869 §2.2).
    fn extract(&self, salt: &[u8], secret: &[u8]) -> Arc<dyn PseudorandomKey>;
}

/// A key that others are derived from. What does not depend on them is computed once and for all.
pub trait PseudorandomKey: Debug + Send + Sync {
    /// Expands the key into `output`, which holds at most 8160 bytes (RFC 5869 §2.3). The parts of
    /// `info` count as one text.
    ///
    /// # Errors
    ///
    /// [`OutputTooLong`] where it holds more.
    fn expand(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputTooLong>;
}

/// More bytes were asked of HKDF than it can give.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OutputTooLong;

impl fmt::Display for OutputTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HKDF-SHA-256 gives at most 8160 bytes")
    }
}

impl core::error::Error for OutputTooLong {}
