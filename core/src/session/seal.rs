//! The sealed envelope (AES-256-GCM under a key that is derived for each seal).
//!
//! ```text
//! text = base64url( version · key id · count · salt · ciphertext · tag )
//!                      1        4       1      16      n          16   bytes
//! ```
//!
//! Key and nonce come from HKDF-SHA-256 over the purpose's key with the random salt, so no nonce is
//! ever used twice under one key in practice: two seals share one only if 128 random bits repeat.
//! Associated data are the version, the purpose, the cookie's name, the key id and the number of
//! cookies that the text is spread over, each with its length before it. A text that was sealed for
//! one cookie opens in no other.

use super::guessable;
use crate::{
    crypto::{AeadKey, CryptoProvider},
    encoding,
    entropy::{self, Entropy, EntropyError},
};
use alloc::{format, string::String, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const SALT_LENGTH: usize = 16;
const TAG_LENGTH: usize = 16;
/// Version, key id and count: what is read before anything is opened.
const PREFIX_LENGTH: usize = 1 + KEY_ID_LENGTH + 1;
/// The characters of base64url that hold the prefix.
const PREFIX_TEXT_LENGTH: usize = PREFIX_LENGTH / 3 * 4;
const OVERHEAD: usize = PREFIX_LENGTH + SALT_LENGTH + TAG_LENGTH;

/// What a text is sealed for. Each purpose has keys of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Purpose {
    /// A login under way.
    Login,
    /// The session of somebody who has signed in.
    Session,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Session => "session",
        }
    }
}

/// The secrets that seal: the first seals, all open. Rotate by putting a new one first and taking
/// the old one out once the sessions that it sealed are over.
pub struct SecretRing {
    secrets: Vec<DerivedSecret>,
    crypto: CryptoProvider,
}

struct DerivedSecret {
    id: [u8; KEY_ID_LENGTH],
    session: Zeroizing<[u8; 32]>,
    login: Zeroizing<[u8; 32]>,
}

impl DerivedSecret {
    const fn key(&self, purpose: Purpose) -> &Zeroizing<[u8; 32]> {
        match purpose {
            Purpose::Login => &self.login,
            Purpose::Session => &self.session,
        }
    }
}

impl SecretRing {
    /// The most secrets of a ring.
    pub const MAX_SECRETS: usize = 8;

    /// Derives the keys of `secrets`. Their UTF-8 bytes count as they are: hexadecimal text is not
    /// decoded.
    ///
    /// # Errors
    ///
    /// [`SecretRingError`] where there is no secret, too many, or one that is easy to guess.
    pub fn new<'s>(
        secrets: impl IntoIterator<Item = &'s str>,
        crypto: CryptoProvider,
    ) -> Result<Self, SecretRingError> {
        let mut ring = Self { secrets: Vec::new(), crypto };
        for secret in secrets {
            Self::check(secret)?;
            if ring.secrets.len() >= Self::MAX_SECRETS {
                return Err(SecretRingError::TooMany);
            }
            let mut derived = DerivedSecret {
                id: [0; KEY_ID_LENGTH],
                session: Zeroizing::new([0; 32]),
                login: Zeroizing::new([0; 32]),
            };
            let hash = crypto.hash;
            let derive = |label: &str, output: &mut [u8]| {
                let info = format!("portcullis v{VERSION} {label}");
                hash.hkdf_sha256(secret.as_bytes(), &[], info.as_bytes(), output)
                    .map_err(|_| SecretRingError::Provider)
            };
            derive("key id", &mut derived.id)?;
            derive(Purpose::Session.label(), &mut *derived.session)?;
            derive(Purpose::Login.label(), &mut *derived.login)?;
            ring.secrets.push(derived);
        }
        if ring.secrets.is_empty() { Err(SecretRingError::Empty) } else { Ok(ring) }
    }

    /// Whether `secret` is fit for a ring.
    ///
    /// # Errors
    ///
    /// [`SecretRingError::TooShort`] or [`SecretRingError::TooRegular`] where it is not.
    pub fn check(secret: &str) -> Result<(), SecretRingError> {
        guessable::check(secret)
    }

    /// The characters that `length` bytes have once they are sealed.
    #[must_use]
    pub const fn sealed_length(length: usize) -> usize {
        length.saturating_add(OVERHEAD).saturating_mul(4).div_ceil(3)
    }

    /// Seals `plaintext` for the cookie `name`, whose text will be spread over `count` cookies.
    pub(super) fn seal(
        &self,
        purpose: Purpose,
        name: &str,
        count: u8,
        plaintext: &[u8],
        entropy: &mut dyn Entropy,
    ) -> Result<String, SealError> {
        let secret = self.secrets.first().ok_or(SealError::Provider)?;
        let salt = entropy::random::<SALT_LENGTH>(entropy)?;
        let key = self.message_key(secret.key(purpose), &salt).ok_or(SealError::Provider)?;
        let mut buffer = plaintext.to_vec();
        self.crypto
            .aead
            .seal(&key, &associated_data(purpose, name, secret.id, count), &mut buffer)
            .map_err(|_| SealError::Provider)?;
        let mut envelope = Vec::with_capacity(OVERHEAD.saturating_add(plaintext.len()));
        envelope.push(VERSION);
        envelope.extend_from_slice(&secret.id);
        envelope.push(count);
        envelope.extend_from_slice(&salt);
        envelope.append(&mut buffer);
        Ok(encoding::encode(&envelope))
    }

    /// The number of cookies that the text which starts with `text` says to be spread over. Not
    /// authentic before the text is opened.
    pub(super) fn claimed_count(text: &[u8]) -> Option<u8> {
        let prefix = encoding::decode(text.get(..PREFIX_TEXT_LENGTH)?)?;
        match (prefix.first(), prefix.last()) {
            (Some(&VERSION), Some(&count)) => Some(count),
            _ => None,
        }
    }

    /// Opens `text`, which came in the cookie `name`. Whatever is wrong with it, the outcome is
    /// `None`.
    pub(super) fn open(&self, purpose: Purpose, name: &str, text: &[u8]) -> Option<Opened> {
        let envelope = encoding::decode(text)?;
        let (prefix, rest) = envelope.split_first_chunk::<PREFIX_LENGTH>()?;
        let (salt, ciphertext) = rest.split_first_chunk::<SALT_LENGTH>()?;
        let [version, id @ .., count] = *prefix;
        if version != VERSION || ciphertext.len() < TAG_LENGTH {
            return None;
        }
        let (at, secret) = self.secrets.iter().enumerate().find(|(_, secret)| secret.id == id)?;
        let key = self.message_key(secret.key(purpose), salt)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let associated_data = associated_data(purpose, name, id, count);
        self.crypto.aead.open(&key, &associated_data, &mut buffer).ok()?;
        Some(Opened { bytes: buffer, by_old_secret: at > 0 })
    }

    fn message_key(
        &self,
        purpose_key: &Zeroizing<[u8; 32]>,
        salt: &[u8; SALT_LENGTH],
    ) -> Option<AeadKey> {
        let mut material = Zeroizing::new([0; AeadKey::LENGTH]);
        self.crypto
            .hash
            .hkdf_sha256(&**purpose_key, salt, b"portcullis message", &mut *material)
            .ok()?;
        Some(AeadKey::new(&material))
    }
}

/// A text that opened.
pub(super) struct Opened {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// It was sealed with another secret than the first.
    pub(super) by_old_secret: bool,
}

/// Every field with its length before it, so that no two sets of fields give the same bytes.
fn associated_data(purpose: Purpose, name: &str, id: [u8; KEY_ID_LENGTH], count: u8) -> Vec<u8> {
    let mut data = Vec::new();
    for field in [&[VERSION][..], purpose.label().as_bytes(), name.as_bytes(), &id, &[count]] {
        data.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(field);
    }
    data
}

impl fmt::Debug for SecretRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretRing").field("secrets", &self.secrets.len()).finish_non_exhaustive()
    }
}

/// Why a ring of secrets is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SecretRingError {
    /// There is no secret.
    Empty,
    /// The crypto provider cannot derive keys.
    Provider,
    /// More than [`SecretRing::MAX_SECRETS`].
    TooMany,
    /// A secret has hardly any different bytes, or is a repetition or a run.
    TooRegular,
    /// A secret has less than 32 bytes.
    TooShort,
}

impl fmt::Display for SecretRingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is needed: take the output of `openssl rand -hex 32`",
            Self::Provider => "cannot be used by the crypto provider",
            Self::TooMany => "may hold at most 8 secrets",
            Self::TooRegular => "is too easy to guess: take the output of `openssl rand -hex 32`",
            Self::TooShort => {
                "must have at least 32 bytes: take the output of `openssl rand -hex 32`"
            }
        })
    }
}

impl core::error::Error for SecretRingError {}

/// Why nothing was sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SealError {
    /// The random generator failed.
    Entropy,
    /// The crypto provider failed.
    Provider,
    /// The session does not fit into the cookies of a browser.
    TooLarge,
}

impl From<EntropyError> for SealError {
    fn from(_: EntropyError) -> Self {
        Self::Entropy
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entropy => "the random generator failed",
            Self::Provider => "the crypto provider failed",
            Self::TooLarge => "the session does not fit into cookies",
        })
    }
}

impl core::error::Error for SealError {}
