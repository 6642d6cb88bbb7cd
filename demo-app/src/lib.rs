//! The parts of the Portcullis demonstration: what stands in front of the gate, behind it and
//! beside it.
//!
//! One process plays three roles, each a synchronous handler that turns an [`http::Request`] with
//! a collected body into an [`http::Response`], and knows neither sockets nor a runtime:
//!
//! - [`pages`]: the pages of the front end,
//! - [`api`]: the answers of the protected API,
//! - [`identity_provider`]: an OpenID provider for development, so that the demonstration runs
//!   without an account anywhere.
//!
//! [`settings`] says which addresses, provider and secrets are in use. [`demo`] binds the
//! listeners and puts the gate and the API guard between them and these handlers; no decision
//! about who may pass is made here. [`explain`] shows what the gate would do with a request, [`token`]
//! verifies tokens on the command line.

pub mod api;
pub mod demo;
pub mod explain;
pub mod identity_provider;
pub mod pages;
pub mod settings;
pub mod token;

mod applications;
mod html;
mod line_reader;
mod parameters;
mod random;
mod responses;
