//! The settings, under the names that users of jwks-rsa know.

use super::{answer, has_key, key, machine, pending};
use crate::{
    issuer::{Document, IssuerConfig, IssuerMachine, RefreshSettings},
    test_support::{NOW, ProviderKey, World, access_claims, after, discovery, ok},
};
use alloc::{format, string::String};
use core::time::Duration;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A token that lives for a day.
fn token() -> String {
    let expiry = format!("\"exp\":{}", NOW + 600);
    ProviderKey::one()
        .sign(&access_claims("").replace(&expiry, &format!("\"exp\":{}", NOW + 86_400)))
}

fn world(settings: RefreshSettings) -> World {
    World::with(&ProviderKey::one().jwk_set(), settings, |policy| policy)
}

/// The seconds from the first call at which the key set is fetched, with a call every second.
fn fetched_at(world: &mut World, until: u64) -> alloc::vec::Vec<u64> {
    let token = token();
    (0..until)
        .filter(|second| {
            let before = world.fetches;
            world.now = *second;
            let _ = world.call(&token);
            world.fetches > before
        })
        .collect()
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let settings = RefreshSettings::default();
    assert_eq!((settings.timeout, settings.max_body), (seconds(5), 512 * 1024));
    assert_eq!((settings.fresh, settings.stale), (seconds(600), seconds(3600)));
    assert_eq!((settings.min_fresh, settings.max_fresh), (seconds(60), seconds(86_400)));
    assert_eq!(settings.cool_down, seconds(30));
    assert_eq!((settings.min_back_off, settings.max_back_off), (seconds(1), seconds(60)));
    assert!(settings.rate_limit && settings.requests_per_minute == 10);
    assert_eq!(fetched_at(&mut world(settings), 1500), [0, 480, 960, 1440]);
}

#[test]
fn cache_can_be_switched_off() {
    let settings = RefreshSettings::default();
    assert_eq!(settings.with_cache(true), settings);
    let off = settings.with_cache(false).with_rate_limit(false);
    assert_eq!(fetched_at(&mut world(off), 5), [0, 1, 2, 3, 4]);
    // The limit of a minute holds all the same.
    let mut world = world(settings.with_cache(false).with_jwks_requests_per_minute(3));
    assert_eq!(fetched_at(&mut world, 62), [0, 1, 2, 60, 61]);
}

#[test]
fn cache_max_age_is_the_most_that_a_set_counts_as_fresh() {
    let settings = RefreshSettings::default().with_cache_max_age(seconds(100));
    assert_eq!(fetched_at(&mut world(settings), 200), [0, 80, 160]);
    let short = RefreshSettings::default().with_cache_max_age(seconds(10));
    assert_eq!(fetched_at(&mut world(short), 20), [0, 8, 16]);
}

#[test]
fn cache_max_age_fallback_is_for_how_long_a_set_is_used_beyond_that() {
    let settings = RefreshSettings::default()
        .with_cache_max_age(seconds(100))
        .with_cache_max_age_fallback(seconds(50));
    let mut world = world(settings);
    assert_eq!(world.call(&token()), 200);
    world.answer_with(|_| Some(Err(crate::http::FetchError::Transport)));
    for (second, status) in [(149, 200), (150, 503)] {
        world.now = second;
        assert_eq!(world.call(&token()), status, "after {second} s");
    }
}

#[test]
fn rate_limit_and_jwks_requests_per_minute_bound_the_fetches() {
    let hurried = RefreshSettings {
        min_back_off: Duration::from_millis(1),
        max_back_off: Duration::from_millis(1),
        ..RefreshSettings::default()
    };
    let failures = |settings: RefreshSettings| {
        let mut world = world(settings);
        world.answer_with(|_| Some(Err(crate::http::FetchError::Transport)));
        let _ = fetched_at(&mut world, 60);
        world.fetches
    };
    assert_eq!(failures(hurried), 10);
    assert_eq!(failures(hurried.with_jwks_requests_per_minute(4)), 4);
    // None at all would be no key set at all.
    assert_eq!(failures(hurried.with_jwks_requests_per_minute(0)), 1);
    assert_eq!(failures(hurried.with_rate_limit(false)), 60);
}

#[test]
fn timeout_is_the_deadline_of_a_flight() {
    let settings = RefreshSettings::default().with_timeout(seconds(2));
    let config = IssuerConfig::new("https://op.example/").unwrap().with_refresh(settings);
    let mut machine = IssuerMachine::new(config, crate::crypto::RUSTCRYPTO);
    assert!(pending(machine.demand(&key("one"), after(0))));
    let flight = machine.poll_flight(after(0)).unwrap();
    assert_eq!(flight.request.limits.deadline, seconds(2));
    assert!(super::unavailable(machine.demand(&key("one"), after(2))));
}

/// J10: where the key set may be is decided by the discovery document, and can be narrowed.
#[test]
fn a_key_set_can_be_pinned_to_the_host_of_its_issuer() {
    for (jwks_uri, accepted) in [
        ("https://op.example/jwks", true),
        ("https://keys.example/jwks", false),
        ("https://op.example:8443/jwks", false),
        ("https://op.example.evil.example/jwks", false),
    ] {
        let config =
            IssuerConfig::new("https://op.example/").unwrap().with_key_set_on_issuer_host();
        let mut machine = IssuerMachine::new(config, crate::crypto::RUSTCRYPTO);
        let _ = machine.demand(&key("one"), after(0));
        let flight = machine.poll_flight(after(0)).unwrap();
        let document = discovery().replace("https://op.example/jwks", jwks_uri);
        let _ = answer(&mut machine, &flight, Ok(ok(document)), 0);
        assert_eq!(machine.snapshot().metadata().is_some(), accepted, "{jwks_uri}");
    }
}

/// J07: during an outage a flood causes no fetch beyond the pauses, and where there is no randomness
/// for them, they are the longest.
#[test]
fn a_flood_during_an_outage_keeps_to_the_pauses() {
    let mut machine = machine();
    let mut fetches = 0;
    for tenth in 0..600_u64 {
        let now = after(tenth / 10);
        for number in 0..10 {
            let _ = machine.demand(&key(&format!("made-up-{tenth}-{number}")), now);
            while let Some(flight) = machine.poll_flight(now) {
                assert_eq!(flight.document, Document::Discovery);
                fetches += 1;
                let error = Err(crate::http::FetchError::Transport);
                let entropy = &mut crate::test_support::NoEntropy;
                let _ = machine.on_answer(flight.id, error, now, entropy);
            }
        }
    }
    // After 0, 1, 3, 7, 15 and 31 s.
    assert_eq!(fetches, 6);
    assert!(!has_key(&machine, "one", 60));
}

/// J33: within the cool-down, a key that nobody has is refused as fast as a bad signature: neither
/// waits for a fetch.
#[test]
fn refusals_do_not_wait_within_the_cool_down() {
    let key = ProviderKey::one();
    let mut world = world(RefreshSettings::default());
    assert_eq!(world.call(&token()), 200);
    let unknown = key.sign_with_header(r#"{"alg":"RS256","kid":"nobody's"}"#, &access_claims(""));
    assert_eq!((world.call(&unknown), world.fetches), (401, 2));
    // From here on, whoever waits waits for the deadline.
    world.answer_with(|_| None);
    let good = token();
    let (input, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{input}.{}", "A".repeat(342));
    let expired = key.sign(&access_claims("").replace("1800000600", "1700000000"));
    for token in [&unknown, &forged, &expired] {
        assert_eq!((world.call(token), world.now, world.fetches), (401, 0, 2), "{token:.60}");
    }
}

/// J32: what is wrong with a token, and what is looked at first, cannot be told from the answer.
#[test]
fn the_answer_does_not_tell_what_is_wrong() {
    let key = ProviderKey::one();
    let mut world = world(RefreshSettings::default());
    let expired = key.sign(&access_claims("").replace("1800000600", "1700000000"));
    let forge = |token: &str| {
        let (input, _) = token.rsplit_once('.').unwrap();
        format!("{input}.{}", "A".repeat(342))
    };
    let unknown = key.sign_with_header(r#"{"alg":"RS256","kid":"nobody's"}"#, &access_claims(""));
    let bad = [forge(&expired), forge(&token()), expired, unknown, "x.y.z".into()];
    let answers: alloc::vec::Vec<_> = bad.iter().map(|token| world.refusal(token)).collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}
