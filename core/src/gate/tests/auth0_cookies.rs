//! Sessions of the Auth0 SDK in front of the gate.

use super::*;
use crate::{crypto::AeadKey, session::Auth0Cookies};

fn gate_that_takes_over() -> Gate {
    builder_that_takes_over().build().unwrap()
}

fn builder_that_takes_over() -> GateBuilder {
    let client = ClientConfig::new(CLIENT_ID, Secret::new("client secret"), "https://app.example")
        .unwrap()
        .with_audience("https://api.example");
    let secrets = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    Gate::builder(client, secrets, RUSTCRYPTO)
        .auth0_cookies(Auth0Cookies::new([SECRET], RUSTCRYPTO).unwrap())
        .rewrites(
            Rewrites::builder()
                .after_files([
                    RewriteRule::new("/open/:path*", "http://localhost:6000/open/:path*"),
                    RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*"),
                ])
                .build()
                .unwrap(),
        )
        .protect(Matcher::new(["/private", "/api/:path*"]).unwrap())
        .backchannel_logout()
}

/// What the SDK's version 4 puts into its cookie.
fn sealed() -> String {
    sealed_until(NOW + 86_400)
}

/// The same session, sealed when it was to end at `end`.
fn sealed_until(end: u64) -> String {
    sealed_for(end, "")
}

/// The same for somebody of whom more is said.
fn sealed_for(end: u64, more: &str) -> String {
    let content = format!(
        r#"{{"user":{{"sub":"user","name":"Una"{more}}},"tokenSet":{{"accessToken":"{ACCESS_TOKEN}",
        "expiresAt":{}}},"internal":{{"sid":"s1","createdAt":{}}},"exp":{}}}"#,
        NOW + 3600,
        NOW - 50,
        end
    );
    let mut key = [0; 32];
    let secret = RUSTCRYPTO.hash.extract(&[], SECRET.as_bytes());
    secret.expand(&[b"JWE CEK"], &mut key).unwrap();
    let key = AeadKey::new(&key, &[7; 12]);
    let protected = encoding::encode(br#"{"enc":"A256GCM","alg":"dir"}"#);
    let mut buffer = content.into_bytes();
    RUSTCRYPTO.aead.seal(&key, protected.as_bytes(), &mut buffer).unwrap();
    let (text, tag) = buffer.split_at(buffer.len() - 16);
    let (nonce, text, tag) =
        (encoding::encode(key.nonce()), encoding::encode(text), encoding::encode(tag));
    format!("{protected}..{nonce}.{text}.{tag}")
}

fn browser() -> Browser {
    let mut browser = Browser::new(gate_that_takes_over());
    browser.cookies = vec![("__session".to_string(), sealed())];
    browser
}

fn names(browser: &Browser) -> Vec<&str> {
    browser.cookies.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_session_of_the_sdk_becomes_one_of_the_gate() {
    let mut browser = browser();
    let forwarded = forward(browser.get("/api/private-route"));
    let bearer = format!("Bearer {ACCESS_TOKEN}");
    assert_eq!(forwarded.request.added().get("authorization"), Some(bearer.as_str()));
    assert_eq!(names(&browser), ["__Host-portcullis"]);
    let me = response(browser.get("/api/auth/me"));
    assert_eq!(me.body, r#"{"name":"Una","sub":"user"}"#);
    // It is as old as the SDK says.
    browser.clock = 259_200 - 51;
    for clock in (0..259_200 - 50).step_by(80_000) {
        browser.clock = clock;
        assert!(serve(browser.get("/private")).session.is_some(), "{clock}");
    }
    browser.clock = 259_200 - 50;
    assert_eq!(response(browser.get("/private")).status, 302);
}

#[test]
fn a_browser_that_looks_ahead_changes_nothing() {
    let mut browser = browser();
    let served = serve(browser.request("GET", "/private", &[("sec-purpose", "prefetch")]));
    assert!(served.session.is_some());
    assert_eq!(names(&browser), ["__session"]);
}

/// C21: a login, or a session of the gate's own, counts for more.
#[test]
fn the_gates_own_session_counts_for_more() {
    let mut browser = browser();
    browser.sign_in();
    assert_eq!(browser.session_cookies(), 1);
    assert!(!names(&browser).iter().any(|name| name.starts_with("__session")));
    browser.cookies = vec![
        ("__session".to_string(), sealed()),
        ("__Host-portcullis".to_string(), "broken".to_string()),
    ];
    assert_eq!(response(browser.get("/private")).status, 302);
    assert_eq!(names(&browser), [""; 0], "both go, so that nothing comes back");
}

/// C22, C18: signing out removes the SDK's cookies, and a copy of them is no session.
#[test]
fn signing_out_ends_a_session_of_the_sdk() {
    let mut browser = browser();
    let copy = browser.cookies.clone();
    let response = response(browser.navigate("/api/auth/logout"));
    assert!(location(&response).contains("logout_hint=s1"), "{}", location(&response));
    assert_eq!(names(&browser), [""; 0]);
    browser.cookies = copy;
    assert_eq!(super::response(browser.get("/api/auth/me")).status, 204);
}

/// C18: nor is a copy of the same session as the SDK had sealed it before.
#[test]
fn signing_out_ends_every_seal_of_a_session_of_the_sdk() {
    let mut browser = browser();
    serve(browser.get("/private"));
    response(browser.navigate("/api/auth/logout"));
    browser.cookies = vec![("__session".to_string(), sealed_until(NOW + 86_000))];
    assert_eq!(response(browser.get("/private")).status, 302);
}

/// H24: the SDK's cookies go to no upstream, and none can set them; without being asked for, they
/// are somebody else's.
#[test]
fn the_cookies_of_the_sdk_stay_at_the_gate() {
    let fields = [("cookie", "a=1; __session=x; appSession.0=y; __session__3=z; __txn_a=t")];
    let mut browser = Browser::new(gate_that_takes_over());
    let forwarded = forward(browser.request("GET", "/open/x", &fields));
    assert_eq!(forwarded.request.added().get("cookie"), Some("a=1; __txn_a=t"));
    let none: [(&str, &str); 0] = [];
    let filter = forwarded.response.filter(&none);
    assert!(!filter.keeps("set-cookie", b"__session__0=x; Path=/"));
    assert!(filter.keeps("set-cookie", b"__txn_a=x; Path=/"));

    let forwarded = forward(Browser::new(gate()).request("GET", "/open/x", &fields));
    assert_eq!(forwarded.request.added().get("cookie"), Some(fields[0].1));
    let mut browser = Browser::new(gate());
    browser.cookies = vec![("__session".to_string(), sealed())];
    assert_eq!(response(browser.get("/private")).status, 302);
    assert_eq!(names(&browser), ["__session"]);
}

/// Where everybody signs in for one organization, nobody comes over from another one.
#[test]
fn a_session_of_another_organization_is_not_taken_over() {
    let of_one = r#","org_id":"org_1","org_name":"one""#;
    let of_two = r#","org_id":"org_2","org_name":"two""#;
    for (organization, more, is_taken) in [
        ("org_1", of_one, true),
        ("One", of_one, true),
        ("org_1", of_two, false),
        ("one", of_two, false),
        ("org_1", "", false),
    ] {
        let login = LoginPolicy::default().with_parameter("organization", organization).unwrap();
        let gate = builder_that_takes_over().login(login).build().unwrap();
        let mut browser = Browser::new(gate);
        browser.cookies = vec![("__session".to_string(), sealed_for(NOW + 86_400, more))];
        let is_signed_in = response(browser.get("/api/auth/me")).status == 200;
        assert_eq!(is_signed_in, is_taken, "{organization} {more}");
    }
}
