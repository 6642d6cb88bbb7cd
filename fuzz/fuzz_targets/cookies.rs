//! `Cookie` fields, one a line, and the sealed cookies in them.

#![no_main]

use fuzz_support::{INSECURE, SESSION_COOKIE, secrets};
use libfuzzer_sys::fuzz_target;
use portcullis_core::{
    http::{Cookies, FieldText, Scheme},
    session::{CookieNames, Purpose, SealedCookie, SecretRing},
};
use std::sync::LazyLock;

static NAMES: LazyLock<CookieNames> =
    LazyLock::new(|| CookieNames::new(Scheme::Http, SESSION_COOKIE).expect("a good name"));
static RING: LazyLock<SecretRing> = LazyLock::new(|| secrets(INSECURE));

fuzz_target!(|data: &[u8]| {
    let fields: Vec<(&str, &[u8])> =
        data.split(|byte| *byte == b'\n').map(|line| ("cookie", line)).collect();
    let cookies = Cookies::of(&fields);

    let mut own = 0;
    let mut pairs = 0;
    cookies.each(&mut |name, value| {
        pairs += 1;
        own += usize::from(NAMES.is_own(name));
        assert!(!name.contains(&b'=') && !name.contains(&b';') && !value.contains(&b';'));
    });
    assert!(pairs <= data.iter().filter(|byte| matches!(byte, b';' | b'\n')).count() + 1);

    // What goes upstream has none of the gate's cookies, and can be read again.
    assert_eq!(cookies.without(&|_| true), None);
    if let Some(kept) = cookies.without(&|name| NAMES.is_own(name)) {
        check_upstream(&kept, pairs - own);
    }

    let cookie = SealedCookie { name: SESSION_COOKIE, purpose: Purpose::Session, secure: false };
    let read = cookie.read(cookies, &RING);
    assert!(read.opened().is_none() || read.held.any());
});

fn check_upstream(field: &FieldText, most: usize) {
    let fields = [("cookie", field.as_str())];
    let mut pairs = 0;
    Cookies::of(&fields).each(&mut |name, _| {
        pairs += 1;
        assert!(!NAMES.is_own(name.trim_ascii()));
    });
    assert!(pairs <= most);
}
