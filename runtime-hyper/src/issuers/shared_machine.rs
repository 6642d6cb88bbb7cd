//! The machine of one issuer, shared by requests: claims flights, publishes snapshots, wakes those
//! that wait.
//!
//! ```text
//!   wait ─► listen ─► demand ─► poll_flight ─► launch … land ─► on_answer ─► publish ─► notify
//!             ▲                                                                            │
//!             └────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Three rules hold it together. To listen before looking means that nothing published in between
//! goes unnoticed. Publishing happens under the lock of the machine, so that no older snapshot
//! overtakes a newer one. And a flight that was claimed lands once, whatever becomes of its task.
//! They are checked against every order in which threads can come: see `tests/suite/issuer_model`.

use super::sync::{Event, EventListener, Mutex, MutexGuard, Newest};
use core::{future::Future, iter, time::Duration};
use portcullis_core::{
    entropy::Entropy,
    http::{FetchError, Inbound},
    issuer::{
        Availability, Demand, Flight, FlightId, IssuerEvent, IssuerMachine, IssuerSnapshot, Need,
    },
    time::Now,
};
use std::sync::{Arc, PoisonError, TryLockError};

/// The machine of one issuer.
pub(super) struct SharedMachine {
    /// Locked for the length of a call, and never across an await.
    machine: Mutex<IssuerMachine>,
    newest: Newest<IssuerSnapshot>,
    /// Tells of every new snapshot.
    published: Event,
}

impl SharedMachine {
    pub(super) fn new(machine: IssuerMachine) -> Self {
        Self {
            newest: Newest::new(machine.snapshot()),
            machine: Mutex::new(machine),
            published: Event::new(),
        }
    }

    /// The newest snapshot.
    pub(super) fn snapshot(&self) -> Arc<IssuerSnapshot> {
        self.newest.get()
    }

    /// Waits until it is settled how it stands with `need`. `launch` is given the flights that are
    /// claimed for it; `sleep` ends the wait for a snapshot where none comes.
    pub(super) async fn wait<S: Future<Output = ()>>(
        &self,
        need: &Need,
        now: impl Fn() -> Now,
        launch: impl Fn(Vec<Flight>),
        sleep: impl Fn(Duration) -> S,
    ) -> Availability {
        loop {
            let (demand, published, flights) = self.demand(need, now());
            launch(flights);
            match demand {
                Demand::Settled(availability) => return availability,
                Demand::Pending { until } => {
                    let left = until.since(now().monotonic);
                    futures_lite::future::or(published, sleep(left)).await;
                }
            }
        }
    }

    fn demand(&self, need: &Need, now: Now) -> (Demand, EventListener, Vec<Flight>) {
        let published = self.published.listen();
        let mut machine = self.lock();
        let demand = machine.demand(need, now);
        (demand, published, self.claim(&mut machine, now))
    }

    /// The flights of a refresh that is due. It never waits: whoever holds the lock is about to do
    /// the same.
    pub(super) fn claim_due(&self, now: Now) -> Vec<Flight> {
        if !self.newest.look().refresh_due(now.monotonic) {
            return Vec::new();
        }
        match self.machine.try_lock() {
            Ok(mut machine) => self.claim(&mut machine, now),
            Err(TryLockError::Poisoned(machine)) => self.claim(&mut machine.into_inner(), now),
            Err(TryLockError::WouldBlock) => Vec::new(),
        }
    }

    /// The flights that the last answer made due: once the metadata is there, the key set.
    pub(super) fn claim_next(&self, now: Now) -> Vec<Flight> {
        self.claim(&mut self.lock(), now)
    }

    fn claim(&self, machine: &mut IssuerMachine, now: Now) -> Vec<Flight> {
        let flights: Vec<_> = iter::from_fn(|| machine.poll_flight(now)).collect();
        if !flights.is_empty() {
            self.newest.set(machine.snapshot());
        }
        flights
    }

    /// Gives an answer to the machine, then publishes, then wakes.
    pub(super) fn land(
        &self,
        flight: FlightId,
        answer: Result<Inbound, FetchError>,
        now: Now,
        entropy: &mut dyn Entropy,
    ) -> IssuerEvent {
        let event = {
            let mut machine = self.lock();
            let event = machine.on_answer(flight, answer, now, entropy);
            self.newest.set(machine.snapshot());
            event
        };
        self.published.notify(usize::MAX);
        event
    }

    /// A machine whose owner panicked is still in order: each of its calls is whole.
    fn lock(&self) -> MutexGuard<'_, IssuerMachine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A flight under way. It lands once, even where its task is dropped: it then counts as cancelled.
pub(super) struct Airborne<L: FnOnce(Result<Inbound, FetchError>)>(Option<L>);

impl<L: FnOnce(Result<Inbound, FetchError>)> Airborne<L> {
    /// A flight that `land` brings down.
    pub(super) const fn new(land: L) -> Self {
        Self(Some(land))
    }

    /// The flight has an answer.
    pub(super) fn land(mut self, answer: Result<Inbound, FetchError>) {
        if let Some(land) = self.0.take() {
            land(answer);
        }
    }
}

impl<L: FnOnce(Result<Inbound, FetchError>)> Drop for Airborne<L> {
    fn drop(&mut self) {
        if let Some(land) = self.0.take() {
            land(Err(FetchError::Cancelled));
        }
    }
}
