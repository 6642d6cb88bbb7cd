//! Cross-origin resource sharing: which pages of other origins may read the answers of an API
//! (Fetch Standard, "CORS protocol").
//!
//! CORS comes before authentication, so that a preflight needs no token, and it goes on every
//! answer, so that a page can read why it was refused. The options have the names that users of
//! npm's `cors` know.
//!
//! ```text
//! head ─► Cors::begin ─► Preflight(response)          answered here, never passed on
//!                    └─► Continue(edits) ─► … answer … ─► edits.filter(answer)
//! ```
//!
//! ```
//! use portcullis_core::cors::{Cors, OriginPolicy};
//!
//! let cors = Cors::builder()
//!     .origin(OriginPolicy::list(["https://app.example", "http://localhost:3000"])?)
//!     .credentials(true)
//!     .max_age(600)
//!     .build()?;
//! # Ok::<(), portcullis_core::cors::CorsConfigError>(())
//! ```

mod config;

pub use config::{CorsBuilder, CorsConfigError, OriginPolicy};

use crate::http::{FieldText, HeaderView, Headers, One, RequestHead, Response};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// The most bytes of an `Origin` that is looked at.
const MAX_ORIGIN: usize = 512;
/// The most bytes of requested header names that are looked at.
const MAX_REQUESTED_HEADERS: usize = 2048;

/// The fields that only the CORS policy of the outermost server may set.
const FIELDS: [&str; 7] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// A CORS policy. Cloning it is cheap, and the clones are one policy.
#[derive(Clone)]
pub struct Cors(Arc<Policy>);

struct Policy {
    origin: OriginPolicy,
    methods: FieldText,
    /// `None`: whatever is asked for.
    allowed_headers: Option<FieldText>,
    exposed_headers: Option<FieldText>,
    credentials: bool,
    max_age: Option<u64>,
    preflight_continue: bool,
    options_success_status: u16,
}

/// What CORS makes of a request.
#[derive(Clone, Debug)]
pub enum CorsDecision {
    /// Answer the preflight with this.
    Preflight(Response),
    /// Go on, and put these fields on the answer, whatever it is.
    Continue(CorsEdits),
}

impl Cors {
    /// Starts a policy: any origin, without credentials, as npm's `cors` without options.
    #[must_use]
    pub fn builder() -> CorsBuilder {
        CorsBuilder::default()
    }

    /// Looks at a request, before anything else does.
    #[must_use]
    pub fn begin(&self, request: &RequestHead<'_>) -> CorsDecision {
        let policy = &*self.0;
        if matches!(policy.origin, OriginPolicy::Off) {
            return CorsDecision::Continue(CorsEdits::default());
        }
        let origin = match request.header("origin") {
            One::Absent => None,
            field => Some(field.text().filter(|origin| origin.len() <= MAX_ORIGIN)),
        };
        let mut edits = CorsEdits { active: true, ..CorsEdits::default() };
        if !matches!(policy.origin, OriginPolicy::Any) {
            edits.vary.push_str("Origin");
        }
        let allowed = match origin.flatten() {
            _ if matches!(policy.origin, OriginPolicy::Any) => Some(FieldText::constant("*")),
            Some(origin) if policy.origin.allows(origin) => {
                Some(FieldText::lossy(String::from(origin)))
            }
            _ => None,
        };
        let is_preflight = request.method == "OPTIONS"
            && origin.is_some()
            && request.header("access-control-request-method") != One::Absent;
        if let Some(allowed) = allowed {
            edits.added.append("access-control-allow-origin", allowed);
            if policy.credentials {
                let granted = FieldText::constant("true");
                edits.added.append("access-control-allow-credentials", granted);
            }
            if is_preflight {
                self.allow(request, &mut edits);
            } else if let Some(exposed) = &policy.exposed_headers {
                edits.added.append("access-control-expose-headers", exposed.clone());
            }
        }
        if is_preflight && policy.allowed_headers.is_none() {
            // What is allowed depends on what was asked for.
            edits.add_vary("Access-Control-Request-Headers");
        }
        if !is_preflight || policy.preflight_continue {
            return CorsDecision::Continue(edits);
        }
        let mut response = Response::empty(policy.options_success_status);
        let none: [(&str, &str); 0] = [];
        for (name, value) in edits.filter(&none).added {
            response.headers.append(name, value);
        }
        CorsDecision::Preflight(response)
    }

    /// What an allowed preflight grants.
    fn allow(&self, request: &RequestHead<'_>, edits: &mut CorsEdits) {
        let policy = &*self.0;
        edits.added.append("access-control-allow-methods", policy.methods.clone());
        let headers = match &policy.allowed_headers {
            Some(allowed) => Some(allowed.clone()),
            None => requested_headers(request),
        };
        if let Some(headers) = headers.filter(|headers| !headers.as_str().is_empty()) {
            edits.added.append("access-control-allow-headers", headers);
        }
        if let Some(seconds) = policy.max_age {
            edits.added.append("access-control-max-age", FieldText::from(seconds));
        }
    }
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cors").field("origin", &self.0.origin).finish_non_exhaustive()
    }
}

/// The header names that a preflight asks for, if they are names.
fn requested_headers(request: &RequestHead<'_>) -> Option<FieldText> {
    let names = request.header("access-control-request-headers").text()?;
    let is_name_byte = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b',' | b' ' | b'\t')
            || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
    };
    let usable = names.len() <= MAX_REQUESTED_HEADERS && names.bytes().all(is_name_byte);
    usable.then(|| FieldText::lossy(String::from(names)))
}

/// What CORS changes in an answer, whoever gives it.
#[derive(Clone, Debug, Default)]
pub struct CorsEdits {
    active: bool,
    added: Headers,
    vary: String,
}

/// The decision about each field of one answer.
#[derive(Clone, Debug)]
pub struct CorsFilter {
    active: bool,
    added: Vec<(&'static str, FieldText)>,
}

impl CorsEdits {
    fn add_vary(&mut self, name: &str) {
        let separator = if self.vary.is_empty() { "" } else { ", " };
        self.vary = format!("{}{separator}{name}", self.vary);
    }

    /// Looks at the header fields of the answer, once they are there.
    #[must_use]
    pub fn filter(&self, answer: &dyn HeaderView) -> CorsFilter {
        let mut varies = Vec::new();
        answer.each_value("vary", &mut |value| {
            varies.extend(value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii));
        });
        let is_there = |name: &str| {
            varies.iter().any(|known| *known == b"*" || known.eq_ignore_ascii_case(name.as_bytes()))
        };
        let missing: Vec<&str> =
            self.vary.split(", ").filter(|name| !name.is_empty() && !is_there(name)).collect();
        let mut added = self.added.to_pairs();
        if !missing.is_empty() {
            added.push(("vary", FieldText::lossy(missing.join(", "))));
        }
        CorsFilter { active: self.active, added }
    }
}

impl CorsFilter {
    /// Whether the answer's field `name` stays. What an upstream says of CORS does not: there is
    /// one policy.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        !self.active || !FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field))
    }

    /// The fields to add.
    pub fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.added.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

#[cfg(test)]
mod tests;
