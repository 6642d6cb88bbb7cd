//! The APIs that are asked, each set up in the same way on both sides.

use crate::harness::Provider;
use core::iter;
use portcullis_core::{
    cors::{Cors, CorsBuilder, CorsConfigError, OriginPolicy},
    guard::Guard,
    jwt::{ClockTolerance, TokenPolicy},
};
use serde_json::{Value, json};

/// How far clocks may be apart, in seconds.
const TOLERANCE: u64 = 60;

/// An API.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Api {
    /// No CORS.
    Plain,
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
    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        iter::once(Self::Plain).chain(Policy::ALL.map(Self::Cors))
    }

    pub(super) const fn cors(self) -> Option<Policy> {
        match self {
            Self::Cors(policy) => Some(policy),
            Self::Plain => None,
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
        });
        if let Some(policy) = self.cors() {
            api["cors"] = policy.of_npm();
        }
        api
    }
}

/// Our guard for the tokens of the provider.
pub(super) fn guard() -> Guard {
    let tolerance = ClockTolerance::from_seconds(TOLERANCE).expect("a tolerance");
    let policy = TokenPolicy::access_token([Provider::AUDIENCE]).expect("an audience");
    Guard::new(policy.with_clock_tolerance(tolerance))
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
