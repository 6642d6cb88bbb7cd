//! Other spellings of a path that servers behind the gate may take for the same resource.
//!
//! A guard asks about all of them, so that none is a way around it. Rewrite rules see the path as
//! it is.

use super::compile::without_base;
use crate::pattern::{Case, decoded_literal};
use alloc::string::String;

/// Calls `test` with `path` below `base_path`, then with every other spelling, until it finds
/// something. The flag says whether the escapes of a spelling have been decoded; with `decode`,
/// there is always a spelling without escapes, even where it is the same text.
pub(super) fn find<T>(
    path: &str,
    base_path: &str,
    case: Case,
    decode: bool,
    test: &mut dyn FnMut(&str, bool) -> Option<T>,
) -> Option<T> {
    let mut below = |path: &str, decoded: bool| {
        let mut test = |path: &str| test(path, decoded);
        match without_base(path, base_path, case) {
            Some(path) => test(path).or_else(|| page_spellings(path, &mut test)),
            // The data of the page at the base path itself.
            None => test(without_base(without_data_suffix(path)?, base_path, case)?),
        }
    };
    if let Some(found) = below(path, false) {
        return Some(found);
    }
    let text = decoded_literal(path);
    let found = if decode || path.contains('%') { below(&text, true) } else { None };
    found.or_else(|| below(&relaxed(&text)?, true))
}

/// The page whose data a path asks for, in the forms that Next.js gives such paths.
fn page_spellings<T>(path: &str, test: &mut dyn FnMut(&str) -> Option<T>) -> Option<T> {
    let data = path.strip_prefix("/_next/data/").and_then(|rest| {
        let (build, _) = rest.split_once('/')?;
        rest.get(build.len()..)
    });
    let found = data.and_then(&mut *test);
    let page = data.unwrap_or(path);
    let stripped = without_data_suffix(page);
    let found = found.or_else(|| test(stripped?));
    // The page at the root is called index there.
    found.or_else(|| if stripped.unwrap_or(page) == "/index" { test("/") } else { None })
}

/// The page whose data a path asks for by its end.
fn without_data_suffix(path: &str) -> Option<&str> {
    let segment_data =
        path.strip_suffix(".segment.rsc").and_then(|rest| rest.split_once(".segments/"));
    segment_data
        .map(|(page, _)| page)
        .or_else(|| [".json", ".rsc"].iter().find_map(|suffix| path.strip_suffix(suffix)))
}

/// The decoded path up to a question mark or a number sign, where who writes it into a request of
/// their own as it is ends it, without path parameters, and without dots and blanks at the end of
/// segments; `None` if it has nothing of the kind.
fn relaxed(path: &str) -> Option<String> {
    let mut previous = 0;
    let is_plain = |byte: u8| {
        let before = core::mem::replace(&mut previous, byte);
        !(matches!(byte, b';' | b'?' | b'#') || byte == b'/' && matches!(before, b'.' | b' '))
    };
    // The end of the path is that of a segment too.
    if path.bytes().chain([b'/']).all(is_plain) {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut relaxed = String::with_capacity(path.len());
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let short = relaxed_segment(segment);
        // What is left of a segment of nothing but parameters is no segment.
        if !short.is_empty() || segments.peek().is_none() {
            relaxed.push('/');
            relaxed.push_str(short);
        }
    }
    Some(relaxed)
}

fn relaxed_segment(segment: &str) -> &str {
    let plain = segment.split(';').next().unwrap_or_default();
    plain.trim_end_matches(['.', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{borrow::ToOwned as _, vec, vec::Vec};

    fn spellings(path: &str, base_path: &str) -> Vec<String> {
        let mut seen = Vec::new();
        find(path, base_path, Case::Insensitive, false, &mut |path, _| {
            seen.push(path.to_owned());
            None::<()>
        });
        seen
    }

    #[test]
    fn a_plain_path_has_one_spelling() {
        for path in ["/", "/private", "/private/", "/a.b/c-d"] {
            assert_eq!(spellings(path, ""), [path]);
        }
    }

    #[test]
    fn every_escape_is_decoded_once() {
        for (path, expected) in
            [("/%40admin", "/@admin"), ("/caf%C3%A9", "/caf\u{e9}"), ("/%252e%252e", "/%2e%2e")]
        {
            assert_eq!(spellings(path, ""), [path, expected]);
        }
    }

    #[test]
    fn ends_and_parameters_and_trailing_dots_and_blanks_are_other_spellings() {
        for (row, path, expected) in [
            ("P13", "/private%3Fa=1/x", "/private"),
            ("P13", "/private.%3f;", "/private"),
            ("P14", "/private/%23x", "/private/"),
            ("P05", "/private;a=1/x", "/private/x"),
            ("P05", "/private%3Ba=1/x%3bb", "/private/x"),
            ("P05", "/;a/private", "/private"),
            ("P08", "/private.", "/private"),
            ("P08", "/private%20", "/private"),
            ("P08", "/private/%20", "/private/"),
            ("P08", "/private.%20./x...", "/private/x"),
        ] {
            let spellings = spellings(path, "");
            assert_eq!(spellings.first().map(String::as_str), Some(path), "{row}");
            assert_eq!(spellings.last().map(String::as_str), Some(expected), "{row}");
        }
    }

    #[test]
    fn page_data_is_another_spelling_of_the_page() {
        for (path, expected) in [
            ("/private.json", vec!["/private.json", "/private"]),
            ("/private.rsc", vec!["/private.rsc", "/private"]),
            ("/_next/data/b/p/x.json", vec!["/_next/data/b/p/x.json", "/p/x.json", "/p/x"]),
            ("/p.segments/_tree.segment.rsc", vec!["/p.segments/_tree.segment.rsc", "/p"]),
            ("/index.json", vec!["/index.json", "/index", "/"]),
            ("/index", vec!["/index", "/"]),
        ] {
            assert_eq!(spellings(path, "")[..expected.len()], expected);
        }
    }

    #[test]
    fn spellings_stand_below_the_base_path() {
        assert_eq!(spellings("/docs", "/docs"), ["/"]);
        assert_eq!(spellings("/docs.json", "/docs"), ["/"]);
        assert_eq!(spellings("/Docs/x;y", "/docs"), ["/x;y", "/x"]);
        assert_eq!(spellings("/docs;z/x", "/docs"), ["/x"]);
        assert!(spellings("/docsx", "/docs").is_empty());
    }
}
