//! The claims of access tokens (RFC 9068 §2.2) and ID tokens (OpenID Connect Core 1.0 §2).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::grants::Grant;
use super::metadata::user_info_address;
use super::organization::Organization;
use super::request::Scope;
use super::user::ProfileClaims;

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct AccessTokenClaims {
    iss: String,
    pub(super) sub: String,
    aud: Vec<String>,
    exp: u64,
    iat: u64,
    jti: String,
    client_id: String,
    pub(super) scope: String,
}

#[derive(Debug, Serialize)]
pub(super) struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: u64,
    iat: u64,
    auth_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    sid: &'a str,
    #[serde(flatten)]
    profile: ProfileClaims,
    #[serde(flatten)]
    organization: Option<&'a Organization>,
}

impl AccessTokenClaims {
    pub(super) fn new(
        issuer: &str,
        grant: &Grant,
        scope: &Scope,
        token_id: String,
        (now, lifetime): (u64, u64),
    ) -> Self {
        let user_info = scope.contains(Scope::OPENID).then(|| user_info_address(issuer));
        Self {
            iss: issuer.to_owned(),
            sub: grant.user.subject(),
            aud: grant.audience.iter().cloned().chain(user_info).collect(),
            exp: now.saturating_add(lifetime),
            iat: now,
            jti: token_id,
            client_id: grant.client_id.clone(),
            scope: scope.to_string(),
        }
    }

    pub(super) fn is_good_for(&self, audience: &str, now: u64) -> bool {
        now < self.exp && self.aud.iter().any(|known| known == audience)
    }
}

impl<'a> IdTokenClaims<'a> {
    pub(super) fn new(
        issuer: &'a str,
        grant: &'a Grant,
        scope: &Scope,
        nonce: Option<&'a str>,
        access_token: &str,
        now: u64,
    ) -> Self {
        Self {
            iss: issuer,
            sub: grant.user.subject(),
            aud: &grant.client_id,
            exp: now.saturating_add(ID_TOKEN_LIFETIME),
            iat: now,
            auth_time: grant.authenticated_at,
            nonce,
            at_hash: access_token_hash(access_token),
            sid: &grant.session_id,
            profile: grant.user.claims(scope),
            organization: grant.organization.as_ref(),
        }
    }
}

/// OpenID Connect Core 1.0 §3.1.3.6: the left half of the token's SHA-256 hash.
fn access_token_hash(access_token: &str) -> String {
    let hash = digest(&SHA256, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

const ID_TOKEN_LIFETIME: u64 = 60 * 60;
