//! How a gate is set up.

use super::{ForwardLimits, Gate, GateInner};
use crate::{
    crypto::CryptoProvider,
    http::Scheme,
    issuer::IssuerIndex,
    jwt::{ClockTolerance, TokenPolicy, TokenPolicyError},
    oidc::{ClientConfig, LoginPolicy, LogoutPolicy},
    path::CanonicalPath,
    pattern::Pattern,
    rewrite::{Matcher, Rewrites, Router, Served, Serves},
    session::{Auth0Cookies, CookieNameError, CookieNames, KeptClaims, SecretRing, SessionPolicy},
};
use alloc::{borrow::ToOwned as _, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// The paths of the gate itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GateRoutes {
    pub(super) prefix: String,
}

/// One of the gate's own paths.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OwnRoute {
    BackchannelLogout,
    Callback,
    Login,
    Logout,
    Me,
    /// Below the prefix, but nothing there.
    Unknown,
}

impl OwnRoute {
    /// The methods that the route has, as the `Allow` field lists them.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::BackchannelLogout => "POST",
            Self::Logout => "GET, HEAD, POST",
            Self::Callback | Self::Login | Self::Me | Self::Unknown => "GET, HEAD",
        }
    }

    pub(super) fn has_method(self, method: &str) -> bool {
        self.methods().split(", ").any(|known| known == method)
    }
}

impl GateRoutes {
    /// Routes directly below `prefix`: `login`, `callback`, `logout`, `me` and
    /// `backchannel-logout`.
    ///
    /// # Errors
    ///
    /// [`GateConfigError::Routes`] where `prefix` is no canonical path, or ends in a slash.
    pub fn below(prefix: &str) -> Result<Self, GateConfigError> {
        match CanonicalPath::parse(prefix) {
            Ok(path) if path.as_str() == prefix && !prefix.ends_with('/') => {
                Ok(Self { prefix: prefix.to_owned() })
            }
            _ => Err(GateConfigError::Routes),
        }
    }

    pub(super) fn path(&self, name: &str) -> String {
        let mut path = self.prefix.clone();
        path.push('/');
        path.push_str(name);
        path
    }

    /// The route at `path`; letters may be of either case, as in patterns, and one slash may
    /// follow.
    pub(super) fn find(&self, path: &str) -> Option<OwnRoute> {
        let (start, rest) = path.split_at_checked(self.prefix.len())?;
        if !start.eq_ignore_ascii_case(&self.prefix) {
            return None;
        }
        let rest = rest.strip_prefix('/')?;
        let name = rest.strip_suffix('/').unwrap_or(rest);
        if name.is_empty() || name.contains('/') {
            return None;
        }
        let routes = [
            ("backchannel-logout", OwnRoute::BackchannelLogout),
            ("callback", OwnRoute::Callback),
            ("login", OwnRoute::Login),
            ("logout", OwnRoute::Logout),
            ("me", OwnRoute::Me),
        ];
        let found = routes.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        Some(found.map_or(OwnRoute::Unknown, |(_, route)| route))
    }
}

impl Default for GateRoutes {
    fn default() -> Self {
        Self { prefix: "/api/auth".to_owned() }
    }
}

/// Sets up a [`Gate`].
pub struct GateBuilder {
    client: ClientConfig,
    secrets: SecretRing,
    crypto: CryptoProvider,
    issuer: IssuerIndex,
    routes: GateRoutes,
    cookie_name: String,
    session_policy: SessionPolicy,
    kept_claims: KeptClaims,
    keeps_id_token: bool,
    refresh_margin: u64,
    clock_tolerance: ClockTolerance,
    protected: Option<Matcher>,
    api: Vec<Pattern>,
    rewrites: Rewrites,
    serves: Box<Serves>,
    limits: ForwardLimits,
    login: LoginPolicy,
    logout: LogoutPolicy,
    backchannel_logout: bool,
    auth0_cookies: Option<Auth0Cookies>,
}

impl GateBuilder {
    pub(super) fn new(client: ClientConfig, secrets: SecretRing, crypto: CryptoProvider) -> Self {
        Self {
            client,
            secrets,
            crypto,
            issuer: IssuerIndex::default(),
            routes: GateRoutes::default(),
            cookie_name: "portcullis".to_owned(),
            session_policy: SessionPolicy::default(),
            kept_claims: KeptClaims::default(),
            keeps_id_token: false,
            refresh_margin: 60,
            clock_tolerance: ClockTolerance::default(),
            protected: None,
            api: Vec::new(),
            rewrites: Rewrites::default(),
            serves: Box::new(|_| Served::Nothing),
            limits: ForwardLimits::default(),
            login: LoginPolicy::default(),
            logout: LogoutPolicy::default(),
            backchannel_logout: false,
            auth0_cookies: None,
        }
    }

    /// The issuer whose users sign in. The first one by default.
    #[must_use]
    pub fn issuer(self, issuer: IssuerIndex) -> Self {
        Self { issuer, ..self }
    }

    /// The paths of the gate itself. Below `/api/auth` by default.
    #[must_use]
    pub fn routes(self, routes: GateRoutes) -> Self {
        Self { routes, ..self }
    }

    /// The name of the session cookie, without prefix. `portcullis` by default.
    #[must_use]
    pub fn cookie_name(self, name: &str) -> Self {
        Self { cookie_name: name.to_owned(), ..self }
    }

    /// How long a session lives.
    #[must_use]
    pub fn session_policy(self, session_policy: SessionPolicy) -> Self {
        Self { session_policy, ..self }
    }

    /// Which claims of the ID token the session keeps. The standard ones by default.
    #[must_use]
    pub fn keep_claims(self, kept_claims: KeptClaims) -> Self {
        Self { kept_claims, ..self }
    }

    /// Whether the session keeps the ID token itself, for providers that insist on an
    /// `id_token_hint` at sign-out (RP-Initiated Logout 1.0 §2). It does not by default: the token
    /// takes much of the space that cookies have.
    #[must_use]
    pub fn keep_id_token(self, keeps_id_token: bool) -> Self {
        Self { keeps_id_token, ..self }
    }

    /// How many seconds before its expiry an access token is refreshed, where the client
    /// [asks for refresh tokens](ClientConfig::with_offline_access); for tokens with a short life a
    /// quarter of that at most. 60 by default.
    #[must_use]
    pub fn refresh_margin(self, refresh_margin: u64) -> Self {
        Self { refresh_margin, ..self }
    }

    /// How far the provider's clock may be off.
    #[must_use]
    pub fn clock_tolerance(self, clock_tolerance: ClockTolerance) -> Self {
        Self { clock_tolerance, ..self }
    }

    /// Which requests need a session. Without this none does.
    #[must_use]
    pub fn protect(self, protected: Matcher) -> Self {
        Self { protected: Some(protected), ..self }
    }

    /// Which of them are always refused with 401, and never led to the sign-in page.
    #[must_use]
    pub fn api(self, api: impl IntoIterator<Item = Pattern>) -> Self {
        Self { api: api.into_iter().collect(), ..self }
    }

    /// Where requests go.
    #[must_use]
    pub fn rewrites(self, rewrites: Rewrites) -> Self {
        Self { rewrites, ..self }
    }

    /// What the application has at a path. It decides where routing ends: at a file before the
    /// rules of `afterFiles`, at a file or a page where a rule leads to a path of the application.
    /// By default nothing counts as served; a request that no rule applies to is the application's
    /// all the same.
    #[must_use]
    pub fn serves(self, serves: impl Fn(&str) -> Served + Send + Sync + 'static) -> Self {
        Self { serves: Box::new(serves), ..self }
    }

    /// How long upstreams may take.
    #[must_use]
    pub fn limits(self, limits: ForwardLimits) -> Self {
        Self { limits, ..self }
    }

    /// What a login asks of the provider, and who may say so.
    #[must_use]
    pub fn login(self, login: LoginPolicy) -> Self {
        Self { login, ..self }
    }

    /// What signing out does beyond ending the session here, and where it may lead.
    #[must_use]
    pub fn logout(self, logout: LogoutPolicy) -> Self {
        Self { logout, ..self }
    }

    /// Takes the provider's word that a session is over (OpenID Connect Back-Channel Logout 1.0):
    /// register [`Gate::backchannel_logout_uri`] with it.
    ///
    /// The adapter remembers what was ended. Where several processes serve one application, they
    /// have to share that memory, or a session goes on at all but one of them.
    #[must_use]
    pub fn backchannel_logout(self) -> Self {
        Self { backchannel_logout: true, ..self }
    }

    /// Takes over sessions that the Auth0 SDK for Next.js has made, for applications that move over:
    /// they become sessions of the gate's own, and the SDK's cookies are removed and kept from
    /// upstreams.
    #[must_use]
    pub fn auth0_cookies(self, auth0_cookies: Auth0Cookies) -> Self {
        Self { auth0_cookies: Some(auth0_cookies), ..self }
    }

    /// Puts the gate together.
    ///
    /// # Errors
    ///
    /// [`GateConfigError`] says which part does not fit.
    pub fn build(self) -> Result<Gate, GateConfigError> {
        let scheme = self.client.base_url.scheme();
        let names =
            CookieNames::new(scheme, &self.cookie_name).map_err(GateConfigError::CookieName)?;
        let names = match &self.auth0_cookies {
            Some(cookies) => names.with_auth0(Arc::clone(cookies.names())),
            None => names,
        };
        let id_tokens = TokenPolicy::id_token(self.client.client_id.as_str())
            .map_err(GateConfigError::ClientId)?
            .with_clock_tolerance(self.clock_tolerance);
        let logout_tokens = self
            .backchannel_logout
            .then(|| TokenPolicy::logout_token(self.client.client_id.as_str()))
            .transpose()
            .map_err(GateConfigError::ClientId)?
            .map(|policy| policy.with_clock_tolerance(self.clock_tolerance));
        let redirect_uri = self.client.base_url.join(&self.routes.path("callback"));
        // The gate's own routes always count as served.
        let (routes, serves) = (self.routes.clone(), self.serves);
        let serves = move |path: &str| match routes.find(path) {
            Some(_) => Served::Page,
            None => serves(path),
        };
        let router = Router::new(self.rewrites, self.protected, serves);
        Ok(Gate(Arc::new(GateInner {
            redirect_uri,
            names,
            id_tokens,
            logout_tokens,
            secure: scheme == Scheme::Https,
            client: self.client,
            secrets: self.secrets,
            crypto: self.crypto,
            issuer: self.issuer,
            router,
            routes: self.routes,
            session_policy: self.session_policy,
            kept_claims: self.kept_claims,
            keeps_id_token: self.keeps_id_token,
            refresh_margin: self.refresh_margin,
            api: self.api,
            limits: self.limits,
            clock_tolerance: self.clock_tolerance,
            login: self.login,
            logout: self.logout,
            auth0_cookies: self.auth0_cookies,
        })))
    }
}

impl fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateBuilder").field("client", &self.client).finish_non_exhaustive()
    }
}

/// Why a gate cannot be put together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GateConfigError {
    /// The client id is not usable as an audience.
    ClientId(TokenPolicyError),
    /// The name of the cookie is not usable.
    CookieName(CookieNameError),
    /// The prefix of the gate's own routes is not usable.
    Routes,
}

impl fmt::Display for GateConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientId(error) => write!(f, "client id: {error}"),
            Self::CookieName(error) => write!(f, "the cookie's name {error}"),
            Self::Routes => f.write_str(
                "the prefix of the gate's routes must be a plain path such as /api/auth, \
                 without a final slash",
            ),
        }
    }
}

impl core::error::Error for GateConfigError {}
