//! Header fields: a view of those that came in, and a list of those that go out.

use alloc::{
    borrow::{Cow, ToOwned as _},
    vec::Vec,
};
use core::fmt;

/// The header fields of a received message, in the order received.
///
/// Implemented by adapters over their own header type, and here over slices of pairs.
pub trait HeaderView {
    /// Calls `visit` with every value of the field `name`, compared without regard to case.
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8]));

    /// Calls `visit` with every field line.
    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8]));
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderView for [(N, V)] {
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        for (candidate, value) in self {
            if candidate.as_ref().eq_ignore_ascii_case(name) {
                visit(value.as_ref());
            }
        }
    }

    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
        for (name, value) in self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LENGTH: usize> HeaderView for [(N, V); LENGTH] {
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        self.as_slice().each_value(name, visit);
    }

    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> HeaderView for Vec<(N, V)> {
    fn each_value<'h>(&'h self, name: &str, visit: &mut dyn FnMut(&'h [u8])) {
        self.as_slice().each_value(name, visit);
    }

    fn each<'h>(&'h self, visit: &mut dyn FnMut(&'h str, &'h [u8])) {
        self.as_slice().each(visit);
    }
}

/// How often a field that may stand once stands in a message.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum One<'h> {
    /// It does not stand there.
    Absent,
    /// It stands there once.
    Value(&'h [u8]),
    /// It stands there more than once, which no party may interpret (RFC 9110 §5.3).
    Repeated,
}

impl<'h> One<'h> {
    /// Reads the field `name` of `headers`.
    #[must_use]
    pub fn of(headers: &'h dyn HeaderView, name: &str) -> Self {
        let mut found = Self::Absent;
        headers.each_value(name, &mut |value| {
            found = match found {
                Self::Absent => Self::Value(value),
                Self::Value(_) | Self::Repeated => Self::Repeated,
            };
        });
        found
    }

    /// The value as text, where the field stands once and is visible ASCII with blanks.
    #[must_use]
    pub fn text(self) -> Option<&'h str> {
        match self {
            Self::Value(value) if is_field_text(value) => core::str::from_utf8(value).ok(),
            _ => None,
        }
    }
}

/// A value may be a credential, so it is not printed.
impl fmt::Debug for One<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Value(_) => "Value(..)",
            Self::Repeated => "Repeated",
        })
    }
}

const fn is_field_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~')
}

/// Whether all bytes may stand in a field. Looks at each, whatever the others are, so that the
/// compiler can take many at a time: tokens and cookies are kilobytes.
fn is_field_text(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & is_field_byte(*byte))
}

/// Text that may stand as a field value: visible ASCII, blanks and tabs (RFC 9110 §5.5).
///
/// Nothing with a line break can become one, so no header of ours can be split.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldText(Cow<'static, str>);

impl FieldText {
    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// [`FieldTextError`] where it holds a control character or one that is not ASCII.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Result<Self, FieldTextError> {
        let text = text.into();
        if is_field_text(text.as_bytes()) { Ok(Self(text)) } else { Err(FieldTextError) }
    }

    /// Text that is known when the program is compiled; bytes that may not stand are left out.
    pub(crate) fn constant(text: &'static str) -> Self {
        Self::lossy(Cow::Borrowed(text))
    }

    /// `text` without the bytes that may not stand in a field.
    pub(crate) fn lossy(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if is_field_text(text.as_bytes()) {
            Self(text)
        } else {
            Self(Cow::Owned(
                text.chars().filter(|c| u8::try_from(*c).is_ok_and(is_field_byte)).collect(),
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for FieldText {
    fn from(number: u64) -> Self {
        Self(Cow::Owned(alloc::format!("{number}")))
    }
}

/// A text may not stand as a field value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FieldTextError;

impl fmt::Display for FieldTextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header value may hold visible ASCII, blanks and tabs only")
    }
}

impl core::error::Error for FieldTextError {}

/// Header fields that go out, in order. Names are lower case.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Headers(Vec<(&'static str, FieldText)>);

/// Fields whose values are credentials.
const SECRET_FIELDS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

impl Headers {
    /// No fields.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field; one of the same name stays.
    pub fn append(&mut self, name: &'static str, value: FieldText) {
        self.0.push((name, value));
    }

    /// Adds all fields of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The fields in order, each with its name for as long as the program runs.
    pub(crate) fn to_pairs(&self) -> Vec<(&'static str, FieldText)> {
        self.0.clone()
    }

    /// The first value of the field `name`, compared without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of field lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Credentials print as `..`, and so does the query of where a browser is sent, which may have a state
/// or an ID token in it.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name, value: &str| match value.split_once('?') {
            _ if SECRET_FIELDS.contains(&name) => "..".to_owned(),
            Some((url, _)) if name == "location" => alloc::format!("{url}?.."),
            _ => value.to_owned(),
        };
        f.debug_map().entries(self.iter().map(|(name, value)| (name, shown(name, value)))).finish()
    }
}
