//! What the application is to its provider.

use std::sync::Arc;

use super::checks::Fault;
use super::problem::Problem;
use super::table;
use super::values::{Given, Reader};
use crate::identity_provider;
use portcullis_core::crypto::{SignatureAlgorithm, SigningFailure, SigningKey as _};
use portcullis_core::http::Origin;
use portcullis_core::oidc::ClientCredentials;
use portcullis_core::secret::Secret;
use portcullis_hyper::signing::PrivateKey;

/// How the gate is known to its provider.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Seal the gate's cookies, at least 32 bytes each: the first seals, all open.
    pub secrets: Vec<Secret>,
    /// Where browsers find the front end.
    pub base_url: Origin,
    /// Where discovery starts. The issuer itself is what the discovery document names.
    pub issuer: String,
    /// The client's name at the provider.
    pub client_id: String,
    /// How the client proves itself to the provider.
    pub credentials: Credentials,
    /// The API for which access tokens are asked, and which the API expects in them.
    pub audience: String,
}

/// What the client proves with who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A secret, and where it is sent.
    Secret(Secret, SecretPlace),
    /// A signature of this key.
    PrivateKey(Arc<PrivateKey>),
    /// Nothing.
    Public,
}

/// Where a client secret is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// Where the provider's metadata say.
    AsOffered,
    /// In `Authorization`: `client_secret_basic`.
    Basic,
    /// In the form: `client_secret_post`.
    Post,
}

/// How the client is to prove who it is.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// By a secret.
    Secret(SecretPlace),
    /// By signatures: of this key, or of one that is made up for the provider for development.
    PrivateKey(Option<Arc<PrivateKey>>),
    /// Not at all.
    Public,
}

/// A method of client authentication (RFC 7591 §2, OpenID Connect Core 1.0 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    None,
    PrivateKeyJwt,
    SecretBasic,
    SecretPost,
}

impl Method {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        match text {
            "client_secret_basic" => Ok(Self::SecretBasic),
            "client_secret_post" => Ok(Self::SecretPost),
            "none" => Ok(Self::None),
            "private_key_jwt" => Ok(Self::PrivateKeyJwt),
            _ => Err(Fault::Value),
        }
    }
}

impl Authentication {
    /// Nothing is returned only when a problem was noted.
    pub(super) fn check(reader: &mut Reader<'_>) -> Option<Self> {
        let method = reader.given(&table::CLIENT_AUTHENTICATION);
        let algorithm = reader.value(&table::ASSERTION_ALGORITHM);
        let key_id = reader.maybe(&table::ASSERTION_KEY_ID);
        let key = match reader.given(&table::ASSERTION_KEY) {
            Given::No => None,
            Given::Wrong => return None,
            Given::As(name, pem) => Some(private_key(reader, name, &pem, algorithm?, key_id?)?),
        };
        Some(match (method, key) {
            (Given::Wrong, _) => return None,
            (Given::No, None) => Self::Secret(SecretPlace::AsOffered),
            (Given::As(_, Method::PrivateKeyJwt), key) => Self::PrivateKey(key),
            (Given::No, key @ Some(_)) => Self::PrivateKey(key),
            (Given::As(second, _), Some(_)) => {
                let first = reader.name_of(&table::ASSERTION_KEY);
                let why = "the key is for private_key_jwt, and another method is chosen";
                reader.problems.add(Problem::Together { first, second, why });
                return None;
            }
            (Given::As(_, Method::SecretBasic), None) => Self::Secret(SecretPlace::Basic),
            (Given::As(_, Method::SecretPost), None) => Self::Secret(SecretPlace::Post),
            (Given::As(_, Method::None), None) => Self::Public,
        })
    }

    /// The credentials of a client of a provider elsewhere. Nothing is returned only when a problem
    /// was noted.
    fn with_given(self, reader: &mut Reader<'_>) -> Option<Credentials> {
        match self {
            Self::Secret(place) => {
                let secret = reader.required(&table::CLIENT_SECRET)?;
                Some(Credentials::Secret(secret, place))
            }
            Self::PrivateKey(Some(key)) => Some(Credentials::PrivateKey(key)),
            Self::PrivateKey(None) => {
                reader.problems.add(Problem::Missing(table::ASSERTION_KEY.about));
                None
            }
            Self::Public => Some(Credentials::Public),
        }
    }

    /// The credentials of a client of the built-in provider, for which `secret` was made up.
    pub(super) fn with_made_up(self, secret: Secret) -> Result<Credentials, SigningFailure> {
        Ok(match self {
            Self::Secret(place) => Credentials::Secret(secret, place),
            Self::PrivateKey(Some(key)) => Credentials::PrivateKey(key),
            Self::PrivateKey(None) => Credentials::PrivateKey(Arc::new(PrivateKey::generate()?)),
            Self::Public => Credentials::Public,
        })
    }
}

fn private_key(
    reader: &mut Reader<'_>,
    name: &'static str,
    pem: &Secret,
    algorithm: SignatureAlgorithm,
    id: Option<String>,
) -> Option<Arc<PrivateKey>> {
    match PrivateKey::from_pem(pem.expose(), algorithm) {
        Ok(key) => Some(Arc::new(match id {
            Some(id) => key.with_id(id),
            None => key,
        })),
        Err(_) => {
            reader.problems.add(Problem::Invalid { name, fault: Fault::Key });
            None
        }
    }
}

impl Credentials {
    /// As the gate has them.
    #[must_use]
    pub fn of_client(&self) -> ClientCredentials {
        match self {
            Self::Secret(secret, SecretPlace::AsOffered) => {
                ClientCredentials::Secret(secret.clone())
            }
            Self::Secret(secret, SecretPlace::Basic) => {
                ClientCredentials::SecretBasic(secret.clone())
            }
            Self::Secret(secret, SecretPlace::Post) => {
                ClientCredentials::SecretPost(secret.clone())
            }
            Self::PrivateKey(key) => ClientCredentials::PrivateKey(Arc::clone(key) as _),
            Self::Public => ClientCredentials::Public,
        }
    }

    /// As they are registered at the built-in provider.
    #[must_use]
    pub fn at_provider(&self) -> identity_provider::Credentials {
        match self {
            Self::Secret(secret, _) => identity_provider::Credentials::Secret(secret.clone()),
            Self::PrivateKey(key) => identity_provider::Credentials::PublicKey {
                algorithm: key.algorithm(),
                key: key.public_key().to_vec(),
            },
            Self::Public => identity_provider::Credentials::Public,
        }
    }
}

impl ClientSettings {
    /// The client of a provider elsewhere. Nothing is returned only when a problem was noted.
    pub(super) fn check(
        reader: &mut Reader<'_>,
        old_secrets: Option<Vec<Secret>>,
        authentication: Option<Authentication>,
    ) -> Option<Self> {
        let secret = reader.required(&table::SECRET);
        let base_url = reader.required(&table::BASE_URL);
        let issuer = reader.required(&table::ISSUER);
        let client_id = reader.required(&table::CLIENT_ID);
        let credentials = authentication.and_then(|method| method.with_given(reader));
        let audience = reader.required(&table::AUDIENCE);
        Some(Self {
            secrets: [vec![secret?], old_secrets?].concat(),
            base_url: base_url?,
            issuer: issuer?.0,
            client_id: client_id?,
            credentials: credentials?,
            audience: audience?,
        })
    }
}
