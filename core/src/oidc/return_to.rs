//! Where a login leads back to.

use crate::{
    http::{Origin, Query},
    path::RequestTarget,
};
use alloc::{borrow::ToOwned as _, string::String};
use core::fmt;

/// A path of this application, with a query perhaps, that a browser may be sent to.
///
/// It starts with exactly one slash and went through the same parser as the path of a request, so
/// no browser can read a host in it (CWE-601). A fragment is dropped.
#[derive(Clone, Eq, PartialEq)]
pub struct ReturnTo(String);

/// A query may hold a ticket, so it is not printed.
impl fmt::Debug for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.0.contains('?') { "?.." } else { "" };
        write!(f, "ReturnTo({}{query})", self.path())
    }
}

impl ReturnTo {
    /// The most bytes of a target.
    pub const MAX_LENGTH: usize = 2048;

    /// The target that `text` names, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_LENGTH {
            return None;
        }
        let text = text.split('#').next().unwrap_or_default();
        let target = RequestTarget::parse(text).ok()?;
        if holds_twice_encoded_separator(target.path.as_str()) {
            return None;
        }
        let mut kept = target.path.as_str().to_owned();
        if let Some(query) = target.query {
            kept.push('?');
            kept.push_str(query);
        }
        Some(Self(kept))
    }

    /// The target that `text` names, which may be an absolute URL of the application at `origin`.
    /// The origin is compared byte for byte.
    #[must_use]
    pub fn parse_within(text: &str, origin: &Origin) -> Option<Self> {
        match text.strip_prefix(origin.as_str()) {
            None => Self::parse(text),
            Some("") => Some(Self::default()),
            Some(path) => Self::parse(path),
        }
    }

    /// The target that the query of a login names. None stands for none, for several, and for one
    /// that is not of the application at `origin`.
    #[must_use]
    pub fn of_query(query: Query<'_>, origin: &Origin) -> Option<Self> {
        Self::parse_within(&query.unique("returnTo").ok()??, origin)
    }

    /// The path and the query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }
}

/// Whether the path has a slash or a backslash in it that was encoded twice. It is a plain name
/// here, but nobody asks for one, and a server behind the gate may decode it once more.
fn holds_twice_encoded_separator(path: &str) -> bool {
    let is_separator = |rest: &str| {
        rest.get(..2).is_some_and(|digits| {
            digits.eq_ignore_ascii_case("2f") || digits.eq_ignore_ascii_case("5c")
        })
    };
    path.split("%25").skip(1).any(is_separator)
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

#[cfg(test)]
mod tests;
