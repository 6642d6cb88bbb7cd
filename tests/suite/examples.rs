//! Each example is started as its comment says, and answers as its comment says.

use crate::harness::{Client, Process, Provider, Reply, TemporaryDirectory, query_of};
use serde_json::{Value, json};
use std::{env, fs, path::Path, process::Command};

/// An example that serves.
struct Example {
    _process: Process,
    url: String,
}

impl Example {
    fn start(program: &str, arguments: &[&str]) -> Self {
        Self::start_with(program, arguments, &[])
    }

    /// Starts it with `more` arguments behind the address.
    fn start_with(program: &str, arguments: &[&str], more: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).arg("127.0.0.1:0").args(more);
        command.env("CLIENT_SECRET", Provider::CLIENT_SECRET);
        command.env("COOKIE_SECRET", Provider::COOKIE_SECRET);
        let mut process = Process::start(&mut command, TemporaryDirectory::new());
        let url = process.line();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { _process: process, url }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        Client::new().get(&format!("{}{path}", self.url), headers)
    }

    /// The answer to a request with this token.
    fn ask(&self, path: &str, token: &str) -> Reply {
        self.get(path, &[("authorization", &format!("Bearer {token}"))])
    }

    /// Signs somebody in as a browser and the page of `provider` would.
    fn sign_in(&self, client: &mut Client, provider: &Provider) {
        let away = client.open(&format!("{}/api/auth/login?returnTo=%2Fprivate", self.url));
        let parameter = |name| query_of(away.location(), name).expect("a parameter");
        let id_token = provider.key.sign(&provider.id_claims(&parameter("nonce")));
        provider.grant(&token(provider, json!({})), &id_token);
        let (code, state) = (Provider::CODE, parameter("state"));
        let back =
            client.open(&format!("{}/api/auth/callback?code={code}&state={state}", self.url));
        assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    }
}

/// A good token that says `more` besides.
fn token(provider: &Provider, more: Value) -> String {
    let mut claims = provider.access_claims();
    if let (Some(claims), Value::Object(more)) = (claims.as_object_mut(), more) {
        claims.extend(more);
    }
    provider.key.sign(&claims)
}

fn assert_answers(reply: &Reply, status: u16, body: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (status, body), "{reply:?}");
}

fn assert_refuses(reply: &Reply, status: u16, challenge: &str) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.header("www-authenticate").contains(challenge), "{reply:?}");
}

#[test]
fn axum_api() {
    let provider = Provider::start();
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-axum-api"),
        &[provider.issuer(), Provider::AUDIENCE],
    );
    let plain = token(&provider, json!({}));
    assert_answers(&example.get("/", &[]), 200, "Hello.");
    assert_answers(&example.ask("/", &plain), 200, "Hello, user.");
    assert_refuses(&example.ask("/", "x.y.z"), 401, "error=\"invalid_token\"");

    assert_refuses(&example.get("/orders", &[]), 401, "Bearer realm=\"api\"");
    assert_refuses(&example.ask("/orders", &plain), 403, "scope=\"read:orders\"");
    let reader = token(&provider, json!({"scope": "openid read:orders"}));
    for _ in 0..3 {
        assert_answers(&example.ask("/orders", &reader), 200, "The orders of user.");
    }
    assert_eq!(provider.requests(Provider::KEY_SET), 1);

    assert_refuses(&example.get("/me", &[]), 401, "Bearer realm=\"api\"");
    let me = example.ask("/me", &reader);
    assert_eq!(me.json(), json!({"sub": "user", "scope": "openid read:orders"}));
    // Good, and not what the handler needs.
    let nobody = token(&provider, json!({"sub": null}));
    assert_eq!(example.ask("/me", &nobody).status, 401);
    let mut claims = provider.access_claims();
    claims.as_object_mut().expect("an object").remove("sub");
    let nobody = provider.key.sign(&claims);
    assert_refuses(&example.ask("/me", &nobody), 403, "error=\"insufficient_scope\"");
    assert_eq!(example.get("/nothing", &[]).status, 401);
    assert_eq!(example.ask("/nothing", &plain).status, 404);

    let page = [("origin", "http://localhost:3000")];
    let refused = example.get("/orders", &page);
    assert_refuses(&refused, 401, "Bearer realm=\"api\"");
    assert_eq!(refused.header("access-control-allow-origin"), page[0].1);
    assert_eq!(refused.header("access-control-expose-headers"), "WWW-Authenticate");
    let stranger = example.get("/orders", &[("origin", "http://localhost:3001")]);
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    assert_eq!(stranger.header("vary"), "Origin");
    let asks = [page[0], ("access-control-request-method", "GET")];
    let preflight = Client::new().send("OPTIONS", &format!("{}/orders", example.url), &asks, "");
    assert_eq!(preflight.status, 204, "{preflight:?}");
    assert_eq!(preflight.header("access-control-allow-origin"), page[0].1);
}

/// What is verified each time comes to the same.
#[test]
fn axum_api_that_remembers_no_token() {
    let provider = Provider::start();
    let program = env!("CARGO_BIN_EXE_example-axum-api");
    let arguments = [provider.issuer(), Provider::AUDIENCE];
    let example = Example::start_with(program, &arguments, &["0"]);
    let reader = token(&provider, json!({"scope": "openid read:orders"}));
    for _ in 0..3 {
        assert_answers(&example.ask("/orders", &reader), 200, "The orders of user.");
    }
    assert_eq!(provider.requests(Provider::KEY_SET), 1);

    let mut command = Command::new(program);
    command.args(arguments).args(["127.0.0.1:0", "some"]);
    let ended = Process::start(&mut command, TemporaryDirectory::new()).wait();
    assert!(!ended.status.success() && ended.stderr.contains("[TOKENS]"), "{ended:?}");
}

/// As the README says: the provider for development serves whatever application is registered.
#[test]
fn axum_front_at_the_provider_for_development() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis-under-test"));
    command.args(["provider", "--address", "127.0.0.1:0", "--base-url", "http://localhost:8080"]);
    command.args(["--client-id", "shop", "--client-secret", Provider::CLIENT_SECRET]);
    let mut provider = Process::start(&mut command, TemporaryDirectory::new());
    let mut says = |label: &str| loop {
        if let Some(text) = provider.line().trim_start().strip_prefix(label) {
            break text.trim().to_owned();
        }
    };
    let (issuer, client_id) = (says("Issuer"), says("Client id"));
    assert_eq!(says("Client secret"), Provider::CLIENT_SECRET);
    let callback = says("Callback");
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-axum-front"),
        &[&issuer, &client_id, "http://localhost:8080"],
    );

    let mut client = Client::new();
    let away = client.open(&format!("{}/api/auth/login?returnTo=%2Fprivate", example.url));
    let form = client.open(away.location()).form();
    let origin = issuer.trim_end_matches('/');
    let back = client.submit(&format!("{issuer}authorize"), origin, &form);
    let query = back.location().strip_prefix(&callback).expect("the callback");
    let back = client.open(&format!("{}/api/auth/callback{query}", example.url));
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    let page = client.open(&format!("{}/private", example.url));
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.starts_with("This is for "), "{page:?}");

    provider.terminate();
    let ended = provider.wait();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn the_provider_for_development_refuses_settings_that_nobody_means() {
    for (argument, value) in [
        ("--client-id", ""),
        ("--client-secret", ""),
        ("--audience", ""),
        ("--base-url", "https://app.example/path"),
        ("--routes", "/"),
        ("--address", "0.0.0.0:0"),
        ("--token-lifetime", "0"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis-under-test"));
        command.args(["provider", &format!("{argument}={value}")]);
        let ended = Process::start(&mut command, TemporaryDirectory::new()).wait();
        assert_eq!(ended.status.code(), Some(2), "{argument}: {ended:?}");
        assert!(ended.stderr.contains(argument), "{argument}: {ended:?}");
    }
}

#[test]
fn axum_front() {
    let provider = Provider::start();
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-axum-front"),
        &[provider.issuer(), Provider::CLIENT_ID, "http://localhost:3000"],
    );
    let mut client = Client::new();
    let open = |client: &mut Client, path: &str| client.open(&format!("{}{path}", example.url));
    assert_answers(&open(&mut client, "/"), 200, "Hello.");
    let away = open(&mut client, "/private");
    assert_eq!(away.status, 302, "{away:?}");
    assert!(away.location().starts_with("/api/auth/login?"), "{away:?}");
    let refused = open(&mut client, "/api/me");
    assert_eq!((refused.status, refused.location()), (401, ""), "{refused:?}");

    example.sign_in(&mut client, &provider);
    assert_answers(&open(&mut client, "/"), 200, "Hello, Example User.");
    assert_answers(&open(&mut client, "/private"), 200, "This is for Example User alone.");
    assert_eq!(open(&mut client, "/api/me").json()["name"], "Example User");
    assert_eq!(open(&mut client, "/nothing").status, 404);
    for token in provider.granted() {
        assert!(!client.seen.contains(&token));
    }
    // What two servers could read in two ways gets to nobody.
    assert_eq!(open(&mut client, "/private%2f..").status, 400);
}

/// The gateway and, behind it, the API of another example.
fn gateway(program: &str) {
    let provider = Provider::start();
    let api = Example::start(
        env!("CARGO_BIN_EXE_example-tower-service"),
        &[provider.issuer(), Provider::AUDIENCE],
    );
    let example = Example::start(
        program,
        &[
            provider.issuer(),
            Provider::CLIENT_ID,
            "http://localhost:3000",
            &api.url,
            Provider::AUDIENCE,
        ],
    );
    let mut client = Client::new();
    let open = |client: &mut Client, path: &str| client.open(&format!("{}{path}", example.url));
    assert_answers(&open(&mut client, "/"), 200, "Hello.");
    assert_eq!(open(&mut client, "/private").status, 302);
    assert_eq!(open(&mut client, "/api/orders").status, 401);

    example.sign_in(&mut client, &provider);
    assert_answers(&open(&mut client, "/"), 200, "Hello, user.");
    assert_answers(&open(&mut client, "/private"), 200, "This is for user alone.");
    assert_answers(&open(&mut client, "/api/orders"), 200, "Hello, user.");
    for token in provider.granted() {
        assert!(!client.seen.contains(&token));
    }
}

#[test]
fn hyper_gateway() {
    gateway(env!("CARGO_BIN_EXE_example-hyper-gateway"));
}

#[test]
fn smol_gateway() {
    gateway(env!("CARGO_BIN_EXE_example-smol-gateway"));
}

#[test]
fn tower_service() {
    let provider = Provider::start();
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-tower-service"),
        &[provider.issuer(), Provider::AUDIENCE],
    );
    assert_refuses(&example.get("/any/path", &[]), 401, "Bearer realm=\"api\"");
    let plain = token(&provider, json!({}));
    assert_answers(&example.ask("/any/path", &plain), 200, "Hello, user.");
    let delete = |token: &str| {
        let credentials = format!("Bearer {token}");
        let url = format!("{}/orders/7", example.url);
        Client::new().send("DELETE", &url, &[("authorization", &credentials)], "")
    };
    assert_refuses(&delete(&plain), 403, "error=\"insufficient_scope\"");
    let admin = token(&provider, json!({"permissions": ["delete:all"]}));
    assert_answers(&delete(&admin), 200, "Hello, user.");
    let stolen = token(&provider, json!({"jti": "stolen"}));
    assert_refuses(&example.ask("/", &stolen), 401, "error=\"invalid_token\"");
}

#[test]
fn two_issuers() {
    let (one, two, stranger) = (Provider::start(), Provider::start(), Provider::start());
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-two-issuers"),
        &[one.issuer(), Provider::AUDIENCE, two.issuer(), "orders"],
    );
    let says = |provider: &Provider| format!("Some({:?}) says Some(\"user\")", provider.issuer());
    assert_answers(&example.ask("/", &token(&one, json!({}))), 200, &says(&one));
    assert_answers(&example.ask("/", &token(&two, json!({"aud": "orders"}))), 200, &says(&two));
    for refused in [
        token(&two, json!({})),
        token(&one, json!({"aud": "orders"})),
        token(&stranger, json!({})),
        // Signed by the one, in the name of the other.
        token(&one, json!({"iss": two.issuer(), "aud": "orders"})),
    ] {
        assert_refuses(&example.ask("/", &refused), 401, "error=\"invalid_token\"");
    }
    assert_eq!(stranger.requests(Provider::DISCOVERY), 0);

    let metadata = example.get("/.well-known/oauth-protected-resource", &[]);
    assert_eq!(metadata.status, 200, "{metadata:?}");
    let mut servers = Vec::new();
    for server in metadata.json()["authorization_servers"].as_array().expect("a list") {
        servers.push(server.as_str().expect("a URL").trim_end_matches('/').to_owned());
    }
    assert_eq!(servers, [one.url(), two.url()]);
    let challenge =
        "resource_metadata=\"http://localhost:5000/.well-known/oauth-protected-resource\"";
    assert_refuses(&example.get("/", &[]), 401, challenge);
}

#[test]
fn blocking_threads() {
    let provider = Provider::start();
    let example = Example::start(
        env!("CARGO_BIN_EXE_example-blocking-threads"),
        &[provider.issuer(), Provider::AUDIENCE],
    );
    assert_answers(&example.get("/health", &[]), 200, "I am well.");
    assert_refuses(&example.get("/orders", &[]), 401, "Bearer realm=\"api\"");
    let good = token(&provider, json!({}));
    for _ in 0..3 {
        assert_answers(&example.ask("/orders", &good), 200, "Hello, user.");
    }
    let expired = token(&provider, json!({"iat": 1, "exp": 2}));
    assert_refuses(&example.ask("/orders", &expired), 401, "error=\"invalid_token\"");
    assert_eq!(provider.requests(Provider::KEY_SET), 1);
}

#[test]
fn recorded_run() {
    let recorded =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/examples/recorded-run/run.jsonl");
    let recorded = fs::read_to_string(recorded).expect("the recorded run");
    let replay = |record: &str| {
        let directory = TemporaryDirectory::new();
        fs::write(directory.path().join("run.jsonl"), record).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_example-recorded-run"));
        Process::start(command.arg("run.jsonl"), directory).wait()
    };
    let ended = replay(&recorded);
    assert!(ended.status.success(), "{ended:?}");
    let gives = |line: &str| -> Option<String> {
        Some(serde_json::from_str::<Value>(line).ok()?["gives"].as_str()?.to_owned())
    };
    let verdicts: Vec<String> = recorded.lines().filter_map(gives).collect();
    let printed: Vec<&str> =
        ended.stdout.lines().filter_map(|line| Some(line.split_once(": ")?.1)).collect();
    assert_eq!(printed, verdicts);
    assert!(verdicts.len() >= 8);

    let ended = replay(&recorded.replacen("200 user", "200 somebody", 1));
    assert!(!ended.status.success() && ended.stderr.contains("200 somebody"), "{ended:?}");
    let ended = replay(&recorded.replacen("https://op.example/jwks\"", "https://other/\"", 1));
    assert!(!ended.status.success() && ended.stderr.contains("was not fetched then"), "{ended:?}");
}
