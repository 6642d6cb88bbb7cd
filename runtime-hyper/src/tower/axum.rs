//! Extractors for [axum]: what a handler can ask of whoever calls it.
//!
//! Where a request does not have what a handler asks for, the answer is the one that the guard, or
//! the gate, gives elsewhere. Each extractor needs its layer around the router: without it, nobody
//! is let through, and the log says why.
//!
//! ```
//! use axum::{Router, routing::get};
//! use portcullis_hyper::tower::axum::{Claims, RequireScopes, ScopeList};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Caller {
//!     sub: String,
//! }
//!
//! struct ReadOrders;
//!
//! impl ScopeList for ReadOrders {
//!     const SCOPES: &'static [&'static str] = &["read:orders"];
//! }
//!
//! async fn orders(_: RequireScopes<ReadOrders>, Claims(caller): Claims<Caller>) -> String {
//!     format!("the orders of {}", caller.sub)
//! }
//!
//! async fn hello(claims: Option<Claims<Caller>>) -> String {
//!     claims.map_or_else(|| "Hello.".into(), |Claims(caller)| format!("Hello, {}.", caller.sub))
//! }
//!
//! let router: Router = Router::new().route("/orders", get(orders)).route("/", get(hello));
//! ```
//!
//! [axum]: https://docs.rs/axum

use crate::{body::Body, convert, early};
use axum_core::{
    body::Body as AxumBody,
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response as AxumResponse},
};
use core::{any::type_name, fmt, marker::PhantomData, ops::Deref};
use http::{Response, StatusCode, request::Parts};
use portcullis_core::{
    gate::Gate,
    guard::{Guard, Refusal, RefusalReason, Requirement, RequirementKind},
    jwt::VerifiedToken,
    session::Session as SignedIn,
};
use serde::de::DeserializeOwned;

/// The claims of the access token, as a type of the application's.
///
/// Without a token it is refused with 401, or `None` for an `Option<Claims<T>>`. A good token whose
/// claims are not a `T` is refused with 403, and the log names the type; a member that not every token
/// has is an `Option`.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Claims<T>(pub T);

/// Lets only tokens through that have all scopes of the list `S`; others are refused with 403, and
/// requests without a token with 401.
pub struct RequireScopes<S> {
    token: VerifiedToken,
    list: PhantomData<fn() -> S>,
}

/// A list of scopes that a handler needs.
pub trait ScopeList {
    /// The scopes, one at least.
    const SCOPES: &'static [&'static str];
}

impl<S> RequireScopes<S> {
    /// The token that has the scopes.
    #[must_use]
    pub const fn token(&self) -> &VerifiedToken {
        &self.token
    }
}

impl<S> fmt::Debug for RequireScopes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequireScopes").field(&self.token).finish()
    }
}

/// Who is signed in. Where nobody is, it is refused with 401, or `None` for an `Option<Session>`.
///
/// A handler that calls an API in the name of whoever is signed in takes the token from here. It is
/// for that API alone, and stays out of pages and logs:
///
/// ```
/// use axum::{Router, http::StatusCode, routing::get};
/// use portcullis_hyper::{clock::Clock, tower::axum::Session};
///
/// /// Your HTTP client.
/// async fn orders_of(authorization: &str) -> String {
///     // …
/// #   authorization.into()
/// }
///
/// async fn orders(session: Session) -> Result<String, StatusCode> {
///     let now = Clock::start().now().unix;
///     let token = session.access_token(now).ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
///     Ok(orders_of(&format!("Bearer {}", token.expose())).await)
/// }
///
/// // Behind a `GateLayer` whose matcher covers it, so that a token that is due is refreshed first.
/// let router: Router = Router::new().route("/orders", get(orders));
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Session(pub SignedIn);

impl Deref for Session {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

/// The answer to a request that does not have what a handler asks for.
#[derive(Debug)]
pub struct Rejection(Box<Response<Body>>);

impl Rejection {
    fn of(response: Response<Body>) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> AxumResponse {
        self.0.map(AxumBody::new)
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        tracing::info!(reason = %refusal.reason, "a handler refused a request");
        Self::of(convert::response(refusal.response))
    }
}

/// A handler that asks for what no layer is there to give.
fn without_layer(layer: &str) -> Rejection {
    tracing::error!(layer, "an extractor is used without its layer");
    Rejection::of(early::bare(StatusCode::INTERNAL_SERVER_ERROR))
}

fn guard(parts: &Parts) -> Result<&Guard, Rejection> {
    parts.extensions.get().ok_or_else(|| without_layer("GuardLayer"))
}

fn token(parts: &Parts) -> Result<Option<&VerifiedToken>, Rejection> {
    guard(parts).map(|_| parts.extensions.get())
}

fn required_token(parts: &Parts) -> Result<&VerifiedToken, Rejection> {
    token(parts)?.ok_or_else(|| match guard(parts) {
        Ok(guard) => guard.refuse(RefusalReason::NoCredentials).into(),
        Err(rejection) => rejection,
    })
}

fn claims<T: DeserializeOwned>(
    parts: &Parts,
    token: &VerifiedToken,
) -> Result<Claims<T>, Rejection> {
    let unmet = RefusalReason::Unmet(RequirementKind::Claim);
    match token.claims().deserialize() {
        Ok(claims) => Ok(Claims(claims)),
        Err(_) => {
            // What the claims say instead may be personal.
            tracing::info!(expected = type_name::<T>(), "the claims of a token are no such type");
            Err(guard(parts)?.refuse(unmet).into())
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        claims(parts, required_token(parts)?)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequestParts<S> for Claims<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        token(parts)?.map(|token| claims(parts, token)).transpose()
    }
}

impl<S: Send + Sync, L: ScopeList> FromRequestParts<S> for RequireScopes<L> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let token = required_token(parts)?;
        let Ok(requirement) = Requirement::required_scopes(L::SCOPES.iter().copied()) else {
            tracing::error!("a list of scopes is empty, or has what is no scope");
            return Err(Rejection::of(early::bare(StatusCode::INTERNAL_SERVER_ERROR)));
        };
        guard(parts)?.require(token, &requirement)?;
        Ok(Self { token: token.clone(), list: PhantomData })
    }
}

fn session(parts: &Parts) -> Result<Option<Session>, Rejection> {
    match parts.extensions.get::<Gate>() {
        Some(_) => Ok(parts.extensions.get().cloned().map(Session)),
        None => Err(without_layer("GateLayer")),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        session(parts)?
            .ok_or_else(|| Rejection::of(convert::response(Gate::not_signed_in().response)))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Session {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        session(parts)
    }
}
