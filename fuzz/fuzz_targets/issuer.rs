//! The issuer machine, driven by a script: two bytes for each step.

#![no_main]

use fuzz_support::{Counting, ISSUER, at, discovery, key_set, ok, provider};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    crypto::SignatureAlgorithm,
    http::{FetchError, Inbound},
    issuer::{
        Availability, Demand, Document, Flight, FlightId, IssuerConfig, IssuerEvent, IssuerMachine,
        Need, RefreshSettings,
    },
    jwt::KeyId,
    key_set::KeyLookup,
    time::Now,
};
use std::time::Duration;

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::Rs256;
/// The key that every good set has.
const KNOWN: &str = "one";

fuzz_target!(|script: &[u8]| {
    let mut run = Run::new();
    for step in script.chunks_exact(2) {
        run.step(step[0], step[1]);
        run.check();
    }
});

/// A machine, and what an onlooker knows of it.
struct Run {
    machine: IssuerMachine,
    settings: RefreshSettings,
    entropy: Counting,
    elapsed: Duration,
    under_way: Vec<UnderWay>,
    answered: Vec<FlightId>,
    flights: [u32; 2],
    keys_installed_at: Option<Duration>,
    issuer_known: bool,
}

struct UnderWay {
    flight: Flight,
    deadline: Duration,
}

impl Run {
    fn new() -> Self {
        Self {
            machine: IssuerMachine::new(
                IssuerConfig::new(ISSUER).expect("a good issuer"),
                provider(),
            ),
            settings: RefreshSettings::default(),
            entropy: Counting::default(),
            elapsed: Duration::ZERO,
            under_way: Vec::new(),
            answered: Vec::new(),
            flights: [0; 2],
            keys_installed_at: None,
            issuer_known: false,
        }
    }

    fn now(&self) -> Now {
        at(self.elapsed)
    }

    fn step(&mut self, operation: u8, argument: u8) {
        match operation % 12 {
            0 => self.elapsed += Duration::from_millis(u64::from(argument) * 10),
            1 => self.elapsed += Duration::from_secs(u64::from(argument)),
            2 => self.elapsed += Duration::from_secs(u64::from(argument) * 60),
            3 => self.demand(&Need::Metadata),
            4 => self.demand(&key(KNOWN)),
            5 => self.demand(&key("another")),
            6 => self.demand(&Need::Key { algorithm: ALGORITHM, id: None }),
            7 => self.start_flights(),
            8 => self.answer(argument, |document| Ok(good(document))),
            9 => self.answer(argument, |_| Err(FetchError::Timeout)),
            10 => self.answer(argument, |document| Ok(bad(document, argument))),
            _ => self.answer_once_more(argument),
        }
    }

    fn demand(&mut self, need: &Need) {
        let now = self.now();
        match self.machine.demand(need, now) {
            Demand::Pending { until } => {
                let wait = until.since(now.monotonic);
                assert!(wait > Duration::ZERO && wait <= self.settings.timeout);
            }
            Demand::Settled(Availability::Unavailable { retry_after }) => {
                assert!(retry_after <= self.settings.max_back_off);
            }
            Demand::Settled(_) => {}
        }
    }

    fn start_flights(&mut self) {
        while let Some(flight) = self.machine.poll_flight(self.now()) {
            let is_same_awaited = |other: &UnderWay| {
                other.flight.document == flight.document && self.elapsed < other.deadline
            };
            assert!(!self.under_way.iter().any(is_same_awaited), "two flights for one document");
            self.flights[flight.document as usize] += 1;
            let deadline = self.elapsed + flight.request.limits.deadline;
            self.under_way.push(UnderWay { flight, deadline });
        }
    }

    fn answer(&mut self, which: u8, answer: impl FnOnce(Document) -> Result<Inbound, FetchError>) {
        if self.under_way.is_empty() {
            return;
        }
        let UnderWay { flight, .. } =
            self.under_way.swap_remove(usize::from(which) % self.under_way.len());
        let event = self.give(flight.id, answer(flight.document));
        if let IssuerEvent::Installed { document, .. } | IssuerEvent::Unchanged { document } = event
        {
            assert_eq!(document, flight.document);
            match document {
                Document::Discovery => self.issuer_known = true,
                Document::KeySet => self.keys_installed_at = Some(self.elapsed),
            }
        }
        self.answered.push(flight.id);
    }

    /// A flight that was answered once cannot change anything any more.
    fn answer_once_more(&mut self, which: u8) {
        if self.answered.is_empty() {
            return;
        }
        let id = self.answered[usize::from(which) % self.answered.len()];
        let before = format!("{:?}", self.machine);
        let other_set = ok(&key_set("another"));
        assert_eq!(self.give(id, Ok(other_set)), IssuerEvent::Late);
        assert_eq!(format!("{:?}", self.machine), before);
    }

    fn give(&mut self, id: FlightId, answer: Result<Inbound, FetchError>) -> IssuerEvent {
        let now = self.now();
        self.machine.on_answer(id, answer, now, &mut self.entropy)
    }

    fn check(&mut self) {
        let now = self.now();
        let snapshot = self.machine.snapshot();
        assert_eq!(snapshot.metadata().is_some(), self.issuer_known);

        // A key that is in the set answers, whatever else is under way or has failed.
        let usable = self.settings.fresh + self.settings.stale;
        if self.keys_installed_at.is_some_and(|at| self.elapsed < at + usable) {
            let found = snapshot.key(ALGORITHM, KeyId::new(KNOWN).as_ref(), now.monotonic);
            assert!(matches!(found, Some(KeyLookup::Found(_))));
            let demand = self.machine.demand(&key(KNOWN), now);
            assert_eq!(demand, Demand::Settled(Availability::Ready));
        }

        // The first, one for an unknown key, and then none before half of the first pause is over.
        let pause = self.settings.min_back_off / 2;
        let most = 2 + self.elapsed.as_millis() / pause.as_millis();
        assert!(self.flights.iter().all(|flights| u128::from(*flights) <= most));
    }
}

fn key(id: &str) -> Need {
    Need::Key { algorithm: ALGORITHM, id: KeyId::new(id) }
}

fn good(document: Document) -> Inbound {
    ok(&match document {
        Document::Discovery => discovery().to_owned(),
        Document::KeySet => key_set(KNOWN),
    })
}

/// A document of another issuer, one that is not there, one that has nothing in it, and others.
fn bad(document: Document, argument: u8) -> Inbound {
    match argument % 5 {
        0 => ok(&discovery().replace("op.example", "evil.example")),
        1 => Inbound { status: 503, ..good(document) },
        2 => ok(r#"{"keys":[]}"#),
        3 => Inbound { status: 304, headers: Vec::new(), body: Vec::new() },
        _ => ok("<html>"),
    }
}
