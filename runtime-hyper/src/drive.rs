//! The one driver of every flow of the core.
//!
//! A flow says what it waits for; the driver waits for it and resumes the flow with what came of
//! it. Clocks are read and randomness is drawn anew for each call.

use crate::{
    client::{Client, Fetcher, PoolLimits},
    clock::SystemEntropy,
    issuers::SharedIssuers,
    runtime::Runtime,
    tls::{self, TlsError},
};
use portcullis_core::{
    crypto::CryptoProvider,
    flow::{Context, Flow, Step},
    issuer::{IssuerConfig, IssuerMachine},
    time::Now,
};

/// Gives flows what they are to look at, and waits for what they wait for. Clones share the
/// issuers.
#[derive(Debug)]
pub struct Driver<R> {
    issuers: SharedIssuers<R>,
}

impl<R: Runtime> Driver<R> {
    /// A driver of flows that look at `issuers`. It reads their clock and fetches as they do.
    #[must_use]
    pub const fn new(issuers: SharedIssuers<R>) -> Self {
        Self { issuers }
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
            };
        }
    }

    /// Both clocks, as the flows see them.
    pub(crate) fn now(&self) -> Now {
        self.issuers.clock().now()
    }

    fn call<T>(&self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let (now, entropy) = (self.issuers.clock().now(), &mut SystemEntropy);
        call(&mut Context { now, entropy, issuers: &self.issuers })
    }
}

impl<R> Clone for Driver<R> {
    fn clone(&self) -> Self {
        Self { issuers: self.issuers.clone() }
    }
}
