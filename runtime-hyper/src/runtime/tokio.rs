//! The binding to tokio.

use super::Runtime;
use core::{future::Future, net::SocketAddr};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The tokio runtime that the calling task runs on.
///
/// Every call, and every future that the engine returns, must run within a tokio runtime whose
/// network and timer drivers are enabled; tokio panics otherwise.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

impl TokioRuntime {
    /// The runtime of whichever task calls.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for TokioRuntime {
    type Tcp = TokioIo<TcpStream>;
    type Tls = TokioIo<TlsStream<TcpStream>>;
    type Listener = TcpListener;
    type Timer = TokioTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(task));
    }

    fn timer(&self) -> TokioTimer {
        TokioTimer::new()
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Tcp> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }

    async fn secure(
        &self,
        stream: Self::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self::Tls> {
        let connector = TlsConnector::from(config);
        Ok(TokioIo::new(connector.connect(name, stream.into_inner()).await?))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(address).await
    }

    fn local_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(Self::Tcp, SocketAddr)> {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((TokioIo::new(stream), peer))
    }
}
