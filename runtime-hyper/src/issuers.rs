//! The issuers that requests share: publishes snapshots, sends flights, wakes those that wait.
//!
//! Each issuer has three parts. Its [`IssuerMachine`] stands behind a lock that is held for the
//! length of a call and never across an await. Its newest [`IssuerSnapshot`] is read without any
//! lock. An event wakes the requests that wait for the next snapshot.
//!
//! ```text
//!   wait ─► listen ─► demand ─► poll_flight ─► a task of its own ─► on_answer ─► publish ─► notify
//!             ▲                                                                               │
//!             └───────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A flight belongs to no request. hyper drops the future of a request the moment its client
//! disconnects; a flight goes on in a task of its own, and where that task is dropped as well, it
//! reports so on its way out.

use crate::{
    client::Fetcher,
    clock::{Clock, SystemEntropy},
    runtime::Runtime,
};
use arc_swap::ArcSwap;
use core::{fmt, iter};
use event_listener::Event;
use hyper::rt::Timer as _;
use portcullis_core::{
    http::{FetchError, Inbound},
    issuer::{
        Availability, Demand, Flight, FlightId, IssuerEvent, IssuerIndex, IssuerMachine,
        IssuerSnapshot, Issuers, Need,
    },
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

/// The issuers of a process. Clones share them.
pub struct SharedIssuers<R> {
    shared: Arc<Shared<R>>,
}

struct Shared<R> {
    fetcher: Fetcher<R>,
    clock: Clock,
    issuers: Vec<Issuer>,
}

struct Issuer {
    machine: Mutex<IssuerMachine>,
    snapshot: ArcSwap<IssuerSnapshot>,
    /// Tells of every new snapshot.
    published: Event,
}

impl<R: Runtime> SharedIssuers<R> {
    /// The issuers behind `machines`, in the order of their [`IssuerIndex`]. Nothing is fetched
    /// before somebody needs it.
    #[must_use]
    pub fn new(machines: impl IntoIterator<Item = IssuerMachine>, fetcher: Fetcher<R>) -> Self {
        let issuers = machines.into_iter().map(Issuer::new).collect();
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
        let Some(issuer) = self.shared.issuers.get(index.0) else {
            return Availability::Missing;
        };
        loop {
            // To listen before looking means that nothing published in between goes unnoticed.
            let published = issuer.published.listen();
            let now = self.shared.clock.now();
            let (demand, flights) = {
                let mut machine = issuer.lock();
                let demand = machine.demand(need, now);
                (demand, issuer.flights(&mut machine, &self.shared.clock))
            };
            self.shared.launch(index, flights);
            match demand {
                Demand::Settled(availability) => return availability,
                Demand::Pending { until } => {
                    let left = until.since(now.monotonic);
                    let sleep = self.shared.fetcher.runtime().timer().sleep(left);
                    futures_lite::future::or(published, sleep).await;
                }
            }
        }
    }

    /// Starts the refreshing that is due, without waiting for anything. A reader calls it before
    /// every request; where nothing is due, it looks at one number for each issuer.
    pub fn nudge(&self) {
        let now = self.shared.clock.now();
        for (index, issuer) in self.shared.issuers.iter().enumerate() {
            if !issuer.snapshot.load().refresh_due(now.monotonic) {
                continue;
            }
            // Whoever holds the lock is about to do the same.
            let flights = match issuer.machine.try_lock() {
                Ok(mut machine) => issuer.flights(&mut machine, &self.shared.clock),
                Err(TryLockError::Poisoned(machine)) => {
                    issuer.flights(&mut machine.into_inner(), &self.shared.clock)
                }
                Err(TryLockError::WouldBlock) => continue,
            };
            self.shared.launch(IssuerIndex(index), flights);
        }
    }
}

impl<R> Issuers for SharedIssuers<R> {
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>> {
        self.shared.issuers.get(issuer.0).map(|issuer| issuer.snapshot.load_full())
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

impl Issuer {
    fn new(machine: IssuerMachine) -> Self {
        Self {
            snapshot: ArcSwap::new(machine.snapshot()),
            machine: Mutex::new(machine),
            published: Event::new(),
        }
    }

    /// A machine whose owner panicked is still in order: each of its calls is whole.
    fn lock(&self) -> MutexGuard<'_, IssuerMachine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The flights that are due. Publishing happens under the lock, so that no older snapshot
    /// overtakes a newer one.
    fn flights(&self, machine: &mut IssuerMachine, clock: &Clock) -> Vec<Flight> {
        let flights: Vec<_> = iter::from_fn(|| machine.poll_flight(clock.now())).collect();
        if !flights.is_empty() {
            self.snapshot.store(machine.snapshot());
        }
        flights
    }
}

impl<R: Runtime> Shared<R> {
    fn launch(self: &Arc<Self>, issuer: IssuerIndex, flights: Vec<Flight>) {
        for Flight { id, document, request, .. } in flights {
            tracing::debug!(
                issuer = issuer.0,
                ?document,
                url = request.url.without_query(),
                "a flight starts"
            );
            let airborne = Airborne { shared: self.clone(), issuer, flight: Some(id) };
            self.fetcher.runtime().spawn(async move {
                let answer = airborne.shared.fetcher.fetch(&request).await;
                airborne.land(answer);
            });
        }
    }

    /// Gives an answer to the machine, then publishes, then wakes.
    fn land(&self, index: IssuerIndex, flight: FlightId, answer: Result<Inbound, FetchError>) {
        let Some(issuer) = self.issuers.get(index.0) else {
            return;
        };
        let event = {
            let mut machine = issuer.lock();
            let event = machine.on_answer(flight, answer, self.clock.now(), &mut SystemEntropy);
            issuer.snapshot.store(machine.snapshot());
            event
        };
        issuer.published.notify(usize::MAX);
        log(index, &event);
    }

    /// Launches what the last answer made due: once the metadata is there, the key set.
    fn launch_next(self: &Arc<Self>, index: IssuerIndex) {
        if let Some(issuer) = self.issuers.get(index.0) {
            let flights = issuer.flights(&mut issuer.lock(), &self.clock);
            self.launch(index, flights);
        }
    }
}

/// A flight under way. It lands even where its task is dropped.
struct Airborne<R: Runtime> {
    shared: Arc<Shared<R>>,
    issuer: IssuerIndex,
    flight: Option<FlightId>,
}

impl<R: Runtime> Airborne<R> {
    fn land(mut self, answer: Result<Inbound, FetchError>) {
        if let Some(flight) = self.flight.take() {
            self.shared.land(self.issuer, flight, answer);
            self.shared.launch_next(self.issuer);
        }
    }
}

impl<R: Runtime> Drop for Airborne<R> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            // Most likely the runtime stops, so nothing is launched from here. Who still waits
            // is woken, demands again, and launches it.
            self.shared.land(self.issuer, flight, Err(FetchError::Cancelled));
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
