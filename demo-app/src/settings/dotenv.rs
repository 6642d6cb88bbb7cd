//! Files of `NAME=value` lines.
//!
//! There is no standard for them, and programs read the harder cases differently. This reader
//! takes what all of them read alike and refuses the rest, rather than start with half a secret:
//!
//! - a value without quotes has no quotes, backslashes, dollar or number signs;
//! - a value in single quotes is taken as it is;
//! - a value in double quotes knows the escapes `\n`, `\r`, `\t`, `\\`, `\"` and `\$`;
//! - values in quotes may go over several lines, and variables in values are not expanded;
//! - a line ends in a line feed, a carriage return, or both;
//! - `#` starts a comment at the start of a line, and after a value and a space;
//! - `export` before a name is skipped.

use core::fmt;

/// One assignment, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counts from 1.
    pub(super) number: usize,
    /// Missing when not even a name can be made out.
    pub(super) name: Option<String>,
    pub(super) value: Result<String, FileFault>,
    /// Whether the value has taken in lines after it, and it is not clear that it should have. Whoever
    /// it belongs to, those lines are missing.
    pub(super) swallows: bool,
}

/// What is wrong with a line of a settings file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// A backslash in double quotes before a character that has no escape.
    Escape,
    /// A dollar sign in double quotes.
    Expansion,
    /// A value without quotes has a character that only quotes make clear.
    NeedsQuotes,
    /// Neither an assignment nor a comment.
    NoAssignment,
    /// The name was given before in the same file.
    Repeated,
    /// Something stands after a value in quotes.
    TextAfterQuotes,
    /// A quote is not closed.
    Unclosed,
}

/// Reads a file. Every line ends in a value or a fault.
pub(super) fn parse(text: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(&text), line: 1 };
    while let Some(mut line) = reader.next_line() {
        let is_named = line.name.is_some() && !line.swallows;
        if is_named && lines.iter().any(|before| before.name == line.name) {
            line.value = Err(FileFault::Repeated);
        }
        lines.push(line);
    }
    lines
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn next_line(&mut self) -> Option<Line> {
        self.skip_blank_lines_and_comments();
        if self.rest.is_empty() {
            return None;
        }
        let number = self.line;
        let name = self.name();
        let value = match name {
            Some(_) => self.value(),
            None => Err(FileFault::NoAssignment),
        };
        let swallows = self.line > number
            && matches!(value, Err(FileFault::TextAfterQuotes | FileFault::Unclosed));
        self.skip_line();
        Some(Line { number, name, value, swallows })
    }

    fn skip_blank_lines_and_comments(&mut self) {
        loop {
            self.skip(self.rest.len() - self.rest.trim_start().len());
            if !self.rest.starts_with('#') {
                return;
            }
            self.skip_line();
        }
    }

    /// The name before an equals sign, which is skipped too.
    fn name(&mut self) -> Option<String> {
        let line = self.rest.lines().next()?;
        let (before, _) = line.split_once('=')?;
        let name = before.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let name = name.unwrap_or(before).trim();
        let is_name = !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        let name = is_name.then(|| name.to_owned());
        self.skip(before.len() + 1);
        name
    }

    fn value(&mut self) -> Result<String, FileFault> {
        self.skip(self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len());
        let value = match self.rest.chars().next() {
            Some('\'') => self.single_quoted()?,
            Some('"') => self.double_quoted()?,
            _ => return self.unquoted(),
        };
        let after = self.rest.lines().next().unwrap_or_default();
        if after.trim().is_empty() || after.trim_start().starts_with('#') {
            Ok(value)
        } else {
            Err(FileFault::TextAfterQuotes)
        }
    }

    fn single_quoted(&mut self) -> Result<String, FileFault> {
        let inside = self.rest.get(1..).unwrap_or_default();
        match inside.find('\'') {
            Some(end) => {
                let value = inside.get(..end).unwrap_or_default().to_owned();
                self.skip(end + 2);
                Ok(value)
            }
            None => self.unclosed(),
        }
    }

    fn double_quoted(&mut self) -> Result<String, FileFault> {
        let mut value = String::new();
        let mut fault = None;
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.skip(index + 1);
                    return fault.map_or(Ok(value), Err);
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, escaped @ ('\\' | '"' | '$'))) => value.push(escaped),
                    _ => fault = Some(FileFault::Escape),
                },
                '$' => fault = Some(FileFault::Expansion),
                other => value.push(other),
            }
        }
        self.unclosed()
    }

    /// Nothing after an open quote can be told apart.
    fn unclosed(&mut self) -> Result<String, FileFault> {
        self.skip(self.rest.len());
        Err(FileFault::Unclosed)
    }

    fn unquoted(&self) -> Result<String, FileFault> {
        let line = self.rest.lines().next().unwrap_or_default();
        let comment = line
            .match_indices('#')
            .map(|(index, _)| index)
            .find(|index| line.get(..*index).is_some_and(is_empty_or_ends_in_space));
        let value = line.get(..comment.unwrap_or(line.len())).unwrap_or_default().trim();
        if value.contains(['$', '\\', '\'', '"', '`', '#']) {
            return Err(FileFault::NeedsQuotes);
        }
        Ok(value.to_owned())
    }

    fn skip_line(&mut self) {
        self.skip(self.rest.find('\n').map_or(self.rest.len(), |end| end + 1));
    }

    /// Goes on by a number of bytes.
    fn skip(&mut self, bytes: usize) {
        if let Some((skipped, rest)) = self.rest.split_at_checked(bytes) {
            self.line += skipped.matches('\n').count();
            self.rest = rest;
        }
    }
}

fn is_empty_or_ends_in_space(text: &str) -> bool {
    text.is_empty() || text.ends_with([' ', '\t'])
}

impl fmt::Display for FileFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Escape => "a backslash in double quotes must be written \\\\",
            Self::Expansion => {
                "variables are not expanded; write the dollar sign as \\$ or use single quotes"
            }
            Self::NeedsQuotes => "programs read this value differently; put it into single quotes",
            Self::NoAssignment => "the line is neither NAME=value nor a comment",
            Self::Repeated => "the name was given before in this file",
            Self::TextAfterQuotes => "there is text after the closing quote",
            Self::Unclosed => "the quote is not closed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<String, FileFault> {
        let mut lines = parse(text);
        assert_eq!(lines.len(), 1, "{text:?}: {lines:?}");
        let line = lines.remove(0);
        assert!(line.name.as_deref() == Some("A") || line.value.is_err());
        line.value
    }

    #[test]
    fn reads_what_every_program_reads_alike() {
        for (text, expected) in [
            ("A=b", "b"),
            ("  A = b c  ", "b c"),
            ("export A=b", "b"),
            ("export\tA=b\r\n", "b"),
            ("\u{feff}A=b", "b"),
            ("A=", ""),
            ("A=b=c==", "b=c=="),
            ("A=b # comment", "b"),
            ("A= # comment", ""),
            ("A='b # \" $c \\n'  # comment", "b # \" $c \\n"),
            (r#"A="b\n\t\r\\\"\$ ' #""#, "b\n\t\r\\\"$ ' #"),
            ("A='b\nc'", "b\nc"),
            ("A='b\r\nc'\r", "b\nc"),
            ("A=\"b\nB=c\"", "b\nB=c"),
            ("A=\u{fc}", "ü"),
            ("# comment\n\n  # another\nA=b\n", "b"),
        ] {
            assert_eq!(value(text).as_deref(), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn refuses_what_programs_read_differently() {
        use FileFault::*;
        for (text, fault) in [
            ("A=b#c", NeedsQuotes),
            ("A=$b", NeedsQuotes),
            ("A=b\\$c", NeedsQuotes),
            ("A=b'c'", NeedsQuotes),
            ("A=`b`", NeedsQuotes),
            ("A=\"$b\"", Expansion),
            ("A=\"\\x\"", Escape),
            ("A='b' c", TextAfterQuotes),
            ("A=\"b\"c", TextAfterQuotes),
            ("A='b", Unclosed),
            ("A=\"b\\\"", Unclosed),
            ("A=\"b\\", Unclosed),
            ("A", NoAssignment),
            ("=b", NoAssignment),
            ("1A=b", NoAssignment),
            ("A B=c", NoAssignment),
            ("export A B=c", NoAssignment),
        ] {
            assert_eq!(value(text), Err(fault), "{text:?}");
        }
    }

    #[test]
    fn counts_lines_and_goes_on_after_a_fault() {
        let lines = parse("# one\nA='two\nthree'\nfour\r\nB=$five\n\nC=seven");
        let seen: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.name.as_deref(), line.value.is_ok()))
            .collect();
        assert_eq!(
            seen,
            [(2, Some("A"), true), (4, None, false), (5, Some("B"), false), (7, Some("C"), true)]
        );
    }

    /// Without this, the first name would have everything after it for its value.
    #[test]
    fn every_line_ending_is_one() {
        for text in ["A=b\nB=c\n", "A=b\r\nB=c\r\n", "A=b\rB=c\r", "# a\rA=b\r\r\nB=c"] {
            let lines = parse(text);
            let seen: Vec<_> =
                lines.iter().map(|line| (line.name.as_deref(), line.value.as_deref())).collect();
            assert_eq!(seen, [(Some("A"), Ok("b")), (Some("B"), Ok("c"))], "{text:?}");
        }
    }

    #[test]
    fn refuses_a_name_that_is_given_twice() {
        let lines = parse("A=b\nA=c");
        assert_eq!(lines[1].value, Err(FileFault::Repeated));
    }

    #[test]
    fn ends_on_any_text() {
        let pieces = ["A=", "'", "\"", "\\", "\n", "#", "\u{fc}", " ", "$", "\r", "export ", "\0"];
        for first in pieces {
            for second in pieces {
                for third in pieces {
                    parse(&[first, second, third].concat());
                }
            }
        }
    }
}
