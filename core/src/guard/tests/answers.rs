//! Every answer that a client can get, byte for byte.

use super::*;
use crate::{issuer::Availability, jwt::TokenError, path::PathError, test_support::ISSUER};
use alloc::{borrow::ToOwned as _, boxed::Box, vec};
use core::time::Duration;

const MALFORMED: &str =
    r#"{"error":"invalid_request","error_description":"The request is malformed."}"#;
const NEEDED: &str = r#"{"error":"unauthorized","error_description":"An access token is needed."}"#;
const INVALID: &str =
    r#"{"error":"invalid_token","error_description":"The access token is not valid."}"#;
const FORBIDDEN: &str =
    r#"{"error":"insufficient_scope","error_description":"The access token does not allow this."}"#;

const BARE: &str = r#"Bearer realm="api""#;
const BAD_REQUEST: &str =
    r#"Bearer realm="api", error="invalid_request", error_description="The request is malformed.""#;
const BAD_TOKEN: &str = r#"Bearer realm="api", error="invalid_token", error_description="The access token is not valid.""#;
const NOT_ALLOWED: &str = r#"Bearer realm="api", error="insufficient_scope", error_description="The access token does not allow this.""#;

/// A row: what comes in, and what goes out.
struct Row {
    name: &'static str,
    request: (&'static str, Vec<(&'static str, String)>),
    reason: RefusalReason,
    status: u16,
    challenge: Option<&'static str>,
    body: &'static str,
}

fn rows() -> Vec<Row> {
    let field = |value: &str| vec![("authorization", value.to_owned())];
    let row = |name, request, reason, status, challenge, body| Row {
        name,
        request,
        reason,
        status,
        challenge: Some(challenge),
        body,
    };
    let good = bearer("");
    let bad_token = |name, token: String, error| {
        let request = ("/", field(&format!("Bearer {token}")));
        row(name, request, RefusalReason::Token(error), 401, BAD_TOKEN, INVALID)
    };
    let bad_request =
        |name, request, reason| row(name, request, reason, 400, BAD_REQUEST, MALFORMED);
    let claims = access_claims("");
    let mut rows = vec![
        row("no credentials", ("/", vec![]), RefusalReason::NoCredentials, 401, BARE, NEEDED),
        row("Basic", ("/", field("Basic YTpi")), RefusalReason::OtherScheme, 401, BARE, NEEDED),
        row("DPoP", ("/", field("DPoP x")), RefusalReason::OtherScheme, 401, BARE, NEEDED),
        bad_request("the scheme alone", ("/", field("Bearer")), RefusalReason::Malformed),
        bad_request("two words", ("/", field("Bearer a b")), RefusalReason::Malformed),
        bad_request("odd characters", ("/", field("Bearer \"a\"")), RefusalReason::Malformed),
        bad_request(
            "two fields",
            ("/", vec![("authorization", good.clone()), ("Authorization", good.clone())]),
            RefusalReason::SeveralCredentials,
        ),
        bad_request(
            "header and query",
            ("/?access_token=x", field(&good)),
            RefusalReason::SeveralCredentials,
        ),
        bad_request("in the query", ("/?access_token=x", vec![]), RefusalReason::MisplacedToken),
        bad_request(
            "an ambiguous path",
            ("/a//b", field(&good)),
            RefusalReason::Path(PathError::EmptySegment),
        ),
        bad_token("no token", "x.y.z".to_owned(), TokenError::Serialization),
        bad_token(
            "expired",
            KEY.sign(&claims.replace("1800000600", "1799990000")),
            TokenError::Expired,
        ),
        bad_token(
            "for another API",
            KEY.sign(&claims.replace(AUDIENCE, "https://other.example")),
            TokenError::Audience,
        ),
        bad_token(
            "of another issuer",
            KEY.sign(&claims.replace(ISSUER, "https://other.example/")),
            TokenError::Issuer,
        ),
        bad_token(
            "another algorithm",
            KEY.sign_with_header(r#"{"alg":"HS256"}"#, &claims),
            TokenError::Algorithm,
        ),
        bad_token(
            "of another key",
            ProviderKey::two().sign_with_header(r#"{"alg":"RS256","kid":"one"}"#, &claims),
            TokenError::Signature,
        ),
        row(
            "without the scopes",
            ("/orders", field(&good)),
            RefusalReason::Unmet(RequirementKind::Scope),
            403,
            r#"Bearer realm="api", error="insufficient_scope", error_description="The access token does not allow this.", scope="read:orders write:orders""#,
            FORBIDDEN,
        ),
        row(
            "without the claim",
            ("/admin", field(&good)),
            RefusalReason::Unmet(RequirementKind::Claim),
            403,
            NOT_ALLOWED,
            FORBIDDEN,
        ),
    ];
    rows.push(Row {
        name: "a path without end",
        request: (Box::leak(format!("/{}", "x".repeat(9000)).into_boxed_str()), vec![]),
        reason: RefusalReason::Path(PathError::PathTooLong),
        status: 414,
        challenge: None,
        body: r#"{"error":"uri_too_long","error_description":"The request target is too long."}"#,
    });
    rows
}

/// The table of `guard`'s documentation: status, challenge and body of every refusal, which depend
/// on nothing that the client sent (RFC 6750 §3).
#[test]
fn every_answer_is_what_the_standard_says() {
    let guard = builder()
        .route(
            GuardRoute::new("/orders")
                .unwrap()
                .require(Requirement::required_scopes(["read:orders", "write:orders"]).unwrap()),
        )
        .route(
            GuardRoute::new("/admin")
                .unwrap()
                .require(Requirement::claim_equals(["role"], "admin").unwrap()),
        )
        .build()
        .unwrap();
    for row in rows() {
        let (target, fields) = &row.request;
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refusal = refused(verdict(&guard, &Request { target, fields: &fields, ..GET }));
        assert_eq!(refusal.reason, row.reason, "{}", row.name);
        assert_eq!(refusal.response.status, row.status, "{}", row.name);
        assert_eq!(row.reason.status(), row.status, "{}", row.name);
        assert_eq!(challenge(&refusal), row.challenge, "{}", row.name);
        assert_eq!(refusal.response.body, row.body, "{}", row.name);
        let header = |name| refusal.response.headers.get(name);
        assert_eq!(header("cache-control"), Some("no-store"), "{}", row.name);
        assert_eq!(header("content-type"), Some("application/json"), "{}", row.name);
        assert_eq!(header("retry-after"), None, "{}", row.name);
    }
}

/// An outage is 503, and no word about the token (RFC 6750 has none for it).
#[test]
fn an_outage_is_503_with_the_time_to_wait() {
    let guard = Guard::new(policy());
    let machine = keys::unknown_issuer();
    let good = bearer("");
    let request = Request { fields: &[("authorization", &good)], ..GET };
    for (seconds, told) in [(7, "7"), (0, "1")] {
        let Step::Await(wait) = begin(&guard, &machine, &request) else { panic!("must wait") };
        let availability = Availability::Unavailable { retry_after: Duration::from_secs(seconds) };
        let step =
            with_context(after(1), &mut Counting::default(), &machine.snapshot(), |context| {
                wait.resume(availability, context)
            });
        let refusal = refused(decided(step));
        assert_eq!(refusal.reason, RefusalReason::Unavailable);
        assert_eq!(refusal.response.status, 503);
        assert_eq!(refusal.response.headers.get("retry-after"), Some(told));
        assert_eq!(challenge(&refusal), None);
        assert_eq!(
            refusal.response.body,
            r#"{"error":"unavailable","error_description":"The access token cannot be checked at the moment."}"#
        );
    }
}

#[test]
fn a_realm_that_would_end_its_quotes_is_refused() {
    for realm in ["a\"b", "a\\b", "a\nb", "é"] {
        let refused = builder().realm(realm).build();
        assert_eq!(refused.err(), Some(GuardConfigError::Realm), "{realm}");
    }
    let guard = builder().realm("orders, v1").build().unwrap();
    let refusal = refused(visit(&guard, "GET", "/", None));
    assert_eq!(challenge(&refusal), Some(r#"Bearer realm="orders, v1""#));
}

/// What an application refuses for a reason of its own looks like the guard's answers.
#[test]
fn an_application_refuses_as_the_guard_does() {
    let guard = Guard::new(policy());
    let good = bearer(r#","scope":"read""#);
    let Verdict::Allowed(token) = visit(&guard, "GET", "/", Some(&good)) else { panic!("refused") };
    let reads = Requirement::required_scopes(["read"]).unwrap();
    assert!(guard.require(&token, &reads).is_ok());
    let writes = Requirement::required_scopes(["write"]).unwrap();
    let refusal = guard.require(&token, &writes).unwrap_err();
    assert_eq!(refusal.response.status, 403);
    assert_eq!(challenge(&refusal), Some(&*format!(r#"{NOT_ALLOWED}, scope="write""#)));
    let refusal = guard.refuse(RefusalReason::NoCredentials);
    assert_eq!((refusal.response.status, challenge(&refusal)), (401, Some(BARE)));
}
