//! What the fuzz targets share: a crypto provider that lets everything through, entropy that
//! counts, a gate with its issuer, and readers for inputs that people can write.

#[path = "../../core/src/test_support/entropy.rs"]
mod entropy;
mod input;
mod insecure;
mod world;

pub use entropy::Counting;
pub use input::{Head, lines};
pub use insecure::{INSECURE, fits, sign, token};
pub use world::{
    ACCESS_TOKEN, API_AUDIENCE, CLIENT_ID, CLIENT_SECRET, HOST, ISSUER, Login, NOTHING_REVOKED,
    NOW, SESSION_COOKIE, at, context, discovery, gate, get, key_set, known_issuer, ok, provider,
    ready_machine, respond, sealed_as_auth0, sealed_session, secrets, signed_in,
};
