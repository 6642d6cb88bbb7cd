//! One connection from its first byte to its last.

use super::{Connection, Handler, Phase, ServerLimits, border, write_limit::WriteLimit};
use crate::{
    body::{Body, Guarded},
    runtime::Stream,
};
use core::{convert::Infallible, panic::AssertUnwindSafe, pin::pin};
use futures_lite::FutureExt as _;
use http::{Request, Response};
use hyper::{body::Incoming, rt::Timer, server::conn::http1, service::service_fn};
use std::sync::Arc;
use tokio::sync::watch;

/// hyper accepts no smaller buffer.
const MIN_BUFFER: usize = 8192;

/// Answers the requests of a connection until either side has had enough.
pub(super) async fn serve<H, T>(
    stream: impl Stream,
    connection: Connection,
    handler: Arc<H>,
    timer: T,
    limits: ServerLimits,
    mut phase: watch::Receiver<Phase>,
) where
    H: Handler,
    T: Timer + Clone + Send + Sync + Unpin + 'static,
{
    let stream = WriteLimit::new(stream, timer.clone(), limits.idle);
    let front = Arc::new(Front { handler, connection, timer: timer.clone(), limits });
    let service = service_fn(move |request| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    // Without the timer, the limit of the head's time would be off.
    builder.timer(timer).header_read_timeout(limits.head_time);
    builder.max_header_size(limits.head).max_buf_size(limits.head.max(MIN_BUFFER));
    let mut served = pin!(builder.serve_connection(stream, service));

    let peer = connection.peer;
    loop {
        let ended = async { Some(AssertUnwindSafe(served.as_mut()).catch_unwind().await) };
        let changed = async {
            // Where the handle is gone, so is the server.
            let handle = phase.changed().await;
            tracing::trace!(%peer, gone = handle.is_err(), "the server comes to its end");
            None
        };
        match ended.or(changed).await {
            Some(Ok(Ok(()))) => return,
            Some(Ok(Err(error))) => {
                tracing::debug!(%peer, %error, "a connection broke");
                return;
            }
            Some(Err(_panic)) => {
                tracing::error!(%peer, "a handler panicked; its connection ends");
                return;
            }
            None if *phase.borrow_and_update() == Phase::Draining => {
                served.as_mut().graceful_shutdown();
            }
            None => return,
        }
    }
}

/// What stands between hyper and the handler.
struct Front<H, T> {
    handler: Arc<H>,
    connection: Connection,
    timer: T,
    limits: ServerLimits,
}

impl<H, T> Front<H, T>
where
    H: Handler,
    T: Timer + Clone + Send + Sync + Unpin + 'static,
{
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if let Err(refusal) = border::check(&request) {
            tracing::info!(
                peer = %self.connection.peer,
                reason = refusal.reason(),
                "refused a request for its framing",
            );
            return refusal.response();
        }
        let guard = |body| Guarded::new(body, self.timer.clone(), self.limits.idle);
        let request = request.map(|body| Body::stream(guard(body)));
        self.handler.handle(request, self.connection).await
    }
}
