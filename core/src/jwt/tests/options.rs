//! What a policy can ask for beyond the rules that hold for all.

use super::{KEY, NOW, TokenError, UnixSeconds, policy, verify_with};
use crate::{
    crypto::SignatureAlgorithm,
    jwt::{ClockTolerance, ScopeClaim, TokenPolicy, TokenPolicyError},
    test_support::{AUDIENCE, ISSUER, access_claims},
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};

/// The outcome of claims with `members` beside issuer and audience.
fn outcome(policy: &TokenPolicy, members: &str) -> Result<(), TokenError> {
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}",{members}}}"#);
    verify_with(policy, &KEY.sign(&claims), NOW).map(|_| ())
}

/// Rule 16: a token that never expires is none.
#[test]
fn a_token_must_expire() {
    assert_eq!(outcome(&policy(), r#""sub":"user""#), Err(TokenError::Expiry));
}

/// Rule 17: the dates of a token must be in order.
#[test]
fn the_dates_must_be_in_order() {
    for (members, expected) in [
        (format!(r#""exp":{},"nbf":{}"#, NOW + 10, NOW + 10), Ok(())),
        (format!(r#""exp":{},"nbf":{}"#, NOW + 9, NOW + 10), Err(TokenError::Lifetime)),
        (format!(r#""exp":{},"iat":{}"#, NOW + 10, NOW + 9), Ok(())),
        (format!(r#""exp":{},"iat":{}"#, NOW + 10, NOW + 10), Err(TokenError::Lifetime)),
    ] {
        assert_eq!(outcome(&policy(), &members), expected, "{members}");
    }
}

/// Rule 17: a longest lifetime, from `iat` to `exp`.
#[test]
fn a_lifetime_can_be_limited() {
    let policy = policy().with_max_lifetime(3600);
    for (issued, expires, expected) in
        [(NOW - 10, NOW + 3590, Ok(())), (NOW - 10, NOW + 3591, Err(TokenError::Lifetime))]
    {
        let members = format!(r#""iat":{issued},"exp":{expires}"#);
        assert_eq!(outcome(&policy, &members), expected, "{members}");
    }
    let members = format!(r#""exp":{}"#, NOW + 1);
    assert_eq!(outcome(&policy, &members), Err(TokenError::IssuedAt));
}

/// Rule 17: a greatest age, whatever `exp` says; it holds for whoever keeps the token as well.
#[test]
fn an_age_can_be_limited() {
    let policy = policy().with_max_age(60);
    for (issued, expected) in [(NOW - 90, Ok(())), (NOW - 91, Err(TokenError::Lifetime))] {
        let members = format!(r#""iat":{issued},"exp":{}"#, NOW + 3600);
        assert_eq!(outcome(&policy, &members), expected, "{members}");
    }
    let members = format!(r#""exp":{}"#, NOW + 3600);
    assert_eq!(outcome(&policy, &members), Err(TokenError::IssuedAt));
    let token = verify_with(&policy, &KEY.sign(&access_claims("")), NOW).unwrap();
    assert!(token.is_current(UnixSeconds(NOW + 90)));
    assert!(!token.is_current(UnixSeconds(NOW + 91)));
}

/// Rule 18: the tolerance has an upper bound, and sums that are too large stay dates.
#[test]
fn the_tolerance_has_an_upper_bound() {
    assert_eq!(ClockTolerance::from_seconds(300).map(ClockTolerance::seconds), Some(300));
    assert_eq!(ClockTolerance::from_seconds(301), None);
    assert_eq!(ClockTolerance::default().seconds(), 30);
    let widest = policy().with_clock_tolerance(ClockTolerance::from_seconds(300).unwrap());
    let last = 253_402_300_799;
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{last}}}"#);
    let token = KEY.sign(&claims);
    for (now, good) in [(0, true), (last + 299, true), (last + 300, false), (u64::MAX, false)] {
        assert_eq!(verify_with(&widest, &token, now).is_ok(), good, "{now}");
    }
}

/// Rule 23: the clients that a token may have been issued to, by `azp` and `client_id`.
#[test]
fn clients_can_be_listed() {
    let policy = policy().with_clients(["one", "two"]);
    for (members, expected) in [
        (r#","azp":"one""#, Ok(())),
        (r#","client_id":"two""#, Ok(())),
        (r#","azp":"one","client_id":"two""#, Ok(())),
        (r#","azp":"one","client_id":"three""#, Err(TokenError::Client)),
        (r#","azp":"three""#, Err(TokenError::Client)),
        (r#","azp":"""#, Err(TokenError::Client)),
        (r#","azp":"One""#, Err(TokenError::Client)),
        ("", Err(TokenError::Client)),
        (r#","azp":["one"]"#, Err(TokenError::ClaimType("azp"))),
    ] {
        let verified = verify_with(&policy, &KEY.sign(&access_claims(members)), NOW);
        assert_eq!(verified.map(|_| ()), expected, "{members}");
    }
}

/// Rule 23: scopes are a text, permissions a list, and neither is taken for the other.
#[test]
fn scopes_and_permissions_are_two_things() {
    let more = r#","scope":" a  b ","permissions":["b","c",1,null]"#;
    let token = verify_with(&policy(), &KEY.sign(&access_claims(more)), NOW).unwrap();
    assert!(token.scopes().eq(["a", "b"]));
    assert!(token.permissions().eq(["b", "c"]));
    for more in ["", r#","permissions":"b c""#] {
        let token = verify_with(&policy(), &KEY.sign(&access_claims(more)), NOW).unwrap();
        assert_eq!((token.scopes().count(), token.permissions().count()), (0, 0));
    }
}

/// Rule 23: the scopes stand in the claim that the policy names, and in no other.
#[test]
fn scopes_stand_in_the_claim_that_the_policy_names() {
    let scopes = |claim, more: &str| {
        let policy = policy().with_scope_claim(claim);
        let token = verify_with(&policy, &KEY.sign(&access_claims(more)), NOW)?;
        Ok::<_, TokenError>(token.scopes().collect::<Vec<_>>().join("|"))
    };
    let [text, list] = [r#""a  b ""#, r#"["a","b"]"#];
    for (claim, name, other) in [
        (ScopeClaim::Scope, "scope", "scp"),
        (ScopeClaim::ScopeOrList, "scope", "scp"),
        (ScopeClaim::Scp, "scp", "scope"),
    ] {
        let lists = claim != ScopeClaim::Scope;
        let wrong = Err(TokenError::ClaimType(name));
        for (value, good, expected) in [
            (text, true, "a|b"),
            (r#""""#, true, ""),
            (list, lists, "a|b"),
            ("[]", lists, ""),
            (r#"["a b"]"#, false, ""),
            (r#"[""]"#, false, ""),
            (r#"["a",1]"#, false, ""),
            (r#"["a",null]"#, false, ""),
            (r#"[["a"]]"#, false, ""),
            ("null", false, ""),
            ("1", false, ""),
            ("{}", false, ""),
        ] {
            let found = scopes(claim, &format!(r#","{name}":{value}"#));
            let expected = if good { Ok(expected.to_owned()) } else { wrong.clone() };
            assert_eq!(found, expected, "{claim:?} {value}");
        }
        assert_eq!(scopes(claim, ""), Ok(String::new()));
        assert_eq!(scopes(claim, &format!(r#","{other}":"x""#)), Ok(String::new()));
        let both = format!(r#","{other}":"x","{name}":"a""#);
        assert_eq!(scopes(claim, &both), Ok("a".to_owned()));
    }
    // Rule 19: `scope` is a registered claim, whoever looks at it.
    for value in ["1", "null", list] {
        let found = scopes(ScopeClaim::Scp, &format!(r#","scope":{value},"scp":"a""#));
        assert_eq!(found, Err(TokenError::ClaimType("scope")), "{value}");
    }
}

/// Rule 24: marks of an ID token, and the switch for providers that put them into access tokens.
#[test]
fn marks_of_an_id_token_can_be_allowed() {
    let to_itself = format!(r#","azp":"{AUDIENCE}""#);
    let marks = [r#","nonce":"n""#, r#","at_hash":"h""#, r#","c_hash":"h""#, &to_itself];
    for mark in marks {
        let token = KEY.sign(&access_claims(mark));
        assert_eq!(verify_with(&policy(), &token, NOW).err(), Some(TokenError::Kind), "{mark}");
        let lenient = policy().with_id_token_marks_allowed();
        assert!(verify_with(&lenient, &token, NOW).is_ok(), "{mark}");
        // A token that is bound to a key stays refused: nobody checks the binding.
        let bound = KEY.sign(&access_claims(&format!(r#"{mark},"cnf":{{"jkt":"x"}}"#)));
        assert_eq!(verify_with(&lenient, &bound, NOW).err(), Some(TokenError::Kind), "{mark}");
    }
}

/// Rule 14: a token can be asked to name its key.
#[test]
fn a_key_id_can_be_required() {
    let nameless = KEY.sign_with_header(r#"{"alg":"RS256"}"#, &access_claims(""));
    assert!(verify_with(&policy(), &nameless, NOW).is_ok());
    let policy = policy().with_required_key_id();
    assert_eq!(verify_with(&policy, &nameless, NOW).err(), Some(TokenError::KeyId));
    assert!(verify_with(&policy, &KEY.sign(&access_claims("")), NOW).is_ok());
}

/// Rule 1: the length of a token can be set, up to a bound.
#[test]
fn the_length_can_be_set_up_to_a_bound() {
    let of_length = |bytes: usize| {
        let empty = KEY.sign(&access_claims(r#","x":"""#)).len();
        // Three bytes are four characters.
        let filler = "x".repeat((bytes - empty) * 3 / 4);
        KEY.sign(&access_claims(&format!(r#","x":"{filler}""#)))
    };
    let token = of_length(3000);
    let exactly = policy().with_max_length(token.len());
    assert!(verify_with(&exactly, &token, NOW).is_ok());
    let less = policy().with_max_length(token.len() - 1);
    assert_eq!(verify_with(&less, &token, NOW).err(), Some(TokenError::TooLong));
    let most = policy().with_max_length(usize::MAX);
    assert!(verify_with(&most, &of_length(TokenPolicy::MAX_LENGTH - 8), NOW).is_ok());
    let longer = of_length(TokenPolicy::MAX_LENGTH + 8);
    assert_eq!(verify_with(&most, &longer, NOW).err(), Some(TokenError::TooLong));
}

/// Rule 7, rule 22: a policy that would accept anything, or nothing, is no policy.
#[test]
fn a_policy_names_audiences_and_algorithms() {
    let none: [String; 0] = [];
    assert_eq!(TokenPolicy::access_token(none).err(), Some(TokenPolicyError::NoAudience));
    for audiences in [&[""][..], &["a", ""]] {
        let error = TokenPolicy::access_token(audiences.iter().copied()).err();
        assert_eq!(error, Some(TokenPolicyError::NoAudience), "{audiences:?}");
    }
    assert_eq!(TokenPolicy::id_token("").err(), Some(TokenPolicyError::NoAudience));
    let no_algorithm: [SignatureAlgorithm; 0] = [];
    let error = policy().with_algorithms(no_algorithm).err();
    assert_eq!(error, Some(TokenPolicyError::NoAlgorithm));
    // Allowed by the policy, but no key of the issuer is for it.
    let other = policy().with_algorithms([SignatureAlgorithm::Rs512]).unwrap();
    let token = KEY.sign(&access_claims(""));
    assert_eq!(verify_with(&other, &token, NOW).err(), Some(TokenError::Algorithm));
    let token = KEY.sign_with_header(r#"{"alg":"RS512","kid":"one"}"#, &access_claims(""));
    assert_eq!(verify_with(&other, &token, NOW).err(), Some(TokenError::UnknownKey));
}
