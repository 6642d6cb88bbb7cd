//! Table tests of the pattern language, and property tests against a slow matcher.

use super::{
    regex::{Options, Parsed, Regex, parse, reference},
    *,
};
use alloc::{borrow::ToOwned as _, format, string::ToString as _, vec};
use proptest::prelude::*;

/// The parameters as text: `a=x b=[y,z]`, or nothing for no match.
fn matched(pattern: &str, path: &str) -> Option<String> {
    let pattern = Pattern::new(pattern, Case::Insensitive).unwrap();
    let captures = pattern.captures(path);
    assert_eq!(pattern.is_match(path), captures.is_some(), "{pattern} {path}");
    captures.map(|captures| show(&captures))
}

fn show(captures: &Captures<'_, '_>) -> String {
    let params = captures.iter().map(|(name, param)| match param {
        Param::Text(text) => format!("{name}={text}"),
        Param::List(list) => format!("{name}=[{}]", list.iter().collect::<Vec<_>>().join(",")),
    });
    params.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_parameter_takes_one_segment() {
    for (pattern, path, expected) in [
        ("/a/:p", "/a/x", Some("p=x")),
        ("/a/:p", "/a/x/", Some("p=x")),
        ("/a/:p", "/a/x%2Fy", Some("p=x%2Fy")),
        ("/a/:p", "/a", None),
        ("/a/:p", "/a/", None),
        ("/a/:p", "/a/x/y", None),
        ("/:p", "/x;a=1", Some("p=x;a=1")),
        ("/:0name", "/x", Some("0name=x")),
    ] {
        assert_eq!(matched(pattern, path).as_deref(), expected, "{pattern} {path}");
    }
}

#[test]
fn modifiers_say_how_many_segments() {
    for (pattern, path, expected) in [
        ("/a/:p?", "/a", Some("")),
        ("/a/:p?", "/a/", Some("")),
        ("/a/:p?", "/a/x", Some("p=x")),
        ("/a/:p?", "/a/x/y", None),
        ("/a/:p*", "/a", Some("")),
        ("/a/:p*", "/a/x/y", Some("p=[x,y]")),
        ("/a/:p*", "/a/x/y/", Some("p=[x,y]")),
        ("/a/:p+", "/a", None),
        ("/a/:p+", "/a/x", Some("p=[x]")),
        ("/:p*", "/", Some("")),
        ("/:p*/b", "/b", Some("")),
        ("/:p*/b", "/a/b/b", Some("p=[a,b]")),
        ("/:p*/:q*", "/a/b", Some("p=[a,b]")),
        ("/:p?/:q?", "/a", Some("p=a")),
        ("/:p*/b/:q*", "/b/b/b", Some("p=[b,b]")),
        ("/a{/:p/b}*", "/a/x/b/y/b", Some("p=[x/b/y]")),
        ("/a{/b}?/c", "/a/c", Some("")),
        ("/a{/b}?/c", "/a/b/c", Some("")),
        ("/a{b}*", "/abbb", Some("")),
        ("/a{b}+", "/a", None),
        ("/a{-:p}?", "/a-x", Some("p=x")),
        ("/a{-:p}?", "/a", Some("")),
        ("/a.:p*", "/a.b.c", Some("p=[b,c]")),
    ] {
        assert_eq!(matched(pattern, path).as_deref(), expected, "{pattern} {path}");
    }
}

#[test]
fn text_between_two_parameters_is_split_in_one_way() {
    for (pattern, path, expected) in [
        ("/:a-:b", "/x-y-z", Some("a=x-y b=z")),
        ("/:a.:b", "/x.y.z", Some("a=x.y b=z")),
        ("/:a--:b", "/x-y--z-w", Some("a=x-y b=z-w")),
        ("/:a--:b", "/x--y--z", Some("a=x--y b=z")),
        ("/:a-:b", "/x", None),
        ("/file-:n.txt", "/file-1.txt", Some("n=1")),
    ] {
        assert_eq!(matched(pattern, path).as_deref(), expected, "{pattern} {path}");
    }
}

#[test]
fn expressions_replace_what_a_parameter_takes() {
    for (pattern, path, expected) in [
        ("/:p(\\d+)", "/12", Some("p=12")),
        ("/:p(\\d+)", "/a", None),
        ("/:p(.*)", "/a/b/", Some("p=a/b/")),
        ("/:p(.*?)", "/a/b/", Some("p=a/b")),
        ("/(.*)", "/a/b", Some("")),
        ("/:p(a|b)/c", "/B/c", Some("p=B")),
        ("/:p(\\d{2,3})", "/1234", None),
        ("/:p([^-]+)-:q", "/a-b", Some("p=a q=b")),
        ("/:p(\\d+)+", "/1/2/3", Some("p=[1,2,3]")),
        ("/:p((?:ab)+)", "/abab", Some("p=abab")),
        ("/a:p(/.*)?", "/a/x/y", Some("p=/x/y")),
        ("/a:p(/.*)?", "/a", Some("")),
        ("/:a/:a", "/x/y", Some("a=x a=y")),
    ] {
        assert_eq!(matched(pattern, path).as_deref(), expected, "{pattern} {path}");
    }
}

#[test]
fn look_aheads_exclude_what_they_say() {
    let idiom = "/((?!api|_next/static|_next/image|favicon.ico).*)";
    let dots = "/((?!.*\\..*|_next).*)";
    let nested = "/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|jpe?g)).*)";
    let stacked = "/((?!a)(?!b).*)";
    let segment = "/((?!(?:api|login)(?:/|$)).*)";
    let middle = "/x/:p((?!admin$)[^/]+)/y";
    for (pattern, path, expected) in [
        (idiom, "/", true),
        (idiom, "/dashboard", true),
        (idiom, "/api", false),
        (idiom, "/api/x", false),
        (idiom, "/apix", false),
        (idiom, "/API", false),
        (idiom, "/faviconxico", false),
        (idiom, "/_next/data", true),
        (idiom, "/x/api", true),
        (dots, "/a", true),
        (dots, "/a.css", false),
        (dots, "/a/b.c/d", false),
        (dots, "/_next/x", false),
        (nested, "/a.js", false),
        (nested, "/a.json", true),
        (nested, "/a.jpg", false),
        (nested, "/a.htm/x", false),
        (stacked, "/ax", false),
        (stacked, "/bx", false),
        (stacked, "/cx", true),
        (segment, "/api", false),
        (segment, "/api/x", false),
        (segment, "/apix", true),
        (middle, "/x/admin/y", true),
        (middle, "/x/a/y", true),
        ("/((?!.+\\.[\\w]+$).*)", "/a.b/c", true),
        ("/((?!.+\\.[\\w]+$).*)", "/a/c.d", false),
        ("/:p((?=\\d).*)", "/1a", true),
        ("/:p((?=\\d).*)", "/a1", false),
        ("/:p(.*(?<!\\.php))", "/a.php", false),
        ("/:p(.*(?<!\\.php))", "/a.phpx", true),
    ] {
        assert_eq!(matched(pattern, path).is_some(), expected, "{pattern} {path}");
    }
}

#[test]
fn letters_have_no_case_unless_they_should() {
    for (case, pattern, path, expected) in [
        (Case::Insensitive, "/Api/:p", "/aPI/X", true),
        (Case::Insensitive, "/:p([a-c]+)", "/ABC", true),
        (Case::Insensitive, "/:p([^a-c]+)", "/ABC", false),
        (Case::Sensitive, "/Api/:p", "/aPI/X", false),
        (Case::Sensitive, "/Api/:p", "/Api/X", true),
        (Case::Sensitive, "/:p([a-c]+)", "/ABC", false),
        (Case::Sensitive, "/caf%C3%A9", "/caf%c3%a9", true),
        (Case::Sensitive, "/caf%C3%A9-(.*)", "/caf%c3%a9-", true),
        (Case::Sensitive, "/%41C3", "/Ac3", false),
    ] {
        let pattern = Pattern::new(pattern, case).unwrap();
        assert_eq!(pattern.is_match(path), expected, "{pattern} {path}");
    }
}

#[test]
fn literal_text_is_spelled_as_canonical_paths_are() {
    for (pattern, path) in [
        ("/caf\u{e9}", "/caf%C3%A9"),
        ("/%70rivate/:p", "/private/x"),
        ("/a b", "/a%20b"),
        ("/a\\:b", "/a:b"),
        ("/a\\?b\\*", "/a?b*"),
        ("/a%2Fb", "/a%2Fb"),
    ] {
        assert!(matched(pattern, path).is_some(), "{pattern} {path}");
    }
}

#[test]
fn errors_say_what_and_where() {
    for (pattern, column, expected) in [
        ("/:", 2, "Missing parameter name at 1"),
        ("/(?a)", 3, "Pattern cannot start with \"?\" at 2"),
        ("/(a(b))", 4, "Capturing groups are not allowed at 3"),
        ("/(a", 2, "Unbalanced pattern at 1"),
        ("/()", 2, "Missing pattern at 1"),
        ("/*", 2, "Unexpected MODIFIER at 1, expected END"),
        ("/a?", 3, "Unexpected MODIFIER at 2, expected END"),
        ("/{a{b}}", 4, "Unexpected OPEN at 3, expected CLOSE"),
        ("/{a", 4, "Unexpected END at 3, expected CLOSE"),
        ("/}", 2, "Unexpected CLOSE at 1, expected END"),
        ("/:a:b", 4, "Must have text between two parameters, missing text after \"a\" at 3"),
        ("/(a):b", 5, "Must have text between two parameters, missing text after \"0\" at 4"),
        ("/a:b*", 3, "Can not repeat \"b\" without a prefix and suffix at 2"),
        ("/:a([)", 5, "Invalid regular expression: Unterminated character class at 4"),
        ("/:a(+)", 5, "Invalid regular expression: Nothing to repeat at 4"),
        (
            "/:a(x{2,1})",
            6,
            "Invalid regular expression: numbers out of order in {} quantifier at 5",
        ),
        ("/:a([z-a])", 6, "Invalid regular expression: Range out of order in character class at 5"),
        ("/:a(a(?<n>b))", 6, "Invalid regular expression: Named groups are supported only"),
        ("/:a(b\\1)", 6, "Invalid regular expression: Back-references are not supported at 5"),
        ("/:a((?#b))", 5, "Invalid regular expression: Invalid group at 4"),
    ] {
        let error = Pattern::new(pattern, Case::Insensitive).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{pattern}: {error}");
        assert_eq!(error.column(), column, "{pattern}");
    }
}

#[test]
fn limits_are_errors_at_construction() {
    let compile = |source: &str| {
        Pattern::new(source, Case::Insensitive).map(|_| ()).map_err(|error| error.kind().clone())
    };
    assert_eq!(compile(&format!("/{}", "a".repeat(5000))), Err(PatternErrorKind::TooLong));
    assert_eq!(compile("/:a(x{5000})"), Err(PatternErrorKind::TooLarge));
    assert_eq!(compile("/:a((?:(?:x{99}){99}){99})"), Err(PatternErrorKind::TooLarge));
    assert_eq!(compile("/:a((?:){4294967295})"), Ok(()));
    assert_eq!(
        compile(&"/:a".repeat(MAX_PARAMETERS + 1)),
        Err(PatternErrorKind::TooManyParameters)
    );
    let deep = format!("/:a({}x{})", "(?:".repeat(MAX_NESTING + 1), ")".repeat(MAX_NESTING + 1));
    let nested = PatternErrorKind::Expression(ExpressionError::NestedTooDeeply);
    assert_eq!(compile(&deep), Err(nested));
    let looks = format!("/:a({}x)", "(?!a)".repeat(65));
    let looks = compile(&looks);
    let many = PatternErrorKind::Expression(ExpressionError::TooManyLookArounds);
    assert_eq!(looks, Err(many));
}

#[test]
fn values_are_covered_whole_with_regard_to_case() {
    for (pattern, text, expected) in [
        ("yes|true", "yes", Some("")),
        ("yes|true", "yesterday", None),
        ("yes|true", "untrue", None),
        ("yes", "YES", None),
        ("(?<v>yes|true)", "true", Some("v=true")),
        ("(?<a>\\d+)-(?<b>.*)", "12-x-y", Some("a=12 b=x-y")),
        ("(?<a>a*?)(?<b>a*)", "aaa", Some("a= b=aaa")),
        ("(?:(?<a>a)|(?<b>b))*", "ab", Some("b=b")),
        ("(a)(b)?", "a", Some("")),
        (".", "\u{e9}", Some("")),
        (".", "\n", None),
        ("\\u00e9\\x41", "\u{e9}A", Some("")),
        ("\\ud83e\\udd80", "\u{1f980}", Some("")),
        ("[^]", "\n", Some("")),
        ("[]", "", None),
        ("a{,2}", "a{,2}", Some("")),
        ("[\\d-x]+", "1-x", Some("")),
        ("\\bab\\b", "ab", Some("")),
        ("a\\Bb", "ab", Some("")),
        ("\\cJ", "\n", Some("")),
        ("(?:a?b??)*", "ab", Some("")),
        ("(?<x>(?:a?b??)*)(?<y>.*)", "ab", Some("x=ab y=")),
        ("(?<a>a*)?", "", Some("")),
        ("(?<a>a*){1}", "", Some("a=")),
    ] {
        let pattern = ValuePattern::new(pattern).unwrap();
        let captures = pattern.captures(text).map(|captures| {
            let groups: Vec<_> = captures.iter().map(|(n, v)| format!("{n}={v}")).collect();
            groups.join(" ")
        });
        assert_eq!(captures.as_deref(), expected, "{pattern:?} {text:?}");
    }
}

/// Expressions that are exponential or cubic for a backtracking engine.
#[test]
fn work_grows_in_proportion_to_the_path() {
    for pattern in [
        "/:a((?:x+)+)",
        "/:a((?:x*)*)y",
        "/:a((?:x|x)*)y",
        "/:a-:b-:c-:d-:e",
        "/:p*/:q*/:r*/z",
        "/:p(.*)/:q(.*)/:r(.*)z",
        "/((?!.*(?:x+)+y).*)",
        "/:a((?:(?!x*y)x)*)",
        "/:a((?:(?=x*(?!.*q)x)x)*)",
        "/:a((?:x(?<!y.*))*)",
        "/:a",
        "/:a*/b",
    ] {
        let pattern = Pattern::new(pattern, Case::Insensitive).unwrap();
        let work = |length: usize| {
            // Those that are not ASCII are not decided by a table.
            ["x", "x/", "-x", "x\u{e9}"]
                .map(|unit| {
                    let mut steps = 0;
                    let path = format!("/{}", unit.repeat(length / unit.len()));
                    pattern.captures_counted(&path, &mut steps);
                    steps
                })
                .iter()
                .sum::<u64>()
        };
        let (short, long) = (work(500), work(4000));
        assert!(long <= short * 9, "{pattern}: {short} steps for 500, {long} for 4000");
    }
}

fn has_table(source: &str) -> bool {
    match Pattern::new(source, Case::Insensitive).unwrap().engine {
        Engine::Regex { regex, .. } => regex.has_table(),
        Engine::Segments(_) => panic!("{source} needs no expression"),
    }
}

#[test]
fn what_people_write_is_decided_by_a_table() {
    for (source, expected) in [
        ("/((?!api|_next/static|_next/image|favicon.ico).*)", true),
        ("/((?!api|_next/static|_next/image|favicon\\.ico|sitemap\\.xml|robots\\.txt).*)", true),
        (
            "/((?!_next|[^?]*\\.(?:html?|css|js(?!on)|jpe?g|webp|png|gif|svg|ttf|woff2?|ico|csv|\
             docx?|xlsx?|zip|webmanifest)).*)",
            true,
        ),
        ("/((?!.*\\..*|_next).*)", true),
        ("/blog/:year(\\d{4})/:slug", true),
        ("/:from-:to", true),
        ("/docs/:path(.*)", true),
        ("/:a*/:b*", true),
        // What looks behind, and what would need too many states.
        ("/:p(.*(?<!\\.php))", false),
        ("/:p(\\bx)", false),
        ("/:p(.{14}a.*)", false),
    ] {
        assert_eq!(has_table(source), expected, "{source}");
    }
}

/// Small expressions over a small alphabet, so that they often match.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a"),
        Just("b"),
        Just("/"),
        Just("."),
        Just("[ab]"),
        Just("[^a]"),
        Just("\\w"),
        Just("$"),
        Just("^"),
        Just("\\b"),
        Just(""),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            4 => (inner.clone(), inner.clone()).prop_map(|(a, b)| a + &b),
            2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(?:{a}|{b})")),
            3 => (inner.clone(), "[*+?]|\\{[012]\\}|\\{1,2\\}|\\{0,\\}", "\\??")
                .prop_map(|(a, quantifier, lazy)| format!("(?:{a}){quantifier}{lazy}")),
            1 => inner.clone().prop_map(|a| format!("(?={a})")),
            1 => inner.clone().prop_map(|a| format!("(?!{a})")),
            1 => inner.clone().prop_map(|a| format!("(?<={a})")),
            1 => inner.clone().prop_map(|a| format!("(?<!{a})")),
            2 => inner.prop_map(|a| format!("(?<>{a})")),
        ]
    })
}

/// Gives every group that should be captured a name; inside look-arounds none is.
fn named(expression: &str) -> String {
    let mut named = expression.to_owned();
    for number in 0.. {
        let replaced = named.replacen("(?<>", &format!("(?<g{number}>"), 1);
        if replaced == named {
            break;
        }
        named = replaced;
    }
    named
}

/// Pieces of sources.
const TOKENS: [&str; 22] = [
    "a",
    "b",
    "/",
    "-",
    ".",
    "/a",
    "/b-",
    ":p",
    "/:q",
    ":r?",
    "/:s*",
    "/:t+",
    "-:u",
    "{/:v}?",
    "{-:w}*",
    "{a}?",
    "(.*)",
    ":x(a|b)",
    ":y([^a]*)",
    "((?!a).*)",
    "/((?!b(?!a))[^/]+)",
    ":z(a+?)",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn finds_what_backtracking_finds(expression in expression(), text in "[ab/]{0,9}") {
        let expression = named(&expression);
        let options = Options { fold: false, named_groups: true, position: 0 };
        if let Ok(Parsed { node, names }) = parse(&expression, options)
            && let Ok(expected) = reference::captures(&node, names.len(), &text)
        {
            let regex = Regex::new(node, names.len()).unwrap();
            for regex in [&regex.without_table(), &regex] {
                let found = regex.captures(&text, &mut 0).map(|spans| {
                    let text = |(start, end): (usize, usize)| text[start..end].to_owned();
                    (0..names.len()).map(|group| spans.get(group).map(text)).collect::<Vec<_>>()
                });
                prop_assert_eq!(regex.is_match(&text, &mut 0), found.is_some());
                prop_assert_eq!(&found, &expected, "{} on {:?}", expression, text);
            }
        }
    }

    #[test]
    fn segments_find_what_expressions_find(
        source in "(/(a|b|:x|:y|:z)|/)(/(a|b|:u|:v)){0,2}(/:w[?*+])?(/(a|b|:s))?/?",
        path in "(/(a|b|c|A)?){0,6}",
    ) {
        let segments = Pattern::new(&source, Case::Insensitive).unwrap();
        prop_assert!(matches!(segments.engine, Engine::Segments(_)));
        let node = expression::of(&segments.parts, Case::Insensitive).unwrap();
        let expected = reference::captures(&node, segments.parameters.len(), &path).unwrap();
        let found = segments.find(&path, &mut 0).map(|spans| {
            let text = |(start, end): (usize, usize)| path[start..end].to_owned();
            (0..segments.parameters.len()).map(|at| spans.get(at).map(text)).collect::<Vec<_>>()
        });
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn patterns_find_what_backtracking_finds(
        tokens in prop::collection::vec(prop::sample::select(&TOKENS[..]), 1..6),
        path in "/[aAb/.-]{0,9}",
    ) {
        let source = format!("/{}", tokens.concat());
        if let Ok(pattern) = Pattern::new(&source, Case::Insensitive)
            && let Ok(node) = expression::of(&pattern.parts, Case::Insensitive)
            && let Ok(expected) = reference::captures(&node, pattern.parameters.len(), &path)
        {
            let found = pattern.find(&path, &mut 0).map(|spans| {
                let text = |(start, end): (usize, usize)| path[start..end].to_owned();
                (0..pattern.parameters.len()).map(|at| spans.get(at).map(text)).collect::<Vec<_>>()
            });
            prop_assert_eq!(found, expected, "{} on {}", source, path);
        }
    }

    #[test]
    fn compiling_and_matching_end(
        source in "/([a-z:/.{}()*+?|\\\\\\[\\]^$0-9<!=,-]|:p|\\(\\?|\\{2,3\\}){0,20}",
        path in "/[a-z/.0-9-]{0,40}",
    ) {
        for case in [Case::Insensitive, Case::Sensitive] {
            if let Ok(pattern) = Pattern::new(&source, case) {
                let captures = pattern.captures(&path);
                prop_assert_eq!(pattern.is_match(&path), captures.is_some());
            }
        }
        if let Ok(pattern) = ValuePattern::new(&source) {
            let _ = pattern.captures(&path);
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_an_error(source in "\\PC{0,40}", path in "\\PC{0,40}") {
        if let Ok(pattern) = Pattern::new(&source, Case::Insensitive) {
            let _ = pattern.captures(&path);
        }
    }
}
