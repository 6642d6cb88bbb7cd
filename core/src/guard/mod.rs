//! The guard of an API: from the head of a request to a verified token or a refusal (RFC 6750).
//!
//! ```text
//!                        ┌─ Await: the issuer's documents are not there yet
//!                        │        │ resume
//! head ─► Guard::begin ──┴────────┴─► Allowed(token)   hand it to the application with the request
//!                                     Anonymous        the same, without a token
//!                                     Refused(refusal) answer this
//!                                     Answered(answer) answer this: the metadata of the API
//!                                     AskRevocation ── resume ─► the token │ a refusal
//! ```
//!
//! A guard waits for its issuer, and for its body where that is a form that may carry the token: it
//! never takes the steps [`Fetch`](crate::flow::Step::Fetch), [`Refresh`](crate::flow::Step::Refresh)
//! and [`Revoke`](crate::flow::Step::Revoke), and [`Read`](crate::flow::Step::Read) only where
//! [`token_in_form`](GuardBuilder::token_in_form) is on. Such a form is the application's all the
//! same: whoever reads it passes on what was read.
//!
//! Exactly one token is looked at. The first thing that is wrong decides, in this order: the path,
//! where routes depend on it; the credentials; the token; its signature; what the route asks of it;
//! whether it was revoked. Nothing is fetched for a token that could not be accepted anyway.
//!
//! Outages and bad tokens are never mixed: a key set that cannot be had is 503, a token that breaks
//! a rule 401, a good one that does not allow this 403. What leaves the process is constant text;
//! [`RefusalReason`] says why, for logs and counters.
//!
//! ```
//! use portcullis_core::{
//!     guard::{Guard, GuardRoute, Requirement},
//!     jwt::TokenPolicy,
//! };
//!
//! let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?)
//!     .route(GuardRoute::open("/health")?)
//!     .route(
//!         GuardRoute::new("/orders/:path*")?
//!             .methods(["POST"])
//!             .require(Requirement::required_scopes(["write:orders"])?),
//!     )
//!     .build()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a client is told
//!
//! | request | status | `WWW-Authenticate` |
//! |---|---|---|
//! | no credentials, or of another scheme | 401 | `Bearer realm="api"` |
//! | malformed, repeated or misplaced credentials | 400 | `…, error="invalid_request", …` |
//! | a token that breaks a rule, or was revoked | 401 | `…, error="invalid_token", …` |
//! | a good token that does not allow this | 403 | `…, error="insufficient_scope", …, scope="…"` |
//! | a path that can be read in two ways, where there are routes | 400, 414 | as above; none |
//! | a form that is too long, too slow, or breaks off | 413, 408, 400 | none; as above for 400 |
//! | keys, or the word on revocation, are not to be had | 503 | none; `Retry-After` |
//!
//! Each has a JSON body with the members `error` and `error_description`, and
//! `Cache-Control: no-store`.

mod config;
mod credentials;
mod flow;
mod memory;
mod refusal;
mod requirement;
mod resource;
mod route;

pub use config::{GuardBuilder, GuardConfigError};
pub use flow::GuardFlow;
pub use memory::GuardMemory;
pub use refusal::{Refusal, RefusalReason};
pub use requirement::{Requirement, RequirementError, RequirementKind};
pub use resource::{ProtectedResource, ProtectedResourceError};
pub use route::{GuardRoute, GuardRouteError};

use crate::{
    http::{RequestHead, Response},
    jwt::{TokenPolicy, TrustError, TrustedIssuer, TrustedIssuers, VerifiedToken},
    path::RequestTarget,
};
use alloc::{sync::Arc, vec::Vec};
use credentials::{TokenPlaces, join};
use refusal::Answers;
use resource::Document;
use route::Access;

/// The guard of one API. Cloning it is cheap, and the clones are one guard.
#[derive(Clone, Debug)]
pub struct Guard(Arc<GuardInner>);

#[derive(Debug)]
struct GuardInner {
    issuers: TrustedIssuers,
    answers: Answers,
    places: TokenPlaces,
    access: Access,
    requirements: Vec<Requirement>,
    routes: Vec<GuardRoute>,
    document: Option<Document>,
    asks_revocation: bool,
}

/// What a request to the API comes to.
#[derive(Debug)]
#[must_use = "a request that was not allowed is not to be answered by the application"]
pub enum Verdict {
    /// The request carries this token.
    Allowed(VerifiedToken),
    /// The request needs no token, and none was looked at.
    Anonymous,
    /// The guard answers itself, with the metadata of the API.
    Answered(Response),
    /// The token is good, if only it was not revoked.
    AskRevocation(RevocationCheck),
    /// The request is refused.
    Refused(Refusal),
}

impl Verdict {
    /// The token, where it was verified and allows the request: what may be remembered.
    #[must_use]
    pub const fn token(&self) -> Option<&VerifiedToken> {
        match self {
            Self::Allowed(token) => Some(token),
            Self::AskRevocation(check) => Some(&check.token),
            Self::Anonymous | Self::Answered(_) | Self::Refused(_) => None,
        }
    }
}

/// A request waits for somebody to say whether its token was revoked.
#[derive(Debug)]
#[must_use = "a check that is dropped gives the request up"]
pub struct RevocationCheck {
    guard: Guard,
    token: VerifiedToken,
}

impl RevocationCheck {
    /// The token. Its claim `jti`, if it has one, names it.
    #[must_use]
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// Goes on with the answer: to the token, or to the refusal to answer with.
    ///
    /// # Errors
    ///
    /// The refusal, where the token was revoked, or where that could not be found out.
    pub fn resume(self, status: TokenStatus) -> Result<VerifiedToken, Refusal> {
        match status {
            TokenStatus::Active => Ok(self.token),
            TokenStatus::Revoked => Err(self.guard.refuse(RefusalReason::Revoked)),
            TokenStatus::Unknown => Err(self.guard.refuse(RefusalReason::RevocationUnknown)),
        }
    }
}

/// Whether a token was revoked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenStatus {
    /// It was not.
    Active,
    /// It was.
    Revoked,
    /// That could not be found out. The request is answered with 503.
    Unknown,
}

impl Guard {
    /// A guard for access tokens of the first issuer that fit `policy`, with no further settings.
    #[must_use]
    pub fn new(policy: TokenPolicy) -> Self {
        Self::builder(policy).finish(Answers::default())
    }

    /// Starts to set up a guard for access tokens of the first issuer that fit `policy`.
    #[must_use]
    pub fn builder(policy: TokenPolicy) -> GuardBuilder {
        GuardBuilder::new(TrustedIssuers::only(policy))
    }

    /// Starts to set up a guard for access tokens of several issuers, each with its own keys and its
    /// own policy.
    ///
    /// # Errors
    ///
    /// [`TrustError`] where there is no issuer, or one stands there twice.
    pub fn for_issuers(
        issuers: impl IntoIterator<Item = TrustedIssuer>,
    ) -> Result<GuardBuilder, TrustError> {
        TrustedIssuers::new(issuers.into_iter().collect()).map(GuardBuilder::new)
    }

    /// The most bytes of a form that is read for its token. A longer one is answered with 413.
    pub const MAX_FORM: usize = 64 * 1024;

    /// Whether the answer to this request must say `Cache-Control: private`, because its token
    /// stands in the query (RFC 6750 §2.3), where no cache looks for credentials. Never unless
    /// [`token_in_query`](GuardBuilder::token_in_query) is on.
    #[must_use]
    pub fn takes_query(&self, request: &RequestHead<'_>) -> bool {
        self.0.places.takes_query(request)
    }

    /// Asks one thing more of a token that this guard let through. For rules that depend on more
    /// than the path.
    ///
    /// # Errors
    ///
    /// The refusal to answer with.
    pub fn require(&self, token: &VerifiedToken, requirement: &Requirement) -> Result<(), Refusal> {
        if requirement.is_met_by(token) {
            return Ok(());
        }
        let reason = RefusalReason::Unmet(requirement.kind());
        Err(self.0.answers.refuse(reason, &join(requirement.scopes()), None))
    }

    /// The answer of this guard to a request that is refused for `reason`. For an application that
    /// refuses a request for a reason of its own.
    #[must_use]
    pub fn refuse(&self, reason: RefusalReason) -> Refusal {
        self.0.answers.refuse(reason, "", None)
    }

    /// What can be said of a request without its credentials.
    fn enter(&self, request: &RequestHead<'_>) -> Entry {
        let inner = &*self.0;
        if inner.routes.is_empty() && inner.document.is_none() {
            return Entry::Guarded { route: None, access: inner.access };
        }
        let target = origin_form(request.target);
        let received = target.split_once('?').map_or(target, |(path, _)| path);
        let document = inner.document.as_ref();
        if let Some(answer) = document.and_then(|it| it.answer(request.method, received)) {
            return Entry::Decided(Verdict::Answered(answer));
        }
        if inner.routes.is_empty() {
            return Entry::Guarded { route: None, access: inner.access };
        }
        let target = match RequestTarget::parse(target) {
            Ok(target) => target,
            Err(error) => {
                return Entry::Decided(self.refused(RefusalReason::Path(error)));
            }
        };
        let route = inner.routes.iter().position(|route| route.covers(request, &target, received));
        match route.and_then(|at| inner.routes.get(at)).map_or(inner.access, |route| route.access) {
            Access::Open => Entry::Decided(Verdict::Anonymous),
            access => Entry::Guarded { route, access },
        }
    }

    /// What a verified token comes to at a route.
    fn settle(&self, token: VerifiedToken, route: Option<usize>) -> Verdict {
        let inner = &*self.0;
        let of_route = route.and_then(|at| inner.routes.get(at)).map(|it| it.requirements.iter());
        let mut requirements = inner.requirements.iter().chain(of_route.into_iter().flatten());
        let all = requirements.clone();
        if let Some(unmet) = requirements.find(|requirement| !requirement.is_met_by(&token)) {
            let scope = match unmet.kind() {
                // What a token needs here, whichever of it this one has (RFC 6750 §3.1).
                RequirementKind::Scope => join(all.flat_map(Requirement::scopes)),
                _ => Default::default(),
            };
            let reason = RefusalReason::Unmet(unmet.kind());
            return Verdict::Refused(inner.answers.refuse(reason, &scope, None));
        }
        if inner.asks_revocation {
            return Verdict::AskRevocation(RevocationCheck { guard: self.clone(), token });
        }
        Verdict::Allowed(token)
    }

    fn refused(&self, reason: RefusalReason) -> Verdict {
        Verdict::Refused(self.refuse(reason))
    }
}

/// The path and the query of a request target, whichever form it has (RFC 9112 §3.2). An authority may
/// have a query behind it and no path, so not every slash begins one (RFC 3986 §3.2).
fn origin_form(target: &str) -> &str {
    let rest = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme));
    match rest {
        Some(rest) => {
            let after = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..));
            after.filter(|after| after.starts_with('/')).unwrap_or("/")
        }
        None => target,
    }
}

/// How a request enters.
enum Entry {
    /// Its credentials do not matter.
    Decided(Verdict),
    /// They do.
    Guarded { route: Option<usize>, access: Access },
}

#[cfg(test)]
mod tests;
