//! What the tests drive the demonstration with.

mod browser;
mod client;
mod clock;
mod demo;
mod directory;
mod keys;
mod process;
mod provider;
mod skip;

pub(crate) use browser::{Browser, missing_program};
pub(crate) use client::{Client, Reply, query_of};
pub(crate) use clock::{aged, come_back_late};
pub(crate) use demo::{Demo, Runtime};
pub(crate) use directory::TemporaryDirectory;
pub(crate) use keys::{Algorithm, SigningKey, now, pem_key, signing_input, unsigned};
pub(crate) use process::{Ended, Process};
pub(crate) use provider::{Answer, Hold, Provider, settings};
pub(crate) use skip::skip;
