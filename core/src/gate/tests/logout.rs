//! Signing out, here and at the provider.

use super::*;
use crate::oidc::{LogoutPolicy, ProviderLogout};
use core::time::Duration;

fn unavailable() -> IssuerMachine {
    IssuerMachine::new(crate::issuer::IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO)
}

fn gate_with(logout: LogoutPolicy) -> Gate {
    let client =
        ClientConfig::new(CLIENT_ID, Secret::new("client secret"), "https://app.example").unwrap();
    let secrets = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    Gate::builder(client, secrets, RUSTCRYPTO).logout(logout).build().unwrap()
}

fn parameter(response: &Response, name: &str) -> Option<String> {
    let (_, query) = location(response).split_once('?')?;
    Query::new(query).unique(name).unwrap().map(|value| value.to_string())
}

/// C22: signing out removes every cookie, with the attributes that it was set with.
#[test]
fn signs_out_here_and_at_the_provider() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser.start_login("/other");
    assert_eq!(browser.cookies.len(), 2);
    let response = response(browser.navigate("/api/auth/logout"));
    assert_eq!(response.status, 302);
    assert!(location(&response).starts_with("https://op.example/logout?"));
    assert_eq!(parameter(&response, "client_id").as_deref(), Some(CLIENT_ID));
    let expected = Some("https://app.example");
    assert_eq!(parameter(&response, "post_logout_redirect_uri").as_deref(), expected);
    assert_eq!(parameter(&response, "logout_hint").as_deref(), Some("s1"));
    assert!(browser.cookies.is_empty());
    for (_, value) in response.headers.iter().filter(|(name, _)| *name == "set-cookie") {
        let attributes = "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure";
        assert!(value.starts_with("__Host-") && value.ends_with(attributes), "{value}");
    }
}

/// C03, C06, C24: what is left of other sessions goes as well, each once, and not without end.
#[test]
fn signing_out_removes_what_no_session_of_today_has() {
    let mut browser = Browser::new(gate());
    let own = ["__Host-portcullis", "__Host-portcullis.7", "__Host-portcullis.x"];
    let kept = ["__Host-portcullisx", "other", "__host-portcullis", "appSession"];
    for name in own.iter().chain(&own).chain(&kept) {
        browser.cookies.push((name.to_string(), "junk".to_string()));
    }
    let first = response(browser.navigate("/api/auth/logout"));
    assert_eq!(first.status, 302);
    let removed: Vec<_> = first
        .headers
        .iter()
        .filter(|(name, _)| *name == "set-cookie")
        .map(|(_, value)| value.split('=').next().unwrap())
        .collect();
    assert_eq!(removed, own);
    assert_eq!(browser.cookies.len(), kept.len());

    let names = (0..1000).map(|number| format!("__Host-portcullis.{number}"));
    browser.cookies = names.map(|name| (name, String::new())).collect();
    let second = response(browser.navigate("/api/auth/logout"));
    let removals = second.headers.iter().filter(|(name, _)| *name == "set-cookie").count();
    assert_eq!(removals, 64);
}

/// O28, X11: another site, an image, or a program that says nothing of itself gets a page that asks,
/// and a form of another site is refused.
#[test]
fn another_site_signs_nobody_out() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let target = "/api/auth/logout?returnTo=%2Fbye%22%3E%3Cscript%3E&federated";
    for fields in [
        &[][..],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "no-cors")],
    ] {
        let response = response(browser.request("GET", target, fields));
        assert_eq!(response.status, 200);
        assert_eq!(response.headers.get("set-cookie"), None);
        assert_eq!(response.headers.get("cache-control"), Some("no-store"));
        assert_eq!(response.headers.get("x-frame-options"), Some("DENY"));
        let action = "action=\"/api/auth/logout?returnTo=%2Fbye%22%3E%3Cscript%3E&amp;federated=\"";
        assert!(response.body.contains(action), "{}", response.body);
    }
    for fields in [&[][..], &[("origin", "https://evil.example")]] {
        let response = response(browser.request("POST", target, fields));
        assert_eq!((response.status, code(&response)), (403, "cross_site_request"));
        assert_eq!(response.headers.get("set-cookie"), None);
    }
    let prefetch = [NAVIGATION[0], NAVIGATION[1], NAVIGATION[2], ("sec-purpose", "prefetch")];
    assert_eq!(response(browser.request("GET", target, &prefetch)).status, 204);
    assert_eq!(browser.session_cookies(), 1, "nobody is signed out");

    let own = [("origin", "https://app.example")];
    let response = response(browser.request("POST", target, &own));
    assert_eq!(response.status, 303);
    assert_eq!(parameter(&response, "federated").as_deref(), Some(""));
    assert_eq!(browser.session_cookies(), 0);
}

/// R19: the request may say where to end, within what is allowed.
#[test]
fn a_logout_ends_where_it_may() {
    let policy = LogoutPolicy::default()
        .with_default_target("/signed-out")
        .unwrap()
        .with_targets(["https://www.example"])
        .unwrap();
    let gate = gate_with(policy.clone());
    assert_eq!(gate.post_logout_redirect_uri(), "https://app.example/signed-out");
    let local = gate_with(policy.with_provider(ProviderLogout::Nowhere));
    for (asked, url, path) in [
        ("", "https://app.example/signed-out", "/signed-out"),
        ("?returnTo=%2F", "https://app.example", "/"),
        ("?returnTo=%2Fbye%3Fa", "https://app.example/bye?a", "/bye?a"),
        ("?returnTo=https%3A%2F%2Fwww.example", "https://www.example", "https://www.example"),
        ("?returnTo=https%3A%2F%2Fevil.example", "https://app.example/signed-out", "/signed-out"),
        ("?returnTo=%2F%2Fevil.example", "https://app.example/signed-out", "/signed-out"),
        ("?returnTo=%2Fapi%2Fauth%2Flogin", "https://app.example/signed-out", "/signed-out"),
        ("?returnTo=%2F&returnTo=%2Fbye", "https://app.example/signed-out", "/signed-out"),
    ] {
        let target = format!("/api/auth/logout{asked}");
        let away = response(Browser::new(gate.clone()).navigate(&target));
        assert_eq!(parameter(&away, "post_logout_redirect_uri").as_deref(), Some(url), "{asked}");
        let stays = response(Browser::new(local.clone()).navigate(&target));
        assert_eq!((stays.status, location(&stays)), (302, path), "{asked}");
    }
}

#[test]
fn signs_out_here_where_the_provider_is_down() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser.machine = unavailable();
    let response = response(browser.navigate("/api/auth/logout"));
    assert_eq!((response.status, location(&response)), (302, "/"));
    assert_eq!(browser.session_cookies(), 0);
}

#[test]
fn a_logout_that_stays_here_does_not_ask_the_provider() {
    let policy = LogoutPolicy::default().with_provider(ProviderLogout::Nowhere);
    let gate = gate_with(policy);
    let headers = NAVIGATION;
    let head = RequestHead {
        method: "GET",
        target: "/api/auth/logout",
        headers: &headers,
        peer: None,
        secure: true,
    };
    let snapshot = unavailable().snapshot();
    let step = with_context(after(0), &mut Counting::default(), &snapshot, |context| {
        gate.begin(&head, context)
    });
    assert!(matches!(step, Step::Done(Decision::Respond(_))), "{step:?}");
}

/// Without a session, and with one that does not open.
#[test]
fn signs_out_without_a_session_and_with_a_broken_one() {
    for value in ["", "junk", "AQAAAAAB"] {
        let mut browser = Browser::new(gate());
        browser.cookies = vec![("__Host-portcullis".to_string(), value.to_string())];
        let response = response(browser.navigate("/api/auth/logout"));
        assert_eq!(response.status, 302);
        assert_eq!(parameter(&response, "logout_hint"), None);
        assert!(browser.cookies.is_empty());
    }
    assert_eq!(response(Browser::new(gate()).navigate("/api/auth/logout")).status, 302);
}

#[test]
fn the_logout_route_takes_get_head_and_post() {
    let mut browser = Browser::new(gate());
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let response = response(browser.request(method, "/api/auth/logout", &NAVIGATION));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.headers.get("allow"), Some("GET, HEAD, POST"));
    }
    let head = response(browser.request("HEAD", "/api/auth/logout", &NAVIGATION));
    assert_eq!((head.status, head.headers.get("set-cookie")), (200, None));
}

/// Somebody who has a refresh token of a provider that may take this long.
fn with_a_refresh_token(timeout: Option<Duration>) -> Browser {
    let mut client = client("https://app.example").with_scope("openid offline_access").unwrap();
    if let Some(timeout) = timeout {
        client = client.with_timeout(timeout);
    }
    let secrets = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    let mut browser = Browser::new(Gate::builder(client, secrets, RUSTCRYPTO).build().unwrap());
    browser.sign_in();
    browser.token_requests.clear();
    browser
}

/// RFC 7009: the refresh token is given back, and whatever comes of it, the user is signed out.
#[test]
fn a_refresh_token_is_given_back() {
    let mut browser = with_a_refresh_token(None);
    let cookies = browser.cookies.clone();
    for answer in [
        Ok(ok("")),
        Ok(Inbound { status: 503, ..ok("") }),
        Err(FetchError::Timeout),
        Err(FetchError::Transport),
    ] {
        browser.cookies = cookies.clone();
        browser.token_requests.clear();
        browser.token_answer = Some(answer);
        browser.revocations = Some(RevocationList::default());
        let response = response(browser.navigate("/api/auth/logout"));
        assert!(location(&response).starts_with("https://op.example/logout?"));
        assert!(browser.cookies.is_empty());
        let [request] = browser.token_requests.as_slice() else { panic!("one request") };
        assert_eq!(request.url.as_str(), "https://op.example/revoke");
        let form = Query::new(&request.body);
        let parameter = |name| form.unique(name).unwrap().map(|value| value.to_string());
        assert_eq!(parameter("token").as_deref(), Some("refresh-0"));
        assert_eq!(parameter("token_type_hint").as_deref(), Some("refresh_token"));
        assert_eq!(parameter("client_secret").as_deref(), Some("client secret"));
    }
}

/// However long a provider may take otherwise, a sign-out does not wait for it that long.
#[test]
fn a_sign_out_waits_for_a_slow_provider_no_longer_than_it_must() {
    for (timeout, waits) in [(None, 3), (Some(60), 3), (Some(3), 3), (Some(1), 1)] {
        let mut browser = with_a_refresh_token(timeout.map(Duration::from_secs));
        let start = browser.clock;
        let mut step = browser.begin("GET", "/api/auth/logout", &NAVIGATION);
        let decision = loop {
            step = match step {
                Step::Done(decision) => break decision,
                Step::Fetch(fetch) => {
                    // Nothing comes until the deadline has passed.
                    browser.clock += fetch.request().limits.deadline.as_secs();
                    browser.call(|context| fetch.resume(Err(FetchError::Timeout), context))
                }
                Step::Refresh(wait) => {
                    let outcome = browser.settle(wait.demand());
                    browser.call(|context| wait.resume(outcome, context))
                }
                Step::Revoke(revoke) => {
                    browser.call(|context| revoke.resume(RevocationOutcome::Recorded, context))
                }
                other => panic!("{other:?}"),
            };
        };
        browser.keep_cookies(&decision);
        assert!(location(&response(decision)).starts_with("https://op.example/logout?"));
        assert_eq!((browser.clock - start, browser.session_cookies()), (waits, 0), "{timeout:?}");
    }
}
