//! When a shared document is fetched: single flight, cool-down, back-off, a limit for each minute,
//! refresh ahead.
//!
//! Whatever is decided here, it never touches a key that is in the set: it decides about fetches
//! alone.

use crate::{
    entropy::{self, Entropy},
    http::Inbound,
    time::Monotonic,
};
use alloc::collections::VecDeque;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const MIN_COOL_DOWN: Duration = Duration::from_secs(1);

/// The times and sizes of a shared document.
///
/// The methods have the names of the options of jwks-rsa, the library that Express APIs use:
///
/// | jwks-rsa | here | and |
/// |---|---|---|
/// | `cache` | [`with_cache`](Self::with_cache) | the whole set is kept, not single keys |
/// | `cacheMaxAge` | [`with_cache_max_age`](Self::with_cache_max_age) | refreshed ahead, at 80 % |
/// | `cacheMaxAgeFallback` | [`with_cache_max_age_fallback`](Self::with_cache_max_age_fallback) | on by default |
/// | `rateLimit` | [`with_rate_limit`](Self::with_rate_limit) | on by default; a known key is never refused |
/// | `jwksRequestsPerMinute` | [`with_jwks_requests_per_minute`](Self::with_jwks_requests_per_minute) | in any 60 s, not by the clock |
/// | `timeout` | [`with_timeout`](Self::with_timeout) | for the whole fetch, not between two packets |
///
/// `cacheMaxEntries` has no counterpart: a set has at most
/// [`KeySet::MAX_KEYS`](crate::key_set::KeySet::MAX_KEYS) keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RefreshSettings {
    /// How long one fetch may take, whole. 5 s.
    pub timeout: Duration,
    /// The most bytes of a document. 512 KiB.
    pub max_body: usize,
    /// How long a document counts as fresh where the provider says nothing. 10 min.
    pub fresh: Duration,
    /// The least time that a document counts as fresh, whatever the provider says. 1 min.
    pub min_fresh: Duration,
    /// The most time that a document counts as fresh, whatever the provider says. 24 h.
    pub max_fresh: Duration,
    /// How long a key set is used beyond its freshness while it cannot be fetched. 1 h.
    pub stale: Duration,
    /// The least time between two fetches for the sake of unknown keys; 1 s at least. 30 s.
    pub cool_down: Duration,
    /// The first pause after a failure; it doubles with each further one. 1 s.
    pub min_back_off: Duration,
    /// The longest pause after a failure. 60 s.
    pub max_back_off: Duration,
    /// Whether [`requests_per_minute`](Self::requests_per_minute) counts. It does.
    pub rate_limit: bool,
    /// The most fetches of the document in any 60 s; 1 at least. 10.
    pub requests_per_minute: u16,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_body: 512 * 1024,
            fresh: Duration::from_secs(600),
            min_fresh: Duration::from_secs(60),
            max_fresh: Duration::from_secs(24 * 3600),
            stale: Duration::from_secs(3600),
            cool_down: Duration::from_secs(30),
            min_back_off: Duration::from_secs(1),
            max_back_off: Duration::from_secs(60),
            rate_limit: true,
            requests_per_minute: 10,
        }
    }
}

impl RefreshSettings {
    /// How long a set is kept where it is not to be kept at all.
    const UNCACHED: Duration = Duration::from_secs(1);

    /// `cache` of jwks-rsa: with `false`, a set is used for a second and never while it is stale,
    /// whatever the provider says about caching. (No token can be checked without a set, so that is
    /// as little as can be.) [`with_rate_limit`](Self::with_rate_limit) then decides how often the
    /// set is really fetched; between two fetches an API without a set answers 503. With `true`,
    /// nothing changes.
    #[must_use]
    pub fn with_cache(self, cache: bool) -> Self {
        if cache {
            return self;
        }
        let [fresh, min_fresh, max_fresh] = [Self::UNCACHED; 3];
        Self { fresh, min_fresh, max_fresh, stale: Duration::ZERO, ..self }
    }

    /// `cacheMaxAge` of jwks-rsa: how long a set counts as fresh, at most. A provider that asks for
    /// less with `Cache-Control` gets that, but not less than [`min_fresh`](Self::min_fresh).
    #[must_use]
    pub fn with_cache_max_age(self, age: Duration) -> Self {
        Self { fresh: age, min_fresh: self.min_fresh.min(age), max_fresh: age, ..self }
    }

    /// `cacheMaxAgeFallback` of jwks-rsa: how long a set is used beyond its freshness while the
    /// provider is down. Zero to not use it at all.
    #[must_use]
    pub fn with_cache_max_age_fallback(self, stale: Duration) -> Self {
        Self { stale, ..self }
    }

    /// `rateLimit` of jwks-rsa: whether the fetches of a minute are limited. Where the limit is
    /// reached, an unknown key counts as unknown (401) and an absent set as an outage (503); a key
    /// that is in the set is not affected.
    #[must_use]
    pub fn with_rate_limit(self, rate_limit: bool) -> Self {
        Self { rate_limit, ..self }
    }

    /// `jwksRequestsPerMinute` of jwks-rsa: the most fetches of the document in any 60 s. 0 counts
    /// as 1.
    #[must_use]
    pub fn with_jwks_requests_per_minute(self, requests: u16) -> Self {
        Self { requests_per_minute: requests, ..self }
    }

    /// `timeout` of jwks-rsa: how long a fetch may take, whole.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long the document in `answer` is fresh (RFC 9111 §4.2), within the bounds.
    fn freshness(&self, answer: &Inbound) -> Duration {
        let control = answer.header("cache-control").unwrap_or_default();
        let mut fresh = self.fresh;
        for directive in control.split(',').map(str::trim) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            if ["no-cache", "no-store"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
                fresh = Duration::ZERO;
                break;
            }
            if name.eq_ignore_ascii_case("max-age")
                && let Ok(seconds) = value.trim_matches('"').parse::<u64>()
            {
                let age = answer.header("age").and_then(|age| age.trim().parse().ok());
                fresh = Duration::from_secs(seconds.saturating_sub(age.unwrap_or(0)));
            }
        }
        fresh.clamp(self.min_fresh, self.max_fresh.max(self.min_fresh))
    }
}

/// The state of one document's refreshing.
#[derive(Clone, Debug, Default)]
pub(super) struct Refresh {
    flight: Option<FlightUnderWay>,
    /// Somebody waits for the document.
    demanded: bool,
    /// The document there is ages from here on.
    refresh_at: Option<Monotonic>,
    fresh_until: Option<Monotonic>,
    stale_at: Option<Monotonic>,
    /// After a failure: no fetch before this moment.
    backed_off_until: Option<Monotonic>,
    failures: u32,
    /// The last fetch that was made for an unknown key.
    unknown_key_fetch: Option<Monotonic>,
    /// When the last fetches were started, as many as the limit counts.
    started: VecDeque<Monotonic>,
}

#[derive(Clone, Copy, Debug)]
struct FlightUnderWay {
    id: u64,
    deadline: Monotonic,
}

/// What a demand for a fetch comes to.
#[derive(Clone, Copy)]
pub(super) enum Fetching {
    /// A flight is under way or due; it ends by this moment.
    Pending(Monotonic),
    /// No fetch before this much time has passed.
    BackedOff(Duration),
}

impl Refresh {
    /// Somebody needs the document, which is absent or too old.
    pub(super) fn demand(&mut self, now: Monotonic, settings: &RefreshSettings) -> Fetching {
        self.void_overdue_flight(now, settings);
        if let Some(flight) = self.flight {
            return Fetching::Pending(flight.deadline);
        }
        match self.held_back_until(settings) {
            Some(until) if until > now => Fetching::BackedOff(until.since(now)),
            _ => {
                self.demanded = true;
                Fetching::Pending(now.saturating_add(settings.timeout))
            }
        }
    }

    /// Somebody asks for a key that the document does not have. `None` where a fetch for such a
    /// reason is too recent to be worth another.
    pub(super) fn demand_for_unknown_key(
        &mut self,
        now: Monotonic,
        settings: &RefreshSettings,
    ) -> Option<Fetching> {
        self.void_overdue_flight(now, settings);
        if self.flight.is_some() || self.demanded {
            return Some(self.demand(now, settings));
        }
        // Without any, a request that waits for a key would never learn that there is none.
        let cool_down = settings.cool_down.max(MIN_COOL_DOWN);
        if self.unknown_key_fetch.is_some_and(|at| now.since(at) < cool_down) {
            return None;
        }
        let fetching = self.demand(now, settings);
        if matches!(fetching, Fetching::Pending(_)) {
            self.unknown_key_fetch = Some(now);
        }
        Some(fetching)
    }

    /// Starts a flight if one is due.
    pub(super) fn start(&mut self, id: u64, now: Monotonic, settings: &RefreshSettings) -> bool {
        self.void_overdue_flight(now, settings);
        let due = self.demanded || self.is_due(now);
        let held_back = self.held_back_until(settings).is_some_and(|until| until > now);
        if self.flight.is_some() || !due || held_back {
            return false;
        }
        self.demanded = false;
        self.flight = Some(FlightUnderWay { id, deadline: now.saturating_add(settings.timeout) });
        while self.started.len() >= limit(settings) {
            self.started.pop_front();
        }
        self.started.push_back(now);
        true
    }

    /// Ends the flight `id`; `false` where it is no longer waited for.
    pub(super) fn land(&mut self, id: u64) -> bool {
        let awaited = self.flight.is_some_and(|flight| flight.id == id);
        if awaited {
            self.flight = None;
        }
        awaited
    }

    /// The flight brought a good document.
    pub(super) fn succeeded(
        &mut self,
        now: Monotonic,
        answer: &Inbound,
        settings: &RefreshSettings,
    ) {
        let fresh = settings.freshness(answer);
        self.failures = 0;
        self.backed_off_until = None;
        self.demanded = false;
        // Ahead of time, so that nobody has to wait for it.
        self.refresh_at = Some(now.saturating_add(fresh.saturating_mul(4) / 5));
        self.fresh_until = Some(now.saturating_add(fresh));
        self.stale_at = Some(now.saturating_add(fresh).saturating_add(settings.stale));
    }

    /// The flight was given up on this side, which says nothing of the provider: the document is
    /// due again at once. The limit for each minute counts the flight all the same.
    pub(super) const fn cancelled(&mut self) {
        self.demanded = true;
    }

    /// The flight brought nothing good: wait, longer each time, and not in step with others.
    pub(super) fn failed(
        &mut self,
        now: Monotonic,
        entropy: &mut dyn Entropy,
        settings: &RefreshSettings,
    ) {
        let jitter = entropy::random::<2>(entropy).map_or(u16::MAX, u16::from_be_bytes);
        self.back_off(now, jitter, settings);
    }

    /// The moment from which on the document is older than it should be.
    pub(super) const fn fresh_until(&self) -> Option<Monotonic> {
        self.fresh_until
    }

    /// The moment from which on the document may no longer be used.
    pub(super) const fn stale_at(&self) -> Option<Monotonic> {
        self.stale_at
    }

    /// The moment at which [`start`](Self::start) may start a flight without a demand.
    pub(super) fn wake_at(&self, settings: &RefreshSettings) -> Option<Monotonic> {
        match self.flight {
            Some(flight) => Some(flight.deadline),
            None => self
                .refresh_at
                .map(|at| self.held_back_until(settings).map_or(at, |held| at.max(held))),
        }
    }

    /// No fetch before this moment: after a failure, or because there were enough.
    fn held_back_until(&self, settings: &RefreshSettings) -> Option<Monotonic> {
        let counted = limit(settings);
        let limited = self
            .started
            .front()
            .filter(|_| settings.rate_limit && self.started.len() >= counted)
            .map(|oldest| oldest.saturating_add(MINUTE));
        self.backed_off_until.max(limited)
    }

    fn is_due(&self, now: Monotonic) -> bool {
        self.refresh_at.is_some_and(|at| at <= now)
    }

    /// A flight whose driver is dead does not wedge the document: past its deadline it is void.
    fn void_overdue_flight(&mut self, now: Monotonic, settings: &RefreshSettings) {
        if self.flight.is_some_and(|flight| flight.deadline <= now) {
            self.flight = None;
            self.back_off(now, u16::MAX, settings);
        }
    }

    fn back_off(&mut self, now: Monotonic, jitter: u16, settings: &RefreshSettings) {
        let doubled = 1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX);
        let ceiling = settings.min_back_off.saturating_mul(doubled).min(settings.max_back_off);
        // Between half of the ceiling and all of it.
        let part = (u32::from(jitter) + 1).saturating_add(1 << 16);
        let pause = ceiling.saturating_mul(part) / (1 << 17);
        self.failures = self.failures.saturating_add(1);
        self.demanded = false;
        self.backed_off_until = Some(now.saturating_add(pause));
        // The pause takes the place of the cool-down: nothing was learnt of any key.
        self.unknown_key_fetch = None;
    }
}

fn limit(settings: &RefreshSettings) -> usize {
    usize::from(settings.requests_per_minute.max(1))
}
