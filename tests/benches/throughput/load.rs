//! The load, put on by `wrk` from the second core.

use core::time::Duration;
use std::{env, ffi::OsStr, path::Path, process::Command};

pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const OTHERS_CORE: &str = "1";

/// One request, sent again and again over several connections.
#[derive(Clone)]
pub(crate) struct Load {
    /// Header fields.
    pub(crate) fields: Vec<String>,
    pub(crate) path: &'static str,
    pub(crate) connections: usize,
    pub(crate) run: Duration,
}

/// What a server did in one run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub(crate) requests: f64,
    pub(crate) per_second: f64,
    /// For each second that the server had of a processor.
    pub(crate) per_cpu_second: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Run {
    pub(crate) fn median(runs: &[Self], of: impl Fn(&Self) -> f64) -> f64 {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}

/// A program that runs on one core.
pub(crate) fn pinned(core: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program);
    command
}

/// The programs that this machine lacks, and the packages of Node that it lacks.
pub(crate) fn missing_programs() -> Vec<&'static str> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_missing = |program: &&str| {
        !env::split_paths(&path).any(|directory| directory.join(program).is_file())
    };
    let mut missing: Vec<_> =
        ["wrk", "nginx", "node", "taskset"].into_iter().filter(is_missing).collect();
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/express/node_modules");
    if !packages.is_dir() {
        missing.push("`npm install` in tests/interop/express");
    }
    missing
}

impl Load {
    /// Runs it against the server at `port`.
    ///
    /// # Panics
    ///
    /// Where any answer is no success.
    pub(crate) fn put_on(&self, port: u16) -> Run {
        let mut command = pinned(OTHERS_CORE, "wrk");
        command.args(["--latency", "--threads", "1"]);
        command.args(["--connections", &self.connections.to_string()]);
        command.args(["--duration", &format!("{}s", self.run.as_secs())]);
        for field in &self.fields {
            command.args(["--header", field]);
        }
        let output = command.arg(format!("http://127.0.0.1:{port}{}", self.path)).output();
        let output = String::from_utf8(output.unwrap().stdout).unwrap();
        assert!(!output.contains("Non-2xx") && !output.contains("Socket errors"), "{output}");
        let after = |label: &str| {
            let (_, rest) = output.split_once(label)?;
            rest.split_ascii_whitespace().next()
        };
        let (before, _) = output.split_once(" requests in ").unwrap();
        Run {
            requests: before.split_ascii_whitespace().last().unwrap().parse().unwrap(),
            per_second: after("Requests/sec:").unwrap().parse().unwrap(),
            per_cpu_second: 0.0,
            p50: milliseconds(after("\n     50%").unwrap()),
            p99: milliseconds(after("\n     99%").unwrap()),
        }
    }
}

/// Reads a time such as `12.34ms`.
fn milliseconds(text: &str) -> f64 {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)];
    let found = units
        .iter()
        .find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor));
    found.unwrap_or_else(|| panic!("`{text}` is no time"))
}
