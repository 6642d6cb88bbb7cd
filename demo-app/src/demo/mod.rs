//! The demonstration as a whole: three servers on one runtime.

use crate::{
    applications::{Api, Pages, Provider as ProviderHandler},
    identity_provider::{IdentityProvider, KeyGenerationError},
    pages,
    settings::{
        BoundOrigins, ClientSettings, Fault, ListenAddress, Provider, Settings,
        provider_configuration,
    },
};
use core::{fmt, time::Duration};
use portcullis_core::{
    gate::{Gate, GateConfigError},
    guard::Guard,
    http::{Origin, UrlError},
    issuer::{IssuerConfig, IssuerMachine},
    jwt::{TokenCacheLimits, TokenPolicy, TokenPolicyError},
    oidc::{ClientConfig, ClientConfigError},
    pattern::{Case, Pattern, PatternError},
    rewrite::{Matcher, MatcherError, RewriteRule, Rewrites, RewritesError, Served},
    secret::Secret,
    session::{SecretRing, SecretRingError},
};
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
    server::{Server, ServerHandle, ServerLimits},
    tls::{self, TlsError},
};
use std::{io, net::SocketAddr, sync::Arc, time::Instant};

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
        let (client, is_development) = match settings.provider {
            Provider::External(client) => (client, false),
            Provider::BuiltIn { address, scope, token_lifetime } => {
                let (server, identity_provider) =
                    bind(&runtime, &address, "PORTCULLIS_IDP_ADDR").await?;
                let origins = BoundOrigins {
                    frontend: frontend.clone(),
                    api: api.clone(),
                    identity_provider: identity_provider.clone(),
                };
                let client =
                    ClientSettings::generate(origins, scope).map_err(StartError::Entropy)?;
                let configuration =
                    provider_configuration(&client, identity_provider, token_lifetime);
                let provider =
                    IdentityProvider::new(configuration).map_err(StartError::Provider)?;
                let fetcher = Fetcher::new(http.clone());
                servers.push(server.start(ProviderHandler(Arc::new(provider), fetcher)));
                (client, true)
            }
        };

        let issuer = IssuerConfig::new(&client.issuer).map_err(StartError::Issuer)?;
        let machine = IssuerMachine::new(issuer, AWS_LC);
        let driver = Driver::new(SharedIssuers::new([machine], Fetcher::new(http.clone())));
        let policy =
            TokenPolicy::access_token([client.audience.as_str()]).map_err(StartError::Audience)?;
        let guard = ApiGuard::new(Guard::new(policy), driver.clone())
            .with_token_cache(TokenCacheLimits::default(), AWS_LC);
        let guarded = ProtectedApi::new(guard, Api);
        let gate = Gateway::new(FrontGate::new(gate(&client, &api)?, driver, http), Pages);
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

/// A server at `address`, which the setting `name` chose, and the origin that it serves.
async fn bind<R: Runtime>(
    runtime: &R,
    address: &ListenAddress,
    name: &'static str,
) -> Result<(Server<R>, Origin), StartError> {
    // A port that is free on one address of localhost may be taken on the other.
    let mut attempts = if address.primary().port() == 0 { 8 } else { 1 };
    loop {
        attempts -= 1;
        match bind_once(runtime, address).await {
            Ok((server, port)) => {
                return Ok((server, address.origin(port).map_err(StartError::Origin)?));
            }
            Err((_, error)) if attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err((address, error)) => {
                return Err(StartError::Bind { name, address: address.to_string(), error });
            }
        }
    }
}

/// Binds both addresses where there are two. One that is somebody else's is an error: browsers, and
/// the gate itself, would find whoever that is under the same name.
async fn bind_once<R: Runtime>(
    runtime: &R,
    address: &ListenAddress,
) -> Result<(Server<R>, u16), (SocketAddr, io::Error)> {
    let mut server = Server::new(runtime.clone(), ServerLimits::default());
    let primary = address.primary();
    let port = server.bind(primary).await.map_err(|error| (primary, error))?.port();
    if let Some(companion) = address.companion(port)
        && let Err(error) = server.bind(companion).await
    {
        if error.kind() == io::ErrorKind::AddrInUse {
            return Err((companion, error));
        }
        // A machine without IPv6; browsers find the other address.
        tracing::debug!(%companion, %error, "the second address of localhost is not in use");
    }
    Ok((server, port))
}

/// The gate that the demonstration would have with these settings, without a server.
///
/// # Errors
///
/// [`StartError`] says what could not be made or understood.
pub(crate) fn configured_gate(settings: Settings) -> Result<Gate, StartError> {
    let origin = |address: &ListenAddress| {
        address.origin(address.primary().port()).map_err(StartError::Origin)
    };
    let api = origin(&settings.api_address)?;
    let client = match settings.provider {
        Provider::External(client) => client,
        Provider::BuiltIn { address, scope, .. } => {
            let frontend = origin(&settings.frontend_address)?;
            let identity_provider = origin(&address)?;
            let origins = BoundOrigins { frontend, api: api.clone(), identity_provider };
            ClientSettings::generate(origins, scope).map_err(StartError::Entropy)?
        }
    };
    gate(&client, &api)
}

/// The gate of the demonstration: two rules, one matcher.
fn gate(client: &ClientSettings, api: &Origin) -> Result<Gate, StartError> {
    let secret = Secret::new(client.client_secret.expose());
    let config = ClientConfig::new(&client.client_id, secret, client.base_url.as_str())
        .and_then(|config| config.with_scope(&client.scope))
        .map_err(StartError::Client)?
        .with_audience(client.audience.as_str());
    let secrets = SecretRing::new([client.secret.expose()], AWS_LC).map_err(StartError::Secret)?;
    let rewrites = Rewrites::builder()
        .after_files([
            RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
            RewriteRule::new("/api/:path*", format!("{}/api/:path*", api.as_str())),
        ])
        .build()
        .map_err(StartError::Rewrites)?;
    let protected =
        Matcher::new(["/private/:path*", "/api/:path*"]).map_err(StartError::Matcher)?;
    let programs = Pattern::new("/api/:path*", Case::default()).map_err(StartError::Pattern)?;
    Gate::builder(config, secrets, AWS_LC)
        .rewrites(rewrites)
        .protect(protected)
        .api([programs])
        .backchannel_logout()
        .serves(|path| if pages::serves(path) { Served::File } else { Served::Nothing })
        .build()
        .map_err(StartError::Gate)
}

/// Why the demonstration did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The audience is not usable.
    Audience(TokenPolicyError),
    /// An address is in use, or not to be had.
    Bind {
        /// The setting that chose it.
        name: &'static str,
        /// The address.
        address: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A setting of the client is not usable.
    Client(ClientConfigError),
    /// There is no randomness.
    Entropy(getrandom::Error),
    /// The gate's parts do not fit.
    Gate(GateConfigError),
    /// The issuer is not usable.
    Issuer(UrlError),
    /// A matcher is not usable.
    Matcher(MatcherError),
    /// An address that was bound has no origin.
    Origin(Fault),
    /// A pattern is not usable.
    Pattern(PatternError),
    /// The development provider could not be made.
    Provider(KeyGenerationError),
    /// A rewrite rule is not usable.
    Rewrites(RewritesError),
    /// The secret is not usable.
    Secret(SecretRingError),
    /// There is no TLS.
    Tls(TlsError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audience(error) => write!(f, "AUTH0_AUDIENCE: {error}"),
            Self::Bind { name, address, error } => write!(
                f,
                "cannot listen on {address}: {error}\nAnother address can be set, such as \
                 {name}=localhost:0 for any free port"
            ),
            Self::Client(error) => write!(f, "the client: {error}"),
            Self::Entropy(error) => write!(f, "no randomness: {error}"),
            Self::Gate(error) => write!(f, "the gate: {error}"),
            Self::Issuer(error) => write!(f, "AUTH0_ISSUER_BASE_URL {error}"),
            Self::Matcher(error) => write!(f, "the matcher: {error}"),
            Self::Origin(error) => write!(f, "an address: {error}"),
            Self::Pattern(error) => write!(f, "a pattern: {error}"),
            Self::Provider(error) => write!(f, "the development provider: {error}"),
            Self::Rewrites(error) => write!(f, "the rewrite rules: {error}"),
            Self::Secret(error) => write!(f, "AUTH0_SECRET {error}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
        }
    }
}

impl core::error::Error for StartError {}

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
