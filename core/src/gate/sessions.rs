//! The gate's session cookie.

use super::Gate;
use crate::{
    entropy::Entropy,
    http::{Cookies, Headers},
    session::{HeldCookies, Purpose, SealError, SealedCookie, Session},
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
    pub(super) fn find_session(&self, cookies: Cookies<'_>, now: UnixSeconds) -> FoundSession {
        let read = self.session_cookie(self.0.names.session()).read(cookies, &self.0.secrets);
        let session = read
            .opened
            .and_then(|bytes| Session::from_bytes(&bytes))
            .filter(|session| self.0.session_policy.remaining(session, now).is_some());
        FoundSession { session, held: read.held }
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
        )
    }

    pub(super) fn remove_session(&self, held: HeldCookies, headers: &mut Headers) {
        self.session_cookie(self.0.names.session()).remove(held, headers);
    }
}
