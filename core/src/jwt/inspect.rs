//! From text to a verified token.

use super::{
    AccessTokenProfile, KeyId, TokenError, TokenPolicy,
    header::{Header, MAX_ENCODED_LENGTH, TokenType},
    policy::Kind,
};
use crate::{
    crypto::{SignatureAlgorithm, VerifyKey},
    encoding,
    json::{Json, JsonLimits, Object},
    time::UnixSeconds,
};
use alloc::{string::String, vec::Vec};

/// Registered claims that are strings wherever they stand (RFC 7519 §4.1, RFC 9068 §2.2).
const TEXT_CLAIMS: [&str; 5] = ["azp", "client_id", "jti", "scope", "sub"];

/// 9999-12-31T23:59:59Z. A later date is nobody's honest date.
const LAST_SECOND: u64 = 253_402_300_799;

impl TokenPolicy {
    /// Reads `token` and checks all that can be checked without knowing the issuer: form, header,
    /// audience and dates.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: the first rule that the token breaks.
    pub fn read(&self, token: &str, now: UnixSeconds) -> Result<Unattributed, TokenError> {
        if token.len() > self.max_length {
            return Err(TokenError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Serialization)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Serialization)?;
        if header.len() > MAX_ENCODED_LENGTH {
            return Err(TokenError::TooLong);
        }
        // A further dot is no base64url character, so a token of five parts ends here.
        let header = encoding::decode(header).ok_or(TokenError::Serialization)?;
        let header = Header::parse(&header, &self.algorithms)?;
        self.check_type(header.token_type)?;
        let signature = encoding::decode(signature).ok_or(TokenError::Serialization)?;
        if signature.is_empty() {
            return Err(TokenError::Signature);
        }
        let payload = encoding::decode(payload).ok_or(TokenError::Serialization)?;
        let limits = JsonLimits { bytes: self.max_length, depth: 32, members: 256 };
        let claims = Object::parse(&payload, limits).map_err(|_| TokenError::Payload)?;
        let expires_at = self.check_claims(&claims, now)?;
        Ok(Unattributed(Inspected {
            signing_input: signing_input.into(),
            signature,
            algorithm: header.algorithm,
            key_id: header.key_id,
            claims,
            expires_at,
        }))
    }

    fn check_type(&self, token_type: TokenType) -> Result<(), TokenError> {
        let fits = match self.kind {
            Kind::Access(AccessTokenProfile::Lenient) => true,
            Kind::Access(AccessTokenProfile::Rfc9068) => token_type == TokenType::AccessToken,
            Kind::Id => token_type != TokenType::AccessToken,
        };
        if fits { Ok(()) } else { Err(TokenError::Type) }
    }

    fn check_claims(&self, claims: &Object, now: UnixSeconds) -> Result<UnixSeconds, TokenError> {
        self.check_audience(claims)?;
        for name in TEXT_CLAIMS {
            claims.text(name).map_err(|_| TokenError::ClaimType(name))?;
        }
        let tolerance = self.tolerance.seconds();
        let expiry = claims.get("exp").and_then(Seconds::read).ok_or(TokenError::Expiry)?;
        if now >= UnixSeconds(expiry.whole).saturating_add(tolerance) {
            return Err(TokenError::Expired);
        }
        if let Some(value) = claims.get("nbf") {
            let start = Seconds::read(value).ok_or(TokenError::NotYetValid)?.rounded_up();
            if now.saturating_add(tolerance) < UnixSeconds(start) {
                return Err(TokenError::NotYetValid);
            }
        }
        let issued_at = claims
            .get("iat")
            .map(|value| Seconds::read(value).ok_or(TokenError::IssuedAt))
            .transpose()?;
        if issued_at.is_some_and(|at| UnixSeconds(at.whole) > now.saturating_add(tolerance)) {
            return Err(TokenError::IssuedAt);
        }
        self.check_kind(claims, issued_at.is_some())?;
        Ok(UnixSeconds(expiry.whole))
    }

    fn check_audience(&self, claims: &Object) -> Result<(), TokenError> {
        let accepts = |name: &str| self.audiences.iter().any(|audience| audience == name);
        let accepted = match claims.get("aud") {
            Some(Json::Text(name)) => accepts(name),
            Some(Json::Array(_)) => {
                let names = claims.texts("aud").ok().flatten().ok_or(TokenError::Audience)?;
                names.into_iter().any(accepts)
            }
            _ => false,
        };
        if accepted { Ok(()) } else { Err(TokenError::Audience) }
    }

    /// The rules that keep one kind of token from passing for the other (RFC 8725 §3.11, §3.12).
    fn check_kind(&self, claims: &Object, has_issued_at: bool) -> Result<(), TokenError> {
        let is_there = |name: &&str| claims.get(name).is_some();
        match self.kind {
            Kind::Access(profile) => {
                // `cnf` binds the token to a key whose possession is not checked here.
                if ["at_hash", "c_hash", "cnf", "nonce"].iter().any(is_there) {
                    return Err(TokenError::Kind);
                }
                if profile == AccessTokenProfile::Rfc9068 {
                    if !has_issued_at {
                        return Err(TokenError::IssuedAt);
                    }
                    if let Some(name) =
                        ["client_id", "jti"].into_iter().find(|name| !is_there(name))
                    {
                        return Err(TokenError::ClaimType(name));
                    }
                    claims.required_text("sub").map_err(|_| TokenError::Subject)?;
                }
                Ok(())
            }
            Kind::Id => {
                if !has_issued_at {
                    return Err(TokenError::IssuedAt);
                }
                match claims.required_text("sub") {
                    Ok(subject) if !subject.is_empty() => Ok(()),
                    _ => Err(TokenError::Subject),
                }
            }
        }
    }
}

/// A `NumericDate` (RFC 7519 §2) from 1970 to 9999.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Seconds {
    whole: u64,
    fraction: bool,
}

impl Seconds {
    fn read(value: &Json) -> Option<Self> {
        let seconds = match *value {
            Json::Unsigned(whole) => Self { whole, fraction: false },
            Json::Float(value) if (0.0..=LAST_SECOND as f64).contains(&value) => {
                let whole = value as u64;
                Self { whole, fraction: value > whole as f64 }
            }
            _ => return None,
        };
        (seconds.whole <= LAST_SECOND).then_some(seconds)
    }

    const fn rounded_up(self) -> u64 {
        if self.fraction { self.whole.saturating_add(1) } else { self.whole }
    }
}

/// A token that fits the policy, from whomever it may be.
#[derive(Clone, Debug)]
#[must_use = "nothing in the token can be trusted before `verify`"]
pub struct Unattributed(Inspected);

impl Unattributed {
    /// Checks that the token says to be from `issuer`, byte for byte (RFC 7519 §4.1.1).
    ///
    /// # Errors
    ///
    /// [`TokenError::Issuer`] where it does not.
    pub fn from_issuer(self, issuer: &str) -> Result<Inspected, TokenError> {
        match self.0.claims.text("iss") {
            Ok(Some(claimed)) if claimed == issuer => Ok(self.0),
            _ => Err(TokenError::Issuer),
        }
    }
}

/// A token that fits the policy and its issuer, if only its signature does.
#[derive(Clone)]
#[must_use = "nothing in the token can be trusted before `verify`"]
pub struct Inspected {
    signing_input: String,
    signature: Vec<u8>,
    algorithm: SignatureAlgorithm,
    key_id: Option<KeyId>,
    claims: Object,
    expires_at: UnixSeconds,
}

impl Inspected {
    /// The algorithm that the token names and the policy allows.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The key that the token names.
    #[must_use]
    pub const fn key_id(&self) -> Option<&KeyId> {
        self.key_id.as_ref()
    }

    /// Checks the signature with `key`, which its issuer's key set gave for this algorithm and key
    /// id.
    ///
    /// # Errors
    ///
    /// [`TokenError::Signature`] where it does not fit.
    pub fn verify(self, key: &dyn VerifyKey) -> Result<VerifiedToken, TokenError> {
        key.verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| TokenError::Signature)?;
        Ok(VerifiedToken { claims: self.claims, expires_at: self.expires_at })
    }
}

/// Claims may be personal, so they are not printed.
impl core::fmt::Debug for Inspected {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inspected")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// A token that was verified, whole. Only [`Inspected::verify`] makes one.
#[derive(Clone, PartialEq)]
pub struct VerifiedToken {
    claims: Object,
    expires_at: UnixSeconds,
}

impl VerifiedToken {
    /// All claims, from the bytes that were verified.
    #[must_use]
    pub const fn claims(&self) -> &Object {
        &self.claims
    }

    /// When the token expires, without tolerance.
    #[must_use]
    pub const fn expires_at(&self) -> UnixSeconds {
        self.expires_at
    }

    /// Whom the token speaks of.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.claims.text("sub").ok().flatten()
    }

    /// The scopes, from the `scope` claim (RFC 8693 §4.2).
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.claims
            .text("scope")
            .ok()
            .flatten()
            .unwrap_or_default()
            .split(' ')
            .filter(|scope| !scope.is_empty())
    }
}

/// Claims may be personal, so they are not printed.
impl core::fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
