//! What the settings of the demonstration do, one after the other, at the process itself. Which names
//! they have, and what is refused, is shown where they are read.

mod api;
mod client;
mod login;
mod logout;
mod routes;
mod session;

pub(crate) use self::{api::*, client::*, login::*, logout::*, routes::*, session::*};

use crate::harness::{Provider, settings};

/// The path of the API that the gate guards.
const ROUTE: &str = "/api/private-route";
const LOGIN: &str = "/api/auth/login?returnTo=%2Fprivate";

/// The settings that name a scripted provider, and `more`.
fn with<'a>(provider: &'a Provider, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    settings(provider.url()).into_iter().chain(more.iter().copied()).collect()
}
