//! Tokens that were revoked before they expire.

use super::*;

fn check() -> RevocationCheck {
    let guard = builder().ask_revocation(true).build().unwrap();
    let good = bearer(r#","jti":"seven""#);
    match visit(&guard, "GET", "/", Some(&good)) {
        Verdict::AskRevocation(check) => check,
        other => panic!("not asked: {other:?}"),
    }
}

#[test]
fn a_good_token_waits_for_the_word_on_it() {
    assert_eq!(check().token().claims().text("jti"), Ok(Some("seven")));
    assert!(check().resume(TokenStatus::Active).is_ok());
}

#[test]
fn a_revoked_token_is_like_any_other_bad_one() {
    let refusal = check().resume(TokenStatus::Revoked).unwrap_err();
    assert_eq!((refusal.reason, refusal.response.status), (RefusalReason::Revoked, 401));
    let other = refused(visit(&Guard::new(policy()), "GET", "/", Some("Bearer x.y.z")));
    assert_eq!(refusal.response, other.response);
}

/// Nobody is let through because a list cannot be read.
#[test]
fn a_word_that_cannot_be_had_is_an_outage() {
    let refusal = check().resume(TokenStatus::Unknown).unwrap_err();
    assert_eq!((refusal.reason, refusal.response.status), (RefusalReason::RevocationUnknown, 503));
    assert_eq!(refusal.response.headers.get("retry-after"), Some("1"));
    assert_eq!(challenge(&refusal), None);
}

/// Nothing is asked about a token that is refused anyway.
#[test]
fn only_good_tokens_are_asked_about() {
    let guard = builder()
        .ask_revocation(true)
        .require(Requirement::required_scopes(["write"]).unwrap())
        .build()
        .unwrap();
    for credentials in [None, Some("Bearer x.y.z"), Some(&*bearer(""))] {
        let verdict = visit(&guard, "GET", "/", credentials);
        assert!(matches!(verdict, Verdict::Refused(_)));
    }
}
