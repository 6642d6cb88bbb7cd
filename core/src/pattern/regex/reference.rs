//! A slow, obvious matcher to compare the fast one with: it backtracks, as ECMA-262 §22.2.2 says,
//! one continuation for what follows.

use super::{
    ast::{Assertion, Node},
    set::is_word,
};
use alloc::{string::String, vec, vec::Vec};

/// How many nodes may be tried before a test gives up on a case.
const FUEL: usize = 200_000;

type Slots = Vec<Option<(usize, usize)>>;

struct Reference<'t> {
    text: &'t [char],
    fuel: usize,
}

/// What the groups of the preferred match of the whole text take, in characters; `Err` if it takes
/// too long to tell.
pub(in crate::pattern) fn captures(
    node: &Node,
    groups: usize,
    text: &str,
) -> Result<Option<Vec<Option<String>>>, ()> {
    let chars: Vec<char> = text.chars().collect();
    let mut reference = Reference { text: &chars, fuel: FUEL };
    let mut found = None;
    let slots = vec![None; groups];
    let end = chars.len();
    let matched = reference.matches(node, 0, &slots, false, &mut |_, place, slots| {
        if place == end {
            found = Some(slots.clone());
        }
        place == end
    });
    if reference.fuel == 0 {
        return Err(());
    }
    assert_eq!(matched, found.is_some());
    Ok(found.map(|slots| {
        let text = |(start, end): (usize, usize)| chars[start..end].iter().collect();
        slots.into_iter().map(|slot| slot.map(text)).collect()
    }))
}

type Then<'c, 't> = dyn FnMut(&mut Reference<'t>, usize, &Slots) -> bool + 'c;

impl<'t> Reference<'t> {
    fn matches(
        &mut self,
        node: &Node,
        place: usize,
        slots: &Slots,
        backwards: bool,
        then: &mut Then<'_, 't>,
    ) -> bool {
        if self.fuel == 0 {
            return false;
        }
        self.fuel -= 1;
        match node {
            Node::Char { .. } | Node::Set(_) => {
                let (at, after) = if backwards {
                    (place.wrapping_sub(1), place.wrapping_sub(1))
                } else {
                    (place, place + 1)
                };
                let Some(char) = self.text.get(at) else { return false };
                let takes = match node {
                    Node::Char { char: expected, fold: true } => {
                        expected.eq_ignore_ascii_case(char)
                    }
                    Node::Char { char: expected, .. } => expected == char,
                    Node::Set(set) => set.contains(*char),
                    _ => false,
                };
                takes && then(self, after, slots)
            }
            Node::Assertion(assertion) => {
                let word = |at: usize| self.text.get(at).is_some_and(|char| is_word(*char));
                let boundary = (place > 0 && word(place - 1)) != word(place);
                let holds = match assertion {
                    Assertion::Start => place == 0,
                    Assertion::End => place == self.text.len(),
                    Assertion::WordBoundary => boundary,
                    Assertion::NotWordBoundary => !boundary,
                };
                holds && then(self, place, slots)
            }
            Node::Sequence(nodes) => self.sequence(nodes, place, slots, backwards, then),
            Node::Choice(nodes) => {
                nodes.iter().any(|node| self.matches(node, place, slots, backwards, then))
            }
            Node::Repeat { node, min, max, greedy } => {
                self.repeat(node, (*min, *max, *greedy), place, slots, backwards, then)
            }
            Node::Capture(number, node) => {
                self.matches(node, place, slots, backwards, &mut |reference, end, slots| {
                    let mut slots = slots.clone();
                    slots[*number] = Some((place.min(end), place.max(end)));
                    then(reference, end, &slots)
                })
            }
            Node::Look { look, node } => {
                let holds = self.matches(node, place, slots, look.behind, &mut |_, _, _| true);
                holds != look.negative && then(self, place, slots)
            }
        }
    }

    fn sequence(
        &mut self,
        nodes: &[Node],
        place: usize,
        slots: &Slots,
        backwards: bool,
        then: &mut Then<'_, 't>,
    ) -> bool {
        let split = if backwards { nodes.split_last() } else { nodes.split_first() };
        match split {
            None => then(self, place, slots),
            Some((node, rest)) => {
                self.matches(node, place, slots, backwards, &mut |reference, place, slots| {
                    reference.sequence(rest, place, slots, backwards, then)
                })
            }
        }
    }

    fn repeat(
        &mut self,
        node: &Node,
        (min, max, greedy): (u32, Option<u32>, bool),
        place: usize,
        slots: &Slots,
        backwards: bool,
        then: &mut Then<'_, 't>,
    ) -> bool {
        if max == Some(0) {
            return then(self, place, slots);
        }
        let iterate = |reference: &mut Self, then: &mut Then<'_, 't>| {
            let mut slots = slots.clone();
            if let Some((first, last)) = node.captures() {
                slots[first..=last].fill(None);
            }
            reference.matches(node, place, &slots, backwards, &mut |reference, end, slots| {
                if min == 0 && end == place {
                    return false;
                }
                let rest = (min.saturating_sub(1), max.map(|max| max - 1), greedy);
                reference.repeat(node, rest, end, slots, backwards, then)
            })
        };
        if min > 0 {
            return iterate(self, then);
        }
        if greedy && iterate(self, then) {
            return true;
        }
        then(self, place, slots) || !greedy && iterate(self, then)
    }
}
