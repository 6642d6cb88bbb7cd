//! How far a request has come on its way to an upstream.

use crate::{
    body::{Body, BoxError, IdleError},
    runtime::within,
};
use bytes::Bytes;
use core::{
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicU8, AtomicU64, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Timer;
use std::{sync::Arc, time::Instant};

/// What became of the body of a request, seen from outside of the client that sends it.
pub(crate) struct Progress {
    start: Instant,
    /// Milliseconds from the start to the last frame.
    last: AtomicU64,
    fault: AtomicU8,
}

/// How the client's side of a request failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The framing was wrong, or the connection broke.
    Broken = 1,
    /// Nothing came for the idle limit.
    Idle = 2,
}

impl Progress {
    fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), fault: AtomicU8::new(0) }
    }

    /// The time since the last frame.
    fn standstill(&self) -> Duration {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(last)
    }

    fn advance(&self) {
        let elapsed = self.start.elapsed().as_millis();
        self.last.store(u64::try_from(elapsed).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether it was the client that failed.
    pub(crate) fn fault(&self) -> Option<Fault> {
        match self.fault.load(Ordering::Relaxed) {
            1 => Some(Fault::Broken),
            2 => Some(Fault::Idle),
            _ => None,
        }
    }

    /// The result of `work`, or `None` where neither it nor the body went on for `limit`.
    pub(crate) async fn within<T>(
        &self,
        timer: &impl Timer,
        limit: Duration,
        mut work: Pin<&mut impl Future<Output = T>>,
    ) -> Option<T> {
        loop {
            let left = limit.saturating_sub(self.standstill());
            if let Some(result) = within(timer, left, work.as_mut()).await {
                return Some(result);
            }
            if self.standstill() >= limit {
                return None;
            }
        }
    }
}

/// The body to send, and where to look how far it has come.
pub(crate) fn track(body: Body) -> (Body, Arc<Progress>) {
    let progress = Arc::new(Progress::new());
    let tracked = Tracked { body, progress: progress.clone() };
    (Body::stream(tracked), progress)
}

/// A body whose progress is noted.
struct Tracked {
    body: Body,
    progress: Arc<Progress>,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.progress.advance();
        if let Some(Err(error)) = &frame {
            let fault = if error.is::<IdleError>() { Fault::Idle } else { Fault::Broken };
            self.progress.fault.store(fault as u8, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
