//! An identity provider: a discovery document, a key set, and tokens that fit it.

use super::wire::{PATIENCE, Peer, read_exactly, read_head};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    issuer::{IssuerConfig, IssuerMachine, RefreshSettings},
};
use std::{
    io::Write as _,
    sync::{
        Arc, Condvar, LazyLock, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate("one"));

/// A key of a provider's, and its name.
pub(crate) struct SigningKey {
    id: String,
    pair: Arc<RsaKeyPair>,
}

impl SigningKey {
    pub(crate) fn generate(id: &str) -> Self {
        Self { id: id.to_owned(), pair: Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    /// The same key under another name.
    pub(crate) fn renamed(&self, id: &str) -> Self {
        Self { id: id.to_owned(), pair: self.pair.clone() }
    }

    /// A key set of this key alone.
    pub(crate) fn key_set(&self) -> String {
        // PKCS #1: a sequence of a modulus of 2048 bits, with a sign byte, and an exponent.
        let (modulus, exponent) = self.pair.public_key().as_ref()[9..].split_at(256);
        let [modulus, exponent] =
            [modulus, &exponent[2..]].map(|number| URL_SAFE_NO_PAD.encode(number));
        let id = &self.id;
        format!(
            r#"{{"keys":[{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{id}",
                "n":"{modulus}","e":"{exponent}"}}]}}"#
        )
    }

    /// A token that is good for an hour.
    pub(crate) fn token(&self, issuer: &str, audience: &str, subject: &str) -> String {
        self.sign(issuer, &format!(r#""aud":"{audience}","sub":"{subject}""#))
    }

    /// A token of `issuer` that is good for an hour, with these members.
    pub(crate) fn sign(&self, issuer: &str, members: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}"}}"#, self.id);
        let claims = format!(r#"{{"iss":"{issuer}",{members},"iat":{now},"exp":{}}}"#, now + 3600);
        let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
            .unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The state of the provider, which tests look at and change.
struct State {
    discoveries: AtomicUsize,
    key_sets: AtomicUsize,
    status: AtomicU16,
    /// What the token endpoint answers.
    tokens: Mutex<String>,
    open: (Mutex<bool>, Condvar),
}

pub(crate) struct Provider {
    peer: Peer,
    state: Arc<State>,
}

impl Provider {
    pub(crate) fn new() -> Self {
        let state = Arc::new(State {
            discoveries: AtomicUsize::new(0),
            key_sets: AtomicUsize::new(0),
            status: AtomicU16::new(200),
            tokens: Mutex::default(),
            open: (Mutex::new(true), Condvar::new()),
        });
        let shared = state.clone();
        let peer = Peer::new(move |mut stream, _| {
            let address = stream.local_addr().unwrap();
            loop {
                let head = read_head(&mut stream);
                let body = match head.split(' ').nth(1) {
                    Some("/.well-known/openid-configuration") => {
                        shared.discoveries.fetch_add(1, Ordering::SeqCst);
                        metadata(&format!("http://{address}"))
                    }
                    Some("/keys") => {
                        shared.key_sets.fetch_add(1, Ordering::SeqCst);
                        KEY.key_set()
                    }
                    Some("/token") => {
                        let length = head.to_ascii_lowercase();
                        let length = length.split("content-length: ").nth(1).unwrap();
                        let length = length.split("\r\n").next().unwrap().parse().unwrap();
                        read_exactly(&mut stream, length);
                        shared.tokens.lock().unwrap().clone()
                    }
                    _ => return,
                };
                let (open, changed) = &shared.open;
                drop(changed.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
                let status = shared.status.load(Ordering::SeqCst);
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
                if stream.write_all((head + &body).as_bytes()).is_err() {
                    return;
                }
            }
        });
        Self { peer, state }
    }

    /// A machine that knows nothing of the provider yet, and is in a hurry after failures.
    pub(crate) fn machine(&self) -> IssuerMachine {
        self.machine_with(RefreshSettings {
            min_back_off: Duration::from_millis(1),
            max_back_off: Duration::from_millis(20),
            // Longer than a test waits: what only a deadline would put right counts as broken.
            timeout: 10 * PATIENCE,
            rate_limit: false,
            ..RefreshSettings::default()
        })
    }

    pub(crate) fn machine_with(&self, settings: RefreshSettings) -> IssuerMachine {
        let config = IssuerConfig::new(&self.issuer()).unwrap().with_refresh(settings);
        IssuerMachine::new(config, RUSTCRYPTO)
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.peer.address)
    }

    /// Answers with this status from now on.
    pub(crate) fn set_status(&self, status: u16) {
        self.state.status.store(status, Ordering::SeqCst);
    }

    /// Keeps requests waiting, or lets them go on.
    pub(crate) fn set_open(&self, open: bool) {
        let (is_open, changed) = &self.state.open;
        *is_open.lock().unwrap() = open;
        changed.notify_all();
    }

    /// How often the discovery document and the key set were asked for.
    pub(crate) fn requests(&self) -> (usize, usize) {
        (self.state.discoveries.load(Ordering::SeqCst), self.state.key_sets.load(Ordering::SeqCst))
    }

    /// Gives tokens for the login of `client_id` that `nonce` belongs to.
    pub(crate) fn grant(&self, client_id: &str, nonce: &str) {
        let id_token =
            self.sign(&format!(r#""aud":"{client_id}","sub":"somebody","nonce":"{nonce}""#));
        *self.state.tokens.lock().unwrap() = format!(
            r#"{{"access_token":"an-access-token","id_token":"{id_token}","token_type":"Bearer",
                "expires_in":3600}}"#
        );
    }

    /// An access token for `audience`.
    pub(crate) fn token(&self, audience: &str, subject: &str) -> String {
        self.sign(&format!(r#""aud":"{audience}","sub":"{subject}""#))
    }

    /// A token with these members.
    pub(crate) fn sign(&self, members: &str) -> String {
        KEY.sign(&self.issuer(), members)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.set_open(true);
    }
}

pub(crate) fn metadata(issuer: &str) -> String {
    format!(
        r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize",
            "token_endpoint":"{issuer}/token","jwks_uri":"{issuer}/keys"}}"#
    )
}
