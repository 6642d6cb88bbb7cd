//! The authorization endpoint: who is at the browser, and back to the client with a code.
//!
//! A `GET` is an authorization request; a `POST` is the sign-in form, which brings the same
//! request back to be checked again.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::header::HeaderName;
use http::{Request, Response, StatusCode, header};

use super::grants::{AuthorizationCode, Grant};
use super::request::{AuthorizationRequest, Destination, Prompt, Refusal};
use super::session::{self, Session};
use super::user::UserName;
use super::{IdentityProvider, address_with_query, page, single_header};
use crate::parameters::Parameters;
use crate::random::random_text;
use crate::responses;

impl IdentityProvider {
    pub(super) fn authorize(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        let query = Parameters::from_query(request.uri());
        let pushed = self.state().pushed_requests.of(&query, now);
        let parameters = pushed.unwrap_or(query);
        let authorization = match self.authorization_request(&parameters) {
            Ok(authorization) => authorization,
            Err(refusal) => return self.refuse(&refusal, StatusCode::FOUND),
        };
        let session = self.state().sessions.of(request, now).cloned();
        let session = session.filter(|session| {
            let age = now.saturating_sub(session.authenticated_at);
            // No time is none at all: the same as the prompt `login` (OpenID Connect Core 1.0
            // §3.1.2.1).
            authorization.max_age.is_none_or(|max_age| max_age > 0 && age <= max_age)
        });
        match (authorization.prompt, session) {
            (Prompt::IfNeeded | Prompt::Never, Some(session)) => {
                self.answer_with_code(&authorization, &session, StatusCode::FOUND, now)
            }
            (Prompt::Always | Prompt::IfNeeded, _) => {
                let user_name = parameters.get("login_hint").and_then(UserName::parse);
                page::sign_in(&authorization, &parameters, user_name.as_ref(), None)
            }
            (Prompt::Never, None) => {
                let refusal = Refusal::Redirect {
                    destination: authorization.destination,
                    error: "login_required",
                    description: "nobody is signed in",
                };
                self.refuse(&refusal, StatusCode::FOUND)
            }
        }
    }

    pub(super) fn sign_in(&self, request: &Request<Bytes>, now: u64) -> Response<Bytes> {
        if !self.is_from_own_page(request) {
            return page::error(
                StatusCode::FORBIDDEN,
                "The sign-in form was not sent from this provider's own page.",
            );
        }
        let Ok(parameters) = Parameters::from_form(request) else {
            return page::error(StatusCode::BAD_REQUEST, "The request brings no sign-in form.");
        };
        let authorization = match self.authorization_request(&parameters) {
            Ok(authorization) => authorization,
            Err(refusal) => return self.refuse(&refusal, StatusCode::SEE_OTHER),
        };
        let user_name = parameters.get(page::USER_NAME_FIELD).unwrap_or_default();
        let Some(user) = UserName::parse(user_name.trim()) else {
            let problem = "Use 1 to 64 letters, digits, dots, hyphens or underscores.";
            return page::sign_in(&authorization, &parameters, None, Some(problem));
        };
        let (Ok(cookie), Ok(session_id)) = (random_text(), random_text()) else {
            return page::failure();
        };
        let clients = BTreeSet::new();
        let session = Session { user, authenticated_at: now, session_id, clients };
        {
            let sessions = &mut self.state().sessions;
            sessions.end(request);
            sessions.start(cookie.clone(), session.clone(), now);
        }
        let response = self.answer_with_code(&authorization, &session, StatusCode::SEE_OTHER, now);
        session::with_cookie(response, &cookie).unwrap_or_else(page::failure)
    }

    /// Whether a form was sent from a page of this provider. Browsers say so in `Origin`, and in
    /// `Sec-Fetch-Site` where a referrer policy has taken the origin away.
    fn is_from_own_page(&self, request: &Request<Bytes>) -> bool {
        match single_header(request, header::ORIGIN) {
            Some("null") | None => single_header(request, SEC_FETCH_SITE) == Some("same-origin"),
            Some(origin) => origin == self.issuer(),
        }
    }

    fn answer_with_code(
        &self,
        authorization: &AuthorizationRequest<'_>,
        session: &Session,
        status: StatusCode,
        now: u64,
    ) -> Response<Bytes> {
        let Ok(code) = random_text() else {
            return page::failure();
        };
        let issued = AuthorizationCode {
            grant: Grant {
                client_id: authorization.client.client_id().to_owned(),
                user: session.user.clone(),
                scope: authorization.scope.clone(),
                audience: authorization.audience.map(str::to_owned),
                authenticated_at: session.authenticated_at,
                session_id: session.session_id.clone(),
                organization: authorization.organization.clone(),
            },
            redirect_uri: authorization.destination.redirect_uri.to_owned(),
            code_challenge: authorization.code_challenge.clone(),
            nonce: authorization.nonce.map(str::to_owned),
        };
        {
            let mut state = self.state();
            state.sessions.join(&session.session_id, authorization.client.client_id());
            state.grants.issue(code.clone(), issued, now);
        }
        self.send_back(authorization.destination, &[("code", &code)], status)
    }

    fn refuse(&self, refusal: &Refusal<'_>, status: StatusCode) -> Response<Bytes> {
        match refusal {
            Refusal::Page(message) => page::error(StatusCode::BAD_REQUEST, message),
            Refusal::Redirect { destination, error, description } => {
                let parameters = [("error", *error), ("error_description", *description)];
                self.send_back(*destination, &parameters, status)
            }
        }
    }

    /// Sends the browser back to the client, with the issuer named (RFC 9207 §2).
    fn send_back(
        &self,
        destination: Destination<'_>,
        answer: &[(&str, &str)],
        status: StatusCode,
    ) -> Response<Bytes> {
        let mut parameters = answer.to_vec();
        parameters.extend(destination.state.map(|state| ("state", state)));
        parameters.push(("iss", self.issuer()));
        match address_with_query(destination.redirect_uri, &parameters) {
            Some(location) => responses::redirect(status, location),
            None => page::failure(),
        }
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, StatusCode, header};

    use crate::identity_provider::test_support::*;

    #[test]
    fn asks_for_a_user_name_first() {
        let response = get(&provider(), &authorization_path(&[]));
        assert_eq!(response.status(), StatusCode::OK);
        let html = body_text(&response);
        assert!(html.contains(r#"name="username" value="demo""#));
        assert!(html.contains(r#"<form method="post" action="/authorize">"#));
        assert!(html.contains(r#"<input type="hidden" name="state" value="the-state">"#));
        assert_eq!(html.matches("<button").count(), 1);
    }

    #[test]
    fn the_sign_in_form_may_lead_to_the_client() {
        let response = get(&provider(), &authorization_path(&[]));
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("form-action 'self' http://localhost:3000;"));
    }

    #[test]
    fn fills_in_the_hinted_user_name() {
        let hinted = |hint| body_text(&get(&provider(), &authorization_path(&[hint]))).to_owned();
        assert!(hinted(("login_hint", "mary")).contains(r#"name="username" value="mary""#));
        assert!(hinted(("login_hint", "<x>")).contains(r#"name="username" value="demo""#));
    }

    #[test]
    fn escapes_what_the_request_brings() {
        let hostile = r#""><script>alert(1)</script>"#;
        let response = get(&provider(), &authorization_path(&[("state", hostile)]));
        assert!(!body_text(&response).contains("<script"));
        assert!(body_text(&response).contains("&quot;&gt;&lt;script&gt;"));
    }

    #[test]
    fn signing_in_sends_the_browser_back_with_a_code() {
        let response = sign_in(&provider(), &[]);
        assert!(location(&response).starts_with("http://localhost:3000/api/auth/callback?code="));
        assert_eq!(location_parameter(&response, "state").as_deref(), Some("the-state"));
        assert_eq!(location_parameter(&response, "iss").as_deref(), Some(ISSUER));
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer");
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("portcullis_dev_idp="));
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"));
    }

    #[test]
    fn keeps_the_query_of_a_redirect_uri_and_encodes_the_state() {
        let changes = [("redirect_uri", "http://localhost:3000/cb?x=1"), ("state", "a&b=\r\nü")];
        let response = sign_in(&provider(), &changes);
        assert!(location(&response).starts_with("http://localhost:3000/cb?x=1&code="));
        assert_eq!(location_parameter(&response, "state").as_deref(), Some("a&b=\r\nü"));
    }

    #[test]
    fn does_not_ask_again_while_the_session_lasts() {
        let provider = provider();
        let cookie = cookie(&sign_in(&provider, &[]));
        let path = authorization_path(&[]);
        let again = get_with_cookie(&provider, &path, &cookie, later(8 * 3600 - 1));
        assert_eq!(again.status(), StatusCode::FOUND);
        assert!(location_parameter(&again, "code").is_some());
        let too_late = get_with_cookie(&provider, &path, &cookie, later(8 * 3600));
        assert_eq!(too_late.status(), StatusCode::OK);
    }

    #[test]
    fn asks_again_when_the_client_wants_it() {
        let provider = provider();
        let cookie = cookie(&sign_in(&provider, &[]));
        for (change, seconds, status) in [
            (("prompt", "login"), 0, StatusCode::OK),
            (("prompt", "select_account"), 0, StatusCode::OK),
            (("prompt", "consent"), 0, StatusCode::FOUND),
            (("max_age", "0"), 0, StatusCode::OK),
            (("max_age", "100"), 100, StatusCode::FOUND),
            (("max_age", "100"), 101, StatusCode::OK),
        ] {
            let path = authorization_path(&[change]);
            let response = get_with_cookie(&provider, &path, &cookie, later(seconds));
            assert_eq!(response.status(), status, "{change:?}");
        }
    }

    #[test]
    fn the_form_of_a_forced_sign_in_signs_in() {
        assert!(
            location_parameter(&sign_in(&provider(), &[("prompt", "login")]), "code").is_some()
        );
    }

    #[test]
    fn a_silent_request_never_shows_a_page() {
        let provider = provider();
        let path = authorization_path(&[("prompt", "none")]);
        let response = get(&provider, &path);
        assert_eq!(response.status(), StatusCode::FOUND);
        assert_eq!(location_parameter(&response, "error").as_deref(), Some("login_required"));

        let cookie = cookie(&sign_in(&provider, &[]));
        let response = get_with_cookie(&provider, &path, &cookie, now());
        assert!(location_parameter(&response, "code").is_some());
    }

    #[test]
    fn signing_in_again_ends_the_session_before() {
        let provider = provider();
        let first = cookie(&sign_in(&provider, &[]));
        let mut form = sign_in_form(&[], "mary");
        form.headers_mut().insert(header::COOKIE, first.parse().unwrap());
        let second = cookie(&provider.handle(&form, now()));
        assert_ne!(first, second);
        let path = authorization_path(&[]);
        let with = |cookie| get_with_cookie(&provider, &path, cookie, now()).status();
        assert_eq!(with(&first), StatusCode::OK);
        assert_eq!(with(&second), StatusCode::FOUND);
    }

    #[test]
    fn never_redirects_to_an_address_that_is_not_registered() {
        let provider = provider();
        for changes in [
            &[("client_id", "unknown")][..],
            &[("client_id", "")],
            &[("redirect_uri", "https://evil.example/")],
            &[("redirect_uri", "http://localhost:3000/api/auth/callback/")],
            &[("redirect_uri", "http://localhost:3000/api/auth/callback?x")],
            &[("redirect_uri", "HTTP://localhost:3000/api/auth/callback")],
            &[("redirect_uri", "")],
            &[("redirect_uri", REDIRECT_URI), ("redirect_uri", REDIRECT_URI)],
            &[("client_id", CLIENT_ID), ("client_id", CLIENT_ID)],
            &[("client_id", OTHER_CLIENT_ID), ("redirect_uri", "http://localhost:3000/cb?x=1")],
        ] {
            let by_link = get(&provider, &authorization_path(changes));
            let by_form = provider.handle(&sign_in_form(changes, "demo"), now());
            for response in [by_link, by_form] {
                assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{changes:?}");
                assert!(!response.headers().contains_key(header::LOCATION));
                assert!(!response.headers().contains_key(header::SET_COOKIE));
            }
        }
    }

    #[test]
    fn tells_the_client_about_any_other_error() {
        let provider = provider();
        let long = "x".repeat(2000);
        for (changes, error) in [
            (&[("response_type", "token")][..], "unsupported_response_type"),
            (&[("response_type", "")], "invalid_request"),
            (&[("response_mode", "fragment")], "invalid_request"),
            (&[("scope", "open\"id")], "invalid_scope"),
            (&[("scope", &long)], "invalid_scope"),
            (&[("nonce", &long)], "invalid_request"),
            (&[("nonce", "a"), ("nonce", "b")], "invalid_request"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge", "short")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("audience", "https://other.example")], "invalid_target"),
            (&[("audience", ""), ("scope", "profile")], "invalid_target"),
            (&[("prompt", "create")], "invalid_request"),
            (&[("prompt", "none login")], "invalid_request"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("request", "e30.e30.")], "request_not_supported"),
            (&[("request_uri", "https://evil.example")], "request_uri_not_supported"),
        ] {
            let by_link = get(&provider, &authorization_path(changes));
            let by_form = provider.handle(&sign_in_form(changes, "demo"), now());
            for response in [by_link, by_form] {
                assert!(response.status().is_redirection(), "{changes:?}");
                assert!(location(&response).starts_with(REDIRECT_URI));
                assert_eq!(location_parameter(&response, "error").as_deref(), Some(error));
                assert_eq!(location_parameter(&response, "state").as_deref(), Some("the-state"));
                assert_eq!(location_parameter(&response, "iss").as_deref(), Some(ISSUER));
                assert_eq!(location_parameter(&response, "code"), None);
                assert!(!response.headers().contains_key(header::SET_COOKIE));
            }
        }
    }

    #[test]
    fn asks_again_for_a_user_name_that_it_does_not_take() {
        let provider = provider();
        for name in ["", "%20", "%3Cscript%3E", &"x".repeat(65), "%00", "%ff"] {
            let response = provider.handle(&sign_in_form(&[], name), now());
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name}");
            assert!(body_text(&response).contains(r#"id="problem""#));
            assert!(body_text(&response).contains(r#"name="state" value="the-state""#));
            assert!(!response.headers().contains_key(header::SET_COOKIE));
        }
    }

    #[test]
    fn takes_the_form_from_its_own_page_only() {
        let provider = provider();
        for (origin, fetch_site, accepted) in [
            (Some(ISSUER), None, true),
            (Some(ISSUER), Some("same-origin"), true),
            (Some("null"), Some("same-origin"), true),
            (None, Some("same-origin"), true),
            (None, None, false),
            (Some("null"), None, false),
            (Some("null"), Some("cross-site"), false),
            (None, Some("same-site"), false),
            (Some("https://evil.example"), Some("cross-site"), false),
            (Some("https://evil.example"), Some("same-origin"), false),
            (Some("http://localhost:3000"), Some("same-site"), false),
        ] {
            let mut form = sign_in_form(&[], "demo");
            form.headers_mut().remove(header::ORIGIN);
            for (name, value) in [("origin", origin), ("sec-fetch-site", fetch_site)] {
                if let Some(value) = value {
                    form.headers_mut().insert(name, value.parse().unwrap());
                }
            }
            let response = provider.handle(&form, now());
            let expected = if accepted { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
            assert_eq!(response.status(), expected, "{origin:?} {fetch_site:?}");
        }
    }

    #[test]
    fn a_body_that_is_no_sign_in_form_is_a_page() {
        let provider = provider();
        for body in [&b""[..], b"\xff\xfe", b"{}", b"username=demo"] {
            for content_type in ["application/x-www-form-urlencoded", "application/json"] {
                let request = Request::post("/authorize")
                    .header(header::ORIGIN, ISSUER)
                    .header(header::CONTENT_TYPE, content_type)
                    .body(Bytes::copy_from_slice(body))
                    .unwrap();
                let response = provider.handle(&request, now());
                assert_eq!(response.status(), StatusCode::BAD_REQUEST);
            }
        }
    }
}
