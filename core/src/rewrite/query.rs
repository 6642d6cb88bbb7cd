//! Merging what a destination adds into the query of a request.

use crate::http::Query;
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Pairs that replace all pairs of the same name, or come behind all others.
pub(super) struct Addition<'k> {
    /// The decoded name.
    pub(super) key: Cow<'k, str>,
    /// `name=value`, encoded, as often as the name stands.
    pub(super) pairs: Vec<String>,
}

/// Merges `additions` into `query`.
///
/// What is not replaced keeps its bytes and its place; a replaced name keeps its first place.
pub(super) fn merge(query: Option<&str>, additions: &[Addition<'_>]) -> String {
    let mut merged = Merged::default();
    let mut placed = alloc::vec![false; additions.len()];
    for raw in
        query.filter(|query| !query.is_empty()).into_iter().flat_map(|query| query.split('&'))
    {
        let name = Query::new(raw).pairs().next().map(|(name, _)| name);
        let replaced = additions
            .iter()
            .zip(placed.iter_mut())
            .find(|(addition, _)| name.as_deref() == Some(&*addition.key));
        match replaced {
            None => merged.push(raw),
            Some((_, true)) => {}
            Some((addition, placed)) => {
                *placed = true;
                addition.pairs.iter().for_each(|pair| merged.push(pair));
            }
        }
    }
    for (addition, _) in additions.iter().zip(placed).filter(|(_, placed)| !placed) {
        addition.pairs.iter().for_each(|pair| merged.push(pair));
    }
    merged.text
}

#[derive(Default)]
struct Merged {
    text: String,
    started: bool,
}

impl Merged {
    fn push(&mut self, pair: &str) {
        if self.started {
            self.text.push('&');
        }
        self.started = true;
        self.text.push_str(pair);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned as _;

    #[test]
    fn replaces_whole_names_and_keeps_the_rest_byte_for_byte() {
        for (query, additions, expected) in [
            (None, &[("a", &["a=1"][..])][..], "a=1"),
            (Some(""), &[("a", &["a=1"])], "a=1"),
            (Some("x=%zz&y=+&&flag"), &[("a", &["a=1"])], "x=%zz&y=+&&flag&a=1"),
            (Some("b=1&a=1&c=1&a=2"), &[("a", &["a=3", "a=4"])], "b=1&a=3&a=4&c=1"),
            (Some("%61=1&b=2"), &[("a", &["a=3"])], "a=3&b=2"),
            (Some("a+b=1"), &[("a b", &["a%20b=2"])], "a%20b=2"),
            (Some("a=1"), &[("b", &["b=2"]), ("a", &["a=3"])], "a=3&b=2"),
        ] {
            let additions: Vec<_> = additions
                .iter()
                .map(|(key, pairs)| Addition {
                    key: Cow::Borrowed(*key),
                    pairs: pairs.iter().map(|pair| (*pair).to_owned()).collect(),
                })
                .collect();
            assert_eq!(merge(query, &additions), expected, "{query:?}");
        }
    }
}
