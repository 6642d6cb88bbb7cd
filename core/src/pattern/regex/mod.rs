//! Regular expressions of JavaScript, as far as they run in linear time.

mod ast;
mod parse;
mod program;
#[cfg(test)]
pub(super) mod reference;
mod set;
mod table;
mod vm;

pub(super) use ast::{Assertion, Look, Node};
pub(super) use parse::{Options, Parsed, parse};
pub(super) use set::CharSet;

use super::{
    captures::Spans,
    error::{ExpressionError, PatternError, PatternErrorKind},
};
use alloc::boxed::Box;
use program::Compiled;
use table::Table;
use vm::{Run, UNSET};

/// The greatest number of look-arounds of an expression.
const MAX_LOOKS: usize = 64;

/// The greatest product of the number of instructions and that of capture slots: it bounds the
/// memory of a run.
const MAX_SLOTS: usize = 1 << 17;

/// A compiled expression that covers a whole text.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    compiled: Compiled,
    captures: usize,
    /// Decides where it can; else all ways through the program are followed.
    table: Option<Box<Table>>,
}

impl Regex {
    /// Compiles an expression with `captures` groups.
    pub(super) fn new(mut node: Node, captures: usize) -> Result<Self, PatternError> {
        let looks = node.number_looks(0);
        if looks > MAX_LOOKS {
            let error = ExpressionError::TooManyLookArounds;
            return Err(PatternError::new(PatternErrorKind::Expression(error), 0));
        }
        let compiled = program::compile(&node, looks)?;
        let instructions = compiled.main.instructions.len();
        if instructions.saturating_mul(captures.saturating_mul(2)) > MAX_SLOTS {
            return Err(PatternError::new(PatternErrorKind::TooLarge, 0));
        }
        let table = Table::new(&compiled, captures).map(Box::new);
        Ok(Self { compiled, captures, table })
    }

    /// The same expression, decided without a table.
    #[cfg(test)]
    pub(super) fn without_table(&self) -> Self {
        Self { table: None, ..self.clone() }
    }

    #[cfg(test)]
    pub(super) const fn has_table(&self) -> bool {
        self.table.is_some()
    }

    /// Whether it covers `text`. Adds to `steps`.
    pub(super) fn is_match(&self, text: &str, steps: &mut u64) -> bool {
        let decided = self.table.as_ref().and_then(|table| table.is_match(text, steps));
        decided.unwrap_or_else(|| {
            let mut run = Run::new(&self.compiled, text);
            let matched = run.is_match();
            *steps = steps.saturating_add(run.steps());
            matched
        })
    }

    /// What its groups take, if it covers `text`. Adds to `steps`.
    pub(super) fn captures(&self, text: &str, steps: &mut u64) -> Option<Spans> {
        if self.captures == 0 {
            return self.is_match(text, steps).then(Spans::new);
        }
        let program = &self.compiled.main;
        let decided = self
            .table
            .as_ref()
            .and_then(|table| table.captures(program, self.captures, text, steps));
        decided.unwrap_or_else(|| {
            let mut run = Run::new(&self.compiled, text);
            let slots = run.captures(self.captures.saturating_mul(2));
            *steps = steps.saturating_add(run.steps());
            slots.map(|slots| spans(&slots))
        })
    }
}

/// What groups took, from where each starts and ends.
fn spans(slots: &[usize]) -> Spans {
    let mut spans = Spans::new();
    for pair in slots.chunks_exact(2) {
        spans.push(match pair {
            [start, end] if *start != UNSET && *end != UNSET => Some((*start, *end)),
            _ => None,
        });
    }
    spans
}
