//! Values that are lists.

use super::{Fault, algorithm, cookie_name, is_safe, is_scope_token, secret};
use portcullis_core::cors::OriginPolicy;
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::http::Origin;
use portcullis_core::oidc::{LoginPolicy, LogoutPolicy};
use portcullis_core::secret::Secret;
use portcullis_core::session::SecretRing;

/// What stands between commas and blanks; there is at least one.
fn entries(text: &str) -> Result<Vec<&str>, Fault> {
    let blank = |c: char| c == ',' || c.is_ascii_whitespace();
    let entries: Vec<_> = text.split(blank).filter(|entry| !entry.is_empty()).collect();
    if entries.is_empty() { Err(Fault::Value) } else { Ok(entries) }
}

/// Secrets with commas between them. A secret may have blanks in it.
pub(in crate::settings) fn secrets(text: &str) -> Result<Vec<Secret>, Fault> {
    let secrets: Vec<_> =
        text.split(',').map(|text| secret(text.trim())).collect::<Result<_, _>>()?;
    // One more seals.
    if secrets.len() < SecretRing::MAX_SECRETS { Ok(secrets) } else { Err(Fault::Value) }
}

/// Parameters as in a query, which may be sent with every login.
pub(in crate::settings) fn login_parameters(text: &str) -> Result<Vec<(String, String)>, Fault> {
    // These have settings of their own.
    let elsewhere = ["organization"];
    let parameters: Vec<(String, String)> =
        form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    for (at, (name, value)) in parameters.iter().enumerate() {
        let is_repeated = parameters.iter().skip(at + 1).any(|(other, _)| other == name);
        let sendable = LoginPolicy::default().with_parameter(name.as_str(), value).is_ok();
        if is_repeated || elsewhere.contains(&name.as_str()) || !sendable {
            return Err(Fault::Value);
        }
    }
    if parameters.is_empty() { Err(Fault::Value) } else { Ok(parameters) }
}

/// Names of parameters that the query of a login may set.
pub(in crate::settings) fn login_query_parameters(text: &str) -> Result<Vec<String>, Fault> {
    let names = entries(text)?;
    LoginPolicy::default().with_query_parameters(names.clone()).map_err(|_| Fault::Value)?;
    Ok(owned(names))
}

/// Absolute URLs at which signing out may end.
pub(in crate::settings) fn logout_targets(text: &str) -> Result<Vec<String>, Fault> {
    let targets = entries(text)?;
    LogoutPolicy::default().with_targets(targets.iter().copied()).map_err(|_| Fault::Value)?;
    Ok(owned(targets))
}

/// Claims that a session keeps.
pub(in crate::settings) fn claims(text: &str) -> Result<Vec<String>, Fault> {
    let names = entries(text)?;
    // Everything and something beside it is a misunderstanding.
    if names.contains(&"*") && names.len() > 1 { Err(Fault::Value) } else { Ok(owned(names)) }
}

/// Claims that a session does not keep.
pub(in crate::settings) fn claim_filter(text: &str) -> Result<Vec<String>, Fault> {
    entries(text).map(owned)
}

/// The names of the Auth0 SDK's session cookies, in its versions 3 and 4.
pub(in crate::settings) fn auth0_cookie_names(text: &str) -> Result<(String, String), Fault> {
    match entries(text)?[..] {
        [v3, v4] if v3 != v4 => Ok((cookie_name(v3)?, cookie_name(v4)?)),
        _ => Err(Fault::Value),
    }
}

/// Origins, each `https` or on this machine.
pub(in crate::settings) fn origins(text: &str) -> Result<Vec<Origin>, Fault> {
    let origin = |entry| {
        let origin = Origin::parse(entry).map_err(Fault::Address)?;
        if is_safe(&origin) { Ok(origin) } else { Err(Fault::Insecure) }
    };
    entries(text)?.into_iter().map(origin).collect()
}

/// Scopes that a token must have.
pub(in crate::settings) fn scopes(text: &str) -> Result<Vec<String>, Fault> {
    let scopes = entries(text)?;
    if scopes.iter().all(|scope| is_scope_token(scope)) {
        Ok(owned(scopes))
    } else {
        Err(Fault::Value)
    }
}

/// Signature algorithms.
pub(in crate::settings) fn algorithms(text: &str) -> Result<Vec<SignatureAlgorithm>, Fault> {
    entries(text)?.into_iter().map(algorithm).collect()
}

/// Origins whose pages may call the API, or `*`.
pub(in crate::settings) fn cors_origins(text: &str) -> Result<Vec<String>, Fault> {
    let origins = entries(text)?;
    if origins != ["*"] {
        OriginPolicy::list(origins.iter().copied()).map_err(|_| Fault::Value)?;
    }
    Ok(owned(origins))
}

fn owned(entries: Vec<&str>) -> Vec<String> {
    entries.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_have_commas_or_blanks_between_them() {
        for text in ["a,b", "a b", " a ,\n b ", "a,,b"] {
            assert_eq!(entries(text), Ok(vec!["a", "b"]), "{text:?}");
        }
        for text in ["", " ", ",", " , "] {
            assert_eq!(entries(text), Err(Fault::Value), "{text:?}");
        }
    }

    #[test]
    fn old_secrets_are_as_good_as_new_ones_and_fit_into_a_ring() {
        let secret = |number: usize| format!("{number} is the number of this secret: 3b0c1f");
        let joined = |count| (0..count).map(secret).collect::<Vec<_>>().join(", ");
        assert_eq!(secrets(&joined(7)).unwrap().len(), 7);
        assert_eq!(secrets(&joined(8)).unwrap_err(), Fault::Value);
        assert_eq!(secrets(&format!("{},short", secret(1))).unwrap_err(), Fault::SecretTooShort);
        assert_eq!(secrets(&format!("{},", secret(1))).unwrap_err(), Fault::SecretTooShort);
    }

    #[test]
    fn parameters_of_every_login_are_free_ones() {
        let parameters = login_parameters("prompt=consent&acr_values=urn%3Aa+urn%3Ab").unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parameters, [pair("prompt", "consent"), pair("acr_values", "urn:a urn:b")]);
        for text in [
            "",
            "prompt=none",
            "prompt=",
            "max_age=soon",
            "state=x",
            "redirect_uri=https://evil.example/",
            "scope=openid",
            "organization=org_a",
            "prompt=login&prompt=consent",
            "a b=c",
        ] {
            assert_eq!(login_parameters(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn the_query_of_a_login_sets_nothing_that_ties_it_to_its_answer() {
        assert_eq!(login_query_parameters("prompt, x-y").unwrap(), ["prompt", "x-y"]);
        for text in ["state", "prompt nonce", "audience", "resource", "a=b"] {
            assert_eq!(login_query_parameters(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn signing_out_may_end_at_absolute_urls_over_tls() {
        let listed = logout_targets("https://www.example/bye,http://localhost:3000").unwrap();
        assert_eq!(listed, ["https://www.example/bye", "http://localhost:3000"]);
        for text in ["/bye", "http://www.example/", "//www.example", "javascript:alert(1)"] {
            assert_eq!(logout_targets(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn every_claim_and_some_claim_are_not_asked_for_at_once() {
        assert_eq!(claims("standard, https://example.com/roles").unwrap().len(), 2);
        assert_eq!(claims("*").unwrap(), ["*"]);
        assert_eq!(claims("*,email"), Err(Fault::Value));
    }

    #[test]
    fn the_sdk_has_two_names_for_its_cookie() {
        let names = auth0_cookie_names("mySession,__session").unwrap();
        assert_eq!(names, ("mySession".to_owned(), "__session".to_owned()));
        for text in ["appSession", "a,a", "a,b,c", "a,b;c"] {
            assert_eq!(auth0_cookie_names(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn origins_have_no_path() {
        assert_eq!(origins("https://a.example https://b.example:8443").unwrap().len(), 2);
        assert!(matches!(origins("https://a.example/x"), Err(Fault::Address(_))));
        assert_eq!(origins("http://a.example"), Err(Fault::Insecure));
        assert_eq!(cors_origins("*").unwrap(), ["*"]);
        assert_eq!(cors_origins("https://a.example, null").unwrap(), ["https://a.example", "null"]);
        for text in ["* https://a.example", "a.example", "https://a.example/x"] {
            assert_eq!(cors_origins(text), Err(Fault::Value), "{text}");
        }
    }

    #[test]
    fn scopes_and_algorithms_are_known_by_their_names() {
        assert_eq!(scopes("read:a, write:a").unwrap(), ["read:a", "write:a"]);
        assert_eq!(scopes("read\"a"), Err(Fault::Value));
        let both = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256];
        assert_eq!(algorithms("RS256 ES256").unwrap(), both);
        for text in ["none", "HS256", "rs256", "RS256 x"] {
            assert_eq!(algorithms(text), Err(Fault::Value), "{text}");
        }
    }
}
