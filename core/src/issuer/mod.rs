//! What requests share: the discovery document and the key set of an issuer.
//!
//! One [`IssuerMachine`] for each issuer decides when to fetch which document. It does no IO: it
//! hands out [`Flight`]s and takes their answers. What is known at a moment is an
//! [`IssuerSnapshot`], immutable and shared; a request whose key is in it neither waits for nor
//! fails because of any fetch.
//!
//! ```text
//!  request ── snapshot ──► key found: no machine involved
//!     │
//!     └── demand(need) ──► Settled(Ready | Missing | Unavailable)
//!                      └─► Pending ── poll_flight ──► send ── on_answer ──► new snapshot
//! ```

mod config;
mod machine;
mod metadata;
mod refresh;

pub use config::{IssuerConfig, IssuerConfigError};
pub use machine::{
    Demand, Document, Flight, FlightFailure, FlightId, IssuerEvent, IssuerMachine, IssuerSnapshot,
};
pub(crate) use metadata::without_slash;
pub use metadata::{ClientAuthentication, MetadataError, ProviderMetadata};
pub use refresh::RefreshSettings;

use crate::{crypto::SignatureAlgorithm, jwt::KeyId};
use alloc::{sync::Arc, vec::Vec};
use core::time::Duration;

/// Which of the configured issuers.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IssuerIndex(pub usize);

/// The newest snapshots. Reading one takes no lock.
pub trait Issuers {
    /// The snapshot of `issuer`; `None` where there is no such issuer.
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>>;
}

impl Issuers for [Arc<IssuerSnapshot>] {
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>> {
        self.get(issuer.0).cloned()
    }
}

impl Issuers for Vec<Arc<IssuerSnapshot>> {
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>> {
        self.as_slice().snapshot(issuer)
    }
}

impl Issuers for Arc<IssuerSnapshot> {
    fn snapshot(&self, issuer: IssuerIndex) -> Option<Arc<IssuerSnapshot>> {
        (issuer.0 == 0).then(|| Self::clone(self))
    }
}

/// What a request needs of an issuer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Need {
    /// A key for this algorithm, with this key id if the token names one.
    Key {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
        /// The key id.
        id: Option<KeyId>,
    },
    /// The discovery document.
    Metadata,
}

/// How it stands with what a request needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Availability {
    /// It may be in the newest snapshot.
    Ready,
    /// The issuer does not have it: the key set was looked at recently enough.
    Missing,
    /// The issuer cannot be asked at the moment.
    Unavailable {
        /// When it may be worth to ask again.
        retry_after: Duration,
    },
}

#[cfg(test)]
mod tests;
