//! From text to header and claims: the rules of form, which are the same for every policy.

use super::{
    TokenError,
    header::{Header, MAX_ENCODED_LENGTH},
};
use crate::{
    encoding,
    json::{JsonLimits, Object},
};
use alloc::{string::String, vec::Vec};

/// A token of good form. Nothing in it can be trusted.
pub(super) struct Parsed {
    pub(super) signing_input: String,
    pub(super) header: Header,
    pub(super) claims: Object,
    pub(super) signature: Vec<u8>,
}

impl Parsed {
    /// Reads a compact token of at most `max_length` bytes (RFC 7515 §7.1). `check` looks at the
    /// header before anything is done about the payload.
    pub(super) fn read(
        token: &str,
        max_length: usize,
        check: impl FnOnce(&Header) -> Result<(), TokenError>,
    ) -> Result<Self, TokenError> {
        if token.len() > max_length {
            return Err(TokenError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(TokenError::Serialization)?;
        let (header, payload) = signing_input.split_once('.').ok_or(TokenError::Serialization)?;
        if header.len() > MAX_ENCODED_LENGTH {
            return Err(TokenError::TooLong);
        }
        // A further dot is no base64url character, so a token of five parts ends here.
        let header = encoding::decode(header).ok_or(TokenError::Serialization)?;
        let header = Header::parse(&header)?;
        check(&header)?;
        let signature = encoding::decode(signature).ok_or(TokenError::Serialization)?;
        if signature.is_empty() {
            return Err(TokenError::Signature);
        }
        let payload = encoding::decode(payload).ok_or(TokenError::Serialization)?;
        let limits = JsonLimits { bytes: max_length, depth: 32, members: 256 };
        let claims = Object::parse(&payload, limits).map_err(|_| TokenError::Payload)?;
        Ok(Self { signing_input: signing_input.into(), header, claims, signature })
    }
}
