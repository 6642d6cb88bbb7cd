//! What a token must say.

use super::*;
use crate::{json::Json, jwt::ScopeClaim};
use alloc::borrow::ToOwned as _;

fn verified(more: &str) -> VerifiedToken {
    match visit(&Guard::new(policy()), "GET", "/", Some(&bearer(more))) {
        Verdict::Allowed(token) => token,
        other => panic!("not allowed: {other:?}"),
    }
}

fn meets(requirement: &Result<Requirement, RequirementError>, more: &str) -> bool {
    requirement.as_ref().unwrap().is_met_by(&verified(more))
}

#[test]
fn required_scopes_needs_all_of_them() {
    let requirement = Requirement::required_scopes(["read", "write"]);
    for (claims, met) in [
        (r#","scope":"read write""#, true),
        (r#","scope":"admin write read""#, true),
        (r#","scope":"read""#, false),
        (r#","scope":"read writes""#, false),
        (r#","scope":"READ WRITE""#, false),
        (r#","scope":"""#, false),
        (r#","permissions":["read","write"]"#, false),
        ("", false),
    ] {
        assert_eq!(meets(&requirement, claims), met, "{claims}");
    }
}

/// Scopes are scopes wherever the policy of their issuer says that they stand.
#[test]
fn scopes_of_another_claim_count_where_the_policy_names_it() {
    let read = Requirement::required_scopes(["read"]).unwrap();
    for (claim, more, met) in [
        (ScopeClaim::Scope, r#","scp":"read""#, false),
        (ScopeClaim::ScopeOrList, r#","scope":["write","read"]"#, true),
        (ScopeClaim::ScopeOrList, r#","scope":"write read""#, true),
        (ScopeClaim::Scp, r#","scp":["read"]"#, true),
        (ScopeClaim::Scp, r#","scp":"write read""#, true),
        (ScopeClaim::Scp, r#","scope":"read""#, false),
    ] {
        let guard = Guard::builder(policy().with_scope_claim(claim)).require(read.clone());
        match visit(&guard.build().unwrap(), "GET", "/", Some(&bearer(more))) {
            Verdict::Allowed(_) => assert!(met, "{claim:?} {more}"),
            other => {
                let refusal = refused(other);
                assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Scope));
                assert!(!met, "{claim:?} {more}");
            }
        }
    }
}

#[test]
fn scope_includes_any_needs_one_of_them() {
    let requirement = Requirement::scope_includes_any(["read", "write"]);
    for (claims, met) in [
        (r#","scope":"write""#, true),
        (r#","scope":"admin read""#, true),
        (r#","scope":"admin""#, false),
        (r#","permissions":["read"]"#, false),
        ("", false),
    ] {
        assert_eq!(meets(&requirement, claims), met, "{claims}");
    }
}

/// What Auth0 puts into `permissions` is no scope, and the other way round.
#[test]
fn permissions_are_no_scopes() {
    let all = Requirement::required_permissions(["read", "write"]);
    let any = Requirement::permission_includes_any(["read", "write"]);
    for (claims, has_all, has_any) in [
        (r#","permissions":["write","read"]"#, true, true),
        (r#","permissions":["write"]"#, false, true),
        (r#","permissions":[]"#, false, false),
        (r#","permissions":"read write""#, false, false),
        (r#","permissions":[1,{"read":1}]"#, false, false),
        (r#","scope":"read write""#, false, false),
    ] {
        assert_eq!(meets(&all, claims), has_all, "{claims}");
        assert_eq!(meets(&any, claims), has_any, "{claims}");
    }
}

#[test]
fn claim_equals_compares_type_and_value() {
    for (value, claims, met) in [
        (Json::from("x"), r#","a":"x""#, true),
        (Json::from("x"), r#","a":"X""#, false),
        (Json::from("1"), r#","a":1"#, false),
        (Json::from(1), r#","a":1"#, true),
        (Json::from(true), r#","a":true"#, true),
        (Json::from(true), r#","a":"true""#, false),
        (Json::Null, r#","a":null"#, true),
        (Json::Null, "", false),
        (Json::from_iter(["x"]), r#","a":["x"]"#, true),
        (Json::from("x"), r#","a":["x"]"#, false),
    ] {
        let requirement = Requirement::claim_equals(["a"], value);
        assert_eq!(meets(&requirement, claims), met, "{claims}");
    }
}

#[test]
fn claim_includes_needs_all_values() {
    let requirement = Requirement::claim_includes(["roles"], ["editor", "admin"]);
    for (claims, met) in [
        (r#","roles":["admin","editor","x"]"#, true),
        (r#","roles":"admin editor""#, true),
        (r#","roles":["admin"]"#, false),
        (r#","roles":"administrator editor""#, false),
        (r#","roles":{"admin":1,"editor":1}"#, false),
        (r#","roles":null"#, false),
        ("", false),
    ] {
        assert_eq!(meets(&requirement, claims), met, "{claims}");
    }
    let numbers = Requirement::claim_includes(["levels"], [2, 3]);
    assert!(meets(&numbers, r#","levels":[1,2,3]"#));
    assert!(!meets(&numbers, r#","levels":"1 2 3""#));
}

/// J34: a path is a list of names, and no name is taken apart.
#[test]
fn j34_claims_are_named_by_paths() {
    let nested = Requirement::claim_includes(["realm_access", "roles"], ["admin"]);
    assert!(meets(&nested, r#","realm_access":{"roles":["admin"]}"#));
    assert!(!meets(&nested, r#","realm_access.roles":["admin"]"#));
    let dotted = Requirement::claim_includes(["a.b"], ["admin"]);
    assert!(meets(&dotted, r#","a.b":["admin"]"#));
    assert!(!meets(&dotted, r#","a":{"b":["admin"]}"#));
    let url = Requirement::claim_equals(["https://example.com/team"], "red");
    assert!(meets(&url, r#","https://example.com/team":"red""#));
    for name in ["__proto__", "constructor", ""] {
        assert!(!meets(&Requirement::claim_equals([name], "x"), ""), "{name}");
    }
}

/// O34: an address decides as a whole, byte for byte, and what is not verified is not taken for it.
#[test]
fn o34_no_part_of_an_email_address_decides() {
    let email = Requirement::claim_equals(["email"], "una@company.example");
    let verified = Requirement::claim_equals(["email_verified"], true);
    for (address, met) in [
        ("una@company.example", true),
        ("attacker@evil.example@company.example", false),
        ("una@company.example@evil.example", false),
        ("evil+una@company.example", false),
        ("una@company.example.evil.example", false),
        ("UNA@company.example", false),
        ("una@Company.example", false),
        ("una@c\u{43e}mpany.example", false),
        ("una@xn--cmpany-8qf.example", false),
        (" una@company.example", false),
        ("una@company.example\\u0000", false),
        ("una@company.example,x@evil.example", false),
        ("@company.example", false),
        ("", false),
    ] {
        let claims = format!(r#","email":"{address}""#);
        assert_eq!(meets(&email, &claims), met, "{address:?}");
    }
    for (value, met) in
        [("true", true), ("false", false), (r#""true""#, false), ("1", false), ("null", false)]
    {
        assert_eq!(meets(&verified, &format!(r#","email_verified":{value}"#)), met, "{value}");
    }
    assert!(!meets(&verified, ""));
}

/// O35: a group is an element of an array, whole. Neither commas nor blanks in it make two of it,
/// what stands elsewhere is not fetched, and a name that is empty is none.
#[test]
fn o35_groups_are_not_taken_apart() {
    let groups = Requirement::claim_includes(["groups"], ["admin"]);
    for (claims, met) in [
        (r#","groups":["admin"]"#, true),
        (r#","groups":["staff","admin"]"#, true),
        (r#","groups":"admin""#, true),
        (r#","groups":["staff,admin"]"#, false),
        (r#","groups":["staff admin"]"#, false),
        (r#","groups":["staff;admin"]"#, false),
        (r#","groups":["/admin"]"#, false),
        (r#","groups":["ADMIN"]"#, false),
        (r#","groups":[["admin"]]"#, false),
        (r#","groups":[{"admin":true}]"#, false),
        (r#","groups":{"admin":true}"#, false),
        (r#","groups":"staff,admin""#, false),
        // What Entra sends where there are too many groups.
        (
            r#","_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://x"}}"#,
            false,
        ),
        (r#","hasgroups":true"#, false),
    ] {
        assert_eq!(meets(&groups, claims), met, "{claims}");
    }
    let with_comma = Requirement::claim_includes(["groups"], ["a,b"]);
    assert!(meets(&with_comma, r#","groups":["a,b"]"#));
    assert!(!meets(&with_comma, r#","groups":["a","b"]"#));
    let with_blank = Requirement::claim_includes(["groups"], ["site admin"]);
    assert!(meets(&with_blank, r#","groups":["site admin"]"#));
    assert!(!meets(&with_blank, r#","groups":["site","admin"]"#));
    for refused in [
        Requirement::claim_includes(["groups"], [""]),
        Requirement::claim_includes(["groups"], ["admin", ""]),
        Requirement::required_permissions([""]),
        Requirement::permission_includes_any(["read", ""]),
    ] {
        assert_eq!(refused.err(), Some(RequirementError::Nothing));
    }
}

#[test]
fn claim_check_is_the_applications_own() {
    let requirement = Ok(Requirement::claim_check(|token| token.subject() == Some("user")));
    assert!(meets(&requirement, ""));
    let refuses = Requirement::claim_check(|_| false);
    let guard = builder().require(refuses).build().unwrap();
    let refusal = refused(visit(&guard, "GET", "/", Some(&bearer(""))));
    assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Check));
    assert_eq!(refusal.response.status, 403);
}

#[test]
fn requirements_that_mean_nothing_are_refused() {
    let none: [&str; 0] = [];
    for refused in [
        Requirement::required_scopes(none),
        Requirement::scope_includes_any(none),
        Requirement::required_permissions(none),
        Requirement::permission_includes_any(none),
        Requirement::claim_equals(none, "x"),
        Requirement::claim_includes(["a"], none),
    ] {
        assert_eq!(refused.err(), Some(RequirementError::Nothing));
    }
    for scope in ["a b", "a\"b", "a\\b", "\u{e9}", "a\n"] {
        let refused = Requirement::required_scopes([scope]);
        assert_eq!(refused.err(), Some(RequirementError::Scope(scope.into())));
    }
}

/// RFC 6750 §3.1: the scopes that are needed, all of them, each once.
#[test]
fn a_challenge_names_every_scope_that_the_route_needs() {
    let scopes = |names: &[&str]| Requirement::required_scopes(names.to_vec()).unwrap();
    let route = GuardRoute::new("/orders")
        .unwrap()
        .require(scopes(&["write", "api"]))
        .require(Requirement::scope_includes_any(["red", "blue"]).unwrap());
    let guard = builder().require(scopes(&["api"])).route(route).build().unwrap();
    let told = |target: &str, more: &str| {
        let refusal = refused(visit(&guard, "GET", target, Some(&bearer(more))));
        assert_eq!(refusal.reason, RefusalReason::Unmet(RequirementKind::Scope));
        let challenge = challenge(&refusal).unwrap().to_owned();
        challenge.split_once("scope=\"").unwrap().1.trim_end_matches('"').to_owned()
    };
    assert_eq!(told("/", ""), "api");
    assert_eq!(told("/orders", r#","scope":"api""#), "api write red blue");
    assert_eq!(told("/orders", r#","scope":"api write""#), "api write red blue");
    let good = bearer(r#","scope":"api write blue""#);
    assert!(matches!(visit(&guard, "GET", "/orders", Some(&good)), Verdict::Allowed(_)));
}
