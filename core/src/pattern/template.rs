//! Destination templates: literal text with places for parameters.

use super::{
    canonical_literal,
    captures::Param,
    error::PatternError,
    push_escape,
    syntax::{self, Part, is_name_char},
};
use crate::path::is_unreserved;
use alloc::{borrow::ToOwned as _, string::String, vec::Vec};

/// A compiled template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Piece {
    Literal(String),
    Place(Place),
}

/// A place that a parameter fills.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    /// The name, or the number of a parameter that has none.
    pub(crate) name: String,
    /// Whether the name is a number that stands for a group without a name.
    pub(crate) unnamed: bool,
    /// Whether it takes a list.
    pub(crate) repeated: bool,
    prefix: String,
    suffix: String,
    /// Whether the first element of a list goes without the prefix.
    bare_start: bool,
}

/// A value to fill a place with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'v> {
    /// Taken from a path, percent-encoded as it stands there.
    Path(Param<'v>),
    /// Captured from a header, cookie, query or host: plain text.
    Captured(&'v str),
}

/// Where a value lands, which says how it must be spelled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Landing {
    Path,
    Query,
    Host,
}

/// Why a template can't be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FillError {
    /// The text would be longer than allowed.
    TooLong,
    /// A value for a host is absent or not made of letters, digits and hyphens.
    HostLabel,
}

impl Template {
    /// Compiles the path, fragment or host of a destination.
    ///
    /// Braces stand for themselves there, as they do for a URL parser.
    pub(crate) fn new(source: &str) -> Result<Self, PatternError> {
        let mut escaped = String::with_capacity(source.len());
        for char in source.chars() {
            match char {
                '{' | '}' | '"' | '<' | '>' | '`' | '^' => {
                    char.encode_utf8(&mut [0; 4])
                        .bytes()
                        .for_each(|byte| push_escape(&mut escaped, byte));
                }
                _ => escaped.push(char),
            }
        }
        let pieces = syntax::parse(&escaped)?
            .into_iter()
            .map(|part| match part {
                Part::Literal(text) | Part::Group { text, .. } => {
                    Piece::Literal(canonical_literal(&text).into_owned())
                }
                Part::Parameter(parameter) => Piece::Place(Place {
                    unnamed: matches!(parameter.name, syntax::Name::Numbered(_)),
                    name: alloc::format!("{}", parameter.name),
                    repeated: parameter.modifier.is_repeat(),
                    prefix: parameter.prefix,
                    suffix: parameter.suffix,
                    bare_start: false,
                }),
            })
            .collect();
        Ok(Self { pieces })
    }

    /// Compiles the value of a query parameter, in which only `known` names stand for parameters.
    pub(crate) fn query_value(source: &str, known: &dyn Fn(&str) -> bool) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some((text, behind)) = rest.split_once(':') {
            literal.push_str(text);
            let end = behind.find(|char| !is_name_char(char)).unwrap_or(behind.len());
            let (name, behind) = behind.split_at_checked(end).unwrap_or_default();
            rest = behind;
            if !known(name) {
                literal.push(':');
                literal.push_str(name);
                continue;
            }
            let modifier = behind.chars().next().filter(|char| matches!(char, '?' | '*' | '+'));
            if modifier.is_some() {
                rest = behind.get(1..).unwrap_or_default();
            }
            let start = literal.is_empty() && pieces.is_empty();
            let prefix = if start {
                "/".to_owned()
            } else {
                match literal.chars().last().filter(|char| matches!(char, '/' | '.')) {
                    Some(char) => {
                        literal.pop();
                        String::from(char)
                    }
                    None => String::new(),
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(core::mem::take(&mut literal)));
            }
            pieces.push(Piece::Place(Place {
                name: name.to_owned(),
                unnamed: false,
                repeated: matches!(modifier, Some('*' | '+')),
                prefix,
                suffix: String::new(),
                bare_start: start,
            }));
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// Text without any place.
    pub(crate) fn literal(text: String) -> Self {
        Self { pieces: alloc::vec![Piece::Literal(text)] }
    }

    /// Puts literal text in front. A template that is a slash alone becomes that text.
    pub(crate) fn prepend(&mut self, prefix: &str) {
        match self.pieces.as_mut_slice() {
            [Piece::Literal(text)] if text == "/" => *text = prefix.to_owned(),
            [Piece::Literal(text), ..] => text.insert_str(0, prefix),
            _ => self.pieces.insert(0, Piece::Literal(prefix.to_owned())),
        }
    }

    /// The places for parameters.
    pub(crate) fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(place),
            Piece::Literal(_) => None,
        })
    }

    /// The literal text at the start.
    pub(crate) fn literal_prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// The literal text at the end.
    pub(crate) fn literal_suffix(&self) -> &str {
        match self.pieces.last() {
            Some(Piece::Literal(text)) => text,
            _ => "",
        }
    }

    /// Appends the filled-in text to `out`, which must not grow beyond `limit` bytes. A parameter
    /// that took nothing leaves nothing, its prefix and suffix included.
    pub(crate) fn fill<'v>(
        &self,
        out: &mut String,
        limit: usize,
        landing: Landing,
        value: &dyn Fn(&str) -> Option<Value<'v>>,
    ) -> Result<(), FillError> {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Place(place) => match value(&place.name) {
                    Some(Value::Path(Param::List(list))) => {
                        for (index, text) in list.iter().enumerate() {
                            let bare = place.bare_start && index == 0;
                            place.fill(out, landing, bare, text, push_encoded)?;
                            if out.len() > limit {
                                return Err(FillError::TooLong);
                            }
                        }
                    }
                    Some(Value::Path(Param::Text(text))) => {
                        place.fill(out, landing, place.bare_start, text, push_encoded)?;
                    }
                    Some(Value::Captured(text)) => {
                        place.fill(out, landing, place.bare_start, text, push_plain)?;
                    }
                    None if landing == Landing::Host => return Err(FillError::HostLabel),
                    None => {}
                },
            }
            if out.len() > limit {
                return Err(FillError::TooLong);
            }
        }
        Ok(())
    }
}

impl Place {
    fn fill(
        &self,
        out: &mut String,
        landing: Landing,
        bare: bool,
        text: &str,
        push: fn(&mut String, &str, Landing),
    ) -> Result<(), FillError> {
        if landing == Landing::Host {
            let is_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if text.is_empty() || !text.bytes().all(is_label) {
                return Err(FillError::HostLabel);
            }
        }
        if !bare {
            out.push_str(&self.prefix);
        }
        push(out, text, landing);
        out.push_str(&self.suffix);
        Ok(())
    }
}

/// Appends text of a path. In a query, what means something there is encoded; escapes stay.
pub(crate) fn push_encoded(out: &mut String, text: &str, landing: Landing) {
    if landing != Landing::Query {
        out.push_str(text);
        return;
    }
    for byte in text.bytes() {
        if matches!(byte, b'&' | b'=' | b'+' | b';' | b'#') {
            push_escape(out, byte);
        } else {
            out.push(char::from(byte));
        }
    }
}

/// Appends plain text, with every byte encoded that is not unreserved.
fn push_plain(out: &mut String, text: &str, _: Landing) {
    for byte in text.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            push_escape(out, byte);
        }
    }
}
