//! Which issuer, as it is configured.

use super::{
    RefreshSettings,
    metadata::{DISCOVERY_PATH, discovery_url},
};
use crate::{
    crypto::{CryptoProvider, SignatureAlgorithm, UnsupportedAlgorithm},
    http::{Url, UrlError},
};
use alloc::{vec, vec::Vec};
use core::fmt;

/// Which issuer, and how its documents are looked after.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    pub(super) configured: Url,
    pub(super) discovery: Url,
    pub(super) algorithms: Vec<SignatureAlgorithm>,
    pub(super) refresh: RefreshSettings,
    pub(super) pins_key_set_host: bool,
}

impl IssuerConfig {
    /// The issuer at `issuer`, such as `https://tenant.eu.auth0.com/`; a final slash may be left
    /// out. Its tokens are signed with RS256.
    ///
    /// # Errors
    ///
    /// [`IssuerConfigError::Url`] where the URL is malformed, has a query, or is not `https` (`http`
    /// is for issuers on this machine); [`IssuerConfigError::DiscoveryDocument`] where it is that
    /// of the discovery document.
    pub fn new(issuer: &str) -> Result<Self, IssuerConfigError> {
        let configured = Url::parse_secure(issuer).map_err(IssuerConfigError::Url)?;
        if configured.as_str().contains('?') {
            return Err(IssuerConfigError::Url(UrlError::Query));
        }
        if configured.as_str().ends_with(DISCOVERY_PATH) {
            return Err(IssuerConfigError::DiscoveryDocument);
        }
        Ok(Self {
            discovery: discovery_url(&configured).map_err(IssuerConfigError::Url)?,
            configured,
            algorithms: vec![SignatureAlgorithm::Rs256],
            refresh: RefreshSettings::default(),
            pins_key_set_host: false,
        })
    }

    /// The issuer, as configured.
    #[must_use]
    pub const fn issuer(&self) -> &Url {
        &self.configured
    }

    /// Other times and sizes.
    #[must_use]
    pub fn with_refresh(self, refresh: RefreshSettings) -> Self {
        Self { refresh, ..self }
    }

    /// Prepares the issuer's keys for these algorithms and no others. A key that names no algorithm
    /// is for the first of them that takes a key of its type. Without an algorithm, every key set
    /// is refused for having no usable key.
    ///
    /// # Errors
    ///
    /// [`UnsupportedAlgorithm`] where `crypto` does not have one of them.
    pub fn with_algorithms(
        self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
        crypto: &CryptoProvider,
    ) -> Result<Self, UnsupportedAlgorithm> {
        let algorithms: Vec<_> = algorithms.into_iter().collect();
        algorithms.iter().try_for_each(|algorithm| crypto.require(*algorithm))?;
        Ok(Self { algorithms, ..self })
    }

    /// Refuses a discovery document whose `jwks_uri` is on another host or port than the issuer.
    #[must_use]
    pub fn with_key_set_on_issuer_host(self) -> Self {
        Self { pins_key_set_host: true, ..self }
    }
}

/// Why a text names no issuer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IssuerConfigError {
    /// It is the URL of the discovery document, which is found from the issuer's.
    DiscoveryDocument,
    /// It is no URL that an issuer can have.
    Url(UrlError),
}

impl fmt::Display for IssuerConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DiscoveryDocument => {
                write!(f, "the issuer must be written without `{DISCOVERY_PATH}`")
            }
            Self::Url(error) => write!(f, "the issuer {error}"),
        }
    }
}

impl core::error::Error for IssuerConfigError {}
