//! From the text of a token to checked claims, by ours and by jsonwebtoken: what both benches of
//! tokens time.

use crate::{
    claims::Claims,
    minted::{AUDIENCE, ISSUER, Minted, NOW},
};
use core::hint::black_box;
use criterion::{BenchmarkGroup, measurement::WallTime};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use portcullis_core::{
    crypto::{CryptoProvider, SignatureAlgorithm},
    jwt::TokenPolicy,
    key_set::{KeyLookup, KeySet},
    time::UnixSeconds,
};
use serde_json::{Map, Value};

/// Ours, with the provider of this name.
pub(crate) fn ours(
    group: &mut BenchmarkGroup<'_, WallTime>,
    minted: &Minted,
    name: &str,
    crypto: &CryptoProvider,
) {
    let keys = minted.key_set();
    let keys = KeySet::parse(keys.as_bytes(), &[SignatureAlgorithm::Rs256], crypto).unwrap();
    let policy = TokenPolicy::access_token([AUDIENCE]).unwrap();
    group.bench_function(format!("portcullis, {name}: text to checked claims"), |b| {
        b.iter(|| {
            let token = policy.read(black_box(&minted.token), UnixSeconds(NOW)).unwrap();
            let token = token.from_issuer(ISSUER).unwrap();
            let KeyLookup::Found(key) = keys.find(token.algorithm(), token.key_id()) else {
                panic!("a key")
            };
            token.verify(key).unwrap()
        });
    });
}

/// jsonwebtoken, with the backend of this name.
pub(crate) fn jsonwebtoken(
    group: &mut BenchmarkGroup<'_, WallTime>,
    minted: &Minted,
    backend: &str,
) {
    let key = DecodingKey::from_rsa_raw_components(&minted.modulus, &minted.exponent);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    let token = &minted.token;
    group.bench_function(format!("jsonwebtoken {backend}, into a struct"), |b| {
        b.iter(|| decode::<Claims>(black_box(token), &key, &validation).unwrap());
    });
    group.bench_function(format!("jsonwebtoken {backend}, into a map"), |b| {
        b.iter(|| decode::<Map<String, Value>>(black_box(token), &key, &validation).unwrap());
    });
}
