//! What tests of several modules need: a provider that signs, entropy that repeats, clocks that are
//! set by hand.

mod entropy;
mod world;

pub(crate) use entropy::Counting;
pub(crate) use world::World;

use crate::{
    crypto::RUSTCRYPTO,
    encoding,
    entropy::{Entropy, EntropyError},
    flow::Context,
    http::Inbound,
    issuer::{Document, IssuerConfig, IssuerMachine, Issuers, Need},
    session::RevocationList,
    time::{Monotonic, Now, UnixSeconds},
};
use alloc::{format, string::String, vec, vec::Vec};
use core::time::Duration;
use rsa::{
    BoxedUint, PrivateKey,
    pkcs1v15::SigningKey,
    signature::{SignatureEncoding as _, Signer as _},
};
use sha2::Sha256;

/// The moment at which most tests happen.
pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://op.example/";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const CLIENT_ID: &str = "client";

/// Both clocks, `seconds` after the usual moment.
pub(crate) fn after(seconds: u64) -> Now {
    Now {
        unix: UnixSeconds(NOW).saturating_add(seconds),
        monotonic: Monotonic::from_start(Duration::from_secs(1000 + seconds)),
    }
}

/// A generator that fails.
#[derive(Debug)]
pub(crate) struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

/// A key pair of the provider's.
pub(crate) struct ProviderKey {
    id: &'static str,
    modulus: Vec<u8>,
    key: SigningKey<Sha256>,
}

impl ProviderKey {
    pub(crate) fn one() -> Self {
        Self::from_hex("one", include_str!("rsa_2048_one.hex"))
    }

    pub(crate) fn two() -> Self {
        Self::from_hex("two", include_str!("rsa_2048_two.hex"))
    }

    fn from_hex(id: &'static str, text: &str) -> Self {
        let numbers: Vec<Vec<u8>> = text
            .lines()
            .map(|line| {
                (0..line.len())
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap())
                    .collect()
            })
            .collect();
        let number = |at: usize| BoxedUint::from_be_slice_vartime(&numbers[at]);
        let primes = vec![number(2), number(3)];
        let exponent = BoxedUint::from_be_slice_vartime(&[1, 0, 1]);
        let key = PrivateKey::from_components(number(0), exponent, number(1), primes).unwrap();
        Self { id, modulus: numbers[0].clone(), key: SigningKey::new(key) }
    }

    /// The public half as a JWK.
    pub(crate) fn jwk(&self) -> String {
        let modulus = encoding::encode(&self.modulus);
        let id = self.id;
        format!(
            r#"{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{id}","n":"{modulus}","e":"AQAB"}}"#
        )
    }

    /// A JWK Set of this key alone.
    pub(crate) fn jwk_set(&self) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.jwk())
    }

    /// A token with the usual header.
    pub(crate) fn sign(&self, claims: &str) -> String {
        self.sign_with_header(&format!(r#"{{"alg":"RS256","kid":"{}"}}"#, self.id), claims)
    }

    pub(crate) fn sign_with_header(&self, header: &str, claims: &str) -> String {
        let header = encoding::encode(header.as_bytes());
        self.sign_input(&format!("{header}.{}", encoding::encode(claims.as_bytes())))
    }

    pub(crate) fn sign_input(&self, input: &str) -> String {
        let signature = encoding::encode(&self.key.sign(input.as_bytes()).to_vec());
        format!("{input}.{signature}")
    }
}

/// Claims of a good access token, with `more` members that start with a comma.
pub(crate) fn access_claims(more: &str) -> String {
    let expiry = NOW + 600;
    format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"user","iat":{NOW},"exp":{expiry}{more}}}"#
    )
}

pub(crate) fn discovery() -> String {
    r#"{"issuer":"https://op.example/",
        "authorization_endpoint":"https://op.example/authorize",
        "token_endpoint":"https://op.example/token",
        "jwks_uri":"https://op.example/jwks",
        "end_session_endpoint":"https://op.example/logout",
        "revocation_endpoint":"https://op.example/revoke",
        "token_endpoint_auth_methods_supported":["client_secret_post"],
        "authorization_response_iss_parameter_supported":true}"#
        .into()
}

pub(crate) fn ok(body: impl Into<String>) -> Inbound {
    Inbound { status: 200, headers: vec![], body: body.into().into_bytes() }
}

/// A machine that has fetched both documents at the usual moment.
pub(crate) fn ready_machine(key_set: &str) -> IssuerMachine {
    let mut machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let need = Need::Key { algorithm: crate::crypto::SignatureAlgorithm::Rs256, id: None };
    for _ in 0..2 {
        let _ = machine.demand(&need, after(0));
        let flight = machine.poll_flight(after(0)).unwrap();
        let body = match flight.document {
            Document::Discovery => discovery(),
            Document::KeySet => key_set.into(),
        };
        let _ = machine.on_answer(flight.id, Ok(ok(body)), after(0), &mut Counting::default());
    }
    machine
}

/// Calls `call` with a context.
pub(crate) fn with_context<T>(
    now: Now,
    entropy: &mut dyn Entropy,
    issuers: &dyn Issuers,
    call: impl FnOnce(&mut Context<'_>) -> T,
) -> T {
    with_revocations(now, entropy, issuers, &RevocationList::default(), call)
}

/// The same, where sessions may be over before their time.
pub(crate) fn with_revocations<T>(
    now: Now,
    entropy: &mut dyn Entropy,
    issuers: &dyn Issuers,
    revocations: &RevocationList,
    call: impl FnOnce(&mut Context<'_>) -> T,
) -> T {
    call(&mut Context { now, entropy, issuers, revocations })
}
