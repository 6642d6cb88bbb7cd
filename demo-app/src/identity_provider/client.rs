//! Registered clients, and how they prove who they are at the token endpoint (RFC 6749 §2.3.1).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, header};

use super::{IdentityProvider, single_header};
use crate::parameters::Parameters;
use portcullis_core::secret::Secret;

/// A client that may send users here.
#[derive(Clone, Debug)]
pub struct Client {
    client_id: String,
    client_secret: Secret,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
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
        client_secret: Secret,
        redirect_uris: Vec<String>,
        post_logout_redirect_uris: Vec<String>,
    ) -> Self {
        Self {
            client_id,
            client_secret,
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
        let expected = digest(&SHA256, self.client_secret.expose().as_bytes());
        let given = digest(&SHA256, secret.as_bytes());
        verify_slices_are_equal(expected.as_ref(), given.as_ref()).is_ok()
    }
}

impl IdentityProvider {
    /// The client that a token request comes from.
    pub(super) fn authenticate_client(
        &self,
        request: &Request<Bytes>,
        form: &Parameters,
    ) -> Result<&Client, ClientError> {
        let (client_id, client_secret) = match single_header(request, header::AUTHORIZATION) {
            Some(authorization) => {
                if form.get("client_secret").is_some() {
                    return Err(ClientError::Malformed);
                }
                let (client_id, client_secret) =
                    basic_credentials(authorization).ok_or(ClientError::Failed)?;
                if form.get("client_id").is_some_and(|other| other != client_id) {
                    return Err(ClientError::Malformed);
                }
                (client_id, client_secret)
            }
            None if request.headers().contains_key(header::AUTHORIZATION) => {
                return Err(ClientError::Malformed);
            }
            None => {
                let client_id = form.get("client_id").ok_or(ClientError::Failed)?;
                let client_secret = form.get("client_secret").ok_or(ClientError::Failed)?;
                (client_id.to_owned(), client_secret.to_owned())
            }
        };
        self.client(&client_id)
            .filter(|client| client.has_secret(&client_secret))
            .ok_or(ClientError::Failed)
    }
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
