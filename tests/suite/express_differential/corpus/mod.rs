//! What is asked: requests whose credentials, tokens and origins are each wrong in one way, or good.

mod claims;
mod credentials;
mod cross_origin;
mod requirements;
mod serialisation;
mod token_header;

use super::{apis::Api, wire::Request};
use crate::harness::{Algorithm, Provider, SigningKey, now, signing_input};

/// What a request is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum About {
    Algorithm,
    Audience,
    /// What ties a token to a key of its client.
    Binding,
    Bytes,
    Credentials,
    Critical,
    Dates,
    /// `exp`, where there is none.
    Expiry,
    ForeignKey,
    Good,
    IdToken,
    /// `iat`, where it is a date.
    Issued,
    Issuer,
    Json,
    KeyId,
    Length,
    NestedOrSealed,
    Origin,
    OtherClaims,
    Place,
    Preflight,
    /// What a good token says beside.
    Requirement,
    /// `Authorization` twice.
    Repeated,
    Signature,
    Type,
}

/// A request to one of the APIs.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) api: Api,
    pub(super) about: About,
    pub(super) name: String,
    pub(super) request: Request,
}

/// Makes the requests.
pub(super) struct Corpus<'p> {
    provider: &'p Provider,
    other: &'p SigningKey,
    now: u64,
    cases: Vec<Case>,
}

/// What the APIs are asked. `other` is a key that the provider publishes beside its own.
pub(super) fn cases(provider: &Provider, other: &SigningKey) -> Vec<Case> {
    let mut corpus = Corpus { provider, other, now: now(), cases: Vec::new() };
    corpus.credentials();
    corpus.token_header();
    corpus.claims();
    corpus.serialisation();
    corpus.requirements();
    corpus.cross_origin();
    corpus.cases
}

impl Corpus<'_> {
    fn ask(&mut self, api: Api, about: About, name: impl Into<String>, request: Request) {
        self.cases.push(Case { api, about, name: name.into(), request });
    }

    fn token(&mut self, about: About, name: impl Into<String>, token: &str) {
        self.ask(Api::Plain, about, name, Request::new("GET").bearer(token));
    }

    /// A token of these members, signed as it should be.
    fn sign(&self, header: &Members, claims: &Members) -> String {
        self.sign_text(header.text().as_bytes(), claims.text().as_bytes())
    }

    fn sign_text(&self, header: &[u8], claims: &[u8]) -> String {
        sign(&self.provider.key, header, claims, Algorithm::RS256)
    }

    fn good_header() -> Members {
        Members::default().and("alg", r#""RS256""#).and("typ", r#""JWT""#).and("kid", r#""one""#)
    }

    /// What Auth0 puts into an access token.
    fn good_claims(&self) -> Members {
        let (now, issuer) = (self.now, self.provider.issuer());
        let audience = Provider::AUDIENCE;
        Members::default()
            .and("iss", format!("\"{issuer}\""))
            .and("sub", r#""auth0|64f0c1a2b3d4e5f60718293a""#)
            .and("aud", format!(r#"["{audience}","{issuer}/userinfo"]"#))
            .and("iat", (now - 100_000).to_string())
            .and("exp", (now + 600).to_string())
            .and("scope", r#""openid read:things""#)
            .and("azp", r#""kQ3pJm8uYw2VtRz5""#)
            .and("permissions", r#"["read:things"]"#)
    }

    fn good_token(&self) -> String {
        self.sign(&Self::good_header(), &self.good_claims())
    }
}

/// A token of these texts, whatever they are.
fn sign(key: &SigningKey, header: &[u8], claims: &[u8], algorithm: Algorithm) -> String {
    key.sign_input(&signing_input(header, claims), algorithm)
}

/// The members of an object, in order, with their values as text of JSON or of something else.
#[derive(Clone, Default)]
struct Members(Vec<(String, String)>);

impl Members {
    /// With one more, even where there is one of that name.
    fn and(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    fn set(self, name: &str, value: impl Into<String>) -> Self {
        self.without(name).and(name, value)
    }

    fn text(&self) -> String {
        let members: Vec<_> =
            self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}
