//! The access token that scripts of the application are handed, where that is switched on.

use super::{
    refresh::{DUE, OVER, refused, rotated, sent, session},
    *,
};

const ROUTE: &str = "/api/auth/access-token";

const OWN_SCRIPT: [(&str, &str); 2] =
    [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];

/// The access token leaves for scripts of the application alone, and only where that is switched on.
#[test]
fn the_access_token_is_for_own_scripts_where_it_is_switched_on() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let off = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!((off.status, code(&off)), (404, "not_found"));

    let gate = builder_at("https://app.example").hand_out_access_tokens().build().unwrap();
    let mut browser = Browser::new(gate);
    let signed_out = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!((signed_out.status, code(&signed_out)), (401, "not_authenticated"));
    browser.sign_in();
    browser.clock = 600;
    let token = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!(token.status, 200);
    let expires_at = NOW + 3600;
    let expected = format!(
        r#"{{"expires_at":{expires_at},"expires_in":3000,"token":"{ACCESS_TOKEN}","token_type":"Bearer"}}"#
    );
    assert_eq!(token.body, expected);
    assert_eq!(token.headers.get("cache-control"), Some("no-store"));

    let cases: [&[(&str, &str)]; 8] = [
        &[],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "no-cors")],
        &[("sec-fetch-site", "none"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")],
        &[("origin", "https://app.example")],
    ];
    for fields in cases {
        let refused = response(browser.request("GET", ROUTE, fields));
        assert_eq!((refused.status, code(&refused)), (403, "cross_site_request"), "{fields:?}");
        assert!(!refused.body.contains(ACCESS_TOKEN));
    }
}

/// What can be printed of a decision shows neither the token that is handed out, nor one that a
/// browser carries to the provider.
#[test]
fn what_is_printed_of_an_answer_has_no_token_in_it() {
    let gate = builder_at("https://app.example").hand_out_access_tokens().keep_id_token(true);
    let mut browser = Browser::new(gate.build().unwrap());
    let login = browser.get("/api/auth/login");
    let printed = format!("{login:?}");
    assert!(!printed.contains(&login_of(&response(login)).state), "{printed}");
    browser.sign_in();
    let handed_out = browser.request("GET", ROUTE, &OWN_SCRIPT);
    assert!(!format!("{handed_out:?}").contains(ACCESS_TOKEN));
    assert!(response(handed_out).body.contains(ACCESS_TOKEN));
    let me = browser.get("/api/auth/me");
    assert!(!format!("{me:?}").contains("Una"));
    let id_token = session(&mut browser).unwrap().tokens.id_token.unwrap();
    let out = browser.sign_out();
    assert!(!format!("{out:?}").contains(id_token.expose()), "{out:?}");
    assert!(location(&response(out)).contains(id_token.expose()));
}

/// Somebody who signed in some seconds ago, with a refresh token.
fn signed_in(seconds: u64) -> Browser {
    let client = client("https://app.example").with_offline_access();
    let mut browser = Browser::new(builder_for(client).hand_out_access_tokens().build().unwrap());
    browser.sign_in();
    browser.clock = seconds;
    browser.token_requests.clear();
    browser
}

fn handed_out(response: &Response) -> (String, u64) {
    let answer: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    (answer["token"].as_str().unwrap().into(), answer["expires_in"].as_u64().unwrap())
}

#[test]
fn an_access_token_near_its_end_is_refreshed_before_it_is_handed_out() {
    let mut browser = signed_in(DUE - 1);
    browser.refresh_answer = rotated(1);
    let early = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!(handed_out(&early), (ACCESS_TOKEN.into(), 3600 - (DUE - 1)));
    assert!(browser.token_requests.is_empty(), "it is good for a while yet");

    browser.clock = DUE;
    let renewed = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!((renewed.status, handed_out(&renewed)), (200, ("access-1".into(), 3600)));
    assert_eq!(renewed.headers.get("cache-control"), Some("no-store"));
    assert_eq!(sent(&browser), ["refresh-0"]);
    // The new tokens are in the cookie, and are not asked for once more.
    assert_eq!(session(&mut browser).unwrap().tokens.generation, 1);
    let again = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!(handed_out(&again).0, "access-1");
    assert_eq!(sent(&browser).len(), 1);
}

/// What can no longer be sent is not handed out either.
#[test]
fn no_access_token_is_handed_out_that_is_over() {
    let mut browser = signed_in(OVER);
    browser.refresh_answer = Some(Err(FetchError::Timeout));
    let outage = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!((outage.status, code(&outage)), (503, "tokens_unavailable"));
    assert!(outage.headers.get("retry-after").is_some());

    let mut browser = signed_in(DUE);
    browser.refresh_answer = Some(Err(FetchError::Timeout));
    let usable = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!(handed_out(&usable), (ACCESS_TOKEN.into(), 3600 - DUE), "while it is valid");

    let mut browser = signed_in(DUE);
    browser.refresh_answer = refused("invalid_grant");
    let over = response(browser.request("GET", ROUTE, &OWN_SCRIPT));
    assert_eq!((over.status, code(&over)), (401, "not_authenticated"));
    assert_eq!(browser.session_cookies(), 0);
}
