//! Keys and tokens of the test's own provider.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
pub(crate) use jsonwebtoken::Algorithm;
use jsonwebtoken::{EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// What stands before the RSA key in a `PrivateKeyInfo` (RFC 5208 §5).
const PRIVATE_KEY_INFO_HEADER: usize = 26;

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs()
}

/// An RSA key and its name.
pub(crate) struct SigningKey {
    id: &'static str,
    key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn generate(id: &'static str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("the key as DER");
        let key = der.as_ref().get(PRIVATE_KEY_INFO_HEADER..).expect("the RSA key");
        Self { id, key: EncodingKey::from_rsa_der(key) }
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> Value {
        let jwk = Jwk::from_encoding_key(&self.key, Algorithm::RS256).expect("a public key");
        let mut jwk = serde_json::to_value(jwk).expect("JSON");
        jwk["kid"] = json!(self.id);
        jwk
    }

    /// A token with the usual header.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"alg": "RS256", "kid": self.id}), claims)
    }

    /// A token with this header, whatever it says, signed with RS256.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        sign(header, claims, &self.key, Algorithm::RS256)
    }

    /// A token with this signing input, whatever it is, signed with one of the RSA algorithms.
    pub(crate) fn sign_input(&self, input: &str, algorithm: Algorithm) -> String {
        sign_input(input, &self.key, algorithm)
    }

    /// A token that is signed with HS256, where the secret is the public key.
    pub(crate) fn sign_with_public_key(&self, claims: &Value) -> String {
        let secret = EncodingKey::from_secret(self.jwk()["n"].to_string().as_bytes());
        sign(&json!({"alg": "HS256", "kid": self.id}), claims, &secret, Algorithm::HS256)
    }
}

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id).finish()
    }
}

/// A key for ES256 in PEM, and the point that is its public half, uncompressed.
pub(crate) fn pem_key() -> (String, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let der = STANDARD.encode(pair.to_pkcs8v1().expect("the key as DER").as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    (pem, pair.public_key().as_ref().to_vec())
}

fn sign(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    sign_input(&unsigned(header, claims), key, algorithm)
}

fn sign_input(input: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let signature = crypto::sign(input.as_bytes(), key, algorithm).expect("a signature");
    format!("{input}.{signature}")
}

/// The first two parts of a token.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    signing_input(header.to_string().as_bytes(), claims.to_string().as_bytes())
}

/// What is signed of a token of these texts.
pub(crate) fn signing_input(header: &[u8], claims: &[u8]) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}
