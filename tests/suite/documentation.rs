//! The examples of the user documentation, asked of `portcullis explain`.
//!
//! Each JSON block of a page is a question without its URL; the table behind it has a request and
//! what becomes of it in each row. The Rust blocks are documentation tests of the core.

mod options;
mod pages;
mod security;

use portcullis_core::{
    path::{MAX_PATH_LENGTH, MAX_QUERY_LENGTH},
    pattern::{MAX_NESTING, MAX_PARAMETERS, MAX_PATTERN_LENGTH, MAX_PROGRAM},
    rewrite::MAX_RULES,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The page about rules and matchers.
pub(crate) const REWRITES_AND_MATCHERS: &str = include_str!("../../docs/rewrites-and-matchers.md");

/// `portcullis explain --json-lines`.
struct Explain {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Explain {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis-under-test"))
            .args(["explain", "--json-lines"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the demonstration runs");
        let questions = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, questions, answers }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("it reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("an answer is JSON")
    }
}

impl Drop for Explain {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The JSON blocks of a page, each with the cells of the rows of the table behind it.
fn examples(page: &str) -> Vec<(Value, Vec<Vec<&str>>)> {
    page.split("\n```json\n")
        .skip(1)
        .map(|rest| {
            let (block, rest) = rest.split_once("\n```\n").expect("a block ends");
            let rows = rest
                .lines()
                .skip_while(|line| !line.starts_with('|'))
                .take_while(|line| line.starts_with('|'));
            let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect());
            (serde_json::from_str(block).expect("a block is JSON"), cells.collect())
        })
        .collect()
}

/// The texts between back-quotes.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What the page says of an answer, in the words of the page.
fn in_words(answer: &Value, said: &str) -> String {
    let destination = answer["destination"].as_str().unwrap_or_default();
    let reason = answer["reason"].as_str().unwrap_or_default();
    let named = code(said).next().filter(|text| reason.contains(text)).unwrap_or(reason);
    match answer["kind"].as_str().expect("an answer has a kind") {
        "external" => format!("`{destination}`"),
        "local" => format!("the application: `{destination}`"),
        "none" => "no rule".to_owned(),
        "refused" => format!("refused: `{named}`"),
        _ => format!("not accepted: `{named}`"),
    }
}

#[test]
fn every_example_about_rules_and_matchers_is_true() {
    let mut explain = Explain::start();
    let (mut asked, mut wrong) = (0, Vec::new());
    for (question, rows) in examples(REWRITES_AND_MATCHERS) {
        let [columns, _, rows @ ..] = rows.as_slice() else { panic!("no table for {question}") };
        assert_eq!(columns[..2], ["request", "goes to"], "{question}");
        for row in rows {
            let mut spans = code(row[0]);
            let mut question = question.clone();
            question["url"] = json!(spans.next().expect("a URL"));
            for field in spans {
                let (name, value) = field.split_once(": ").expect("a header field");
                question["headers"][name] = json!(value);
            }
            let answer = explain.ask(&question);
            let needed = if answer["guarded"] == true { "needed" } else { "not needed" };
            let is_true = in_words(&answer, row[1]) == row[1]
                && row.get(2).is_none_or(|session| columns[2] == "session" && *session == needed);
            if !is_true {
                wrong.push(format!("{row:?}\n{question}\n{answer}"));
            }
            asked += 1;
        }
    }
    assert!(wrong.is_empty(), "not so:\n{}", wrong.join("\n"));
    assert!(asked > 60, "only {asked} examples were found");
}

#[test]
fn the_page_has_the_limits_of_the_code() {
    let thousands = |number: usize| format!("{} {:03}", number / 1000, number % 1000);
    let kibibytes = |bytes: usize| format!("{} KiB", bytes / 1024);
    for (what, limit) in [
        ("entries of a matcher", thousands(MAX_RULES)),
        ("length of a source or a value", format!("{MAX_PATTERN_LENGTH} bytes")),
        ("parameters of a source", MAX_PARAMETERS.to_string()),
        ("size of a compiled expression", format!("{MAX_PROGRAM} instructions")),
        ("groups inside groups", MAX_NESTING.to_string()),
        ("rewritten path", kibibytes(MAX_PATH_LENGTH)),
        ("rewritten query", kibibytes(MAX_QUERY_LENGTH)),
    ] {
        let row = format!("{what} | {limit} |");
        assert!(REWRITES_AND_MATCHERS.contains(&row), "no `{row}` on the page");
    }
}
