//! The same inputs give the same outputs, byte for byte: whatever a run was given, giving it once
//! more gives the same run. Nothing reads a clock, draws randomness or depends on an address.

use crate::harness::SigningKey;
use core::{fmt::Write as _, time::Duration};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    entropy::{Entropy, EntropyError},
    flow::{Context, Step},
    gate::{Decision, Gate},
    guard::{Guard, Verdict},
    http::{Headers, Inbound, RequestHead},
    issuer::{Demand, Document, IssuerConfig, IssuerMachine, Need},
    jwt::TokenPolicy,
    oidc::ClientConfig,
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{RevocationList, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::LazyLock;

const ISSUER: &str = "https://tenant.example/";
const AUDIENCE: &str = "https://api.example";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one"));

/// A generator whose bytes follow from its seed.
struct Seeded(u64);

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// Everything that a run depends on.
#[derive(Clone, Debug)]
struct Inputs {
    seed: u64,
    unix: u64,
    requests: Vec<Request>,
}

#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    seconds_later: u64,
}

fn requests() -> impl Strategy<Value = Request> {
    let target = prop_oneof![
        "/(private|api/orders|api/auth/(login|me|logout|callback)|public)",
        "/api/auth/login\\?returnTo=/[a-z]{0,8}",
        "/api/auth/callback\\?code=[a-z]{3}&state=[A-Za-z0-9_-]{0,43}",
        "/[ -~]{0,20}",
    ];
    let headers = prop::collection::vec(
        prop_oneof![
            Just(("accept", "text/html".to_owned())),
            Just(("authorization", "Bearer a.b.c".to_owned())),
            Just(("authorization", String::new())),
            "[ -~]{0,40}".prop_map(|cookie| ("cookie", cookie)),
        ],
        0..4,
    );
    let method = prop_oneof![Just("GET"), Just("POST"), Just("OPTIONS")];
    (method, target, headers, 0_u64..3000).prop_map(|(method, target, headers, seconds_later)| {
        Request { method, target, headers, seconds_later }
    })
}

fn inputs() -> impl Strategy<Value = Inputs> {
    let unix = 1_700_000_000_u64..1_900_000_000;
    (any::<u64>(), unix, prop::collection::vec(requests(), 1..8))
        .prop_map(|(seed, unix, requests)| Inputs { seed, unix, requests })
}

fn gate() -> Gate {
    let secret = Secret::new("the secret of the client");
    let client = ClientConfig::new("client", secret, "https://app.example").unwrap();
    let secrets = SecretRing::new(["4f1d7a0c93be5826d1c07f3a9b64e258"], RUSTCRYPTO).unwrap();
    let api = RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
    Gate::builder(client, secrets, RUSTCRYPTO)
        .rewrites(Rewrites::builder().after_files([api]).build().unwrap())
        .protect(Matcher::new(["/private/:path*", "/api/:path*"]).unwrap())
        .build()
        .unwrap()
}

/// What came of each request, in full.
fn run(inputs: &Inputs) -> String {
    let (gate, guard) = (gate(), Guard::new(TokenPolicy::access_token([AUDIENCE]).unwrap()));
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let (mut entropy, revocations) = (Seeded(inputs.seed), RevocationList::new(8));
    let (mut elapsed, mut transcript) = (0, String::new());
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user", "exp": inputs.unix + 100_000,
    });
    let token = format!("Bearer {}", KEY.sign(&claims));
    for request in &inputs.requests {
        elapsed += request.seconds_later;
        let now = Now {
            unix: UnixSeconds(inputs.unix + elapsed),
            monotonic: Monotonic::from_start(Duration::from_secs(elapsed)),
        };
        let mut headers = vec![("host", "app.example")];
        headers.extend(request.headers.iter().map(|(name, value)| match (*name, &**value) {
            ("authorization", "") => ("authorization", &*token),
            (name, value) => (name, value),
        }));
        let head = RequestHead {
            method: request.method,
            target: &request.target,
            headers: &headers,
            peer: None,
            secure: true,
        };
        for is_gate in [true, false] {
            // Twice, since the first may only find out that the issuer is not known.
            for _ in 0..2 {
                let issuers = machine.snapshot();
                let (entropy, revocations) = (&mut entropy, &revocations);
                let mut context = Context { now, entropy, issuers: &issuers, revocations };
                let need = if is_gate {
                    note_gate(gate.begin(&head, &mut context), &mut transcript)
                } else {
                    note_guard(guard.begin(&head, &mut context), &mut transcript)
                };
                if let Some(need) = need {
                    fetch(&mut machine, &need, now, entropy, &mut transcript);
                }
            }
        }
    }
    transcript
}

fn note_gate(step: Step<portcullis_core::gate::GateFlow>, transcript: &mut String) -> Option<Need> {
    match step {
        Step::Await(waiting) => return Some(waiting.need().clone()),
        Step::Done(Decision::Respond(answer)) => {
            write!(transcript, "{} {:?}", answer.response.status, answer.response.body).unwrap();
            note_fields(&answer.response.headers, transcript);
        }
        Step::Done(Decision::Forward(forward)) => {
            transcript.push_str(forward.destination.as_str());
            note_fields(forward.request.added(), transcript);
        }
        Step::Done(Decision::Serve(serve)) => {
            write!(transcript, "{} {:?}", serve.path, serve.query).unwrap();
            note_fields(serve.request.added(), transcript);
        }
        other => write!(transcript, "{other:?}").unwrap(),
    }
    None
}

fn note_guard(
    step: Step<portcullis_core::guard::GuardFlow>,
    transcript: &mut String,
) -> Option<Need> {
    match step {
        Step::Await(waiting) => return Some(waiting.need().clone()),
        Step::Done(Verdict::Refused(refusal)) => {
            write!(transcript, "{:?} {:?}", refusal.reason, refusal.response.body).unwrap();
            note_fields(&refusal.response.headers, transcript);
        }
        Step::Done(Verdict::Allowed(token)) => transcript.push_str(&token.claims().to_json()),
        other => write!(transcript, "{other:?}").unwrap(),
    }
    None
}

fn note_fields(headers: &Headers, transcript: &mut String) {
    for (name, value) in headers.iter() {
        write!(transcript, "\n{name}: {value}").unwrap();
    }
    transcript.push('\n');
}

/// Does what the issuer's machine asks for.
fn fetch(
    machine: &mut IssuerMachine,
    need: &Need,
    now: Now,
    entropy: &mut Seeded,
    transcript: &mut String,
) {
    let discovery = json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}authorize"),
        "token_endpoint": format!("{ISSUER}token"),
        "jwks_uri": format!("{ISSUER}jwks"),
    });
    loop {
        let demand = machine.demand(need, now);
        write!(transcript, "{demand:?}").unwrap();
        if let Demand::Settled(_) = demand {
            return;
        }
        while let Some(flight) = machine.poll_flight(now) {
            let body = match flight.document {
                Document::Discovery => discovery.to_string(),
                Document::KeySet => json!({"keys": [KEY.jwk()]}).to_string(),
            };
            let answer = Inbound { status: 200, headers: vec![], body: body.into_bytes() };
            let event = machine.on_answer(flight.id, Ok(answer), now, entropy);
            write!(transcript, "{:?} {event:?}", flight.request.url.as_str()).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn a_run_that_is_given_the_same_is_the_same(inputs in inputs()) {
        let first = run(&inputs);
        prop_assert!(!first.is_empty());
        prop_assert_eq!(first, run(&inputs));
    }

    /// Where a login is begun, another seed makes another run: the transcript shows what was drawn.
    #[test]
    fn a_login_depends_on_what_is_drawn(mut inputs in inputs()) {
        inputs.requests.push(Request {
            method: "GET", target: "/api/auth/login".to_owned(), headers: vec![], seconds_later: 0,
        });
        let other = Inputs { seed: !inputs.seed, ..inputs.clone() };
        prop_assert_ne!(run(&inputs), run(&other));
    }
}
