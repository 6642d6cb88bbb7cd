//! How the gate is set up, beside where it stands.

use super::checks::Fault;
use super::problem::Problem;
use super::setting::Setting;
use super::table;
use super::values::{Given, Reader};
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::gate::{CrossSitePolicy, GateRoute, GateRoutes, SignedOutProfile};
use portcullis_core::jwt::ClockTolerance;
use portcullis_core::oidc::{LoginPolicy, LogoutPolicy, ProviderLogout};
use portcullis_core::session::{KeptClaims, SessionPolicy};

/// What the gate does beside what it always does. The fields are those of the core's builder.
#[derive(Clone, Debug)]
pub struct GateSettings {
    /// Its own routes.
    pub routes: GateRoutes,
    /// The name of the session cookie, without prefix.
    pub cookie_name: String,
    /// How long a session lives.
    pub session_policy: SessionPolicy,
    /// Which claims a session keeps.
    pub kept_claims: KeptClaims,
    /// Whether it keeps the ID token.
    pub keeps_id_token: bool,
    /// How many seconds before its end an access token is refreshed.
    pub refresh_margin: u64,
    /// How far the provider's clock may be off.
    pub clock_tolerance: ClockTolerance,
    /// Which requests may change something.
    pub cross_site: CrossSitePolicy,
    /// What the profile route answers to nobody.
    pub signed_out_profile: SignedOutProfile,
    /// Whether scripts of the application may have access tokens.
    pub hands_out_access_tokens: bool,
    /// How the provider signs ID tokens.
    pub id_token_algorithm: SignatureAlgorithm,
    /// How logins start.
    pub login: LoginPolicy,
    /// Where signing out goes.
    pub logout: LogoutPolicy,
    /// Where it may end: absolute URLs, of which the provider must know.
    pub logout_targets: Vec<String>,
    /// Whether the provider's word counts that a session is over.
    pub backchannel_logout: bool,
    /// The Auth0 SDK's cookies, where its sessions are taken over.
    pub auth0_cookies: Option<Auth0CookieSettings>,
}

/// The session cookies of the Auth0 SDK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth0CookieSettings {
    /// Their names in versions 3 and 4.
    pub names: (String, String),
    /// The domain that they were set for.
    pub domain: Option<String>,
}

impl GateSettings {
    /// Nothing is returned only when a problem was noted.
    pub(super) fn check(reader: &mut Reader<'_>) -> Option<Self> {
        let routes = routes(reader);
        let cookie_name = reader.value(&table::SESSION_NAME);
        let session_policy = session_policy(reader);
        let kept_claims = kept_claims(reader);
        let keeps_id_token = reader.value(&table::STORE_ID_TOKEN);
        let refresh_margin = reader.value(&table::REFRESH_MARGIN);
        let clock_tolerance = reader.value(&table::CLOCK_TOLERANCE);
        let cross_site = cross_site(reader);
        let signed_out_profile = reader.value(&table::SIGNED_OUT_PROFILE);
        let hands_out_access_tokens = reader.value(&table::ACCESS_TOKEN_ENDPOINT);
        let id_token_algorithm = reader.value(&table::ID_TOKEN_ALGORITHM);
        let login = login_policy(reader);
        let logout = logout_policy(reader);
        let backchannel_logout = reader.value(&table::BACKCHANNEL_LOGOUT);
        let auth0_cookies = auth0_cookies(reader, cookie_name.as_deref());
        let (logout, logout_targets) = logout?;
        Some(Self {
            routes: routes?,
            cookie_name: cookie_name?,
            session_policy: session_policy?,
            kept_claims: kept_claims?,
            keeps_id_token: keeps_id_token?,
            refresh_margin: refresh_margin?,
            clock_tolerance: clock_tolerance?,
            cross_site: cross_site?,
            signed_out_profile: signed_out_profile?,
            hands_out_access_tokens: hands_out_access_tokens?,
            id_token_algorithm: id_token_algorithm?,
            login: login?,
            logout,
            logout_targets,
            backchannel_logout: backchannel_logout?,
            auth0_cookies: auth0_cookies?,
        })
    }
}

const ROUTES: [(GateRoute, &Setting<String>); 6] = [
    (GateRoute::AccessToken, &table::ACCESS_TOKEN_ROUTE),
    (GateRoute::BackchannelLogout, &table::BACKCHANNEL_LOGOUT_ROUTE),
    (GateRoute::Callback, &table::CALLBACK_ROUTE),
    (GateRoute::Login, &table::LOGIN_ROUTE),
    (GateRoute::Logout, &table::LOGOUT_ROUTE),
    (GateRoute::Profile, &table::PROFILE_ROUTE),
];

fn routes(reader: &mut Reader<'_>) -> Option<GateRoutes> {
    let below = reader.value(&table::ROUTES).and_then(|path| GateRoutes::below(&path).ok());
    let moved = ROUTES.map(|(route, setting)| (route, reader.given(setting)));
    let mut routes = below?;
    let mut is_whole = true;
    for (route, given) in moved {
        let Given::As(name, path) = given else {
            is_whole &= matches!(given, Given::No);
            continue;
        };
        match routes.clone().with_path(route, &path) {
            Ok(with_path) => routes = with_path,
            Err(_) => {
                reader.problems.add(Problem::Invalid { name, fault: Fault::Value });
                is_whole = false;
            }
        }
    }
    is_whole.then_some(routes)
}

fn session_policy(reader: &mut Reader<'_>) -> Option<SessionPolicy> {
    let rolling = reader.value(&table::ROLLING);
    let inactivity = reader.value(&table::ROLLING_DURATION);
    let absolute = reader.value(&table::ABSOLUTE_DURATION)?;
    // What is not used for as long as it may last, ends with its age.
    let inactivity = if rolling? { inactivity? } else { absolute };
    Some(SessionPolicy { inactivity, absolute })
}

/// Stands for the standard claims in a list of them.
const STANDARD: &str = "standard";

fn kept_claims(reader: &mut Reader<'_>) -> Option<KeptClaims> {
    let kept = reader.given(&table::SESSION_CLAIMS);
    match (kept, reader.given(&table::CLAIM_FILTER)) {
        (Given::Wrong, _) | (_, Given::Wrong) => None,
        (Given::As(first, _), Given::As(second, _)) => {
            let why = "one says what is kept, the other what is not; one of them is enough";
            reader.problems.add(Problem::Together { first, second, why });
            None
        }
        (Given::No, Given::As(_, left_out)) => Some(KeptClaims::all_but(left_out)),
        (Given::No, Given::No) => Some(KeptClaims::default()),
        (Given::As(_, names), Given::No) => Some(if names == ["*"] {
            KeptClaims::all()
        } else if names.iter().any(|name| name == STANDARD) {
            KeptClaims::default().and(names.into_iter().filter(|name| name != STANDARD))
        } else {
            KeptClaims::only(names)
        }),
    }
}

fn cross_site(reader: &mut Reader<'_>) -> Option<CrossSitePolicy> {
    let origins = reader.maybe(&table::TRUSTED_ORIGINS);
    let allows_unmarked = reader.value(&table::UNMARKED_REQUESTS)?;
    let policy = CrossSitePolicy::default().with_trusted_origins(origins?.unwrap_or_default());
    Some(if allows_unmarked { policy.with_unmarked_requests_allowed() } else { policy })
}

/// What is wrong with a value was noted when it was read, so no error of the core gets lost here.
fn login_policy(reader: &mut Reader<'_>) -> Option<LoginPolicy> {
    let always = reader.maybe(&table::LOGIN_PARAMETERS);
    let from_query = reader.value(&table::LOGIN_QUERY_PARAMETERS);
    let organization = reader.maybe(&table::ORGANIZATION);
    let pushed = reader.value(&table::PUSHED_REQUESTS);
    let lifetime = reader.value(&table::LOGIN_LIFETIME);
    let target = reader.value(&table::LOGIN_TARGET);
    let organization = organization?.map(|organization| ("organization".to_owned(), organization));
    let mut policy = LoginPolicy::default()
        .with_query_parameters(from_query?)
        .ok()?
        .with_lifetime(lifetime?)
        .ok()?
        .with_default_target(&target?)
        .ok()?;
    for (name, value) in always?.into_iter().flatten().chain(organization) {
        policy = policy.with_parameter(name, &value).ok()?;
    }
    Some(if pushed? { policy.with_pushed_requests() } else { policy })
}

/// The policy, and the absolute URLs at which signing out may end.
fn logout_policy(reader: &mut Reader<'_>) -> Option<(LogoutPolicy, Vec<String>)> {
    let at_provider = reader.value(&table::PROVIDER_LOGOUT);
    let at_auth0 = reader.maybe(&table::AUTH0_LOGOUT);
    let federated = reader.value(&table::FEDERATED_LOGOUT);
    let default_target = reader.value(&table::POST_LOGOUT_REDIRECT);
    let targets = reader.maybe(&table::LOGOUT_TARGETS)?.unwrap_or_default();
    let provider = match (at_provider?, at_auth0?) {
        (false, _) => ProviderLogout::Nowhere,
        (true, None) => ProviderLogout::Automatic,
        (true, Some(true)) => ProviderLogout::Auth0,
        (true, Some(false)) => ProviderLogout::EndSession,
    };
    let policy = LogoutPolicy::default()
        .with_provider(provider)
        .with_default_target(&default_target?)
        .and_then(|policy| policy.with_targets(targets.iter().map(String::as_str)))
        .ok()?;
    Some((if federated? { policy.with_federated() } else { policy }, targets))
}

fn auth0_cookies(
    reader: &mut Reader<'_>,
    cookie_name: Option<&str>,
) -> Option<Option<Auth0CookieSettings>> {
    let is_on = reader.value(&table::AUTH0_COOKIES);
    let names = reader.value(&table::AUTH0_COOKIE_NAMES);
    let domain = reader.maybe(&table::AUTH0_COOKIE_DOMAIN)?;
    if !is_on? {
        if domain.is_some() {
            let reason = "it is about the Auth0 SDK's cookies, which are not taken over; the \
                          gate's own are for one host";
            reader.has_no_effect(&table::AUTH0_COOKIE_DOMAIN, reason);
        }
        return Some(None);
    }
    let names = names?;
    if cookie_name.is_some_and(|own| own == names.0 || own == names.1) {
        reader.problems.add(Problem::Together {
            first: reader.name_of(&table::SESSION_NAME),
            second: reader.name_of(&table::AUTH0_COOKIE_NAMES),
            why: "the gate's cookie needs a name that none of the SDK's has",
        });
        return None;
    }
    Some(Some(Auth0CookieSettings { names, domain }))
}
