//! The one driver of every flow of the core.
//!
//! A flow says what it waits for; the driver waits for it and resumes the flow with what came of
//! it. Clocks are read and randomness is drawn anew for each call.

use crate::{
    clock::SystemEntropy, issuers::SharedIssuers, refreshes::SharedRefreshes, runtime::Runtime,
};
use portcullis_core::{
    flow::{Context, Flow, Step},
    gate::RefreshLimits,
    time::Now,
};

/// Gives flows what they are to look at, and waits for what they wait for. Clones share the
/// issuers and the table of refreshes.
#[derive(Debug)]
pub struct Driver<R> {
    issuers: SharedIssuers<R>,
    refreshes: SharedRefreshes,
}

impl<R: Runtime> Driver<R> {
    /// A driver of flows that look at `issuers`. It reads their clock and fetches as they do.
    #[must_use]
    pub fn new(issuers: SharedIssuers<R>) -> Self {
        Self { issuers, refreshes: SharedRefreshes::new(RefreshLimits::default()) }
    }

    /// The same with a new table of refreshes, within `limits`. One table is enough for all gates of
    /// a process. Several processes know nothing of each other's refreshes: where they share
    /// sessions, send each session to the same one, or have the provider tolerate a refresh token
    /// that comes twice within some seconds.
    #[must_use]
    pub fn with_refresh_limits(self, limits: RefreshLimits) -> Self {
        Self { refreshes: SharedRefreshes::new(limits), ..self }
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

    /// Takes a flow to its end.
    pub async fn drive<F>(&self, mut step: Step<F>) -> F::Output
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
        call(&mut Context { now, entropy, issuers: &self.issuers })
    }
}

impl<R> Clone for Driver<R> {
    fn clone(&self) -> Self {
        Self { issuers: self.issuers.clone(), refreshes: self.refreshes.clone() }
    }
}
