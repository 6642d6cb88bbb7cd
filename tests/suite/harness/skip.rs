//! What a test does where a program that it needs is missing.

use std::{
    env,
    io::{self, Write as _},
};

/// Set to 1 where nothing may be skipped.
const REQUIRE_ALL: &str = "PORTCULLIS_REQUIRE_ALL";

/// Says that `test` is skipped, because of what is `missing`.
///
/// # Panics
///
/// Where nothing may be skipped.
pub(crate) fn skip(test: &str, missing: &str) {
    let everything = env::var_os(REQUIRE_ALL).is_some_and(|value| value == "1");
    assert!(!everything, "{test} may not be skipped, as {REQUIRE_ALL} is set: {missing}");
    // Past the capture of the test harness, so that nobody misses it. Nothing hangs on it.
    let _ = io::stderr().write_all(format!("\nSKIPPED {test}: {missing}\n").as_bytes());
}
