//! What a session holds.

use super::{SessionId, UserClaims};
use crate::{json::Object, secret::Secret, time::UnixSeconds};
use alloc::{string::String, sync::Arc};
use core::fmt;

/// Somebody who has signed in.
#[derive(Clone, Eq, PartialEq)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) issuer: Arc<str>,
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

    /// The issuer that they signed in at, as it is configured, without a final slash.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
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

    /// The access token, for a request of the application's own to the API that it is for. `None`
    /// where it ends within five seconds of `now`, the wall clock.
    ///
    /// Before a page that needs a session the gate has refreshed a token that was due; before one
    /// that is open to everybody it has not. A page that nobody asked for yet (a prefetch) may have
    /// `None` too. What is forwarded has its token from the gate.
    ///
    /// ```
    /// use portcullis_core::{session::Session, time::UnixSeconds};
    ///
    /// fn authorization(session: &Session, now: UnixSeconds) -> Option<String> {
    ///     session.access_token(now).map(|token| format!("Bearer {}", token.expose()))
    /// }
    /// ```
    #[must_use]
    pub fn access_token(&self, now: UnixSeconds) -> Option<&Secret> {
        self.tokens.is_usable(now).then_some(&self.tokens.access_token)
    }
}

impl SessionTokens {
    /// An access token that expires this soon is not sent any more, in seconds.
    const MARGIN: u64 = 5;

    /// Whether the access token lives for long enough to be sent.
    pub(crate) fn is_usable(&self, now: UnixSeconds) -> bool {
        now.saturating_add(self.margin(Self::MARGIN)) < self.expires_at
    }

    /// Whether the access token is to be refreshed: it lives for `margin` seconds at most, or can no
    /// longer be sent.
    pub(crate) fn is_due(&self, now: UnixSeconds, margin: u64) -> bool {
        now.saturating_add(self.margin(margin.max(Self::MARGIN))) >= self.expires_at
    }

    /// `seconds`, and for a token with a short life a quarter of that at most: otherwise it would
    /// be due from the start.
    fn margin(&self, seconds: u64) -> u64 {
        seconds.min(self.expires_at.since(self.obtained_at) / 4)
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
