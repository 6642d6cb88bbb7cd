//! The binding to tokio.

use super::Runtime;
use crate::opaque;
use core::{future::Future, net::SocketAddr};
use hyper_util::rt::TokioIo;
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

opaque! {
    /// A TCP connection of tokio's.
    connection TokioTcp(TokioIo<TcpStream>)
}

opaque! {
    /// A TCP connection of tokio's, protected by TLS.
    connection TokioTls(TokioIo<TlsStream<TcpStream>>)
}

opaque! {
    /// A listening socket of tokio's.
    listener TokioListener(TcpListener)
}

opaque! {
    /// The timers of tokio.
    timer TokioTimer(hyper_util::rt::TokioTimer)
}

impl Runtime for TokioRuntime {
    type Tcp = TokioTcp;
    type Tls = TokioTls;
    type Listener = TokioListener;
    type Timer = TokioTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(task));
    }

    fn timer(&self) -> TokioTimer {
        TokioTimer(hyper_util::rt::TokioTimer::new())
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Tcp> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(TokioTcp(TokioIo::new(stream)))
    }

    async fn secure(
        &self,
        stream: Self::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self::Tls> {
        let stream = TlsConnector::from(config).connect(name, stream.0.into_inner()).await?;
        Ok(TokioTls(TokioIo::new(stream)))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<TokioListener> {
        TcpListener::bind(address).await.map(TokioListener)
    }

    fn local_address(&self, listener: &TokioListener) -> io::Result<SocketAddr> {
        listener.0.local_addr()
    }

    async fn accept(&self, listener: &TokioListener) -> io::Result<(Self::Tcp, SocketAddr)> {
        let (stream, peer) = listener.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok((TokioTcp(TokioIo::new(stream)), peer))
    }
}
