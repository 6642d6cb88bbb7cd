//! Generated sources and destinations, and paths that fit them.

use super::random::Random;

/// The source of a rule or of a matcher.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) text: String,
    /// A path that it is likely to cover.
    pub(super) sample: String,
    pub(super) params: Vec<Param>,
}

/// A parameter that a destination can use.
#[derive(Clone, Debug)]
pub(super) struct Param {
    pub(super) name: String,
    pub(super) modifier: &'static str,
}

const SEGMENTS: [&str; 12] =
    ["a", "b", "c", "api", "Api", "x1", "42", "a-b", "a.b", "login", "%C3%A9", "a%20b"];

/// Segments that mean something in a query, or that are spelled in an unusual way.
const ODD_SEGMENTS: [&str; 9] =
    ["a&b=c", "a+b", "%61pi", "a%26b", "p;q=1", "a=b", "%7Ea", "a,b", "@x"];

pub(super) fn segment(random: &mut Random) -> &'static str {
    if random.chance(8) { random.pick(&ODD_SEGMENTS) } else { random.pick(&SEGMENTS) }
}

pub(super) fn source(random: &mut Random) -> Source {
    let mut source = Source { text: String::new(), sample: String::new(), params: Vec::new() };
    for _ in 0..random.below(4) {
        piece(random, &mut source);
    }
    if source.text.is_empty() {
        source.text.push('/');
    }
    if source.sample.is_empty() {
        source.sample.push('/');
    }
    if random.chance(2) {
        // Most likely an error.
        let at = random.below(source.text.len());
        if source.text.is_char_boundary(at) {
            source.text.insert_str(at, random.pick(&["(", ")", "{", "}", "*", ":", "?", "(?:"]));
        }
    }
    source
}

fn piece(random: &mut Random, source: &mut Source) {
    let fresh = ["p", "q", "r", "s"][source.params.len().min(3)];
    let mut param = |modifier: &'static str| {
        source.params.push(Param { name: fresh.to_owned(), modifier });
        format!(":{fresh}{modifier}")
    };
    let (text, sample) = match random.below(22) {
        0..5 => {
            let segment = segment(random);
            (format!("/{segment}"), format!("/{segment}"))
        }
        5..8 => (format!("/{}", param("")), format!("/{}", segment(random))),
        8..10 => {
            let sample = match random.below(3) {
                0 => String::new(),
                1 => format!("/{}", segment(random)),
                _ => format!("/{}/{}", segment(random), segment(random)),
            };
            (format!("/{}", param("*")), sample)
        }
        10 => (format!("/{}", param("+")), format!("/{}/{}", segment(random), segment(random))),
        11 => {
            let sample = if random.chance(50) { "" } else { "/b" };
            (format!("/{}", param("?")), sample.to_owned())
        }
        12 => (format!("/{}(\\d+)", param("")), "/42".to_owned()),
        13 => (format!("/{}(a|b|\\w+-x)", param("")), "/b".to_owned()),
        14 => (format!("/{}(.*)", param("")), format!("/{}/{}", segment(random), segment(random))),
        15 => ("/(.*)".to_owned(), format!("/{}", segment(random))),
        16 => (format!("/{}-z", param("")), "/a-b-z".to_owned()),
        17 => (format!("{{/{}}}?", param("")), format!("/{}", segment(random))),
        18 => ("/((?!api|login|c$).*)".to_owned(), format!("/{}", segment(random))),
        19 => (format!("/{}((?!b)[^/]+?)", param("")), "/a".to_owned()),
        20 => {
            let first = param("");
            let second = if fresh == "p" { "q" } else { "t" };
            source.params.push(Param { name: second.to_owned(), modifier: "" });
            (format!("/{first}-:{second}"), "/a-b-c".to_owned())
        }
        _ => ("{-x}?".to_owned(), "-x".to_owned()),
    };
    source.text.push_str(&text);
    source.sample.push_str(&sample);
}

/// The path of a destination that uses some of `params`.
pub(super) fn destination_path(random: &mut Random, params: &[Param]) -> String {
    let mut path = String::new();
    for _ in 0..random.below(3) {
        path.push('/');
        path.push_str(random.pick(&["to", "v1", "A", "x.y", "%C3%A9", "a%20b", "api"]));
    }
    for param in params {
        if random.chance(60) {
            let modifier = match param.modifier {
                // Mostly as it has to be.
                "*" | "+" if !random.chance(5) => "*",
                "" if random.chance(8) => "*",
                _ => "",
            };
            let before = if modifier.is_empty() && random.chance(10) { "/x" } else { "/" };
            path.push_str(before);
            path.push_str(&format!(":{}{modifier}", param.name));
        }
    }
    if random.chance(2) {
        path.push_str(random.pick(&["/:unknown", "/{a}", "/x{-:p}", "/:p(\\d+)"]));
    }
    if random.chance(2) {
        path.push_str("#:p");
    }
    path
}

/// The query of a destination, with its `?`.
pub(super) fn destination_query(random: &mut Random, params: &[Param]) -> String {
    let mut pairs = Vec::new();
    while random.chance(if pairs.is_empty() { 30 } else { 40 }) {
        let key = random.pick(&["k", "x", "y", "p", "q"]);
        let pair = match (random.below(4), params.first()) {
            (0, Some(param)) => format!("{key}=:{}", param.name),
            (1, Some(param)) => format!("{key}=v:{}*", param.name),
            (2, _) => format!("{key}=:zz"),
            _ => format!("{key}=1"),
        };
        pairs.push(pair);
    }
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// The path of a request: mostly one that fits `sample`.
pub(super) fn path(random: &mut Random, sample: Option<&str>) -> String {
    let mut path = match sample {
        Some(sample) if random.chance(75) => sample.to_owned(),
        _ => {
            let segments: Vec<_> = (0..random.below(4)).map(|_| segment(random)).collect();
            format!("/{}", segments.join("/"))
        }
    };
    if random.chance(12) && !path.ends_with('/') {
        path.push('/');
    }
    if random.chance(10) {
        path = path.to_ascii_uppercase();
    }
    if random.chance(6) {
        let at = path.char_indices().map(|(at, _)| at).nth(random.below(path.len())).unwrap_or(0);
        path.insert_str(
            at,
            random.pick(&[
                "//", "/../", "/./", "%2e%2e/", "%2F", "%5C", "\\", "%00", ";", ".;", "%", "%zz",
                "%FF", "%61",
            ]),
        );
    }
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    path
}
