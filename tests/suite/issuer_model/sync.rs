//! The counterpart of `sync.rs` beside the module under test, on primitives whose every
//! interleaving loom tries. Each call takes one step that others can come between, so that there are
//! as few orders to try as there can be.

use core::{
    future::Future,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use loom::sync::mpsc::{Sender, channel};
use std::{sync::Arc, task::Wake};

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
pub(super) struct Event(Arc<Mutex<Notifications>>);

#[derive(Default)]
struct Notifications {
    past: usize,
    /// Who waits for the next one.
    wakers: Vec<Waker>,
}

pub(super) struct EventListener {
    event: Arc<Mutex<Notifications>>,
    /// How many there were when it began to listen.
    past: usize,
}

impl Event {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Notifications::default())))
    }

    pub(super) fn listen(&self) -> EventListener {
        let past = self.0.lock().unwrap().past;
        EventListener { event: self.0.clone(), past }
    }

    pub(super) fn notify(&self, most: usize) {
        assert_eq!(most, usize::MAX, "everybody is told");
        let mut notifications = self.0.lock().unwrap();
        notifications.past += 1;
        let wakers = mem::take(&mut notifications.wakers);
        drop(notifications);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Future for EventListener {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut notifications = self.event.lock().unwrap();
        if notifications.past > self.past {
            return Poll::Ready(());
        }
        notifications.wakers.push(context.waker().clone());
        Poll::Pending
    }
}

/// Wakes a thread.
struct Woken(std::sync::Mutex<Sender<()>>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.lock().unwrap().send(()).unwrap();
    }
}

/// Runs a future to its end. Unlike loom's, no thread wakes up where nobody has woken it.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let (sender, woken) = channel();
    let waker = Waker::from(Arc::new(Woken(std::sync::Mutex::new(sender))));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => woken.recv().unwrap(),
        }
    }
}
