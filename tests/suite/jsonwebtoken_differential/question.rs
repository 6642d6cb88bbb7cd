//! Tokens that are good but for a few things.

use crate::harness::SigningKey;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const ISSUER: &str = "https://tenant.example/";
pub(super) const AUDIENCE: &str = "https://api.example";

/// A token to be made.
#[derive(Debug)]
pub(super) struct Question {
    header_text: String,
    claims_text: String,
    /// Both as a lenient reader takes them, who lets the last of two members count.
    pub(super) header: Value,
    pub(super) claims: Value,
    pub(super) has_duplicates: bool,
    /// When the token was asked for.
    pub(super) now: u64,
    changes: Vec<TextChange>,
}

/// What is done to the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TextChange {
    /// Signed with `=` at the end of the payload.
    PadPayload,
    /// Signed with a line break within the payload.
    BreakPayload,
    /// Signed with bits that count for nothing set in the payload.
    LoosePayload,
    PadSignature,
    LooseSignature,
    FlipSignature,
    CutSignature,
    NoSignature,
    LongSignature,
    LineFeed,
    Blank,
    FourthPart,
}

/// What is put into a header or a payload, in place of what is there.
type Member = (&'static str, String);

fn header_changes() -> Vec<Member> {
    let long = format!("\"{}\"", "x".repeat(2000));
    let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
    let wide = format!("1{}", (0..40).map(|at| format!(r#","m{at}":1"#)).collect::<String>());
    [
        ("alg", r#""RS512""#),
        ("alg", r#""HS256""#),
        ("alg", r#""none""#),
        ("alg", r#""rs256""#),
        ("alg", "1"),
        ("alg", ""),
        ("kid", ""),
        ("kid", r#""two""#),
        ("kid", r#""""#),
        ("kid", r#""a\u0000""#),
        ("kid", "1"),
        ("kid", "null"),
        ("typ", r#""JWT""#),
        ("typ", r#""at+jwt""#),
        ("typ", r#""application/AT+JWT""#),
        ("typ", r#""dpop+jwt""#),
        ("typ", r#""logout+jwt""#),
        ("typ", "1"),
        ("crit", r#"["x"]"#),
        ("crit", "[]"),
        ("b64", "false"),
        ("jku", r#""https://evil.example""#),
        ("jwk", r#"{"kty":"oct","k":"AAAA"}"#),
        ("x5c", r#"["AAAA"]"#),
        ("x5t", r#""AAAA""#),
        ("x5t", "1"),
        ("zip", r#""DEF""#),
        ("enc", r#""A256GCM""#),
        ("cty", r#""JWT""#),
        ("x", r#"{"a":[1,2.5,null,true,"\u00fc"]}"#),
        ("x", r#""\ud800""#),
        ("x", r#"{"a":1,"a":1}"#),
        ("x", &long),
        ("x", &deep),
        ("x", &wide),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn claim_changes(now: u64) -> Vec<Member> {
    let wide = format!("1{}", (0..260).map(|at| format!(r#","m{at}":1"#)).collect::<String>());
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let deep_enough = format!("{}1{}", "[".repeat(30), "]".repeat(30));
    let dates = |name: &'static str| {
        [
            (now + 3600).to_string(),
            (now - 3600).to_string(),
            format!("{}.5", now + 3600),
            format!("{}.5", now - 3600),
            format!("{}e3", (now + 10_000) / 1000),
            "0".into(),
            "-1".into(),
            "1e300".into(),
            "1e19".into(),
            "253402300800".into(),
            "18446744073709551615".into(),
            format!("\"{}\"", now + 3600),
            "null".into(),
            "true".into(),
            "[]".into(),
            String::new(),
        ]
        .map(|value| (name, value))
    };
    let others = [
        ("iss", r#""https://tenant.example""#.into()),
        ("iss", r#""https://other.example/""#.into()),
        ("iss", format!(r#"["https://other.example/","{ISSUER}"]"#)),
        ("iss", "1".into()),
        ("iss", "null".into()),
        ("iss", String::new()),
        ("aud", format!(r#"["https://other.example","{AUDIENCE}"]"#)),
        ("aud", format!(r#"["{AUDIENCE}",1]"#)),
        ("aud", format!(r#"["{AUDIENCE}"]"#)),
        ("aud", r#""https://other.example""#.into()),
        ("aud", "[]".into()),
        ("aud", "1".into()),
        ("aud", "null".into()),
        ("aud", String::new()),
        ("sub", "1".into()),
        ("sub", "null".into()),
        ("sub", String::new()),
        ("jti", "{}".into()),
        ("scope", r#"["a"]"#.into()),
        ("scope", r#""a b""#.into()),
        ("azp", format!("\"{AUDIENCE}\"")),
        ("azp", r#""client""#.into()),
        ("client_id", "7".into()),
        ("nonce", r#""n""#.into()),
        ("at_hash", r#""h""#.into()),
        ("cnf", r#"{"jkt":"x"}"#.into()),
        ("role", r#"{"a":1,"a":2}"#.into()),
        ("role", r#"1,"role":2"#.into()),
        ("role", r#""\udc00""#.into()),
        ("role", "1e400".into()),
        ("role", format!("\"{}\"", "x".repeat(7000))),
        ("role", wide),
        ("role", deep),
        ("role", deep_enough),
    ];
    others.into_iter().chain(dates("exp")).chain(dates("nbf")).chain(dates("iat")).collect()
}

/// A private claim with anything in it.
fn anything() -> impl Strategy<Value = Member> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<u64>().prop_map(|value| value.to_string()),
        (-1e9..1e9).prop_map(|value: f64| value.to_string()),
        ".{0,12}".prop_map(|text| Value::from(text).to_string()),
    ];
    let value = leaf.prop_recursive(4, 24, 5, |inner| {
        let members = proptest::collection::btree_map("[a-z\"\\\\]{0,4}", inner.clone(), 0..4);
        prop_oneof![
            vec(inner, 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            members.prop_map(|members| object(members.iter().map(|(n, v)| (n.as_str(), v)))),
        ]
    });
    value.prop_map(|value| ("https://claims.example/x", value))
}

fn object<'m>(members: impl Iterator<Item = (&'m str, &'m String)>) -> String {
    let members = members.map(|(name, value)| format!("{}:{value}", Value::from(name)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn text_change() -> impl Strategy<Value = TextChange> {
    use TextChange::*;
    select(vec![
        PadPayload,
        BreakPayload,
        LoosePayload,
        PadSignature,
        LooseSignature,
        FlipSignature,
        CutSignature,
        NoSignature,
        LongSignature,
        LineFeed,
        Blank,
        FourthPart,
    ])
}

/// A token with up to two changes in its header and two in its payload, and seldom one in its text.
pub(super) fn question(now: u64) -> impl Strategy<Value = Question> {
    let header = vec(select(header_changes()), 0..2);
    let claims = vec(prop_oneof![3 => select(claim_changes(now)), 1 => anything()], 0..3);
    // Good for a while within the tolerance, but for each other.
    let out_of_order = ["exp", "nbf"].into_iter().zip([20, 25]);
    let out_of_order = out_of_order.map(|(name, after)| (name, (now + after).to_string()));
    let claims = prop_oneof![60 => claims, 1 => Just(out_of_order.collect())];
    let changes = prop_oneof![9 => Just(vec![]), 1 => vec(text_change(), 1)];
    (header, claims, changes)
        .prop_map(move |(header, claims, changes)| Question::new(header, claims, changes, now))
}

impl Question {
    fn new(header: Vec<Member>, claims: Vec<Member>, changes: Vec<TextChange>, now: u64) -> Self {
        let header_text =
            changed([("alg", r#""RS256""#.into()), ("kid", r#""one""#.into())], header);
        let claims_text = changed(
            [
                ("iss", format!("\"{ISSUER}\"")),
                ("aud", format!("\"{AUDIENCE}\"")),
                ("sub", r#""user""#.into()),
                ("iat", (now - 600).to_string()),
                ("exp", (now + 7200).to_string()),
            ],
            claims,
        );
        let has_twice = |text: &str| {
            [r#""a":1,"a""#, r#""role":1,"role""#].iter().any(|twice| text.contains(twice))
        };
        // What not even a lenient reader takes is nothing to it.
        let lenient = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            header: lenient(&header_text),
            claims: lenient(&claims_text),
            has_duplicates: has_twice(&header_text) || has_twice(&claims_text),
            header_text,
            claims_text,
            now,
            changes,
        }
    }

    /// The token, signed with `key`.
    pub(super) fn token(&self, key: &SigningKey) -> String {
        let is_changed = |change| self.changes.contains(&change);
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let mut payload = encode(&self.claims_text);
        if is_changed(TextChange::PadPayload) {
            payload.push('=');
        }
        if is_changed(TextChange::BreakPayload) {
            payload.insert(8, '\n');
        }
        if is_changed(TextChange::LoosePayload) && payload.len() % 4 != 0 {
            payload = loosened(&payload);
        }
        let input = format!("{}.{payload}", encode(&self.header_text));
        let mut token = key.sign_input(&input, Algorithm::RS256);
        let at = input.len() + 1;
        for change in &self.changes {
            match change {
                TextChange::PadPayload | TextChange::BreakPayload | TextChange::LoosePayload => {}
                TextChange::PadSignature => token.push('='),
                TextChange::LooseSignature => token = loosened(&token),
                TextChange::FlipSignature => {
                    let other = if token[at..].starts_with('A') { "B" } else { "A" };
                    token.replace_range(at..=at, other);
                }
                TextChange::CutSignature => token.truncate(token.len() - 2),
                TextChange::NoSignature => token.truncate(at),
                TextChange::LongSignature => token.push_str("AAAA"),
                TextChange::LineFeed => token.push('\n'),
                TextChange::Blank => token.insert(0, ' '),
                TextChange::FourthPart => token.push_str(".AAAA"),
            }
        }
        token
    }
}

/// An object of `members` with `changes` to them; an empty value takes a member away.
fn changed<const N: usize>(members: [Member; N], changes: Vec<Member>) -> String {
    let mut members = BTreeMap::from(members);
    for (name, value) in changes {
        if value.is_empty() {
            members.remove(name);
        } else {
            members.insert(name, value);
        }
    }
    object(members.iter().map(|(name, value)| (*name, value)))
}

/// The same text, with the lowest bit of its last character set.
fn loosened(text: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = text.split_at(text.len() - 1);
    let at = ALPHABET.find(last).expect("a character of base64url");
    format!("{rest}{}", &ALPHABET[at | 1..=at | 1])
}
