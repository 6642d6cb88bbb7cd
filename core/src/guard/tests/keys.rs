//! Keys that are not there yet.

use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    issuer::{Demand, IssuerConfig, Need},
    test_support::{ISSUER, ok},
};

pub(super) fn unknown_issuer() -> IssuerMachine {
    IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO)
}

#[test]
fn nothing_is_known_of_an_issuer_at_first() {
    let good = bearer("");
    let request = Request { fields: &[("authorization", &good)], ..GET };
    let Step::Await(wait) = begin(&Guard::new(policy()), &unknown_issuer(), &request) else {
        panic!("must wait")
    };
    assert_eq!(wait.need(), &Need::Metadata);
}

/// A token that could not be accepted anyway makes nobody fetch anything.
#[test]
fn nothing_is_fetched_for_a_hopeless_token() {
    for token in ["x", "x.y.z", &KEY.sign(&access_claims("").replace(AUDIENCE, "other"))] {
        let field = format!("Bearer {token}");
        let request = Request { fields: &[("authorization", &field)], ..GET };
        let step = begin(&Guard::new(policy()), &unknown_issuer(), &request);
        assert!(matches!(step, Step::Done(Verdict::Refused(_))), "{token}");
    }
}

/// J06, J08: a key that is not in the set is waited for, once.
#[test]
fn an_unknown_key_is_waited_for_and_then_refused_or_found() {
    for (set, allowed) in [(KEY.jwk_set(), false), (ProviderKey::two().jwk_set(), true)] {
        let mut machine = ready_machine(&KEY.jwk_set());
        let field = format!("Bearer {}", ProviderKey::two().sign(&access_claims("")));
        let request = Request { fields: &[("authorization", &field)], ..GET };
        let Step::Await(wait) = begin(&Guard::new(policy()), &machine, &request) else {
            panic!("must wait")
        };
        assert!(matches!(machine.demand(wait.need(), after(1)), Demand::Pending { .. }));
        let flight = machine.poll_flight(after(1)).unwrap();
        let mut entropy = Counting::default();
        let _ = machine.on_answer(flight.id, Ok(ok(set)), after(1), &mut entropy);
        let Demand::Settled(availability) = machine.demand(wait.need(), after(1)) else {
            panic!("must be settled")
        };
        let snapshot = machine.snapshot();
        let verdict = decided(with_context(after(1), &mut entropy, &snapshot, |context| {
            wait.resume(availability, context)
        }));
        assert_eq!(matches!(verdict, Verdict::Allowed(_)), allowed);
    }
}

/// What a route asks for is not forgotten while a request waits.
#[test]
fn a_request_that_waited_must_meet_what_its_route_asks_for() {
    let mut machine = ready_machine(&KEY.jwk_set());
    let scope = Requirement::required_scopes(["write"]).unwrap();
    let route = GuardRoute::new("/orders").unwrap().require(scope);
    let guard = builder().route(route).build().unwrap();
    let field = format!("Bearer {}", ProviderKey::two().sign(&access_claims("")));
    let request = Request { target: "/orders", fields: &[("authorization", &field)], ..GET };
    let Step::Await(wait) = begin(&guard, &machine, &request) else { panic!("must wait") };
    let _ = machine.demand(wait.need(), after(1));
    let flight = machine.poll_flight(after(1)).unwrap();
    let mut entropy = Counting::default();
    let set = ok(ProviderKey::two().jwk_set());
    let _ = machine.on_answer(flight.id, Ok(set), after(1), &mut entropy);
    let step = with_context(after(1), &mut entropy, &machine.snapshot(), |context| {
        wait.resume(crate::issuer::Availability::Ready, context)
    });
    let refusal = refused(decided(step));
    assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Scope));
}
