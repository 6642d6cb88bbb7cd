//! What the tests of the provider share: one client, and a browser's way through the endpoints.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use serde_json::Value;

use super::{Client, Configuration, Credentials, IdentityProvider};
use portcullis_core::http::Origin;
use portcullis_core::secret::Secret;

pub(super) const ISSUER: &str = "http://localhost:4000";
pub(super) const CLIENT_ID: &str = "demo-client";
pub(super) const CLIENT_SECRET: &str = "a-secret-of-the-demo-client";
pub(super) const OTHER_CLIENT_ID: &str = "other-client";
pub(super) const REDIRECT_URI: &str = "http://localhost:3000/api/auth/callback";
pub(super) const BACKCHANNEL_LOGOUT_URI: &str = "http://localhost:3000/api/auth/backchannel-logout";
pub(super) const AUDIENCE: &str = "http://localhost:5000/api";

/// RFC 7636, appendix B
pub(super) const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(super) fn provider() -> IdentityProvider {
    provider_of_client_with(Credentials::Secret(Secret::new(CLIENT_SECRET.to_owned())))
}

/// A provider whose first client has these credentials.
pub(super) fn provider_of_client_with(credentials: Credentials) -> IdentityProvider {
    let other = Credentials::Secret(Secret::new(CLIENT_SECRET.to_owned()));
    let client = |client_id: &str, credentials: Credentials, redirect_uris: &[&str]| {
        let addresses =
            |texts: &[&str]| texts.iter().copied().map(String::from).collect::<Vec<_>>();
        Client::new(
            client_id.to_owned(),
            credentials,
            addresses(redirect_uris),
            addresses(&["http://localhost:3000", "http://localhost:3000/?signed-out=1"]),
        )
    };
    IdentityProvider::new(Configuration {
        issuer: Origin::parse(ISSUER).unwrap(),
        clients: vec![
            client(CLIENT_ID, credentials, &[REDIRECT_URI, "http://localhost:3000/cb?x=1"])
                .with_backchannel_logout_uri(BACKCHANNEL_LOGOUT_URI.to_owned()),
            client(OTHER_CLIENT_ID, other, &[REDIRECT_URI]),
        ],
        audiences: vec![AUDIENCE.to_owned()],
        access_token_lifetime: 3600,
    })
    .unwrap()
}

pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_900_000_000)
}

pub(super) fn later(seconds: u64) -> SystemTime {
    now() + Duration::from_secs(seconds)
}

pub(super) fn get(provider: &IdentityProvider, target: &str) -> Response<Bytes> {
    provider.handle(&Request::get(target).body(Bytes::new()).unwrap(), now())
}

pub(super) fn get_with_cookie(
    provider: &IdentityProvider,
    target: &str,
    cookie: &str,
    now: SystemTime,
) -> Response<Bytes> {
    let request = Request::get(target).header(header::COOKIE, cookie).body(Bytes::new()).unwrap();
    provider.handle(&request, now)
}

/// The parameters of a good authorization request with some of them replaced, or left out when
/// they are replaced by nothing.
pub(super) fn authorization_parameters(changes: &[(&str, &str)]) -> String {
    let good = [
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("state", "the-state"),
        ("nonce", "the-nonce"),
        ("audience", AUDIENCE),
        ("code_challenge", CODE_CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = good.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(changes)).finish()
}

pub(super) fn authorization_path(changes: &[(&str, &str)]) -> String {
    format!("/authorize?{}", authorization_parameters(changes))
}

pub(super) fn sign_in_form(changes: &[(&str, &str)], user_name: &str) -> Request<Bytes> {
    let body = format!("{}&username={user_name}", authorization_parameters(changes));
    Request::post("/authorize")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, ISSUER)
        .body(Bytes::from(body))
        .unwrap()
}

/// The answer to a good sign-in.
pub(super) fn sign_in(provider: &IdentityProvider, changes: &[(&str, &str)]) -> Response<Bytes> {
    let response = provider.handle(&sign_in_form(changes, "demo"), now());
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response
}

pub(super) fn code(provider: &IdentityProvider, changes: &[(&str, &str)]) -> String {
    location_parameter(&sign_in(provider, changes), "code").unwrap()
}

pub(super) fn location(response: &Response<Bytes>) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

pub(super) fn location_parameter(response: &Response<Bytes>, name: &str) -> Option<String> {
    let (_, query) = location(response).split_once('?').unwrap();
    form_urlencoded::parse(query.as_bytes())
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// The cookie that a response sets, as a browser sends it back.
pub(super) fn cookie(response: &Response<Bytes>) -> String {
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) fn basic(client_id: &str, client_secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{client_secret}")))
}

pub(super) fn token_request(authorization: Option<&str>, form: &[(&str, &str)]) -> Request<Bytes> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    request.body(Bytes::from(body)).unwrap()
}

/// The answer to a good client that redeems a code.
pub(super) fn redeem(
    provider: &IdentityProvider,
    code: &str,
    changes: &[(&str, &str)],
    now: SystemTime,
) -> Response<Bytes> {
    let good = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
    ];
    let kept = good.iter().filter(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    let form: Vec<_> = kept.chain(changes).copied().collect();
    provider.handle(&token_request(Some(&basic(CLIENT_ID, CLIENT_SECRET)), &form), now)
}

/// All tokens of a good sign-in.
pub(super) fn tokens(provider: &IdentityProvider, changes: &[(&str, &str)]) -> Value {
    let response = redeem(provider, &code(provider, changes), &[], now());
    assert_eq!(response.status(), StatusCode::OK);
    body_json(&response)
}

pub(super) fn body_text(response: &Response<Bytes>) -> &str {
    core::str::from_utf8(response.body()).unwrap()
}

pub(super) fn body_json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

/// The status and the `error` member of a refusal.
pub(super) fn error_of(response: &Response<Bytes>) -> (u16, String) {
    let error = body_json(response)["error"].as_str().unwrap().to_owned();
    (response.status().as_u16(), error)
}
