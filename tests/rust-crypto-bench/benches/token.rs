//! DESIGN §6: the pure Rust provider beside the pure Rust backend of jsonwebtoken.
//!
//! `cargo bench --manifest-path tests/rust-crypto-bench/Cargo.toml`

#[path = "../../benches/support/claims.rs"]
mod claims;
#[path = "../../benches/support/minted.rs"]
#[allow(dead_code)]
mod minted;

#[path = "../../benches/support/verification.rs"]
mod verification;

use criterion::{Criterion, criterion_group, criterion_main};
use minted::Minted;
use portcullis_core::crypto::RUSTCRYPTO;

fn verify(c: &mut Criterion) {
    let minted = Minted::new();
    let mut group = c.benchmark_group("verify RS256-2048 in pure Rust");
    verification::ours(&mut group, &minted, "RustCrypto", &RUSTCRYPTO);
    verification::jsonwebtoken(&mut group, &minted, "rust_crypto");
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = verify
}
criterion_main!(benches);
