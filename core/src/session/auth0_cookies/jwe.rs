//! Compact JWE with `dir` and `A256GCM` (RFC 7516 §7.1, RFC 7518 §4.5, §5.3), as the SDK makes it.

use crate::{
    crypto::{AeadKey, CryptoProvider},
    encoding,
    json::{Json, JsonLimits, Object},
    secret::Wiped,
};
use zeroize::Zeroizing;

/// The most bytes of a text: more than sixteen cookies can hold in any browser.
const MAX_LENGTH: usize = 64 * 1024;
const MAX_HEADER_LENGTH: usize = 256;
const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;

const HEADER_LIMITS: JsonLimits = JsonLimits { bytes: MAX_HEADER_LENGTH, depth: 1, members: 5 };
const CONTENT_LIMITS: JsonLimits = JsonLimits { bytes: MAX_LENGTH, depth: 32, members: 1024 };

/// What a text holds, once it is authentic.
pub(super) struct Opened {
    pub(super) header: Object,
    pub(super) content: Object,
}

/// The key that the SDK derives from `secret`, whose UTF-8 bytes count as they are.
pub(super) fn key(secret: &str, crypto: &CryptoProvider) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    crypto.hash.extract(&[], secret.as_bytes()).expand(&[b"JWE CEK"], &mut *key).ok()?;
    Some(key)
}

/// Opens `text` with the first of `keys` that fits.
pub(super) fn open(
    text: &[u8],
    keys: &[Zeroizing<[u8; 32]>],
    crypto: &CryptoProvider,
) -> Option<Opened> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let mut parts = text.split(|byte| *byte == b'.');
    let protected = parts.next().filter(|part| part.len() <= MAX_HEADER_LENGTH)?;
    // The key is the content's own, so no other is encrypted here.
    parts.next().filter(|part| part.is_empty())?;
    let nonce: [u8; NONCE_LENGTH] = encoding::decode(parts.next()?)?.try_into().ok()?;
    let mut sealed = encoding::decode(parts.next()?)?;
    let tag = encoding::decode(parts.next()?).filter(|tag| tag.len() == TAG_LENGTH)?;
    if parts.next().is_some() {
        return None;
    }
    let header = Object::parse(&encoding::decode(protected)?, HEADER_LIMITS).ok()?;
    let is = |name, expected| header.text(name) == Ok(Some(expected));
    let known = |name: &str| matches!(name, "alg" | "enc" | "exp" | "iat" | "uat");
    if !is("alg", "dir") || !is("enc", "A256GCM") || !header.iter().all(|(name, _)| known(name)) {
        return None;
    }
    sealed.extend_from_slice(&tag);
    let content = keys.iter().find_map(|key| {
        let mut buffer = Wiped(sealed.clone());
        let opened = crypto.aead.open(&AeadKey::new(key, &nonce), protected, &mut buffer);
        let length = opened.ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    })?;
    Some(Opened { header, content: Object::parse(&content, CONTENT_LIMITS).ok()? })
}

/// A moment, in whole seconds. What runs in JavaScript writes one as any number.
pub(super) fn seconds(value: Option<&Json>) -> Option<u64> {
    match *value? {
        Json::Unsigned(seconds) => Some(seconds),
        Json::Float(seconds) if (0.0..=9e15).contains(&seconds) => Some(seconds as u64),
        _ => None,
    }
}
