//! The two things that the core does not read for itself: clocks and the random generator.

use portcullis_core::{
    entropy::{Entropy, EntropyError},
    time::{Monotonic, Now, UnixSeconds},
};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The clocks of this process.
///
/// Readings of the monotonic clock are comparable only between copies of one `Clock`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose monotonic reading starts from zero now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Reads both clocks.
    ///
    /// A wall clock that is set before 1970 reads as 1970, so that every credential is seen as one
    /// that is not valid yet.
    #[must_use]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            unix: UnixSeconds(unix.as_secs()),
            monotonic: Monotonic::from_start(self.start.elapsed()),
        }
    }
}

/// The random generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|error| {
            tracing::error!(%error, "the random generator of the operating system failed");
            EntropyError
        })
    }
}
