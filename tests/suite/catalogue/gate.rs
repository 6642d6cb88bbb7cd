//! Rows about the gate: where a login leads, cookies, the sign-in, other origins.

use super::Row;

const AUTH0: &str = "core/src/session/auth0_cookies/tests.rs";
const BACKCHANNEL: &str = "core/src/gate/tests/backchannel.rs";
const BAD_INPUT: &str = "tests/suite/bad_input.rs";
const CALLBACK: &str = "core/src/gate/tests/callback.rs";
const COOKIES: &str = "core/src/http/cookies.rs";
const CORS: &str = "core/src/cors/tests/attacks.rs";
const CORS_ON_SOCKETS: &str = "runtime-hyper/tests/conformance/cross_origin.rs";
const CROSS_SITE: &str = "core/src/gate/cross_site.rs";
const LATE_REFRESH: &str = "core/src/gate/tests/late_refresh.rs";
const LOGIN: &str = "core/src/gate/tests/login.rs";
const LOGIN_REQUEST: &str = "core/src/gate/tests/login_request.rs";
const LOGOUT: &str = "core/src/gate/tests/logout.rs";
const MACHINE: &str = "core/src/issuer/tests/mod.rs";
const METADATA: &str = "core/src/issuer/metadata.rs";
const NAMES: &str = "core/src/session/names.rs";
const ON_SOCKETS: &str = "runtime-hyper/tests/conformance/sessions.rs";
const REFRESH: &str = "core/src/gate/tests/refresh.rs";
const REFRESHING: &str = "tests/suite/refresh.rs";
const REQUIREMENTS: &str = "core/src/guard/tests/requirements.rs";
const RETURN_TO: &str = "core/src/oidc/return_to/tests.rs";
const REVOCATIONS: &str = "core/src/session/revocations.rs";
const ROUTING: &str = "core/src/gate/tests/routing.rs";
const SESSION: &str = "core/src/session/tests.rs";
const SESSIONS: &str = "core/src/gate/tests/sessions.rs";
const SIGNING_OUT: &str = "tests/suite/logout.rs";
const TOKEN_ENDPOINT: &str = "core/src/oidc/token_endpoint.rs";
const TRANSACTION: &str = "core/src/session/transaction/tests.rs";

/// The row, what it is about, and a test for it.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("R01", "protocol-relative", RETURN_TO, "r01_protocol_relative"),
    ("R02", "slash and backslash", RETURN_TO, "r02_slash_and_backslash"),
    ("R03", "a tab inside", RETURN_TO, "r03_tab_inside"),
    ("R04", "line breaks and feeds", RETURN_TO, "r04_line_breaks_and_feeds_inside"),
    ("R05", "blanks between", RETURN_TO, "r05_blanks_between"),
    ("R06", "dot segments", RETURN_TO, "r06_dot_segments"),
    ("R07", "odd schemes", RETURN_TO, "r07_odd_schemes"),
    ("R08", "a user before the host", RETURN_TO, "r08_user_information"),
    ("R09", "hosts that look alike", RETURN_TO, "r09_hosts_that_look_alike"),
    ("R10", "another port", RETURN_TO, "r10_another_port"),
    ("R11", "schemes of scripts", RETURN_TO, "r11_schemes_of_scripts"),
    ("R12", "encoded slashes", RETURN_TO, "r12_encoded_slashes"),
    ("R13", "look-alikes in Unicode", RETURN_TO, "r13_look_alikes_in_unicode"),
    ("R14", "a path that names a host", LOGIN_REQUEST, "r14_a_path_that_names_a_host_is_refused"),
    ("R15", "header splitting", RETURN_TO, "r15_header_splitting"),
    ("R16", "the gate's own routes", LOGIN, "a_login_does_not_lead_in_a_circle"),
    ("R17", "a long target", RETURN_TO, "r17_more_than_2048_bytes"),
    ("R17", "and the login works", LOGIN_REQUEST, "r16_r17_r18_r20_a_login_with_no_good_target_leads_to_the_default"),
    ("R18", "the parameter twice", RETURN_TO, "r18_a_repeated_parameter"),
    ("R19", "a logout that leads elsewhere", LOGOUT, "a_logout_ends_where_it_may"),
    ("R20", "a login that a third party starts", RETURN_TO, "r20_nothing_but_return_to_names_a_target"),
    ("R21", "the sealed target of another login", TRANSACTION, "a_foreign_state_finds_nothing"),
    ("R22", "forwarded host and prefix", LOGIN_REQUEST, "r22_forwarded_fields_do_not_change_where_the_provider_leads"),
    ("R23", "a fragment", RETURN_TO, "r23_a_fragment_is_dropped"),
    ("R24", "credentials in an address", LOGIN_REQUEST, "r24_no_address_holds_a_credential"),
    ("R25", "a foreign transaction", TRANSACTION, "a_foreign_state_finds_nothing"),
    ("C01", "two cookies of one name", SESSION, "ambiguous_cookies_are_no_session"),
    ("C02", "chunks of two sessions", SESSION, "chunks_stand_together_or_not_at_all"),
    ("C03", "gaps and stale tails", SESSION, "chunks_stand_together_or_not_at_all"),
    ("C03", "and they are cleared", LOGOUT, "signing_out_removes_what_no_session_of_today_has"),
    ("C04", "numbers of chunks", SESSION, "a_count_is_not_believed"),
    ("C05", "every length at the edge of a chunk", SESSION, "every_length_comes_back"),
    ("C06", "both forms", SESSION, "ambiguous_cookies_are_no_session"),
    ("C07", "too large a session", CALLBACK, "too_large_a_session_is_an_error_and_no_circle"),
    ("C08", "names that look alike", COOKIES, "quotes_and_look_alikes_are_data"),
    ("C08", "names that are the gate's", NAMES, "tells_own_names_from_look_alikes"),
    ("C09", "quotes", COOKIES, "quotes_and_look_alikes_are_data"),
    ("C10", "truncated seals", SESSION, "truncated_and_foreign_seals_are_no_session"),
    ("C11", "every bit", SESSION, "every_bit_counts"),
    ("C12", "seals that repeat", SESSION, "two_seals_of_one_text_differ"),
    ("C13", "one outcome for every fault", SESSIONS, "there_is_one_outcome_for_whatever_is_wrong_with_a_cookie"),
    ("C14", "a seal in another place", SESSION, "a_seal_is_for_one_purpose_and_one_name"),
    ("C15", "a compressed bomb", AUTH0, "what_is_malformed_is_no_session"),
    ("C16", "rotation of secrets", SESSION, "secrets_rotate_without_signing_anybody_out"),
    ("C16", "sealed anew", SESSIONS, "a_session_of_an_old_secret_is_sealed_anew"),
    ("C17", "other versions", SESSION, "truncated_and_foreign_seals_are_no_session"),
    ("C18", "a copy after signing out", SIGNING_OUT, "a_copy_of_the_cookie_is_no_session_after_signing_out"),
    ("C18", "the same, by the clock", BACKCHANNEL, "a_session_that_signed_out_does_not_come_back"),
    ("C19", "endless use", SESSION, "a_session_ends_by_inactivity_and_for_good"),
    ("C20", "absurd times", SESSION, "a_session_ends_by_inactivity_and_for_good"),
    ("C21", "a session before the login", LOGIN, "a_login_replaces_an_old_session"),
    ("C22", "removals that a browser ignores", LOGOUT, "signs_out_here_and_at_the_provider"),
    ("C23", "a session in use and a streamed answer", ON_SOCKETS, "a_session_is_written_with_the_head_of_a_stream"),
    ("C24", "logins that pile up", TRANSACTION, "logins_do_not_pile_up"),
    ("C24", "logins that are over", TRANSACTION, "a_new_login_sweeps_the_old_ones"),
    ("C24", "more cookies than can be taken", ROUTING, "too_many_cookies_have_a_page_that_removes_ours"),
    ("C24", "the same, over sockets", ON_SOCKETS, "too_many_cookies_have_a_page"),
    ("C25", "malformed fields", COOKIES, "takes_malformed_fields_apart"),
    ("C26", "fields that run together", REVOCATIONS, "keys_differ_by_kind_client_and_value"),
    ("C27", "a broken cookie", ROUTING, "a_broken_session_cookie_is_removed_and_opens_nothing"),
    ("C28", "weak secrets", SESSION, "weak_secrets_are_refused"),
    ("C29", "attributes", COOKIES, "writes_every_attribute"),
    ("O01", "a login of somebody else's", CALLBACK, "a_login_that_this_browser_did_not_start_is_refused"),
    ("O02", "the state before the code", CALLBACK, "malformed_callbacks_are_refused_without_a_token_request"),
    ("O03", "parameters that are missing or repeated", CALLBACK, "malformed_callbacks_are_refused_without_a_token_request"),
    ("O04", "a callback again", CALLBACK, "a_replayed_callback_redeems_nothing_twice"),
    ("O05", "a code of another login", BAD_INPUT, "a_code_of_another_login_is_refused"),
    ("O06", "weaker PKCE", LOGIN_REQUEST, "s256_is_always_sent"),
    ("O07", "a response of another issuer", CALLBACK, "a_response_of_another_issuer_is_refused"),
    ("O08", "a document of another issuer", METADATA, "only_a_final_slash_may_differ_from_the_configured_issuer"),
    ("O09", "claims of an ID token", CALLBACK, "faults_of_the_id_token_are_refused"),
    ("O10", "its audiences", CALLBACK, "faults_of_the_id_token_are_refused"),
    ("O11", "its nonce", CALLBACK, "faults_of_the_id_token_are_refused"),
    ("O12", "another user's", CALLBACK, "faults_of_the_id_token_are_refused"),
    ("O13", "its algorithm", CALLBACK, "faults_of_the_id_token_are_refused"),
    ("O14", "a new key", CALLBACK, "an_id_token_under_a_new_key_is_accepted_after_one_fetch"),
    ("O15", "userinfo, which is not asked", LOGIN_REQUEST, "o15_only_the_id_token_says_who_somebody_is"),
    ("O16", "an ID token of a refresh", REFRESH, "a_refreshed_id_token_is_checked"),
    ("O17", "many requests, one refresh", REFRESH, "concurrent_requests_share_one_refresh"),
    ("O18", "an older cookie, late", REFRESH, "the_old_cookie_gets_the_new_tokens_for_a_while"),
    ("O19", "refusals and outages", REFRESH, "during_an_outage_the_old_token_is_used_while_it_is_valid"),
    ("O19", "a refusal", REFRESH, "a_refused_refresh_ends_the_session"),
    ("O20", "signing out during a refresh", LATE_REFRESH, "a_logout_wins_over_a_late_refresh"),
    ("O20", "the same, over sockets", REFRESHING, "signing_out_while_a_refresh_is_under_way_leaves_no_token"),
    ("O20", "a flight that never lands", REFRESH, "a_flight_that_is_lost_is_made_up_for"),
    ("O21", "token responses", TOKEN_ENDPOINT, "tolerates_only_case_and_a_missing_lifetime"),
    ("O21", "and what comes of them", CALLBACK, "faults_of_the_token_endpoint_are_told_apart"),
    ("O22", "words in an error", CALLBACK, "pages_hold_nothing_of_the_provider_or_the_client"),
    ("O23", "errors of the provider", CALLBACK, "errors_of_the_provider_have_a_page_and_a_way_back"),
    ("O23", "a silent login", CALLBACK, "a_silent_login_that_finds_nobody_leads_on_as_nobody"),
    ("O24", "a callback by POST", CALLBACK, "a_callback_by_post_is_refused"),
    ("O25", "hostile values", CALLBACK, "malformed_callbacks_are_refused_without_a_token_request"),
    ("O26", "a host of the browser's", LOGIN, "a_query_or_a_host_does_not_change_the_authorization_request"),
    ("O27", "parameters of the request", LOGIN_REQUEST, "a_query_may_say_how_to_sign_in"),
    ("O28", "signing out somebody else", LOGOUT, "another_site_signs_nobody_out"),
    ("O29", "logout tokens", BACKCHANNEL, "bad_logout_tokens_are_refused"),
    ("O29", "a logout token again", BACKCHANNEL, "a_replayed_logout_token_is_refused"),
    ("O30", "front-channel logout, which there is not", BACKCHANNEL, "no_address_ends_a_session_by_its_name"),
    ("O31", "a POST that is led on", ROUTING, "a_guarded_post_leads_to_the_sign_in_page_with_303"),
    ("O32", "traces", CALLBACK, "a_callback_leaves_no_trace"),
    ("O33", "frames", CALLBACK, "pages_hold_nothing_of_the_provider_or_the_client"),
    ("O34", "parts of an address", REQUIREMENTS, "o34_no_part_of_an_email_address_decides"),
    ("O35", "shapes of groups", REQUIREMENTS, "o35_groups_are_not_taken_apart"),
    ("O36", "refreshes of two people", REFRESH, "two_sessions_never_share_a_refresh"),
    ("O37", "a request that is given up", MACHINE, "a_lost_answer_does_not_wedge_the_document"),
    ("O37", "a flight that is lost", REFRESH, "a_flight_that_is_lost_is_made_up_for"),
    ("O38", "a callback without parameters", CALLBACK, "malformed_callbacks_are_refused_without_a_token_request"),
    ("O39", "no randomness", LOGIN, "without_randomness_there_is_no_login"),
    ("O39", "secrets of their own", LOGIN_REQUEST, "no_two_logins_share_a_secret"),
    ("O40", "tokens in the browser", LOGIN, "no_token_reaches_the_browser"),
    ("O41", "work before authentication", AUTH0, "what_is_malformed_is_no_session"),
    ("O42", "a session of somebody else's", LOGIN, "a_login_replaces_an_old_session"),
    ("X01", "null", CORS, "x01_null_is_allowed_only_where_it_is_listed"),
    ("X02", "origins that look alike", CORS, "x02_x04_look_alikes_are_other_origins"),
    ("X03", "credentials for everybody", CORS, "x03_policies_that_open_everything_are_refused"),
    ("X04", "odd origins", CORS, "x02_x04_look_alikes_are_other_origins"),
    ("X05", "Vary", CORS, "x05_every_answer_varies_by_origin"),
    ("X06", "long preflights", CORS, "x06_requested_headers_are_bounded"),
    ("X07", "errors that a page cannot read", CORS_ON_SOCKETS, "every_answer_can_be_read"),
    ("X07", "nor is it led to the provider", CORS_ON_SOCKETS, "there_is_one_policy"),
    ("X08", "forms of another site", CROSS_SITE, "x08_x09_other_sites_change_nothing"),
    ("X09", "a sibling", CROSS_SITE, "x09_trusted_origins_are_compared_exactly"),
    ("X10", "a request that says nothing of itself", CROSS_SITE, "x10_a_request_that_says_nothing_needs_a_field_of_its_own"),
    ("X11", "a logout by GET", LOGOUT, "another_site_signs_nobody_out"),
    ("X11", "floods of logins", TRANSACTION, "logins_do_not_pile_up"),
    ("X12", "web sockets", CROSS_SITE, "x12_another_site_opens_no_web_socket"),
    ("X12", "the same, over sockets", ON_SOCKETS, "another_site_opens_no_web_socket"),
    ("X13", "two policies", CORS, "x13_there_is_one_policy"),
    ("X14", "private networks", CORS, "x14_private_networks_are_not_granted"),
    ("X15", "a preflight that goes on", CORS_ON_SOCKETS, "a_preflight_does_not_reach_an_upstream"),
    ("X15", "a preflight at the API", CORS_ON_SOCKETS, "a_preflight_needs_no_token"),
];
