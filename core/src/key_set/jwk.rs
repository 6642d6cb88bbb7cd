//! One key of a set (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
//!
//! `kty` and `crv` say which algorithms a key could be for; `alg`, where it stands, says which of
//! them it is for. Certificates (`x5c`, `x5t`, `x5u`) are not looked at.

use super::Key;
use crate::{
    crypto::{
        CryptoProvider, Ed25519PublicKey, KeyKind, KeyRejected, P256PublicKey, RsaPublicKey,
        SignatureAlgorithm, VerifyKey,
    },
    encoding,
    json::{Json, JsonLimits, Object},
    jwt::KeyId,
};
use alloc::sync::Arc;
use core::fmt;

const LIMITS: JsonLimits = JsonLimits { bytes: 64 * 1024, depth: 8, members: 64 };

/// Members that only a private key has (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// Why a key of a set was left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SkipReason {
    /// `alg` names an algorithm that is not allowed here, or one for another type of key; or the
    /// key names none, and none that is allowed is for its type.
    Algorithm,
    /// The numbers break a rule.
    Key(KeyRejected),
    /// `kid` is no string of 1 to 256 bytes without control characters.
    KeyId,
    /// `key_ops` does not allow to check signatures, contradicts `use`, or is malformed.
    KeyOperations,
    /// `kty`, or `crv` with it, is not one that is used here.
    KeyType,
    /// Not a strict JSON object, or a member of the wrong type.
    Malformed,
    /// The set publishes a private key: the provider has a leak.
    Private,
    /// `use` is not `sig`.
    Use,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("its algorithm is not allowed"),
            Self::Key(reason) => reason.fmt(f),
            Self::KeyId => f.write_str("its key id is not usable"),
            Self::KeyOperations => f.write_str("it is not for checking signatures"),
            Self::KeyType => f.write_str("its type is not used"),
            Self::Malformed => f.write_str("it is malformed"),
            Self::Private => f.write_str("it is a private key"),
            Self::Use => f.write_str("it is not for signatures"),
        }
    }
}

pub(super) fn read(
    text: &str,
    algorithms: &[SignatureAlgorithm],
    crypto: &CryptoProvider,
) -> Result<Key, SkipReason> {
    let jwk = Object::parse(text.as_bytes(), LIMITS).map_err(|_| SkipReason::Malformed)?;
    let kind = kind_of(&jwk)?;
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err(SkipReason::Private);
    }
    let usage = text_of(&jwk, "use")?;
    if usage.is_some_and(|usage| usage != "sig") {
        return Err(SkipReason::Use);
    }
    check_operations(&jwk, usage.is_some())?;
    let id = match jwk.get("kid") {
        None => None,
        Some(Json::Text(id)) => Some(KeyId::new(id).ok_or(SkipReason::KeyId)?),
        Some(_) => return Err(SkipReason::KeyId),
    };
    let named = text_of(&jwk, "alg")?;
    // One key, one algorithm: a key that names none is for the first of its kind that is allowed.
    let algorithm = algorithms
        .iter()
        .copied()
        .filter(|algorithm| algorithm.key_kind() == kind)
        .find(|algorithm| named.is_none_or(|name| algorithm.name() == name))
        .ok_or(SkipReason::Algorithm)?;
    let key = prepare(&jwk, algorithm, crypto)?;
    Ok(Key { id, algorithm, key })
}

fn text_of<'j>(jwk: &'j Object, name: &'static str) -> Result<Option<&'j str>, SkipReason> {
    jwk.text(name).map_err(|_| SkipReason::Malformed)
}

fn kind_of(jwk: &Object) -> Result<KeyKind, SkipReason> {
    let kind = match (text_of(jwk, "kty")?, text_of(jwk, "crv")?) {
        (Some("RSA"), _) => KeyKind::Rsa,
        (Some("EC"), Some("P-256")) => KeyKind::P256,
        (Some("OKP"), Some("Ed25519")) => KeyKind::Ed25519,
        _ => return Err(SkipReason::KeyType),
    };
    Ok(kind)
}

fn prepare(
    jwk: &Object,
    algorithm: SignatureAlgorithm,
    crypto: &CryptoProvider,
) -> Result<Arc<dyn VerifyKey>, SkipReason> {
    let number = |name| text_of(jwk, name)?.and_then(encoding::decode).ok_or(SkipReason::Malformed);
    let signatures = crypto.signatures;
    let key = match algorithm.key_kind() {
        KeyKind::Rsa => RsaPublicKey::new(&number("n")?, &number("e")?)
            .and_then(|key| signatures.rsa_key(algorithm, &key)),
        KeyKind::P256 => P256PublicKey::new(&number("x")?, &number("y")?)
            .and_then(|key| signatures.p256_key(&key)),
        KeyKind::Ed25519 => {
            Ed25519PublicKey::new(&number("x")?).and_then(|key| signatures.ed25519_key(&key))
        }
    };
    key.map_err(SkipReason::Key)
}

/// Operations that contradict a `use` of `sig`.
const NOT_FOR_SIGNATURES: [&str; 6] =
    ["decrypt", "deriveBits", "deriveKey", "encrypt", "unwrapKey", "wrapKey"];

/// `key_ops` holds each operation once, `verify` among them, and agrees with `use` where both stand
/// (RFC 7517 §4.3).
fn check_operations(jwk: &Object, is_for_signatures: bool) -> Result<(), SkipReason> {
    let Some(operations) = jwk.texts("key_ops").map_err(|_| SkipReason::KeyOperations)? else {
        return Ok(());
    };
    let repeated = operations.iter().enumerate().any(|(at, operation)| {
        operations.iter().skip(at.saturating_add(1)).any(|o| o == operation)
    });
    let contradicts =
        is_for_signatures && operations.iter().any(|o| NOT_FOR_SIGNATURES.contains(o));
    if repeated || contradicts || !operations.contains(&"verify") {
        return Err(SkipReason::KeyOperations);
    }
    Ok(())
}
