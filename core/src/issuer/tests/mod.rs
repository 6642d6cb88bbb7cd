//! The machine driven by hand, with a virtual clock.

mod matrix;
mod properties;
mod settings;

use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    http::{FetchError, Inbound},
    jwt::KeyId,
    key_set::{KeyLookup, KeySetError},
    test_support::{Counting, ISSUER, ProviderKey, after, discovery, ok, ready_machine},
};
use alloc::{
    string::{String, ToString as _},
    vec,
};

fn machine() -> IssuerMachine {
    IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO)
}

/// What sessions are kept under does not depend on what the provider says, or on the final slash of a
/// setting.
#[test]
fn an_issuer_has_its_configured_name_from_the_start() {
    for configured in ["https://op.example", "https://op.example/"] {
        let config = IssuerConfig::new(configured).unwrap();
        let machine = IssuerMachine::new(config, RUSTCRYPTO);
        assert_eq!(&**machine.snapshot().configured_name(), "https://op.example");
    }
}

fn key(id: &str) -> Need {
    Need::Key { algorithm: SignatureAlgorithm::Rs256, id: KeyId::new(id) }
}

fn has_key(machine: &IssuerMachine, id: &str, seconds: u64) -> bool {
    let snapshot = machine.snapshot();
    let lookup =
        snapshot.key(SignatureAlgorithm::Rs256, KeyId::new(id).as_ref(), after(seconds).monotonic);
    matches!(lookup, Some(KeyLookup::Found(_)))
}

fn answer(
    machine: &mut IssuerMachine,
    flight: &Flight,
    answer: Result<Inbound, FetchError>,
    seconds: u64,
) -> IssuerEvent {
    machine.on_answer(flight.id, answer, after(seconds), &mut Counting::default())
}

fn pending(demand: Demand) -> bool {
    matches!(demand, Demand::Pending { .. })
}

fn unavailable(demand: Demand) -> bool {
    matches!(demand, Demand::Settled(Availability::Unavailable { .. }))
}

#[test]
fn fetches_discovery_then_the_key_set_each_once() {
    let mut machine = machine();
    assert!(machine.poll_flight(after(0)).is_none(), "nothing without a demand");
    assert!(pending(machine.demand(&key("one"), after(0))));
    let flight = machine.poll_flight(after(0)).unwrap();
    assert_eq!(flight.document, Document::Discovery);
    assert_eq!(flight.request.url.as_str(), "https://op.example/.well-known/openid-configuration");
    for _ in 0..50 {
        assert!(pending(machine.demand(&key("one"), after(1))));
        assert!(machine.poll_flight(after(1)).is_none(), "one flight a document");
    }
    let event = answer(&mut machine, &flight, Ok(ok(discovery())), 1);
    assert_eq!(
        event,
        IssuerEvent::Installed { document: Document::Discovery, keys_skipped: 0, private_keys: 0 }
    );
    assert_eq!(machine.snapshot().metadata().unwrap().issuer(), ISSUER);

    assert!(pending(machine.demand(&key("one"), after(1))));
    let flight = machine.poll_flight(after(1)).unwrap();
    assert_eq!(flight.request.url.as_str(), "https://op.example/jwks");
    assert!(machine.poll_flight(after(1)).is_none());
    let _ = answer(&mut machine, &flight, Ok(ok(ProviderKey::one().jwk_set())), 1);
    assert!(has_key(&machine, "one", 1));
    assert_eq!(machine.demand(&key("one"), after(1)), Demand::Settled(Availability::Ready));
}

/// J06: a flood of unknown keys causes one fetch for each cool-down, and locks nobody out.
#[test]
fn unknown_keys_cause_one_fetch_for_each_cool_down() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    let mut fetches = 0;
    for second in 0..90 {
        for _ in 0..10 {
            let demand = machine.demand(&key("unknown"), after(second));
            if let Some(flight) = machine.poll_flight(after(second)) {
                assert!(pending(demand));
                fetches += 1;
                let _ = answer(&mut machine, &flight, Ok(ok(ProviderKey::one().jwk_set())), second);
            } else {
                assert_eq!(demand, Demand::Settled(Availability::Missing));
            }
            assert!(has_key(&machine, "one", second), "known keys are unaffected");
        }
    }
    assert_eq!(fetches, 3);
}

/// J08: a key that is new right after the first fetch is found.
#[test]
fn a_rotation_right_after_the_first_fetch_is_seen() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    assert!(pending(machine.demand(&key("two"), after(0))));
    let flight = machine.poll_flight(after(0)).unwrap();
    let _ = answer(&mut machine, &flight, Ok(ok(ProviderKey::two().jwk_set())), 0);
    assert!(has_key(&machine, "two", 0));
    assert!(!has_key(&machine, "one", 0), "a key that left the set is gone");
}

/// J09: what the provider has once said is used while it is down, but not for ever.
#[test]
fn an_outage_never_empties_a_good_key_set_before_it_is_stale() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    // Fresh for 600 s, fetched ahead at 480 s, stale for a further 3600 s.
    assert!(!machine.snapshot().refresh_due(after(479).monotonic));
    assert!(machine.snapshot().refresh_due(after(480).monotonic));
    let mut fetches = 0;
    for second in 480..4200 {
        while let Some(flight) = machine.poll_flight(after(second)) {
            fetches += 1;
            let failure = if fetches % 2 == 0 {
                Err(FetchError::Timeout)
            } else {
                Ok(Inbound { status: 500, ..ok("") })
            };
            let event = answer(&mut machine, &flight, failure, second);
            assert!(matches!(event, IssuerEvent::Failed { .. }));
        }
        assert!(has_key(&machine, "one", second));
    }
    assert!(!has_key(&machine, "one", 4200), "too old to be used");
    assert!(fetches < 2 * 3720 / 30 + 20, "backs off: {fetches}");
    assert!(
        unavailable(machine.demand(&key("one"), after(4200)))
            || machine.poll_flight(after(4260)).is_some()
    );
}

#[test]
fn a_failure_backs_off_longer_each_time_and_says_until_when() {
    let mut machine = machine();
    let mut second = 0;
    let mut pauses = vec![];
    for _ in 0..9 {
        assert!(pending(machine.demand(&Need::Metadata, after(second))));
        let flight = machine.poll_flight(after(second)).unwrap();
        let _ = answer(&mut machine, &flight, Err(FetchError::Transport), second);
        let Demand::Settled(Availability::Unavailable { retry_after }) =
            machine.demand(&Need::Metadata, after(second))
        else {
            panic!("must back off");
        };
        assert!(machine.poll_flight(after(second)).is_none());
        pauses.push(retry_after.as_millis());
        second += retry_after.as_secs() + 1;
    }
    for (at, pause) in pauses.iter().enumerate() {
        let ceiling = 1000_u128.saturating_mul(1 << at).min(60_000);
        assert!((ceiling / 2..=ceiling).contains(pause), "{at}: {pause} of {ceiling}");
    }
}

/// O37: an answer that never comes is made up for, and one that comes too late changes nothing.
#[test]
fn a_lost_answer_does_not_wedge_the_document() {
    let mut machine = machine();
    assert!(pending(machine.demand(&Need::Metadata, after(0))));
    let lost = machine.poll_flight(after(0)).unwrap();
    assert!(pending(machine.demand(&Need::Metadata, after(4))));
    assert!(unavailable(machine.demand(&Need::Metadata, after(5))), "void at its deadline");
    assert!(pending(machine.demand(&Need::Metadata, after(7))));
    let second = machine.poll_flight(after(7)).unwrap();
    assert_eq!(answer(&mut machine, &lost, Ok(ok(discovery())), 7), IssuerEvent::Late);
    assert!(machine.snapshot().metadata().is_none());
    let _ = answer(&mut machine, &second, Ok(ok(discovery())), 7);
    assert!(machine.snapshot().metadata().is_some());
    assert_eq!(answer(&mut machine, &second, Ok(ok(discovery())), 7), IssuerEvent::Late);
}

/// J10: a set without a usable key does not replace a good one.
#[test]
fn a_useless_answer_never_replaces_a_good_set() {
    for (status, body, reason) in [
        (200, "", FlightFailure::KeySet(KeySetError::Text)),
        (200, "{}", FlightFailure::KeySet(KeySetError::Text)),
        (200, r#"{"keys":[]}"#, FlightFailure::KeySet(KeySetError::NoUsableKey)),
        (200, "<html>", FlightFailure::KeySet(KeySetError::Text)),
        (302, "", FlightFailure::Status(302)),
        (500, "", FlightFailure::Status(500)),
    ] {
        let mut machine = ready_machine(&ProviderKey::one().jwk_set());
        let _ = machine.demand(&key("two"), after(1));
        let flight = machine.poll_flight(after(1)).unwrap();
        let event = answer(&mut machine, &flight, Ok(Inbound { status, ..ok(body) }), 1);
        assert_eq!(event, IssuerEvent::Failed { document: Document::KeySet, reason, stale: false });
        assert!(has_key(&machine, "one", 1));
        // The set is good, so an unknown key is unknown, and no outage.
        let demand = machine.demand(&key("two"), after(1));
        assert_eq!(demand, Demand::Settled(Availability::Missing));
    }
}

/// O08: an issuer that changes its name is another issuer.
#[test]
fn a_discovery_document_may_not_change_the_issuers_name() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    let flight = machine.poll_flight(after(480)).unwrap();
    assert_eq!(flight.document, Document::Discovery);
    let renamed = discovery().replace("\"https://op.example/\"", "\"https://op.example\"");
    let event = answer(&mut machine, &flight, Ok(ok(renamed)), 480);
    let reason = FlightFailure::IssuerChanged;
    assert_eq!(event, IssuerEvent::Failed { document: Document::Discovery, reason, stale: false });
    assert_eq!(machine.snapshot().metadata().unwrap().issuer(), ISSUER);
}

#[test]
fn cache_control_counts_within_bounds() {
    for (fields, refresh_after) in [
        (vec![], 480),
        (vec![("cache-control", "max-age=1000")], 800),
        (vec![("cache-control", "public, Max-Age=1000"), ("age", "500")], 400),
        (vec![("cache-control", "max-age=15")], 48),
        (vec![("cache-control", "max-age=1000, no-store")], 48),
        (vec![("cache-control", "No-Cache")], 48),
        (vec![("cache-control", "private")], 480),
        (vec![("cache-control", "max-age=99999999")], 86_400 * 4 / 5),
        (vec![("cache-control", "max-age=-1")], 480),
        (vec![("cache-control", "max-age=x"), ("age", "y")], 480),
    ] {
        let mut machine = ready_machine(&ProviderKey::one().jwk_set());
        // Both documents anew, with these fields.
        for _ in 0..2 {
            let flight = machine.poll_flight(after(480)).unwrap();
            let body = match flight.document {
                Document::Discovery => discovery(),
                Document::KeySet => ProviderKey::one().jwk_set(),
            };
            let headers = fields.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            let _ = answer(&mut machine, &flight, Ok(Inbound { headers, ..ok(body) }), 480);
        }
        let snapshot = machine.snapshot();
        assert!(!snapshot.refresh_due(after(480 + refresh_after - 1).monotonic), "{fields:?}");
        assert!(snapshot.refresh_due(after(480 + refresh_after).monotonic), "{fields:?}");
    }
}

#[test]
fn an_entity_tag_is_sent_back_and_304_keeps_the_set() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    let _ = machine.demand(&key("two"), after(1));
    let flight = machine.poll_flight(after(1)).unwrap();
    assert_eq!(flight.request.headers.get("if-none-match"), None);
    let headers = vec![(String::from("etag"), String::from("\"v1\""))];
    let body = ProviderKey::one().jwk_set();
    let _ = answer(&mut machine, &flight, Ok(Inbound { headers, ..ok(body) }), 1);
    let generation = machine.snapshot().generation();

    let _ = machine.demand(&key("two"), after(40));
    let flight = machine.poll_flight(after(40)).unwrap();
    assert_eq!(flight.request.headers.get("if-none-match"), Some("\"v1\""));
    let event = answer(&mut machine, &flight, Ok(Inbound { status: 304, ..ok("") }), 40);
    assert_eq!(event, IssuerEvent::Unchanged { document: Document::KeySet });
    assert_eq!(machine.snapshot().generation(), generation);
    assert!(has_key(&machine, "one", 4239));
}

#[test]
fn an_issuer_must_be_a_url_with_tls_or_on_this_machine() {
    for (issuer, accepted) in [
        ("https://op.example", true),
        ("https://op.example/tenant/", true),
        ("http://localhost:4000", true),
        ("http://op.example", false),
        ("op.example", false),
        ("https://op.example?x", false),
        ("https://op.example#x", false),
    ] {
        assert_eq!(IssuerConfig::new(issuer).is_ok(), accepted, "{issuer}");
    }
}

#[test]
fn says_how_an_issuer_is_written() {
    for (issuer, message) in [
        ("op.example", "the issuer must start with https:// or http://"),
        (
            "http://op.example",
            "the issuer must start with https://; http:// is for this machine alone",
        ),
        ("https://op.example?x", "the issuer must not have a query (`?…`)"),
        (
            "https://op.example/.well-known/openid-configuration",
            "the issuer must be written without `/.well-known/openid-configuration`",
        ),
    ] {
        assert_eq!(IssuerConfig::new(issuer).unwrap_err().to_string(), message);
    }
}

/// A flight that was given up on this side says nothing of the provider.
#[test]
fn a_cancelled_flight_is_due_again_at_once() {
    let mut machine = machine();
    for _ in 0..2 {
        assert!(pending(machine.demand(&Need::Metadata, after(0))));
        let flight = machine.poll_flight(after(0)).unwrap();
        let event = answer(&mut machine, &flight, Err(FetchError::Cancelled), 0);
        let reason = FlightFailure::Fetch(FetchError::Cancelled);
        let document = Document::Discovery;
        assert_eq!(event, IssuerEvent::Failed { document, reason, stale: false });
    }
    // Those that wait need not ask again.
    let flight = machine.poll_flight(after(0)).unwrap();
    let _ = answer(&mut machine, &flight, Ok(ok(discovery())), 0);
    assert!(machine.snapshot().metadata().is_some());
    assert!(machine.poll_flight(after(0)).is_none());
}

/// An adapter that gives every flight up does not make the provider suffer for it.
#[test]
fn cancelled_flights_count_for_the_limit_of_a_minute() {
    let mut machine = machine();
    let mut flights = 0;
    for second in 0..60 {
        let _ = machine.demand(&Need::Metadata, after(second));
        while let Some(flight) = machine.poll_flight(after(second)) {
            flights += 1;
            let _ = answer(&mut machine, &flight, Err(FetchError::Cancelled), second);
        }
    }
    assert_eq!(flights, 10);
    assert!(unavailable(machine.demand(&Need::Metadata, after(59))));
    assert!(machine.poll_flight(after(60)).is_some());
}

/// The look-up of a key that was asked for under a flight that is cancelled is made up for too,
/// although its cool-down runs.
#[test]
fn a_cancelled_look_up_of_an_unknown_key_is_made_up_for() {
    let mut machine = ready_machine(&ProviderKey::one().jwk_set());
    assert!(pending(machine.demand(&key("two"), after(1))));
    let flight = machine.poll_flight(after(1)).unwrap();
    let _ = answer(&mut machine, &flight, Err(FetchError::Cancelled), 2);
    assert!(pending(machine.demand(&key("two"), after(2))));
    let flight = machine.poll_flight(after(2)).unwrap();
    let _ = answer(&mut machine, &flight, Ok(ok(ProviderKey::two().jwk_set())), 2);
    assert!(has_key(&machine, "two", 2));
}
