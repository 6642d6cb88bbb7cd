//! Signing out at the provider's word.

use super::*;
use crate::{
    issuer::IssuerIndex,
    jwt::{TokenError, TokenPolicy},
    time::UnixSeconds,
};

const ROUTE: &str = "/api/auth/backchannel-logout";
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a good logout token for the session of [`id_token`], with `more` members that
/// start with a comma.
fn claims(token_id: &str, more: &str) -> String {
    let expiry = NOW + 120;
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","iat":{NOW},"exp":{expiry},"jti":"{token_id}",
        "events":{{"{EVENT}":{{}}}}{more}}}"#
    )
}

fn signed(claims: &str) -> String {
    KEY.sign_with_header(r#"{"alg":"RS256","kid":"one","typ":"logout+jwt"}"#, claims)
}

impl Browser {
    /// What the provider gets for a logout token.
    fn deliver(&mut self, token: &str) -> Response {
        self.deliver_form(&QueryWriter::form().pair("logout_token", token).finish())
    }

    /// The provider has no cookies.
    fn deliver_form(&mut self, form: &str) -> Response {
        self.body = Ok(form.as_bytes().to_vec());
        let cookies = core::mem::take(&mut self.cookies);
        let response = response(self.request("POST", ROUTE, &FORM));
        assert_eq!(response.headers.get("cache-control"), Some("no-store"));
        assert_eq!(response.headers.get("set-cookie"), None);
        self.cookies = cookies;
        response
    }

    fn is_signed_in(&mut self) -> bool {
        let cookies = self.cookies.clone();
        let signed_in = response(self.get("/api/auth/me")).status == 200;
        self.cookies = cookies;
        signed_in
    }
}

fn signed_in() -> Browser {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser
}

/// O29: a good token ends the session that it names, by `sid`, by `sub`, or by both.
#[test]
fn a_good_logout_token_ends_the_session() {
    for (more, ends) in [
        (r#","sid":"s1""#, true),
        (r#","sub":"user""#, true),
        (r#","sid":"s1","sub":"user""#, true),
        (r#","sid":"s2","sub":"user""#, false),
        (r#","sid":"s2""#, false),
        (r#","sub":"other""#, false),
    ] {
        let mut browser = signed_in();
        let response = browser.deliver(&signed(&claims("t1", more)));
        assert_eq!((response.status, response.body.as_ref()), (200, ""), "{more}");
        assert_eq!(browser.is_signed_in(), !ends, "{more}");
    }
}

/// Where two issuers know this application by one name, an order of the one is about no session of
/// the other, and is not a replay of the other's.
#[test]
fn an_issuer_ends_its_own_sessions_alone() {
    let mut browser = signed_in();
    let here = browser.gate.clone();
    let other = builder_at("https://app.example").issuer(IssuerIndex(1)).build().unwrap();
    for (token_id, more) in [("t2", r#","sid":"s1""#), ("t3", r#","sub":"user""#)] {
        browser.gate = other.clone();
        assert_eq!(browser.deliver(&signed(&claims(token_id, more))).status, 200);
        browser.gate = here.clone();
        assert!(browser.is_signed_in(), "{more}");
    }
    assert_eq!(browser.deliver(&signed(&claims("t1", r#","sid":"s1""#))).status, 200);
    assert!(!browser.is_signed_in());
    browser.gate = other;
    assert_eq!(browser.deliver(&signed(&claims("t1", r#","sid":"s1""#))).status, 200);
}

/// What is guarded is refused from the next request on, and the cookie goes.
#[test]
fn a_session_that_was_ended_is_none() {
    let mut browser = signed_in();
    assert_eq!(browser.deliver(&signed(&claims("t1", r#","sid":"s1""#))).status, 200);
    assert_eq!(response(browser.get("/api/private-route")).status, 401);
    assert_eq!(browser.session_cookies(), 0);
    // Whoever signs in again is signed in again.
    browser.token_answer = None;
    browser.id_token = |login| {
        KEY.sign(&format!(
            r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","sid":"s2","iat":{NOW},
            "exp":{},"nonce":"{}"}}"#,
            NOW + 600,
            login.nonce
        ))
    };
    browser.sign_in();
    assert!(browser.is_signed_in());
}

/// A token for all sessions of a user spares the one that begins after it.
#[test]
fn a_user_may_sign_in_again_after_a_logout_everywhere() {
    let mut browser = signed_in();
    browser.clock = 10;
    assert_eq!(browser.deliver(&signed(&claims("t1", r#","sub":"user""#))).status, 200);
    assert!(!browser.is_signed_in());
    browser.clock = 11;
    browser.token_answer = None;
    browser.sign_in();
    assert!(browser.is_signed_in());
}

/// O29, and the client tests of the OpenID Foundation for back-channel logout: what a logout token
/// must not be.
#[test]
fn bad_logout_tokens_are_refused() {
    let sid = r#","sid":"s1""#;
    let good = claims("t1", sid);
    let long = "x".repeat(600);
    let faults: Vec<(&str, String)> = vec![
        ("unsigned text", good.clone()),
        ("alg none", {
            let none = encoding::encode(br#"{"alg":"none"}"#);
            format!("{none}.{}.", encoding::encode(good.as_bytes()))
        }),
        ("alg HS256", KEY.sign_with_header(r#"{"alg":"HS256","kid":"one"}"#, &good)),
        ("alg RS512", KEY.sign_with_header(r#"{"alg":"RS512","kid":"one"}"#, &good)),
        (
            "another's signature",
            ProviderKey::two().sign_with_header(r#"{"alg":"RS256","kid":"one"}"#, &good),
        ),
        ("an unknown key", KEY.sign_with_header(r#"{"alg":"RS256","kid":"none"}"#, &good)),
        (
            "typ of an access token",
            KEY.sign_with_header(r#"{"alg":"RS256","kid":"one","typ":"at+jwt"}"#, &good),
        ),
        ("wrong iss", signed(&good.replace("op.example", "evil.example"))),
        ("no iss", signed(&good.replace("\"iss\"", "\"isx\""))),
        ("wrong aud", signed(&good.replace("\"client\"", "\"other\""))),
        ("second aud", signed(&good.replace("\"client\"", "[\"client\",\"evil\"]"))),
        ("no aud", signed(&good.replace("\"aud\"", "\"aux\""))),
        ("no events", signed(&good.replace("\"events\"", "\"event\""))),
        ("wrong event", signed(&good.replace("backchannel-logout", "other"))),
        ("event no object", signed(&good.replace("{}", "true"))),
        ("events no object", signed(&good.replace(&format!("{{\"{EVENT}\":{{}}}}"), "\"x\""))),
        ("a nonce", signed(&claims("t1", r#","sid":"s1","nonce":"n""#))),
        ("a nonce of null", signed(&claims("t1", r#","sid":"s1","nonce":null"#))),
        ("no iat", signed(&good.replace("\"iat\"", "\"iax\""))),
        (
            "iat to come",
            signed(&good.replace(&format!("\"iat\":{NOW}"), &format!("\"iat\":{}", NOW + 100))),
        ),
        ("no exp", signed(&good.replace("\"exp\"", "\"exx\""))),
        (
            "expired",
            signed(
                &good
                    .replace(&(NOW + 120).to_string(), &(NOW - 100).to_string())
                    .replace(&format!("\"iat\":{NOW}"), &format!("\"iat\":{}", NOW - 200)),
            ),
        ),
        (
            "too old",
            signed(&good.replace(
                &format!("\"iat\":{NOW}"),
                &format!("\"iat\":{}", NOW - 31 - TokenPolicy::LOGOUT_MAX_AGE),
            )),
        ),
        ("no jti", signed(&good.replace("\"jti\"", "\"jtx\""))),
        ("empty jti", signed(&claims("", sid))),
        ("long jti", signed(&claims(&long, sid))),
        ("jti no text", signed(&good.replace("\"t1\"", "1"))),
        ("nobody", signed(&claims("t1", ""))),
        ("empty sid", signed(&claims("t1", r#","sid":"""#))),
        ("sid no text", signed(&claims("t1", r#","sid":1,"sub":"user""#))),
        ("a member twice", signed(&claims("t1", r#","sid":"s1","sid":"s1""#))),
        (
            "an ID token",
            id_token(
                &Login { state: String::new(), nonce: "n".into(), code_challenge: String::new() },
                "",
            ),
        ),
        (
            "too long",
            signed(&claims("t1", &format!(r#","sid":"s1","x":"{}""#, "x".repeat(20_000)))),
        ),
    ];
    for (fault, token) in faults {
        let mut browser = signed_in();
        let response = browser.deliver(&token);
        assert_eq!((response.status, code(&response)), (400, "invalid_request"), "{fault}");
        assert!(browser.is_signed_in(), "{fault}");
        // The number of a token that was refused is not used up.
        assert_eq!(browser.deliver(&signed(&good)).status, 200, "{fault}");
    }
}

/// The type may be left out, and an array of one audience is one audience.
#[test]
fn tokens_of_older_providers_are_taken() {
    let good = claims("t1", r#","sid":"s1""#);
    for token in [
        KEY.sign(&good),
        KEY.sign_with_header(r#"{"alg":"RS256","kid":"one","typ":"JWT"}"#, &good),
        KEY.sign_with_header(r#"{"alg":"RS256"}"#, &good),
        signed(&good.replace("\"client\"", "[\"client\"]")),
        signed(&good.replace("{}", r#"{"x":1}"#)),
    ] {
        assert_eq!(signed_in().deliver(&token).status, 200);
    }
}

/// Back-Channel Logout 1.0 §2.6: signatures are checked as those of ID tokens are.
#[test]
fn logout_tokens_are_signed_as_id_tokens_are() {
    use crate::crypto::SignatureAlgorithm::{Ps256, Rs256};
    let token = |name: &str| {
        let header = format!(r#"{{"alg":"{name}","kid":"one","typ":"logout+jwt"}}"#);
        KEY.sign_with_header(&header, &claims("t1", r#","sid":"s1""#))
    };
    for (allowed, other) in [(Rs256, Ps256), (Ps256, Rs256)] {
        let gate = builder_at("https://app.example").id_token_algorithms([allowed]).build();
        let gate = gate.unwrap();
        let policy = gate.0.logout_tokens.as_ref().unwrap();
        let read = |name: &str| policy.read(&token(name), UnixSeconds(NOW)).map(|_| ());
        assert_eq!(read(allowed.name()), Ok(()));
        assert_eq!(read(other.name()), Err(TokenError::Algorithm));
    }
}

/// O29: a token counts once, for as long as it would be taken.
#[test]
fn a_replayed_logout_token_is_refused() {
    let mut browser = signed_in();
    let token = signed(&claims("t1", r#","sub":"user""#));
    assert_eq!(browser.deliver(&token).status, 200);
    browser.clock = 5;
    browser.token_answer = None;
    browser.sign_in();
    for clock in [5, 100, 149] {
        browser.clock = clock;
        assert_eq!(browser.deliver(&token).status, 400, "{clock}");
        assert!(browser.is_signed_in(), "{clock}");
    }
}

#[test]
fn forms_that_are_none_are_refused() {
    let good = signed(&claims("t1", r#","sid":"s1""#));
    for form in [
        String::new(),
        "logout_token=".into(),
        format!("logout_token={good}&logout_token={good}"),
        format!("LOGOUT_TOKEN={good}"),
        format!("{{\"logout_token\":\"{good}\"}}"),
    ] {
        let mut browser = signed_in();
        assert_eq!(browser.deliver_form(&form).status, 400, "{form:.40}");
        assert!(browser.is_signed_in());
    }
    let mut browser = signed_in();
    let large = format!("logout_token={good}&x={}", "x".repeat(40_000));
    assert_eq!(browser.deliver_form(&large).status, 413);
    browser.body = Ok(vec![0xff; 10]);
    assert_eq!(response(browser.request("POST", ROUTE, &FORM)).status, 400);
    for (error, status) in
        [(BodyError::Broken, 400), (BodyError::Timeout, 408), (BodyError::TooLarge, 413)]
    {
        browser.body = Err(error);
        assert_eq!(response(browser.request("POST", ROUTE, &FORM)).status, status);
    }
}

/// A body of another kind is not even read.
#[test]
fn another_media_type_is_refused() {
    for fields in [
        &[][..],
        &[("content-type", "application/json")],
        &[("content-type", "multipart/form-data; boundary=x")],
        &[FORM[0], FORM[0]],
    ] {
        let mut browser = signed_in();
        browser.body = Ok(vec![]);
        assert_eq!(response(browser.request("POST", ROUTE, fields)).status, 415);
        assert_eq!(browser.body, Ok(vec![]));
    }
    let mut browser = signed_in();
    browser.body = Ok(format!("logout_token={}", signed(&claims("t", r#","sid":"s1""#))).into());
    let with_charset = [("content-type", "Application/X-WWW-Form-Urlencoded;charset=UTF-8")];
    assert_eq!(response(browser.request("POST", ROUTE, &with_charset)).status, 200);
}

/// An outage is no word about the token.
#[test]
fn outages_are_not_bad_tokens() {
    let token = signed(&claims("t1", r#","sid":"s1""#));
    let mut browser = signed_in();
    browser.machine =
        IssuerMachine::new(crate::issuer::IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let response = browser.deliver(&token);
    assert_eq!((response.status, code(&response)), (503, "temporarily_unavailable"));
    assert_eq!(response.headers.get("retry-after"), Some("1"));

    let mut browser = signed_in();
    let known = browser.revocations.take();
    assert_eq!(browser.deliver(&token).status, 503);
    browser.revocations = known;
    assert_eq!(browser.deliver(&token).status, 200, "the provider may send it again");
}

#[test]
fn without_being_asked_for_the_route_is_not_there() {
    let client = ClientConfig::new(CLIENT_ID, Secret::new("client secret"), "https://app.example");
    let secrets = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    let silent = Gate::builder(client.unwrap(), secrets, RUSTCRYPTO).build().unwrap();
    assert_eq!(silent.backchannel_logout_uri(), None);
    let mut browser = Browser::new(silent);
    assert_eq!(response(browser.request("POST", ROUTE, &FORM)).status, 404);

    let expected = "https://app.example/api/auth/backchannel-logout";
    assert_eq!(gate().backchannel_logout_uri().as_deref(), Some(expected));
    let refused = response(Browser::new(gate()).get(ROUTE));
    assert_eq!((refused.status, refused.headers.get("allow")), (405, Some("POST")));
}

/// C18, O20: a copy of the cookie, or a late answer that writes it once more, is no session.
#[test]
fn a_session_that_signed_out_does_not_come_back() {
    let mut browser = signed_in();
    let copy = browser.cookies.clone();
    assert_eq!(response(browser.navigate("/api/auth/logout")).status, 302);
    browser.cookies = copy.clone();
    assert!(!browser.is_signed_in());
    // Somebody else's session, or another of the same user's, goes on.
    browser.cookies.clear();
    browser.token_answer = None;
    browser.sign_in();
    assert!(browser.is_signed_in());
    browser.cookies = copy;
    browser.clock = 3 * 86_400 - 1;
    assert!(!browser.is_signed_in(), "until the session would have ended anyway");
}

/// Signing out works where what is over cannot be remembered.
#[test]
fn signs_out_where_the_store_is_down() {
    let mut browser = signed_in();
    browser.revocations = None;
    let response = response(browser.navigate("/api/auth/logout"));
    assert_eq!(response.status, 302);
    assert!(location(&response).starts_with("https://op.example/logout?"));
    assert!(browser.cookies.is_empty());
}

/// O30: there is no front-channel logout, so nobody can name a session by its address.
#[test]
fn no_address_ends_a_session_by_its_name() {
    let mut browser = signed_in();
    for target in [
        "/api/auth/frontchannel-logout?iss=https%3A%2F%2Fop.example%2F&sid=s1",
        "/api/auth/backchannel-logout?sid=s1",
    ] {
        let refused = response(browser.get(target));
        assert!(matches!(refused.status, 404 | 405), "{target}");
        assert!(browser.is_signed_in());
    }
    let other = "/api/auth/logout?sid=s2&iss=https%3A%2F%2Fop.example%2F";
    assert_eq!(response(browser.get(other)).status, 200, "it asks first");
    assert!(browser.is_signed_in());
}
