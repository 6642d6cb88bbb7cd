//! What the built-in provider and its client share. Nobody has to write it down, so it is made up
//! at each start, when the ports are known.

use super::ClientSettings;
use crate::identity_provider::{Client, Configuration, Credentials};
use crate::random::random_text;
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
    pub fn generate(origins: BoundOrigins, scope: String) -> Result<Self, getrandom::Error> {
        Ok(Self {
            secret: Secret::new(random_text()?),
            audience: origins.api.join("/api"),
            base_url: origins.frontend,
            issuer: origins.identity_provider.join(""),
            client_id: "portcullis-demo".to_owned(),
            client_secret: Secret::new(random_text()?),
            scope,
        })
    }
}

/// How the built-in provider has to be set up for its one client.
#[must_use]
pub fn provider_configuration(
    client: &ClientSettings,
    issuer: Origin,
    access_token_lifetime: u64,
) -> Configuration {
    let base_url = &client.base_url;
    Configuration {
        issuer,
        clients: vec![
            Client::new(
                client.client_id.clone(),
                Credentials::Secret(client.client_secret.clone()),
                vec![base_url.join("/api/auth/callback")],
                vec![base_url.join(""), base_url.join("/")],
            )
            .with_backchannel_logout_uri(base_url.join("/api/auth/backchannel-logout")),
        ],
        audiences: vec![client.audience.clone()],
        access_token_lifetime,
    }
}
