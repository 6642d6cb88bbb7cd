//! What the gate keeps in the browser: the session and the logins under way, each in sealed
//! cookies that nobody else can read, change or pass off as another.

mod chunks;
mod names;
mod payload;
mod seal;
mod transaction;

pub use chunks::{CookieRead, HeldCookies, SealedCookie};
pub use names::{CookieNameError, CookieNames};
pub use payload::{Session, SessionPolicy, UserClaims};
pub use seal::{Purpose, SealError, SecretRing, SecretRingError};
pub use transaction::MAX_OPEN_LOGINS;

pub(crate) use transaction::{FoundLogin, LoginCookies, LoginTransaction};

#[cfg(test)]
mod tests;
