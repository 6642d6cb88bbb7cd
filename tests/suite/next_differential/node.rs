//! The real thing: a Node process that answers a question a line.

use serde_json::Value;
use std::{
    env,
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
    /// Starts the driver. Without Node or its packages a test is skipped, and says so, unless
    /// `PORTCULLIS_REQUIRE_ALL` is 1.
    pub(super) fn start(test: &str) -> Option<Self> {
        let folder = folder();
        let missing = if !folder.join("node_modules/next").is_dir() {
            "its packages are not installed: run `npm ci` in tests/interop"
        } else {
            let child = Command::new("node")
                .arg(folder.join("driver.mjs"))
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn();
            match child {
                Ok(mut child) => {
                    let questions = child.stdin.take().unwrap();
                    let answers = BufReader::new(child.stdout.take().unwrap());
                    return Some(Self { child, questions, answers });
                }
                Err(_) => "there is no `node`",
            }
        };
        assert!(
            env::var_os("PORTCULLIS_REQUIRE_ALL").is_none_or(|value| value != "1"),
            "{test} is required: {missing}"
        );
        eprintln!("SKIPPED {test}: nothing was compared with the real Next.js, for {missing}");
        None
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
