//! A login under way: what the browser has to bring back to the callback.
//!
//! Each has a cookie of its own, so that logins in several tabs do not disturb each other. The
//! `state` names the cookie and is checked again against its sealed content.

use super::{
    CookieNames, Purpose, SealError, SecretRing,
    chunks::{HeldCookies, SealedCookie},
};
use crate::{
    encoding,
    entropy::{self, Entropy, EntropyError},
    http::{Cookies, Headers},
    json::{Json, JsonLimits, Object},
    oidc::ReturnTo,
    secret::Secret,
    time::UnixSeconds,
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use subtle::ConstantTimeEq as _;

/// The most logins that one browser can have under way; older ones give way.
pub const MAX_OPEN_LOGINS: usize = 6;

/// The most characters of login cookies that one browser holds beside a new one.
const MAX_OPEN_LOGINS_LENGTH: usize = 6000;

const LIMITS: JsonLimits = JsonLimits { bytes: 8192, depth: 1, members: 16 };
const ID_LENGTH: usize = 12;

/// A login under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoginTransaction {
    /// Names the transaction in the cookie's name and at the start of the state.
    id: String,
    state: Secret,
    nonce: Secret,
    code_verifier: Secret,
    return_to: ReturnTo,
    started_at: UnixSeconds,
}

impl LoginTransaction {
    /// The seconds that a browser has to come back: an hour.
    pub const LIFETIME: u64 = 3600;

    /// Starts a login that is to end at `return_to`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where there is no randomness.
    pub(crate) fn start(
        return_to: &ReturnTo,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
    ) -> Result<Self, EntropyError> {
        let id = encoding::encode(&entropy::random::<9>(entropy)?);
        let token = |entropy: &mut dyn Entropy| {
            entropy::random::<32>(entropy).map(|bytes| encoding::encode(&bytes))
        };
        Ok(Self {
            state: Secret::new(format!("{id}{}", token(entropy)?)),
            id,
            nonce: Secret::new(token(entropy)?),
            code_verifier: Secret::new(token(entropy)?),
            return_to: return_to.clone(),
            started_at: now,
        })
    }

    /// The `state` of the authorization request.
    pub(crate) const fn state(&self) -> &Secret {
        &self.state
    }

    /// The `nonce` that the ID token must bring back.
    pub(crate) const fn nonce(&self) -> &Secret {
        &self.nonce
    }

    /// The code verifier (RFC 7636 §4.1).
    pub(crate) const fn code_verifier(&self) -> &Secret {
        &self.code_verifier
    }

    /// Where the login ends.
    pub(crate) const fn return_to(&self) -> &ReturnTo {
        &self.return_to
    }

    /// Writes the transaction's cookie and removes those of the oldest others, if there are too
    /// many.
    pub(crate) fn write(
        &self,
        names: &CookieNames,
        secure: bool,
        cookies: Cookies<'_>,
        ring: &SecretRing,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) -> Result<(), SealError> {
        let mut object = Object::default();
        object.insert("s", Json::from(self.state.expose()));
        object.insert("n", Json::from(self.nonce.expose()));
        object.insert("v", Json::from(self.code_verifier.expose()));
        object.insert("r", Json::from(self.return_to.as_str()));
        object.insert("t", Json::Unsigned(self.started_at.0));
        let text = zeroize::Zeroizing::new(object.to_json());
        let name = cookie_name(names, &self.id);
        let cookie = SealedCookie { name: &name, purpose: Purpose::Login, secure };
        let none = HeldCookies::default();
        cookie.write(text.as_bytes(), Self::LIFETIME, none, ring, entropy, headers)?;

        self.make_room(names, secure, cookies, ring, headers);
        Ok(())
    }

    /// Removes the oldest logins of the browser where, with this one, there are too many or they
    /// are too large. One that does not open is the first to go.
    fn make_room(
        &self,
        names: &CookieNames,
        secure: bool,
        cookies: Cookies<'_>,
        ring: &SecretRing,
        headers: &mut Headers,
    ) {
        let mut others: Vec<_> = open_logins(names, cookies)
            .into_iter()
            .map(|login| {
                let opened = Self::open(names, &login.id, cookies, ring);
                (opened.map_or(UnixSeconds(0), |other| other.started_at), login)
            })
            .collect();
        others.sort_by_key(|(started_at, _)| core::cmp::Reverse(*started_at));
        let mut length = self.return_to.as_str().len();
        for (kept, (_, login)) in others.into_iter().enumerate() {
            length = length.saturating_add(login.length);
            if kept.saturating_add(1) >= MAX_OPEN_LOGINS || length > MAX_OPEN_LOGINS_LENGTH {
                Self::remove(names, secure, &login.id, headers);
            }
        }
    }

    /// Finds the transaction that `state` belongs to.
    pub(crate) fn find(
        names: &CookieNames,
        state: &str,
        cookies: Cookies<'_>,
        ring: &SecretRing,
        now: UnixSeconds,
    ) -> Option<Self> {
        let id = state.get(..ID_LENGTH).filter(|id| is_id(id))?;
        let transaction = Self::open(names, id, cookies, ring)?;
        let same = transaction.state.expose().as_bytes().ct_eq(state.as_bytes());
        let from_the_future = transaction.started_at > now.saturating_add(60);
        let alive = now.since(transaction.started_at) < Self::LIFETIME && !from_the_future;
        (bool::from(same) && alive).then_some(transaction)
    }

    /// Removes this transaction's cookie.
    pub(crate) fn finish(&self, names: &CookieNames, secure: bool, headers: &mut Headers) {
        Self::remove(names, secure, &self.id, headers);
    }

    fn remove(names: &CookieNames, secure: bool, id: &str, headers: &mut Headers) {
        let name = cookie_name(names, id);
        let cookie = SealedCookie { name: &name, purpose: Purpose::Login, secure };
        cookie.remove(HeldCookies::whole(), headers);
    }

    fn open(
        names: &CookieNames,
        id: &str,
        cookies: Cookies<'_>,
        ring: &SecretRing,
    ) -> Option<Self> {
        let name = cookie_name(names, id);
        let cookie = SealedCookie { name: &name, purpose: Purpose::Login, secure: true };
        let opened = cookie.read(cookies, ring).opened?;
        let object = Object::parse(&opened, LIMITS).ok()?;
        let Some(Json::Unsigned(started_at)) = object.get("t") else { return None };
        let secret = |name| object.required_text(name).ok().map(Secret::new);
        Some(Self {
            id: id.to_string(),
            state: secret("s")?,
            nonce: secret("n")?,
            code_verifier: secret("v")?,
            return_to: ReturnTo::parse(object.required_text("r").ok()?)?,
            started_at: UnixSeconds(*started_at),
        })
    }
}

fn cookie_name(names: &CookieNames, id: &str) -> String {
    format!("{}{id}", names.login_prefix())
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A login cookie that a browser sent.
struct OpenLogin {
    id: String,
    length: usize,
}

/// The login cookies that a browser sent, each once, and not more than are worth looking at.
fn open_logins(names: &CookieNames, cookies: Cookies<'_>) -> Vec<OpenLogin> {
    let mut logins: Vec<OpenLogin> = Vec::new();
    cookies.each(&mut |name, value| {
        let id = name
            .strip_prefix(names.login_prefix().as_bytes())
            .and_then(|id| core::str::from_utf8(id).ok())
            .filter(|id| is_id(id));
        if let Some(id) = id
            && logins.len() < 64
            && !logins.iter().any(|known| known.id == id)
        {
            logins.push(OpenLogin { id: id.to_string(), length: value.len() });
        }
    });
    logins
}
