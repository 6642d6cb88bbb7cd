//! What rules and matchers cost: DESIGN §6, beside the `regex` crate with the same patterns.
//!
//! `cargo bench -p portcullis-benches --bench rewrite`. For orientation, `node bench.mjs` in
//! `tests/interop` times path-to-regexp with the same patterns.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../../core/src/test_support/entropy.rs"]
mod entropy;

use core::hint::black_box;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use entropy::Counting;
use portcullis_core::{
    crypto::RUSTCRYPTO,
    flow::{Context, Step},
    gate::{Decision, Gate},
    http::RequestHead,
    issuer::IssuerSnapshot,
    oidc::ClientConfig,
    path::CanonicalPath,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites, RouteRequest, Served, Target},
    secret::Secret,
    session::{RevocationList, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use regex::Regex;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

const NO_HEADERS: [(&str, &str); 0] = [];

/// What the `regex` crate and path-to-regexp are asked too.
#[derive(Deserialize)]
struct Question {
    name: String,
    source: String,
    /// The same for the `regex` crate, where it has the means.
    regex: Option<String>,
    path: Path,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Path {
    Text(String),
    Repeated { repeat: String, times: usize },
}

impl Path {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Repeated { repeat, times } => repeat.repeat(*times),
        }
    }
}

/// One pattern, one path: what its parameters take.
fn one_match(c: &mut Criterion) {
    let cases: Vec<Question> = serde_json::from_str(include_str!("patterns.json")).unwrap();
    let mut group = c.benchmark_group("one match");
    for Question { name, source, regex, path } in cases {
        let path = path.text();
        let pattern = Pattern::new(&source, Case::Insensitive).unwrap();
        group.bench_function(format!("{name}, portcullis"), |b| {
            b.iter(|| pattern.captures(black_box(&path)).map(|found| found.iter().count()));
        });
        group.bench_function(format!("{name}, portcullis, yes or no"), |b| {
            b.iter(|| pattern.is_match(black_box(&path)));
        });
        let Some(regex) = regex else { continue };
        let regex = Regex::new(&regex).unwrap();
        assert_eq!(regex.is_match(&path), pattern.is_match(&path), "{name}");
        group.bench_function(format!("{name}, regex"), |b| {
            b.iter(|| regex.captures(black_box(&path)).map(|found| found.iter().count()));
        });
        group.bench_function(format!("{name}, regex, yes or no"), |b| {
            b.iter(|| regex.is_match(black_box(&path)));
        });
    }
    group.finish();
}

/// Rules as applications have them, and the regular expressions of their sources.
fn rules(count: usize) -> Vec<(RewriteRule, String)> {
    let rule = |number: usize| match number % 4 {
        0 => (
            format!("/api/v1/resource-{number}/:id"),
            format!("https://api.internal/api/resource-{number}/:id"),
            format!("(?i)^/api/v1/resource-{number}/([^/]+?)/?$"),
        ),
        1 => (
            format!("/docs-{number}/:path*"),
            format!("https://docs.internal/{number}/:path*"),
            format!("(?i)^/docs-{number}(?:/((?:[^/]+?)(?:/(?:[^/]+?))*))?/?$"),
        ),
        2 => (
            format!("/old/page-{number}"),
            format!("/new/page-{number}"),
            format!("(?i)^/old/page-{number}/?$"),
        ),
        _ => (
            format!("/:language/shop-{number}/:item"),
            format!("https://shop.internal/:language/{number}/:item"),
            format!("(?i)^/([^/]+?)/shop-{number}/([^/]+?)/?$"),
        ),
    };
    (0..count)
        .map(|number| {
            let (source, destination, regex) = rule(number);
            (RewriteRule::new(source, destination), regex)
        })
        .collect()
}

/// Paths that the last rules match, and one that none does.
fn paths(count: usize) -> [(&'static str, String); 3] {
    let last = |kind: usize| (0..count).rev().find(|number| number % 4 == kind).unwrap_or(0);
    [
        ("a fixed segment", format!("/api/v1/resource-{}/4711", last(0))),
        ("any segment first", format!("/de/shop-{}/4711", last(3))),
        ("no rule", "/somewhere/else/altogether".to_owned()),
    ]
}

fn rule_lists(c: &mut Criterion) {
    let mut group = c.benchmark_group("rules");
    for count in [4, 100, 1000, 10_000] {
        let (written, sources): (Vec<_>, Vec<_>) = rules(count).into_iter().unzip();
        let rewrites = Rewrites::builder().after_files(written).build().unwrap();
        let sources: Vec<_> =
            sources.iter().map(|source| Regex::new(source)).collect::<Result<_, _>>().unwrap();
        for (name, path) in paths(count) {
            let path = CanonicalPath::parse(&path).unwrap();
            let request = RouteRequest { path: &path, query: None, headers: &NO_HEADERS };
            let nothing = |_: &str| Served::Nothing;
            let routed = rewrites.route(&request, &nothing).unwrap();
            let matches = |regex: &Regex| regex.is_match(path.as_str());
            assert_eq!(routed.rule.is_some(), sources.iter().any(matches));
            group.bench_function(BenchmarkId::new(format!("{name}, portcullis"), count), |b| {
                b.iter(|| rewrites.route(black_box(&request), &nothing).unwrap());
            });
            if count > 1000 {
                continue;
            }
            group.bench_function(BenchmarkId::new(format!("{name}, regex"), count), |b| {
                b.iter(|| {
                    sources.iter().find_map(|regex| regex.captures(black_box(path.as_str())))
                });
            });
        }
    }
    group.finish();
}

/// Patterns that take a backtracking engine exponential or cubic time.
fn pathological(c: &mut Criterion) {
    let mut group = c.benchmark_group("pathological");
    for (name, source, regex, unit) in [
        ("nested repeats", "/:a((?:x+)+)y", Some("(?i)^/((?:x+)+)y/?$"), "x"),
        ("dashes", "/:a-:b-:c-:d-:e/z", None, "-x"),
        (
            "repeats of segments",
            "/:p*/:q*/:r*/z",
            Some(
                "(?i)^(?:/((?:[^/]+?)(?:/(?:[^/]+?))*))?(?:/((?:[^/]+?)(?:/(?:[^/]+?))*))?\
                 (?:/((?:[^/]+?)(?:/(?:[^/]+?))*))?/z/?$",
            ),
            "x/",
        ),
        ("look-aheads", "/((?!.*(?:x+)+y).*)z", None, "x"),
    ] {
        let pattern = Pattern::new(source, Case::Insensitive).unwrap();
        for length in [500, 4000] {
            let path = format!("/{}x", unit.repeat(length / unit.len()));
            assert!(!pattern.is_match(&path));
            group.throughput(Throughput::Bytes(path.len() as u64));
            group.bench_function(BenchmarkId::new(format!("{name}, portcullis"), length), |b| {
                b.iter(|| pattern.captures(black_box(&path)).is_some());
            });
            let Some(regex) = regex else { continue };
            let regex = Regex::new(regex).unwrap();
            assert!(!regex.is_match(&path));
            group.bench_function(BenchmarkId::new(format!("{name}, regex"), length), |b| {
                b.iter(|| regex.captures(black_box(&path)).is_some());
            });
        }
    }
    group.finish();
}

/// A whole decision about a request that nobody has to be signed in for.
fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("decide an anonymous, unguarded request");
    let segments = ["/private/:path*", "/account/:path*"].as_slice();
    let exclusion = ["/((?!api|docs|old|_next/static|_next/image|favicon.ico).*)"].as_slice();
    for (matcher, sources) in [("fixed segments", segments), ("everything but", exclusion)] {
        for count in [100, 1000] {
            let client =
                ClientConfig::new("client", Secret::new("secret"), "https://app.example").unwrap();
            let secrets =
                SecretRing::new(["9f2c4b7e1a6d8035c4e7f1b92a5d6380"], RUSTCRYPTO).unwrap();
            let rules = rules(count).into_iter().map(|(rule, _)| rule);
            let gate = Gate::builder(client, secrets, RUSTCRYPTO)
                .rewrites(Rewrites::builder().after_files(rules).build().unwrap())
                .protect(Matcher::new(sources.iter().copied()).unwrap())
                .build()
                .unwrap();
            let target = &paths(count)[0].1;
            let headers = [
                ("host", "app.example"),
                ("accept", "application/json"),
                ("accept-encoding", "gzip, br"),
                ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"),
            ];
            let head = RequestHead {
                method: "GET",
                target,
                headers: &headers,
                peer: Some([192, 0, 2, 7].into()),
                secure: true,
            };
            let path = CanonicalPath::parse(target).unwrap();
            let request = RouteRequest { path: &path, query: None, headers: &headers };
            let name = |what| BenchmarkId::new(format!("{matcher}, {what}"), count);
            group.bench_function(name("rules and matcher"), |b| {
                b.iter(|| {
                    let decided = gate.router().route(black_box(&request)).unwrap();
                    assert!(decided.covered.is_none());
                    assert!(matches!(decided.routed.target, Target::External(_)));
                    decided
                });
            });
            let issuers = Arc::new(IssuerSnapshot::default());
            let revocations = RevocationList::default();
            let now = Now {
                unix: UnixSeconds(1_800_000_000),
                monotonic: Monotonic::from_start(Duration::from_secs(1)),
            };
            group.bench_function(name("whole gate"), |b| {
                b.iter(|| {
                    let mut context = Context {
                        now,
                        entropy: &mut Counting::default(),
                        issuers: &issuers,
                        revocations: &revocations,
                    };
                    let Step::Done(Decision::Forward(forward)) =
                        gate.begin(black_box(&head), &mut context)
                    else {
                        panic!("forwarded")
                    };
                    forward
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(50);
    targets = one_match, rule_lists, pathological, decisions
}
criterion_main!(benches);
