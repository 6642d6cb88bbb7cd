//! Cookies: the `Cookie` field that comes in, the `Set-Cookie` field that goes out (RFC 6265bis).

use super::{HeaderView, headers::FieldText};
use alloc::{format, string::String, vec::Vec};
use memchr::memchr;

/// The cookies of a request.
///
/// Parsing is the plainest that works: pairs are split at `;`, blanks around them fall away, the
/// name ends at the first `=`, and everything else is data. Quotes are data, names are compared
/// byte for byte.
#[derive(Clone, Copy)]
pub struct Cookies<'h>(&'h dyn HeaderView);

impl<'h> Cookies<'h> {
    /// The cookies among `headers`, from every `Cookie` field.
    #[must_use]
    pub const fn of(headers: &'h dyn HeaderView) -> Self {
        Self(headers)
    }

    /// A copy that outlives the request's head.
    pub(crate) fn to_owned(self) -> OwnedCookies {
        let mut fields = Vec::new();
        self.0.each_value("cookie", &mut |field| fields.push(("cookie", field.to_vec())));
        OwnedCookies(fields)
    }

    /// The bytes of all `Cookie` fields together.
    #[must_use]
    pub fn length(self) -> usize {
        let mut length = 0_usize;
        self.0.each_value("cookie", &mut |field| length = length.saturating_add(field.len()));
        length
    }

    /// Calls `visit` with every pair in order; a pair without `=` has an empty name.
    pub fn each(self, visit: &mut dyn FnMut(&'h [u8], &'h [u8])) {
        self.0.each_value("cookie", &mut |field| {
            let mut rest = Some(field);
            while let Some(field) = rest {
                let (pair, after) = match memchr(b';', field) {
                    Some(at) => {
                        let (pair, after) = field.split_at_checked(at).unwrap_or_default();
                        (pair, after.get(1..))
                    }
                    None => (field, None),
                };
                rest = after;
                let pair = pair.trim_ascii();
                match memchr(b'=', pair) {
                    Some(at) => {
                        let (name, value) = pair.split_at_checked(at).unwrap_or_default();
                        visit(name, value.get(1..).unwrap_or_default());
                    }
                    None if pair.is_empty() => {}
                    None => visit(b"", pair),
                }
            }
        });
    }

    /// The `Cookie` field without the cookies whose name `drops` accepts; `None` where nothing
    /// is left. What is left keeps its bytes and its order. Left out are a pair that is not visible
    /// ASCII, which no server may set (RFC 6265bis §4.1.1), and one without a name that upstream
    /// would find a name in (`=name=value`).
    #[must_use]
    pub fn without(self, drops: &dyn Fn(&[u8]) -> bool) -> Option<FieldText> {
        let mut kept = String::new();
        self.each(&mut |name, value| {
            let (Ok(name_text), Ok(value)) =
                (core::str::from_utf8(name), core::str::from_utf8(value))
            else {
                return;
            };
            let hides_a_name = name.is_empty() && value.contains('=');
            // There are servers that trim names.
            if drops(name.trim_ascii())
                || hides_a_name
                || !name_text.is_ascii()
                || !value.is_ascii()
            {
                return;
            }
            kept.push_str(if kept.is_empty() { "" } else { "; " });
            if !name.is_empty() {
                kept.push_str(name_text);
                kept.push('=');
            }
            kept.push_str(value);
        });
        if kept.is_empty() { None } else { FieldText::new(kept).ok() }
    }
}

/// The name under which a browser sends back what the `Set-Cookie` field `field` sets. Blanks around
/// it fall away, and a cookie without a name is sent as its value, in which others find one
/// (RFC 6265bis §5.6, §5.8.3).
pub(crate) fn name_in_set_cookie(field: &[u8]) -> &[u8] {
    let is_before = |byte: &u8| matches!(byte, b'=' | b';') || byte.is_ascii_whitespace();
    let start = field.iter().position(|byte| !is_before(byte)).unwrap_or(field.len());
    let named = field.get(start..).unwrap_or_default();
    named.split(|byte| matches!(byte, b'=' | b';')).next().unwrap_or_default().trim_ascii_end()
}

/// The cookies of a request that waits for something.
#[derive(Clone)]
pub(crate) struct OwnedCookies(Vec<(&'static str, Vec<u8>)>);

impl OwnedCookies {
    pub(crate) fn view(&self) -> Cookies<'_> {
        Cookies(&self.0)
    }
}

impl core::fmt::Debug for OwnedCookies {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OwnedCookies(..)")
    }
}

impl core::fmt::Debug for Cookies<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Cookies(..)")
    }
}

/// When a browser sends a cookie with requests that other sites caused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameSite {
    /// With top-level navigations by GET.
    Lax,
    /// Never.
    Strict,
}

/// A cookie that goes out. Every one is `HttpOnly`, has `Path=/` and no `Domain`.
#[derive(Clone, Copy)]
pub struct SetCookie<'c> {
    /// The name. A name that starts with `__Host-` needs `secure`.
    pub name: &'c str,
    /// The value: base64url, or empty.
    pub value: &'c str,
    /// Seconds to live from now; 0 removes the cookie.
    pub max_age: u64,
    /// Sent over TLS only.
    pub secure: bool,
    /// Which cross-site requests carry it.
    pub same_site: SameSite,
}

/// Whoever has the value has the session, so it is not printed.
impl core::fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}

impl SetCookie<'_> {
    /// The field value.
    #[must_use]
    pub fn field(&self) -> FieldText {
        let Self { name, value, max_age, secure, same_site } = self;
        let same_site = match same_site {
            SameSite::Lax => "Lax",
            SameSite::Strict => "Strict",
        };
        let secure = if *secure { "; Secure" } else { "" };
        FieldText::lossy(format!(
            "{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite={same_site}{secure}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn pairs(fields: &[&str]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let headers: Vec<(&str, &str)> = fields.iter().map(|field| ("Cookie", *field)).collect();
        let mut pairs = Vec::new();
        Cookies::of(&headers).each(&mut |name, value| pairs.push((name.to_vec(), value.to_vec())));
        pairs
    }

    #[test]
    fn reads_every_cookie_field_in_order() {
        let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(
            pairs(&["a=1; b=2", "c=3"]),
            vec![pair("a", "1"), pair("b", "2"), pair("c", "3")]
        );
    }

    /// C25: a malformed field is taken apart without a panic.
    #[test]
    fn takes_malformed_fields_apart() {
        let pair = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        assert_eq!(pairs(&["; ;=;a; =b;;"]), vec![pair("", ""), pair("", "a"), pair("", "b")]);
        assert_eq!(pairs(&["  ", ""]), vec![]);
    }

    /// C08, C09: quotes, prefixes and look-alikes are data, so names are compared byte for byte.
    #[test]
    fn quotes_and_look_alikes_are_data() {
        let found = pairs(&["__Host-s=\"v\"; a=\"x; __HOST-s=1; $Version=1"]);
        let names: Vec<&[u8]> = found.iter().map(|(name, _)| name.as_slice()).collect();
        assert_eq!(names, [&b"__Host-s"[..], b"a", b"__HOST-s", b"$Version"]);
        assert_eq!(found[0].1, b"\"v\"");
        assert_eq!(found[1].1, b"\"x");
    }

    /// H24: the cookies of others keep their bytes and their order.
    #[test]
    fn keeps_the_cookies_of_others_as_they_are() {
        let headers = [("cookie", "a=\"1\"; own=x; b; d=\u{e9}"), ("cookie", "own=y; c=")];
        let kept = Cookies::of(&headers).without(&|name| name == b"own");
        assert_eq!(kept.unwrap().as_str(), "a=\"1\"; b; c=");
        assert_eq!(Cookies::of(&headers).without(&|_| true), None);
    }

    /// H24: a cookie without a name cannot become one with a name on its way.
    #[test]
    fn a_cookie_without_a_name_brings_none_along() {
        let headers = [("cookie", "=own=x; a=1; b; ==own; own =x")];
        let kept = Cookies::of(&headers).without(&|name| name == b"own");
        assert_eq!(kept.unwrap().as_str(), "a=1; b");
    }

    /// C29: every cookie of ours has the same attributes.
    #[test]
    fn writes_every_attribute() {
        let cookie = SetCookie {
            name: "__Host-s",
            value: "v",
            max_age: 60,
            secure: true,
            same_site: SameSite::Lax,
        };
        assert_eq!(
            cookie.field().as_str(),
            "__Host-s=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
    }
}
