//! What a regular expression is made of.

use super::set::CharSet;
use alloc::{boxed::Box, vec::Vec};

/// A regular expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::pattern) enum Node {
    /// One character; with `fold`, in either case.
    Char { char: char, fold: bool },
    /// One character of a set.
    Set(CharSet),
    /// A condition on the place.
    Assertion(Assertion),
    /// One after the other; nothing if there is none.
    Sequence(Vec<Self>),
    /// The first that leads to a match.
    Choice(Vec<Self>),
    /// Again and again.
    Repeat { node: Box<Self>, min: u32, max: Option<u32>, greedy: bool },
    /// A group whose text is asked for, by number.
    Capture(usize, Box<Self>),
    /// A condition on the text ahead or behind.
    Look { look: Look, node: Box<Self> },
}

/// A look-around, apart from its body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::pattern) struct Look {
    /// Which of the expression's look-arounds; set by [`Node::number_looks`].
    pub(in crate::pattern) id: usize,
    pub(in crate::pattern) behind: bool,
    pub(in crate::pattern) negative: bool,
}

/// A condition on a place in the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::pattern) enum Assertion {
    Start,
    End,
    WordBoundary,
    NotWordBoundary,
}

impl Node {
    /// Literal text.
    pub(in crate::pattern) fn text(text: &str, fold: impl Fn(usize) -> bool) -> Self {
        let char = |(at, char)| Self::Char { char, fold: fold(at) };
        Self::Sequence(text.char_indices().map(char).collect())
    }

    pub(in crate::pattern) fn repeat(self, min: u32, max: Option<u32>, greedy: bool) -> Self {
        Self::Repeat { node: Box::new(self), min, max, greedy }
    }

    pub(in crate::pattern) fn optional(self) -> Self {
        self.repeat(0, Some(1), true)
    }

    /// Whether it can match without taking a character.
    pub(super) fn is_nullable(&self) -> bool {
        match self {
            Self::Char { .. } | Self::Set(_) => false,
            Self::Assertion(_) | Self::Look { .. } => true,
            Self::Sequence(nodes) => nodes.iter().all(Self::is_nullable),
            Self::Choice(nodes) => nodes.iter().any(Self::is_nullable),
            Self::Repeat { node, min, .. } => *min == 0 || node.is_nullable(),
            Self::Capture(_, node) => node.is_nullable(),
        }
    }

    /// Calls `visit` with this and everything in it.
    fn visit(&self, visit: &mut dyn FnMut(&Self)) {
        visit(self);
        match self {
            Self::Char { .. } | Self::Set(_) | Self::Assertion(_) => {}
            Self::Sequence(nodes) | Self::Choice(nodes) => {
                nodes.iter().for_each(|node| node.visit(visit));
            }
            Self::Repeat { node, .. } | Self::Capture(_, node) | Self::Look { node, .. } => {
                node.visit(visit);
            }
        }
    }

    /// The first and the last capture in it.
    pub(super) fn captures(&self) -> Option<(usize, usize)> {
        let mut range: Option<(usize, usize)> = None;
        self.visit(&mut |node| {
            if let Self::Capture(number, _) = node {
                let (first, last) = range.unwrap_or((*number, *number));
                range = Some((first.min(*number), last.max(*number)));
            }
        });
        range
    }

    /// Gives every look-around a number of its own, and returns how many there are.
    pub(super) fn number_looks(&mut self, next: usize) -> usize {
        match self {
            Self::Char { .. } | Self::Set(_) | Self::Assertion(_) => next,
            Self::Sequence(nodes) | Self::Choice(nodes) => {
                nodes.iter_mut().fold(next, |next, node| node.number_looks(next))
            }
            Self::Repeat { node, .. } | Self::Capture(_, node) => node.number_looks(next),
            Self::Look { look, node } => {
                look.id = next;
                node.number_looks(next.saturating_add(1))
            }
        }
    }
}
