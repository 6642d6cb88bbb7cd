//! Who may store an answer.

use super::*;
use crate::http::HeaderView;

/// What is said of caching on an answer to somebody who is signed in, where upstream says `fields`.
fn said(response: &ResponseEdits, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields: &dyn HeaderView = &fields.to_vec();
    let filter = response.filter(fields);
    let mut said = Vec::new();
    fields.each(&mut |name, value| {
        if filter.keeps(name, value) {
            said.push((name.to_string(), String::from_utf8(value.to_vec()).unwrap()));
        }
    });
    let added = filter.added().filter(|(name, _)| *name != "set-cookie");
    said.extend(added.map(|(name, value)| (name.to_string(), value.to_string())));
    said
}

fn control(response: &ResponseEdits, fields: &[(&str, &str)]) -> Vec<String> {
    let said = said(response, fields).into_iter();
    said.filter(|(name, _)| name == "cache-control").map(|(_, value)| value).collect()
}

/// L03: an upstream that sees a token need not say `private`: no shared cache stores the answer to
/// such a request (RFC 9111 §3.5). The browser sends a cookie in its place, so the gate says it.
#[test]
fn l03_what_an_upstream_need_not_say_of_a_token_is_said_of_a_cookie() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    for response in
        [forward(browser.get("/api/x")).response, serve(browser.get("/private")).response]
    {
        for ours in ["max-age=60", "no-cache", "MAX-AGE=60, immutable", "", "private=\"x-a\""] {
            assert_eq!(control(&response, &[("cache-control", ours)]), [ours, "private"]);
        }
        for enough in
            ["private, max-age=60", "no-store", "Public", "max-age=0, s-maxage=60", "a, private"]
        {
            assert_eq!(control(&response, &[("cache-control", enough)]), [enough]);
        }
        let lines = [("cache-control", "max-age=60"), ("cache-control", "private")];
        assert_eq!(control(&response, &lines), ["max-age=60", "private"]);
        assert_eq!(control(&response, &[]), ["private, no-store"]);
    }
    // What is for everybody is nobody's secret.
    let open = serve(Browser::new(gate()).get("/public")).response;
    assert_eq!(control(&open, &[("cache-control", "max-age=60")]), ["max-age=60"]);
}

/// L03: words about caching that end at this hop are none.
#[test]
fn l03_words_that_do_not_go_on_count_as_not_said() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let response = forward(browser.get("/api/x")).response;
    let fields = [("cache-control", "private"), ("connection", "cache-control")];
    assert_eq!(control(&response, &fields), ["private, no-store"]);
}

/// L04: what a browser has stored for one person is not for the next one who signs in with it.
#[test]
fn l04_a_stored_answer_is_for_whom_it_was_given_to() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    let response = forward(browser.get("/api/x")).response;
    let varies = |fields: &[(&str, &str)]| {
        let said = said(&response, fields).into_iter().filter(|(name, _)| name == "vary");
        said.map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(varies(&[("cache-control", "max-age=60")]), ["cookie"]);
    assert_eq!(varies(&[("cache-control", "private, max-age=60")]), ["cookie"]);
    let fields = [("cache-control", "no-cache"), ("vary", "accept, authorization")];
    assert_eq!(varies(&fields), ["accept, authorization", "cookie"]);
    for enough in ["Cookie", "accept , cookie", "*"] {
        assert_eq!(varies(&[("cache-control", "max-age=60"), ("vary", enough)]), [enough]);
    }
    let ends_here = [("cache-control", "max-age=60"), ("vary", "cookie"), ("connection", "vary")];
    assert_eq!(varies(&ends_here), ["cookie"]);
    // Nobody stores these, and those are everybody's.
    for control in ["no-store", "public, max-age=60", "s-maxage=60"] {
        assert_eq!(varies(&[("cache-control", control)]), [""; 0], "{control}");
    }
    assert_eq!(varies(&[]), [""; 0]);
}

/// L01: where the gate sets a cookie, nobody stores the answer, whichever cache is spoken to
/// (RFC 9213 §2.1).
#[test]
fn l01_no_cache_is_told_to_store_a_cookie() {
    let mut browser = Browser::new(gate());
    browser.sign_in();
    browser.clock = 8640;
    let response = serve(browser.get("/private")).response;
    for name in [
        "Age",
        "Cache-Control",
        "CDN-Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "Edge-Control",
        "Expires",
        "Netlify-CDN-Cache-Control",
        "Pragma",
        "Surrogate-Control",
        "Vercel-CDN-Cache-Control",
        "X-Accel-Expires",
    ] {
        let said = said(&response, &[(name, "max-age=60")]);
        assert_eq!(said, owned([("cache-control", "no-store")].into_iter()), "{name}");
    }
}
