//! One key of a set (RFC 7517 §4, RFC 7518 §6.3).

use super::Key;
use crate::{
    crypto::{CryptoProvider, KeyRejected, RsaPublicKey, SignatureAlgorithm},
    encoding,
    json::{Json, JsonLimits, Object},
    jwt::KeyId,
};
use core::fmt;

const LIMITS: JsonLimits = JsonLimits { bytes: 64 * 1024, depth: 8, members: 64 };

/// Members that only a private key has (RFC 7518 §6.3.2).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// Why a key of a set was left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SkipReason {
    /// `alg` names an algorithm that is not allowed here.
    Algorithm,
    /// The numbers break a rule.
    Key(KeyRejected),
    /// `kid` is no string of 1 to 256 bytes without control characters.
    KeyId,
    /// `key_ops` does not allow to check signatures, or is malformed.
    KeyOperations,
    /// `kty` is not one that is used here.
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
    let text_of = |name| jwk.text(name).map_err(|_| SkipReason::Malformed);
    if text_of("kty")? != Some("RSA") {
        return Err(SkipReason::KeyType);
    }
    if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
        return Err(SkipReason::Private);
    }
    if text_of("use")?.is_some_and(|usage| usage != "sig") {
        return Err(SkipReason::Use);
    }
    check_operations(&jwk)?;
    let id = match jwk.get("kid") {
        None => None,
        Some(Json::Text(id)) => Some(KeyId::new(id).ok_or(SkipReason::KeyId)?),
        Some(_) => return Err(SkipReason::KeyId),
    };
    let algorithm = match text_of("alg")? {
        // One key, one algorithm: a key that names none is for the first that is allowed.
        None => algorithms.first(),
        Some(name) => algorithms.iter().find(|algorithm| algorithm.name() == name),
    };
    let algorithm = *algorithm.ok_or(SkipReason::Algorithm)?;
    let number = |name| text_of(name)?.and_then(encoding::decode).ok_or(SkipReason::Malformed);
    let (modulus, exponent) = (number("n")?, number("e")?);
    let key = RsaPublicKey::new(&modulus, &exponent)
        .and_then(|key| crypto.signatures.rsa_key(algorithm, &key))
        .map_err(SkipReason::Key)?;
    Ok(Key { id, algorithm, key })
}

/// `key_ops` holds each operation once, `verify` among them (RFC 7517 §4.3).
fn check_operations(jwk: &Object) -> Result<(), SkipReason> {
    let Some(operations) = jwk.texts("key_ops").map_err(|_| SkipReason::KeyOperations)? else {
        return Ok(());
    };
    let repeated = operations.iter().enumerate().any(|(at, operation)| {
        operations.iter().skip(at.saturating_add(1)).any(|o| o == operation)
    });
    if repeated || !operations.contains(&"verify") {
        return Err(SkipReason::KeyOperations);
    }
    Ok(())
}
