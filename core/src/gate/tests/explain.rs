//! Explanations agree with what the gate does.

use super::*;
use crate::rewrite::{CoveredPath, Phase};

const FIELDS: [(&str, &str); 5] = [
    ("host", "app.example"),
    ("cookie", "theirs=1; __Host-portcullis=sealed"),
    ("authorization", "Basic eA=="),
    ("x-forwarded-for", "192.0.2.99"),
    ("accept", "*/*"),
];

fn explain(method: &str, target: &str) -> Result<GateExplanation, Malformed> {
    let head = RequestHead { method, target, headers: &FIELDS, peer: None, secure: true };
    gate().explain(&head)
}

#[test]
fn says_which_matcher_and_rule_send_a_request_where() {
    let explanation = explain("GET", "/api/private-route?a=b").unwrap();
    let routing = explanation.routing.unwrap();
    let covered = routing.covered.unwrap();
    assert_eq!((covered.entry, covered.path), (1, CoveredPath::Requested));
    let [applied] = &routing.rules.applied[..] else { panic!("one rule applies") };
    assert_eq!((applied.rule.phase, applied.rule.index), (Phase::AfterFiles, 7));
    assert_eq!(explanation.without_session.unwrap().status, 401);
    let GateOutcome::Forward { destination, request } = explanation.outcome else {
        panic!("it is forwarded")
    };
    assert_eq!(destination, "http://localhost:5000/api/private-route?a=b");
    let kept: Vec<_> = FIELDS.iter().map(|(name, _)| *name).filter(|n| request.keeps(n)).collect();
    assert_eq!(kept, ["accept"]);
    assert!(request.added().get("authorization").unwrap().starts_with("Bearer "));
    assert_eq!(request.added().get("cookie"), Some("theirs=1"));
}

#[test]
fn an_open_request_needs_no_session() {
    let explanation = explain("GET", "/open/x").unwrap();
    assert!(explanation.without_session.is_none());
    let GateOutcome::Forward { request, .. } = explanation.outcome else { panic!("forwarded") };
    assert!(request.keeps("authorization") && request.added().get("authorization").is_none());
}

#[test]
fn a_rewritten_path_is_guarded_too() {
    let explanation = explain("GET", "/hidden").unwrap();
    let covered = explanation.routing.unwrap().covered.unwrap();
    assert_eq!((covered.entry, covered.path), (0, CoveredPath::Rewritten));
    assert!(matches!(
        explanation.outcome,
        GateOutcome::Serve { destination, .. } if destination == "/private/x"
    ));
}

#[test]
fn the_gates_own_routes_answer_themselves() {
    let own = explain("GET", "/api/auth/login").unwrap();
    assert!(own.routing.is_none() && matches!(own.outcome, GateOutcome::OwnRoute { .. }));
    let led = explain("GET", "/sign-in").unwrap();
    assert!(led.routing.is_some() && led.without_session.is_none());
    assert!(matches!(led.outcome, GateOutcome::OwnRoute { path } if path == "/api/auth/login"));
}

#[test]
fn refuses_what_the_gate_refuses() {
    for (method, target, status) in [
        ("CONNECT", "/", 405),
        ("TRACE", "/", 405),
        ("GET", "http://other.example/", 400),
        ("GET", "/a/../b", 400),
        ("GET", "/a%2Fb", 400),
        ("GET", "/a#b", 400),
    ] {
        assert_eq!(explain(method, target).unwrap_err().status(), status, "{target}");
    }
}
