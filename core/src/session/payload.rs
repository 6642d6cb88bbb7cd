//! What a session holds.

use super::{SessionId, UserClaims};
use crate::{json::Object, secret::Secret, time::UnixSeconds};
use alloc::string::String;
use core::fmt;

/// Somebody who has signed in.
#[derive(Clone, Eq, PartialEq)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) user: UserClaims,
    pub(crate) tokens: SessionTokens,
    pub(crate) provider_session: Option<String>,
    pub(crate) signed_in_at: UnixSeconds,
    pub(crate) used_at: UnixSeconds,
}

/// What the token endpoint gave for a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SessionTokens {
    /// Counts the refreshes of this session.
    pub(crate) generation: u32,
    pub(crate) access_token: Secret,
    pub(crate) obtained_at: UnixSeconds,
    pub(crate) expires_at: UnixSeconds,
    pub(crate) refresh_token: Option<Secret>,
    /// Only where the gate is told to keep it.
    pub(crate) id_token: Option<Secret>,
}

impl Session {
    /// Which session it is. The number is drawn at the sign-in and stays.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The user's claims: `sub`, and `name`, `email` and others where the provider gives them.
    #[must_use]
    pub const fn user(&self) -> &Object {
        self.user.claims()
    }

    /// Who it is, as the issuer names them.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.user().text("sub").ok().flatten().unwrap_or_default()
    }

    /// When they signed in.
    #[must_use]
    pub const fn signed_in_at(&self) -> UnixSeconds {
        self.signed_in_at
    }

    /// When the access token expires.
    pub(crate) const fn access_token_expires_at(&self) -> UnixSeconds {
        self.tokens.expires_at
    }

    /// The access token, while it is valid for at least the next `margin` seconds.
    pub(crate) fn live_access_token(&self, now: UnixSeconds, margin: u64) -> Option<&Secret> {
        let SessionTokens { access_token, expires_at, .. } = &self.tokens;
        (now.saturating_add(margin) < *expires_at).then_some(access_token)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("signed_in_at", &self.signed_in_at)
            .field("used_at", &self.used_at)
            .finish_non_exhaustive()
    }
}
