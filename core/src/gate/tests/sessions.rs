//! What a session keeps, how long it lives, and what becomes of cookies that are none.

use super::*;
use crate::{
    http::Headers,
    issuer::IssuerIndex,
    session::{HeldCookies, KeptClaims, Purpose, SealedCookie, SessionPolicy},
};

const COOKIE: &str = "__Host-portcullis";

fn builder() -> GateBuilder {
    builder_at("https://app.example")
}

/// The cookie that holds `content`, sealed with `secret`.
fn sealed(content: &[u8], secret: &str) -> Vec<(String, String)> {
    let ring = SecretRing::new([secret], RUSTCRYPTO).unwrap().for_client(CLIENT_ID);
    let cookie = SealedCookie { name: COOKIE, purpose: Purpose::Session, secure: true };
    let mut headers = Headers::new();
    let (held, entropy) = (HeldCookies::default(), &mut Counting::default());
    cookie.write(content, 60, held, &ring, entropy, &mut headers).unwrap();
    let pair = headers.get("set-cookie").unwrap().split(';').next().unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    vec![(name.to_string(), value.to_string())]
}

/// C19, C20: lower limits hold for the sessions that there are, at once.
#[test]
fn lower_limits_hold_for_old_sessions() {
    for (policy, clock, is_session) in [
        (SessionPolicy::default(), 50_000, true),
        (SessionPolicy { inactivity: 3600, absolute: 259_200 }, 3599, true),
        (SessionPolicy { inactivity: 3600, absolute: 259_200 }, 3600, false),
        (SessionPolicy { inactivity: 86_400, absolute: 1000 }, 999, true),
        (SessionPolicy { inactivity: 86_400, absolute: 1000 }, 1000, false),
    ] {
        let mut browser = Browser::new(gate());
        browser.sign_in();
        browser.gate = builder().session_policy(policy).build().unwrap();
        browser.clock = clock;
        let me = response(browser.get("/api/auth/me"));
        assert_eq!(me.status, if is_session { 200 } else { 204 }, "{policy:?} after {clock} s");
        assert_eq!(browser.session_cookies(), usize::from(is_session));
    }
}

/// C13: whatever is wrong with a cookie, every answer is the same, byte for byte.
#[test]
fn there_is_one_outcome_for_whatever_is_wrong_with_a_cookie() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let good = browser.cookies[0].1.clone();
    let changed = |at: usize| {
        let mut bytes = encoding::decode(&good).unwrap();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1;
        encoding::encode(&bytes)
    };
    let other_secret = "c1f08a3d5e7b92460b9d4e6f81a2c735";
    let wrong = [
        String::new(),
        "not base64url!".to_string(),
        good[..good.len() - 1].to_string(),
        good[..40].to_string(),
        changed(0),          // the version
        changed(1),          // the key id
        changed(5),          // the count
        changed(7),          // the salt
        changed(30),         // the ciphertext
        changed(usize::MAX), // the tag
        sealed(b"text", other_secret)[0].1.clone(),
        sealed(b"", SECRET)[0].1.clone(),
        sealed(b"{}", SECRET)[0].1.clone(),
        sealed(&[2; 200], SECRET)[0].1.clone(),
    ];
    for target in ["/api/x", "/private", "/api/auth/me", "/public"] {
        let mut answers = Vec::new();
        for value in &wrong {
            let mut other = Browser::new(gate());
            other.cookies = vec![(COOKIE.to_string(), value.clone())];
            answers.push(format!("{:?}", other.get(target)));
        }
        // And one that was good, and is over.
        let mut over = Browser::new(gate());
        over.cookies = vec![(COOKIE.to_string(), good.clone())];
        over.clock = 86_400;
        answers.push(format!("{:?}", over.get(target)));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{target}: {answers:#?}");
    }
}

/// C14: with one secret for two clients, or for one name at two issuers, a session or a login of the
/// one is none of the other.
#[test]
fn a_session_is_for_one_client() {
    let client = ClientConfig::new("other users", Secret::new("secret"), "https://app.example");
    let other = builder_for(client.unwrap()).build().unwrap();
    let mut browser = Browser::new(gate());
    browser.sign_in();
    assert!(serve(browser.get("/private")).session.is_some());
    let of_issuer = |index| builder().issuer(IssuerIndex(index)).build().unwrap();
    // Of the last one nothing is known, not even its name.
    for gate in [&other, &of_issuer(1), &of_issuer(2)] {
        let cookies = browser.cookies.clone();
        browser.gate = gate.clone();
        assert_eq!(response(browser.navigate("/private")).status, 302);
        browser.cookies = cookies;
    }

    let mut browser = Browser::new(gate());
    let login = browser.start_login("/private");
    browser.gate = other;
    let _ = browser.come_back(&login);
    assert!(browser.token_requests.is_empty(), "no code goes to another client's endpoint");
}

/// C16: a session that an old secret has sealed is sealed with the new one when it is used.
#[test]
fn a_session_of_an_old_secret_is_sealed_anew() {
    let new_secret = "c1f08a3d5e7b92460b9d4e6f81a2c735";
    let gate_with = |secrets: &[&str]| {
        let ring = SecretRing::new(secrets.iter().copied(), RUSTCRYPTO).unwrap();
        Gate::builder(client("https://app.example"), ring, RUSTCRYPTO)
            .protect(Matcher::new(["/private/:path*"]).unwrap())
            .build()
            .unwrap()
    };
    let mut browser = Browser::new(gate_with(&[SECRET]));
    browser.sign_in();
    let old = browser.cookies.clone();
    browser.gate = gate_with(&[new_secret, SECRET]);
    let prefetch = [("sec-purpose", "prefetch")];
    assert!(serve(browser.request("GET", "/private", &prefetch)).session.is_some());
    assert_eq!(browser.cookies, old, "nobody has used it");
    assert!(serve(browser.get("/private")).session.is_some());
    let renewed = browser.cookies.clone();
    assert_ne!(renewed, old);
    assert!(serve(browser.get("/private")).session.is_some());
    assert_eq!(browser.cookies, renewed, "once is enough");
    // Now the old secret can go.
    browser.gate = gate_with(&[new_secret]);
    assert!(serve(browser.get("/private")).session.is_some());
    browser.cookies = old;
    assert_eq!(response(browser.navigate("/private")).status, 302);
}

#[test]
fn a_session_keeps_the_claims_that_it_is_told_to() {
    let more = r#","groups":["a"],"https://app.example/roles":["admin"],"locale":"en""#;
    for (kept, expected) in [
        (KeptClaims::default(), r#"{"locale":"en","name":"Una","sub":"user"}"#),
        (KeptClaims::only(["groups"]), r#"{"groups":["a"],"sub":"user"}"#),
        (
            KeptClaims::only(["https://app.example/roles", "nonce", "exp"]),
            r#"{"https://app.example/roles":["admin"],"sub":"user"}"#,
        ),
    ] {
        let mut browser = Browser::new(builder().keep_claims(kept).build().unwrap());
        let login = browser.start_login("/private");
        let body = tokens(&id_token(&login, more));
        browser.token_answer = Some(Ok(ok(body)));
        assert_eq!(browser.come_back(&login).status, 303);
        assert_eq!(response(browser.get("/api/auth/me")).body, expected);
    }
}

/// The ID token takes much of the space, and only a sign-out has a use for it.
#[test]
fn the_id_token_is_kept_only_where_it_is_asked_for() {
    for keeps in [false, true] {
        let mut browser = Browser::new(builder().keep_id_token(keeps).build().unwrap());
        browser.sign_in();
        let length: usize = browser.cookies.iter().map(|(_, value)| value.len()).sum();
        assert_eq!(length > 800, keeps, "{length}");
        let away = response(browser.navigate("/api/auth/logout"));
        let query = location(&away).split_once('?').unwrap().1;
        let hint = Query::new(query).unique("id_token_hint").unwrap();
        assert_eq!(hint.is_some_and(|hint| hint.starts_with("eyJ")), keeps);
    }
}
