//! The process itself: how it starts, what stops the start, and how it ends.

use crate::harness::{Client, Demo, Ended, Provider, Runtime, TemporaryDirectory, settings};
use core::time::Duration;
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

const PROVIDER: &str = "https://tenant.example";

/// A start that comes to nothing.
fn run(runtime: Runtime, settings: &[(&str, &str)]) -> Ended {
    let ended = Demo::spawn(runtime, settings, TemporaryDirectory::new()).wait();
    assert!(!ended.status.success(), "{ended:?}");
    assert_eq!(ended.stdout, "");
    for secret in [Provider::CLIENT_SECRET, Provider::COOKIE_SECRET] {
        assert!(!ended.stderr.contains(secret), "{ended:?}");
    }
    ended
}

pub(crate) fn stops_when_it_is_told_to(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let frontend = demo.frontend.clone();
    assert_eq!(Client::new().open(&frontend).status, 200);
    let ended = demo.stop();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(&format!("running on {}", runtime.name())), "{ended:?}");
    assert_eq!(ended.stderr, "");
}

pub(crate) fn answers_requests_under_way_before_it_stops(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let mut request = begin_request(&demo);
    demo.terminate();
    request.write_all(b"other half").expect("the connection stands");
    let mut answer = String::new();
    request.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let ended = demo.wait();
    assert!(ended.status.success(), "{ended:?}");
}

pub(crate) fn waits_for_nothing_when_it_is_told_twice(runtime: Runtime) {
    let demo = Demo::start(runtime);
    let request = begin_request(&demo);
    demo.terminate();
    // Signals of one kind that come at once are one.
    while TcpStream::connect(host(&demo.frontend)).is_ok() {
        thread::sleep(Duration::from_millis(10));
    }
    demo.terminate();
    let ended = demo.wait();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    drop(request);
}

/// A form for the provider, of which the half is still to come.
fn begin_request(demo: &Demo) -> TcpStream {
    let host = host(&demo.provider);
    let mut connection = TcpStream::connect(host).expect("the provider listens");
    let form = "application/x-www-form-urlencoded";
    let head = format!(
        "POST /authorize HTTP/1.1\r\nhost: {host}\r\ncontent-type: {form}\r\n\
         expect: 100-continue\r\ncontent-length: 20\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).expect("the provider listens");
    // It asks for the body, and so has begun.
    let mut asked = [0; 25];
    connection.read_exact(&mut asked).expect("the provider answers");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(b"first half").expect("the provider listens");
    connection
}

fn host(url: &str) -> &str {
    url.trim_start_matches("http://")
}

pub(crate) fn names_every_setting_that_is_missing(runtime: Runtime) {
    let all = settings(PROVIDER);
    for (missing, _) in all {
        let rest: Vec<_> = all.into_iter().filter(|(name, _)| *name != missing).collect();
        let ended = run(runtime, &rest);
        assert!(ended.stderr.contains(&format!("{missing} (or ")), "{ended:?}");
        for (name, _) in rest {
            assert!(!ended.stderr.contains(&format!("{name} (or ")), "{ended:?}");
        }
    }
}

pub(crate) fn names_a_setting_that_is_wrong_and_shows_no_value(runtime: Runtime) {
    for (name, value) in [
        ("AUTH0_SECRET", "short-7f3a"),
        ("AUTH0_BASE_URL", "https://app.example/with/a-path-7f3a"),
        ("AUTH0_ISSUER_BASE_URL", "http://tenant-7f3a.example"),
        ("AUTH0_CLIENT_ID", "with blanks 7f3a"),
        ("AUTH0_SCOPE", "profile-7f3a"),
        ("PORTCULLIS_FRONTEND_ADDR", "7f3a"),
        ("PORTCULLIS_API_ADDR", "localhost:7f3a"),
        ("PORTCULLIS_IDP_ADDR", "192.0.2.1:4000"),
    ] {
        let mut settings = settings(PROVIDER).to_vec();
        settings.push((name, value));
        let ended = run(runtime, &settings);
        assert!(ended.stderr.contains(&format!("{name}: ")), "{ended:?}");
        assert!(!ended.stderr.contains("7f3a"), "{ended:?}");
    }
}

pub(crate) fn names_settings_that_contradict_each_other(runtime: Runtime) {
    let mut two_names = settings(PROVIDER).to_vec();
    two_names.push(("PORTCULLIS_CLIENT_ID", "another-client"));
    let ended = run(runtime, &two_names);
    for name in ["AUTH0_CLIENT_ID", "PORTCULLIS_CLIENT_ID"] {
        assert!(ended.stderr.contains(name), "{ended:?}");
    }
    let one_address =
        [("PORTCULLIS_FRONTEND_ADDR", "127.0.0.1:9"), ("PORTCULLIS_API_ADDR", "127.0.0.1:9")];
    let ended = run(runtime, &one_address);
    for (name, _) in one_address {
        assert!(ended.stderr.contains(name), "{ended:?}");
    }
}

pub(crate) fn names_everything_that_is_wrong_at_once(runtime: Runtime) {
    let ended = run(
        runtime,
        &[
            ("AUTH0_SESION_NAME", "x"),
            ("AUTH0_SESSION_ROLLING", "flase"),
            ("PORTCULLIS_LOGOUT_TARGETS", "http://www.example/bye"),
            ("PORTCULLIS_CORS", "*"),
            ("PORTCULLIS_ROUTES", "auth/"),
            ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", "no key"),
        ],
    );
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    for line in [
        "AUTH0_SESION_NAME is no setting; did you mean AUTH0_SESSION_NAME?",
        "PORTCULLIS_CORS is no setting; did you mean PORTCULLIS_CORS_ORIGINS?",
        "AUTH0_SESSION_ROLLING: it must be true or false",
        "PORTCULLIS_LOGOUT_TARGETS: it must be absolute https URLs",
        "PORTCULLIS_ROUTES: it must be a plain path",
        "AUTH0_CLIENT_ASSERTION_SIGNING_KEY: it must be a private key in PEM",
    ] {
        assert!(ended.stderr.contains(&format!("\n  - {line}")), "{line}: {ended:?}");
    }
    assert_eq!(ended.stderr.matches("\n  - ").count(), 6, "{ended:?}");
}

pub(crate) fn warns_of_what_has_no_effect(runtime: Runtime) {
    let demo = Demo::start_with(
        runtime,
        &[
            ("AUTH0_ENABLE_TELEMETRY", "true"),
            ("AUTH0_COOKIE_SAME_SITE", "strict"),
            ("AUTH0_MANAGEMENT_API_TOKEN", "secret-7f3a"),
        ],
    );
    let ended = demo.stop();
    assert!(ended.status.success(), "{ended:?}");
    for line in [
        "AUTH0_ENABLE_TELEMETRY has no effect: there is no telemetry",
        "AUTH0_COOKIE_SAME_SITE has no effect: cookies are",
        "AUTH0_MANAGEMENT_API_TOKEN is no setting and has no effect",
    ] {
        assert!(ended.stderr.contains(line), "{ended:?}");
    }
    assert!(!ended.stderr.contains("7f3a"), "{ended:?}");
}

pub(crate) fn names_the_setting_of_an_address_that_is_in_use(runtime: Runtime) {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();
    for name in ["PORTCULLIS_FRONTEND_ADDR", "PORTCULLIS_API_ADDR", "PORTCULLIS_IDP_ADDR"] {
        let ended = run(runtime, &[(name, &address)]);
        assert!(ended.stderr.contains(name), "{ended:?}");
        assert!(ended.stderr.contains(&address), "{ended:?}");
        assert!(ended.stderr.contains(&format!("{name}=localhost:0")), "{ended:?}");
    }
}

pub(crate) fn reads_settings_from_a_file(runtime: Runtime) {
    let directory = TemporaryDirectory::new();
    fs::write(directory.path().join(".env.local"), "AUTH0_CLIENT_ID=the-client\n").expect("a file");
    fs::write(directory.path().join(".env"), "AUTH0_CLIENT_ID=another\nAUTH0_AUDIENCE=urn:api\n")
        .expect("a file");
    let ended = Demo::spawn(runtime, &[], directory).wait();
    assert!(!ended.status.success(), "{ended:?}");
    for (name, missing) in [
        ("AUTH0_CLIENT_ID", false),
        ("AUTH0_AUDIENCE", false),
        ("AUTH0_SECRET", true),
        ("AUTH0_BASE_URL", true),
    ] {
        let is_named = ended.stderr.contains(&format!("{name} (or "));
        assert_eq!(is_named, missing, "{ended:?}");
    }
}

pub(crate) fn logs_what_a_file_asks_for(runtime: Runtime) {
    let directory = TemporaryDirectory::new();
    fs::write(directory.path().join(".env"), "PORTCULLIS_LOG=portcullis_hyper=trace\n")
        .expect("a file");
    let mut process = Demo::spawn(runtime, &[], directory);
    let frontend = loop {
        let line = process.line();
        if line.trim_start().starts_with("Front end") {
            break line
                .split_whitespace()
                .find(|word| word.starts_with("http://"))
                .map(str::to_owned);
        }
    };
    assert_eq!(Client::new().open(&frontend.expect("an address")).status, 200);
    process.terminate();
    let ended = process.wait();
    assert!(ended.stderr.contains("portcullis_hyper::"), "{ended:?}");
}

/// The help of the program names the settings that the table of the README has.
#[test]
fn the_help_names_every_setting() {
    let help = Command::new(env!("CARGO_BIN_EXE_portcullis-under-test")).arg("--help").output();
    let help = String::from_utf8(help.expect("it runs").stdout).expect("text");
    let is_setting = |word: &&str| word.starts_with("AUTH0_") || word.starts_with("PORTCULLIS_");
    let settings =
        |text: &'static str| text.split(|c: char| !c.is_ascii_uppercase() && c != '_' && c != '0');
    let (_, table) =
        include_str!("../../README.md").split_once("\n## Settings\n").expect("a table");
    let (table, _) = table.split_once("\n## ").expect("another section");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let named: Vec<&str> = rows.flat_map(settings).filter(is_setting).collect();
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(help.contains(name), "{name}");
    }
}
