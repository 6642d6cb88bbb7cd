//! The grammar of path-to-regexp 6: from source text to [`Part`]s.

use super::{
    MAX_PATTERN_LENGTH,
    error::{PatternError, PatternErrorKind},
};
use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

/// A piece of a pattern or of a destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Text that stands for itself.
    Literal(String),
    /// `{text}` with or without a modifier: text that may be absent or repeated.
    Group { text: String, modifier: Modifier },
    /// A parameter.
    Parameter(Parameter),
}

/// A named or numbered parameter with what surrounds it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: Name,
    /// Text in front that is there only if the parameter is.
    pub(super) prefix: String,
    /// Text behind that is there only if the parameter is.
    pub(super) suffix: String,
    pub(super) matches: Matches,
    pub(super) modifier: Modifier,
    /// Where it stands in the source, counted in characters.
    pub(super) position: usize,
}

impl Part {
    /// Whether there is a slash or nothing where the part starts.
    pub(super) fn starts_with_slash(&self) -> bool {
        match self {
            Self::Literal(text) | Self::Group { text, .. } => text.starts_with('/'),
            Self::Parameter(parameter) => parameter.prefix.starts_with('/'),
        }
    }

    /// Whether the part may be absent.
    pub(super) const fn is_optional(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Group { modifier, .. } => modifier.is_optional(),
            Self::Parameter(parameter) => parameter.modifier.is_optional(),
        }
    }
}

impl Parameter {
    /// Whether it takes exactly one whole segment, if a segment ends behind it.
    pub(super) fn is_plain_segment(&self) -> bool {
        self.prefix == "/"
            && self.suffix.is_empty()
            && self.matches == Matches::Segment
            && self.modifier == Modifier::Once
    }
}

/// What a parameter is called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Name {
    Named(String),
    /// The running number of a group without a name.
    Numbered(usize),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Numbered(number) => write!(f, "{number}"),
        }
    }
}

/// What text a parameter takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Matches {
    /// As few characters other than `/` as possible, at least one.
    Segment,
    /// The same, but never across this text, which stands in front of the parameter.
    SegmentWithout(String),
    /// A regular expression, and where it starts in the source.
    Expression(String, usize),
}

/// How often a part may stand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Modifier {
    Once,
    Optional,
    ZeroOrMore,
    OneOrMore,
}

impl Modifier {
    pub(super) const fn is_repeat(self) -> bool {
        matches!(self, Self::ZeroOrMore | Self::OneOrMore)
    }

    pub(super) const fn is_optional(self) -> bool {
        matches!(self, Self::Optional | Self::ZeroOrMore)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Char(char),
    Escaped(char),
    Name(String),
    Pattern(String),
    Modifier(Modifier),
    Open,
    Close,
    End,
}

impl Token {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Char(_) => "CHAR",
            Self::Escaped(_) => "ESCAPED_CHAR",
            Self::Name(_) => "NAME",
            Self::Pattern(_) => "PATTERN",
            Self::Modifier(_) => "MODIFIER",
            Self::Open => "OPEN",
            Self::Close => "CLOSE",
            Self::End => "END",
        }
    }
}

/// Parses the source of a pattern.
pub(super) fn parse(source: &str) -> Result<Vec<Part>, PatternError> {
    if source.len() > MAX_PATTERN_LENGTH {
        return Err(PatternError::new(PatternErrorKind::TooLong, MAX_PATTERN_LENGTH));
    }
    let tokens = Lexer { chars: source.chars().collect(), position: 0 }.tokens()?;
    Parser { tokens: &tokens, parts: Vec::new(), text: String::new(), numbered: 0 }.parts()
}

struct Lexer {
    chars: Vec<char>,
    position: usize,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.position = self.position.saturating_add(1);
        Some(char)
    }

    fn tokens(mut self) -> Result<Vec<(Token, usize)>, PatternError> {
        let mut tokens = Vec::new();
        loop {
            let start = self.position;
            let token = match self.next() {
                None => Token::End,
                Some('*') => Token::Modifier(Modifier::ZeroOrMore),
                Some('+') => Token::Modifier(Modifier::OneOrMore),
                Some('?') => Token::Modifier(Modifier::Optional),
                Some('{') => Token::Open,
                Some('}') => Token::Close,
                Some('\\') => match self.next() {
                    Some(char) => Token::Escaped(char),
                    None => {
                        let kind =
                            PatternErrorKind::Unexpected { found: "ESCAPED_CHAR", expected: "END" };
                        return Err(PatternError::new(kind, start));
                    }
                },
                Some(':') => Token::Name(self.name(start)?),
                Some('(') => Token::Pattern(self.expression(start)?),
                Some(char) => Token::Char(char),
            };
            let end = token == Token::End;
            tokens.push((token, start));
            if end {
                return Ok(tokens);
            }
        }
    }

    fn name(&mut self, start: usize) -> Result<String, PatternError> {
        let mut name = String::new();
        while let Some(char) = self.peek().filter(|char| is_name_char(*char)) {
            name.push(char);
            self.next();
        }
        if name.is_empty() {
            return Err(PatternError::new(PatternErrorKind::MissingName, start));
        }
        Ok(name)
    }

    /// The text up to the parenthesis that closes the one at `start`.
    fn expression(&mut self, start: usize) -> Result<String, PatternError> {
        if self.peek() == Some('?') {
            return Err(PatternError::new(PatternErrorKind::GroupStart, self.position));
        }
        let mut expression = String::new();
        let mut open = 1_usize;
        while let Some(char) = self.next() {
            match char {
                '\\' => {
                    expression.push('\\');
                    expression.extend(self.next());
                    continue;
                }
                ')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        break;
                    }
                }
                '(' => {
                    open = open.saturating_add(1);
                    if self.peek() != Some('?') {
                        let at = self.position.saturating_sub(1);
                        return Err(PatternError::new(PatternErrorKind::CapturingGroup, at));
                    }
                }
                _ => {}
            }
            expression.push(char);
        }
        if open > 0 {
            return Err(PatternError::new(PatternErrorKind::Unbalanced, start));
        }
        if expression.is_empty() {
            return Err(PatternError::new(PatternErrorKind::MissingPattern, start));
        }
        Ok(expression)
    }
}

/// Whether `char` may stand in the name of a parameter.
pub(super) const fn is_name_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

struct Parser<'t> {
    /// What is left; ends with [`Token::End`].
    tokens: &'t [(Token, usize)],
    parts: Vec<Part>,
    /// Literal text that no part holds yet.
    text: String,
    numbered: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> (&'t Token, usize) {
        self.tokens.first().map_or((&Token::End, 0), |(token, position)| (token, *position))
    }

    fn advance(&mut self) {
        if let Some((_, rest)) = self.tokens.split_first() {
            self.tokens = rest;
        }
    }

    fn take_char(&mut self) -> Option<char> {
        let (Token::Char(char), _) = self.peek() else { return None };
        self.advance();
        Some(*char)
    }

    fn take_escaped(&mut self) -> Option<char> {
        let (Token::Escaped(char), _) = self.peek() else { return None };
        self.advance();
        Some(*char)
    }

    fn take_name(&mut self) -> Option<&'t str> {
        let (Token::Name(name), _) = self.peek() else { return None };
        self.advance();
        Some(name)
    }

    fn take_expression(&mut self) -> Option<(&'t str, usize)> {
        let (Token::Pattern(expression), position) = self.peek() else { return None };
        self.advance();
        Some((expression, position.saturating_add(1)))
    }

    fn take_modifier(&mut self) -> Modifier {
        let (Token::Modifier(modifier), _) = self.peek() else { return Modifier::Once };
        self.advance();
        *modifier
    }

    fn take_text(&mut self) -> String {
        let mut text = String::new();
        while let Some(char) = self.take_char().or_else(|| self.take_escaped()) {
            text.push(char);
        }
        text
    }

    fn expect(&mut self, expected: &Token) -> Result<(), PatternError> {
        let (found, position) = self.peek();
        if found == expected {
            self.advance();
            return Ok(());
        }
        let kind = PatternErrorKind::Unexpected { found: found.kind(), expected: expected.kind() };
        Err(PatternError::new(kind, position))
    }

    fn parts(mut self) -> Result<Vec<Part>, PatternError> {
        loop {
            let char = self.take_char();
            let (_, position) = self.peek();
            let name = self.take_name();
            let expression = self.take_expression();
            if name.is_some() || expression.is_some() {
                let mut prefix = String::new();
                match char {
                    Some('/' | '.') => prefix.extend(char),
                    _ => self.text.extend(char),
                }
                self.flush();
                let matches = self.matches(expression, &prefix, position)?;
                let name = self.name(name);
                let modifier = self.take_modifier();
                let suffix = String::new();
                self.push(Parameter { name, prefix, suffix, matches, modifier, position })?;
                continue;
            }
            if let Some(char) = char.or_else(|| self.take_escaped()) {
                self.text.push(char);
                continue;
            }
            self.flush();
            if *self.peek().0 == Token::Open {
                self.advance();
                self.braces(position)?;
                continue;
            }
            self.expect(&Token::End)?;
            return Ok(self.parts);
        }
    }

    /// `{prefix :name (expression) suffix}`, behind its `{`.
    fn braces(&mut self, position: usize) -> Result<(), PatternError> {
        let mut prefix = self.take_text();
        let name = self.take_name();
        let expression = self.take_expression();
        let suffix = self.take_text();
        self.expect(&Token::Close)?;
        if name.is_none() && expression.is_none() {
            prefix.push_str(&suffix);
            let modifier = self.take_modifier();
            self.parts.push(Part::Group { text: prefix, modifier });
            return Ok(());
        }
        let matches = self.matches(expression, &prefix, position)?;
        let name = self.name(name);
        let modifier = self.take_modifier();
        self.push(Parameter { name, prefix, suffix, matches, modifier, position })
    }

    fn name(&mut self, name: Option<&str>) -> Name {
        if let Some(name) = name {
            return Name::Named(name.to_owned());
        }
        let number = self.numbered;
        self.numbered = number.saturating_add(1);
        Name::Numbered(number)
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Literal(core::mem::take(&mut self.text)));
        }
    }

    fn push(&mut self, parameter: Parameter) -> Result<(), PatternError> {
        let bare = parameter.prefix.is_empty() && parameter.suffix.is_empty();
        if bare && parameter.modifier.is_repeat() {
            let kind = PatternErrorKind::UnprefixedRepeat(parameter.name.to_string());
            return Err(PatternError::new(kind, parameter.position));
        }
        self.parts.push(Part::Parameter(parameter));
        Ok(())
    }

    /// What a parameter takes if its source does not say so.
    ///
    /// This is the protection that 6.3.0 brought: a parameter never runs across the text in front
    /// of it, so that the text between two parameters can be split in one way only.
    fn matches(
        &self,
        expression: Option<(&str, usize)>,
        prefix: &str,
        position: usize,
    ) -> Result<Matches, PatternError> {
        if let Some((expression, start)) = expression {
            return Ok(Matches::Expression(expression.to_owned(), start));
        }
        let before = match self.parts.last() {
            _ if !prefix.is_empty() => prefix,
            None => "",
            Some(Part::Literal(text)) => text,
            Some(Part::Group { .. }) => return Err(adjacent(String::new(), position)),
            Some(Part::Parameter(previous)) => {
                return Err(adjacent(previous.name.to_string(), position));
            }
        };
        if before.is_empty() || before.contains('/') {
            Ok(Matches::Segment)
        } else {
            Ok(Matches::SegmentWithout(before.to_owned()))
        }
    }
}

const fn adjacent(name: String, position: usize) -> PatternError {
    PatternError::new(PatternErrorKind::AdjacentParameters(name), position)
}
