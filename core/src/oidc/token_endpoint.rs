//! The token endpoint (RFC 6749 §4.1.3, §5).

use super::{
    CallbackError,
    client_authentication::{EndpointForm, MAX_ANSWER},
};
use crate::{
    http::{Inbound, QueryWriter},
    issuer::ProviderMetadata,
    json::{Json, JsonError, JsonLimits, Object},
    secret::Secret,
    time::UnixSeconds,
};
use core::fmt;

/// How long an access token is taken to live where the provider does not say (RFC 6749 §5.1
/// recommends to say it): five minutes.
const DEFAULT_LIFETIME: u64 = 300;
/// The longest life that is believed: 30 days.
const MAX_LIFETIME: u64 = 30 * 86_400;

/// The request that redeems `code`.
pub(crate) fn code_form<'m>(
    metadata: &'m ProviderMetadata,
    redirect_uri: &str,
    code: &Secret,
    code_verifier: &Secret,
) -> EndpointForm<'m> {
    let form = QueryWriter::form()
        .pair("grant_type", "authorization_code")
        .pair("code", code.expose())
        .pair("redirect_uri", redirect_uri)
        .pair("code_verifier", code_verifier.expose());
    EndpointForm { endpoint: metadata.token_endpoint(), form, names_client: false }
}

/// A good answer of the token endpoint.
pub(crate) struct TokenResponse {
    pub(crate) access_token: Secret,
    pub(crate) access_token_expires_at: UnixSeconds,
    pub(crate) id_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
}

impl TokenResponse {
    /// Reads the answer to a code, which has an ID token.
    pub(crate) fn parse(
        answer: &Inbound,
        now: UnixSeconds,
    ) -> Result<(Self, Secret), CallbackError> {
        if let 400 | 401 | 403 = answer.status {
            return Err(CallbackError::TokenEndpointRefused);
        }
        let tokens = Self::read(answer, now)?;
        let missing = TokenResponseError::Body(JsonError::MissingMember("id_token"));
        let id_token = tokens.id_token.clone().ok_or(missing)?;
        Ok((tokens, id_token))
    }

    /// Reads an answer that brings tokens.
    pub(crate) fn read(answer: &Inbound, now: UnixSeconds) -> Result<Self, TokenResponseError> {
        if answer.status != 200 {
            return Err(TokenResponseError::Status(answer.status));
        }
        let limits = JsonLimits { bytes: MAX_ANSWER, depth: 16, members: 128 };
        let body = Object::parse(&answer.body, limits).map_err(TokenResponseError::Body)?;
        let text = |name| {
            let text = body.required_text(name).map_err(TokenResponseError::Body)?;
            if is_token(text) { Ok(text) } else { Err(TokenResponseError::Token(name)) }
        };
        let optional = |name| match body.get(name) {
            None => Ok(None),
            Some(_) => text(name).map(|text| Some(Secret::new(text))),
        };
        if !text("token_type")?.eq_ignore_ascii_case("bearer") {
            return Err(TokenResponseError::TokenType);
        }
        let lifetime = match body.get("expires_in") {
            None => DEFAULT_LIFETIME,
            Some(Json::Unsigned(seconds)) => *seconds,
            Some(Json::Float(seconds)) if (0.0..=MAX_LIFETIME as f64).contains(seconds) => {
                *seconds as u64
            }
            Some(_) => return Err(TokenResponseError::Lifetime),
        };
        Ok(Self {
            access_token: Secret::new(text("access_token")?),
            access_token_expires_at: now.saturating_add(lifetime.min(MAX_LIFETIME)),
            id_token: optional("id_token")?,
            refresh_token: optional("refresh_token")?,
        })
    }
}

/// Whether `text` can stand in a header field (RFC 6749 A.12: visible ASCII).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Why an answer of the token endpoint is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenResponseError {
    /// Not a strict JSON object, or a member is absent or of the wrong type.
    Body(JsonError),
    /// `expires_in` is no number of seconds.
    Lifetime,
    /// The status is neither 200 nor a refusal.
    Status(u16),
    /// The member is not visible ASCII.
    Token(&'static str),
    /// The token is not a bearer token.
    TokenType,
}

impl From<TokenResponseError> for CallbackError {
    fn from(error: TokenResponseError) -> Self {
        Self::TokenResponse(error)
    }
}

impl fmt::Display for TokenResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::Lifetime => f.write_str("expires_in is no number of seconds"),
            Self::Status(status) => write!(f, "the status is {status}"),
            Self::Token(name) => write!(f, "{name} has characters that no token has"),
            Self::TokenType => f.write_str("the access token is no bearer token"),
        }
    }
}

impl core::error::Error for TokenResponseError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec};

    fn parse(status: u16, body: &str) -> Result<TokenResponse, CallbackError> {
        let answer = Inbound { status, headers: vec![], body: body.as_bytes().to_vec() };
        TokenResponse::parse(&answer, UnixSeconds(1000)).map(|(tokens, _)| tokens)
    }

    fn with(members: &str) -> String {
        format!(r#"{{"access_token":"a","id_token":"i","token_type":"Bearer"{members}}}"#)
    }

    /// O21: what is tolerated in a token response, and what is not.
    #[test]
    fn tolerates_only_case_and_a_missing_lifetime() {
        for (members, expires_at) in [
            ("", Some(1300)),
            (r#","expires_in":3600"#, Some(4600)),
            (r#","expires_in":3600.5"#, Some(4600)),
            (r#","expires_in":99999999999"#, Some(1000 + MAX_LIFETIME)),
            (r#","expires_in":"3600""#, None),
            (r#","expires_in":-1"#, None),
            (r#","expires_in":1e300"#, None),
            (r#","expires_in":null"#, None),
        ] {
            let response = parse(200, &with(members)).ok();
            assert_eq!(response.map(|r| r.access_token_expires_at.0), expires_at, "{members}");
        }
        for kind in ["bearer", "BEARER"] {
            let body = with("").replace("Bearer", kind);
            assert!(parse(200, &body).is_ok());
        }
        for body in [
            with("").replace("Bearer", "DPoP"),
            with(r#","access_token":"b""#),
            with("").replace(r#""id_token":"i","#, ""),
            with("").replace(r#""a""#, r#""a\r\nb""#),
            with("").replace(r#""a""#, r#""""#),
            String::from("<html>"),
            String::from("[]"),
            String::new(),
        ] {
            assert!(matches!(parse(200, &body), Err(CallbackError::TokenResponse(_))), "{body}");
        }
    }

    /// O19: a refusal is told from a fault.
    #[test]
    fn tells_a_refusal_from_a_fault() {
        let refused = parse(400, r#"{"error":"invalid_grant"}"#).err();
        assert_eq!(refused, Some(CallbackError::TokenEndpointRefused));
        for status in [302, 404, 500, 503] {
            let error = parse(status, &with("")).err();
            assert_eq!(error, Some(TokenResponseError::Status(status).into()));
        }
    }
}
