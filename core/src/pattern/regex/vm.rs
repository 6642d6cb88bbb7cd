//! Running a program over a text, in time linear in its length.
//!
//! All ways through the program advance over the text together, so that no character is looked at
//! more than once for each instruction. Ways are kept in the order in which a backtracking engine
//! would try them, and at any place the first to reach an instruction is the only one to go on
//! from there: what it finds is what backtracking would find first. The one thing that tells ways
//! at the same instruction apart is whether they have taken a character in the current iteration
//! of a loop, because JavaScript lets an iteration that took none fail.
//!
//! Look-arounds have no captures here, so whether one holds depends on the place alone. The first
//! few places are tried directly; if more are asked for, one pass in the other direction finds
//! all places where it holds. (Barrière and Pit-Claudel, "Linear Matching of JavaScript Regular
//! Expressions", PLDI 2024, prove both techniques.)

use super::{
    ast::{Assertion, Look},
    program::{Compiled, Instruction, Program},
    set::is_word,
};
use alloc::vec::Vec;
use core::mem;

/// How often a look-around is tried directly before all its places are found at once.
const DIRECT_TRIES: u8 = 4;

/// A slot that holds no place.
pub(super) const UNSET: usize = usize::MAX;

/// One run over one text.
pub(super) struct Run<'r, 't> {
    compiled: &'r Compiled,
    text: &'t str,
    looks: Vec<LookState>,
    steps: u64,
}

#[derive(Clone, Debug, Default)]
struct LookState {
    tries: u8,
    places: Option<Vec<bool>>,
}

impl<'r, 't> Run<'r, 't> {
    pub(super) fn new(compiled: &'r Compiled, text: &'t str) -> Self {
        let looks = alloc::vec![LookState::default(); compiled.looks.len()];
        Self { compiled, text, looks, steps: 0 }
    }

    /// How many instructions were looked at so far.
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    const fn count(&mut self) {
        self.steps = self.steps.saturating_add(1);
    }

    /// Whether the program matches the whole text.
    pub(super) fn is_match(&mut self) -> bool {
        let mut whole = false;
        let end = self.text.len();
        let compiled = self.compiled;
        self.sweep(&compiled.main, Sweep::from_start(), &mut |place| {
            whole = place == end;
            whole
        });
        whole
    }

    /// The slots of the preferred match of the whole text.
    pub(super) fn captures(&mut self, slots: usize) -> Option<Vec<usize>> {
        let compiled = self.compiled;
        let program = &compiled.main;
        let mut current = Ways::new(program, slots);
        let mut next = Ways::new(program, slots);
        let mut found = None;
        current.scratch.fill(UNSET);
        self.enter_captures(program, &mut current, (0, false), 0, &mut found);
        let mut place = 0;
        while let Some((char, after)) = step(self.text, place, false) {
            if current.places.is_empty() {
                return None;
            }
            next.clear();
            for (index, at) in current.places.iter().enumerate() {
                self.count();
                if !program.get(*at).is_some_and(|instruction| instruction.takes(char)) {
                    continue;
                }
                next.scratch.clone_from_slice(current.slots_of(index)?);
                let start = (at.saturating_add(1), true);
                self.enter_captures(program, &mut next, start, after, &mut found);
            }
            mem::swap(&mut current, &mut next);
            place = after;
        }
        found
    }

    /// Follows a way from instruction `at` to wherever it takes its next character. `next.scratch`
    /// has its slots. A way that matches at the end of the text is put into `found`, if it is the
    /// first.
    fn enter_captures(
        &mut self,
        program: &Program,
        ways: &mut Ways,
        start: (usize, bool),
        place: usize,
        found: &mut Option<Vec<usize>>,
    ) {
        ways.stack.push(Task::Visit(start));
        while let Some(task) = ways.stack.pop() {
            let (at, taken) = match task {
                Task::Restore(slot, value) => {
                    if let Some(slot) = ways.scratch.get_mut(slot) {
                        *slot = value;
                    }
                    continue;
                }
                Task::Visit(visit) => visit,
            };
            self.count();
            if !ways.mark(at.saturating_mul(2).saturating_add(usize::from(taken))) {
                continue;
            }
            let on = at.saturating_add(1);
            let Some(instruction) = program.get(at) else { continue };
            match instruction {
                Instruction::Char { .. } | Instruction::Set(_) => ways.add(at),
                Instruction::Jump(to) => ways.visit(*to, taken),
                Instruction::Split(first, second) => {
                    ways.visit(*second, taken);
                    ways.visit(*first, taken);
                }
                Instruction::Save(slot) => {
                    ways.save(*slot, place);
                    ways.visit(on, taken);
                }
                Instruction::Clear(first, last) => {
                    (*first..*last).for_each(|slot| ways.save(slot, UNSET));
                    ways.visit(on, taken);
                }
                Instruction::Assert(assertion) => {
                    if assertion.holds(self.text, place) {
                        ways.visit(on, taken);
                    }
                }
                Instruction::Look(look) => {
                    if self.look(look, place) {
                        ways.visit(on, taken);
                    }
                }
                Instruction::BeginLoop => ways.visit(on, false),
                Instruction::EndLoop if taken => ways.visit(on, true),
                Instruction::EndLoop => {}
                Instruction::Match => {
                    if place == self.text.len() && found.is_none() {
                        *found = Some(ways.scratch.clone());
                    }
                }
            }
        }
    }

    /// Whether a look-around holds at `place`.
    fn look(&mut self, look: &Look, place: usize) -> bool {
        let compiled = self.compiled;
        let Some(body) = compiled.looks.get(look.id) else { return false };
        let Some(state) = self.looks.get_mut(look.id) else { return false };
        if let Some(places) = &state.places {
            return places.get(place).is_some_and(|holds| *holds) != look.negative;
        }
        if state.tries < DIRECT_TRIES {
            state.tries = state.tries.saturating_add(1);
            let mut holds = false;
            let sweep = Sweep { start: place, backwards: body.behind, everywhere: false };
            self.sweep(&body.direct, sweep, &mut |_| {
                holds = true;
                true
            });
            return holds != look.negative;
        }
        let mut places = alloc::vec![false; self.text.len().saturating_add(1)];
        let start = if body.behind { 0 } else { self.text.len() };
        let sweep = Sweep { start, backwards: !body.behind, everywhere: true };
        self.sweep(&body.sweep, sweep, &mut |place| {
            if let Some(holds) = places.get_mut(place) {
                *holds = true;
            }
            false
        });
        let holds = places.get(place).is_some_and(|holds| *holds);
        if let Some(state) = self.looks.get_mut(look.id) {
            state.places = Some(places);
        }
        holds != look.negative
    }

    /// Runs a program without captures, and calls `on_match` with every place where it matches,
    /// until that says to stop.
    fn sweep(&mut self, program: &Program, sweep: Sweep, on_match: &mut dyn FnMut(usize) -> bool) {
        let mut current = Ways::new(program, 0);
        let mut next = Ways::new(program, 0);
        let mut place = sweep.start;
        let mut matched = false;
        let mut enter_start = true;
        loop {
            if enter_start {
                matched |= self.enter(program, &mut current, 0, place);
                enter_start = sweep.everywhere;
            }
            if matched && on_match(place) || current.places.is_empty() && !enter_start {
                return;
            }
            let Some((char, after)) = step(self.text, place, sweep.backwards) else { return };
            next.clear();
            matched = false;
            for at in &current.places {
                self.count();
                if program.get(*at).is_some_and(|instruction| instruction.takes(char)) {
                    matched |= self.enter(program, &mut next, at.saturating_add(1), after);
                }
            }
            mem::swap(&mut current, &mut next);
            place = after;
        }
    }

    /// Follows a way as [`enter_captures`](Self::enter_captures) does, without captures and in no
    /// order. Whether it matches is the answer.
    fn enter(&mut self, program: &Program, ways: &mut Ways, at: usize, place: usize) -> bool {
        let mut matched = false;
        ways.visit(at, false);
        while let Some(task) = ways.stack.pop() {
            let Task::Visit((at, _)) = task else { continue };
            self.count();
            if !ways.mark(at.saturating_mul(2)) {
                continue;
            }
            let on = at.saturating_add(1);
            let Some(instruction) = program.get(at) else { continue };
            match instruction {
                Instruction::Char { .. } | Instruction::Set(_) => ways.add(at),
                Instruction::Jump(to) => ways.visit(*to, false),
                Instruction::Split(first, second) => {
                    ways.visit(*second, false);
                    ways.visit(*first, false);
                }
                Instruction::Assert(assertion) if !assertion.holds(self.text, place) => {}
                Instruction::Look(look) if !self.look(look, place) => {}
                // An iteration that takes nothing leads nowhere that its end does not lead to.
                Instruction::Save(_)
                | Instruction::Clear(..)
                | Instruction::Assert(_)
                | Instruction::Look(_)
                | Instruction::BeginLoop
                | Instruction::EndLoop => ways.visit(on, false),
                Instruction::Match => matched = true,
            }
        }
        matched
    }
}

/// How a program without captures runs.
#[derive(Clone, Copy)]
struct Sweep {
    start: usize,
    backwards: bool,
    /// Whether a match may start at every place on the way, and not only at the first.
    everywhere: bool,
}

impl Sweep {
    const fn from_start() -> Self {
        Self { start: 0, backwards: false, everywhere: false }
    }
}

/// The character beside a place, and the place behind it.
fn step(text: &str, place: usize, backwards: bool) -> Option<(char, usize)> {
    if backwards {
        let char = text.get(..place)?.chars().next_back()?;
        Some((char, place.saturating_sub(char.len_utf8())))
    } else {
        let char = text.get(place..)?.chars().next()?;
        Some((char, place.saturating_add(char.len_utf8())))
    }
}

impl Assertion {
    fn holds(self, text: &str, place: usize) -> bool {
        let boundary = || {
            let before = step(text, place, true).is_some_and(|(char, _)| is_word(char));
            let after = step(text, place, false).is_some_and(|(char, _)| is_word(char));
            before != after
        };
        match self {
            Self::Start => place == 0,
            Self::End => place == text.len(),
            Self::WordBoundary => boundary(),
            Self::NotWordBoundary => !boundary(),
        }
    }
}

impl Instruction {
    pub(super) fn takes(&self, char: char) -> bool {
        match self {
            Self::Char { char: expected, fold: false } => *expected == char,
            Self::Char { char: expected, fold: true } => expected.eq_ignore_ascii_case(&char),
            Self::Set(set) => set.contains(char),
            _ => false,
        }
    }
}

enum Task {
    Visit((usize, bool)),
    Restore(usize, usize),
}

/// Ways through a program at one place of the text.
struct Ways {
    /// The instructions that take the next character, in order of preference.
    places: Vec<usize>,
    /// Their slots, one row after the other.
    slots: Vec<usize>,
    /// The slots of the way that is being followed.
    scratch: Vec<usize>,
    /// Which instructions were reached, by the round in which they were.
    marks: Vec<u64>,
    round: u64,
    stack: Vec<Task>,
}

impl Ways {
    fn new(program: &Program, slots: usize) -> Self {
        Self {
            places: Vec::new(),
            slots: Vec::new(),
            scratch: alloc::vec![UNSET; slots],
            marks: alloc::vec![0; program.instructions.len().saturating_mul(2)],
            round: 1,
            stack: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.places.clear();
        self.slots.clear();
        self.round = self.round.saturating_add(1);
    }

    /// Whether this is the first time in this round.
    fn mark(&mut self, key: usize) -> bool {
        match self.marks.get_mut(key) {
            Some(mark) if *mark != self.round => {
                *mark = self.round;
                true
            }
            _ => false,
        }
    }

    fn add(&mut self, at: usize) {
        self.places.push(at);
        self.slots.extend_from_slice(&self.scratch);
    }

    fn slots_of(&self, index: usize) -> Option<&[usize]> {
        let start = index.checked_mul(self.scratch.len())?;
        self.slots.get(start..start.checked_add(self.scratch.len())?)
    }

    fn visit(&mut self, at: usize, taken: bool) {
        self.stack.push(Task::Visit((at, taken)));
    }

    /// Sets a slot, to be set back when the ways that branch off here have been followed.
    fn save(&mut self, slot: usize, value: usize) {
        if let Some(place) = self.scratch.get_mut(slot) {
            self.stack.push(Task::Restore(slot, *place));
            *place = value;
        }
    }
}
