use std::collections::BTreeSet;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use http::{Response, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde_json::{Value, json};

use super::*;
use crate::identity_provider::Credentials;
use crate::identity_provider::test_support::*;
use portcullis_core::crypto::SignatureAlgorithm;

/// Checks a token as a client with nothing but the published key set does.
fn verified(provider: &IdentityProvider, token: &Value, token_type: &str) -> Value {
    let token = token.as_str().unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some(token_type));
    let keys: JwkSet =
        serde_json::from_value(body_json(&get(provider, "/.well-known/jwks.json"))).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    decode(token, &key, &validation).unwrap().claims
}

fn refresh(
    provider: &IdentityProvider,
    refresh_token: &Value,
    changes: &[(&str, &str)],
) -> Response<Bytes> {
    let form = [
        &[("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str().unwrap())],
        changes,
    ]
    .concat();
    provider.handle(&token_request(Some(&basic(CLIENT_ID, CLIENT_SECRET)), &form), now())
}

#[test]
fn a_code_becomes_an_access_token_for_the_api_and_userinfo() {
    let provider = provider();
    let tokens = tokens(&provider, &[("scope", "openid email read:all")]);
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "openid email read:all");
    let claims = verified(&provider, &tokens["access_token"], "at+jwt");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], "dev|demo");
    assert_eq!(claims["aud"], json!([AUDIENCE, "http://localhost:4000/userinfo"]));
    assert_eq!(claims["iat"], 1_900_000_000);
    assert_eq!(claims["exp"], 1_900_003_600);
    assert_eq!(claims["client_id"], CLIENT_ID);
    assert_eq!(claims["scope"], "openid email read:all");
    assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
}

#[test]
fn a_code_becomes_an_id_token_for_the_client() {
    let provider = provider();
    let tokens = tokens(&provider, &[]);
    let claims = verified(&provider, &tokens["id_token"], "JWT");
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["sub"], "dev|demo");
    assert_eq!(claims["aud"], CLIENT_ID);
    assert_eq!(claims["nonce"], "the-nonce");
    assert_eq!(claims["auth_time"], 1_900_000_000);
    assert_eq!(claims["iat"], 1_900_000_000);
    assert_eq!(claims["exp"], 1_900_003_600);
    assert_eq!(claims["name"], "demo");
    assert_eq!(claims["email"], "demo@portcullis.example");
    assert_eq!(claims["sid"].as_str().unwrap().len(), 43);
    let hash = digest_half(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["at_hash"], hash);
}

fn digest_half(text: &str) -> String {
    use base64::Engine as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

#[test]
fn gives_only_what_the_scope_asks_for() {
    let provider = provider();
    let with_openid = tokens(&provider, &[("scope", "openid"), ("nonce", "")]);
    let claims = verified(&provider, &with_openid["id_token"], "JWT");
    for claim in ["name", "email", "email_verified", "nonce"] {
        assert!(claims.get(claim).is_none(), "{claim}");
    }
    assert!(with_openid.get("refresh_token").is_none());

    let without_openid = tokens(&provider, &[("scope", "read:all")]);
    assert!(without_openid.get("id_token").is_none());
    let claims = verified(&provider, &without_openid["access_token"], "at+jwt");
    assert_eq!(claims["aud"], json!([AUDIENCE]));

    let without_audience = tokens(&provider, &[("audience", "")]);
    let claims = verified(&provider, &without_audience["access_token"], "at+jwt");
    assert_eq!(claims["aud"], json!(["http://localhost:4000/userinfo"]));
}

#[test]
fn answers_are_not_stored() {
    let provider = provider();
    let response = redeem(&provider, &code(&provider, &[]), &[], now());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let response = redeem(&provider, "unknown", &[], now());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
}

#[test]
fn tokens_of_a_rotated_key_can_still_be_verified() {
    let provider = provider();
    let before = tokens(&provider, &[]);
    provider.rotate_key().unwrap();
    let after = tokens(&provider, &[]);
    verified(&provider, &before["access_token"], "at+jwt");
    verified(&provider, &after["access_token"], "at+jwt");
}

#[test]
fn a_code_works_once() {
    let provider = provider();
    let code = code(&provider, &[]);
    assert_eq!(redeem(&provider, &code, &[], now()).status(), StatusCode::OK);
    let again = redeem(&provider, &code, &[], now());
    assert_eq!(error_of(&again), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_code_lives_for_a_minute() {
    let provider = provider();
    let in_time = code(&provider, &[]);
    let late = code(&provider, &[]);
    assert_eq!(redeem(&provider, &in_time, &[], later(59)).status(), StatusCode::OK);
    let too_late = redeem(&provider, &late, &[], later(60));
    assert_eq!(error_of(&too_late), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_code_that_is_redeemed_wrongly_is_lost() {
    let provider = provider();
    for change in [
        ("redirect_uri", "http://localhost:3000/cb?x=1"),
        ("code_verifier", "EBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ("code_verifier", "short"),
    ] {
        let code = code(&provider, &[]);
        let wrong = redeem(&provider, &code, &[change], now());
        assert_eq!(error_of(&wrong), (400, "invalid_grant".to_owned()), "{change:?}");
        let right = redeem(&provider, &code, &[], now());
        assert_eq!(error_of(&right), (400, "invalid_grant".to_owned()), "{change:?}");
    }
}

#[test]
fn a_code_of_another_client_does_not_work() {
    let provider = provider();
    let code = code(&provider, &[("client_id", OTHER_CLIENT_ID)]);
    let response = redeem(&provider, &code, &[], now());
    assert_eq!(error_of(&response), (400, "invalid_grant".to_owned()));
}

#[test]
fn names_what_is_missing() {
    let provider = provider();
    for name in ["grant_type", "code", "redirect_uri", "code_verifier"] {
        let response = redeem(&provider, "some-code", &[(name, "")], now());
        assert_eq!(error_of(&response), (400, "invalid_request".to_owned()), "{name}");
    }
    let response = redeem(&provider, "some-code", &[("grant_type", "password")], now());
    assert_eq!(error_of(&response), (400, "unsupported_grant_type".to_owned()));
    let response = redeem(&provider, "some-code", &[("code", "a"), ("code", "b")], now());
    assert_eq!(error_of(&response), (400, "invalid_request".to_owned()));
}

#[test]
fn a_client_authenticates_by_header_or_by_form() {
    let provider = provider();
    let by_form = |client_secret| {
        let code = code(&provider, &[]);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", CODE_VERIFIER),
            ("client_id", CLIENT_ID),
            ("client_secret", client_secret),
        ];
        provider.handle(&token_request(None, &form), now())
    };
    assert_eq!(by_form(CLIENT_SECRET).status(), StatusCode::OK);
    assert_eq!(error_of(&by_form("wrong")), (401, "invalid_client".to_owned()));
    assert_eq!(error_of(&by_form("")), (401, "invalid_client".to_owned()));
    let code = code(&provider, &[]);
    let same_name = redeem(&provider, &code, &[("client_id", CLIENT_ID)], now());
    assert_eq!(same_name.status(), StatusCode::OK);
}

/// The answer to a client that redeems a code with these fields in the form beside its name.
fn redeem_by_form(provider: &IdentityProvider, proof: &[(&str, &str)]) -> Response<Bytes> {
    let code = code(provider, &[]);
    let good = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
        ("client_id", CLIENT_ID),
    ];
    provider.handle(&token_request(None, &[&good, proof].concat()), now())
}

#[test]
fn a_public_client_needs_no_more_than_its_name_and_its_verifier() {
    let public = provider_of_client_with(Credentials::Public);
    assert_eq!(redeem_by_form(&public, &[]).status(), StatusCode::OK);
    let with_secret = redeem_by_form(&public, &[("client_secret", CLIENT_SECRET)]);
    assert_eq!(error_of(&with_secret), (401, "invalid_client".to_owned()));
    let confidential = redeem_by_form(&provider(), &[]);
    assert_eq!(error_of(&confidential), (401, "invalid_client".to_owned()));
}

#[test]
fn a_client_with_a_key_authenticates_by_an_assertion_that_works_once() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref());
    let provider = provider_of_client_with(Credentials::PublicKey {
        algorithm: SignatureAlgorithm::Es256,
        key: pair.public_key().as_ref().to_vec(),
    });
    let claims = json!({
        "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER, "jti": "one",
        "iat": 1_900_000_000_u64, "exp": 1_900_000_060_u64,
    });
    let token = encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let proof = [("client_assertion_type", kind), ("client_assertion", token.as_str())];
    assert_eq!(redeem_by_form(&provider, &proof).status(), StatusCode::OK);
    let again = redeem_by_form(&provider, &proof);
    assert_eq!(error_of(&again), (401, "invalid_client".to_owned()));
    for (proof, status, error) in [
        (&proof[1..], 400, "invalid_request"),
        (&[("client_secret", CLIENT_SECRET)], 401, "invalid_client"),
        (&[], 401, "invalid_client"),
    ] {
        let response = redeem_by_form(&provider, proof);
        assert_eq!(error_of(&response), (status, error.to_owned()), "{proof:?}");
    }
}

#[test]
fn an_id_token_names_the_organization_that_was_asked_for() {
    let provider = provider();
    for (asked, id, name) in [("org_acme", "org_acme", "acme"), ("Acme", "org_acme", "acme")] {
        let tokens = tokens(&provider, &[("organization", asked)]);
        let claims = verified(&provider, &tokens["id_token"], "JWT");
        assert_eq!((&claims["org_id"], &claims["org_name"]), (&json!(id), &json!(name)));
    }
    let claims = verified(&provider, &tokens(&provider, &[])["id_token"], "JWT");
    assert_eq!(claims.get("org_id"), None);
}

#[test]
fn a_client_that_does_not_authenticate_gets_a_challenge() {
    let provider = provider();
    for authorization in [
        &basic(CLIENT_ID, "wrong"),
        &basic(CLIENT_ID, ""),
        &basic("unknown", CLIENT_SECRET),
        &basic("unknown", ""),
        "Basic",
        "Basic ====",
        "Bearer x",
    ] {
        let form = [("grant_type", "authorization_code"), ("code", "x")];
        let response = provider.handle(&token_request(Some(authorization), &form), now());
        assert_eq!(error_of(&response), (401, "invalid_client".to_owned()), "{authorization}");
        assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}

#[test]
fn a_client_authenticates_in_one_way_only() {
    let provider = provider();
    for change in [("client_secret", CLIENT_SECRET), ("client_id", OTHER_CLIENT_ID)] {
        let response = redeem(&provider, "x", &[change], now());
        assert_eq!(error_of(&response), (400, "invalid_request".to_owned()), "{change:?}");
    }
    let mut twice = token_request(Some(&basic(CLIENT_ID, CLIENT_SECRET)), &[("a", "b")]);
    twice.headers_mut().append(header::AUTHORIZATION, "Basic eDp5".parse().unwrap());
    let response = provider.handle(&twice, now());
    assert_eq!(error_of(&response), (400, "invalid_request".to_owned()));
}

#[test]
fn refuses_a_body_that_is_no_form() {
    let mut request = token_request(Some(&basic(CLIENT_ID, CLIENT_SECRET)), &[]);
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    let response = provider().handle(&request, now());
    assert_eq!(error_of(&response), (400, "invalid_request".to_owned()));
}

#[test]
fn a_refresh_token_works_once_and_is_replaced() {
    let provider = provider();
    let first = tokens(&provider, &[("scope", "openid offline_access email")]);
    let response = refresh(&provider, &first["refresh_token"], &[]);
    assert_eq!(response.status(), StatusCode::OK);
    let second = body_json(&response);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(second["scope"], "openid offline_access email");
    let claims = verified(&provider, &second["id_token"], "JWT");
    assert_eq!(claims["sub"], "dev|demo");
    assert_eq!(claims["auth_time"], 1_900_000_000);
    assert!(claims.get("nonce").is_none());
    let third = refresh(&provider, &second["refresh_token"], &[]);
    assert_eq!(third.status(), StatusCode::OK);
}

#[test]
fn using_a_replaced_refresh_token_ends_its_family() {
    let provider = provider();
    let first = tokens(&provider, &[("scope", "openid offline_access")]);
    let second = body_json(&refresh(&provider, &first["refresh_token"], &[]));
    for token in [&first["refresh_token"], &second["refresh_token"]] {
        let response = refresh(&provider, token, &[]);
        assert_eq!(error_of(&response), (400, "invalid_grant".to_owned()));
    }
}

#[test]
fn using_a_code_again_ends_the_family_that_came_out_of_it() {
    let provider = provider();
    let code = code(&provider, &[("scope", "openid offline_access")]);
    let tokens = body_json(&redeem(&provider, &code, &[], now()));
    assert_eq!(redeem(&provider, &code, &[], now()).status(), StatusCode::BAD_REQUEST);
    let response = refresh(&provider, &tokens["refresh_token"], &[]);
    assert_eq!(error_of(&response), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_refresh_token_of_another_client_does_not_work() {
    let provider = provider();
    let tokens = tokens(&provider, &[("scope", "openid offline_access")]);
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let authorization = basic(OTHER_CLIENT_ID, CLIENT_SECRET);
    let response = provider.handle(&token_request(Some(&authorization), &form), now());
    assert_eq!(error_of(&response), (400, "invalid_grant".to_owned()));
}

#[test]
fn a_refresh_may_ask_for_less_but_not_for_more() {
    let provider = provider();
    let first = tokens(&provider, &[("scope", "openid offline_access email read:all")]);
    let more = refresh(&provider, &first["refresh_token"], &[("scope", "openid write:all")]);
    assert_eq!(error_of(&more), (400, "invalid_scope".to_owned()));
    let malformed = refresh(&provider, &first["refresh_token"], &[("scope", "\"")]);
    assert_eq!(error_of(&malformed), (400, "invalid_scope".to_owned()));
    let less = refresh(&provider, &first["refresh_token"], &[("scope", "openid read:all")]);
    assert_eq!(less.status(), StatusCode::OK);
    let less = body_json(&less);
    let scopes: BTreeSet<_> = less["scope"].as_str().unwrap().split(' ').collect();
    assert_eq!(scopes, BTreeSet::from(["openid", "read:all"]));
    let claims = verified(&provider, &less["id_token"], "JWT");
    assert!(claims.get("email").is_none());
    let whole = body_json(&refresh(&provider, &less["refresh_token"], &[]));
    assert_eq!(whole["scope"], "openid offline_access email read:all");
}

#[test]
fn refuses_texts_that_are_no_refresh_tokens() {
    let provider = provider();
    for text in ["x", ".", "a.b", "a.b.c", "\u{0}", "ü.ü"] {
        let response = refresh(&provider, &json!(text), &[]);
        assert_eq!(error_of(&response), (400, "invalid_grant".to_owned()), "{text}");
    }
}
