//! Every request that is not for the gate itself: rules, guard, session.

use super::{
    Decision, Forward, Gate, GateFlow, RequestEdits, ResponseEdits, Serve, forwarded, pages,
    prefetch::is_prefetch, respond, sessions::FoundSession,
};
use crate::{
    entropy::Entropy,
    flow::{Context, Step},
    http::{Cookies, FieldText, Headers, RequestHead, Url},
    path::RequestTarget,
    rewrite::{Decided, ExternalUrl, LocalUrl, RouteRequest, Served, Target},
    session::{HeldCookies, Session},
    time::UnixSeconds,
};
use alloc::{
    borrow::{Cow, ToOwned as _},
    format,
};

/// Access tokens that expire this soon are not sent any more, in seconds.
pub(super) const TOKEN_MARGIN: u64 = 5;

impl Gate {
    pub(super) fn route(
        &self,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let routing =
            RouteRequest { path: &target.path, query: target.query, headers: request.headers };
        let Decided { routed, covered, carries_token } = match self.0.router.route(&routing) {
            Ok(decided) => decided,
            Err(error) => return respond(pages::rewrite_failed(error)),
        };
        let guarded = covered.is_some();
        let local = match routed.target {
            Target::External(url) => {
                let guarded = guarded.then_some(carries_token);
                return self.forward(target, url, guarded, request, context);
            }
            Target::Local(local) => local,
            Target::None => LocalUrl {
                path: target.path.borrowed(),
                query: target.query.map(Cow::Borrowed),
                served: Served::Nothing,
            },
        };
        match self.0.routes.find(local.path.as_str()) {
            // A rule that leads to one of the gate's own routes.
            Some(route) => {
                let query = local.query.as_deref();
                let target = RequestTarget { path: local.path.borrowed(), query };
                self.own_route(route, &target, request, context)
            }
            None => self.serve(target, local, guarded, request, context),
        }
    }

    /// `guarded` says whether a request that needs a session carries its access token.
    fn forward(
        &self,
        target: &RequestTarget<'_>,
        url: ExternalUrl<'_>,
        guarded: Option<bool>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let ExternalUrl { scheme, authority, path, query } = url;
        let Ok(destination) = Url::of_parts(scheme, &authority, path, query.as_deref()) else {
            return respond(pages::rewrite_too_long());
        };
        let mut edits = self.forward_edits(request, guarded.is_some());
        let mut response_headers = Headers::new();
        if let Some(carries_token) = guarded {
            let now = context.now.unix;
            let cookies = Cookies::of(request.headers);
            let FoundSession { session, held } = self.find_session(cookies, context);
            let (path, query) = (target.path.as_str(), target.query);
            let Some(session) = session else {
                return Step::Done(self.refuse(request, path, query, held));
            };
            if self.0.cross_site.refuses(request, &self.0.client.base_url) {
                return respond(pages::forged());
            }
            if carries_token {
                let bearer = session
                    .live_access_token(now, TOKEN_MARGIN)
                    .and_then(|token| FieldText::new(format!("Bearer {}", token.expose())).ok());
                let Some(bearer) = bearer else {
                    // The session stays: pages go on to know who it is.
                    let held = HeldCookies::default();
                    return Step::Done(self.refuse(request, path, query, held));
                };
                edits = edits.with_credentials(bearer);
            }
            self.touch(&session, held, request, now, context.entropy, &mut response_headers);
        }
        Step::Done(Decision::Forward(Forward {
            destination,
            request: edits,
            response: ResponseEdits::new(self.0.names.clone(), response_headers, guarded.is_some()),
            limits: self.0.limits,
        }))
    }

    fn serve(
        &self,
        target: &RequestTarget<'_>,
        local: LocalUrl<'_>,
        guarded: bool,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let cookies = Cookies::of(request.headers);
        let now = context.now.unix;
        let FoundSession { session, held } = self.find_session(cookies, context);
        let mut response_headers = Headers::new();
        match &session {
            None if guarded => {
                let (path, query) = (target.path.as_str(), target.query);
                return Step::Done(self.refuse(request, path, query, held));
            }
            None => self.remove_session(held, &mut response_headers),
            Some(_) if guarded && self.0.cross_site.refuses(request, &self.0.client.base_url) => {
                return respond(pages::forged());
            }
            Some(session) => {
                self.touch(session, held, request, now, context.entropy, &mut response_headers);
            }
        }
        let private = session.is_some();
        Step::Done(Decision::Serve(Serve {
            path: local.path.as_str().to_owned(),
            query: local.query.map(Cow::into_owned),
            session,
            request: self.serve_edits(request),
            response: ResponseEdits::new(self.0.names.clone(), response_headers, private),
        }))
    }

    /// What changes in a request on its way to an upstream. The client's own credentials stay
    /// behind where a session takes their place.
    pub(super) fn forward_edits(
        &self,
        request: &RequestHead<'_>,
        replaces_credentials: bool,
    ) -> RequestEdits {
        let replaced: &[&str] = if replaces_credentials {
            &["authorization", "cookie", "host"]
        } else {
            &["cookie", "host"]
        };
        let mut added = Headers::new();
        self.add_common_fields(request, &mut added);
        RequestEdits::new(request.headers, replaced, added)
    }

    /// What changes in a request on its way to the application.
    pub(super) fn serve_edits(&self, request: &RequestHead<'_>) -> RequestEdits {
        let mut added = Headers::new();
        self.add_common_fields(request, &mut added);
        RequestEdits::new(request.headers, &["cookie"], added)
    }

    fn add_common_fields(&self, request: &RequestHead<'_>, headers: &mut Headers) {
        let cookies = Cookies::of(request.headers);
        if let Some(others) = cookies.without(&|name| self.0.names.is_own(name)) {
            headers.append("cookie", others);
        }
        forwarded(request, headers);
    }

    /// Writes the session again where its last use is worth recording. A browser that only looks
    /// ahead does not use anything, and a cookie that cannot be sealed is left as it is.
    fn touch(
        &self,
        session: &Session,
        held: HeldCookies,
        request: &RequestHead<'_>,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) {
        let is_worth_it =
            self.0.session_policy.is_worth_touching(session, now) || held.is_auth0_alone();
        if !is_worth_it || is_prefetch(request) {
            return;
        }
        let touched = Session { used_at: now, ..session.clone() };
        let mut written = Headers::new();
        if self.write_session(&touched, held, now, entropy, &mut written).is_ok() {
            headers.extend(written);
        }
    }
}
