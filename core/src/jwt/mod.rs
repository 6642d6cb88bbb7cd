//! Compact JSON Web Tokens (RFC 7515, RFC 7519), read strictly and verified in a fixed order.
//!
//! ```text
//! text ── TokenPolicy::inspect ──► Inspected ── verify(key) ──► VerifiedToken
//!         size, alphabet, header,    │
//!         issuer, audience, dates    └─ says which key it names, so that nothing is fetched
//!                                       for a token that could not be accepted anyway
//! ```
//!
//! Cheap checks come first, and no check after the signature can be skipped: a [`VerifiedToken`]
//! has no other constructor.

mod error;
mod header;
mod inspect;
mod policy;

pub use error::TokenError;
pub use header::KeyId;
pub use inspect::{Inspected, VerifiedToken};
pub use policy::{AccessTokenProfile, ClockTolerance, TokenPolicy, TokenPolicyError};
