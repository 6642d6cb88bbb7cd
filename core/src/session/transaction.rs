//! A login under way: what the browser has to bring back to the callback.
//!
//! Each has a cookie of its own, so that logins in several tabs do not disturb each other. The
//! `state` names the cookie and is checked again against its sealed content. A login that ended in a
//! session leaves a note of where it led for a few minutes, so that the same callback once more, by
//! reload or the back button, leads there too.

use super::{
    CookieNames, Purpose, SealError, SecretRing,
    chunks::{HeldCookies, SealedCookie},
};
use crate::{
    encoding,
    entropy::{self, Entropy, EntropyError},
    http::{Cookies, Headers},
    json::{Json, JsonLimits, Object},
    oidc::{Asked, ReturnTo},
    secret::Secret,
    time::UnixSeconds,
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use subtle::ConstantTimeEq as _;

#[cfg(test)]
mod tests;

/// The most logins that one browser can have under way; older ones give way.
pub const MAX_OPEN_LOGINS: usize = 6;

/// The most characters of login cookies that one browser holds beside a new one.
const MAX_OPEN_LOGINS_LENGTH: usize = 6000;

/// The seconds for which the note of a login that is over is kept.
const FINISHED_LIFETIME: u64 = 600;

/// How far in the future a login may have been started, for clocks that are apart, in seconds.
const TOLERANCE: u64 = 60;

const LIMITS: JsonLimits = JsonLimits { bytes: 8192, depth: 1, members: 16 };
const ID_LENGTH: usize = 12;

/// A login under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LoginTransaction {
    /// Names the transaction in the cookie's name and at the start of the state.
    id: String,
    state: Secret,
    nonce: Secret,
    code_verifier: Secret,
    return_to: ReturnTo,
    asked: Asked,
    started_at: UnixSeconds,
}

impl LoginTransaction {
    /// Starts a login that is to end at `return_to`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where there is no randomness.
    pub(crate) fn start(
        return_to: &ReturnTo,
        asked: Asked,
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
            asked,
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

    /// What was asked of the provider, for the answer to be held to.
    pub(crate) const fn asked(&self) -> &Asked {
        &self.asked
    }

    /// When the login was started.
    pub(crate) const fn started_at(&self) -> UnixSeconds {
        self.started_at
    }

    /// Whether it fits into one cookie: what else a browser holds of logins is counted by cookies.
    pub(crate) fn fits(&self) -> bool {
        SealedCookie::is_enough_for(self.to_json().to_json().len())
    }

    fn to_json(&self) -> Object {
        let mut object = Object::default();
        object.insert("s", Json::from(self.state.expose()));
        object.insert("n", Json::from(self.nonce.expose()));
        object.insert("v", Json::from(self.code_verifier.expose()));
        object.insert("r", Json::from(self.return_to.as_str()));
        object.insert("t", Json::Unsigned(self.started_at.0));
        if let Some(seconds) = self.asked.max_age {
            object.insert("m", Json::Unsigned(seconds));
        }
        if let Some(organization) = &self.asked.organization {
            object.insert("o", Json::from(organization.as_str()));
        }
        if self.asked.silent {
            object.insert("p", Json::Bool(true));
        }
        object
    }
}

/// What a browser has of a login.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FoundLogin {
    /// It is under way.
    Open(LoginTransaction),
    /// It ended in a session a few minutes ago, and led there.
    Finished(ReturnTo),
}

/// What stands in a cookie of a login.
struct Note {
    state: Secret,
    /// When the login was started; when it ended, for one that is over.
    at: UnixSeconds,
    login: FoundLogin,
}

impl Note {
    fn read(id: &str, bytes: &[u8]) -> Option<Self> {
        let object = Object::parse(bytes, LIMITS).ok()?;
        let seconds = |name| match object.get(name) {
            Some(Json::Unsigned(seconds)) => Some(*seconds),
            _ => None,
        };
        let secret = |name| object.required_text(name).ok().map(Secret::new);
        let state = secret("s")?;
        let return_to = ReturnTo::parse(object.required_text("r").ok()?)?;
        if let Some(at) = seconds("f") {
            return Some(Self {
                state,
                at: UnixSeconds(at),
                login: FoundLogin::Finished(return_to),
            });
        }
        let at = UnixSeconds(seconds("t")?);
        let asked = Asked {
            max_age: seconds("m"),
            organization: object.text("o").ok()?.map(String::from),
            silent: object.get("p").is_some(),
        };
        let transaction = LoginTransaction {
            id: id.to_string(),
            state: state.clone(),
            nonce: secret("n")?,
            code_verifier: secret("v")?,
            return_to,
            asked,
            started_at: at,
        };
        Some(Self { state, at, login: FoundLogin::Open(transaction) })
    }

    fn is_alive(&self, lifetime: u64, now: UnixSeconds) -> bool {
        let lifetime = match self.login {
            FoundLogin::Open(_) => lifetime,
            FoundLogin::Finished(_) => FINISHED_LIFETIME,
        };
        self.at <= now.saturating_add(TOLERANCE) && now.since(self.at) < lifetime
    }
}

/// The cookies of logins, as a gate reads and writes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LoginCookies<'g> {
    pub(crate) names: &'g CookieNames,
    pub(crate) ring: &'g SecretRing,
    pub(crate) secure: bool,
    /// The seconds that a browser has to come back.
    pub(crate) lifetime: u64,
}

impl LoginCookies<'_> {
    /// Writes the cookie of `login`. Those of logins that are over or too old are removed, and those
    /// of the oldest others if there are too many.
    ///
    /// # Errors
    ///
    /// [`SealError`] where the cookie cannot be sealed, or would be more than one.
    pub(crate) fn write(
        &self,
        login: &LoginTransaction,
        cookies: Cookies<'_>,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) -> Result<(), SealError> {
        self.seal(&login.id, &login.to_json(), self.lifetime, entropy, headers)?;
        self.make_room(login, cookies, headers);
        Ok(())
    }

    /// Finds the login that `state` belongs to.
    pub(crate) fn find(
        &self,
        state: &str,
        cookies: Cookies<'_>,
        now: UnixSeconds,
    ) -> Option<FoundLogin> {
        let id = state.get(..ID_LENGTH).filter(|id| is_id(id))?;
        let note = self.open(id, cookies)?;
        let same = note.state.expose().as_bytes().ct_eq(state.as_bytes());
        (bool::from(same) && note.is_alive(self.lifetime, now)).then_some(note.login)
    }

    /// Puts a note of where `login` led in the place of its secrets. Where that cannot be sealed,
    /// the cookie goes.
    pub(crate) fn finish(
        &self,
        login: &LoginTransaction,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) {
        let mut object = Object::default();
        object.insert("s", Json::from(login.state.expose()));
        object.insert("r", Json::from(login.return_to.as_str()));
        object.insert("f", Json::Unsigned(now.0));
        if self.seal(&login.id, &object, FINISHED_LIFETIME, entropy, headers).is_err() {
            self.remove(&login.id, headers);
        }
    }

    /// Removes the cookie of `login`, which did not end in a session.
    pub(crate) fn give_up(&self, login: &LoginTransaction, headers: &mut Headers) {
        self.remove(&login.id, headers);
    }

    fn make_room(&self, login: &LoginTransaction, cookies: Cookies<'_>, headers: &mut Headers) {
        let now = login.started_at;
        let mut others: Vec<(Option<UnixSeconds>, HeldLogin)> = held_logins(self.names, cookies)
            .into_iter()
            .map(|held| {
                let open = self.open(&held.id, Cookies::of(&held.fields)).filter(|note| {
                    matches!(note.login, FoundLogin::Open(_)) && note.is_alive(self.lifetime, now)
                });
                (open.map(|note| note.at), held)
            })
            .collect();
        others.sort_by_key(|(started_at, _)| core::cmp::Reverse(*started_at));
        let mut length = login.return_to.as_str().len();
        for (kept, (started_at, held)) in others.into_iter().enumerate() {
            length = length.saturating_add(held.length);
            let too_many = kept.saturating_add(1) >= MAX_OPEN_LOGINS;
            if started_at.is_none() || too_many || length > MAX_OPEN_LOGINS_LENGTH {
                self.remove(&held.id, headers);
            }
        }
    }

    fn open(&self, id: &str, cookies: Cookies<'_>) -> Option<Note> {
        let name = self.name(id);
        Note::read(id, &self.cookie(&name).read(cookies, self.ring).opened?)
    }

    fn seal(
        &self,
        id: &str,
        object: &Object,
        max_age: u64,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) -> Result<(), SealError> {
        let text = zeroize::Zeroizing::new(object.to_json());
        if !SealedCookie::is_enough_for(text.len()) {
            return Err(SealError::TooLarge);
        }
        let (name, none) = (self.name(id), HeldCookies::default());
        self.cookie(&name).write(text.as_bytes(), max_age, none, self.ring, entropy, headers)
    }

    fn remove(&self, id: &str, headers: &mut Headers) {
        let name = self.name(id);
        self.cookie(&name).remove(HeldCookies::whole(), headers);
    }

    const fn cookie<'c>(&self, name: &'c str) -> SealedCookie<'c> {
        SealedCookie { name, purpose: Purpose::Login, secure: self.secure }
    }

    fn name(&self, id: &str) -> String {
        format!("{}{id}", self.names.login_prefix())
    }
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// A login of which a browser sent a cookie.
struct HeldLogin {
    id: String,
    /// The cookie, once for each time that it came.
    fields: Vec<(&'static str, Vec<u8>)>,
    length: usize,
}

/// The logins of which a browser sent cookies, and not more than are worth looking at. All that it
/// sent is gone through once.
fn held_logins(names: &CookieNames, cookies: Cookies<'_>) -> Vec<HeldLogin> {
    let mut logins: Vec<HeldLogin> = Vec::new();
    cookies.each(&mut |name, value| {
        let id = name
            .strip_prefix(names.login_prefix().as_bytes())
            .and_then(|id| core::str::from_utf8(id).ok())
            .filter(|id| is_id(id));
        let Some(id) = id else { return };
        let field = ("cookie", [name, b"=", value].concat());
        let has_room = logins.len() < 64;
        match logins.iter_mut().find(|known| known.id == id) {
            Some(known) => known.fields.push(field),
            None if has_room => {
                let (id, fields, length) = (id.to_string(), [field].into(), value.len());
                logins.push(HeldLogin { id, fields, length });
            }
            None => {}
        }
    });
    logins
}
