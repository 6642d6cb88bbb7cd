//! The discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).

use crate::{
    http::{Scheme, Url, UrlError},
    json::{Json, JsonError, JsonLimits, Object},
};
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// How a client proves to the token endpoint who it is (OpenID Connect Core 1.0 §9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    SecretBasic,
    /// `client_secret_post`
    SecretPost,
}

/// What an issuer says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProviderMetadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    end_session_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
    pushed_authorization_request_endpoint: Option<Url>,
    requires_pushed_authorization_requests: bool,
    client_authentication: ClientAuthentication,
    names_itself_in_responses: bool,
}

impl ProviderMetadata {
    /// Reads the document that was fetched for the issuer `configured`.
    ///
    /// The issuer that the document names counts from now on, byte for byte. It may differ from
    /// the configured one by a final slash and by nothing else (Discovery §4.3).
    ///
    /// # Errors
    ///
    /// [`MetadataError`] says what is wrong with the document.
    pub fn parse(text: &[u8], configured: &Url, max_body: usize) -> Result<Self, MetadataError> {
        let limits = JsonLimits { bytes: max_body, depth: 16, members: 512 };
        let document = Object::parse(text, limits)?;
        let issuer = document.required_text("issuer")?;
        if without_slash(issuer) != without_slash(configured.as_str()) {
            return Err(MetadataError::Issuer);
        }
        let endpoint = |name: &'static str| match document.text(name)? {
            None => Ok(None),
            Some(url) => parse_endpoint(url, configured)
                .map(Some)
                .map_err(|error| MetadataError::Endpoint(name, error)),
        };
        let required =
            |name| endpoint(name)?.ok_or(MetadataError::Document(JsonError::MissingMember(name)));
        let says_so = |name| document.get(name) == Some(&Json::Bool(true));
        let methods = document.texts("token_endpoint_auth_methods_supported")?;
        let offers = |method| methods.as_ref().is_some_and(|methods| methods.contains(&method));
        // Left out means basic (Discovery §3).
        let client_authentication = if offers("client_secret_post") {
            ClientAuthentication::SecretPost
        } else {
            ClientAuthentication::SecretBasic
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: required("authorization_endpoint")?,
            token_endpoint: required("token_endpoint")?,
            jwks_uri: required("jwks_uri")?,
            end_session_endpoint: endpoint("end_session_endpoint")?,
            revocation_endpoint: endpoint("revocation_endpoint")?,
            pushed_authorization_request_endpoint: endpoint(
                "pushed_authorization_request_endpoint",
            )?,
            requires_pushed_authorization_requests: says_so(
                "require_pushed_authorization_requests",
            ),
            client_authentication,
            names_itself_in_responses: says_so("authorization_response_iss_parameter_supported"),
        })
    }

    /// The issuer, as it must stand in every token of its.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where browsers go to sign in.
    #[must_use]
    pub const fn authorization_endpoint(&self) -> &Url {
        &self.authorization_endpoint
    }

    /// Where codes are redeemed.
    #[must_use]
    pub const fn token_endpoint(&self) -> &Url {
        &self.token_endpoint
    }

    /// Where the key set is.
    #[must_use]
    pub const fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }

    /// Where browsers go to sign out (RP-Initiated Logout 1.0).
    #[must_use]
    pub const fn end_session_endpoint(&self) -> Option<&Url> {
        self.end_session_endpoint.as_ref()
    }

    /// Where tokens are given back (RFC 7009).
    #[must_use]
    pub const fn revocation_endpoint(&self) -> Option<&Url> {
        self.revocation_endpoint.as_ref()
    }

    /// Where authorization requests can be pushed to before a browser comes (RFC 9126 §5).
    #[must_use]
    pub const fn pushed_authorization_request_endpoint(&self) -> Option<&Url> {
        self.pushed_authorization_request_endpoint.as_ref()
    }

    /// Whether no others are taken (RFC 9126 §5).
    #[must_use]
    pub const fn requires_pushed_authorization_requests(&self) -> bool {
        self.requires_pushed_authorization_requests
    }

    /// How a client that has a secret proves who it is: in the form where that is offered.
    #[must_use]
    pub const fn client_authentication(&self) -> ClientAuthentication {
        self.client_authentication
    }

    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    #[must_use]
    pub const fn names_itself_in_responses(&self) -> bool {
        self.names_itself_in_responses
    }
}

/// Where it is below the issuer.
pub(super) const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// Where the discovery document of `issuer` is (Discovery §4.1).
pub(super) fn discovery_url(issuer: &Url) -> Result<Url, UrlError> {
    let mut url = String::from(without_slash(issuer.as_str()));
    url.push_str(DISCOVERY_PATH);
    Url::parse(&url)
}

/// The name of an issuer without the slash that it may or may not end in: which of the two it is, only
/// its discovery document says.
pub(crate) fn without_slash(text: &str) -> &str {
    text.strip_suffix('/').unwrap_or(text)
}

/// Endpoints use TLS. Only an issuer that is itself on this machine and without TLS may name ones
/// without, and those must be on this machine too: a document cannot turn requests inward.
fn parse_endpoint(text: &str, issuer: &Url) -> Result<Url, UrlError> {
    let url = Url::parse(text)?;
    let in_the_clear = issuer.scheme() == Scheme::Http && issuer.is_loopback() && url.is_loopback();
    if url.scheme() == Scheme::Https || in_the_clear { Ok(url) } else { Err(UrlError::Insecure) }
}

/// Why a discovery document is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MetadataError {
    /// Not a strict JSON object, or a member is absent or of the wrong type.
    Document(JsonError),
    /// The member's URL is malformed, or not `https`.
    Endpoint(&'static str, UrlError),
    /// The document is another issuer's.
    Issuer,
}

impl From<JsonError> for MetadataError {
    fn from(error: JsonError) -> Self {
        Self::Document(error)
    }
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(error) => error.fmt(f),
            Self::Endpoint(name, error) => write!(f, "{name} {error}"),
            Self::Issuer => {
                f.write_str("the document names another issuer than the configured one")
            }
        }
    }
}

impl core::error::Error for MetadataError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn document(issuer: &str, base: &str) -> String {
        format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{base}/authorize",
            "token_endpoint":"{base}/token","jwks_uri":"{base}/jwks","extra":[{{"a":1}}]}}"#
        )
    }

    fn parse(text: &str, configured: &str) -> Result<ProviderMetadata, MetadataError> {
        ProviderMetadata::parse(text.as_bytes(), &Url::parse(configured).unwrap(), 64 * 1024)
    }

    /// O08: the document's issuer counts, and only a final slash may differ.
    #[test]
    fn only_a_final_slash_may_differ_from_the_configured_issuer() {
        let base = "https://op.example";
        for (issuer, configured, accepted) in [
            ("https://op.example", "https://op.example", true),
            ("https://op.example/", "https://op.example", true),
            ("https://op.example", "https://op.example/", true),
            ("https://op.example/a/", "https://op.example/a", true),
            ("https://op.example//", "https://op.example", false),
            ("https://OP.example", "https://op.example", false),
            ("https://evil.example", "https://op.example", false),
            ("https://op.example/b", "https://op.example", false),
        ] {
            match parse(&document(issuer, base), configured) {
                Ok(metadata) => assert!(accepted && metadata.issuer() == issuer, "{issuer}"),
                Err(error) => {
                    assert!(!accepted, "{issuer}");
                    assert_eq!(error, MetadataError::Issuer);
                }
            }
        }
    }

    /// S01: a document cannot turn our requests inward, or into the clear.
    #[test]
    fn endpoints_use_tls_unless_everything_is_on_this_machine() {
        for (configured, base, accepted) in [
            ("https://op.example", "https://other.example", true),
            ("https://op.example", "http://op.example", false),
            ("https://op.example", "http://127.0.0.1", false),
            ("https://op.example", "http://169.254.169.254", false),
            ("https://op.example", "file:///etc", false),
            ("http://localhost:4000", "http://localhost:4000", true),
            ("http://localhost:4000", "http://op.example", false),
        ] {
            let result = parse(&document(configured, base), configured);
            assert_eq!(result.is_ok(), accepted, "{configured} {base}: {result:?}");
        }
    }

    #[test]
    fn says_which_member_is_missing() {
        let result = parse(r#"{"issuer":"https://op.example"}"#, "https://op.example");
        let expected = JsonError::MissingMember("authorization_endpoint");
        assert_eq!(result, Err(MetadataError::Document(expected)));
    }

    #[test]
    fn the_discovery_document_stands_below_the_issuer() {
        for (issuer, url) in [
            ("https://op.example", "https://op.example/.well-known/openid-configuration"),
            ("https://op.example/", "https://op.example/.well-known/openid-configuration"),
            ("https://op.example/a", "https://op.example/a/.well-known/openid-configuration"),
        ] {
            assert_eq!(discovery_url(&Url::parse(issuer).unwrap()).unwrap().as_str(), url);
        }
    }
}
