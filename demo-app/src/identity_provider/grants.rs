//! What users allowed their clients: authorization codes that wait to be redeemed, and families of
//! refresh tokens.
//!
//! A code works once; using it again ends what came out of it (RFC 6749 §4.1.2). A refresh token
//! works once too and is replaced; using an old one again ends its family (RFC 9700 §4.14.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::expiring::ExpiringMap;
use super::organization::Organization;
use super::request::{CodeChallenge, Scope};
use super::user::UserName;
use crate::random::random_text;

/// A user's permission for a client.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) user: UserName,
    pub(super) scope: Scope,
    pub(super) audience: Option<String>,
    pub(super) authenticated_at: u64,
    pub(super) session_id: String,
    pub(super) organization: Option<Organization>,
}

/// What an authorization code stands for.
pub(super) struct AuthorizationCode {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) code_challenge: CodeChallenge,
    pub(super) nonce: Option<String>,
}

/// What a client says when it redeems a code.
pub(super) struct Redemption<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) code_verifier: &'a str,
}

/// A code that was redeemed.
#[derive(Debug)]
pub(super) struct Redeemed {
    pub(super) grant: Grant,
    pub(super) nonce: Option<String>,
    pub(super) refresh_token: Option<String>,
}

/// The two halves of a refresh token, drawn before anything is decided.
pub(super) struct NewRefreshToken {
    family_id: String,
    secret: String,
}

/// A refresh token that was redeemed.
#[derive(Debug)]
pub(super) struct Refreshed {
    pub(super) grant: Grant,
    /// What the client asked for this time, which is no more than was granted.
    pub(super) scope: Scope,
    pub(super) refresh_token: String,
}

/// Why a code or a refresh token was not redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantError {
    /// It is unknown, expired, used up, or was issued for something else.
    InvalidGrant,
    /// It was issued for less than what is asked now.
    InvalidScope,
}

/// Codes and refresh tokens that still work.
pub(super) struct Grants {
    codes: ExpiringMap<CodeState>,
    families: ExpiringMap<Family>,
}

enum CodeState {
    Issued(Box<AuthorizationCode>),
    Spent { family_id: Option<String> },
}

struct Family {
    grant: Grant,
    /// The secret half of the one token that works.
    secret: String,
}

impl Grants {
    pub(super) fn issue(&mut self, code: String, authorization: AuthorizationCode, now: u64) {
        self.codes.insert(code, CodeState::Issued(Box::new(authorization)), now);
    }

    /// Redeems a code. Whatever the outcome, it does not work again.
    pub(super) fn redeem(
        &mut self,
        redemption: &Redemption<'_>,
        new_token: NewRefreshToken,
        now: u64,
    ) -> Result<Redeemed, GrantError> {
        let state = self.codes.get_mut(redemption.code, now).ok_or(GrantError::InvalidGrant)?;
        let spent = CodeState::Spent { family_id: None };
        let authorization = match core::mem::replace(state, spent) {
            CodeState::Issued(authorization) => *authorization,
            CodeState::Spent { family_id } => {
                if let Some(family_id) = family_id {
                    self.families.remove(&family_id);
                }
                return Err(GrantError::InvalidGrant);
            }
        };
        if authorization.grant.client_id != redemption.client_id
            || authorization.redirect_uri != redemption.redirect_uri
            || !authorization.code_challenge.is_met_by(redemption.code_verifier)
        {
            return Err(GrantError::InvalidGrant);
        }
        let AuthorizationCode { grant, nonce, .. } = authorization;
        let refresh_token = grant.scope.contains(Scope::OFFLINE_ACCESS).then(|| {
            let token = new_token.text();
            let NewRefreshToken { family_id, secret } = new_token;
            *state = CodeState::Spent { family_id: Some(family_id.clone()) };
            self.families.insert(family_id, Family { grant: grant.clone(), secret }, now);
            token
        });
        Ok(Redeemed { grant, nonce, refresh_token })
    }

    /// Redeems a refresh token and replaces it. Asking for too much leaves it as it is.
    pub(super) fn refresh(
        &mut self,
        refresh_token: &str,
        client_id: &str,
        scope: Option<Scope>,
        new_token: NewRefreshToken,
        now: u64,
    ) -> Result<Refreshed, GrantError> {
        let (family_id, secret) = refresh_token.split_once('.').ok_or(GrantError::InvalidGrant)?;
        let family = self.families.get_mut(family_id, now).ok_or(GrantError::InvalidGrant)?;
        let is_current =
            verify_slices_are_equal(family.secret.as_bytes(), secret.as_bytes()).is_ok();
        if !is_current || family.grant.client_id != client_id {
            self.families.remove(family_id);
            return Err(GrantError::InvalidGrant);
        }
        let scope = scope.unwrap_or_else(|| family.grant.scope.clone());
        if !family.grant.scope.contains_all(&scope) {
            return Err(GrantError::InvalidScope);
        }
        family.secret = new_token.secret;
        Ok(Refreshed {
            grant: family.grant.clone(),
            scope,
            refresh_token: format!("{family_id}.{}", family.secret),
        })
    }
}

impl Grants {
    /// Ends the family of a refresh token of this client's, be it the one that works or not.
    pub(super) fn revoke(&mut self, refresh_token: &str, client_id: &str, now: u64) {
        let Some((family_id, _)) = refresh_token.split_once('.') else { return };
        let family = self.families.get(family_id, now);
        if family.is_some_and(|family| family.grant.client_id == client_id) {
            self.families.remove(family_id);
        }
    }
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            codes: ExpiringMap::new(MAXIMUM_CODES, CODE_LIFETIME),
            families: ExpiringMap::new(MAXIMUM_FAMILIES, FAMILY_LIFETIME),
        }
    }
}

impl NewRefreshToken {
    pub(super) fn draw() -> Result<Self, getrandom::Error> {
        Ok(Self { family_id: random_text()?, secret: random_text()? })
    }

    fn text(&self) -> String {
        format!("{}.{}", self.family_id, self.secret)
    }
}

const CODE_LIFETIME: u64 = 60;
const FAMILY_LIFETIME: u64 = 14 * 24 * 60 * 60;
const MAXIMUM_CODES: usize = 1024;
const MAXIMUM_FAMILIES: usize = 1024;
