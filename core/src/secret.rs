//! Text that must not be printed.

use alloc::string::String;
use core::fmt;
use zeroize::Zeroizing;

/// A secret text: a client secret, a token, a code. It is wiped when dropped and prints as
/// `Secret(..)`.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A text that is wiped when dropped already.
    pub(crate) const fn from_wiped(text: Zeroizing<String>) -> Self {
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
