//! Chromium without a window, driven by WebDriver (W3C WebDriver, level 2).

use super::{Process, TemporaryDirectory};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use core::time::Duration;
use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Instant,
};
use ureq::Agent;

/// Far longer than a page takes to be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// The name by which WebDriver refers to elements (§12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const DRIVER: &str = "chromedriver";
const BROWSERS: [&str; 2] = ["chromium", "chromium-browser"];

/// The program of the browser's that this machine lacks.
pub(crate) fn missing_program() -> Option<&'static str> {
    if find(&BROWSERS).is_none() {
        Some(BROWSERS[0])
    } else if find(&[DRIVER]).is_none() {
        Some(DRIVER)
    } else {
        None
    }
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
        .find(|program| program.is_file())
}

/// A browser with a profile of its own. It is closed when this is dropped.
#[derive(Debug)]
pub(crate) struct Browser {
    agent: Agent,
    /// The URL of the session.
    session: String,
    /// What is used until the browser is closed, and goes after it.
    _driver: Process,
    _profile: TemporaryDirectory,
}

impl Browser {
    pub(crate) fn open() -> Self {
        let driver = find(&[DRIVER]).expect("a driver");
        let mut driver =
            Process::start(Command::new(driver).arg("--port=0"), TemporaryDirectory::new());
        let port = loop {
            let line = driver.line();
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let profile = TemporaryDirectory::new();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--window-size=1100,800",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({"args": arguments, "binary": find(&BROWSERS)});
        let capabilities = json!({"browserName": "chrome", "goog:chromeOptions": options});
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .into();
        let base = format!("http://127.0.0.1:{port}/session");
        let started =
            send(&agent, &base, Some(&json!({"capabilities": {"alwaysMatch": capabilities}})));
        let id = started["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {started}"));
        Self { session: format!("{base}/{id}"), agent, _driver: driver, _profile: profile }
    }

    pub(crate) fn go(&self, url: &str) {
        self.command("url", Some(&json!({"url": url})));
    }

    /// The address of the page that is shown.
    pub(crate) fn url(&self) -> String {
        self.command("url", None).as_str().expect("a URL").to_owned()
    }

    /// Waits until the page has an element for `selector` that has text, and returns the text.
    pub(crate) fn text(&self, selector: &str) -> String {
        self.wait(selector, |element| {
            let text = self.try_command(&format!("element/{element}/text"), None)?;
            text.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        })
    }

    /// Waits until the page has an element for `selector`, and clicks it.
    pub(crate) fn click(&self, selector: &str) {
        self.wait(selector, |element| {
            self.try_command(&format!("element/{element}/click"), Some(&json!({})))
        });
    }

    /// What a script of the page comes to.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.command("execute/sync", Some(&json!({"script": script, "args": []})))
    }

    /// Keeps a picture of the page.
    pub(crate) fn keep_picture(&self, name: &str) {
        let picture = self.command("screenshot", None);
        let picture = STANDARD.decode(picture.as_str().expect("a picture")).expect("base64");
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts");
        fs::create_dir_all(&directory).expect("a directory");
        fs::write(directory.join(format!("{name}.png")), picture).expect("a file");
    }

    fn wait<T>(&self, selector: &str, try_once: impl Fn(&str) -> Option<T>) -> T {
        let start = Instant::now();
        let query = json!({"using": "css selector", "value": selector});
        loop {
            let found = self.try_command("element", Some(&query));
            // An element may be gone again with its page.
            let outcome =
                found.as_ref().and_then(|found| found[ELEMENT].as_str()).and_then(&try_once);
            if let Some(outcome) = outcome {
                return outcome;
            }
            assert!(start.elapsed() < PATIENCE, "{selector} is not on the page {}", self.url());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn command(&self, path: &str, body: Option<&Value>) -> Value {
        let answer = send(&self.agent, &format!("{}/{path}", self.session), body);
        assert!(answer.get("error").is_none(), "{path}: {answer}");
        answer
    }

    fn try_command(&self, path: &str, body: Option<&Value>) -> Option<Value> {
        let answer = send(&self.agent, &format!("{}/{path}", self.session), body);
        answer.get("error").is_none().then_some(answer)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
    }
}

/// Sends a command to the driver: a POST where it has a body, else a GET.
fn send(agent: &Agent, url: &str, body: Option<&Value>) -> Value {
    let sent = match body {
        Some(body) => {
            agent.post(url).header("content-type", "application/json").send(body.to_string())
        }
        None => agent.get(url).call(),
    };
    let mut answer = sent.unwrap_or_else(|error| panic!("{url}: {error}"));
    // A picture is larger than what is read by default.
    let text = answer.body_mut().with_config().limit(64 * 1024 * 1024).read_to_string();
    let mut answer: Value =
        serde_json::from_str(&text.expect("an answer")).expect("an answer in JSON");
    answer["value"].take()
}
