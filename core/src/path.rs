//! The one canonical form of a request path.
//!
//! This module decides which spelling of a path the gate works with, and which spellings it refuses
//! because two readers could understand them differently. Guard, rewrite rules and upstream all see
//! the bytes of the same [`CanonicalPath`]; nothing downstream decodes or normalises again.
//!
//! What is refused, always with a typed [`PathError`] and before any rule is asked:
//!
//! - a raw `#`, `\`, space, control or non-ASCII byte (RFC 3986 §3.3 allows none of them);
//! - an encoded slash (`%2F`), backslash (`%5C`) or control byte (`%00` to `%1F`, `%7F`);
//! - `.` and `..` segments, encoded or not, also with blanks (`..%20`) or `;` beside the dots, which
//!   some servers strip;
//! - empty segments (`//`), bad escapes, and escapes that do not decode to UTF-8 (RFC 3629);
//! - anything longer than [`MAX_PATH_LENGTH`].
//!
//! What is normalised: escapes of unreserved characters are decoded (RFC 3986 §6.2.2.2), so
//! `/%70rivate` is `/private`. Nothing else changes, and nothing is decoded twice: `/%252e%252e`
//! stays as it is.

use crate::secret::Unprinted;
use alloc::{borrow::Cow, string::String};
use core::fmt;

#[cfg(test)]
mod tests;

/// The greatest length of a path, in bytes as received.
pub const MAX_PATH_LENGTH: usize = 8 * 1024;

/// The greatest length of a query, in bytes as received.
pub const MAX_QUERY_LENGTH: usize = 16 * 1024;

/// An absolute path that has exactly one reading.
///
/// It starts with `/`, is plain ASCII, has no empty segment (one slash at the end is allowed), no
/// dot segment and no escape of an unreserved character. Only [`parse`](Self::parse) makes one.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CanonicalPath<'a>(Cow<'a, str>);

impl<'a> CanonicalPath<'a> {
    /// Parses the path part of an origin-form request target (RFC 9112 §3.2.1), without its query.
    ///
    /// Allocates only if an escape had to be decoded.
    ///
    /// # Errors
    ///
    /// A [`PathError`] says what makes the path ambiguous or malformed.
    pub fn parse(raw: &'a str) -> Result<Self, PathError> {
        Ok(Self(match canonicalise(raw)? {
            Some(normalised) => Cow::Owned(normalised),
            None => Cow::Borrowed(raw),
        }))
    }

    /// The same as [`parse`](Self::parse) for text that the caller owns.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn from_owned(raw: String) -> Result<CanonicalPath<'static>, PathError> {
        let normalised = canonicalise(&raw)?;
        Ok(CanonicalPath(Cow::Owned(normalised.unwrap_or(raw))))
    }

    /// The path as it is matched and sent on.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text between the slashes, still percent-encoded. A slash at the end of the path yields
    /// one last empty segment.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// A copy that borrows from this path.
    #[must_use]
    pub fn borrowed(&self) -> CanonicalPath<'_> {
        CanonicalPath(Cow::Borrowed(&self.0))
    }

    /// A copy that owns its text.
    #[must_use]
    pub fn into_owned(self) -> CanonicalPath<'static> {
        CanonicalPath(Cow::Owned(self.0.into_owned()))
    }

    /// The text, without a copy if this path owns it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl AsRef<str> for CanonicalPath<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for CanonicalPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for CanonicalPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An origin-form request target, taken apart.
#[derive(Clone, Eq, PartialEq)]
pub struct RequestTarget<'a> {
    /// The path in its canonical form.
    pub path: CanonicalPath<'a>,
    /// The bytes after the first `?`, exactly as received. `Some("")` if nothing follows it.
    pub query: Option<&'a str>,
}

impl<'a> RequestTarget<'a> {
    /// Splits an origin-form target (RFC 9112 §3.2.1) at its first `?` and parses both halves.
    ///
    /// The query is checked by [`check_query`] and never changed.
    ///
    /// # Errors
    ///
    /// A [`PathError`] for the first thing wrong with the path, then with the query.
    pub fn parse(target: &'a str) -> Result<Self, PathError> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let path = CanonicalPath::parse(path)?;
        if let Some(query) = query {
            check_query(query)?;
        }
        Ok(Self { path, query })
    }
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for RequestTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, query } = self;
        let query = query.map(|_| Unprinted);
        f.debug_struct("RequestTarget").field("path", path).field("query", &query).finish()
    }
}

/// Checks that a query (without its `?`) can be passed on byte for byte.
///
/// # Errors
///
/// A raw control or non-ASCII byte, a raw space, a `#`, or more than [`MAX_QUERY_LENGTH`] bytes.
pub fn check_query(query: &str) -> Result<(), PathError> {
    if query.len() > MAX_QUERY_LENGTH {
        return Err(PathError::QueryTooLong);
    }
    for byte in query.bytes() {
        match byte {
            b'#' => return Err(PathError::Fragment),
            b' ' => return Err(PathError::Space),
            0x00..=0x1f | 0x7f => return Err(PathError::Control),
            0x80.. => return Err(PathError::NonAscii),
            _ => {}
        }
    }
    Ok(())
}

/// Why a request target was refused.
///
/// All but the two length errors are the client's malformed request (400); a length error is a
/// target that is too long (414).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum PathError {
    /// The target does not start with `/`.
    NotAbsolute,
    /// The path is longer than [`MAX_PATH_LENGTH`].
    PathTooLong,
    /// The query is longer than [`MAX_QUERY_LENGTH`].
    QueryTooLong,
    /// A raw `#`.
    Fragment,
    /// A raw `?` in text that was said to be a path.
    QueryInPath,
    /// A raw `\`.
    Backslash,
    /// `%2F`.
    EncodedSlash,
    /// `%5C`.
    EncodedBackslash,
    /// A control byte, raw or encoded.
    Control,
    /// A raw space.
    Space,
    /// A raw byte above 0x7F.
    NonAscii,
    /// A `%` that is not followed by two hexadecimal digits.
    BadEscape,
    /// Escapes that do not decode to UTF-8.
    InvalidUtf8,
    /// A `.` or `..` segment, raw or encoded, with or without blanks.
    DotSegment,
    /// A `;` directly beside a `.`, or behind dots and blanks alone, raw or encoded.
    DotParameter,
    /// Two slashes in a row.
    EmptySegment,
}

impl PathError {
    /// A stable name for logs and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path_not_absolute",
            Self::PathTooLong => "path_too_long",
            Self::QueryTooLong => "query_too_long",
            Self::Fragment => "path_fragment",
            Self::QueryInPath => "path_query",
            Self::Backslash => "path_backslash",
            Self::EncodedSlash => "path_encoded_slash",
            Self::EncodedBackslash => "path_encoded_backslash",
            Self::Control => "path_control",
            Self::Space => "path_space",
            Self::NonAscii => "path_non_ascii",
            Self::BadEscape => "path_bad_escape",
            Self::InvalidUtf8 => "path_invalid_utf8",
            Self::DotSegment => "path_dot_segment",
            Self::DotParameter => "path_dot_parameter",
            Self::EmptySegment => "path_empty_segment",
        }
    }

    /// Whether the target was refused for its length alone.
    #[must_use]
    pub const fn is_length(self) -> bool {
        matches!(self, Self::PathTooLong | Self::QueryTooLong)
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAbsolute => "the request target does not start with a slash",
            Self::PathTooLong => "the path is too long",
            Self::QueryTooLong => "the query is too long",
            Self::Fragment => "the request target holds a fragment",
            Self::QueryInPath => "the path holds a question mark",
            Self::Backslash => "the path holds a backslash",
            Self::EncodedSlash => "the path holds an encoded slash",
            Self::EncodedBackslash => "the path holds an encoded backslash",
            Self::Control => "the request target holds a control character",
            Self::Space => "the request target holds a space",
            Self::NonAscii => "the request target holds a character that must be encoded",
            Self::BadEscape => "the path holds a malformed percent escape",
            Self::InvalidUtf8 => "the path does not decode to UTF-8",
            Self::DotSegment => "the path holds a dot segment",
            Self::DotParameter => "the path holds a semicolon beside a dot",
            Self::EmptySegment => "the path holds an empty segment",
        })
    }
}

impl core::error::Error for PathError {}

/// Unreserved characters (RFC 3986 §2.3): an escape of one of them means the same as the character.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The byte that the two hexadecimal digits of an escape stand for.
pub(crate) fn decode_escape(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from((digit(high)? << 4) | digit(low)?).ok()
}

/// Whether a path is canonical at a glance, as most are: no escape, and nothing that must be looked
/// at with what stands around it.
fn is_plain(raw: &str) -> bool {
    let mut previous = 0;
    let plain = raw.bytes().all(|byte| {
        let starts_segment = previous == b'/';
        previous = byte;
        match byte {
            b'/' | b'.' => !starts_segment,
            b'#' | b'%' | b';' | b'?' | b'\\' => false,
            _ => byte.is_ascii_graphic(),
        }
    });
    plain && raw.starts_with('/')
}

/// Checks a path; `Some` if it had to be changed to be canonical.
fn canonicalise(raw: &str) -> Result<Option<String>, PathError> {
    if raw.len() > MAX_PATH_LENGTH {
        return Err(PathError::PathTooLong);
    }
    if is_plain(raw) { Ok(None) } else { normalise(raw) }
}

/// The same, character by character.
fn normalise(raw: &str) -> Result<Option<String>, PathError> {
    let mut bytes = raw.bytes();
    if bytes.next() != Some(b'/') {
        return Err(PathError::NotAbsolute);
    }
    let mut segment = Segment::default();
    let mut utf8 = Utf8Check::default();
    // What was read so far, once it differs from the input.
    let mut normalised: Option<String> = None;
    let mut position = 1_usize;

    while let Some(byte) = bytes.next() {
        let (octet, width) = match byte {
            b'%' => {
                let octet =
                    decode_escape(bytes.next(), bytes.next()).ok_or(PathError::BadEscape)?;
                match octet {
                    b'/' => return Err(PathError::EncodedSlash),
                    b'\\' => return Err(PathError::EncodedBackslash),
                    _ => (octet, 3),
                }
            }
            b'#' => return Err(PathError::Fragment),
            b'?' => return Err(PathError::QueryInPath),
            b'\\' => return Err(PathError::Backslash),
            b' ' => return Err(PathError::Space),
            0x80.. => return Err(PathError::NonAscii),
            _ => (byte, 1),
        };
        if octet < 0x20 || octet == 0x7f {
            return Err(PathError::Control);
        }
        utf8.push(octet)?;
        if octet == b'/' {
            segment.finish(false)?;
            segment = Segment::default();
        } else {
            segment.push(octet)?;
        }

        let end = position.saturating_add(width);
        let escape_of_unreserved = width == 3 && is_unreserved(octet);
        match &mut normalised {
            Some(text) if escape_of_unreserved => text.push(char::from(octet)),
            Some(text) => text.push_str(raw.get(position..end).unwrap_or_default()),
            None if escape_of_unreserved => {
                let mut text = String::with_capacity(raw.len());
                text.push_str(raw.get(..position).unwrap_or_default());
                text.push(char::from(octet));
                normalised = Some(text);
            }
            None => {}
        }
        position = end;
    }
    utf8.finish()?;
    segment.finish(true)?;
    Ok(normalised)
}

/// What must be known of a segment to refuse dots and empty ones.
#[derive(Default)]
struct Segment {
    length: usize,
    dots: usize,
    /// Whether there is anything but dots and blanks.
    named: bool,
    previous: u8,
}

impl Segment {
    fn push(&mut self, octet: u8) -> Result<(), PathError> {
        let behind_dots = !self.named && self.dots > 0 && octet == b';';
        if behind_dots || matches!((self.previous, octet), (b'.', b';') | (b';', b'.')) {
            return Err(PathError::DotParameter);
        }
        match octet {
            b'.' => self.dots = self.dots.saturating_add(1),
            b' ' => {}
            _ => self.named = true,
        }
        self.length = self.length.saturating_add(1);
        self.previous = octet;
        Ok(())
    }

    fn finish(&self, last: bool) -> Result<(), PathError> {
        if self.length == 0 && !last {
            return Err(PathError::EmptySegment);
        }
        let blanks = self.length > self.dots;
        if !self.named && self.dots > 0 && (self.dots <= 2 || blanks) {
            return Err(PathError::DotSegment);
        }
        Ok(())
    }
}

/// Checks decoded bytes one by one against the table of well-formed UTF-8 (RFC 3629 §4).
#[derive(Default)]
struct Utf8Check {
    missing: u8,
    low: u8,
    high: u8,
}

impl Utf8Check {
    fn push(&mut self, octet: u8) -> Result<(), PathError> {
        if self.missing > 0 {
            if octet < self.low || octet > self.high {
                return Err(PathError::InvalidUtf8);
            }
            *self = Self { missing: self.missing.saturating_sub(1), low: 0x80, high: 0xbf };
            return Ok(());
        }
        let (missing, low, high) = match octet {
            0x00..=0x7f => (0, 0, 0),
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xe1..=0xef => (2, 0x80, 0xbf),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            0x80..=0xc1 | 0xf5.. => return Err(PathError::InvalidUtf8),
        };
        *self = Self { missing, low, high };
        Ok(())
    }

    fn finish(&self) -> Result<(), PathError> {
        if self.missing > 0 { Err(PathError::InvalidUtf8) } else { Ok(()) }
    }
}
