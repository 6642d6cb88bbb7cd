//! A question a line, an answer a line.

use super::{answer::Answer, question::Question};
use serde_json::value::RawValue;
use std::io::{self, BufRead, Read as _, Write};

/// The greatest length of a line, in bytes.
pub(super) const MAX_LINE: usize = 4 * 1024 * 1024;

/// Answers every line before it reads the next, until the input ends or nobody reads the answers.
pub(super) fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while let Some(length) = read_line(&mut input, &mut line)? {
        let written = answer(&line, length, &mut output).and_then(|()| output.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

fn answer(line: &[u8], length: Length, output: &mut impl Write) -> io::Result<()> {
    let (id, answer) = match (length, Question::parse(line)) {
        (Length::TooLong, _) => {
            (None, Answer::invalid(format!("the line is longer than {MAX_LINE} bytes")))
        }
        (Length::Fits, Err(error)) => (None, Answer::invalid(error)),
        (Length::Fits, Ok(question)) => {
            (question.id, question.answer().unwrap_or_else(Answer::invalid))
        }
    };
    serde_json::to_writer(&mut *output, &answer.with_id(id.unwrap_or(RawValue::NULL)))?;
    output.write_all(b"\n")
}

#[derive(Clone, Copy)]
enum Length {
    Fits,
    TooLong,
}

/// Reads a line without its end into `line`; what is longer than [`MAX_LINE`] is skipped.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Length>> {
    line.clear();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX).saturating_add(1);
    if input.by_ref().take(limit).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() || line.len() <= MAX_LINE {
        return Ok(Some(Length::Fits));
    }
    line.clear();
    input.skip_until(b'\n')?;
    Ok(Some(Length::TooLong))
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

    #[test]
    fn every_line_is_answered_before_the_next_is_read() {
        use std::{cell::RefCell, rc::Rc};

        /// Yields one line at a time, and none before the last is answered.
        struct Dialogue(Rc<RefCell<usize>>, usize);
        impl io::Read for Dialogue {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert_eq!(*self.0.borrow(), self.1);
                if self.1 == 3 {
                    return Ok(0);
                }
                self.1 += 1;
                let line = b"{\"url\":\"/\"}\n";
                buffer[..line.len()].copy_from_slice(line);
                Ok(line.len())
            }
        }
        struct Flushes(Rc<RefCell<usize>>);
        impl Write for Flushes {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                *self.0.borrow_mut() += 1;
                Ok(())
            }
        }
        let flushes = Rc::new(RefCell::new(0));
        run(io::BufReader::new(Dialogue(flushes.clone(), 0)), Flushes(flushes.clone())).unwrap();
        assert_eq!(*flushes.borrow(), 3);
    }
}
