//! `portcullis token verify` as a process of its own.

use crate::harness::{Answer, Provider, SigningKey, TemporaryDirectory, now, unsigned};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    sync::LazyLock,
    thread,
};

const ISSUER: &str = "https://tenant.example/";
const AUDIENCE: &str = "https://api.example";
/// The moment at which the tokens are looked at.
const AT: u64 = 1_800_000_000;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one"));

fn key_set() -> Value {
    json!({"keys": [KEY.jwk()]})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "user", "iat": AT, "exp": AT + 600})
}

fn sign_rs512(claims: &Value) -> String {
    let input = unsigned(&json!({"alg": "RS512", "kid": "one"}), claims);
    KEY.sign_input(&input, jsonwebtoken::Algorithm::RS512)
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// A key set in a file.
struct KeyFile {
    _directory: TemporaryDirectory,
    path: PathBuf,
}

impl KeyFile {
    fn new(text: &str) -> Self {
        let directory = TemporaryDirectory::new();
        let path = directory.path().join("keys.json");
        fs::write(&path, text).expect("a file");
        Self { _directory: directory, path }
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("a path of text")
    }
}

fn spawn(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_portcullis-under-test"))
        .args(["token", "verify"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

/// Runs the command with these arguments on this input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = spawn(arguments);
    let mut stdin = child.stdin.take().expect("it is piped");
    let input = input.to_vec();
    // A command that is misused may end before it has read anything.
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join().expect("no panic");
    output
}

fn usual_arguments<'a>(jwks: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["--jwks", jwks, "--issuer", ISSUER, "--audience", AUDIENCE];
    if !more.contains(&"--at") {
        arguments.extend(["--at", "1800000000"]);
    }
    arguments.extend(more);
    arguments
}

fn answers(output: &Output) -> Vec<Value> {
    let text = core::str::from_utf8(&output.stdout).expect("text");
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Verifies one token under the usual arguments and `more`. Returns the verdict.
fn verify(token: &str, more: &[&str]) -> Value {
    let keys = KeyFile::new(&key_set().to_string());
    let output = run(&usual_arguments(keys.path(), more), token.as_bytes());
    let [answer] = answers(&output).try_into().expect("one answer");
    let good = answer["ok"] == true;
    assert_eq!(output.status.code(), Some(i32::from(!good)), "{output:?}");
    answer
}

/// The stable code of a refusal.
fn error(token: &str, more: &[&str]) -> String {
    let answer = verify(token, more);
    assert_eq!(answer["ok"], false, "{answer}");
    let members: Vec<_> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["detail", "error", "ok"]);
    assert!(!answer["detail"].as_str().expect("a text").is_empty());
    answer["error"].as_str().expect("a text").to_owned()
}

#[test]
fn prints_the_claims_of_a_good_token() {
    let claims = claims_with("nested", json!({"a": [1, 2.5, null, "ü\"\n"]}));
    assert_eq!(verify(&KEY.sign(&claims), &[]), json!({"ok": true, "claims": claims}));
}

#[test]
fn every_refusal_has_its_code() {
    let sign = |name: &str, value: Value| KEY.sign(&claims_with(name, value));
    let good = KEY.sign(&claims());
    let (input, _) = good.rsplit_once('.').expect("a signature");
    let header = |header: Value| KEY.sign_with(&header, &claims());
    for (token, code) in [
        (sign("exp", json!(AT - 30)), "expired"),
        (sign("exp", json!("soon")), "expiry"),
        (sign("exp", Value::Null), "expiry"),
        (sign("nbf", json!(AT + 31)), "not_yet_valid"),
        (sign("iat", json!(AT + 31)), "issued_at"),
        (sign("iss", json!("https://tenant.example")), "issuer"),
        (sign("aud", json!(["https://other.example"])), "audience"),
        (sign("sub", json!(7)), "claim_type"),
        (sign("nonce", json!("n")), "kind"),
        (header(json!({"alg": "HS256", "kid": "one"})), "algorithm"),
        (header(json!({"alg": "RS512", "kid": "one"})), "algorithm"),
        (header(json!({"alg": "none"})), "algorithm"),
        (header(json!({"alg": "RS256", "kid": "two"})), "unknown_key"),
        (header(json!({"alg": "RS256", "kid": 1})), "key_id"),
        (header(json!({"alg": "RS256", "kid": "one", "typ": "dpop+jwt"})), "type"),
        (header(json!({"alg": "RS256", "kid": "one", "crit": []})), "critical_header"),
        (header(json!({"alg": "RS256", "kid": "one", "jwk": {}})), "forbidden_header"),
        (SigningKey::generate("one").sign(&claims()), "signature"),
        (format!("{input}."), "signature"),
        (format!("{good}="), "serialization"),
        (good.replacen('.', "..", 1), "serialization"),
        ("x".repeat(8193), "too_long"),
    ] {
        assert_eq!(error(&token, &[]), code, "{token:.60}");
    }
}

#[test]
fn answers_each_line_in_order() {
    let keys = KeyFile::new(&key_set().to_string());
    let good = KEY.sign(&claims());
    let lines: [&[u8]; 9] = [
        good.as_bytes(),
        b"",
        good.as_bytes(),
        &[good.as_bytes(), b"\r"].concat(),
        &[b" ", good.as_bytes()].concat(),
        b"\xff\xfe",
        &b"x".repeat(1 << 20),
        b"\0",
        good.as_bytes(),
    ];
    let output = run(&usual_arguments(keys.path(), &[]), &lines.join(&b'\n'));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stderr, b"");
    let codes: Vec<Value> =
        answers(&output).into_iter().map(|answer| answer["error"].clone()).collect();
    let form = json!("serialization");
    let expected =
        [&Value::Null, &form, &Value::Null, &form, &form, &form, &json!("too_long"), &form];
    assert_eq!(codes.iter().take(8).collect::<Vec<_>>(), expected);
    assert_eq!(codes.len(), 9);
}

#[test]
fn no_token_is_no_bad_token() {
    let keys = KeyFile::new(&key_set().to_string());
    let output = run(&usual_arguments(keys.path(), &[]), b"");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]), "{output:?}");
}

/// Writes a line and reads its answer.
fn ask(stdin: &mut ChildStdin, stdout: &mut BufReader<ChildStdout>, token: &str) -> Value {
    writeln!(stdin, "{token}").expect("the command reads");
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the command answers");
    serde_json::from_str(&line).expect("JSON")
}

#[test]
fn answers_before_it_reads_the_next_token() {
    let keys = KeyFile::new(&key_set().to_string());
    let mut child = spawn(&usual_arguments(keys.path(), &[]));
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let good = KEY.sign(&claims());
    for _ in 0..3 {
        assert_eq!(ask(&mut stdin, &mut stdout, &good)["ok"], true);
        assert_eq!(ask(&mut stdin, &mut stdout, "x.y.z")["ok"], false);
    }
    drop(stdin);
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

/// J22: the moment and the tolerance are arguments, and the edges are exact.
#[test]
fn the_moment_and_the_tolerance_are_arguments() {
    let token = KEY.sign(&claims());
    for (at, leeway, good) in [
        ("1800000599", "0", true),
        ("1800000600", "0", false),
        ("1800000899", "300", true),
        ("1800000900", "300", false),
        ("1799999700", "300", true),
        ("1799999699", "300", false),
        ("0", "300", false),
        ("18446744073709551615", "300", false),
    ] {
        let answer = verify(&token, &["--at", at, "--leeway", leeway]);
        assert_eq!(answer["ok"], good, "{at} {leeway}: {answer}");
    }
    // 30 seconds, where nothing else is said.
    assert_eq!(verify(&token, &["--at", "1800000629"])["ok"], true);
    assert_eq!(error(&token, &["--at", "1800000630"]), "expired");
}

#[test]
fn the_time_is_now_where_no_other_is_given() {
    let keys = KeyFile::new(&key_set().to_string());
    let now = now();
    let arguments = ["--jwks", keys.path(), "--issuer", ISSUER, "--audience", AUDIENCE];
    for (expiry, status) in [(now + 600, 0), (now - 600, 1)] {
        let token = KEY.sign(&json!({"iss": ISSUER, "aud": AUDIENCE, "exp": expiry}));
        assert_eq!(run(&arguments, token.as_bytes()).status.code(), Some(status));
    }
}

/// J03: what is allowed decides, and a key is for one algorithm.
#[test]
fn other_algorithms_are_allowed_by_name() {
    let mut jwk = KEY.jwk();
    jwk["alg"] = json!("RS512");
    let keys = KeyFile::new(&json!({"keys": [jwk]}).to_string());
    let [rs256, rs512] = [KEY.sign(&claims()), sign_rs512(&claims())];
    let both = ["--algorithm", "RS256", "--algorithm", "RS512"];
    for (token, more, code) in [
        (&rs512, &both[2..], Value::Null),
        (&rs512, &both[..], Value::Null),
        (&rs512, &[], json!("algorithm")),
        (&rs256, &both[2..], json!("algorithm")),
        // Allowed, but the key is for the other one.
        (&rs256, &both[..], json!("unknown_key")),
    ] {
        let output = run(&usual_arguments(keys.path(), more), token.as_bytes());
        assert_eq!(answers(&output)[0]["error"], code, "{more:?}");
    }
}

/// J12: a set of which nothing can be used verifies nothing, and that is no misuse.
#[test]
fn a_set_without_a_usable_key_verifies_no_token() {
    for member in [("use", json!("enc")), ("d", json!("AQAB")), ("n", json!("AQAB"))] {
        let mut jwk = KEY.jwk();
        jwk[member.0] = member.1;
        let keys = KeyFile::new(&json!({"keys": [jwk]}).to_string());
        let output = run(&usual_arguments(keys.path(), &[]), KEY.sign(&claims()).as_bytes());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(answers(&output)[0]["error"], "unknown_key");
        assert!(!output.stderr.is_empty());
    }
    // One odd key is named, and the others are used.
    let keys = KeyFile::new(&json!({"keys": [null, KEY.jwk()]}).to_string());
    let output = run(&usual_arguments(keys.path(), &[]), KEY.sign(&claims()).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stderr, b"A key of the set is left out: it is malformed\n");
}

fn assert_is_misuse(arguments: &[&str]) {
    let output = run(arguments, b"x.y.z\n");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    assert!(!output.stderr.is_empty(), "{arguments:?}");
}

#[test]
fn misuse_is_told_before_any_token_is_read() {
    let keys = KeyFile::new(&key_set().to_string());
    let usual = usual_arguments(keys.path(), &[]);
    for missing in ["--jwks", "--issuer", "--audience"] {
        let at = usual.iter().position(|argument| *argument == missing).expect("it is there");
        let rest = [&usual[..at], &usual[at + 2..]].concat();
        assert_is_misuse(&rest);
        let mut empty = usual.clone();
        empty[at + 1] = "";
        assert_is_misuse(&empty);
        assert_is_misuse(&[&usual[..], &usual[at..at + 2]].concat());
    }
    for more in [
        ["--algorithm", "none"],
        ["--algorithm", "HS256"],
        ["--algorithm", "rs256"],
        ["--at", "-1"],
        ["--at", "now"],
        ["--leeway", "301"],
        ["--leeway", "-1"],
        ["--leeway", "1.5"],
        ["--unknown", "x"],
    ] {
        assert_is_misuse(&usual_arguments(keys.path(), &more));
    }
    assert_is_misuse(&usual_arguments("/nowhere/keys.json", &[]));
    assert_is_misuse(&usual_arguments("http://op.example/jwks", &[]));
    let long = " ".repeat(512 * 1024);
    for text in ["", "{}", "[]", "<html>", &format!("{}{long}", key_set())] {
        assert_is_misuse(&usual_arguments(KeyFile::new(text).path(), &[]));
    }
}

/// J10: a key set is fetched under the limits of the engine.
#[test]
fn a_key_set_comes_from_a_url_too() {
    let provider = Provider::start();
    let url = format!("{}{}", provider.url(), Provider::KEY_SET);
    provider.answers(Provider::KEY_SET, Answer::json(&key_set()));
    let token = KEY.sign(&claims());
    let lines = format!("{token}\n{token}\n");
    let output = run(&usual_arguments(&url, &[]), lines.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(answers(&output).len(), 2);
    assert_eq!(provider.requests(Provider::KEY_SET), 1);

    for answer in [
        Answer::Hangup,
        Answer::Raw("garbage"),
        Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"keys\":"),
        Answer::Raw("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"),
        Answer::Http(500, key_set().to_string()),
        Answer::Http(200, "x".repeat(1024 * 1024)),
        Answer::Http(200, "<html>".to_owned()),
    ] {
        provider.answers(Provider::KEY_SET, answer);
        assert_is_misuse(&usual_arguments(&url, &[]));
    }
    assert_eq!(provider.requests("/elsewhere"), 0);
    assert_is_misuse(&usual_arguments("http://127.0.0.1:1/jwks", &[]));
}
