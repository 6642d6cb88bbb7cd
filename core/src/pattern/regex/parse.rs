//! The syntax of JavaScript's regular expressions without the `u` flag (ECMA-262 §22.2.1 with
//! annex B), as far as it can run in linear time: everything but back-references.

use super::{
    ast::{Assertion, Look, Node},
    set::{CharSet, DIGITS, SPACE, WORD, complement},
};
use crate::pattern::{
    MAX_NESTING, MAX_PARAMETERS,
    error::{ExpressionError, PatternError, PatternErrorKind},
};
use alloc::{boxed::Box, string::String, vec::Vec};

/// An expression and the names of its groups, in the order of their numbers.
#[derive(Debug)]
pub(in crate::pattern) struct Parsed {
    pub(in crate::pattern) node: Node,
    pub(in crate::pattern) names: Vec<String>,
}

/// How to read an expression.
#[derive(Clone, Copy, Debug)]
pub(in crate::pattern) struct Options {
    /// Letters stand for both cases.
    pub(in crate::pattern) fold: bool,
    /// Named groups are captured; other groups never are.
    pub(in crate::pattern) named_groups: bool,
    /// Where the expression starts in the source that errors speak of.
    pub(in crate::pattern) position: usize,
}

/// Parses an expression.
pub(in crate::pattern) fn parse(source: &str, options: Options) -> Result<Parsed, PatternError> {
    let mut parser = Parser {
        chars: source.chars().collect(),
        position: 0,
        options,
        names: Vec::new(),
        depth: 0,
        looks: 0,
    };
    let node = parser.choice()?;
    if parser.position < parser.chars.len() {
        return Err(parser.error(ExpressionError::UnmatchedParenthesis, parser.position));
    }
    Ok(Parsed { node, names: parser.names })
}

struct Parser {
    chars: Vec<char>,
    position: usize,
    options: Options,
    names: Vec<String>,
    depth: usize,
    /// How many look-arounds are open.
    looks: usize,
}

/// A quantifier: least, most, greedy.
type Quantifier = (u32, Option<u32>, bool);

impl Parser {
    fn error(&self, error: ExpressionError, at: usize) -> PatternError {
        let position = self.options.position.saturating_add(at);
        PatternError::new(PatternErrorKind::Expression(error), position)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.position = self.position.saturating_add(1);
        Some(char)
    }

    /// Takes `text` if it comes next.
    fn take(&mut self, text: &str) -> bool {
        let rest = self.chars.get(self.position..).unwrap_or_default();
        let length = text.chars().count();
        let found = rest.len() >= length && text.chars().eq(rest.iter().copied().take(length));
        if found {
            self.position = self.position.saturating_add(length);
        }
        found
    }

    fn char(&self, char: char) -> Node {
        Node::Char { char, fold: self.options.fold }
    }

    fn set(&self, ranges: &[(u32, u32)], negated: bool) -> Node {
        Node::Set(CharSet::new(ranges, self.options.fold, negated))
    }

    /// `a|b|c`, up to a `)` or the end.
    fn choice(&mut self) -> Result<Node, PatternError> {
        let first = self.sequence()?;
        if self.peek() != Some('|') {
            return Ok(first);
        }
        let mut choices = alloc::vec![first];
        while self.take("|") {
            choices.push(self.sequence()?);
        }
        Ok(Node::Choice(choices))
    }

    fn sequence(&mut self) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while let Some(char) = self.peek().filter(|char| !matches!(char, '|' | ')')) {
            let start = self.position;
            let (node, can_repeat) = self.term(char)?;
            let node = match self.quantifier()? {
                None => node,
                Some(_) if !can_repeat => {
                    return Err(self.error(ExpressionError::NothingToRepeat, start));
                }
                Some((min, max, greedy)) => node.repeat(min, max, greedy),
            };
            nodes.push(node);
        }
        Ok(Node::Sequence(nodes))
    }

    /// One item, and whether a quantifier may follow it. `char` comes next.
    fn term(&mut self, char: char) -> Result<(Node, bool), PatternError> {
        let start = self.position;
        self.next();
        Ok(match char {
            '^' => (Node::Assertion(Assertion::Start), false),
            '$' => (Node::Assertion(Assertion::End), false),
            '.' => (Node::Set(CharSet::dot()), true),
            '[' => (self.class(start)?, true),
            '(' => return self.group(start),
            '\\' => return self.escape(start),
            '*' | '+' | '?' => return Err(self.error(ExpressionError::NothingToRepeat, start)),
            '{' => {
                self.position = start;
                if self.quantifier()?.is_some() {
                    return Err(self.error(ExpressionError::NothingToRepeat, start));
                }
                self.next();
                (self.char('{'), true)
            }
            char => (self.char(char), true),
        })
    }

    /// What may stand behind an item.
    fn quantifier(&mut self) -> Result<Option<Quantifier>, PatternError> {
        let start = self.position;
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                let Some((min, max)) = self.braces() else {
                    self.position = start;
                    return Ok(None);
                };
                if max.is_some_and(|max| max < min) {
                    return Err(self.error(ExpressionError::NumbersOutOfOrder, start));
                }
                (min, max)
            }
            _ => return Ok(None),
        };
        if self.position == start {
            self.next();
        }
        let greedy = !self.take("?");
        Ok(Some((min, max, greedy)))
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else in braces is text.
    fn braces(&mut self) -> Option<(u32, Option<u32>)> {
        self.next();
        let min = self.number()?;
        let max = match self.next()? {
            '}' => return Some((min, Some(min))),
            ',' if self.take("}") => return Some((min, None)),
            ',' => self.number()?,
            _ => return None,
        };
        (self.next()? == '}').then_some((min, Some(max)))
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|char| char.to_digit(10)) {
            number = Some(number.unwrap_or(0_u32).saturating_mul(10).saturating_add(digit));
            self.next();
        }
        number
    }

    /// A group, behind its `(`.
    fn group(&mut self, start: usize) -> Result<(Node, bool), PatternError> {
        if self.depth >= MAX_NESTING {
            return Err(self.error(ExpressionError::NestedTooDeeply, start));
        }
        let look = |behind, negative| Some(Look { id: 0, behind, negative });
        let (look, capture) = if !self.take("?") || self.take(":") {
            (None, None)
        } else if self.take("=") {
            (look(false, false), None)
        } else if self.take("!") {
            (look(false, true), None)
        } else if self.take("<=") {
            (look(true, false), None)
        } else if self.take("<!") {
            (look(true, true), None)
        } else if self.take("<") {
            (None, Some(self.name(start)?))
        } else {
            return Err(self.error(ExpressionError::InvalidGroup, start));
        };

        self.depth = self.depth.saturating_add(1);
        let inside_look = usize::from(look.is_some());
        self.looks = self.looks.saturating_add(inside_look);
        let node = self.choice()?;
        self.looks = self.looks.saturating_sub(inside_look);
        self.depth = self.depth.saturating_sub(1);
        if !self.take(")") {
            return Err(self.error(ExpressionError::UnterminatedGroup, start));
        }

        Ok(match (look, capture) {
            (Some(look), _) => (Node::Look { look, node: Box::new(node) }, !look.behind),
            (None, Some(number)) => (Node::Capture(number, Box::new(node)), true),
            (None, None) => (node, true),
        })
    }

    /// The name of a group, behind its `<`; returns its number.
    fn name(&mut self, start: usize) -> Result<usize, PatternError> {
        if !self.options.named_groups || self.looks > 0 {
            return Err(self.error(ExpressionError::NamedGroupPlace, start));
        }
        let mut name = String::new();
        loop {
            match self.next() {
                Some('>') if !name.is_empty() => break,
                Some(char)
                    if char.is_alphabetic()
                        || matches!(char, '_' | '$')
                        || char.is_ascii_digit() && !name.is_empty() =>
                {
                    name.push(char);
                }
                _ => return Err(self.error(ExpressionError::InvalidGroupName, start)),
            }
        }
        if self.names.contains(&name) {
            return Err(self.error(ExpressionError::DuplicateGroupName, start));
        }
        let number = self.names.len();
        if number >= MAX_PARAMETERS {
            let position = self.options.position.saturating_add(start);
            return Err(PatternError::new(PatternErrorKind::TooManyParameters, position));
        }
        self.names.push(name);
        Ok(number)
    }

    /// What an escape stands for, behind its backslash.
    fn escape(&mut self, start: usize) -> Result<(Node, bool), PatternError> {
        let Some(char) = self.next() else {
            return Err(self.error(ExpressionError::TrailingBackslash, start));
        };
        Ok(match char {
            'b' => (Node::Assertion(Assertion::WordBoundary), false),
            'B' => (Node::Assertion(Assertion::NotWordBoundary), false),
            '1'..='9' => return Err(self.error(ExpressionError::BackReference, start)),
            'k' if self.peek() == Some('<') => {
                return Err(self.error(ExpressionError::BackReference, start));
            }
            char => match self.class_escape(char) {
                Escaped::Set(ranges) => (self.set(&ranges, false), true),
                Escaped::Char(char) => (self.char(char), true),
            },
        })
    }

    /// An escape that means the same inside of brackets and outside.
    fn class_escape(&mut self, char: char) -> Escaped {
        let code = match char {
            'd' => return Escaped::Set(DIGITS.to_vec()),
            'D' => return Escaped::Set(complement(DIGITS)),
            'w' => return Escaped::Set(WORD.to_vec()),
            'W' => return Escaped::Set(complement(WORD)),
            's' => return Escaped::Set(SPACE.to_vec()),
            'S' => return Escaped::Set(complement(SPACE)),
            't' => 0x09,
            'n' => 0x0a,
            'v' => 0x0b,
            'f' => 0x0c,
            'r' => 0x0d,
            'c' => match self.peek().filter(char::is_ascii_alphabetic) {
                Some(letter) => {
                    self.next();
                    u32::from(letter) & 0x1f
                }
                // The backslash then stands for itself.
                None => {
                    self.position = self.position.saturating_sub(1);
                    u32::from('\\')
                }
            },
            'x' => self.hex(2).unwrap_or_else(|| u32::from('x')),
            'u' => self.unicode().unwrap_or_else(|| u32::from('u')),
            '0'..='7' => self.octal(char),
            char => return Escaped::Char(char),
        };
        match char::from_u32(code) {
            Some(char) => Escaped::Char(char),
            // Half of a surrogate pair is no character of any text.
            None => Escaped::Set(Vec::new()),
        }
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let end = self.position.saturating_add(digits);
        let text = self.chars.get(self.position..end)?;
        let mut code = 0_u32;
        for char in text {
            code = (code << 4) | char.to_digit(16)?;
        }
        self.position = end;
        Some(code)
    }

    /// `\u` and four digits, or two of them that make up a surrogate pair.
    fn unicode(&mut self) -> Option<u32> {
        let first = self.hex(4)?;
        let position = self.position;
        if (0xd800..0xdc00).contains(&first) && self.take("\\u") {
            if let Some(second) = self.hex(4).filter(|code| (0xdc00..0xe000).contains(code)) {
                return 0x1_0000_u32.checked_add(((first & 0x3ff) << 10) | (second & 0x3ff));
            }
            self.position = position;
        }
        Some(first)
    }

    /// Up to three octal digits, the first of which was read.
    fn octal(&mut self, first: char) -> u32 {
        let mut code = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|char| char.to_digit(8)) else { break };
            let longer = (code << 3) | digit;
            if longer > 0o377 {
                break;
            }
            code = longer;
            self.next();
        }
        code
    }

    /// A class, behind its `[`.
    fn class(&mut self, start: usize) -> Result<Node, PatternError> {
        let negated = self.take("^");
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        loop {
            let at = self.position;
            let Some(first) = self.class_item(start)? else {
                return Ok(self.set(&ranges, negated));
            };
            let dash = self.position;
            if !self.take("-") {
                ranges.extend(first.ranges());
                continue;
            }
            match (self.class_item(start)?, &first) {
                // A dash at the end is a character.
                (None, _) => {
                    self.position = dash.saturating_add(1);
                    ranges.extend(first.ranges());
                    ranges.push((0x2d, 0x2d));
                }
                (Some(Escaped::Char(last)), Escaped::Char(first)) => {
                    if last < *first {
                        return Err(self.error(ExpressionError::RangeOutOfOrder, at));
                    }
                    ranges.push((u32::from(*first), u32::from(last)));
                }
                // And so is one beside a set.
                (Some(last), first) => {
                    ranges.extend(first.ranges());
                    ranges.push((0x2d, 0x2d));
                    ranges.extend(last.ranges());
                }
            }
        }
    }

    /// One item of a class, or `None` behind its `]`.
    fn class_item(&mut self, start: usize) -> Result<Option<Escaped>, PatternError> {
        let unterminated = ExpressionError::UnterminatedClass;
        Ok(match self.next() {
            None => return Err(self.error(unterminated, start)),
            Some(']') => None,
            Some('\\') => match self.next() {
                None => return Err(self.error(unterminated, start)),
                Some('b') => Some(Escaped::Char('\u{8}')),
                Some('c')
                    if self.peek().is_some_and(|char| char.is_ascii_digit() || char == '_') =>
                {
                    let code = self.next().map_or(0, u32::from) & 0x1f;
                    Some(Escaped::Char(char::from_u32(code).unwrap_or_default()))
                }
                Some(char) => Some(self.class_escape(char)),
            },
            Some(char) => Some(Escaped::Char(char)),
        })
    }
}

/// What an escape stands for.
enum Escaped {
    Char(char),
    Set(Vec<(u32, u32)>),
}

impl Escaped {
    fn ranges(&self) -> Vec<(u32, u32)> {
        match self {
            Self::Char(char) => alloc::vec![(u32::from(*char), u32::from(*char))],
            Self::Set(ranges) => ranges.clone(),
        }
    }
}
