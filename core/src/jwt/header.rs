//! The header of a token (RFC 7515 §4, RFC 8725 §3).

use super::TokenError;
use crate::{
    crypto::SignatureAlgorithm,
    json::{Json, JsonLimits, Object},
};
use alloc::{borrow::ToOwned as _, string::String};

/// The most bytes of a header, encoded.
pub(super) const MAX_ENCODED_LENGTH: usize = 2048;

const LIMITS: JsonLimits = JsonLimits { bytes: MAX_ENCODED_LENGTH, depth: 8, members: 32 };

/// Members that bring a key along, that belong to encrypted tokens or to ACME (RFC 8555 §6), or that
/// change how the payload is read. In order.
pub(super) const FORBIDDEN: [&str; 18] = [
    "apu", "apv", "b64", "cty", "enc", "epk", "iv", "jku", "jwk", "nonce", "p2c", "p2s", "skid",
    "tag", "url", "x5c", "x5u", "zip",
];

/// Thumbprints of certificates, which mean nothing here: they could only choose a key, and `kid` alone
/// does that.
const THUMBPRINTS: [&str; 2] = ["x5t", "x5t#S256"];

/// The name of a key within the key set of its issuer: an opaque text, compared byte for byte and
/// used for nothing else.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct KeyId(String);

impl KeyId {
    /// The most bytes of a key id.
    pub const MAX_LENGTH: usize = 256;

    /// Takes `text` for a key id, if it has 1 to 256 bytes and no control character.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let usable = (1..=Self::MAX_LENGTH).contains(&text.len());
        (usable && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the header of a token says, once it is found to be harmless.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Header {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key_id: Option<KeyId>,
    pub(super) token_type: TokenType,
}

/// What `typ` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TokenType {
    /// Nothing.
    Absent,
    /// `JWT`
    Jwt,
    /// `at+jwt` (RFC 9068 §2.1)
    AccessToken,
    /// `logout+jwt` (OpenID Connect Back-Channel Logout 1.0 §2.4)
    Logout,
}

impl Header {
    /// Reads a header, whatever policy it is for: an algorithm that no policy could allow is refused
    /// here, and so is whatever no policy could mend.
    pub(super) fn parse(text: &[u8]) -> Result<Self, TokenError> {
        let members = Object::parse(text, LIMITS).map_err(|_| TokenError::Header)?;
        if members.get("crit").is_some() {
            return Err(TokenError::CriticalHeader);
        }
        let is_forbidden = |(name, value): (&str, &Json)| {
            // Nearly every header has these and no others.
            !matches!(name, "alg" | "kid" | "typ")
                && (FORBIDDEN.binary_search(&name).is_ok()
                    || THUMBPRINTS.contains(&name) && !matches!(value, Json::Text(_)))
        };
        if members.iter().any(is_forbidden) {
            return Err(TokenError::ForbiddenHeader);
        }
        let named = members.required_text("alg").map_err(|_| TokenError::Algorithm)?;
        let algorithm = SignatureAlgorithm::from_name(named).ok_or(TokenError::Algorithm)?;
        let key_id = match members.get("kid") {
            None => None,
            Some(Json::Text(text)) => Some(KeyId::new(text).ok_or(TokenError::KeyId)?),
            Some(_) => return Err(TokenError::KeyId),
        };
        let token_type = match members.text("typ").map_err(|_| TokenError::Type)? {
            None => TokenType::Absent,
            Some(name) => TokenType::parse(name).ok_or(TokenError::Type)?,
        };
        Ok(Self { algorithm, key_id, token_type })
    }
}

impl TokenType {
    /// RFC 7515 §4.1.9: media types in any case, "application/" left out where no slash follows.
    fn parse(name: &str) -> Option<Self> {
        const PREFIX: &str = "application/";
        let name = match name.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            _ => name,
        };
        [("jwt", Self::Jwt), ("at+jwt", Self::AccessToken), ("logout+jwt", Self::Logout)]
            .into_iter()
            .find_map(|(known, kind)| name.eq_ignore_ascii_case(known).then_some(kind))
    }
}
