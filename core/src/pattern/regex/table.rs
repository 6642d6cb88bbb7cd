//! A table that decides about a text from its end, one look-up for each character.
//!
//! Whether an instruction leads to a match depends on nothing but the text ahead of it, and so do
//! look-aheads. Read from the end, the set of instructions that lead to a match is therefore the
//! state of a deterministic automaton, whose states are found here once for all texts. With the
//! states along a text at hand, the preferred match needs no search either: at every fork, the
//! first branch that leads to a match is the one that backtracking would end up with.
//!
//! Expressions that look at the text behind (`(?<=...)`, `^`, `\b`) have no table, nor have those
//! whose table would be large; texts that are not ASCII are not asked of it.

use super::{
    ast::Assertion,
    program::{Compiled, Instruction, Program},
    vm::UNSET,
};
use crate::pattern::captures::Spans;
use alloc::{collections::BTreeMap, vec::Vec};

/// The greatest number of entries of a table.
const MAX_ENTRIES: usize = 1 << 13;

/// The greatest number of instructions, those of look-aheads included.
const MAX_INSTRUCTIONS: usize = 1 << 10;

/// How many instructions may be looked at to build a table.
const MAX_WORK: usize = 1 << 16;

/// How many groups a table finds; patterns with more are rare.
const MAX_GROUPS: usize = 8;

/// How long a text may be for its states to need no allocation.
const INLINE: usize = 128;

/// A decision about every ASCII text.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The class of each ASCII character: characters of one class are the same to all instructions.
    classes: [u8; 128],
    /// The number of classes.
    width: u16,
    /// By state and class, the state one character further ahead of the end. States go by the place
    /// where their row starts.
    next: Vec<u16>,
    /// For each state, the instructions of the main program that lead to a match.
    leading: Vec<Bits>,
    /// Whether the preferred match can be found by following the instructions that do: not where
    /// an iteration of a loop may take nothing.
    followable: bool,
}

impl Table {
    /// The table of an expression with `captures` groups, if it can have one.
    pub(super) fn new(compiled: &Compiled, captures: usize) -> Option<Self> {
        let programs = Programs::new(compiled)?;
        let (classes, takes) = programs.classes();
        let mut builder = Builder { programs, states: Vec::new(), known: BTreeMap::new(), work: 0 };
        let mut next = Vec::new();
        builder.state(State { takes: Bits::default(), at_end: true })?;
        let mut leading = Vec::new();
        while let Some(state) = builder.states.get(leading.len()).cloned() {
            let alive = builder.alive(&state)?;
            for class in &takes {
                let takes = class.before(&alive);
                next.push(builder.state(State { takes, at_end: false })?);
            }
            leading.push(alive.truncated(compiled.main.instructions.len()));
            if next.len() > MAX_ENTRIES {
                return None;
            }
        }
        let width = u16::try_from(takes.len()).ok()?;
        for state in &mut next {
            *state = state.checked_mul(width)?;
        }
        let is_loop = |instruction: &Instruction| matches!(instruction, Instruction::BeginLoop);
        let followable = captures <= MAX_GROUPS && !compiled.main.instructions.iter().any(is_loop);
        Some(Self { classes, width, next, leading, followable })
    }

    /// Whether the expression covers `text`; `None` if the table can't tell. Adds to `steps`.
    pub(super) fn is_match(&self, text: &str, steps: &mut u64) -> Option<bool> {
        let mut state = 0;
        for byte in text.bytes().rev() {
            state = self.step(state, byte)?;
        }
        count(steps, text.len());
        Some(self.leads(self.row(state), 0))
    }

    /// What the groups of `program` take, if the expression covers `text`; the outer `None` says
    /// that the table can't tell. Adds to `steps`.
    pub(super) fn captures(
        &self,
        program: &Program,
        captures: usize,
        text: &str,
        steps: &mut u64,
    ) -> Option<Option<Spans>> {
        if !self.followable {
            return None;
        }
        let mut inline = [0; INLINE];
        let mut allocated = Vec::new();
        let rows = match inline.get_mut(..text.len()) {
            Some(rows) => rows,
            None => {
                allocated.resize(text.len(), 0);
                &mut *allocated
            }
        };
        let mut state = 0;
        for (byte, row) in text.bytes().zip(rows.iter_mut()).rev() {
            state = self.step(state, byte)?;
            *row = self.row(state);
        }
        count(steps, text.len());
        if !self.leads(self.row(state), 0) {
            return Some(None);
        }

        let mut slots = [UNSET; MAX_GROUPS * 2];
        let (mut at, mut place) = (0_usize, 0_usize);
        while let Some(instruction) = program.get(at) {
            count(steps, 1);
            let on = at.saturating_add(1);
            at = match instruction {
                Instruction::Match => break,
                Instruction::Jump(to) => *to,
                Instruction::Split(first, second) => {
                    // Behind the last character there is the state that tables start with.
                    let row = rows.get(place).copied().unwrap_or_default();
                    if self.leads(row, *first) { *first } else { *second }
                }
                Instruction::Char { .. } | Instruction::Set(_) => {
                    place = place.saturating_add(1);
                    on
                }
                Instruction::Save(slot) => {
                    slots.get_mut(*slot).into_iter().for_each(|slot| *slot = place);
                    on
                }
                Instruction::Clear(first, last) => {
                    slots.get_mut(*first..*last).into_iter().for_each(|slots| slots.fill(UNSET));
                    on
                }
                Instruction::Assert(_)
                | Instruction::Look(_)
                | Instruction::BeginLoop
                | Instruction::EndLoop => on,
            };
        }
        Some(Some(super::spans(slots.get(..captures.saturating_mul(2))?)))
    }

    fn step(&self, state: u16, byte: u8) -> Option<u16> {
        let class = usize::from(*self.classes.get(usize::from(byte))?);
        self.next.get(usize::from(state).saturating_add(class)).copied()
    }

    /// The number of a state among all.
    fn row(&self, state: u16) -> u16 {
        state.checked_div(self.width).unwrap_or_default()
    }

    fn leads(&self, row: u16, at: usize) -> bool {
        self.leading.get(usize::from(row)).is_some_and(|leading| leading.get(at))
    }
}

fn count(steps: &mut u64, more: usize) {
    *steps = steps.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
}

/// The main program and the bodies of the look-aheads, their instructions numbered throughout.
struct Programs<'c> {
    /// The main program is the first.
    programs: Vec<Numbered<'c>>,
}

struct Numbered<'c> {
    program: &'c Program,
    /// The number of the first instruction.
    start: usize,
    /// The places of the instructions that take no character, the last first.
    passing: Vec<usize>,
    /// Whether any of them leads back.
    loops: bool,
}

impl<'c> Programs<'c> {
    /// `None` if there is anything that looks behind.
    fn new(compiled: &'c Compiled) -> Option<Self> {
        let mut programs = Vec::new();
        let mut start = 0_usize;
        let bodies = compiled.looks.iter().map(|look| (&look.direct, look.behind));
        for (program, behind) in [(&compiled.main, false)].into_iter().chain(bodies) {
            let looks_behind = |instruction: &Instruction| match instruction {
                Instruction::Assert(assertion) => *assertion != Assertion::End,
                _ => false,
            };
            if behind || program.instructions.iter().any(looks_behind) {
                return None;
            }
            let mut passing = Vec::new();
            let mut loops = false;
            for (at, instruction) in program.instructions.iter().enumerate().rev() {
                match instruction {
                    Instruction::Char { .. } | Instruction::Set(_) => continue,
                    Instruction::Jump(to) => loops |= *to <= at,
                    Instruction::Split(first, second) => loops |= *first.min(second) <= at,
                    _ => {}
                }
                passing.push(at);
            }
            programs.push(Numbered { program, start, passing, loops });
            start = start.saturating_add(program.instructions.len());
        }
        (start <= MAX_INSTRUCTIONS).then_some(Self { programs })
    }

    fn instructions(&self) -> impl Iterator<Item = (usize, &'c Instruction)> {
        // A program follows the one before without a gap.
        self.programs.iter().flat_map(|part| &part.program.instructions).enumerate()
    }

    /// The class of each ASCII character, and the instructions that take the characters of each.
    fn classes(&self) -> ([u8; 128], Vec<Bits>) {
        let mut classes = [0; 128];
        let mut takes: Vec<Bits> = Vec::new();
        for (byte, place) in (0..=u8::MAX).zip(&mut classes) {
            let mut taken = Bits::default();
            for (number, instruction) in self.instructions() {
                if instruction.takes(char::from(byte)) {
                    taken.set(number);
                }
            }
            let class = takes.iter().position(|known| *known == taken).unwrap_or_else(|| {
                takes.push(taken);
                takes.len().saturating_sub(1)
            });
            // There are no more classes than ASCII characters.
            *place = u8::try_from(class).unwrap_or_default();
        }
        (classes, takes)
    }
}

/// What is known of a place in a text.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct State {
    /// The instructions that take the next character and lead to a match behind it.
    takes: Bits,
    at_end: bool,
}

struct Builder<'c> {
    programs: Programs<'c>,
    states: Vec<State>,
    known: BTreeMap<State, u16>,
    work: usize,
}

impl Builder<'_> {
    /// The number of a state.
    fn state(&mut self, state: State) -> Option<u16> {
        if let Some(number) = self.known.get(&state) {
            return Some(*number);
        }
        let number = u16::try_from(self.states.len()).ok()?;
        self.states.push(state.clone());
        self.known.insert(state, number);
        Some(number)
    }

    /// All instructions that lead to a match in a state; `None` if it takes too long to tell.
    fn alive(&mut self, state: &State) -> Option<Bits> {
        let mut alive = state.takes.clone();
        // A look-ahead has a smaller number than those within it; the main program asks them all.
        for (index, part) in self.programs.programs.iter().enumerate().rev() {
            let mut changed = true;
            while changed {
                changed = false;
                for at in &part.passing {
                    self.work = self.work.saturating_add(1);
                    let leads = |at: usize| alive.get(part.start.saturating_add(at));
                    let on = leads(at.saturating_add(1));
                    let is_alive = match part.program.get(*at)? {
                        Instruction::Jump(to) => leads(*to),
                        Instruction::Split(first, second) => leads(*first) || leads(*second),
                        Instruction::Assert(_) => state.at_end && on,
                        Instruction::Look(look) => {
                            let body = self.programs.programs.get(look.id.saturating_add(1))?;
                            on && alive.get(body.start) != look.negative
                        }
                        Instruction::Match => index > 0 || state.at_end,
                        // An iteration that takes nothing leads nowhere that its end does not.
                        Instruction::Save(_)
                        | Instruction::Clear(..)
                        | Instruction::BeginLoop
                        | Instruction::EndLoop
                        | Instruction::Char { .. }
                        | Instruction::Set(_) => on,
                    };
                    let number = part.start.saturating_add(*at);
                    if is_alive && !alive.get(number) {
                        alive.set(number);
                        // Going back from the end, only what leads back can have come too early.
                        changed = part.loops;
                    }
                }
                if self.work > MAX_WORK {
                    return None;
                }
            }
        }
        Some(alive)
    }
}

/// A set of numbers.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Bits(Vec<u32>);

impl Bits {
    const WIDTH: usize = 32;

    fn get(&self, number: usize) -> bool {
        self.0.get(number / Self::WIDTH).is_some_and(|word| word >> (number % Self::WIDTH) & 1 == 1)
    }

    fn set(&mut self, number: usize) {
        let word = number / Self::WIDTH;
        if self.0.len() <= word {
            self.0.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (number % Self::WIDTH);
        }
    }

    /// Those numbers of which the next is in `others`.
    fn before(&self, others: &Self) -> Self {
        let mut found = Self::default();
        for (index, word) in self.0.iter().enumerate() {
            let part = |index: usize| others.0.get(index).copied().unwrap_or_default();
            let shifted = part(index) >> 1 | part(index.saturating_add(1)) << (Self::WIDTH - 1);
            found.0.push(word & shifted);
        }
        // Equal sets have equal words.
        while found.0.pop_if(|word| *word == 0).is_some() {}
        found
    }

    /// The numbers below `end`, and perhaps a few more.
    fn truncated(mut self, end: usize) -> Self {
        self.0.truncate(end.div_ceil(Self::WIDTH));
        self
    }
}
