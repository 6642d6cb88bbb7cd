//! The authorization request (OpenID Connect Core 1.0 §3.1.2.1), carried by the browser or pushed
//! to the provider before (RFC 9126).

use super::{
    ClientConfig,
    client_authentication::{EndpointForm, MAX_ANSWER},
    login_policy::LoginParameters,
};
use crate::{
    crypto::CryptoProvider,
    encoding,
    http::{FetchError, Inbound, QueryWriter, Url},
    issuer::ProviderMetadata,
    json::{JsonLimits, Object},
    session::LoginTransaction,
};
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthorizationRequest<'r> {
    pub(crate) client: &'r ClientConfig,
    pub(crate) redirect_uri: &'r str,
    pub(crate) transaction: &'r LoginTransaction,
    pub(crate) parameters: &'r LoginParameters,
}

impl AuthorizationRequest<'_> {
    /// Where a browser goes to sign in.
    pub(crate) fn url(&self, metadata: &ProviderMetadata, crypto: &CryptoProvider) -> String {
        self.write(to_provider(metadata, self.client), crypto).finish()
    }

    /// The same request as a form for the `endpoint` that takes it beforehand.
    pub(crate) fn form<'e>(&self, endpoint: &'e Url, crypto: &CryptoProvider) -> EndpointForm<'e> {
        let form = self.write(QueryWriter::form(), crypto);
        EndpointForm { endpoint, form, names_client: true }
    }

    fn write(&self, to: QueryWriter, crypto: &CryptoProvider) -> QueryWriter {
        let verifier = self.transaction.code_verifier().expose();
        let challenge = encoding::encode(&crypto.hash.sha256(verifier.as_bytes()));
        let to = to
            .pair("response_type", "code")
            .pair("redirect_uri", self.redirect_uri)
            .pair("scope", &self.client.scope)
            .pair("state", self.transaction.state().expose())
            .pair("nonce", self.transaction.nonce().expose())
            .pair("code_challenge", &challenge)
            .pair("code_challenge_method", "S256");
        let to = match &self.client.audience {
            Some(audience) => to.pair("audience", audience),
            None => to,
        };
        self.parameters.write(to)
    }
}

fn to_provider(metadata: &ProviderMetadata, client: &ClientConfig) -> QueryWriter {
    QueryWriter::for_url(metadata.authorization_endpoint().as_str())
        .pair("client_id", &client.client_id)
}

/// What a provider calls a request that was pushed to it. Whoever knows it has the request, so it is
/// not printed.
#[derive(Eq, PartialEq)]
pub(crate) struct RequestUri(String);

impl fmt::Debug for RequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestUri(..)")
    }
}

impl RequestUri {
    /// Reads the answer to a pushed request (RFC 9126 §2.2).
    pub(crate) fn parse(answer: &Inbound) -> Result<Self, PushedRequestError> {
        match answer.status {
            // The standard says 201; some say 200.
            200 | 201 => {}
            400..=499 => return Err(PushedRequestError::Refused(answer.status)),
            _ => return Err(PushedRequestError::Response),
        }
        let limits = JsonLimits { bytes: MAX_ANSWER, depth: 16, members: 128 };
        let body = Object::parse(&answer.body, limits).ok();
        let uri = body.as_ref().and_then(|body| body.required_text("request_uri").ok());
        uri.filter(|uri| {
            (1..=2048).contains(&uri.len()) && uri.bytes().all(|b| b.is_ascii_graphic())
        })
        .map(|uri| Self(uri.to_owned()))
        .ok_or(PushedRequestError::Response)
    }

    /// Where a browser goes to sign in.
    pub(crate) fn url(&self, metadata: &ProviderMetadata, client: &ClientConfig) -> String {
        to_provider(metadata, client).pair("request_uri", &self.0).finish()
    }
}

/// Why an authorization request could not be pushed to the provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PushedRequestError {
    /// The endpoint could not be reached, or did not answer in time.
    Fetch(FetchError),
    /// It is to be pushed, and the provider has no endpoint for that.
    NotOffered,
    /// The endpoint refused it, with this status.
    Refused(u16),
    /// The answer breaks a rule.
    Response,
}

impl fmt::Display for PushedRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => write!(f, "no answer to the pushed request: {error}"),
            Self::NotOffered => f.write_str("the provider takes no pushed requests"),
            Self::Refused(status) => {
                write!(f, "the provider refused the pushed request with {status}")
            }
            Self::Response => f.write_str("the answer to the pushed request breaks a rule"),
        }
    }
}

impl core::error::Error for PushedRequestError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};

    /// RFC 9126 §2.2.
    #[test]
    fn reads_what_a_provider_calls_a_pushed_request() {
        let parse = |status, body: &str| {
            RequestUri::parse(&Inbound { status, headers: vec![], body: body.into() })
        };
        let good = r#"{"request_uri":"urn:ietf:params:oauth:request_uri:x","expires_in":60}"#;
        for status in [200, 201] {
            let uri = parse(status, good).unwrap();
            assert_eq!(uri.0, "urn:ietf:params:oauth:request_uri:x");
        }
        for (status, body, error) in [
            (400, r#"{"error":"invalid_request"}"#, PushedRequestError::Refused(400)),
            (401, "", PushedRequestError::Refused(401)),
            (302, good, PushedRequestError::Response),
            (500, good, PushedRequestError::Response),
            (201, "{}", PushedRequestError::Response),
            (201, "<html>", PushedRequestError::Response),
            (201, r#"{"request_uri":1}"#, PushedRequestError::Response),
            (201, r#"{"request_uri":""}"#, PushedRequestError::Response),
            (201, r#"{"request_uri":"a b"}"#, PushedRequestError::Response),
            (
                201,
                &format!(r#"{{"request_uri":"{}"}}"#, "x".repeat(2049)),
                PushedRequestError::Response,
            ),
        ] {
            assert_eq!(parse(status, body), Err(error), "{status} {body:.60}");
        }
    }
}
