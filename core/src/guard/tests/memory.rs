//! J28: a token that was verified before is looked at again each time.

use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    jwt::{TokenCache, TokenCacheLimits},
    test_support::ok,
    time::Now,
};

struct Api {
    guard: Guard,
    memory: GuardMemory,
    cache: TokenCache,
    machine: IssuerMachine,
}

impl Api {
    /// An API that has verified a token of somebody who may write.
    fn new(builder: GuardBuilder) -> Self {
        let guard = builder.build().unwrap();
        let memory = guard.memory(RUSTCRYPTO);
        let machine = ready_machine(&KEY.jwk_set());
        let cache = TokenCache::new(TokenCacheLimits::default());
        let mut api = Self { guard, memory, cache, machine };
        let good = writer();
        let request = Request { fields: &[("authorization", &good)], ..GET };
        let verdict = decided(begin(&api.guard, &api.machine, &request));
        let fields = request.fields.to_vec();
        let (fingerprint, length) = api.memory.fingerprint(&head(&request, &fields)).unwrap();
        api.cache.insert(fingerprint, verdict.token().unwrap(), length, after(0).monotonic);
        api
    }

    fn recall(&self, target: &str, now: Now) -> Option<Verdict> {
        let good = writer();
        let request = Request { target, fields: &[("authorization", &good)], ..GET };
        let fields = request.fields.to_vec();
        let head = head(&request, &fields);
        let (fingerprint, _) = self.memory.fingerprint(&head)?;
        with_context(now, &mut Counting::default(), &self.machine.snapshot(), |context| {
            self.memory.recall(&self.cache, &fingerprint, &head, context)
        })
    }
}

fn writer() -> String {
    bearer(r#","scope":"write""#)
}

#[test]
fn a_token_is_found_again() {
    let api = Api::new(builder());
    assert!(matches!(api.recall("/", after(1)), Some(Verdict::Allowed(_))));
}

#[test]
fn an_expired_token_is_not() {
    let api = Api::new(builder());
    assert!(api.recall("/", after(1000)).is_none());
}

#[test]
fn a_token_whose_key_was_replaced_is_not() {
    let mut api = Api::new(builder());
    let later = after(100);
    let need = crate::issuer::Need::Key {
        algorithm: crate::crypto::SignatureAlgorithm::Rs256,
        id: crate::jwt::KeyId::new("two"),
    };
    let _ = api.machine.demand(&need, later);
    let flight = api.machine.poll_flight(later).unwrap();
    let set = ok(ProviderKey::two().jwk_set());
    let _ = api.machine.on_answer(flight.id, Ok(set), later, &mut Counting::default());
    assert!(api.recall("/", later).is_none());
}

/// Each route asks anew, of a token that another route was content with.
#[test]
fn a_remembered_token_must_meet_what_its_route_asks_for() {
    let admin = Requirement::required_scopes(["admin"]).unwrap();
    let route = GuardRoute::new("/admin").unwrap().require(admin);
    let open = GuardRoute::open("/health").unwrap();
    let api = Api::new(builder().route(route).route(open));
    assert!(matches!(api.recall("/", after(1)), Some(Verdict::Allowed(_))));
    assert!(matches!(api.recall("/health", after(1)), Some(Verdict::Anonymous)));
    let refusal = refused(api.recall("/admin", after(1)).unwrap());
    assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Scope));
    let refusal = refused(api.recall("/x//admin", after(1)).unwrap());
    assert_eq!(refusal.response.status, 400);
}

#[test]
fn a_remembered_token_may_have_been_revoked() {
    let api = Api::new(builder().ask_revocation(true));
    assert!(matches!(api.recall("/", after(1)), Some(Verdict::AskRevocation(_))));
}

/// Under another policy, or in another place, it is another token.
#[test]
fn nothing_is_shared_between_guards() {
    let api = Api::new(builder());
    let other = TokenPolicy::access_token(["https://other.example"]).unwrap();
    let other = Guard::new(other).memory(RUSTCRYPTO);
    let good = writer();
    let fields = [("authorization", good.as_str())].to_vec();
    let request = head(&GET, &fields);
    let (one, _) = api.memory.fingerprint(&request).unwrap();
    let (another, _) = other.fingerprint(&request).unwrap();
    assert_ne!(one, another);
}

/// What a form says is not known from the head.
#[test]
fn a_request_whose_form_may_have_a_token_is_not_recalled() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let good = writer();
    let fields = [form[0], ("authorization", good.as_str())].to_vec();
    let post = Request { method: "POST", ..GET };
    let guard = builder().token_in_form(true).build().unwrap();
    assert!(guard.memory(RUSTCRYPTO).fingerprint(&head(&post, &fields)).is_none());
    assert!(Guard::new(policy()).memory(RUSTCRYPTO).fingerprint(&head(&post, &fields)).is_some());
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())].to_vec();
    assert!(guard.memory(RUSTCRYPTO).fingerprint(&head(&GET, &twice)).is_none());
}
