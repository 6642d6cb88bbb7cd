//! The rules of claims (RFC 7519 §4.1, RFC 9068 §4, RFC 8725 §3).

use super::{
    AccessTokenProfile, TokenError, TokenPolicy,
    header::{Header, TokenType},
    policy::Kind,
};
use crate::{
    json::{Json, Object},
    time::UnixSeconds,
};

/// Registered claims that are strings wherever they stand (RFC 7519 §4.1, RFC 9068 §2.2).
const TEXT_CLAIMS: [&str; 4] = ["azp", "client_id", "jti", "sub"];

/// 9999-12-31T23:59:59Z. A later date is nobody's honest date.
const LAST_SECOND: u64 = 253_402_300_799;

/// When a token is good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Dates {
    /// `exp`, without tolerance.
    pub(super) expires_at: UnixSeconds,
    /// The first second at which the token is good, tolerance included.
    from: UnixSeconds,
    /// The first second at which it is no longer good, tolerance included.
    until: UnixSeconds,
}

impl Dates {
    pub(super) fn include(&self, now: UnixSeconds) -> bool {
        self.from <= now && now < self.until
    }
}

impl TokenPolicy {
    /// The rules that take no more than the header.
    pub(super) fn check_header(&self, header: &Header) -> Result<(), TokenError> {
        if !self.algorithms.contains(&header.algorithm) {
            return Err(TokenError::Algorithm);
        }
        if self.requires_key_id && header.key_id.is_none() {
            return Err(TokenError::KeyId);
        }
        let fits = match self.kind {
            Kind::Access(AccessTokenProfile::Lenient) => header.token_type != TokenType::Logout,
            Kind::Access(AccessTokenProfile::Rfc9068) => {
                header.token_type == TokenType::AccessToken
            }
            Kind::Id => matches!(header.token_type, TokenType::Absent | TokenType::Jwt),
            // The type may be left out, since providers were slow to take it up.
            Kind::Logout => header.token_type != TokenType::AccessToken,
        };
        if fits { Ok(()) } else { Err(TokenError::Type) }
    }

    /// All other rules but the issuer's.
    pub(super) fn check_claims(
        &self,
        claims: &Object,
        now: UnixSeconds,
    ) -> Result<Dates, TokenError> {
        self.check_audience(claims)?;
        for name in TEXT_CLAIMS {
            claims.text(name).map_err(|_| TokenError::ClaimType(name))?;
        }
        self.scope_claim.check(claims)?;
        let dates = self.check_dates(claims, now)?;
        self.check_client(claims)?;
        self.check_kind(claims)?;
        Ok(dates)
    }

    fn check_dates(&self, claims: &Object, now: UnixSeconds) -> Result<Dates, TokenError> {
        let date = |name, error| {
            claims.get(name).map(|value| Seconds::read(value).ok_or(error)).transpose()
        };
        let tolerance = self.tolerance.seconds();
        let expiry = date("exp", TokenError::Expiry)?.ok_or(TokenError::Expiry)?;
        let expires_at = UnixSeconds(expiry.whole);
        let mut until = expires_at.saturating_add(tolerance);
        if now >= until {
            return Err(TokenError::Expired);
        }
        let mut from = UnixSeconds::default();
        if let Some(start) = date("nbf", TokenError::NotYetValid)? {
            let start = UnixSeconds(start.rounded_up());
            if now.saturating_add(tolerance) < start {
                return Err(TokenError::NotYetValid);
            }
            if expires_at < start {
                return Err(TokenError::Lifetime);
            }
            from = start.saturating_sub(tolerance);
        }
        let issued_at = date("iat", TokenError::IssuedAt)?.map(|at| UnixSeconds(at.whole));
        if let Some(issued_at) = issued_at {
            if issued_at > now.saturating_add(tolerance) {
                return Err(TokenError::IssuedAt);
            }
            if expires_at <= issued_at {
                return Err(TokenError::Lifetime);
            }
            from = from.max(issued_at.saturating_sub(tolerance));
        }
        if let Some(most) = self.max_lifetime {
            let issued_at = issued_at.ok_or(TokenError::IssuedAt)?;
            if expires_at.since(issued_at) > most {
                return Err(TokenError::Lifetime);
            }
        }
        if let Some(most) = self.max_age {
            let issued_at = issued_at.ok_or(TokenError::IssuedAt)?;
            let too_old_at = issued_at.saturating_add(most).saturating_add(tolerance);
            if now > too_old_at {
                return Err(TokenError::Lifetime);
            }
            until = until.min(too_old_at.saturating_add(1));
        }
        Ok(Dates { expires_at, from, until })
    }

    fn check_audience(&self, claims: &Object) -> Result<(), TokenError> {
        let accepts = |name: &str| self.audiences.iter().any(|audience| audience == name);
        let accepted = match claims.get("aud") {
            Some(Json::Text(name)) => accepts(name),
            Some(Json::Array(names)) => {
                let mut accepted = false;
                for name in names {
                    let Json::Text(name) = name else { return Err(TokenError::Audience) };
                    accepted |= accepts(name);
                }
                accepted
            }
            _ => false,
        };
        if accepted { Ok(()) } else { Err(TokenError::Audience) }
    }

    fn check_client(&self, claims: &Object) -> Result<(), TokenError> {
        if self.clients.is_empty() {
            return Ok(());
        }
        let mut named = false;
        for name in ["azp", "client_id"] {
            if let Ok(Some(client)) = claims.text(name) {
                named = true;
                if !self.clients.iter().any(|accepted| accepted == client) {
                    return Err(TokenError::Client);
                }
            }
        }
        if named { Ok(()) } else { Err(TokenError::Client) }
    }

    /// The rules that keep one kind of token from passing for the other (RFC 8725 §3.11, §3.12).
    fn check_kind(&self, claims: &Object) -> Result<(), TokenError> {
        let is_there = |name: &&str| claims.get(name).is_some();
        let requires_issued_at = match self.kind {
            Kind::Access(profile) => {
                // `cnf` binds the token to a key whose possession is not checked here.
                if is_there(&"cnf") || (!self.allows_id_token_marks && looks_like_id_token(claims))
                {
                    return Err(TokenError::Kind);
                }
                profile == AccessTokenProfile::Rfc9068
            }
            Kind::Id => true,
            // The age was looked at, so there is `iat`; whose sessions are to end is for the caller.
            Kind::Logout => false,
        };
        if requires_issued_at && !is_there(&"iat") {
            return Err(TokenError::IssuedAt);
        }
        if self.kind == Kind::Access(AccessTokenProfile::Rfc9068)
            && let Some(name) = ["client_id", "jti"].into_iter().find(|name| !is_there(name))
        {
            return Err(TokenError::ClaimType(name));
        }
        if requires_issued_at {
            match claims.required_text("sub") {
                Ok(subject) if !subject.is_empty() => {}
                _ => return Err(TokenError::Subject),
            }
        }
        Ok(())
    }
}

/// An ID token is for the client that it is issued to, and may carry the hashes and the nonce that
/// tie it to one login (OpenID Connect Core 1.0 §2).
fn looks_like_id_token(claims: &Object) -> bool {
    if ["at_hash", "c_hash", "nonce"].iter().any(|name| claims.get(name).is_some()) {
        return true;
    }
    let Ok(Some(client)) = claims.text("azp") else { return false };
    match claims.get("aud") {
        Some(Json::Text(audience)) => audience == client,
        Some(Json::Array(names)) => {
            matches!(names.as_slice(), [Json::Text(audience)] if audience == client)
        }
        _ => false,
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
