//! What clients can learn of an API before they have a token (RFC 9728).

use super::credentials::{TokenPlaces, is_quotable_text, is_scope};
use crate::{
    http::{FieldText, Headers, Response, Url, UrlError},
    json::{Json, Object},
};
use alloc::{format, string::String};
use core::fmt;

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// How long the metadata may be kept, in seconds.
const MAX_AGE: &str = "max-age=3600";

/// The metadata of a protected resource (RFC 9728 §2): which API this is, and who issues its
/// tokens.
///
/// A guard that has them serves them at their well-known path to everybody, and names their URL in
/// its challenges (§5.1). They are made from configuration alone, never from `Host`.
///
/// ```
/// use portcullis_core::guard::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://api.example/v1")?
///     .authorization_servers(["https://tenant.eu.auth0.com/"])?
///     .scopes_supported(["read:orders", "write:orders"])?;
/// assert_eq!(
///     resource.metadata_url(),
///     "https://api.example/.well-known/oauth-protected-resource/v1",
/// );
/// # Ok::<(), portcullis_core::guard::ProtectedResourceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ProtectedResource {
    members: Object,
    metadata_url: String,
    metadata_path: String,
}

impl ProtectedResource {
    /// The resource whose identifier is `resource`: an `https` URL without query, as clients know
    /// it (`http` is for this machine). It may have a path, as the audience of tokens often does.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Url`] where it is no such URL.
    pub fn new(resource: &str) -> Result<Self, ProtectedResourceError> {
        let url = Url::parse_secure(resource).map_err(ProtectedResourceError::Url)?;
        let path = url.path_and_query();
        if path.contains('?') {
            return Err(ProtectedResourceError::Url(UrlError::Query));
        }
        if !is_quotable_text(path) {
            return Err(ProtectedResourceError::Url(UrlError::Character));
        }
        // A final slash behind the host is removed before the well-known part goes in (§3.1).
        let metadata_path = format!("{WELL_KNOWN}{}", if path == "/" { "" } else { path });
        let metadata_url =
            format!("{}://{}{metadata_path}", url.scheme().as_str(), url.authority());
        let mut members = Object::default();
        members.insert("resource", Json::from(resource));
        Ok(Self { members, metadata_url, metadata_path })
    }

    /// The issuers whose tokens the resource takes, as they name themselves.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Url`] where one of them is no URL.
    pub fn authorization_servers<'i>(
        mut self,
        issuers: impl IntoIterator<Item = &'i str>,
    ) -> Result<Self, ProtectedResourceError> {
        let issuers = issuers.into_iter().map(|issuer| {
            Url::parse(issuer).map(|_| Json::from(issuer)).map_err(ProtectedResourceError::Url)
        });
        self.members.insert("authorization_servers", issuers.collect::<Result<Json, _>>()?);
        Ok(self)
    }

    /// The scopes that a client may want to ask for.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Scope`] where one of them is no scope.
    pub fn scopes_supported<'s>(
        mut self,
        scopes: impl IntoIterator<Item = &'s str>,
    ) -> Result<Self, ProtectedResourceError> {
        let scopes = scopes.into_iter().map(|scope| {
            if is_scope(scope) {
                Ok(Json::from(scope))
            } else {
                Err(ProtectedResourceError::Scope(scope.into()))
            }
        });
        self.members.insert("scopes_supported", scopes.collect::<Result<Json, _>>()?);
        Ok(self)
    }

    /// The name of the resource, for people.
    #[must_use]
    pub fn resource_name(self, name: &str) -> Self {
        self.with("resource_name", name)
    }

    /// Where developers read about the resource.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Url`] where it is no URL.
    pub fn resource_documentation(self, url: &str) -> Result<Self, ProtectedResourceError> {
        self.with_url("resource_documentation", url)
    }

    /// Where clients read what they may do with the data.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Url`] where it is no URL.
    pub fn resource_policy_uri(self, url: &str) -> Result<Self, ProtectedResourceError> {
        self.with_url("resource_policy_uri", url)
    }

    /// Where clients read the terms of service.
    ///
    /// # Errors
    ///
    /// [`ProtectedResourceError::Url`] where it is no URL.
    pub fn resource_tos_uri(self, url: &str) -> Result<Self, ProtectedResourceError> {
        self.with_url("resource_tos_uri", url)
    }

    fn with_url(self, name: &str, url: &str) -> Result<Self, ProtectedResourceError> {
        let checked = Url::parse(url).map_err(ProtectedResourceError::Url)?;
        Ok(self.with(name, checked.as_str()))
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.members.insert(name, Json::from(value));
        self
    }

    /// Where clients find the metadata.
    #[must_use]
    pub fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    /// The document for a guard that takes tokens from `places`.
    pub(super) fn document(&self, places: TokenPlaces) -> Document {
        let mut members = self.members.clone();
        members.insert("bearer_methods_supported", places.names().collect());
        Document { path: self.metadata_path.clone(), text: members.to_json() }
    }
}

/// The metadata, and where they are served.
#[derive(Clone, Debug)]
pub(super) struct Document {
    path: String,
    text: String,
}

impl Document {
    /// The answer to a request for `path`, where that is the path of the metadata.
    pub(super) fn answer(&self, method: &str, path: &str) -> Option<Response> {
        if path != self.path || !matches!(method, "GET" | "HEAD") {
            return None;
        }
        let mut headers = Headers::new();
        headers.append("cache-control", FieldText::constant(MAX_AGE));
        headers.append("content-type", FieldText::constant("application/json"));
        headers.append("x-content-type-options", FieldText::constant("nosniff"));
        Some(Response { status: 200, headers, body: self.text.clone().into() })
    }
}

/// Why there can be no such metadata.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProtectedResourceError {
    /// A text that is no scope.
    Scope(String),
    /// A URL that is none, or none of the kind that is needed.
    Url(UrlError),
}

impl fmt::Display for ProtectedResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(name) => write!(f, "`{name}` is no scope"),
            Self::Url(error) => write!(f, "a URL of the resource {error}"),
        }
    }
}

impl core::error::Error for ProtectedResourceError {}
