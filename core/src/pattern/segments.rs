//! The fast path: patterns whose every segment is either literal text or a plain parameter.
//!
//! Most rules that people write are of this kind, and none of them needs an automaton. At most one
//! element may take a variable number of segments; then the number of segments of a path says
//! which element takes which segment, and one pass over the path decides.

use super::{
    Case,
    captures::Spans,
    literal::same_text,
    syntax::{Matches, Modifier, Parameter, Part},
};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};

#[derive(Clone, Debug)]
pub(super) struct SegmentMatcher {
    elements: Vec<Element>,
    case: Case,
    /// The elements that take one segment each, in front of the variable one and behind it.
    before: usize,
    after: usize,
    variable: Option<Modifier>,
}

#[derive(Clone, Debug)]
enum Element {
    Literal(String),
    Parameter(Modifier),
}

impl SegmentMatcher {
    /// `None` if the pattern is not of this kind.
    pub(super) fn new(parts: &[Part], case: Case) -> Option<Self> {
        let mut elements = Vec::new();
        for part in parts {
            match part {
                Part::Literal(text) => {
                    let segments = text.strip_prefix('/')?.split('/');
                    elements.extend(segments.map(|text| Element::Literal(text.to_owned())));
                }
                Part::Parameter(Parameter {
                    prefix,
                    suffix,
                    modifier,
                    matches: Matches::Segment,
                    ..
                }) if prefix == "/" && suffix.is_empty() => {
                    elements.push(Element::Parameter(*modifier));
                }
                Part::Parameter(_) | Part::Group { .. } => return None,
            }
        }
        let is_variable = |element: &Element| matches!(element, Element::Parameter(modifier) if *modifier != Modifier::Once);
        let count = elements.len();
        let (before, after, variable) = match elements.iter().position(is_variable) {
            None => (count, 0, None),
            Some(at) => {
                let behind = elements.get(at.saturating_add(1)..)?;
                if behind.iter().any(is_variable) {
                    return None;
                }
                let Some(Element::Parameter(modifier)) = elements.get(at) else { return None };
                (at, behind.len(), Some(*modifier))
            }
        };
        Some(Self { elements, case, before, after, variable })
    }

    /// Matches a whole path. Adds the number of bytes looked at to `steps`.
    pub(super) fn captures(&self, path: &str, steps: &mut u64) -> Option<Spans> {
        // One slash at the end is optional, so a path that ends in one has two readings.
        let shorter = path.strip_suffix('/');
        self.captures_exactly(path, steps).or_else(|| self.captures_exactly(shorter?, steps))
    }

    fn captures_exactly(&self, path: &str, steps: &mut u64) -> Option<Spans> {
        let length = u64::try_from(path.len()).unwrap_or(u64::MAX);
        *steps = steps.saturating_add(length).saturating_add(1);
        let segments = path.bytes().filter(|byte| *byte == b'/').count();
        let taken = segments.checked_sub(self.before)?.checked_sub(self.after)?;
        let fits = match self.variable {
            None => taken == 0,
            Some(Modifier::Once) => taken == 1,
            Some(Modifier::Optional) => taken <= 1,
            Some(Modifier::ZeroOrMore) => true,
            Some(Modifier::OneOrMore) => taken >= 1,
        };
        if !fits || (segments == 0 && !path.is_empty()) {
            return None;
        }

        let mut spans = Spans::new();
        let mut segments = Segments { path, position: 0 };
        for element in &self.elements {
            match element {
                Element::Literal(text) => {
                    let (start, end) = segments.next()?;
                    if !same_text(text, path.get(start..end)?, self.case) {
                        return None;
                    }
                }
                Element::Parameter(Modifier::Once) => {
                    let (start, end) = segments.next().filter(|(start, end)| start < end)?;
                    spans.push(Some((start, end)));
                }
                Element::Parameter(_) => {
                    let mut span = None;
                    for _ in 0..taken {
                        let (start, end) = segments.next().filter(|(start, end)| start < end)?;
                        span = Some((span.map_or(start, |(first, _)| first), end));
                    }
                    spans.push(span);
                }
            }
        }
        // An absolute path starts with the slash of its first segment.
        (segments.position == path.len()).then_some(spans)
    }
}

/// The spans between the slashes of a path.
struct Segments<'p> {
    path: &'p str,
    position: usize,
}

impl Iterator for Segments<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.path.get(self.position..)?.strip_prefix('/')?;
        let start = self.position.saturating_add(1);
        let end =
            start.saturating_add(rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len()));
        self.position = end;
        Some((start, end))
    }
}
