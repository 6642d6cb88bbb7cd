//! A line in, a line out: how commands answer programs on standard input and output.

use std::io::{self, BufRead, Read as _, Write};

/// A line of the input, without its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line<'l> {
    /// Its bytes.
    Bytes(&'l [u8]),
    /// It is longer than allowed, and was skipped.
    TooLong,
}

/// Answers every line of at most `max` bytes before the next one is read, until the input ends or
/// nobody reads the answers any more.
///
/// A line ends with a line feed and with nothing else; the last one needs none.
pub(crate) fn answer_each(
    mut input: impl BufRead,
    mut output: impl Write,
    max: usize,
    mut answer: impl FnMut(Line<'_>, &mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(line) = next(&mut input, max, &mut buffer)? {
        let written = answer(line, &mut output)
            .and_then(|()| output.write_all(b"\n"))
            .and_then(|()| output.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

fn next<'b>(
    input: &mut impl BufRead,
    max: usize,
    buffer: &'b mut Vec<u8>,
) -> io::Result<Option<Line<'b>>> {
    buffer.clear();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    if input.by_ref().take(limit).read_until(b'\n', buffer)? == 0 {
        return Ok(None);
    }
    if buffer.pop_if(|last| *last == b'\n').is_some() || buffer.len() <= max {
        return Ok(Some(Line::Bytes(buffer)));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Line::TooLong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::RefCell, rc::Rc};

    fn lines(input: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Vec::new();
        let mut output = Vec::new();
        answer_each(input, &mut output, 4, |line, output| {
            lines.push(match line {
                Line::Bytes(bytes) => Some(bytes.to_vec()),
                Line::TooLong => None,
            });
            output.write_all(b"answer")
        })
        .unwrap();
        assert_eq!(output, b"answer\n".repeat(lines.len()));
        lines
    }

    #[test]
    fn a_line_ends_with_a_line_feed_or_with_the_input() {
        let bytes = |text: &[u8]| Some(text.to_vec());
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), [bytes(b"")]);
        assert_eq!(lines(b"a\nb"), [bytes(b"a"), bytes(b"b")]);
        assert_eq!(lines(b"a\r\n\nb\n"), [bytes(b"a\r"), bytes(b""), bytes(b"b")]);
    }

    #[test]
    fn long_lines_are_skipped() {
        let bytes = |text: &[u8]| Some(text.to_vec());
        assert_eq!(lines(b"12345\n1234\n"), [None, bytes(b"1234")]);
        assert_eq!(lines(b"1\n123456789"), [bytes(b"1"), None]);
        assert_eq!(lines(b"1234"), [bytes(b"1234")]);
    }

    #[test]
    fn every_line_is_answered_before_the_next_is_read() {
        /// Yields one line at a time, and none before the last is answered.
        struct Dialogue(Rc<RefCell<usize>>, usize);
        impl io::Read for Dialogue {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert_eq!(*self.0.borrow(), self.1);
                if self.1 == 3 {
                    return Ok(0);
                }
                self.1 += 1;
                buffer[..2].copy_from_slice(b"x\n");
                Ok(2)
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
        let input = io::BufReader::new(Dialogue(flushes.clone(), 0));
        answer_each(input, Flushes(flushes.clone()), 4, |_, _| Ok(())).unwrap();
        assert_eq!(*flushes.borrow(), 3);
    }

    #[test]
    fn ends_where_nobody_reads() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut answered = 0;
        answer_each(&b"a\nb\n"[..], Closed, 4, |_, output| {
            answered += 1;
            output.write_all(b"x")
        })
        .unwrap();
        assert_eq!(answered, 1);
    }
}
