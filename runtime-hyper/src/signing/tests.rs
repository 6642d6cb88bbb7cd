use super::*;
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::sync::LazyLock;

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

static RSA: LazyLock<String> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    pem("PRIVATE KEY", der.as_ref())
});

fn p256() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref())
}

fn ed25519() -> String {
    let pair = Ed25519KeyPair::generate().unwrap();
    pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref())
}

fn assert_signs(key: &PrivateKey, algorithm: &'static dyn VerificationAlgorithm) {
    let signature = key.sign(b"message").unwrap();
    let public = UnparsedPublicKey::new(algorithm, key.public_key());
    assert!(public.verify(b"message", &signature).is_ok(), "{key:?}");
    assert!(public.verify(b"massage", &signature).is_err(), "{key:?}");
}

#[test]
fn signs_with_each_algorithm_what_its_public_half_verifies() {
    let cases: [(String, SignatureAlgorithm, &dyn VerificationAlgorithm); 6] = [
        (RSA.clone(), SignatureAlgorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
        (RSA.clone(), SignatureAlgorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
        (RSA.clone(), SignatureAlgorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
        (RSA.clone(), SignatureAlgorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
        (p256(), SignatureAlgorithm::Es256, &ECDSA_P256_SHA256_FIXED),
        (ed25519(), SignatureAlgorithm::EdDsa, &ED25519),
    ];
    for (pem, algorithm, verification) in cases {
        let key = PrivateKey::from_pem(&pem, algorithm).unwrap().with_id("k1");
        assert_eq!((key.algorithm(), key.key_id()), (algorithm, Some("k1")));
        assert_signs(&key, verification);
    }
    let made_up = PrivateKey::generate().unwrap();
    assert_eq!((made_up.algorithm(), made_up.key_id()), (SignatureAlgorithm::Es256, None));
    assert_signs(&made_up, &ECDSA_P256_SHA256_FIXED);
}

/// RFC 7518 §3.4: `r` and `s` of 32 bytes each, not ASN.1.
#[test]
fn a_signature_for_es256_has_64_bytes() {
    assert_eq!(PrivateKey::generate().unwrap().sign(b"message").unwrap().len(), 64);
}

#[test]
fn refuses_what_is_no_key_for_the_algorithm() {
    let error = |pem: &str, algorithm| PrivateKey::from_pem(pem, algorithm).unwrap_err();
    for text in ["", "secret", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"] {
        assert_eq!(error(text, SignatureAlgorithm::Rs256), PrivateKeyError::Pem, "{text}");
    }
    let (p256, ed25519) = (p256(), ed25519());
    for (pem, algorithm) in [
        (RSA.as_str(), SignatureAlgorithm::Es256),
        (RSA.as_str(), SignatureAlgorithm::EdDsa),
        (&p256, SignatureAlgorithm::Rs256),
        (&p256, SignatureAlgorithm::EdDsa),
        (&ed25519, SignatureAlgorithm::Es256),
        (&ed25519, SignatureAlgorithm::Ps256),
        (&pem("PRIVATE KEY", b"junk"), SignatureAlgorithm::Rs256),
        (include_str!("rsa_1024.pem"), SignatureAlgorithm::Rs256),
    ] {
        assert_eq!(error(pem, algorithm), PrivateKeyError::Key(algorithm), "{algorithm}");
    }
}

#[test]
fn the_key_is_not_printed() {
    let key = PrivateKey::from_pem(RSA.as_str(), SignatureAlgorithm::Rs256).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey { algorithm: Rs256, id: None, .. }");
}
