//! The same binding on the executor of async-std, which shares smol's reactor. async-std is
//! discontinued: this shows that the binding depends on no executor, and nothing ships it.

#[path = "../../runtime-hyper/tests/conformance/mod.rs"]
mod conformance;

use core::future::Future;
use portcullis_smol::SmolRuntime;

struct AsyncStd;

impl conformance::Harness for AsyncStd {
    type Runtime = SmolRuntime;

    fn runtime() -> SmolRuntime {
        SmolRuntime::new(|task| drop(async_std::task::spawn(task)))
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_std::task::block_on(future)
    }
}

conformance::conformance_tests!(AsyncStd);
