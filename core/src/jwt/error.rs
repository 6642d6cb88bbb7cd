//! Why a token is not accepted.

use core::fmt;

/// Why a token is not accepted. For logs and counters: what leaves the process is one constant text
/// for them all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenError {
    /// `alg` is absent, no string, or not an algorithm that the policy allows.
    Algorithm,
    /// `aud` is absent, malformed or names nobody that the policy accepts.
    Audience,
    /// A claim that the policy does not look at has a type that it may not have.
    ClaimType(&'static str),
    /// `azp` or `client_id` names no client that the policy accepts.
    Client,
    /// `crit` is there: no extension is implemented (RFC 7515 §4.1.11).
    CriticalHeader,
    /// `exp` has passed.
    Expired,
    /// `exp` is absent or no date.
    Expiry,
    /// The header has a member that belongs to encryption, to unencoded payloads, or that brings a
    /// key of its own; or a thumbprint that is no text.
    ForbiddenHeader,
    /// The header is not a strict JSON object.
    Header,
    /// `iss` is absent, no string, or another issuer.
    Issuer,
    /// `iat` is absent where it must be there, no date, or in the future.
    IssuedAt,
    /// `kid` is no string of 1 to 256 bytes without control characters, or is absent where the
    /// policy asks for it.
    KeyId,
    /// The token has a mark of another kind of token: it is an ID token, or bound to a key.
    Kind,
    /// The token expires before it begins, lives for longer than the policy allows, or was issued
    /// too long ago.
    Lifetime,
    /// `nbf` is no date, or still to come.
    NotYetValid,
    /// The payload is not a strict JSON object.
    Payload,
    /// The text is not three base64url segments.
    Serialization,
    /// The signature does not fit, or is empty.
    Signature,
    /// `sub` is absent where it must be there, or no string.
    Subject,
    /// The text is longer than the policy allows.
    TooLong,
    /// `typ` names another kind of token.
    Type,
    /// No key of the issuer has this key id, or the token names none and there are several.
    UnknownKey,
}

impl TokenError {
    /// A stable code for logs, counters and machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Audience => "audience",
            Self::ClaimType(_) => "claim_type",
            Self::Client => "client",
            Self::CriticalHeader => "critical_header",
            Self::Expired => "expired",
            Self::Expiry => "expiry",
            Self::ForbiddenHeader => "forbidden_header",
            Self::Header => "header",
            Self::Issuer => "issuer",
            Self::IssuedAt => "issued_at",
            Self::KeyId => "key_id",
            Self::Kind => "kind",
            Self::Lifetime => "lifetime",
            Self::NotYetValid => "not_yet_valid",
            Self::Payload => "payload",
            Self::Serialization => "serialization",
            Self::Signature => "signature",
            Self::Subject => "subject",
            Self::TooLong => "too_long",
            Self::Type => "type",
            Self::UnknownKey => "unknown_key",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm => f.write_str("the algorithm is not allowed"),
            Self::Audience => f.write_str("the token is not for this audience"),
            Self::ClaimType(name) => write!(f, "the claim {name} has the wrong type"),
            Self::Client => f.write_str("the token is for another client"),
            Self::CriticalHeader => f.write_str("the header demands an extension"),
            Self::Expired => f.write_str("the token has expired"),
            Self::Expiry => f.write_str("the token has no expiry that can be read"),
            Self::ForbiddenHeader => f.write_str("the header has a member that is not allowed"),
            Self::Header => f.write_str("the header is not a strict JSON object"),
            Self::Issuer => f.write_str("the token is not from this issuer"),
            Self::IssuedAt => f.write_str("the time of issue is absent or in the future"),
            Self::KeyId => f.write_str("the key id is not usable"),
            Self::Kind => f.write_str("the token is of another kind"),
            Self::Lifetime => f.write_str("the token's lifetime is not acceptable"),
            Self::NotYetValid => f.write_str("the token is not valid yet"),
            Self::Payload => f.write_str("the payload is not a strict JSON object"),
            Self::Serialization => f.write_str("the text is not a compact token"),
            Self::Signature => f.write_str("the signature does not fit"),
            Self::Subject => f.write_str("the token has no subject"),
            Self::TooLong => f.write_str("the token is too long"),
            Self::Type => f.write_str("the token has another type"),
            Self::UnknownKey => f.write_str("the key is not known"),
        }
    }
}

impl core::error::Error for TokenError {}
