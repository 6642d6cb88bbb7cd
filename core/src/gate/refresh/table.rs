//! The refreshes of all sessions: one flight for each, and a short memory of what came of it.

use super::Refreshing;
use crate::{
    oidc::RefreshFailure,
    session::{Session, SessionId},
    time::{Monotonic, Now},
};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use core::time::Duration;

/// The times and sizes of [`Refreshes`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RefreshLimits {
    /// How long an outcome is remembered for requests that still carry the old cookie. It should be
    /// longer than upstreams may take to begin their answer ([`ForwardLimits`](crate::gate::ForwardLimits)),
    /// since the new cookie comes with that. 90 s.
    pub memory: Duration,
    /// How long a flight may take, whole; one that takes longer counts as lost. It has to be longer
    /// than the fetches of a flight together, which end after 23 s: see
    /// [`with_timeout`](Self::with_timeout). 30 s.
    pub flight: Duration,
    /// The most flights at once; further ones wait for their turn. 64.
    pub flights: usize,
    /// The most sessions whose refreshes are under way or remembered. Where there are more, no
    /// further refresh begins: access tokens are used as long as they are valid, and then there is
    /// 503. 10 000.
    pub sessions: usize,
    /// The pause after a flight that brought nothing; it doubles with each further one. 1 s.
    pub min_back_off: Duration,
    /// The longest such pause. 60 s.
    pub max_back_off: Duration,
}

impl RefreshLimits {
    /// Gives flights the time of all their fetches, where each of those may take up to `timeout`: see
    /// [`ClientConfig::with_timeout`](crate::oidc::ClientConfig::with_timeout). A flight that counts
    /// as lost too early is sent once more, with a refresh token that the provider may have taken by
    /// then; many take one that comes twice for a stolen one.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        // The discovery document, the tokens, the key of the ID token; in what is left, tokens are
        // given back.
        let flight = timeout.saturating_mul(3).saturating_add(Duration::from_secs(10));
        Self { flight: self.flight.max(flight), ..self }
    }
}

impl Default for RefreshLimits {
    fn default() -> Self {
        Self {
            memory: Duration::from_secs(90),
            flight: Duration::from_secs(30),
            flights: 64,
            sessions: 10_000,
            min_back_off: Duration::from_secs(1),
            max_back_off: Duration::from_secs(60),
        }
    }
}

/// Which tokens of which session. Each refresh makes another generation of tokens.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Key {
    session: SessionId,
    generation: u32,
}

/// What a request asks of [`Refreshes`]: the tokens of its session.
#[derive(Clone, Debug)]
pub struct RefreshDemand {
    refreshing: Box<Refreshing>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wanted {
    /// New ones, for which a flight is sent unless they are remembered.
    New,
    /// The newest that are remembered. There is no flight for them, and no wait.
    Remembered,
}

impl RefreshDemand {
    /// For new tokens.
    pub(in crate::gate) fn new(refreshing: Refreshing) -> Self {
        Self { refreshing: Box::new(refreshing), wanted: Wanted::New }
    }

    /// For tokens that are newer than those of the session, and that a browser does not have yet.
    pub(in crate::gate) fn of_remembered(refreshing: Refreshing) -> Self {
        Self { refreshing: Box::new(refreshing), wanted: Wanted::Remembered }
    }

    /// The session that it is about.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.refreshing.session().id()
    }

    const fn key(&self) -> Key {
        let session = self.refreshing.session();
        Key { session: session.id(), generation: session.tokens.generation }
    }
}

/// What a demand comes to.
#[derive(Clone, Debug)]
pub enum RefreshOutcome {
    /// The session has new tokens.
    Renewed(Arc<Session>),
    /// The provider gives no more tokens for the session: it is over.
    Refused,
    /// There are no new tokens at the moment.
    Unavailable {
        /// When it may be worth to ask again.
        retry_after: Duration,
    },
}

/// How a demand stands.
#[derive(Clone, Debug)]
pub enum RefreshProgress {
    /// As it will be for now.
    Settled(RefreshOutcome),
    /// A flight is under way or waits for its turn. Ask again when a flight of this session has
    /// landed, and no later than this.
    Pending {
        /// When the flight counts as lost.
        until: Monotonic,
    },
}

/// Which flight. It is given back once, to [`Refreshes::on_landed`].
#[derive(Debug, Eq, PartialEq)]
pub struct RefreshFlightId {
    number: u64,
    key: Key,
}

impl RefreshFlightId {
    /// The session that the flight is for.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.key.session
    }
}

/// A refresh to carry out: begin it, drive it to its end whatever becomes of the requests that
/// wait for it, and give what came of it to [`Refreshes::on_landed`].
#[derive(Debug)]
#[must_use = "a flight is to be sent"]
pub struct RefreshFlight {
    /// Which flight.
    pub id: RefreshFlightId,
    /// What to do.
    pub refreshing: Refreshing,
}

/// What a flight changed. For logs and counters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefreshEvent {
    /// Nobody waits for the flight any more, and it brought nothing that counts.
    Dropped,
    /// There are no new tokens for now.
    Failed(RefreshFailure),
    /// The provider refused: the session is over.
    Refused(RefreshFailure),
    /// The session has new tokens.
    Renewed,
}

/// Decides which refresh is sent when, and what the requests of a session get to know of it.
///
/// The owner keeps it behind a lock, calls [`demand`](Self::demand) for requests that wait and
/// [`poll_flight`](Self::poll_flight) until it gives `None`, carries the flights out, and gives
/// every outcome to [`on_landed`](Self::on_landed). After that it wakes the requests of the session
/// and polls again.
#[derive(Debug)]
pub struct Refreshes {
    limits: RefreshLimits,
    entries: BTreeMap<Key, Entry>,
    /// When each entry has to be looked at again.
    expiries: BTreeSet<(Monotonic, Key)>,
    /// The entries that wait for a flight, the oldest first.
    due: BTreeSet<(u64, Key)>,
    /// The flights that have not landed, by number; their deadlines go up with it.
    flights: BTreeMap<u64, (Monotonic, Key)>,
    /// Counts demands and flights.
    number: u64,
}

#[derive(Debug)]
struct Entry {
    state: State,
    until: Monotonic,
    /// How many flights in a row brought nothing.
    failures: u32,
}

#[derive(Debug)]
enum State {
    Due { number: u64, refreshing: Box<Refreshing> },
    UnderWay { flight: u64 },
    Renewed(Arc<Session>),
    Refused,
    Failed { retry_at: Monotonic },
}

impl Refreshes {
    /// A table without any session.
    #[must_use]
    pub const fn new(limits: RefreshLimits) -> Self {
        Self {
            limits,
            entries: BTreeMap::new(),
            expiries: BTreeSet::new(),
            due: BTreeSet::new(),
            flights: BTreeMap::new(),
            number: 0,
        }
    }

    /// A request asks for tokens.
    #[must_use]
    pub fn demand(&mut self, demand: &RefreshDemand, now: Now) -> RefreshProgress {
        let now = now.monotonic;
        self.sweep(now);
        let key = demand.key();
        let settled = |outcome| RefreshProgress::Settled(outcome);
        if demand.wanted == Wanted::Remembered {
            return settled(match self.entries.get(&key) {
                Some(Entry { state: State::Renewed(session), .. }) => {
                    RefreshOutcome::Renewed(self.newest(session))
                }
                _ => RefreshOutcome::Unavailable { retry_after: self.limits.min_back_off },
            });
        }
        let failures = match self.entries.get(&key) {
            None if self.entries.len() >= self.limits.sessions => {
                let retry_after = self.limits.min_back_off;
                return settled(RefreshOutcome::Unavailable { retry_after });
            }
            None => 0,
            Some(Entry { state, until, failures }) => match state {
                State::Due { .. } | State::UnderWay { .. } => {
                    return RefreshProgress::Pending { until: *until };
                }
                State::Renewed(session) => {
                    return settled(RefreshOutcome::Renewed(self.newest(session)));
                }
                State::Refused => return settled(RefreshOutcome::Refused),
                State::Failed { retry_at } if *retry_at > now => {
                    let retry_after = retry_at.since(now);
                    return settled(RefreshOutcome::Unavailable { retry_after });
                }
                State::Failed { .. } => *failures,
            },
        };
        let until = now.saturating_add(self.limits.flight);
        let number = self.next_number();
        let refreshing = demand.refreshing.clone();
        self.set(key, Entry { state: State::Due { number, refreshing }, until, failures });
        RefreshProgress::Pending { until }
    }

    /// The session with the newest tokens that are known, starting from `session`.
    fn newest<'s>(&'s self, mut session: &'s Arc<Session>) -> Arc<Session> {
        let mut key = Key { session: session.id(), generation: session.tokens.generation };
        while let Some(Entry { state: State::Renewed(newer), .. }) = self.entries.get(&key)
            && newer.tokens.generation > key.generation
        {
            session = newer;
            key.generation = newer.tokens.generation;
        }
        session.clone()
    }

    /// The next flight, if one is due and there is room for it. Call it until it gives `None`.
    pub fn poll_flight(&mut self, now: Now) -> Option<RefreshFlight> {
        let now = now.monotonic;
        self.sweep(now);
        if self.flights.len() >= self.limits.flights {
            return None;
        }
        let (_, key) = self.due.first().copied()?;
        let Some(Entry { state: State::Due { refreshing, .. }, failures, .. }) = self.remove(key)
        else {
            return None;
        };
        let number = self.next_number();
        let until = now.saturating_add(self.limits.flight);
        self.flights.insert(number, (until, key));
        self.set(key, Entry { state: State::UnderWay { flight: number }, until, failures });
        Some(RefreshFlight { id: RefreshFlightId { number, key }, refreshing: *refreshing })
    }

    /// A flight has ended.
    #[expect(clippy::needless_pass_by_value, reason = "a flight lands once")]
    pub fn on_landed(
        &mut self,
        flight: RefreshFlightId,
        result: Result<Session, RefreshFailure>,
        now: Now,
    ) -> RefreshEvent {
        let now = now.monotonic;
        self.sweep(now);
        let RefreshFlightId { number, key } = flight;
        self.flights.remove(&number);
        let entry = self.entries.get(&key);
        let failures = entry.map_or(0, |entry| entry.failures);
        let is_awaited = entry.is_some_and(
            |entry| matches!(entry.state, State::UnderWay { flight } if flight == number),
        );
        // New tokens count also where nobody waits for them any more: the old ones may be void.
        let is_settled =
            entry.is_some_and(|entry| matches!(entry.state, State::Renewed(_) | State::Refused));
        let has_room = entry.is_some() || self.entries.len() < self.limits.sessions;
        let remembered = now.saturating_add(self.limits.memory);
        match result {
            Ok(session) if !is_settled && has_room => {
                let state = State::Renewed(Arc::new(session));
                self.set(key, Entry { state, until: remembered, failures: 0 });
                RefreshEvent::Renewed
            }
            Err(failure) if is_awaited && failure.is_fatal() => {
                self.set(key, Entry { state: State::Refused, until: remembered, failures });
                RefreshEvent::Refused(failure)
            }
            Err(failure) if is_awaited => {
                self.failed(key, failures, now);
                RefreshEvent::Failed(failure)
            }
            _ => RefreshEvent::Dropped,
        }
    }

    /// Pauses, longer each time.
    fn failed(&mut self, key: Key, failures: u32, now: Monotonic) {
        let doubled = 1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX);
        let pause = self.limits.min_back_off.saturating_mul(doubled).min(self.limits.max_back_off);
        let retry_at = now.saturating_add(pause);
        let until = retry_at.saturating_add(self.limits.max_back_off);
        let failures = failures.saturating_add(1);
        self.set(key, Entry { state: State::Failed { retry_at }, until, failures });
    }

    /// Gives up what is over: flights that did not land, outcomes that are old enough.
    fn sweep(&mut self, now: Monotonic) {
        while let Some(first) = self.flights.first_entry()
            && first.get().0 <= now
        {
            let (number, (_, key)) = first.remove_entry();
            if let Some(entry) = self.entries.get(&key)
                && matches!(entry.state, State::UnderWay { flight } if flight == number)
            {
                self.failed(key, entry.failures, now);
            }
        }
        while let Some((until, key)) = self.expiries.first().copied()
            && until <= now
        {
            if let Some(entry) = self.remove(key)
                && matches!(entry.state, State::Due { .. })
            {
                // Its turn never came; who waits for it has waited long enough.
                self.failed(key, entry.failures, now);
            }
        }
    }

    fn set(&mut self, key: Key, entry: Entry) {
        self.remove(key);
        self.expiries.insert((entry.until, key));
        if let State::Due { number, .. } = entry.state {
            self.due.insert((number, key));
        }
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: Key) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        self.expiries.remove(&(entry.until, key));
        if let State::Due { number, .. } = entry.state {
            self.due.remove(&(number, key));
        }
        Some(entry)
    }

    const fn next_number(&mut self) -> u64 {
        self.number = self.number.saturating_add(1);
        self.number
    }
}
