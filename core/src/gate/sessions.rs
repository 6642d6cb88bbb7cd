//! The gate's session cookie.

use super::Gate;
use crate::{
    entropy::Entropy,
    flow::Context,
    http::{Cookies, Headers},
    session::{
        Auth0CookiesRead, HeldCookies, Purpose, RevocationKey, SealError, SealedCookie, Session,
    },
    time::UnixSeconds,
};

/// What a request's cookies say about a session.
pub(super) struct FoundSession {
    /// The session, alive.
    pub(super) session: Option<Session>,
    /// The cookies of a session that the browser holds, alive or not.
    pub(super) held: HeldCookies,
}

impl Gate {
    fn session_cookie<'c>(&self, name: &'c str) -> SealedCookie<'c> {
        SealedCookie { name, purpose: Purpose::Session, secure: self.0.secure }
    }

    /// The session of a request. Whatever is wrong with a cookie, there is none.
    pub(super) fn find_session(&self, cookies: Cookies<'_>, context: &Context<'_>) -> FoundSession {
        let now = context.now.unix;
        let read = self.session_cookie(self.0.names.session()).read(cookies, &self.0.secrets);
        let mut held = read.held;
        let auth0 = self.0.auth0_cookies.as_ref().map(|opener| opener.read(cookies));
        held.auth0 = auth0.as_ref().map(|read| read.held).unwrap_or_default();
        let own = read.opened.and_then(|bytes| Session::from_bytes(&bytes));
        let session = own
            .or_else(|| self.open_auth0_session(auth0.as_ref()?, held, now))
            .filter(|session| self.0.session_policy.remaining(session, now).is_some())
            .filter(|session| !self.is_revoked(session, context));
        FoundSession { session, held }
    }

    /// A session of the Auth0 SDK's, where the browser holds none of the gate's own, alive or not.
    fn open_auth0_session(
        &self,
        read: &Auth0CookiesRead,
        held: HeldCookies,
        now: UnixSeconds,
    ) -> Option<Session> {
        if !held.is_auth0_alone() {
            return None;
        }
        let (policy, kept) = (self.0.session_policy, &self.0.kept_claims);
        let mut session = self.0.auth0_cookies.as_ref()?.open(read, policy, kept, now)?;
        if !self.0.keeps_id_token {
            session.tokens.id_token = None;
        }
        Some(session)
    }

    /// Whether somebody signed out, here or at the provider.
    pub(super) fn is_revoked(&self, session: &Session, context: &Context<'_>) -> bool {
        let revocations = context.revocations;
        if revocations.is_empty() {
            return false;
        }
        let (hash, client_id) = (self.0.crypto.hash, &self.0.client.client_id);
        let keys = RevocationKey::all_of(hash, client_id, session);
        revocations.revokes(&keys, session.signed_in_at, context.now.unix)
    }

    pub(super) fn write_session(
        &self,
        session: &Session,
        held: HeldCookies,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) -> Result<(), SealError> {
        let remaining = self.0.session_policy.remaining(session, now).unwrap_or_default();
        self.session_cookie(self.0.names.session()).write(
            &session.to_bytes(),
            remaining,
            held,
            &self.0.secrets,
            entropy,
            headers,
        )?;
        self.remove_auth0_session(held, headers);
        Ok(())
    }

    pub(super) fn remove_session(&self, held: HeldCookies, headers: &mut Headers) {
        self.session_cookie(self.0.names.session()).remove(held, headers);
        self.remove_auth0_session(held, headers);
    }

    pub(super) fn remove_auth0_session(&self, held: HeldCookies, headers: &mut Headers) {
        if let Some(cookies) = &self.0.auth0_cookies {
            cookies.remove(held.auth0, self.0.secure, headers);
        }
    }
}
