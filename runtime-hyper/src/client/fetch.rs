//! Requests of the core's own: discovery, key sets, tokens.

use super::{Client, ClientError};
use crate::{
    body::{Body, ReadError},
    convert,
    runtime::{Runtime, within},
};
use http::{Method, Request};
use portcullis_core::http::{FetchError, Inbound, Method as FetchMethod, Outbound};

/// Performs what the core asks for, within the limits that each request carries.
#[derive(Debug)]
pub struct Fetcher<R> {
    client: Client<R>,
}

impl<R: Runtime> Fetcher<R> {
    /// Sends through `client`.
    #[must_use]
    pub const fn new(client: Client<R>) -> Self {
        Self { client }
    }

    /// The runtime that the fetcher runs on.
    #[must_use]
    pub fn runtime(&self) -> &R {
        self.client.runtime()
    }

    /// Sends `request` and reads the answer whole.
    ///
    /// The deadline covers everything: the name lookup, the connection, TLS, the head and the body
    /// to its last byte. An answer that leads elsewhere is an answer like any other.
    ///
    /// # Errors
    ///
    /// [`FetchError`], with the reason in the log.
    pub async fn fetch(&self, request: &Outbound) -> Result<Inbound, FetchError> {
        let timer = self.runtime().timer();
        let url = request.url.without_query();
        let mut exchange = Box::pin(self.exchange(request));
        let (error, reason) = match within(&timer, request.limits.deadline, exchange.as_mut()).await
        {
            Some(Ok(answer)) => {
                tracing::debug!(url, status = answer.status, "fetched");
                return Ok(answer);
            }
            Some(Err(failure)) => (failure.error(), failure.to_string()),
            None => (FetchError::Timeout, String::new()),
        };
        tracing::warn!(url, %error, reason, "a fetch failed");
        Err(error)
    }

    async fn exchange(&self, request: &Outbound) -> Result<Inbound, Failure> {
        let limits = request.limits;
        let mut message = Request::new(Body::from(request.body.clone()));
        *message.method_mut() = match request.method {
            FetchMethod::Get => Method::GET,
            FetchMethod::Post => Method::POST,
        };
        convert::append(message.headers_mut(), request.headers.iter());
        // The deadline of the whole stands in for one of the connection.
        let answer = self.client.send(&request.url, message, limits.deadline).await?;
        let (head, body) = answer.into_parts();
        let headers = head.headers.iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        Ok(Inbound {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: Body::stream(body).read(limits.max_body).await?.into(),
        })
    }
}

impl<R> Clone for Fetcher<R> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone() }
    }
}

/// Why a fetch failed, in the detail that a log wants.
enum Failure {
    Body(ReadError),
    Send(ClientError),
}

impl Failure {
    const fn error(&self) -> FetchError {
        match self {
            Self::Body(ReadError::TooLarge) => FetchError::TooLarge,
            Self::Body(ReadError::Broken(_)) => FetchError::Transport,
            Self::Send(ClientError::ConnectTimeout) => FetchError::Timeout,
            Self::Send(_) => FetchError::Transport,
        }
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Send(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Body(error)
    }
}
