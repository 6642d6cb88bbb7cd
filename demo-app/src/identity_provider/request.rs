//! Authorization requests (RFC 6749 §4.1.1, OpenID Connect Core 1.0 §3.1.2.1, RFC 7636 §4.3).
//!
//! Until the client and its redirect URI are known to be right, an error is a page; from then on
//! it goes to the client. PKCE with S256 is required.

use core::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::IdentityProvider;
use super::client::Client;
use super::organization::Organization;
use crate::parameters::Parameters;

/// An authorization request that may be answered.
#[derive(Debug)]
pub(super) struct AuthorizationRequest<'a> {
    pub(super) client: &'a Client,
    pub(super) destination: Destination<'a>,
    pub(super) scope: Scope,
    pub(super) audience: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    pub(super) code_challenge: CodeChallenge,
    pub(super) prompt: Prompt,
    /// The greatest age of a sign-in, in seconds.
    pub(super) max_age: Option<u64>,
    /// Whom the user signs in for.
    pub(super) organization: Option<Organization>,
}

/// Where the answer to an authorization request goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination<'a> {
    pub(super) redirect_uri: &'a str,
    pub(super) state: Option<&'a str>,
}

/// Whether the user is asked to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    Always,
    IfNeeded,
    Never,
}

/// Why an authorization request is refused.
#[derive(Debug)]
pub(super) enum Refusal<'a> {
    /// The user is told, for there is nobody to send an error to.
    Page(&'static str),
    /// The client is told (RFC 6749 §4.1.2.1).
    Redirect { destination: Destination<'a>, error: &'static str, description: &'static str },
}

/// A list of scope tokens, each of them once (RFC 6749 §3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(Vec<String>);

/// The SHA-256 hash of a code verifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CodeChallenge(Vec<u8>);

/// Every parameter that has a meaning here, which the sign-in form has to bring back.
pub(super) const PARAMETERS: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "audience",
    "prompt",
    "max_age",
    "login_hint",
    "organization",
    "request",
    "request_uri",
];

impl IdentityProvider {
    pub(super) fn authorization_request<'a>(
        &'a self,
        parameters: &'a Parameters,
    ) -> Result<AuthorizationRequest<'a>, Refusal<'a>> {
        let client = parameters
            .get("client_id")
            .and_then(|client_id| self.client(client_id))
            .ok_or(Refusal::Page("The request names no client that is registered here."))?;
        let redirect_uri = parameters
            .get("redirect_uri")
            .and_then(|text| client.redirect_uri(text))
            .ok_or(Refusal::Page("The request names no redirect URI of its client."))?;
        let destination = Destination { redirect_uri, state: parameters.get("state") };
        let refuse =
            |error, description| Err(Refusal::Redirect { destination, error, description });

        if parameters.has_repetition() {
            return refuse("invalid_request", "a parameter is given more than once");
        }
        if parameters.get("request").is_some() {
            return refuse("request_not_supported", "request objects are not supported");
        }
        if parameters.get("request_uri").is_some() {
            return refuse(
                "request_uri_not_supported",
                "the request was not pushed, or too long ago",
            );
        }
        match parameters.get("response_type") {
            Some("code") => {}
            Some(_) => return refuse("unsupported_response_type", "response_type must be code"),
            None => return refuse("invalid_request", "response_type is missing"),
        }
        if !matches!(parameters.get("response_mode"), None | Some("query")) {
            return refuse("invalid_request", "response_mode must be query");
        }
        let Some(scope) = Scope::parse(parameters.get("scope").unwrap_or_default()) else {
            return refuse("invalid_scope", "scope is malformed or too long");
        };
        let nonce = parameters.get("nonce");
        if nonce.is_some_and(|nonce| nonce.len() > MAXIMUM_NONCE) {
            return refuse("invalid_request", "nonce is too long");
        }
        if parameters.get("code_challenge_method") != Some("S256") {
            return refuse("invalid_request", "code_challenge_method must be S256");
        }
        let code_challenge = parameters.get("code_challenge").and_then(CodeChallenge::parse);
        let Some(code_challenge) = code_challenge else {
            return refuse("invalid_request", "code_challenge is missing or malformed");
        };
        let audience = parameters.get("audience");
        match audience {
            Some(audience) if !self.knows_audience(audience) => {
                return refuse("invalid_target", "audience is not known here");
            }
            None if !scope.contains(Scope::OPENID) => {
                return refuse("invalid_target", "without the scope openid, audience is needed");
            }
            _ => {}
        }
        let prompt = match parameters.get("prompt") {
            None | Some("consent") => Prompt::IfNeeded,
            Some("none") => Prompt::Never,
            Some("login" | "select_account") => Prompt::Always,
            Some(_) => return refuse("invalid_request", "prompt has a value unknown here"),
        };
        let max_age = match parameters.get("max_age").map(str::parse) {
            None => None,
            Some(Ok(seconds)) => Some(seconds),
            Some(Err(_)) => return refuse("invalid_request", "max_age is no number of seconds"),
        };
        let organization = parameters.get("organization");
        let known = organization.and_then(Organization::parse);
        if organization.is_some() && known.is_none() {
            return refuse("invalid_request", "organization is malformed");
        }
        Ok(AuthorizationRequest {
            client,
            destination,
            scope,
            audience,
            nonce,
            code_challenge,
            prompt,
            max_age,
            organization: known,
        })
    }

    fn knows_audience(&self, audience: &str) -> bool {
        self.configuration.audiences.iter().any(|known| known == audience)
    }
}

impl Scope {
    pub(super) const OPENID: &str = "openid";
    pub(super) const PROFILE: &str = "profile";
    pub(super) const EMAIL: &str = "email";
    pub(super) const OFFLINE_ACCESS: &str = "offline_access";

    /// Scopes that change what the provider answers. It grants every other one as it was asked.
    pub(super) const WITH_A_MEANING: [&str; 4] =
        [Self::OPENID, Self::PROFILE, Self::EMAIL, Self::OFFLINE_ACCESS];

    pub(super) fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > MAXIMUM_SCOPE {
            return None;
        }
        let mut tokens: Vec<String> = Vec::new();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !token.bytes().all(allowed) {
                return None;
            }
            if !tokens.iter().any(|known| known == token) {
                tokens.push(token.to_owned());
            }
        }
        Some(Self(tokens))
    }

    pub(super) fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|known| known == token)
    }

    pub(super) fn contains_all(&self, other: &Self) -> bool {
        other.0.iter().all(|token| self.contains(token))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

impl CodeChallenge {
    fn parse(text: &str) -> Option<Self> {
        let hash = URL_SAFE_NO_PAD.decode(text).ok()?;
        (hash.len() == SHA256.output_len()).then_some(Self(hash))
    }

    /// RFC 7636 §4.1 and §4.6
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(allowed)
            && verify_slices_are_equal(&self.0, digest(&SHA256, verifier.as_bytes()).as_ref())
                .is_ok()
    }
}

const MAXIMUM_NONCE: usize = 512;
const MAXIMUM_SCOPE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_scopes_once_each() {
        let scope = Scope::parse("openid  email openid read:all ").unwrap();
        assert_eq!(scope.to_string(), "openid email read:all");
        assert!(scope.contains("email"));
        assert!(!scope.contains("read"));
        assert_eq!(Scope::parse("").unwrap().to_string(), "");
        for wrong in ["a\"b", "a\\b", "a\tb", "ü", &"x".repeat(MAXIMUM_SCOPE + 1)] {
            assert_eq!(Scope::parse(wrong), None);
        }
    }

    #[test]
    fn checks_the_example_of_rfc_7636() {
        let challenge =
            CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(challenge.is_met_by(verifier));
        assert!(!challenge.is_met_by(&verifier[1..]));
        assert!(!challenge.is_met_by(&format!("{verifier}x")));
        assert!(!challenge.is_met_by(""));
    }

    #[test]
    fn refuses_a_challenge_that_is_no_sha_256_hash() {
        for wrong in ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", &"A".repeat(44)] {
            assert_eq!(CodeChallenge::parse(wrong), None, "{wrong}");
        }
    }
}
