//! The verifier beside jsonwebtoken with its strictest settings: whatever the verifier accepts,
//! jsonwebtoken accepts, and both read the same claims. The input is that of the target `token`.
//!
//! jsonwebtoken reads the clock for itself, so dates are left to the target `token`.

#![no_main]

use fuzz_support::{API_AUDIENCE, ISSUER, NOW, fits, known_issuer, lines, token};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    decode,
    errors::{ErrorKind, Result},
    signature::{Error, Verifier},
};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    jwt::{TokenPolicy, VerifiedToken},
    key_set::KeyLookup,
    time::{Monotonic, UnixSeconds},
};
use std::{sync::LazyLock, time::Duration};

/// The same signatures as those of the verifier's provider.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

struct Insecure;

impl Verifier<Vec<u8>> for Insecure {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> core::result::Result<(), Error> {
        if fits(message, signature) { Ok(()) } else { Err(Error::new()) }
    }
}

impl JwtVerifier for Insecure {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

fn verifier(algorithm: &Algorithm, _: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::RS256 => Ok(Box::new(Insecure)),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::InvalidAlgorithm.into())
}

struct World {
    policy: TokenPolicy,
    key: DecodingKey,
    validation: Validation,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    PROVIDER.install_default().expect("it is the first");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[API_AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_exp = false;
    World {
        policy: TokenPolicy::access_token([API_AUDIENCE]).expect("a good policy"),
        key: DecodingKey::from_rsa_raw_components(&[1], &[1]),
        validation,
    }
});

fuzz_target!(|data: &[u8]| {
    let Some(token) = lines(data).map(token) else { return };
    let Some(ours) = ours(&token) else { return };
    let theirs = decode::<serde_json::Value>(&token, &WORLD.key, &WORLD.validation);
    let theirs = theirs.expect("jsonwebtoken accepts it too").claims;
    assert_eq!(serde_json::to_value(ours.claims()).expect("claims are JSON"), theirs);
});

fn ours(token: &str) -> Option<VerifiedToken> {
    let inspected = WORLD.policy.read(token, UnixSeconds(NOW)).ok()?.from_issuer(ISSUER).ok()?;
    let now = Monotonic::from_start(Duration::from_secs(1000));
    match known_issuer().key(inspected.algorithm(), inspected.key_id(), now)? {
        KeyLookup::Found(key) => inspected.verify(key).ok(),
        KeyLookup::Ambiguous | KeyLookup::Unknown => None,
    }
}
