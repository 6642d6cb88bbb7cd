//! Every request that is not for the gate itself: rules, guard, session.

use super::{
    Decision, Forward, Gate, GateFlow, RequestEdits, ResponseEdits, Serve, forwarded, pages,
    refusal::is_forged, respond, sessions::FoundSession,
};
use crate::{
    entropy::Entropy,
    flow::{Context, Step},
    http::{Cookies, FieldText, Headers, RequestHead, Url},
    path::{CanonicalPath, RequestTarget},
    rewrite::{ExternalUrl, LocalUrl, RouteRequest, Served, Target},
    session::{HeldCookies, Session},
    time::UnixSeconds,
};
use alloc::{
    borrow::{Cow, ToOwned as _},
    format,
    string::ToString as _,
};

/// Access tokens that expire this soon are not sent any more, in seconds.
const TOKEN_MARGIN: u64 = 5;

impl Gate {
    pub(super) fn route(
        &self,
        target: &RequestTarget<'_>,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let routing =
            RouteRequest { path: &target.path, query: target.query, headers: request.headers };
        let routed = match &self.0.rewrites {
            None => Target::None,
            Some(rewrites) => match rewrites.route(&routing, &|path| self.serves(path)) {
                Ok(routed) => routed.target,
                Err(_) => return respond(pages::bad_request("rewrite")),
            },
        };
        match routed {
            Target::External(url) => {
                let guarded =
                    self.is_guarded(&routing) || self.is_guarded_path(&url.path, &routing);
                self.forward(target, &url, guarded, request, context)
            }
            Target::Local(local) => match self.0.routes.find(local.path.as_str()) {
                // A rule that leads to one of the gate's own routes.
                Some(route) => {
                    let query = local.query.as_deref();
                    let target = RequestTarget { path: local.path.borrowed(), query };
                    self.own_route(route, &target, request, context)
                }
                None => {
                    let guarded =
                        self.is_guarded(&routing) || self.is_guarded_path(&local.path, &routing);
                    self.serve(target, local, guarded, request, context)
                }
            },
            Target::None => {
                let local = LocalUrl {
                    path: target.path.borrowed(),
                    query: target.query.map(Cow::Borrowed),
                    served: Served::Nothing,
                };
                self.serve(target, local, self.is_guarded(&routing), request, context)
            }
        }
    }

    /// The gate's own routes always count as served.
    fn serves(&self, path: &str) -> Served {
        if self.0.routes.find(path).is_some() { Served::Page } else { (self.0.serves)(path) }
    }

    fn is_guarded(&self, routing: &RouteRequest<'_>) -> bool {
        self.0.protected.as_ref().is_some_and(|protected| protected.is_match(routing))
    }

    /// Asks the guard again, about what the rules made of the path.
    fn is_guarded_path(&self, path: &CanonicalPath<'_>, routing: &RouteRequest<'_>) -> bool {
        *path != *routing.path && self.is_guarded(&RouteRequest { path, ..*routing })
    }

    fn forward(
        &self,
        target: &RequestTarget<'_>,
        url: &ExternalUrl<'_>,
        guarded: bool,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> Step<GateFlow> {
        let Ok(destination) = Url::parse(&url.to_string()) else {
            return respond(pages::bad_request("rewrite"));
        };
        let cookies = Cookies::of(request.headers);
        let mut request_headers = Headers::new();
        let mut response_headers = Headers::new();
        if guarded {
            let now = context.now.unix;
            let FoundSession { session, held } = self.find_session(cookies, now);
            let token = session.as_ref().and_then(|session| {
                let token = session.live_access_token(now, TOKEN_MARGIN)?;
                Some((session, FieldText::new(format!("Bearer {}", token.expose())).ok()?))
            });
            let Some((session, credentials)) = token else {
                // A session whose token has expired stays: pages go on to know who it is.
                let held = if session.is_some() { HeldCookies::default() } else { held };
                let (path, query) = (target.path.as_str(), target.query);
                return Step::Done(self.refuse(request, path, query, held));
            };
            if is_forged(request, self.0.client.base_url.as_str()) {
                return respond(pages::forged());
            }
            request_headers.append("authorization", credentials);
            self.touch(session, held, request, now, context.entropy, &mut response_headers);
        }
        self.add_request_headers(request, cookies, &mut request_headers);
        let replaced: &[&str] =
            if guarded { &["authorization", "cookie", "host"] } else { &["cookie", "host"] };
        Step::Done(Decision::Forward(Forward {
            destination,
            request: RequestEdits::new(request.headers, replaced, request_headers),
            response: ResponseEdits::new(self.0.names.clone(), response_headers, guarded),
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
        let FoundSession { session, held } = self.find_session(cookies, now);
        let mut response_headers = Headers::new();
        match &session {
            None if guarded => {
                let (path, query) = (target.path.as_str(), target.query);
                return Step::Done(self.refuse(request, path, query, held));
            }
            None => self.remove_session(held, &mut response_headers),
            Some(_) if guarded && is_forged(request, self.0.client.base_url.as_str()) => {
                return respond(pages::forged());
            }
            Some(session) => {
                self.touch(session, held, request, now, context.entropy, &mut response_headers);
            }
        }
        let mut request_headers = Headers::new();
        self.add_request_headers(request, cookies, &mut request_headers);
        let private = session.is_some();
        Step::Done(Decision::Serve(Serve {
            path: local.path.as_str().to_owned(),
            query: local.query.map(Cow::into_owned),
            session,
            request: RequestEdits::new(request.headers, &["cookie"], request_headers),
            response: ResponseEdits::new(self.0.names.clone(), response_headers, private),
        }))
    }

    fn add_request_headers(
        &self,
        request: &RequestHead<'_>,
        cookies: Cookies<'_>,
        headers: &mut Headers,
    ) {
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
        if !self.0.session_policy.is_worth_touching(session, now) || is_prefetch(request) {
            return;
        }
        let touched = Session { used_at: now, ..session.clone() };
        let mut written = Headers::new();
        if self.write_session(&touched, held, now, entropy, &mut written).is_ok() {
            headers.extend(written);
        }
    }
}

fn is_prefetch(request: &RequestHead<'_>) -> bool {
    ["purpose", "sec-purpose", "x-purpose"].iter().any(|name| {
        request
            .header(name)
            .text()
            .is_some_and(|text| text.to_ascii_lowercase().contains("prefetch"))
    })
}
