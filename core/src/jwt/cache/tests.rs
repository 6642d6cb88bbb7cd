//! What a cache of verified tokens may say, and what it may never say.

use super::*;
use crate::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    guard::Guard,
    http::RequestHead,
    issuer::{IssuerConfig, IssuerIndex, RefreshSettings},
    jwt::{AccessTokenProfile, ClockTolerance, ScopeClaim, TokenPolicy, TrustedIssuer},
    test_support::{AUDIENCE, CLIENT_ID, ISSUER, NOW, ProviderKey, World, access_claims, after},
};
use alloc::{format, string::String, vec};
use proptest::prelude::*;
use std::sync::LazyLock;

static ONE: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);
static TWO: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::two);

/// A token that expires this many seconds after the usual moment.
fn token(key: &ProviderKey, lifetime: u64) -> String {
    let expiry = format!("\"exp\":{}", NOW + 600);
    key.sign(&access_claims("").replace(&expiry, &format!("\"exp\":{}", NOW + lifetime)))
}

#[test]
fn a_token_is_verified_once() {
    let mut world = World::new(&ONE.jwk_set());
    let (first, second) = (token(&ONE, 600), token(&ONE, 601));
    assert_eq!(world.call_with_cache(&first), (200, false));
    assert_eq!(world.call_with_cache(&first), (200, true));
    assert_eq!(world.call_with_cache(&second), (200, false));
    assert_eq!(world.call_with_cache(&second), (200, true));
}

/// J28: a remembered token expires to the second, with the tolerance of its policy.
#[test]
fn a_remembered_token_expires() {
    let mut world = World::new(&ONE.jwk_set());
    let token = token(&ONE, 100);
    assert_eq!(world.call_with_cache(&token), (200, false));
    world.now = 129;
    assert_eq!(world.call_with_cache(&token), (200, true));
    world.now = 130;
    assert_eq!(world.call_with_cache(&token), (401, false));
}

/// J28: a remembered token goes with its key, at once.
#[test]
fn a_remembered_token_goes_with_its_key() {
    let mut world = World::new(&ONE.jwk_set());
    let token_one = token(&ONE, 3600);
    assert_eq!(world.call_with_cache(&token_one), (200, false));
    world.publish(&TWO.jwk_set());
    assert_eq!(world.call_with_cache(&token_one), (200, true), "nobody can know yet");
    assert_eq!(world.call_with_cache(&token(&TWO, 3600)), (200, false));
    assert_eq!(world.call_with_cache(&token_one), (401, false));
    // Where the key comes back, the token is verified again.
    world.publish(&ONE.jwk_set());
    world.now = 40;
    assert_eq!(world.call_with_cache(&token_one), (200, false));
}

/// What is remembered is no way around an outage that makes the key set unusable.
#[test]
fn a_remembered_token_does_not_outlive_a_stale_key_set() {
    let settings = RefreshSettings { stale: Duration::ZERO, ..Default::default() };
    let mut world = World::with(&ONE.jwk_set(), settings, |policy| policy);
    let token = token(&ONE, 3600);
    world.now = 350;
    assert_eq!(world.call_with_cache(&token), (200, false));
    world.answer_with(|_| Some(Err(crate::http::FetchError::Transport)));
    world.now = 640;
    assert_eq!(world.call_with_cache(&token), (200, true));
    world.now = 950;
    assert_eq!(world.call_with_cache(&token), (503, false));
}

/// Rule 35: a wall clock that goes back never makes a token good that is not good yet.
#[test]
fn a_clock_that_goes_back_is_believed() {
    let mut world = World::new(&ONE.jwk_set());
    let token = ONE.sign(&access_claims(&format!(r#","nbf":{}"#, NOW + 10)));
    world.now = 100;
    assert_eq!(world.call_with_cache(&token), (200, false));
    let remembered = world.verified(&token);
    let at = |seconds: u64| crate::time::UnixSeconds(NOW + 10 - 30).saturating_add(seconds);
    assert!(remembered.is_current(at(0)));
    assert!(!remembered.is_current(at(0).saturating_sub(1)));
}

/// Nothing is remembered for longer than the limit says, however long it lives.
#[test]
fn a_remembered_token_is_verified_again_from_time_to_time() {
    let mut world = World::new(&ONE.jwk_set());
    let token = token(&ONE, 3600);
    assert_eq!(world.call_with_cache(&token), (200, false));
    for (second, recalled) in [(299, true), (300, false), (599, true), (600, false)] {
        world.now = second;
        assert_eq!(world.call_with_cache(&token), (200, recalled), "after {second} s");
    }
}

/// Refusals are never remembered: what was bad for a moment is good as soon as it can be.
#[test]
fn refusals_are_not_remembered() {
    let mut world = World::new(&ONE.jwk_set());
    let early = ONE.sign(&access_claims(&format!(r#","nbf":{}"#, NOW + 100)));
    assert_eq!(world.call_with_cache(&early), (401, false));
    world.now = 70;
    assert_eq!(world.call_with_cache(&early), (200, false));
    let (input, _) = early.rsplit_once('.').unwrap();
    for _ in 0..2 {
        assert_eq!(world.call_with_cache(&format!("{input}.AAAA")), (401, false));
    }
}

fn fingerprint(guard: &Guard, token: &str) -> TokenFingerprint {
    let field = format!("Bearer {token}");
    let headers = [("authorization", field.as_str())];
    let head =
        RequestHead { method: "GET", target: "/", headers: &headers, peer: None, secure: false };
    guard.memory(RUSTCRYPTO).fingerprint(&head).unwrap().0
}

/// J28: a token that was verified under one policy is unknown under any other.
#[test]
fn nothing_is_shared_between_policies() {
    let policy = || TokenPolicy::access_token([AUDIENCE]).unwrap();
    let config = IssuerConfig::new(ISSUER).unwrap();
    let other = IssuerConfig::new("https://other.example/").unwrap();
    let trusted = |index, config: &IssuerConfig, policy| {
        let issuer = TrustedIssuer::new(IssuerIndex(index), config, policy);
        Guard::for_issuers([issuer]).unwrap().build().unwrap()
    };
    let guards = [
        Guard::new(policy()),
        Guard::new(TokenPolicy::access_token(["https://other.example"]).unwrap()),
        Guard::new(TokenPolicy::access_token([AUDIENCE, "https://other.example"]).unwrap()),
        Guard::new(TokenPolicy::id_token(AUDIENCE).unwrap()),
        Guard::new(policy().with_algorithms([SignatureAlgorithm::Rs512]).unwrap()),
        Guard::new(policy().with_clock_tolerance(ClockTolerance::from_seconds(0).unwrap())),
        Guard::new(policy().with_profile(AccessTokenProfile::Rfc9068)),
        Guard::new(policy().with_max_length(4096)),
        Guard::new(policy().with_max_lifetime(3600)),
        Guard::new(policy().with_max_age(3600)),
        Guard::new(policy().with_clients([CLIENT_ID])),
        Guard::new(policy().with_required_key_id()),
        Guard::new(policy().with_id_token_marks_allowed()),
        Guard::new(policy().with_scope_claim(ScopeClaim::ScopeOrList)),
        Guard::new(policy().with_scope_claim(ScopeClaim::Scp)),
        trusted(0, &config, policy()),
        trusted(1, &config, policy()),
        trusted(0, &other, policy()),
    ];
    let mut fingerprints: Vec<_> = guards.iter().map(|guard| fingerprint(guard, "a")).collect();
    assert_eq!(fingerprints[0], fingerprint(&Guard::new(policy()), "a"));
    fingerprints.push(fingerprint(&guards[0], "b"));
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), guards.len() + 1);
}

/// Rule 33: what is held is bounded in tokens and in bytes, and the oldest one goes first.
#[test]
fn the_oldest_tokens_make_room() {
    let mut world = World::new(&ONE.jwk_set());
    let verified = world.verified(&token(&ONE, 600));
    let name = |number: u8| TokenFingerprint([number; 32]);
    let now = after(0).monotonic;
    let limits = TokenCacheLimits { entries: 3, bytes: 100, ..TokenCacheLimits::default() };
    let mut cache = TokenCache::new(limits);
    for number in 0..10 {
        cache.insert(name(number), &verified, 10, now);
    }
    let held = |cache: &TokenCache| {
        let generation = |source: KeySource| Some(source.generation);
        let is_held = |number: &u8| cache.get(&name(*number), after(0), generation).is_some();
        (0_u8..20).filter(is_held).collect::<Vec<_>>()
    };
    assert_eq!((cache.len(), cache.bytes(), held(&cache)), (3, 30, vec![7, 8, 9]));
    cache.insert(name(10), &verified, 85, now);
    assert_eq!((cache.len(), cache.bytes(), held(&cache)), (2, 95, vec![9, 10]));
    // The same one again takes no more room.
    cache.insert(name(10), &verified, 85, now);
    assert_eq!((cache.len(), cache.bytes()), (2, 95));
    cache.insert(name(11), &verified, 101, now);
    assert_eq!(held(&cache), [9, 10], "too large for any room");
    let mut off = TokenCache::new(TokenCacheLimits { entries: 0, ..limits });
    off.insert(name(0), &verified, 1, now);
    assert!(off.is_empty());
}

/// A step of the property test.
#[derive(Clone, Debug)]
enum Event {
    Call(usize),
    Publish(u8),
    Outage,
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_usize..6).prop_map(Event::Call),
        1 => (0_u8..3).prop_map(Event::Publish),
        1 => Just(Event::Outage),
        3 => prop_oneof![0_u64..40, 0_u64..2000].prop_map(Event::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// J28: a cache saves work and decides nothing: with it and without it, the answer is the same,
    /// whatever happens to keys, clocks and the issuer.
    #[test]
    fn a_cache_never_changes_an_answer(events in proptest::collection::vec(event(), 1..60)) {
        let tokens: Vec<String> = [&*ONE, &*TWO]
            .into_iter()
            .flat_map(|key| [100, 1000, 10_000].map(|lifetime| token(key, lifetime)))
            .collect();
        let mut world = World::new(&ONE.jwk_set());
        for event in events {
            match event {
                Event::Pass(seconds) => world.now += seconds,
                Event::Publish(0) => world.publish(&ONE.jwk_set()),
                Event::Publish(1) => world.publish(&TWO.jwk_set()),
                Event::Publish(_) => {
                    world.publish(&format!(r#"{{"keys":[{},{}]}}"#, ONE.jwk(), TWO.jwk()));
                }
                Event::Outage => {
                    world.answer_with(|_| Some(Err(crate::http::FetchError::Timeout)));
                }
                Event::Call(at) => {
                    let (status, _) = world.call_with_cache(&tokens[at]);
                    prop_assert_eq!(status, world.call(&tokens[at]));
                }
            }
        }
    }
}
