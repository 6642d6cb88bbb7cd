//! Sessions that are over before their time: somebody signed out, here or at the provider.
//!
//! A sealed cookie cannot be called back, so what is over is remembered for as long as the cookie
//! could live. Only hashes are kept, which name nobody.
//!
//! ```text
//!  logout ──► Step::Revoke ──► the adapter records ──► resume(outcome)
//!  request ── Context::revocations ──► is this session revoked?
//! ```
//!
//! The question is answered from local memory, without a wait. A store that several processes share
//! spreads what is recorded to each of them.

use super::{Clientele, Session, SessionId};
use crate::{crypto::Hashing, time::UnixSeconds};
use alloc::vec::Vec;
use core::fmt;

/// What is known of revoked sessions at this moment.
pub trait Revocations {
    /// Whether a session is revoked that has any of these `keys` and was signed in at
    /// `signed_in_at`.
    fn revokes(&self, keys: &[RevocationKey], signed_in_at: UnixSeconds, now: UnixSeconds) -> bool;

    /// Whether nothing is revoked at all, so that nobody needs to compute keys. `false` says
    /// nothing.
    fn is_empty(&self) -> bool {
        false
    }
}

/// The hash of something that sessions can be revoked by, or of the number of a logout token.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct RevocationKey([u8; 32]);

impl RevocationKey {
    /// The bytes, for a store that is elsewhere.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// One session of the gate's.
    pub(crate) fn of_session(hash: &dyn Hashing, clientele: Clientele<'_>, id: SessionId) -> Self {
        Self::new(hash, "session", clientele, id.as_bytes())
    }

    /// The sessions that come from one session at the provider.
    pub(crate) fn of_provider_session(
        hash: &dyn Hashing,
        clientele: Clientele<'_>,
        id: &str,
    ) -> Self {
        Self::new(hash, "provider session", clientele, id.as_bytes())
    }

    /// The sessions of one user.
    pub(crate) fn of_subject(hash: &dyn Hashing, clientele: Clientele<'_>, subject: &str) -> Self {
        Self::new(hash, "subject", clientele, subject.as_bytes())
    }

    /// A logout token.
    pub(crate) fn of_token(hash: &dyn Hashing, clientele: Clientele<'_>, id: &str) -> Self {
        Self::new(hash, "logout token", clientele, id.as_bytes())
    }

    /// Everything that `session` can be revoked by.
    pub(crate) fn all_of(
        hash: &dyn Hashing,
        clientele: Clientele<'_>,
        session: &Session,
    ) -> Vec<Self> {
        let mut keys = Vec::with_capacity(3);
        keys.push(Self::of_session(hash, clientele, session.id));
        keys.push(Self::of_subject(hash, clientele, session.subject()));
        if let Some(id) = &session.provider_session {
            keys.push(Self::of_provider_session(hash, clientele, id));
        }
        keys
    }

    /// Each field with its length before it, so that no two sets of fields give the same bytes.
    fn new(hash: &dyn Hashing, kind: &str, clientele: Clientele<'_>, value: &[u8]) -> Self {
        let mut bytes = Vec::new();
        let Clientele { issuer, client_id } = clientele;
        for field in [kind.as_bytes(), issuer.as_bytes(), client_id.as_bytes(), value] {
            bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        Self(hash.sha256(&bytes))
    }
}

impl fmt::Debug for RevocationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RevocationKey(..)")
    }
}

/// Sessions to revoke. A store that several processes share sends the fields on, and each makes the
/// same revocation of them again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Revocation {
    /// Which sessions.
    pub sessions: RevocationKey,
    /// Those of them that were signed in until then; all where it is `None`.
    pub signed_in_until: Option<UnixSeconds>,
    /// How long this must be remembered: until no session that it is about can be alive.
    pub until: UnixSeconds,
    /// The logout token that asks for it, and how long it could be sent once more. It counts once:
    /// whoever records this must look for the token and remember it in one step.
    pub token: Option<(RevocationKey, UnixSeconds)>,
    /// Who has signed out, where that is known. A store with too little room forgets the revocations
    /// of those first who have the most, so that nobody can push those of others out.
    pub owner: Option<RevocationKey>,
}

impl Revocation {
    /// Revokes `sessions`, which is to be remembered until `until`: no session that it is about may
    /// be alive after that.
    #[must_use]
    pub const fn new(sessions: RevocationKey, until: UnixSeconds) -> Self {
        Self { sessions, signed_in_until: None, until, token: None, owner: None }
    }

    /// Spares the sessions that were signed in after `moment`.
    #[must_use]
    pub const fn with_signed_in_until(self, moment: UnixSeconds) -> Self {
        Self { signed_in_until: Some(moment), ..self }
    }

    /// For a logout token that counts once, and could be sent once more until `until`.
    #[must_use]
    pub const fn with_token(self, token: RevocationKey, until: UnixSeconds) -> Self {
        Self { token: Some((token, until)), ..self }
    }

    /// Of `owner`'s sessions.
    #[must_use]
    pub const fn with_owner(self, owner: RevocationKey) -> Self {
        Self { owner: Some(owner), ..self }
    }
}

/// What came of recording a [`Revocation`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationOutcome {
    /// It is recorded.
    Recorded,
    /// Its logout token was seen before, and nothing is changed.
    Replayed,
    /// The store is not to be had.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::RUSTCRYPTO;
    use alloc::collections::BTreeSet;

    /// C26: no two sets of fields give the same bytes.
    #[test]
    fn keys_differ_by_kind_client_and_value() {
        let hash = RUSTCRYPTO.hash;
        let id = SessionId::from_bytes(*b"0123456789abcdef");
        let of = |issuer, client_id| Clientele { issuer, client_id };
        let keys = [
            RevocationKey::of_session(hash, of("i", "c"), id),
            RevocationKey::of_provider_session(hash, of("i", "c"), "0123456789abcdef"),
            RevocationKey::of_subject(hash, of("i", "c"), "0123456789abcdef"),
            RevocationKey::of_token(hash, of("i", "c"), "0123456789abcdef"),
            RevocationKey::of_subject(hash, of("i", "d"), "0123456789abcdef"),
            RevocationKey::of_subject(hash, of("i", "c0"), "123456789abcdef"),
            RevocationKey::of_subject(hash, of("j", "c"), "0123456789abcdef"),
        ];
        let different: BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    /// A store elsewhere sends the fields on, and gets the same revocation from them.
    #[test]
    fn a_revocation_can_be_made_again_from_its_fields() {
        let key = |byte| RevocationKey::from_bytes([byte; 32]);
        let (sessions, token, owner) = (key(1), key(2), key(3));
        let revocation = Revocation::new(sessions, UnixSeconds(3000))
            .with_signed_in_until(UnixSeconds(1000))
            .with_token(token, UnixSeconds(2000))
            .with_owner(owner);
        let bytes = *revocation.sessions.as_bytes();
        assert_eq!(RevocationKey::from_bytes(bytes), sessions);
        assert_eq!(revocation.until, UnixSeconds(3000));
        assert_eq!(revocation.signed_in_until, Some(UnixSeconds(1000)));
        assert_eq!(revocation.token, Some((token, UnixSeconds(2000))));
        assert_eq!(revocation.owner, Some(owner));
        let plain = Revocation::new(sessions, UnixSeconds(3000));
        assert_eq!((plain.signed_in_until, plain.token, plain.owner), (None, None, None));
    }
}
