//! Signing out at the provider (OpenID Connect RP-Initiated Logout 1.0, and what Auth0 had before
//! it).

mod policy;
mod provider;

pub use policy::{LogoutPolicy, LogoutTargetError};
pub use provider::ProviderLogout;

pub(crate) use policy::LogoutTarget;
pub(crate) use provider::EndSession;
