//! What a pattern found in a path.

use super::{ParameterName, ParameterSpec};
use alloc::vec::Vec;

/// Start and end of what a parameter took, in bytes; `None` where it took nothing.
pub(super) type Span = Option<(usize, usize)>;

/// How many spans are kept without an allocation.
const INLINE: usize = 6;

/// One span for each parameter of a pattern.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    inline: [Span; INLINE],
    count: usize,
    more: Vec<Span>,
}

impl Spans {
    pub(super) const fn new() -> Self {
        Self { inline: [None; INLINE], count: 0, more: Vec::new() }
    }

    pub(super) fn push(&mut self, span: Span) {
        match self.inline.get_mut(self.count) {
            Some(place) => *place = span,
            None => self.more.push(span),
        }
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn get(&self, index: usize) -> Span {
        let place = match index.checked_sub(INLINE) {
            None => self.inline.get(index),
            Some(index) => self.more.get(index),
        };
        place.copied().flatten()
    }
}

/// The parameters of a pattern, as they stand in the path that it matched: neither decoded nor
/// encoded.
#[derive(Clone, Debug)]
pub struct Captures<'r, 'p> {
    specs: &'r [ParameterSpec],
    path: &'p str,
    spans: Spans,
}

/// What one parameter took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Param<'p> {
    /// The text of a parameter that is there once.
    Text(&'p str),
    /// The text of a parameter with `*` or `+`.
    List(ParamList<'p>),
}

/// The elements of a repeated parameter; never empty.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParamList<'p> {
    text: &'p str,
    separator: &'p str,
}

impl<'p> ParamList<'p> {
    /// The elements in order.
    pub fn iter(self) -> impl Iterator<Item = &'p str> {
        self.text.split(self.separator)
    }
}

impl<'r, 'p> Captures<'r, 'p> {
    pub(super) const fn new(specs: &'r [ParameterSpec], path: &'p str, spans: Spans) -> Self {
        Self { specs, path, spans }
    }

    /// The parameter `name`. Where several have the same name, the last that took anything counts.
    #[must_use]
    pub fn get<'c>(&'c self, name: &str) -> Option<Param<'c>> {
        self.iter().filter(|(candidate, _)| *candidate == name).last().map(|(_, param)| param)
    }

    /// The named parameters that took anything, in the order of the pattern.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, Param<'_>)> {
        self.specs.iter().enumerate().filter_map(|(index, spec)| {
            let ParameterName::Named(name) = &spec.name else { return None };
            let (start, end) = self.spans.get(index)?;
            let text = self.path.get(start..end)?;
            let param = match &spec.separator {
                None => Param::Text(text),
                Some(separator) => Param::List(ParamList { text, separator }),
            };
            Some((&**name, param))
        })
    }
}
