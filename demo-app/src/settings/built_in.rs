//! What the built-in provider and its client share. Nobody has to write it down, so it is made up
//! at each start, when the ports are known.

use core::fmt;

use super::{Authentication, ClientSettings};
use crate::identity_provider::{Client, Configuration};
use crate::pages;
use crate::random::random_text;
use portcullis_core::crypto::SigningFailure;
use portcullis_core::gate::Gate;
use portcullis_core::http::Origin;
use portcullis_core::secret::Secret;

/// Where the three listeners can be reached.
#[derive(Clone, Debug)]
pub struct BoundOrigins {
    /// The front end.
    pub frontend: Origin,
    /// The protected API.
    pub api: Origin,
    /// The built-in provider.
    pub identity_provider: Origin,
}

impl ClientSettings {
    /// Makes up the settings of a client of the built-in provider.
    ///
    /// # Errors
    ///
    /// When the operating system has no randomness.
    pub fn generate(
        origins: BoundOrigins,
        authentication: Authentication,
    ) -> Result<Self, GenerateError> {
        let client_secret = Secret::new(random_text()?);
        Ok(Self {
            secrets: vec![Secret::new(random_text()?)],
            audience: origins.api.join("/api"),
            base_url: origins.frontend,
            issuer: origins.identity_provider.join(""),
            client_id: "portcullis-demo".to_owned(),
            credentials: authentication.with_made_up(client_secret)?,
        })
    }
}

/// How the built-in provider has to be set up for its one client, which this gate is. A logout may
/// end at `logout_targets` too.
#[must_use]
pub fn provider_configuration(
    client: &ClientSettings,
    gate: &Gate,
    logout_targets: &[String],
    issuer: Origin,
    access_token_lifetime: u64,
) -> Configuration {
    let base_url = &client.base_url;
    let mut post_logout = vec![base_url.join(""), gate.post_logout_redirect_uri()];
    post_logout.extend(pages::paths().map(|path| base_url.join(path)));
    post_logout.extend_from_slice(logout_targets);
    let registered = Client::new(
        client.client_id.clone(),
        client.credentials.at_provider(),
        vec![gate.redirect_uri().to_owned()],
        post_logout,
    );
    Configuration {
        issuer,
        clients: vec![match gate.backchannel_logout_uri() {
            Some(address) => registered.with_backchannel_logout_uri(address),
            None => registered,
        }],
        audiences: vec![client.audience.clone()],
        access_token_lifetime,
    }
}

/// Nothing can be made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerateError;

impl From<getrandom::Error> for GenerateError {
    fn from(_: getrandom::Error) -> Self {
        Self
    }
}

impl From<SigningFailure> for GenerateError {
    fn from(_: SigningFailure) -> Self {
        Self
    }
}

impl fmt::Display for GenerateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gives no randomness")
    }
}

impl core::error::Error for GenerateError {}
