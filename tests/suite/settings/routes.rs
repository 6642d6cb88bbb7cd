//! The gate's own routes.

use super::{ROUTE, with};
use crate::{
    harness::{Answer, Client, Demo, Provider, Runtime, query_of},
    refresh::{LIFETIME, OFFLINE, signed_in, signed_in_for, tokens},
};
use serde_json::json;
use std::process::Command;

pub(crate) fn routes_are_where_the_settings_put_them(runtime: Runtime) {
    let demo = Demo::start_with(
        runtime,
        &[
            ("PORTCULLIS_ROUTES", "/auth"),
            ("AUTH0_CALLBACK", "/back"),
            ("NEXT_PUBLIC_PROFILE_ROUTE", "/auth/profile"),
            ("PORTCULLIS_LOGOUT_ROUTE", "/sign-out"),
        ],
    );
    let mut client = Client::new();
    let at = |path: &str| format!("{}{path}", demo.frontend);
    let guarded = client.open(&at("/private"));
    assert_eq!((guarded.status, guarded.location()), (302, "/auth/login?returnTo=%2Fprivate"));
    let away = client.open(&at(guarded.location()));
    assert_eq!(query_of(away.location(), "redirect_uri"), Some(at("/back")));
    let back = client.sign_in_at(&demo, guarded.location());
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");

    // The pages know it too.
    let page = client.open(&at("/private"));
    assert!(page.body.contains(r#"data-profile="/auth/profile""#), "{page:?}");
    assert!(page.body.contains(r#"href="/sign-out""#), "{page:?}");
    let me = client.call(&at("/auth/profile"));
    assert!(me.json()["sub"].is_string(), "{me:?}");

    // Where they were, there is what the rules make of it: the API, behind the guard.
    let answer = client.call(&at("/api/auth/me"));
    assert_eq!((answer.status, &answer.json()["error"]), (404, &json!("not_found")));
    assert_eq!(Client::new().call(&at("/api/auth/login")).status, 401);
    assert_eq!(client.call(&at("/auth/me")).status, 404);
    assert_eq!(client.call(&at("/api/private-route")).status, 200);

    let out = client.open(&at("/sign-out"));
    assert!(out.location().starts_with(&format!("{}/logout?", demo.provider)), "{out:?}");
    assert_eq!(client.call(&at("/auth/profile")).status, 204);
}

/// What the gate is said to do with a request follows from the same settings.
#[test]
fn an_explanation_follows_from_the_settings() {
    let explained = |settings: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_portcullis-under-test"))
            .args(["explain", "GET", "/sign-in"])
            .envs(settings.iter().copied())
            .output()
            .expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let own = "the gate's own route";
    assert!(!explained(&[]).contains(own));
    let text = explained(&[("NEXT_PUBLIC_AUTH0_LOGIN", "/sign-in")]);
    assert!(text.contains(own), "{text}");
}

pub(crate) fn the_profile_of_nobody_is_what_the_settings_say(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &[("PORTCULLIS_SIGNED_OUT_PROFILE", "401")]);
    let me = Client::new().call(&format!("{}/api/auth/me", demo.frontend));
    assert_eq!((me.status, &me.json()["error"]), (401, &json!("not_authenticated")));
}

/// What a browser says of a request that a script of the page makes.
const OWN_SCRIPT: [(&str, &str); 2] =
    [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")];

pub(crate) fn access_tokens_are_handed_out_where_that_is_switched_on(runtime: Runtime) {
    let provider = Provider::start();
    let route = ("NEXT_PUBLIC_ACCESS_TOKEN_ROUTE", "/token");
    let switch = ("PORTCULLIS_ACCESS_TOKEN_ENDPOINT", "true");
    let demo = Demo::start_with(runtime, &with(&provider, &[OFFLINE, route, switch]));
    let url = format!("{}/token", demo.frontend);
    let mut client = signed_in(&provider, &demo, 0);
    let answer = client.get(&url, &OWN_SCRIPT);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(client.tokens_seen().len(), 1);
    let bearer = format!("Bearer {}", answer.json()["token"].as_str().expect("a token"));
    let called = Client::new().get(&format!("{}{ROUTE}", demo.api), &[("authorization", &bearer)]);
    assert_eq!(called.status, 200, "{called:?}");
    // Only to scripts of the application itself, and only to somebody who is signed in.
    assert_eq!(client.open(&url).status, 403);
    assert_eq!(Client::new().get(&url, &OWN_SCRIPT).status, 401);

    // One that is near its end is refreshed first.
    let mut client = signed_in(&provider, &demo, LIFETIME - 10);
    let refreshed = tokens(&provider, 1, &json!({"access_token": "the-new-one"}));
    provider.answers(Provider::TOKEN, Answer::json(&refreshed));
    let answer = client.get(&url, &OWN_SCRIPT);
    assert_eq!((answer.status, &answer.json()["token"]), (200, &json!("the-new-one")));
    assert_eq!(provider.sent("refresh_token"), ["refresh-0"]);

    let demo = Demo::start_with(runtime, &with(&provider, &[OFFLINE]));
    let mut client = signed_in(&provider, &demo, 0);
    let url = format!("{}/api/auth/access-token", demo.frontend);
    assert_eq!(client.get(&url, &OWN_SCRIPT).status, 404);
}

pub(crate) fn access_tokens_are_refreshed_as_early_as_the_settings_say(runtime: Runtime) {
    // A hundred seconds before the end of a token.
    for (margin, refreshes) in [("60", 0), ("120", 1)] {
        let provider = Provider::start();
        let settings = [OFFLINE, ("PORTCULLIS_REFRESH_MARGIN", margin)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        let mut client = signed_in(&provider, &demo, LIFETIME - 100);
        let refreshed = tokens(&provider, 1, &json!({}));
        provider.answers(Provider::TOKEN, Answer::json(&refreshed));
        assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 200);
        assert_eq!(provider.sent("refresh_token").len(), refreshes, "{margin}");
    }
}

pub(crate) fn refresh_tokens_that_nobody_asked_for_are_kept_where_the_settings_say(
    runtime: Runtime,
) {
    for (keeps, refreshes) in [("false", 0), ("true", 1)] {
        let provider = Provider::start();
        let settings = [("PORTCULLIS_REFRESH_TOKENS", keeps)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        let mut client = signed_in_for("openid profile email", &provider, &demo, LIFETIME - 10);
        let refreshed = tokens(&provider, 1, &json!({}));
        provider.answers(Provider::TOKEN, Answer::json(&refreshed));
        assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 200);
        assert_eq!(provider.sent("refresh_token").len(), refreshes, "{keeps}");
    }
}
