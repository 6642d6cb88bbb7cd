//! The page for reviewers, against the tests and the fuzz targets that are there.

use super::pages::{code_spans, page, root};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

const PAGE: &str = "docs/security.md";

/// `file: test`, as the page names them.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    code_spans(text)
        .filter_map(|span| span.split_once(": "))
        .filter(|(file, _)| file.ends_with(".rs"))
        .collect()
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let text = page(PAGE);
    let named = named_tests(&text);
    assert!(named.len() > 150, "only {} were found", named.len());
    let mut files = BTreeMap::new();
    let mut missing = Vec::new();
    for (file, test) in named {
        let source = files.entry(file).or_insert_with(|| page(file));
        // Either a function, or a line in the list of a macro that makes tests.
        let is_there = source.contains(&format!("fn {test}("))
            || source.contains(&format!("fn {test}<"))
            || source.lines().any(|line| line.trim_start().starts_with(&format!("{test}:")));
        if !is_there {
            missing.push(format!("{file}: {test}"));
        }
    }
    assert!(missing.is_empty(), "nobody has\n{}", missing.join("\n"));
}

#[test]
fn the_page_names_every_fuzz_target() {
    let text = page(PAGE);
    let named: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(target, _)| target)
        .collect();
    let targets: BTreeSet<String> = fs::read_dir(root().join("fuzz/fuzz_targets"))
        .expect("fuzz targets")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert!(!targets.is_empty());
    for target in &targets {
        assert!(named.contains(&**target), "{target} is not on the page");
    }
    // And in the table of the invariants, nothing that is none.
    let (_, invariants) = text.split_once("| fuzz targets |\n").expect("the table");
    for row in invariants.lines().skip(1).take_while(|line| line.starts_with('|')) {
        let last = row.trim_matches('|').rsplit('|').next().expect("a cell").trim();
        for target in last.split(", ").filter(|target| *target != "all of them") {
            assert!(targets.contains(target), "there is no target {target}");
        }
    }
}
