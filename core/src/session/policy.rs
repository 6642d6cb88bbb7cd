//! How long a session lives.

use super::Session;
use crate::time::UnixSeconds;

/// How long a session lives. The limits are applied at every reading, so lower ones take effect at
/// once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SessionPolicy {
    /// Seconds without a request after which the session is over. One day by default.
    pub inactivity: u64,
    /// Seconds after the sign-in at which the session is over, whatever happens. Three days by
    /// default.
    pub absolute: u64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { inactivity: 86_400, absolute: 259_200 }
    }
}

impl SessionPolicy {
    /// How far in the future a session may have been written, for clocks that are apart.
    const TOLERANCE: u64 = 60;

    /// The seconds that `session` has left; `None` where it is over.
    #[must_use]
    pub fn remaining(self, session: &Session, now: UnixSeconds) -> Option<u64> {
        let from_the_future =
            session.signed_in_at.max(session.used_at) > now.saturating_add(Self::TOLERANCE);
        let end = session
            .used_at
            .saturating_add(self.inactivity)
            .min(session.signed_in_at.saturating_add(self.absolute));
        if from_the_future { None } else { Some(end.since(now)).filter(|seconds| *seconds > 0) }
    }

    /// Whether the last use that `session` records is old enough to be worth a new cookie: a tenth
    /// of the inactivity limit.
    #[must_use]
    pub const fn is_worth_touching(self, session: &Session, now: UnixSeconds) -> bool {
        now.since(session.used_at) >= self.inactivity / 10
    }
}
