//! The protocol by which requests share an issuer, in every order in which threads can come.
//!
//! The module under test is the engine's own; only what it locks and waits with is replaced. A
//! wake-up that is lost shows as a deadlock, since nothing here ever times out.

#[path = "../../../runtime-hyper/src/issuers/shared_machine.rs"]
mod shared_machine;
mod sync;

use crate::harness::SigningKey;
use core::{
    future::{Future as _, pending},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use loom::thread;
use portcullis_core::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    entropy::{Entropy, EntropyError},
    http::Inbound,
    issuer::{Availability, Document, Flight, IssuerConfig, IssuerMachine, IssuerSnapshot, Need},
    key_set::KeyLookup,
    time::{Monotonic, Now, UnixSeconds},
};
use shared_machine::{Airborne, SharedMachine};
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};
use sync::block_on;

const KEY: Need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };

static KEY_SET: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::generate("one");
    format!(r#"{{"keys":[{}]}}"#, key.jwk())
});

fn at(seconds: u64) -> Now {
    Now {
        unix: UnixSeconds(1_800_000_000 + seconds),
        monotonic: Monotonic::from_start(Duration::from_secs(seconds)),
    }
}

struct Fixed;

impl Entropy for Fixed {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}

fn good(document: Document) -> Inbound {
    let body = match document {
        Document::Discovery => r#"{"issuer":"https://op.example",
            "authorization_endpoint":"https://op.example/authorize",
            "token_endpoint":"https://op.example/token",
            "jwks_uri":"https://op.example/jwks"}"#
            .to_owned(),
        Document::KeySet => KEY_SET.clone(),
    };
    Inbound { status: 200, headers: Vec::new(), body: body.into_bytes() }
}

/// An issuer under test. What is counted here is no part of the protocol, so no order is tried for
/// it: one thread runs at a time.
struct Issuer {
    machine: SharedMachine,
    now: Now,
    /// How many flights are dropped before one is answered.
    to_drop: AtomicUsize,
    launched: AtomicUsize,
    under_way: [AtomicUsize; 2],
}

impl Issuer {
    fn new(machine: IssuerMachine, now: Now, to_drop: usize) -> Arc<Self> {
        Arc::new(Self {
            machine: SharedMachine::new(machine),
            now,
            to_drop: AtomicUsize::new(to_drop),
            launched: AtomicUsize::new(0),
            under_way: [AtomicUsize::new(0), AtomicUsize::new(0)],
        })
    }

    /// An issuer of which nothing is known.
    fn cold(to_drop: usize) -> Arc<Self> {
        Self::new(machine(), at(0), to_drop)
    }

    fn launch(self: &Arc<Self>, flights: Vec<Flight>) {
        for Flight { id, document, .. } in flights {
            self.launched.fetch_add(1, Ordering::Relaxed);
            let of_the_document = &self.under_way[document as usize];
            assert_eq!(of_the_document.fetch_add(1, Ordering::Relaxed), 0, "two flights at once");
            let issuer = self.clone();
            let airborne = Airborne::new(move |answer| {
                let is_answered = answer.is_ok();
                issuer.under_way[document as usize].fetch_sub(1, Ordering::Relaxed);
                let _ = issuer.machine.land(id, answer, issuer.now, &mut Fixed);
                if is_answered {
                    issuer.launch(issuer.machine.claim_next(issuer.now));
                }
            });
            let drops = |left: usize| left.checked_sub(1);
            let is_dropped =
                self.to_drop.fetch_update(Ordering::Relaxed, Ordering::Relaxed, drops).is_ok();
            thread::spawn(move || {
                if is_dropped {
                    drop(airborne);
                } else {
                    airborne.land(Ok(good(document)));
                }
            });
        }
    }

    async fn wait(self: &Arc<Self>, need: &Need) -> Availability {
        self.machine.wait(need, || self.now, |flights| self.launch(flights), |_| pending()).await
    }

    fn launched(&self) -> usize {
        self.launched.load(Ordering::Relaxed)
    }
}

fn machine() -> IssuerMachine {
    IssuerMachine::new(IssuerConfig::new("https://op.example").unwrap(), RUSTCRYPTO)
}

/// A machine that got both documents at the start.
fn warm() -> IssuerMachine {
    let mut machine = machine();
    for _ in 0..2 {
        let _ = machine.demand(&KEY, at(0));
        let flight = machine.poll_flight(at(0)).unwrap();
        let _ = machine.on_answer(flight.id, Ok(good(flight.document)), at(0), &mut Fixed);
    }
    machine
}

fn has_key(snapshot: &IssuerSnapshot, now: Now) -> bool {
    let key = snapshot.key(SignatureAlgorithm::Rs256, None, now.monotonic);
    matches!(key, Some(KeyLookup::Found(_)))
}

/// Tries all orders with at most so many switches to another thread where none was called for, or all
/// there are. `LOOM_MAX_PREEMPTIONS=4` tries more of the large models, and takes minutes.
fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    LazyLock::force(&KEY_SET);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    builder.check(model);
}

#[test]
fn every_waiter_hears_of_the_one_answer() {
    check(Some(6), || {
        let issuer = Issuer::cold(0);
        let other = issuer.clone();
        let waiter = thread::spawn(move || block_on(other.wait(&Need::Metadata)));
        assert_eq!(block_on(issuer.wait(&Need::Metadata)), Availability::Ready);
        assert_eq!(waiter.join().unwrap(), Availability::Ready);
        assert!(issuer.machine.snapshot().metadata().is_some());
        assert_eq!(issuer.launched(), 1);
    });
}

#[test]
fn a_key_takes_one_flight_for_each_document() {
    check(Some(3), || {
        let issuer = Issuer::cold(0);
        let other = issuer.clone();
        let waiter = thread::spawn(move || {
            assert_eq!(block_on(other.wait(&KEY)), Availability::Ready);
            assert!(has_key(&other.machine.snapshot(), other.now));
        });
        assert_eq!(block_on(issuer.wait(&KEY)), Availability::Ready);
        assert!(has_key(&issuer.machine.snapshot(), issuer.now));
        waiter.join().unwrap();
        assert_eq!(issuer.launched(), 2);
    });
}

#[test]
fn a_flight_whose_task_is_dropped_is_made_up_for() {
    check(Some(3), || {
        let issuer = Issuer::cold(1);
        let other = issuer.clone();
        let waiter = thread::spawn(move || block_on(other.wait(&Need::Metadata)));
        assert_eq!(block_on(issuer.wait(&Need::Metadata)), Availability::Ready);
        assert_eq!(waiter.join().unwrap(), Availability::Ready);
        assert_eq!(issuer.launched(), 2);
    });
}

#[test]
fn a_waiter_that_gives_up_takes_nothing_along() {
    check(None, || {
        let issuer = Issuer::cold(0);
        let other = issuer.clone();
        let quitter = thread::spawn(move || {
            // It may be the one that claims the flight.
            let wait = pin!(other.wait(&Need::Metadata));
            let polled = wait.poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Pending | Poll::Ready(Availability::Ready)));
        });
        assert_eq!(block_on(issuer.wait(&Need::Metadata)), Availability::Ready);
        quitter.join().unwrap();
        assert_eq!(issuer.launched(), 1);
    });
}

#[test]
fn a_refresh_never_takes_a_key_away_from_its_readers() {
    check(Some(3), || {
        // Both documents are due.
        let issuer = Issuer::new(warm(), at(500), 0);
        let read = |issuer: &Arc<Issuer>| {
            let mut generation = 0;
            for _ in 0..2 {
                issuer.launch(issuer.machine.claim_due(issuer.now));
                let snapshot = issuer.machine.snapshot();
                assert!(has_key(&snapshot, issuer.now) && snapshot.metadata().is_some());
                assert!(snapshot.generation() >= generation, "an older one overtook a newer one");
                generation = snapshot.generation();
            }
        };
        let other = issuer.clone();
        let reader = thread::spawn(move || read(&other));
        read(&issuer);
        reader.join().unwrap();
        assert!(issuer.launched() <= 2);
    });
}
