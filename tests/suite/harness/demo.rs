//! The demonstration as a process of its own, on free ports.

use super::{Ended, Process, Provider, TemporaryDirectory};
use std::{env, process::Command};

/// Which runtime carries the gate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Runtime {
    Hyper,
    Smol,
}

impl Runtime {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Smol => "smol",
        }
    }
}

/// A running demonstration.
#[derive(Debug)]
pub(crate) struct Demo {
    process: Process,
    /// Where the front end is, without a slash at the end.
    pub(crate) frontend: String,
    /// Where the API is, without its path.
    pub(crate) api: String,
    /// Where the provider is.
    pub(crate) provider: String,
}

impl Demo {
    /// Starts it with its built-in provider.
    pub(crate) fn start(runtime: Runtime) -> Self {
        Self::start_with(runtime, &[])
    }

    /// Starts it with a provider of the test's own.
    pub(crate) fn with_provider(runtime: Runtime, provider: &Provider) -> Self {
        Self::start_with(runtime, &provider.settings())
    }

    /// Starts it with these settings beside the addresses.
    pub(crate) fn start_with(runtime: Runtime, settings: &[(&str, &str)]) -> Self {
        let mut process = Self::spawn(runtime, settings, TemporaryDirectory::new());
        let mut address = |label: &str| loop {
            let line = process.line();
            if line.trim_start().starts_with(label) {
                let url = line.split_whitespace().find(|word| word.starts_with("http://"));
                break url.expect("an address").to_owned();
            }
        };
        let frontend = address("Front end");
        let api = address("API").trim_end_matches("/api").to_owned();
        let provider = address("Identity provider");
        Self { process, frontend, api, provider }
    }

    /// Starts a process that may be unable to go on.
    pub(crate) fn spawn(
        runtime: Runtime,
        settings: &[(&str, &str)],
        directory: TemporaryDirectory,
    ) -> Process {
        let Some(program) = option_env!("CARGO_BIN_EXE_portcullis-under-test") else {
            panic!("the benches, which use other parts of the harness, have no such binary");
        };
        let mut command = Command::new(program);
        command.args(["--runtime", runtime.name()]);
        let ours = |name: &str| name.starts_with("AUTH0_") || name.starts_with("PORTCULLIS_");
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(ours)) {
            command.env_remove(name);
        }
        for name in ["PORTCULLIS_FRONTEND_ADDR", "PORTCULLIS_API_ADDR", "PORTCULLIS_IDP_ADDR"] {
            command.env(name, "127.0.0.1:0");
        }
        command.envs(settings.iter().copied());
        Process::start(&mut command, directory)
    }

    /// Tells the process to stop, and waits until it has.
    pub(crate) fn stop(self) -> Ended {
        self.terminate();
        self.wait()
    }

    /// Tells the process to stop.
    pub(crate) fn terminate(&self) {
        self.process.terminate();
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(mut self) -> Ended {
        self.process.wait()
    }
}
