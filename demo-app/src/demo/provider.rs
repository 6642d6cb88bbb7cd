//! `portcullis provider`: the provider for development alone, for an application of one's own.

use super::{GRACE, StartError, listen::bind};
use crate::{
    applications::Provider as ProviderHandler,
    identity_provider::{Client as RegisteredClient, Configuration, Credentials, IdentityProvider},
    random::random_text,
    settings::{Fault, GenerateError, ListenAddress},
};
use clap::{
    Args,
    builder::{NonEmptyStringValueParser, TypedValueParser as _},
};
use core::fmt;
use portcullis_core::{gate::GateRoutes, http::Origin, secret::Secret};
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    runtime::Runtime,
    server::ServerHandle,
    tls,
};
use std::sync::Arc;

/// Run the provider for development alone, for an application of your own
#[derive(Clone, Debug, Args)]
pub struct ProviderCommand {
    /// Where browsers find the application.
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000",
        value_parser = Origin::parse)]
    base_url: Origin,
    /// What the gate's own routes are below.
    #[arg(long, value_name = "PATH", default_value = "/api/auth", value_parser = prefix)]
    routes: String,
    /// The application's name at the provider.
    #[arg(long, value_name = "TEXT", default_value = "my-application",
        value_parser = NonEmptyStringValueParser::new())]
    client_id: String,
    /// Its secret at the provider [default: made up]
    #[arg(long, value_name = "TEXT",
        value_parser = NonEmptyStringValueParser::new().map(Secret::new))]
    client_secret: Option<Secret>,
    /// The API that access tokens may be asked for.
    #[arg(long, value_name = "TEXT", default_value = "https://api.example",
        value_parser = NonEmptyStringValueParser::new())]
    audience: String,
    /// How many seconds access tokens work.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    token_lifetime: u64,
    /// Where the provider listens; this machine only.
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:4000",
        value_parser = loopback)]
    address: ListenAddress,
}

fn prefix(text: &str) -> Result<String, portcullis_core::gate::GateConfigError> {
    GateRoutes::below(text).map(|_| text.to_owned())
}

fn loopback(text: &str) -> Result<ListenAddress, String> {
    let address = ListenAddress::parse(text).map_err(|fault| fault.to_string())?;
    address.is_loopback().then_some(address).ok_or_else(|| Fault::NotLoopback.to_string())
}

/// The provider, running. It stops when this is dropped.
#[derive(Debug)]
pub struct LoneProvider<R: Runtime> {
    server: ServerHandle<R>,
    /// What the application has to know.
    pub registration: Registration,
}

/// What the application has to know of the provider, and the provider knows of it.
pub struct Registration {
    issuer: String,
    client_id: String,
    client_secret: Secret,
    audience: String,
    redirect_uri: String,
    base_url: String,
}

impl ProviderCommand {
    /// Binds the listener and starts the server.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what could not be bound or made.
    pub async fn start<R: Runtime>(self, runtime: R) -> Result<LoneProvider<R>, StartError> {
        let (server, issuer) = bind(&runtime, &self.address, "--address").await?;
        let tls = tls::client_config(None).map_err(StartError::Tls)?;
        let fetcher = Fetcher::new(Client::new(runtime, tls, PoolLimits::default()));
        let made_up = || random_text().map(Secret::new).map_err(GenerateError::from);
        let client_secret =
            self.client_secret.map_or_else(made_up, Ok).map_err(StartError::Entropy)?;
        let below = |route: &str| self.base_url.join(&format!("{}/{route}", self.routes));
        let redirect_uri = below("callback");
        let after_logout = vec![self.base_url.join(""), self.base_url.join("/")];
        let client = RegisteredClient::new(
            self.client_id.clone(),
            Credentials::Secret(client_secret.clone()),
            vec![redirect_uri.clone()],
            after_logout,
        )
        .with_backchannel_logout_uri(below("backchannel-logout"));
        let registration = Registration {
            issuer: issuer.join("/"),
            client_id: self.client_id,
            client_secret,
            audience: self.audience.clone(),
            redirect_uri,
            base_url: self.base_url.join(""),
        };
        let configuration = Configuration {
            issuer,
            clients: vec![client],
            audiences: vec![self.audience],
            access_token_lifetime: self.token_lifetime,
        };
        let provider = IdentityProvider::new(configuration).map_err(StartError::Provider)?;
        let server = server.start(ProviderHandler(Arc::new(provider), fetcher));
        Ok(LoneProvider { server, registration })
    }
}

impl<R: Runtime> LoneProvider<R> {
    /// Stops accepting connections, and lets requests under way come to their end.
    pub async fn stop(self) {
        self.server.shutdown(GRACE).await;
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  Issuer         {}", self.issuer)?;
        writeln!(f, "  Client id      {}", self.client_id)?;
        writeln!(f, "  Client secret  {}", self.client_secret.expose())?;
        writeln!(f, "  Audience       {}", self.audience)?;
        writeln!(f, "  Base URL       {}", self.base_url)?;
        write!(f, "  Callback       {}", self.redirect_uri)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
