//! The gate's session cookie.

use super::{Answer, Gate, pages};
use crate::{
    entropy::Entropy,
    flow::Context,
    http::{Cookies, Headers, SameSite, SetCookie},
    oidc::is_of_organization,
    session::{
        Auth0CookiesRead, Clientele, HeldCookies, Purpose, RevocationKey, SealError, SealedCookie,
        Session,
    },
    time::UnixSeconds,
};
use alloc::{sync::Arc, vec::Vec};

/// The most cookies that one answer removes.
const MAX_REMOVALS: usize = 64;

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
            .or_else(|| self.open_auth0_session(auth0.as_ref()?, held, context))
            .filter(|session| self.is_of_issuer(session, context))
            .filter(|session| self.0.session_policy.remaining(session, now).is_some())
            .filter(|session| !self.is_revoked(session, context));
        FoundSession { session, held }
    }

    /// A session of the Auth0 SDK's, where the browser holds none of the gate's own, alive or not.
    /// Where everybody signs in for one organization, it must be of that.
    fn open_auth0_session(
        &self,
        read: &Auth0CookiesRead,
        held: HeldCookies,
        context: &Context<'_>,
    ) -> Option<Session> {
        if !held.is_auth0_alone() {
            return None;
        }
        let now = context.now.unix;
        let (policy, kept) = (self.0.session_policy, &self.0.kept_claims);
        let mut session = self.0.auth0_cookies.as_ref()?.open(read, policy, kept, now)?;
        if self.0.login.organization().is_some_and(|it| !is_of_organization(session.user(), it)) {
            return None;
        }
        session.issuer = self.issuer_name(context)?;
        if !self.0.keeps_id_token {
            session.tokens.id_token = None;
        }
        Some(session)
    }

    /// The name under which sessions of the issuer's users are kept.
    pub(super) fn issuer_name(&self, context: &Context<'_>) -> Option<Arc<str>> {
        Some(context.issuers.snapshot(self.0.issuer)?.configured_name().clone())
    }

    pub(super) fn clientele<'c>(&'c self, issuer: &'c str) -> Clientele<'c> {
        Clientele { issuer, client_id: &self.0.client.client_id }
    }

    /// Whether the session is of a user of the issuer that is configured. Another gate may have the
    /// same secret and a client of the same name, at another issuer.
    fn is_of_issuer(&self, session: &Session, context: &Context<'_>) -> bool {
        self.issuer_name(context).as_ref() == Some(&session.issuer)
    }

    /// Whether somebody signed out, here or at the provider.
    pub(super) fn is_revoked(&self, session: &Session, context: &Context<'_>) -> bool {
        let revocations = context.revocations;
        if revocations.is_empty() {
            return false;
        }
        let (hash, clientele) = (self.0.crypto.hash, self.clientele(&session.issuer));
        let keys = RevocationKey::all_of(hash, clientele, session);
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

    /// Refuses a request whose cookies are too large. The gate's own are removed: nobody else can
    /// do that for a browser that is stuck with them.
    pub(super) fn refuse_cookies(&self, cookies: Cookies<'_>, for_person: bool) -> Answer {
        let mut answer = pages::cookies_too_large(for_person);
        let headers = &mut answer.response.headers;
        self.remove_all_cookies(cookies, headers);
        if let Some(opener) = &self.0.auth0_cookies {
            opener.remove(opener.read(cookies).held, self.0.secure, headers);
        }
        answer
    }

    pub(super) fn remove_auth0_session(&self, held: HeldCookies, headers: &mut Headers) {
        if let Some(cookies) = &self.0.auth0_cookies {
            cookies.remove(held.auth0, self.0.secure, headers);
        }
    }

    /// Removes every cookie of the gate's own that the browser sent: the session, logins under way,
    /// and chunks that no session of today would have.
    pub(super) fn remove_all_cookies(&self, cookies: Cookies<'_>, headers: &mut Headers) {
        let mut names: Vec<&str> = Vec::new();
        cookies.each(&mut |name, _| {
            if let Ok(name) = core::str::from_utf8(name)
                && name.bytes().all(|byte| byte.is_ascii_graphic())
                && self.0.names.is_own(name.as_bytes())
                && !self.is_of_auth0(name.as_bytes())
                && names.len() < MAX_REMOVALS
                && !names.contains(&name)
            {
                names.push(name);
            }
        });
        for name in names {
            let (secure, same_site) = (self.0.secure, SameSite::Lax);
            let removal = SetCookie { name, value: "", max_age: 0, secure, same_site };
            headers.append("set-cookie", removal.field());
        }
    }

    /// Whether the cookie is the Auth0 SDK's, whose removals may need a domain.
    fn is_of_auth0(&self, name: &[u8]) -> bool {
        self.0.auth0_cookies.as_ref().is_some_and(|cookies| cookies.names().is_own(name))
    }
}
