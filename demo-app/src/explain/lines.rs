//! A question a line, an answer a line.

use super::{answer::Answer, question::Question};
use crate::line_reader::{Line, answer_each};
use serde_json::value::RawValue;
use std::io::{self, BufRead, Write};

/// The greatest length of a line, in bytes.
const MAX_LINE: usize = 4 * 1024 * 1024;

/// Answers every line before it reads the next, until the input ends or nobody reads the answers.
pub(super) fn run(input: impl BufRead, output: impl Write) -> io::Result<()> {
    answer_each(input, output, MAX_LINE, |line, output| {
        let (id, answer) = answer(line);
        serde_json::to_writer(output, &answer.with_id(id.unwrap_or(RawValue::NULL)))?;
        Ok(())
    })
}

fn answer(line: Line<'_>) -> (Option<&RawValue>, Answer) {
    let Line::Bytes(line) = line else {
        return (None, Answer::invalid(format!("the line is longer than {MAX_LINE} bytes")));
    };
    match Question::parse(line) {
        Err(error) => (None, Answer::invalid(error)),
        Ok(question) => (question.id, question.answer().unwrap_or_else(Answer::invalid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn answers(input: &[u8]) -> Vec<Value> {
        let mut output = Vec::new();
        run(input, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn garbage_is_answered_with_invalid() {
        let mut input = Vec::new();
        let garbage: [&[u8]; 9] = [
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"{\"url\":7}",
            b"{\"url\":\"/\",\"url\":\"/\"}",
            b"{\"url\":\"\\ud800\"}",
            b"{\"id\":1}",
        ];
        for line in garbage {
            input.extend_from_slice(line);
            input.push(b'\n');
        }
        let answers = answers(&input);
        assert_eq!(answers.len(), garbage.len());
        for answer in &answers {
            assert_eq!(answer["kind"], "invalid", "{answer}");
            assert!(answer["reason"].is_string(), "{answer}");
        }
        assert_eq!(answers[8]["id"], 1);
    }

    #[test]
    fn the_last_line_needs_no_line_break() {
        assert_eq!(answers(b"{\"id\":1,\"url\":\"/\"}\r\n{\"id\":2,\"url\":\"/\"}").len(), 2);
        assert_eq!(answers(b"").len(), 0);
    }

    #[test]
    fn long_lines_are_skipped_and_answered() {
        let mut input = vec![b' '; MAX_LINE + 1];
        input.extend_from_slice(b"\n{\"url\":\"/\"}\n");
        let mut longest = b"{\"url\":\"/\"}".to_vec();
        longest.resize(MAX_LINE, b' ');
        input.extend_from_slice(&longest);
        let kinds: Vec<_> =
            answers(&input).into_iter().map(|answer| answer["kind"].clone()).collect();
        assert_eq!(kinds, [json!("invalid"), json!("none"), json!("none")]);
    }
}
