//! The rules of sealed cookies. Numbers in brackets are those of the attack catalogue.

use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    http::{Cookies, Headers},
    test_support::{Counting, NOW, NoEntropy},
    time::UnixSeconds,
};
use alloc::{
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};
use proptest::prelude::*;

const SECRET: &str = "9f2c4b7e1a6d8035c4e7f1b92a5d6380";
const OTHER: &str = "5d81e3c7a09b4f264e8d7b1c3f5a9260";

fn ring(secrets: &[&str]) -> SecretRing {
    SecretRing::new(secrets.iter().copied(), RUSTCRYPTO).unwrap()
}

fn cookie(purpose: Purpose) -> SealedCookie<'static> {
    SealedCookie { name: "s", purpose, secure: true }
}

/// Seals `plaintext` and gives back the cookies as a browser would keep them.
fn sealed(plaintext: &[u8]) -> Vec<(String, String)> {
    sealed_with(&ring(&[SECRET]), plaintext, &mut Counting::default())
}

fn sealed_with(
    ring: &SecretRing,
    plaintext: &[u8],
    entropy: &mut Counting,
) -> Vec<(String, String)> {
    let mut headers = Headers::new();
    cookie(Purpose::Session)
        .write(plaintext, 60, HeldCookies::default(), ring, entropy, &mut headers)
        .unwrap();
    kept(&headers)
}

/// The cookies that `headers` set, without those that they remove.
fn kept(headers: &Headers) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(_, value)| !value.contains("Max-Age=0;"))
        .map(|(_, value)| {
            let (name, rest) = value.split_once('=').unwrap();
            (name.to_string(), rest.split(';').next().unwrap().to_string())
        })
        .collect()
}

fn read(cookies: &[(String, String)]) -> CookieRead {
    read_with(&ring(&[SECRET]), Purpose::Session, cookies)
}

fn read_with(ring: &SecretRing, purpose: Purpose, cookies: &[(String, String)]) -> CookieRead {
    let field = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
    cookie(purpose).read(Cookies::of(&[("cookie", field)]), ring)
}

fn opens(cookies: &[(String, String)]) -> bool {
    read(cookies).opened.is_some()
}

/// C05: a session of any length comes back, at every edge of a chunk.
#[test]
fn every_length_comes_back() {
    let edge = |chunks: usize| chunks * 3800 * 3 / 4 - 38;
    let lengths = (1..=5).flat_map(|chunks| edge(chunks) - 3..=edge(chunks) + 3);
    for length in [0, 1, 100].into_iter().chain(lengths) {
        let plaintext: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
        let mut headers = Headers::new();
        let held = HeldCookies::default();
        let written = cookie(Purpose::Session).write(
            &plaintext,
            60,
            held,
            &ring(&[SECRET]),
            &mut Counting::default(),
            &mut headers,
        );
        if SecretRing::sealed_length(length) > 5 * 3800 {
            assert_eq!(written, Err(SealError::TooLarge), "{length}");
            assert!(headers.is_empty());
            continue;
        }
        let cookies = kept(&headers);
        assert_eq!(cookies.len(), SecretRing::sealed_length(length).div_ceil(3800), "{length}");
        assert!(cookies.iter().all(|(name, value)| name.len() + value.len() <= 4096));
        assert_eq!(read(&cookies).opened.unwrap().as_slice(), plaintext, "{length}");
    }
}

/// C02, C03: chunks of two sessions, gaps and stale tails.
#[test]
fn chunks_stand_together_or_not_at_all() {
    let mut entropy = Counting::default();
    let ring = ring(&[SECRET]);
    let one = sealed_with(&ring, &[1; 8000], &mut entropy);
    let other = sealed_with(&ring, &[2; 8000], &mut entropy);
    assert_eq!(one.len(), 3);
    assert!(opens(&[one[2].clone(), one[0].clone(), one[1].clone()]), "order is irrelevant");
    assert!(!opens(&[one[0].clone(), other[1].clone(), one[2].clone()]));
    assert!(!opens(&[one[0].clone(), one[2].clone()]));
    assert!(!opens(&one[1..]));
    assert!(!opens(&one[..2]));
    let swapped = [("s.1".to_string(), one[0].1.clone()), ("s.0".to_string(), one[1].1.clone())];
    assert!(!opens(&swapped));
    let tail = |name: &str| (name.to_string(), one[2].1.clone());
    let mut with_tail = one.clone();
    with_tail.push(tail("s.4"));
    with_tail.push(tail("s.7"));
    with_tail.push(tail("s.999999999"));
    with_tail.push(tail("s.00"));
    let found = read(&with_tail);
    assert!(found.opened.is_some(), "what an earlier session left is not looked at");

    // The next writing removes what is no longer needed.
    let mut headers = Headers::new();
    cookie(Purpose::Session)
        .write(b"short", 60, found.held, &ring, &mut entropy, &mut headers)
        .unwrap();
    let removed: Vec<&str> = headers
        .iter()
        .filter(|(_, value)| value.contains("Max-Age=0;"))
        .map(|(_, value)| value.split('=').next().unwrap())
        .collect();
    assert_eq!(removed, ["s.0", "s.1", "s.2", "s.4"]);
    assert_eq!(kept(&headers).len(), 1);
}

/// C04: however many cookies a browser claims to bring, there are five at most.
#[test]
fn a_count_is_not_believed() {
    let chunks = sealed(&[1; 8000]);
    for count in [0, 1, 2, 4, 5, 6, 200, 255] {
        let mut envelope = crate::encoding::decode(&chunks[0].1).unwrap();
        envelope[5] = count;
        let mut forged = chunks.clone();
        forged[0].1 = crate::encoding::encode(&envelope);
        assert!(!opens(&forged), "{count}");
        assert!(!opens(&[("s".to_string(), forged[0].1.clone())]), "{count}");
    }
    let many: Vec<_> = (0..5000).map(|at| (format!("s.{at}"), "A".to_string())).collect();
    assert!(!opens(&many));
}

/// C01, C06: two cookies of one name, or both forms, are no session.
#[test]
fn ambiguous_cookies_are_no_session() {
    let whole = sealed(b"one");
    let chunks = sealed(&[1; 4000]);
    assert!(opens(&whole) && opens(&chunks));
    assert!(!opens(&[whole[0].clone(), whole[0].clone()]));
    assert!(!opens(&[chunks.clone(), vec![chunks[0].clone()]].concat()));
    assert!(!opens(&[whole, chunks.clone()].concat()));
    let forged = [("s".to_string(), "x".to_string()), chunks[0].clone(), chunks[1].clone()];
    assert!(!opens(&forged));
    // The first chunk alone, under the whole cookie's name.
    assert!(!opens(&[("s".to_string(), chunks[0].1.clone() + &chunks[1].1)]));
}

/// C10, C17: truncated seals, other versions.
#[test]
fn truncated_and_foreign_seals_are_no_session() {
    let (name, value) = sealed(b"text").remove(0);
    for length in 0..value.len() {
        assert!(!opens(&[(name.clone(), value[..length].to_string())]), "{length}");
    }
    for version in [0, 1, 2, 255] {
        let mut envelope = crate::encoding::decode(&value).unwrap();
        envelope[0] = version;
        assert!(!opens(&[(name.clone(), crate::encoding::encode(&envelope))]));
    }
    for value in ["", "=", "AAAA", "not base64!", "\u{e9}"] {
        assert!(!opens(&[(name.clone(), value.to_string())]));
    }
}

/// The format to the letter, as another implementation of HKDF (RFC 5869) and AES-256-GCM makes it:
/// a change that would end every session does not go unnoticed.
#[test]
fn seals_to_the_letter() {
    struct Ascending;
    impl crate::entropy::Entropy for Ascending {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), crate::entropy::EntropyError> {
            (0..).zip(bytes).for_each(|(number, byte)| *byte = number);
            Ok(())
        }
    }
    let ring = ring(&[SECRET]).for_client("a client");
    for (purpose, content, sealed) in [
        (
            Purpose::Session,
            "a session",
            "A9KMeg8BAAECAwQFBgcICQoLDA0OD0eN9-fmL8uofUFKDHdjHXIrNRcm9PELhwU",
        ),
        (Purpose::Login, "a login", "A9KMeg8BAAECAwQFBgcICQoLDA0OD5Ks7tFJOHMg1VRS-vw1YjQFJh5kEsH0"),
    ] {
        let text = ring.seal(purpose, "s", 1, content.as_bytes(), &mut Ascending).unwrap();
        assert_eq!(text, sealed);
        let opened = ring.open(purpose, "s", sealed.as_bytes()).unwrap();
        assert_eq!(opened.bytes.as_slice(), content.as_bytes());
    }
}

/// C14: a text that was sealed for one purpose, name or client opens for no other.
#[test]
fn a_seal_is_for_one_purpose_and_one_name() {
    let cookies = sealed(b"text");
    assert!(read_with(&ring(&[SECRET]), Purpose::Login, &cookies).opened.is_none());
    let other = SealedCookie { name: "t", purpose: Purpose::Session, secure: true };
    let field = format!("t={}", cookies[0].1);
    let found = other.read(Cookies::of(&[("cookie", field)]), &ring(&[SECRET]));
    assert!(found.opened.is_none());
    let of_a_client = ring(&[SECRET]).for_client("a");
    assert!(read_with(&of_a_client, Purpose::Session, &cookies).opened.is_none());
    let cookies = sealed_with(&of_a_client, b"text", &mut Counting::default());
    assert!(read_with(&of_a_client, Purpose::Session, &cookies).opened.is_some());
    for other in [ring(&[SECRET]), ring(&[SECRET]).for_client("b")] {
        assert!(read_with(&other, Purpose::Session, &cookies).opened.is_none());
    }
}

/// C16: the first secret seals, all open, a retired one does not.
#[test]
fn secrets_rotate_without_signing_anybody_out() {
    let old = sealed(b"text");
    let both = ring(&[OTHER, SECRET]);
    assert!(read_with(&both, Purpose::Session, &old).opened.is_some());
    assert!(read_with(&ring(&[OTHER]), Purpose::Session, &old).opened.is_none());
    let new = sealed_with(&both, b"text", &mut Counting::default());
    assert!(read_with(&ring(&[OTHER]), Purpose::Session, &new).opened.is_some());
}

/// C16: what an old secret has sealed is said to be so, so that it is sealed anew.
#[test]
fn tells_what_an_old_secret_has_sealed() {
    for content in [&b"text"[..], &[1; 8000]] {
        let old = sealed(content);
        let held = |secrets: &[&str]| read_with(&ring(secrets), Purpose::Session, &old).held;
        assert!(!held(&[SECRET, OTHER]).is_by_old_secret());
        assert!(held(&[OTHER, SECRET]).is_by_old_secret());
        assert!(!held(&[OTHER]).is_by_old_secret());
    }
}

/// C11: every single bit of a cookie counts.
#[test]
fn every_bit_counts() {
    let (name, value) = sealed(b"a session").remove(0);
    for at in 0..value.len() {
        for bit in 0..8 {
            let mut bytes = value.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let headers = [("cookie", [name.as_bytes(), b"=", &bytes].concat())];
            let found = cookie(Purpose::Session).read(Cookies::of(&headers), &ring(&[SECRET]));
            assert!(found.opened.is_none(), "bit {bit} of character {at}");
        }
    }
}

/// C12: no two seals share a key and nonce, also of the same text.
#[test]
fn two_seals_of_one_text_differ() {
    let mut entropy = Counting::default();
    let ring = ring(&[SECRET]);
    let one = sealed_with(&ring, b"text", &mut entropy);
    let other = sealed_with(&ring, b"text", &mut entropy);
    assert_ne!(one, other);
}

/// C28: secrets that are easy to guess are refused.
#[test]
fn weak_secrets_are_refused() {
    let new = |secrets: &[&str]| SecretRing::new(secrets.iter().copied(), RUSTCRYPTO).err();
    assert_eq!(new(&[]), Some(SecretRingError::Empty));
    assert_eq!(new(&["secret"]), Some(SecretRingError::TooShort));
    assert_eq!(new(&[SECRET, "secret"]), Some(SecretRingError::TooShort));
    assert_eq!(
        new(&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]),
        Some(SecretRingError::TooRegular)
    );
    for error in [SecretRingError::Empty, SecretRingError::TooShort, SecretRingError::TooRegular] {
        assert!(error.to_string().contains("openssl rand -hex 32"), "{error} says what to do");
    }
    assert_eq!(new(&[SECRET; 9]), Some(SecretRingError::TooMany));
    assert_eq!(new(&[SECRET]), None);
    assert!(!format!("{:?}", ring(&[SECRET])).contains(SECRET));
}

/// O39: without randomness nothing is sealed.
#[test]
fn without_randomness_nothing_is_sealed() {
    let mut headers = Headers::new();
    let held = HeldCookies::default();
    let sealed = cookie(Purpose::Session).write(
        b"text",
        60,
        held,
        &ring(&[SECRET]),
        &mut NoEntropy,
        &mut headers,
    );
    assert_eq!(sealed, Err(SealError::Entropy));
    assert!(headers.is_empty());
}

fn session(signed_in_at: u64, used_at: u64) -> Session {
    let mut user = crate::json::Object::default();
    user.insert("sub", crate::json::Json::from("user"));
    Session {
        id: SessionId::from_bytes([7; SessionId::LENGTH]),
        issuer: "https://op.example".into(),
        user: UserClaims::of_id_token(&user, &KeptClaims::default()),
        tokens: SessionTokens {
            generation: 3,
            access_token: crate::secret::Secret::new("token"),
            obtained_at: UnixSeconds(NOW),
            expires_at: UnixSeconds(NOW + 3600),
            refresh_token: Some(crate::secret::Secret::new("refresh.token")),
            id_token: None,
        },
        provider_session: Some("sid".to_string()),
        signed_in_at: UnixSeconds(signed_in_at),
        used_at: UnixSeconds(used_at),
    }
}

#[test]
fn a_session_comes_back_whole() {
    let one = session(NOW, NOW + 5);
    let bytes = one.to_bytes();
    assert_eq!(Session::from_bytes(&bytes), Some(one.clone()));
    let mut least = one.clone();
    least.tokens.refresh_token = None;
    least.provider_session = None;
    assert_eq!(Session::from_bytes(&least.to_bytes()), Some(least));
    let mut most = one;
    most.tokens.id_token = Some(crate::secret::Secret::new("e30.e30.AAAA"));
    assert_eq!(Session::from_bytes(&most.to_bytes()), Some(most));
}

/// C17: another version, a part of a session, and more than one are no session.
#[test]
fn what_is_not_exactly_a_session_is_none() {
    let bytes = session(NOW, NOW).to_bytes();
    for length in 0..bytes.len() {
        // Without its last fields it would be another session, which no seal can come to.
        let part = Session::from_bytes(&bytes[..length]);
        assert!(part.is_none_or(|part| *part.to_bytes() == bytes[..length]), "{length}");
    }
    assert_eq!(Session::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
    for version in [0, 1, 2, 255] {
        let mut other = bytes.to_vec();
        other[0] = version;
        assert_eq!(Session::from_bytes(&other), None, "{version}");
    }
    let mut nobody = session(NOW, NOW);
    nobody.user = UserClaims::of_id_token(&crate::json::Object::default(), &KeptClaims::all());
    assert_eq!(Session::from_bytes(&nobody.to_bytes()), None, "a session is somebody's");
}

/// C19, C20: both limits hold, at every reading, and numbers do not wrap.
#[test]
fn a_session_ends_by_inactivity_and_for_good() {
    let policy = SessionPolicy { inactivity: 100, absolute: 1000 };
    let remaining =
        |signed_in, used, now| policy.remaining(&session(signed_in, used), UnixSeconds(now));
    assert_eq!(remaining(NOW, NOW, NOW), Some(100));
    assert_eq!(remaining(NOW, NOW, NOW + 99), Some(1));
    assert_eq!(remaining(NOW, NOW, NOW + 100), None);
    assert_eq!(remaining(NOW, NOW + 950, NOW + 960), Some(40), "however warm it is kept");
    assert_eq!(remaining(NOW, NOW + 999, NOW + 1000), None);
    assert_eq!(remaining(NOW + 61, NOW + 61, NOW), None, "from the future");
    assert_eq!(remaining(u64::MAX, u64::MAX, NOW), None);
    assert_eq!(remaining(0, 0, u64::MAX), None);
    assert!(!policy.is_worth_touching(&session(NOW, NOW), UnixSeconds(NOW + 9)));
    assert!(policy.is_worth_touching(&session(NOW, NOW), UnixSeconds(NOW + 10)));
}

proptest! {
    /// C11: a changed bit is no session.
    #[test]
    fn a_changed_bit_is_no_session(length in 0_usize..9000, bit in any::<usize>()) {
        let mut cookies = sealed(&vec![7; length]);
        let at = bit % cookies.len();
        let (_, value) = &mut cookies[at];
        let mut bytes = core::mem::take(value).into_bytes();
        let position = (bit / 8) % bytes.len();
        bytes[position] ^= 1 << (bit % 7);
        *value = String::from_utf8_lossy(&bytes).replace(';', ",");
        prop_assert!(!opens(&cookies));
    }

    /// C25: no cookie field panics.
    #[test]
    fn any_cookie_field_is_read_without_a_panic(field in proptest::collection::vec(any::<u8>(), 0..300)) {
        let headers = [("cookie", field)];
        let found = cookie(Purpose::Session).read(Cookies::of(&headers), &ring(&[SECRET]));
        prop_assert!(found.opened.is_none());
    }
}
