//! What the programs of the cookbook ask, so that each shows what it is about and nothing else: a
//! [`Provider`] on this machine, which mints whatever token a program wants to see judged, a
//! [`Browser`] that signs in there, and an API to be guarded.
//!
//! The programs are the documentation tests of this package.
#![deny(missing_docs)]
#![allow(clippy::missing_panics_doc, clippy::missing_errors_doc)] // A program here may end so.

mod ask;
mod auth0_sdk;
mod provider;

use axum::Router;
use std::{
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;

pub use ask::{Answer, Browser, ask};
pub use auth0_sdk::auth0_sdk_cookie;
pub use provider::Provider;

/// Serves `router` on a port of its own, for as long as the program runs. Where, is what it gives.
pub async fn serve(router: Router) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(url)
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The programs.
#[cfg(doctest)]
#[doc = include_str!("../cookbook.md")]
mod programs {}
