//! What holds on every runtime, over real sockets on the loopback interface.
//!
//! The tests drive the engine from plain threads with blocking sockets, so that they are the same
//! for every runtime. Waits are generous: a slow machine makes no test fail.

#![allow(clippy::unwrap_used)]

pub(crate) mod client;
pub(crate) mod cross_origin;
pub(crate) mod gateway;
pub(crate) mod hostile;
pub(crate) mod issuers;
pub(crate) mod protected_api;
pub(crate) mod provider;
pub(crate) mod secure;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod wire;

use core::future::Future;
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    runtime::Runtime,
    tls,
};

/// A runtime under test.
pub(crate) trait Harness: 'static {
    /// Its binding.
    type Runtime: Runtime;

    /// A handle.
    fn runtime() -> Self::Runtime;

    /// Runs `future` to its end, with the runtime's drivers at hand.
    fn block_on<T>(future: impl Future<Output = T>) -> T;
}

/// A client that trusts the bundled roots.
pub(crate) fn client<H: Harness>() -> Client<H::Runtime> {
    Client::new(H::runtime(), tls::client_config(None).unwrap(), PoolLimits::default())
}

/// A fetcher over such a client.
pub(crate) fn fetcher<H: Harness>() -> Fetcher<H::Runtime> {
    Fetcher::new(client::<H>())
}

/// Makes a `#[test]` of each rule for the harness.
macro_rules! conformance_tests {
    ($harness:ident) => {
        $crate::conformance::conformance_tests! {
            $harness;
            client: [
                a_deadline_holds_against_a_dripping_peer,
                a_deadline_covers_the_wait_for_the_head,
                reads_a_body_of_exactly_the_most_bytes,
                refuses_a_longer_body_before_reading_it,
                refuses_a_longer_body_while_reading_it,
                follows_no_redirect,
                takes_a_cut_body_for_a_transport_error,
                takes_garbage_for_a_transport_error,
                takes_a_refused_connection_for_a_transport_error,
                leaves_out_values_that_are_not_text,
                sends_what_the_core_asked_for,
                reuses_a_connection,
                replaces_a_connection_that_the_peer_closed,
                closes_an_idle_connection,
                closes_what_the_pool_has_no_room_for,
                closes_a_connection_whose_answer_was_not_read,
            ]
            server: [
                answers_two_requests_on_one_connection,
                refuses_ambiguous_framing,
                accepts_unambiguous_framing,
                a_length_beside_chunks_ends_the_connection,
                closes_a_connection_whose_head_does_not_come,
                refuses_a_head_that_is_too_large,
                accepts_no_more_connections_than_allowed,
                lets_a_request_finish_at_shutdown,
                closes_idle_connections_at_shutdown,
                ends_what_does_not_finish_in_time,
                ends_with_its_handle,
                outlives_a_handler_that_panics,
                a_stalled_upload_breaks_the_body,
                a_body_ends_before_its_trailers,
                a_client_that_reads_nothing_is_cut_off,
                sends_no_continue_before_the_body_is_wanted,
                a_broken_answer_does_not_end_cleanly,
                listens_on_both_families,
            ]
            issuers: [
                fifty_waiters_share_one_flight,
                waiters_that_give_up_do_not_lose_the_flight,
                a_cancelled_flight_is_made_up_for,
                an_outage_is_told_and_passes,
                a_due_refresh_starts_without_a_wait,
                an_issuer_that_is_not_there_is_missing,
            ]
            hostile: [
                outlives_a_server_that_stalls,
                outlives_a_server_that_drips,
                outlives_a_server_that_cuts,
                outlives_a_server_that_redirects,
                outlives_a_server_that_lies_about_its_length,
                outlives_a_server_that_never_stops,
                outlives_a_server_that_fails,
                follows_rotations,
                a_known_key_does_not_wait_for_a_fetch,
                a_flood_of_unknown_keys_causes_one_fetch,
                a_remembered_token_goes_with_its_key,
            ]
            gateway: [
                streams_in_both_directions,
                a_length_stays_a_length,
                an_upstream_that_dies_aborts_the_answer,
                a_client_that_dies_aborts_the_request,
                a_broken_upload_is_the_clients_fault,
                an_upstream_that_is_not_there_is_502,
                an_upstream_that_talks_nonsense_is_502,
                an_upstream_that_does_not_answer_is_504,
                a_long_upload_is_no_late_answer,
                an_answer_that_stalls_is_aborted,
                passes_on_what_may_pass,
                trailers_do_not_pass,
                answers_without_a_body_stay_without,
                refuses_before_anything_goes_upstream,
                a_refused_upgrade_lets_nothing_slip_behind_it,
                closes_where_the_body_is_not_read,
                hands_the_rest_to_the_application,
                keeps_connections_to_upstreams,
                a_large_body_is_not_collected,
                leads_to_the_provider,
            ]
            sessions: [
                a_session_is_written_with_the_head_of_a_stream,
                another_site_opens_no_web_socket,
                too_many_cookies_have_a_page,
                a_logout_at_another_process_counts_here,
            ]
            secure: [
                trusts_a_root_that_was_given,
                trusts_no_other_root,
                trusts_no_certificate_for_another_name,
                a_handshake_counts_towards_the_deadline,
            ]
            protected_api: [
                lets_verified_tokens_through,
                refuses_everything_else,
                an_outage_of_the_provider_is_no_fault_of_the_token,
                a_client_that_leaves_does_not_take_the_flight_along,
                a_form_with_a_token_reaches_the_application,
                an_answer_to_a_token_in_the_query_is_private,
                revoked_tokens_are_refused,
                a_guard_that_asks_nobody_lets_nobody_through,
                a_remembered_token_is_not_enough_elsewhere,
                serves_its_metadata,
            ]
            cross_origin: [
                every_answer_can_be_read,
                simple_and_complex_methods_work,
                a_preflight_needs_no_token,
                a_preflight_does_not_reach_an_upstream,
                there_is_one_policy,
            ]
        }
    };
    ($harness:ident; $($module:ident: [$($rule:ident,)*])*) => {
        $(mod $module {
            $(#[test]
            fn $rule() {
                $crate::conformance::$module::$rule::<super::$harness>();
            })*
        })*
    };
}

pub(crate) use conformance_tests;
