//! The UserInfo endpoint (OpenID Connect Core 1.0 §5.3, RFC 6750).

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::keys::TokenType;
use super::metadata::user_info_address;
use super::request::Scope;
use super::token_claims::AccessTokenClaims;
use super::user::{ProfileClaims, UserName};
use super::{IdentityProvider, single_header};
use crate::responses;

impl IdentityProvider {
    pub(super) fn user_info(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return unauthorized("Bearer");
        }
        match self.user_of(request, now) {
            Some(claims) => responses::json(StatusCode::OK, &claims),
            None => unauthorized(r#"Bearer error="invalid_token""#),
        }
    }

    fn user_of(&self, request: &Request<Bytes>, now: u64) -> Option<UserInfo> {
        let (scheme, token) = single_header(request, header::AUTHORIZATION)?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let claims: AccessTokenClaims =
            self.with_keys(|keys| keys.verify(TokenType::Access, token.trim()))?;
        if !claims.is_good_for(&user_info_address(self.issuer()), now) {
            return None;
        }
        let profile = UserName::from_subject(&claims.sub)?.claims(&Scope::parse(&claims.scope)?);
        Some(UserInfo { sub: claims.sub, profile })
    }
}

#[derive(Serialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    profile: ProfileClaims,
}

fn unauthorized(challenge: &'static str) -> Response<Bytes> {
    responses::with_header(
        responses::text(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", Bytes::new()),
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(challenge),
    )
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;
    use crate::identity_provider::test_support::*;

    fn ask(provider: &IdentityProvider, authorization: &str, now: SystemTime) -> Response<Bytes> {
        let request = Request::get("/userinfo")
            .header(header::AUTHORIZATION, authorization)
            .body(Bytes::new())
            .unwrap();
        provider.handle(&request, now)
    }

    fn bearer(token: &serde_json::Value) -> String {
        format!("Bearer {}", token.as_str().unwrap())
    }

    #[test]
    fn tells_what_the_scope_of_the_token_allows() {
        let provider = provider();
        let all = tokens(&provider, &[]);
        let response = ask(&provider, &bearer(&all["access_token"]), now());
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            body_json(&response),
            json!({
                "sub": "dev|demo",
                "name": "demo",
                "email": "demo@portcullis.example",
                "email_verified": true,
            })
        );
        let less = tokens(&provider, &[("scope", "openid")]);
        let response = ask(&provider, &bearer(&less["access_token"]), now());
        assert_eq!(body_json(&response), json!({"sub": "dev|demo"}));
    }

    #[test]
    fn asks_for_a_token_when_there_is_none() {
        let response = get(&provider(), "/userinfo");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    }

    #[test]
    fn refuses_tokens_that_are_not_for_it() {
        let provider = provider();
        let with_openid = tokens(&provider, &[]);
        let without_openid = tokens(&provider, &[("scope", "profile")]);
        let good = bearer(&with_openid["access_token"]);
        assert_eq!(ask(&provider, &good, later(3599)).status(), StatusCode::OK);
        for (authorization, now) in [
            (good.clone(), later(3600)),
            (bearer(&with_openid["id_token"]), now()),
            (bearer(&without_openid["access_token"]), now()),
            (format!("{good}x"), now()),
            (good.replace("Bearer", "Basic"), now()),
            ("Bearer".to_owned(), now()),
            ("Bearer a.b.c".to_owned(), now()),
        ] {
            let response = ask(&provider, &authorization, now);
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(
                response.headers()[header::WWW_AUTHENTICATE],
                r#"Bearer error="invalid_token""#
            );
        }
    }
}
