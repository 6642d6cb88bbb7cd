//! Which module is played by what.

use super::{Stage, backchannel, login, logout, provider_metadata};

/// A module of the conformance suite.
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) play: Play,
}

/// How a module is played.
#[derive(Clone, Copy)]
pub(super) enum Play {
    /// By this function, before a gate that others have used.
    Shared(&'static str, fn(&Stage)),
    /// By this function, before a gate of its own.
    Alone(&'static str, fn(&Stage)),
    /// By a test of its own.
    Elsewhere(&'static str),
    /// Not at all, and why.
    Nothing(&'static str),
}

macro_rules! modules {
    ($($name:literal => $how:ident $what:tt;)*) => {
        &[$(Module { name: $name, play: modules!(@ $how $what) },)*]
    };
    (@ shared ($module:ident :: $play:ident)) => {
        Play::Shared(concat!(stringify!($module), "::", stringify!($play)), $module::$play)
    };
    (@ alone ($module:ident :: $play:ident)) => {
        Play::Alone(concat!(stringify!($module), "::", stringify!($play)), $module::$play)
    };
    (@ elsewhere ($test:expr)) => {
        Play::Elsewhere($test)
    };
    (@ nothing ($reason:expr)) => {
        Play::Nothing($reason)
    };
}

const NO_USERINFO: &str = "the gate takes claims from the ID token and asks no UserInfo endpoint";
const CODE_FLOW: &str = "the gate has the code flow alone";
const REGISTERED: &str = "the gate is configured, and registers or discovers no client by itself";

pub(super) const MODULES: &[Module] = modules! {
    // Basic
    "oidcc-client-test" => shared (login::a_good_token);
    "oidcc-client-test-invalid-iss" => shared (login::another_issuer);
    "oidcc-client-test-missing-sub" => shared (login::no_subject);
    "oidcc-client-test-invalid-aud" => shared (login::another_audience);
    "oidcc-client-test-missing-iat" => shared (login::no_time_of_issue);
    "oidcc-client-test-kid-absent-single-jwks" => shared (login::no_key_id_and_one_key);
    "oidcc-client-test-kid-absent-multiple-jwks" => alone (login::no_key_id_and_two_keys);
    "oidcc-client-test-idtoken-sig-rs256" => shared (login::a_good_token);
    "oidcc-client-test-idtoken-sig-none" => shared (login::no_signature);
    "oidcc-client-test-invalid-sig-rs256" => shared (login::a_broken_signature);
    "oidcc-client-test-userinfo-invalid-sub" => nothing (NO_USERINFO);
    "oidcc-client-test-nonce-invalid" => shared (login::another_nonce);
    "oidcc-client-test-scope-userinfo-claims" => nothing (NO_USERINFO);
    "oidcc-client-test-client-secret-basic" => shared (login::the_secret_in_the_header);
    // Beyond Basic
    "oidcc-client-test-missing-aud" => shared (login::no_audience);
    "oidcc-client-test-invalid-sig-hs256" => shared (login::hs256_with_the_public_key);
    "oidcc-client-test-invalid-sig-es256" => shared (login::es256_by_name);
    "oidcc-client-test-invalid-athash" => shared (login::another_access_token_hash);
    "oidcc-client-test-missing-athash" => nothing (CODE_FLOW);
    "oidcc-client-test-invalid-chash" => nothing (CODE_FLOW);
    "oidcc-client-test-missing-chash" => nothing (CODE_FLOW);
    "oidcc-client-test-nonce-unless-code-flow" => nothing (CODE_FLOW);
    "oidcc-client-test-userinfo-bearer-header" => nothing (NO_USERINFO);
    "oidcc-client-test-userinfo-bearer-body" => nothing (NO_USERINFO);
    "oidcc-client-test-userinfo-signed" => nothing (NO_USERINFO);
    // Config
    "oidcc-client-test-discovery-openid-config" => alone (provider_metadata::other_endpoints);
    "oidcc-client-test-discovery-jwks-uri-keys" => alone (provider_metadata::another_key_set);
    "oidcc-client-test-discovery-issuer-mismatch" => alone (provider_metadata::another_issuer);
    "oidcc-client-test-signing-key-rotation" => alone (provider_metadata::a_new_key);
    "oidcc-client-test-signing-key-rotation-just-before-signing" =>
        alone (provider_metadata::a_new_key_during_the_login);
    // Dynamic
    "oidcc-client-test-discovery-webfinger-acct" => nothing (REGISTERED);
    "oidcc-client-test-discovery-webfinger-url" => nothing (REGISTERED);
    "oidcc-client-test-dynamic-registration" => nothing (REGISTERED);
    "oidcc-client-test-request-uri-signed-none" => nothing ("the gate sends no request objects");
    "oidcc-client-test-request-uri-signed-rs256" => nothing ("the gate sends no request objects");
    // Other profiles
    "oidcc-client-test-form-post-error" => nothing ("the callback takes no POST");
    "oidcc-client-test-refresh-token" => elsewhere ("refresh::many_requests_make_one_refresh");
    "oidcc-client-test-refresh-token-invalid-issuer" =>
        elsewhere ("gate::tests::refresh::a_refreshed_id_token_is_checked, in the core");
    "oidcc-client-test-refresh-token-invalid-sub" =>
        elsewhere ("refresh::an_id_token_about_somebody_else_ends_the_session");
    "oidcc-client-test-aggregated-claims" => nothing ("the gate collects no claims");
    "oidcc-client-test-distributed-claims" => nothing ("the gate collects no claims");
    "oidcc-client-test-mtls-endpoint-aliases" => nothing ("the gate has no client certificates");
    "oidcc-client-test-3rd-party-init-login" => shared (login::started_by_a_third_party);
    // RP-Initiated Logout
    "oidcc-client-test-rp-init-logout" => shared (logout::and_back_again);
    "oidcc-client-test-rp-init-logout-no-state" => shared (logout::and_back_again);
    "oidcc-client-test-rp-init-logout-other-state" => shared (logout::back_with_another_state);
    // Back-Channel Logout
    "oidcc-client-test-rp-backchannel-rpinitlogout" => shared (backchannel::a_good_token);
    "oidcc-client-test-rp-backchannel-rpinitlogout-alg-none" => shared (backchannel::no_signature);
    "oidcc-client-test-rp-backchannel-rpinitlogout-no-event" => shared (backchannel::no_event);
    "oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce" => shared (backchannel::a_nonce);
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg" =>
        shared (backchannel::another_algorithm);
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud" =>
        shared (backchannel::another_audience);
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event" =>
        shared (backchannel::another_event);
    "oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss" =>
        shared (backchannel::another_issuer);
    // Front-Channel Logout, Session Management
    "oidcc-client-test-rp-frontchannel-rpinitlogout" => nothing ("the gate takes no frames");
    "oidcc-client-test-rp-frontchannel-opinitlogout" => nothing ("the gate takes no frames");
    "oidcc-client-test-session-management" => nothing ("the gate takes no frames");
    // FAPI 2.0
    "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-state-fails" =>
        shared (login::another_state);
    "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-missing-state-fails" =>
        shared (login::no_state);
    "fapi2-security-profile-final-client-test-invalid-authorization-response-iss" =>
        shared (login::another_issuer_in_the_response);
    "fapi2-security-profile-final-client-test-remove-authorization-response-iss" =>
        alone (login::no_issuer_in_the_response);
    "fapi2-security-profile-final-client-test-invalid-expired-exp" => shared (login::expired);
    "fapi2-security-profile-final-client-test-invalid-missing-exp" => shared (login::no_expiry);
    "fapi2-security-profile-final-client-test-invalid-missing-aud" => shared (login::no_audience);
    "fapi2-security-profile-final-client-test-invalid-missing-iss" => shared (login::no_issuer);
    "fapi2-security-profile-final-client-test-invalid-missing-nonce" => shared (login::no_nonce);
    "fapi2-security-profile-final-client-test-invalid-secondary-aud" => shared (login::a_second_audience);
    "fapi2-security-profile-final-client-test-invalid-null-alg" => shared (login::no_signature);
    "fapi2-security-profile-final-client-test-invalid-alternate-alg" => shared (login::another_algorithm);
    "fapi2-security-profile-final-client-test-valid-aud-as-array" => shared (login::an_array_of_one_audience);
    "fapi2-security-profile-final-client-test-token-type-case-insensitivity" => shared (login::token_type_in_any_case);
    "fapi2-security-profile-final-client-test-token-endpoint-response-without-expires" => shared (login::no_lifetime);
};
