//! The CORS rules. The first part has the names of the tests of npm's `cors`; the second the rows of
//! the attack catalogue.

use super::*;
use alloc::{borrow::ToOwned as _, string::ToString as _, vec};

const APP: &str = "https://app.example";

fn decide(cors: &Cors, method: &str, fields: &[(&str, &str)]) -> CorsDecision {
    let fields = fields.to_vec();
    let head = RequestHead { method, target: "/", headers: &fields, peer: None, secure: true };
    cors.begin(&head)
}

/// The fields that CORS puts on an answer with the fields `answer`.
fn fields_on(decision: &CorsDecision, answer: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_string(), value.to_string());
    match decision {
        CorsDecision::Preflight(response) => response.headers.iter().map(owned).collect(),
        CorsDecision::Continue(edits) => {
            let answer = answer.to_vec();
            edits.filter(&answer).added().map(owned).collect()
        }
    }
}

fn value(fields: &[(String, String)], name: &str) -> Option<String> {
    let short = match name {
        "acao" => "access-control-allow-origin",
        "acac" => "access-control-allow-credentials",
        "acam" => "access-control-allow-methods",
        "acah" => "access-control-allow-headers",
        "aceh" => "access-control-expose-headers",
        "acma" => "access-control-max-age",
        other => other,
    };
    fields.iter().find(|(known, _)| known == short).map(|(_, value)| value.clone())
}

fn simple(cors: &Cors, origin: Option<&str>) -> Vec<(String, String)> {
    let fields: Vec<(&str, &str)> = origin.iter().map(|origin| ("origin", *origin)).collect();
    fields_on(&decide(cors, "GET", &fields), &[])
}

fn preflight(cors: &Cors, origin: &str) -> Vec<(String, String)> {
    let fields = [
        ("origin", origin),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-one, x-two"),
    ];
    fields_on(&decide(cors, "OPTIONS", &fields), &[])
}

fn listed() -> Cors {
    let origin = OriginPolicy::list([APP, "http://localhost:3000"]).unwrap();
    Cors::builder().origin(origin).build().unwrap()
}

#[test]
fn passes_control() {
    let decision = decide(&listed(), "GET", &[("origin", APP)]);
    assert!(matches!(decision, CorsDecision::Continue(_)));
}

#[test]
fn shortcircuits_preflight() {
    for origin in [APP, "https://evil.example"] {
        let fields = [("origin", origin), ("access-control-request-method", "PUT")];
        let CorsDecision::Preflight(response) = decide(&listed(), "OPTIONS", &fields) else {
            panic!("passed on")
        };
        assert_eq!(response.status, 204);
        assert!(response.body.is_empty());
    }
}

#[test]
fn can_configure_preflight_success_response_status_code() {
    let cors = Cors::builder().options_success_status(200).build().unwrap();
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let CorsDecision::Preflight(response) = decide(&cors, "OPTIONS", &fields) else { panic!() };
    assert_eq!(response.status, 200);
}

#[test]
fn does_not_shortcircuit_preflight_with_preflight_continue_option() {
    let cors = Cors::builder().preflight_continue(true).build().unwrap();
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let decision = decide(&cors, "OPTIONS", &fields);
    assert!(matches!(decision, CorsDecision::Continue(_)));
    assert!(value(&fields_on(&decision, &[]), "acam").is_some());
}

/// Methods are case-sensitive (RFC 9110 §9.1), so unlike there `options` is no preflight.
#[test]
fn normalizes_method_names() {
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    assert!(matches!(decide(&listed(), "options", &fields), CorsDecision::Continue(_)));
}

#[test]
fn no_options_enables_default_cors_to_all_origins() {
    let cors = Cors::builder().build().unwrap();
    for origin in [Some(APP), Some("null"), None] {
        let fields = simple(&cors, origin);
        assert_eq!(value(&fields, "acao").as_deref(), Some("*"));
        assert_eq!(value(&fields, "acac"), None);
        assert_eq!(value(&fields, "vary"), None);
    }
}

#[test]
fn options_call_with_no_options_enables_default_cors_to_all_origins_and_methods() {
    let fields = preflight(&Cors::builder().build().unwrap(), APP);
    assert_eq!(value(&fields, "acao").as_deref(), Some("*"));
    assert_eq!(value(&fields, "acam").as_deref(), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(value(&fields, "acah").as_deref(), Some("x-one, x-two"));
    assert_eq!(value(&fields, "vary").as_deref(), Some("Access-Control-Request-Headers"));
    assert_eq!(value(&fields, "acma"), None);
}

#[test]
fn overrides_defaults() {
    let cors = Cors::builder()
        .origin(OriginPolicy::list([APP]).unwrap())
        .methods(["FOO", "bar"])
        .allowed_headers(["FIZZ", "buzz"])
        .credentials(true)
        .max_age(123)
        .build()
        .unwrap();
    let fields = preflight(&cors, APP);
    assert_eq!(value(&fields, "acao").as_deref(), Some(APP));
    assert_eq!(value(&fields, "acam").as_deref(), Some("FOO,bar"));
    assert_eq!(value(&fields, "acah").as_deref(), Some("FIZZ,buzz"));
    assert_eq!(value(&fields, "acac").as_deref(), Some("true"));
    assert_eq!(value(&fields, "acma").as_deref(), Some("123"));
    assert_eq!(value(&fields, "vary").as_deref(), Some("Origin"));
}

#[test]
fn matches_request_origin_against_regexp() {
    let origin = OriginPolicy::pattern(r"https://(.+\.)?app\.example").unwrap();
    let cors = Cors::builder().origin(origin).build().unwrap();
    for (origin, allowed) in [
        (APP, true),
        ("https://a.app.example", true),
        ("https://evilapp.example", false),
        ("https://appXexample", false),
        ("https://app.example.evil", false),
        ("null", false),
    ] {
        let found = value(&simple(&cors, Some(origin)), "acao");
        assert_eq!(found, allowed.then(|| origin.to_owned()), "{origin}");
    }
}

#[test]
fn matches_request_origin_against_array_of_origin_checks() {
    for origin in [APP, "http://localhost:3000"] {
        let fields = simple(&listed(), Some(origin));
        assert_eq!(value(&fields, "acao").as_deref(), Some(origin));
        assert_eq!(value(&fields, "vary").as_deref(), Some("Origin"));
    }
}

#[test]
fn does_not_match_request_origin_against_array_of_invalid_origin_checks() {
    let fields = simple(&listed(), Some("https://evil.example"));
    assert_eq!(value(&fields, "acao"), None);
    assert_eq!(value(&fields, "acac"), None);
    assert_eq!(value(&fields, "vary").as_deref(), Some("Origin"));
}

#[test]
fn origin_of_false_disables_cors() {
    let cors = Cors::builder().origin(OriginPolicy::Off).build().unwrap();
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let decision = decide(&cors, "OPTIONS", &fields);
    assert!(fields_on(&decision, &[]).is_empty());
    let CorsDecision::Continue(edits) = decision else { panic!() };
    let answer = [("access-control-allow-origin", "*")];
    assert!(edits.filter(&answer).keeps("access-control-allow-origin"));
}

#[test]
fn includes_vary_header_for_specific_origins() {
    assert_eq!(value(&simple(&listed(), Some(APP)), "vary").as_deref(), Some("Origin"));
}

#[test]
fn appends_to_an_existing_vary_header() {
    let decision = decide(&listed(), "GET", &[("origin", APP)]);
    for (existing, added) in [
        ("Accept-Encoding", Some("Origin")),
        ("Origin", None),
        ("accept, origin", None),
        ("*", None),
    ] {
        let fields = fields_on(&decision, &[("vary", existing)]);
        assert_eq!(value(&fields, "vary").as_deref(), added, "{existing}");
    }
}

#[test]
fn specifying_true_for_origin_reflects_requesting_origin() {
    let cors = Cors::builder().origin(OriginPolicy::Reflect).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "acao").as_deref(), Some(APP));
    assert_eq!(value(&simple(&cors, None), "acao"), None);
    assert_eq!(value(&simple(&cors, Some("null")), "acao"), None);
}

#[test]
fn should_allow_origin_when_callback_returns_true() {
    let origin = OriginPolicy::predicate(|origin| origin.ends_with(".example"));
    let cors = Cors::builder().origin(origin).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "acao").as_deref(), Some(APP));
    assert_eq!(value(&simple(&cors, Some("https://app.test")), "acao"), None);
    assert_eq!(value(&simple(&cors, Some("https://app.test")), "vary").as_deref(), Some("Origin"));
}

#[test]
fn specifying_an_empty_list_or_none_of_allowed_headers() {
    let none: [&str; 0] = [];
    let cors = Cors::builder().allowed_headers(none).build().unwrap();
    let fields = preflight(&cors, APP);
    assert_eq!(value(&fields, "acah"), None);
    assert_eq!(value(&fields, "vary"), None);
}

#[test]
fn if_no_exposed_headers_are_specified_the_reason_of_a_refusal_is_exposed() {
    let cors = Cors::builder().build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "aceh").as_deref(), Some("WWW-Authenticate"));
    assert_eq!(value(&preflight(&cors, APP), "aceh"), None);
    let none: [&str; 0] = [];
    let cors = Cors::builder().exposed_headers(none).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "aceh"), None);
    let cors = Cors::builder().exposed_headers(["h1", "h2"]).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "aceh").as_deref(), Some("h1,h2"));
}

#[test]
fn includes_credentials_if_explicitly_enabled() {
    assert_eq!(value(&simple(&listed(), Some(APP)), "acac"), None);
    let origin = OriginPolicy::list([APP]).unwrap();
    let cors = Cors::builder().origin(origin).credentials(true).build().unwrap();
    assert_eq!(value(&simple(&cors, Some(APP)), "acac").as_deref(), Some("true"));
}

#[test]
fn includes_max_age_when_specified_and_when_equals_to_zero() {
    for seconds in [0, 456] {
        let cors = Cors::builder().max_age(seconds).build().unwrap();
        assert_eq!(value(&preflight(&cors, APP), "acma"), Some(seconds.to_string()));
        assert_eq!(value(&simple(&cors, Some(APP)), "acma"), None);
    }
}

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
