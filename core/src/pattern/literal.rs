//! Literal text: its canonical spelling, and how it compares.

use super::Case;
use crate::path::{decode_escape, is_unreserved};
use alloc::{borrow::Cow, string::String, vec::Vec};

/// Spells literal text of a rule as canonical paths spell it: unreserved characters plain, what
/// can't stand in a path encoded. `/caf\u{e9}` and `/%63af%C3%A9` mean the same.
pub(crate) fn canonical_literal(text: &str) -> Cow<'_, str> {
    let needs_escape = |byte: u8| byte <= b' ' || byte >= 0x7f;
    if !text.bytes().any(|byte| byte == b'%' || needs_escape(byte)) {
        return Cow::Borrowed(text);
    }
    let mut canonical = String::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut ahead = bytes.clone();
            if let Some(octet) =
                decode_escape(ahead.next(), ahead.next()).filter(|octet| is_unreserved(*octet))
            {
                canonical.push(char::from(octet));
                bytes = ahead;
                continue;
            }
        }
        if needs_escape(byte) {
            push_escape(&mut canonical, byte);
        } else {
            canonical.push(char::from(byte));
        }
    }
    Cow::Owned(canonical)
}

/// Spells literal text as a decoded path does: every escape decoded. Text that does not decode to
/// UTF-8 stays as it is.
pub(crate) fn decoded_literal(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let octet = if byte == b'%' { decode_escape(ahead.next(), ahead.next()) } else { None };
        match octet {
            Some(octet) => {
                decoded.push(octet);
                bytes = ahead;
            }
            None => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Appends the escape of `byte`, in upper case (RFC 3986 §2.1).
pub(crate) fn push_escape(out: &mut String, byte: u8) {
    out.push('%');
    for nibble in [byte >> 4, byte & 0xf] {
        out.extend(char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

/// Whether the literal text of a rule and a piece of a path are the same under `case`.
///
/// The digits of an escape never differ by case (RFC 3986 §6.2.2.1).
pub(crate) fn same_text(literal: &str, text: &str, case: Case) -> bool {
    match case {
        Case::Insensitive => literal.eq_ignore_ascii_case(text),
        Case::Sensitive if !literal.contains('%') => literal == text,
        Case::Sensitive => {
            let mut escape_digits = 0_u8;
            literal.len() == text.len()
                && literal.bytes().zip(text.bytes()).all(|(left, right)| {
                    let in_escape = escape_digits > 0;
                    escape_digits = if left == b'%' { 2 } else { escape_digits.saturating_sub(1) };
                    left == right || in_escape && left.eq_ignore_ascii_case(&right)
                })
        }
    }
}
