//! The servers that are measured, each a process on the first core.

use crate::{
    harness::TemporaryDirectory,
    load::{Load, OTHERS_CORE, Run, SERVER_CORE, pinned},
};
use core::time::Duration;
use serde_json::Value;
use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

/// A running server. It ends when this is dropped.
pub(crate) struct Contender {
    pub(crate) name: String,
    process: Child,
    port: u16,
    /// Where it keeps its files.
    _directory: Option<TemporaryDirectory>,
}

impl Contender {
    /// This program in another role.
    pub(crate) fn of_this_program(name: &str, role: &str, settings: &Value) -> Self {
        let mut command = pinned(SERVER_CORE, env::current_exe().unwrap());
        command.args(["serve", role]).arg(settings.to_string());
        Self::told_its_port(name, &mut command, |line| line.trim().parse().unwrap())
    }

    /// The example `axum-api`, which remembers so many tokens.
    pub(crate) fn example_api(name: &str, api: &Value, tokens: usize) -> Self {
        let mut command = pinned(SERVER_CORE, env!("CARGO_BIN_EXE_benched-axum-api"));
        for argument in ["issuer", "audience"] {
            command.arg(api[argument].as_str().unwrap());
        }
        command.args(["127.0.0.1:0", &tokens.to_string()]);
        let last = |line: &str| line.trim().rsplit(':').next().unwrap().parse().unwrap();
        Self::told_its_port(name, &mut command, last)
    }

    /// An API of Express.
    pub(crate) fn express(name: &str, api: &Value) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/express/server.mjs");
        let mut command = pinned(SERVER_CORE, "node");
        command.env("NODE_ENV", "production");
        command.arg(script).arg(Value::from([api.clone()].as_slice()).to_string());
        let first = |line: &str| serde_json::from_str::<[u16; 1]>(line).unwrap()[0];
        Self::told_its_port(&format!("Express with {name}"), &mut command, first)
    }

    /// What stands behind the proxies: an answer without any work.
    pub(crate) fn nginx_upstream(port: u16) -> Self {
        let answer = r#"{"message":"This is a private route"}"#;
        let location = format!("default_type application/json; return 200 '{answer}';");
        Self::nginx("the upstream", OTHERS_CORE, port, "", &location)
    }

    pub(crate) fn nginx_proxy(port: u16, upstream: u16) -> Self {
        let upstream = format!(
            "upstream api {{ server 127.0.0.1:{upstream}; keepalive 128; \
             keepalive_requests 1000000000; }}"
        );
        let location = "proxy_pass http://api; proxy_http_version 1.1; \
                        proxy_set_header Connection \"\";";
        Self::nginx("nginx, with nothing", SERVER_CORE, port, &upstream, location)
    }

    fn nginx(name: &str, core: &str, port: u16, upstream: &str, location: &str) -> Self {
        let directory = TemporaryDirectory::new();
        let path = directory.path().display();
        let configuration = format!(
            "daemon off; master_process off; worker_processes 1; pid {path}/pid; \
             error_log {path}/error.log; events {{ worker_connections 1024; }} \
             http {{ access_log off; client_body_temp_path {path}; proxy_temp_path {path}; \
             fastcgi_temp_path {path}; uwsgi_temp_path {path}; scgi_temp_path {path}; \
             keepalive_requests 1000000000; {upstream} server {{ listen 127.0.0.1:{port}; \
             location / {{ {location} }} }} }}"
        );
        let file = directory.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = pinned(core, "nginx");
        command.arg("-c").arg(&file).arg("-e").arg(directory.path().join("early.log"));
        let process = command.stdin(Stdio::null()).spawn().unwrap();
        await_port(port);
        Self { name: name.to_owned(), process, port, _directory: Some(directory) }
    }

    /// Starts a server that prints where it listens, and ends with its input.
    fn told_its_port(name: &str, command: &mut Command, read: impl Fn(&str) -> u16) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { name: name.to_owned(), process, port: read(&line), _directory: None }
    }

    /// Puts `load` on it.
    pub(crate) fn measure(&self, load: &Load) -> Run {
        let before = self.processor_time();
        let mut run = load.put_on(self.port);
        let spent = self.processor_time().saturating_sub(before);
        run.per_cpu_second = run.requests / spent.as_secs_f64();
        run
    }

    /// What the process has used of the processor, in all its threads.
    fn processor_time(&self) -> Duration {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // After the name, which may hold anything: `utime` and `stime` are the 14th and 15th.
        let (_, fields) = text.rsplit_once(')').unwrap();
        let fields = fields.split_ascii_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // Linux counts in hundredths towards programs, whatever its own clock does.
        Duration::from_millis(ticks * 10)
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It may have ended of its own accord.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn await_port(port: u16) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(20));
    }
}
