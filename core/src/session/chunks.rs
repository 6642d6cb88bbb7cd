//! One sealed text over one cookie or several (RFC 6265bis §5.6: a browser keeps 4096 bytes of
//! name and value).
//!
//! The first cookie's text starts with the count, which is authenticated: a gap, a mix of two
//! sessions or a forged count is no session, and what an earlier, longer session left behind is
//! not looked at.

use super::{
    HeldAuth0Cookies,
    seal::{Opened, Purpose, SealError, SecretRing},
};
use crate::{
    entropy::Entropy,
    http::{Cookies, FieldText, Headers, SameSite, SetCookie},
    secret::Wiped,
};
use alloc::{format, string::String, vec::Vec};
use core::str;

/// The characters of sealed text in one cookie; the rest of 4096 is for the name.
const CHUNK_LENGTH: usize = 3800;
/// The most cookies of one text.
const MAX_CHUNKS: u8 = 5;

/// A cookie that holds sealed text.
#[derive(Clone, Copy, Debug)]
pub struct SealedCookie<'c> {
    /// The name, without the number of a chunk.
    pub name: &'c str,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it is sent over TLS only.
    pub secure: bool,
}

/// What a request brought.
#[derive(Debug)]
pub struct CookieRead {
    pub(crate) opened: Option<Wiped<Vec<u8>>>,
    /// What the browser holds under this name.
    pub held: HeldCookies,
}

impl CookieRead {
    /// The text, if there was one that opens. There is one outcome for all that can be wrong. It is
    /// wiped with what was read.
    #[must_use]
    pub fn opened(&self) -> Option<&[u8]> {
        self.opened.as_ref().map(|bytes| bytes.as_slice())
    }
}

/// Which cookies of one name a browser holds, and which of the Auth0 SDK's beside them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct HeldCookies {
    whole: bool,
    /// A bit for each chunk.
    chunks: u8,
    /// It opens, with a secret that does not seal any more.
    by_old_secret: bool,
    /// What the Auth0 SDK left there.
    pub(crate) auth0: HeldAuth0Cookies,
}

impl HeldCookies {
    /// Whether there is any under this name.
    #[must_use]
    pub const fn any(self) -> bool {
        self.whole || self.chunks != 0
    }

    /// Whether the only session is one of the Auth0 SDK's, which is still to become one of the
    /// gate's own.
    pub(crate) const fn is_auth0_alone(self) -> bool {
        !self.any() && self.auth0.any()
    }

    /// Whether what is there opens with an old secret, and should be sealed with the new one before
    /// the old one is taken out of the ring.
    pub(crate) const fn is_by_old_secret(self) -> bool {
        self.by_old_secret
    }

    /// One cookie, without chunks.
    pub(super) const fn whole() -> Self {
        Self { whole: true, chunks: 0, by_old_secret: false, auth0: HeldAuth0Cookies::NONE }
    }

    const fn has(self, chunk: u8) -> bool {
        self.chunks & (1 << chunk) != 0
    }
}

impl SealedCookie<'_> {
    /// Whether one cookie holds `length` bytes once they are sealed.
    pub(super) const fn is_enough_for(length: usize) -> bool {
        SecretRing::sealed_length(length) <= CHUNK_LENGTH
    }

    /// Reads the cookie from a request.
    #[must_use]
    pub fn read(&self, cookies: Cookies<'_>, ring: &SecretRing) -> CookieRead {
        let mut held = HeldCookies::default();
        let mut whole: &[u8] = &[];
        let mut chunks: [&[u8]; MAX_CHUNKS as usize] = Default::default();
        let mut ambiguous = false;
        cookies.each(&mut |name, value| {
            let Some(rest) = name.strip_prefix(self.name.as_bytes()) else { return };
            match rest {
                [] => {
                    ambiguous |= held.whole;
                    held.whole = true;
                    whole = value;
                }
                [b'.', digit @ b'0'..=b'9'] if *digit - b'0' < MAX_CHUNKS => {
                    let number = *digit - b'0';
                    ambiguous |= held.has(number);
                    held.chunks |= 1 << number;
                    if let Some(chunk) = chunks.get_mut(usize::from(number)) {
                        *chunk = value;
                    }
                }
                _ => {}
            }
        });
        // Two cookies of one name, or both forms: somebody else may have set one of them.
        ambiguous |= held.whole && held.chunks != 0;
        let opened = if ambiguous {
            None
        } else if held.whole {
            (SecretRing::claimed_count(whole) == Some(1))
                .then(|| ring.open(self.purpose, self.name, whole))
                .flatten()
        } else {
            self.open_chunks(&chunks, ring)
        };
        held.by_old_secret = opened.as_ref().is_some_and(|opened| opened.by_old_secret);
        CookieRead { opened: opened.map(|opened| opened.bytes), held }
    }

    fn open_chunks(&self, chunks: &[&[u8]], ring: &SecretRing) -> Option<Opened> {
        let count = SecretRing::claimed_count(chunks.first()?)?;
        if count < 2 {
            return None;
        }
        let text = chunks.get(..usize::from(count))?.concat();
        ring.open(self.purpose, self.name, &text)
    }

    /// Seals `plaintext` and writes the cookies that hold it for `max_age` seconds; those of
    /// `held` that are no longer needed are removed.
    ///
    /// # Errors
    ///
    /// [`SealError`]; [`SealError::TooLarge`] where the text needs more than five cookies.
    pub fn write(
        &self,
        plaintext: &[u8],
        max_age: u64,
        held: HeldCookies,
        ring: &SecretRing,
        entropy: &mut dyn Entropy,
        headers: &mut Headers,
    ) -> Result<(), SealError> {
        let needed = SecretRing::sealed_length(plaintext.len()).div_ceil(CHUNK_LENGTH);
        let count = u8::try_from(needed).ok().filter(|count| *count <= MAX_CHUNKS);
        let count = count.ok_or(SealError::TooLarge)?;
        let text = ring.seal(self.purpose, self.name, count, plaintext, entropy)?;
        let written = if count == 1 {
            self.append(headers, self.name, &text, max_age);
            HeldCookies::whole()
        } else {
            let mut written = HeldCookies::default();
            for (number, chunk) in (0..count).zip(text.as_bytes().chunks(CHUNK_LENGTH)) {
                let chunk = str::from_utf8(chunk).unwrap_or_default();
                self.append(headers, &self.chunk_name(number), chunk, max_age);
                written.chunks |= 1 << number;
            }
            written
        };
        let left = HeldCookies {
            whole: held.whole && !written.whole,
            chunks: held.chunks & !written.chunks,
            ..HeldCookies::default()
        };
        self.remove(left, headers);
        Ok(())
    }

    /// Removes the cookies of `held`.
    pub fn remove(&self, held: HeldCookies, headers: &mut Headers) {
        if held.whole {
            self.append(headers, self.name, "", 0);
        }
        for number in (0..MAX_CHUNKS).filter(|number| held.has(*number)) {
            self.append(headers, &self.chunk_name(number), "", 0);
        }
    }

    fn append(&self, headers: &mut Headers, name: &str, value: &str, max_age: u64) {
        let same_site = SameSite::Lax;
        let field: FieldText =
            SetCookie { name, value, max_age, secure: self.secure, same_site }.field();
        headers.append("set-cookie", field);
    }

    fn chunk_name(&self, number: u8) -> String {
        format!("{}.{number}", self.name)
    }
}
