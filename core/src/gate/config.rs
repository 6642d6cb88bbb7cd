//! How a gate is set up.

use super::{
    CrossSitePolicy, ForwardLimits, Gate, GateInner, GateRoute, GateRoutes, SignedOutProfile,
    own_routes::OwnPath,
};
use crate::{
    crypto::{CryptoProvider, SignatureAlgorithm},
    http::Scheme,
    issuer::IssuerIndex,
    jwt::{ClockTolerance, TokenPolicy, TokenPolicyError},
    oidc::{ClientConfig, LoginPolicy, LogoutPolicy},
    pattern::{Pattern, parameter_in_braces},
    rewrite::{Matcher, Rewrites, Router, Served, Serves},
    session::{Auth0Cookies, CookieNameError, CookieNames, KeptClaims, SecretRing, SessionPolicy},
};
use alloc::{borrow::ToOwned as _, boxed::Box, string::String, sync::Arc, vec, vec::Vec};
use core::fmt;

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
    pages: Vec<Pattern>,
    cross_site: CrossSitePolicy,
    signed_out_profile: SignedOutProfile,
    hands_out_access_tokens: bool,
    id_token_algorithms: Vec<SignatureAlgorithm>,
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
            pages: Vec::new(),
            cross_site: CrossSitePolicy::default(),
            signed_out_profile: SignedOutProfile::default(),
            hands_out_access_tokens: false,
            id_token_algorithms: vec![SignatureAlgorithm::Rs256],
            rewrites: Rewrites::default(),
            serves: Box::new(|_| Served::Nothing),
            limits: ForwardLimits::default(),
            login: LoginPolicy::default(),
            logout: LogoutPolicy::default(),
            backchannel_logout: false,
            auth0_cookies: None,
        }
    }

    /// The issuer whose users sign in. The first one by default. Sessions, and the news that one is
    /// over, are for the issuer as it is configured: where it gets another address, everybody signs
    /// in once more.
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
    /// [asks for refresh tokens](ClientConfig::with_offline_access) or
    /// [keeps those that it is given](ClientConfig::with_refresh_tokens); for tokens with a short
    /// life a quarter of that at most. 60 by default.
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

    /// Which of them are always led to the sign-in page, whatever the client says of itself, where
    /// [`api`](Self::api) does not name them. By default what the client says decides.
    #[must_use]
    pub fn pages(self, pages: impl IntoIterator<Item = Pattern>) -> Self {
        Self { pages: pages.into_iter().collect(), ..self }
    }

    /// Which requests may change something with a session: those of the application's own pages by
    /// default. Others are refused where they need a session, and elsewhere go on as if nobody were
    /// signed in.
    #[must_use]
    pub fn cross_site(self, cross_site: CrossSitePolicy) -> Self {
        Self { cross_site, ..self }
    }

    /// Hands the session's access token to scripts of the application's own pages, at
    /// [`GateRoute::AccessToken`]. Without this, no token ever reaches a browser; with it, a script
    /// that somebody smuggles into a page can carry the token away.
    #[must_use]
    pub fn hand_out_access_tokens(self) -> Self {
        Self { hands_out_access_tokens: true, ..self }
    }

    /// The algorithms with which the provider may sign ID tokens, and logout tokens: RS256 alone by
    /// default. The issuer's keys must be prepared for the same ones: see
    /// [`IssuerConfig::with_algorithms`](crate::issuer::IssuerConfig::with_algorithms).
    #[must_use]
    pub fn id_token_algorithms(
        self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
    ) -> Self {
        Self { id_token_algorithms: algorithms.into_iter().collect(), ..self }
    }

    /// What the profile route answers where nobody is signed in. 204 by default.
    #[must_use]
    pub fn signed_out_profile(self, answer: SignedOutProfile) -> Self {
        Self { signed_out_profile: answer, ..self }
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
    /// upstreams. Those have no prefix, so a host beside this one can set them: take over for as long
    /// as the SDK's sessions live, and no longer.
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
        if let Some(entry) = self.protected.as_ref().and_then(entry_in_braces) {
            return Err(GateConfigError::Braces { entry });
        }
        let id_tokens = TokenPolicy::id_token(self.client.client_id.as_str())
            .map_err(GateConfigError::ClientId)?
            .with_algorithms(self.id_token_algorithms.iter().copied())
            .map_err(GateConfigError::ClientId)?
            .with_clock_tolerance(self.clock_tolerance);
        // `at_hash` is made with the hash of the signature (Core 1.0 §3.1.3.6), and there is one
        // hash here.
        let with_sha256 =
            [SignatureAlgorithm::Es256, SignatureAlgorithm::Ps256, SignatureAlgorithm::Rs256];
        if let Some(other) = self.id_token_algorithms.iter().find(|a| !with_sha256.contains(a)) {
            return Err(GateConfigError::IdTokenAlgorithm(*other));
        }
        let logout_tokens = self
            .backchannel_logout
            .then(|| TokenPolicy::logout_token(self.client.client_id.as_str()))
            .transpose()
            .map_err(GateConfigError::ClientId)?
            // Their signatures are checked as those of ID tokens are (Back-Channel Logout 1.0 §2.6).
            .map(|policy| policy.with_algorithms(self.id_token_algorithms.iter().copied()))
            .transpose()
            .map_err(GateConfigError::ClientId)?
            .map(|policy| policy.with_clock_tolerance(self.clock_tolerance));
        if self.routes.find(self.login.default_target().path()).is_some() {
            return Err(GateConfigError::LoginTarget);
        }
        let after_logout = self.logout.default_target().path().and_then(|it| self.routes.find(it));
        // A page that signs in is a fair place to end at.
        if after_logout.is_some_and(|path| path != OwnPath::Route(GateRoute::Login)) {
            return Err(GateConfigError::LogoutTarget);
        }
        let redirect_uri = self.client.base_url.join(self.routes.path(GateRoute::Callback));
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
            secrets: self.secrets.for_client(&self.client.client_id),
            client: self.client,
            crypto: self.crypto,
            issuer: self.issuer,
            router,
            routes: self.routes,
            session_policy: self.session_policy,
            kept_claims: self.kept_claims,
            keeps_id_token: self.keeps_id_token,
            refresh_margin: self.refresh_margin,
            api: self.api,
            pages: self.pages,
            cross_site: self.cross_site,
            signed_out_profile: self.signed_out_profile,
            hands_out_access_tokens: self.hands_out_access_tokens,
            limits: self.limits,
            clock_tolerance: self.clock_tolerance,
            login: self.login,
            logout: self.logout,
            auth0_cookies: self.auth0_cookies,
        })))
    }
}

fn entry_in_braces(protected: &Matcher) -> Option<usize> {
    protected.sources().position(|source| parameter_in_braces(source).is_some())
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
    /// An entry of the matcher has a parameter in braces (`/orders/{id}`), as other routers write
    /// them. Here that is the name itself, and the entry would cover no request that it is for.
    Braces {
        /// Which entry, counted from 0.
        entry: usize,
    },
    /// The client id is not usable as an audience, or there is no algorithm for ID tokens.
    ClientId(TokenPolicyError),
    /// The name of the cookie is not usable.
    CookieName(CookieNameError),
    /// ID tokens that are signed in this way cannot be checked whole: only ES256, PS256 and RS256
    /// can.
    IdTokenAlgorithm(SignatureAlgorithm),
    /// A login that names no place would end at one of the gate's own routes.
    LoginTarget,
    /// Signing out would end at one of the gate's own routes, and not at the login.
    LogoutTarget,
    /// The prefix or the path of one of the gate's own routes is not usable, or two are the same.
    Routes,
}

impl fmt::Display for GateConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Braces { entry } => {
                write!(f, "entry {entry} of the matcher has `{{name}}`: write `:name`")
            }
            Self::ClientId(error) => write!(f, "client id: {error}"),
            Self::CookieName(error) => write!(f, "the cookie's name {error}"),
            Self::IdTokenAlgorithm(algorithm) => {
                write!(f, "ID tokens can be signed with ES256, PS256 or RS256, not {algorithm}")
            }
            Self::LoginTarget => {
                f.write_str("a login must end at a page, not at one of the gate's own routes")
            }
            Self::LogoutTarget => f.write_str(
                "signing out must end at a page or at the login, not at another of the gate's own \
                 routes",
            ),
            Self::Routes => f.write_str(
                "the paths of the gate's routes must be plain and different, such as \
                 /api/auth/login, without a final slash",
            ),
        }
    }
}

impl core::error::Error for GateConfigError {}
