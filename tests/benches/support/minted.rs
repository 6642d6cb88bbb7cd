//! A token as Auth0 issues it, and the documents of its issuer.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) const ISSUER: &str = "https://tenant.eu.auth0.example/";
pub(crate) const AUDIENCE: &str = "https://api.example/";
pub(crate) const KEY_ID: &str = "Rk1jPqv3fbVY0vTpYkH9c";
/// In 2099, so that those who read the clock themselves take the token.
pub(crate) const NOW: u64 = 4_070_908_800;

pub(crate) struct Minted {
    pub(crate) token: String,
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl Minted {
    pub(crate) fn new() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{KEY_ID}"}}"#);
        let claims = format!(
            r#"{{"iss":"{ISSUER}","sub":"auth0|64f0c1a2b3d4e5f60718293a","aud":["{AUDIENCE}","https://tenant.eu.auth0.example/userinfo"],"iat":{},"exp":{},"scope":"openid profile email read:things","azp":"kQ3pJm8uYw2VtRz5nXc7bLd1sFg6hAe9","permissions":["read:things","write:things"]}}"#,
            NOW - 100,
            NOW + 86_300,
        );
        let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
            .unwrap();
        let public = pair.public_key();
        Self {
            token: format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)),
            modulus: public.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: public.exponent().big_endian_without_leading_zero().to_vec(),
        }
    }

    /// The signing input and the signature.
    pub(crate) fn parts(&self) -> (&str, Vec<u8>) {
        let (input, signature) = self.token.rsplit_once('.').unwrap();
        (input, URL_SAFE_NO_PAD.decode(signature).unwrap())
    }

    pub(crate) fn key_set(&self) -> String {
        let [n, e] = [&self.modulus, &self.exponent].map(|number| URL_SAFE_NO_PAD.encode(number));
        format!(
            r#"{{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{KEY_ID}","n":"{n}","e":"{e}"}}]}}"#
        )
    }

    pub(crate) fn discovery(&self) -> String {
        format!(
            r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}authorize",
            "token_endpoint":"{ISSUER}oauth/token","jwks_uri":"{ISSUER}.well-known/jwks.json"}}"#
        )
    }
}
