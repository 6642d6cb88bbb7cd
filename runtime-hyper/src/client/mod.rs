//! The HTTP/1.1 client that requests of the core and proxied requests leave through.
//!
//! It keeps connections alive in a pool of its own, streams bodies, follows no redirects and
//! retries only what was certainly never sent.

mod fetch;
mod pool;

pub use fetch::Fetcher;
pub use pool::{PoolLimits, ResponseBody};

use crate::{
    body::Body,
    runtime::{Runtime, Stream, within},
};
use core::{error::Error, fmt, time::Duration};
use http::{HeaderValue, Request, Response, Uri, header, uri::PathAndQuery};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use pool::{Lease, Pool};
use portcullis_core::http::{Scheme, Url};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc};

/// The most bytes of a response head, and the most that are read in one go.
const BUFFER: usize = 64 * 1024;

/// An HTTP/1.1 client with a pool of connections. Clones share the pool.
pub struct Client<R> {
    shared: Arc<Shared<R>>,
}

struct Shared<R> {
    runtime: R,
    tls: Arc<ClientConfig>,
    pool: Arc<Pool>,
}

impl<R: Runtime> Client<R> {
    /// A client without connections yet. [`tls::client_config`](crate::tls::client_config) makes
    /// `tls`.
    #[must_use]
    pub fn new(runtime: R, tls: Arc<ClientConfig>, limits: PoolLimits) -> Self {
        let pool = Arc::new(Pool::new(limits));
        Self { shared: Arc::new(Shared { runtime, tls, pool }) }
    }

    /// The runtime that the client runs on.
    #[must_use]
    pub fn runtime(&self) -> &R {
        &self.shared.runtime
    }

    /// Sends `request` to `destination` and returns the head of the answer, with its body as it
    /// comes. The request line and `Host` are set from `destination`.
    ///
    /// Establishing a connection, TLS included, may take `connect`. Nothing else is limited here:
    /// drop the future to give up.
    ///
    /// # Errors
    ///
    /// [`ClientError`] says how far the request came.
    pub async fn send(
        &self,
        destination: &Url,
        mut request: Request<Body>,
        connect: Duration,
    ) -> Result<Response<ResponseBody>, ClientError> {
        address(&mut request, destination)?;
        let Shared { runtime, pool, .. } = &*self.shared;
        let origin = origin(destination);
        while let Some((key, mut sender)) = pool.take(origin) {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok(self.answer(response, Lease { key, sender })),
                Err(mut error) => match error.take_message() {
                    // The connection had ended before any of the request was written.
                    Some(unsent) => request = unsent,
                    None => return Err(ClientError::Protocol(error.into_error().into())),
                },
            }
        }
        // Most requests find a connection, so the space for making one is not part of each.
        let mut connecting = Box::pin(self.connect(destination));
        let mut sender = within(&runtime.timer(), connect, connecting.as_mut())
            .await
            .ok_or(ClientError::ConnectTimeout)??;
        drop(connecting);
        match sender.try_send_request(request).await {
            Ok(response) => Ok(self.answer(response, Lease { key: Arc::from(origin), sender })),
            Err(error) => Err(ClientError::Protocol(error.into_error().into())),
        }
    }

    async fn connect(&self, destination: &Url) -> Result<SendRequest<Body>, ClientError> {
        let Shared { runtime, tls, .. } = &*self.shared;
        let host = destination.host().trim_matches(['[', ']']);
        let tcp = runtime.connect(host, destination.port()).await.map_err(ClientError::Connect)?;
        match destination.scheme() {
            Scheme::Http => self.handshake(tcp).await,
            Scheme::Https => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| ClientError::Connect(io::Error::other(error)))?;
                let tls = runtime.secure(tcp, name, tls.clone()).await;
                self.handshake(tls.map_err(ClientError::Connect)?).await
            }
        }
    }

    async fn handshake(&self, stream: impl Stream) -> Result<SendRequest<Body>, ClientError> {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(BUFFER);
        let (sender, connection) =
            builder.handshake(stream).await.map_err(|error| ClientError::Protocol(error.into()))?;
        self.shared.runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to an upstream broke");
            }
        });
        Ok(sender)
    }

    fn answer(&self, response: Response<Incoming>, lease: Lease) -> Response<ResponseBody> {
        let Shared { runtime, pool, .. } = &*self.shared;
        pool.keep_clean(runtime);
        response.map(|body| ResponseBody::new(body, lease, pool))
    }
}

impl<R> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<R> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("pool", &self.shared.pool).finish_non_exhaustive()
    }
}

/// Gives `request` the request line and the `Host` that lead to `destination`.
fn address(request: &mut Request<Body>, destination: &Url) -> Result<(), ClientError> {
    let target = PathAndQuery::try_from(destination.path_and_query());
    let target = target.map_err(|error| ClientError::Destination(error.into()))?;
    *request.uri_mut() = Uri::from(target);
    let host = HeaderValue::from_str(destination.authority());
    let host = host.map_err(|error| ClientError::Destination(error.into()))?;
    request.headers_mut().insert(header::HOST, host);
    Ok(())
}

/// The part of `url` that says which connections can serve it: scheme, host and port as written.
fn origin(url: &Url) -> &str {
    let text = url.as_str();
    text.strip_suffix(url.path_and_query()).unwrap_or(text)
}

/// Why there is no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// No connection, or no TLS session that proves who the peer is.
    Connect(io::Error),
    /// No connection within the time for it.
    ConnectTimeout,
    /// The destination cannot be written into a request.
    Destination(Box<dyn Error + Send + Sync>),
    /// The connection broke, the peer does not speak HTTP, or the body of the request broke off.
    Protocol(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "no connection: {error}"),
            Self::ConnectTimeout => f.write_str("no connection within the time for it"),
            Self::Destination(error) => write!(f, "no usable destination: {error}"),
            Self::Protocol(error) => match error.source() {
                Some(source) => write!(f, "the exchange failed: {error}: {source}"),
                None => write!(f, "the exchange failed: {error}"),
            },
        }
    }
}

impl Error for ClientError {}
