//! The gate with providers that others wrote, each in a process of its own.

mod node_provider;

use crate::harness::{Client, Demo, Reply, Runtime};
use node_provider::{NodeProvider, Stop};
use serde_json::json;

/// Asserts that `client` may go where somebody who signed in may, and holds no token.
fn assert_signed_in(client: &mut Client, demo: &Demo, subject: &str) {
    let page = client.open(&format!("{}/private", demo.frontend));
    assert_eq!(page.status, 200, "{page:?}");
    // The API takes the token of this provider: its key was found, and its claims fit.
    let answer = client.call(&format!("{}/api/private-route", demo.frontend));
    assert_eq!(answer.json(), json!({"message": "This is a private route"}));
    let me = client.call(&format!("{}/api/auth/me", demo.frontend)).json();
    assert_eq!((&me["sub"], &me["name"]), (&json!(subject), &json!("Example User")));
    assert!(!client.seen.contains("eyJ"), "a token reached the client");
}

/// Signs in at a provider that asks for a name and for consent. Returns the answer to the callback.
fn sign_in_by_hand(client: &mut Client, provider: &NodeProvider, demo: &Demo) -> Reply {
    let page = match provider.visit(client, demo, "/api/auth/login?returnTo=%2Fprivate") {
        Stop::Page(page) => page,
        Stop::Application(url) => panic!("sent to {url} without a sign-in"),
    };
    let consent = match provider.submit(client, &page, &[("login", "somebody"), ("password", "x")])
    {
        Stop::Page(page) => page,
        Stop::Application(url) => panic!("sent to {url} without consent"),
    };
    match provider.submit(client, &consent, &[]) {
        Stop::Page(page) => panic!("the sign-in does not end: {page:?}"),
        Stop::Application(path) => client.open(&format!("{}{path}", demo.frontend)),
    }
}

pub(crate) fn a_certified_provider_signs_people_in(runtime: Runtime) {
    let test = "a_certified_provider_signs_people_in";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let back = sign_in_by_hand(&mut client, &provider, &demo);
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert_signed_in(&mut client, &demo, "somebody");
}

pub(crate) fn a_sign_in_that_a_certified_provider_breaks_off_is_forbidden(runtime: Runtime) {
    let test = "a_sign_in_that_a_certified_provider_breaks_off_is_forbidden";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let Stop::Page(page) = provider.visit(&mut client, &demo, "/api/auth/login") else {
        panic!("signed in without a sign-in")
    };
    let abort = format!("{}/abort", page.form_action());
    let Stop::Application(path) = provider.open(&mut client, &abort) else {
        panic!("the sign-in goes on")
    };
    let back = client.open(&format!("{}{path}", demo.frontend));
    assert_eq!(back.status, 403, "{back:?}");
    assert!(!client.is_signed_in(&demo));
}

pub(crate) fn signing_out_ends_the_session_at_a_certified_provider(runtime: Runtime) {
    let test = "signing_out_ends_the_session_at_a_certified_provider";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    sign_in_by_hand(&mut client, &provider, &demo);

    // Once somebody is known there, a sign-in asks for nothing.
    let Stop::Application(_) = provider.visit(&mut client, &demo, "/api/auth/login") else {
        panic!("the provider has forgotten somebody")
    };
    let Stop::Page(question) = provider.visit(&mut client, &demo, "/api/auth/logout") else {
        panic!("signed out without a question")
    };
    match provider.submit(&mut client, &question, &[("logout", "yes")]) {
        Stop::Application(path) => assert_eq!(path, "/"),
        Stop::Page(page) => panic!("not led back: {page:?}"),
    }
    assert!(!client.is_signed_in(&demo));
    assert_eq!(client.session_cookie(), None);
    let Stop::Page(_) = provider.visit(&mut client, &demo, "/api/auth/login") else {
        panic!("the provider still knows somebody")
    };
}

pub(crate) fn a_certified_provider_signs_people_out_over_the_back_channel(runtime: Runtime) {
    let test = "a_certified_provider_signs_people_out_over_the_back_channel";
    let Some(provider) = NodeProvider::start("oidc-provider", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    provider.learns_where(&demo);
    let (mut client, mut other) = (Client::new(), Client::new());
    sign_in_by_hand(&mut client, &provider, &demo);
    sign_in_by_hand(&mut other, &provider, &demo);

    // The browser signs out at the provider, and the gate is not asked.
    let Stop::Page(question) = provider.open(&mut client, &provider.url("/session/end")) else {
        panic!("signed out without a question")
    };
    provider.submit(&mut client, &question, &[("logout", "yes")]);
    assert_eq!(provider.counts()["backchannelLogouts"], 1);
    assert_eq!(provider.counts()["failedBackchannelLogouts"], 0);
    assert!(client.session_cookie().is_some(), "the browser still has its cookie");
    assert!(!client.is_signed_in(&demo));
    let refused = client.call(&format!("{}/api/private-route", demo.frontend));
    assert_eq!(refused.status, 401, "{refused:?}");
    // The same user in another browser has another session there.
    assert!(other.is_signed_in(&demo));
}

pub(crate) fn a_mock_provider_signs_people_in(runtime: Runtime) {
    let test = "a_mock_provider_signs_people_in";
    let Some(provider) = NodeProvider::start("oauth2-mock-server", test) else { return };
    let demo = Demo::start_with(runtime, &provider.settings());
    let mut client = Client::new();
    let path = match provider.visit(&mut client, &demo, "/api/auth/login?returnTo=%2Fprivate") {
        Stop::Application(path) => path,
        Stop::Page(page) => panic!("it asks for something: {page:?}"),
    };
    let back = client.open(&format!("{}{path}", demo.frontend));
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert_signed_in(&mut client, &demo, "johndoe");
}
