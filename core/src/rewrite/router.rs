//! Rules, matcher and application as one: where a request goes, and whether it needs a session.

use super::{
    Explanation, Matcher, Rewrites, RouteError, RouteRequest, Routed, Served, Target, route::Event,
};
use crate::path::CanonicalPath;
use alloc::boxed::Box;
use core::fmt;

/// Says what the application has at a path, which is given whole, base path included.
pub type Serves = dyn Fn(&str) -> Served + Send + Sync;

/// Decides where requests go and which of them need a session.
///
/// Both are one decision: nobody learns a destination without learning whether it is guarded. The
/// matcher is asked about the path and the query of the request and again about everything that the
/// rules made of them, one after the other.
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
    /// Whether the server that it goes to gets the access token of that session.
    pub carries_token: bool,
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
    /// The one that rules made of it, or the same with another query.
    Rewritten,
}

/// How [`Router::explain`] came to its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterExplanation<'a> {
    /// What the rules did.
    pub rules: Explanation<'a>,
    /// Why the request needs a session; `None` if it needs none.
    pub covered: Option<Covered>,
    /// Whether the server that it goes to gets the access token of that session.
    pub carries_token: bool,
}

impl RouterExplanation<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RouterExplanation<'static> {
        let Self { rules, covered, carries_token } = self;
        RouterExplanation { rules: rules.into_owned(), covered, carries_token }
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
        let mut cover = Cover::of(self.protected.as_ref(), request);
        let routed =
            self.rewrites.walk(request, &*self.serves, &mut |event| cover.on_event(event))?;
        let covered = cover.at_end(&routed.target);
        let carries_token = self.carries_token(&routed, covered);
        Ok(Decided { routed, covered, carries_token })
    }

    /// The same, with every rule that applied and its parameters.
    #[must_use]
    pub fn explain<'a>(&'a self, request: &RouteRequest<'a>) -> RouterExplanation<'a> {
        let mut cover = Cover::of(self.protected.as_ref(), request);
        let rules =
            self.rewrites.explain_and(request, &*self.serves, &mut |event| cover.on_event(event));
        let (covered, carries_token) = match &rules.result {
            Ok(routed) => {
                let covered = cover.at_end(&routed.target);
                (covered, self.carries_token(routed, covered))
            }
            Err(_) => (cover.covered, false),
        };
        RouterExplanation { rules, covered, carries_token }
    }

    /// Only the upstream of a request that has a session can get its token, and only where the rule
    /// that leads there does not keep it back.
    fn carries_token(&self, routed: &Routed<'_>, covered: Option<Covered>) -> bool {
        let (Target::External(_), Some(covered)) = (&routed.target, covered) else { return false };
        let rule = routed.rule.and_then(|rule| self.rewrites.rule(rule));
        rule.and_then(|rule| rule.access_token).unwrap_or(covered.path == CoveredPath::Requested)
    }
}

/// What covers a request, as far as is known on its way through the rules.
struct Cover<'a, 'r> {
    protected: Option<&'a Matcher>,
    request: &'r RouteRequest<'a>,
    covered: Option<Covered>,
}

impl<'a, 'r> Cover<'a, 'r> {
    fn of(protected: Option<&'a Matcher>, request: &'r RouteRequest<'a>) -> Self {
        let mut cover = Self { protected, request, covered: None };
        cover.ask(request.path, request.query, CoveredPath::Requested);
        cover
    }

    fn ask(&mut self, path: &CanonicalPath<'_>, query: Option<&str>, which: CoveredPath) {
        if self.covered.is_none()
            && let Some(protected) = self.protected
        {
            let headers = self.request.headers;
            let entry = protected.find(&RouteRequest { path, query, headers });
            self.covered = entry.map(|entry| Covered { entry, path: which });
        }
    }

    fn on_event(&mut self, event: Event<'_>) {
        if let Event::Leads(path, query) = event {
            self.ask(path, query, CoveredPath::Rewritten);
        }
    }

    /// At another server, the path and the query count as well.
    fn at_end(mut self, target: &Target<'_>) -> Option<Covered> {
        if let Target::External(url) = target
            && (url.path != *self.request.path || url.query.as_deref() != self.request.query)
        {
            self.ask(&url.path, url.query.as_deref(), CoveredPath::Rewritten);
        }
        self.covered
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
    use crate::rewrite::{Condition, MatcherEntry, Phase, RewriteRule, RuleId};
    use alloc::{format, vec::Vec};

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

    /// P24: a rule that leads out from a guarded path leads nobody around the guard.
    #[test]
    fn the_matcher_is_asked_about_every_path_on_the_way() {
        let rewrites = Rewrites::builder()
            .before_files([RewriteRule::new("/first", "/private/first")])
            .after_files([
                RewriteRule::new("/v1/:path*", "/api/:path*"),
                RewriteRule::new("/api/:path*", "http://upstream.test/:path*"),
                RewriteRule::new("/private/first", "/open"),
            ]);
        let protected = Matcher::new(["/private/:path*", "/api/:path*"]).unwrap();
        let serves = |path: &str| if path == "/open" { Served::Page } else { Served::Nothing };
        let router = Router::new(rewrites.build().unwrap(), Some(protected), serves);
        for (path, destination, entry) in
            [("/v1/users", "http://upstream.test/users", 1), ("/first", "/open", 0)]
        {
            let path = CanonicalPath::parse(path).unwrap();
            let headers: [(&str, &str); 0] = [];
            let request = RouteRequest { path: &path, query: None, headers: &headers };
            let decided = router.route(&request).unwrap();
            let covered = Some(Covered { entry, path: CoveredPath::Rewritten });
            assert_eq!(decided.covered, covered, "{path}");
            assert_eq!(router.explain(&request).covered, covered, "{path}");
            let target = match decided.routed.target {
                Target::External(url) => format!("{url}"),
                Target::Local(url) => format!("{url}"),
                Target::None => panic!("{path} leads nowhere"),
            };
            assert_eq!(target, destination);
        }
    }

    /// P24: what a rule adds to the query counts as well, where the matcher looks at that.
    #[test]
    fn the_matcher_is_asked_about_the_query_that_a_rule_makes() {
        let upstream = "http://upstream.test";
        let rewrites = Rewrites::builder().after_files([
            RewriteRule::new("/run", format!("{upstream}/run?mode=write")),
            RewriteRule::new("/go", format!("{upstream}/jobs?mode=write")),
            RewriteRule::new("/inward", "/run?mode=write"),
            RewriteRule::new("/look", format!("{upstream}/jobs?mode=read")),
        ]);
        let writes = Condition::query("mode").value("write");
        let protected = Matcher::builder()
            .entries(["/run", "/jobs"].map(|path| MatcherEntry::new(path).has(writes.clone())))
            .build()
            .unwrap();
        let serves = |path: &str| if path == "/run" { Served::Page } else { Served::Nothing };
        let router = Router::new(rewrites.build().unwrap(), Some(protected), serves);
        for (path, query, guarded) in [
            ("/run", None, true),
            ("/go", None, true),
            ("/inward", None, true),
            ("/look", None, false),
            ("/look", Some("mode=write"), false),
            ("/jobs", Some("mode=write"), true),
        ] {
            let path = CanonicalPath::parse(path).unwrap();
            let headers: [(&str, &str); 0] = [];
            let request = RouteRequest { path: &path, query, headers: &headers };
            let decided = router.route(&request).unwrap();
            assert_eq!(decided.covered.is_some(), guarded, "{path} {query:?}");
            assert_eq!(router.explain(&request).covered, decided.covered, "{path} {query:?}");
        }
    }

    /// S08: a server gets the access token only where that is meant.
    #[test]
    fn a_token_goes_only_where_it_is_meant_to_go() {
        let rule = |source, path| RewriteRule::new(source, format!("http://upstream.test{path}"));
        let rewrites = Rewrites::builder().after_files([
            rule("/api/own", "/"),
            rule("/api/theirs", "/").without_access_token(),
            rule("/theirs", "/api/theirs"),
            rule("/alias", "/api/own").with_access_token(),
            rule("/open", "/open").with_access_token(),
            RewriteRule::new("/inward", "/api/theirs"),
            rule("/api/theirs", "/").without_access_token(),
        ]);
        let protected = Matcher::new(["/api/:path*"]).unwrap();
        let router = Router::new(rewrites.build().unwrap(), Some(protected), |_| Served::Nothing);
        for (path, guarded, carries_token) in [
            ("/api/own", true, true),
            ("/api/theirs", true, false),
            ("/theirs", true, false),
            ("/alias", true, true),
            ("/open", false, false),
            ("/inward", true, false),
            ("/api/page", true, false),
        ] {
            let path = CanonicalPath::parse(path).unwrap();
            let headers: [(&str, &str); 0] = [];
            let request = RouteRequest { path: &path, query: None, headers: &headers };
            let decided = router.route(&request).unwrap();
            assert_eq!(decided.covered.is_some(), guarded, "{path}");
            assert_eq!(decided.carries_token, carries_token, "{path}");
            assert_eq!(router.explain(&request).carries_token, carries_token, "{path}");
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
