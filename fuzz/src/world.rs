//! A gate, its issuer and somebody who is signed in.

use crate::{Counting, INSECURE, sign};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::{
    crypto::{AeadKey, CryptoProvider, RUSTCRYPTO, SignatureAlgorithm},
    entropy::Entropy,
    flow::{Context, Step},
    gate::{Decision, Gate, GateFlow},
    http::{HeaderView, Headers, Inbound, Query, QueryWriter, RequestHead, Response},
    issuer::{Document, IssuerConfig, IssuerMachine, IssuerSnapshot, Need},
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{Auth0Cookies, HeldCookies, Purpose, RevocationList, SealedCookie, SecretRing},
    time::{Monotonic, Now, UnixSeconds},
};
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

/// The moment at which everything happens unless a target says otherwise.
pub const NOW: u64 = 1_800_000_000;
pub const ISSUER: &str = "https://op.example/";
pub const CLIENT_ID: &str = "client";
pub const CLIENT_SECRET: &str = "the-secret-of-the-client";
pub const API_AUDIENCE: &str = "https://api.example";
pub const ACCESS_TOKEN: &str = "the-access-token";
/// The name of the gate's session cookie.
pub const SESSION_COOKIE: &str = "portcullis";

pub const HOST: &str = "localhost:3000";

const SECRET: &str = "a secret of at least 32 bytes, for fuzzing";
const BASE_URL: &str = "http://localhost:3000";
const UPSTREAM: &str = "http://localhost:5000/api/:path*";

/// Signatures that a fuzzer can make, seals that it cannot: whoever gets past the gate was let
/// past.
pub fn provider() -> CryptoProvider {
    CryptoProvider { signatures: INSECURE.signatures, ..RUSTCRYPTO }
}

/// Nobody has signed out.
pub static NOTHING_REVOKED: RevocationList = RevocationList::new(0);

/// Both clocks, some time after the usual moment.
pub fn at(after: Duration) -> Now {
    Now {
        unix: UnixSeconds(NOW + after.as_secs()),
        monotonic: Monotonic::from_start(Duration::from_secs(1000) + after),
    }
}

/// What a call needs, at the usual moment.
pub fn context<'c>(entropy: &'c mut dyn Entropy, issuer: &'c Arc<IssuerSnapshot>) -> Context<'c> {
    Context { now: at(Duration::ZERO), entropy, issuers: issuer, revocations: &NOTHING_REVOKED }
}

/// The ring that the gate's cookies are sealed with.
pub fn secrets(crypto: CryptoProvider) -> SecretRing {
    SecretRing::new([SECRET], crypto).expect("a good secret")
}

/// The gate of the demonstration: its rules, its guard, its routes.
pub fn gate() -> &'static Gate {
    static GATE: LazyLock<Gate> = LazyLock::new(|| {
        let client = ClientConfig::new(CLIENT_ID, Secret::new(CLIENT_SECRET), BASE_URL)
            .expect("a good client")
            .with_audience(API_AUDIENCE);
        let rules = [
            RewriteRule::new("/api/auth/:path", "/api/auth/:path*"),
            RewriteRule::new("/api/:path*", UPSTREAM),
        ];
        Gate::builder(client, secrets(provider()), provider())
            .protect(Matcher::new(["/private/:path*", "/api/:path*"]).expect("good patterns"))
            .api([Pattern::new("/api/:path*", Case::Insensitive).expect("a good pattern")])
            .backchannel_logout()
            .auth0_cookies(Auth0Cookies::new([SECRET], provider()).expect("a good secret"))
            .rewrites(Rewrites::builder().after_files(rules).build().expect("good rules"))
            .build()
            .expect("a good gate")
    });
    &GATE
}

/// A machine that has fetched both documents at the usual moment, and what it knows.
pub fn ready_machine() -> IssuerMachine {
    let config = IssuerConfig::new(ISSUER).expect("a good issuer");
    let mut machine = IssuerMachine::new(config, provider());
    let need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };
    let now = at(Duration::ZERO);
    for _ in 0..2 {
        let _ = machine.demand(&need, now);
        let flight = machine.poll_flight(now).expect("a flight for what is needed");
        let body = match flight.document {
            Document::Discovery => discovery().to_owned(),
            Document::KeySet => key_set("one"),
        };
        let _ = machine.on_answer(flight.id, Ok(ok(&body)), now, &mut Counting::default());
    }
    machine
}

/// What is known of the issuer once both documents are there.
pub fn known_issuer() -> &'static Arc<IssuerSnapshot> {
    static SNAPSHOT: LazyLock<Arc<IssuerSnapshot>> = LazyLock::new(|| ready_machine().snapshot());
    &SNAPSHOT
}

/// The discovery document of the issuer.
pub fn discovery() -> &'static str {
    r#"{"issuer":"https://op.example/","authorization_endpoint":"https://op.example/authorize","token_endpoint":"https://op.example/token","jwks_uri":"https://op.example/jwks","end_session_endpoint":"https://op.example/logout","token_endpoint_auth_methods_supported":["client_secret_post"]}"#
}

/// A key set of one key, whose modulus nobody has the factors of.
pub fn key_set(id: &str) -> String {
    let modulus = format!("{}w", "_".repeat(341));
    format!(r#"{{"keys":[{{"kty":"RSA","alg":"RS256","kid":"{id}","n":"{modulus}","e":"AQAB"}}]}}"#)
}

/// A good answer.
pub fn ok(body: &str) -> Inbound {
    Inbound { status: 200, headers: Vec::new(), body: body.into() }
}

/// A login under way, as the browser and the provider see it.
#[derive(Debug)]
pub struct Login {
    /// The `Cookie` field that the browser brings back.
    pub cookie: String,
    pub state: String,
    pub nonce: String,
}

impl Login {
    /// Starts a login. Every run gives the same.
    pub fn start() -> Self {
        let headers = [("host", HOST)];
        let head = get("/api/auth/login?returnTo=/private", &headers);
        let mut entropy = Counting::default();
        let step = gate().begin(&head, &mut context(&mut entropy, known_issuer()));
        let response = respond(step).expect("a way to the provider");
        let parameter = |name: &str| {
            let location = response.headers.get("location").expect("a location");
            let (_, query) = location.split_once('?').expect("a query");
            let value = Query::new(query).unique(name);
            value.expect("one value").expect("a value").into_owned()
        };
        Self {
            cookie: cookie_field(&response.headers),
            state: parameter("state"),
            nonce: parameter("nonce"),
        }
    }

    /// Goes through the callback with an access token of [`ACCESS_TOKEN`]. Returns the `Cookie`
    /// field of the session.
    fn finish(&self) -> String {
        let target = QueryWriter::for_url("/api/auth/callback")
            .pair("code", "code")
            .pair("state", &self.state)
            .finish();
        let headers = [("host", HOST), ("cookie", self.cookie.as_str())];
        let head = get(&target, &headers);
        let mut entropy = Counting::default();
        let mut context = context(&mut entropy, known_issuer());
        let Step::Fetch(fetch) = gate().begin(&head, &mut context) else {
            panic!("the code is redeemed");
        };
        let claims = format!(
            r#"{{"iss":"{ISSUER}","aud":"{CLIENT_ID}","sub":"user","nonce":"{}","iat":{NOW},"exp":{}}}"#,
            self.nonce,
            NOW + 600,
        );
        let id_token = sign(br#"{"alg":"RS256","kid":"one"}"#, claims.as_bytes());
        let answer = format!(
            r#"{{"access_token":"{ACCESS_TOKEN}","id_token":"{id_token}","token_type":"Bearer","expires_in":3600}}"#
        );
        let step = fetch.resume(Ok(ok(&answer)), &mut context);
        cookie_field(&respond(step).expect("the way back").headers)
    }
}

/// The `Cookie` field of somebody who is signed in.
pub fn signed_in() -> &'static str {
    static COOKIE: LazyLock<String> = LazyLock::new(|| Login::start().finish());
    &COOKIE
}

/// The `Cookie` field of a session whose content is `plaintext`; `None` where it is too large.
pub fn sealed_session(plaintext: &[u8]) -> Option<String> {
    static RING: LazyLock<SecretRing> = LazyLock::new(|| secrets(provider()).for_client(CLIENT_ID));
    let cookie = SealedCookie { name: SESSION_COOKIE, purpose: Purpose::Session, secure: false };
    let mut headers = Headers::new();
    cookie
        .write(
            plaintext,
            3600,
            HeldCookies::default(),
            &RING,
            &mut Counting::default(),
            &mut headers,
        )
        .ok()?;
    Some(cookie_field(&headers))
}

/// What the Auth0 SDK for Next.js puts into a cookie of this protected header and this content.
pub fn sealed_as_auth0(header: &[u8], content: &[u8]) -> String {
    let mut key = [0; 32];
    let secret = RUSTCRYPTO.hash.extract(&[], SECRET.as_bytes());
    secret.expand(&[b"JWE CEK"], &mut key).expect("32 bytes");
    let protected = URL_SAFE_NO_PAD.encode(header);
    let mut sealed = content.to_vec();
    let key = AeadKey::new(&key, &[0; 12]);
    RUSTCRYPTO.aead.seal(&key, protected.as_bytes(), &mut sealed).expect("not too long");
    let (ciphertext, tag) = sealed.split_at(sealed.len() - 16);
    let [nonce, ciphertext, tag] =
        [key.nonce().as_slice(), ciphertext, tag].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    format!("{protected}..{nonce}.{ciphertext}.{tag}")
}

/// The head of a GET request.
pub fn get<'h>(target: &'h str, headers: &'h dyn HeaderView) -> RequestHead<'h> {
    RequestHead { method: "GET", target, headers, peer: None, secure: false }
}

/// The answer, where the gate gives one itself.
pub fn respond(step: Step<GateFlow>) -> Option<Response> {
    match step {
        Step::Done(Decision::Respond(answer)) => Some(answer.response),
        _ => None,
    }
}

/// What a browser that held nothing sends back after these header fields.
fn cookie_field(headers: &Headers) -> String {
    let pairs: Vec<&str> = headers
        .iter()
        .filter(|(name, value)| *name == "set-cookie" && !value.contains("Max-Age=0"))
        .filter_map(|(_, value)| value.split(';').next())
        .collect();
    pairs.join("; ")
}
