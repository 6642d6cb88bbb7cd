//! The real thing: a Node process with an API of Express for each question of the tests.

use crate::harness::skip;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The APIs of Express. They end when this is dropped.
pub(super) struct Express {
    process: Child,
    /// Where each of them listens.
    pub(super) ports: Vec<u16>,
}

impl Express {
    /// Starts `apis`, or skips `test` for want of Node or its packages.
    pub(super) fn start(test: &str, apis: &[Value]) -> Option<Self> {
        match Self::spawn(&folder(), apis) {
            Ok(process) => Some(Self::listening(process)),
            Err(missing) => {
                skip(test, missing);
                None
            }
        }
    }

    /// The process, or what it needs and does not find.
    fn spawn(folder: &Path, apis: &[Value]) -> Result<Child, &'static str> {
        if !folder.join("node_modules/express").is_dir() {
            return Err(
                "its packages are not installed: run `npm install` in tests/interop/express",
            );
        }
        Command::new("node")
            .arg(folder.join("server.mjs"))
            .arg(Value::from(apis).to_string())
            // It would write every refusal into its log.
            .env("NODE_ENV", "test")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|_| "there is no `node`")
    }

    fn listening(mut process: Child) -> Self {
        let mut line = String::new();
        let output = process.stdout.as_mut().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("its output is text");
        let ports = serde_json::from_str(&line).expect("the ports");
        Self { process, ports }
    }
}

impl Drop for Express {
    fn drop(&mut self) {
        // It may have ended of its own accord.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/express")
}
