//! A pattern, and on the next line a path: compiling and matching end, in linear time. The same as
//! an expression for a whole value, and the value.

#![no_main]

use fuzz_support::lines;
use libfuzzer_sys::fuzz_target;
use portcullis_core::pattern::{Case, Param, Pattern, ValuePattern};

/// Steps for each character of the pattern and of the path.
const STEPS: u64 = 4;

fuzz_target!(|data: &[u8]| {
    let Some([source, path]) = lines::<2>(data) else { return };
    for case in [Case::Insensitive, Case::Sensitive] {
        let Ok(pattern) = Pattern::new(source, case) else { continue };
        assert_eq!(pattern.source(), source);
        let mut steps = 0;
        let captures = pattern.captures_counted(path, &mut steps);
        assert_linear(steps, source, path);
        assert_eq!(captures.is_some(), pattern.is_match(path));
        for (name, param) in captures.iter().flat_map(|captures| captures.iter()) {
            assert!(!name.is_empty());
            match param {
                Param::Text(text) => assert!(path.contains(text)),
                Param::List(list) => assert!(list.iter().all(|text| path.contains(text))),
            }
        }
    }
    if let Ok(pattern) = ValuePattern::new(source) {
        let mut steps = 0;
        for (name, text) in pattern.captures_counted(path, &mut steps).iter().flat_map(|c| c.iter())
        {
            assert!(!name.is_empty() && path.contains(text));
        }
        assert_linear(steps, source, path);
    }
});

fn assert_linear(steps: u64, source: &str, path: &str) {
    let size = (source.len() as u64 + 8) * (path.len() as u64 + 8);
    assert!(steps <= STEPS * size, "{steps} steps for {size}");
}
