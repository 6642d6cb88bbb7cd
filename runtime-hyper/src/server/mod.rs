//! The HTTP/1.1 server: listeners, limits, and an end in good order.

pub(crate) mod border;
mod connection;
mod write_limit;

use crate::{
    body::Body,
    runtime::{Runtime, within},
};
use connection::serve;
use core::{fmt, future::Future, net::SocketAddr, pin::pin, time::Duration};
use http::{Request, Response};
use hyper::rt::Timer as _;
use std::{io, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// What answers the requests of a server.
pub trait Handler: Send + Sync + 'static {
    /// Answers `request`, which came over `connection`.
    ///
    /// The future is dropped the moment the client disconnects. Where it panics, the connection
    /// ends and the server goes on.
    fn handle(
        &self,
        request: Request<Body>,
        connection: Connection,
    ) -> impl Future<Output = Response<Body>> + Send;
}

impl<H: Handler> Handler for Arc<H> {
    fn handle(
        &self,
        request: Request<Body>,
        connection: Connection,
    ) -> impl Future<Output = Response<Body>> + Send {
        H::handle(self, request, connection)
    }
}

/// What is known of the connection that a request came over.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Where it comes from.
    pub peer: SocketAddr,
    /// Whether TLS protects it up to this process.
    pub secure: bool,
}

impl Connection {
    /// A connection from `peer`. For servers other than this engine's, see
    /// `GateLayer` (feature `tower`).
    #[must_use]
    pub const fn new(peer: SocketAddr, secure: bool) -> Self {
        Self { peer, secure }
    }
}

/// What a server puts up with. hyper's own limit of 100 header fields stands beside these.
///
/// ```
/// use portcullis_hyper::server::ServerLimits;
///
/// let mut limits = ServerLimits::default();
/// limits.connections = 1_000;
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// The most connections at a time; further ones wait to be accepted. 10 000 by default.
    pub connections: usize,
    /// The most bytes of a request line with its header fields; more are answered with 431. 64 KiB by
    /// default.
    pub head: usize,
    /// From the start of a connection, or the end of an answer, to the last byte of the next
    /// request's head. It closes slow and idle connections alike. 30 s by default.
    pub head_time: Duration,
    /// The longest wait for the next bytes of a request body, and for a client to take bytes of
    /// an answer. 60 s by default.
    pub idle: Duration,
}

impl Default for ServerLimits {
    /// 10 000 connections, 64 KiB and 30 seconds for a head, 60 seconds without progress.
    fn default() -> Self {
        Self {
            connections: 10_000,
            head: 64 * 1024,
            head_time: Duration::from_secs(30),
            idle: Duration::from_secs(60),
        }
    }
}

/// A server that is bound but does not accept connections yet.
pub struct Server<R: Runtime> {
    runtime: R,
    limits: ServerLimits,
    listeners: Vec<(R::Listener, SocketAddr)>,
}

impl<R: Runtime> Server<R> {
    /// A server without listeners.
    #[must_use]
    pub const fn new(runtime: R, limits: ServerLimits) -> Self {
        Self { runtime, limits, listeners: Vec::new() }
    }

    /// Adds a listener and returns its address, which names the port where `address` has port 0.
    /// A name such as `localhost` takes two: one for each family, on the same port.
    ///
    /// # Errors
    ///
    /// Whatever the operating system reports, most often an address in use.
    pub async fn bind(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = self.runtime.bind(address).await?;
        let bound = self.runtime.local_address(&listener)?;
        self.listeners.push((listener, bound));
        Ok(bound)
    }

    /// Starts to accept connections and to answer them with `handler`.
    #[must_use = "a server stops when its handle is dropped"]
    pub fn start<H: Handler>(self, handler: H) -> ServerHandle<R> {
        let Self { runtime, limits, listeners } = self;
        let (phase, _) = watch::channel(Phase::Serving);
        let addresses = listeners.iter().map(|(_, address)| *address).collect();
        let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let handler = Arc::new(handler);
        for (listener, address) in listeners {
            let acceptor = Acceptor {
                runtime: runtime.clone(),
                limits,
                listener,
                handler: handler.clone(),
                slots: slots.clone(),
                phase: phase.subscribe(),
            };
            tracing::debug!(%address, "accepting connections");
            runtime.spawn(acceptor.run());
        }
        ServerHandle { runtime, addresses, phase }
    }
}

impl<R: Runtime> fmt::Debug for Server<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("limits", &self.limits)
            .field("addresses", &self.listeners.iter().map(|(_, at)| at).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Where the life of a server stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Serving,
    /// No new connections, and no further requests on those that there are.
    Draining,
    /// Whatever is left ends where it is.
    Over,
}

/// A server that runs. Dropping the handle ends it and all its connections at once.
pub struct ServerHandle<R> {
    runtime: R,
    addresses: Vec<SocketAddr>,
    phase: watch::Sender<Phase>,
}

impl<R: Runtime> ServerHandle<R> {
    /// The addresses that the server listens on, in the order in which they were bound.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Stops accepting connections, lets the requests under way come to their end, and ends those
    /// that did not within `grace`. Returns how many connections were ended that way.
    pub async fn shutdown(self, grace: Duration) -> usize {
        self.phase.send_replace(Phase::Draining);
        let left = match within(&self.runtime.timer(), grace, pin!(self.phase.closed())).await {
            Some(()) => 0,
            None => self.phase.receiver_count(),
        };
        tracing::info!(connections_ended = left, "a server has stopped");
        left
    }
}

impl<R> Drop for ServerHandle<R> {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Over);
    }
}

impl<R> fmt::Debug for ServerHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// The loop that accepts the connections of one listener.
struct Acceptor<R: Runtime, H> {
    runtime: R,
    limits: ServerLimits,
    listener: R::Listener,
    handler: Arc<H>,
    slots: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
}

impl<R: Runtime, H: Handler> Acceptor<R, H> {
    async fn run(self) {
        let mut phase = self.phase.clone();
        let stopped = async {
            // An error says that the handle is gone, which ends the server just as well.
            drop(phase.wait_for(|phase| *phase != Phase::Serving).await);
        };
        futures_lite::future::or(stopped, self.accept()).await;
    }

    async fn accept(&self) {
        let mut failures = 0_u32;
        while let Ok(slot) = self.slots.clone().acquire_owned().await {
            match self.runtime.accept(&self.listener).await {
                Ok((stream, peer)) => {
                    failures = 0;
                    self.start(stream, peer, slot);
                }
                Err(error) if concerns_one_connection(&error) => {
                    tracing::debug!(%error, "a connection ended before it was accepted");
                }
                Err(error) => {
                    // Most often the process is out of file descriptors. Asking again at once
                    // would only keep a core busy.
                    let pause = Duration::from_millis(50 << failures.min(4));
                    failures = failures.saturating_add(1);
                    tracing::warn!(%error, ?pause, "no connection can be accepted");
                    self.runtime.timer().sleep(pause).await;
                }
            }
        }
    }

    fn start(&self, stream: R::Tcp, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        let connection = Connection::new(peer, false);
        let (limits, phase) = (self.limits, self.phase.clone());
        let (timer, handler) = (self.runtime.timer(), self.handler.clone());
        self.runtime.spawn(async move {
            serve(stream, connection, handler, timer, limits, phase).await;
            drop(slot);
        });
    }
}

/// Whether accepting failed for reasons of the connection rather than of this process.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::NotConnected
            | io::ErrorKind::InvalidInput
    )
}
