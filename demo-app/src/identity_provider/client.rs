//! Registered clients, and how they prove who they are (RFC 6749 §2.3, RFC 7523 §2.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};

use super::{IdentityProvider, assertion, single_header};
use crate::parameters::Parameters;
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::secret::Secret;

/// A client that may send users here.
#[derive(Clone, Debug)]
pub struct Client {
    client_id: String,
    credentials: Credentials,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
}

/// What a client proves with who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A secret, by `client_secret_basic` or `client_secret_post`.
    Secret(Secret),
    /// A signature, by `private_key_jwt`.
    PublicKey {
        /// How the client signs.
        algorithm: SignatureAlgorithm,
        /// What checks it: the point on P-256, uncompressed; the point on Ed25519; or an RSA key in
        /// PKCS #1.
        key: Vec<u8>,
    },
    /// Nothing: `none`.
    Public,
}

/// Why a client was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientError {
    /// No credentials, or wrong ones.
    Failed,
    /// More than one way to authenticate, or two names.
    Malformed,
}

impl Client {
    /// Registers a client with the exact addresses to which its users may be sent back.
    #[must_use]
    pub fn new(
        client_id: String,
        credentials: Credentials,
        redirect_uris: Vec<String>,
        post_logout_redirect_uris: Vec<String>,
    ) -> Self {
        Self {
            client_id,
            credentials,
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri: None,
        }
    }

    /// Registers where the client is told that a session is over.
    #[must_use]
    pub fn with_backchannel_logout_uri(self, address: String) -> Self {
        Self { backchannel_logout_uri: Some(address), ..self }
    }

    pub(super) fn backchannel_logout_uri(&self) -> Option<&str> {
        self.backchannel_logout_uri.as_deref()
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The registered redirect URI that equals the text (RFC 9700 §2.1: by plain comparison).
    pub(super) fn redirect_uri(&self, text: &str) -> Option<&str> {
        self.redirect_uris.iter().map(String::as_str).find(|address| *address == text)
    }

    pub(super) fn post_logout_redirect_uri(&self, text: &str) -> Option<&str> {
        self.post_logout_redirect_uris.iter().map(String::as_str).find(|address| *address == text)
    }

    /// Compares hashes, so that the time tells neither a shared prefix nor the length.
    fn has_secret(&self, secret: &str) -> bool {
        let Credentials::Secret(expected) = &self.credentials else { return false };
        let expected = digest(&SHA256, expected.expose().as_bytes());
        let given = digest(&SHA256, secret.as_bytes());
        verify_slices_are_equal(expected.as_ref(), given.as_ref()).is_ok()
    }
}

/// What a request brings to prove where it comes from.
enum Proof<'p> {
    Secret(String),
    Assertion(&'p str),
    Nothing,
}

impl IdentityProvider {
    /// The client that a request to the token endpoint, or one beside it, comes from.
    pub(super) fn authenticate_client(
        &self,
        request: &Request<Bytes>,
        form: &Parameters,
        now: u64,
    ) -> Result<&Client, ClientError> {
        let (client_id, proof) = proof(request, form)?;
        let client = self.client(&client_id).ok_or(ClientError::Failed)?;
        let is_proven = match (&client.credentials, proof) {
            (Credentials::Secret(_), Proof::Secret(secret)) => client.has_secret(&secret),
            (Credentials::PublicKey { algorithm, key }, Proof::Assertion(token)) => {
                let id = assertion::verify(token, *algorithm, key, &client_id, self.issuer(), now);
                id.is_some_and(|id| self.state().assertions.take(id, now))
            }
            (Credentials::Public, Proof::Nothing) => true,
            _ => false,
        };
        if is_proven { Ok(client) } else { Err(ClientError::Failed) }
    }
}

/// Who a request says that it comes from, and the one thing that is to prove it.
fn proof<'p>(
    request: &Request<Bytes>,
    form: &'p Parameters,
) -> Result<(String, Proof<'p>), ClientError> {
    let (secret, assertion) = (form.get("client_secret"), form.get("client_assertion"));
    if let Some(authorization) = single_header(request, header::AUTHORIZATION) {
        if secret.is_some() || assertion.is_some() {
            return Err(ClientError::Malformed);
        }
        let (client_id, secret) = basic_credentials(authorization).ok_or(ClientError::Failed)?;
        if form.get("client_id").is_some_and(|other| other != client_id) {
            return Err(ClientError::Malformed);
        }
        return Ok((client_id, Proof::Secret(secret)));
    }
    if request.headers().contains_key(header::AUTHORIZATION) {
        return Err(ClientError::Malformed);
    }
    let client_id = form.get("client_id").ok_or(ClientError::Failed)?.to_owned();
    let proof = match (secret, assertion) {
        (Some(_), Some(_)) => return Err(ClientError::Malformed),
        (Some(secret), None) => Proof::Secret(secret.to_owned()),
        (None, Some(token)) => {
            if form.get("client_assertion_type") != Some(assertion::TYPE) {
                return Err(ClientError::Malformed);
            }
            Proof::Assertion(token)
        }
        (None, None) => Proof::Nothing,
    };
    Ok((client_id, proof))
}

/// RFC 7617, with both parts form-encoded before (RFC 6749 §2.3.1).
fn basic_credentials(authorization: &str) -> Option<(String, String)> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (client_id, client_secret) = credentials.split_once(':')?;
    Some((form_decoded(client_id)?, form_decoded(client_secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    if text.contains(['&', '=']) {
        return None;
    }
    let (decoded, _) = form_urlencoded::parse(text.as_bytes()).next()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_form_encoded_basic_credentials() {
        let header = |credentials: &str| format!("Basic {}", STANDARD.encode(credentials));
        assert_eq!(
            basic_credentials(&header("a%3Ab:s+%26%C3%BC")),
            Some(("a:b".to_owned(), "s &ü".to_owned()))
        );
        assert_eq!(
            basic_credentials(&header("id:with:colon")),
            Some(("id".to_owned(), "with:colon".to_owned()))
        );
        for wrong in ["Basic", "Basic !!", "Bearer YTpi", &header("no-colon"), &header(":s")] {
            assert_eq!(basic_credentials(wrong), None, "{wrong}");
        }
        assert_eq!(basic_credentials(&header("id:a&b=c")), None);
    }
}
