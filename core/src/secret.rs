//! Text that must not be printed, and buffers that are wiped.

use alloc::{string::String, vec::Vec};
use core::{
    fmt,
    ops::{Deref, DerefMut},
};
use zeroize::Zeroize;

/// A secret text: a client secret, a token, a code. It is wiped when dropped and prints as
/// `Secret(..)`.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Wiped<String>);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Wiped(text.into()))
    }

    /// A text that is wiped when dropped already.
    pub(crate) const fn from_wiped(text: Wiped<String>) -> Self {
        Self(text)
    }

    /// The text itself. Call it where the secret leaves for the one party that it is meant for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Stands, where something is printed, for a part that is not.
pub(crate) struct Unprinted;

impl fmt::Debug for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// A buffer that is wiped when dropped.
///
/// What a vector holds `zeroize` wipes byte by byte, for a session in more time than it takes to
/// decrypt it. What is behind its end it fills at once, so the end goes to the front first.
#[derive(Clone, Default, Eq, PartialEq)]
pub(crate) struct Wiped<B: Buffer>(pub(crate) B);

/// What can be wiped.
pub(crate) trait Buffer: Zeroize {
    /// Puts the end to the front.
    fn forget(&mut self);
}

impl Buffer for String {
    fn forget(&mut self) {
        self.clear();
    }
}

impl Buffer for Vec<u8> {
    fn forget(&mut self) {
        self.clear();
    }
}

impl<B: Buffer> Drop for Wiped<B> {
    fn drop(&mut self) {
        self.0.forget();
        self.0.zeroize();
    }
}

impl<B: Buffer> Deref for Wiped<B> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.0
    }
}

impl<B: Buffer> DerefMut for Wiped<B> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.0
    }
}

impl<B: Buffer> fmt::Debug for Wiped<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiped(..)")
    }
}
