//! The SDK's own vectors both ways, and what is no session.

use super::*;
use crate::{
    crypto::{AeadKey, RUSTCRYPTO},
    encoding,
    json::{JsonLimits, Object},
};
use proptest::prelude::*;

/// Made with jose and @panva/hkdf, of which the SDK is made.
const VECTORS: &str = include_str!("vectors.json");
const SECRET: &str = "use [openssl rand -hex 32] to generate a 32 bytes value";
const NONCE: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/// A moment at which the sessions of the vectors are alive.
const NOW: UnixSeconds = UnixSeconds(1_700_000_100);
const V3_HEADER: &str =
    r#"{"alg":"dir","enc":"A256GCM","uat":1700000000,"iat":1700000000,"exp":4102444800}"#;
const V4_HEADER: &str = r#"{"enc":"A256GCM","alg":"dir"}"#;
const V4_CONTENT: &str = r#"{"user":{"sub":"u","name":"Una","x":1},"tokenSet":{"accessToken":"at",
    "refreshToken":"rt","idToken":"a.b.c","expiresAt":1700003600},
    "internal":{"sid":"s","createdAt":1700000000},"exp":1700086400}"#;

fn vector(path: &[&str]) -> String {
    let limits = JsonLimits { bytes: 8192, depth: 4, members: 16 };
    let vectors = Object::parse(VECTORS.as_bytes(), limits).unwrap();
    match vectors.at(path) {
        Some(crate::json::Json::Text(text)) => text.clone(),
        other => panic!("{path:?}: {other:?}"),
    }
}

fn opener() -> Auth0Cookies {
    Auth0Cookies::new([SECRET], RUSTCRYPTO).unwrap()
}

/// Seals as the SDK does.
fn seal_with(secret: &str, header: &str, content: &str) -> String {
    let key = jwe::key(secret, &RUSTCRYPTO).unwrap();
    let protected = encoding::encode(header.as_bytes());
    let mut buffer = content.as_bytes().to_vec();
    let key = AeadKey::new(&key, &NONCE);
    RUSTCRYPTO.aead.seal(&key, protected.as_bytes(), &mut buffer).unwrap();
    let (sealed, tag) = buffer.split_at(buffer.len() - 16);
    let (nonce, sealed, tag) =
        (encoding::encode(&NONCE), encoding::encode(sealed), encoding::encode(tag));
    format!("{protected}..{nonce}.{sealed}.{tag}")
}

fn seal(header: &str, content: &str) -> String {
    seal_with(SECRET, header, content)
}

/// What a request brought.
struct Found {
    session: Option<Session>,
    held: HeldAuth0Cookies,
}

fn found_by(opener: &Auth0Cookies, field: &[u8], now: UnixSeconds) -> Found {
    let field = [("cookie", field)];
    let read = opener.read(Cookies::of(&field));
    let (policy, kept) = (SessionPolicy::default(), KeptClaims::default());
    Found { session: opener.open(&read, policy, &kept, now), held: read.held }
}

fn found(cookies: &[(&str, &str)], now: UnixSeconds) -> Found {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    found_by(&opener(), pairs.join("; ").as_bytes(), now)
}

fn session(name: &str, text: &str) -> Option<Session> {
    found(&[(name, text)], NOW).session
}

fn removed(cookies: &Auth0Cookies, held: HeldAuth0Cookies) -> Vec<String> {
    let mut headers = Headers::new();
    cookies.remove(held, true, &mut headers);
    headers.iter().map(|(_, value)| value.to_string()).collect()
}

#[test]
fn derives_the_key_of_the_sdk() {
    let key = jwe::key(SECRET, &RUSTCRYPTO).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, vector(&["key"]));
    assert_eq!(SECRET, vector(&["secret"]));
}

/// What is sealed here as the SDK seals has the SDK's own bytes.
#[test]
fn seals_the_vectors_byte_for_byte() {
    for version in ["v3", "v4"] {
        let sealed = seal(&vector(&[version, "header"]), &vector(&[version, "content"]));
        assert_eq!(sealed, vector(&[version, "text"]));
    }
}

#[test]
fn opens_the_vectors() {
    for (version, name, provider_session) in
        [("v3", "appSession", None), ("v4", "__session", Some("s"))]
    {
        let session = session(name, &vector(&[version, "text"])).unwrap();
        assert_eq!(session.subject(), "auth0|1");
        assert_eq!(session.tokens.access_token.expose(), "at");
        assert_eq!(session.tokens.expires_at, UnixSeconds(1_700_003_600));
        assert_eq!(session.provider_session.as_deref(), provider_session);
        assert_eq!(session.signed_in_at, UnixSeconds(1_700_000_000));
    }
}

#[test]
fn takes_over_what_the_sdk_keeps() {
    let session = session("__session", &seal(V4_HEADER, V4_CONTENT)).unwrap();
    assert_eq!(session.user().to_json(), r#"{"name":"Una","sub":"u"}"#);
    assert_eq!(session.tokens.refresh_token.as_ref().unwrap().expose(), "rt");
    assert_eq!(session.tokens.id_token.as_ref().unwrap().expose(), "a.b.c");
    assert_eq!(session.used_at, UnixSeconds(1_700_000_000));
    assert_eq!(Session::from_bytes(&session.to_bytes()), Some(session));

    let content = r#"{"user":{"sub":"u","sid":"s3"},"refreshToken":"rt"}"#;
    let session = self::session("appSession", &seal(V3_HEADER, content)).unwrap();
    assert_eq!(session.provider_session.as_deref(), Some("s3"));
    assert_eq!(session.access_token(NOW).map(crate::secret::Secret::expose), None);
    assert_eq!(Session::from_bytes(&session.to_bytes()), Some(session));
}

/// However often the SDK seals a session anew, it is that session; another one it is not.
#[test]
fn a_session_keeps_its_number_and_shares_it_with_no_other() {
    let v4 = |from: &str, to: &str| {
        let content = V4_CONTENT.replace(from, to);
        session("__session", &seal(V4_HEADER, &content)).unwrap().id()
    };
    let first = v4("", "");
    assert_eq!(v4(r#""exp":1700086400"#, r#""exp":1700090000"#), first);
    assert_eq!(v4(r#""accessToken":"at""#, r#""accessToken":"next""#), first);
    let v3 = |header: &str| {
        let content = r#"{"user":{"sub":"u","sid":"s"}}"#;
        session("appSession", &seal(header, content)).unwrap().id()
    };
    assert_eq!(v3(&V3_HEADER.replace(r#""uat":1700000000"#, r#""uat":1700000050"#)), v3(V3_HEADER));
    let others = [
        v4(r#""sub":"u""#, r#""sub":"v""#),
        v4(r#""sid":"s""#, r#""sid":"t""#),
        v4(r#""createdAt":1700000000"#, r#""createdAt":1700000001"#),
    ];
    for (at, other) in others.iter().enumerate() {
        assert_ne!(*other, first, "{at}");
        assert!(!others[..at].contains(other), "{at}");
    }
}

/// Version 4 gives a moment as a text at times.
#[test]
fn reads_a_moment_in_a_text() {
    let text = seal(V4_HEADER, &V4_CONTENT.replace("1700003600", "\"1700003600\""));
    let expires_at = session("__session", &text).map(|session| session.tokens.expires_at);
    assert_eq!(expires_at, Some(UnixSeconds(1_700_003_600)));
    let text = seal(V4_HEADER, &V4_CONTENT.replace("1700003600", "\"soon\""));
    assert_eq!(session("__session", &text), None);
}

/// C14: everything else that the SDK seals under the same key, or signs, is no session.
#[test]
fn other_cookies_of_the_sdk_are_no_session() {
    let login = r#"{"nonce":"n","maxAge":3600,"codeVerifier":"v","responseType":"code",
        "state":"s","returnTo":"/","exp":4102444800}"#;
    let connection = r#"{"accessToken":"at","expiresAt":1700003600,"connection":"c",
        "exp":4102444800}"#;
    let stored = r#"{"id":"00112233445566778899aabbccddeeff","exp":4102444800}"#;
    let mfa = r#"{"mfaToken":"t","audience":"a","scope":"s","createdAt":1700000000000,
        "exp":4102444800}"#;
    for content in [login, connection, stored, mfa, "{}"] {
        for (name, header) in [
            ("__session", V4_HEADER),
            ("appSession", V4_HEADER),
            ("__session", V3_HEADER),
            ("appSession", V3_HEADER),
        ] {
            assert_eq!(session(name, &seal(header, content)), None, "{content}");
        }
    }
    assert_eq!(session("appSession", &vector(&["signed", "text"])), None);
    // A login of version 3 is signed and not sealed.
    let signed = format!("{{\"nonce\":\"n\"}}.{}", encoding::encode(&[1; 32]));
    assert_eq!(session("appSession", &signed), None);
    // A session under another name is none, and stays where it is.
    let text = vector(&["v4", "text"]);
    for name in ["__txn_abc", "__FC_0", "auth_verification", "_auth_verification", "__session_"] {
        let found = found(&[(name, &text)], NOW);
        assert_eq!(found.session, None, "{name}");
        assert!(!found.held.any(), "{name}");
    }
    // Nor is that of one version under the name of the other.
    assert_eq!(session("appSession", &text), None);
    assert_eq!(session("__session", &vector(&["v3", "text"])), None);
}

/// C10, C13, C15, O41: one outcome for whatever is wrong. Nothing is ever decompressed, and what is
/// too long is not even decoded.
#[test]
fn what_is_malformed_is_no_session() {
    let good = seal(V4_HEADER, V4_CONTENT);
    assert!(session("__session", &good).is_some());
    let parts: Vec<&str> = good.split('.').collect();
    let with = |at: usize, part: &str| {
        let mut parts = parts.clone();
        parts[at] = part;
        parts.join(".")
    };
    let tag = parts[4];
    let header = |text: &str| with(0, &encoding::encode(text.as_bytes()));
    for text in [
        String::new(),
        "....".into(),
        good.replace("..", "."),
        format!("{good}."),
        with(1, "AAAA"),
        with(2, ""),
        with(2, "AAECAwQFBgcICQo"),
        with(3, ""),
        with(4, ""),
        with(4, &tag[..6]),
        with(4, &tag[..11]),
        with(4, &tag[..16]),
        with(4, &format!("{tag}=")),
        header(r#"{"alg":"none","enc":"A256GCM"}"#),
        header(r#"{"alg":"dir","enc":"A128GCM"}"#),
        header(r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#),
        header(r#"{"alg":"dir","alg":"dir","enc":"A256GCM"}"#),
        header("[]"),
        "A".repeat(100_000),
    ] {
        assert_eq!(session("__session", &text), None, "{text:.80}");
    }
    // Sealed as it should be, and still not taken.
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"dir","enc":"A256GCM","crit":["x"]}"#,
        r#"{"alg":"dir","enc":"A128GCM"}"#,
        r#"{"alg":"dir","enc":"A256GCM","exp":4102444800}"#,
        &format!(r#"{{"alg":"dir","enc":"A256GCM"{}}}"#, " ".repeat(300)),
    ] {
        assert_eq!(session("__session", &seal(header, V4_CONTENT)), None, "{header}");
    }
    for (part, other) in [
        (r#""sub":"u""#, r#""sub":"""#),
        (r#""sub":"u""#, r#""sub":1"#),
        (r#""sub":"u""#, r#""sub":"u","sub":"v""#),
        (r#""exp":1700086400"#, r#""exp":"1700086400""#),
        (r#""exp":1700086400"#, r#""exp":-1"#),
        (r#""exp":1700086400"#, r#""exq":1700086400"#),
        (r#""createdAt":1700000000"#, r#""createdAt":null"#),
        (r#""createdAt":1700000000"#, r#""createdAt":1e300"#),
        (r#""createdAt":1700000000"#, r#""createdAt":1700000200"#),
        (r#""sid":"s""#, r#""sid":7"#),
        (r#""sid":"s""#, r#""mcd":{"domain":"d"}"#),
        (r#""sid":"s""#, r#""sessionExpiresAt":1700000050"#),
        (r#""accessToken":"at""#, r#""accessToken":{}"#),
        (r#""tokenSet":"#, r#""tokenset":"#),
    ] {
        assert!(V4_CONTENT.contains(part));
        let text = seal(V4_HEADER, &V4_CONTENT.replace(part, other));
        assert_eq!(session("__session", &text), None, "{other}");
    }
    for (part, other) in [
        (r#""uat":1700000000"#, r#""uat":1699999999"#),
        (r#""iat":1700000000"#, r#""iat":"x""#),
        (r#""exp":4102444800"#, r#""exp":1700000100"#),
        (r#","exp":4102444800"#, ""),
        (r#","iat":1700000000"#, ""),
    ] {
        let text = seal(&V3_HEADER.replace(part, other), r#"{"user":{"sub":"u"}}"#);
        assert_eq!(session("appSession", &text), None, "{other}");
    }
}

/// C19, C20: the gate's own limits hold, from the sign-in that the SDK noted.
#[test]
fn the_limits_are_those_of_the_gate() {
    let v3 = seal(V3_HEADER, r#"{"user":{"sub":"u"}}"#);
    let day = 86_400;
    let at = |text: &str, name: &str, seconds: u64| {
        found(&[(name, text)], UnixSeconds(1_700_000_000 + seconds)).session.is_some()
    };
    assert!(at(&v3, "appSession", day - 1));
    assert!(!at(&v3, "appSession", day), "not used for a day");
    let warm = V3_HEADER.replace("\"uat\":1700000000", "\"uat\":1700259190");
    let warm = seal(&warm, r#"{"user":{"sub":"u"}}"#);
    assert!(at(&warm, "appSession", 3 * day - 1));
    assert!(!at(&warm, "appSession", 3 * day), "however warm it is kept");
    let v4 = seal(V4_HEADER, V4_CONTENT);
    assert!(at(&v4, "__session", day - 1));
    assert!(!at(&v4, "__session", day), "the SDK's own end");
    let long = seal(V4_HEADER, &V4_CONTENT.replace("1700086400", "4102444800"));
    assert!(at(&long, "__session", 3 * day - 1));
    assert!(!at(&long, "__session", 3 * day));
}

/// C02, C03, C06, and the SDK's ways to spread a session over several cookies.
#[test]
fn puts_chunks_together() {
    for (name, separator, text) in
        [("appSession", ".", vector(&["v3", "text"])), ("__session", "__", vector(&["v4", "text"]))]
    {
        let size = text.len().div_ceil(11);
        let names: Vec<_> = (0..11).map(|at| format!("{name}{separator}{at}")).collect();
        let chunks: Vec<(&str, &str)> = names
            .iter()
            .zip(text.as_bytes().chunks(size))
            .map(|(name, chunk)| (name.as_str(), str::from_utf8(chunk).unwrap()))
            .collect();
        assert_eq!(chunks.len(), 11);
        let is_session = |cookies: &[(&str, &str)]| found(cookies, NOW).session.is_some();
        assert!(is_session(&chunks));
        let reversed: Vec<_> = chunks.iter().rev().copied().collect();
        assert!(is_session(&reversed), "in any order");
        assert!(!is_session(&chunks[1..]));
        assert!(!is_session(&[&chunks[..3], &chunks[4..]].concat()), "a gap");
        assert!(!is_session(&[&chunks[..], &[(name, text.as_str())]].concat()), "both forms");
        assert!(!is_session(&[&chunks[..], &chunks[..1]].concat()), "a name twice");
        assert!(!is_session(&[(name, text.as_str()), (name, text.as_str())]));

        let held = found(&chunks, NOW).held;
        let removals = removed(&opener(), held);
        assert_eq!(removals.len(), 11);
        let expected = "=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure";
        for (removal, name) in removals.iter().zip(&names) {
            assert_eq!(*removal, format!("{name}{expected}"));
        }
    }
}

/// C04: numbers that no session has are nobody's.
#[test]
fn ignores_numbers_that_no_session_has() {
    let text = vector(&["v4", "text"]);
    for name in [
        "__session__16",
        "__session__99999999999999999999999",
        "__session__01",
        "__session__+1",
        "__session__",
        "__session.0",
        "appSession.16",
        "appSession.1x",
        "appSession__0",
        "x__session",
    ] {
        let found = found(&[(name, &text), ("__session", &text)], NOW);
        assert!(found.session.is_some(), "{name}");
        assert_eq!(removed(&opener(), found.held).len(), 1, "{name}");
    }
}

/// C16: every secret opens, and no other.
#[test]
fn opens_with_every_secret_of_the_list() {
    let other = "9f2c4b7e1a6d8035c4e7f1b92a5d6380";
    let text = seal_with(other, V4_HEADER, V4_CONTENT);
    let field = format!("__session={text}");
    let opens = |cookies: &Auth0Cookies| found_by(cookies, field.as_bytes(), NOW).session.is_some();
    assert!(opens(&Auth0Cookies::new([SECRET, other], RUSTCRYPTO).unwrap()));
    assert!(!opens(&opener()));
}

/// C28: whoever guesses the secret can make sessions.
#[test]
fn refuses_weak_secrets_and_odd_names() {
    let error = |secrets: &[&str]| Auth0Cookies::new(secrets.iter().copied(), RUSTCRYPTO).err();
    let because = |error| Some(Auth0CookiesError::Secret(error));
    assert_eq!(error(&[]), because(SecretRingError::Empty));
    assert_eq!(error(&["too short"]), because(SecretRingError::TooShort));
    assert_eq!(error(&[&"a".repeat(64)]), because(SecretRingError::TooRegular));
    assert_eq!(error(&[SECRET; 9]), because(SecretRingError::TooMany));
    for (v3, v4) in [("", "a"), ("a", "a"), ("a b", "c"), ("a", "c;d")] {
        assert_eq!(opener().with_names(v3, v4).err(), Some(Auth0CookiesError::Name));
    }
    for domain in ["", "a b", "a;b", "a=b"] {
        assert_eq!(opener().with_domain(domain).err(), Some(Auth0CookiesError::Domain));
    }
}

#[test]
fn other_names_and_a_domain() {
    let cookies = opener().with_names("old", "new").unwrap().with_domain("app.example").unwrap();
    let field = format!("old={}", vector(&["v3", "text"]));
    let found = found_by(&cookies, field.as_bytes(), NOW);
    assert!(found.session.is_some());
    let expected = "old=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Domain=app.example";
    assert_eq!(removed(&cookies, found.held), [expected]);
}

proptest! {
    /// C11: a changed character is no session.
    #[test]
    fn a_changed_character_is_no_session(at in any::<usize>(), bit in 0_u8..7) {
        let mut text = vector(&["v4", "text"]).into_bytes();
        let at = at % text.len();
        text[at] ^= 1 << bit;
        let text = String::from_utf8(text).unwrap().replace([';', ' '], ",");
        prop_assert_eq!(session("__session", &text), None);
    }

    /// Any content, sealed as it should be, is read without a panic.
    #[test]
    fn any_content_is_read(content in ".{0,200}", name in "(__session|appSession)") {
        let _ = session(&name, &seal(V4_HEADER, &content));
        let _ = session(&name, &seal(V3_HEADER, &content));
    }

    /// C25: any cookie field is read without a panic.
    #[test]
    fn any_cookie_field_is_read(field in proptest::collection::vec(any::<u8>(), 0..300)) {
        let found = found_by(&opener(), &[&b"__session__0="[..], &field].concat(), NOW);
        prop_assert!(found.session.is_none());
    }
}
