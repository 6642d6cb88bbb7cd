//! The session cookie of the Auth0 SDK for Next.js.

use crate::now;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::{crypto::AeadKey, entropy::Entropy as _};
use portcullis_hyper::{clock::SystemEntropy, crypto::AWS_LC};
use serde_json::json;
use std::error::Error;

/// What version 4 of the SDK leaves in the cookie `__session` of `user`, who has just signed in: a
/// JWE under a key that it derives from `secret`.
pub fn auth0_sdk_cookie(secret: &str, user: &str) -> Result<String, Box<dyn Error>> {
    let now = now();
    let content = json!({
        "user": { "sub": user },
        "tokenSet": { "accessToken": "an access token", "expiresAt": now + 3600 },
        "internal": { "sid": "1", "createdAt": now },
        "exp": now + 86_400,
    });
    let (mut key, mut nonce) = ([0; 32], [0; 12]);
    let secret = AWS_LC.hash.extract(&[], secret.as_bytes());
    secret.expand(&[b"JWE CEK"], &mut key).map_err(|error| error.to_string())?;
    SystemEntropy.fill(&mut nonce)?;
    let header = URL_SAFE_NO_PAD.encode(r#"{"enc":"A256GCM","alg":"dir"}"#);
    let mut sealed = content.to_string().into_bytes();
    AWS_LC.aead.seal(&AeadKey::new(&key, &nonce), header.as_bytes(), &mut sealed)?;
    let (text, tag) = sealed.split_at(sealed.len() - 16);
    let [nonce, text, tag] = [&nonce[..], text, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}..{nonce}.{text}.{tag}"))
}
