//! The refreshes that requests share: one table behind a lock, one task for each flight.
//!
//! ```text
//!   wait ─► listen ─► demand ─► poll_flight ─► a task of its own ─► on_landed ─► notify
//!             ▲                                                                    │
//!             └────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! A flight belongs to no request: by the time that a browser has gone away, the provider may have
//! taken the old refresh token and given a new one. The task goes on and leaves it in the table.
//! Where the task is dropped as well, it reports so on its way out.

use crate::{body::Body, drive::Driver, runtime::Runtime};
use core::{fmt, iter};
use event_listener::Event;
use hyper::rt::Timer as _;
use portcullis_core::{
    gate::{
        RefreshDemand, RefreshEvent, RefreshFlight, RefreshFlightId, RefreshLimits, RefreshOutcome,
        RefreshProgress, Refreshes,
    },
    oidc::RefreshFailure,
    session::{Session, SessionId},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many events the sessions share, so that a flight wakes few that do not wait for it.
const EVENTS: usize = 64;

/// The table of refreshes of a process. Clones share it.
#[derive(Clone)]
pub(crate) struct SharedRefreshes(Arc<Shared>);

struct Shared {
    table: Mutex<Refreshes>,
    landed: [Event; EVENTS],
}

impl SharedRefreshes {
    pub(crate) fn new(limits: RefreshLimits) -> Self {
        let landed = core::array::from_fn(|_| Event::new());
        Self(Arc::new(Shared { table: Mutex::new(Refreshes::new(limits)), landed }))
    }

    /// A table whose owner panicked is still in order: each of its calls is whole.
    fn lock(&self) -> MutexGuard<'_, Refreshes> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is notified when a flight of `session` has landed.
    fn landed(&self, session: SessionId) -> &Event {
        let [first, ..] = session.as_bytes();
        &self.0.landed[usize::from(*first) % EVENTS]
    }
}

impl fmt::Debug for SharedRefreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRefreshes").finish_non_exhaustive()
    }
}

impl<R: Runtime> Driver<R> {
    /// Waits until it is settled how it stands with what a request asks of the table.
    ///
    /// The wait is bounded by the time that a flight may take. Dropping it harms neither the flight
    /// nor others that wait for the same.
    pub(crate) async fn settle(&self, demand: &RefreshDemand) -> RefreshOutcome {
        let refreshes = self.refreshes();
        loop {
            // To listen before asking means that no landing in between goes unnoticed.
            let landed = refreshes.landed(demand.session()).listen();
            let now = self.now();
            let progress = refreshes.lock().demand(demand, now);
            self.launch();
            match progress {
                RefreshProgress::Settled(outcome) => return outcome,
                RefreshProgress::Pending { until } => {
                    let sleep = self.runtime().timer().sleep(until.since(now.monotonic));
                    futures_lite::future::or(landed, sleep).await;
                }
            }
        }
    }

    /// Carries out the refreshes that are due, each in a task of its own.
    fn launch(&self) {
        let now = self.now();
        let flights: Vec<RefreshFlight> = {
            let mut table = self.refreshes().lock();
            iter::from_fn(|| table.poll_flight(now)).collect()
        };
        for RefreshFlight { id, refreshing } in flights {
            tracing::debug!(session = ?id.session(), "a refresh starts");
            let airborne = Airborne { driver: self.clone(), flight: Some(id) };
            self.runtime().spawn(async move {
                let step = airborne.driver.call(|context| refreshing.begin(context));
                let result = airborne.driver.drive(step, &mut Body::empty()).await;
                airborne.land(result);
            });
        }
    }

    /// Gives an outcome to the table, then wakes those that wait for it.
    fn land(&self, flight: RefreshFlightId, result: Result<Session, RefreshFailure>) {
        let session = flight.session();
        let event = self.refreshes().lock().on_landed(flight, result, self.now());
        self.refreshes().landed(session).notify(usize::MAX);
        log(session, event);
    }
}

/// A flight under way. It lands even where its task is dropped.
struct Airborne<R: Runtime> {
    driver: Driver<R>,
    flight: Option<RefreshFlightId>,
}

impl<R: Runtime> Airborne<R> {
    fn land(mut self, result: Result<Session, RefreshFailure>) {
        if let Some(flight) = self.flight.take() {
            self.driver.land(flight, result);
            // There is room for another one.
            self.driver.launch();
        }
    }
}

impl<R: Runtime> Drop for Airborne<R> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            // Most likely the runtime stops, so nothing is launched from here.
            self.driver.land(flight, Err(RefreshFailure::Lost));
        }
    }
}

fn log(session: SessionId, event: RefreshEvent) {
    match event {
        RefreshEvent::Failed(reason) => {
            tracing::warn!(?session, %reason, "a refresh brought nothing");
        }
        RefreshEvent::Refused(reason) => {
            tracing::info!(?session, %reason, "a refresh was refused, the session is over");
        }
        event => tracing::debug!(?session, ?event, "a refresh has ended"),
    }
}
