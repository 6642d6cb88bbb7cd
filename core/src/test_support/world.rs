//! An API with its guard, an issuer that does what a test says, and a clock that is set by hand.

use super::{AUDIENCE, Counting, ISSUER, after, discovery, ok, with_context};
use crate::{
    crypto::RUSTCRYPTO,
    flow::Step,
    guard::{Guard, GuardMemory, Refusal, Verdict},
    http::{FetchError, Inbound, RequestHead},
    issuer::{
        Availability, Demand, Document, Flight, IssuerConfig, IssuerEvent, IssuerMachine, Need,
        RefreshSettings,
    },
    jwt::{TokenCache, TokenCacheLimits, TokenPolicy, VerifiedToken},
};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

/// What the issuer answers; `None` where it says nothing at all.
pub(crate) type Answer = Option<Result<Inbound, FetchError>>;

pub(crate) struct World {
    pub(crate) machine: IssuerMachine,
    /// Seconds since the usual moment.
    pub(crate) now: u64,
    /// How often the key set was fetched.
    pub(crate) fetches: usize,
    pub(crate) events: Vec<IssuerEvent>,
    guard: Guard,
    memory: GuardMemory,
    cache: TokenCache,
    key_set: Box<dyn FnMut(&Flight) -> Answer>,
}

impl World {
    /// An API that knows nothing yet, and an issuer that publishes `key_set`.
    pub(crate) fn new(key_set: &str) -> Self {
        Self::with(key_set, RefreshSettings::default(), |policy| policy)
    }

    pub(crate) fn with(
        key_set: &str,
        settings: RefreshSettings,
        policy: impl FnOnce(TokenPolicy) -> TokenPolicy,
    ) -> Self {
        let config = IssuerConfig::new(ISSUER).unwrap().with_refresh(settings);
        let guard = Guard::new(policy(TokenPolicy::access_token([AUDIENCE]).unwrap()));
        let mut world = Self {
            machine: IssuerMachine::new(config, RUSTCRYPTO),
            now: 0,
            fetches: 0,
            events: vec![],
            memory: guard.memory(RUSTCRYPTO),
            guard,
            cache: TokenCache::new(TokenCacheLimits::default()),
            key_set: Box::new(|_| None),
        };
        world.publish(key_set);
        world
    }

    /// From now on, the issuer publishes this key set.
    pub(crate) fn publish(&mut self, key_set: &str) {
        let answer = ok(key_set);
        self.answer_with(move |_| Some(Ok(answer.clone())));
    }

    /// From now on, the issuer answers requests for its key set like this.
    pub(crate) fn answer_with(&mut self, key_set: impl FnMut(&Flight) -> Answer + 'static) {
        self.key_set = Box::new(key_set);
    }

    /// Calls the API. Returns the status of its answer.
    pub(crate) fn call(&mut self, token: &str) -> u16 {
        self.ask(token).map_or_else(|refusal| refusal.response.status, |_| 200)
    }

    /// Calls the API, which remembers the tokens that it has verified. Returns the status, and
    /// whether the token was remembered.
    pub(crate) fn call_with_cache(&mut self, token: &str) -> (u16, bool) {
        self.nudge();
        let snapshot = self.machine.snapshot();
        let now = after(self.now);
        let (place, recalled) = with_head(token, |head| {
            let (fingerprint, length) = self.memory.fingerprint(head).expect("a token");
            let recalled = with_context(now, &mut Counting::default(), &snapshot, |context| {
                self.memory.recall(&self.cache, &fingerprint, head, context)
            });
            ((fingerprint, length), recalled)
        });
        if let Some(verdict) = recalled {
            assert!(matches!(verdict, Verdict::Allowed(_)), "{verdict:?}");
            return (200, true);
        }
        match self.ask(token) {
            Ok(token) => {
                let (fingerprint, length) = place;
                self.cache.insert(fingerprint, &token, length, after(self.now).monotonic);
                (200, false)
            }
            Err(refusal) => (refusal.response.status, false),
        }
    }

    /// A token that the API accepts, verified.
    pub(crate) fn verified(&mut self, token: &str) -> VerifiedToken {
        self.ask(token).unwrap_or_else(|refusal| panic!("{}", refusal.reason))
    }

    /// What the API answers to a token that it refuses: status, header fields and body.
    pub(crate) fn refusal(&mut self, token: &str) -> (u16, Vec<(String, String)>, String) {
        let Err(Refusal { response, .. }) = self.ask(token) else { panic!("allowed") };
        let fields = response.headers.iter().map(|(name, value)| (name.into(), value.into()));
        (response.status, fields.collect(), response.body.into())
    }

    fn ask(&mut self, token: &str) -> Result<VerifiedToken, Refusal> {
        self.nudge();
        let snapshot = self.machine.snapshot();
        let entropy = &mut Counting::default();
        let mut step = with_head(token, |head| {
            with_context(after(self.now), entropy, &snapshot, |context| {
                self.guard.begin(head, context)
            })
        });
        loop {
            step = match step {
                Step::Done(Verdict::Allowed(token)) => return Ok(token),
                Step::Done(Verdict::Refused(refusal)) => return Err(refusal),
                Step::Done(verdict) => panic!("a guard without settings: {verdict:?}"),
                Step::Await(wait) => {
                    let availability = self.settle(wait.need());
                    let snapshot = self.machine.snapshot();
                    with_context(after(self.now), entropy, &snapshot, |context| {
                        wait.resume(availability, context)
                    })
                }
                other => panic!("a guard waits for nothing but its issuer: {other:?}"),
            };
        }
    }

    /// Starts the refreshing that is due, as an adapter does before every request.
    fn nudge(&mut self) {
        if self.machine.snapshot().refresh_due(after(self.now).monotonic) {
            let _ = self.fly();
        }
    }

    /// Waits until it is settled how it stands with `need`.
    pub(crate) fn settle(&mut self, need: &Need) -> Availability {
        loop {
            let now = after(self.now);
            match self.machine.demand(need, now) {
                Demand::Settled(availability) => return availability,
                Demand::Pending { until } if !self.fly() => {
                    self.now += until.since(now.monotonic).as_secs();
                }
                Demand::Pending { .. } => {}
            }
        }
    }

    /// Sends the flights that are due. Returns whether one was answered.
    fn fly(&mut self) -> bool {
        let mut answered = false;
        while let Some(flight) = self.machine.poll_flight(after(self.now)) {
            let answer = match flight.document {
                Document::Discovery => Some(Ok(ok(discovery()))),
                Document::KeySet => {
                    self.fetches += 1;
                    (self.key_set)(&flight)
                }
            };
            let Some(answer) = answer else { continue };
            let entropy = &mut Counting::default();
            let event = self.machine.on_answer(flight.id, answer, after(self.now), entropy);
            self.events.push(event);
            answered = true;
        }
        answered
    }
}

fn with_head<T>(token: &str, call: impl FnOnce(&RequestHead<'_>) -> T) -> T {
    let field = format!("Bearer {token}");
    let headers = [("authorization", field.as_str())];
    call(&RequestHead { method: "GET", target: "/", headers: &headers, peer: None, secure: false })
}
