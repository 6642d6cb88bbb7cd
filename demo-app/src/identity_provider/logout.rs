//! The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0), and the one that Auth0 had before
//! it: <https://auth0.com/docs/api/authentication/logout/auth-0-logout>.

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Request, Response, StatusCode};
use serde::Deserialize;

use super::keys::TokenType;
use super::{IdentityProvider, address_with_query, page, session};
use crate::parameters::Parameters;
use crate::responses;

impl IdentityProvider {
    /// Ends the browser's session and sends it to a registered address of the client, if the
    /// parameter `target` asks for one. A request that asks for another address changes nothing.
    pub(super) fn end_session(
        &self,
        request: &Request<Bytes>,
        target: &str,
        now: u64,
    ) -> Response<Bytes> {
        let parameters = Parameters::from_query(request.uri());
        if parameters.has_repetition() {
            return page::error(StatusCode::BAD_REQUEST, "A parameter is given more than once.");
        }
        let response = match parameters.get(target) {
            None => page::signed_out(),
            Some(address) => match self.post_logout_location(&parameters, address) {
                Some(location) => responses::redirect(StatusCode::FOUND, location),
                None => {
                    return page::error(
                        StatusCode::BAD_REQUEST,
                        "The request names no post-logout redirect URI of a client that is \
                         registered here.",
                    );
                }
            },
        };
        let ended = self.state().sessions.end(request);
        let mut response = session::without_cookie(response);
        response.extensions_mut().insert(self.logout_notices(&ended, now));
        response
    }

    fn post_logout_location(&self, parameters: &Parameters, address: &str) -> Option<HeaderValue> {
        // A hint of an earlier run of this process cannot be verified any more, and then counts
        // as left out.
        let hinted = parameters.get("id_token_hint").and_then(|token| {
            self.with_keys(|keys| keys.verify::<IdTokenHint>(TokenType::Id, token))
        });
        let client_id = match (parameters.get("client_id"), &hinted) {
            (Some(client_id), Some(hint)) if client_id != hint.aud => return None,
            (Some(client_id), _) => client_id,
            (None, Some(hint)) => &hint.aud,
            (None, None) => return None,
        };
        let address = self.client(client_id)?.post_logout_redirect_uri(address)?;
        match parameters.get("state") {
            Some(state) => address_with_query(address, &[("state", state)]),
            None => HeaderValue::from_str(address).ok(),
        }
    }
}

#[derive(Deserialize)]
struct IdTokenHint {
    aud: String,
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::identity_provider::test_support::*;

    fn path(parameters: &[(&str, &str)]) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        format!("/logout?{query}")
    }

    fn is_signed_in(provider: &IdentityProvider, cookie: &str) -> bool {
        let silent = authorization_path(&[("prompt", "none")]);
        let response = get_with_cookie(provider, &silent, cookie, now());
        location_parameter(&response, "code").is_some()
    }

    #[test]
    fn ends_the_session_and_goes_back_to_the_client() {
        let provider = provider();
        let signed_in = sign_in(&provider, &[]);
        let cookie = cookie(&signed_in);
        assert!(is_signed_in(&provider, &cookie));
        let target = path(&[
            ("client_id", CLIENT_ID),
            ("post_logout_redirect_uri", "http://localhost:3000"),
        ]);
        let response = get_with_cookie(&provider, &target, &cookie, now());
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(location(&response), "http://localhost:3000");
        let cleared = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cleared.starts_with("portcullis_dev_idp=;") && cleared.contains("Max-Age=0"));
        assert!(!is_signed_in(&provider, &cookie));
    }

    #[test]
    fn auth0s_endpoint_does_the_same_by_another_parameter() {
        let provider = provider();
        let cookie = cookie(&sign_in(&provider, &[]));
        let target = |address| {
            let parameters = [("client_id", CLIENT_ID), ("returnTo", address), ("federated", "")];
            path(&parameters).replace("/logout", "/v2/logout")
        };
        let refused = target("https://evil.example");
        let response = get_with_cookie(&provider, &refused, &cookie, now());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(is_signed_in(&provider, &cookie));
        let registered = target("http://localhost:3000");
        let response = get_with_cookie(&provider, &registered, &cookie, now());
        assert_eq!(location(&response), "http://localhost:3000");
        assert!(!is_signed_in(&provider, &cookie));
    }

    #[test]
    fn an_id_token_names_the_client_too() {
        let provider = provider();
        let id_token = tokens(&provider, &[])["id_token"].as_str().unwrap().to_owned();
        let response = get(
            &provider,
            &path(&[
                ("id_token_hint", &id_token),
                ("post_logout_redirect_uri", "http://localhost:3000/?signed-out=1"),
                ("state", "a b"),
            ]),
        );
        assert_eq!(location(&response), "http://localhost:3000/?signed-out=1&state=a+b");
    }

    #[test]
    fn the_id_token_of_an_earlier_run_is_no_obstacle() {
        let id_token = tokens(&provider(), &[])["id_token"].as_str().unwrap().to_owned();
        let response = get(
            &provider(),
            &path(&[
                ("id_token_hint", &id_token),
                ("client_id", CLIENT_ID),
                ("post_logout_redirect_uri", "http://localhost:3000"),
            ]),
        );
        assert_eq!(location(&response), "http://localhost:3000");
    }

    #[test]
    fn without_an_address_it_says_that_the_user_is_signed_out() {
        let provider = provider();
        let cookie = cookie(&sign_in(&provider, &[]));
        let response = get_with_cookie(&provider, "/logout", &cookie, now());
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!is_signed_in(&provider, &cookie));
    }

    #[test]
    fn never_redirects_to_an_address_that_is_not_registered() {
        let provider = provider();
        let signed_in = sign_in(&provider, &[]);
        let cookie = cookie(&signed_in);
        let id_token = tokens(&provider, &[])["id_token"].as_str().unwrap().to_owned();
        let registered = ("post_logout_redirect_uri", "http://localhost:3000");
        for parameters in [
            &[("client_id", CLIENT_ID), ("post_logout_redirect_uri", "https://evil.example")][..],
            &[("client_id", CLIENT_ID), ("post_logout_redirect_uri", "http://localhost:3000/")],
            &[("client_id", "unknown"), registered],
            &[registered],
            &[("client_id", CLIENT_ID), registered, registered],
            &[("client_id", OTHER_CLIENT_ID), ("id_token_hint", &id_token), registered],
            &[("id_token_hint", "a.b.c"), registered],
        ] {
            let response = get_with_cookie(&provider, &path(parameters), &cookie, now());
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{parameters:?}");
            assert!(!response.headers().contains_key(header::LOCATION));
            assert!(is_signed_in(&provider, &cookie), "{parameters:?}");
        }
    }
}
