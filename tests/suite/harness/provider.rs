//! A provider that answers what the test tells it to.

use super::{Client, Demo, Reply, SigningKey, keys, query_of};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a provider answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A status and a body.
    Http(u16, String),
    /// These bytes, whatever they are.
    Raw(&'static str),
    /// Nothing: the connection is closed.
    Hangup,
    /// 200 with this body, some time later.
    Late(Duration, String),
    /// 200 with this body, once it is let go.
    Held(Hold, String),
}

/// Holds answers back until the test lets them go. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hold(Arc<(Mutex<bool>, Condvar)>);

impl Hold {
    pub(crate) fn let_go(&self) {
        let (is_over, changed) = &*self.0;
        *is_over.lock().unwrap() = true;
        changed.notify_all();
    }

    /// A test that failed lets nothing go any more.
    fn wait(&self) {
        let (is_over, changed) = &*self.0;
        let held = is_over.lock().unwrap();
        drop(changed.wait_timeout_while(held, PATIENCE, |is_over| !*is_over).unwrap());
    }
}

impl Answer {
    pub(crate) fn json(value: &Value) -> Self {
        Self::Http(200, value.to_string())
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Late(pause, body) => {
                thread::sleep(*pause);
                Self::Http(200, body.clone()).bytes()
            }
            Self::Held(hold, body) => {
                hold.wait();
                Self::Http(200, body.clone()).bytes()
            }
            Self::Http(status, body) => format!(
                "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
            Self::Raw(text) => text.as_bytes().to_vec(),
            Self::Hangup => Vec::new(),
        }
    }
}

/// A provider on a port of its own. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Where it is, without a slash at the end.
    url: String,
    /// What it calls itself.
    issuer: String,
    /// The key that it publishes.
    pub(crate) key: SigningKey,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    answers: Mutex<BTreeMap<&'static str, Answer>>,
    granted: Mutex<Vec<String>>,
    requests: Mutex<Vec<String>>,
    /// The `Authorization` field of the last request that had one.
    authorization: Mutex<String>,
    forms: Mutex<Vec<String>>,
    stopped: AtomicBool,
}

impl Provider {
    pub(crate) const CLIENT_ID: &'static str = "the-client";
    pub(crate) const CLIENT_SECRET: &'static str = "the-secret-of-the-client-5b1f";
    /// Where the demonstration believes to be. Nobody knows its port before it starts.
    pub(crate) const BASE_URL: &'static str = "http://localhost:3000";
    pub(crate) const AUDIENCE: &'static str = "https://api.example";
    /// What the demonstration's cookies are sealed with.
    pub(crate) const COOKIE_SECRET: &'static str =
        "7c2f9a1e5b8d4036e1f7a9c3d5b20846f8e1c7a3905d2b6e4f19a8c70d3e5b21";
    /// The code that every sign-in brings.
    pub(crate) const CODE: &'static str = "the-code-3e9a";

    pub(crate) const DISCOVERY: &'static str = "/.well-known/openid-configuration";
    pub(crate) const KEY_SET: &'static str = "/jwks";
    pub(crate) const TOKEN: &'static str = "/token";

    /// A provider that works and calls itself by its address.
    pub(crate) fn start() -> Self {
        Self::start_as("")
    }

    /// A provider that works and calls itself by its address followed by `suffix`.
    pub(crate) fn start_as(suffix: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            answers: Mutex::default(),
            granted: Mutex::default(),
            requests: Mutex::default(),
            authorization: Mutex::default(),
            forms: Mutex::default(),
            stopped: AtomicBool::new(false),
        });
        let server = {
            let shared = shared.clone();
            thread::spawn(move || shared.serve(&listener))
        };
        let provider = Self {
            issuer: format!("{url}{suffix}"),
            url,
            key: SigningKey::generate("one"),
            shared,
            server: Some(server),
        };
        provider.works();
        provider
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The settings of the demonstration that name this provider.
    pub(crate) fn settings(&self) -> [(&'static str, &str); 6] {
        settings(&self.url)
    }

    /// Answers `path` with `answer` from now on.
    pub(crate) fn answers(&self, path: &'static str, answer: Answer) {
        self.shared.answers.lock().expect("no thread panics").insert(path, answer);
    }

    /// Answers everything with `answer` from now on.
    pub(crate) fn answers_all(&self, answer: &Answer) {
        for path in [Self::DISCOVERY, Self::KEY_SET, Self::TOKEN] {
            self.answers(path, answer.clone());
        }
    }

    /// Answers with good documents from now on. There are no tokens yet.
    pub(crate) fn works(&self) {
        self.answers(Self::DISCOVERY, Answer::json(&self.discovery()));
        self.answers(Self::KEY_SET, Answer::json(&json!({"keys": [self.key.jwk()]})));
        self.answers(Self::TOKEN, Answer::Http(400, r#"{"error":"invalid_grant"}"#.to_owned()));
    }

    pub(crate) fn discovery(&self) -> Value {
        let url = &self.url;
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}{}", Self::TOKEN),
            "jwks_uri": format!("{url}{}", Self::KEY_SET),
        })
    }

    /// How often `path` was asked for.
    pub(crate) fn requests(&self, path: &str) -> usize {
        let requests = self.shared.requests.lock().expect("no thread panics");
        requests.iter().filter(|request| *request == path).count()
    }

    /// The `Authorization` field of the last request that had one.
    pub(crate) fn authorization(&self) -> String {
        self.shared.authorization.lock().expect("no thread panics").clone()
    }

    /// What the gate sent as `name` in its forms, in order.
    pub(crate) fn sent(&self, name: &str) -> Vec<String> {
        let forms = self.shared.forms.lock().expect("no thread panics");
        forms.iter().filter_map(|form| query_of(&format!("?{form}"), name)).collect()
    }

    /// The claims of a good access token.
    pub(crate) fn access_claims(&self) -> Value {
        let now = keys::now();
        json!({
            "iss": self.issuer, "aud": Self::AUDIENCE, "sub": "user", "iat": now, "exp": now + 600,
        })
    }

    /// The claims of a good ID token for the login that `nonce` belongs to.
    pub(crate) fn id_claims(&self, nonce: &str) -> Value {
        let now = keys::now();
        json!({
            "iss": self.issuer, "aud": Self::CLIENT_ID, "sub": "user", "name": "Example User",
            "nonce": nonce, "iat": now, "exp": now + 600,
        })
    }

    /// Starts a sign-in and does what the provider's page would: makes tokens, and sends the
    /// browser back. `change` may spoil the claims of the ID token. Returns the answer to the
    /// callback.
    pub(crate) fn sign_in(
        &self,
        client: &mut Client,
        demo: &Demo,
        change: impl FnOnce(&mut Value),
    ) -> Reply {
        self.sign_in_with(client, demo, |mut claims| {
            change(&mut claims);
            self.key.sign(&claims)
        })
    }

    /// The same with an ID token of the test's own making, from the claims of a good one.
    pub(crate) fn sign_in_with(
        &self,
        client: &mut Client,
        demo: &Demo,
        id_token: impl FnOnce(Value) -> String,
    ) -> Reply {
        let away = client.open(&format!("{}/api/auth/login?returnTo=%2Fprivate", demo.frontend));
        assert!(away.location().starts_with(&format!("{}/authorize?", self.url)), "{away:?}");
        let nonce = query_of(away.location(), "nonce").expect("a nonce");
        let id_token = id_token(self.id_claims(&nonce));
        self.grant(&self.key.sign(&self.access_claims()), &id_token);
        let state = query_of(away.location(), "state").expect("a state");
        client.open(&self.callback(demo, &state))
    }

    /// Starts a login at this address of the front end, and comes back with a good answer but for
    /// what `change` does to the claims of the ID token. Returns the answer to the callback, and
    /// where the browser was sent to.
    pub(crate) fn sign_in_at(
        &self,
        client: &mut Client,
        demo: &Demo,
        login: &str,
        change: impl FnOnce(&mut Value),
    ) -> (Reply, String) {
        let away = client.open(&format!("{}{login}", demo.frontend));
        let parameter = |name| query_of(away.location(), name).expect("a parameter");
        let mut claims = self.id_claims(&parameter("nonce"));
        change(&mut claims);
        self.grant(&self.key.sign(&self.access_claims()), &self.key.sign(&claims));
        let back = client.open(&self.callback(demo, &parameter("state")));
        (back, away.location().to_owned())
    }

    /// Gives these tokens for a code from now on.
    pub(crate) fn grant(&self, access_token: &str, id_token: &str) {
        let answer = json!({
            "access_token": access_token, "id_token": id_token, "token_type": "Bearer",
            "expires_in": 600,
        });
        self.answers(Self::TOKEN, Answer::json(&answer));
        let tokens = [access_token, id_token].map(str::to_owned);
        self.shared.granted.lock().expect("no thread panics").extend(tokens);
    }

    /// All tokens that were ever given.
    pub(crate) fn granted(&self) -> Vec<String> {
        self.shared.granted.lock().expect("no thread panics").clone()
    }

    /// Where the provider would send the browser back to.
    pub(crate) fn callback(&self, demo: &Demo, state: &str) -> String {
        format!("{}/api/auth/callback?code={}&state={state}", demo.frontend, Self::CODE)
    }
}

/// The settings of the demonstration for the provider at `issuer`.
pub(crate) fn settings(issuer: &str) -> [(&'static str, &str); 6] {
    [
        ("AUTH0_SECRET", Provider::COOKIE_SECRET),
        ("AUTH0_BASE_URL", Provider::BASE_URL),
        ("AUTH0_ISSUER_BASE_URL", issuer),
        ("AUTH0_CLIENT_ID", Provider::CLIENT_ID),
        ("AUTH0_CLIENT_SECRET", Provider::CLIENT_SECRET),
        ("AUTH0_AUDIENCE", Provider::AUDIENCE),
    ]
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the server, which waits for a connection.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

impl Shared {
    fn serve(&self, listener: &TcpListener) {
        for connection in listener.incoming() {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            if let Ok(connection) = connection {
                // Whoever breaks a connection off gets no answer.
                let _ = self.answer(&connection);
            }
        }
    }

    fn answer(&self, mut connection: &TcpStream) -> std::io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut reader = BufReader::new(connection);
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or_default();
            }
            if name.eq_ignore_ascii_case("authorization") {
                let mut authorization = self.authorization.lock().expect("no thread panics");
                value.trim().clone_into(&mut authorization);
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut form = String::new();
        reader.take(length).read_to_string(&mut form)?;
        let target = first.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        self.requests.lock().expect("no thread panics").push(path.to_owned());
        self.forms.lock().expect("no thread panics").push(form);
        let answers = self.answers.lock().expect("no thread panics");
        let answer = answers.get(path).cloned().unwrap_or(Answer::Http(404, String::new()));
        drop(answers);
        connection.write_all(&answer.bytes())
    }
}
