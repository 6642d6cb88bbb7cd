//! The counterpart of `sync.rs` beside the module under test, on primitives whose every
//! interleaving loom tries.

use core::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};
use loom::{
    future::AtomicWaker,
    sync::atomic::{AtomicBool, Ordering},
};
use std::sync::Arc;

pub(super) use loom::sync::{Mutex, MutexGuard};

/// The newest of something.
pub(super) struct Newest<T>(Mutex<Arc<T>>);

impl<T> Newest<T> {
    pub(super) fn new(first: Arc<T>) -> Self {
        Self(Mutex::new(first))
    }

    pub(super) fn look(&self) -> Arc<T> {
        self.get()
    }

    pub(super) fn get(&self) -> Arc<T> {
        self.0.lock().unwrap().clone()
    }

    pub(super) fn set(&self, newest: Arc<T>) {
        *self.0.lock().unwrap() = newest;
    }
}

/// As `event_listener::Event`: who listens is told of the next notification, and of none before.
pub(super) struct Event(Mutex<Vec<Arc<Told>>>);

struct Told {
    told: AtomicBool,
    waker: AtomicWaker,
}

pub(super) struct EventListener(Arc<Told>);

impl Event {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn listen(&self) -> EventListener {
        let told = Arc::new(Told { told: AtomicBool::new(false), waker: AtomicWaker::new() });
        self.0.lock().unwrap().push(told.clone());
        EventListener(told)
    }

    pub(super) fn notify(&self, most: usize) {
        assert_eq!(most, usize::MAX, "everybody is told");
        for listener in mem::take(&mut *self.0.lock().unwrap()) {
            listener.told.store(true, Ordering::SeqCst);
            listener.waker.wake();
        }
    }
}

impl Future for EventListener {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.waker.register_by_ref(context.waker());
        if self.0.told.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    }
}
