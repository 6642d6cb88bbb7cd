//! A provider without any security, so that a fuzzer gets past signatures and seals: what has to
//! fit is one byte.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_core::crypto::{
    AeadFailure, AeadKey, AuthenticatedEncryption, BadSignature, CryptoProvider, Hashing,
    KeyRejected, OutputTooLong, PseudorandomKey, RsaPublicKey, SignatureAlgorithm,
    SignatureVerification, VerifyKey,
};
use std::sync::Arc;

/// The provider without any security.
pub static INSECURE: CryptoProvider =
    CryptoProvider { signatures: &Insecure, aead: &Insecure, hash: &Insecure };

const TAG_LENGTH: usize = 16;
const HKDF_LIMIT: usize = 8160;

#[derive(Debug)]
struct Insecure;

/// A compact token whose signature [`INSECURE`] accepts.
pub fn sign(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode([fold(&[input.as_bytes()])]);
    format!("{input}.{signature}")
}

/// A token of two lines: a header and a payload that are to be signed, or any text in two pieces.
pub fn token([header, payload]: [&str; 2]) -> String {
    if header.starts_with('{') {
        sign(header.as_bytes(), payload.as_bytes())
    } else {
        [header, payload].concat()
    }
}

/// Whether [`INSECURE`] accepts this signature.
pub fn fits(message: &[u8], signature: &[u8]) -> bool {
    signature.first() == Some(&fold(&[message]))
}

impl SignatureVerification for Insecure {
    fn rsa_key(
        &self,
        _: SignatureAlgorithm,
        _: &RsaPublicKey<'_>,
    ) -> Result<Arc<dyn VerifyKey>, KeyRejected> {
        Ok(Arc::new(Self))
    }
}

impl VerifyKey for Insecure {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        if fits(message, signature) { Ok(()) } else { Err(BadSignature) }
    }
}

impl AuthenticatedEncryption for Insecure {
    fn seal(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<(), AeadFailure> {
        let mut tag = [0; TAG_LENGTH];
        tag[0] = fold(&[key.key(), key.nonce(), associated_data, buffer]);
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    fn open<'b>(
        &self,
        key: &AeadKey,
        associated_data: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], AeadFailure> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LENGTH>().ok_or(AeadFailure)?;
        let expected = fold(&[key.key(), key.nonce(), associated_data, text]);
        if tag[0] == expected { Ok(text) } else { Err(AeadFailure) }
    }
}

impl Hashing for Insecure {
    fn sha256(&self, bytes: &[u8]) -> [u8; 32] {
        core::array::from_fn(|at| fold(&[bytes, &[at as u8]]))
    }

    fn extract(&self, salt: &[u8], secret: &[u8]) -> Arc<dyn PseudorandomKey> {
        Arc::new(Extracted(fold(&[secret, salt])))
    }
}

#[derive(Debug)]
struct Extracted(u8);

impl PseudorandomKey for Extracted {
    fn expand(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputTooLong> {
        if output.len() > HKDF_LIMIT {
            return Err(OutputTooLong);
        }
        let info = info.concat();
        for (at, byte) in output.iter_mut().enumerate() {
            *byte = fold(&[&[self.0], &info, &at.to_be_bytes()]);
        }
        Ok(())
    }
}

/// All bytes folded into one (FNV-1a).
fn fold(parts: &[&[u8]]) -> u8 {
    let hash = parts
        .iter()
        .flat_map(|part| part.iter())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes().into_iter().fold(0, |folded, byte| folded ^ byte)
}
