//! The HTTP engine of the Portcullis authentication gate on smol.
//!
//! **This crate decides nothing.** What is allowed is for `portcullis-core` to say, and how it is
//! carried out for [`portcullis_hyper`]; here are the sockets and the timers that it does so with,
//! those of `async-io`. They need no runtime around them: a thread of their own waits for the
//! operating system. What runs the tasks is the caller's choice.
//!
//! ```text
//!        your Application
//!               ▲
//!  portcullis-hyper: Server ─► FrontGate, ApiGuard ─► Driver ─► Client
//!               │                                        │         │
//!            accept                                    spawn    connect
//!               ▼                                        ▼         ▼
//!  SmolRuntime: async-net, async-io,            an Executor, or the function
//!               futures-rustls                  that you hand the tasks to
//! ```
//!
//! Nothing of tokio's runtime, network or timers is built. hyper depends on tokio's
//! synchronisation primitives, which work on any runtime.
//!
//! The front page of [`portcullis_hyper`] shows how a request travels and how each part is put
//! together. All of it goes for this crate, with a [`SmolRuntime`] where that page has its own.
//!
//! # Serve on threads of this crate's own
//!
//! [`block_on`] brings an executor, and ends when its closure does.
//!
//! ```
//! # use std::io;
//! use portcullis_hyper::server::{Server, ServerLimits};
//!
//! // The calling thread and one beside it run the tasks.
//! let address = portcullis_smol::block_on(1, async |runtime| {
//!     let mut server = Server::new(runtime, ServerLimits::default());
//!     server.bind("127.0.0.1:0".parse().map_err(io::Error::other)?).await
//! });
//! # assert!(address.is_ok());
//! ```
//!
//! # Protect an API
//!
//! ```
//! use http::{Request, Response};
//! use portcullis_core::{
//!     guard::Guard,
//!     issuer::IssuerConfig,
//!     jwt::{TokenPolicy, VerifiedToken},
//!     session::Session,
//! };
//! use portcullis_hyper::{
//!     api_guard::ApiGuard,
//!     application::Application,
//!     body::Body,
//!     crypto::AWS_LC,
//!     drive::Driver,
//!     protected_api::ProtectedApi,
//!     server::{Connection, Handler as _},
//! };
//! use portcullis_smol::SmolRuntime;
//! use std::error::Error;
//!
//! struct Orders;
//!
//! impl Application for Orders {
//!     async fn call(&self, request: Request<Body>, _: Option<&Session>) -> Response<Body> {
//!         let token = request.extensions().get::<VerifiedToken>();
//!         let subject = token.and_then(VerifiedToken::subject).unwrap_or("nobody");
//!         Response::new(Body::from(format!("The orders of {subject}.")))
//!     }
//! }
//!
//! fn api(runtime: SmolRuntime) -> Result<ProtectedApi<SmolRuntime, Orders>, Box<dyn Error>> {
//!     let issuer = IssuerConfig::new("https://tenant.example")?;
//!     let driver = Driver::for_issuers(runtime, [issuer], AWS_LC)?;
//!     let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?).build()?;
//!     Ok(ProtectedApi::new(ApiGuard::new(guard, driver), Orders))
//! }
//!
//! portcullis_smol::block_on(0, async |runtime| {
//!     // `Server::start` takes it as it is. Here it is asked without a socket.
//!     let connection = Connection::new("192.0.2.1:4000".parse()?, true);
//!     let request = Request::get("/orders").body(Body::empty())?;
//!     let refused = api(runtime)?.handle(request, connection).await;
//!     assert_eq!(refused.status(), 401);
//!     Ok::<(), Box<dyn Error>>(())
//! })?;
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! The example `smol-gateway` puts the gate before an application.
//!
//! # Run the tasks elsewhere
//!
//! [`SmolRuntime::on`] takes an [`Executor`] that you run, and [`SmolRuntime::new`] any function that
//! runs a future to its end. So the same binding works on async-std:
//!
//! ```
//! # use std::io;
//! use portcullis_hyper::server::{Server, ServerLimits};
//! use portcullis_smol::SmolRuntime;
//!
//! let runtime = SmolRuntime::new(|task| drop(async_std::task::spawn(task)));
//! let address = async_std::task::block_on(async {
//!     let mut server = Server::new(runtime, ServerLimits::default());
//!     server.bind("127.0.0.1:0".parse().map_err(io::Error::other)?).await
//! });
//! # assert!(address.is_ok());
//! ```
//!
//! # Crate features
//!
//! There are none: the crate is one binding. It turns the feature `aws-lc-rs` of
//! [`portcullis_hyper`] on, and not `tokio`. Whoever wants layers or extractors depends on that crate
//! too, and turns `tower` or `axum` on there.

#![deny(missing_docs)]

pub use async_executor::Executor;

use async_net::{TcpListener, TcpStream};
use core::{fmt, future::Future, net::SocketAddr, panic::AssertUnwindSafe, pin::Pin};
use event_listener::Event;
use futures_lite::FutureExt as _;
use futures_rustls::{TlsConnector, client::TlsStream};
use portcullis_hyper::{opaque, runtime::Runtime};
use rustls::{ClientConfig, pki_types::ServerName};
use smol_hyper::rt::FuturesIo;
use std::{io, sync::Arc, thread};

/// Runs `main` and the tasks that it spawns, on the calling thread and on `threads` beside it. Once
/// `main` is done, tasks that are not are run no further.
pub fn block_on<T>(threads: usize, main: impl AsyncFnOnce(SmolRuntime) -> T) -> T {
    let executor = Arc::new(Executor::new());
    let stop = StopOnDrop(Event::new());
    thread::scope(|scope| {
        for _ in 0..threads {
            let (executor, stopped) = (&executor, stop.0.listen());
            scope.spawn(move || async_io::block_on(executor.run(stopped)));
        }
        // Even a panic lets the other threads go, for which the scope waits.
        let _stop = stop;
        async_io::block_on(executor.run(main(SmolRuntime::on(executor.clone()))))
    })
}

struct StopOnDrop(Event);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.notify(usize::MAX);
    }
}

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

opaque! {
    /// A TCP connection of smol's.
    connection SmolTcp(FuturesIo<TcpStream>)
}

opaque! {
    /// A TCP connection of smol's, protected by TLS.
    connection SmolTls(FuturesIo<TlsStream<TcpStream>>)
}

opaque! {
    /// A listening socket of smol's.
    listener SmolListener(TcpListener)
}

opaque! {
    /// The timers of smol.
    timer SmolTimer(smol_hyper::rt::SmolTimer)
}

impl Runtime for SmolRuntime {
    type Tcp = SmolTcp;
    type Tls = SmolTls;
    type Listener = SmolListener;
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
        SmolTimer(smol_hyper::rt::SmolTimer::new())
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Tcp> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(SmolTcp(FuturesIo::new(stream)))
    }

    async fn secure(
        &self,
        stream: Self::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<Self::Tls> {
        let stream = TlsConnector::from(config).connect(name, stream.0.into_inner()).await?;
        Ok(SmolTls(FuturesIo::new(stream)))
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<SmolListener> {
        TcpListener::bind(address).await.map(SmolListener)
    }

    fn local_address(&self, listener: &SmolListener) -> io::Result<SocketAddr> {
        listener.0.local_addr()
    }

    async fn accept(&self, listener: &SmolListener) -> io::Result<(Self::Tcp, SocketAddr)> {
        let (stream, peer) = listener.0.accept().await?;
        stream.set_nodelay(true)?;
        Ok((SmolTcp(FuturesIo::new(stream)), peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn runs_what_main_spawns() {
        for threads in [0, 2] {
            let (sender, receiver) = mpsc::channel();
            let event = Arc::new(Event::new());
            let ended = event.listen();
            block_on(threads, async |runtime| {
                runtime.spawn(async move { panic!("as it should") });
                runtime.spawn(async move {
                    sender.send(7).unwrap();
                    event.notify(1);
                });
                ended.await;
            });
            assert_eq!(receiver.recv(), Ok(7));
        }
    }

    #[test]
    #[should_panic(expected = "as it should")]
    fn ends_where_main_panics() {
        block_on(2, async |_| panic!("as it should"));
    }
}
