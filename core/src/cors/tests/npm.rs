//! The tests of npm's `cors` 2.8.6, by name: the 39 of `test.js`. Those that need an application
//! (`error-response.js`, `example-app.js`, `issue-2.js`) are in `portcullis-hyper`, with the layers for
//! tower.
//!
//! Where a rule differs, the test says so. There is no test for *handles error specified via
//! callback*: who chooses a policy for each request does so before there is one, and answers for it.

use super::*;

fn builder() -> CorsBuilder {
    Cors::builder()
}

fn build(builder: CorsBuilder) -> Cors {
    builder.build().unwrap()
}

fn of(origin: OriginPolicy) -> Cors {
    build(builder().origin(origin))
}

/// The answer to a preflight from `APP`.
fn asked(cors: &Cors) -> Vec<(String, String)> {
    preflight(cors, APP)
}

fn is(fields: &[(String, String)], name: &str, expected: Option<&str>) {
    assert_eq!(value(fields, name).as_deref(), expected, "{name}");
}

/// Options that a policy was built from build the same one again.
#[test]
fn does_not_alter_options_configuration_object() {
    let options = builder().origin(OriginPolicy::list([APP]).unwrap());
    let once = build(options.clone());
    let _ = asked(&once);
    assert_eq!(asked(&once), asked(&build(options)));
}

#[test]
fn passes_control_to_next_middleware() {
    let decision = decide(&listed(), "GET", &[("origin", APP)]);
    assert!(matches!(decision, CorsDecision::Continue(_)));
}

#[test]
fn shortcircuits_preflight_requests() {
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
    let cors = build(builder().options_success_status(200));
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let CorsDecision::Preflight(response) = decide(&cors, "OPTIONS", &fields) else { panic!() };
    assert_eq!(response.status, 200);
}

#[test]
fn doesnt_shortcircuit_preflight_requests_with_preflight_continue_option() {
    let cors = build(builder().preflight_continue(true));
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

/// The adapter derives it from the body, which is empty.
#[test]
fn includes_content_length_response_header() {
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let CorsDecision::Preflight(response) = decide(&listed(), "OPTIONS", &fields) else { panic!() };
    assert_eq!(response.body.len(), 0);
    assert_eq!(response.headers.get("content-length"), None);
}

#[test]
fn no_options_enables_default_cors_to_all_origins() {
    let cors = build(builder());
    for origin in [Some(APP), Some("null"), None] {
        let fields = simple(&cors, origin);
        is(&fields, "acao", Some("*"));
        is(&fields, "acac", None);
        is(&fields, "acam", None);
        is(&fields, "vary", None);
    }
}

#[test]
fn option_call_with_no_options_enables_default_cors_to_all_origins_and_methods() {
    let fields = asked(&build(builder()));
    is(&fields, "acao", Some("*"));
    is(&fields, "acam", Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    is(&fields, "vary", Some("Access-Control-Request-Headers"));
}

#[test]
fn overrides_defaults() {
    let cors = builder()
        .origin(OriginPolicy::list([APP]).unwrap())
        .methods(["FOO", "bar"])
        .allowed_headers(["FIZZ", "buzz"])
        .credentials(true)
        .max_age(123);
    let fields = asked(&build(cors));
    is(&fields, "acao", Some(APP));
    is(&fields, "acam", Some("FOO,bar"));
    is(&fields, "acah", Some("FIZZ,buzz"));
    is(&fields, "acac", Some("true"));
    is(&fields, "acma", Some("123"));
    is(&fields, "vary", Some("Origin"));
}

/// Unlike there, the expression covers the whole origin, as look-alikes are the usual mistake.
#[test]
fn matches_request_origin_against_regexp() {
    let cors = of(OriginPolicy::pattern(r"https://(.+\.)?app\.example").unwrap());
    for (origin, allowed) in [
        (APP, true),
        ("https://a.app.example", true),
        ("https://evilapp.example", false),
        ("https://appXexample", false),
        ("https://app.example.evil", false),
        ("null", false),
    ] {
        let fields = simple(&cors, Some(origin));
        is(&fields, "acao", allowed.then_some(origin));
        is(&fields, "vary", Some("Origin"));
    }
}

#[test]
fn matches_request_origin_against_array_of_origin_checks() {
    for origin in [APP, "http://localhost:3000"] {
        let fields = simple(&listed(), Some(origin));
        is(&fields, "acao", Some(origin));
        is(&fields, "vary", Some("Origin"));
    }
}

#[test]
fn doesnt_match_request_origin_against_array_of_invalid_origin_checks() {
    let fields = simple(&listed(), Some("https://evil.example"));
    is(&fields, "acao", None);
    is(&fields, "acac", None);
    is(&fields, "vary", Some("Origin"));
}

#[test]
fn origin_of_false_disables_cors() {
    let fields = [("origin", APP), ("access-control-request-method", "PUT")];
    let decision = decide(&of(OriginPolicy::Off), "OPTIONS", &fields);
    assert!(fields_on(&decision, &[]).is_empty());
    let CorsDecision::Continue(edits) = decision else { panic!() };
    let answer = [("access-control-allow-origin", "*")];
    assert!(edits.filter(&answer).keeps("access-control-allow-origin"));
}

/// Unlike there, it is told to that origin alone.
#[test]
fn can_override_origin() {
    let cors = of(OriginPolicy::list([APP]).unwrap());
    is(&simple(&cors, Some(APP)), "acao", Some(APP));
    is(&simple(&cors, Some("https://other.example")), "acao", None);
}

#[test]
fn includes_vary_header_for_specific_origins() {
    is(&simple(&listed(), Some(APP)), "vary", Some("Origin"));
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
fn origin_defaults_to_any() {
    is(&simple(&build(builder()), Some(APP)), "acao", Some("*"));
    is(&simple(&of(OriginPolicy::Any), Some(APP)), "acao", Some("*"));
}

/// `null` is nobody's name, so it is not reflected.
#[test]
fn specifying_true_for_origin_reflects_requesting_origin() {
    let cors = of(OriginPolicy::Reflect);
    is(&simple(&cors, Some(APP)), "acao", Some(APP));
    is(&simple(&cors, None), "acao", None);
    is(&simple(&cors, Some("null")), "acao", None);
}

fn example_pages() -> Cors {
    of(OriginPolicy::predicate(|origin| origin.ends_with(".example")))
}

#[test]
fn should_allow_origin_when_callback_returns_true() {
    is(&simple(&example_pages(), Some(APP)), "acao", Some(APP));
}

#[test]
fn should_not_allow_origin_when_callback_returns_false() {
    for fields in [
        simple(&example_pages(), Some("https://app.test")),
        preflight(&example_pages(), "https://app.test"),
    ] {
        for name in ["acao", "acam", "acah", "acac", "acma"] {
            is(&fields, name, None);
        }
        // Unlike there, which keeps caches in the dark.
        assert!(value(&fields, "vary").unwrap().starts_with("Origin"));
    }
}

#[test]
fn should_not_override_options_origin_callback() {
    let cors = example_pages();
    for _ in 0..2 {
        is(&simple(&cors, Some(APP)), "acao", Some(APP));
        is(&simple(&cors, Some("http://localhost")), "acao", None);
    }
}

#[test]
fn can_override_methods() {
    is(&asked(&build(builder().methods(["method1", "method2"]))), "acam", Some("method1,method2"));
}

#[test]
fn methods_defaults_to_get_head_put_patch_post_delete() {
    is(&asked(&build(builder())), "acam", Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
}

#[test]
fn can_specify_allowed_headers_as_array() {
    let fields = asked(&build(builder().allowed_headers(["header1", "header2"])));
    is(&fields, "acah", Some("header1,header2"));
    is(&fields, "vary", None);
}

/// Unlike there, a list is a list: names with commas are no names.
#[test]
fn can_specify_allowed_headers_as_string() {
    is(&asked(&build(builder().allowed_headers(["header1"]))), "acah", Some("header1"));
    let text = builder().allowed_headers(["header1,header2"]).build();
    assert_eq!(text.err(), Some(CorsConfigError::Name("header1,header2".into())));
}

/// Unlike there, where an empty string reflects what is asked for.
#[test]
fn an_empty_list_of_allowed_headers_results_in_no_response_header_for_allowed_headers() {
    let none: [&str; 0] = [];
    let fields = asked(&build(builder().allowed_headers(none)));
    is(&fields, "acah", None);
    is(&fields, "vary", None);
}

#[test]
fn if_no_allowed_headers_are_specified_defaults_to_requested_allowed_headers() {
    let fields = asked(&build(builder()));
    is(&fields, "acah", Some("x-one, x-two"));
    is(&fields, "vary", Some("Access-Control-Request-Headers"));
}

/// Unlike there, exposed names stand on answers and not on preflights, where nobody reads them.
#[test]
fn can_specify_exposed_headers_as_array() {
    let cors = build(builder().exposed_headers(["custom-header1", "custom-header2"]));
    is(&simple(&cors, Some(APP)), "aceh", Some("custom-header1,custom-header2"));
    is(&asked(&cors), "aceh", None);
}

#[test]
fn can_specify_exposed_headers_as_string() {
    let cors = build(builder().exposed_headers(["custom-header1"]));
    is(&simple(&cors, Some(APP)), "aceh", Some("custom-header1"));
}

/// Unlike there, what is exposed without a list is the reason of a refusal.
#[test]
fn an_empty_list_of_exposed_headers_results_in_no_response_header_for_exposed_headers() {
    let none: [&str; 0] = [];
    is(&simple(&build(builder().exposed_headers(none)), Some(APP)), "aceh", None);
    is(&simple(&build(builder()), Some(APP)), "aceh", Some("WWW-Authenticate"));
}

#[test]
fn includes_credentials_if_explicitly_enabled() {
    let cors = build(builder().origin(OriginPolicy::list([APP]).unwrap()).credentials(true));
    is(&simple(&cors, Some(APP)), "acac", Some("true"));
    is(&asked(&cors), "acac", Some("true"));
}

#[test]
fn does_not_include_credentials_unless_explicitly_enabled() {
    is(&simple(&listed(), Some(APP)), "acac", None);
    is(&asked(&listed()), "acac", None);
}

#[test]
fn includes_max_age_when_specified() {
    let cors = build(builder().max_age(456));
    is(&asked(&cors), "acma", Some("456"));
    is(&simple(&cors, Some(APP)), "acma", None);
}

#[test]
fn includes_max_age_when_specified_and_equals_to_zero() {
    is(&asked(&build(builder().max_age(0))), "acma", Some("0"));
}

#[test]
fn does_not_include_max_age_unless_specified() {
    is(&asked(&build(builder())), "acma", None);
}

/// Which policy applies, whoever calls decides for each request: there may be several.
fn policy_of<'c>(head: &RequestHead<'_>, everybody: &'c Cors, pages: &'c Cors) -> &'c Cors {
    if head.target.starts_with("/public") { everybody } else { pages }
}

#[test]
fn handles_options_specified_via_callback() {
    let (everybody, pages) = (build(builder()), listed());
    for (target, allowed) in [("/public/a", Some("*")), ("/private", None)] {
        let fields = [("origin", "https://other.example")].to_vec();
        let head =
            RequestHead { method: "GET", target, headers: &fields, peer: None, secure: true };
        let decision = policy_of(&head, &everybody, &pages).begin(&head);
        is(&fields_on(&decision, &[]), "acao", allowed);
    }
}

#[test]
fn handles_options_specified_via_callback_for_preflight() {
    let (everybody, pages) = (build(builder().max_age(1000)), listed());
    for (target, age) in [("/public/a", Some("1000")), ("/private", None)] {
        let fields = [("origin", APP), ("access-control-request-method", "PUT")].to_vec();
        let head =
            RequestHead { method: "OPTIONS", target, headers: &fields, peer: None, secure: true };
        let decision = policy_of(&head, &everybody, &pages).begin(&head);
        assert!(matches!(decision, CorsDecision::Preflight(_)));
        is(&fields_on(&decision, &[]), "acma", age);
    }
}
