//! A session as bytes, as small as is simple.
//!
//! ```text
//! version · signed in · used · tokens obtained · access token expires · id · generation · fields
//!    1          8        8           8                   8              16        4
//!
//! field = tag (1 byte) · length (LEB128) · content
//! ```
//!
//! Numbers have their most significant byte first. Each field stands at most once, and the tags go
//! up. A token is stored as the bytes that its segments stand for: the cookie is base64url once
//! more, and would otherwise hold a third more than the token.

use super::{Session, SessionId, UserClaims, payload::SessionTokens};
use crate::{
    encoding,
    json::{JsonLimits, Object},
    secret::{Secret, Wiped},
    time::UnixSeconds,
};
use alloc::{string::String, vec::Vec};

const VERSION: u8 = 3;

const CLAIMS: u8 = 1;
const ACCESS_TOKEN: u8 = 2;
const REFRESH_TOKEN: u8 = 3;
const ID_TOKEN: u8 = 4;
const PROVIDER_SESSION: u8 = 5;
const ISSUER: u8 = 6;

const CLAIMS_LIMITS: JsonLimits = JsonLimits { bytes: 64 * 1024, depth: 32, members: 256 };
/// The most segments that a token is taken apart into: a JWE has five.
const MAX_SEGMENTS: usize = 8;

impl Session {
    pub(crate) fn to_bytes(&self) -> Wiped<Vec<u8>> {
        let Self { id, issuer, user, tokens, provider_session, signed_in_at, used_at } = self;
        let mut bytes = Wiped(Vec::with_capacity(1024));
        bytes.push(VERSION);
        for moment in [signed_in_at, used_at, &tokens.obtained_at, &tokens.expires_at] {
            bytes.extend_from_slice(&moment.0.to_be_bytes());
        }
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&tokens.generation.to_be_bytes());
        write_field(CLAIMS, user.claims().to_json().as_bytes(), &mut bytes);
        let token_fields = [
            (ACCESS_TOKEN, Some(&tokens.access_token)),
            (REFRESH_TOKEN, tokens.refresh_token.as_ref()),
            (ID_TOKEN, tokens.id_token.as_ref()),
        ];
        for (tag, token) in token_fields {
            if let Some(token) = token {
                write_field(tag, &packed(token.expose()), &mut bytes);
            }
        }
        if let Some(id) = provider_session {
            write_field(PROVIDER_SESSION, id.as_bytes(), &mut bytes);
        }
        write_field(ISSUER, issuer.as_bytes(), &mut bytes);
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        if reader.array()? != [VERSION] {
            return None;
        }
        let mut moment = || reader.array().map(|bytes| UnixSeconds(u64::from_be_bytes(bytes)));
        let (signed_in_at, used_at) = (moment()?, moment()?);
        let (obtained_at, expires_at) = (moment()?, moment()?);
        let id = SessionId::from_bytes(reader.array()?);
        let generation = u32::from_be_bytes(reader.array()?);
        let user = Object::parse(reader.field(CLAIMS)?, CLAIMS_LIMITS).ok()?;
        user.required_text("sub").ok()?;
        let session = Self {
            id,
            user: UserClaims(user),
            tokens: SessionTokens {
                generation,
                access_token: unpacked(reader.field(ACCESS_TOKEN)?)?,
                obtained_at,
                expires_at,
                refresh_token: reader.optional_field(REFRESH_TOKEN, unpacked)?,
                id_token: reader.optional_field(ID_TOKEN, unpacked)?,
            },
            provider_session: reader.optional_field(PROVIDER_SESSION, |id| {
                core::str::from_utf8(id).ok().map(String::from)
            })?,
            issuer: core::str::from_utf8(reader.field(ISSUER)?).ok()?.into(),
            signed_in_at,
            used_at,
        };
        reader.0.is_empty().then_some(session)
    }
}

fn write_field(tag: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(tag);
    write_length(content.len(), bytes);
    bytes.extend_from_slice(content);
}

fn write_length(mut length: usize, bytes: &mut Vec<u8>) {
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

/// The segments of a token that are base64url, as bytes; any other text as it is, after a zero.
fn packed(token: &str) -> Wiped<Vec<u8>> {
    let segments: Option<Vec<Wiped<Vec<u8>>>> =
        token.split('.').map(|segment| encoding::decode(segment).map(Wiped)).collect();
    let mut bytes = Wiped(Vec::with_capacity(token.len()));
    match segments.filter(|segments| segments.len() <= MAX_SEGMENTS) {
        Some(segments) => {
            bytes.push(segments.len() as u8);
            for segment in segments {
                write_length(segment.len(), &mut bytes);
                bytes.extend_from_slice(&segment);
            }
        }
        None => {
            bytes.push(0);
            bytes.extend_from_slice(token.as_bytes());
        }
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> Option<Secret> {
    let mut reader = Reader(bytes);
    let [segments] = reader.array()?;
    if segments == 0 {
        return core::str::from_utf8(reader.0).ok().map(Secret::new);
    }
    let mut token = Wiped(String::with_capacity(bytes.len().saturating_mul(4) / 3));
    for number in 0..segments {
        if number > 0 {
            token.push('.');
        }
        let length = reader.length()?;
        encoding::encode_into(reader.take(length)?, &mut token);
    }
    reader.0.is_empty().then(|| Secret::from_wiped(token))
}

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// At most 21 bits, in the shortest form.
    fn length(&mut self) -> Option<usize> {
        let mut length = 0;
        for shift in [0, 7, 14] {
            let [byte] = self.array()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return (byte != 0 || shift == 0).then_some(length);
            }
        }
        None
    }

    fn field(&mut self, tag: u8) -> Option<&'b [u8]> {
        if self.array()? != [tag] {
            return None;
        }
        let length = self.length()?;
        self.take(length)
    }

    /// Absent where the next field is another one; the outer `None` where it is not to be read.
    fn optional_field<T>(
        &mut self,
        tag: u8,
        read: impl FnOnce(&'b [u8]) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.0.first() == Some(&tag) { read(self.field(tag)?).map(Some) } else { Some(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, vec};
    use proptest::prelude::*;

    fn token(text: &str) {
        let packed = packed(text);
        assert_eq!(unpacked(&packed).unwrap().expose(), text);
    }

    #[test]
    fn tokens_come_back_byte_for_byte() {
        for text in [
            "",
            "a",
            "abcd",
            "AA",
            // Unused bits that are not zero: no canonical base64url.
            "AB",
            ".",
            "..",
            "eyJhbGciOiJub25lIn0.e30.",
            "a.b.c",
            "A.A.A.A.A.A.A.A.A",
            "opaque+/token==",
            "\u{e9}",
        ] {
            token(text);
        }
    }

    /// What the cookie holds of a JWT is no longer than the JWT.
    #[test]
    fn a_token_takes_three_quarters_of_its_text() {
        let text = format!("{0}.{0}.{0}", encoding::encode(&[7; 300]));
        assert_eq!(packed(&text).len(), 1 + 3 * (2 + 300));
    }

    #[test]
    fn lengths_have_one_form() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_151] {
            let mut bytes = vec![];
            write_length(length, &mut bytes);
            let mut reader = Reader(&bytes);
            assert_eq!((reader.length(), reader.0.len()), (Some(length), 0));
        }
        for bytes in [&[][..], &[0x80], &[0x80, 0], &[0xff, 0xff, 0x80], &[0xff, 0xff, 0xff, 1]] {
            assert_eq!(Reader(bytes).length(), None, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_token_comes_back(text in "[A-Za-z0-9_.~+/=-]{0,200}") {
            token(&text);
        }

        /// Each session has one form: what is read is written the same.
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = VERSION;
            }
            prop_assert!(Session::from_bytes(&bytes).is_none_or(|s| *s.to_bytes() == bytes));
            prop_assert!(unpacked(&bytes).is_none_or(|t| t.expose().len() <= 2 * bytes.len() + 8));
        }
    }
}
