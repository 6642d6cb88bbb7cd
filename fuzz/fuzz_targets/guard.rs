//! The guard with any credentials. The input's lines are the header and the claims of a token,
//! then the head of the request, where `$TOKEN` stands for the signed token.

#![no_main]

use fuzz_support::{API_AUDIENCE, Counting, Head, ISSUER, NOW, context, known_issuer, lines, sign};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    flow::Step,
    guard::{Guard, GuardFlow, Verdict},
    issuer::{Availability, IssuerSnapshot},
    jwt::TokenPolicy,
};
use std::sync::{Arc, LazyLock};

static GUARD: LazyLock<Guard> =
    LazyLock::new(|| Guard::new(TokenPolicy::access_token([API_AUDIENCE]).expect("a good policy")));

fuzz_target!(|data: &[u8]| {
    let Some([header, claims, head]) = lines::<3>(data) else { return };
    let token = sign(header.as_bytes(), claims.as_bytes());
    let Some(head) = Head::parse(head.as_bytes(), &[("$TOKEN", &token)]) else { return };

    if let Verdict::Allowed(token) = decide(&head, known_issuer()) {
        let claims: serde_json::Value =
            serde_json::from_str(&token.claims().to_json()).expect("claims are JSON");
        assert_eq!(claims["iss"], ISSUER);
        assert!(claims["aud"] == API_AUDIENCE || claims["aud"].is_array());
        assert!(token.expires_at().0 + 30 > NOW);
        assert!(claims.get("nonce").is_none());
    }
    // What is not known of the issuer lets nobody through.
    let unknown = Arc::new(IssuerSnapshot::default());
    assert!(matches!(decide(&head, &unknown), Verdict::Refused(_)));
});

fn decide(head: &Head, issuer: &Arc<IssuerSnapshot>) -> Verdict {
    let mut entropy = Counting::default();
    let mut context = context(&mut entropy, issuer);
    let step: Step<GuardFlow> = GUARD.begin(&head.view(), &mut context);
    let step = match step {
        Step::Await(waiting) => waiting.resume(Availability::Missing, &mut context),
        step => step,
    };
    let Step::Done(verdict) = step else { panic!("a guard waits once: {step:?}") };
    if let Verdict::Refused(refusal) = &verdict {
        let response = &refusal.response;
        let status = refusal.reason.status();
        assert_eq!(response.status, status);
        assert_eq!(
            response.headers.get("www-authenticate").is_some(),
            !matches!(status, 414 | 503)
        );
        serde_json::from_str::<serde_json::Value>(&response.body).expect("the body is JSON");
    }
    verdict
}
