//! The engine on smol's executor.

#[path = "../../runtime-hyper/tests/conformance/mod.rs"]
mod conformance;

use core::future::{Future, pending};
use portcullis_smol::{Executor, SmolRuntime};
use std::{
    sync::{Arc, OnceLock},
    thread,
};

struct Smol;

impl conformance::Harness for Smol {
    type Runtime = SmolRuntime;

    fn runtime() -> SmolRuntime {
        static EXECUTOR: OnceLock<Arc<Executor<'static>>> = OnceLock::new();
        let executor = EXECUTOR.get_or_init(|| {
            let executor = Arc::new(Executor::new());
            for _ in 0..2 {
                let executor = executor.clone();
                thread::spawn(move || async_io::block_on(executor.run(pending::<()>())));
            }
            executor
        });
        SmolRuntime::on(executor.clone())
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_io::block_on(future)
    }
}

conformance::conformance_tests!(Smol);
