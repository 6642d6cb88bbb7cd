//! What a decision allocates, counted.

use allocation_counter::{AllocationInfo, measure};
use core::time::Duration;
use portcullis_core::{
    crypto::RUSTCRYPTO,
    entropy::{Entropy, EntropyError},
    flow::{Context, Step},
    gate::{Decision, Gate},
    http::RequestHead,
    issuer::IssuerSnapshot,
    oidc::ClientConfig,
    path::RequestTarget,
    rewrite::{Matcher, RewriteRule, Rewrites, RouteRequest, Target},
    secret::Secret,
    session::{RevocationList, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use std::sync::Arc;

const FIELDS: [(&str, &str); 3] =
    [("host", "app.example"), ("accept", "application/json"), ("user-agent", "test")];

/// A gate with a hundred rules.
fn gate(matcher: &str) -> Gate {
    let rule = |number: usize| match number % 4 {
        0 => {
            RewriteRule::new(format!("/v{number}/:id"), format!("https://a.test/open/{number}/:id"))
        }
        1 => RewriteRule::new(format!("/d{number}/:rest*"), "https://b.test/open/:rest*"),
        2 => RewriteRule::new(format!("/old/{number}"), format!("/new/{number}")),
        _ => RewriteRule::new(format!("/:any/s{number}"), "https://c.test/open/:any"),
    };
    let client = ClientConfig::new("client", Secret::new("secret"), "https://app.example").unwrap();
    let secrets = SecretRing::new(["9f2c4b7e1a6d8035c4e7f1b92a5d6380"], RUSTCRYPTO).unwrap();
    Gate::builder(client, secrets, RUSTCRYPTO)
        .rewrites(Rewrites::builder().after_files((0..100).map(rule)).build().unwrap())
        .protect(Matcher::new([matcher, "/account/:path*"]).unwrap())
        .build()
        .unwrap()
}

/// What routing allocates for `target`, which must need no session.
fn routing(gate: &Gate, target: &str) -> AllocationInfo {
    measure(|| {
        let target = RequestTarget::parse(target).unwrap();
        let request = RouteRequest { path: &target.path, query: target.query, headers: &FIELDS };
        let decided = gate.router().route(&request).unwrap();
        assert_eq!(decided.covered, None);
        assert!(!matches!(decided.routed.target, Target::Local(_)));
    })
}

#[test]
fn routing_an_unguarded_request_allocates_nothing_but_the_outgoing_path() {
    let gate = gate("/private/:path*");
    for (target, expected) in [
        ("/v96/4711?a=1&b=%20", 1),
        ("/d97/some/path/of/a/few/segments", 1),
        ("/de/s99", 1),
        ("/somewhere/else", 0),
        ("/", 0),
    ] {
        assert_eq!(routing(&gate, target).count_total, expected, "{target}");
    }
}

struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

#[test]
fn a_whole_decision_allocates_the_outgoing_url_and_the_forwarding_fields() {
    let gate = gate("/private/:path*");
    let issuers = Arc::new(IssuerSnapshot::default());
    let revocations = RevocationList::default();
    let now = Now {
        unix: UnixSeconds(1_800_000_000),
        monotonic: Monotonic::from_start(Duration::from_secs(1)),
    };
    let head = RequestHead {
        method: "GET",
        target: "/v96/4711?a=1&b=%20",
        headers: &FIELDS,
        peer: Some([192, 0, 2, 7].into()),
        secure: true,
    };
    let mut forwarded = None;
    let allocated = measure(|| {
        let mut context =
            Context { now, entropy: &mut NoEntropy, issuers: &issuers, revocations: &revocations };
        let Step::Done(Decision::Forward(forward)) = gate.begin(&head, &mut context) else {
            panic!("it is forwarded")
        };
        forwarded = Some(forward);
    });
    let forward = forwarded.unwrap();
    assert_eq!(forward.destination.as_str(), "https://a.test/open/96/4711?a=1&b=%20");
    // The URL, in the room of its path, the list of fields, X-Forwarded-For and X-Forwarded-Host.
    assert!(allocated.count_total <= 4, "{allocated:?}");
}
