//! From an expression to instructions.

use super::{
    ast::{Assertion, Look, Node},
    set::CharSet,
};
use crate::pattern::{
    MAX_PROGRAM,
    error::{PatternError, PatternErrorKind},
};
use alloc::vec::Vec;

/// Instructions of an automaton; it starts at the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
}

#[derive(Clone, Debug)]
pub(super) enum Instruction {
    /// Takes a character.
    Char {
        char: char,
        fold: bool,
    },
    /// Takes a character.
    Set(CharSet),
    Jump(usize),
    /// Goes both ways; the first is preferred.
    Split(usize, usize),
    /// Notes the place in a slot.
    Save(usize),
    /// Forgets slots, from the first up to but without the last.
    Clear(usize, usize),
    /// Goes on only if this holds.
    Assert(Assertion),
    /// Goes on only if this holds.
    Look(Look),
    /// From here on, a character must be taken before the next `EndLoop`.
    BeginLoop,
    EndLoop,
    Match,
}

/// The body of a look-around, in both directions.
#[derive(Clone, Debug, Default)]
pub(super) struct LookBody {
    pub(super) behind: bool,
    /// Runs from the place in question, in the direction of the look.
    pub(super) direct: Program,
    /// Runs across the whole text, in the other direction: it finds all places at once.
    pub(super) sweep: Program,
}

/// Everything that is compiled from one expression.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) main: Program,
    /// By the number of the look-around.
    pub(super) looks: Vec<LookBody>,
}

/// Compiles an expression whose look-arounds are numbered up to `looks`.
pub(super) fn compile(node: &Node, looks: usize) -> Result<Compiled, PatternError> {
    let mut compiler = Compiler { budget: MAX_PROGRAM, looks: Vec::new() };
    compiler.looks.resize_with(looks, || None);
    let main = compiler.program(node, false)?;
    // One that is repeated zero times has no body, and no instruction asks for it.
    let looks = compiler.looks.into_iter().map(Option::unwrap_or_default).collect();
    Ok(Compiled { main, looks })
}

struct Compiler {
    /// How many more instructions there may be.
    budget: usize,
    looks: Vec<Option<LookBody>>,
}

impl Compiler {
    fn program(&mut self, node: &Node, backwards: bool) -> Result<Program, PatternError> {
        let mut program = Program::default();
        self.emit(&mut program, node, backwards)?;
        self.push(&mut program, Instruction::Match)?;
        Ok(program)
    }

    fn push(
        &mut self,
        program: &mut Program,
        instruction: Instruction,
    ) -> Result<usize, PatternError> {
        let Some(budget) = self.budget.checked_sub(1) else {
            return Err(PatternError::new(PatternErrorKind::TooLarge, 0));
        };
        self.budget = budget;
        program.instructions.push(instruction);
        Ok(program.instructions.len().saturating_sub(1))
    }

    fn emit(
        &mut self,
        program: &mut Program,
        node: &Node,
        backwards: bool,
    ) -> Result<(), PatternError> {
        match node {
            Node::Char { char, fold } => {
                self.push(program, Instruction::Char { char: *char, fold: *fold })?;
            }
            Node::Set(set) => {
                self.push(program, Instruction::Set(set.clone()))?;
            }
            Node::Assertion(assertion) => {
                self.push(program, Instruction::Assert(*assertion))?;
            }
            Node::Sequence(nodes) if backwards => {
                for node in nodes.iter().rev() {
                    self.emit(program, node, backwards)?;
                }
            }
            Node::Sequence(nodes) => {
                for node in nodes {
                    self.emit(program, node, backwards)?;
                }
            }
            Node::Choice(nodes) => self.emit_choice(program, nodes, backwards)?,
            Node::Repeat { node, min, max, greedy } => {
                let repeat = Repeat { node, greedy: *greedy, backwards };
                self.emit_repeat(program, &repeat, *min, *max)?;
            }
            Node::Capture(number, node) => {
                self.push(program, Instruction::Save(number.saturating_mul(2)))?;
                self.emit(program, node, backwards)?;
                self.push(program, Instruction::Save(number.saturating_mul(2).saturating_add(1)))?;
            }
            Node::Look { look, node } => {
                self.emit_look(look, node)?;
                self.push(program, Instruction::Look(*look))?;
            }
        }
        Ok(())
    }

    fn emit_choice(
        &mut self,
        program: &mut Program,
        nodes: &[Node],
        backwards: bool,
    ) -> Result<(), PatternError> {
        let mut jumps = Vec::new();
        let mut nodes = nodes.iter().peekable();
        while let Some(node) = nodes.next() {
            if nodes.peek().is_none() {
                self.emit(program, node, backwards)?;
                break;
            }
            let split = self.push(program, Instruction::Split(0, 0))?;
            self.emit(program, node, backwards)?;
            jumps.push(self.push(program, Instruction::Jump(0))?);
            program.set(split, Instruction::Split(split.saturating_add(1), program.end()));
        }
        for jump in jumps {
            program.set(jump, Instruction::Jump(program.end()));
        }
        Ok(())
    }

    fn emit_repeat(
        &mut self,
        program: &mut Program,
        repeat: &Repeat<'_>,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), PatternError> {
        // Where an iteration takes a character, `x+` is a loop with its test at the end.
        let tail_loop = max.is_none() && min > 0 && !repeat.node.is_nullable();
        let copies = if tail_loop { min.saturating_sub(1) } else { min };
        for _ in 0..copies {
            let before = program.end();
            self.emit_iteration(program, repeat)?;
            // Nothing again and again is nothing.
            if program.end() == before {
                return Ok(());
            }
        }
        if tail_loop {
            let start = program.end();
            self.emit_iteration(program, repeat)?;
            let split = self.push(program, Instruction::Jump(0))?;
            program.set(split, repeat.split(start, program.end()));
            return Ok(());
        }
        match max {
            None => {
                let split = self.push(program, Instruction::Jump(0))?;
                self.emit_checked_iteration(program, repeat)?;
                self.push(program, Instruction::Jump(split))?;
                program.set(split, repeat.split(split.saturating_add(1), program.end()));
            }
            Some(max) => {
                let mut splits = Vec::new();
                for _ in min..max {
                    splits.push(self.push(program, Instruction::Jump(0))?);
                    self.emit_checked_iteration(program, repeat)?;
                }
                let end = program.end();
                for split in splits {
                    program.set(split, repeat.split(split.saturating_add(1), end));
                }
            }
        }
        Ok(())
    }

    fn emit_iteration(
        &mut self,
        program: &mut Program,
        repeat: &Repeat<'_>,
    ) -> Result<(), PatternError> {
        if let Some((first, last)) = repeat.node.captures() {
            let slots = first.saturating_mul(2)..last.saturating_add(1).saturating_mul(2);
            self.push(program, Instruction::Clear(slots.start, slots.end))?;
        }
        self.emit(program, repeat.node, repeat.backwards)
    }

    /// An iteration that fails if it takes no character (ECMA-262 §22.2.2.3.1, step 2.b).
    fn emit_checked_iteration(
        &mut self,
        program: &mut Program,
        repeat: &Repeat<'_>,
    ) -> Result<(), PatternError> {
        let nullable = repeat.node.is_nullable();
        if nullable {
            self.push(program, Instruction::BeginLoop)?;
        }
        self.emit_iteration(program, repeat)?;
        if nullable {
            self.push(program, Instruction::EndLoop)?;
        }
        Ok(())
    }

    /// Compiles the body of a look-around, once however often it is repeated.
    fn emit_look(&mut self, look: &Look, node: &Node) -> Result<(), PatternError> {
        if self.looks.get(look.id).is_some_and(Option::is_some) {
            return Ok(());
        }
        let body = LookBody {
            behind: look.behind,
            direct: self.program(node, look.behind)?,
            sweep: self.program(node, !look.behind)?,
        };
        if let Some(place) = self.looks.get_mut(look.id) {
            *place = Some(body);
        }
        Ok(())
    }
}

struct Repeat<'n> {
    node: &'n Node,
    greedy: bool,
    backwards: bool,
}

impl Repeat<'_> {
    const fn split(&self, again: usize, on: usize) -> Instruction {
        if self.greedy { Instruction::Split(again, on) } else { Instruction::Split(on, again) }
    }
}

impl Program {
    fn end(&self) -> usize {
        self.instructions.len()
    }

    fn set(&mut self, at: usize, instruction: Instruction) {
        if let Some(place) = self.instructions.get_mut(at) {
            *place = instruction;
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<&Instruction> {
        self.instructions.get(at)
    }
}
