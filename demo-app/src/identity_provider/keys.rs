//! The keys that sign tokens, and the key set that tells clients about them (RFC 7517).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A key could not be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyError;

/// An RSA key of 2048 bits, named by its thumbprint (RFC 7638).
pub(super) struct SigningKey {
    key_id: String,
    private: EncodingKey,
    public: DecodingKey,
    published: Jwk,
}

/// The key that signs, and the one that did so before it.
pub(super) struct KeyRing {
    current: SigningKey,
    previous: Option<SigningKey>,
}

/// What a token is for, as its `typ` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenType {
    /// RFC 9068 §2.1
    Access,
    /// OpenID Connect Core 1.0 §2
    Id,
    /// OpenID Connect Back-Channel Logout 1.0 §2.4
    Logout,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, KeyError> {
        // When another crate in the process turns on another back end too, jsonwebtoken wants to
        // be told. A provider that is installed already is as good.
        let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();

        let key_pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
        let private_key_info: Pkcs8V1Der<'_> = key_pair.as_der().map_err(|_| KeyError)?;
        let rsa_private_key =
            private_key_info.as_ref().get(PRIVATE_KEY_INFO_HEADER..).ok_or(KeyError)?;
        let private = EncodingKey::from_rsa_der(rsa_private_key);

        let mut published = Jwk::from_encoding_key(&private, Algorithm::RS256)?;
        let key_id = published.thumbprint(ThumbprintHash::SHA256)?;
        published.common.key_id = Some(key_id.clone());
        published.common.public_key_use = Some(PublicKeyUse::Signature);
        let public = DecodingKey::from_jwk(&published)?;
        Ok(Self { key_id, private, public, published })
    }
}

impl KeyRing {
    pub(super) fn new(current: SigningKey) -> Self {
        Self { current, previous: None }
    }

    pub(super) fn rotate_to(&mut self, key: SigningKey) {
        self.previous = Some(core::mem::replace(&mut self.current, key));
    }

    pub(super) fn key_set(&self) -> JwkSet {
        JwkSet { keys: self.keys().map(|key| key.published.clone()).collect() }
    }

    pub(super) fn sign(
        &self,
        token_type: TokenType,
        claims: &impl Serialize,
    ) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(token_type.as_str().to_owned());
        header.kid = Some(self.current.key_id.clone());
        Ok(encode(&header, claims, &self.current.private)?)
    }

    /// The claims of a token that this provider signed for this purpose. Whether it is in date
    /// and meant for whom is the caller's question.
    pub(super) fn verify<C: DeserializeOwned>(
        &self,
        token_type: TokenType,
        token: &str,
    ) -> Option<C> {
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(token_type.as_str()) {
            return None;
        }
        let key = self.keys().find(|key| Some(&key.key_id) == header.kid.as_ref())?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        Some(decode(token, &key.public, &validation).ok()?.claims)
    }

    fn keys(&self) -> impl Iterator<Item = &SigningKey> {
        core::iter::once(&self.current).chain(&self.previous)
    }
}

impl TokenType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
            Self::Logout => "logout+jwt",
        }
    }
}

impl From<jsonwebtoken::errors::Error> for KeyError {
    fn from(_: jsonwebtoken::errors::Error) -> Self {
        Self
    }
}

/// What stands before the RSA key in a `PrivateKeyInfo` (RFC 5208 §5). The length is the same for
/// every key of 2048 bits; a key that is cut off elsewhere is refused when it is parsed.
const PRIVATE_KEY_INFO_HEADER: usize = 26;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn publishes_the_public_half_alone() {
        let ring = KeyRing::new(SigningKey::generate().unwrap());
        let document = serde_json::to_value(ring.key_set()).unwrap();
        let key = document["keys"][0].as_object().unwrap();
        let mut members: Vec<_> = key.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(key["alg"], "RS256");
        assert_eq!(key["use"], "sig");
        assert_eq!(key["e"], "AQAB");
    }

    #[test]
    fn verifies_what_it_signed_for_the_same_purpose_only() {
        let ring = KeyRing::new(SigningKey::generate().unwrap());
        let token = ring.sign(TokenType::Access, &json!({"sub": "a"})).unwrap();
        assert_eq!(ring.verify::<Value>(TokenType::Access, &token).unwrap()["sub"], "a");
        assert!(ring.verify::<Value>(TokenType::Id, &token).is_none());

        let other = KeyRing::new(SigningKey::generate().unwrap());
        assert!(other.verify::<Value>(TokenType::Access, &token).is_none());
        for garbage in ["", ".", "a.b.c", "....", &token[1..], &token[..token.len() - 1]] {
            assert!(ring.verify::<Value>(TokenType::Access, garbage).is_none());
        }
    }

    #[test]
    fn a_rotated_key_is_published_until_the_next_rotation() {
        let mut ring = KeyRing::new(SigningKey::generate().unwrap());
        let token = ring.sign(TokenType::Id, &json!({})).unwrap();

        ring.rotate_to(SigningKey::generate().unwrap());
        assert_eq!(ring.key_set().keys.len(), 2);
        assert!(ring.verify::<Value>(TokenType::Id, &token).is_some());
        let key_id = |token: &str| decode_header(token).unwrap().kid;
        let newer = ring.sign(TokenType::Id, &json!({})).unwrap();
        assert_ne!(key_id(&token), key_id(&newer));

        ring.rotate_to(SigningKey::generate().unwrap());
        assert_eq!(ring.key_set().keys.len(), 2);
        assert!(ring.verify::<Value>(TokenType::Id, &token).is_none());
        assert!(ring.verify::<Value>(TokenType::Id, &newer).is_some());
    }
}
