//! What a session is kept in, for how long, and what of it.

use super::{LOGIN, ROUTE, with};
use crate::{
    auth0_cookies,
    harness::{Client, Demo, Provider, Runtime, aged},
};
use portcullis_core::session::Purpose;
use serde_json::json;

pub(crate) fn the_session_cookie_has_the_name_of_the_settings(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &[("AUTH0_SESSION_NAME", "my-app")]);
    let mut client = Client::new();
    client.open(&format!("{}{LOGIN}", demo.frontend));
    let login = client.cookies.keys().next().expect("a login").to_owned();
    assert!(login.starts_with("my-app_login_"), "{login}");
    client.sign_in(&demo, "/private");
    assert!(client.cookies.contains_key("my-app"), "{:?}", client.cookies);
    assert_eq!(client.session_cookie(), None);
    assert!(client.is_signed_in(&demo));
}

pub(crate) fn a_session_lasts_as_long_as_the_settings_say(runtime: Runtime) {
    let rolling = ("AUTH0_SESSION_ROLLING_DURATION", "600");
    let absolute = ("AUTH0_SESSION_ABSOLUTE_DURATION", "7200");
    for (settings, unused, is_there) in [
        (&[rolling, absolute][..], 500, true),
        (&[rolling, absolute], 700, false),
        (&[rolling, absolute, ("AUTH0_SESSION_ROLLING", "false")], 7000, true),
        (&[absolute, ("AUTH0_SESSION_ROLLING", "false")], 7300, false),
        (&[], 7300, true),
    ] {
        let provider = Provider::start();
        let demo = Demo::start_with(runtime, &with(&provider, settings));
        let mut client = Client::new();
        provider.sign_in_at(&mut client, &demo, LOGIN, |_| ());
        let name = client.session_cookie().expect("a session").to_owned();
        let old = aged(&name, &client.cookies[&name], Purpose::Session, unused);
        client.cookies.insert(name, old);
        assert_eq!(client.is_signed_in(&demo), is_there, "{settings:?}, {unused}");
    }
}

pub(crate) fn a_session_keeps_what_the_settings_say(runtime: Runtime) {
    for (settings, kept) in [
        (&[][..], json!({"sub": "user", "name": "Example User"})),
        (
            &[("PORTCULLIS_SESSION_CLAIMS", "standard, urn:roles")],
            json!({"sub": "user", "name": "Example User", "urn:roles": ["a"]}),
        ),
        (&[("PORTCULLIS_SESSION_CLAIMS", "urn:roles")], json!({"sub": "user", "urn:roles": ["a"]})),
        (
            &[("AUTH0_IDENTITY_CLAIM_FILTER", "aud,iss,urn:roles")],
            json!({"sub": "user", "name": "Example User", "urn:groups": ["b"]}),
        ),
    ] {
        let provider = Provider::start();
        let demo = Demo::start_with(runtime, &with(&provider, settings));
        let mut client = Client::new();
        provider.sign_in_at(&mut client, &demo, LOGIN, |claims| {
            claims["urn:roles"] = json!(["a"]);
            claims["urn:groups"] = json!(["b"]);
        });
        let me = client.call(&format!("{}/api/auth/me", demo.frontend));
        assert_eq!(me.json(), kept, "{settings:?}");
    }
}

pub(crate) fn a_session_outlives_a_change_of_the_secret(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::start_with(runtime, &with(&provider, &[]));
    let mut client = Client::new();
    provider.sign_in_at(&mut client, &demo, LOGIN, |_| ());
    let old = client.cookies.clone();
    assert!(demo.stop().status.success());

    let secret = ("AUTH0_SECRET", "0f9d1c2b3a48576e7d8c9bafae10f2e36b5f");
    let old_secrets = ("PORTCULLIS_OLD_SECRETS", Provider::COOKIE_SECRET);
    let demo = Demo::start_with(runtime, &with(&provider, &[secret, old_secrets]));
    assert!(client.is_signed_in(&demo));
    // What the old secret has sealed is sealed anew.
    assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 200);
    assert_ne!(client.cookies, old);
    let new = client.cookies.clone();
    assert!(demo.stop().status.success());

    let demo = Demo::start_with(runtime, &with(&provider, &[secret]));
    assert!(client.is_signed_in(&demo));
    client.cookies = old;
    assert!(!client.is_signed_in(&demo));
    client.cookies = new;
    assert!(client.is_signed_in(&demo));
}

pub(crate) fn sessions_of_the_sdk_are_taken_over_by_a_switch(runtime: Runtime) {
    let test = "sessions_of_the_sdk_are_taken_over_by_a_switch";
    let provider = Provider::start();
    let switch = ("PORTCULLIS_AUTH0_COOKIES", "true");
    let renamed = ("PORTCULLIS_AUTH0_COOKIE_NAMES", "mine, __session");
    let domain = ("AUTH0_COOKIE_DOMAIN", "127.0.0.1");
    let demo = Demo::start_with(runtime, &with(&provider, &[switch, renamed, domain]));
    let url = format!("{}{ROUTE}", demo.frontend);
    let access_token = provider.key.sign(&provider.access_claims());
    let mut seen = Vec::new();
    for version in [3, 4] {
        let content = auth0_cookies::content(version, &access_token);
        let secret = Provider::COOKIE_SECRET;
        let Some(cookies) = auth0_cookies::sdk_cookies(test, version, secret, "session", &content)
        else {
            return;
        };
        // No name is sealed with them.
        let cookies: Vec<_> = cookies
            .into_iter()
            .map(|(name, value)| (name.replace("appSession", "mine"), value))
            .collect();
        let mut client = Client::new();
        client.cookies.extend(cookies.clone());
        // The API takes its token.
        let answer = client.call(&url);
        assert_eq!(answer.status, 200, "version {version}: {answer:?}");
        assert!(client.session_cookie().is_some(), "{:?}", client.cookies);
        for (name, _) in &cookies {
            assert!(!client.cookies.contains_key(name), "{name} is still there");
            let removal = answer.all("set-cookie").find(|cookie| cookie.starts_with(name));
            let removal = removal.expect("it is removed");
            assert!(removal.ends_with("; Domain=127.0.0.1"), "{removal}");
        }
        assert!(client.is_signed_in(&demo));
        seen.push(cookies);
    }
    // Not without being asked.
    let demo = Demo::start_with(runtime, &with(&provider, &[]));
    for cookies in seen {
        let mut client = Client::new();
        client.cookies.extend(cookies);
        assert_eq!(client.call(&format!("{}{ROUTE}", demo.frontend)).status, 401);
    }
}

pub(crate) fn other_sites_change_what_the_settings_let_them(runtime: Runtime) {
    let trusted = ("PORTCULLIS_TRUSTED_ORIGINS", "https://spa.example");
    let unmarked = ("PORTCULLIS_UNMARKED_REQUESTS", "true");
    // 405 is the API's own word.
    for (settings, from_trusted, from_nowhere) in
        [(&[][..], 403, 403), (&[trusted], 405, 403), (&[unmarked], 403, 405)]
    {
        let demo = Demo::start_with(runtime, settings);
        let mut client = Client::new();
        client.sign_in(&demo, "/private");
        let url = format!("{}{ROUTE}", demo.frontend);
        let mut post = |headers: &[(&str, &str)]| client.send("POST", &url, headers, "").status;
        let page = [("origin", "https://spa.example"), ("sec-fetch-site", "cross-site")];
        assert_eq!(post(&page), from_trusted, "{settings:?}");
        assert_eq!(post(&[]), from_nowhere, "{settings:?}");
        assert_eq!(post(&[("origin", "https://evil.example")]), 403, "{settings:?}");
    }
}
