//! What can be wrong when a browser comes back from the provider.

use super::*;
use crate::oidc::{CallbackError, IdTokenError, ProviderError};

/// The status and the code of a callback with this query.
fn outcome(browser: &mut Browser, query: &str) -> (u16, String) {
    let response = response(browser.get(&format!("/api/auth/callback?{query}")));
    assert!(!response.body.contains("the code"), "{}", response.body);
    assert_eq!(response.headers.get("cache-control"), Some("no-store"));
    (response.status, code(&response).to_string())
}

fn failure(status: u16, code: &str) -> (u16, String) {
    (status, code.to_string())
}

/// O02, O03, O25, O38: parameters are looked at before anything is asked of anybody.
#[test]
fn malformed_callbacks_are_refused_without_a_token_request() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let state = &login.state;
    let long = "x".repeat(5000);
    for query in [
        String::new(),
        "code=c".into(),
        "code=c&state=".into(),
        format!("state={state}"),
        format!("code=c&code=c&state={state}"),
        format!("code=c&state={state}&state={state}"),
        format!("code=&state={state}"),
        format!("code=c&error=x&state={state}"),
        format!("code={long}&state={state}"),
        format!("code=c&state={state}&iss=a&iss=b"),
    ] {
        assert_eq!(
            outcome(&mut browser, &query),
            failure(400, "callback_malformed"),
            "{query:.60}"
        );
    }
    assert!(browser.token_requests.is_empty());
    // The login is not over: its own callback still comes through.
    assert_eq!(browser.come_back(&login).status, 303);
}

/// O01, O02: a state that this browser did not get, a cookie that was tampered with, one that is
/// too old.
#[test]
fn a_login_that_this_browser_did_not_start_is_refused() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let expected = failure(400, "login_not_started_here");
    assert_eq!(outcome(&mut browser, "code=c&state=wrong"), expected);
    let mut other = Browser::new(gate());
    assert_eq!(outcome(&mut other, &format!("code=c&state={}", login.state)), expected);

    let good = browser.cookies.clone();
    for changed in [good[0].1[1..].to_string(), good[0].1.replace('A', "B"), String::new()] {
        browser.cookies = vec![(good[0].0.clone(), changed)];
        assert_eq!(outcome(&mut browser, &format!("code=c&state={}", login.state)), expected);
    }
    browser.cookies = good;
    browser.clock = LoginPolicy::DEFAULT_LIFETIME;
    assert_eq!(outcome(&mut browser, &format!("code=c&state={}", login.state)), expected);
    assert!(browser.token_requests.is_empty());
}

/// O07: another issuer's response, or one that does not say whose it is.
#[test]
fn a_response_of_another_issuer_is_refused() {
    for issuer in ["", "&iss=https%3A%2F%2Fevil.example", "&iss=https%3A%2F%2Fop.example"] {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private");
        let query = format!("code=c&state={}{issuer}", login.state);
        assert_eq!(outcome(&mut browser, &query), failure(400, "issuer_mismatch"));
        assert!(browser.token_requests.is_empty());
    }
}

/// O07: an error of another issuer is refused as well; one that does not say whose it is shows what
/// it says, since there is no code that could go to the wrong place.
#[test]
fn an_error_of_another_issuer_is_refused() {
    for (issuer, expected) in [
        ("", failure(403, "access_denied")),
        ("&iss=https%3A%2F%2Fop.example%2F", failure(403, "access_denied")),
        ("&iss=https%3A%2F%2Fevil.example", failure(400, "issuer_mismatch")),
    ] {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private");
        let query = format!("error=access_denied&state={}{issuer}", login.state);
        assert_eq!(outcome(&mut browser, &query), expected);
    }
}

/// O23: where the provider was to show nothing, nobody being signed in there is no error.
#[test]
fn a_silent_login_that_finds_nobody_leads_on_as_nobody() {
    for error in
        ["login_required", "interaction_required", "consent_required", "account_selection_required"]
    {
        let mut browser = Browser::new(gate());
        let target = "/api/auth/login?returnTo=%2Fpublic&prompt=none";
        let login = login_of(&response(browser.get(target)));
        let query = format!("/api/auth/callback?error={error}&state={}", login.state);
        let answer = answer(browser.get(&query));
        assert_eq!((answer.response.status, location(&answer.response)), (303, "/public"));
        assert_eq!(answer.reason, AnswerReason::NobodyAtProvider);
        assert!(browser.cookies.is_empty());
    }
    // What is an error without that is one with it too.
    let mut browser = Browser::new(gate());
    let login = login_of(&response(browser.get("/api/auth/login?prompt=none")));
    let query = format!("error=access_denied&state={}", login.state);
    assert_eq!(outcome(&mut browser, &query), failure(403, "access_denied"));
}

/// O22, O23: errors of the provider have a page each, and their words are not repeated.
#[test]
fn errors_of_the_provider_have_a_page_and_a_way_back() {
    for (error, expected) in [
        ("access_denied", failure(403, "access_denied")),
        ("unauthorized", failure(403, "access_denied")),
        ("unmet_authentication_requirements", failure(403, "unmet_authentication_requirements")),
        ("login_required", failure(400, "login_required")),
        ("interaction_required", failure(400, "interaction_required")),
        ("consent_required", failure(400, "consent_required")),
        ("account_selection_required", failure(400, "account_selection_required")),
        ("temporarily_unavailable", failure(503, "temporarily_unavailable")),
        ("server_error", failure(503, "server_error")),
        ("invalid_request", failure(502, "invalid_request")),
        ("invalid_scope", failure(502, "invalid_scope")),
        ("unauthorized_client", failure(502, "unauthorized_client")),
        ("unsupported_response_type", failure(502, "unsupported_response_type")),
        ("made_up", failure(502, "provider_error")),
        ("<script>", failure(502, "provider_error")),
    ] {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private?a=b");
        let target = QueryWriter::for_url("/api/auth/callback")
            .pair("error", error)
            .pair("error_description", "<script>alert(1)</script>")
            .pair("state", &login.state)
            .finish();
        let response = response(browser.get(&target));
        assert_eq!((response.status, code(&response).to_string()), expected);
        assert!(!response.body.contains("script"));
        let way_back = "href=\"/api/auth/login?returnTo=%2Fprivate%3Fa%3Db\"";
        assert!(response.body.contains(way_back), "{}", response.body);
        assert!(response.headers.get("content-security-policy").is_some());
        assert!(browser.cookies.is_empty(), "the login is over");
    }
    // Without a state of its own it is not even known whose error it is.
    let mut browser = Browser::new(gate());
    let expected = failure(400, "login_not_started_here");
    assert_eq!(outcome(&mut browser, "error=access_denied&state=x"), expected);
}

/// O22, O33, L10: every page of a failed login is constant text but for the way back, which is escaped.
#[test]
fn pages_hold_nothing_of_the_provider_or_the_client() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private?a=%3Cb%3E&c='%22");
    let query = format!("error=access_denied&error_description=Words&state={}", login.state);
    let answer = answer(browser.get(&format!("/api/auth/callback?{query}")));
    let error = CallbackError::Provider(ProviderError::AccessDenied);
    assert_eq!(answer.reason, AnswerReason::Callback(error));
    let body = &answer.response.body;
    assert!(!body.contains("Words"), "{body}");
    let way_back = "returnTo=%2Fprivate%3Fa%3D%253Cb%253E%26c%3D%27%2522\"";
    assert!(body.contains(way_back), "{body}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.response.headers.get(name), Some(value));
    }
    // O33: nobody frames it.
    let policy = answer.response.headers.get("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
}

/// Logs and counters learn why, and the page shows the same code.
#[test]
fn a_failed_login_says_why() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    browser.id_token = |login| id_token(login, r#","azp":"other""#);
    let id_token = (browser.id_token)(&login);
    browser.token_answer = Some(Ok(ok(tokens(&id_token))));
    let answer = answer(browser.get(&callback(&login)));
    let error = CallbackError::IdToken(IdTokenError::AuthorizedParty);
    assert_eq!(answer.reason, AnswerReason::Callback(error));
    assert_eq!(answer.reason.code(), code(&answer.response));
    assert_eq!(answer.reason.to_string(), "a login failed: ID token: azp is another client");
    assert!(!answer.reason.is_ordinary());
}

/// O19, O21: what can be wrong with the token endpoint.
#[test]
fn faults_of_the_token_endpoint_are_told_apart() {
    let status = |status| Ok(Inbound { status, ..ok("{}") });
    for (answer, expected) in [
        (Err(FetchError::Transport), failure(503, "token_endpoint_unreachable")),
        (Err(FetchError::Timeout), failure(503, "token_endpoint_unreachable")),
        (Err(FetchError::TooLarge), failure(503, "token_endpoint_unreachable")),
        (status(400), failure(502, "code_refused")),
        (status(302), failure(502, "token_response_invalid")),
        (status(500), failure(502, "token_response_invalid")),
        (Ok(ok("<html>")), failure(502, "token_response_invalid")),
        (Ok(ok("{}")), failure(502, "token_response_invalid")),
        (Ok(ok(tokens("x.y.z"))), failure(502, "id_token_invalid")),
    ] {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private");
        browser.token_answer = Some(answer);
        let response = browser.come_back(&login);
        assert_eq!((response.status, code(&response).to_string()), expected);
        assert_eq!(browser.token_requests.len(), 1);
        assert!(browser.cookies.is_empty(), "no session, and the login is over");
    }
}

/// O09, O10, O11, O12, O13: what can be wrong with an ID token.
#[test]
fn faults_of_the_id_token_are_refused() {
    let faults: [fn(&Login) -> String; 21] = [
        |login| id_token(login, "").replacen('.', "..", 1),
        |login| edited(login, "https://op.example/", "https://op.example"),
        |login| edited(login, r#""aud":"client""#, r#""aud":"other""#),
        |login| edited(login, r#""aud":"client""#, r#""aud":["client","evil"]"#),
        |login| edited(login, r#""sub":"user","#, ""),
        |login| edited(login, r#""sub":"user","#, r#""sub":"","#),
        |login| edited(login, r#""iat":1800000000,"#, ""),
        |login| edited(login, r#""exp":1800000600"#, r#""exp":1799999000"#),
        |login| edited(login, &login.nonce, "other"),
        |login| edited(login, &format!(r#","nonce":"{}""#, login.nonce), ""),
        |login| id_token(login, r#","azp":"other""#),
        |login| edited(login, r#""aud":"client""#, r#""aud":["client","client","x"]"#),
        |login| edited(login, r#""aud":"client","#, ""),
        |login| edited(login, r#""iss":"https://op.example/","#, ""),
        |login| edited(login, r#""iat":1800000000"#, r#""iat":1800000031"#),
        |login| edited(login, &format!(r#""nonce":"{}""#, login.nonce), r#""nonce":"""#),
        |login| id_token(login, &format!(r#","nonce":"{}""#, login.nonce)),
        |login| id_token(login, r#","at_hash":"AAAA""#),
        |login| id_token(login, r#","at_hash":1"#),
        |login| {
            ProviderKey::two().sign_with_header(r#"{"alg":"RS256","kid":"one"}"#, &claims(login))
        },
        |login| KEY.sign_with_header(r#"{"alg":"HS256","kid":"one"}"#, &claims(login)),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private");
        browser.id_token = fault;
        let response = browser.come_back(&login);
        assert_eq!((response.status, code(&response)), (502, "id_token_invalid"), "{at}");
        assert!(browser.cookies.is_empty(), "{at}");
    }
}

fn claims(login: &Login) -> String {
    let token = id_token(login, "");
    let payload = token.split('.').nth(1).unwrap();
    String::from_utf8(encoding::decode(payload).unwrap()).unwrap()
}

fn edited(login: &Login, from: &str, to: &str) -> String {
    let claims = claims(login);
    assert!(claims.contains(from), "{claims}");
    KEY.sign(&claims.replace(from, to))
}

/// O09: what is unusual in an ID token and yet right.
#[test]
fn unusual_id_tokens_are_accepted() {
    let fine: [fn(&Login) -> String; 4] = [
        |login| edited(login, r#""aud":"client""#, r#""aud":["client"]"#),
        |login| id_token(login, r#","azp":"client","custom":{"a":[1]}"#),
        |login| {
            let hash = RUSTCRYPTO.hash.sha256(ACCESS_TOKEN.as_bytes());
            id_token(login, &format!(r#","at_hash":"{}""#, encoding::encode(&hash[..16])))
        },
        |login| KEY.sign_with_header(r#"{"alg":"RS256","typ":"JWT"}"#, &claims(login)),
    ];
    for (at, fine) in fine.into_iter().enumerate() {
        let mut browser = Browser::new(gate());
        let login = browser.start_login("/private");
        browser.id_token = fine;
        assert_eq!(browser.come_back(&login).status, 303, "{at}");
    }
}

/// Where the login asked for more, the ID token must show it (§3.1.3.7 rule 13 for `max_age`).
#[test]
fn an_id_token_must_show_what_was_asked_for() {
    let at = |seconds: u64| format!(r#","auth_time":{}"#, NOW - seconds);
    for (query, claims, accepted) in [
        ("", at(1_000_000), true),
        ("max_age=60", String::new(), false),
        ("max_age=60", at(60), true),
        ("max_age=60", at(90), true),
        ("max_age=60", at(91), false),
        ("max_age=60", r#","auth_time":"1800000000""#.into(), false),
        ("max_age=60", r#","auth_time":-1"#.into(), false),
        ("max_age=60", r#","auth_time":1800000000.5"#.into(), true),
        ("max_age=0", at(0), true),
        ("max_age=0", at(31), false),
        ("organization=org_1", r#","org_id":"org_1""#.into(), true),
        ("organization=org_1", r#","org_id":"ORG_1""#.into(), false),
        ("organization=org_1", r#","org_id":"org_2""#.into(), false),
        ("organization=org_1", r#","org_name":"org_1""#.into(), false),
        ("organization=org_1", String::new(), false),
        ("organization=Acme", r#","org_id":"org_1","org_name":"acme""#.into(), true),
        ("organization=acme", r#","org_name":"acme2""#.into(), false),
        ("organization=acme", r#","org_name":["acme"]"#.into(), false),
        ("", r#","org_id":"org_1""#.into(), true),
    ] {
        let mut browser = Browser::new(gate());
        let target = format!("/api/auth/login?returnTo=%2Fprivate&{query}");
        let login = login_of(&response(browser.get(&target)));
        browser.token_answer = Some(Ok(ok(tokens(&id_token(&login, &claims)))));
        let response = browser.come_back(&login);
        let expected = if accepted { 303 } else { 502 };
        assert_eq!(response.status, expected, "{query} {claims}");
        assert_eq!(browser.session_cookie().is_some(), accepted);
    }
}

/// What the user does at the provider takes time, and does not make the sign-in older.
#[test]
fn the_time_at_the_provider_does_not_count() {
    let mut browser = Browser::new(gate());
    let login = login_of(&response(browser.get("/api/auth/login?max_age=60")));
    let id_token = id_token(&login, &format!(r#","auth_time":{}"#, NOW + 5));
    browser.token_answer = Some(Ok(ok(tokens(&id_token))));
    browser.clock = 500;
    assert_eq!(browser.come_back(&login).status, 303);
}

/// O14: a key that is new since the last fetch is fetched once.
#[test]
fn an_id_token_under_a_new_key_is_accepted_after_one_fetch() {
    let mut browser = Browser::new(gate());
    browser.machine = ready_machine(&ProviderKey::two().jwk_set());
    let login = browser.start_login("/private");
    assert_eq!(browser.come_back(&login).status, 303);
    // And under one that nobody knows it is refused.
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    browser.id_token = |login| ProviderKey::two().sign(&claims(login));
    let response = browser.come_back(&login);
    assert_eq!((response.status, code(&response)), (502, "id_token_invalid"));
}

/// O04: the back button after a login leads on, and redeems nothing twice.
#[test]
fn a_replayed_callback_redeems_nothing_twice() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    assert_eq!(browser.come_back(&login).status, 303);
    let replayed = answer(browser.get(&callback(&login)));
    assert_eq!((replayed.response.status, location(&replayed.response)), (303, "/private"));
    assert_eq!(replayed.reason, AnswerReason::CallbackReplayed);
    assert_eq!(browser.token_requests.len(), 1);

    // Signed out since: the page leads back to where the login led.
    let with_session = browser.cookies.clone();
    let session = browser.session_cookie().unwrap();
    browser.cookies.retain(|cookie| *cookie != session);
    let replayed = response(browser.get(&callback(&login)));
    assert_eq!((replayed.status, code(&replayed)), (400, "login_already_finished"));
    assert!(replayed.body.contains("returnTo=%2Fprivate\""), "{}", replayed.body);

    // Long since: it is not known any more where it led.
    browser.cookies = with_session;
    browser.clock = 3000;
    let replayed = response(browser.get(&callback(&login)));
    assert_eq!((replayed.status, location(&replayed)), (303, "/"));
    browser.cookies.clear();
    let replayed = response(browser.get(&callback(&login)));
    assert_eq!((replayed.status, code(&replayed)), (400, "login_not_started_here"));
    assert_eq!(browser.token_requests.len(), 1);
}

/// C07: a session that no browser can keep is said to be so.
#[test]
fn too_large_a_session_is_an_error_and_no_circle() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let token = id_token(&login, "");
    let access_token = "x".repeat(20_000);
    let body = tokens(&token).replace(ACCESS_TOKEN, &access_token);
    browser.token_answer = Some(Ok(ok(body)));
    let response = browser.come_back(&login);
    assert_eq!((response.status, code(&response)), (500, "session_too_large"));
    assert!(browser.cookies.is_empty());
}

/// O32: the callback leads away at once and leaves no trace.
#[test]
fn a_callback_leaves_no_trace() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let response = browser.come_back(&login);
    assert_eq!(response.headers.get("referrer-policy"), Some("no-referrer"));
    assert_eq!(response.headers.get("cache-control"), Some("no-store"));
    assert!(response.body.is_empty());
}

/// O24: a provider that posts its response is not heard, and nothing of the body is read.
#[test]
fn a_callback_by_post_is_refused() {
    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    let form = [("content-type", "application/x-www-form-urlencoded"), ("content-length", "1")];
    let refused = response(browser.request("POST", &callback(&login), &form));
    assert_eq!((refused.status, refused.headers.get("allow")), (405, Some("GET, HEAD")));
    assert!(browser.token_requests.is_empty());
    assert_eq!(browser.come_back(&login).status, 303, "the login is not over");
}
