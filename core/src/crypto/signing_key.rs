//! Private keys of this application's own.

use super::SignatureAlgorithm;
use alloc::vec::Vec;
use core::fmt::{self, Debug};

/// A private key, bound to one algorithm. Adapters implement it over their crypto library, or over
/// whatever holds the key: the core never sees it.
pub trait SigningKey: Debug + Send + Sync {
    /// The algorithm that the key is for.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// What the key is called where its public half is registered.
    fn key_id(&self) -> Option<&str> {
        None
    }

    /// The signature over `message`, in the form that a JSON Web Signature has (RFC 7518 §3).
    ///
    /// # Errors
    ///
    /// [`SigningFailure`], without a reason.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailure>;
}

/// A key could not sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SigningFailure;

impl fmt::Display for SigningFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key could not sign")
    }
}

impl core::error::Error for SigningFailure {}
