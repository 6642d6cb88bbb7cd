//! The session cookies of the Auth0 SDK for Next.js, so that users stay signed in when an
//! application moves over.
//!
//! ```text
//! version 3   appSession        appSession.0 …      times in the header
//! version 4   __session         __session__0 …      times in the content
//!
//! text = base64url(header) ".." base64url(nonce) "." base64url(ciphertext) "." base64url(tag)
//! ```
//!
//! Both seal a JSON object into a compact JWE (RFC 7516 §7.1) with `dir` and `A256GCM`, under one
//! key that is derived from the SDK's secret. Version 4 seals its logins, its tokens for other APIs
//! and more under the same key and without a mark, so what opens is a session only where everything
//! is there that a session has. Sessions that the SDK keeps in a store of its own cannot be read.

mod content;
mod jwe;

use super::{KeptClaims, SecretRing, SecretRingError, Session, SessionPolicy, names::is_name};
use crate::{
    crypto::CryptoProvider,
    http::{Cookies, FieldText, Headers, SameSite, SetCookie},
    secret::Wiped,
    time::UnixSeconds,
};
use alloc::{
    borrow::ToOwned as _,
    format,
    string::{String, ToString as _},
    sync::Arc,
    vec::Vec,
};
use core::{fmt, str};
use zeroize::Zeroizing;

/// The most cookies that one session may be spread over.
const MAX_CHUNKS: usize = 16;

/// Opens the session cookies of the Auth0 SDK's versions 3 and 4.
///
/// A session that is found is one of the gate's from then on: the gate's own limits hold for it, it
/// is written as a cookie of the gate's own at the next chance, and the SDK's cookies are removed.
/// One that the SDK tied to a domain or to a ceiling of its own
/// (`internal.mcd`, `internal.sessionExpiresAt`) is not taken over.
pub struct Auth0Cookies {
    crypto: CryptoProvider,
    keys: Vec<Zeroizing<[u8; 32]>>,
    names: Arc<Auth0CookieNames>,
    domain: Option<String>,
}

/// The names of the SDK's session cookies.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Auth0CookieNames {
    v3: String,
    v4: String,
}

/// Which of the two versions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Version {
    V3,
    V4,
}

impl Version {
    /// What stands between the name and the number of a chunk.
    const fn separator(self) -> &'static str {
        match self {
            Self::V3 => ".",
            Self::V4 => "__",
        }
    }
}

impl Auth0Cookies {
    /// Opens cookies that were sealed with any of `secrets`, which are the SDK's `AUTH0_SECRET`.
    ///
    /// # Errors
    ///
    /// [`Auth0CookiesError::Secret`] where there is no secret, too many, or one that is easy to
    /// guess: whoever guesses it can make sessions.
    pub fn new<'s>(
        secrets: impl IntoIterator<Item = &'s str>,
        crypto: CryptoProvider,
    ) -> Result<Self, Auth0CookiesError> {
        let mut keys = Vec::new();
        for secret in secrets {
            SecretRing::check(secret).map_err(Auth0CookiesError::Secret)?;
            if keys.len() >= SecretRing::MAX_SECRETS {
                return Err(Auth0CookiesError::Secret(SecretRingError::TooMany));
            }
            keys.push(jwe::key(secret, &crypto).ok_or(SecretRingError::Provider)?);
        }
        if keys.is_empty() {
            return Err(Auth0CookiesError::Secret(SecretRingError::Empty));
        }
        let names = Auth0CookieNames { v3: "appSession".to_owned(), v4: "__session".to_owned() };
        Ok(Self { crypto, keys, names: Arc::new(names), domain: None })
    }

    /// The names that the SDK was given for its session cookie in version 3 (`AUTH0_SESSION_NAME`,
    /// `appSession` by default) and in version 4 (`__session`).
    ///
    /// # Errors
    ///
    /// [`Auth0CookiesError::Name`] where one is not made of 1 to 64 letters, digits, `-` and `_`.
    pub fn with_names(self, v3: &str, v4: &str) -> Result<Self, Auth0CookiesError> {
        if v3 != v4 && is_name(v3) && is_name(v4) {
            let names = Auth0CookieNames { v3: v3.to_owned(), v4: v4.to_owned() };
            Ok(Self { names: Arc::new(names), ..self })
        } else {
            Err(Auth0CookiesError::Name)
        }
    }

    /// The domain that the SDK sets its cookies for (`AUTH0_COOKIE_DOMAIN`). Without it a browser
    /// would not remove them, and the user would be signed in again after signing out.
    ///
    /// # Errors
    ///
    /// [`Auth0CookiesError::Domain`] where it is not the name of a domain.
    pub fn with_domain(self, domain: &str) -> Result<Self, Auth0CookiesError> {
        let usable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if (1..=253).contains(&domain.len()) && domain.bytes().all(usable) {
            Ok(Self { domain: Some(domain.to_owned()), ..self })
        } else {
            Err(Auth0CookiesError::Domain)
        }
    }

    pub(crate) const fn names(&self) -> &Arc<Auth0CookieNames> {
        &self.names
    }

    /// Reads what the browser holds of the SDK's.
    pub(crate) fn read(&self, cookies: Cookies<'_>) -> Auth0CookiesRead {
        let mut held = HeldAuth0Cookies::NONE;
        let (mut v3, mut v4) = (Pieces::default(), Pieces::default());
        cookies.each(&mut |name, value| match self.names.place(name) {
            Some((Version::V3, at)) => v3.add(at, value, &mut held.v3),
            Some((Version::V4, at)) => v4.add(at, value, &mut held.v4),
            None => {}
        });
        // As the SDK's version 4 does: the older one counts where the newer one is absent.
        let (version, pieces) = if held.v4.any() { (Version::V4, v4) } else { (Version::V3, v3) };
        Auth0CookiesRead { held, version, text: pieces.text() }
    }

    /// The session that was read, alive. Whatever is wrong with a cookie, there is none.
    pub(crate) fn open(
        &self,
        read: &Auth0CookiesRead,
        policy: SessionPolicy,
        kept: &KeptClaims,
        now: UnixSeconds,
    ) -> Option<Session> {
        let text = read.text.as_ref()?;
        let opened = jwe::open(text, &self.keys, &self.crypto)?;
        let hash = self.crypto.hash;
        let session = match read.version {
            Version::V3 => content::v3(&opened, hash, kept, now),
            Version::V4 => content::v4(&opened, hash, kept, policy, now),
        };
        session.filter(|session| policy.remaining(session, now).is_some())
    }

    /// Removes the cookies of `held`.
    pub(crate) fn remove(&self, held: HeldAuth0Cookies, secure: bool, headers: &mut Headers) {
        let versions =
            [(Version::V3, &self.names.v3, held.v3), (Version::V4, &self.names.v4, held.v4)];
        for (version, name, held) in versions {
            if held.whole {
                self.remove_one(name, secure, headers);
            }
            for at in (0..MAX_CHUNKS).filter(|at| held.chunks & chunk_bit(*at) != 0) {
                self.remove_one(&format!("{name}{}{at}", version.separator()), secure, headers);
            }
        }
    }

    fn remove_one(&self, name: &str, secure: bool, headers: &mut Headers) {
        let same_site = SameSite::Lax;
        let removal = SetCookie { name, value: "", max_age: 0, secure, same_site }.field();
        let removal = match &self.domain {
            None => removal,
            Some(domain) => FieldText::lossy(format!("{}; Domain={domain}", removal.as_str())),
        };
        headers.append("set-cookie", removal);
    }
}

impl Auth0CookieNames {
    /// Whether a cookie of this name belongs to a session of the SDK's.
    pub(crate) fn is_own(&self, name: &[u8]) -> bool {
        self.place(name).is_some()
    }

    /// The version that `name` belongs to, and which chunk it is, if it is one.
    fn place(&self, name: &[u8]) -> Option<(Version, Option<usize>)> {
        [(Version::V3, &self.v3), (Version::V4, &self.v4)].into_iter().find_map(|(version, own)| {
            let rest = str::from_utf8(name.strip_prefix(own.as_bytes())?).ok()?;
            if rest.is_empty() {
                return Some((version, None));
            }
            let digits = rest.strip_prefix(version.separator())?;
            let at = digits
                .parse()
                .ok()
                .filter(|at: &usize| *at < MAX_CHUNKS && at.to_string() == digits)?;
            Some((version, Some(at)))
        })
    }
}

impl fmt::Debug for Auth0Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth0Cookies")
            .field("names", &self.names)
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

/// What a request brought of the SDK's.
pub(crate) struct Auth0CookiesRead {
    /// The cookies that the browser holds, of a living session or not.
    pub(crate) held: HeldAuth0Cookies,
    version: Version,
    text: Option<Wiped<Vec<u8>>>,
}

/// Which cookies of the SDK's a browser holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct HeldAuth0Cookies {
    v3: Held,
    v4: Held,
}

impl HeldAuth0Cookies {
    /// None.
    pub(crate) const NONE: Self =
        Self { v3: Held { whole: false, chunks: 0 }, v4: Held { whole: false, chunks: 0 } };

    /// Whether there is any.
    pub(crate) const fn any(self) -> bool {
        self.v3.any() || self.v4.any()
    }
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Held {
    whole: bool,
    /// A bit for each chunk.
    chunks: u16,
}

impl Held {
    const fn any(self) -> bool {
        self.whole || self.chunks != 0
    }
}

const fn chunk_bit(at: usize) -> u16 {
    1 << (at % MAX_CHUNKS)
}

/// The values of one version's cookies.
#[derive(Default)]
struct Pieces<'c> {
    whole: Option<&'c [u8]>,
    chunks: [Option<&'c [u8]>; MAX_CHUNKS],
    ambiguous: bool,
}

impl<'c> Pieces<'c> {
    fn add(&mut self, at: Option<usize>, value: &'c [u8], held: &mut Held) {
        let slot = match at {
            None => {
                held.whole = true;
                Some(&mut self.whole)
            }
            Some(at) => {
                held.chunks |= chunk_bit(at);
                self.chunks.get_mut(at)
            }
        };
        if let Some(slot) = slot {
            self.ambiguous |= slot.replace(value).is_some();
        }
    }

    /// The whole text. Two cookies of one name, both forms at once, or a gap: somebody else may
    /// have set one of them.
    fn text(&self) -> Option<Wiped<Vec<u8>>> {
        let count = self.chunks.iter().take_while(|chunk| chunk.is_some()).count();
        let has_gap = self.chunks.iter().skip(count).any(Option::is_some);
        let text = match (self.whole, count) {
            (Some(whole), 0) => whole.to_vec(),
            (None, 1..) => self.chunks.iter().flatten().copied().collect::<Vec<_>>().concat(),
            _ => return None,
        };
        (!self.ambiguous && !has_gap).then(|| Wiped(text))
    }
}

/// Why the SDK's cookies cannot be opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Auth0CookiesError {
    /// The domain is no name of a domain.
    Domain,
    /// A name is not usable for a cookie, or both are the same.
    Name,
    /// A secret is not usable.
    Secret(SecretRingError),
}

impl From<SecretRingError> for Auth0CookiesError {
    fn from(error: SecretRingError) -> Self {
        Self::Secret(error)
    }
}

impl fmt::Display for Auth0CookiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain => f.write_str("the domain is no name of a domain"),
            Self::Name => {
                f.write_str("the names must be two, of 1 to 64 letters, digits, - and _ each")
            }
            Self::Secret(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Auth0CookiesError {}

#[cfg(test)]
mod tests;
