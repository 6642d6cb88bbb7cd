//! A way through the core's public interface, from the secrets to a checked signature.

use alloc::{format, sync::Arc, vec};
use core::time::Duration;
use portcullis_core::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    entropy::{Entropy, EntropyError},
    flow::{Context, Step},
    gate::{Decision, Gate},
    guard::{Guard, RefusalReason, Verdict},
    http::{Inbound, RequestHead},
    issuer::{Document, IssuerConfig, IssuerMachine, IssuerSnapshot, Need},
    jwt::{TokenError, TokenPolicy},
    key_set::KeySet,
    oidc::ClientConfig,
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{RevocationList, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};

const ISSUER: &str = "https://op.example/";
const DISCOVERY: &str = r#"{"issuer":"https://op.example/",
    "authorization_endpoint":"https://op.example/authorize",
    "token_endpoint":"https://op.example/token",
    "jwks_uri":"https://op.example/jwks"}"#;
/// The key of RFC 7515 A.2.
const KEY_SET: &str = include_str!("key_set.json");
/// `{"alg":"RS256"}`, `{"iss":"https://op.example/","aud":"https://api.example","exp":2000000000}`.
const SIGNING_INPUT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL29wLmV4YW1wbGUvIiwiYXVkIjoi\
                             aHR0cHM6Ly9hcGkuZXhhbXBsZSIsImV4cCI6MjAwMDAwMDAwMH0";
const NOW: Now =
    Now { unix: UnixSeconds(1_800_000_000), monotonic: Monotonic::from_start(Duration::ZERO) };

static NOTHING_REVOKED: RevocationList = RevocationList::new(0);

/// Bytes that everybody can predict. Fit for this proof and for nothing else.
struct Counter(u8);

impl Entropy for Counter {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

/// `Err` has the number of the step that went wrong.
pub(crate) fn walk() -> Result<(), i32> {
    let keys = KeySet::parse(KEY_SET.as_bytes(), &[SignatureAlgorithm::Rs256], &RUSTCRYPTO);
    keys.map_err(|_| 1)?;
    let issuer = known_issuer().ok_or(2)?;
    let gate = gate().ok_or(3)?;

    let Step::Done(Decision::Respond(login)) =
        begin(&gate, "/api/auth/login?returnTo=/private", &issuer)
    else {
        return Err(4);
    };
    let sealed = login.response.headers.get("set-cookie").is_some_and(|cookie| cookie.len() > 200);
    if login.response.status != 302 || !sealed {
        return Err(5);
    }
    let Step::Done(Decision::Respond(refused)) = begin(&gate, "/api/private-route", &issuer) else {
        return Err(6);
    };
    if refused.response.status != 401 {
        return Err(7);
    }

    let policy = TokenPolicy::access_token(["https://api.example"]).map_err(|_| 8)?;
    let credentials = format!("Bearer {SIGNING_INPUT}.{}", "A".repeat(342));
    let headers = [("authorization", credentials)];
    let head = RequestHead { headers: &headers, ..head("/api") };
    let verdict = Guard::new(policy).begin(&head, &mut context(&mut Counter(0), &issuer));
    match verdict {
        Step::Done(Verdict::Refused(refusal))
            if refusal.reason == RefusalReason::Token(TokenError::Signature) =>
        {
            Ok(())
        }
        _ => Err(9),
    }
}

/// What is known of the issuer once both documents have been fetched.
fn known_issuer() -> Option<Arc<IssuerSnapshot>> {
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).ok()?, RUSTCRYPTO);
    let need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };
    for _ in 0..2 {
        let _ = machine.demand(&need, NOW);
        let flight = machine.poll_flight(NOW)?;
        let body = match flight.document {
            Document::Discovery => DISCOVERY,
            Document::KeySet => KEY_SET,
        };
        let answer = Inbound { status: 200, headers: vec![], body: body.into() };
        let _ = machine.on_answer(flight.id, Ok(answer), NOW, &mut Counter(0));
    }
    Some(machine.snapshot())
}

fn gate() -> Option<Gate> {
    let secret = Secret::new("the secret that the client has");
    let client = ClientConfig::new("client", secret, "https://app.example").ok()?;
    let ring = SecretRing::new(["9f2c4b7e1a6d8035c4e7f1b92a5d6380"], RUSTCRYPTO).ok()?;
    let rule = RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
    Gate::builder(client, ring, RUSTCRYPTO)
        .protect(Matcher::new(["/private/:path*", "/api/:path*"]).ok()?)
        .rewrites(Rewrites::builder().after_files([rule]).build().ok()?)
        .build()
        .ok()
}

fn begin(
    gate: &Gate,
    target: &str,
    issuer: &Arc<IssuerSnapshot>,
) -> Step<portcullis_core::gate::GateFlow> {
    gate.begin(&head(target), &mut context(&mut Counter(0), issuer))
}

const HEADERS: [(&str, &str); 2] = [("host", "app.example"), ("accept", "application/json")];

const fn head(target: &str) -> RequestHead<'_> {
    RequestHead { method: "GET", target, headers: &HEADERS, peer: None, secure: true }
}

fn context<'c>(entropy: &'c mut Counter, issuers: &'c Arc<IssuerSnapshot>) -> Context<'c> {
    Context { now: NOW, entropy, issuers, revocations: &NOTHING_REVOKED }
}
