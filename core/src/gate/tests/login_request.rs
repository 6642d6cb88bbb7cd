//! What goes to the provider when a login starts, and how.

use super::*;
use crate::{
    issuer::IssuerConfig,
    oidc::{ClientCredentials, LoginError, PushedRequestError},
    test_support::discovery,
};

/// A machine that knows an issuer with more, or other, members in its discovery document.
fn machine_with(more: &str) -> IssuerMachine {
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let need =
        crate::issuer::Need::Key { algorithm: crate::crypto::SignatureAlgorithm::Rs256, id: None };
    for _ in 0..2 {
        let _ = machine.demand(&need, after(0));
        let flight = machine.poll_flight(after(0)).unwrap();
        let body = match flight.document {
            Document::Discovery => discovery().replacen('{', &format!("{{{more}"), 1),
            Document::KeySet => KEY.jwk_set(),
        };
        let _ = machine.on_answer(flight.id, Ok(ok(body)), after(0), &mut Counting::default());
    }
    machine
}

const PUSHES: &str = r#""pushed_authorization_request_endpoint":"https://op.example/par","#;
const INSISTS: &str = r#""pushed_authorization_request_endpoint":"https://op.example/par",
                         "require_pushed_authorization_requests":true,"#;
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:one";

fn taken() -> Option<Result<Inbound, FetchError>> {
    let body = format!(r#"{{"request_uri":"{REQUEST_URI}","expires_in":60}}"#);
    Some(Ok(Inbound { status: 201, ..ok(body) }))
}

fn pushing_browser(document: &str, login: LoginPolicy) -> Browser {
    let mut browser = Browser::new(gate_with_login(login));
    browser.machine = machine_with(document);
    browser.pushed_answer = taken();
    browser
}

fn parameter(response: &Response, name: &str) -> Option<String> {
    let (_, query) = location(response).split_once('?')?;
    Query::new(query).unique(name).unwrap().map(|value| value.to_string())
}

/// O27: what a query may set goes along, encoded, and nothing else of it.
#[test]
fn a_query_may_say_how_to_sign_in() {
    let mut browser = Browser::new(gate());
    let target = "/api/auth/login?screen_hint=signup&login_hint=una%2Bx%40example.com%26scope%3Dadmin\
                  &organization=org_1&unknown=1";
    let response = response(browser.get(target));
    assert_eq!(response.status, 302);
    assert_eq!(parameter(&response, "screen_hint").as_deref(), Some("signup"));
    let hint = Some("una+x@example.com&scope=admin");
    assert_eq!(parameter(&response, "login_hint").as_deref(), hint);
    assert_eq!(parameter(&response, "organization").as_deref(), Some("org_1"));
    assert_eq!(parameter(&response, "scope").as_deref(), Some("openid profile email"));
    assert_eq!(parameter(&response, "unknown"), None);
    assert_eq!(parameter(&response, "returnTo"), None);
}

#[test]
fn the_configuration_may_say_how_to_sign_in() {
    let login = LoginPolicy::default()
        .with_parameter("organization", "org_1")
        .and_then(|login| login.with_query_parameters(["organization", "ext"]))
        .unwrap();
    let mut browser = Browser::new(gate_with_login(login));
    let response =
        response(browser.get("/api/auth/login?organization=org_2&ext=x&screen_hint=signup"));
    assert_eq!(parameter(&response, "organization").as_deref(), Some("org_1"));
    assert_eq!(parameter(&response, "ext").as_deref(), Some("x"));
    assert_eq!(parameter(&response, "screen_hint"), None);
}

/// O27: a login that cannot be the one that is asked for does not start, and says so.
#[test]
fn a_parameter_that_cannot_be_sent_has_a_page() {
    for query in ["max_age=soon", "prompt=none&prompt=login", "login_hint=%00"] {
        let mut browser = Browser::new(gate());
        let answer = answer(browser.get(&format!("/api/auth/login?returnTo=%2Fprivate&{query}")));
        let code = code(&answer.response);
        assert_eq!((answer.response.status, code), (400, "login_parameter_invalid"), "{query}");
        assert_eq!(answer.reason, AnswerReason::Login(LoginError::Parameter));
        assert!(answer.response.body.contains("\"/api/auth/login?returnTo=%2Fprivate\""));
        assert!(browser.cookies.is_empty());
    }
}

/// O06: S256 is sent to providers that do not name it, or name something weaker, as well.
#[test]
fn s256_is_always_sent() {
    for methods in [r#""code_challenge_methods_supported":["plain"],"#, ""] {
        let mut browser = Browser::new(gate());
        browser.machine = machine_with(methods);
        let response = response(browser.get("/api/auth/login"));
        assert_eq!(parameter(&response, "code_challenge_method").as_deref(), Some("S256"));
        assert_eq!(parameter(&response, "code_challenge").unwrap().len(), 43);
    }
}

/// O39: every login has a state, a nonce and a verifier of its own.
#[test]
fn no_two_logins_share_a_secret() {
    let mut browser = Browser::new(gate());
    let one = browser.start_login("/private");
    let two = browser.start_login("/private");
    for (one, two) in [
        (&one.state, &two.state),
        (&one.nonce, &two.nonce),
        (&one.code_challenge, &two.code_challenge),
    ] {
        assert_ne!(one, two);
        // 256 bits in base64url, and the name of the login in the state.
        assert!(one.len() >= 43);
    }
}

/// R07, R16 to R18, R20: whatever the target is, the login works, and ends in the application.
#[test]
fn r16_r17_r18_r20_a_login_with_no_good_target_leads_to_the_default() {
    let long = format!("returnTo=%2F{}", "x".repeat(3000));
    for query in [
        "",
        "returnTo=https%3A%2F%2Fevil.example",
        "returnTo=%2F%2Fevil.example",
        "returnTo=%2Fok&returnTo=%2F%2Fevil.example",
        "returnTo=%2Fapi%2Fauth%2Flogout",
        "returnTo=%2FAPI%2Fauth%2Flogin%3FreturnTo%3D%2Fapi%2Fauth%2Flogin",
        "returnTo=%2Fapi%2F%2561uth%2Fcallback%3Fcode%3Dx",
        "returnTo=https%3A%2F%2Fapp.example%2Fapi%2Fauth%2Flogout",
        "iss=https%3A%2F%2Fop.example&target_link_uri=https%3A%2F%2Fevil.example",
        &long,
    ] {
        let login = LoginPolicy::default().with_default_target("/home").unwrap();
        let mut browser = Browser::new(gate_with_login(login));
        let login = login_of(&response(browser.get(&format!("/api/auth/login?{query}"))));
        assert_eq!(location(&browser.come_back(&login)), "/home", "{query:.60}");
    }
    let mut browser = Browser::new(gate());
    let target = "/api/auth/login?returnTo=https%3A%2F%2Fapp.example%2Fprivate%3Fa%3Db%23c";
    let login = login_of(&response(browser.get(target)));
    assert_eq!(location(&browser.come_back(&login)), "/private?a=b");
}

/// R14: a request whose path is another host's to some readers does not become a target.
#[test]
fn r14_a_path_that_names_a_host_is_refused() {
    let mut browser = Browser::new(gate());
    for target in ["//evil.example", "//evil.example/private", "/private//evil.example"] {
        assert_eq!(response(browser.get(target)).status, 400, "{target}");
    }
}

/// R22, O26: where the provider sends browsers back to is the configuration's word alone.
#[test]
fn r22_forwarded_fields_do_not_change_where_the_provider_leads() {
    let mut browser = Browser::new(gate());
    let fields = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "//evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example"),
        ("host", "evil.example"),
    ];
    let response = response(browser.request("GET", "/api/auth/login", &fields));
    let expected = "https://app.example/api/auth/callback";
    assert_eq!(parameter(&response, "redirect_uri").as_deref(), Some(expected));
}

/// R24: no address that the gate sends a browser to holds a token, a code or a claim.
#[test]
fn r24_no_address_holds_a_credential() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let back = browser.come_back(&login);
    let replayed = response(browser.get(&callback(&login)));
    let logout = response(browser.navigate("/api/auth/logout"));
    let secrets = [ACCESS_TOKEN, "the code", "the%20code", "eyJ", "Una", SECRET, "client%20secret"];
    for response in [&back, &replayed, &logout] {
        assert!(!location(response).is_empty());
        for secret in secrets {
            assert!(!location(response).contains(secret), "{}", location(response));
        }
    }
    // The way to the provider has a challenge in it, and no verifier.
    let request = browser.token_requests[0].body.clone();
    let verifier = Query::new(&request).unique("code_verifier").unwrap().unwrap();
    let away = response(browser.get("/api/auth/login"));
    assert!(!location(&away).contains(&*verifier));
}

/// O15: who somebody is stands in the ID token, which is signed. Where the provider has a userinfo
/// endpoint as well, nobody asks it, so nothing that it could answer counts.
#[test]
fn o15_only_the_id_token_says_who_somebody_is() {
    let mut browser = Browser::new(gate());
    browser.machine = machine_with(r#""userinfo_endpoint":"https://op.example/userinfo","#);
    browser.sign_in();
    let asked: Vec<&str> =
        browser.token_requests.iter().map(|request| request.url.as_str()).collect();
    assert_eq!(asked, ["https://op.example/token"]);
    let me = response(browser.get("/api/auth/me"));
    assert_eq!(me.body, r#"{"name":"Una","sub":"user"}"#);
}

/// RFC 9126 §2.1, §4: the provider gets the request, the browser no more than its name.
#[test]
fn a_pushed_request_leaves_the_browser_its_name_alone() {
    let policy = LoginPolicy::default().with_pushed_requests();
    let mut browser = pushing_browser(PUSHES, policy);
    let away = response(browser.get("/api/auth/login?returnTo=%2Fprivate&screen_hint=signup"));
    let expected = format!(
        "https://op.example/authorize?client_id={CLIENT_ID}&request_uri={}",
        REQUEST_URI.replace(':', "%3A")
    );
    assert_eq!((away.status, location(&away)), (302, expected.as_str()));

    let pushed = browser.pushed_requests[0].clone();
    let query = Query::new(&pushed.body);
    let sent = |name| query.unique(name).unwrap().map(|value| value.to_string());
    assert_eq!(sent("screen_hint").as_deref(), Some("signup"));
    assert_eq!(sent("client_secret").as_deref(), Some("client secret"));
    let redirect_uri = "https://app.example/api/auth/callback";
    assert_eq!(sent("redirect_uri").as_deref(), Some(redirect_uri));
    let login = login_of_query(&pushed.body);
    let back = browser.come_back(&login);
    assert_eq!((back.status, location(&back)), (303, "/private"));
}

/// RFC 9126 §5: a provider that insists on it gets it.
#[test]
fn requests_are_pushed_where_the_provider_insists() {
    let mut browser = pushing_browser(INSISTS, LoginPolicy::default());
    let away = response(browser.get("/api/auth/login"));
    assert_eq!(parameter(&away, "request_uri").as_deref(), Some(REQUEST_URI));
    let mut browser = pushing_browser(PUSHES, LoginPolicy::default());
    assert_eq!(parameter(&response(browser.get("/api/auth/login")), "request_uri"), None);
    assert!(browser.pushed_requests.is_empty());
}

/// A request that is to be pushed is never sent by the browser in its place.
#[test]
fn a_request_that_cannot_be_pushed_goes_nowhere() {
    let status = |status| Some(Ok(Inbound { status, ..ok("{}") }));
    let insists_without_endpoint = r#""require_pushed_authorization_requests":true,"#;
    for (document, answered, error, expected) in [
        ("", taken(), PushedRequestError::NotOffered, (500, "pushed_request_not_offered")),
        (
            insists_without_endpoint,
            taken(),
            PushedRequestError::NotOffered,
            (500, "pushed_request_not_offered"),
        ),
        (
            PUSHES,
            Some(Err(FetchError::Timeout)),
            PushedRequestError::Fetch(FetchError::Timeout),
            (503, "pushed_request_unreachable"),
        ),
        (PUSHES, status(401), PushedRequestError::Refused(401), (502, "pushed_request_refused")),
        (PUSHES, status(201), PushedRequestError::Response, (502, "pushed_request_invalid")),
    ] {
        let policy = LoginPolicy::default().with_pushed_requests();
        let mut browser = pushing_browser(document, policy);
        browser.pushed_answer = answered;
        let answer = answer(browser.get("/api/auth/login?returnTo=%2Fprivate"));
        let response = &answer.response;
        assert_eq!((response.status, code(response)), expected);
        assert_eq!(answer.reason, AnswerReason::Login(LoginError::PushedRequest(error)));
        assert_eq!(response.headers.get("location"), None);
        assert!(response.body.contains("\"/api/auth/login?returnTo=%2Fprivate\""));
        assert!(browser.cookies.is_empty());
    }
}

/// RFC 6749 §2.3.1: both halves of the credentials are encoded, for both endpoints.
#[test]
fn the_client_proves_who_it_is_to_every_endpoint() {
    let secret = Secret::new("s:=%");
    let client =
        ClientConfig::new(CLIENT_ID, ClientCredentials::SecretBasic(secret), "https://app.example")
            .unwrap()
            .with_audience("https://api.example");
    let ring = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    let gate = Gate::builder(client, ring, RUSTCRYPTO)
        .login(LoginPolicy::default().with_pushed_requests())
        .build()
        .unwrap();
    let mut browser = Browser::new(gate);
    browser.machine = machine_with(PUSHES);
    browser.pushed_answer = taken();
    let _ = browser.get("/api/auth/login?returnTo=%2Fprivate");
    let login = login_of_query(&browser.pushed_requests[0].body.clone());
    assert_eq!(browser.come_back(&login).status, 303);
    for request in [&browser.pushed_requests[0], &browser.token_requests[0]] {
        // client:s%3A%3D%25
        let expected = "Basic Y2xpZW50OnMlM0ElM0QlMjU=";
        assert_eq!(request.headers.get("authorization"), Some(expected));
        assert!(!request.body.contains("client_secret"));
    }
}

/// The time that a person has can be chosen.
#[test]
fn a_login_that_took_longer_than_allowed_is_over() {
    let policy = LoginPolicy::default().with_lifetime(600).unwrap();
    for (seconds, status) in [(599, 303), (600, 400)] {
        let mut browser = Browser::new(gate_with_login(policy.clone()));
        let away = response(browser.get("/api/auth/login"));
        assert!(away.headers.get("set-cookie").unwrap().contains("; Max-Age=600;"));
        let login = login_of(&away);
        browser.clock = seconds;
        // An ID token of that time.
        let token = KEY.sign(&format!(
            r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","iat":{},"exp":{},"nonce":"{}"}}"#,
            NOW + seconds,
            NOW + seconds + 60,
            login.nonce
        ));
        browser.token_answer = Some(Ok(ok(tokens(&token))));
        assert_eq!(browser.come_back(&login).status, status, "{seconds}");
    }
}
