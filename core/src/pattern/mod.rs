//! Path patterns: the language of path-to-regexp 6.3, as Next.js uses it, in linear time.
//!
//! This module decides whether a path matches a pattern, and which text each parameter takes. A
//! pattern has literal text, parameters (`:name`), parameters with a regular expression of their
//! own (`:name(\\d+)`), groups without a name (`(.*)`), the modifiers `?`, `*` and `+`, and braces
//! that give a parameter another prefix or suffix (`{-:name}?`). A pattern covers the whole path;
//! one slash at the end of the path is optional.
//!
//! No pattern needs more time than the product of its own (bounded) size and the length of the
//! path. Most patterns are compared segment by segment. Most of the others are decided by a table
//! that is read once from the end of the path, look-aheads included; what has no table runs as an
//! automaton that looks at every character once for each of its instructions.
//!
//! Paths are compared as they stand in a [`CanonicalPath`](crate::path::CanonicalPath), percent
//! escapes and all. Literal text is brought into that spelling when the pattern is compiled;
//! regular expressions are not, so an expression has to spell `é` as `%C3%A9`.

mod braces;
mod captures;
mod error;
mod expression;
mod literal;
mod regex;
mod segments;
mod syntax;
mod template;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use braces::parameter_in_braces;
pub use captures::{Captures, Param, ParamList};
pub use error::{ExpressionError, PatternError, PatternErrorKind};
pub(crate) use literal::{canonical_literal, decoded_literal, push_escape, same_text};
pub(crate) use template::{FillError, Landing, Place, Template, Value, push_encoded};
pub use value::{ValueCaptures, ValuePattern};

use alloc::{
    borrow::{Cow, ToOwned as _},
    string::String,
    vec::Vec,
};
use captures::Spans;
use core::fmt;
use regex::Regex;
use segments::SegmentMatcher;
use syntax::{Matches, Name, Part};

/// The greatest length of the source of a pattern.
pub const MAX_PATTERN_LENGTH: usize = 4096;

/// The greatest number of parameters of a pattern.
pub const MAX_PARAMETERS: usize = 64;

/// The greatest number of instructions of a compiled pattern.
pub const MAX_PROGRAM: usize = 4096;

/// How deep groups may stand inside groups.
pub const MAX_NESTING: usize = 32;

/// Whether letters are compared with regard to case.
///
/// One setting for matchers and rewrite rules alike: a path that a rule rewrites must not escape
/// its guard by its spelling. Only ASCII letters have case here; others are percent-encoded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Case {
    /// `/API` and `/api` are the same, as in rewrites of Next.js.
    #[default]
    Insensitive,
    /// `/API` and `/api` differ.
    Sensitive,
}

/// A compiled path pattern.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    parts: Vec<Part>,
    parameters: Vec<ParameterSpec>,
    engine: Engine,
}

#[derive(Clone, Debug)]
enum Engine {
    Segments(SegmentMatcher),
    /// An expression, and text that every path it covers starts with.
    Regex {
        regex: Regex,
        prefix: String,
        case: Case,
    },
}

/// A parameter of a pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ParameterSpec {
    name: ParameterName,
    separator: Option<String>,
    optional: bool,
}

/// The name of a parameter, or its number among those without a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ParameterName {
    /// `:name`
    Named(String),
    /// `(expression)`: matched, but of no use to destinations.
    Numbered(usize),
}

impl ParameterSpec {
    /// What the parameter is called.
    #[must_use]
    pub const fn name(&self) -> &ParameterName {
        &self.name
    }

    /// Whether it has `*` or `+`, and so takes a list.
    #[must_use]
    pub const fn is_repeated(&self) -> bool {
        self.separator.is_some()
    }

    /// Whether it has `?` or `*`, and so may take nothing.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        self.optional
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// A [`PatternError`] says what is wrong with the source and in which column, or which limit
    /// it exceeds.
    pub fn new(source: &str, case: Case) -> Result<Self, PatternError> {
        Self::spelled(source, case, canonical_literal)
    }

    /// The same for paths whose every escape has been decoded.
    pub(crate) fn for_decoded_paths(source: &str, case: Case) -> Result<Self, PatternError> {
        Self::spelled(source, case, decoded_literal)
    }

    fn spelled(
        source: &str,
        case: Case,
        spell: fn(&str) -> Cow<'_, str>,
    ) -> Result<Self, PatternError> {
        let mut parts = syntax::parse(source)?;
        parts.iter_mut().for_each(|part| respell(part, spell));
        let parameters: Vec<_> = parts.iter().filter_map(ParameterSpec::of).collect();
        if parameters.len() > MAX_PARAMETERS {
            return Err(PatternError::new(PatternErrorKind::TooManyParameters, 0));
        }
        let engine = match SegmentMatcher::new(&parts, case) {
            Some(segments) => Engine::Segments(segments),
            None => Engine::Regex {
                regex: Regex::new(expression::of(&parts, case)?, parameters.len())?,
                // Every path starts with a slash.
                prefix: match parts.first() {
                    Some(Part::Literal(text)) if text != "/" => text.clone(),
                    _ => String::new(),
                },
                case,
            },
        };
        Ok(Self { source: source.to_owned(), parts, parameters, engine })
    }

    /// The source as given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The parameters in the order of the source.
    #[must_use]
    pub fn parameters(&self) -> &[ParameterSpec] {
        &self.parameters
    }

    /// Whether the pattern covers the whole of `path`.
    #[must_use]
    pub fn is_match(&self, path: &str) -> bool {
        self.is_match_counted(path, &mut 0)
    }

    /// The same, with the number of elementary steps added to `steps`.
    pub fn is_match_counted(&self, path: &str, steps: &mut u64) -> bool {
        match &self.engine {
            Engine::Segments(segments) => segments.captures(path, steps).is_some(),
            Engine::Regex { regex, prefix, case } => {
                starts_with(path, prefix, *case) && regex.is_match(path, steps)
            }
        }
    }

    /// What the parameters take, if the pattern covers the whole of `path`.
    #[must_use]
    pub fn captures<'r, 'p>(&'r self, path: &'p str) -> Option<Captures<'r, 'p>> {
        self.captures_counted(path, &mut 0)
    }

    /// The same, with the number of elementary steps added to `steps`. The number depends on the
    /// pattern and the path alone.
    pub fn captures_counted<'r, 'p>(
        &'r self,
        path: &'p str,
        steps: &mut u64,
    ) -> Option<Captures<'r, 'p>> {
        let spans = self.find(path, steps)?;
        Some(Captures::new(&self.parameters, path, spans))
    }

    fn find(&self, path: &str, steps: &mut u64) -> Option<Spans> {
        match &self.engine {
            Engine::Segments(segments) => segments.captures(path, steps),
            Engine::Regex { regex, prefix, case } => {
                if starts_with(path, prefix, *case) {
                    regex.captures(path, steps)
                } else {
                    None
                }
            }
        }
    }

    /// Whether it says what a parameter does not take, or has expressions, which may: then a path
    /// that is covered with regard to case may not be covered without.
    pub(crate) fn can_exclude(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Parameter(parameter) => parameter.matches != Matches::Segment,
            Part::Literal(_) | Part::Group { .. } => false,
        })
    }

    /// Whether both have the same parts.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.parts == other.parts
    }

    /// What every path that it covers starts with, segment by segment: what rules can be indexed
    /// by.
    pub(crate) fn leading_segments(&self) -> Vec<Leading<'_>> {
        let mut leading = Vec::new();
        let mut parts = self.parts.iter();
        while let Some(part) = parts.next() {
            // Whether a segment ends where this part does, whatever parts may be absent behind it.
            let next = parts.clone().find(|part| !(part.starts_with_slash() && part.is_optional()));
            let whole = next.is_none_or(Part::starts_with_slash);
            match part {
                Part::Literal(text) => {
                    let Some(text) = text.strip_prefix('/') else { break };
                    let mut segments = text.split('/');
                    let last = segments.next_back().filter(|last| whole && !last.is_empty());
                    leading.extend(segments.map(Leading::Literal));
                    let Some(last) = last else { break };
                    leading.push(Leading::Literal(last));
                }
                Part::Parameter(parameter) if whole && parameter.is_plain_segment() => {
                    leading.push(Leading::Any);
                }
                Part::Parameter(_) | Part::Group { .. } => break,
            }
        }
        leading
    }
}

/// What a path that a pattern covers has for a segment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Leading<'r> {
    /// This text.
    Literal(&'r str),
    /// Any one segment.
    Any,
}

fn starts_with(path: &str, prefix: &str, case: Case) -> bool {
    // Comparing nothing is slow on some processors: it looks at an address where nothing is.
    prefix.is_empty()
        || path.get(..prefix.len()).is_some_and(|start| same_text(prefix, start, case))
}

/// The source stands for the whole; the compiled form is of no help to a reader.
impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl ParameterSpec {
    fn of(part: &Part) -> Option<Self> {
        let Part::Parameter(parameter) = part else { return None };
        let name = match &parameter.name {
            Name::Named(name) => ParameterName::Named(name.clone()),
            Name::Numbered(number) => ParameterName::Numbered(*number),
        };
        let separator = parameter.modifier.is_repeat().then(|| {
            let mut separator = parameter.prefix.clone();
            separator.push_str(&parameter.suffix);
            separator
        });
        Some(Self { name, separator, optional: parameter.modifier.is_optional() })
    }
}

/// Changes the spelling of literal text.
fn respell(part: &mut Part, spell: fn(&str) -> Cow<'_, str>) {
    let respell = |text: &mut String| {
        if let Cow::Owned(spelled) = spell(text) {
            *text = spelled;
        }
    };
    match part {
        Part::Literal(text) | Part::Group { text, .. } => respell(text),
        Part::Parameter(parameter) => {
            respell(&mut parameter.prefix);
            respell(&mut parameter.suffix);
            if let Matches::SegmentWithout(text) = &mut parameter.matches {
                respell(text);
            }
        }
    }
}
