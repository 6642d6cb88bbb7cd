//! The gate with any request. `$SESSION` in the value of a header field stands for the cookies of
//! somebody who is signed in, `$LOGIN` for those of a login under way.

#![no_main]

use fuzz_support::{
    ACCESS_TOKEN, CLIENT_SECRET, Counting, Head, Login, NOTHING_REVOKED, at, context, gate,
    known_issuer, signed_in,
};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    entropy::{Entropy, EntropyError},
    flow::{Context, Step},
    gate::{Decision, GateFlow},
    http::{BodyError, FetchError, Response},
    issuer::{Availability, IssuerSnapshot},
    session::RevocationOutcome,
};
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

static LOGIN: LazyLock<Login> = LazyLock::new(Login::start);

fuzz_target!(|data: &[u8]| {
    let placeholders = [("$SESSION", signed_in()), ("$LOGIN", LOGIN.cookie.as_str())];
    let Some(head) = Head::parse(data, &placeholders) else { return };
    let brings = |text: &str| data.windows(text.len()).any(|window| window == text.as_bytes());
    if [ACCESS_TOKEN, CLIENT_SECRET].into_iter().any(brings) {
        // A secret that the client sends may come back to it.
        return;
    }
    let may_be_signed_in = brings("$SESSION");

    let mut entropy = Counting::default();
    let step = gate().begin(&head.view(), &mut context(&mut entropy, known_issuer()));
    check(step, may_be_signed_in);

    // Before anything is known of the issuer, and while it cannot be asked.
    let unknown = Arc::new(IssuerSnapshot::default());
    for availability in [
        Availability::Ready,
        Availability::Missing,
        Availability::Unavailable { retry_after: Duration::from_secs(3) },
    ] {
        let mut entropy = Counting::default();
        let mut context = context(&mut entropy, &unknown);
        let step = match gate().begin(&head.view(), &mut context) {
            Step::Await(waiting) => waiting.resume(availability, &mut context),
            step => step,
        };
        check(step, may_be_signed_in);
    }

    // An hour after the access token has expired, and without randomness.
    let mut entropy = Exhausted;
    let now = at(Duration::from_secs(2 * 3600));
    let mut context = Context {
        now,
        entropy: &mut entropy,
        issuers: known_issuer(),
        revocations: &NOTHING_REVOKED,
    };
    let step = gate().begin(&head.view(), &mut context);
    assert!(!matches!(step, Step::Done(Decision::Forward(_))));
});

fn check(step: Step<GateFlow>, may_be_signed_in: bool) {
    match step {
        Step::Done(Decision::Respond(answer)) => check_response(&answer.response),
        Step::Done(Decision::Forward(forward)) => {
            // The one rule that leads out of the application is for guarded paths.
            assert!(may_be_signed_in);
            assert_eq!(forward.destination.authority(), "localhost:5000");
            assert!(forward.destination.path_and_query().starts_with("/api"));
            let credentials: Vec<&str> = forward
                .request
                .added()
                .iter()
                .filter_map(|(name, value)| (name == "authorization").then_some(value))
                .collect();
            assert_eq!(credentials, [format!("Bearer {ACCESS_TOKEN}")]);
            for field in ["authorization", "Cookie", "host", "connection", "x-forwarded-for"] {
                assert!(!forward.request.keeps(field));
            }
        }
        Step::Done(Decision::Serve(serve)) => {
            let path = serve.path.to_ascii_lowercase();
            let segment = path.split('/').nth(1).unwrap_or_default();
            assert!(may_be_signed_in || (segment != "private" && segment != "api"));
            assert!(serve.session.is_none() || may_be_signed_in);
        }
        // A logout.
        Step::Revoke(revoke) => {
            assert!(may_be_signed_in);
            let mut entropy = Counting::default();
            let mut context = context(&mut entropy, known_issuer());
            let step = revoke.resume(RevocationOutcome::Recorded, &mut context);
            check(step, may_be_signed_in);
        }
        // A back-channel logout.
        Step::Read(read) => {
            assert!(read.limits().max_bytes <= 64 * 1024);
            let mut entropy = Counting::default();
            let mut context = context(&mut entropy, known_issuer());
            check(read.resume(Err(BodyError::Timeout), &mut context), may_be_signed_in);
        }
        // A callback that redeems its code.
        Step::Fetch(fetch) => {
            let request = fetch.request();
            assert_eq!(request.url.as_str(), "https://op.example/token");
            let mut entropy = Counting::default();
            let mut context = context(&mut entropy, known_issuer());
            check(fetch.resume(Err(FetchError::Timeout), &mut context), may_be_signed_in);
        }
        step => panic!("{step:?}"),
    }
}

fn check_response(response: &Response) {
    assert!(matches!(
        response.status,
        200 | 204 | 302 | 303 | 400..=405 | 408 | 414 | 415 | 431 | 502 | 503
    ));
    for secret in [ACCESS_TOKEN, CLIENT_SECRET] {
        assert!(!response.body.contains(secret));
        assert!(response.headers.iter().all(|(_, value)| !value.contains(secret)));
    }
    if let Some(location) = response.headers.get("location") {
        let is_local = location.starts_with('/') && !location.starts_with("//");
        assert!(is_local || location.starts_with("https://op.example/"), "{location}");
    }
}

/// A random generator that fails.
struct Exhausted;

impl Entropy for Exhausted {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}
