//! The APIs that are asked, each set up in the same way on both sides.

use crate::harness::Provider;
use core::error::Error;
use portcullis_core::{
    cors::{Cors, CorsBuilder, CorsConfigError, OriginPolicy},
    guard::{Guard, Requirement},
    jwt::{ClockTolerance, ScopeClaim, TokenPolicy},
};
use serde_json::{Value, json};

/// How far clocks may be apart, in seconds.
const TOLERANCE: u64 = 60;

/// What some APIs ask for.
const SCOPES: [&str; 2] = ["read:things", "write:things"];

/// An API.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Api {
    /// Without options.
    Plain,
    /// For which a token is optional.
    Optional,
    /// That takes tokens from a query and a form too.
    AnyPlace,
    RequiredScopes,
    /// The same, where an array of scopes is as good as a text.
    ScopeLists,
    ScopeIncludesAny,
    ClaimEquals,
    ClaimIncludes,
    /// CORS before the guard.
    Cors(Policy),
}

/// A CORS policy.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Policy {
    /// Without options.
    Default,
    List,
    Fixed,
    Pattern,
    Reflect,
    Off,
    /// Every list is given.
    Lists,
    Continue,
    ListedNull,
}

/// A middleware for tokens.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Peer {
    ExpressJwt,
    ExpressOauth2JwtBearer,
}

impl Peer {
    pub(super) const ALL: [Self; 2] = [Self::ExpressJwt, Self::ExpressOauth2JwtBearer];

    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::ExpressJwt => "express-jwt",
            Self::ExpressOauth2JwtBearer => "express-oauth2-jwt-bearer",
        }
    }
}

impl Api {
    const ALONE: [Self; 8] = [
        Self::Plain,
        Self::Optional,
        Self::AnyPlace,
        Self::RequiredScopes,
        Self::ScopeLists,
        Self::ScopeIncludesAny,
        Self::ClaimEquals,
        Self::ClaimIncludes,
    ];

    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Self::ALONE.into_iter().chain(Policy::ALL.map(Self::Cors))
    }

    pub(super) const fn cors(self) -> Option<Policy> {
        match self {
            Self::Cors(policy) => Some(policy),
            _ => None,
        }
    }

    /// Whether `peer` has what this is about.
    pub(super) const fn is_known_to(self, peer: Peer) -> bool {
        match self {
            Self::Plain | Self::Optional | Self::Cors(_) => true,
            _ => matches!(peer, Peer::ExpressOauth2JwtBearer),
        }
    }

    /// What the driver of Express is told.
    pub(super) fn of_express(self, peer: Peer, provider: &Provider) -> Value {
        let mut api = json!({
            "guard": peer.package(),
            "issuer": provider.issuer(),
            "jwksUri": format!("{}{}", provider.url(), Provider::KEY_SET),
            "audience": Provider::AUDIENCE,
            "tolerance": TOLERANCE,
            "optional": self == Self::Optional,
        });
        if let Some(policy) = self.cors() {
            api["cors"] = policy.of_npm();
        }
        match self {
            Self::RequiredScopes | Self::ScopeLists => {
                api["requires"] = json!({"requiredScopes": [SCOPES]});
            }
            Self::ScopeIncludesAny => api["requires"] = json!({"scopeIncludesAny": [SCOPES]}),
            Self::ClaimEquals => api["requires"] = json!({"claimEquals": ["org", "ours"]}),
            Self::ClaimIncludes => {
                api["requires"] = json!({"claimIncludes": ["roles", "reader", "writer"]});
            }
            _ => {}
        }
        api
    }

    /// Our guard for the tokens of the provider.
    pub(super) fn guard(self) -> Result<Guard, Box<dyn Error>> {
        let tolerance = ClockTolerance::from_seconds(TOLERANCE).ok_or("a tolerance")?;
        let policy = TokenPolicy::access_token([Provider::AUDIENCE])?;
        let policy = policy.with_clock_tolerance(tolerance);
        let policy = match self {
            Self::ScopeLists => policy.with_scope_claim(ScopeClaim::ScopeOrList),
            _ => policy,
        };
        let guard = Guard::builder(policy);
        Ok(match self {
            Self::Plain | Self::Cors(_) => guard,
            Self::Optional => guard.credentials_required(false),
            Self::AnyPlace => guard.token_in_query(true).token_in_form(true),
            Self::RequiredScopes | Self::ScopeLists => {
                guard.require(Requirement::required_scopes(SCOPES)?)
            }
            Self::ScopeIncludesAny => guard.require(Requirement::scope_includes_any(SCOPES)?),
            Self::ClaimEquals => guard.require(Requirement::claim_equals(["org"], "ours")?),
            Self::ClaimIncludes => {
                guard.require(Requirement::claim_includes(["roles"], ["reader", "writer"])?)
            }
        }
        .build()?)
    }
}

impl Policy {
    pub(super) const ALL: [Self; 9] = [
        Self::Default,
        Self::List,
        Self::Fixed,
        Self::Pattern,
        Self::Reflect,
        Self::Off,
        Self::Lists,
        Self::Continue,
        Self::ListedNull,
    ];

    fn of_npm(self) -> Value {
        match self {
            Self::Default => json!({}),
            Self::List => json!({
                "origin": ["https://app.example", "https://other.example", "http://localhost:3000"],
                "credentials": true,
                "exposedHeaders": ["WWW-Authenticate"],
                "maxAge": 600,
            }),
            Self::Fixed => json!({"origin": "https://app.example"}),
            Self::Pattern => json!({
                "origin": {"pattern": r"^https://[a-z0-9-]+\.app\.example$"},
                "credentials": true,
            }),
            Self::Reflect => json!({"origin": true}),
            Self::Off => json!({"origin": false}),
            Self::Lists => json!({
                "origin": ["https://app.example"],
                "methods": ["GET", "DELETE"],
                "allowedHeaders": ["authorization", "x-one"],
                "exposedHeaders": ["X-Total", "WWW-Authenticate"],
                "maxAge": 0,
                "optionsSuccessStatus": 200,
            }),
            Self::Continue => json!({
                "origin": ["https://app.example"],
                "preflightContinue": true,
            }),
            Self::ListedNull => json!({"origin": ["null", "https://app.example"]}),
        }
    }

    pub(super) fn ours(self) -> Result<Cors, CorsConfigError> {
        let from = |origins: &[&'static str]| OriginPolicy::list(origins.iter().copied());
        let app = ["https://app.example"];
        let start = CorsBuilder::default;
        match self {
            Self::Default => start(),
            Self::List => start()
                .origin(from(&[app[0], "https://other.example", "http://localhost:3000"])?)
                .credentials(true)
                .exposed_headers(["WWW-Authenticate"])
                .max_age(600),
            Self::Fixed => start().origin(from(&app)?),
            Self::Pattern => start()
                .origin(OriginPolicy::pattern(r"https://[a-z0-9-]+\.app\.example")?)
                .credentials(true),
            Self::Reflect => start().origin(OriginPolicy::Reflect),
            Self::Off => start().origin(OriginPolicy::Off),
            Self::Lists => start()
                .origin(from(&app)?)
                .methods(["GET", "DELETE"])
                .allowed_headers(["authorization", "x-one"])
                .exposed_headers(["X-Total", "WWW-Authenticate"])
                .max_age(0)
                .options_success_status(200),
            Self::Continue => start().origin(from(&app)?).preflight_continue(true),
            Self::ListedNull => start().origin(from(&["null", app[0]])?),
        }
        .build()
    }
}
