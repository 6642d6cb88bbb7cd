//! Pushed authorization requests (RFC 9126): a client brings its request itself, and the browser
//! carries no more than its name.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::IdentityProvider;
use super::expiring::ExpiringMap;
use super::request::Refusal;
use super::token::TokenError;
use crate::parameters::Parameters;
use crate::random::random_text;
use crate::responses;

/// Requests that wait for a browser, by their names.
pub(super) struct PushedRequests(ExpiringMap<Parameters>);

impl PushedRequests {
    /// The request that the browser's `parameters` name. It stays until its time is over, for pages
    /// are loaded again.
    pub(super) fn of(&self, parameters: &Parameters, now: u64) -> Option<Parameters> {
        let pushed = self.0.get(parameters.get("request_uri")?, now)?;
        (pushed.get("client_id") == parameters.get("client_id")).then(|| pushed.clone())
    }
}

impl Default for PushedRequests {
    fn default() -> Self {
        Self(ExpiringMap::new(MAXIMUM, LIFETIME))
    }
}

/// RFC 9126 §2.2
#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u64,
}

impl IdentityProvider {
    pub(super) fn pushed_request(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        match self.take_pushed_request(request, now) {
            Ok(pushed) => responses::json(StatusCode::CREATED, &pushed),
            Err(error) => error.response(),
        }
    }

    fn take_pushed_request(
        &self,
        request: &Request<Bytes>,
        now: u64,
    ) -> Result<Pushed, TokenError> {
        let form = Parameters::from_form(request)?;
        if form.has_repetition() {
            return Err(TokenError::InvalidRequest("a parameter is given more than once"));
        }
        let client = self.authenticate_client(request, &form, now)?;
        if form.get("client_id").is_some_and(|named| named != client.client_id()) {
            return Err(TokenError::InvalidRequest("the request is another client's"));
        }
        if let Err(refusal) = self.authorization_request(&form) {
            return Err(match refusal {
                Refusal::Page(description) => TokenError::InvalidRequest(description),
                Refusal::Redirect { error, description, .. } => {
                    TokenError::Authorization { error, description }
                }
            });
        }
        let request_uri = format!("{PREFIX}{}", random_text()?);
        self.state().pushed_requests.0.insert(request_uri.clone(), form, now);
        Ok(Pushed { request_uri, expires_in: LIFETIME })
    }
}

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LIFETIME: u64 = 60;
const MAXIMUM: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity_provider::test_support::*;
    use http::header;

    fn push(
        provider: &IdentityProvider,
        authorization: Option<&str>,
        changes: &[(&str, &str)],
    ) -> Response<Bytes> {
        let mut request =
            Request::post("/par").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = Bytes::from(authorization_parameters(changes));
        provider.handle(&request.body(body).unwrap(), now())
    }

    fn pushed(provider: &IdentityProvider, changes: &[(&str, &str)]) -> String {
        let response = push(provider, Some(&basic(CLIENT_ID, CLIENT_SECRET)), changes);
        assert_eq!(response.status(), StatusCode::CREATED);
        let body = body_json(&response);
        assert_eq!(body["expires_in"], 60);
        body["request_uri"].as_str().unwrap().to_owned()
    }

    fn authorize(
        provider: &IdentityProvider,
        client_id: &str,
        request_uri: &str,
        seconds: u64,
    ) -> Response<Bytes> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("client_id", client_id), ("request_uri", request_uri)])
            .finish();
        get_with_cookie(provider, &format!("/authorize?{query}"), "", later(seconds))
    }

    #[test]
    fn a_pushed_request_is_the_one_that_the_browser_names() {
        let provider = provider();
        let uri = pushed(&provider, &[("login_hint", "mary")]);
        for seconds in [0, 59] {
            let page = authorize(&provider, CLIENT_ID, &uri, seconds);
            assert_eq!(page.status(), StatusCode::OK);
            let html = body_text(&page);
            assert!(html.contains(r#"name="state" value="the-state""#), "{html}");
            assert!(html.contains(r#"name="username" value="mary""#), "{html}");
            assert!(!html.contains("request_uri"), "{html}");
        }
        for (client_id, uri, seconds) in [
            (CLIENT_ID, uri.as_str(), 60),
            (OTHER_CLIENT_ID, &uri, 0),
            (CLIENT_ID, "urn:ietf:params:oauth:request_uri:x", 0),
        ] {
            let page = authorize(&provider, client_id, uri, seconds);
            assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{client_id} {uri} {seconds}");
        }
    }

    #[test]
    fn only_the_client_itself_pushes_its_requests() {
        let provider = provider();
        let other = basic(OTHER_CLIENT_ID, CLIENT_SECRET);
        for (authorization, status, error) in [
            (None, 401, "invalid_client"),
            (Some(basic(CLIENT_ID, "wrong")), 401, "invalid_client"),
            (Some(other), 400, "invalid_request"),
        ] {
            let response = push(&provider, authorization.as_deref(), &[]);
            assert_eq!(error_of(&response), (status, error.to_owned()));
        }
    }

    #[test]
    fn a_request_that_is_wrong_is_refused_when_it_is_pushed() {
        let provider = provider();
        for (changes, error) in [
            (&[("redirect_uri", "https://evil.example/")][..], "invalid_request"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("audience", "https://other.example")], "invalid_target"),
            (&[("request_uri", "urn:x")], "request_uri_not_supported"),
        ] {
            let response = push(&provider, Some(&basic(CLIENT_ID, CLIENT_SECRET)), changes);
            assert_eq!(error_of(&response), (400, error.to_owned()), "{changes:?}");
        }
    }
}
