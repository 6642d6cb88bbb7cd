//! Sets of characters.

use alloc::vec::Vec;

/// A set of characters, as ranges of code points that neither overlap nor touch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::pattern) struct CharSet {
    /// One bit for each ASCII character.
    ascii: u128,
    ranges: Vec<(u32, u32)>,
}

const LAST: u32 = char::MAX as u32;

/// `\d`
pub(super) const DIGITS: &[(u32, u32)] = &[(0x30, 0x39)];
/// `\w`
pub(super) const WORD: &[(u32, u32)] = &[(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)];
/// `\s`: white space and line ends (ECMA-262 §22.2.2.9)
pub(super) const SPACE: &[(u32, u32)] = &[
    (0x09, 0x0d),
    (0x20, 0x20),
    (0xa0, 0xa0),
    (0x1680, 0x1680),
    (0x2000, 0x200a),
    (0x2028, 0x2029),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
    (0xfeff, 0xfeff),
];
/// What `.` does not match.
const LINE_ENDS: &[(u32, u32)] = &[(0x0a, 0x0a), (0x0d, 0x0d), (0x2028, 0x2029)];

/// All other characters.
pub(super) fn complement(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut rest = Vec::new();
    let mut next = Some(0);
    for (first, last) in sorted(ranges) {
        let Some(from) = next else { break };
        if let Some(before) = first.checked_sub(1).filter(|before| *before >= from) {
            rest.push((from, before));
        }
        next = last.checked_add(1).filter(|next| *next <= LAST);
    }
    rest.extend(next.map(|from| (from, LAST)));
    rest
}

/// The same characters, in order and without overlap.
fn sorted(ranges: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}

impl CharSet {
    /// The characters in `ranges`, or all others. With `fold`, a letter in it stands for both of
    /// its cases.
    pub(super) fn new(ranges: &[(u32, u32)], fold: bool, negated: bool) -> Self {
        let mut ranges = ranges.to_vec();
        if fold {
            for (lower, upper) in ('a'..='z').zip('A'..='Z') {
                let (lower, upper) = (u32::from(lower), u32::from(upper));
                let holds =
                    |code: u32| ranges.iter().any(|(first, last)| (*first..=*last).contains(&code));
                match (holds(lower), holds(upper)) {
                    (true, false) => ranges.push((upper, upper)),
                    (false, true) => ranges.push((lower, lower)),
                    _ => {}
                }
            }
        }
        let ranges = if negated { complement(&ranges) } else { sorted(&ranges) };
        let mut ascii = 0;
        for (first, last) in &ranges {
            for code in *first..=(*last).min(0x7f) {
                ascii |= 1_u128 << code;
            }
        }
        Self { ascii, ranges }
    }

    /// Every character but those that end a line.
    pub(super) fn dot() -> Self {
        Self::new(LINE_ENDS, false, true)
    }

    /// Every character but these.
    pub(in crate::pattern) fn all_but(chars: &[char], fold: bool) -> Self {
        let ranges: Vec<_> =
            chars.iter().map(|char| (u32::from(*char), u32::from(*char))).collect();
        Self::new(&ranges, fold, true)
    }

    pub(super) fn contains(&self, char: char) -> bool {
        let code = u32::from(char);
        if code <= 0x7f {
            return self.ascii & (1_u128 << code) != 0;
        }
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&code))
    }
}

/// Whether `char` is one of `\w`.
pub(super) const fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}
