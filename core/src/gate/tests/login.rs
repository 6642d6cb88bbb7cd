//! Signing in, signing out, and who is signed in.

use super::*;

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
