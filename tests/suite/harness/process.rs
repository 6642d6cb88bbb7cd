use super::TemporaryDirectory;
use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Far longer than a start or a stop takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process whose output is read. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    output: Option<[JoinHandle<String>; 2]>,
    /// Where it runs.
    _directory: TemporaryDirectory,
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts `command` in `directory`.
    pub(crate) fn start(command: &mut Command, directory: TemporaryDirectory) -> Self {
        let mut child = command
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = channel();
        let output = [
            read(child.stdout.take().expect("it is piped"), Some(sender)),
            read(child.stderr.take().expect("it is piped"), None),
        ];
        Self { child, lines, output: Some(output), _directory: directory }
    }

    /// The next line of the standard output.
    pub(crate) fn line(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("the process says nothing"),
            Err(RecvTimeoutError::Disconnected) => panic!("it has ended: {:?}", self.wait()),
        }
    }

    /// Asks the process to stop, as a service manager does.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(told.success());
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(Instant::now() < deadline, "the process does not end");
            thread::sleep(Duration::from_millis(10));
        };
        let output = self.output.take().expect("a process ends once");
        let [stdout, stderr] = output.map(|reader| reader.join().expect("the output is read"));
        Ended { status, stdout, stderr }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `output` to its end, so that the process never waits for a reader.
fn read(output: impl Read + Send + 'static, lines: Option<Sender<String>>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            text.push_str(&line);
            text.push('\n');
            if let Some(lines) = &lines {
                // The test may have read enough.
                let _ = lines.send(line);
            }
        }
        text
    })
}
