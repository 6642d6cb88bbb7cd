//! Chromium without a window, driven by WebDriver (W3C WebDriver, level 2).

use super::{Process, TemporaryDirectory, client::is_session_cookie};
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

/// Between two looks at a page.
const PAUSE: Duration = Duration::from_millis(50);

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

/// One of the browser's tabs.
#[derive(Debug)]
pub(crate) struct Tab(String);

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
            "--window-size=1100,960",
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

    pub(crate) fn back(&self) {
        self.command("back", Some(&json!({})));
    }

    pub(crate) fn reload(&self) {
        self.command("refresh", Some(&json!({})));
    }

    /// The tab that is in front.
    pub(crate) fn tab(&self) -> Tab {
        Tab(self.command("window", None).as_str().expect("a tab").to_owned())
    }

    /// Opens an empty tab and goes there.
    pub(crate) fn open_tab(&self) -> Tab {
        let tab = self.command("window/new", Some(&json!({"type": "tab"})));
        let tab = Tab(tab["handle"].as_str().expect("a tab").to_owned());
        self.go_to_tab(&tab);
        tab
    }

    /// Puts `tab` in front, as a click on it does.
    pub(crate) fn go_to_tab(&self, tab: &Tab) {
        self.command("window", Some(&json!({"handle": tab.0})));
        self.devtools("Page.bringToFront", &json!({}));
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

    /// Waits until the page has an element for `selector` with exactly this text.
    pub(crate) fn reads(&self, selector: &str, expected: &str) {
        self.wait(selector, |element| {
            let text = self.try_command(&format!("element/{element}/text"), None)?;
            (text.as_str() == Some(expected)).then_some(())
        });
    }

    /// Waits until the page has an element for `selector`, and clicks it.
    pub(crate) fn click(&self, selector: &str) {
        self.wait(selector, |element| {
            self.try_command(&format!("element/{element}/click"), Some(&json!({})))
        });
    }

    /// Waits until the page has an element for `selector`, and clicks it twice in a row.
    pub(crate) fn click_twice(&self, selector: &str) {
        let press = ["pointerDown", "pointerUp"].map(|kind| json!({"type": kind, "button": 0}));
        self.wait(selector, |element| {
            let to = json!({"type": "pointerMove", "x": 0, "y": 0, "origin": {ELEMENT: element}});
            let actions = [&[to][..], &press, &press].concat();
            let mouse = json!({"type": "pointer", "id": "mouse", "actions": actions});
            self.try_command("actions", Some(&json!({"actions": [mouse]})))
        });
    }

    /// Writes `text` into the field for `selector`, in place of what is there.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        self.wait(selector, |element| {
            self.try_command(&format!("element/{element}/clear"), Some(&json!({})))?;
            let text = json!({"text": text});
            self.try_command(&format!("element/{element}/value"), Some(&text))
        });
    }

    /// Presses a key wherever the focus is.
    pub(crate) fn press(&self, key: char) {
        let actions = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.command("actions", Some(&json!({"actions": [keyboard]})));
    }

    /// Waits until the page has an element for `selector` that can be seen.
    pub(crate) fn sees(&self, selector: &str) {
        self.wait_for(selector, true);
    }

    /// Waits until the page has no element for `selector` that can be seen.
    pub(crate) fn sees_no(&self, selector: &str) {
        self.wait_for(selector, false);
    }

    /// Waits until the page at `url` is there.
    pub(crate) fn arrives_at(&self, url: &str) {
        let start = Instant::now();
        while self.url() != url || self.run("return document.readyState") != "complete" {
            assert!(start.elapsed() < PATIENCE, "the page is {} and not {url}", self.url());
            thread::sleep(PAUSE);
        }
    }

    /// Loses the session cookie, as happens when its time is over.
    pub(crate) fn lose_session(&self) {
        let cookies = self.command("cookie", None);
        let names =
            cookies.as_array().expect("cookies").iter().filter_map(|cookie| {
                cookie["name"].as_str().filter(|name| is_session_cookie(name))
            });
        let lost = names.inspect(|name| {
            self.devtools("Network.deleteCookies", &json!({"name": name, "url": self.url()}));
        });
        assert!(lost.count() > 0, "there is no session: {cookies}");
    }

    /// Turns scripts on pages off.
    pub(crate) fn turn_scripts_off(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    }

    /// Makes the window as small as that of a phone.
    pub(crate) fn become_a_phone(&self) {
        let screen = json!({"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", &screen);
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

    /// Tells Chromium something for which WebDriver has no command.
    fn devtools(&self, command: &str, parameters: &Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.command("goog/cdp/execute", Some(&body));
    }

    fn wait_for(&self, selector: &str, is_shown: bool) {
        let start = Instant::now();
        let query = json!({"using": "css selector", "value": selector});
        loop {
            let found = self.try_command("element", Some(&query));
            let shown = found.as_ref().and_then(|found| found[ELEMENT].as_str()).and_then(|id| {
                self.try_command(&format!("element/{id}/displayed"), None)?.as_bool()
            });
            if shown.unwrap_or_default() == is_shown {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{selector}: {shown:?} on {}", self.url());
            thread::sleep(PAUSE);
        }
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
            assert!(start.elapsed() < PATIENCE, "{selector} is not as it should: {}", self.url());
            thread::sleep(PAUSE);
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
