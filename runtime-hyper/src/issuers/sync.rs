//! What an issuer is shared with. A model checker replaces this module, and nothing else, to try
//! every order in which threads can come.

use arc_swap::{ArcSwap, Guard};
use std::sync::Arc;

pub(super) use event_listener::{Event, EventListener};
pub(super) use std::sync::{Mutex, MutexGuard};

/// The newest of something. Reading it takes no lock.
pub(super) struct Newest<T>(ArcSwap<T>);

impl<T> Newest<T> {
    pub(super) fn new(first: Arc<T>) -> Self {
        Self(ArcSwap::new(first))
    }

    /// A look at the newest one.
    pub(super) fn look(&self) -> Guard<Arc<T>> {
        self.0.load()
    }

    /// The newest one, to keep.
    pub(super) fn get(&self) -> Arc<T> {
        self.0.load_full()
    }

    pub(super) fn set(&self, newest: Arc<T>) {
        self.0.store(newest);
    }
}
