//! What is printed for whoever looks for a fault.

use super::{refresh::*, *};
use crate::{
    http::{One, SameSite, Scheme, SetCookie, Url},
    issuer::IssuerConfig,
    oidc::ReturnTo,
    path::CanonicalPath,
    rewrite::{ExternalUrl, LocalUrl},
};
use alloc::borrow::Cow;
use core::fmt::Debug;

const HIDDEN: &str = "hidden-7f3a";

fn hides(value: &impl Debug) {
    let printed = format!("{value:?}");
    assert!(!printed.contains(HIDDEN), "{printed}");
}

/// L08: a query may have a token in it, or a ticket that works once, so none is printed of a request
/// that is decided, or waits.
#[test]
fn no_query_is_printed_of_a_request() {
    let mut browser = signed_in(0);
    let targets = [
        format!("/api/x?access_token={HIDDEN}"),
        format!("/private?ticket={HIDDEN}"),
        format!("/public?ticket={HIDDEN}"),
    ];
    for target in &targets {
        hides(&browser.get(target));
    }
    browser.clock = DUE;
    for target in &targets[..2] {
        let step = browser.begin("GET", target, &[]);
        assert!(matches!(step, Step::Refresh(_)), "{target}");
        hides(&step);
    }
    // A login that waits for the provider's documents, then one that comes back.
    let mut browser = Browser::new(gate());
    let query = QueryWriter::for_url("/api/auth/login")
        .pair("returnTo", &format!("/private?ticket={HIDDEN}"))
        .pair("invitation", HIDDEN)
        .pair("login_hint", HIDDEN)
        .finish();
    let ready = browser.machine;
    browser.machine = IssuerMachine::new(IssuerConfig::new(ISSUER).unwrap(), RUSTCRYPTO);
    let step = browser.begin("GET", &query, &[]);
    assert!(matches!(step, Step::Await(_)));
    hides(&step);
    browser.machine = ready;
    let login = login_of(&response(browser.get(&query)));
    let step = browser.begin("GET", &callback(&login), &[]);
    assert!(matches!(step, Step::Fetch(_)));
    hides(&step);
}

/// L08: the same of the parts.
#[test]
fn neither_queries_nor_values_of_cookies_and_forms_are_printed() {
    let target = format!("/a?b={HIDDEN}");
    hides(&RequestTarget::parse(&target).unwrap());
    hides(&ReturnTo::parse(&target).unwrap());
    hides(&Url::parse(&format!("https://app.example{target}")).unwrap());
    hides(&Query::new(HIDDEN));
    hides(&QueryWriter::form().pair("client_secret", HIDDEN));
    hides(&QueryWriter::for_url(target.as_str()));
    let path = || CanonicalPath::parse("/a").unwrap();
    let query = || Some(Cow::Borrowed(HIDDEN));
    hides(&LocalUrl { path: path(), query: query(), served: Served::Page });
    let (scheme, authority) = (Scheme::Https, Cow::Borrowed("app.example"));
    hides(&ExternalUrl { scheme, authority, path: path(), query: query() });
    let (name, same_site) = ("session", SameSite::Lax);
    hides(&SetCookie { name, value: HIDDEN, max_age: 1, secure: true, same_site });
    let fields = [("authorization", HIDDEN)];
    hides(&One::of(&fields, "authorization"));
}
