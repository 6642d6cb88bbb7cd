//! Signing out: here, at the provider, and at the provider's word.

use crate::harness::{Client, Demo, Runtime};

/// The path of the gate that a provider tells of a logout.
const BACKCHANNEL: &str = "/api/auth/backchannel-logout";

pub(crate) fn a_logout_at_the_provider_is_one_here(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let mut other = Client::new();
    other.sign_in(&demo, "/private");
    assert!(client.is_signed_in(&demo) && other.is_signed_in(&demo));
    let cookies = client.cookies.clone();

    // At the provider itself, and not by way of the gate.
    let out = client.open(&format!("{}/logout", demo.provider));
    assert_eq!(out.status, 200, "{out:?}");

    let page = client.open(&format!("{}/private", demo.frontend));
    assert_eq!((page.status, page.location()), (302, "/api/auth/login?returnTo=%2Fprivate"));
    assert_eq!(client.session_cookie(), None);
    client.cookies = cookies;
    let url = format!("{}/api/private-route", demo.frontend);
    assert_eq!(client.call(&url).status, 401);
    assert!(!client.is_signed_in(&demo));
    // Another session of the same user's goes on, and whoever signs in again is signed in.
    assert!(other.is_signed_in(&demo));
    client.sign_in(&demo, "/private");
    assert_eq!(client.call(&url).status, 200);
}

/// C18
pub(crate) fn a_copy_of_the_cookie_is_no_session_after_signing_out(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let copy = client.cookies.clone();
    assert_eq!(client.open(&format!("{}/api/auth/logout", demo.frontend)).status, 302);
    client.cookies = copy;
    assert!(!client.is_signed_in(&demo));
    let url = format!("{}/api/private-route", demo.frontend);
    assert_eq!(client.call(&url).status, 401);
}

/// O29
pub(crate) fn a_logout_notice_of_nobody_is_refused(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in(&demo, "/private");
    let url = format!("{}{BACKCHANNEL}", demo.frontend);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let large = "x".repeat(100_000);
    for (headers, body, status) in [
        (&form[..], "logout_token=a.b.c", 400),
        (&form, "", 400),
        (&form, &large, 413),
        (&[("content-type", "application/json")], "{}", 415),
    ] {
        let mut provider = Client::new();
        let refusal = provider.send("POST", &url, headers, body);
        assert_eq!(refusal.status, status, "{refusal:?}");
        assert_eq!(refusal.header("cache-control"), "no-store");
        assert_eq!(refusal.json()["error"], "invalid_request");
    }
    assert_eq!(Client::new().open(&url).status, 405);
    assert!(client.is_signed_in(&demo));
}
