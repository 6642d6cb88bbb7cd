//! What the gate keeps in the browser: the session and the logins under way, each in sealed
//! cookies that nobody else can read, change or pass off as another.

mod auth0_cookies;
mod chunks;
mod claims;
mod clientele;
mod content;
mod guessable;
mod id;
mod names;
mod payload;
mod policy;
mod revocation_list;
mod revocations;
mod seal;
mod transaction;

pub use auth0_cookies::{Auth0Cookies, Auth0CookiesError};
pub use chunks::{CookieRead, HeldCookies, SealedCookie};
pub use claims::{KeptClaims, UserClaims};
pub use id::SessionId;
pub use names::{CookieNameError, CookieNames};
pub use payload::Session;
pub use policy::SessionPolicy;
pub use revocation_list::RevocationList;
pub use revocations::{Revocation, RevocationKey, RevocationOutcome, Revocations};
pub use seal::{Purpose, SealError, SecretRing, SecretRingError};
pub use transaction::MAX_OPEN_LOGINS;

pub(crate) use transaction::{FoundLogin, LoginCookies, LoginTransaction};

pub(crate) use auth0_cookies::{Auth0CookieNames, Auth0CookiesRead, HeldAuth0Cookies};
pub(crate) use clientele::Clientele;
pub(crate) use payload::SessionTokens;

#[cfg(test)]
mod tests;
