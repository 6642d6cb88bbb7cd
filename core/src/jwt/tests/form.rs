//! What a token may look like: one text, read in one way.

use super::{KEY, NOW, TokenError, access_claims, claims, encoding, header, verify};
use crate::test_support::{AUDIENCE, ISSUER};
use alloc::{format, string::String};

/// The outcome of a token with these bytes as header and as payload.
fn of_bytes(header: &[u8], payload: &[u8]) -> Result<(), TokenError> {
    let input = format!("{}.{}", encoding::encode(header), encoding::encode(payload));
    verify(&KEY.sign_input(&input)).map(|_| ())
}

const HEADER: &[u8] = br#"{"alg":"RS256","kid":"one"}"#;

/// Rule 5: what is signed is the text as it came, never one that was written again.
#[test]
fn the_signed_text_is_the_one_that_came() {
    let payload = access_claims("").replace(':', " : ").replace("https : ", "https:");
    assert_eq!(of_bytes(b"{ \"kid\" : \"\\u006fne\",\r\n\t\"alg\":\"RS256\" }\n", HEADER), {
        Err(TokenError::Audience)
    });
    let header = b"{ \"kid\" : \"\\u006fne\",\r\n\t\"alg\":\"RS256\" }\n";
    assert_eq!(of_bytes(header, payload.as_bytes()), Ok(()));
}

/// Rule 6: headers that two parsers could read differently.
#[test]
fn refuses_headers_that_two_parsers_could_read_differently() {
    let good = access_claims("");
    let bytes: [&[u8]; 12] = [
        b"\xef\xbb\xbf{\"alg\":\"RS256\",\"kid\":\"one\"}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":\"\xff\"}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\"}{}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\"}\0",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"\\u0061lg\":\"RS256\"}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":{\"a\":1,\"a\":1}}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":\"\\ud800\"}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":1e400}",
        b"{\"alg\":\"RS256\",\"kid\":\"one\",\"x\":[[[[[[[[1]]]]]]]]}",
        b"[\"RS256\",\"one\"]",
        b"\"RS256\"",
        b"",
    ];
    for header in bytes {
        let text = String::from_utf8_lossy(header);
        assert_eq!(of_bytes(header, good.as_bytes()), Err(TokenError::Header), "{text}");
    }
    let members = |count: usize| {
        let more: String = (0..count).map(|at| format!(r#","m{at}":1"#)).collect();
        header(&format!(r#"{{"alg":"RS256","kid":"one"{more}}}"#))
    };
    assert_eq!(members(30), Ok(()));
    assert_eq!(members(31), Err(TokenError::Header));
}

/// Rule 15, J19: payloads that two parsers could read differently. A parser that takes members by
/// their position would make claims of the array.
#[test]
fn refuses_payloads_that_two_parsers_could_read_differently() {
    let with = |member: &[u8]| {
        let mut payload = access_claims(",").into_bytes();
        let end = payload.pop().unwrap();
        payload.extend_from_slice(member);
        payload.push(end);
        of_bytes(HEADER, &payload)
    };
    assert_eq!(with(b"\"x\":1"), Ok(()));
    let members: [&[u8]; 6] = [
        b"\"x\":\"\xff\"",
        b"\"x\":\"\\udc00\"",
        b"\"x\":1e400",
        b"\"x\":01",
        b"\"x\":NaN",
        b"\"x\":{\"a\":1,\"\\u0061\":1}",
    ];
    for member in members {
        let text = String::from_utf8_lossy(member);
        assert_eq!(with(member), Err(TokenError::Payload), "{text}");
    }
    let array = format!(r#"["{ISSUER}","{AUDIENCE}",{}]"#, NOW + 600);
    for payload in [&*array, "null", "1", "{}x", "\u{feff}{}", "", "{"] {
        assert_eq!(claims(payload), Err(TokenError::Payload), "{payload}");
    }
    let members = |count: usize| {
        let more: String = (0..count).map(|at| format!(r#","m{at}":1"#)).collect();
        claims(&access_claims(&more))
    };
    assert_eq!(members(251), Ok(()));
    assert_eq!(members(252), Err(TokenError::Payload));
}

/// Rule 4: an empty part is no part.
#[test]
fn refuses_empty_parts() {
    let token = KEY.sign(&access_claims(""));
    let [header, payload, signature]: [&str; 3] =
        token.split('.').collect::<alloc::vec::Vec<_>>().try_into().unwrap();
    for (text, error) in [
        (format!(".{payload}.{signature}"), TokenError::Header),
        (format!("{header}..{signature}"), TokenError::Payload),
        (format!("{header}.{payload}."), TokenError::Signature),
        (String::from(".."), TokenError::Header),
        (String::from("."), TokenError::Serialization),
    ] {
        assert_eq!(verify(&text).err(), Some(error), "{text:.40}");
    }
}

/// J26: an encrypted token is none for a verifier, whatever its header promises.
#[test]
fn refuses_encrypted_tokens() {
    let token = KEY.sign(&access_claims(""));
    let (_, rest) = token.split_once('.').unwrap();
    for header in [
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"RSA1_5","enc":"A128CBC-HS256"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AAAA"}"#,
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"RS256","kid":"one"}"#,
    ] {
        let header = encoding::encode(header.as_bytes());
        for text in [format!("{header}..{rest}"), format!("{header}.{rest}.AAAA.AAAA")] {
            assert!(verify(&text).is_err(), "{text:.60}");
        }
    }
}

/// Rule 25: the claims that the application gets are those that were checked.
#[test]
fn the_claims_are_those_that_were_checked() {
    let text = access_claims(r#","scope":"a","deep":{"x":[1,-2,2.5,null,true,"\u00fc"]}"#);
    let token = verify(&KEY.sign(&text)).unwrap();
    let again: serde_json::Value = serde_json::from_str(&token.claims().to_json()).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(&text).unwrap());
}

/// Rule 34: what is printed says nothing about anybody.
#[test]
fn nothing_that_is_printed_shows_a_claim_or_a_token() {
    let text = KEY.sign(&access_claims(r#","email":"someone@example.org""#));
    let token = verify(&text).unwrap();
    let inspected = super::policy().read(&text, super::UnixSeconds(NOW)).unwrap();
    let expired = super::verify_with(&super::policy(), &text, NOW + 1000).unwrap_err();
    let printed = format!("{token:?} {inspected:?} {expired:?} {expired}");
    let signature = text.rsplit('.').next().unwrap();
    for secret in ["someone", "user", AUDIENCE, ISSUER, signature, &text] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

/// J34: a claim is found by its path, name by name; a name is never taken apart.
#[test]
fn a_claim_is_found_by_its_path() {
    let more = r#","a.b":1,"__proto__":{"a":2},"":3,"a":{"b":4,"":{"c":5}}"#;
    let token = verify(&KEY.sign(&access_claims(more))).unwrap();
    let number = |path: &[&str]| match token.claims().at(path) {
        Some(crate::json::Json::Unsigned(number)) => Some(*number),
        _ => None,
    };
    for (path, found) in [
        (&["a.b"][..], Some(1)),
        (&["a", "b"], Some(4)),
        (&["__proto__", "a"], Some(2)),
        (&[""], Some(3)),
        (&["a", "", "c"], Some(5)),
        (&["constructor"], None),
        (&["a.b", "c"], None),
        (&["sub", "b"], None),
        (&[], None),
    ] {
        assert_eq!(number(path), found, "{path:?}");
    }
}
