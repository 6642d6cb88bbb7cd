//! A sealed cookie: what was sealed opens, and what was changed anywhere does not.
//!
//! The first byte says how often the rest of the input is repeated, the next three which character
//! is changed and into what.

#![no_main]

use fuzz_support::{Counting, SESSION_COOKIE, secrets};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    crypto::RUSTCRYPTO,
    http::{Cookies, Headers},
    session::{HeldCookies, Purpose, SealError, SealedCookie, SecretRing},
};
use std::sync::LazyLock;

const COOKIE: SealedCookie<'_> =
    SealedCookie { name: SESSION_COOKIE, purpose: Purpose::Session, secure: false };
/// What five cookies of 3800 characters hold beside the envelope.
const MOST: usize = 5 * 3800;

static RING: LazyLock<SecretRing> = LazyLock::new(|| secrets(RUSTCRYPTO));

fuzz_target!(|data: &[u8]| {
    let Some((&[times, high, low, other], rest)) = data.split_first_chunk() else { return };
    let plaintext = rest.repeat(usize::from(times % 16));
    let mut headers = Headers::new();
    let written = COOKIE.write(
        &plaintext,
        60,
        HeldCookies::default(),
        &RING,
        &mut Counting::default(),
        &mut headers,
    );
    let fits = SecretRing::sealed_length(plaintext.len()) <= MOST;
    assert_eq!(written, if fits { Ok(()) } else { Err(SealError::TooLarge) });
    let pairs: Vec<&str> =
        headers.iter().filter_map(|(_, value)| value.split(';').next()).collect();
    assert!(headers.iter().all(|(_, value)| value.len() <= 4096));
    if !fits {
        assert!(pairs.is_empty());
        return;
    }
    let field = pairs.join("; ");
    assert_eq!(open(field.as_bytes()).as_deref(), Some(plaintext.as_slice()));

    let mut changed = field.into_bytes();
    let at = usize::from(u16::from_be_bytes([high, low])) % changed.len();
    // A blank stands between two cookies alone, and is nothing more than a semicolon is.
    let is_between = changed[at] == b' ' && (other == b';' || other.is_ascii_whitespace());
    if changed[at] != other && !is_between {
        changed[at] = other;
        assert_eq!(open(&changed), None);
    }
});

fn open(field: &[u8]) -> Option<Vec<u8>> {
    let fields = [("cookie", field)];
    COOKIE.read(Cookies::of(&fields), &RING).opened().map(<[u8]>::to_vec)
}
