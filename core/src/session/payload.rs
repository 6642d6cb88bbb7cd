//! What a session holds, and how long it lives.

use crate::{
    json::{Json, JsonLimits, Object},
    secret::Secret,
    time::UnixSeconds,
};
use alloc::string::{String, ToString as _};

const LIMITS: JsonLimits = JsonLimits { bytes: 64 * 1024, depth: 33, members: 256 };

/// Somebody who has signed in.
#[derive(Clone, Eq, PartialEq)]
pub struct Session {
    pub(crate) user: UserClaims,
    pub(crate) access_token: Secret,
    pub(crate) access_token_expires_at: UnixSeconds,
    pub(crate) provider_session: Option<String>,
    pub(crate) signed_in_at: UnixSeconds,
    pub(crate) used_at: UnixSeconds,
}

/// Claims of the ID token that describe the user. They may be personal and are not printed.
#[derive(Clone, PartialEq)]
pub struct UserClaims(Object);

impl Eq for UserClaims {}

impl core::fmt::Debug for UserClaims {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UserClaims(..)")
    }
}

impl UserClaims {
    /// Claims about the token itself, which say nothing about the user.
    const PROTOCOL_CLAIMS: [&str; 11] = [
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "c_hash",
        "exp",
        "iat",
        "iss",
        "nbf",
        "nonce",
        "s_hash",
    ];

    /// The claims of an ID token without those that are about the token.
    #[must_use]
    pub(crate) fn of_id_token(claims: &Object) -> Self {
        let about_user = |name: &str| !Self::PROTOCOL_CLAIMS.contains(&name);
        Self(
            claims
                .iter()
                .filter(|(name, _)| about_user(name))
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
        )
    }

    /// The claims.
    #[must_use]
    pub const fn claims(&self) -> &Object {
        &self.0
    }
}

impl Session {
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

    /// The access token, while it is valid for at least the next `margin` seconds.
    pub(crate) fn live_access_token(&self, now: UnixSeconds, margin: u64) -> Option<&Secret> {
        (now.saturating_add(margin) < self.access_token_expires_at).then_some(&self.access_token)
    }

    pub(crate) fn to_bytes(&self) -> zeroize::Zeroizing<String> {
        let mut object = Object::default();
        object.insert("u", Json::Object(self.user().clone()));
        object.insert("a", Json::from(self.access_token.expose()));
        object.insert("x", Json::Unsigned(self.access_token_expires_at.0));
        if let Some(id) = &self.provider_session {
            object.insert("s", Json::from(id.as_str()));
        }
        object.insert("i", Json::Unsigned(self.signed_in_at.0));
        object.insert("t", Json::Unsigned(self.used_at.0));
        zeroize::Zeroizing::new(object.to_json())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let object = Object::parse(bytes, LIMITS).ok()?;
        let Some(Json::Object(user)) = object.get("u") else { return None };
        user.required_text("sub").ok()?;
        let seconds = |name| match object.get(name) {
            Some(Json::Unsigned(seconds)) => Some(UnixSeconds(*seconds)),
            _ => None,
        };
        Some(Self {
            user: UserClaims(user.clone()),
            access_token: Secret::new(object.required_text("a").ok()?),
            access_token_expires_at: seconds("x")?,
            provider_session: object.text("s").ok()?.map(Into::into),
            signed_in_at: seconds("i")?,
            used_at: seconds("t")?,
        })
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Session")
            .field("signed_in_at", &self.signed_in_at)
            .field("used_at", &self.used_at)
            .finish_non_exhaustive()
    }
}

/// How long a session lives. The limits are applied at every reading, so lower ones take effect at
/// once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionPolicy {
    /// Seconds without a request after which the session is over. One day by default.
    pub inactivity: u64,
    /// Seconds after the sign-in at which the session is over, whatever happens. Three days by
    /// default.
    pub absolute: u64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { inactivity: 86_400, absolute: 259_200 }
    }
}

impl SessionPolicy {
    /// How far in the future a session may have been written, for clocks that are apart.
    const TOLERANCE: u64 = 60;

    /// The seconds that `session` has left; `None` where it is over.
    #[must_use]
    pub fn remaining(self, session: &Session, now: UnixSeconds) -> Option<u64> {
        let from_the_future =
            session.signed_in_at.max(session.used_at) > now.saturating_add(Self::TOLERANCE);
        let end = session
            .used_at
            .saturating_add(self.inactivity)
            .min(session.signed_in_at.saturating_add(self.absolute));
        if from_the_future { None } else { Some(end.since(now)).filter(|seconds| *seconds > 0) }
    }

    /// Whether the last use that `session` records is old enough to be worth a new cookie: a tenth
    /// of the inactivity limit.
    #[must_use]
    pub const fn is_worth_touching(self, session: &Session, now: UnixSeconds) -> bool {
        now.since(session.used_at) >= self.inactivity / 10
    }
}
