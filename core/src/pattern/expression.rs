//! From the parts of a path pattern to the expression that path-to-regexp builds of them.

use super::{
    Case,
    error::PatternError,
    regex::{Assertion, CharSet, Look, Node, Options, parse},
    syntax::{Matches, Modifier, Parameter, Part},
};
use alloc::{boxed::Box, vec::Vec};

/// The expression of a whole pattern: its parts, one optional slash, and the end.
pub(super) fn of(parts: &[Part], case: Case) -> Result<Node, PatternError> {
    let fold = case == Case::Insensitive;
    let mut nodes = Vec::new();
    let mut number = 0_usize;
    for part in parts {
        nodes.push(match part {
            Part::Literal(text) => literal(text, fold),
            Part::Group { text, modifier } => modified(literal(text, fold), *modifier),
            Part::Parameter(part) => {
                let node = parameter(part, number, fold)?;
                number = number.saturating_add(1);
                node
            }
        });
    }
    nodes.push(Node::Char { char: '/', fold: false }.optional());
    nodes.push(Node::Assertion(Assertion::End));
    Ok(Node::Sequence(nodes))
}

/// Literal text. The digits of an escape have no case (RFC 3986 §6.2.2.1).
fn literal(text: &str, fold: bool) -> Node {
    let in_escape = |at: usize| {
        [1_usize, 2]
            .iter()
            .any(|back| at.checked_sub(*back).and_then(|at| text.as_bytes().get(at)) == Some(&b'%'))
    };
    Node::text(text, |at| fold || in_escape(at))
}

fn parameter(parameter: &Parameter, number: usize, fold: bool) -> Result<Node, PatternError> {
    let value = match &parameter.matches {
        Matches::Segment => Node::Set(CharSet::all_but(&['/'], fold)).repeat(1, None, false),
        Matches::SegmentWithout(text) => segment_without(text, fold).repeat(1, None, false),
        Matches::Expression(expression, position) => {
            let options = Options { fold, named_groups: false, position: *position };
            parse(expression, options)?.node
        }
    };
    let prefix = literal(&parameter.prefix, fold);
    let suffix = literal(&parameter.suffix, fold);
    let value = if parameter.modifier.is_repeat() {
        let next = Node::Sequence(alloc::vec![suffix.clone(), prefix.clone(), value.clone()]);
        Node::Sequence(alloc::vec![value, next.repeat(0, None, true)])
    } else {
        value
    };
    let capture = Node::Capture(number, Box::new(value));
    let whole = Node::Sequence(alloc::vec![prefix, capture, suffix]);
    Ok(if parameter.modifier.is_optional() { whole.optional() } else { whole })
}

/// A character that neither is a slash nor starts `text`.
fn segment_without(text: &str, fold: bool) -> Node {
    let mut chars = text.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return Node::Set(CharSet::all_but(&['/', char], fold));
    }
    let look = Look { id: 0, behind: false, negative: true };
    let text = Box::new(literal(text, fold));
    Node::Sequence(alloc::vec![
        Node::Look { look, node: text },
        Node::Set(CharSet::all_but(&['/'], fold)),
    ])
}

fn modified(node: Node, modifier: Modifier) -> Node {
    match modifier {
        Modifier::Once => node,
        Modifier::Optional => node.optional(),
        Modifier::ZeroOrMore => node.repeat(0, None, true),
        Modifier::OneOrMore => node.repeat(1, None, true),
    }
}
