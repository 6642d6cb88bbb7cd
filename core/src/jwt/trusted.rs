//! Several issuers behind one guard: each with its own keys, its own policy, and no way from one to
//! another.
//!
//! The `iss` of a token is a claim of a stranger's until the signature is checked. All that it does
//! is to choose among the *configured* issuers (RFC 8725 §3.8): it is never a URL to fetch, and the
//! keys, algorithms and audiences that count from there on are those of the issuer that was chosen.

use super::{TokenError, TokenPolicy, Unattributed, read::Parsed};
use crate::{
    issuer::{IssuerConfig, IssuerIndex, without_slash},
    time::UnixSeconds,
};
use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

/// An issuer whose tokens are accepted, and which of them.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    index: IssuerIndex,
    /// As configured, without a final slash; `None` where it is the only one, so that there is
    /// nothing to choose.
    name: Option<String>,
    policy: TokenPolicy,
}

impl TrustedIssuer {
    /// The issuer of `config`, which stands at `index` among the
    /// [`Issuers`](crate::issuer::Issuers): in the list that a driver is given, the first is 0. Where
    /// another stands there, no token of this one is accepted; where none does, the answer is 503.
    #[must_use]
    pub fn new(index: IssuerIndex, config: &IssuerConfig, policy: TokenPolicy) -> Self {
        let name = without_slash(config.issuer().as_str()).to_owned();
        Self { index, name: Some(name), policy }
    }

    /// Where the issuer stands among the [`Issuers`](crate::issuer::Issuers).
    #[must_use]
    pub const fn index(&self) -> IssuerIndex {
        self.index
    }
}

/// The issuers of a guard.
#[derive(Clone, Debug)]
pub(crate) struct TrustedIssuers(Vec<TrustedIssuer>);

impl TrustedIssuers {
    /// The first issuer alone, whatever its name.
    pub(crate) fn only(policy: TokenPolicy) -> Self {
        let index = IssuerIndex::default();
        Self([TrustedIssuer { index, name: None, policy }].into())
    }

    pub(crate) fn new(issuers: Vec<TrustedIssuer>) -> Result<Self, TrustError> {
        if issuers.is_empty() {
            return Err(TrustError::NoIssuer);
        }
        let repeated = issuers.iter().enumerate().any(|(at, issuer)| {
            let others = issuers.iter().skip(at.saturating_add(1));
            others.clone().any(|other| other.index == issuer.index)
                || others.clone().any(|other| other.name == issuer.name)
        });
        if repeated { Err(TrustError::Repeated) } else { Ok(Self(issuers)) }
    }

    /// The index of the issuer at `at`.
    pub(crate) fn index(&self, at: usize) -> IssuerIndex {
        self.0.get(at).map_or_else(IssuerIndex::default, TrustedIssuer::index)
    }

    /// Reads a token as [`TokenPolicy::read`] does, under the policy of the issuer that it says to be
    /// from. Returns where that issuer stands here.
    pub(crate) fn read(
        &self,
        token: &str,
        now: UnixSeconds,
    ) -> Result<(usize, Unattributed), TokenError> {
        if let [only] = self.0.as_slice()
            && only.name.is_none()
        {
            return Ok((0, only.policy.read(token, now)?));
        }
        let max_length =
            self.0.iter().map(|issuer| issuer.policy.max_length).max().unwrap_or_default();
        let parsed = Parsed::read(token, max_length, |header| {
            // Nobody has such tokens: nothing of the payload is looked at.
            let mut checks = self.0.iter().map(|issuer| issuer.policy.check_header(header));
            let first = checks.next().unwrap_or(Err(TokenError::Issuer));
            if first.is_ok() || checks.any(|check| check.is_ok()) { Ok(()) } else { first }
        })?;
        let claimed = parsed.claims.required_text("iss").map_err(|_| TokenError::Issuer)?;
        let claimed = Some(without_slash(claimed));
        let (at, issuer) = self
            .0
            .iter()
            .enumerate()
            .find(|(_, issuer)| issuer.name.as_deref() == claimed)
            .ok_or(TokenError::Issuer)?;
        if token.len() > issuer.policy.max_length {
            return Err(TokenError::TooLong);
        }
        issuer.policy.check_header(&parsed.header)?;
        Ok((at, issuer.policy.check(parsed, now)?))
    }

    /// The issuers and their policies as bytes that no others have.
    pub(crate) fn identity(&self) -> Vec<u8> {
        let mut identity = Vec::new();
        for issuer in &self.0 {
            let policy = issuer.policy.identity();
            let index = issuer.index.0.to_string();
            let name = issuer.name.as_deref().unwrap_or_default();
            for part in [index.as_bytes(), name.as_bytes(), &policy] {
                identity.extend_from_slice(&(part.len() as u64).to_be_bytes());
                identity.extend_from_slice(part);
            }
        }
        identity
    }
}

/// Why issuers cannot stand behind one guard.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TrustError {
    /// There is no issuer.
    NoIssuer,
    /// Two have the same index, or names that differ by a final slash at most.
    Repeated,
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIssuer => "an issuer is needed",
            Self::Repeated => "an issuer is there twice",
        })
    }
}

impl core::error::Error for TrustError {}
