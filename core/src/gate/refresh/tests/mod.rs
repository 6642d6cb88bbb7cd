//! The table of refreshes under any order of requests, answers, losses, logouts and clocks. The
//! rules one by one stand with the tests of the gate.

mod world;

use crate::test_support::Counting;
use proptest::prelude::*;
use std::vec::Vec;

fn script(length: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// A session that was signed out never comes back, a refresh token is never sent while its
    /// successor is remembered, and no expired access token goes upstream.
    #[test]
    fn any_order_of_events_keeps_the_rules(script in script(240)) {
        world::run(&script);
    }

    /// Where no answer is lost or late, a provider with reuse detection never has a reason to end
    /// the session, and signing out leaves it with no refresh token, whatever is under way.
    #[test]
    fn undisturbed_no_refresh_token_is_used_twice(script in script(160)) {
        world::run_undisturbed(&script);
    }
}
