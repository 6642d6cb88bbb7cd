//! The HTTP engine of the Portcullis authentication gate.
#![warn(missing_docs)]

pub mod application;
pub mod body;
pub mod client;
pub mod clock;
mod convert;
#[cfg(feature = "aws-lc-rs")]
pub mod crypto;
pub mod drive;
mod early;
pub mod gateway;
pub mod issuers;
mod progress;
pub mod protected_api;
pub mod runtime;
pub mod server;
pub mod tls;
