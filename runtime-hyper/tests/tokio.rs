//! The engine on tokio.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used)]

mod conformance;

use core::future::Future;
use portcullis_hyper::runtime::TokioRuntime;
use std::sync::OnceLock;

struct Tokio;

impl conformance::Harness for Tokio {
    type Runtime = TokioRuntime;

    fn runtime() -> TokioRuntime {
        TokioRuntime::new()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
        let runtime = RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap());
        runtime.block_on(future)
    }
}

conformance::conformance_tests!(Tokio);
