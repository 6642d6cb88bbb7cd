//! The refreshes of a session, in any order: each pair of bytes is something that a browser, a
//! provider, an upstream or the clock does.

#![no_main]

#[allow(dead_code)]
#[path = "../../core/src/gate/refresh/tests/world.rs"]
mod world;

use fuzz_support::Counting;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: &[u8]| world::run(script));
