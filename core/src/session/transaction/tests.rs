use super::*;
use crate::{
    crypto::RUSTCRYPTO,
    http::{HeaderView, Scheme},
    test_support::{Counting, NOW, NoEntropy},
};
use alloc::vec;
use core::cell::Cell;
use std::sync::LazyLock;

const LIFETIME: u64 = 3600;

static NAMES: LazyLock<CookieNames> =
    LazyLock::new(|| CookieNames::new(Scheme::Https, "gate").unwrap());
static RING: LazyLock<SecretRing> =
    LazyLock::new(|| SecretRing::new(["9f2c4b7e1a6d8035c4e7f1b92a5d6380"], RUSTCRYPTO).unwrap());

fn login_cookies() -> LoginCookies<'static> {
    LoginCookies { names: &NAMES, ring: &RING, secure: true, lifetime: LIFETIME }
}

fn started(return_to: &str, now: u64, entropy: &mut dyn Entropy) -> LoginTransaction {
    let return_to = ReturnTo::parse(return_to).unwrap();
    LoginTransaction::start(&return_to, Asked::default(), UnixSeconds(now), entropy).unwrap()
}

/// Starts a login in a browser that holds `cookies`, and gives the browser's cookies afterwards.
fn start_login(
    cookies: &mut Vec<(String, String)>,
    return_to: &str,
    now: u64,
    entropy: &mut Counting,
) -> LoginTransaction {
    let login = started(return_to, now, entropy);
    let mut headers = Headers::new();
    let field = cookie_field(cookies);
    login_cookies().write(&login, Cookies::of(&field), entropy, &mut headers).unwrap();
    apply(&headers, cookies);
    login
}

fn finish(cookies: &mut Vec<(String, String)>, login: &LoginTransaction, now: u64) {
    let mut headers = Headers::new();
    login_cookies().finish(login, UnixSeconds(now), &mut Counting::default(), &mut headers);
    apply(&headers, cookies);
}

fn cookie_field(cookies: &[(String, String)]) -> [(&'static str, String); 1] {
    [("cookie", cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; "))]
}

/// What a browser with `cookies` keeps after these header fields.
fn apply(headers: &Headers, cookies: &mut Vec<(String, String)>) {
    for (_, field) in headers.iter() {
        let (name, rest) = field.split_once('=').unwrap();
        cookies.retain(|(known, _)| known != name);
        if !field.contains("Max-Age=0;") {
            cookies.push((name.to_string(), rest.split(';').next().unwrap().to_string()));
        }
    }
}

fn found(state: &str, cookies: &[(String, String)], now: u64) -> Option<FoundLogin> {
    let field = cookie_field(cookies);
    login_cookies().find(state, Cookies::of(&field), UnixSeconds(now))
}

fn find(state: &str, cookies: &[(String, String)], now: u64) -> Option<LoginTransaction> {
    match found(state, cookies, now)? {
        FoundLogin::Open(login) => Some(login),
        FoundLogin::Finished(_) => None,
    }
}

/// O39: without randomness there is no login.
#[test]
fn without_randomness_there_is_no_login() {
    let (return_to, asked) = (ReturnTo::default(), Asked::default());
    let start = LoginTransaction::start(&return_to, asked, UnixSeconds(NOW), &mut NoEntropy);
    assert!(start.is_err());
}

#[test]
fn what_was_asked_comes_back_whole() {
    let mut entropy = Counting::default();
    for asked in [
        Asked::default(),
        Asked { max_age: Some(0), organization: Some("org_1".into()), silent: true },
    ] {
        let return_to = ReturnTo::parse("/one?a=b").unwrap();
        let now = UnixSeconds(NOW);
        let login = LoginTransaction::start(&return_to, asked, now, &mut entropy).unwrap();
        let mut headers = Headers::new();
        let none: [(&str, &str); 0] = [];
        let cookies = Cookies::of(&none);
        login_cookies().write(&login, cookies, &mut entropy, &mut headers).unwrap();
        let mut browser = vec![];
        apply(&headers, &mut browser);
        assert_eq!(find(login.state().expose(), &browser, NOW), Some(login));
    }
}

#[test]
fn logins_in_several_tabs_do_not_disturb_each_other() {
    let mut browser = vec![];
    let mut entropy = Counting::default();
    let one = start_login(&mut browser, "/one", NOW, &mut entropy);
    let two = start_login(&mut browser, "/two", NOW, &mut entropy);
    assert_eq!(find(two.state().expose(), &browser, NOW + 1), Some(two.clone()));
    assert_eq!(find(one.state().expose(), &browser, NOW + 1), Some(one.clone()));
    let mut headers = Headers::new();
    login_cookies().give_up(&one, &mut headers);
    apply(&headers, &mut browser);
    assert_eq!(found(one.state().expose(), &browser, NOW + 1), None);
    assert_eq!(find(two.state().expose(), &browser, NOW + 1), Some(two));
}

/// O04: for a few minutes it is known where a login led that is over, and nothing else of it.
#[test]
fn a_login_that_is_over_leaves_a_note_of_where_it_led() {
    let mut browser = vec![];
    let login = start_login(&mut browser, "/one?a=b", NOW, &mut Counting::default());
    finish(&mut browser, &login, NOW + 10);
    assert_eq!(browser.len(), 1);
    let state = login.state().expose();
    let note = FoundLogin::Finished(ReturnTo::parse("/one?a=b").unwrap());
    assert_eq!(found(state, &browser, NOW + 10 + FINISHED_LIFETIME - 1), Some(note));
    assert_eq!(found(state, &browser, NOW + 10 + FINISHED_LIFETIME), None);
    let other = format!("{}x", &state[..state.len() - 1]);
    assert_eq!(found(&other, &browser, NOW + 10), None);
    let mut headers = Headers::new();
    login_cookies().finish(&login, UnixSeconds(NOW), &mut NoEntropy, &mut headers);
    apply(&headers, &mut browser);
    assert!(browser.is_empty(), "what cannot be sealed goes");
}

/// O01, O02, R21, R25: a state that this browser did not get finds nothing, and neither does the
/// cookie of one login under the name of another.
#[test]
fn a_foreign_state_finds_nothing() {
    let mut browser = vec![];
    let mut entropy = Counting::default();
    let one = start_login(&mut browser, "/one", NOW, &mut entropy);
    let state = one.state().expose();
    let other = started("/", NOW, &mut entropy);
    // The cookie of one login with the rest of another's state.
    let mixed = format!("{}{}", &state[..12], &other.state().expose()[12..]);
    for state in [
        "",
        "x",
        &state[..12],
        &state[1..],
        &mixed,
        other.state().expose(),
        "é".repeat(30).as_str(),
    ] {
        assert_eq!(found(state, &browser, NOW), None, "{state}");
    }
    assert_eq!(found(state, &[], NOW), None);

    let two = start_login(&mut browser, "/two", NOW, &mut entropy);
    let (first, second) = (browser[0].1.clone(), browser[1].1.clone());
    (browser[0].1, browser[1].1) = (second, first);
    for login in [one, two] {
        assert_eq!(found(login.state().expose(), &browser, NOW), None);
    }
}

#[test]
fn a_login_expires() {
    let mut browser = vec![];
    let login = start_login(&mut browser, "/one", NOW, &mut Counting::default());
    let state = login.state().expose();
    assert!(find(state, &browser, NOW + LIFETIME - 1).is_some());
    assert!(find(state, &browser, NOW + LIFETIME).is_none());
    assert!(find(state, &browser, NOW - 61).is_none(), "from the future");
}

/// C24, X11: logins under way do not pile up, however many are asked for; the newest stay.
#[test]
fn logins_do_not_pile_up() {
    let mut browser = vec![];
    let mut entropy = Counting::default();
    let logins: Vec<_> =
        (0..20).map(|at| start_login(&mut browser, "/", NOW + at, &mut entropy)).collect();
    assert_eq!(browser.len(), MAX_OPEN_LOGINS);
    for (at, login) in logins.iter().enumerate() {
        let found = find(login.state().expose(), &browser, NOW + 30).is_some();
        assert_eq!(found, at >= 20 - MAX_OPEN_LOGINS, "{at}");
    }
    let long = format!("/{}", "x".repeat(2000));
    for at in 20..30 {
        let _ = start_login(&mut browser, &long, NOW + at, &mut entropy);
    }
    let length: usize = browser.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(length < 12_000, "{length}");
}

/// D05: what a browser sends is gone through once, and not once more for each login in it.
#[test]
fn work_does_not_grow_with_logins_times_cookies() {
    struct Counted(Vec<(&'static str, String)>, Cell<usize>);

    impl HeaderView for Counted {
        fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
            self.1.set(self.1.get() + 1);
            self.0.each_value(name, visit);
        }

        fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
            self.0.each(visit);
        }
    }

    let mut entropy = Counting::default();
    let mut browser = vec![];
    for at in 0..64 {
        let login = started("/", NOW, &mut entropy);
        let mut headers = Headers::new();
        let none: [(&str, &str); 0] = [];
        login_cookies().write(&login, Cookies::of(&none), &mut entropy, &mut headers).unwrap();
        apply(&headers, &mut browser);
        browser.push((format!("a{at}"), "b".into()));
    }
    let field = Counted(cookie_field(&browser).into(), Cell::new(0));
    let (login, mut headers) = (started("/", NOW, &mut entropy), Headers::new());
    login_cookies().write(&login, Cookies::of(&field), &mut entropy, &mut headers).unwrap();
    assert_eq!(field.1.get(), 1);
    apply(&headers, &mut browser);
    let logins = browser.iter().filter(|(name, _)| name.starts_with(NAMES.login_prefix()));
    assert_eq!(logins.count(), MAX_OPEN_LOGINS);
}

/// C24: a new login sweeps what is over, too old, or not to be opened.
#[test]
fn a_new_login_sweeps_the_old_ones() {
    let mut browser = vec![];
    let mut entropy = Counting::default();
    let over = start_login(&mut browser, "/over", NOW + 3000, &mut entropy);
    let _too_old = start_login(&mut browser, "/old", NOW, &mut entropy);
    let open = start_login(&mut browser, "/open", NOW + 3000, &mut entropy);
    finish(&mut browser, &over, NOW + 3100);
    browser.push(("__Host-gate_login_AAAAAAAAAAAA".into(), "junk".into()));
    browser.push(("other".into(), "kept".into()));
    let new = start_login(&mut browser, "/new", NOW + LIFETIME, &mut entropy);
    assert_eq!(browser.len(), 3);
    for login in [open, new] {
        assert!(find(login.state().expose(), &browser, NOW + LIFETIME).is_some());
    }
}
