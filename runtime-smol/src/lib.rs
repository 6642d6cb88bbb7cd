//! The HTTP engine of the Portcullis authentication gate on smol.
//!
//! This crate binds [`portcullis_hyper`] to the sockets and timers of [`async_io`], which need no
//! runtime around them: a thread of their own waits for the operating system. What runs the tasks
//! is the caller's choice. [`SmolRuntime::new`] takes any function that runs a future, so that the
//! same binding works on smol's executor and on every other one.
//!
//! Nothing of tokio's runtime, network or timers is built. hyper depends on tokio's
//! synchronisation primitives, which work on any runtime.
//!
//! ```
//! use portcullis_smol::{SmolRuntime, Executor};
//! use std::sync::Arc;
//!
//! let executor = Arc::new(Executor::new());
//! let runtime = SmolRuntime::on(executor.clone());
//! # let _ = runtime;
//! // As many threads as there are cores run the tasks; this one waits for the end.
//! # let shutdown = async {};
//! async_io::block_on(executor.run(shutdown));
//! ```

#![warn(missing_docs)]

pub use async_executor::Executor;

use async_net::{TcpListener, TcpStream};
use core::{fmt, future::Future, net::SocketAddr, panic::AssertUnwindSafe, pin::Pin};
use futures_lite::FutureExt as _;
use futures_rustls::{TlsConnector, client::TlsStream};
use portcullis_hyper::runtime::Runtime;
use rustls::{ClientConfig, pki_types::ServerName};
use smol_hyper::rt::{FuturesIo, SmolTimer};
use std::{io, sync::Arc};

/// A task that an executor is to run to its end.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// smol's sockets and timers, with an executor of the caller's choice.
#[derive(Clone)]
pub struct SmolRuntime {
    spawn: Arc<dyn Fn(Task) + Send + Sync>,
}

impl SmolRuntime {
    /// Runs tasks by handing them to `spawn`, which must run each to its end, and not right there.
    #[must_use]
    pub fn new(spawn: impl Fn(Task) + Send + Sync + 'static) -> Self {
        Self { spawn: Arc::new(spawn) }
    }

    /// Runs tasks on `executor`, which the caller runs on as many threads as there are to be.
    #[must_use]
    pub fn on(executor: Arc<Executor<'static>>) -> Self {
        Self::new(move |task| executor.spawn(task).detach())
    }
}

impl fmt::Debug for SmolRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmolRuntime").finish_non_exhaustive()
    }
}

impl Runtime for SmolRuntime {
    type Tcp = FuturesIo<TcpStream>;
    type Tls = FuturesIo<TlsStream<TcpStream>>;
    type Listener = TcpListener;
    type Timer = SmolTimer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // A panic would end the thread of the executor that happens to run the task.
        let contained = async move {
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!("a task panicked");
            }
        };
        (self.spawn)(Box::pin(contained));
    }

    fn timer(&self) -> SmolTimer {
        SmolTimer::new()
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Tcp> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(FuturesIo::new(stream))
    }

    async fn secure(
        &self,
        stream: Self::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self::Tls> {
        let connector = TlsConnector::from(config);
        Ok(FuturesIo::new(connector.connect(name, stream.into_inner()).await?))
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
        Ok((FuturesIo::new(stream), peer))
    }
}
