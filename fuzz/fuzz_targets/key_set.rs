//! A key set: a broken key never spoils the others, and every key can be found.

#![no_main]

use fuzz_support::INSECURE;
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    jwt::KeyId,
    key_set::{KeyLookup, KeySet},
};
use std::collections::BTreeSet;

const ALGORITHMS: [SignatureAlgorithm; 1] = [SignatureAlgorithm::Rs256];

fuzz_target!(|data: &[u8]| {
    let Ok(keys) = KeySet::parse(data, &ALGORITHMS, &INSECURE) else { return };
    assert!(!keys.is_empty());
    assert!(keys.len() + keys.skipped().len() <= KeySet::MAX_KEYS);

    // Providers agree about keys; the policy stands before them.
    let real = KeySet::parse(data, &ALGORITHMS, &RUSTCRYPTO).expect("the same set");
    assert_eq!((real.len(), real.skipped()), (keys.len(), keys.skipped()));

    // Deeper than serde_json reads, but skipped here.
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let ids: BTreeSet<KeyId> = document["keys"]
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|key| KeyId::new(key.get("kid")?.as_str()?))
        .collect();
    let found = ids
        .iter()
        .filter(|id| matches!(keys.find(ALGORITHMS[0], Some(id)), KeyLookup::Found(_)))
        .count();
    assert!(found <= keys.len());
    match keys.find(ALGORITHMS[0], None) {
        KeyLookup::Found(_) => assert_eq!(keys.len(), 1),
        KeyLookup::Ambiguous => assert!(keys.len() > 1),
        KeyLookup::Unknown => panic!("a key set has a key"),
    }
});
