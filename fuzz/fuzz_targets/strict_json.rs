//! Strict JSON: what it accepts is JSON, and is read again from what it writes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_core::json::{Json, JsonLimits, Object};

const LIMITS: JsonLimits = JsonLimits { bytes: 4096, depth: 8, members: 32 };

fuzz_target!(|data: &[u8]| {
    let Ok(object) = Object::parse(data, LIMITS) else { return };
    assert!(data.len() <= LIMITS.bytes);
    serde_json::from_slice::<serde_json::Value>(data).expect("strict JSON is JSON");

    let text = object.to_json();
    let again = Object::parse(text.as_bytes(), JsonLimits { bytes: usize::MAX, ..LIMITS })
        .expect("what was written can be read");
    for (name, value) in object.iter() {
        let read = again.get(name).expect("no member is lost");
        // The text of a float may lead to its neighbour.
        assert!(read == value || has_float(value), "{name}");
    }
    assert_eq!(object.iter().count(), again.iter().count());
});

fn has_float(value: &Json) -> bool {
    match value {
        Json::Float(_) => true,
        Json::Array(elements) => elements.iter().any(has_float),
        Json::Object(object) => object.iter().any(|(_, value)| has_float(value)),
        _ => false,
    }
}
