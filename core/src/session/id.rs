//! Which session it is.

use crate::{
    encoding,
    entropy::{self, Entropy, EntropyError},
};
use core::fmt;

/// The number of a session, drawn at the sign-in and the same until it ends. It is sealed with the
/// session and never leaves the gate otherwise.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
pub struct SessionId([u8; Self::LENGTH]);

impl SessionId {
    /// The bytes of a number.
    pub const LENGTH: usize = 16;

    /// A number that no other session has.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where there is no randomness.
    pub fn draw(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        entropy::random(entropy).map(Self)
    }

    /// The number with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the number.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// Enough to tell sessions apart in a log, and not the whole number.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.first_chunk::<6>().map(|start| encoding::encode(start));
        write!(f, "SessionId({}..)", start.unwrap_or_default())
    }
}
