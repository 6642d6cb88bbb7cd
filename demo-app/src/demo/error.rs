//! Why the demonstration did not start.

use crate::{
    identity_provider::KeyGenerationError,
    settings::{Fault, GenerateError},
};
use core::fmt;
use portcullis_core::{
    crypto::UnsupportedAlgorithm,
    gate::GateConfigError,
    guard::{GuardConfigError, ProtectedResourceError, RequirementError},
    issuer::IssuerConfigError,
    jwt::TokenPolicyError,
    oidc::ClientConfigError,
    pattern::PatternError,
    rewrite::{MatcherError, RewritesError},
    session::{Auth0CookiesError, SecretRingError},
};
use portcullis_hyper::tls::TlsError;
use std::io;

/// Why the demonstration did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// An algorithm that there is no verifier for.
    Algorithm(UnsupportedAlgorithm),
    /// The audience is not usable.
    Audience(TokenPolicyError),
    /// The cookies of the Auth0 SDK cannot be taken over.
    Auth0Cookies(Auth0CookiesError),
    /// An address is in use, or not to be had.
    Bind {
        /// The setting that chose it.
        name: &'static str,
        /// The address.
        address: String,
        /// What the operating system says.
        error: io::Error,
    },
    /// A setting of the client is not usable.
    Client(ClientConfigError),
    /// There is no randomness.
    Entropy(GenerateError),
    /// The gate's parts do not fit.
    Gate(GateConfigError),
    /// The guard's parts do not fit.
    Guard(GuardConfigError),
    /// The issuer is not usable.
    Issuer(IssuerConfigError),
    /// A matcher is not usable.
    Matcher(MatcherError),
    /// An address that was bound has no origin.
    Origin(Fault),
    /// A pattern is not usable.
    Pattern(PatternError),
    /// The development provider could not be made.
    Provider(KeyGenerationError),
    /// What every token must allow is not usable.
    Requirement(RequirementError),
    /// The API cannot have metadata.
    Resource(ProtectedResourceError),
    /// A rewrite rule is not usable.
    Rewrites(RewritesError),
    /// The secret is not usable.
    Secret(SecretRingError),
    /// There is no TLS.
    Tls(TlsError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(error) => write!(f, "PORTCULLIS_API_SIGNING_ALGS: {error}"),
            Self::Audience(error) => write!(f, "AUTH0_AUDIENCE: {error}"),
            Self::Auth0Cookies(error) => write!(f, "PORTCULLIS_AUTH0_COOKIES: {error}"),
            Self::Bind { name, address, error } => write!(
                f,
                "cannot listen on {address}: {error}\nAnother address can be set, such as \
                 {name}=localhost:0 for any free port"
            ),
            Self::Client(error) => write!(f, "the client: {error}"),
            Self::Entropy(error) => error.fmt(f),
            Self::Gate(error @ GateConfigError::LoginTarget) => {
                write!(f, "PORTCULLIS_LOGIN_TARGET: {error}")
            }
            Self::Gate(error @ GateConfigError::LogoutTarget) => {
                write!(f, "AUTH0_POST_LOGOUT_REDIRECT: {error}")
            }
            Self::Gate(error) => write!(f, "the gate: {error}"),
            Self::Guard(error) => write!(f, "the guard: {error}"),
            Self::Issuer(error) => write!(f, "AUTH0_ISSUER_BASE_URL: {error}"),
            Self::Matcher(error) => write!(f, "the matcher: {error}"),
            Self::Origin(error) => write!(f, "an address: {error}"),
            Self::Pattern(error) => write!(f, "a pattern: {error}"),
            Self::Provider(error) => write!(f, "the development provider: {error}"),
            Self::Requirement(error) => write!(f, "PORTCULLIS_API_SCOPES: {error}"),
            Self::Resource(error) => {
                write!(f, "AUTH0_AUDIENCE, with PORTCULLIS_API_METADATA: {error}")
            }
            Self::Rewrites(error) => write!(f, "the rewrite rules: {error}"),
            Self::Secret(error) => write!(f, "AUTH0_SECRET: {error}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
        }
    }
}

impl core::error::Error for StartError {}
