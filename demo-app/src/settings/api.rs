//! How the API of the demonstration is guarded.

use super::table;
use super::values::Reader;
use portcullis_core::cors::{Cors, OriginPolicy};
use portcullis_core::crypto::SignatureAlgorithm;

/// What the API asks of a request beside a good token.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// What every token must allow.
    pub scopes: Vec<String>,
    /// How tokens may be signed.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// Whether its metadata are served.
    pub has_metadata: bool,
    /// Which pages may call it without the gate.
    pub cors: Option<Cors>,
}

impl ApiSettings {
    /// Nothing is returned only when a problem was noted.
    pub(super) fn check(reader: &mut Reader<'_>) -> Option<Self> {
        let scopes = reader.maybe(&table::API_SCOPES);
        let algorithms = reader.value(&table::API_ALGORITHMS);
        let has_metadata = reader.value(&table::API_METADATA);
        let cors = match reader.maybe(&table::CORS_ORIGINS)? {
            None => None,
            Some(origins) => Some(cors(&origins)?),
        };
        Some(Self {
            scopes: scopes?.unwrap_or_default(),
            algorithms: algorithms?,
            has_metadata: has_metadata?,
            cors,
        })
    }
}

/// What is wrong with an origin was noted when it was read.
fn cors(origins: &[String]) -> Option<Cors> {
    let origins = match origins {
        [any] if any == "*" => OriginPolicy::Any,
        _ => OriginPolicy::list(origins.iter().map(String::as_str)).ok()?,
    };
    Cors::builder().origin(origins).build().ok()
}
