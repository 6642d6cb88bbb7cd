//! The rules of a guard, driven by hand.

mod answers;
mod credentials;
mod keys;
mod memory;
mod requirements;
mod resource;
mod revocation;
mod routes;

use super::*;
use crate::{
    flow::Step,
    issuer::IssuerMachine,
    test_support::{
        AUDIENCE, Counting, ProviderKey, access_claims, after, ready_machine, with_context,
    },
};
use alloc::{format, string::String};
use std::sync::LazyLock;

static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);

fn policy() -> TokenPolicy {
    TokenPolicy::access_token([AUDIENCE]).unwrap()
}

fn builder() -> GuardBuilder {
    Guard::builder(policy())
}

/// A good token whose claims have `more` members, which start with a comma.
fn token(more: &str) -> String {
    KEY.sign(&access_claims(more))
}

fn bearer(more: &str) -> String {
    format!("Bearer {}", token(more))
}

/// A request as a test writes it.
#[derive(Clone, Copy)]
struct Request<'r> {
    method: &'r str,
    target: &'r str,
    fields: &'r [(&'r str, &'r str)],
    form: Option<&'r str>,
}

const GET: Request<'_> = Request { method: "GET", target: "/", fields: &[], form: None };

fn head<'r>(request: &Request<'r>, fields: &'r Vec<(&'r str, &'r str)>) -> RequestHead<'r> {
    let Request { method, target, .. } = *request;
    RequestHead { method, target, headers: fields, peer: None, secure: true }
}

fn begin(guard: &Guard, machine: &IssuerMachine, request: &Request<'_>) -> Step<GuardFlow> {
    let fields = request.fields.to_vec();
    let head = head(request, &fields);
    with_context(after(0), &mut Counting::default(), &machine.snapshot(), |context| {
        match guard.begin(&head, context) {
            Step::Read(read) => {
                let form = request.form.unwrap_or_default().as_bytes().to_vec();
                assert!(form.len() <= read.limits().max_bytes);
                read.resume(Ok(form), context)
            }
            step => step,
        }
    })
}

fn decided(step: Step<GuardFlow>) -> Verdict {
    match step {
        Step::Done(verdict) => verdict,
        other => panic!("not decided: {other:?}"),
    }
}

/// The verdict where all keys are known.
fn verdict(guard: &Guard, request: &Request<'_>) -> Verdict {
    static MACHINE: LazyLock<IssuerMachine> = LazyLock::new(|| ready_machine(&KEY.jwk_set()));
    decided(begin(guard, &MACHINE, request))
}

/// The verdict for a request to `target` with the token.
fn visit(guard: &Guard, method: &str, target: &str, credentials: Option<&str>) -> Verdict {
    let fields: Vec<(&str, &str)> =
        credentials.map(|credentials| ("authorization", credentials)).into_iter().collect();
    verdict(guard, &Request { method, target, fields: &fields, form: None })
}

fn refused(verdict: Verdict) -> Refusal {
    match verdict {
        Verdict::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn challenge(refusal: &Refusal) -> Option<&str> {
    refusal.response.headers.get("www-authenticate")
}
