//! The keys of an issuer (RFC 7517), prepared once when they arrive and read without a lock ever
//! after.
//!
//! A key that cannot be used is left out with a reason that can be observed; it never spoils the
//! rest. Which key may check a token is decided by the key, never by the token.

mod jwk;

pub use jwk::SkipReason;

use crate::{
    crypto::{CryptoProvider, SignatureAlgorithm, VerifyKey},
    jwt::KeyId,
};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;
use serde::{
    Deserializer as _,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The prepared keys of one issuer.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<SkipReason>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<KeyId>,
    algorithm: SignatureAlgorithm,
    key: Arc<dyn VerifyKey>,
}

/// What a key set has for a token.
#[derive(Clone, Copy, Debug)]
pub enum KeyLookup<'k> {
    /// This key, and no other.
    Found(&'k dyn VerifyKey),
    /// Several keys could be meant: the token names none, or the name stands more than once.
    Ambiguous,
    /// No such key.
    Unknown,
}

impl KeySet {
    /// The most keys of a set.
    pub const MAX_KEYS: usize = 100;

    /// Reads a JWK Set and prepares the keys for `algorithms`. A key that names no algorithm is for
    /// the first of them that takes a key of its type.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] where the text is no key set, or nothing in it can be used. An earlier good
    /// set is then to be kept.
    pub fn parse(
        text: &[u8],
        algorithms: &[SignatureAlgorithm],
        crypto: &CryptoProvider,
    ) -> Result<Self, KeySetError> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let entries = deserializer.deserialize_map(JwkSet).map_err(|_| KeySetError::Text)?;
        deserializer.end().map_err(|_| KeySetError::Text)?;
        if entries.len() > Self::MAX_KEYS {
            return Err(KeySetError::TooManyKeys);
        }
        let mut set = Self { keys: Vec::new(), skipped: Vec::new() };
        for entry in entries {
            match jwk::read(entry.get(), algorithms, crypto) {
                Ok(key) => set.keys.push(key),
                Err(reason) => set.skipped.push(reason),
            }
        }
        if set.keys.is_empty() { Err(KeySetError::NoUsableKey) } else { Ok(set) }
    }

    /// The key for a token of this algorithm that names this key id, or none.
    ///
    /// A token that names no key is accepted only where the set has one key alone (OpenID Connect
    /// Core 1.0 §10.1). A name that stands more than once for an algorithm means no key at all: the
    /// order of a set decides nothing.
    #[must_use]
    pub fn find(&self, algorithm: SignatureAlgorithm, id: Option<&KeyId>) -> KeyLookup<'_> {
        let mut candidates = self
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm && (id.is_none() || key.id.as_ref() == id));
        match (candidates.next(), candidates.next()) {
            (None, _) => KeyLookup::Unknown,
            (Some(key), None) if id.is_some() || self.keys.len() == 1 => {
                KeyLookup::Found(&*key.key)
            }
            _ => KeyLookup::Ambiguous,
        }
    }

    /// The number of keys that can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used; never so for a set that was parsed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many private keys the provider publishes. Anybody could sign with one, so it is left
    /// out; more than 0 is worth an alarm.
    #[must_use]
    pub fn private_keys(&self) -> usize {
        self.skipped.iter().filter(|reason| **reason == SkipReason::Private).count()
    }

    /// Why keys of the set were left out, in the order of the set.
    #[must_use]
    pub fn skipped(&self) -> &[SkipReason] {
        &self.skipped
    }
}

/// Why a text is not used as a key set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeySetError {
    /// No key in it can be used.
    NoUsableKey,
    /// Not a JSON object with an array `keys`.
    Text,
    /// More than [`KeySet::MAX_KEYS`].
    TooManyKeys,
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUsableKey => "the key set has no key that can be used",
            Self::Text => "the document is not a JSON object with an array `keys`",
            Self::TooManyKeys => "the key set has more than 100 keys",
        })
    }
}

impl core::error::Error for KeySetError {}

/// Reads the members of a JWK Set, each key left as text so that a broken one stays alone.
struct JwkSet;

impl<'de> Visitor<'de> for JwkSet {
    type Value = Vec<Box<RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK Set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut keys = None;
        while let Some(name) = members.next_key::<alloc::string::String>()? {
            if name == "keys" {
                let value = members.next_value::<Vec<Box<RawValue>>>()?;
                if keys.replace(value).is_some() {
                    return Err(A::Error::duplicate_field("keys"));
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        keys.ok_or_else(|| A::Error::missing_field("keys"))
    }
}

#[cfg(test)]
mod tests;
