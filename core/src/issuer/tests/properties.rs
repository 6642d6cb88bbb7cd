//! The machine under random interleavings of look-ups, answers, failures, losses and jumps of the
//! clock: the invariants of a key source, checked after every step.

use super::{after, has_key, key, machine};
use crate::{
    http::{FetchError, Inbound},
    issuer::{Availability, Demand, Document, Flight, IssuerEvent, IssuerMachine, Need},
    test_support::{Counting, ProviderKey, discovery, ok},
    time::{Now, UnixSeconds},
};
use alloc::{format, string::String, vec, vec::Vec};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Default settings, in seconds.
const TIMEOUT: u64 = 5;
const FRESH: u64 = 600;
const STALE: u64 = 3600;
const PER_MINUTE: usize = 10;

/// The sets that the issuer may publish: its first key, its second, both.
static SETS: LazyLock<[String; 3]> = LazyLock::new(|| {
    let [one, two] = [ProviderKey::one().jwk(), ProviderKey::two().jwk()];
    [format!("{{\"keys\":[{one}]}}"), format!("{{\"keys\":[{two}]}}"), {
        format!("{{\"keys\":[{one},{two}]}}")
    }]
});

const fn is_in(id: &str, set: usize) -> bool {
    matches!((id.as_bytes(), set), (b"one", 0 | 2) | (b"two", 1 | 2))
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Failed(FetchError),
    Status(u16),
    Garbage,
    /// A good document, with this key set.
    Good(usize),
}

#[derive(Clone, Debug)]
enum Event {
    Demand(u8),
    Poll,
    Answer {
        flight: usize,
        outcome: Outcome,
    },
    /// The flight is dropped without a word.
    Lose {
        flight: usize,
    },
    Pass(u64),
    /// Somebody sets the wall clock, forwards or back; the other clock goes on.
    SetClock(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        1 => Just(Outcome::Failed(FetchError::Timeout)),
        1 => Just(Outcome::Failed(FetchError::Transport)),
        1 => Just(Outcome::Failed(FetchError::TooLarge)),
        1 => Just(Outcome::Failed(FetchError::Cancelled)),
        2 => prop_oneof![Just(304_u16), Just(500), Just(302)].prop_map(Outcome::Status),
        1 => Just(Outcome::Garbage),
        4 => (0_usize..3).prop_map(Outcome::Good),
    ];
    prop_oneof![
        3 => (0_u8..4).prop_map(Event::Demand),
        3 => Just(Event::Poll),
        4 => (any::<usize>(), outcome)
            .prop_map(|(flight, outcome)| Event::Answer { flight, outcome }),
        1 => any::<usize>().prop_map(|flight| Event::Lose { flight }),
        3 => prop_oneof![0_u64..3, 0_u64..70, 0_u64..6000].prop_map(Event::Pass),
        1 => prop_oneof![Just(0), Just(u64::MAX), any::<u64>()].prop_map(Event::SetClock),
    ]
}

/// A machine, and what an onlooker knows of it.
struct Onlooker {
    machine: IssuerMachine,
    now: u64,
    /// What the wall clock says.
    wall: UnixSeconds,
    under_way: Vec<(Flight, u64)>,
    /// When which document was fetched.
    started: Vec<(Document, u64)>,
    known_issuer: bool,
    /// Which set is installed, and until when it may be used.
    installed: Option<(usize, u64)>,
    generation: u64,
}

impl Onlooker {
    fn new() -> Self {
        Self {
            machine: machine(),
            now: 0,
            wall: UnixSeconds(0),
            under_way: vec![],
            started: vec![],
            known_issuer: false,
            installed: None,
            generation: 0,
        }
    }

    fn at(&self) -> Now {
        Now { unix: self.wall, ..after(self.now) }
    }

    fn demand(&mut self, need: &Need) -> Result<(), TestCaseError> {
        let now = after(self.now).monotonic;
        match self.machine.demand(need, self.at()) {
            Demand::Pending { until } => {
                let wait = until.since(now).as_secs();
                prop_assert!((1..=TIMEOUT).contains(&wait), "{wait}");
                // Somebody flies for it, or is about to.
                self.poll()?;
                prop_assert!(self.under_way.iter().any(|(_, start)| self.now < start + TIMEOUT));
            }
            Demand::Settled(Availability::Unavailable { retry_after }) => {
                prop_assert!((1..=60_000).contains(&retry_after.as_millis()));
                prop_assert!(!self.is_usable() || !self.known_issuer);
            }
            // An unknown key of a good set is no outage.
            Demand::Settled(Availability::Missing) => prop_assert!(self.is_usable()),
            Demand::Settled(Availability::Ready) => {}
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), TestCaseError> {
        while let Some(flight) = self.machine.poll_flight(self.at()) {
            let document = flight.document;
            let awaited = |(other, start): &(Flight, u64)| {
                other.document == document && self.now < start + TIMEOUT
            };
            prop_assert!(!self.under_way.iter().any(awaited), "two flights for {document:?}");
            self.started.push((document, self.now));
            let recent = |(other, at): &&(Document, u64)| *other == document && *at + 60 > self.now;
            prop_assert!(self.started.iter().filter(recent).count() <= PER_MINUTE);
            self.under_way.push((flight, self.now));
        }
        Ok(())
    }

    fn answer(&mut self, at: usize, outcome: Outcome) -> Result<(), TestCaseError> {
        let (flight, _) = self.under_way.swap_remove(at);
        let body = match (flight.document, outcome) {
            (_, Outcome::Failed(error)) => Err(error),
            (_, Outcome::Status(status)) => Ok(Inbound { status, ..ok("") }),
            (_, Outcome::Garbage) => Ok(ok("garbage")),
            (Document::Discovery, Outcome::Good(_)) => Ok(ok(discovery())),
            (Document::KeySet, Outcome::Good(set)) => {
                let headers = vec![(String::from("etag"), format!("\"{set}\""))];
                Ok(Inbound { headers, ..ok(SETS[set].clone()) })
            }
        };
        let now = self.at();
        let mut answer =
            |body| self.machine.on_answer(flight.id, body, now, &mut Counting::default());
        match answer(body) {
            IssuerEvent::Installed { document: Document::Discovery, .. } => {
                self.known_issuer = true;
            }
            IssuerEvent::Installed { document: Document::KeySet, .. } => {
                let Outcome::Good(set) = outcome else { panic!("{outcome:?} is no key set") };
                prop_assert!(self.installed.is_none_or(|(other, _)| other != set));
                self.generation += 1;
                self.installed = Some((set, self.now + FRESH + STALE));
            }
            IssuerEvent::Unchanged { document } => {
                prop_assert_eq!(document, Document::KeySet);
                let (set, _) = self.installed.expect("there is a set");
                match outcome {
                    Outcome::Good(other) => prop_assert_eq!(other, set),
                    Outcome::Status(304) => {}
                    other => panic!("{other:?} leaves nothing unchanged"),
                }
                self.installed = Some((set, self.now + FRESH + STALE));
            }
            IssuerEvent::Failed { .. } | IssuerEvent::Late => {}
        }
        // A second answer to the same flight is nothing at all.
        let again = answer(Ok(ok(SETS[1].clone())));
        prop_assert_eq!(again, IssuerEvent::Late);
        Ok(())
    }

    fn is_usable(&self) -> bool {
        self.installed.is_some_and(|(_, until)| self.now < until)
    }

    /// What must hold at any moment.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let snapshot = self.machine.snapshot();
        prop_assert_eq!(snapshot.metadata().is_some(), self.known_issuer);
        prop_assert_eq!(snapshot.generation(), self.generation);
        prop_assert_eq!(snapshot.is_usable(after(self.now).monotonic), self.is_usable());
        for id in ["one", "two", "unknown"] {
            let good = self.is_usable() && self.installed.is_some_and(|(set, _)| is_in(id, set));
            // A key that is in the set answers without any flight, and one that is not does not.
            prop_assert_eq!(has_key(&self.machine, id, self.now), good, "{}", id);
            if good && self.known_issuer {
                let demand = self.machine.demand(&key(id), self.at());
                prop_assert_eq!(demand, Demand::Settled(Availability::Ready));
            }
        }
        Ok(())
    }

    fn step(&mut self, event: &Event) -> Result<(), TestCaseError> {
        let flights = self.under_way.len().max(1);
        match event {
            Event::Pass(seconds) => self.now += seconds,
            Event::SetClock(seconds) => self.wall = UnixSeconds(*seconds),
            Event::Demand(0) => self.demand(&Need::Metadata)?,
            Event::Demand(1) => self.demand(&key("one"))?,
            Event::Demand(2) => self.demand(&key("two"))?,
            Event::Demand(_) => self.demand(&key("unknown"))?,
            Event::Poll => self.poll()?,
            Event::Answer { flight, outcome } if !self.under_way.is_empty() => {
                self.answer(flight % flights, *outcome)?;
            }
            Event::Lose { flight } if !self.under_way.is_empty() => {
                // It is under way for the machine until its deadline.
                let (_, start) = self.under_way[flight % flights];
                if self.now >= start + TIMEOUT {
                    let _ = self.under_way.swap_remove(flight % flights);
                }
            }
            Event::Answer { .. } | Event::Lose { .. } => {}
        }
        self.check()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// J06, J09: one flight a document; no more fetches than a minute may have; a key in the set
    /// always answers; an outage never empties a good set; nobody waits for longer than a flight
    /// may take; a demand is always flown for.
    #[test]
    fn keeps_its_invariants_under_any_interleaving(
        events in proptest::collection::vec(event(), 1..200),
    ) {
        let mut onlooker = Onlooker::new();
        for event in events {
            onlooker.step(&event)?;
        }
    }

    /// After any history at all, an issuer that works again is in use again within the longest
    /// pause: nothing wedges the machine.
    #[test]
    fn recovers_from_any_history(events in proptest::collection::vec(event(), 1..100)) {
        let mut onlooker = Onlooker::new();
        for event in events {
            onlooker.step(&event)?;
        }
        let deadline = onlooker.now + 2 * (TIMEOUT + 61);
        while !has_key(&onlooker.machine, "two", onlooker.now) {
            prop_assert!(onlooker.now < deadline, "wedged");
            onlooker.demand(&key("two"))?;
            let flights = core::mem::take(&mut onlooker.under_way);
            for (flight, start) in flights {
                // Those of the past may be lost.
                if start + TIMEOUT > onlooker.now {
                    onlooker.under_way.push((flight, start));
                    onlooker.answer(onlooker.under_way.len() - 1, Outcome::Good(2))?;
                }
            }
            onlooker.now += 1;
        }
    }
}
