//! What crosses the packages: the demonstration as a process of its own, driven over real sockets
//! on the loopback interface and in a real browser, the same on every runtime.
//!
//! Waits are generous and nothing is measured: a slow machine makes no test fail.

#![allow(clippy::unwrap_used, reason = "this is all tests, helpers included")]

mod allocations;
mod api_tokens;
mod auth0_cookies;
mod bad_input;
mod browser;
mod catalogue;
mod client_tests;
mod dependencies;
mod documentation;
mod examples;
mod express_differential;
mod flow;
mod harness;
mod interoperability;
mod issuer_model;
mod jsonwebtoken_differential;
mod logout;
mod next_differential;
mod outages;
mod process;
mod public_api;
mod refresh;
mod replay;
mod settings;
mod token_command;
mod vectors;

/// Makes a `#[test]` of each rule for every runtime.
macro_rules! on_every_runtime {
    ($($module:ident: [$($rule:ident,)*])*) => {
        on_every_runtime!(hyper Hyper; $($module: [$($rule,)*])*);
        on_every_runtime!(smol Smol; $($module: [$($rule,)*])*);
    };
    ($runtime:ident $variant:ident; $($module:ident: [$($rule:ident,)*])*) => {
        mod $runtime {
            $(mod $module {
                $(#[test]
                fn $rule() {
                    crate::$module::$rule(crate::harness::Runtime::$variant);
                })*
            })*
        }
    };
}

on_every_runtime! {
    flow: [
        home_and_public_are_open_to_anyone,
        a_private_page_leads_through_the_sign_in_and_back,
        an_api_request_without_a_session_is_refused_in_json,
        the_api_answers_somebody_who_is_signed_in,
        what_the_api_does_not_have_is_not_found_in_json,
        the_api_itself_refuses_requests_without_a_token,
        the_gates_own_routes_are_not_guarded,
        me_says_who_is_signed_in,
        credentials_of_the_client_are_replaced,
        no_token_reaches_the_client,
        cookies_are_out_of_reach_for_scripts,
        a_request_that_another_site_caused_is_refused,
        a_sign_in_leads_nowhere_but_into_the_application,
        after_signing_out_the_sign_in_is_asked_for_again,
        another_site_signs_nobody_out,
        logins_in_two_tabs_do_not_disturb_each_other,
    ]
    client_tests: [
        every_module_that_can_be_played_is_passed,
    ]
    logout: [
        a_logout_at_the_provider_is_one_here,
        a_copy_of_the_cookie_is_no_session_after_signing_out,
        a_logout_notice_of_nobody_is_refused,
    ]
    bad_input: [
        a_callback_with_another_state_is_refused,
        a_callback_without_a_state_is_refused,
        a_callback_with_a_repeated_parameter_is_refused,
        a_callback_in_another_browser_is_refused,
        a_callback_from_another_issuer_is_refused,
        a_callback_works_once,
        a_code_of_nobody_is_the_providers_fault,
        a_code_of_another_login_is_refused,
        a_sign_in_that_the_provider_refuses_is_forbidden,
        a_tampered_session_cookie_is_no_session,
        a_truncated_session_cookie_is_no_session,
        a_tampered_login_cookie_is_no_login,
        a_login_that_took_too_long_is_refused,
        a_session_that_is_too_old_is_no_session,
        a_login_cookie_is_no_session_cookie,
        a_session_cookie_of_another_process_is_no_session,
        an_ambiguous_path_is_refused,
    ]
    api_tokens: [
        accepts_a_good_token,
        refuses_a_token_that_has_expired,
        refuses_a_token_that_is_not_valid_yet,
        refuses_a_token_for_another_audience,
        refuses_a_token_of_another_issuer,
        refuses_another_algorithm,
        refuses_a_token_without_a_signature,
        refuses_a_broken_signature,
        refuses_the_signature_of_another_key,
        refuses_an_id_token,
        refuses_an_unknown_key_id,
        refuses_malformed_credentials,
    ]
    outages: [
        an_issuer_may_be_configured_with_or_without_its_final_slash,
        a_provider_that_is_down_makes_sign_in_unavailable,
        a_provider_that_is_down_makes_the_api_unavailable,
        a_provider_that_answers_garbage_makes_sign_in_unavailable,
        a_discovery_document_of_another_issuer_is_not_used,
        a_provider_that_comes_back_is_used_again,
        a_token_endpoint_that_is_down_makes_sign_in_unavailable,
        a_token_endpoint_that_answers_garbage_is_the_providers_fault,
        an_id_token_that_does_not_fit_is_the_providers_fault,
        a_key_set_that_cannot_be_had_is_no_fault_of_the_token,
        a_key_that_is_known_outlives_the_provider,
        the_log_has_no_secret,
    ]
    refresh: [
        many_requests_make_one_refresh,
        a_browser_that_leaves_does_not_take_the_refresh_along,
        a_provider_that_is_down_signs_nobody_out,
        a_refused_refresh_leads_to_the_sign_in,
        an_id_token_about_somebody_else_ends_the_session,
        signing_out_while_a_refresh_is_under_way_leaves_no_token,
        tabs_that_refresh_all_the_time_stay_signed_in,
    ]
    interoperability: [
        a_certified_provider_signs_people_in,
        a_sign_in_that_a_certified_provider_breaks_off_is_forbidden,
        signing_out_ends_the_session_at_a_certified_provider,
        a_certified_provider_signs_people_out_over_the_back_channel,
        a_certified_provider_sees_each_refresh_token_once,
        signing_out_gives_the_refresh_token_back,
        a_certified_provider_takes_pushed_requests_and_signed_assertions,
        a_mock_provider_signs_people_in,
    ]
    process: [
        stops_when_it_is_told_to,
        answers_requests_under_way_before_it_stops,
        waits_for_nothing_when_it_is_told_twice,
        names_every_setting_that_is_missing,
        names_a_setting_that_is_wrong_and_shows_no_value,
        names_settings_that_contradict_each_other,
        names_everything_that_is_wrong_at_once,
        warns_of_what_has_no_effect,
        names_the_setting_of_an_address_that_is_in_use,
        reads_settings_from_a_file,
        logs_what_a_file_asks_for,
    ]
    settings: [
        a_login_may_ask_for_a_recent_sign_in,
        a_sign_in_that_is_too_old_is_refused,
        everybody_signs_in_for_the_organization_of_the_settings,
        a_sign_in_for_no_organization_is_refused,
        a_silent_login_shows_nothing,
        requests_are_pushed_where_that_is_switched_on,
        parameters_of_the_settings_are_always_sent,
        a_login_lasts_and_leads_as_the_settings_say,
        a_client_secret_goes_where_the_settings_say,
        the_built_in_provider_takes_signed_assertions,
        an_assertion_is_signed_with_the_key_of_the_settings,
        id_tokens_are_signed_as_the_settings_say,
        clocks_may_be_apart_as_the_settings_say,
        a_provider_is_waited_for_as_the_settings_say,
        routes_are_where_the_settings_put_them,
        the_profile_of_nobody_is_what_the_settings_say,
        access_tokens_are_handed_out_where_that_is_switched_on,
        access_tokens_are_refreshed_as_early_as_the_settings_say,
        refresh_tokens_that_nobody_asked_for_are_kept_where_the_settings_say,
        signing_out_ends_where_the_settings_allow,
        signing_out_goes_where_the_settings_say,
        the_providers_word_counts_unless_it_is_switched_off,
        the_session_cookie_has_the_name_of_the_settings,
        a_session_lasts_as_long_as_the_settings_say,
        a_session_keeps_what_the_settings_say,
        a_session_outlives_a_change_of_the_secret,
        sessions_of_the_sdk_are_taken_over_by_a_switch,
        other_sites_change_what_the_settings_let_them,
        pages_of_other_origins_call_the_api_where_they_may,
        the_api_asks_for_the_scopes_of_the_settings,
        the_api_says_who_issues_its_tokens,
    ]
    browser: [
        a_person_signs_in_calls_the_api_and_signs_out,
        two_tabs_that_sign_in_at_once_both_come_to_their_targets,
        the_back_button_after_a_sign_in_is_no_dead_end,
        a_session_that_ends_behind_an_open_page_can_be_renewed_there,
        what_another_tab_does_is_seen,
        a_double_click_signs_in_once,
        a_callback_that_is_opened_again_leads_on,
        a_token_that_ends_behind_an_open_page_can_be_renewed_there,
        another_site_does_not_sign_a_person_out,
        the_private_page_is_usable_with_the_keyboard,
        pages_fit_a_phone,
        pages_work_without_scripts,
    ]
}
