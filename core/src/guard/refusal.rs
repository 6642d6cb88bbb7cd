//! What a client is told whose request is refused (RFC 6750 §3).

use super::{RequirementKind, credentials::is_quotable_text};
use crate::{
    http::{BodyError, FieldText, Response},
    issuer::Availability,
    jwt::TokenError,
    path::PathError,
};
use alloc::{borrow::ToOwned as _, format, string::String};
use core::fmt;

/// The realm where none is configured.
pub(super) const DEFAULT_REALM: &str = "api";

/// A refused request.
#[derive(Debug)]
pub struct Refusal {
    /// What the client gets.
    pub response: Response,
    /// Why, for logs and counters.
    pub reason: RefusalReason,
}

/// Why a request to the API is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The form that may carry the token could not be read. 408 where it took too long, 413 where
    /// it is too large, otherwise 400, `invalid_request`.
    Form(BodyError),
    /// The credentials are no bearer token. 400, `invalid_request`.
    Malformed,
    /// The token stands in the query, where this guard takes none. 400, `invalid_request`.
    MisplacedToken,
    /// There are no credentials. 401, without an error code.
    NoCredentials,
    /// The credentials are of another scheme. 401, without an error code.
    OtherScheme,
    /// The path is ambiguous, and what it needs depends on it. 400, or 414 for its length.
    Path(PathError),
    /// Whether the token was revoked could not be found out. 503.
    RevocationUnknown,
    /// The token was revoked. 401, `invalid_token`.
    Revoked,
    /// There is more than one token, or more than one place for it. 400, `invalid_request`.
    SeveralCredentials,
    /// The token breaks a rule. 401, `invalid_token`.
    Token(TokenError),
    /// The issuer's keys are not to be had. 503.
    Unavailable,
    /// The token is good and does not allow this. 403, `insufficient_scope`.
    Unmet(RequirementKind),
}

impl RefusalReason {
    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Form(BodyError::Timeout) => 408,
            Self::Form(BodyError::TooLarge) => 413,
            Self::Form(BodyError::Broken)
            | Self::Malformed
            | Self::MisplacedToken
            | Self::SeveralCredentials => 400,
            Self::NoCredentials | Self::OtherScheme | Self::Revoked | Self::Token(_) => 401,
            Self::Path(error) if error.is_length() => 414,
            Self::Path(_) => 400,
            Self::RevocationUnknown | Self::Unavailable => 503,
            Self::Unmet(_) => 403,
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form(error) => return error.fmt(f),
            Self::Malformed => "the credentials are malformed",
            Self::MisplacedToken => "the token stands in the query, where none is taken",
            Self::NoCredentials => "there are no credentials",
            Self::OtherScheme => "the credentials are of another scheme",
            Self::Path(error) => return error.fmt(f),
            Self::RevocationUnknown => "whether the token was revoked could not be found out",
            Self::Revoked => "the token was revoked",
            Self::SeveralCredentials => "there is more than one token",
            Self::Token(error) => return error.fmt(f),
            Self::Unavailable => "the issuer's keys are not to be had",
            Self::Unmet(kind) => return kind.fmt(f),
        })
    }
}

/// Makes the answers of one guard. All texts are constant but for what was configured.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    realm: String,
    /// Where the metadata of the API are to be had (RFC 9728 §5.1).
    resource_metadata: Option<String>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { realm: DEFAULT_REALM.to_owned(), resource_metadata: None }
    }
}

impl Answers {
    /// `None` where `realm` cannot stand in a challenge.
    pub(super) fn new(realm: &str, resource_metadata: Option<String>) -> Option<Self> {
        is_quotable_text(realm).then(|| Self { realm: realm.to_owned(), resource_metadata })
    }

    /// The answer to a request that is refused for `reason`. `scope` has the scopes that would do,
    /// or nothing.
    pub(super) fn refuse(
        &self,
        reason: RefusalReason,
        scope: &str,
        availability: Option<Availability>,
    ) -> Refusal {
        let status = reason.status();
        let (code, description) = match status {
            400 => ("invalid_request", "The request is malformed."),
            401 if matches!(reason, RefusalReason::NoCredentials | RefusalReason::OtherScheme) => {
                ("unauthorized", "An access token is needed.")
            }
            401 => ("invalid_token", "The access token is not valid."),
            403 => ("insufficient_scope", "The access token does not allow this."),
            408 => ("request_timeout", "The form took too long."),
            413 => ("content_too_large", "The form is too long."),
            414 => ("uri_too_long", "The request target is too long."),
            _ => ("unavailable", "The access token cannot be checked at the moment."),
        };
        let body = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        let mut response = Response::with_body(status, "application/json", body);
        match status {
            // RFC 6750 has no error code for these, which say nothing of the credentials.
            408 | 413 | 414 => {}
            503 => {
                let seconds = match availability {
                    Some(Availability::Unavailable { retry_after }) => retry_after.as_secs().max(1),
                    _ => 1,
                };
                response.headers.append("retry-after", FieldText::from(seconds));
            }
            _ => {
                let error = (code != "unauthorized").then_some((code, description));
                response.headers.append("www-authenticate", self.challenge(error, scope));
            }
        }
        Refusal { response, reason }
    }

    fn challenge(&self, error: Option<(&str, &str)>, scope: &str) -> FieldText {
        let mut challenge = format!("Bearer realm=\"{}\"", self.realm);
        let mut attribute = |name: &str, value: &str| {
            challenge.push_str(&format!(", {name}=\"{value}\""));
        };
        if let Some((code, description)) = error {
            attribute("error", code);
            attribute("error_description", description);
        }
        if !scope.is_empty() {
            attribute("scope", scope);
        }
        if let Some(url) = &self.resource_metadata {
            attribute("resource_metadata", url);
        }
        FieldText::lossy(challenge)
    }
}
