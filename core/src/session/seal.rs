//! The sealed envelope (AES-256-GCM under a key that is derived for each seal).
//!
//! ```text
//! text = base64url( version · key id · count · salt · ciphertext · tag )
//!                      1        4       1      16      n          16   bytes
//! ```
//!
//! The key of a seal is derived by HKDF-SHA-256 (RFC 5869): extracted from the secret once, when the
//! ring is made, and expanded with the purpose and the random salt for each seal. So no nonce is ever
//! used twice under one key in practice: two seals share one only if 128 random bits repeat. As a key
//! is for one text, any nonce would do; the end of the salt is one.
//!
//! Associated data are the version, the purpose, the cookie's name, the key id, the number of cookies
//! that the text is spread over, and the client whose users sign in, each with its length before it. A
//! text that was sealed for one cookie opens in no other, and for no other client.

use super::guessable;
use crate::{
    crypto::{AeadKey, CryptoProvider, PseudorandomKey},
    encoding,
    entropy::{self, Entropy, EntropyError},
    secret::Wiped,
};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 3;
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

    /// What keys are derived for. The salt behind it has one length, so no two purposes share a key.
    const fn derivation(self) -> &'static [u8] {
        match self {
            Self::Login => b"portcullis v3 login",
            Self::Session => b"portcullis v3 session",
        }
    }
}

/// The secrets that seal: the first seals, all open. Rotate by putting a new one first and taking
/// the old one out once the sessions that it sealed are over.
pub struct SecretRing {
    secrets: Vec<DerivedSecret>,
    crypto: CryptoProvider,
    /// The client whose users sign in; empty as long as nobody has said.
    client_id: String,
}

struct DerivedSecret {
    id: [u8; KEY_ID_LENGTH],
    key: Arc<dyn PseudorandomKey>,
}

impl DerivedSecret {
    fn new(secret: &str, crypto: &CryptoProvider) -> Option<Self> {
        let key = crypto.hash.extract(&[], secret.as_bytes());
        let mut id = [0; KEY_ID_LENGTH];
        key.expand(&[b"portcullis v3 key id"], &mut id).ok()?;
        Some(Self { id, key })
    }

    fn message_key(&self, purpose: Purpose, salt: &[u8; SALT_LENGTH]) -> Option<AeadKey> {
        let mut key = Zeroizing::new([0; 32]);
        self.key.expand(&[purpose.derivation(), salt], &mut *key).ok()?;
        Some(AeadKey::new(&key, salt.last_chunk()?))
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
        let mut ring = Self { secrets: Vec::new(), crypto, client_id: String::new() };
        for secret in secrets {
            Self::check(secret)?;
            if ring.secrets.len() >= Self::MAX_SECRETS {
                return Err(SecretRingError::TooMany);
            }
            let derived = DerivedSecret::new(secret, &crypto).ok_or(SecretRingError::Provider)?;
            ring.secrets.push(derived);
        }
        if ring.secrets.is_empty() { Err(SecretRingError::Empty) } else { Ok(ring) }
    }

    /// The ring of a gate whose users sign in at the client `client_id`: it opens nothing that was
    /// sealed for another. [`GateBuilder::build`](crate::gate::GateBuilder::build) sees to it.
    #[must_use]
    pub fn for_client(self, client_id: &str) -> Self {
        Self { client_id: client_id.into(), ..self }
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
        let key = secret.message_key(purpose, &salt).ok_or(SealError::Provider)?;
        let mut buffer = Vec::with_capacity(plaintext.len().saturating_add(TAG_LENGTH));
        buffer.extend_from_slice(plaintext);
        self.crypto
            .aead
            .seal(&key, &self.associated_data(purpose, name, secret.id, count), &mut buffer)
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
        match encoding::decode_array::<PREFIX_LENGTH>(text.get(..PREFIX_TEXT_LENGTH)?)? {
            [VERSION, .., count] => Some(count),
            _ => None,
        }
    }

    /// Opens `text`, which came in the cookie `name`. Whatever is wrong with it, the outcome is
    /// `None`.
    pub(super) fn open(&self, purpose: Purpose, name: &str, text: &[u8]) -> Option<Opened> {
        let mut bytes = Wiped(encoding::decode(text)?);
        let (prefix, rest) = bytes.split_first_chunk_mut::<PREFIX_LENGTH>()?;
        let (salt, sealed) = rest.split_first_chunk_mut::<SALT_LENGTH>()?;
        let [version, id @ .., count] = *prefix;
        if version != VERSION || sealed.len() < TAG_LENGTH {
            return None;
        }
        let (at, secret) = self.secrets.iter().enumerate().find(|(_, secret)| secret.id == id)?;
        let key = secret.message_key(purpose, salt)?;
        let associated_data = self.associated_data(purpose, name, id, count);
        let length = self.crypto.aead.open(&key, &associated_data, sealed).ok()?.len();
        // It is opened where it stands; what stands before and behind it goes.
        bytes.drain(..PREFIX_LENGTH.saturating_add(SALT_LENGTH));
        bytes.truncate(length);
        Some(Opened { bytes, by_old_secret: at > 0 })
    }

    /// Every field with its length before it, so that no two sets of fields give the same bytes.
    fn associated_data(
        &self,
        purpose: Purpose,
        name: &str,
        id: [u8; KEY_ID_LENGTH],
        count: u8,
    ) -> Vec<u8> {
        let fields = [
            &[VERSION][..],
            purpose.label().as_bytes(),
            name.as_bytes(),
            &id,
            &[count],
            self.client_id.as_bytes(),
        ];
        let length =
            fields.iter().fold(0_usize, |length, field| length.saturating_add(4 + field.len()));
        let mut data = Vec::with_capacity(length);
        for field in fields {
            data.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(field);
        }
        data
    }
}

/// A text that opened.
pub(super) struct Opened {
    pub(super) bytes: Wiped<Vec<u8>>,
    /// It was sealed with another secret than the first.
    pub(super) by_old_secret: bool,
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
