//! The one driver of every flow of the core.
//!
//! A flow says what it waits for; the driver waits for it and resumes the flow with what came of
//! it. Clocks are read and randomness is drawn anew for each call.

use crate::{
    body::{Body, ReadError},
    client::{Client, Fetcher, PoolLimits},
    clock::SystemEntropy,
    issuers::SharedIssuers,
    refreshes::SharedRefreshes,
    revocations::{MemoryRevocations, RevocationStore},
    runtime::{Runtime, within},
    tls::{self, TlsError},
};
use bytes::Bytes;
use core::{fmt, pin::pin};
use portcullis_core::{
    crypto::CryptoProvider,
    flow::{Context, Flow, Step},
    gate::RefreshLimits,
    http::{BodyError, BodyLimits},
    issuer::{IssuerConfig, IssuerMachine},
    time::Now,
};
use std::sync::Arc;

/// Gives flows what they are to look at, and waits for what they wait for. Clones share the
/// issuers, the refreshes under way, and what is remembered of sessions that are over.
pub struct Driver<R> {
    issuers: SharedIssuers<R>,
    revocations: Arc<dyn RevocationStore>,
    refreshes: SharedRefreshes,
}

impl<R: Runtime> Driver<R> {
    /// A driver of flows that look at `issuers`. It reads their clock and fetches as they do, and
    /// remembers in memory which sessions are over.
    #[must_use]
    pub fn new(issuers: SharedIssuers<R>) -> Self {
        Self {
            issuers,
            revocations: Arc::new(MemoryRevocations::default()),
            refreshes: SharedRefreshes::new(RefreshLimits::default()),
        }
    }

    /// Keeps to other limits where it refreshes the tokens of sessions.
    ///
    /// Several processes know nothing of each other's refreshes: where they share sessions, send
    /// each session to the same one, or have the provider tolerate a refresh token that comes twice
    /// within some seconds.
    #[must_use]
    pub fn with_refresh_limits(self, limits: RefreshLimits) -> Self {
        Self { refreshes: SharedRefreshes::new(limits), ..self }
    }

    /// Remembers in `revocations` which sessions are over.
    #[must_use]
    pub fn with_revocations(self, revocations: Arc<dyn RevocationStore>) -> Self {
        Self { revocations, ..self }
    }

    /// A driver of flows that look at the issuers of `configs`, in this order, with a client of its
    /// own that trusts the bundled roots.
    ///
    /// # Errors
    ///
    /// [`TlsError`] where TLS is not to be had.
    pub fn for_issuers(
        runtime: R,
        configs: impl IntoIterator<Item = IssuerConfig>,
        crypto: CryptoProvider,
    ) -> Result<Self, TlsError> {
        let client = Client::new(runtime, tls::client_config(None)?, PoolLimits::default());
        let machines = configs.into_iter().map(|config| IssuerMachine::new(config, crypto));
        Ok(Self::new(SharedIssuers::new(machines, Fetcher::new(client))))
    }

    /// The runtime that the driver runs on.
    #[must_use]
    pub fn runtime(&self) -> &R {
        self.issuers.fetcher().runtime()
    }

    /// Takes the first step of a flow. This never waits.
    pub fn begin<T>(&self, begin: impl FnOnce(&mut Context<'_>) -> T) -> T {
        self.issuers.nudge();
        self.call(begin)
    }

    /// Takes a flow to its end. `body` is that of the request, which is left alone unless the flow
    /// asks for it. What was read of it is the body still, so either way it can be sent on.
    pub async fn drive<F>(&self, step: Step<F>, body: &mut Body) -> F::Output
    where
        F: Flow<Output: Send> + Send,
    {
        match step {
            Step::Done(output) => output,
            // Most requests wait for nothing, so the space for waiting is not part of each.
            step => Box::pin(self.wait(step, body)).await,
        }
    }

    async fn wait<F>(&self, mut step: Step<F>, body: &mut Body) -> F::Output
    where
        F: Flow<Output: Send> + Send,
    {
        loop {
            step = match step {
                Step::Done(output) => return output,
                Step::Fetch(fetch) => {
                    let answer = self.issuers.fetcher().fetch(fetch.request()).await;
                    self.call(|context| fetch.resume(answer, context))
                }
                Step::Await(waiting) => {
                    let wait = self.issuers.wait(waiting.issuer(), waiting.need());
                    let availability = wait.await;
                    self.call(|context| waiting.resume(availability, context))
                }
                Step::Read(read) => {
                    let bytes = self.read(core::mem::take(body), read.limits()).await;
                    *body = bytes.clone().map_or_else(|_| Body::broken(), Body::from);
                    let bytes = bytes.map(Vec::from);
                    self.call(|context| read.resume(bytes, context))
                }
                Step::Revoke(revoke) => {
                    let now = self.now().unix;
                    let outcome = self.revocations.record(revoke.revocation(), now).await;
                    self.call(|context| revoke.resume(outcome, context))
                }
                Step::Refresh(waiting) => {
                    let outcome = self.settle(waiting.demand()).await;
                    self.call(|context| waiting.resume(outcome, context))
                }
            };
        }
    }

    /// Both clocks, as the flows see them.
    pub(crate) fn now(&self) -> Now {
        self.issuers.clock().now()
    }

    pub(crate) const fn refreshes(&self) -> &SharedRefreshes {
        &self.refreshes
    }

    pub(crate) fn call<T>(&self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let (now, entropy) = (self.issuers.clock().now(), &mut SystemEntropy);
        let (issuers, revocations) = (&self.issuers, &*self.revocations);
        call(&mut Context { now, entropy, issuers, revocations })
    }

    async fn read(&self, body: Body, limits: BodyLimits) -> Result<Bytes, BodyError> {
        let read = pin!(body.read(limits.max_bytes));
        match within(&self.runtime().timer(), limits.deadline, read).await {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(ReadError::TooLarge)) => Err(BodyError::TooLarge),
            Some(Err(ReadError::Broken(_))) => Err(BodyError::Broken),
            None => Err(BodyError::Timeout),
        }
    }
}

impl<R> Clone for Driver<R> {
    fn clone(&self) -> Self {
        Self {
            issuers: self.issuers.clone(),
            revocations: Arc::clone(&self.revocations),
            refreshes: self.refreshes.clone(),
        }
    }
}

impl<R> fmt::Debug for Driver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("issuers", &self.issuers).finish_non_exhaustive()
    }
}
