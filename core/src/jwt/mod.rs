//! Compact JSON Web Tokens (RFC 7515, RFC 7519), read strictly and verified in a fixed order.
//!
//! ```text
//! text ── TokenPolicy::read ──► Unattributed ── from_issuer ──► Inspected ── verify ──► VerifiedToken
//!         size, alphabet, header,               byte for byte   │            with the key that
//!         audience, dates                                       │            the issuer gave for it
//!                                                               └─ says which key it names
//! ```
//!
//! Cheap checks come first, so that nothing is fetched for a token that could not be accepted
//! anyway. No step can be skipped: a [`VerifiedToken`] has no other constructor.

mod cache;
mod claims;
mod error;
mod header;
mod inspect;
mod policy;
mod read;
mod scopes;
mod trusted;

pub(crate) use cache::TokenIdentity;
pub use cache::{TokenCache, TokenCacheLimits, TokenFingerprint};
pub use error::TokenError;
pub use header::KeyId;
pub(crate) use inspect::KeySource;
pub use inspect::{Inspected, Unattributed, VerifiedToken};
pub use policy::{AccessTokenProfile, ClockTolerance, TokenPolicy, TokenPolicyError};
pub use scopes::ScopeClaim;
pub(crate) use trusted::TrustedIssuers;
pub use trusted::{TrustError, TrustedIssuer};

#[cfg(test)]
mod tests;
