//! What the gate would do with a request, and why.

use super::{Decision, Gate, Malformed, RequestEdits, malformed};
use crate::{
    http::{FieldText, RequestHead, Response},
    path::CanonicalPath,
    rewrite::{RouteError, RouteRequest, RouterExplanation, Target},
    session::HeldCookies,
};
use alloc::string::{String, ToString as _};

/// Stands where the access token of a session would.
const CREDENTIALS: &str = "Bearer <access token of the session>";

/// What [`Gate::explain`] finds.
#[derive(Clone, Debug)]
pub struct GateExplanation {
    /// The path as rules and matcher see it.
    pub path: CanonicalPath<'static>,
    /// What rules and matcher said; `None` where the gate's own route is asked for, about which
    /// they are not asked.
    pub routing: Option<RouterExplanation<'static>>,
    /// What becomes of the request, for a guarded one if there is a session.
    pub outcome: GateOutcome,
    /// The answer to a guarded request without a session; `None` for one that needs none.
    pub without_session: Option<Response>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum GateOutcome {
    /// One of the gate's own routes answers.
    OwnRoute {
        /// Its path.
        path: String,
    },
    /// It goes to an upstream.
    Forward {
        /// The whole URL. Its authority is also the `Host` that upstream sees.
        destination: String,
        /// What changes in its header fields.
        request: RequestEdits,
    },
    /// It goes to the application.
    Serve {
        /// Path and query.
        destination: String,
        /// What changes in its header fields.
        request: RequestEdits,
    },
    /// A rule applies whose destination can't be filled in.
    Refused(RouteError),
}

impl Gate {
    /// Explains what would become of `request`. Nothing is decided, and no cookie is opened.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where the request is refused before any rule is asked.
    pub fn explain(&self, request: &RequestHead<'_>) -> Result<GateExplanation, Malformed> {
        let target = malformed::target(request)?;
        let path = target.path.clone().into_owned();
        if self.0.routes.find(path.as_str()).is_some() {
            let outcome = GateOutcome::OwnRoute { path: path.to_string() };
            return Ok(GateExplanation { path, routing: None, outcome, without_session: None });
        }
        let routing =
            RouteRequest { path: &target.path, query: target.query, headers: request.headers };
        let explanation = self.0.router.explain(&routing).into_owned();
        let guarded = explanation.covered.is_some();
        let outcome = match &explanation.rules.result {
            Err(error) => GateOutcome::Refused(*error),
            Ok(routed) => match &routed.target {
                Target::External(url) => GateOutcome::Forward {
                    destination: url.to_string(),
                    request: match self.forward_edits(request, guarded) {
                        edits if explanation.carries_token => {
                            edits.with_credentials(FieldText::constant(CREDENTIALS))
                        }
                        edits => edits,
                    },
                },
                Target::Local(local) if self.0.routes.find(local.path.as_str()).is_some() => {
                    GateOutcome::OwnRoute { path: local.path.to_string() }
                }
                Target::Local(local) => GateOutcome::Serve {
                    destination: local.to_string(),
                    request: self.serve_edits(request),
                },
                Target::None => GateOutcome::Serve {
                    destination: match target.query {
                        Some(query) => alloc::format!("{path}?{query}"),
                        None => path.to_string(),
                    },
                    request: self.serve_edits(request),
                },
            },
        };
        let needs_session =
            matches!(outcome, GateOutcome::Forward { .. } | GateOutcome::Serve { .. }) && guarded;
        let without_session = needs_session
            .then(|| self.refuse(request, path.as_str(), target.query, HeldCookies::default()))
            .and_then(|decision| match decision {
                Decision::Respond(answer) => Some(answer.response),
                Decision::Forward(_) | Decision::Serve(_) => None,
            });
        Ok(GateExplanation { path, routing: Some(explanation), outcome, without_session })
    }
}
