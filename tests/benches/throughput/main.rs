//! Requests per second, both sides of each ratio in one run: DESIGN §6 and the API rows beside it.
//!
//! ```sh
//! (cd tests/interop/express && npm install)
//! cargo bench -p portcullis-benches --bench throughput [-- api|proxy] [SECONDS]
//! ```
//!
//! It needs `wrk`, `nginx`, `node` and `taskset`. Every server runs on the first core and everything
//! else on the second: `wrk`, the issuer, and the upstream of the proxies. The servers take turns
//! for several rounds.
//!
//! Two numbers are printed of each, medians over the rounds. Requests per second are what `wrk`
//! counts; they mean little on a machine that does anything else. Requests per second of processor
//! time are what the server did with the time that it got, so they hold on a busy machine too; the
//! ratios are of these.

#![allow(missing_docs, clippy::unwrap_used)]

// What the tests drive the demonstration with; the provider and the client are of use here.
#[allow(dead_code, unused_imports)]
#[path = "../../suite/harness/mod.rs"]
mod harness;

#[path = "../support/claims.rs"]
mod claims;
mod contender;
mod load;
mod server;

use contender::Contender;
use core::time::Duration;
use harness::{Client, Provider, query_of};
use load::{Load, Run};
use serde_json::{Value, json};
use std::{env, fs, net::TcpListener, process::ExitCode};

const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [serve, role, settings] = &*arguments
        && serve == "serve"
    {
        server::run(role, &serde_json::from_str(settings).unwrap());
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let missing = load::missing_programs();
    if !missing.is_empty() {
        eprintln!("nothing is measured, for want of {}", missing.join(", "));
        return ExitCode::FAILURE;
    }
    let run = Duration::from_secs(seconds);
    println!("{ROUNDS} rounds of {seconds} s; load before: {}", busy());
    let is_wanted = |part: &str| {
        let other = if part == "api" { "proxy" } else { "api" };
        !arguments.iter().any(|argument| argument == other)
    };
    if is_wanted("api") {
        api(run);
    }
    if is_wanted("proxy") {
        proxy(run);
    }
    println!("\nload after: {}", busy());
    ExitCode::SUCCESS
}

/// How many processes wanted to run during the last minute, on how many cores.
fn busy() -> String {
    let average = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{} on {cores} cores", average.split(' ').next().unwrap_or_default())
}

/// A protected API that answers one request with one token again and again. Ours is the example
/// `axum-api`, as it is.
fn api(run: Duration) {
    let provider = Provider::start();
    let token = provider.key.sign(&claims(&provider));
    let settings = json!({
        "issuer": provider.issuer(),
        "jwksUri": format!("{}{}", provider.url(), Provider::KEY_SET),
        "audience": Provider::AUDIENCE,
        "tolerance": 30,
        "key": provider.key.jwk(),
    });
    let of_express = |package: &str| {
        let mut api = settings.clone();
        api["guard"] = json!(package);
        Contender::express(package, &api)
    };
    let mut contenders = vec![
        of_express("express-jwt"),
        of_express("express-oauth2-jwt-bearer"),
        Contender::of_this_program("axum with jsonwebtoken", "axum", &settings),
        Contender::example_api("Portcullis, verifying each time", &settings, 0),
        Contender::example_api("Portcullis, remembering tokens", &settings, 10_000),
    ];
    let load = Load {
        fields: vec![format!("Authorization: Bearer {token}")],
        path: "/",
        connections: 32,
        run,
    };
    println!("\nan API with RS256 tokens of {} bytes, {} connections", token.len(), 32);
    let runs = compare(&mut contenders, &load);
    let rate = |index: usize| Run::median(&runs[index], |run| run.per_cpu_second);
    for (name, ours, theirs, aim) in [
        ("Portcullis : express-jwt", 3, 0, 20.0),
        ("Portcullis : express-oauth2-jwt-bearer", 3, 1, 20.0),
        ("Portcullis, remembering : express-jwt", 4, 0, 20.0),
        ("Portcullis : axum with jsonwebtoken", 3, 2, 1.0),
    ] {
        ratio(name, rate(ours) / rate(theirs), aim);
    }
}

/// An authenticated request through the gate, and the same request through nginx, which looks at
/// nothing. The engine alone shows how much of the difference is the gate's.
fn proxy(run: Duration) {
    let provider = Provider::start();
    let (upstream_port, nginx_port, gate_port) = (free_port(), free_port(), free_port());
    let _upstream = Contender::nginx_upstream(upstream_port);
    let gate = format!("http://localhost:{gate_port}");
    let settings = json!({
        "issuer": provider.issuer(),
        "origin": gate,
        "upstream": format!("http://127.0.0.1:{upstream_port}"),
    });
    let mut contenders = vec![
        Contender::nginx_proxy(nginx_port, upstream_port),
        Contender::of_this_program("Portcullis, with a session", "gate", &settings),
        Contender::of_this_program("its engine, with nothing", "engine", &settings),
    ];
    let cookies = sign_in(&provider, &gate);
    println!("\na proxied request with {} bytes of cookies, 32 connections", cookies.len());
    let fields = vec![format!("Cookie: {cookies}")];
    let load = Load { fields, path: "/api/private-route", connections: 32, run };
    let runs = compare(&mut contenders, &load);
    let rate = |index: usize| Run::median(&runs[index], |run| run.per_cpu_second);
    ratio("Portcullis, with a session : nginx, with nothing", rate(1) / rate(0), 0.8);
    println!("  {:>8.2}  its engine : nginx, both with nothing", rate(2) / rate(0));
}

fn ratio(name: &str, ratio: f64, aim: f64) {
    let verdict = if ratio >= aim { "reached" } else { "MISSED" };
    println!("  {ratio:>8.2}  {name} (aim {aim}: {verdict})");
}

/// Runs all of them in turn and prints what each came to.
fn compare(contenders: &mut [Contender], load: &Load) -> Vec<Vec<Run>> {
    let mut runs = vec![Vec::new(); contenders.len()];
    for contender in &*contenders {
        // Warm caches, compiled JavaScript, connections to the issuer.
        let _ = contender.measure(&Load { run: Duration::from_secs(2), ..load.clone() });
    }
    for _ in 0..ROUNDS {
        for (contender, runs) in contenders.iter().zip(&mut runs) {
            runs.push(contender.measure(load));
        }
    }
    println!("{:>10} {:>12} {:>9} {:>9}", "req/s", "req/cpu-s", "p50 ms", "p99 ms");
    for (contender, runs) in contenders.iter().zip(&runs) {
        println!(
            "{:>10.0} {:>12.0} {:>9.2} {:>9.2}  {}",
            Run::median(runs, |run| run.per_second),
            Run::median(runs, |run| run.per_cpu_second),
            Run::median(runs, |run| run.p50),
            Run::median(runs, |run| run.p99),
            contender.name,
        );
    }
    runs
}

/// What Auth0 puts into an access token.
fn claims(provider: &Provider) -> Value {
    let mut claims = provider.access_claims();
    claims["sub"] = json!("auth0|64f0c1a2b3d4e5f60718293a");
    claims["aud"] = json!([Provider::AUDIENCE, format!("{}/userinfo", provider.issuer())]);
    claims["scope"] = json!("openid profile email read:things");
    claims["azp"] = json!("kQ3pJm8uYw2VtRz5nXc7bLd1sFg6hAe9");
    claims["permissions"] = json!(["read:things", "write:things"]);
    claims["exp"] = json!(harness::now() + 86_400);
    claims
}

/// Signs in at the gate, as a browser does, and returns the `Cookie` field.
fn sign_in(provider: &Provider, gate: &str) -> String {
    let mut client = Client::new();
    let away = client.open(&format!("{gate}/api/auth/login?returnTo=%2F"));
    let parameter = |name| query_of(away.location(), name).expect("a parameter of the request");
    let (nonce, state) = (parameter("nonce"), parameter("state"));
    let mut id_claims = provider.id_claims(&nonce);
    id_claims["email"] = json!("user@app.example");
    id_claims["picture"] = json!("https://pictures.example/64f0c1a2b3d4e5f60718293a.png");
    let sign = |claims| provider.key.sign(claims);
    provider.grant(&sign(&claims(provider)), &sign(&id_claims));
    let code = Provider::CODE;
    let back = client.open(&format!("{gate}/api/auth/callback?code={code}&state={state}"));
    assert!(client.session_cookie().is_some(), "{back:?}");
    let pairs: Vec<_> =
        client.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
