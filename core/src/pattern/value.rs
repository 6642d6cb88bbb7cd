//! Patterns over whole values of headers, cookies, queries and hosts.

use super::{
    MAX_PATTERN_LENGTH,
    captures::Spans,
    error::{PatternError, PatternErrorKind},
    regex::{Options, Parsed, Regex, parse},
};
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};
use core::fmt;

/// A regular expression that covers a whole value, with regard to case.
///
/// The syntax is that of JavaScript without flags. Alternatives are grouped before they are
/// anchored: `a|b` covers `a` and `b` and nothing else. Characters are Unicode scalar values,
/// where JavaScript counts UTF-16 units.
#[derive(Clone)]
pub struct ValuePattern {
    source: String,
    names: Vec<String>,
    regex: Regex,
}

/// The named groups of a [`ValuePattern`] and what they took.
#[derive(Clone, Debug)]
pub struct ValueCaptures<'r, 'v> {
    names: &'r [String],
    text: &'v str,
    spans: Spans,
}

impl ValuePattern {
    /// Compiles a value pattern.
    ///
    /// # Errors
    ///
    /// A [`PatternError`] says what is wrong with the source and in which column, or which limit
    /// it exceeds.
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if source.len() > MAX_PATTERN_LENGTH {
            return Err(PatternError::new(PatternErrorKind::TooLong, MAX_PATTERN_LENGTH));
        }
        let options = Options { fold: false, named_groups: true, position: 0 };
        let Parsed { node, names } = parse(source, options)?;
        let regex = Regex::new(node, names.len())?;
        Ok(Self { source: source.to_owned(), names, regex })
    }

    /// The source as given.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names of the groups, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
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
        let spans = self.regex.captures(text, steps)?;
        Some(ValueCaptures { names: &self.names, text, spans })
    }
}

impl<'r, 'v> ValueCaptures<'r, 'v> {
    /// The named groups that took part in the match, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'v str)> {
        self.names.iter().enumerate().filter_map(|(index, name)| {
            let (start, end) = self.spans.get(index)?;
            Some((&**name, self.text.get(start..end)?))
        })
    }
}

impl fmt::Debug for ValuePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValuePattern").field(&self.source).finish()
    }
}
