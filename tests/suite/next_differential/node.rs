//! The real thing: a Node process that answers a question a line.

use crate::harness::skip;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// A running driver.
pub(super) struct Node {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Node {
    /// Starts the driver, or skips `test` for want of Node or its packages.
    pub(super) fn start(test: &str) -> Option<Self> {
        match Self::spawn(&folder()) {
            Ok(node) => Some(node),
            Err(missing) => {
                skip(test, missing);
                None
            }
        }
    }

    /// The driver, or what it needs and does not find.
    fn spawn(folder: &Path) -> Result<Self, &'static str> {
        if !folder.join("node_modules/next").is_dir() {
            return Err("its packages are not installed: run `npm install` in tests/interop");
        }
        let mut child = Command::new("node")
            .arg(folder.join("driver.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|_| "there is no `node`")?;
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Ok(Self { child, questions, answers })
    }

    pub(super) fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the driver died of {question}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended of its own accord.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}
