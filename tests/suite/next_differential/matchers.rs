//! Matchers, asked of Next.js's middleware. What it runs on must be covered; what is covered besides
//! must have a reason.

use super::{
    answer::matcher,
    classes::{
        AMBIGUOUS_TARGET, BASE_PATH, Class, Counts, PLAIN_ESCAPES, WHOLE_VALUE, Without, class,
        explained_by, is_suspicious,
    },
    node::Node,
    question::Question,
    random::Random,
};
use portcullis_core::{
    path::RequestTarget,
    pattern::PatternErrorKind,
    rewrite::{Problem, RouteRequest},
};

const QUESTIONS: usize = 6000;

const CASE: Class = class(
    "letter-case",
    "letters are compared without regard to case, as in rules; an exclusion in another case \
     excludes nothing",
);
const SPELLINGS: Class = class(
    "other-spellings",
    "a path is covered in every spelling that a server may take for the same resource",
);

const UNPREFIXED: Class = class(
    "unprefixed-parameters",
    "a parameter that runs into the one before, or repeats without a prefix, is refused, as in rules",
);

/// What one side says of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Says {
    Invalid,
    Refused,
    Covered,
    Open,
}

fn ours(question: &Question) -> Says {
    let Ok(matcher) = matcher(question) else { return Says::Invalid };
    let target = question.target();
    let Ok(target) = RequestTarget::parse(&target) else { return Says::Refused };
    let request =
        RouteRequest { path: &target.path, query: target.query, headers: &question.headers };
    if matcher.is_match(&request) { Says::Covered } else { Says::Open }
}

fn theirs(question: &Question, node: &mut Node) -> Says {
    let answer = node.ask(&question.to_json("matcher"));
    match answer["matches"].as_bool() {
        Some(true) => Says::Covered,
        Some(false) => Says::Open,
        None => Says::Invalid,
    }
}

/// Things that a question can be put without where less is covered than the middleware runs on.
const NARROWER: [Without; 2] = [PLAIN_ESCAPES, WHOLE_VALUE];

/// The same where more is covered.
const WIDER: [Without; 5] = [
    PLAIN_ESCAPES,
    WHOLE_VALUE,
    Without {
        class: BASE_PATH,
        take_out: |question| {
            if !question.base_path.is_empty() && question.path == question.base_path {
                question.path.push('/');
            }
        },
    },
    Without {
        class: CASE,
        take_out: |question| {
            question.path.make_ascii_lowercase();
            for entry in &mut question.matcher {
                entry.source.make_ascii_lowercase();
            }
        },
    },
    Without {
        class: SPELLINGS,
        take_out: |question| {
            let ends = ["%3F", "%3f", "%23"].iter().filter_map(|end| question.path.find(end));
            let end = ends.min().unwrap_or(question.path.len());
            let segments = question.path[..end].split('/').skip(1).map(|segment| {
                let plain = segment.split(';').next().unwrap_or_default();
                (segment, plain.trim_end_matches('.'))
            });
            // What is left of a segment of nothing but parameters is no segment.
            let kept = segments.filter(|(segment, plain)| segment.is_empty() || !plain.is_empty());
            let kept: Vec<_> = kept.map(|(_, plain)| plain).collect();
            let path = format!("/{}", kept.join("/"));
            let data = [".json", ".rsc"].iter().find_map(|end| path.strip_suffix(end));
            question.path = data.unwrap_or(&path).to_owned();
        },
    },
];

fn class_of(question: &Question, ours: Says, theirs: Says, node: &mut Node) -> Option<Class> {
    let classes: &[Without] = match (ours, theirs) {
        (Says::Invalid, _) => return is_unprefixed(question).then_some(UNPREFIXED),
        (Says::Refused, _) if is_suspicious(&question.path) => return Some(AMBIGUOUS_TARGET),
        (Says::Open, Says::Covered) => &NARROWER,
        (Says::Covered, Says::Open) => &WIDER,
        _ => return None,
    };
    let mut agree = |question: &Question| self::ours(question) == self::theirs(question, node);
    explained_by(classes, question, &mut agree)
}

fn is_unprefixed(question: &Question) -> bool {
    matcher(question).is_err_and(|error| {
        error.problems().iter().all(|problem| match &problem.problem {
            Problem::Source(error) => matches!(
                error.kind(),
                PatternErrorKind::UnprefixedRepeat(_) | PatternErrorKind::AdjacentParameters(_)
            ),
            _ => false,
        })
    })
}

#[test]
fn whatever_runs_the_middleware_of_next_is_covered() {
    let Some(mut node) = Node::start("whatever_runs_the_middleware_of_next_is_covered") else {
        return;
    };
    let mut random = Random::new(2);
    let mut counts = Counts::default();
    for _ in 0..QUESTIONS {
        let question = Question::of_matcher(&mut random);
        let (ours, theirs) = (ours(&question), theirs(&question, &mut node));
        if ours == theirs {
            counts.same(&format!("{ours:?}").to_lowercase());
        } else {
            match class_of(&question, ours, theirs, &mut node) {
                Some(class) => counts.differs(class),
                None => report(&question, &mut node),
            }
        }
    }
    counts.print("matchers against next@16.4.6");
}

/// Ends the test with the smallest question that still shows the difference.
fn report(question: &Question, node: &mut Node) -> ! {
    let mut smallest = question.clone();
    while let Some(smaller) = smallest.smaller().into_iter().find(|smaller| {
        let (ours, theirs) = (ours(smaller), theirs(smaller, node));
        ours != theirs && class_of(smaller, ours, theirs, node).is_none()
    }) {
        smallest = smaller;
    }
    let (ours, theirs) = (ours(&smallest), theirs(&smallest, node));
    let why = matcher(&smallest).err();
    let question = smallest.to_json("matcher");
    panic!("a difference of no class\n{question}\nours:   {ours:?} {why:?}\ntheirs: {theirs:?}");
}
