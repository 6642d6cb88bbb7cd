//! How a login starts.

use super::{LOGIN, with};
use crate::harness::{Client, Demo, Provider, Reply, Runtime, come_back_late, now, query_of};
use serde_json::{Value, json};

/// Somebody whom the built-in provider knows, and the front end does not.
fn known_at_the_provider(demo: &Demo) -> Client {
    let mut client = Client::new();
    client.sign_in(demo, "/private");
    forget_session(&mut client);
    client
}

fn forget_session(client: &mut Client) {
    let name = client.session_cookie().expect("a session").to_owned();
    client.cookies.remove(&name);
}

/// Follows a login to the provider. Returns its answer.
fn at_provider(client: &mut Client, demo: &Demo, more: &str) -> Reply {
    let away = client.open(&format!("{}{LOGIN}{more}", demo.frontend));
    assert_eq!(away.status, 302, "{away:?}");
    client.open(away.location())
}

pub(crate) fn a_login_may_ask_for_a_recent_sign_in(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = known_at_the_provider(&demo);
    // Nobody has signed in within no time.
    let page = at_provider(&mut client, &demo, "&max_age=0");
    assert!(page.form().iter().any(|(name, _)| name == "username"), "{page:?}");
    let sent = client.submit(&format!("{}/authorize", demo.provider), &demo.provider, &page.form());
    assert_eq!(client.open(sent.location()).location(), "/private");
    forget_session(&mut client);
    // Within the last hour somebody has.
    let led_on = at_provider(&mut client, &demo, "&max_age=3600");
    assert_eq!(client.open(led_on.location()).location(), "/private");
    assert!(client.is_signed_in(&demo));
    // What is no number of seconds is not sent.
    let refusal = client.open(&format!("{}{LOGIN}&max_age=soon", demo.frontend));
    assert_eq!(refusal.status, 400, "{refusal:?}");
    assert!(refusal.body.contains("<code>login_parameter_invalid</code>"), "{refusal:?}");
}

/// A provider that does as if it had not been asked.
pub(crate) fn a_sign_in_that_is_too_old_is_refused(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::start_with(runtime, &with(&provider, &[]));
    for (age, status) in [(10, 303), (4000, 502)] {
        let mut client = Client::new();
        let login = format!("{LOGIN}&max_age=600");
        let (back, away) = provider.sign_in_at(&mut client, &demo, &login, |claims| {
            claims["auth_time"] = json!(now() - age);
        });
        assert_eq!(query_of(&away, "max_age").as_deref(), Some("600"));
        assert_eq!(back.status, status, "{back:?}");
        assert_eq!(client.is_signed_in(&demo), status == 303);
    }
}

pub(crate) fn everybody_signs_in_for_the_organization_of_the_settings(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &[("AUTH0_ORGANIZATION", "org_acme")]);
    // What an address says makes no difference.
    for more in ["", "&organization=org_other"] {
        let mut client = Client::new();
        client.sign_in_at(&demo, &format!("{LOGIN}{more}"));
        let me = client.call(&format!("{}/api/auth/me", demo.frontend)).json();
        assert_eq!(me["org_id"], "org_acme", "{me}");
    }
    // Without the setting, the address decides.
    let demo = Demo::start(runtime);
    let mut client = Client::new();
    client.sign_in_at(&demo, &format!("{LOGIN}&organization=Other"));
    let me = client.call(&format!("{}/api/auth/me", demo.frontend)).json();
    assert_eq!((&me["org_id"], &me["org_name"]), (&json!("org_other"), &json!("other")));
}

pub(crate) fn a_sign_in_for_no_organization_is_refused(runtime: Runtime) {
    let provider = Provider::start();
    let demo = Demo::start_with(runtime, &with(&provider, &[("AUTH0_ORGANIZATION", "org_acme")]));
    for (organization, status) in
        [(Value::Null, 502), (json!("org_x"), 502), (json!("org_acme"), 303)]
    {
        let (back, _) = provider.sign_in_at(&mut Client::new(), &demo, LOGIN, |claims| {
            claims["org_id"] = organization.clone();
        });
        assert_eq!(back.status, status, "{organization}: {back:?}");
    }
}

pub(crate) fn a_silent_login_shows_nothing(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut client = known_at_the_provider(&demo);
    let led_on = at_provider(&mut client, &demo, "&prompt=none");
    assert_eq!(client.open(led_on.location()).location(), "/private");
    assert!(client.is_signed_in(&demo));

    // Nobody is known: the provider sends the browser back at once.
    let mut stranger = Client::new();
    let led_on = at_provider(&mut stranger, &demo, "&prompt=none");
    assert_eq!(query_of(led_on.location(), "error").as_deref(), Some("login_required"));
    // Nobody is shown anything: it goes on where it would have ended.
    let back = stranger.open(led_on.location());
    assert_eq!((back.status, back.location()), (303, "/private"));
    assert!(!stranger.is_signed_in(&demo));
}

pub(crate) fn requests_are_pushed_where_that_is_switched_on(runtime: Runtime) {
    let demo = Demo::start_with(runtime, &[("AUTH0_PUSHED_AUTHORIZATION_REQUESTS", "true")]);
    let mut client = Client::new();
    let away = client.open(&format!("{}{LOGIN}", demo.frontend));
    let (_, query) = away.location().split_once('?').expect("a query");
    let names: Vec<_> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    assert_eq!(names, ["client_id", "request_uri"], "{away:?}");
    let back = client.sign_in(&demo, "/private");
    assert_eq!((back.status, back.location()), (303, "/private"));

    // Whoever wants that of a provider that has no place for it, gets no login.
    let provider = Provider::start();
    let pushed = [("PORTCULLIS_PUSHED_AUTHORIZATION_REQUESTS", "on")];
    let demo = Demo::start_with(runtime, &with(&provider, &pushed));
    let page = Client::new().open(&format!("{}{LOGIN}", demo.frontend));
    assert_eq!(page.status, 500, "{page:?}");
    assert!(page.body.contains("<code>pushed_request_not_offered</code>"), "{page:?}");
}

pub(crate) fn parameters_of_the_settings_are_always_sent(runtime: Runtime) {
    let demo = Demo::start_with(
        runtime,
        &[
            ("PORTCULLIS_LOGIN_PARAMETERS", "prompt=consent&acr_values=urn%3Aa+urn%3Ab"),
            ("PORTCULLIS_LOGIN_QUERY_PARAMETERS", "prompt,ui_locales"),
        ],
    );
    let query = "&prompt=none&ui_locales=fr&screen_hint=signup";
    let away = Client::new().open(&format!("{}{LOGIN}{query}", demo.frontend));
    for (name, value) in [
        ("prompt", Some("consent")),
        ("acr_values", Some("urn:a urn:b")),
        ("ui_locales", Some("fr")),
        ("screen_hint", None),
    ] {
        assert_eq!(query_of(away.location(), name).as_deref(), value, "{away:?}");
    }
}

pub(crate) fn a_login_lasts_and_leads_as_the_settings_say(runtime: Runtime) {
    let provider = Provider::start();
    let settings = [("PORTCULLIS_LOGIN_LIFETIME", "600"), ("PORTCULLIS_LOGIN_TARGET", "/public")];
    let demo = Demo::start_with(runtime, &with(&provider, &settings));
    for (age, is_there) in [(500, true), (700, false)] {
        let (_, page) = come_back_late(&provider, &demo, age);
        // A login that is there gets as far as the code, which nobody has given.
        let code = if is_there { "code_refused" } else { "login_not_started_here" };
        assert!(page.body.contains(&format!("<code>{code}</code>")), "{page:?}");
    }
    let (back, _) = provider.sign_in_at(&mut Client::new(), &demo, "/api/auth/login", |_| ());
    assert_eq!((back.status, back.location()), (303, "/public"));
}
