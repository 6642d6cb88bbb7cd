//! Query strings and form bodies (`application/x-www-form-urlencoded`).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

/// The pairs of a query string, decoded one by one.
#[derive(Clone, Copy)]
pub struct Query<'q>(&'q str);

impl<'q> Query<'q> {
    /// A query string without its `?`.
    #[must_use]
    pub const fn new(raw: &'q str) -> Self {
        Self(raw)
    }

    /// The decoded pairs in order. A pair that is not UTF-8 once decoded has the replacement
    /// character where the bytes were.
    pub fn pairs(self) -> impl Iterator<Item = (Cow<'q, str>, Cow<'q, str>)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
    }

    /// The value of `name`, `Ok(None)` where it is absent.
    ///
    /// # Errors
    ///
    /// [`Repeated`] where it stands more than once (RFC 6749 §3.1: parameters must not be repeated).
    pub fn unique(self, name: &str) -> Result<Option<Cow<'q, str>>, Repeated> {
        let mut values = self.pairs().filter(|(candidate, _)| candidate == name);
        let first = values.next();
        if values.next().is_some() { Err(Repeated) } else { Ok(first.map(|(_, value)| value)) }
    }
}

/// A parameter stands more than once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Repeated;

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut ahead = rest.clone();
                match (ahead.next().and_then(hex), ahead.next().and_then(hex)) {
                    (Some(high), Some(low)) => {
                        rest = ahead;
                        high << 4 | low
                    }
                    _ => b'%',
                }
            }
            other => other,
        });
    }
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes pairs for a query string or a form body.
#[derive(Clone)]
pub struct QueryWriter {
    text: String,
    separator: Option<char>,
}

/// Codes, tokens and secrets stand in queries and forms, so they are not printed.
impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(..)")
    }
}

/// As for [`Query`].
impl fmt::Debug for QueryWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueryWriter(..)")
    }
}

impl QueryWriter {
    /// Starts a form body.
    #[must_use]
    pub const fn form() -> Self {
        Self { text: String::new(), separator: None }
    }

    /// Starts after `url`, which may have a query already.
    #[must_use]
    pub fn for_url(url: impl Into<String>) -> Self {
        let text = url.into();
        let separator = match text.split_once('?') {
            None => Some('?'),
            Some((_, "")) => None,
            Some(_) => Some('&'),
        };
        Self { text, separator }
    }

    /// Adds a pair, with every byte escaped that is not unreserved (RFC 3986 §2.3).
    #[must_use]
    pub fn pair(mut self, name: &str, value: &str) -> Self {
        self.text.extend(self.separator);
        escape(name, &mut self.text);
        self.text.push('=');
        escape(value, &mut self.text);
        self.separator = Some('&');
        self
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}

fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(char::from_digit(u32::from(byte >> 4), 16).map(|c| c.to_ascii_uppercase()));
            out.extend(char::from_digit(u32::from(byte & 15), 16).map(|c| c.to_ascii_uppercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn decodes_pairs_as_a_form_does() {
        let query = Query::new("a=1&b=x+y&&c=%2f%zz&d&%61=2&e=%ff");
        let pairs: Vec<_> = query.pairs().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let expected =
            [("a", "1"), ("b", "x y"), ("c", "/%zz"), ("d", ""), ("a", "2"), ("e", "\u{fffd}")];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_string(), v.to_string())));
    }

    #[test]
    fn refuses_a_repeated_parameter() {
        let query = Query::new("state=a&code=1&state=b");
        assert_eq!(query.unique("state"), Err(Repeated));
        assert_eq!(query.unique("code"), Ok(Some("1".into())));
        assert_eq!(query.unique("error"), Ok(None));
    }

    #[test]
    fn writes_what_it_reads() {
        let form = QueryWriter::form().pair("a b", "&=?é").pair("c", "").finish();
        assert_eq!(form, "a%20b=%26%3D%3F%C3%A9&c=");
        let pairs: Vec<_> = Query::new(&form).pairs().collect();
        assert_eq!(pairs, [("a b".into(), "&=?é".into()), ("c".into(), "".into())]);
    }

    #[test]
    fn joins_a_url_that_has_a_query_already() {
        for (url, expected) in [
            ("https://op.example/auth", "https://op.example/auth?a=b"),
            ("https://op.example/auth?x=y", "https://op.example/auth?x=y&a=b"),
            ("https://op.example/auth?", "https://op.example/auth?a=b"),
        ] {
            assert_eq!(QueryWriter::for_url(url).pair("a", "b").finish(), expected);
        }
    }
}
