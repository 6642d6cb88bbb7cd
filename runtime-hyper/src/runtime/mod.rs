//! What the engine asks of an async runtime, and nothing more.
//!
//! A binding is a handful of calls to the runtime's own sockets, timers and task queue. Everything
//! that speaks HTTP, pools connections or waits with a deadline stands above this trait and is the
//! same code on every runtime.

mod opaque;
#[cfg(feature = "tokio")]
mod tokio;

#[cfg(feature = "tokio")]
pub use tokio::{TokioListener, TokioRuntime, TokioTcp, TokioTimer, TokioTls};

use core::{future::Future, net::SocketAddr, pin::Pin, time::Duration};
use hyper::rt::{Read, Timer, Write};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc};

/// A connection, as hyper reads and writes it.
pub trait Stream: Read + Write + Send + Unpin + 'static {}

impl<S: Read + Write + Send + Unpin + 'static> Stream for S {}

/// An async runtime: tasks, timers and TCP.
///
/// Implementations are handles and cheap to clone. Both ends of a connection leave Nagle's
/// algorithm off (`TCP_NODELAY`), because HTTP writes whole messages.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// A TCP connection.
    type Tcp: Stream;
    /// A TCP connection protected by TLS.
    type Tls: Stream;
    /// A bound TCP socket that accepts connections.
    type Listener: Send + Sync + 'static;
    /// The timers.
    type Timer: Timer + Clone + Send + Sync + Unpin + 'static;

    /// Runs `task` on its own, to its end. A task that panics takes no other with it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// The timers of this runtime.
    fn timer(&self) -> Self::Timer;

    /// Connects to `port` of `host`, which is a name or an address without brackets.
    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// Completes a TLS handshake on `stream` as the client, with a peer that proves to be `name`.
    fn secure(
        &self,
        stream: Self::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> impl Future<Output = io::Result<Self::Tls>> + Send;

    /// Binds a socket to `address` and listens. Port 0 takes a free port.
    fn bind(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>> + Send;

    /// The address that `listener` is bound to.
    ///
    /// # Errors
    ///
    /// Whatever the operating system reports.
    fn local_address(&self, listener: &Self::Listener) -> io::Result<SocketAddr>;

    /// Takes the next connection, and the address that it comes from.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Tcp, SocketAddr)>> + Send;
}

/// The result of `work`, or `None` where `limit` passes first.
///
/// The work stays where its owner pinned it: were it moved in here, it would take its space in the
/// owner's future more than once.
pub(crate) async fn within<T>(
    timer: &impl Timer,
    limit: Duration,
    work: Pin<&mut impl Future<Output = T>>,
) -> Option<T> {
    let sleep = timer.sleep(limit);
    futures_lite::future::or(async { Some(work.await) }, async {
        sleep.await;
        None
    })
    .await
}
