//! Which rules may match a path at all.
//!
//! Rules are kept in a tree by the literal segments that their sources start with. A path walks
//! down that tree as far as its own segments lead and meets every rule that could match it; the
//! others cost nothing. What comes out is merged back into the order of the rules.

use alloc::{string::String, vec::Vec};
use core::cmp::Ordering;

/// How many literal segments count.
const DEPTH: usize = 7;

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    root: Node,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// By segment, in lower case.
    children: Vec<(String, Self)>,
    /// Numbers of the rules that end here, ascending.
    rules: Vec<usize>,
}

impl Index {
    /// Adds a rule. Numbers must ascend.
    pub(super) fn insert<'s>(&mut self, segments: impl Iterator<Item = &'s str>, rule: usize) {
        let mut node = &mut self.root;
        for segment in segments.take(DEPTH) {
            let place = node.find(segment);
            let at = place.unwrap_or_else(|at| {
                node.children.insert(at, (segment.to_ascii_lowercase(), Node::default()));
                at
            });
            let Some((_, child)) = node.children.get_mut(at) else { return };
            node = child;
        }
        node.rules.push(rule);
    }

    /// The rules that may match `path`.
    pub(super) fn candidates(&self, path: &str) -> Candidates<'_> {
        let mut lists: [&[usize]; DEPTH.saturating_add(1)] = [&[]; _];
        let mut node = Some(&self.root);
        let mut segments = path.split('/').skip(1);
        for list in &mut lists {
            let Some(found) = node else { break };
            *list = &found.rules;
            node = segments.next().and_then(|segment| {
                let at = found.find(segment).ok()?;
                found.children.get(at).map(|(_, child)| child)
            });
        }
        Candidates { lists }
    }
}

impl Node {
    fn find(&self, segment: &str) -> Result<usize, usize> {
        self.children.binary_search_by(|(key, _)| compare(key, segment))
    }
}

/// Compares a key in lower case with a segment in any.
fn compare(key: &str, segment: &str) -> Ordering {
    key.bytes().cmp(segment.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Rules in ascending order.
pub(super) struct Candidates<'i> {
    lists: [&'i [usize]; DEPTH.saturating_add(1)],
}

impl Candidates<'_> {
    /// The first rule from number `from` on.
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        self.lists
            .iter_mut()
            .filter_map(|list| {
                while let Some((first, rest)) = list.split_first() {
                    if *first >= from {
                        return Some(*first);
                    }
                    *list = rest;
                }
                None
            })
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yields_the_rules_along_a_path_in_order() {
        let mut index = Index::default();
        for (rule, prefix) in ["/a/b", "/", "/A", "/c", "/a/b/c", "/a", "/a/x"].iter().enumerate() {
            index.insert(prefix.split('/').skip(1).filter(|segment| !segment.is_empty()), rule);
        }
        for (path, expected) in [
            ("/", &[1][..]),
            ("/a", &[1, 2, 5]),
            ("/A/B/", &[0, 1, 2, 5]),
            ("/a/b/c/d/e/f/g/h/i/j", &[0, 1, 2, 4, 5]),
            ("/ab", &[1]),
            ("/c/a", &[1, 3]),
        ] {
            let mut candidates = index.candidates(path);
            let mut found = Vec::new();
            let mut from = 0;
            while let Some(rule) = candidates.next(from) {
                found.push(rule);
                from = rule + 1;
            }
            assert_eq!(found, expected, "{path}");
        }
    }
}
