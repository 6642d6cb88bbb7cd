//! The demonstration as a whole: three servers on one runtime.

mod api;
mod error;
mod gate;
mod listen;
mod provider;

pub use error::StartError;
pub use provider::{LoneProvider, ProviderCommand, Registration};

use crate::{
    applications::{Api, Pages, Provider as ProviderHandler},
    identity_provider::IdentityProvider,
    pages::AccountLinks,
    settings::{
        BoundOrigins, ClientSettings, ListenAddress, Provider, Settings, provider_configuration,
    },
};
use core::{fmt, time::Duration};
use listen::bind;
use portcullis_core::{gate::Gate, http::Origin, issuer::IssuerMachine, jwt::TokenCacheLimits};
use portcullis_hyper::{
    api_guard::ApiGuard,
    client::{Client, Fetcher, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    gateway::Gateway,
    issuers::SharedIssuers,
    protected_api::ProtectedApi,
    runtime::Runtime,
    server::ServerHandle,
    tls,
};
use std::{sync::Arc, time::Instant};

/// How long requests under way may take when the process is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The servers of the demonstration. They stop when this is dropped.
#[derive(Debug)]
pub struct Demo<R: Runtime> {
    servers: Vec<ServerHandle<R>>,
    /// Where everything is.
    pub addresses: Addresses,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// What a person opens.
    pub frontend: Origin,
    /// The protected API.
    pub api: Origin,
    /// The provider that signs people in, and whether it is the one for development.
    pub provider: String,
    /// Whether the provider is the built-in one.
    pub is_development: bool,
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { frontend, api, provider, is_development } = self;
        let note = if *is_development { "  (for development only)" } else { "" };
        writeln!(f, "  Front end          {}   <- open this in a browser", frontend.as_str())?;
        writeln!(f, "  API                {}/api", api.as_str())?;
        write!(f, "  Identity provider  {provider}{note}")
    }
}

impl<R: Runtime> Demo<R> {
    /// Binds the listeners and starts the servers.
    ///
    /// # Errors
    ///
    /// [`StartError`] says what could not be bound, made or understood.
    pub async fn start(runtime: R, settings: Settings) -> Result<Self, StartError> {
        let (frontend_server, frontend) =
            bind(&runtime, &settings.frontend_address, "PORTCULLIS_FRONTEND_ADDR").await?;
        let (api_server, api) =
            bind(&runtime, &settings.api_address, "PORTCULLIS_API_ADDR").await?;
        let mut servers = Vec::new();
        let tls = tls::client_config(None).map_err(StartError::Tls)?;
        let http = Client::new(runtime.clone(), tls, PoolLimits::default());
        let (client, built_in) = match &settings.provider {
            Provider::External(client) => (client.clone(), None),
            Provider::BuiltIn { address, authentication, token_lifetime } => {
                let (server, identity_provider) =
                    bind(&runtime, address, "PORTCULLIS_IDP_ADDR").await?;
                let origins = BoundOrigins {
                    frontend: frontend.clone(),
                    api: api.clone(),
                    identity_provider: identity_provider.clone(),
                };
                let client = ClientSettings::generate(origins, authentication.clone())
                    .map_err(StartError::Entropy)?;
                (client, Some((server, identity_provider, *token_lifetime)))
            }
        };
        let gate = gate::gate(&settings, &client, &api)?;
        let is_development = built_in.is_some();
        if let Some((server, issuer, token_lifetime)) = built_in {
            let targets = &settings.gate.logout_targets;
            let configuration =
                provider_configuration(&client, &gate, targets, issuer, token_lifetime);
            let provider = IdentityProvider::new(configuration).map_err(StartError::Provider)?;
            let fetcher = Fetcher::new(http.clone());
            servers.push(server.start(ProviderHandler(Arc::new(provider), fetcher)));
        }

        let machine = IssuerMachine::new(api::issuer(&settings, &client)?, AWS_LC);
        let driver = Driver::new(SharedIssuers::new([machine], Fetcher::new(http.clone())))
            .with_refresh_limits(gate::refresh_limits(&settings));
        let guard = ApiGuard::new(api::guard(&settings, &client)?, driver.clone())
            .with_token_cache(TokenCacheLimits::default(), AWS_LC);
        let guarded = ProtectedApi::new(guard, Api);
        let guarded = match settings.api.cors {
            Some(cors) => guarded.with_cors(cors),
            None => guarded,
        };
        let pages = Pages(AccountLinks::of(&settings.gate.routes));
        let gate = Gateway::new(FrontGate::new(gate, driver, http), pages);
        servers.push(api_server.start(guarded));
        servers.push(frontend_server.start(gate));
        let provider = client.issuer;
        let addresses = Addresses { frontend, api, provider, is_development };
        Ok(Self { servers, addresses })
    }

    /// Stops accepting connections, and lets requests under way come to their end for a few
    /// seconds in all. What others need for that stops last.
    pub async fn stop(self) {
        let started = Instant::now();
        for server in self.servers.into_iter().rev() {
            server.shutdown(GRACE.saturating_sub(started.elapsed())).await;
        }
    }
}

/// The gate that the demonstration would have with these settings, without a server.
///
/// # Errors
///
/// [`StartError`] says what could not be made or understood.
pub(crate) fn configured_gate(settings: &Settings) -> Result<Gate, StartError> {
    let origin = |address: &ListenAddress| {
        address.origin(address.primary().port()).map_err(StartError::Origin)
    };
    let api = origin(&settings.api_address)?;
    let client = match &settings.provider {
        Provider::External(client) => client.clone(),
        Provider::BuiltIn { address, authentication, .. } => {
            let frontend = origin(&settings.frontend_address)?;
            let identity_provider = origin(address)?;
            let origins = BoundOrigins { frontend, api: api.clone(), identity_provider };
            ClientSettings::generate(origins, authentication.clone())
                .map_err(StartError::Entropy)?
        }
    };
    gate::gate(settings, &client, &api)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_hyper::runtime::TokioRuntime;
    use std::net::TcpListener;

    fn start(address: &str) -> Result<Demo<TokioRuntime>, StartError> {
        let environment = [
            ("PORTCULLIS_FRONTEND_ADDR", address),
            ("PORTCULLIS_API_ADDR", "localhost:0"),
            ("PORTCULLIS_IDP_ADDR", "localhost:0"),
        ]
        .map(|(name, value)| (name.into(), value.into()));
        let settings = Settings::load(["portcullis".into()], environment, &[]).unwrap();
        let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        tokio.block_on(Demo::start(TokioRuntime::new(), settings))
    }

    #[test]
    fn a_refresh_has_the_time_of_a_provider_that_may_be_slow() {
        let flight = |timeout: &str| {
            let environment = [("AUTH0_HTTP_TIMEOUT".into(), timeout.into())];
            let settings = Settings::load(["portcullis".into()], environment, &[]).unwrap();
            gate::refresh_limits(&settings).flight
        };
        assert_eq!(flight(""), Duration::from_secs(30));
        assert_eq!(flight("60000"), Duration::from_secs(190));
    }

    #[test]
    fn does_not_share_the_name_localhost_with_another_program() {
        // A machine without IPv6 has no second address.
        let Ok(other) = TcpListener::bind("[::1]:0") else { return };
        let port = other.local_addr().unwrap().port();
        let error = start(&format!("localhost:{port}")).unwrap_err();
        let StartError::Bind { name, address, .. } = error else { panic!("{error}") };
        assert_eq!((name, address), ("PORTCULLIS_FRONTEND_ADDR", format!("[::1]:{port}")));
        drop(other);
        assert!(start(&format!("localhost:{port}")).is_ok());
    }
}
