//! The one driver of every flow of the core.
//!
//! A flow says what it waits for; the driver waits for it and resumes the flow with what came of
//! it. Clocks are read and randomness is drawn anew for each call.

use crate::{
    client::Fetcher,
    clock::{Clock, SystemEntropy},
    issuers::SharedIssuers,
    runtime::Runtime,
};
use portcullis_core::flow::{Context, Flow, Step};

/// What flows are given and what they wait for. Clones share it.
#[derive(Debug)]
pub struct Driver<R> {
    clock: Clock,
    fetcher: Fetcher<R>,
    issuers: SharedIssuers<R>,
}

impl<R: Runtime> Driver<R> {
    /// A driver over the clock that the issuers were made with.
    #[must_use]
    pub const fn new(clock: Clock, fetcher: Fetcher<R>, issuers: SharedIssuers<R>) -> Self {
        Self { clock, fetcher, issuers }
    }

    /// The runtime that the driver runs on.
    #[must_use]
    pub fn runtime(&self) -> &R {
        self.fetcher.runtime()
    }

    /// Takes the first step of a flow. This never waits.
    pub fn begin<F: Flow>(&self, begin: impl FnOnce(Context<'_>) -> Step<F>) -> Step<F> {
        self.issuers.nudge();
        self.call(begin)
    }

    /// Takes a flow to its end. `None` where it wants what this driver does not know, which is for
    /// the caller to refuse.
    pub async fn drive<F>(&self, mut step: Step<F>) -> Option<F::Output>
    where
        F: Flow<Output: Send> + Send,
    {
        loop {
            step = match step {
                Step::Done(output) => return Some(output),
                Step::Fetch(fetch) => {
                    let answer = self.fetcher.fetch(fetch.request()).await;
                    self.call(|context| fetch.resume(answer, context))
                }
                Step::Await(waiting) => {
                    let wait = self.issuers.wait(waiting.issuer(), waiting.need());
                    let availability = wait.await;
                    self.call(|context| waiting.resume(availability, context))
                }
                _ => return None,
            };
        }
    }

    fn call<F: Flow>(&self, call: impl FnOnce(Context<'_>) -> Step<F>) -> Step<F> {
        let (now, entropy) = (self.clock.now(), &mut SystemEntropy);
        call(Context { now, entropy, issuers: &self.issuers })
    }
}

impl<R> Clone for Driver<R> {
    fn clone(&self) -> Self {
        Self {
            clock: self.clock,
            fetcher: self.fetcher.clone(),
            issuers: self.issuers.clone(),
        }
    }
}
