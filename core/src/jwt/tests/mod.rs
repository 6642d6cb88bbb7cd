//! The rules of tokens, one table each. Numbers in brackets are those of the attack catalogue.

mod form;
mod issuers;
mod options;

use super::{header::FORBIDDEN, *};
use crate::{
    crypto::{RUSTCRYPTO, SignatureAlgorithm},
    encoding,
    key_set::{KeyLookup, KeySet},
    test_support::{AUDIENCE, ISSUER, NOW, ProviderKey, access_claims},
    time::UnixSeconds,
};
use alloc::{format, string::String, vec::Vec};
use proptest::prelude::*;
use std::sync::LazyLock;

static KEY: LazyLock<ProviderKey> = LazyLock::new(ProviderKey::one);
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    KeySet::parse(KEY.jwk_set().as_bytes(), &[SignatureAlgorithm::Rs256], &RUSTCRYPTO).unwrap()
});

fn policy() -> TokenPolicy {
    TokenPolicy::access_token([AUDIENCE])
        .unwrap()
        .with_clock_tolerance(ClockTolerance::from_seconds(30).unwrap())
}

fn verify_with(policy: &TokenPolicy, token: &str, now: u64) -> Result<VerifiedToken, TokenError> {
    let inspected = policy.read(token, UnixSeconds(now))?.from_issuer(ISSUER)?;
    match KEYS.find(inspected.algorithm(), inspected.key_id()) {
        KeyLookup::Found(key) => inspected.verify(key),
        KeyLookup::Ambiguous | KeyLookup::Unknown => Err(TokenError::UnknownKey),
    }
}

fn verify(token: &str) -> Result<VerifiedToken, TokenError> {
    verify_with(&policy(), token, NOW)
}

/// The outcome of a token with this header and the usual claims.
fn header(text: &str) -> Result<(), TokenError> {
    verify(&KEY.sign_with_header(text, &access_claims(""))).map(|_| ())
}

/// The outcome of a token with the usual header and these claims.
fn claims(text: &str) -> Result<(), TokenError> {
    verify(&KEY.sign(text)).map(|_| ())
}

#[test]
fn accepts_a_good_token_and_reads_its_claims() {
    let token =
        verify(&KEY.sign(&access_claims(r#","scope":"read  write","n":{"a":[1]}"#))).unwrap();
    assert_eq!(token.subject(), Some("user"));
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["read", "write"]);
    assert_eq!(token.expires_at(), UnixSeconds(NOW + 600));
    assert!(token.claims().get("n").is_some());
}

/// J01, J02, J03, rule 7: the policy names the algorithm, never the token.
#[test]
fn refuses_every_algorithm_but_the_allowed_one() {
    for name in [
        r#""none""#,
        r#""None""#,
        r#""nOnE""#,
        r#""""#,
        r#""HS256""#,
        r#""RS384""#,
        r#""RS512""#,
        r#""PS256""#,
        r#""RS1""#,
        r#""rs256""#,
        r#""RS256 ""#,
        r#""RS256\u0000""#,
        r#"["RS256"]"#,
        "null",
        "1",
    ] {
        let text = format!(r#"{{"alg":{name},"kid":"one"}}"#);
        assert_eq!(header(&text), Err(TokenError::Algorithm), "{text}");
    }
    assert_eq!(header(r#"{"kid":"one"}"#), Err(TokenError::Algorithm));
}

/// J04, J20, J26, rule 9, rule 10, rule 11, rule 12: no key from the token, no extension, no
/// encryption.
#[test]
fn refuses_header_members_that_change_the_meaning() {
    for member in [
        r#""jku":"https://evil.example""#,
        r#""jwk":{}"#,
        r#""x5u":"https://evil.example""#,
        r#""x5c":[]"#,
        r#""zip":"DEF""#,
        r#""enc":"A256GCM""#,
        r#""p2c":1"#,
        r#""b64":false"#,
        r#""cty":"JWT""#,
        r#""nonce":"n""#,
    ] {
        let text = format!(r#"{{"alg":"RS256","kid":"one",{member}}}"#);
        assert_eq!(header(&text), Err(TokenError::ForbiddenHeader), "{text}");
    }
    for name in FORBIDDEN {
        let text = format!(r#"{{"alg":"RS256","{name}":null}}"#);
        assert_eq!(header(&text), Err(TokenError::ForbiddenHeader), "{text}");
    }
    assert!(FORBIDDEN.is_sorted());
    for crit in [r#"["x"]"#, "[]", r#"["b64"]"#, "null", "1"] {
        let text = format!(r#"{{"alg":"RS256","kid":"one","crit":{crit}}}"#);
        assert_eq!(header(&text), Err(TokenError::CriticalHeader), "{text}");
    }
}

/// Rule 11: the thumbprint of a certificate brings no key along and chooses none, so it means
/// nothing. Microsoft Entra ID writes it into access tokens of version 1.0, AD FS into all.
#[test]
fn a_thumbprint_of_a_certificate_means_nothing() {
    for member in [r#""x5t":"uz9mKvU7Kp2y0u4xXgQm3Yw1hB8""#, r#""x5t#S256":"AAAA""#] {
        let text = format!(r#"{{"typ":"JWT","alg":"RS256",{member},"kid":"one"}}"#);
        assert_eq!(header(&text), Ok(()), "{text}");
        let text = format!(r#"{{"typ":"JWT","alg":"RS256",{member},"kid":"two"}}"#);
        assert_eq!(header(&text), Err(TokenError::UnknownKey), "{text}");
    }
    // Where it is no text (RFC 7515 §4.1.7), others refuse the whole header.
    for member in [r#""x5t":1"#, r#""x5t#S256":null"#, r#""x5t":["AAAA"]"#] {
        let text = format!(r#"{{"typ":"JWT","alg":"RS256",{member},"kid":"one"}}"#);
        assert_eq!(header(&text), Err(TokenError::ForbiddenHeader), "{text}");
    }
}

/// J05, rule 14: a key id is an opaque text of bounded length.
#[test]
fn refuses_odd_key_ids_before_any_lookup() {
    for (kid, error) in [
        ("1", TokenError::KeyId),
        ("null", TokenError::KeyId),
        (r#""""#, TokenError::KeyId),
        (r#""a\nb""#, TokenError::KeyId),
        (r#""a\u0000""#, TokenError::KeyId),
        (r#""../../dev/null""#, TokenError::UnknownKey),
        (r#""' or 1=1""#, TokenError::UnknownKey),
        (r#""One""#, TokenError::UnknownKey),
    ] {
        assert_eq!(header(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#)), Err(error), "{kid}");
    }
    let long = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "x".repeat(257));
    assert_eq!(header(&long), Err(TokenError::KeyId));
    // O14: a token that names no key is good where there is one key alone.
    assert_eq!(header(r#"{"alg":"RS256"}"#), Ok(()));
}

/// J14: duplicates are refused.
#[test]
fn refuses_duplicate_members() {
    assert_eq!(header(r#"{"alg":"RS256","alg":"none","kid":"one"}"#), Err(TokenError::Header));
    assert_eq!(claims(&access_claims(r#","exp":9999999999"#)), Err(TokenError::Payload));
    assert_eq!(claims(&access_claims(r#","role":1,"role":2"#)), Err(TokenError::Payload));
}

/// J15, J16, J17, rule 1: what is too long or too deep is refused before it costs anything.
#[test]
fn bounds_the_work() {
    let deep = access_claims(&format!(r#","d":{}{}"#, "[".repeat(40), "]".repeat(40)));
    assert_eq!(claims(&deep), Err(TokenError::Payload));
    assert_eq!(verify(&".".repeat(1_000_000)).err(), Some(TokenError::TooLong));
    assert_eq!(verify(&".".repeat(100)).err(), Some(TokenError::Header));
    let long = access_claims(&format!(r#","d":"{}""#, "x".repeat(8192)));
    assert_eq!(claims(&long), Err(TokenError::TooLong));
    let long = format!(r#"{{"alg":"RS256","kid":"one","d":"{}"}}"#, "x".repeat(2048));
    assert_eq!(header(&long), Err(TokenError::TooLong));
}

/// J18, J19, rule 2, rule 3: one token has one text.
#[test]
fn refuses_every_other_spelling_of_a_token() {
    let token = KEY.sign(&access_claims(""));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (head, payload) = input.split_once('.').unwrap();
    // The last character of a 256-byte signature has two unused bits.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let neighbour = alphabet.chars().nth(alphabet.find(last).unwrap() | 1).unwrap();
    let malleable = format!("{}{neighbour}", &signature[..signature.len() - 1]);
    for text in [
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}."),
        format!("{token}.x.y"),
        format!(".{token}"),
        format!("{input}.{malleable}"),
        format!("{head}=.{payload}.{signature}"),
        format!("{head}.{payload}=.{signature}"),
        format!("{head}.{payload}"),
        format!("{head}..{signature}"),
        format!(r#"{{"payload":"{payload}","protected":"{head}","signature":"{signature}"}}"#),
        signature.replace('-', "+"),
        String::new(),
    ] {
        assert!(verify(&text).is_err(), "{text}");
    }
    assert_eq!(verify(&format!("{input}.")).err(), Some(TokenError::Signature));
}

/// J21, rule 18, rule 19: present with a wrong type is never the same as absent.
#[test]
fn refuses_registered_claims_of_a_wrong_type() {
    for (member, error) in [
        (r#","nbf":"1""#, TokenError::NotYetValid),
        (r#","nbf":null"#, TokenError::NotYetValid),
        (r#","scope":["a"]"#, TokenError::ClaimType("scope")),
        (r#","client_id":1"#, TokenError::ClaimType("client_id")),
        (r#","azp":null"#, TokenError::ClaimType("azp")),
        (r#","jti":{}"#, TokenError::ClaimType("jti")),
    ] {
        assert_eq!(claims(&access_claims(member)), Err(error), "{member}");
    }
    for expiry in [r#""1900000000""#, "true", "null", "[]", "-1", "1e19", "1e300", "253402300800"] {
        let text = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{expiry}}}"#);
        assert_eq!(claims(&text), Err(TokenError::Expiry), "{expiry}");
    }
    for iat in [r#""1""#, "{}", "null"] {
        let text =
            format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{},"iat":{iat}}}"#, NOW + 600);
        assert_eq!(claims(&text), Err(TokenError::IssuedAt), "{iat}");
    }
}

/// J22, rule 16, rule 17, rule 18: the edges of time, to the second.
#[test]
fn keeps_the_edges_of_time() {
    for (member, outcome) in [
        (format!(r#""exp":{}"#, NOW - 29), Ok(())),
        (format!(r#""exp":{}"#, NOW - 30), Err(TokenError::Expired)),
        (format!(r#""exp":{}.9"#, NOW - 30), Err(TokenError::Expired)),
        (format!(r#""exp":{NOW}.5"#), Ok(())),
        (format!(r#""exp":{}e0"#, NOW + 1), Ok(())),
        (String::from(r#""exp":0"#), Err(TokenError::Expired)),
        (String::from(r#""exp":253402300799"#), Ok(())),
        (format!(r#""exp":{},"nbf":{}"#, NOW + 600, NOW + 30), Ok(())),
        (format!(r#""exp":{},"nbf":{}"#, NOW + 600, NOW + 31), Err(TokenError::NotYetValid)),
        (format!(r#""exp":{},"nbf":{}.1"#, NOW + 600, NOW + 30), Err(TokenError::NotYetValid)),
        (format!(r#""exp":{},"iat":{}"#, NOW + 600, NOW + 30), Ok(())),
        (format!(r#""exp":{},"iat":{}"#, NOW + 600, NOW + 31), Err(TokenError::IssuedAt)),
        (String::from(r#""sub":"no expiry""#), Err(TokenError::Expiry)),
    ] {
        let text = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}",{member}}}"#);
        assert_eq!(claims(&text), outcome, "{member}");
    }
    assert_eq!(ClockTolerance::from_seconds(301), None);
}

/// J23, rule 22: the audience is matched whole.
#[test]
fn refuses_other_audiences() {
    for (audience, outcome) in [
        (format!(r#""{AUDIENCE}""#), Ok(())),
        (format!(r#"["https://op.example/userinfo","{AUDIENCE}"]"#), Ok(())),
        (String::from("[]"), Err(TokenError::Audience)),
        (String::from(r#"["other"]"#), Err(TokenError::Audience)),
        (String::from("1"), Err(TokenError::Audience)),
        (String::from("null"), Err(TokenError::Audience)),
        (format!(r#""{AUDIENCE}/""#), Err(TokenError::Audience)),
        (format!(r#""{}""#, AUDIENCE.to_uppercase()), Err(TokenError::Audience)),
        (format!(r#"["{AUDIENCE}",1]"#), Err(TokenError::Audience)),
    ] {
        let text = format!(r#"{{"iss":"{ISSUER}","aud":{audience},"exp":{}}}"#, NOW + 600);
        assert_eq!(claims(&text), outcome, "{audience}");
    }
    let text = format!(r#"{{"iss":"{ISSUER}","exp":{}}}"#, NOW + 600);
    assert_eq!(claims(&text), Err(TokenError::Audience));
    assert!(TokenPolicy::access_token([""]).is_err());
    assert!(TokenPolicy::access_token(Vec::<String>::new()).is_err());
}

/// J24, rule 20: the issuer is matched byte for byte.
#[test]
fn refuses_other_issuers() {
    for issuer in [
        r#""https://op.example""#,
        r#""https://OP.example/""#,
        r#""https://op.example:443/""#,
        r#""https://other.example/""#,
        r#"["https://op.example/"]"#,
        "1",
        "null",
    ] {
        let text = format!(r#"{{"iss":{issuer},"aud":"{AUDIENCE}","exp":{}}}"#, NOW + 600);
        assert_eq!(claims(&text), Err(TokenError::Issuer), "{issuer}");
    }
}

/// J25, rule 13, rule 24: one kind of token never passes for another.
#[test]
fn refuses_other_kinds_of_tokens() {
    for member in [r#","nonce":"n""#, r#","at_hash":"h""#, r#","c_hash":"h""#, r#","cnf":{}"#] {
        assert_eq!(claims(&access_claims(member)), Err(TokenError::Kind), "{member}");
    }
    for (kind, accepted) in [
        ("JWT", true),
        ("jwt", true),
        ("at+jwt", true),
        ("application/at+jwt", true),
        ("dpop+jwt", false),
        ("logout+jwt", false),
        ("secevent+jwt", false),
        ("", false),
    ] {
        let text = format!(r#"{{"alg":"RS256","kid":"one","typ":"{kind}"}}"#);
        let expected = if accepted { Ok(()) } else { Err(TokenError::Type) };
        assert_eq!(header(&text), expected, "{kind}");
    }
    let strict = policy().with_profile(AccessTokenProfile::Rfc9068);
    let at = r#"{"alg":"RS256","kid":"one","typ":"at+jwt"}"#;
    let full = access_claims(r#","client_id":"c","jti":"j""#);
    let strictly = |header: &str, claims: &str| {
        verify_with(&strict, &KEY.sign_with_header(header, claims), NOW).map(|_| ())
    };
    assert_eq!(strictly(at, &full), Ok(()));
    assert_eq!(strictly(r#"{"alg":"RS256","kid":"one"}"#, &full), Err(TokenError::Type));
    let missing = access_claims(r#","client_id":"c""#);
    assert_eq!(strictly(at, &missing), Err(TokenError::ClaimType("jti")));

    let id_tokens = TokenPolicy::id_token(AUDIENCE).unwrap();
    let as_id_token = |header: &str, claims: &str| {
        verify_with(&id_tokens, &KEY.sign_with_header(header, claims), NOW)
    };
    assert_eq!(as_id_token(at, &access_claims("")), Err(TokenError::Type));
    assert!(
        as_id_token(r#"{"alg":"RS256","kid":"one"}"#, &access_claims(r#","nonce":"n""#)).is_ok()
    );
}

/// J27, rule 29: a signature fits whole or not at all.
#[test]
fn refuses_signatures_of_another_shape() {
    let token = KEY.sign(&access_claims(""));
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = encoding::decode(signature).unwrap();
    let with = |bytes: &[u8]| verify(&format!("{input}.{}", encoding::encode(bytes))).err();
    for length in [1, 255] {
        assert_eq!(with(&signature[..length]), Some(TokenError::Signature));
    }
    let mut longer = signature.clone();
    longer.push(0);
    assert_eq!(with(&longer), Some(TokenError::Signature));
    let padded: Vec<u8> = [&[0], signature.as_slice()].concat();
    assert_eq!(with(&padded), Some(TokenError::Signature));
    assert_eq!(with(&[0; 256]), Some(TokenError::Signature));
    assert_eq!(with(&[0xff; 256]), Some(TokenError::Signature));
    let other =
        ProviderKey::two().sign_with_header(r#"{"alg":"RS256","kid":"one"}"#, &access_claims(""));
    assert_eq!(verify(&other).err(), Some(TokenError::Signature));
}

proptest! {
    /// D10: no input panics, and none but a signed one is accepted.
    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(verify(&text).is_err());
    }

    /// C11 for tokens: a changed byte is never accepted.
    #[test]
    fn a_changed_byte_is_never_accepted(at in 0_usize..600, to in any::<char>()) {
        let token = KEY.sign(&access_claims(""));
        let mut changed: Vec<char> = token.chars().collect();
        let at = at % changed.len();
        prop_assume!(changed[at] != to);
        changed[at] = to;
        prop_assert!(verify(&changed.into_iter().collect::<String>()).is_err());
    }
}
