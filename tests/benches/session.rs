//! What a session costs: DESIGN §6, both sides of each ratio in one run.
//!
//! `cargo bench -p portcullis-benches --bench session`.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../../core/src/test_support/entropy.rs"]
mod entropy;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use core::{hint::black_box, time::Duration};
use criterion::{Criterion, criterion_group, criterion_main};
use entropy::Counting;
use portcullis_core::{
    crypto::{CryptoProvider, RUSTCRYPTO},
    entropy::Entropy as _,
    flow::{Context, Step},
    gate::{Decision, Gate},
    http::{Cookies, HeaderView, Headers, RequestHead},
    issuer::{IssuerConfig, IssuerMachine},
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{HeldCookies, Purpose, RevocationList, SealedCookie, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use portcullis_hyper::crypto::AWS_LC;

const NOW: u64 = 1_800_000_000;
const ISSUER: &str = "https://op.example";
const CLIENT_ID: &str = "client";
const SECRET: &str = "3b0c1f0d9e5a4c7f8b26d1e0a9f4c35d7e61b2f08a4d9c3e5f70b18d2a6c4e9f";
const COOKIE: SealedCookie<'_> =
    SealedCookie { name: "__Host-portcullis", purpose: Purpose::Session, secure: true };
/// What an envelope adds to the content, in bytes.
const ENVELOPE: usize = 38;

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    Counting::default().fill(&mut bytes).unwrap();
    bytes
}

fn ring(crypto: CryptoProvider) -> SecretRing {
    SecretRing::new([SECRET], crypto).unwrap()
}

/// The `Cookie` field that holds `content`.
fn sealed(content: &[u8], ring: &SecretRing) -> String {
    let mut headers = Headers::new();
    let held = HeldCookies::default();
    COOKIE.write(content, 3600, held, ring, &mut Counting::default(), &mut headers).unwrap();
    headers.get("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn cookies(c: &mut Criterion) {
    for (name, length) in [("1 kB", 1000), ("3 kB", 3000)] {
        let mut group = c.benchmark_group(format!("a session cookie of {name}"));
        let content = random(length * 3 / 4 - ENVELOPE);

        // The same bytes: text, then ciphertext and tag behind the 22 bytes of the envelope.
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
        let nonce = || Nonce::assume_unique_for_key([9; 12]);
        let mut envelope = content.clone();
        key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut envelope).unwrap();
        let text = URL_SAFE_NO_PAD.encode([&[0; 22], envelope.as_slice()].concat());
        assert_eq!(text.len(), length);
        group.bench_function("bare AES-256-GCM open and base64 decode", |b| {
            b.iter(|| {
                let mut bytes = URL_SAFE_NO_PAD.decode(black_box(&text)).unwrap();
                key.open_within(nonce(), Aad::empty(), &mut bytes, 22..).unwrap().len()
            });
        });
        group.bench_function("bare base64 encode and AES-256-GCM seal", |b| {
            b.iter(|| {
                let mut bytes = black_box(&content).clone();
                key.seal_in_place_append_tag(nonce(), Aad::empty(), &mut bytes).unwrap();
                URL_SAFE_NO_PAD.encode(&bytes)
            });
        });

        for (provider, crypto) in [("aws-lc-rs", AWS_LC), ("RustCrypto", RUSTCRYPTO)] {
            let ring = ring(crypto);
            let fields = [("cookie", sealed(&content, &ring))];
            group.bench_function(format!("portcullis, {provider}: open"), |b| {
                b.iter(|| COOKIE.read(Cookies::of(black_box(&fields)), &ring));
            });
            let mut entropy = Counting::default();
            group.bench_function(format!("portcullis, {provider}: seal"), |b| {
                b.iter(|| {
                    let mut headers = Headers::new();
                    let held = HeldCookies::default();
                    COOKIE
                        .write(black_box(&content), 60, held, &ring, &mut entropy, &mut headers)
                        .unwrap();
                    headers
                });
            });
        }
        group.finish();
    }
}

/// A gate with a hundred rules before the one of the API.
fn gate() -> Gate {
    let client =
        ClientConfig::new(CLIENT_ID, Secret::new("secret"), "https://app.example").unwrap();
    let rules = (0..99)
        .map(|at| {
            RewriteRule::new(
                format!("/service-{at}/:path*"),
                format!("http://10.0.0.{at}:8080/v1/:path*"),
            )
        })
        .chain([RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*")]);
    Gate::builder(client, ring(AWS_LC), AWS_LC)
        .rewrites(Rewrites::builder().after_files(rules).build().unwrap())
        .protect(Matcher::new(["/private/:path*", "/api/:path*"]).unwrap())
        .api([Pattern::new("/api/:path*", Case::default()).unwrap()])
        .build()
        .unwrap()
}

/// The content of a session with an access token of `length` characters.
fn session(length: usize) -> Vec<u8> {
    let mut content = vec![3];
    for moment in [NOW - 60, NOW - 60, NOW - 60, NOW + 3600] {
        content.extend(moment.to_be_bytes());
    }
    content.extend(*b"a session number");
    content.extend(0_u32.to_be_bytes());
    let claims = r#"{"email":"una@example.com","email_verified":true,"name":"Una Example",
        "nickname":"una","picture":"https://cdn.example/una.png","sub":"auth0|64f0c1a2b3d4"}"#;
    let parts = [60, length * 3 / 4 - 60 - 256, 256].map(random);
    let mut token = vec![3];
    for part in &parts {
        token.extend(leb128(part.len()));
        token.extend(part);
    }
    let issuer = ISSUER.as_bytes();
    for (tag, field) in [(1, claims.as_bytes()), (2, token.as_slice()), (6, issuer)] {
        content.push(tag);
        content.extend(leb128(field.len()));
        content.extend(field);
    }
    content
}

/// The shortest form, of up to 14 bits.
fn leb128(length: usize) -> Vec<u8> {
    match length {
        0..=0x7f => vec![length as u8],
        _ => vec![(length & 0x7f) as u8 | 0x80, (length >> 7) as u8],
    }
}

fn head<'h>(target: &'h str, headers: &'h dyn HeaderView) -> RequestHead<'h> {
    let peer = Some([192, 0, 2, 7].into());
    RequestHead { method: "GET", target, headers, peer, secure: true }
}

fn decisions(c: &mut Criterion) {
    let gate = gate();
    let issuer = IssuerConfig::new(ISSUER).unwrap();
    let issuer = IssuerMachine::new(issuer, AWS_LC).snapshot();
    let mut entropy = Counting::default();
    let now =
        Now { unix: UnixSeconds(NOW), monotonic: Monotonic::from_start(Duration::from_secs(1000)) };
    let revocations = RevocationList::default();
    let (entropy, issuers) = (&mut entropy, &issuer);
    let mut context = Context { now, entropy, issuers, revocations: &revocations };
    let usual = [
        ("host", "app.example"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
    ];
    let mut group = c.benchmark_group("decide a request, 100 rules");
    let anonymous = head("/assets/logo.svg?v=3", &usual);
    assert!(matches!(gate.begin(&anonymous, &mut context), Step::Done(Decision::Serve(_))));
    group.bench_function("anonymous, unguarded", |b| {
        b.iter(|| gate.begin(black_box(&anonymous), &mut context));
    });
    let refused = head("/api/things?page=2", &usual);
    assert!(matches!(gate.begin(&refused, &mut context), Step::Done(Decision::Respond(_))));
    group.bench_function("guarded, without a session", |b| {
        b.iter(|| gate.begin(black_box(&refused), &mut context));
    });
    for (name, length) in [("1 kB", 700), ("3 kB", 2600)] {
        let cookie = sealed(&session(length), &ring(AWS_LC).for_client(CLIENT_ID));
        let headers: Vec<(&str, &str)> =
            usual.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        let guarded = head("/api/things?page=2", &headers);
        assert!(matches!(gate.begin(&guarded, &mut context), Step::Done(Decision::Forward(_))));
        println!("the cookie of {name} has {} bytes", cookie.len());
        group.bench_function(format!("guarded, with a session of {name}"), |b| {
            b.iter(|| gate.begin(black_box(&guarded), &mut context));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = cookies, decisions
}
criterion_main!(benches);
