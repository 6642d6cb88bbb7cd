//! How this application proves to the provider's endpoints who it is (RFC 6749 §2.3, RFC 7523 §2.2,
//! OpenID Connect Core 1.0 §9).

use super::ClientConfig;
use crate::{
    crypto::{SigningFailure, SigningKey},
    encoding,
    entropy::{self, Entropy, EntropyError},
    http::{FetchLimits, FieldText, Headers, Method, Outbound, QueryWriter, Url},
    issuer::{ClientAuthentication, ProviderMetadata},
    json::{Json, Object},
    secret::Secret,
    time::UnixSeconds,
};
use alloc::{format, string::String, sync::Arc};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The most bytes of an answer from an endpoint of the provider.
pub(super) const MAX_ANSWER: usize = 256 * 1024;

/// The seconds that a client assertion is good for.
const ASSERTION_LIFETIME: u64 = 60;

/// What this application proves with who it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientCredentials {
    /// A secret, sent as the provider's metadata say: in the form where that is offered, else in
    /// `Authorization`.
    Secret(Secret),
    /// A secret in `Authorization`: `client_secret_basic`.
    SecretBasic(Secret),
    /// A secret in the form: `client_secret_post`.
    SecretPost(Secret),
    /// A signed assertion for each request: `private_key_jwt`. Its audience is the issuer.
    PrivateKey(Arc<dyn SigningKey>),
    /// Nothing but the client id, for public clients: `none`. PKCE is what keeps their codes safe.
    Public,
}

impl ClientCredentials {
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Secret(secret) | Self::SecretBasic(secret) | Self::SecretPost(secret) => {
                Some(secret)
            }
            Self::PrivateKey(_) | Self::Public => None,
        }
    }
}

impl From<Secret> for ClientCredentials {
    fn from(secret: Secret) -> Self {
        Self::Secret(secret)
    }
}

/// A form for one of the provider's endpoints.
#[derive(Debug)]
pub(crate) struct EndpointForm<'f> {
    /// Where it goes.
    pub(crate) endpoint: &'f Url,
    /// What is in it, but for the client's name and credentials.
    pub(crate) form: QueryWriter,
    /// Whether `client_id` stands in it however the client proves who it is. Otherwise it is left
    /// out beside `Authorization`, which has it too.
    pub(crate) names_client: bool,
}

impl EndpointForm<'_> {
    /// The request, with the proof of who sends it.
    ///
    /// # Errors
    ///
    /// [`ClientAuthenticationError`] where there is no randomness, or the key does not sign.
    pub(crate) fn authenticated(
        self,
        client: &ClientConfig,
        metadata: &ProviderMetadata,
        now: UnixSeconds,
        entropy: &mut dyn Entropy,
    ) -> Result<Outbound, ClientAuthenticationError> {
        let Self { endpoint, mut form, names_client } = self;
        let mut headers = Headers::new();
        headers.append("accept", FieldText::constant("application/json"));
        headers.append("content-type", FieldText::constant("application/x-www-form-urlencoded"));
        let basic = match &client.credentials {
            ClientCredentials::Secret(secret) => match metadata.client_authentication() {
                ClientAuthentication::SecretBasic => Some(secret),
                ClientAuthentication::SecretPost => None,
            },
            ClientCredentials::SecretBasic(secret) => Some(secret),
            _ => None,
        };
        if basic.is_none() || names_client {
            form = form.pair("client_id", &client.client_id);
        }
        match (&client.credentials, basic) {
            (_, Some(secret)) => {
                let credentials = basic_credentials(&client.client_id, secret);
                headers.append("authorization", credentials);
            }
            (ClientCredentials::PrivateKey(key), None) => {
                let assertion =
                    assertion(&**key, &client.client_id, metadata.issuer(), now, entropy)?;
                form = form
                    .pair("client_assertion_type", ASSERTION_TYPE)
                    .pair("client_assertion", assertion.expose());
            }
            (credentials, None) => {
                if let Some(secret) = credentials.secret() {
                    form = form.pair("client_secret", secret.expose());
                }
            }
        }
        Ok(Outbound {
            method: Method::Post,
            url: endpoint.clone(),
            headers,
            body: form.finish(),
            limits: FetchLimits { deadline: client.timeout, max_body: MAX_ANSWER },
        })
    }
}

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Both halves are form-encoded before they are joined (RFC 6749 §2.3.1).
fn basic_credentials(client_id: &str, secret: &Secret) -> FieldText {
    let encoded = QueryWriter::form().pair(client_id, secret.expose());
    let pair = encoded.finish().replacen('=', ":", 1);
    FieldText::lossy(format!("Basic {}", STANDARD.encode(pair)))
}

/// A client assertion (RFC 7523 §3). It is for the issuer alone, by name, so that an endpoint of
/// another provider has no use for it.
fn assertion(
    key: &dyn SigningKey,
    client_id: &str,
    issuer: &str,
    now: UnixSeconds,
    entropy: &mut dyn Entropy,
) -> Result<Secret, ClientAuthenticationError> {
    let text = |name: &str, value: &str| (String::from(name), Json::from(value));
    let number = |name: &str, value| (String::from(name), Json::Unsigned(value));
    let header: Object = [text("alg", key.algorithm().name()), text("typ", "JWT")]
        .into_iter()
        .chain(key.key_id().map(|id| text("kid", id)))
        .collect();
    let claims: Object = [
        text("aud", issuer),
        text("iss", client_id),
        text("jti", &encoding::encode(&entropy::random::<16>(entropy)?)),
        text("sub", client_id),
        number("exp", now.saturating_add(ASSERTION_LIFETIME).0),
        number("iat", now.0),
    ]
    .into_iter()
    .collect();
    let mut token = encoding::encode(header.to_json().as_bytes());
    token.push('.');
    token.push_str(&encoding::encode(claims.to_json().as_bytes()));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&encoding::encode(&signature));
    Ok(Secret::new(token))
}

/// The client cannot prove who it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ClientAuthenticationError {
    Entropy,
    Signing,
}

impl From<EntropyError> for ClientAuthenticationError {
    fn from(_: EntropyError) -> Self {
        Self::Entropy
    }
}

impl From<SigningFailure> for ClientAuthenticationError {
    fn from(_: SigningFailure) -> Self {
        Self::Signing
    }
}

#[cfg(test)]
mod tests;
