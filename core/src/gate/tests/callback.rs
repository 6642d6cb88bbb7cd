//! What can be wrong when a browser comes back from the provider.

use super::*;
use crate::{
    oidc::{CallbackError, IdTokenError},
    session::LoginTransaction,
};

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
    browser.clock = LoginTransaction::LIFETIME;
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

/// O22, O23: errors of the provider have a page each, and their words are not repeated.
#[test]
fn errors_of_the_provider_have_a_page_and_a_way_back() {
    for (error, expected) in [
        ("access_denied", failure(403, "access_denied")),
        ("login_required", failure(400, "interaction_required")),
        ("temporarily_unavailable", failure(503, "provider_unavailable")),
        ("server_error", failure(503, "provider_unavailable")),
        ("invalid_scope", failure(502, "provider_error")),
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

/// O09 to O13: what can be wrong with an ID token.
#[test]
fn faults_of_the_id_token_are_refused() {
    let faults: [fn(&Login) -> String; 14] = [
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
        |login| id_token(login, r#","at_hash":"AAAA""#),
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
    let replayed = response(browser.get(&callback(&login)));
    assert_eq!((replayed.status, location(&replayed)), (303, "/"));
    assert_eq!(browser.token_requests.len(), 1);
    browser.cookies.clear();
    let replayed = response(browser.get(&callback(&login)));
    assert_eq!((replayed.status, code(&replayed)), (400, "login_not_started_here"));
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
