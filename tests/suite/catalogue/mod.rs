//! Which test stands for which row of the catalogues that the gate, tokens and key sets are built by.
//!
//! - `R01` to `R25`: where a login or a logout leads.
//! - `C01` to `C29`: the attacks on cookies.
//! - `O01` to `O42`: the attacks on the sign-in, on refreshing and on signing out.
//! - `X01` to `X15`: other origins.
//! - `J01` to `J36`: the attacks on tokens and key sets.
//! - `M01` to `M24`: the situations in which libraries for key sets differ.
//! - `rule 1` to `rule 35`: the checklist of a strict verifier of access tokens.
//!
//! Each row names a test of its own; others may stand for the same. The test's name or the comment
//! above it has the number of the row, so `grep -rn 'J07'` finds them all. Where the gate does not do
//! what a row is about, its test shows that.

mod gate;
mod tokens;

use std::{collections::BTreeMap, fs, path::Path};

/// The row, what it is about, the file of a test for it, and that test.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn rows() -> impl Iterator<Item = &'static Row> {
    gate::ROWS.iter().chain(tokens::ROWS)
}

/// How far above a test its row may be named, in lines.
const REACH: usize = 8;

#[test]
fn every_row_has_its_test() {
    let mut files = BTreeMap::new();
    for (row, about, file, test) in rows() {
        let text = files.entry(file).or_insert_with(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
        });
        let lines: Vec<&str> = text.lines().collect();
        let defines = |line: &&str| {
            let line = line.trim_start();
            [format!("fn {test}("), format!("fn {test}<"), format!("{test}:")]
                .iter()
                .any(|definition| line.trim_start_matches("pub(crate) ").starts_with(definition))
        };
        let at = lines.iter().position(defines);
        let at = at.unwrap_or_else(|| panic!("{row}, {about}: no test {test} in {file}"));
        let above = lines[at.saturating_sub(REACH)..=at].join("\n").to_lowercase();
        assert!(names(&above, &row.to_lowercase()), "{row}, {about}: {test} does not name it");
    }
}

/// Whether `text` has `row` as a whole.
fn names(text: &str, row: &str) -> bool {
    text.match_indices(row).any(|(at, _)| {
        let is_part = |character: char| character.is_ascii_alphanumeric();
        let after = text[at + row.len()..].chars().next();
        let before = text[..at].chars().next_back();
        !after.is_some_and(is_part) && !before.is_some_and(is_part)
    })
}

#[test]
fn no_row_is_left_out() {
    let lettered = [("C", 29), ("J", 36), ("M", 24), ("O", 42), ("R", 25), ("X", 15)];
    let lettered = lettered
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |number| format!("{letter}{number:02}")));
    for row in lettered.chain((1..=35).map(|number| format!("rule {number}"))) {
        assert!(rows().any(|(listed, ..)| *listed == row), "{row}");
    }
}

#[test]
fn a_row_is_named_as_a_whole() {
    for (text, row, named) in [
        ("j01, j02: text", "j02", true),
        ("rules 1 and 2", "rule 1", false),
        ("rule 12", "rule 1", false),
        ("rule 1", "rule 1", true),
        ("fn m01_text", "m01", true),
        ("fn xm01", "m01", false),
    ] {
        assert_eq!(names(text, row), named, "{text}");
    }
}
