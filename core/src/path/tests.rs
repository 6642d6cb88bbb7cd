//! Rows named P.. are those of the attack catalogue that the project tests against.

use super::*;
use alloc::{borrow::ToOwned as _, format, vec::Vec};
use proptest::prelude::*;

fn canonical(raw: &str) -> Result<String, PathError> {
    CanonicalPath::parse(raw).map(CanonicalPath::into_string)
}

#[test]
fn refuses_every_ambiguous_spelling() {
    use PathError::*;
    for (row, raw, expected) in [
        ("P01", "/public/../private/x", DotSegment),
        ("P01", "/./private/x", DotSegment),
        ("P01", "/private/..", DotSegment),
        ("P01", "/private/.", DotSegment),
        ("P02", "/public/%2e%2e/private/x", DotSegment),
        ("P02", "/public/%2E%2e/private/x", DotSegment),
        ("P02", "/public/.%2e/private/x", DotSegment),
        ("P02", "/%2e/private", DotSegment),
        ("P02", "/public/..%20/private/x", DotSegment),
        ("P02", "/public/%2e%2e%20%20/private/x", DotSegment),
        ("P02", "/public/%20../private/x", DotSegment),
        ("P02", "/public/.%20./private/x", DotSegment),
        ("P02", "/public/...%20/private/x", DotSegment),
        ("P02", "/private/.%20", DotSegment),
        ("P05", "/public/..%20;a=1/private/x", DotParameter),
        ("P03", "/public/..%2fprivate/x", EncodedSlash),
        ("P03", "/private%2Fx", EncodedSlash),
        ("P04", "/public/..%5cprivate", EncodedBackslash),
        ("P04", "/public\\..\\private", Backslash),
        ("P05", "/public/..;/private/x", DotParameter),
        ("P05", "/public/..%3B/private/x", DotParameter),
        ("P05", "/public/%2e%2e;/private/x", DotParameter),
        ("P05", "/public/.;a=1/private/x", DotParameter),
        ("P05", "/public/;../private/x", DotParameter),
        ("P06", "//private/x", EmptySegment),
        ("P06", "/private//x", EmptySegment),
        ("P06", "//", EmptySegment),
        ("P08", "/private%09", Control),
        ("P08", "/private\t", Control),
        ("P09", "/private%00.css", Control),
        ("P09", "/public%00/../private", Control),
        ("P09", "/private\0", Control),
        ("P10", "/%c0%ae%c0%ae/private", InvalidUtf8),
        ("P10", "/%c0%afprivate", InvalidUtf8),
        ("P10", "/%ff", InvalidUtf8),
        ("P10", "/%e2%82", InvalidUtf8),
        ("P10", "/%e2%82x", InvalidUtf8),
        ("P10", "/%ed%a0%80", InvalidUtf8),
        ("P10", "/%f4%90%80%80", InvalidUtf8),
        ("P14", "/private/secret#/public", Fragment),
        ("P24", "/public/.%2fprivate", EncodedSlash),
        ("P28", "/%zz", BadEscape),
        ("P28", "/%4", BadEscape),
        ("P28", "/%", BadEscape),
        ("P28", "/%+1", BadEscape),
        ("P28", "", NotAbsolute),
        ("P28", "*", NotAbsolute),
        ("P28", "http://[::1", NotAbsolute),
        ("S04", "/api//evil.example", EmptySegment),
        ("S04", "/api/%2e%2e/", DotSegment),
        ("S04", "/api/\\x", Backslash),
        ("", "/%7f", Control),
        ("", "/a b", Space),
        ("", "/caf\u{e9}", NonAscii),
        ("", "/a?b", QueryInPath),
    ] {
        assert_eq!(canonical(raw), Err(expected), "{row} {raw:?}");
    }
}

#[test]
fn decodes_escapes_of_unreserved_characters_and_nothing_else() {
    for (row, raw, expected) in [
        ("P12", "/%70rivate/x", "/private/x"),
        ("P12", "/%7Euser/%41%2D%5f", "/~user/A-_"),
        ("P11", "/public/%252e%252e%252fprivate", "/public/%252e%252e%252fprivate"),
        ("P14", "/foo/secret%23/bar", "/foo/secret%23/bar"),
        ("P05", "/private;a=1/x", "/private;a=1/x"),
        ("P08", "/private.", "/private."),
        ("P08", "/private%20", "/private%20"),
        ("P08", "/private/", "/private/"),
        ("P08", "/private/%20", "/private/%20"),
        ("P24", "/public../private", "/public../private"),
        ("P25", "/%F0%9F%A6%80/x", "/%F0%9F%A6%80/x"),
        ("P26", "/private/*", "/private/*"),
        ("P26", "/private/{id}", "/private/{id}"),
        ("S04", "/api/@evil.example/", "/api/@evil.example/"),
        ("", "/", "/"),
        ("", "/...", "/..."),
        ("", "/.a/b.", "/.a/b."),
        ("", "/caf%C3%a9", "/caf%C3%a9"),
        ("", "/a%2bb%3Fc", "/a%2bb%3Fc"),
        ("", "/a%20%61", "/a%20a"),
    ] {
        assert_eq!(canonical(raw).as_deref(), Ok(expected), "{row} {raw:?}");
    }
}

#[test]
fn does_not_allocate_for_a_path_that_is_canonical() {
    let path = CanonicalPath::parse("/api/private?x".split('?').next().unwrap()).unwrap();
    assert!(matches!(path.0, Cow::Borrowed(_)));
}

#[test]
fn bounds_the_length_before_anything_else() {
    let longest = format!("/{}", "a".repeat(MAX_PATH_LENGTH - 1));
    assert!(canonical(&longest).is_ok());
    assert_eq!(canonical(&(longest + "/../")), Err(PathError::PathTooLong));
    let query = "a=1&".repeat(5_000);
    assert_eq!(check_query(&query), Err(PathError::QueryTooLong));
}

#[test]
fn splits_a_target_at_the_first_question_mark() {
    for (target, path, query) in [
        ("/a", "/a", None),
        ("/a?", "/a", Some("")),
        ("/a?b=%zz&c=//../", "/a", Some("b=%zz&c=//../")),
        ("/a?b?c", "/a", Some("b?c")),
    ] {
        let parsed = RequestTarget::parse(target).unwrap();
        assert_eq!((parsed.path.as_str(), parsed.query), (path, query), "{target}");
    }
}

#[test]
fn refuses_a_query_that_can_not_be_passed_on_as_it_is() {
    use PathError::*;
    for (query, expected) in
        [("a#b", Fragment), ("a b", Space), ("a\r\nb", Control), ("\u{e9}", NonAscii)]
    {
        let target = "/a?".to_owned() + query;
        assert_eq!(RequestTarget::parse(&target), Err(expected), "{query:?}");
    }
}

proptest! {
    #[test]
    fn what_is_canonical_at_a_glance_is_canonical(
        raw in "/([a-z0-9~!\"<>|^`{}()*+,=:@&$'_-]|[./;%#? \\\\\u{7f}\u{e9}]|//|/\\.|\\.\\.){0,12}",
    ) {
        if is_plain(&raw) {
            prop_assert_eq!(normalise(&raw), Ok(None));
        }
    }

    #[test]
    fn any_text_ends_in_a_path_or_an_error(raw in "\\PC*") {
        let _ = canonical(&raw);
    }

    #[test]
    fn canonical_paths_stay_as_they_are(
        raw in "/([a-z.;%/]|%[0-9a-fA-F]{2}|%2[eE]|%7[0eE]){0,12}"
    ) {
        if let Ok(first) = canonical(&raw) {
            prop_assert_eq!(canonical(&first), Ok(first.clone()));
            // Whoever decodes once more sees the same segments.
            let decoded: Vec<u8> = decode(&first);
            let decoded = core::str::from_utf8(&decoded).expect("UTF-8");
            prop_assert_eq!(decoded.split('/').count(), first.split('/').count());
            prop_assert!(decoded.split('/').all(|segment| segment != "." && segment != ".."));
            prop_assert!(!decoded.contains("//"));
        }
    }
}

fn decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => decode_escape(bytes.next(), bytes.next()).expect("a good escape"),
            _ => byte,
        });
    }
    decoded
}
