//! The issuers that requests share: publishes snapshots, sends flights, wakes those that wait.
//!
//! Each issuer is a `SharedMachine`: its machine behind a lock, its newest snapshot without one,
//! and an event for those that wait. What is here fetches, tells the time and logs.
//!
//! A flight belongs to no request. hyper drops the future of a request the moment its client
//! disconnects; a flight goes on in a task of its own, and where that task is dropped as well, it
//! reports so on its way out.

mod shared_machine;
mod sync;

use crate::{
    client::Fetcher,
    clock::{Clock, SystemEntropy},
    runtime::Runtime,
};
use core::fmt;
use hyper::rt::Timer as _;
use portcullis_core::{
    http::FetchError,
    issuer::{
        Availability, Flight, IssuerEvent, IssuerIndex, IssuerMachine, IssuerSnapshot, Issuers,
        Need,
    },
};
use shared_machine::{Airborne, SharedMachine};
use std::sync::Arc;

/// The issuers of a process. Clones share them.
pub struct SharedIssuers<R> {
    shared: Arc<Shared<R>>,
}

struct Shared<R> {
    fetcher: Fetcher<R>,
    clock: Clock,
    issuers: Vec<SharedMachine>,
}

impl<R: Runtime> SharedIssuers<R> {
    /// The issuers behind `machines`, in the order of their [`IssuerIndex`]. Nothing is fetched
    /// before somebody needs it.
    #[must_use]
    pub fn new(machines: impl IntoIterator<Item = IssuerMachine>, fetcher: Fetcher<R>) -> Self {
        let issuers = machines.into_iter().map(SharedMachine::new).collect();
        Self { shared: Arc::new(Shared { fetcher, clock: Clock::start(), issuers }) }
    }

    pub(crate) fn fetcher(&self) -> &Fetcher<R> {
        &self.shared.fetcher
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Waits until it is settled how it stands with what a request needs.
    ///
    /// The wait is bounded by the deadlines of the flights that it is for. Dropping it harms
    /// neither the flight nor others that wait for the same.
    pub async fn wait(&self, index: IssuerIndex, need: &Need) -> Availability {
        let Self { shared } = self;
        let Some(issuer) = shared.issuers.get(index.0) else {
            return Availability::Missing;
        };
        let timer = shared.fetcher.runtime().timer();
        let now = || shared.clock.now();
        let launch = |flights| shared.launch(index, flights);
        issuer.wait(need, now, launch, |left| timer.sleep(left)).await
    }

    /// Starts the refreshing that is due, without waiting for anything. A reader calls it before
    /// every request; where nothing is due, it looks at one number for each issuer.
    pub fn nudge(&self) {
        let now = self.shared.clock.now();
        for (index, issuer) in self.shared.issuers.iter().enumerate() {
            self.shared.launch(IssuerIndex(index), issuer.claim_due(now));
        }
    }
}

impl<R> Issuers for SharedIssuers<R> {
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>> {
        self.shared.issuers.get(issuer.0).map(SharedMachine::snapshot)
    }
}

impl<R> Clone for SharedIssuers<R> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<R> fmt::Debug for SharedIssuers<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedIssuers")
            .field("issuers", &self.shared.issuers.len())
            .finish_non_exhaustive()
    }
}

impl<R: Runtime> Shared<R> {
    fn launch(self: &Arc<Self>, index: IssuerIndex, flights: Vec<Flight>) {
        for Flight { id, document, request, .. } in flights {
            let url = request.url.without_query();
            tracing::debug!(issuer = index.0, ?document, url, "a flight starts");
            let shared = self.clone();
            let airborne = Airborne::new(move |answer| {
                let Some(issuer) = shared.issuers.get(index.0) else { return };
                let is_cancelled = answer == Err(FetchError::Cancelled);
                let event = issuer.land(id, answer, shared.clock.now(), &mut SystemEntropy);
                log(index, &event);
                // Where the task was dropped, the runtime stops, most likely. Who still waits is
                // woken, demands again, and launches the next one.
                if !is_cancelled {
                    shared.launch(index, issuer.claim_next(shared.clock.now()));
                }
            });
            let fetcher = self.fetcher.clone();
            self.fetcher.runtime().spawn(async move {
                airborne.land(fetcher.fetch(&request).await);
            });
        }
    }
}

fn log(issuer: IssuerIndex, event: &IssuerEvent) {
    let issuer = issuer.0;
    match event {
        IssuerEvent::Failed { document, reason, stale, .. } => {
            tracing::warn!(issuer, ?document, %reason, stale, "a flight brought nothing good");
        }
        IssuerEvent::Installed { document, keys_skipped, private_keys, .. } => {
            tracing::info!(issuer, ?document, keys_skipped, "a document of an issuer is in use");
            if *private_keys > 0 {
                tracing::error!(issuer, private_keys, "the issuer publishes private keys");
            }
        }
        event => tracing::debug!(issuer, ?event, "a flight has ended"),
    }
}
