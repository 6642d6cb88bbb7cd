//! The vectors of Project Wycheproof and of the RFCs, through every provider.
//!
//! "Acceptable" counts as invalid: what is good by half is refused. The key-size rules of the core
//! stand before every provider, as they do for the keys of an issuer.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::crypto::{
    AeadKey, CryptoProvider, Ed25519PublicKey, KeyRejected, P256PublicKey, RUSTCRYPTO,
    RsaPublicKey, SignatureAlgorithm, VerifyKey,
};
use portcullis_hyper::crypto::AWS_LC;
use std::sync::Arc;
use wycheproof::{TestResult, aead, ecdsa, eddsa, hkdf, rsa_pkcs1_verify, rsa_pss_verify};

const PROVIDERS: [(&str, &CryptoProvider); 2] = [("aws-lc", &AWS_LC), ("rustcrypto", &RUSTCRYPTO)];

/// Those that have the algorithm; the other one says so.
fn providers(algorithm: SignatureAlgorithm) -> Vec<(&'static str, &'static CryptoProvider)> {
    PROVIDERS.into_iter().filter(|(_, provider)| provider.require(algorithm).is_ok()).collect()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn rsa_key(
    provider: &CryptoProvider,
    algorithm: SignatureAlgorithm,
    (n, e): (&[u8], &[u8]),
) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
    let key = RsaPublicKey::new(without_zeros(n), without_zeros(e))?;
    provider.signatures.rsa_key(algorithm, &key)
}

/// Checks one case against what the vectors say of it.
fn check(
    place: &str,
    (id, result): (usize, TestResult),
    key: &dyn VerifyKey,
    (message, signature): (&[u8], &[u8]),
) {
    let verified = key.verify(message, signature).is_ok();
    assert_eq!(verified, result == TestResult::Valid, "{place}, case {id}");
}

macro_rules! rsa_pkcs1 {
    ($($rule:ident: $set:ident, $algorithm:ident, $cases:literal;)*) => {
        $(#[test]
        fn $rule() {
            let set = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::$set).unwrap();
            let mut cases = 0;
            for (name, provider) in providers(SignatureAlgorithm::$algorithm) {
                for group in &set.test_groups {
                    let numbers = (group.key.n.as_ref(), group.key.e.as_ref());
                    let key = rsa_key(provider, SignatureAlgorithm::$algorithm, numbers).unwrap();
                    for test in &group.tests {
                        let of = (test.tc_id, test.result);
                        check(name, of, &*key, (&test.msg, &test.sig));
                        cases += 1;
                    }
                }
            }
            assert_eq!(cases, 2 * $cases);
        })*
    };
}

// J27, rule 29, rule 30, rule 31.
rsa_pkcs1! {
    rsa_pkcs1_2048_sha256: Rsa2048Sha256, Rs256, 259;
    rsa_pkcs1_2048_sha384: Rsa2048Sha384, Rs384, 258;
    rsa_pkcs1_2048_sha512: Rsa2048Sha512, Rs512, 259;
    rsa_pkcs1_3072_sha256: Rsa3072Sha256, Rs256, 259;
    rsa_pkcs1_3072_sha384: Rsa3072Sha384, Rs384, 259;
    rsa_pkcs1_3072_sha512: Rsa3072Sha512, Rs512, 260;
    rsa_pkcs1_4096_sha256: Rsa4096Sha256, Rs256, 258;
    rsa_pkcs1_4096_sha384: Rsa4096Sha384, Rs384, 259;
    rsa_pkcs1_4096_sha512: Rsa4096Sha512, Rs512, 259;
    rsa_pkcs1_8192_sha256: Rsa8192Sha256, Rs256, 258;
    rsa_pkcs1_8192_sha384: Rsa8192Sha384, Rs384, 259;
    rsa_pkcs1_8192_sha512: Rsa8192Sha512, Rs512, 259;
}

/// J03: PS256 with a salt of the length of the hash, and with no other (RFC 7518 §3.5).
#[test]
fn rsa_pss_sha256() {
    use rsa_pss_verify::TestName;
    for (name, sizes) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, 32),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, 32),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, 32),
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, 0),
    ] {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for (name, provider) in providers(SignatureAlgorithm::Ps256) {
            for group in &set.test_groups {
                let numbers = (group.key.n.as_ref(), group.key.e.as_ref());
                let key = rsa_key(provider, SignatureAlgorithm::Ps256, numbers).unwrap();
                assert_eq!(group.salt_size, sizes);
                for test in &group.tests {
                    // The set without salt has one signature with a salt that is right for PS256.
                    let result = match (sizes, &*test.comment) {
                        (32, _) => test.result,
                        (_, "s_len changed to 32") => TestResult::Valid,
                        _ => TestResult::Invalid,
                    };
                    check(name, (test.tc_id, result), &*key, (&test.msg, &test.sig));
                }
            }
        }
    }
}

/// J35: ECDSA with r and s side by side, zeros and too large numbers among them.
#[test]
fn ecdsa_p256_sha256() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut cases = 0;
    for (name, provider) in providers(SignatureAlgorithm::Es256) {
        for group in &set.test_groups {
            let point: &[u8] = group.key.key.as_ref();
            let (x, y) = point[1..].split_at(32);
            let key = P256PublicKey::new(x, y).unwrap();
            let key = provider.signatures.p256_key(&key).unwrap();
            for test in &group.tests {
                check(name, (test.tc_id, test.result), &*key, (&test.msg, &test.sig));
                cases += 1;
            }
        }
    }
    assert!(cases > 250, "{cases}");
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut cases = 0;
    for (name, provider) in providers(SignatureAlgorithm::EdDsa) {
        for group in &set.test_groups {
            let key = Ed25519PublicKey::new(group.key.pk.as_ref()).unwrap();
            let key = provider.signatures.ed25519_key(&key).unwrap();
            for test in &group.tests {
                check(name, (test.tc_id, test.result), &*key, (&test.msg, &test.sig));
                cases += 1;
            }
        }
    }
    assert!(cases > 140, "{cases}");
}

/// A provider that lacks an algorithm says so, and a key that is no point is refused.
#[test]
fn what_a_provider_lacks_is_a_typed_error() {
    let point = P256PublicKey::new(&[1; 32], &[1; 32]).unwrap();
    let ed25519 = Ed25519PublicKey::new(&[1; 32]).unwrap();
    let pure = RUSTCRYPTO.signatures;
    assert_eq!(pure.p256_key(&point).err(), Some(KeyRejected::Unsupported));
    assert_eq!(pure.ed25519_key(&ed25519).err(), Some(KeyRejected::Unsupported));
    assert!(RUSTCRYPTO.require(SignatureAlgorithm::Es256).is_err());
    assert_eq!(AWS_LC.signatures.p256_key(&point).err(), Some(KeyRejected::Provider));
    for algorithm in SignatureAlgorithm::ALL {
        assert!(AWS_LC.require(algorithm).is_ok());
    }
}

/// What session cookies are sealed with.
#[test]
fn aes_256_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let groups = set
        .test_groups
        .iter()
        .filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128));
    let mut cases = 0;
    for test in groups.flat_map(|group| &group.tests) {
        let (key, nonce) = (test.key[..].try_into().unwrap(), test.nonce[..].try_into().unwrap());
        let key = AeadKey::new(key, nonce);
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        for (name, provider) in PROVIDERS {
            let mut buffer = sealed.clone();
            let opened = provider.aead.open(&key, &test.aad, &mut buffer);
            if test.result == TestResult::Valid {
                assert_eq!(opened.unwrap(), &test.pt[..], "{name}, case {}", test.tc_id);
                let mut buffer = test.pt.to_vec();
                provider.aead.seal(&key, &test.aad, &mut buffer).unwrap();
                assert_eq!(buffer, sealed, "{name}, case {}", test.tc_id);
            } else {
                assert!(opened.is_err(), "{name}, case {}", test.tc_id);
            }
            cases += 1;
        }
    }
    assert!(cases >= 2 * 60, "{cases}");
}

/// What the keys of sessions are derived with.
#[test]
fn hkdf_sha256() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut cases = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        for (name, provider) in PROVIDERS {
            let mut output = vec![0; test.size];
            let key = provider.hash.extract(&test.salt, &test.ikm);
            let derived = key.expand(&[&test.info], &mut output);
            let valid = test.result == TestResult::Valid;
            assert_eq!(derived.is_ok(), valid, "{name}, case {}", test.tc_id);
            assert!(!valid || output == test.okm[..], "{name}, case {}", test.tc_id);
            cases += 1;
        }
    }
    assert_eq!(cases, 2 * 86);
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A token of an RFC is good, and with a bit changed it is not.
fn check_token(key: &dyn VerifyKey, token: &str) {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut signature = decode(signature);
    assert_eq!(key.verify(input.as_bytes(), &signature), Ok(()));
    signature[10] ^= 1;
    assert!(key.verify(input.as_bytes(), &signature).is_err());
}

/// RFC 7515 A.2: RS256. Its claims expired in 2011 and name no audience, so the signature alone is
/// looked at.
#[test]
fn rfc_7515_a_2() {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1\
             Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpa\
             SHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4\
             LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA\
                 6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat\
                 0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t\
                 1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07\
                 Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv\
                 Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77\
                 Rw";
    for (_, provider) in PROVIDERS {
        let numbers = (&*decode(n), &[1, 0, 1][..]);
        let key = rsa_key(provider, SignatureAlgorithm::Rs256, numbers).unwrap();
        check_token(&*key, token);
    }
}

/// RFC 7515 A.3: ES256.
#[test]
fn rfc_7515_a_3() {
    let [x, y] = [
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    ]
    .map(decode);
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9le\
                 GFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTj\
                 Dxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = P256PublicKey::new(&x, &y).unwrap();
    check_token(&*AWS_LC.signatures.p256_key(&key).unwrap(), token);
}

/// RFC 8037 A.4: `EdDSA`.
#[test]
fn rfc_8037_a_4() {
    let key =
        Ed25519PublicKey::new(&decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPO\
                 t7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    check_token(&*AWS_LC.signatures.ed25519_key(&key).unwrap(), token);
}
