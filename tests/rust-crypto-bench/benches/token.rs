//! DESIGN §6: the pure Rust provider beside the pure Rust backend of jsonwebtoken.
//!
//! `cargo bench --manifest-path tests/rust-crypto-bench/Cargo.toml`

#[path = "../../support/minted.rs"]
#[allow(dead_code)]
mod minted;

use core::hint::black_box;
use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use minted::{AUDIENCE, ISSUER, Minted, NOW};
use portcullis_core::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    jwt::TokenPolicy,
    key_set::{KeyLookup, KeySet},
    time::UnixSeconds,
};

fn verification(c: &mut Criterion) {
    let minted = Minted::new();
    let mut group = c.benchmark_group("verify RS256-2048 in pure Rust");

    let keys = minted.key_set();
    let keys = KeySet::parse(keys.as_bytes(), &[SignatureAlgorithm::Rs256], &RUSTCRYPTO).unwrap();
    let policy = TokenPolicy::access_token([AUDIENCE]).unwrap();
    group.bench_function("portcullis, RustCrypto: text to checked claims", |b| {
        b.iter(|| {
            let token = policy.read(black_box(&minted.token), UnixSeconds(NOW)).unwrap();
            let token = token.from_issuer(ISSUER).unwrap();
            let KeyLookup::Found(key) = keys.find(token.algorithm(), token.key_id()) else {
                panic!("a key")
            };
            token.verify(key).unwrap()
        });
    });

    let key = DecodingKey::from_rsa_raw_components(&minted.modulus, &minted.exponent);
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    group.bench_function("jsonwebtoken rust_crypto, into a struct", |b| {
        b.iter(|| decode::<minted::Claims>(black_box(&minted.token), &key, &validation).unwrap());
    });
    group.bench_function("jsonwebtoken rust_crypto, into a map", |b| {
        b.iter(|| {
            decode::<serde_json::Map<String, serde_json::Value>>(
                black_box(&minted.token),
                &key,
                &validation,
            )
            .unwrap()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = verification
}
criterion_main!(benches);
