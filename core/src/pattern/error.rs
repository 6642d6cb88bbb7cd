//! Why a pattern can't be compiled.

use alloc::string::String;
use core::fmt;

/// A pattern that can't be used, and where it goes wrong.
///
/// The texts are those that path-to-regexp 6 and JavaScript engines print for the same mistake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatternError {
    kind: PatternErrorKind,
    position: usize,
}

impl PatternError {
    pub(super) const fn new(kind: PatternErrorKind, position: usize) -> Self {
        Self { kind, position }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &PatternErrorKind {
        &self.kind
    }

    /// The column of the character at which it goes wrong, counted from 1. The messages count from
    /// 0, as those of path-to-regexp do.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.position.saturating_add(1)
    }
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// A `:` that no name follows.
    MissingName,
    /// A group that starts with `?`.
    GroupStart,
    /// A capturing group inside the expression of a parameter.
    CapturingGroup,
    /// A `(` without its `)`.
    Unbalanced,
    /// `()`.
    MissingPattern,
    /// A token that can't stand where it stands.
    Unexpected {
        /// The kind of the token, as path-to-regexp names it.
        found: &'static str,
        /// What would have been right.
        expected: &'static str,
    },
    /// Two parameters in a row, so that it is open where the first ends. Names the first.
    AdjacentParameters(String),
    /// `*` or `+` on a parameter that has neither prefix nor suffix.
    UnprefixedRepeat(String),
    /// Not a regular expression, or one that this engine does not run.
    Expression(ExpressionError),
    /// More than [`MAX_PATTERN_LENGTH`](super::MAX_PATTERN_LENGTH) characters.
    TooLong,
    /// More than [`MAX_PARAMETERS`](super::MAX_PARAMETERS) parameters or named groups.
    TooManyParameters,
    /// More than [`MAX_PROGRAM`](super::MAX_PROGRAM) instructions once compiled.
    TooLarge,
}

/// What is wrong with a regular expression.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// A quantifier that follows nothing.
    NothingToRepeat,
    /// `{3,2}`.
    NumbersOutOfOrder,
    /// A `(` without its `)`.
    UnterminatedGroup,
    /// A `)` without its `(`.
    UnmatchedParenthesis,
    /// A `[` without its `]`.
    UnterminatedClass,
    /// `[z-a]`.
    RangeOutOfOrder,
    /// `(?` and then nothing known.
    InvalidGroup,
    /// A group name that is not an identifier, or not closed.
    InvalidGroupName,
    /// Two groups of the same name.
    DuplicateGroupName,
    /// A backslash at the end.
    TrailingBackslash,
    /// `\1` or `\k<name>`: what a group matched can't be asked for in linear time.
    BackReference,
    /// A named group where none may stand: in a path, or inside a look-around.
    NamedGroupPlace,
    /// More than 64 look-arounds.
    TooManyLookArounds,
    /// More groups inside groups than [`MAX_NESTING`](super::MAX_NESTING).
    NestedTooDeeply,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.position;
        match &self.kind {
            PatternErrorKind::MissingName => write!(f, "Missing parameter name at {at}"),
            PatternErrorKind::GroupStart => write!(f, "Pattern cannot start with \"?\" at {at}"),
            PatternErrorKind::CapturingGroup => {
                write!(f, "Capturing groups are not allowed at {at}")
            }
            PatternErrorKind::Unbalanced => write!(f, "Unbalanced pattern at {at}"),
            PatternErrorKind::MissingPattern => write!(f, "Missing pattern at {at}"),
            PatternErrorKind::Unexpected { found, expected } => {
                write!(f, "Unexpected {found} at {at}, expected {expected}")
            }
            PatternErrorKind::AdjacentParameters(name) => write!(
                f,
                "Must have text between two parameters, missing text after \"{name}\" at {at}"
            ),
            PatternErrorKind::UnprefixedRepeat(name) => {
                write!(f, "Can not repeat \"{name}\" without a prefix and suffix at {at}")
            }
            PatternErrorKind::Expression(error) => {
                write!(f, "Invalid regular expression: {error} at {at}")
            }
            PatternErrorKind::TooLong => {
                write!(f, "exceeds the length of {} characters", super::MAX_PATTERN_LENGTH)
            }
            PatternErrorKind::TooManyParameters => {
                write!(f, "has more than {} parameters", super::MAX_PARAMETERS)
            }
            PatternErrorKind::TooLarge => write!(
                f,
                "compiles to more than {} instructions (a large {{n,m}} repeats its group)",
                super::MAX_PROGRAM
            ),
        }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingToRepeat => "Nothing to repeat",
            Self::NumbersOutOfOrder => "numbers out of order in {} quantifier",
            Self::UnterminatedGroup => "Unterminated group",
            Self::UnmatchedParenthesis => "Unmatched ')'",
            Self::UnterminatedClass => "Unterminated character class",
            Self::RangeOutOfOrder => "Range out of order in character class",
            Self::InvalidGroup => "Invalid group",
            Self::InvalidGroupName => "Invalid capture group name",
            Self::DuplicateGroupName => "Duplicate capture group name",
            Self::TrailingBackslash => "\\ at end of pattern",
            Self::BackReference => "Back-references are not supported",
            Self::NamedGroupPlace => {
                "Named groups are supported only in the values of `has` and outside look-arounds"
            }
            Self::TooManyLookArounds => "Too many look-arounds",
            Self::NestedTooDeeply => "Groups are nested too deeply",
        })
    }
}

impl core::error::Error for PatternError {}
