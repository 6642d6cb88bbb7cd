//! The provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RFC 9207 §3).

use serde_json::{Value, json};

use super::request::Scope;
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::http::Origin;

/// Not in the document: clients of Auth0 know it.
pub(super) const AUTH0_LOGOUT_PATH: &str = "/v2/logout";
pub(super) const AUTHORIZATION_PATH: &str = "/authorize";
pub(super) const CONFIGURATION_PATH: &str = "/.well-known/openid-configuration";
pub(super) const END_SESSION_PATH: &str = "/logout";
pub(super) const KEY_SET_PATH: &str = "/.well-known/jwks.json";
pub(super) const PUSHED_REQUEST_PATH: &str = "/par";
pub(super) const REVOCATION_PATH: &str = "/oauth/revoke";
pub(super) const TOKEN_PATH: &str = "/oauth/token";
pub(super) const USER_INFO_PATH: &str = "/userinfo";

/// The address of the UserInfo endpoint, which is an audience of access tokens too.
pub(super) fn user_info_address(issuer: &str) -> String {
    format!("{issuer}{USER_INFO_PATH}")
}

pub(super) fn document(issuer: &Origin) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": at(AUTHORIZATION_PATH),
        "token_endpoint": at(TOKEN_PATH),
        "pushed_authorization_request_endpoint": at(PUSHED_REQUEST_PATH),
        "revocation_endpoint": at(REVOCATION_PATH),
        "userinfo_endpoint": user_info_address(issuer.as_str()),
        "jwks_uri": at(KEY_SET_PATH),
        "end_session_endpoint": at(END_SESSION_PATH),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": Scope::WITH_A_MEANING,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "private_key_jwt", "none"
        ],
        "token_endpoint_auth_signing_alg_values_supported":
            SignatureAlgorithm::ALL.map(SignatureAlgorithm::name),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "at_hash", "sid", "name",
            "email", "email_verified", "org_id", "org_name"
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use crate::identity_provider::test_support::*;

    #[test]
    fn names_its_issuer_and_endpoints_byte_for_byte() {
        let response = get(&provider(), "/.well-known/openid-configuration");
        assert_eq!(response.status(), StatusCode::OK);
        let document = body_json(&response);
        assert_eq!(document["issuer"], "http://localhost:4000");
        assert_eq!(document["authorization_endpoint"], "http://localhost:4000/authorize");
        assert_eq!(document["token_endpoint"], "http://localhost:4000/oauth/token");
        assert_eq!(document["jwks_uri"], "http://localhost:4000/.well-known/jwks.json");
        assert_eq!(document["userinfo_endpoint"], "http://localhost:4000/userinfo");
        assert_eq!(document["end_session_endpoint"], "http://localhost:4000/logout");
        assert_eq!(document["code_challenge_methods_supported"], serde_json::json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    }
}
