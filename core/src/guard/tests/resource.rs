//! The metadata of the API (RFC 9728).

use super::*;
use crate::http::UrlError;

fn resource() -> ProtectedResource {
    ProtectedResource::new("https://api.example/v1")
        .unwrap()
        .authorization_servers(["https://op.example/"])
        .unwrap()
        .scopes_supported(["read", "write"])
        .unwrap()
        .resource_name("Orders")
        .resource_documentation("https://docs.example/orders")
        .unwrap()
}

const PATH: &str = "/.well-known/oauth-protected-resource/v1";

#[test]
fn everybody_can_read_the_metadata() {
    let guard = builder().protected_resource(resource()).build().unwrap();
    for (method, target, credentials) in [
        ("GET", PATH.into(), None),
        ("HEAD", PATH.into(), None),
        ("GET", format!("{PATH}?x=y"), None),
        ("GET", PATH.into(), Some("Bearer x")),
    ] {
        let Verdict::Answered(response) = visit(&guard, method, &target, credentials) else {
            panic!("not answered")
        };
        assert_eq!(response.status, 200);
        assert_eq!(response.headers.get("content-type"), Some("application/json"));
        assert_eq!(
            response.body,
            concat!(
                r#"{"authorization_servers":["https://op.example/"],"#,
                r#""bearer_methods_supported":["header"],"#,
                r#""resource":"https://api.example/v1","#,
                r#""resource_documentation":"https://docs.example/orders","#,
                r#""resource_name":"Orders","#,
                r#""scopes_supported":["read","write"]}"#,
            )
        );
    }
}

#[test]
fn nothing_else_is_open() {
    let guard = builder().protected_resource(resource()).build().unwrap();
    for (method, target) in [
        ("POST", PATH),
        ("GET", "/.well-known/oauth-protected-resource"),
        ("GET", "/.well-known/oauth-protected-resource/v1/"),
        ("GET", "/.well-known/oauth-protected-resource/V1"),
    ] {
        let verdict = visit(&guard, method, target, None);
        assert!(matches!(verdict, Verdict::Refused(_)), "{method} {target}");
    }
    let without = Guard::new(policy());
    assert!(matches!(visit(&without, "GET", PATH, None), Verdict::Refused(_)));
}

/// RFC 9728 §5.1: every challenge says where the metadata are.
#[test]
fn challenges_name_the_metadata() {
    let guard = builder().protected_resource(resource()).build().unwrap();
    let url = "https://api.example/.well-known/oauth-protected-resource/v1";
    for credentials in [None, Some("Bearer"), Some("Bearer x.y.z")] {
        let refusal = refused(visit(&guard, "GET", "/", credentials));
        let challenge = challenge(&refusal).unwrap();
        assert!(challenge.ends_with(&format!(r#", resource_metadata="{url}""#)), "{challenge}");
    }
}

/// RFC 9728 §2: the places that a token is taken from.
#[test]
fn the_metadata_say_where_tokens_are_taken_from() {
    let guard = builder()
        .protected_resource(resource())
        .token_in_form(true)
        .token_in_query(true)
        .build()
        .unwrap();
    let Verdict::Answered(response) = visit(&guard, "GET", PATH, None) else { panic!() };
    let methods = r#""bearer_methods_supported":["header","body","query"]"#;
    assert!(response.body.contains(methods), "{}", response.body);
}

/// RFC 9728 §3.1: the well-known part goes between host and path.
#[test]
fn the_url_of_the_metadata_is_made_from_the_identifier() {
    for (resource, url) in [
        ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
        (
            "https://api.example:8443/a/b",
            "https://api.example:8443/.well-known/oauth-protected-resource/a/b",
        ),
        ("http://localhost:5000/", "http://localhost:5000/.well-known/oauth-protected-resource"),
    ] {
        assert_eq!(ProtectedResource::new(resource).unwrap().metadata_url(), url);
    }
}

#[test]
fn a_resource_that_is_none_is_refused() {
    for (resource, error) in [
        ("api", UrlError::Scheme),
        ("urn:example:api", UrlError::Scheme),
        ("http://api.example/", UrlError::Insecure),
        ("https://api.example/?a=b", UrlError::Query),
        ("https://api.example/\"x", UrlError::Character),
        ("https://api.example/#x", UrlError::Fragment),
    ] {
        let refused = ProtectedResource::new(resource).err();
        assert_eq!(refused, Some(ProtectedResourceError::Url(error)), "{resource}");
    }
    assert!(resource().authorization_servers(["op"]).is_err());
    assert!(resource().scopes_supported(["a b"]).is_err());
    assert!(resource().resource_policy_uri("policy").is_err());
    assert!(resource().resource_tos_uri("terms").is_err());
}
