//! The gate driven by hand: a browser with a cookie jar, a provider that does what a test says, and
//! a virtual clock.

mod access_token;
mod auth0_cookies;
mod backchannel;
mod caching;
mod callback;
mod explain;
mod late_refresh;
mod login;
mod login_request;
mod logout;
mod printing;
mod refresh;
mod routing;
mod sessions;

use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    encoding,
    flow::Flow,
    http::{BodyError, FetchError, Inbound, Outbound, QueryWriter, Response},
    issuer::{Availability, Document, IssuerMachine, IssuerSnapshot},
    oidc::{ClientConfig, LoginPolicy},
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites, Served},
    secret::Secret,
    session::{RevocationList, RevocationOutcome},
    test_support::{
        CLIENT_ID, Counting, ISSUER, NOW, ProviderKey, after, ok, ready_machine, with_context,
        with_revocations,
    },
};
use alloc::{
    format,
    string::{String, ToString as _},
    sync::Arc,
    vec,
    vec::Vec,
};
use std::sync::LazyLock;

const ACCESS_TOKEN: &str = "the.access.token";
const SECRET: &str = "9f2c4b7e1a6d8035c4e7f1b92a5d6380";

/// What a browser says of an address that was typed in.
const NAVIGATION: [(&str, &str); 3] =
    [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);

/// The tutorial's gate: two rules, one matcher, the pages `/`, `/public` and `/private`.
fn gate() -> Gate {
    gate_at("https://app.example")
}

fn gate_at(base_url: &str) -> Gate {
    builder_at(base_url).build().unwrap()
}

fn builder_at(base_url: &str) -> GateBuilder {
    builder_for(client(base_url))
}

fn client(base_url: &str) -> ClientConfig {
    ClientConfig::new(CLIENT_ID, Secret::new("client secret"), base_url)
        .unwrap()
        .with_audience("https://api.example")
}

fn builder_for(client: ClientConfig) -> GateBuilder {
    let rewrites = Rewrites::builder()
        .after_files([
            RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
            RewriteRule::new("/sign-in", "/api/auth/login"),
            RewriteRule::new("/hidden", "/private/x"),
            RewriteRule::new("/open/:path*", "http://localhost:6000/open/:path*"),
            RewriteRule::new("/outside/:path*", "http://localhost:5000/api/:path*"),
            RewriteRule::new("/alias/:path*", "http://localhost:5000/api/:path*")
                .with_access_token(),
            RewriteRule::new("/api/theirs/:path*", "https://theirs.example/:path*")
                .without_access_token(),
            RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*"),
        ])
        .build()
        .unwrap();
    let secrets = SecretRing::new([SECRET], RUSTCRYPTO).unwrap();
    Gate::builder(client, secrets, RUSTCRYPTO)
        .rewrites(rewrites)
        .protect(Matcher::new(["/private/:path*", "/api/:path*"]).unwrap())
        .api([Pattern::new("/api/:path*", Case::default()).unwrap()])
        .serves(|path| match path {
            "/" | "/public" => Served::File,
            path if path.starts_with("/private") => Served::Page,
            _ => Served::Nothing,
        })
        .backchannel_logout()
}

/// The same gate with another policy for logins.
fn gate_with_login(login: LoginPolicy) -> Gate {
    builder_at("https://app.example").login(login).build().unwrap()
}

/// A browser in front of a gate.
struct Browser {
    gate: Gate,
    cookies: Vec<(String, String)>,
    /// Seconds after the usual moment.
    clock: u64,
    entropy: Counting,
    machine: IssuerMachine,
    /// The requests that the gate made of the token endpoint.
    token_requests: Vec<Outbound>,
    /// What the token endpoint answers to a code.
    token_answer: Option<Result<Inbound, FetchError>>,
    /// What it answers to a refresh token.
    refresh_answer: Option<Result<Inbound, FetchError>>,
    /// The key set, where it is asked for again.
    key_set_answer: Result<Inbound, FetchError>,
    refreshes: Refreshes,
    /// The authorization requests that the gate pushed.
    pushed_requests: Vec<Outbound>,
    /// What the endpoint for them answers.
    pushed_answer: Option<Result<Inbound, FetchError>>,
    /// How many claims of the ID token differ from the usual ones.
    id_token: fn(&Login) -> String,
    /// What is over before its time; `None` where the store is not to be had.
    revocations: Option<RevocationList>,
    /// The body of the next request that is asked for it.
    body: Result<Vec<u8>, BodyError>,
}

/// What the provider learned from an authorization request.
struct Login {
    state: String,
    nonce: String,
    code_challenge: String,
}

impl Browser {
    fn new(gate: Gate) -> Self {
        Self {
            gate,
            cookies: vec![],
            clock: 0,
            entropy: Counting::default(),
            machine: ready_machine(&KEY.jwk_set()),
            token_requests: vec![],
            token_answer: None,
            refresh_answer: None,
            key_set_answer: Ok(ok(KEY.jwk_set())),
            refreshes: Refreshes::new(RefreshLimits::default()),
            pushed_requests: vec![],
            pushed_answer: None,
            id_token: |login| id_token(login, ""),
            revocations: Some(RevocationList::default()),
            body: Err(BodyError::Broken),
        }
    }

    fn get(&mut self, target: &str) -> Decision {
        self.request("GET", target, &[])
    }

    /// Opens `target` as somebody who typed it in.
    fn navigate(&mut self, target: &str) -> Decision {
        self.request("GET", target, &NAVIGATION)
    }

    fn request(&mut self, method: &str, target: &str, fields: &[(&str, &str)]) -> Decision {
        let step = self.begin(method, target, fields);
        self.finish(step)
    }

    fn begin(&mut self, method: &str, target: &str, fields: &[(&str, &str)]) -> Step<GateFlow> {
        let mut headers: Vec<(String, String)> =
            fields.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        if !headers.iter().any(|(name, _)| name == "host") {
            headers.push(("host".to_string(), "app.example".to_string()));
        }
        if !self.cookies.is_empty() {
            headers.push(("cookie".to_string(), self.cookie_field()));
        }
        let head = RequestHead {
            method,
            target,
            headers: &headers,
            peer: Some([192, 0, 2, 7].into()),
            secure: true,
        };
        let gate = self.gate.clone();
        self.call(|context| gate.begin(&head, context))
    }

    fn cookie_field(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        pairs.join("; ")
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let snapshot = self.machine.snapshot();
        // Another issuer that says the same.
        let other = snapshot.under_name("https://other.example");
        let snapshots = vec![snapshot, other];
        let none = RevocationList::default();
        let revocations = self.revocations.as_ref().unwrap_or(&none);
        with_revocations(after(self.clock), &mut self.entropy, &snapshots, revocations, call)
    }

    /// Plays the adapter until the request is decided, and keeps the cookies.
    fn finish<F: Flow<Output = Decision>>(&mut self, step: Step<F>) -> Decision {
        let decision = self.drive(step);
        self.keep_cookies(&decision);
        decision
    }

    /// Plays the adapter until a flow has come to its end.
    fn drive<F: Flow>(&mut self, mut step: Step<F>) -> F::Output {
        for _ in 0..10 {
            step = match step {
                Step::Done(output) => return output,
                Step::Fetch(fetch) => {
                    let request = fetch.request().clone();
                    let answers = if request.url.as_str() == "https://op.example/par" {
                        self.pushed_requests.push(request);
                        &self.pushed_answer
                    } else {
                        let refreshes = request.body.contains("grant_type=refresh_token");
                        self.token_requests.push(request);
                        if refreshes { &self.refresh_answer } else { &self.token_answer }
                    };
                    let answer = answers.clone().unwrap_or(Err(FetchError::Transport));
                    self.call(|context| fetch.resume(answer, context))
                }
                Step::Refresh(wait) => {
                    let outcome = self.settle(wait.demand());
                    self.call(|context| wait.resume(outcome, context))
                }
                Step::Read(read) => {
                    let body = match core::mem::replace(&mut self.body, Err(BodyError::Broken)) {
                        Ok(body) if body.len() > read.limits().max_bytes => {
                            Err(BodyError::TooLarge)
                        }
                        body => body,
                    };
                    self.call(|context| read.resume(body, context))
                }
                Step::Revoke(revoke) => {
                    let now = after(self.clock).unix;
                    let outcome = match &mut self.revocations {
                        Some(list) => list.record(revoke.revocation(), now),
                        None => RevocationOutcome::Unavailable,
                    };
                    self.call(|context| revoke.resume(outcome, context))
                }
                Step::Await(wait) => {
                    let availability = self.wait(wait.need());
                    self.call(|context| wait.resume(availability, context))
                }
            };
        }
        panic!("the request does not end");
    }

    fn settle(&mut self, demand: &RefreshDemand) -> RefreshOutcome {
        loop {
            match self.refreshes.demand(demand, after(self.clock)) {
                RefreshProgress::Settled(outcome) => return outcome,
                RefreshProgress::Pending { .. } => self.carry_out_refreshes(),
            }
        }
    }

    fn carry_out_refreshes(&mut self) {
        while let Some(flight) = self.refreshes.poll_flight(after(self.clock)) {
            let step = self.call(|context| flight.refreshing.begin(context));
            let result = self.drive(step);
            let _ = self.refreshes.on_landed(flight.id, result, after(self.clock));
        }
    }

    fn wait(&mut self, need: &crate::issuer::Need) -> Availability {
        loop {
            match self.machine.demand(need, after(self.clock)) {
                crate::issuer::Demand::Settled(availability) => return availability,
                crate::issuer::Demand::Pending { .. } => {
                    let flight = self.machine.poll_flight(after(self.clock)).unwrap();
                    let answer = match flight.document {
                        Document::Discovery => Err(FetchError::Transport),
                        Document::KeySet => self.key_set_answer.clone(),
                    };
                    let entropy = &mut self.entropy;
                    let _ = self.machine.on_answer(flight.id, answer, after(self.clock), entropy);
                }
            }
        }
    }

    fn keep_cookies(&mut self, decision: &Decision) {
        let none: [(&str, &str); 0] = [];
        let fields: Vec<(String, String)> = match decision {
            Decision::Respond(answer) => owned(answer.response.headers.iter()),
            Decision::Forward(forward) => owned(forward.response.filter(&none).added()),
            Decision::Serve(serve) => owned(serve.response.filter(&none).added()),
        };
        for (_, value) in fields.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = value.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.contains("Max-Age=0;") {
                let value = rest.split(';').next().unwrap();
                self.cookies.push((name.to_string(), value.to_string()));
            }
        }
    }

    /// Starts a login and gives what the provider learned of it.
    fn start_login(&mut self, return_to: &str) -> Login {
        let target = QueryWriter::for_url("/api/auth/login").pair("returnTo", return_to).finish();
        let response = response(self.get(&target));
        assert_eq!(response.status, 302);
        login_of(&response)
    }

    /// Comes back from the provider with a good code.
    fn come_back(&mut self, login: &Login) -> Response {
        let id_token = (self.id_token)(login);
        let mut body = tokens(&id_token);
        if self.gate.0.client.asks_for_offline_access() {
            body = body.replace(r#""token_type""#, r#""refresh_token":"refresh-0","token_type""#);
        }
        self.token_answer.get_or_insert_with(|| Ok(ok(body)));
        response(self.get(&callback(login)))
    }

    /// Signs in from start to end.
    fn sign_in(&mut self) {
        let login = self.start_login("/private");
        let response = self.come_back(&login);
        assert_eq!((response.status, location(&response)), (303, "/private"));
    }

    fn sign_out(&mut self) -> Decision {
        self.navigate("/api/auth/logout")
    }

    /// The session cookie, name and value.
    fn session_cookie(&self) -> Option<(String, String)> {
        let name = self.gate.0.names.session();
        self.cookies.iter().find(|(known, _)| known == name).cloned()
    }

    /// How many cookies hold the session.
    fn session_cookies(&self) -> usize {
        let session = self.gate.0.names.session();
        let holds = |name: &str| {
            name.strip_prefix(session).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.cookies.iter().filter(|(name, _)| holds(name)).count()
    }
}

/// What the provider learns of a login from the way to it.
fn login_of(response: &Response) -> Login {
    let (url, query) = location(response).split_once('?').unwrap();
    assert_eq!(url, "https://op.example/authorize");
    login_of_query(query)
}

/// The same from the parameters of an authorization request.
fn login_of_query(query: &str) -> Login {
    let parameter = |name| Query::new(query).unique(name).unwrap().unwrap().to_string();
    assert_eq!(parameter("response_type"), "code");
    assert_eq!(parameter("client_id"), CLIENT_ID);
    assert_eq!(parameter("code_challenge_method"), "S256");
    assert_eq!(parameter("audience"), "https://api.example");
    Login {
        state: parameter("state"),
        nonce: parameter("nonce"),
        code_challenge: parameter("code_challenge"),
    }
}

fn owned<'h>(fields: impl Iterator<Item = (&'h str, &'h str)>) -> Vec<(String, String)> {
    fields.map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn callback(login: &Login) -> String {
    QueryWriter::for_url("/api/auth/callback")
        .pair("code", "the code")
        .pair("state", &login.state)
        .pair("iss", ISSUER)
        .finish()
}

/// A good ID token for `login`, with `more` members that start with a comma.
fn id_token(login: &Login, more: &str) -> String {
    let (nonce, expiry) = (&login.nonce, NOW + 600);
    KEY.sign(&format!(
        r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","name":"Una","sid":"s1",
        "iat":{NOW},"exp":{expiry},"nonce":"{nonce}"{more}}}"#
    ))
}

fn tokens(id_token: &str) -> String {
    format!(
        r#"{{"access_token":"{ACCESS_TOKEN}","id_token":"{id_token}","token_type":"Bearer","expires_in":3600}}"#
    )
}

fn response(decision: Decision) -> Response {
    answer(decision).response
}

fn answer(decision: Decision) -> Answer {
    match decision {
        Decision::Respond(answer) => answer,
        other => panic!("not a response: {other:?}"),
    }
}

fn forward(decision: Decision) -> Forward {
    match decision {
        Decision::Forward(forward) => forward,
        other => panic!("not forwarded: {other:?}"),
    }
}

fn serve(decision: Decision) -> Serve {
    match decision {
        Decision::Serve(serve) => serve,
        other => panic!("not served: {other:?}"),
    }
}

fn location(response: &Response) -> &str {
    response.headers.get("location").unwrap_or_default()
}

/// The error code in a JSON body or on a page.
fn code(response: &Response) -> &str {
    let body = &response.body;
    let start = ["\"error\":\"", "<code>"]
        .iter()
        .find_map(|mark| body.find(mark).map(|at| at + mark.len()))
        .unwrap();
    body[start..].split(['"', '<']).next().unwrap()
}
