//! The decisions of the Portcullis authentication gate, as pure state machines without IO.

#![no_std]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate self as portcullis_core;
#[cfg(test)]
extern crate std;

pub mod cors;
pub mod crypto;
pub mod entropy;
pub mod flow;
pub mod gate;
pub mod guard;
pub mod http;
pub mod issuer;
pub mod json;
pub mod jwt;
pub mod key_set;
pub mod oidc;
pub mod path;
pub mod pattern;
pub mod rewrite;
pub mod secret;
pub mod session;
pub mod time;

mod encoding;

#[cfg(test)]
mod test_support;

/// The Rust examples of the user documentation, as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rewrites-and-matchers.md")]
mod documentation {}
