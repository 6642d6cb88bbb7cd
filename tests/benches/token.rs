//! What a token costs: DESIGN §6, both sides of each ratio in one run.
//!
//! `cargo bench -p portcullis-benches --bench token`. The rows against jsonwebtoken's pure Rust
//! backend are a package of their own, `tests/rust-crypto-bench`: the two backends cannot be built
//! into one program.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../../core/src/test_support/entropy.rs"]
mod entropy;

#[path = "support/claims.rs"]
mod claims;
#[path = "support/minted.rs"]
mod minted;
#[path = "support/verification.rs"]
mod verification;

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};
use core::{hint::black_box, time::Duration};
use criterion::{Criterion, criterion_group, criterion_main};
use entropy::Counting;
use minted::{AUDIENCE, ISSUER, Minted, NOW};
use portcullis_core::{
    crypto::{CryptoProvider, RUSTCRYPTO, SignatureAlgorithm},
    flow::{Context, Step},
    guard::{Guard, Verdict},
    http::{Inbound, RequestHead},
    issuer::{
        Document, IssuerConfig, IssuerIndex, IssuerMachine, IssuerSnapshot, Issuers as _, Need,
    },
    jwt::{KeyId, TokenCache, TokenCacheLimits, TokenPolicy},
    key_set::KeyLookup,
    session::RevocationList,
    time::{Monotonic, Now, UnixSeconds},
};
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    crypto::AWS_LC,
    issuers::SharedIssuers,
    runtime::TokioRuntime,
    tls,
};
use std::{sync::Arc, thread};

fn at(seconds: u64) -> Now {
    Now {
        unix: UnixSeconds(NOW + seconds),
        monotonic: Monotonic::from_start(Duration::from_secs(1000 + seconds)),
    }
}

fn policy() -> TokenPolicy {
    TokenPolicy::access_token([AUDIENCE]).unwrap()
}

fn ready_machine(minted: &Minted, crypto: CryptoProvider) -> IssuerMachine {
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), crypto);
    for _ in 0..2 {
        let need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };
        let _ = machine.demand(&need, at(0));
        let flight = machine.poll_flight(at(0)).unwrap();
        let body = match flight.document {
            Document::Discovery => minted.discovery(),
            Document::KeySet => minted.key_set(),
        };
        let answer = Inbound { status: 200, headers: vec![], body: body.into_bytes() };
        let _ = machine.on_answer(flight.id, Ok(answer), at(0), &mut Counting::default());
    }
    machine
}

fn verify(c: &mut Criterion) {
    let minted = Minted::new();
    let mut group = c.benchmark_group("verify RS256-2048");

    let key = PublicKeyComponents { n: &*minted.modulus, e: &*minted.exponent };
    let key: ParsedPublicKey = key.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).unwrap();
    let (input, signature) = minted.parts();
    group.bench_function("bare aws-lc-rs verify_sig", |b| {
        b.iter(|| key.verify_sig(black_box(input.as_bytes()), black_box(&signature)).unwrap());
    });

    verification::ours(&mut group, &minted, "aws-lc-rs", &AWS_LC);
    verification::ours(&mut group, &minted, "RustCrypto", &RUSTCRYPTO);
    group.bench_function("portcullis: everything but the signature", |b| {
        let policy = policy();
        b.iter(|| {
            let token = policy.read(black_box(&minted.token), at(0).unix).unwrap();
            token.from_issuer(ISSUER).unwrap()
        });
    });

    verification::jsonwebtoken(&mut group, &minted, "aws_lc_rs");
    group.finish();
}

fn cache(c: &mut Criterion) {
    let minted = Minted::new();
    let snapshot = ready_machine(&minted, AWS_LC).snapshot();
    let guard = Guard::new(policy());
    let memory = guard.memory(AWS_LC);
    let field = format!("Bearer {}", minted.token);
    let fields = [("authorization", field.as_str())];
    let head =
        RequestHead { method: "GET", target: "/", headers: &fields, peer: None, secure: false };
    let mut cache = TokenCache::new(TokenCacheLimits::default());
    let mut entropy = Counting::default();
    let revocations = RevocationList::default();
    let mut context = Context {
        now: at(0),
        entropy: &mut entropy,
        issuers: &snapshot,
        revocations: &revocations,
    };
    let Step::Done(Verdict::Allowed(token)) = guard.begin(&head, &mut context) else {
        panic!("allowed")
    };
    // A full cache, so that the look-up has something to look through.
    for other in 0..9_999 {
        let field = format!("Bearer {other}");
        let fields = [("authorization", field.as_str())];
        let head = RequestHead { headers: &fields, ..head };
        let (fingerprint, length) = memory.fingerprint(&head).unwrap();
        cache.insert(fingerprint, &token, length, at(0).monotonic);
    }
    let (fingerprint, length) = memory.fingerprint(&head).unwrap();
    cache.insert(fingerprint, &token, length, at(0).monotonic);

    let mut group = c.benchmark_group("guard a request");
    group.bench_function("verified", |b| {
        b.iter(|| {
            let Step::Done(Verdict::Allowed(token)) = guard.begin(black_box(&head), &mut context)
            else {
                panic!("allowed")
            };
            token
        });
    });
    for (name, crypto) in [("aws-lc-rs", AWS_LC), ("RustCrypto", RUSTCRYPTO)] {
        let memory = guard.memory(crypto);
        let (fingerprint, length) = memory.fingerprint(&head).unwrap();
        cache.insert(fingerprint, &token, length, at(0).monotonic);
        group.bench_function(format!("seen before, {name}"), |b| {
            b.iter(|| {
                let (fingerprint, _) = memory.fingerprint(black_box(&head)).unwrap();
                memory.recall(&cache, &fingerprint, &head, &context).unwrap()
            });
        });
    }
    group.finish();
}

/// One reader alone, and one beside another that does the same.
fn key_set_read(c: &mut Criterion) {
    let minted = Minted::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _guard = runtime.enter();
    let client =
        Client::new(TokioRuntime::new(), tls::client_config(None).unwrap(), PoolLimits::default());
    let issuers = SharedIssuers::new([ready_machine(&minted, AWS_LC)], Fetcher::new(client));
    let id = KeyId::new(minted::KEY_ID);
    let read = |issuers: &SharedIssuers<TokioRuntime>| {
        let snapshot: Arc<IssuerSnapshot> = issuers.snapshot(IssuerIndex(0)).unwrap();
        let key = snapshot.key(SignatureAlgorithm::Rs256, id.as_ref(), at(0).monotonic);
        assert!(matches!(black_box(key), Some(KeyLookup::Found(_))));
    };
    let mut group = c.benchmark_group("read a key");
    group.bench_function("1 thread", |b| b.iter(|| read(&issuers)));
    group.bench_function("2 threads", |b| {
        b.iter_custom(|iterations| {
            let start = std::time::Instant::now();
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| (0..iterations).for_each(|_| read(&issuers)));
                }
            });
            start.elapsed()
        });
    });
    group.finish();
}

/// J06: tokens with made-up key ids, 10 000 in each second. The fetches are counted.
fn flood(c: &mut Criterion) {
    let minted = Minted::new();
    let mut machine = ready_machine(&minted, AWS_LC);
    let (mut lookups, mut fetches) = (0_u64, 0_u64);
    let mut lookup = |elapsed: Duration| {
        let now = Now {
            unix: UnixSeconds(NOW),
            monotonic: Monotonic::from_start(Duration::from_secs(1000) + elapsed),
        };
        let id = KeyId::new(&format!("made-up-{lookups}"));
        lookups += 1;
        let need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id };
        let _ = black_box(machine.demand(&need, now));
        while let Some(flight) = machine.poll_flight(now) {
            fetches += 1;
            let body = match flight.document {
                Document::Discovery => minted.discovery(),
                Document::KeySet => minted.key_set(),
            };
            let answer = Inbound { status: 200, headers: vec![], body: body.into_bytes() };
            let _ = machine.on_answer(flight.id, Ok(answer), now, &mut Counting::default());
        }
        (lookups, fetches)
    };
    let mut counted = (0, 0);
    for step in 0..3_000_000 {
        counted = lookup(Duration::from_micros(step * 100));
    }
    let (unknown, fetched) = counted;
    println!("flood: {unknown} unknown keys in 300 s, {fetched} fetches");
    c.bench_function("flood: one unknown key", |b| {
        b.iter(|| lookup(Duration::from_secs(300)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = verify, cache, key_set_read, flood
}
criterion_main!(benches);
