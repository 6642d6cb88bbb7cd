//! A gate, a provider that rotates refresh tokens and ends the grant where one comes twice, a
//! browser, and a script that lets them do things in any order.
//!
//! Property tests and the fuzz target share it, so it uses the public interface alone, and
//! whichever entropy that counts is at hand.

use super::Counting;
use portcullis_core::{
    crypto::RUSTCRYPTO,
    flow::{AwaitRefresh, Context, Fetch, Step},
    gate::{
        Decision, Gate, GateFlow, RefreshEvent, RefreshFlightId, RefreshFlow, RefreshLimits,
        RefreshProgress, Refreshes, ResponseEdits,
    },
    http::{FetchError, HeaderView, Headers, Inbound, Outbound, Query, RequestHead},
    issuer::{IssuerConfig, IssuerMachine, IssuerSnapshot, Need},
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{HeldCookies, Purpose, RevocationList, SealedCookie, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use std::{collections::BTreeMap, format, string::String, sync::Arc, time::Duration, vec::Vec};

const START: u64 = 1_800_000_000;
const LIFETIME: u64 = 300;
const CLIENT_ID: &str = "client";
const SECRET: &str = "9f2c4b7e1a6d8035c4e7f1b92a5d6380";
const COOKIE: &str = "portcullis";
const DISCOVERY: &str = r#"{"issuer":"https://op.example/",
    "authorization_endpoint":"https://op.example/authorize",
    "token_endpoint":"https://op.example/token",
    "revocation_endpoint":"https://op.example/revoke",
    "jwks_uri":"https://op.example/jwks",
    "token_endpoint_auth_methods_supported":["client_secret_post"]}"#;
/// How long the gate gives an upstream to begin its answer.
const ANSWER: Duration = Duration::from_secs(70);

/// What one byte of a script does; the next one says how.
const OPERATIONS: u8 = 16;

/// Runs a script. Panics where something happens that must not.
pub(crate) fn run(script: &[u8]) {
    let mut world = World::new();
    for step in script.chunks_exact(2) {
        world.step(step[0] % OPERATIONS, step[1]);
    }
}

/// Runs a script in which no answer is lost and every answer arrives while the old tokens are
/// remembered: no refresh token may be used twice, and none is left when somebody signs out.
pub(crate) fn run_undisturbed(script: &[u8]) {
    let mut world = World::new();
    for step in script.chunks_exact(2) {
        match step[0] % 8 {
            0 => {
                world.land_everything();
                world.advance(Duration::from_secs(u64::from(step[1]) * 3));
            }
            1 | 2 => world.send("/api/x"),
            3 => world.send("/private"),
            4 => world.settle(step[1]),
            5 => world.start_flights(),
            6 => world.land(step[1], Ending::Good),
            _ => world.deliver(step[1]),
        }
        assert!(!world.provider.ended, "a refresh token was used twice");
    }
    // The provider has answered what is under way, and the answers are on their way.
    world.answer_flights();
    world.sign_out();
    world.land_everything();
    assert!(world.signed_out && world.provider.ended, "a refresh token is left");
}

struct World {
    gate: Gate,
    limits: RefreshLimits,
    table: Refreshes,
    issuer: Arc<IssuerSnapshot>,
    entropy: Counting,
    unix: u64,
    elapsed: Duration,
    cookies: BTreeMap<String, String>,
    provider: Provider,
    waiting: Vec<(Duration, AwaitRefresh<GateFlow>)>,
    flights: Vec<Sent>,
    answers: Vec<(Duration, ResponseEdits)>,
    /// When the table got to know of new tokens for this one.
    replaced: BTreeMap<String, Duration>,
    revocations: RevocationList,
    signed_out: bool,
}

/// A flight under way.
struct Sent {
    id: RefreshFlightId,
    fetch: Fetch<RefreshFlow>,
    /// What the provider said, where it has already.
    answer: Option<Inbound>,
}

/// How a flight ends.
#[derive(Clone, Copy)]
enum Ending {
    Good,
    /// The provider gives new tokens, and nobody gets to know.
    AnswerLost,
    RequestLost,
    Unavailable,
    Refused,
}

impl World {
    fn new() -> Self {
        let limits = RefreshLimits { flights: 2, sessions: 4, ..RefreshLimits::default() };
        let mut entropy = Counting::default();
        let cookies = sealed_session(&mut entropy);
        Self {
            gate: gate(),
            limits,
            table: Refreshes::new(limits),
            issuer: known_issuer(&mut entropy),
            entropy,
            unix: START,
            elapsed: Duration::from_secs(1000),
            cookies,
            provider: Provider::default(),
            waiting: Vec::new(),
            flights: Vec::new(),
            answers: Vec::new(),
            replaced: BTreeMap::new(),
            revocations: RevocationList::default(),
            signed_out: false,
        }
    }

    fn now(&self) -> Now {
        Now { unix: UnixSeconds(self.unix), monotonic: Monotonic::from_start(self.elapsed) }
    }

    fn step(&mut self, operation: u8, argument: u8) {
        match operation {
            0 => self.advance(Duration::from_millis(u64::from(argument) * 10)),
            1 => self.advance(Duration::from_secs(u64::from(argument))),
            2 => self.advance(Duration::from_secs(u64::from(argument) * 60)),
            3 => {
                let minutes = i64::from(argument.cast_signed());
                self.unix = self.unix.saturating_add_signed(minutes * 60);
            }
            4 | 5 => self.send("/api/x"),
            6 => self.send("/private"),
            7 => self.settle(argument),
            8 => self.start_flights(),
            9 => self.land(argument, Ending::Good),
            10 => self.land(argument, Ending::AnswerLost),
            11 => self.land(argument, Ending::RequestLost),
            12 => self.land(argument, Ending::Unavailable),
            13 if argument < 32 => self.land(argument, Ending::Refused),
            13 => drop(self.take_flight(argument)),
            14 => self.deliver(argument),
            _ if argument < 16 => self.sign_out(),
            _ => {}
        }
    }

    fn advance(&mut self, time: Duration) {
        self.elapsed += time;
        self.unix += time.as_secs();
    }

    fn call<T>(&mut self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let now = self.now();
        let (entropy, issuers) = (&mut self.entropy, &self.issuer);
        call(&mut Context { now, entropy, issuers, revocations: &self.revocations })
    }

    /// The browser sends a request with the cookies that it has.
    fn send(&mut self, target: &str) {
        let step = self.begin(target);
        self.go_on(step);
    }

    fn begin(&mut self, target: &str) -> Step<GateFlow> {
        let pairs: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = pairs.join("; ");
        let headers = [
            ("host", "localhost:3000"),
            ("cookie", cookies.as_str()),
            ("accept", "text/html"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        let head =
            RequestHead { method: "GET", target, headers: &headers, peer: None, secure: false };
        let gate = self.gate.clone();
        self.call(|context| gate.begin(&head, context))
    }

    fn go_on(&mut self, step: Step<GateFlow>) {
        match step {
            Step::Refresh(waiting) => self.waiting.push((self.elapsed, waiting)),
            Step::Done(Decision::Forward(forward)) => {
                assert!(!self.signed_out, "a token after the sign-out");
                let bearer = forward.request.added().get("authorization").expect("a token");
                let expiry = self.provider.expiry(bearer.trim_start_matches("Bearer "));
                assert!(self.unix < expiry, "{bearer} has expired");
                self.answers.push((self.elapsed, forward.response));
            }
            Step::Done(Decision::Serve(serve)) => {
                assert!(!self.signed_out, "a page for somebody who has signed out");
                self.answers.push((self.elapsed, serve.response));
            }
            Step::Done(Decision::Respond(answer)) => {
                assert!(matches!(answer.response.status, 302 | 401 | 503));
                self.apply(answer.response.headers.iter());
            }
            step => panic!("{step:?}"),
        }
    }

    /// A request that waits asks how it stands.
    fn settle(&mut self, which: u8) {
        let Some(at) = pick(which, self.waiting.len()) else { return };
        let (since, waiting) = self.waiting.swap_remove(at);
        if self.elapsed - since > self.limits.flight {
            // It would have asked before.
            return;
        }
        match self.table.demand(waiting.demand(), self.now()) {
            RefreshProgress::Settled(outcome) => {
                let step = self.call(|context| waiting.resume(outcome, context));
                self.go_on(step);
            }
            RefreshProgress::Pending { until } => {
                let left = until.since(self.now().monotonic);
                assert!(left > Duration::ZERO && left <= self.limits.flight);
                self.waiting.push((since, waiting));
            }
        }
    }

    fn start_flights(&mut self) {
        while let Some(flight) = self.table.poll_flight(self.now()) {
            let refreshing = flight.refreshing;
            match self.call(|context| refreshing.begin(context)) {
                Step::Fetch(fetch) => {
                    let token = refresh_token(&fetch);
                    let remembered = self.replaced.get(&token).map(|at| *at + self.limits.memory);
                    assert!(
                        remembered.is_none_or(|until| until <= self.elapsed),
                        "{token} is sent once more"
                    );
                    assert!(!self.signed_out, "a refresh after the sign-out");
                    self.flights.push(Sent { id: flight.id, fetch, answer: None });
                }
                Step::Done(result) => {
                    assert!(self.signed_out && result.is_err());
                    let _ = self.table.on_landed(flight.id, result, self.now());
                }
                step => panic!("{step:?}"),
            }
        }
    }

    fn take_flight(&mut self, which: u8) -> Option<Sent> {
        pick(which, self.flights.len()).map(|at| self.flights.swap_remove(at))
    }

    fn answer_flights(&mut self) {
        for sent in &mut self.flights {
            sent.answer = Some(self.provider.redeem(&refresh_token(&sent.fetch), self.unix));
        }
    }

    fn land(&mut self, which: u8, ending: Ending) {
        let Some(Sent { id, fetch, answer }) = self.take_flight(which) else { return };
        let token = refresh_token(&fetch);
        let answer = match ending {
            Ending::Good => Ok(answer.unwrap_or_else(|| self.provider.redeem(&token, self.unix))),
            Ending::AnswerLost => {
                self.provider.redeem(&token, self.unix);
                Err(FetchError::Timeout)
            }
            Ending::RequestLost => Err(FetchError::Transport),
            Ending::Unavailable => Ok(inbound(503, "")),
            Ending::Refused => {
                self.provider.ended = true;
                Ok(inbound(400, r#"{"error":"invalid_grant"}"#))
            }
        };
        let result = match self.call(|context| fetch.resume(answer, context)) {
            Step::Done(result) => result,
            Step::Fetch(fetch) => {
                assert!(self.signed_out, "only then is there more to send");
                let answer = Ok(self.provider.revoke(fetch.request()));
                match self.call(|context| fetch.resume(answer, context)) {
                    Step::Done(result) => result,
                    step => panic!("{step:?}"),
                }
            }
            step => panic!("{step:?}"),
        };
        assert!(!(self.signed_out && result.is_ok()), "new tokens after the sign-out");
        let brings_tokens = result.is_ok();
        let event = self.table.on_landed(id, result, self.now());
        if brings_tokens && event == RefreshEvent::Renewed {
            self.replaced.insert(token, self.elapsed);
        }
    }

    fn land_everything(&mut self) {
        while !(self.waiting.is_empty() && self.flights.is_empty() && self.answers.is_empty()) {
            self.start_flights();
            (0..self.flights.len()).for_each(|_| self.land(0, Ending::Good));
            (0..self.waiting.len()).for_each(|_| self.settle(0));
            (0..self.answers.len()).for_each(|_| self.deliver(0));
        }
    }

    /// An upstream or the application answers, and the browser keeps the cookies.
    fn deliver(&mut self, which: u8) {
        let Some(at) = pick(which, self.answers.len()) else { return };
        let (since, edits) = self.answers.swap_remove(at);
        if self.elapsed - since > ANSWER {
            // The gate would have given up before.
            return;
        }
        let nothing: [(&str, &str); 0] = [];
        let filter = edits.filter(&nothing as &dyn HeaderView);
        self.apply(filter.added());
    }

    fn sign_out(&mut self) {
        let mut step = self.begin("/api/auth/logout");
        let answer = loop {
            step = match step {
                Step::Revoke(revoke) => {
                    let now = self.now().unix;
                    let outcome = self.revocations.record(revoke.revocation(), now);
                    self.signed_out = true;
                    self.call(|context| revoke.resume(outcome, context))
                }
                Step::Refresh(waiting) => {
                    let progress = self.table.demand(waiting.demand(), self.now());
                    let RefreshProgress::Settled(outcome) = progress else {
                        panic!("a sign-out waits for a refresh")
                    };
                    self.call(|context| waiting.resume(outcome, context))
                }
                Step::Fetch(fetch) => {
                    let answer = Ok(self.provider.revoke(fetch.request()));
                    self.call(|context| fetch.resume(answer, context))
                }
                Step::Done(Decision::Respond(answer)) => break answer,
                step => panic!("{step:?}"),
            };
        };
        self.apply(answer.response.headers.iter());
        assert!(self.cookies.is_empty());
    }

    fn apply<'h>(&mut self, headers: impl Iterator<Item = (&'h str, &'h str)>) {
        for (_, cookie) in headers.filter(|(name, _)| *name == "set-cookie") {
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            if cookie.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                let value = rest.split(';').next().unwrap_or_default();
                self.cookies.insert(name.into(), value.into());
            }
        }
    }
}

/// Gives tokens for the newest refresh token, and ends the grant for an older one.
#[derive(Default)]
struct Provider {
    issued: u64,
    ended: bool,
    expiries: BTreeMap<String, u64>,
}

impl Provider {
    fn redeem(&mut self, token: &str, now: u64) -> Inbound {
        if self.ended || token != format!("refresh-{}", self.issued) {
            self.ended = true;
            return inbound(400, r#"{"error":"invalid_grant"}"#);
        }
        self.issued += 1;
        let number = self.issued;
        let access_token = format!("access-{number}");
        let body = format!(
            r#"{{"access_token":"{access_token}","refresh_token":"refresh-{number}",
            "token_type":"Bearer","expires_in":{LIFETIME}}}"#
        );
        self.expiries.insert(access_token, now + LIFETIME);
        inbound(200, &body)
    }

    /// Ends the grant where it is given the newest refresh token. An older one it does not know any
    /// more (RFC 7009 §2.2).
    fn revoke(&mut self, request: &Outbound) -> Inbound {
        assert_eq!(request.url.as_str(), "https://op.example/revoke");
        if parameter(request, "token") == format!("refresh-{}", self.issued) {
            self.ended = true;
        }
        inbound(200, "")
    }

    fn expiry(&self, access_token: &str) -> u64 {
        match self.expiries.get(access_token) {
            Some(expiry) => *expiry,
            None => {
                assert_eq!(access_token, "access-0");
                START + LIFETIME
            }
        }
    }
}

fn pick(which: u8, length: usize) -> Option<usize> {
    usize::from(which).checked_rem(length)
}

fn refresh_token(fetch: &Fetch<RefreshFlow>) -> String {
    let request = fetch.request();
    assert_eq!(request.url.as_str(), "https://op.example/token");
    parameter(request, "refresh_token")
}

fn parameter(request: &Outbound, name: &str) -> String {
    let value = Query::new(&request.body).unique(name);
    value.expect("one value").expect("a value").into_owned()
}

fn inbound(status: u16, body: &str) -> Inbound {
    Inbound { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn gate() -> Gate {
    let client = ClientConfig::new(CLIENT_ID, Secret::new("secret"), "http://localhost:3000")
        .expect("a good client")
        .with_offline_access();
    let ring = SecretRing::new([SECRET], RUSTCRYPTO).expect("a good secret");
    let rule = RewriteRule::new("/api/:path*", "http://localhost:5000/api/:path*");
    Gate::builder(client, ring, RUSTCRYPTO)
        .rewrites(Rewrites::builder().after_files([rule]).build().expect("good rules"))
        .protect(Matcher::new(["/private", "/api/:path*"]).expect("good patterns"))
        .api([Pattern::new("/api/:path*", Case::Insensitive).expect("a good pattern")])
        .build()
        .expect("a good gate")
}

fn known_issuer(entropy: &mut Counting) -> Arc<IssuerSnapshot> {
    let config = IssuerConfig::new("https://op.example/").expect("a good issuer");
    let mut machine = IssuerMachine::new(config, RUSTCRYPTO);
    let now = Now::default();
    let _ = machine.demand(&Need::Metadata, now);
    let flight = machine.poll_flight(now).expect("a flight for the metadata");
    let _ = machine.on_answer(flight.id, Ok(inbound(200, DISCOVERY)), now, entropy);
    machine.snapshot()
}

/// The cookies of somebody who has just signed in.
fn sealed_session(entropy: &mut Counting) -> BTreeMap<String, String> {
    let mut content = Vec::from([3]);
    for moment in [START, START, START, START + LIFETIME] {
        content.extend(moment.to_be_bytes());
    }
    content.extend(*b"a session number");
    content.extend(0_u32.to_be_bytes());
    let claims = r#"{"sub":"user"}"#;
    let issuer = "https://op.example";
    for (tag, text) in [(1, claims), (2, "\0access-0"), (3, "\0refresh-0"), (6, issuer)] {
        content.extend([tag, text.len() as u8]);
        content.extend(text.bytes());
    }
    let ring = SecretRing::new([SECRET], RUSTCRYPTO).expect("a good secret").for_client(CLIENT_ID);
    let cookie = SealedCookie { name: COOKIE, purpose: Purpose::Session, secure: false };
    let mut headers = Headers::new();
    cookie
        .write(&content, 3600, HeldCookies::default(), &ring, entropy, &mut headers)
        .expect("a session that fits");
    let field = headers.get("set-cookie").expect("a cookie");
    let (name, rest) = field.split_once('=').expect("a value");
    let value = rest.split(';').next().unwrap_or_default();
    BTreeMap::from([(name.into(), value.into())])
}
