//! Private keys of this application's own, over aws-lc-rs: what signs the assertions with which it
//! proves to the provider who it is (`private_key_jwt`).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding,
        RsaKeyPair,
    },
};
use core::fmt;
use portcullis_core::crypto::{SignatureAlgorithm, SigningFailure, SigningKey};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};

/// A private key that is held in memory, bound to one algorithm.
pub struct PrivateKey {
    pair: Pair,
    algorithm: SignatureAlgorithm,
    id: Option<String>,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl PrivateKey {
    /// Reads a key in PEM, PKCS #8 (`PRIVATE KEY`) or the older forms for RSA and P-256, and binds
    /// it to `algorithm`.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError`] where `pem` is no such key, is one for another kind of algorithm, or an
    /// RSA key of less than 2048 bits.
    pub fn from_pem(
        pem: impl AsRef<[u8]>,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, PrivateKeyError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_ref()).map_err(|_| PrivateKeyError::Pem)?;
        let pair = match algorithm {
            SignatureAlgorithm::EdDsa => match &der {
                PrivateKeyDer::Pkcs8(key) => {
                    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key.secret_pkcs8_der());
                    Pair::Ed25519(pair.map_err(|_| PrivateKeyError::Key(algorithm))?)
                }
                _ => return Err(PrivateKeyError::Key(algorithm)),
            },
            SignatureAlgorithm::Es256 => {
                let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = match &der {
                    PrivateKeyDer::Pkcs8(key) => {
                        EcdsaKeyPair::from_pkcs8(signing, key.secret_pkcs8_der())
                    }
                    der => EcdsaKeyPair::from_private_key_der(signing, der.secret_der()),
                };
                Pair::P256(pair.map_err(|_| PrivateKeyError::Key(algorithm))?)
            }
            _ => {
                let padding = rsa_padding(algorithm).ok_or(PrivateKeyError::Key(algorithm))?;
                let pair = match &der {
                    PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
                    der => RsaKeyPair::from_der(der.secret_der()),
                };
                Pair::Rsa(pair.map_err(|_| PrivateKeyError::Key(algorithm))?, padding)
            }
        };
        Ok(Self { pair, algorithm, id: None })
    }

    /// Makes up a key for ES256 that nobody else has.
    ///
    /// # Errors
    ///
    /// [`SigningFailure`] where there is no randomness.
    pub fn generate() -> Result<Self, SigningFailure> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let pair = Pair::P256(pair.map_err(|_| SigningFailure)?);
        Ok(Self { pair, algorithm: SignatureAlgorithm::Es256, id: None })
    }

    /// Names the key as its public half is named where it is registered.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The public half, in the form that [`aws_lc_rs::signature::UnparsedPublicKey`] takes.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        match &self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::P256(pair) => pair.public_key().as_ref(),
            Pair::Rsa(pair, _) => pair.public_key().as_ref(),
        }
    }
}

fn rsa_padding(algorithm: SignatureAlgorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        SignatureAlgorithm::Ps256 => &RSA_PSS_SHA256,
        SignatureAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
        SignatureAlgorithm::Rs384 => &RSA_PKCS1_SHA384,
        SignatureAlgorithm::Rs512 => &RSA_PKCS1_SHA512,
        _ => return None,
    })
}

impl SigningKey for PrivateKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailure> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed25519(pair) => {
                Ok(pair.try_sign(message).map_err(|_| SigningFailure)?.as_ref().to_vec())
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SigningFailure)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &random, message, &mut signature)
                    .map_err(|_| SigningFailure)?;
                Ok(signature)
            }
        }
    }
}

/// The key itself is not printed.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why a text is not used as a private key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PrivateKeyError {
    /// The key is malformed, of another kind than the algorithm takes, or too small.
    Key(SignatureAlgorithm),
    /// There is no private key in PEM in the text.
    Pem,
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(algorithm) => write!(f, "is no usable private key for {algorithm}"),
            Self::Pem => f.write_str("is no private key in PEM"),
        }
    }
}

impl core::error::Error for PrivateKeyError {}

#[cfg(test)]
mod tests;
