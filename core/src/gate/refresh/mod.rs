//! Refreshing the access token of a session (RFC 6749 §6, OpenID Connect Core 1.0 §12).
//!
//! A browser sends many requests at once, all with the same cookie, and providers that rotate
//! refresh tokens end a session where one is used twice (RFC 9700 §4.14.2). So requests do not
//! refresh: they ask [`Refreshes`], which lets one flight go and gives all of them its outcome.
//!
//! ```text
//!  request ── token due ──► demand ──► Settled(Renewed │ Refused │ Unavailable)
//!                              │ Pending
//!                              ▼
//!                         poll_flight ──► RefreshFlow, driven to its end ──► on_landed
//! ```
//!
//! A flight belongs to no request: a browser that leaves must not take the new refresh token along.
//! What came of a flight is remembered for a while, for the requests that were sent before the
//! browser had the new cookie. Where somebody signs out before a flight has landed, the tokens that
//! it brings are given back at once (RFC 7009).

mod flow;
mod table;

pub use flow::{RefreshFlow, Refreshing};
pub use table::{
    RefreshDemand, RefreshEvent, RefreshFlight, RefreshFlightId, RefreshLimits, RefreshOutcome,
    RefreshProgress, Refreshes,
};

#[cfg(test)]
mod tests;
