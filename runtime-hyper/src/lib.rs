//! The HTTP engine of the Portcullis authentication gate.
#![warn(missing_docs)]

pub mod body;
pub mod client;
pub mod clock;
mod convert;
#[cfg(feature = "aws-lc-rs")]
pub mod crypto;
pub mod drive;
pub mod issuers;
pub mod runtime;
pub mod server;
pub mod tls;
