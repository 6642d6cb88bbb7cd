//! The rows of the attack catalogue that are about the text of a target (R01 to R13, R15, R17, R18,
//! R23). Each must be no target, wherever it comes from: as it stands, or decoded from a query.

use super::*;
use crate::http::QueryWriter;
use alloc::format;

fn origin() -> Origin {
    Origin::parse("https://app.example").unwrap()
}

/// Whether a login would end at a target that this text names.
fn leads(text: &str) -> bool {
    let query = QueryWriter::form().pair("returnTo", text).finish();
    let of_query = ReturnTo::of_query(Query::new(&query), &origin());
    assert_eq!(of_query, ReturnTo::parse_within(text, &origin()), "{text:?}");
    of_query.is_some()
}

fn leads_nowhere(texts: &[&str]) {
    for text in texts {
        assert!(!leads(text), "{text:?}");
        assert_eq!(ReturnTo::parse(text), None, "{text:?}");
    }
}

#[test]
fn keeps_paths_of_this_application() {
    for (text, kept) in [
        ("/", "/"),
        ("/private", "/private"),
        ("/private/a?b=c&d=%2F", "/private/a?b=c&d=%2F"),
        ("/private?next=https://app.example/", "/private?next=https://app.example/"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/%70rivate", "/private"),
    ] {
        assert_eq!(ReturnTo::parse(text).unwrap().as_str(), kept);
        assert!(leads(text));
    }
}

/// What version 3 of the Auth0 SDK took as well: an absolute URL, of this origin and no other.
#[test]
fn takes_absolute_urls_of_its_own_origin() {
    for (text, kept) in [
        ("https://app.example", Some("/")),
        ("https://app.example/", Some("/")),
        ("https://app.example/private?a=b#c", Some("/private?a=b")),
        ("https://app.example?a=b", None),
        ("https://app.example#", None),
        ("https://app.example//evil.example", None),
        ("https://app.example/\\evil.example", None),
        ("https://app.example/../..//evil.example", None),
        ("http://app.example/", None),
        ("HTTPS://app.example/", None),
        ("https://App.example/", None),
    ] {
        let target = ReturnTo::parse_within(text, &origin());
        assert_eq!(target.as_ref().map(ReturnTo::as_str), kept, "{text}");
        assert_eq!(ReturnTo::parse(text), None, "{text}");
    }
}

#[test]
fn r01_protocol_relative() {
    leads_nowhere(&["//evil.example/x", "//evil.example", "///evil.example", "//"]);
}

#[test]
fn r02_slash_and_backslash() {
    leads_nowhere(&["/\\evil.example", "\\/evil.example", "\\\\evil.example", "/a\\b"]);
}

#[test]
fn r03_tab_inside() {
    leads_nowhere(&[
        "/\t/evil.example",
        "/\t\\evil.example",
        "/%09/evil.example",
        "\t//evil.example",
    ]);
}

#[test]
fn r04_line_breaks_and_feeds_inside() {
    for byte in ["\n", "\r", "\u{b}", "\u{c}", "%0a", "%0d", "%0b", "%0c", "%0D%0A"] {
        leads_nowhere(&[
            &format!("/{byte}/evil.example"),
            &format!("/{byte}\\evil.example"),
            &format!("{byte}//evil.example"),
        ]);
    }
}

#[test]
fn r05_blanks_between() {
    leads_nowhere(&["/ /evil.example", "/%20%5cevil.example", " //evil.example", "/ "]);
}

#[test]
fn r06_dot_segments() {
    leads_nowhere(&[
        "/.//evil.example",
        "/./\\evil.example",
        "/../..//evil.example",
        "/%2e%2e//evil.example",
        "/a/..",
        "/.%2e/x",
    ]);
}

#[test]
fn r07_odd_schemes() {
    leads_nowhere(&[
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "HtTpS:\\\\evil.example",
        "ftp://evil.example/",
        "https://evil.example/",
    ]);
}

#[test]
fn r08_user_information() {
    leads_nowhere(&[
        "https://app.example@evil.example/",
        "//app.example:443@evil.example",
        "https://app.example&@evil.example#@x",
        "https://app.example:pass@evil.example/",
    ]);
}

#[test]
fn r09_hosts_that_look_alike() {
    leads_nowhere(&[
        "https://badapp.example",
        "https://app.example.evil.example",
        "https://app.exampleevil.example/",
        "https://app.example.",
        "https://app.example./",
    ]);
}

#[test]
fn r10_another_port() {
    leads_nowhere(&[
        "https://app.example:8443/",
        "https://app.example:443/",
        "https://app.example:/",
    ]);
}

#[test]
fn r11_schemes_of_scripts() {
    leads_nowhere(&[
        "javascript:alert(1)",
        "data:text/html,<script>",
        "\u{19}Jav\tasc\tript:https://app.example/",
        "vbscript:x",
    ]);
}

#[test]
fn r12_encoded_slashes() {
    leads_nowhere(&[
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "%2f%2fevil.example",
        "/a%2Fb",
        "/%252f/evil.example",
        "/%255C%255cevil.example",
    ]);
    // In a query they are data.
    let target = ReturnTo::parse("/ok?next=%2Fa%252Fb").unwrap();
    assert_eq!(target.as_str(), "/ok?next=%2Fa%252Fb");
    assert!(leads("/100%25"));
}

#[test]
fn r13_look_alikes_in_unicode() {
    leads_nowhere(&[
        "/\u{ff0f}evil.example",
        "//evil\u{3002}example",
        "https://app.example\u{2044}@evil.example",
        "/\u{e9}",
    ]);
}

#[test]
fn r15_header_splitting() {
    leads_nowhere(&["/a\r\nSet-Cookie: x=1", "/a%0d%0aSet-Cookie:%20x=1", "/a\nb"]);
}

#[test]
fn r17_more_than_2048_bytes() {
    assert!(leads(&format!("/{}", "x".repeat(2047))));
    for length in [2048, 65_536] {
        leads_nowhere(&[&format!("/{}", "x".repeat(length)), &format!("/?{}", "x".repeat(length))]);
    }
}

#[test]
fn r18_a_repeated_parameter() {
    let target = |query| ReturnTo::of_query(Query::new(query), &origin());
    assert_eq!(target("returnTo=%2Fok"), ReturnTo::parse("/ok"));
    for query in ["returnTo=%2Fok&returnTo=%2F%2Fevil.example", "returnTo=%2Fok&returnTo=%2Fok"] {
        assert_eq!(target(query), None, "{query}");
    }
}

#[test]
fn r20_nothing_but_return_to_names_a_target() {
    let target = |query| ReturnTo::of_query(Query::new(query), &origin());
    for query in [
        "",
        "x=y",
        "iss=https://op.example&target_link_uri=https://app.example/private",
        "returnto=%2Fok",
        "rd=%2Fok",
    ] {
        assert_eq!(target(query), None, "{query}");
    }
}

#[test]
fn r23_a_fragment_is_dropped() {
    for text in ["/ok#//evil.example", "/ok#access_token=x", "/ok#"] {
        assert_eq!(ReturnTo::parse(text).unwrap().as_str(), "/ok");
    }
}

#[test]
fn what_is_no_path_leads_nowhere() {
    leads_nowhere(&["", "private", "?x", "#x", "."]);
}
