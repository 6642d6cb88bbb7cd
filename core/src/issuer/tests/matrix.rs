//! The situations in which libraries for key sets differ (jwks-rsa, jose, express-oauth2-jwt-bearer
//! and Envoy among them), one test for each. M01 to M24 are their numbers in the catalogue of
//! `tests/suite/catalogue`.

use super::{answer, key, machine, pending};
use crate::{
    http::{FetchError, Inbound},
    issuer::{
        Availability, Document, FlightFailure, IssuerEvent, IssuerMachine, Need, RefreshSettings,
    },
    jwt::TokenPolicy,
    key_set::{KeySet, KeySetError},
    test_support::{NOW, ProviderKey, World, access_claims, after, ok, ready_machine},
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use core::time::Duration;
use std::sync::LazyLock;

static ONE: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);
static TWO: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::two);

/// A good token that lives for a day, signed by `key`.
fn token(key: &ProviderKey) -> String {
    key.sign(&claims())
}

fn claims() -> String {
    let expiry = format!("\"exp\":{}", NOW + 600);
    access_claims("").replace(&expiry, &format!("\"exp\":{}", NOW + 86_400))
}

/// A good token that names a key which nobody has.
fn token_of(key_id: &str) -> String {
    ONE.sign_with_header(&format!(r#"{{"alg":"RS256","kid":"{key_id}"}}"#), &claims())
}

fn set(keys: &[&str]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// An API that has the key set of key one.
fn warm() -> World {
    warm_with(RefreshSettings::default())
}

fn warm_with(settings: RefreshSettings) -> World {
    let mut world = World::with(&ONE.jwk_set(), settings, |policy| policy);
    assert_eq!(world.call(&token(&ONE)), 200);
    assert_eq!(world.fetches, 1);
    world
}

/// M01: unknown key id, warm: one refresh for each cool-down, a negative answer otherwise.
#[test]
fn m01_an_unknown_key_id_causes_one_refresh_for_each_cool_down() {
    let mut world = warm();
    for (second, fetches) in [(0, 2), (1, 2), (29, 2), (30, 3), (59, 3), (60, 4)] {
        world.now = second;
        for number in 0..50 {
            assert_eq!(world.call(&token_of(&format!("unknown-{number}"))), 401);
        }
        assert_eq!(world.fetches, fetches, "after {second} s");
    }
}

/// M02: key id absent: good where there is exactly one usable key, and configurable.
#[test]
fn m02_a_token_without_a_key_id_is_good_where_there_is_one_key() {
    let nameless = ONE.sign_with_header(r#"{"alg":"RS256"}"#, &claims());
    let mut world = warm();
    assert_eq!(world.call(&nameless), 200);

    let mut world = World::new(&set(&[&ONE.jwk(), &TWO.jwk()]));
    assert_eq!(world.call(&nameless), 401);

    // A key that cannot be used is no second key.
    let unusable = TWO.jwk().replace("\"sig\"", "\"enc\"");
    let mut world = World::new(&set(&[&ONE.jwk(), &unusable]));
    assert_eq!(world.call(&nameless), 200);

    let refresh = RefreshSettings::default();
    let strictly = TokenPolicy::with_required_key_id;
    let mut world = World::with(&ONE.jwk_set(), refresh, strictly);
    assert_eq!((world.call(&nameless), world.fetches), (401, 0));
    assert_eq!(world.call(&token(&ONE)), 200);
}

/// M03: a key id that is no string is refused before any look-up.
#[test]
fn m03_a_key_id_that_is_no_string_is_refused_before_any_look_up() {
    let mut world = World::new(&ONE.jwk_set());
    for id in ["1", "null", "[\"one\"]", "{}", "true"] {
        let header = format!(r#"{{"alg":"RS256","kid":{id}}}"#);
        assert_eq!(world.call(&ONE.sign_with_header(&header, &claims())), 401, "{id}");
    }
    assert_eq!((world.fetches, world.events.len()), (0, 0));
}

/// M04: the same key id twice is ambiguous, in either order.
#[test]
fn m04_a_key_id_that_stands_twice_is_ambiguous_in_either_order() {
    let other = TWO.jwk().replace("\"two\"", "\"one\"");
    for keys in [[ONE.jwk(), other.clone()], [other, ONE.jwk()]] {
        let mut world = World::new(&set(&[&keys[0], &keys[1]]));
        for _ in 0..3 {
            assert_eq!(world.call(&token(&ONE)), 401);
        }
        assert_eq!(world.fetches, 1, "it is known, so nothing is looked up");
    }
}

/// M05: a rotation is seen with the first token of the new key, and the key that left is out.
#[test]
fn m05_a_rotation_is_seen_and_a_removed_key_is_out() {
    let mut world = warm();
    world.publish(&set(&[&ONE.jwk(), &TWO.jwk()]));
    assert_eq!(world.call(&token(&TWO)), 200);
    assert_eq!(world.call(&token(&ONE)), 200);
    world.publish(&TWO.jwk_set());
    // Until the next refresh, nobody can know.
    assert_eq!(world.call(&token(&ONE)), 200);
    world.now = 480;
    assert_eq!(world.call(&token(&TWO)), 200);
    assert_eq!(world.call(&token(&ONE)), 401);
}

/// M06: endpoint down, cold: a pause after each failure, and 503 meanwhile.
#[test]
fn m06_an_outage_at_the_start_is_503_and_paced() {
    let mut world = World::new("");
    world.answer_with(|_| Some(Err(FetchError::Transport)));
    for _ in 0..50 {
        assert_eq!(world.call(&token(&ONE)), 503);
    }
    assert_eq!(world.fetches, 1);
    for second in 1..=600 {
        world.now = second;
        assert_eq!(world.call(&token(&ONE)), 503);
    }
    // 1, 2, 4, … 60 s, each cut by up to a half.
    assert!((10..=27).contains(&world.fetches), "{}", world.fetches);
    world.publish(&ONE.jwk_set());
    world.now += 60;
    assert_eq!(world.call(&token(&ONE)), 200);
}

/// M07: endpoint down, set expired: the set is used up to a bound, and that can be observed.
#[test]
fn m07_an_expired_set_is_used_up_to_a_bound_while_the_endpoint_is_down() {
    let mut world = warm();
    world.answer_with(|_| Some(Err(FetchError::Timeout)));
    for second in (600..4200).step_by(100) {
        world.now = second;
        assert_eq!(world.call(&token(&ONE)), 200, "after {second} s");
        assert!(world.machine.snapshot().is_stale(after(second).monotonic));
    }
    let stale = world.events.iter().filter(|event| match event {
        IssuerEvent::Failed { document, stale, .. } => *document == Document::KeySet && *stale,
        _ => false,
    });
    assert!(stale.count() > 10);
    world.now = 4200;
    assert_eq!(world.call(&token(&ONE)), 503);

    // Zero switches it off.
    let settings = RefreshSettings { stale: Duration::ZERO, ..RefreshSettings::default() };
    let mut world = warm_with(settings);
    world.answer_with(|_| Some(Err(FetchError::Timeout)));
    for (second, status) in [(599, 200), (600, 503)] {
        world.now = second;
        assert_eq!(world.call(&token(&ONE)), status, "after {second} s");
    }
}

/// What a fetch of the key set comes to, and what stays in use meanwhile.
fn assert_keeps_the_set(answer: Inbound, reason: FlightFailure) {
    let mut world = warm();
    world.answer_with(move |_| Some(Ok(answer.clone())));
    assert_eq!(world.call(&token(&TWO)), 401, "{reason:?}");
    let failed = IssuerEvent::Failed { document: Document::KeySet, reason, stale: false };
    assert_eq!(world.events.last(), Some(&failed));
    assert_eq!(world.call(&token(&ONE)), 200, "{reason:?}");
}

/// M08: a failure of the server, a redirect or a page is a failure, and the old set stays.
#[test]
fn m08_an_error_a_redirect_or_a_page_keeps_the_old_set() {
    for status in [500, 503, 404, 401, 204, 206, 301, 302, 307, 304] {
        let answer = Inbound { status, ..ok(TWO.jwk_set()) };
        assert_keeps_the_set(answer, FlightFailure::Status(status));
    }
    for page in ["<!doctype html><title>Sign in</title>", "Service Unavailable", ""] {
        assert_keeps_the_set(ok(page), FlightFailure::KeySet(KeySetError::Text));
    }
}

/// M09: 200 with nothing in it is a failure: a good set is never replaced by an empty one.
#[test]
fn m09_an_empty_set_does_not_replace_a_good_one() {
    let text = FlightFailure::KeySet(KeySetError::Text);
    let nothing = FlightFailure::KeySet(KeySetError::NoUsableKey);
    for (body, reason) in [
        ("{}", text),
        ("[]", text),
        ("null", text),
        (r#"{"keys":null}"#, text),
        (r#"{"keys":[]}"#, nothing),
        (r#"{"keys":[null]}"#, nothing),
        (r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, nothing),
    ] {
        assert_keeps_the_set(ok(body), reason);
    }
}

/// M10: a bad entry is skipped, and the rest is used.
#[test]
fn m10_a_bad_entry_is_skipped_and_the_rest_is_used() {
    let bad_modulus = TWO.jwk().replace("\"n\":\"", "\"n\":\"=");
    let unknown_type = r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"pq","pub":"AAAA"}"#;
    let mut world = World::new(&set(&["null", unknown_type, &bad_modulus, &ONE.jwk()]));
    assert_eq!(world.call(&token(&ONE)), 200);
    let document = Document::KeySet;
    let installed = IssuerEvent::Installed { document, keys_skipped: 3, private_keys: 0 };
    assert_eq!(world.events.last(), Some(&installed));
}

/// M11: a body that never ends, or a connection that is cut: an absolute deadline by the clock of
/// the core, even where the adapter never comes back.
#[test]
fn m11_an_answer_that_never_comes_is_given_up_at_the_deadline() {
    let mut world = World::new("");
    world.answer_with(|_| None);
    assert_eq!(world.call(&token(&ONE)), 503);
    assert_eq!(world.now, 5, "seconds of waiting, and no more");
    world.publish(&ONE.jwk_set());
    world.now = 6;
    assert_eq!(world.call(&token(&ONE)), 200);
}

/// M12: a slow drip: the deadline is for the whole answer, and one after it changes nothing.
#[test]
fn m12_a_drip_ends_at_the_deadline_too() {
    let mut machine = ready_machine(&ONE.jwk_set());
    let _ = machine.demand(&key("two"), after(0));
    let flight = machine.poll_flight(after(0)).unwrap();
    assert_eq!(flight.request.limits.deadline, Duration::from_secs(5));
    // The last byte comes after the deadline.
    let _ = machine.demand(&key("two"), after(5));
    assert_eq!(answer(&mut machine, &flight, Ok(ok(TWO.jwk_set())), 6), IssuerEvent::Late);
    assert!(super::has_key(&machine, "one", 6) && !super::has_key(&machine, "two", 6));
}

/// M13: a large body, many keys: caps for both.
#[test]
fn m13_bytes_and_keys_are_capped() {
    let mut machine = machine();
    let _ = machine.demand(&Need::Metadata, after(0));
    let flight = machine.poll_flight(after(0)).unwrap();
    assert_eq!(flight.request.limits.max_body, 512 * 1024);
    // An adapter that does not keep to the limit changes nothing.
    let padding = " ".repeat(512 * 1024);
    let large = ok(TWO.jwk_set() + &padding);
    assert_keeps_the_set(large, FlightFailure::Fetch(FetchError::TooLarge));
    let many = vec!["{}"; KeySet::MAX_KEYS].join(",");
    let many = ok(set(&[&many, &TWO.jwk()]));
    assert_keeps_the_set(many, FlightFailure::KeySet(KeySetError::TooManyKeys));
}

/// Demands of several requests before the first answer is there.
fn demands_share_a_flight(mut machine: IssuerMachine, ids: &[&str]) {
    for id in ids {
        assert!(pending(machine.demand(&key(id), after(40))));
    }
    let flight = machine.poll_flight(after(40)).unwrap();
    for id in ids {
        assert!(pending(machine.demand(&key(id), after(41))));
        assert!(machine.poll_flight(after(41)).is_none());
    }
    // Long flights are flights of their own no more than short ones.
    assert!(machine.poll_flight(after(44)).is_none());
    let _ = answer(&mut machine, &flight, Ok(ok(ONE.jwk_set())), 44);
    for id in ids {
        let settled = machine.demand(&key(id), after(44));
        assert_eq!(settled, super::Demand::Settled(Availability::Missing), "{id}");
    }
    assert!(machine.poll_flight(after(44)).is_none());
}

/// M14: misses of one key id at a time: one flight for the source.
#[test]
fn m14_misses_of_one_key_id_share_a_flight() {
    demands_share_a_flight(ready_machine(&ONE.jwk_set()), &["two"; 50]);
}

/// M15: misses of many key ids at a time: one flight all the same.
#[test]
fn m15_misses_of_many_key_ids_share_a_flight() {
    let ids: Vec<String> = (0..50).map(|number| number.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    demands_share_a_flight(ready_machine(&ONE.jwk_set()), &ids);
}

/// M16: two good key ids: the document is fetched once.
#[test]
fn m16_two_good_key_ids_take_one_fetch() {
    let mut world = World::new(&set(&[&ONE.jwk(), &TWO.jwk()]));
    assert_eq!((world.call(&token(&ONE)), world.call(&token(&TWO))), (200, 200));
    assert_eq!(world.fetches, 1);
}

/// M17: the limit for a minute never makes an error of a key that is there.
#[test]
fn m17_the_limit_of_a_minute_does_not_touch_a_known_key() {
    let settings = RefreshSettings { cool_down: Duration::ZERO, ..RefreshSettings::default() };
    let mut world = warm_with(settings.with_jwks_requests_per_minute(3));
    for number in 0..100 {
        world.now = number / 2;
        assert_eq!(world.call(&token_of(&format!("unknown-{number}"))), 401);
        assert_eq!(world.call(&token(&ONE)), 200);
    }
    assert_eq!(world.fetches, 3);
    // A key that was rotated in meanwhile waits for the minute, and no longer.
    world.publish(&set(&[&ONE.jwk(), &TWO.jwk()]));
    assert_eq!(world.call(&token(&TWO)), 401);
    world.now = 60;
    assert_eq!(world.call(&token(&TWO)), 200);
}

/// M18: `Cache-Control` counts, between a floor and a ceiling.
#[test]
fn m18_cache_control_counts_within_bounds() {
    for (value, before, due) in [
        ("max-age=15", 47, 48),
        ("max-age=300", 239, 240),
        ("max-age=31536000", 69_119, 69_120),
        ("public", 479, 480),
    ] {
        let mut world = World::new("");
        let headers = vec![("cache-control".to_string(), value.to_string())];
        let answer = Inbound { headers, ..ok(ONE.jwk_set()) };
        world.answer_with(move |_| Some(Ok(answer.clone())));
        assert_eq!(world.call(&token(&ONE)), 200);
        for (second, fetches) in [(before, 1), (due, 2)] {
            world.now = second;
            assert_eq!(world.call(&token(&ONE)), 200);
            assert_eq!(world.fetches, fetches, "{value}, after {second} s");
        }
    }
}

/// M19: `ETag` is sent back, and 304 means the set that is there.
#[test]
fn m19_an_entity_tag_saves_the_body() {
    let mut world = World::new("");
    world.answer_with(|flight| {
        let headers = vec![("etag".to_string(), "\"a\"".to_string())];
        Some(Ok(match flight.request.headers.get("if-none-match") {
            Some("\"a\"") => Inbound { status: 304, headers, body: vec![] },
            _ => Inbound { headers, ..ok(ONE.jwk_set()) },
        }))
    });
    assert_eq!(world.call(&token(&ONE)), 200);
    for second in (480..48_000).step_by(480) {
        world.now = second;
        assert_eq!(world.call(&token(&ONE)), 200);
        let unchanged = IssuerEvent::Unchanged { document: Document::KeySet };
        assert_eq!(world.events.last(), Some(&unchanged));
    }
    assert_eq!((world.machine.snapshot().generation(), world.fetches), (1, 100));
}

/// M20: key ids that are not there are not remembered: the cool-down answers for them all.
#[test]
fn m20_unknown_key_ids_take_no_memory() {
    let mut world = warm();
    assert_eq!(world.call(&token_of("unknown")), 401);
    let before = format!("{:?}", world.machine).len();
    for number in 0..1000 {
        assert_eq!(world.call(&token_of(&format!("unknown-{number}"))), 401);
    }
    assert_eq!(world.fetches, 2);
    assert_eq!(format!("{:?}", world.machine).len(), before);
}

/// The API has one good key and one like it but for `from`, which is `to`.
fn assert_skips(from: &str, to: &str) -> World {
    let odd = TWO.jwk().replace(from, to);
    assert_ne!(odd, TWO.jwk());
    let mut world = World::new(&set(&[&odd, &ONE.jwk()]));
    assert_eq!(world.call(&token(&ONE)), 200, "{to}");
    assert_eq!(world.call(&token(&TWO)), 401, "{to}");
    world
}

/// M21: `use` and `key_ops` both count, and where they contradict each other the key is out.
#[test]
fn m21_use_and_key_ops_both_count() {
    for usage in [
        r#""use":"enc""#,
        r#""key_ops":["sign"]"#,
        r#""key_ops":["encrypt","verify","verify"]"#,
        r#""use":"sig","key_ops":["sign"]"#,
        r#""use":"sig","key_ops":["verify","encrypt"]"#,
        r#""use":"enc","key_ops":["verify"]"#,
    ] {
        let _ = assert_skips(r#""use":"sig""#, usage);
    }
}

/// M22: the algorithm of a key must be that of the token, where the key names one.
#[test]
fn m22_the_algorithm_of_a_key_must_be_that_of_the_token() {
    for algorithm in ["RS384", "RS512", "PS256", "RSA-OAEP", "ES256", "rs256", ""] {
        let _ = assert_skips("\"RS256\"", &format!("\"{algorithm}\""));
    }
    // Without one, what is allowed decides.
    let nameless = TWO.jwk().replace(r#""alg":"RS256","#, "");
    assert_eq!(World::new(&set(&[&nameless])).call(&token(&TWO)), 200);
}

/// M23: a private key in the set is skipped, and there is an alarm.
#[test]
fn m23_a_private_key_is_skipped_with_an_alarm() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let world = assert_skips("\"kty\"", &format!("\"{member}\":\"AQAB\",\"kty\""));
        let alarms = world.events.iter().filter_map(|event| match event {
            IssuerEvent::Installed { document: Document::KeySet, private_keys, .. } => {
                Some(*private_keys)
            }
            _ => None,
        });
        assert_eq!(alarms.collect::<Vec<_>>(), [1], "{member}");
    }
}

/// M24: an RSA key of less than 2048 bits is skipped.
#[test]
fn m24_a_short_rsa_key_is_skipped() {
    let jwk = TWO.jwk();
    let (_, rest) = jwk.split_once("\"n\":\"").unwrap();
    let (modulus, _) = rest.split_once('"').unwrap();
    // 339 characters are 2032 bits, 170 are 1016.
    for length in [339, 170] {
        let _ = assert_skips(modulus, &format!("{}Q", &modulus[..length - 1]));
    }
}
