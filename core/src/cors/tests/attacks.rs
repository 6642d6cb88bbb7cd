//! X01 to X06, X13, X14 and P23. The others are rows of the gate, or need a server.

use super::*;
use alloc::vec;

/// X01: `null` is nobody, unless it is listed.
#[test]
fn x01_null_is_allowed_only_where_it_is_listed() {
    assert_eq!(value(&simple(&listed(), Some("null")), "acao"), None);
    let origin = OriginPolicy::list([APP, "null"]).unwrap();
    let cors = Cors::builder().origin(origin).build().unwrap();
    assert_eq!(value(&simple(&cors, Some("null")), "acao").as_deref(), Some("null"));
    let everybody = OriginPolicy::predicate(|_| true);
    let cors = Cors::builder().origin(everybody).credentials(true).build().unwrap();
    assert_eq!(value(&simple(&cors, Some("null")), "acao"), None);
}

/// X02, X04: origins are compared byte for byte.
#[test]
fn x02_x04_look_alikes_are_other_origins() {
    for origin in [
        "https://evilapp.example",
        "https://app.example.evil",
        "https://app.example:8443",
        "http://app.example",
        "https://APP.example",
        "https://app.example.",
        "https://app.example/",
        "https://app.example, https://app.example",
        " ",
        "",
    ] {
        assert_eq!(value(&simple(&listed(), Some(origin)), "acao"), None, "{origin}");
    }
    let twice = [("origin", APP), ("Origin", APP)];
    let fields = fields_on(&decide(&listed(), "GET", &twice), &[]);
    assert_eq!(value(&fields, "acao"), None);
    let long = format!("https://{}.example", "x".repeat(8192));
    let cors = Cors::builder().origin(OriginPolicy::predicate(|_| true)).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(&long)), "acao"), None);
}

/// X03, D14: what no browser accepts, or nobody should, does not build.
#[test]
fn x03_policies_that_open_everything_are_refused() {
    for origin in [OriginPolicy::Any, OriginPolicy::Reflect] {
        let refused = Cors::builder().origin(origin).credentials(true).build();
        assert_eq!(refused.err(), Some(CorsConfigError::CredentialsForAll));
    }
    let with_credentials =
        || Cors::builder().origin(OriginPolicy::list([APP]).unwrap()).credentials(true);
    for refused in [
        with_credentials().methods(["*"]).build(),
        with_credentials().allowed_headers(["*"]).build(),
        with_credentials().exposed_headers(["*"]).build(),
    ] {
        assert_eq!(refused.err(), Some(CorsConfigError::WildcardWithCredentials));
    }
    for origins in
        [&["app.example"][..], &["https://app.example/path"], &["*"], &["https://*.example"]]
    {
        let refused = OriginPolicy::list(origins.iter().copied());
        assert!(matches!(refused, Err(CorsConfigError::Origin(..))), "{origins:?}");
    }
    assert!(matches!(OriginPolicy::list([]), Err(CorsConfigError::NoOrigin)));
    assert!(matches!(OriginPolicy::pattern("("), Err(CorsConfigError::Pattern(_))));
    let refused = Cors::builder().methods(["GET, POST"]).build();
    assert_eq!(refused.err(), Some(CorsConfigError::Name("GET, POST".into())));
    assert_eq!(
        Cors::builder().options_success_status(404).build().err(),
        Some(CorsConfigError::Status(404))
    );
}

#[test]
fn configured_origins_may_have_a_default_port_or_a_final_slash() {
    for origin in ["https://app.example/", "https://app.example:443"] {
        let cors = Cors::builder().origin(OriginPolicy::list([origin]).unwrap()).build().unwrap();
        assert_eq!(value(&simple(&cors, Some(APP)), "acao").as_deref(), Some(APP));
    }
}

/// X05: `Vary` says so on every answer, allowed, denied or without an origin.
#[test]
fn x05_every_answer_varies_by_origin() {
    for origin in [Some(APP), Some("https://evil.example"), Some("null"), None] {
        assert_eq!(value(&simple(&listed(), origin), "vary").as_deref(), Some("Origin"));
    }
    let fields = preflight(&listed(), "https://evil.example");
    let expected = "Origin, Access-Control-Request-Headers";
    assert_eq!(value(&fields, "vary").as_deref(), Some(expected));
}

/// X06: a preflight costs no more than it is long, and asks for nothing but names.
#[test]
fn x06_requested_headers_are_bounded() {
    let many = ",".repeat(100_000);
    for requested in [many.as_str(), "x\u{e9}", "a;b", "a\"b"] {
        let fields = [
            ("origin", APP),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", requested),
        ];
        let answer = fields_on(&decide(&listed(), "OPTIONS", &fields), &[]);
        assert_eq!(value(&answer, "acah"), None);
        assert_eq!(value(&answer, "acao").as_deref(), Some(APP));
    }
}

/// X13: an upstream's own words about CORS do not come through.
#[test]
fn x13_there_is_one_policy() {
    let CorsDecision::Continue(edits) = decide(&listed(), "GET", &[("origin", APP)]) else {
        panic!()
    };
    let answer = vec![("Access-Control-Allow-Origin", "*"), ("content-type", "text/plain")];
    let filter = edits.filter(&answer);
    assert!(!filter.keeps("Access-Control-Allow-Origin"));
    assert!(!filter.keeps("access-control-allow-credentials"));
    assert!(filter.keeps("content-type"));
    assert_eq!(
        filter.added().filter(|(name, _)| *name == "access-control-allow-origin").count(),
        1
    );
}

/// X14: a private network is not granted.
#[test]
fn x14_private_networks_are_not_granted() {
    let fields = [
        ("origin", APP),
        ("access-control-request-method", "GET"),
        ("access-control-request-private-network", "true"),
    ];
    let answer = fields_on(&decide(&listed(), "OPTIONS", &fields), &[]);
    assert_eq!(value(&answer, "access-control-allow-private-network"), None);
}

/// P23: OPTIONS alone is no preflight, and goes the way of every other request.
#[test]
fn p23_options_alone_is_no_preflight() {
    for fields in [vec![], vec![("origin", APP)], vec![("access-control-request-method", "PUT")]] {
        let decision = decide(&listed(), "OPTIONS", &fields);
        assert!(matches!(decision, CorsDecision::Continue(_)), "{fields:?}");
    }
}
