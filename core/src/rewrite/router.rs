//! Rules, matcher and application as one: where a request goes, and whether it needs a session.

use super::{Explanation, Matcher, Rewrites, RouteError, RouteRequest, Routed, Served, Target};
use crate::path::CanonicalPath;
use alloc::boxed::Box;
use core::fmt;

/// Says what the application has at a path, which is given whole, base path included.
pub type Serves = dyn Fn(&str) -> Served + Send + Sync;

/// Decides where requests go and which of them need a session.
///
/// Both are one decision: nobody learns a destination without learning whether it is guarded. The
/// matcher is asked about the path of the request and again about what the rules made of it.
pub struct Router {
    rewrites: Rewrites,
    protected: Option<Matcher>,
    serves: Box<Serves>,
}

/// Where a request goes, and what asks for a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided<'a> {
    /// Where it goes.
    pub routed: Routed<'a>,
    /// Why it needs a session; `None` if it needs none.
    pub covered: Option<Covered>,
}

/// Which entry of the matcher covers a request, and by which path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Covered {
    /// The number of the entry, from 0.
    pub entry: usize,
    /// Which path it covers.
    pub path: CoveredPath,
}

/// Which path of a request a matcher covers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CoveredPath {
    /// The one that the client asked for.
    Requested,
    /// The one that rules made of it.
    Rewritten,
}

/// How [`Router::explain`] came to its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterExplanation<'a> {
    /// What the rules did.
    pub rules: Explanation<'a>,
    /// Why the request needs a session; `None` if it needs none.
    pub covered: Option<Covered>,
}

impl RouterExplanation<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RouterExplanation<'static> {
        RouterExplanation { rules: self.rules.into_owned(), covered: self.covered }
    }
}

impl Router {
    /// Puts the parts together. Without a matcher no request needs a session.
    pub fn new(
        rewrites: Rewrites,
        protected: Option<Matcher>,
        serves: impl Fn(&str) -> Served + Send + Sync + 'static,
    ) -> Self {
        Self { rewrites, protected, serves: Box::new(serves) }
    }

    /// The rules.
    #[must_use]
    pub const fn rewrites(&self) -> &Rewrites {
        &self.rewrites
    }

    /// Which requests need a session.
    #[must_use]
    pub const fn protected(&self) -> Option<&Matcher> {
        self.protected.as_ref()
    }

    /// Decides about a request.
    ///
    /// # Errors
    ///
    /// As for [`Rewrites::route`]. The request must be refused.
    pub fn route<'a>(&'a self, request: &RouteRequest<'a>) -> Result<Decided<'a>, RouteError> {
        let routed = self.rewrites.route(request, &*self.serves)?;
        let covered = self.covered(request, Some(&routed.target));
        Ok(Decided { routed, covered })
    }

    /// The same, with every rule that applied and its parameters.
    #[must_use]
    pub fn explain<'a>(&'a self, request: &RouteRequest<'a>) -> RouterExplanation<'a> {
        let rules = self.rewrites.explain(request, &*self.serves);
        let target = rules.result.as_ref().map(|routed| &routed.target);
        let covered = self.covered(request, target.ok());
        RouterExplanation { rules, covered }
    }

    fn covered(&self, request: &RouteRequest<'_>, target: Option<&Target<'_>>) -> Option<Covered> {
        let protected = self.protected.as_ref()?;
        let covered = |path: &CanonicalPath<'_>, which| {
            let entry = protected.find(&RouteRequest { path, ..*request })?;
            Some(Covered { entry, path: which })
        };
        covered(request.path, CoveredPath::Requested).or_else(|| {
            let path = match target? {
                Target::External(url) => &url.path,
                Target::Local(url) => &url.path,
                Target::None => return None,
            };
            if path == request.path { None } else { covered(path, CoveredPath::Rewritten) }
        })
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("rewrites", &self.rewrites)
            .field("protected", &self.protected)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::{Phase, RewriteRule, RuleId};
    use alloc::vec::Vec;

    fn router() -> Router {
        let rewrites = Rewrites::builder()
            .before_files([RewriteRule::new("/first", "/second")])
            .after_files([
                RewriteRule::new("/hidden", "/private/x"),
                RewriteRule::new("/open/:path*", "http://upstream.test/open/:path*"),
                RewriteRule::new("/outside/:path*", "http://upstream.test/api/:path*"),
                RewriteRule::new("/dots/:a/:b", "/x/:a.:b"),
            ])
            .fallback([RewriteRule::new("/:path*", "http://upstream.test/rest/:path*")])
            .build()
            .unwrap();
        let protected = Matcher::new(["/private/:path*", "/api/:path*"]).unwrap();
        Router::new(rewrites, Some(protected), |path| match path {
            "/second" => Served::File,
            "/page" | "/private/x" => Served::Page,
            _ => Served::Nothing,
        })
    }

    fn explain(path: &str) -> RouterExplanation<'static> {
        let router = router();
        let path = CanonicalPath::parse(path).unwrap();
        let headers: [(&str, &str); 0] = [];
        let request = RouteRequest { path: &path, query: None, headers: &headers };
        let explanation = router.explain(&request).into_owned();
        let decided = router.route(&request);
        assert_eq!(decided.as_ref().map(|decided| &decided.routed).ok(), {
            explanation.rules.result.as_ref().ok()
        });
        if let Ok(decided) = decided {
            assert_eq!(decided.covered, explanation.covered);
        }
        explanation
    }

    #[test]
    fn the_matcher_is_asked_about_both_paths() {
        let requested = |entry| Some(Covered { entry, path: CoveredPath::Requested });
        let rewritten = |entry| Some(Covered { entry, path: CoveredPath::Rewritten });
        for (path, covered) in [
            ("/open/a", None),
            ("/private/a", requested(0)),
            ("/API/a", requested(1)),
            ("/hidden", rewritten(0)),
            ("/outside/a", rewritten(1)),
        ] {
            assert_eq!(explain(path).covered, covered, "{path}");
        }
    }

    #[test]
    fn rules_behind_the_end_of_routing_were_not_reached() {
        let id = |phase, index| RuleId { phase, index };
        let last_before = id(Phase::BeforeFiles, 0);
        for (path, end) in [
            ("/first", last_before),
            ("/page", id(Phase::AfterFiles, 3)),
            ("/hidden", id(Phase::AfterFiles, 0)),
            ("/outside/a", id(Phase::AfterFiles, 2)),
            ("/x", id(Phase::Fallback, 0)),
        ] {
            let explanation = explain(path);
            let reached: Vec<_> = router()
                .rewrites()
                .rules()
                .filter(|(rule, _)| explanation.rules.reached(*rule))
                .map(|(rule, _)| rule)
                .collect();
            assert_eq!(reached.last().copied(), Some(end), "{path}");
        }
    }

    #[test]
    fn a_request_that_can_not_be_rewritten_is_refused_at_its_rule() {
        let explanation = explain("/dots/x;/b");
        let rule = RuleId { phase: Phase::AfterFiles, index: 3 };
        assert_eq!(explanation.rules.result.map_err(|error| error.rule), Err(rule));
        assert_eq!(explanation.rules.applied.last().map(|applied| applied.rule), Some(rule));
    }
}
