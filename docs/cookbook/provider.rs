//! An OpenID provider that says yes to everybody.

use crate::now;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::{gate::Gate, guard::Guard, http::Query, issuer::IssuerConfig};
use portcullis_hyper::{
    api_guard::ApiGuard,
    client::{Client, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    runtime::TokioRuntime,
    tls,
    tower::{GateLayer, GuardLayer, axum::Session},
};
use serde_json::{Value, json};
use std::{error::Error, fmt, ops::Range, sync::Arc};
use tokio::net::TcpListener;

/// Where the modulus of a key of 2048 bits stands in its DER.
const MODULUS: Range<usize> = 9..9 + 256;

/// A provider on a port of its own, with a key of its own, for as long as the program runs. Every
/// client and every API is registered with it, and whoever comes is signed in as `user`.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer: String,
    key: KeyPair,
}

impl Provider {
    /// Starts one.
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}/", listener.local_addr()?);
        let key = KeyPair::generate(KeySize::Rsa2048)?;
        let provider = Self(Arc::new(Inner { issuer, key }));
        let (discovery, keys) = (provider.discovery(), provider.key_set());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async || Json(discovery)))
            .route("/jwks", get(async || Json(keys)))
            .route("/token", post(tokens).with_state(provider.clone()));
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(provider)
    }

    /// Its name, and where it is.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// What it publishes at `url`, for those who carry it there by hand.
    #[must_use]
    pub fn document(&self, url: &str) -> Option<String> {
        match url.strip_prefix(self.issuer())? {
            ".well-known/openid-configuration" => Some(self.discovery().to_string()),
            "jwks" => Some(self.key_set().to_string()),
            _ => None,
        }
    }

    /// An access token for `https://api.example` that lives for an hour. What `claims` say counts
    /// for more.
    #[must_use]
    pub fn access_token(&self, claims: Value) -> String {
        self.sign(json!({ "aud": "https://api.example" }), claims)
    }

    /// An API behind `guard`, which trusts this provider. It answers `The orders.` to everything.
    pub fn protect(&self, guard: Guard) -> Result<Router, Box<dyn Error>> {
        let issuer = IssuerConfig::new(self.issuer())?;
        let driver = Driver::for_issuers(TokioRuntime::new(), [issuer], AWS_LC)?;
        let orders = Router::new().fallback(async || "The orders.");
        Ok(orders.layer(GuardLayer::new(ApiGuard::new(guard, driver))))
    }

    /// An application behind `gate`, which signs people in here. It says hello to whoever is.
    pub fn sign_in_for(&self, gate: Gate) -> Result<Router, Box<dyn Error>> {
        let runtime = TokioRuntime::new();
        let driver = Driver::for_issuers(runtime, [IssuerConfig::new(self.issuer())?], AWS_LC)?;
        let http = Client::new(runtime, tls::client_config(None)?, PoolLimits::default());
        let hello = async |session: Option<Session>| {
            let name = session.as_ref().map_or("you", |session| session.subject());
            format!("Hello, {name}.")
        };
        let gate = FrontGate::new(gate, driver, http);
        Ok(Router::new().fallback(hello).layer(GateLayer::new(gate)))
    }

    fn sign(&self, usual: Value, claims: Value) -> String {
        let now = now();
        let mut all = json!({
            "iss": self.issuer(), "sub": "user", "iat": now, "exp": now + 3600,
        });
        for more in [usual, claims] {
            if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
                all.extend(more);
            }
        }
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encode(&json!({ "alg": "RS256", "kid": "1" })), encode(&all));
        let mut signature = vec![0; self.0.key.public_modulus_len()];
        self.0
            .key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn discovery(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer());
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at("jwks"),
            "end_session_endpoint": at("logout"),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        })
    }

    fn key_set(&self) -> Value {
        // An `RSAPublicKey` (RFC 8017, A.1.1): the modulus, and then 65537, which is `AQAB`.
        let modulus = self.0.key.public_key().as_ref().get(MODULUS).unwrap_or_default();
        let n = URL_SAFE_NO_PAD.encode(modulus);
        let key = json!({ "kty": "RSA", "alg": "RS256", "kid": "1", "n": n, "e": "AQAB" });
        json!({ "keys": [key] })
    }
}

/// Tokens for a code, which is the nonce of the login, so that nothing has to be remembered.
async fn tokens(State(provider): State<Provider>, form: String) -> Json<Value> {
    let parameter = |name| Query::new(&form).unique(name).ok().flatten().unwrap_or_default();
    let id_token = json!({ "aud": parameter("client_id"), "nonce": parameter("code"), "sid": "1" });
    Json(json!({
        "access_token": provider.access_token(json!({})),
        "id_token": provider.sign(id_token, json!({})),
        "token_type": "Bearer",
        "expires_in": 3600,
    }))
}

/// Nothing of the key.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.issuer()).finish()
    }
}
