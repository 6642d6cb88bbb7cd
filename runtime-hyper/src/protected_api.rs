//! An API as a server: runs the core's [`Guard`] and hands the application what passes.

use crate::{
    application::Application,
    body::Body,
    convert,
    drive::Driver,
    early,
    runtime::Runtime,
    server::{Connection, Handler},
    token_cache::{Place, SharedTokenCache},
};
use core::fmt;
use http::{Request, Response, StatusCode};
use portcullis_core::{
    crypto::CryptoProvider,
    flow::{Context, Step},
    guard::{Guard, GuardFlow, Verdict},
    http::RequestHead,
    jwt::TokenCacheLimits,
};

/// An API that only requests with a valid access token reach.
///
/// The application finds the token in the extensions of the request, as a
/// [`VerifiedToken`](portcullis_core::jwt::VerifiedToken).
pub struct ProtectedApi<R, A> {
    guard: Guard,
    driver: Driver<R>,
    application: A,
    tokens: Option<SharedTokenCache>,
}

impl<R: Runtime, A: Application> ProtectedApi<R, A> {
    /// A guard before `application`.
    #[must_use]
    pub const fn new(guard: Guard, driver: Driver<R>, application: A) -> Self {
        Self { guard, driver, application, tokens: None }
    }

    /// Remembers verified tokens within `limits`, so that a token that comes again is not verified
    /// again. `crypto` hashes them. Without this, every token is verified.
    #[must_use]
    pub fn with_token_cache(self, limits: TokenCacheLimits, crypto: CryptoProvider) -> Self {
        Self { tokens: Some(SharedTokenCache::new(&self.guard, limits, crypto)), ..self }
    }

    /// The first step of a request, and where to remember its token.
    fn begin(
        &self,
        head: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> (Step<GuardFlow>, Option<Place>) {
        let recalled = match &self.tokens {
            Some(tokens) => tokens.recall(head, context),
            None => Err(None),
        };
        match recalled {
            Ok(token) => (Step::Done(Verdict::Allowed(token)), None),
            Err(place) => (self.guard.begin(head, context), place),
        }
    }

    fn remember(&self, place: Option<Place>, verdict: &Verdict) {
        if let (Some(tokens), Some(place)) = (&self.tokens, place) {
            tokens.remember(place, verdict, self.driver.now().monotonic);
        }
    }
}

impl<R: Runtime, A: Application> Handler for ProtectedApi<R, A> {
    async fn handle(&self, request: Request<Body>, connection: Connection) -> Response<Body> {
        let (mut head, body) = request.into_parts();
        let (step, place) = convert::with_head(&head, connection, |head| {
            self.driver.begin(|context| self.begin(head, context))
        });
        let verdict = self.driver.drive(step).await;
        self.remember(place, &verdict);
        match verdict {
            Verdict::Allowed(token) => {
                head.extensions.insert(token);
                self.application.call(Request::from_parts(head, body), None).await
            }
            Verdict::Refused(refusal) => {
                let (peer, path, reason) = (connection.peer, head.uri.path(), refusal.reason);
                tracing::info!(%peer, method = %head.method, ?path, %reason, "refused a request");
                let runtime = self.driver.runtime();
                early::answer(runtime, refusal.response, &head.headers, body).await
            }
            _ => {
                tracing::error!("the guard decided something that this engine does not know");
                early::bare(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

impl<R, A> fmt::Debug for ProtectedApi<R, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedApi").field("guard", &self.guard).finish_non_exhaustive()
    }
}
