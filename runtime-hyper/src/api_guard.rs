//! The guard of an API with what it needs around it: a driver, tokens that were verified before, and
//! whoever knows what was revoked.

use crate::{
    body::Body,
    convert,
    drive::Driver,
    early,
    runtime::Runtime,
    server::Connection,
    token_cache::{Place, SharedTokenCache},
};
use core::{fmt, future::Future, pin::Pin};
use http::{HeaderValue, Request, Response, header, request::Parts};
use portcullis_core::{
    crypto::CryptoProvider,
    flow::{Context, Step},
    guard::{Guard, GuardFlow, Refusal, TokenStatus, Verdict},
    http::{RequestHead, Response as Answer},
    jwt::{TokenCacheLimits, VerifiedToken},
};
use std::sync::Arc;

/// A [`Guard`] that can be put before an application: before one of this engine's with
/// [`ProtectedApi`](crate::protected_api::ProtectedApi), before any other with `GuardLayer` (feature
/// `tower`). Cloning it is cheap, and the clones are one.
///
/// What passes finds its token in the extensions of the request, as a [`VerifiedToken`], and the
/// [`Guard`], for rules that only the application knows ([`Guard::require`]). A request that may
/// come without a token has no token there.
pub struct ApiGuard<R> {
    guard: Guard,
    driver: Driver<R>,
    tokens: Option<SharedTokenCache>,
    revocation: Option<Arc<AskRevocation>>,
}

type AskRevocation =
    dyn Fn(VerifiedToken) -> Pin<Box<dyn Future<Output = TokenStatus> + Send>> + Send + Sync;

impl<R: Runtime> ApiGuard<R> {
    /// A guard whose keys come through `driver`. Every token is verified each time.
    #[must_use]
    pub const fn new(guard: Guard, driver: Driver<R>) -> Self {
        Self { guard, driver, tokens: None, revocation: None }
    }

    /// Remembers verified tokens within `limits`, so that a token that comes again is not verified
    /// again. `crypto` hashes them.
    #[must_use]
    pub fn with_token_cache(self, limits: TokenCacheLimits, crypto: CryptoProvider) -> Self {
        Self { tokens: Some(SharedTokenCache::new(&self.guard, limits, crypto)), ..self }
    }

    /// Whom to ask whether a token was revoked, of a guard that
    /// [asks](portcullis_core::guard::GuardBuilder::ask_revocation). Where such a guard has nobody
    /// to ask, it lets nobody through.
    ///
    /// The future is dropped when the client disconnects. It should have a deadline of its own.
    #[must_use]
    pub fn with_revocation<F, W>(self, ask: F) -> Self
    where
        F: Fn(VerifiedToken) -> W + Send + Sync + 'static,
        W: Future<Output = TokenStatus> + Send + 'static,
    {
        Self { revocation: Some(Arc::new(move |token| Box::pin(ask(token)))), ..self }
    }

    /// The request as the application is to have it, or the answer to it.
    pub(crate) async fn check(
        &self,
        head: Parts,
        mut body: Body,
        connection: Option<Connection>,
    ) -> Result<Passed, Response<Body>> {
        let (step, place) = convert::with_head(&head, connection, |request| {
            self.driver.begin(|context| self.begin(request, context))
        });
        let verdict = self.driver.drive(step, &mut body).await;
        self.remember(place, &verdict);
        let passed = match verdict {
            Verdict::Allowed(token) => Ok(Some(token)),
            Verdict::Anonymous => Ok(None),
            Verdict::Answered(answer) => Err(answer),
            Verdict::AskRevocation(check) => {
                let status = self.ask(check.token()).await;
                let verdict = check.resume(status);
                verdict.map(Some).map_err(|refusal| refused(refusal, &head, connection))
            }
            Verdict::Refused(refusal) => Err(refused(refusal, &head, connection)),
        };
        match passed {
            Ok(token) => Ok(self.pass(token, head, body, connection)),
            Err(answer) => {
                let runtime = self.driver.runtime();
                Err(early::answer(runtime, answer, head.version, &head.headers, body).await)
            }
        }
    }

    /// The first step of a request, and where to remember its token.
    fn begin(
        &self,
        request: &RequestHead<'_>,
        context: &mut Context<'_>,
    ) -> (Step<GuardFlow>, Option<Place>) {
        let recalled = match &self.tokens {
            Some(tokens) => tokens.recall(request, context),
            None => Err(None),
        };
        match recalled {
            Ok(verdict) => (Step::Done(verdict), None),
            Err(place) => (self.guard.begin(request, context), place),
        }
    }

    fn remember(&self, place: Option<Place>, verdict: &Verdict) {
        if let (Some(tokens), Some(place), Some(token)) = (&self.tokens, place, verdict.token()) {
            tokens.remember(place, token, self.driver.now().monotonic);
        }
    }

    async fn ask(&self, token: &VerifiedToken) -> TokenStatus {
        match &self.revocation {
            Some(ask) => ask(token.clone()).await,
            None => {
                tracing::error!("the guard asks whether tokens were revoked, and nobody answers");
                TokenStatus::Unknown
            }
        }
    }

    fn pass(
        &self,
        token: Option<VerifiedToken>,
        mut head: Parts,
        body: Body,
        connection: Option<Connection>,
    ) -> Passed {
        let is_private =
            convert::with_head(&head, connection, |request| self.guard.takes_query(request));
        head.extensions.insert(self.guard.clone());
        // What another guard, around this one, has let through was not asked about here.
        head.extensions.remove::<VerifiedToken>();
        if let Some(token) = token {
            head.extensions.insert(token);
        }
        Passed { request: Request::from_parts(head, body), is_private }
    }
}

fn refused(refusal: Refusal, head: &Parts, connection: Option<Connection>) -> Answer {
    let peer = connection.map(|connection| connection.peer);
    let (path, reason) = (head.uri.path(), refusal.reason);
    tracing::info!(?peer, method = %head.method, ?path, %reason, "refused a request");
    refusal.response
}

/// A request that passed a guard.
pub(crate) struct Passed {
    pub(crate) request: Request<Body>,
    pub(crate) is_private: bool,
}

/// Keeps caches of others from an answer to a request whose token they do not know for one.
pub(crate) fn make_private<B>(response: &mut Response<B>) {
    let headers = response.headers_mut();
    let is_private = headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
        let directives = value.to_str().unwrap_or_default().split(',').map(str::trim);
        directives.clone().any(|directive| {
            directive.eq_ignore_ascii_case("private") || directive.eq_ignore_ascii_case("no-store")
        })
    });
    if !is_private {
        headers.append(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

impl<R> Clone for ApiGuard<R> {
    fn clone(&self) -> Self {
        Self {
            guard: self.guard.clone(),
            driver: self.driver.clone(),
            tokens: self.tokens.clone(),
            revocation: self.revocation.clone(),
        }
    }
}

impl<R> fmt::Debug for ApiGuard<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiGuard").field("guard", &self.guard).finish_non_exhaustive()
    }
}
