//! Signing in, signing out, and who is signed in.

use super::*;
use crate::session::MAX_OPEN_LOGINS;

#[test]
fn signs_in_and_knows_who_it_is() {
    let mut browser = Browser::new(gate());
    assert_eq!(response(browser.get("/api/auth/me")).status, 204);
    browser.sign_in();
    let me = response(browser.get("/api/auth/me"));
    assert_eq!(me.status, 200);
    assert_eq!(me.body, r#"{"name":"Una","sub":"user"}"#);
    assert_eq!(me.headers.get("cache-control"), Some("no-store"));
    assert_eq!(browser.cookies.len(), 2, "the session, and a note of where the login led");
}

/// O40: neither token ever reaches the browser.
#[test]
fn no_token_reaches_the_browser() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for target in ["/api/auth/me", "/api/auth/logout", "/private", "/api/private-route"] {
        let shown = format!("{:?}", browser.get(target));
        assert!(!shown.contains(ACCESS_TOKEN), "{target}");
    }
    assert!(browser.cookies.iter().all(|(_, value)| !value.contains(ACCESS_TOKEN)));
}

/// O06: S256 is always sent, and the verifier that goes with it.
#[test]
fn the_code_is_redeemed_with_the_verifier_of_its_challenge() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    browser.come_back(&login);
    let request = &browser.token_requests[0];
    assert_eq!(request.url.as_str(), "https://op.example/token");
    let parameter = |name| Query::new(&request.body).unique(name).unwrap().unwrap().to_string();
    assert_eq!(parameter("grant_type"), "authorization_code");
    assert_eq!(parameter("code"), "the code");
    assert_eq!(parameter("redirect_uri"), "https://app.example/api/auth/callback");
    assert_eq!(parameter("client_id"), CLIENT_ID);
    assert_eq!(parameter("client_secret"), "client secret");
    let verifier = parameter("code_verifier");
    assert!((43..=128).contains(&verifier.len()));
    let challenge = encoding::encode(&RUSTCRYPTO.hash.sha256(verifier.as_bytes()));
    assert_eq!(challenge, login.code_challenge);
}

/// O27, O26: nothing that a browser says gets into the authorization request.
#[test]
fn a_query_or_a_host_does_not_change_the_authorization_request() {
    let mut browser = Browser::new(gate());
    let target = "/api/auth/login?scope=admin&redirect_uri=https://evil.example&client_id=x&state=s\
                  &response_type=token&nonce=n&code_challenge=c&audience=a";
    let host = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
    let response = response(browser.request("GET", target, &host));
    let query = location(&response).split_once('?').unwrap().1;
    let parameter = |name| Query::new(query).unique(name).unwrap().map(|v| v.to_string());
    let expected = "https://app.example/api/auth/callback";
    assert_eq!(parameter("redirect_uri").as_deref(), Some(expected));
    assert_eq!(parameter("client_id").as_deref(), Some(CLIENT_ID));
    assert_eq!(parameter("scope").as_deref(), Some("openid profile email"));
    assert_eq!(parameter("audience").as_deref(), Some("https://api.example"));
    assert_eq!(parameter("response_type").as_deref(), Some("code"));
}

/// R16: a login never leads back to the gate's own routes.
#[test]
fn a_login_does_not_lead_in_a_circle() {
    for target in
        ["/api/auth/logout", "/API/auth/login?returnTo=%2F", "/api/auth/callback", "/api/auth/me/"]
    {
        let mut browser = Browser::new(gate());
        let login = browser.start_login(target);
        assert_eq!(location(&browser.come_back(&login)), "/", "{target}");
    }
}

/// C21, O42: a login makes a fresh session, whatever was there before.
#[test]
fn a_login_replaces_an_old_session() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let old = browser.session_cookie();
    browser.clock = 100;
    browser.token_answer = None;
    browser.sign_in();
    assert_ne!(browser.session_cookie(), old);
}

#[test]
fn a_login_without_the_provider_is_unavailable_and_says_when() {
    let mut browser = Browser::new(gate());
    browser.machine =
        IssuerMachine::new(crate::issuer::IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let response = response(browser.get("/api/auth/login?returnTo=%2Fprivate"));
    assert_eq!((response.status, code(&response)), (503, "provider_unavailable"));
    assert_eq!(response.headers.get("retry-after"), Some("1"));
    assert!(response.body.contains("/api/auth/login?returnTo=%2Fprivate"));
    assert!(browser.cookies.is_empty());
    // D11: what needs no provider works all the same.
    assert_eq!(serve(browser.get("/public")).path, "/public");
}

/// C29: the attributes on http differ in `Secure` and the prefix alone.
#[test]
fn cookies_on_http_are_not_secure_and_have_no_prefix() {
    let mut browser = Browser::new(gate_at("http://localhost:3000"));
    let response = response(browser.get("/api/auth/login"));
    let cookie = response.headers.get("set-cookie").unwrap();
    assert!(cookie.starts_with("portcullis_login_"), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"), "{cookie}");
}

/// O39: without randomness there is no login.
#[test]
fn without_randomness_there_is_no_login() {
    let browser = Browser::new(gate());
    let headers = [("host", "app.example")];
    let head = RequestHead {
        method: "GET",
        target: "/api/auth/login",
        headers: &headers,
        peer: None,
        secure: true,
    };
    let snapshot = browser.machine.snapshot();
    let mut entropy = crate::test_support::NoEntropy;
    let step = with_context(after(0), &mut entropy, &snapshot, |context| {
        browser.gate.begin(&head, context)
    });
    let Step::Done(decision) = step else { panic!("{step:?}") };
    let response = response(decision);
    assert_eq!(response.status, 500);
    assert_eq!(response.headers.get("set-cookie"), None);
}

#[test]
fn own_routes_answer_get_alone_and_nothing_else_is_below_them() {
    let mut browser = Browser::new(gate());
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
        let response = response(browser.request(method, "/api/auth/login", &[]));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.headers.get("allow"), Some("GET, HEAD"));
    }
    for target in ["/api/auth/unknown", "/api/auth/__proto__", "/API/AUTH/x"] {
        assert_eq!(response(browser.get(target)).status, 404, "{target}");
    }
    // A rule may lead to an own route, and letters may be of either case.
    assert_eq!(response(browser.get("/sign-in")).status, 302);
    assert_eq!(response(browser.get("/API/Auth/Login/")).status, 302);
}

/// A browser that looks ahead neither starts a login nor signs anybody out.
#[test]
fn looking_ahead_does_nothing() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for (name, value) in [("sec-purpose", "prefetch"), ("next-router-prefetch", "1")] {
        for target in ["/api/auth/login?returnTo=%2Fprivate", "/api/auth/logout"] {
            let answer = answer(browser.request("GET", target, &[(name, value)]));
            assert_eq!((answer.response.status, answer.reason), (204, AnswerReason::Prefetch));
            assert_eq!(answer.response.headers.get("cache-control"), Some("no-store"));
            assert_eq!(answer.response.headers.get("set-cookie"), None);
        }
    }
    assert_eq!(response(browser.get("/api/auth/me")).status, 200);
}

/// O40: no token is in the profile, and there is no route that has one unless it is switched on.
#[test]
fn nobody_being_signed_in_is_no_error_unless_it_is_asked_for() {
    let builder = builder_at("https://app.example");
    let gate = builder.signed_out_profile(SignedOutProfile::Unauthorized).build().unwrap();
    let mut browser = Browser::new(gate);
    let answer = answer(browser.get("/api/auth/me"));
    assert_eq!((answer.response.status, code(&answer.response)), (401, "not_authenticated"));
    assert_eq!(answer.reason, AnswerReason::NotSignedIn);
    assert_eq!(answer.response.headers.get("cache-control"), Some("no-store"));
    browser.sign_in();
    assert_eq!(response(browser.get("/api/auth/me")).status, 200);
    let mut browser = Browser::new(super::gate());
    let answer = super::answer(browser.get("/api/auth/me"));
    assert_eq!((answer.response.status, answer.reason), (204, AnswerReason::NotSignedIn));
    assert_eq!(answer.response.headers.get("cache-control"), Some("no-store"));
}

/// L05: no browser takes a claim for a page.
#[test]
fn the_profile_is_no_page_whatever_the_claims_are() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let token = KEY.sign(&format!(
        r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","name":"<script>alert(1)</script>",
        "iat":{NOW},"exp":{},"nonce":"{}"}}"#,
        NOW + 600,
        login.nonce
    ));
    browser.token_answer = Some(Ok(ok(tokens(&token))));
    assert_eq!(browser.come_back(&login).status, 303);
    let me = response(browser.get("/api/auth/me"));
    assert_eq!(me.body, r#"{"name":"\u003cscript>alert(1)\u003c/script>","sub":"user"}"#);
    assert_eq!(me.headers.get("content-type"), Some("application/json"));
    assert_eq!(me.headers.get("x-content-type-options"), Some("nosniff"));
}

/// The paths of version 4 of the Auth0 SDK, and a login elsewhere.
#[test]
fn own_routes_can_be_elsewhere() {
    let routes = GateRoutes::below("/auth")
        .and_then(|routes| routes.with_path(GateRoute::Profile, "/auth/profile"))
        .unwrap();
    let gate = builder_at("https://app.example").routes(routes).build().unwrap();
    assert_eq!(gate.redirect_uri(), "https://app.example/auth/callback");
    let mut browser = Browser::new(gate);
    let guarded = response(browser.navigate("/private"));
    assert_eq!(location(&guarded), "/auth/login?returnTo=%2Fprivate");
    let login = login_of(&response(browser.get("/auth/login?returnTo=%2Fprivate")));
    browser.token_answer = Some(Ok(ok(tokens(&id_token(&login, "")))));
    let back = callback(&login).replace("/api/auth/", "/auth/");
    assert_eq!(response(browser.get(&back)).status, 303);
    assert_eq!(response(browser.get("/auth/profile")).status, 200);
    assert_eq!(response(browser.get("/auth/me")).status, 404);
}

#[test]
fn id_tokens_can_be_signed_in_another_way_if_they_can_be_checked_whole() {
    use crate::crypto::SignatureAlgorithm as Algorithm;
    let build = |algorithms: &[Algorithm]| {
        builder_at("https://app.example").id_token_algorithms(algorithms.to_vec()).build()
    };
    assert!(build(&[Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256]).is_ok());
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::EdDsa] {
        let error = build(&[Algorithm::Rs256, algorithm]).unwrap_err();
        assert_eq!(error, GateConfigError::IdTokenAlgorithm(algorithm));
    }
    assert!(matches!(build(&[]), Err(GateConfigError::ClientId(_))));
    // And RS256 is not taken where it is not allowed.
    let mut browser = Browser::new(build(&[Algorithm::Es256]).unwrap());
    let login = browser.start_login("/private");
    assert_eq!(code(&browser.come_back(&login)), "id_token_invalid");
}

/// A page whose path has a parameter would need no session.
#[test]
fn refuses_parameters_in_the_spelling_of_other_routers() {
    let matcher = Matcher::new(["/private/:path*", "/teams/{id}"]).unwrap();
    let built = builder_at("https://app.example").protect(matcher).build();
    let error = built.err().unwrap();
    assert_eq!(error, GateConfigError::Braces { entry: 1 });
    assert_eq!(error.to_string(), "entry 1 of the matcher has `{name}`: write `:name`");
}

/// What is configured leads in no circle, as little as what a query names.
#[test]
fn nothing_ends_at_the_gates_own_routes() {
    for (target, of_login, of_logout) in [
        ("/", None, None),
        ("/start?x=/api/auth/login", None, None),
        ("/api/auth/login", Some(GateConfigError::LoginTarget), None),
        (
            "/api/auth/logout?x",
            Some(GateConfigError::LoginTarget),
            Some(GateConfigError::LogoutTarget),
        ),
        (
            "/API/auth/callback",
            Some(GateConfigError::LoginTarget),
            Some(GateConfigError::LogoutTarget),
        ),
        ("https://app.example/api/auth/logout", Some(GateConfigError::LoginTarget), None),
    ] {
        if let Ok(login) = LoginPolicy::default().with_default_target(target) {
            let built = builder_at("https://app.example").login(login).build();
            assert_eq!(built.err(), of_login, "{target}");
        }
        let logout = LogoutPolicy::default().with_default_target(target).unwrap();
        let built = builder_at("https://app.example").logout(logout).build();
        assert_eq!(built.err(), of_logout, "{target}");
    }
}

/// C24, X11: pages that start logins over and over do not fill a browser with cookies, whatever the
/// target is written with, and nobody is signed out by them.
#[test]
fn logins_that_another_page_starts_fit_one_cookie_each() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let long = |text: &str, length: usize| text.repeat(length / text.len());
    for target in [
        format!("/?{}", long("\\", 2000)),
        format!("/?{}", long("\"", 2000)),
        format!("/{}", long("x", 2000)),
    ] {
        for organization in ["org_1".to_string(), long("\\", 512)] {
            for _ in 0..12 {
                let query = QueryWriter::for_url("/api/auth/login")
                    .pair("returnTo", &target)
                    .pair("organization", &organization);
                assert_eq!(response(browser.get(&query.finish())).status, 302);
                let logins = browser.cookies.iter().filter(|(name, _)| name.contains("_login_"));
                assert!(logins.clone().count() <= MAX_OPEN_LOGINS, "{target}");
                assert!(logins.clone().all(|(name, _)| !name.contains('.')), "{target}");
                assert!(browser.cookie_field().len() < 20_000, "{target}");
            }
        }
    }
    assert!(serve(browser.get("/private")).session.is_some());
}
