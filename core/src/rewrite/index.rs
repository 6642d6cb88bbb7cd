//! Which rules may match a path at all.
//!
//! Rules are kept in a tree by the segments that their sources start with, each either literal
//! text or any one segment. A path walks down that tree along its own segments and meets every
//! rule that could match it; the others cost nothing. What comes out is merged back into the order
//! of the rules.

use crate::pattern::Leading;
use alloc::{boxed::Box, string::String, vec::Vec};

/// How many segments count.
const DEPTH: usize = 6;

/// How many of them may be any segment: a path may double its ways through the tree at each.
const ANY_DEPTH: usize = 2;

/// The most ways that a path can have at one depth, and nodes that it can meet in all.
const WAYS: usize = 1 << ANY_DEPTH;
const NODES: usize = WAYS.saturating_mul(DEPTH.saturating_add(1));

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    root: Node,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// In the order of their keys.
    children: Vec<Child>,
    any: Option<Box<Self>>,
    /// Numbers of the rules that end here, ascending.
    rules: Vec<usize>,
}

/// What follows a segment.
#[derive(Clone, Debug)]
struct Child {
    key: u64,
    /// In lower case.
    segment: String,
    node: Node,
}

impl Index {
    /// Adds a rule. Numbers must ascend.
    pub(super) fn insert(&mut self, leading: Vec<Leading<'_>>, rule: usize) {
        let mut node = &mut self.root;
        for (depth, segment) in leading.into_iter().take(DEPTH).enumerate() {
            node = match segment {
                Leading::Any if depth >= ANY_DEPTH => break,
                Leading::Any => node.any.get_or_insert_default(),
                Leading::Literal(text) => {
                    let at = node.find(key(text), text).unwrap_or_else(|at| {
                        let child = Child {
                            key: key(text),
                            segment: text.to_ascii_lowercase(),
                            node: Node::default(),
                        };
                        node.children.insert(at, child);
                        at
                    });
                    let Some(child) = node.children.get_mut(at) else { return };
                    &mut child.node
                }
            };
        }
        node.rules.push(rule);
    }

    /// The rules that may match `path`.
    pub(super) fn candidates(&self, path: &str) -> Candidates<'_> {
        let mut candidates = Candidates { lists: [&[]; _], count: 0 };
        let mut ways = Ways::default();
        ways.push(&self.root);
        let mut rest = path.strip_prefix('/');
        while ways.count > 0 {
            let mut next = Ways::default();
            let segment = rest.map(first_segment);
            let found = segment.map(|segment| (key(segment), segment));
            for node in ways.nodes.iter().take(ways.count).flatten() {
                candidates.push(&node.rules);
                let Some((key, segment)) = found else { continue };
                let child = node.find(key, segment).ok().and_then(|at| node.children.get(at));
                child.into_iter().for_each(|child| next.push(&child.node));
                node.any.iter().for_each(|child| next.push(child));
            }
            rest = segment.and_then(|segment| rest?.get(segment.len().saturating_add(1)..));
            ways = next;
        }
        candidates
    }
}

/// Nodes at one depth.
#[derive(Default)]
struct Ways<'i> {
    nodes: [Option<&'i Node>; WAYS],
    count: usize,
}

impl<'i> Ways<'i> {
    fn push(&mut self, node: &'i Node) {
        if let Some(place) = self.nodes.get_mut(self.count) {
            *place = Some(node);
            self.count = self.count.saturating_add(1);
        }
    }
}

impl Node {
    /// The place of the child for a segment, or where it would be.
    fn find(&self, key: u64, segment: &str) -> Result<usize, usize> {
        self.children.binary_search_by(|child| {
            let lower = || segment.bytes().map(|byte| byte.to_ascii_lowercase());
            child.key.cmp(&key).then_with(|| child.segment.bytes().cmp(lower()))
        })
    }
}

/// The segment at the start of `rest`.
fn first_segment(rest: &str) -> &str {
    let end = rest.bytes().position(|byte| byte == b'/').unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// What tells most segments apart at once, whatever the case of their letters: their last bytes.
fn key(segment: &str) -> u64 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    let bytes = segment.as_bytes();
    let key = match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)),
    };
    key | LOWER
}

/// Rules in ascending order.
pub(super) struct Candidates<'i> {
    lists: [&'i [usize]; NODES],
    count: usize,
}

impl<'i> Candidates<'i> {
    fn push(&mut self, rules: &'i [usize]) {
        if let Some(place) = self.lists.get_mut(self.count).filter(|_| !rules.is_empty()) {
            *place = rules;
            self.count = self.count.saturating_add(1);
        }
    }

    /// The first rule from number `from` on.
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        self.lists
            .iter_mut()
            .take(self.count)
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
    use crate::pattern::{Case, Pattern};
    use alloc::{format, vec::Vec};
    use proptest::prelude::*;

    fn index(sources: &[&str]) -> Index {
        let mut index = Index::default();
        for (rule, source) in sources.iter().enumerate() {
            let pattern = Pattern::new(source, Case::Insensitive).unwrap();
            index.insert(pattern.leading_segments(), rule);
        }
        index
    }

    fn found(index: &Index, path: &str) -> Vec<usize> {
        let mut candidates = index.candidates(path);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(rule) = candidates.next(from) {
            found.push(rule);
            from = rule + 1;
        }
        found
    }

    #[test]
    fn yields_the_rules_along_a_path_in_order() {
        let index = index(&[
            "/a/b",
            "/:p*",
            "/A",
            "/c",
            "/a/b/c",
            "/a/:p*",
            "/a/x",
            "/:p/b",
            "/:p/:q/c",
            "/a(.*)",
            "/a-:p",
            "/a/",
            "/:p-b",
            "/a{/b}?",
            "/a/:p?{-x}?",
        ]);
        for (path, expected) in [
            ("/", &[1, 9, 10, 12, 14][..]),
            ("/a", &[1, 2, 5, 9, 10, 11, 12, 13, 14]),
            ("/A/B/", &[0, 1, 2, 5, 7, 9, 10, 11, 12, 13, 14]),
            ("/a/b/c/d/e/f/g/h", &[0, 1, 2, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14]),
            ("/ab", &[1, 9, 10, 12, 14]),
            ("/c/a", &[1, 3, 9, 10, 12, 14]),
        ] {
            assert_eq!(found(&index, path), expected, "{path}");
        }
    }

    #[test]
    fn the_ways_through_the_tree_are_bounded() {
        let sources: Vec<String> = (0..256)
            .map(|bits| {
                let segment = |bit| match bits & (1 << bit) {
                    0 => String::from("/a"),
                    _ => format!("/:p{bit}"),
                };
                (0..8).map(segment).collect()
            })
            .collect();
        let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
        let all: Vec<usize> = (0..256).collect();
        assert_eq!(found(&index(&sources), "/a/a/a/a/a/a/a/a"), all);
    }

    proptest! {
        #[test]
        fn no_rule_that_matches_is_missed(
            sources in prop::collection::vec(
                "(/(a|b|A|:x|:y|:z[?*+]|:w\\(a\\|b\\)|a-:v|\\{a\\}|\\{/b\\}\\?)|\\{-b\\}\\?){1,5}/?", 1..8),
            path in "(/(a|b|A|a-b)){0,9}/?",
        ) {
            let mut index = Index::default();
            let mut patterns = Vec::new();
            for source in &sources {
                if let Ok(pattern) = Pattern::new(source, Case::Insensitive) {
                    index.insert(pattern.leading_segments(), patterns.len());
                    patterns.push(pattern);
                }
            }
            let found = found(&index, &path);
            for (rule, pattern) in patterns.iter().enumerate() {
                prop_assert!(found.contains(&rule) || !pattern.is_match(&path), "{pattern}");
            }
        }
    }
}
