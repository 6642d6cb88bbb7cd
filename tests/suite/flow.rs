//! The main job: sign in through the gate, and call the protected API.

use crate::harness::{Client, Demo, Runtime, query_of};
use serde_json::{Value, json};

pub(crate) fn home_and_public_are_open_to_anyone(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    for (path, heading) in [("/", "<h1>Home</h1>"), ("/public", "<h1>Public</h1>")] {
        let page = client.open(&format!("{}{path}", demo.frontend));
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains(heading), "{page:?}");
        assert!(page.body.contains(r#"id="sign-in""#), "{page:?}");
    }
    assert!(client.cookies.is_empty());
}

pub(crate) fn a_private_page_leads_through_the_sign_in_and_back(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let guarded = client.open(&format!("{}/private", demo.frontend));
    assert_eq!((guarded.status, guarded.location()), (302, "/api/auth/login?returnTo=%2Fprivate"));

    let away = client.open(&format!("{}{}", demo.frontend, guarded.location()));
    assert_eq!(away.status, 302);
    assert!(away.location().starts_with(&format!("{}/authorize?", demo.provider)), "{away:?}");
    for (name, value) in [
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("audience", &format!("{}/api", demo.api)),
        ("redirect_uri", &format!("{}/api/auth/callback", demo.frontend)),
    ] {
        assert_eq!(query_of(away.location(), name).as_deref(), Some(value));
    }

    let back = client.sign_in(&demo, "/private");
    assert_eq!((back.status, back.location()), (303, "/private"));
    let page = client.open(&format!("{}/private", demo.frontend));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<h1>Private</h1>"), "{page:?}");
    assert!(page.body.contains(r#"id="user""#), "{page:?}");
}

pub(crate) fn an_api_request_without_a_session_is_refused_in_json(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    for path in ["/api", "/api/private-route", "/api/private-route?x=1", "/API/private-route"] {
        // Also a person who opens the address gets JSON, and is not led away.
        for accept in ["application/json", "text/html"] {
            let refusal = client.get(&format!("{}{path}", demo.frontend), &[("accept", accept)]);
            assert_eq!(refusal.status, 401, "{refusal:?}");
            assert_eq!(refusal.json()["error"], "not_authenticated");
            assert_eq!(refusal.location(), "");
        }
    }
}

pub(crate) fn the_api_answers_somebody_who_is_signed_in(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let answer = client.call(&format!("{}/api/private-route", demo.frontend));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"message": "This is a private route"}));
    let answer = client.call(&format!("{}/api", demo.frontend));
    assert_eq!((answer.status, answer.body.as_str()), (200, "Server Running..."));
}

pub(crate) fn what_the_api_does_not_have_is_not_found_in_json(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    for path in ["/api/nothing", "/api/private-route/more", "/api/nothing?a=^b"] {
        let answer = client.call(&format!("{}{path}", demo.frontend));
        assert_eq!(answer.status, 404, "{answer:?}");
        assert_eq!(answer.json()["error"], "not_found");
    }
}

pub(crate) fn the_api_itself_refuses_requests_without_a_token(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    // A session is for the gate: the API knows nothing of cookies.
    for path in ["/api", "/api/private-route", "/api/nothing"] {
        let refusal = client.open(&format!("{}{path}", demo.api));
        assert_eq!(refusal.status, 401, "{refusal:?}");
        assert_eq!(refusal.json()["error"], "unauthorized");
        assert_eq!(refusal.header("www-authenticate"), "Bearer realm=\"api\"");
    }
}

pub(crate) fn the_gates_own_routes_are_not_guarded(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    for (route, status) in
        [("login", 302), ("callback", 400), ("logout", 302), ("me", 204), ("nothing", 404)]
    {
        let answer = client.open(&format!("{}/api/auth/{route}", demo.frontend));
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

pub(crate) fn me_says_who_is_signed_in(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let me = client.call(&format!("{}/api/auth/me", demo.frontend));
    assert_eq!(me.status, 200);
    assert_eq!(me.header("cache-control"), "no-store");
    let claims = me.json();
    assert!(claims["sub"].is_string(), "{claims}");
    // What is about the token says nothing about the user.
    for name in ["aud", "exp", "iss", "nonce", "at_hash"] {
        assert_eq!(claims.get(name), None);
    }
}

pub(crate) fn credentials_of_the_client_are_replaced(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let url = format!("{}/api/private-route", demo.frontend);
    let forged = [("authorization", "Bearer from-the-client")];
    let mut client = Client::new();
    assert_eq!(client.get(&url, &forged).status, 401);
    client.sign_in(&demo, "/private");
    // The API would refuse these credentials, or two of them.
    assert_eq!(client.get(&url, &forged).status, 200);
    // The client cannot have the gate's own taken away either.
    assert_eq!(client.get(&url, &[("connection", "close, authorization")]).status, 200);
}

pub(crate) fn no_token_reaches_the_client(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    for path in ["/private", "/api", "/api/private-route", "/api/nothing", "/api/auth/me", "/"] {
        client.open(&format!("{}{path}", demo.frontend));
    }
    client.open(&format!("{}/api/auth/logout", demo.frontend));
    assert_eq!(client.tokens_seen(), [Value::Null; 0]);
}

pub(crate) fn cookies_are_out_of_reach_for_scripts(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let login = client.open(&format!("{}/api/auth/login", demo.frontend));
    let back = client.sign_in(&demo, "/private");
    let set: Vec<&str> = login.all("set-cookie").chain(back.all("set-cookie")).collect();
    assert!(set.len() >= 2, "{set:?}");
    for cookie in set {
        for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
    }
}

pub(crate) fn a_request_that_another_site_caused_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let url = format!("{}/api/private-route", demo.frontend);
    for headers in [[("sec-fetch-site", "cross-site")], [("origin", "https://evil.example")]] {
        let refusal = client.send("POST", &url, &headers, "");
        assert_eq!(refusal.status, 403, "{refusal:?}");
        assert_eq!(refusal.json()["error"], "cross_site_request");
    }
    // The API's own word: this route can only be read.
    let own = [("origin", demo.frontend.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(client.send("POST", &url, &own, "").status, 405);
}

pub(crate) fn a_sign_in_leads_nowhere_but_into_the_application(runtime: Runtime) {
    let demo = Demo::start(runtime);
    for (wanted, place) in [
        ("/private?tab=1", "/private?tab=1"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/api/auth/logout", "/"),
    ] {
        let back = Client::new().sign_in(&demo, wanted);
        assert_eq!((back.status, back.location()), (303, place), "{wanted}");
    }
}

pub(crate) fn after_signing_out_the_sign_in_is_asked_for_again(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    assert!(client.is_signed_in(&demo));

    let out = client.open(&format!("{}/api/auth/logout", demo.frontend));
    assert_eq!(out.status, 302);
    assert!(out.location().starts_with(&format!("{}/logout?", demo.provider)), "{out:?}");
    let back = client.open(out.location());
    assert_eq!((back.status, back.location().trim_end_matches('/')), (302, &*demo.frontend));

    assert_eq!(client.session_cookie(), None);
    assert!(!client.is_signed_in(&demo));
    let guarded = client.open(&format!("{}/private", demo.frontend));
    assert_eq!((guarded.status, guarded.location()), (302, "/api/auth/login?returnTo=%2Fprivate"));
    // The provider has forgotten the browser too: it shows its page.
    assert!(client.start_sign_in(&demo, "/private").iter().any(|(name, _)| name == "username"));
}

pub(crate) fn another_site_signs_nobody_out(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let url = format!("{}/api/auth/logout", demo.frontend);
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let image = [("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "no-cors")];
    for headers in [link, image] {
        let page = client.get(&url, &headers);
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("<form method=\"post\" action=\"/api/auth/logout\">"));
    }
    assert_eq!(client.submit(&url, "https://evil.example", &[]).status, 403);
    assert!(client.is_signed_in(&demo));
    let out = client.submit(&url, &demo.frontend, &[]);
    assert_eq!(out.status, 303, "{out:?}");
    assert!(out.location().starts_with(&format!("{}/logout?", demo.provider)), "{out:?}");
    assert!(!client.is_signed_in(&demo));
}

pub(crate) fn logins_in_two_tabs_do_not_disturb_each_other(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    let authorize = format!("{}/authorize", demo.provider);
    let forms = ["/private", "/public"].map(|path| client.start_sign_in(&demo, path));
    let backs = forms.map(|form| {
        let sent = client.submit(&authorize, &demo.provider, &form);
        client.open(sent.location())
    });
    let places = backs.each_ref().map(|back| (back.status, back.location()));
    assert_eq!(places, [(303, "/private"), (303, "/public")]);
}
