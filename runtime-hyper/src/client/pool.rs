//! Connections that wait for their next request.

use crate::{
    body::{Body, BoxError},
    runtime::Runtime,
};
use bytes::Bytes;
use core::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http1::SendRequest, rt::Timer as _};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

/// How many idle connections are kept, and for how long. Set the fields of a default one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PoolLimits {
    /// How long a connection may wait for its next request. It should be less than the peer's own
    /// limit, because a request that meets a closing connection fails. 30 s by default.
    pub idle: Duration,
    /// The most idle connections to one scheme, host and port. 128 by default.
    pub per_origin: usize,
    /// The most idle connections altogether. 512 by default.
    pub total: usize,
}

impl Default for PoolLimits {
    /// 30 seconds, 128 to one origin, 512 altogether.
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), per_origin: 128, total: 512 }
    }
}

/// The idle connections, by `scheme://host:port`.
pub(super) struct Pool {
    limits: PoolLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those that were brought back last stand last.
    idle: HashMap<Arc<str>, Vec<Idle>>,
    total: usize,
    /// Whether a task is under way that removes what waited for too long.
    cleaned: bool,
}

struct Idle {
    sender: SendRequest<Body>,
    since: Instant,
}

impl Idle {
    /// Whether it has waited for as long as it may.
    fn is_over(&self, now: Instant, limit: Duration) -> bool {
        now.saturating_duration_since(self.since) >= limit
    }
}

impl Pool {
    pub(super) fn new(limits: PoolLimits) -> Self {
        Self { limits, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to `origin` that was used last, among those that can serve a request now.
    pub(super) fn take(&self, origin: &str) -> Option<(Arc<str>, SendRequest<Body>)> {
        let now = Instant::now();
        let mut state = self.lock();
        let (key, _) = state.idle.get_key_value(origin)?;
        let key = key.clone();
        let sender = state.take(&key, now, self.limits.idle)?;
        Some((key, sender))
    }

    fn put(&self, Lease { key, sender }: Lease) {
        if sender.is_closed() {
            return;
        }
        let (now, limits) = (Instant::now(), self.limits);
        let mut state = self.lock();
        if state.is_full(&key, limits) {
            state.sweep(&key, now, limits.idle);
            if state.is_full(&key, limits) {
                return;
            }
        }
        state.idle.entry(key).or_default().push(Idle { sender, since: now });
        state.total = state.total.saturating_add(1);
    }

    /// Sees to it that connections are closed when their time is over, whether or not anything is
    /// sent to the same origin again.
    pub(super) fn keep_clean<R: Runtime>(self: &Arc<Self>, runtime: &R) {
        if core::mem::replace(&mut self.lock().cleaned, true) {
            return;
        }
        let (pool, idle, timer) = (Arc::downgrade(self), self.limits.idle, runtime.timer());
        runtime.spawn(async move {
            loop {
                timer.sleep(idle).await;
                if !pool.upgrade().is_some_and(|pool| pool.clean()) {
                    return;
                }
            }
        });
    }

    /// Removes what waited for too long, everywhere. Returns whether anything is left to watch.
    fn clean(&self) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        let origins: Vec<_> = state.idle.keys().cloned().collect();
        for origin in origins {
            state.sweep(&origin, now, self.limits.idle);
        }
        state.idle.retain(|_, idle| !idle.is_empty());
        state.cleaned = !state.idle.is_empty();
        state.cleaned
    }
}

impl State {
    /// Takes the connection to `origin` that was used last, among those that can serve a request.
    ///
    /// It is found without a look at the others, so that a request costs the same however many there
    /// are. Those that have ended go where none is found, where there is no room, and in time.
    fn take(&mut self, origin: &str, now: Instant, limit: Duration) -> Option<SendRequest<Body>> {
        let idle = self.idle.get_mut(origin)?;
        // One that was brought back a moment ago may have its last bytes still to write.
        let found = idle.iter().rposition(|idle| idle.sender.is_ready());
        match found {
            Some(index) if !idle.get(index)?.is_over(now, limit) => {
                self.total = self.total.saturating_sub(1);
                Some(idle.remove(index).sender)
            }
            _ => {
                self.sweep(origin, now, limit);
                None
            }
        }
    }

    fn is_full(&self, origin: &str, limits: PoolLimits) -> bool {
        self.total >= limits.total
            || self.idle.get(origin).is_some_and(|idle| idle.len() >= limits.per_origin)
    }

    /// Removes the connections to `origin` that have ended or waited for longer than `limit`.
    fn sweep(&mut self, origin: &str, now: Instant, limit: Duration) {
        if let Some(idle) = self.idle.get_mut(origin) {
            let before = idle.len();
            idle.retain(|idle| !idle.sender.is_closed() && !idle.is_over(now, limit));
            self.total = self.total.saturating_sub(before.saturating_sub(idle.len()));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A connection in use, and where it belongs.
pub(super) struct Lease {
    pub(super) key: Arc<str>,
    pub(super) sender: SendRequest<Body>,
}

/// The body of an answer, as it comes.
///
/// At its end the connection goes back to the pool. Where it is dropped before that, the
/// connection is closed, since nobody can say how much is still to come.
pub struct ResponseBody {
    body: Incoming,
    lease: Option<Lease>,
    pool: Weak<Pool>,
}

impl ResponseBody {
    pub(super) fn new(body: Incoming, lease: Lease, pool: &Arc<Pool>) -> Self {
        let mut leased = Self { body, lease: Some(lease), pool: Arc::downgrade(pool) };
        leased.return_at_end();
        leased
    }

    fn return_at_end(&mut self) {
        if self.body.is_end_stream() {
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        if let Some(lease) = self.lease.take()
            && let Some(pool) = self.pool.upgrade()
        {
            pool.put(lease);
        }
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => self.return_at_end(),
            Some(Err(_)) => self.lease = None,
            None => self.give_back(),
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
