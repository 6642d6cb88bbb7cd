//! Signing out.

use super::{LOGIN, with};
use crate::harness::{Answer, Client, Demo, Provider, Reply, Runtime, query_of};
use serde_json::json;

const LISTED: &str = "https://www.example/bye";

/// Signs in, and out again with this query.
fn out(demo: &Demo, query: &str) -> (Client, Reply) {
    let mut client = Client::new();
    client.sign_in(demo, "/private");
    let reply = client.open(&format!("{}/api/auth/logout{query}", demo.frontend));
    assert!(!client.is_signed_in(demo));
    (client, reply)
}

pub(crate) fn signing_out_ends_where_the_settings_allow(runtime: Runtime) {
    let settings =
        [("PORTCULLIS_LOGOUT_TARGETS", LISTED), ("AUTH0_POST_LOGOUT_REDIRECT", "/public")];
    let demo = Demo::start_with(runtime, &settings);
    let [usual, private] = ["/public", "/private"].map(|path| format!("{}{path}", demo.frontend));
    for (query, target) in [
        ("", usual.as_str()),
        ("?returnTo=https%3A%2F%2Fwww.example%2Fbye", LISTED),
        ("?returnTo=https%3A%2F%2Fwww.example%2Fbye%2F", &usual),
        ("?returnTo=https%3A%2F%2Fevil.example%2F", &usual),
        ("?returnTo=%2F%2Fevil.example", &usual),
        ("?returnTo=%2F", &demo.frontend),
        ("?returnTo=%2Fprivate", &private),
    ] {
        let (mut client, reply) = out(&demo, query);
        let asked = query_of(reply.location(), "post_logout_redirect_uri");
        assert_eq!(asked.as_deref(), Some(target), "{query}");
        // The provider knows all of these.
        let back = client.open(reply.location());
        assert_eq!((back.status, back.location()), (302, target), "{query}");
    }
}

pub(crate) fn signing_out_goes_where_the_settings_say(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &[("AUTH0_IDP_LOGOUT", "false")]);
    let (mut client, reply) = out(&demo, "?returnTo=%2Fpublic");
    assert_eq!((reply.status, reply.location()), (302, "/public"));
    // The session at the provider goes on: nothing is asked.
    let away = client.open(&format!("{}{LOGIN}", demo.frontend));
    assert_eq!(client.open(away.location()).status, 302);

    let demo = Demo::start_with(runtime, &[("AUTH0_LOGOUT", "true")]);
    let (mut client, reply) = out(&demo, "");
    assert!(reply.location().starts_with(&format!("{}/v2/logout?", demo.provider)), "{reply:?}");
    assert_eq!(query_of(reply.location(), "federated"), None);
    let back = client.open(reply.location());
    assert_eq!((back.status, back.location()), (302, &*demo.frontend));

    let demo = Demo::start_with(runtime, &[("PORTCULLIS_FEDERATED_LOGOUT", "true")]);
    let (_, reply) = out(&demo, "");
    assert_eq!(query_of(reply.location(), "federated").as_deref(), Some(""));

    // For providers that insist on it, the ID token is kept.
    let provider = Provider::start();
    let mut discovery = provider.discovery();
    discovery["end_session_endpoint"] = json!(format!("{}/out", provider.url()));
    provider.answers(Provider::DISCOVERY, Answer::json(&discovery));
    for (is_kept, value) in [(true, "true"), (false, "false")] {
        let settings = [("AUTH0_SESSION_STORE_ID_TOKEN", value)];
        let demo = Demo::start_with(runtime, &with(&provider, &settings));
        let mut client = Client::new();
        provider.sign_in_at(&mut client, &demo, LOGIN, |_| ());
        let reply = client.open(&format!("{}/api/auth/logout", demo.frontend));
        let hint = query_of(reply.location(), "id_token_hint");
        assert_eq!(hint.is_some_and(|hint| provider.granted().contains(&hint)), is_kept);
    }
}

pub(crate) fn the_providers_word_counts_unless_it_is_switched_off(runtime: Runtime) {
    let moved = ("PORTCULLIS_BACKCHANNEL_LOGOUT_ROUTE", "/told");
    for (settings, ends) in
        [(&[moved][..], true), (&[moved, ("PORTCULLIS_BACKCHANNEL_LOGOUT", "false")], false)]
    {
        let demo = Demo::start_with(runtime, settings);
        let mut client = Client::new();
        client.sign_in(&demo, "/private");
        // At the provider itself, and not by way of the gate.
        assert_eq!(client.open(&format!("{}/logout", demo.provider)).status, 200);
        assert_eq!(client.is_signed_in(&demo), !ends);
        let url = format!("{}/told", demo.frontend);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = Client::new().send("POST", &url, &form, "logout_token=x");
        assert_eq!(answer.status, if ends { 400 } else { 404 }, "{answer:?}");
    }
}
