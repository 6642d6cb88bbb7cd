//! What jsonwebtoken accepts and the verifier refuses, each with the rule of the standards that
//! asks for it. Every class is told from the token alone, never from what the verifier says.

use super::question::Question;
use serde_json::Value;

/// A class, and whether a token is of it.
type Class = (&'static str, fn(&Question, &str) -> bool);

pub(super) const CLASSES: [Class; 15] = [
    ("an extension in `crit` (RFC 7515 §4.1.11)", |question, _| has(&question.header, &["crit"])),
    ("`b64` (RFC 7797 §7)", |question, _| has(&question.header, &["b64"])),
    ("a key that comes with the token (RFC 8725 §3.10)", |question, _| {
        has(&question.header, &["jku", "jwk", "x5u", "x5c"])
    }),
    ("members of encrypted or nested tokens (RFC 7516 §4.1)", |question, _| {
        has(&question.header, &["enc", "zip", "epk", "p2c", "cty"])
    }),
    ("another type (RFC 8725 §3.11)", |question, _| match question.header.get("typ") {
        None => false,
        Some(Value::String(name)) => {
            let name = name.to_ascii_lowercase();
            !["jwt", "at+jwt"].contains(&name.trim_start_matches("application/"))
        }
        Some(_) => true,
    }),
    ("another key id (RFC 7515 §4.1.4)", |question, _| {
        question.header.get("kid").is_some_and(|id| id != "one")
    }),
    ("a list of issuers (RFC 7519 §4.1.1)", |question, _| {
        question.claims.get("iss").is_some_and(Value::is_array)
    }),
    ("a date beyond the year 9999", |question, _| {
        ["exp", "nbf", "iat"].iter().any(|name| date(question, name) > Some(253_402_300_799.0))
    }),
    ("issued in the future, or at no date (RFC 7519 §4.1.6)", |question, _| {
        match question.claims.get("iat") {
            None => false,
            Some(Value::Number(at)) => {
                at.as_f64().is_none_or(|at| at < 0.0 || at > question.now as f64 + 30.0)
            }
            Some(_) => true,
        }
    }),
    ("dates out of order", |question, _| {
        let [exp, nbf, iat] = ["exp", "nbf", "iat"].map(|name| date(question, name));
        exp < nbf || (iat.is_some() && exp <= iat)
    }),
    ("a registered claim that is no text (RFC 7519 §4.1)", |question, _| {
        let texts = ["sub", "jti", "azp", "client_id", "scope"];
        texts.iter().any(|name| question.claims.get(name).is_some_and(|value| !value.is_string()))
    }),
    ("a mark of an ID token (RFC 8725 §3.12)", |question, _| {
        let claims = &question.claims;
        has(claims, &["nonce", "at_hash", "c_hash"]) || {
            let azp = claims.get("azp");
            let one_audience = match claims.get("aud") {
                Some(Value::Array(names)) => names.len() == 1 && names.first() == azp,
                audience => audience == azp,
            };
            azp.is_some() && one_audience
        }
    }),
    ("bound to a key (RFC 7800 §3)", |question, _| has(&question.claims, &["cnf"])),
    ("a member twice (RFC 7515 §4, RFC 7519 §4)", |question, _| question.has_duplicates),
    ("too long, too wide or too deep (RFC 8725 §2.6)", |question, token| {
        let header = token.split('.').next().unwrap_or_default();
        token.len() > 8192
            || header.len() > 2048
            || width(&question.header) > 32
            || width(&question.claims) > 256
            || depth(&question.header) > 8
            || depth(&question.claims) > 32
    }),
];

/// The class of a token that the verifier alone refuses.
pub(super) fn class_of(question: &Question, token: &str) -> Option<&'static str> {
    CLASSES.iter().find_map(|(class, is_of)| is_of(question, token).then_some(*class))
}

fn has(object: &Value, names: &[&str]) -> bool {
    names.iter().any(|name| object.get(name).is_some())
}

fn date(question: &Question, name: &str) -> Option<f64> {
    question.claims.get(name)?.as_f64()
}

/// The most members or elements anywhere within.
fn width(value: &Value) -> usize {
    match value {
        Value::Array(elements) => {
            elements.iter().map(width).max().unwrap_or_default().max(elements.len())
        }
        Value::Object(members) => {
            members.values().map(width).max().unwrap_or_default().max(members.len())
        }
        _ => 0,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}
