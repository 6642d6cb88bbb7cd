//! Client assertions (RFC 7523 §3): each is for this provider, short-lived, and works once.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::expiring::ExpiringMap;
use portcullis_core::crypto::SignatureAlgorithm;

/// The one kind of assertion (RFC 7523 §2.2).
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Assertions that were used, by their ids.
pub(super) struct Assertions(ExpiringMap<()>);

impl Assertions {
    /// Notes an assertion; whether it was not used before.
    pub(super) fn take(&mut self, id: String, now: u64) -> bool {
        let is_new = self.0.get(&id, now).is_none();
        self.0.insert(id, (), now);
        is_new
    }
}

impl Default for Assertions {
    fn default() -> Self {
        Self(ExpiringMap::new(MAXIMUM, LONGEST_LIFE))
    }
}

#[derive(Deserialize)]
struct Claims {
    exp: u64,
    iat: u64,
    jti: String,
    sub: String,
}

/// The id of an assertion that `client_id` signed for `issuer` with the private half of `key`.
pub(super) fn verify(
    token: &str,
    algorithm: SignatureAlgorithm,
    key: &[u8],
    client_id: &str,
    issuer: &str,
    now: u64,
) -> Option<String> {
    let (algorithm, key) = match algorithm {
        SignatureAlgorithm::EdDsa => (Algorithm::EdDSA, DecodingKey::from_ed_der(key)),
        SignatureAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_der(key)),
        SignatureAlgorithm::Ps256 => (Algorithm::PS256, DecodingKey::from_rsa_der(key)),
        SignatureAlgorithm::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_der(key)),
        SignatureAlgorithm::Rs384 => (Algorithm::RS384, DecodingKey::from_rsa_der(key)),
        SignatureAlgorithm::Rs512 => (Algorithm::RS512, DecodingKey::from_rsa_der(key)),
        _ => return None,
    };
    let mut validation = Validation::new(algorithm);
    // The library reads a clock of its own.
    validation.validate_exp = false;
    validation.set_issuer(&[client_id]);
    validation.set_audience(&[issuer]);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    let token = decode::<Claims>(token, &key, &validation).ok()?;
    let Claims { exp, iat, jti, sub } = token.claims;
    let is_current = now < exp && iat <= now.saturating_add(SKEW);
    let is_short_lived = exp <= now.saturating_add(LONGEST_LIFE);
    (is_current && is_short_lived && sub == client_id && !jti.is_empty()).then_some(jti)
}

/// How long an assertion may still be good, in seconds.
const LONGEST_LIFE: u64 = 300;
/// How far the client's clock may be ahead, in seconds.
const SKEW: u64 = 60;
const MAXIMUM: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity_provider::test_support::*;
    use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use jsonwebtoken::{EncodingKey, Header, encode};
    use portcullis_core::crypto::SigningKey as _;
    use portcullis_hyper::signing::PrivateKey;
    use serde_json::{Value, json};

    const NOW: u64 = 1_900_000_000;
    const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;

    struct Pair {
        public: Vec<u8>,
        private: EncodingKey,
    }

    fn pair() -> Pair {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let private = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
        Pair { public: pair.public_key().as_ref().to_vec(), private }
    }

    /// A good assertion with one claim replaced, or left out where it is replaced by nothing.
    fn assertion(pair: &Pair, name: &str, value: Value) -> String {
        let mut claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER,
            "jti": "one", "iat": NOW, "exp": NOW + 60,
        });
        let members = claims.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.to_owned(), value);
        }
        encode(&Header::new(Algorithm::ES256), &claims, &pair.private).unwrap()
    }

    #[test]
    fn an_assertion_is_for_this_provider_short_lived_and_of_the_client() {
        let (own, other) = (pair(), pair());
        let check = |token: &str| verify(token, ES256, &own.public, CLIENT_ID, ISSUER, NOW);
        let good = assertion(&own, "x", json!(1));
        assert_eq!(check(&good).as_deref(), Some("one"));
        assert_eq!(check(&assertion(&other, "x", json!(1))), None, "another key");
        assert_eq!(check(&good[..good.len() - 1]), None);
        for (name, value) in [
            ("iss", json!("other")),
            ("sub", json!("other")),
            ("aud", json!("http://localhost:4000/oauth/token")),
            ("exp", json!(NOW)),
            ("exp", json!(NOW + 301)),
            ("iat", json!(NOW + 61)),
            ("jti", json!("")),
        ] {
            assert_eq!(check(&assertion(&own, name, value)), None, "{name}");
        }
        for name in ["iss", "sub", "aud", "exp", "iat", "jti"] {
            assert_eq!(check(&assertion(&own, name, Value::Null)), None, "{name}");
        }
    }

    #[test]
    fn an_assertion_is_signed_with_the_algorithm_that_is_registered() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let der = STANDARD.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
        // The key as a client has it.
        let key = PrivateKey::from_pem(pem, SignatureAlgorithm::Rs256).unwrap();
        let header = json!({"alg": "RS256"});
        let claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER,
            "jti": "one", "iat": NOW, "exp": NOW + 60,
        });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).unwrap());
        let token = format!("{signed}.{signature}");
        for (algorithm, id) in [
            (SignatureAlgorithm::Rs256, Some("one")),
            (SignatureAlgorithm::Ps256, None),
            (SignatureAlgorithm::Rs512, None),
            (SignatureAlgorithm::Es256, None),
        ] {
            let found = verify(&token, algorithm, key.public_key(), CLIENT_ID, ISSUER, NOW);
            assert_eq!(found.as_deref(), id, "{algorithm}");
        }
    }

    #[test]
    fn an_assertion_works_once() {
        let mut assertions = Assertions::default();
        assert!(assertions.take("one".to_owned(), NOW));
        assert!(!assertions.take("one".to_owned(), NOW + 299));
        assert!(assertions.take("two".to_owned(), NOW));
    }
}
