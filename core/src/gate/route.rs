//! Every request that is not for the gate itself: rules, guard, session.

use super::{
    Decision, Forward, Gate, GateFlow, RequestEdits, ResponseEdits, Serve, forwarded,
    guarded::Onward, pages, prefetch::is_prefetch, respond, sessions::FoundSession,
};
use crate::{
    flow::{Context, Step},
    http::{Cookies, Headers, RequestHead, Url},
    path::RequestTarget,
    rewrite::{Decided, ExternalUrl, LocalUrl, RouteRequest, Served, Target},
};
use alloc::borrow::{Cow, ToOwned as _};

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
            return respond(pages::internal());
        };
        if let Some(carries_token) = guarded {
            let onward = Onward::Forward { destination, carries_token };
            return self.guarded(onward, target, request, context);
        }
        Step::Done(Decision::Forward(Forward {
            destination,
            request: self.forward_edits(request, false),
            response: ResponseEdits::new(self.0.names.clone(), Headers::new(), false),
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
        let (path, query) = (local.path.as_str().to_owned(), local.query.map(Cow::into_owned));
        if guarded {
            return self.guarded(Onward::Serve { path, query }, target, request, context);
        }
        let now = context.now.unix;
        let FoundSession { session, held } =
            self.find_session(Cookies::of(request.headers), context);
        let mut headers = Headers::new();
        // Whoever looks at a session trusts that its user meant the request.
        let is_meant = !self.0.cross_site.refuses(request, &self.0.client.base_url);
        match &session {
            None => self.remove_session(held, &mut headers),
            Some(session) if is_meant && !is_prefetch(request) => {
                self.roll(session, held, now, context.entropy, &mut headers);
            }
            Some(_) => {}
        }
        let session = session.filter(|_| is_meant);
        let response = ResponseEdits::new(self.0.names.clone(), headers, session.is_some());
        let request = self.serve_edits(request);
        Step::Done(Decision::Serve(Serve { path, query, session, request, response }))
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
}
