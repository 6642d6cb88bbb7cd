//! The revocation endpoint (RFC 7009): a client gives a refresh token back.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::IdentityProvider;
use super::token::TokenError;
use crate::parameters::Parameters;
use crate::responses;

impl IdentityProvider {
    pub(super) fn revoke(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        match self.revoke_token(request, now) {
            Ok(()) => responses::json(StatusCode::OK, &serde_json::json!({})),
            Err(error) => error.response(),
        }
    }

    /// A token that does not work is as good as revoked (RFC 7009 §2.2). Access tokens cannot be
    /// called back: nobody asks here whether one still works.
    fn revoke_token(&self, request: &Request<Bytes>, now: u64) -> Result<(), TokenError> {
        let form = Parameters::from_form(request)?;
        if form.has_repetition() {
            return Err(TokenError::InvalidRequest("a parameter is given more than once"));
        }
        let client = self.authenticate_client(request, &form, now)?;
        let token = form.get("token").ok_or(TokenError::InvalidRequest("token is missing"))?;
        self.state().grants.revoke(token, client.client_id(), now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::identity_provider::test_support::*;

    fn revoke(provider: &IdentityProvider, client_id: &str, token: &str) -> u16 {
        let mut request = token_request(
            Some(&basic(client_id, CLIENT_SECRET)),
            &[("token", token), ("token_type_hint", "refresh_token")],
        );
        *request.uri_mut() = "/oauth/revoke".parse().unwrap();
        provider.handle(&request, now()).status().as_u16()
    }

    fn refreshes(provider: &IdentityProvider, token: &str) -> bool {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let request = token_request(Some(&basic(CLIENT_ID, CLIENT_SECRET)), &form);
        provider.handle(&request, now()).status() == StatusCode::OK
    }

    fn refresh_token(provider: &IdentityProvider) -> String {
        let tokens = tokens(provider, &[("scope", "openid offline_access")]);
        tokens["refresh_token"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_revoked_refresh_token_does_not_work() {
        let provider = provider();
        let token = refresh_token(&provider);
        assert_eq!(revoke(&provider, CLIENT_ID, &token), 200);
        assert!(!refreshes(&provider, &token));
        assert_eq!(revoke(&provider, CLIENT_ID, &token), 200, "nor does it a second time");
        assert_eq!(revoke(&provider, CLIENT_ID, "unknown"), 200);
    }

    #[test]
    fn a_client_revokes_its_own_tokens_alone() {
        let provider = provider();
        let token = refresh_token(&provider);
        assert_eq!(revoke(&provider, OTHER_CLIENT_ID, &token), 200);
        assert!(refreshes(&provider, &token));
    }

    #[test]
    fn a_stranger_revokes_nothing() {
        let provider = provider();
        let token = refresh_token(&provider);
        let mut request = token_request(None, &[("token", &token)]);
        *request.uri_mut() = "/oauth/revoke".parse().unwrap();
        let response = provider.handle(&request, now());
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(refreshes(&provider, &token));
    }
}
