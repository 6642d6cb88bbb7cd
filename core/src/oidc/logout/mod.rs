//! Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0, and what Auth0 had before
//! it), and at the provider's word (Back-Channel Logout 1.0).

mod policy;
mod provider;
mod revocation;
mod token;

pub use policy::{LogoutPolicy, LogoutTargetError};
pub use provider::ProviderLogout;
pub use token::LogoutTokenError;

pub(crate) use policy::LogoutTarget;
pub(crate) use provider::EndSession;
pub(crate) use revocation::revocation_request;
pub(crate) use token::{LogoutOrder, OrderedSessions};
