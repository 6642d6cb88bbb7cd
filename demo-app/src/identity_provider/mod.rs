//! An OpenID provider for development.
//!
//! It lets the demonstration run without an account anywhere: any user name signs in, nothing
//! survives the process, and every page says so. What a client sees of it follows the standards
//! closely, so that a client that works here works with a real provider: OpenID Connect Core 1.0
//! (code flow), Discovery 1.0, RP-Initiated and Back-Channel Logout 1.0, OAuth 2.0 (RFC 6749) with PKCE
//! (RFC 7636), revocation (RFC 7009), issuer identification (RFC 9207), JWT access tokens (RFC 9068) and refresh token
//! rotation (RFC 9700 §4.14).
//!
//! [`IdentityProvider::handle`] turns one request into one response. The time is an argument, so
//! a test that needs an expired token asks for one in the past.

mod assertion;
mod authorize;
mod backchannel;
mod client;
mod expiring;
mod grants;
mod keys;
mod logout;
mod metadata;
mod organization;
mod page;
mod pushed;
mod request;
mod revocation;
mod session;
mod token;
mod token_claims;
mod user;
mod userinfo;

#[cfg(test)]
mod test_support;

use core::fmt;
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Request, Response, StatusCode, header};

use self::assertion::Assertions;
pub use self::backchannel::{LogoutNotice, LogoutNotices};
pub use self::client::{Client, Credentials};
use self::grants::Grants;
use self::keys::{KeyError, KeyRing, SigningKey};
use self::pushed::PushedRequests;
use self::session::Sessions;
use crate::responses;
use portcullis_core::http::Origin;

/// What the provider has to know about its surroundings.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The issuer, which is also where the provider's endpoints are.
    pub issuer: Origin,
    /// Who may send users here.
    pub clients: Vec<Client>,
    /// The APIs for which a client may ask an access token, by the `audience` parameter.
    pub audiences: Vec<String>,
    /// How long an access token works, in seconds.
    pub access_token_lifetime: u64,
}

/// The provider: its keys, and who signed in.
pub struct IdentityProvider {
    configuration: Configuration,
    keys: RwLock<KeyRing>,
    state: Mutex<State>,
}

/// No signing key could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyGenerationError;

/// What the provider remembers between requests, all of it bounded in number and time.
#[derive(Default)]
struct State {
    sessions: Sessions,
    grants: Grants,
    pushed_requests: PushedRequests,
    assertions: Assertions,
}

impl IdentityProvider {
    /// Makes a signing key and starts with no sessions.
    ///
    /// # Errors
    ///
    /// When no key could be made.
    pub fn new(configuration: Configuration) -> Result<Self, KeyGenerationError> {
        Ok(Self {
            configuration,
            keys: RwLock::new(KeyRing::new(SigningKey::generate()?)),
            state: Mutex::default(),
        })
    }

    /// Signs with a new key from now on. The key before it stays in the key set, so that tokens
    /// already handed out can still be verified; the one before that one goes.
    ///
    /// # Errors
    ///
    /// When no key could be made; the present one stays.
    pub fn rotate_key(&self) -> Result<(), KeyGenerationError> {
        let key = SigningKey::generate()?;
        self.keys.write().unwrap_or_else(PoisonError::into_inner).rotate_to(key);
        Ok(())
    }

    /// Answers a request. Its body may be anything, and was limited in size by the caller. A
    /// response that ends a session has [`LogoutNotices`] among its extensions, which are to be sent
    /// first.
    #[must_use]
    pub fn handle(&self, request: &Request<Bytes>, now: SystemTime) -> Response<Bytes> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let Some(endpoint) = Endpoint::at(request.uri().path()) else {
            return page::error(StatusCode::NOT_FOUND, "There is no page at this address.");
        };
        if !endpoint.methods().split(", ").any(|method| method == request.method().as_str()) {
            let refusal = page::error(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not answer such a request.",
            );
            return responses::with_allow(refusal, endpoint.methods());
        }
        match endpoint {
            Endpoint::Authorization if request.method() == Method::POST => {
                self.sign_in(request, now)
            }
            Endpoint::Authorization => self.authorize(request, now),
            Endpoint::Configuration => {
                let document = metadata::document(&self.configuration.issuer);
                responses::shared(responses::json(StatusCode::OK, &document))
            }
            Endpoint::Auth0Logout => self.end_session(request, "returnTo", now),
            Endpoint::EndSession => self.end_session(request, "post_logout_redirect_uri", now),
            Endpoint::Home => page::home(&self.configuration.issuer),
            Endpoint::KeySet => {
                let keys = self.with_keys(KeyRing::key_set);
                responses::shared(responses::json(StatusCode::OK, &keys))
            }
            Endpoint::PushedRequest => self.pushed_request(request, now),
            Endpoint::Revocation => self.revoke(request, now),
            Endpoint::Stylesheet => page::stylesheet(),
            Endpoint::Token => self.token(request, now),
            Endpoint::UserInfo => self.user_info(request, now),
        }
    }

    fn issuer(&self) -> &str {
        self.configuration.issuer.as_str()
    }

    fn client(&self, client_id: &str) -> Option<&Client> {
        self.configuration.clients.iter().find(|client| client.client_id() == client_id)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_keys<T>(&self, use_keys: impl FnOnce(&KeyRing) -> T) -> T {
        use_keys(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for IdentityProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IdentityProvider")
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for KeyGenerationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the development identity provider could not make a signing key")
    }
}

impl Error for KeyGenerationError {}

impl From<KeyError> for KeyGenerationError {
    fn from(_: KeyError) -> Self {
        Self
    }
}

#[derive(Clone, Copy)]
enum Endpoint {
    Auth0Logout,
    Authorization,
    Configuration,
    EndSession,
    Home,
    KeySet,
    PushedRequest,
    Revocation,
    Stylesheet,
    Token,
    UserInfo,
}

impl Endpoint {
    fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/" => Self::Home,
            metadata::AUTH0_LOGOUT_PATH => Self::Auth0Logout,
            metadata::AUTHORIZATION_PATH => Self::Authorization,
            metadata::CONFIGURATION_PATH => Self::Configuration,
            metadata::END_SESSION_PATH => Self::EndSession,
            metadata::KEY_SET_PATH => Self::KeySet,
            metadata::PUSHED_REQUEST_PATH => Self::PushedRequest,
            metadata::REVOCATION_PATH => Self::Revocation,
            metadata::TOKEN_PATH => Self::Token,
            metadata::USER_INFO_PATH => Self::UserInfo,
            page::STYLESHEET_PATH => Self::Stylesheet,
            _ => return None,
        })
    }

    /// As the `Allow` header lists them.
    fn methods(self) -> &'static str {
        match self {
            Self::Authorization | Self::UserInfo => "GET, POST",
            Self::Configuration | Self::Home | Self::KeySet | Self::Stylesheet => "GET, HEAD",
            Self::Auth0Logout | Self::EndSession => "GET",
            Self::PushedRequest | Self::Revocation | Self::Token => "POST",
        }
    }
}

/// An address at this provider or a registered one with parameters added to its query.
fn address_with_query(address: &str, parameters: &[(&str, &str)]) -> Option<HeaderValue> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    let separator = if address.contains('?') { '&' } else { '?' };
    HeaderValue::try_from(format!("{address}{separator}{}", query.finish())).ok()
}

/// The one value of a header that may be given only once.
fn single_header(request: &Request<Bytes>, name: header::HeaderName) -> Option<&str> {
    let mut values = request.headers().get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::test_support::*;
    use super::*;

    #[test]
    fn an_unknown_path_is_a_page_that_says_so() {
        let response = get(&provider(), "/authorize/");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn an_endpoint_refuses_methods_that_it_has_not() {
        let provider = provider();
        for (method, path, allow) in [
            (Method::GET, "/oauth/token", "POST"),
            (Method::GET, "/par", "POST"),
            (Method::POST, "/.well-known/jwks.json", "GET, HEAD"),
            (Method::HEAD, "/authorize", "GET, POST"),
            (Method::POST, "/logout", "GET"),
            (Method::PUT, "/userinfo", "GET, POST"),
        ] {
            let request = Request::builder().method(method).uri(path).body(Bytes::new()).unwrap();
            let response = provider.handle(&request, now());
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
            assert_eq!(response.headers()[header::ALLOW], allow, "{path}");
        }
    }

    #[test]
    fn what_is_public_may_be_kept_for_a_minute() {
        let provider = provider();
        for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
            let response = get(&provider, path);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=60");
        }
    }

    #[test]
    fn every_page_says_that_it_is_for_development_and_protects_itself() {
        let provider = provider();
        for path in ["/", "/nowhere", "/authorize", &authorization_path(&[]), "/logout"] {
            let response = get(&provider, path);
            let html = body_text(&response);
            assert!(html.contains("for development only"), "{path}");
            assert!(!html.contains("<script"), "{path}");
            assert!(!html.contains("style="), "{path}");
            let headers = response.headers();
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none';"), "{path}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}");
            assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
            assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
            assert!(headers.contains_key(header::REFERRER_POLICY), "{path}");
        }
    }

    #[test]
    fn a_clock_before_1970_is_no_reason_to_fail() {
        let before = UNIX_EPOCH - Duration::from_secs(10);
        let request = Request::get("/.well-known/jwks.json").body(Bytes::new()).unwrap();
        assert_eq!(provider().handle(&request, before).status(), StatusCode::OK);
    }

    #[test]
    fn debug_output_has_no_secret() {
        assert!(!format!("{:?}", provider()).contains(CLIENT_SECRET));
    }
}
