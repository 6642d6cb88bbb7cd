//! The rules of key sets. Numbers in brackets are those of the attack catalogue.

use super::*;
use crate::{
    crypto::{KeyRejected, RUSTCRYPTO},
    test_support::ProviderKey,
};
use alloc::{format, string::String, vec};

const RS256: SignatureAlgorithm = SignatureAlgorithm::Rs256;

fn parse(text: &str) -> Result<KeySet, KeySetError> {
    KeySet::parse(text.as_bytes(), &[RS256], &RUSTCRYPTO)
}

/// A set of the given keys and one good one.
fn beside_a_good_key(key: &str) -> KeySet {
    parse(&format!(r#"{{"x":1,"keys":[{key},{}]}}"#, ProviderKey::one().jwk())).unwrap()
}

fn id(text: &str) -> KeyId {
    KeyId::new(text).unwrap()
}

/// J12, J13, rule 26: one odd key never spoils the set, and the reason is observable.
#[test]
fn leaves_odd_keys_out_and_says_why() {
    let good = ProviderKey::two().jwk();
    let with = |from: &str, to: &str| good.replace(from, to);
    for (key, reason) in [
        (String::from("null"), SkipReason::Malformed),
        (String::from("1"), SkipReason::Malformed),
        (String::from("{}"), SkipReason::KeyType),
        (String::from(r#"{"kty":"AKP","alg":"ML-DSA-44"}"#), SkipReason::KeyType),
        (String::from(r#"{"kty":"oct","k":"AAAA"}"#), SkipReason::KeyType),
        (String::from(r#"{"kty":1}"#), SkipReason::Malformed),
        (with(r#""sig""#, r#""enc""#), SkipReason::Use),
        (with(r#""sig""#, "1"), SkipReason::Malformed),
        (with(r#""RS256""#, r#""RS512""#), SkipReason::Algorithm),
        (with(r#""RS256""#, r#""RSA-OAEP""#), SkipReason::Algorithm),
        (with(r#""kid":"two""#, r#""kid":7"#), SkipReason::KeyId),
        (with(r#""kid":"two""#, r#""kid":"""#), SkipReason::KeyId),
        (with(r#""kid":"two""#, r#""kid":"two","kid":"two""#), SkipReason::Malformed),
        (with(r#""kty""#, r#""d":"AQAB","kty""#), SkipReason::Private),
        (with(r#""use":"sig""#, r#""key_ops":["sign"]"#), SkipReason::KeyOperations),
        (with(r#""use":"sig""#, r#""key_ops":["verify","verify"]"#), SkipReason::KeyOperations),
        (with(r#""use":"sig""#, r#""key_ops":"verify""#), SkipReason::KeyOperations),
        (
            with(r#""use":"sig""#, r#""use":"sig","key_ops":["verify","encrypt"]"#),
            SkipReason::KeyOperations,
        ),
        (with(r#""AQAB""#, r#""AQ""#), SkipReason::Key(KeyRejected::Exponent)),
        (with(r#""AQAB""#, r#""AAEAAQ""#), SkipReason::Key(KeyRejected::LeadingZero)),
        (with(r#""AQAB""#, r#""AQAB=""#), SkipReason::Malformed),
        (with(r#""AQAB""#, "65537"), SkipReason::Malformed),
        (with(r#","e":"AQAB""#, ""), SkipReason::Malformed),
        (
            String::from(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#),
            SkipReason::Key(KeyRejected::ModulusTooSmall),
        ),
    ] {
        let set = beside_a_good_key(&key);
        assert_eq!(set.skipped(), [reason], "{key}");
        assert_eq!(set.len(), 1);
        assert!(matches!(set.find(RS256, Some(&id("one"))), KeyLookup::Found(_)));
    }
    for usage in [r#""key_ops":["verify"]"#, r#""use":"sig","key_ops":["sign","verify"]"#] {
        let set = beside_a_good_key(&with(r#""use":"sig""#, usage));
        assert_eq!(set.len(), 2, "{usage}");
    }
}

/// J09, J10: what is not a usable set is a failure as a whole.
#[test]
fn refuses_what_is_no_usable_set() {
    let many = vec!["{}"; KeySet::MAX_KEYS + 1].join(",");
    for (text, error) in [
        (String::new(), KeySetError::Text),
        (String::from("<html>"), KeySetError::Text),
        (String::from("[]"), KeySetError::Text),
        (String::from("{}"), KeySetError::Text),
        (String::from(r#"{"keys":{}}"#), KeySetError::Text),
        (String::from(r#"{"keys":[],"keys":[]}"#), KeySetError::Text),
        (String::from("\u{feff}{\"keys\":[]}"), KeySetError::Text),
        (String::from(r#"{"keys":[]} x"#), KeySetError::Text),
        (String::from(r#"{"keys":[]}"#), KeySetError::NoUsableKey),
        (String::from(r#"{"keys":[{}]}"#), KeySetError::NoUsableKey),
        (format!(r#"{{"keys":[{many}]}}"#), KeySetError::TooManyKeys),
    ] {
        assert_eq!(parse(&text).err(), Some(error), "{text:.80}");
    }
}

/// J11: the order of a set never decides which key is meant.
#[test]
fn two_keys_of_one_name_are_ambiguous() {
    let [one, two] = [ProviderKey::one().jwk(), ProviderKey::two().jwk()];
    let set = parse(&format!(r#"{{"keys":[{one},{two}]}}"#)).unwrap();
    assert!(matches!(set.find(RS256, Some(&id("one"))), KeyLookup::Found(_)));
    assert!(matches!(set.find(RS256, Some(&id("three"))), KeyLookup::Unknown));
    assert!(matches!(set.find(RS256, None), KeyLookup::Ambiguous));
    let same = two.replace(r#""kid":"two""#, r#""kid":"one""#);
    let set = parse(&format!(r#"{{"keys":[{one},{same}]}}"#)).unwrap();
    assert!(matches!(set.find(RS256, Some(&id("one"))), KeyLookup::Ambiguous));
}

/// Rule 8: a key is for one algorithm: the one that it names, or the first allowed one of its type.
#[test]
fn a_key_is_for_one_algorithm() {
    let (rs256, rs512) = (SignatureAlgorithm::Rs256, SignatureAlgorithm::Rs512);
    let one = ProviderKey::one().jwk();
    let nameless = one.replace(r#""alg":"RS256","#, "");
    for (key, allowed, expected) in [
        (&one, &[rs256, rs512][..], [true, false]),
        (&one, &[rs512, rs256], [true, false]),
        (&nameless, &[rs256, rs512], [true, false]),
        (&nameless, &[rs512, rs256], [false, true]),
        (&nameless, &[rs512], [false, true]),
    ] {
        let text = format!(r#"{{"keys":[{key}]}}"#);
        let set = KeySet::parse(text.as_bytes(), allowed, &RUSTCRYPTO).unwrap();
        let id = id("one");
        let found = [rs256, rs512]
            .map(|algorithm| matches!(set.find(algorithm, Some(&id)), KeyLookup::Found(_)));
        assert_eq!(found, expected, "{key:.60} {allowed:?}");
    }
}

/// Rule 28: a certificate beside a key is neither used nor a reason to leave the key out.
#[test]
fn certificates_are_not_looked_at() {
    let certificate = r#""x5c":["not a certificate"],"x5t":7,"x5u":"https://evil.example","kty""#;
    let set = beside_a_good_key(&ProviderKey::two().jwk().replace("\"kty\"", certificate));
    assert_eq!((set.len(), set.skipped()), (2, &[][..]));
}
