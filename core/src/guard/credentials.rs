//! Which token a request carries, and where (RFC 6750 §2).

use super::RefusalReason;
use crate::{
    http::{One, Query, RequestHead},
    secret::Secret,
};
use alloc::{borrow::Cow, string::String};

/// The parameter that carries a token in a query or in a form (RFC 6750 §2.2, §2.3).
const PARAMETER: &str = "access_token";

/// Where tokens are taken from beside the header field.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct TokenPlaces {
    pub(super) query: bool,
    pub(super) form: bool,
}

impl TokenPlaces {
    /// What the head of a request carries.
    pub(super) fn in_head<'h>(
        self,
        request: &RequestHead<'h>,
    ) -> Result<HeadCredentials<'h>, RefusalReason> {
        let field = match request.header("authorization") {
            One::Absent => None,
            One::Repeated => return Err(RefusalReason::SeveralCredentials),
            field => Some(field.text().ok_or(RefusalReason::Malformed)?),
        };
        let query = request.target.split_once('?').map(|(_, query)| query);
        Ok(HeadCredentials { field, query: parameter(query.unwrap_or_default())? })
    }

    /// The one token of a request whose body carries none.
    pub(super) fn token<'h>(
        self,
        head: HeadCredentials<'h>,
    ) -> Result<Cow<'h, str>, RefusalReason> {
        self.one_of(head, None)
    }

    /// The one token of a request whose body is a form.
    pub(super) fn token_with_form<'t>(
        self,
        head: &'t HeldCredentials,
        form: &'t [u8],
    ) -> Result<Cow<'t, str>, RefusalReason> {
        let form = core::str::from_utf8(form).map_err(|_| RefusalReason::Malformed)?;
        let query = head.query.as_ref().map(|token| Cow::Borrowed(token.expose()));
        let field = head.field.as_ref().map(Secret::expose);
        self.one_of(HeadCredentials { field, query }, parameter(form)?)
    }

    fn one_of<'t>(
        self,
        head: HeadCredentials<'t>,
        form: Option<Cow<'t, str>>,
    ) -> Result<Cow<'t, str>, RefusalReason> {
        let token = match (head.field, head.query, form) {
            (Some(field), None, None) => Cow::Borrowed(bearer_token(field)?),
            (None, Some(_), None) if !self.query => return Err(RefusalReason::MisplacedToken),
            (None, Some(token), None) | (None, None, Some(token)) => token,
            (None, None, None) => return Err(RefusalReason::NoCredentials),
            _ => return Err(RefusalReason::SeveralCredentials),
        };
        if is_token(&token) { Ok(token) } else { Err(RefusalReason::Malformed) }
    }

    /// Whether the token may stand in the body: a form, and no method whose body means nothing
    /// (RFC 6750 §2.2).
    pub(super) fn takes_form(self, request: &RequestHead<'_>) -> bool {
        let media_type = request
            .header("content-type")
            .text()
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        self.form
            && !matches!(request.method, "GET" | "HEAD")
            && media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// Whether a token is taken from the query of this request.
    pub(super) fn takes_query(self, request: &RequestHead<'_>) -> bool {
        let query = request.target.split_once('?').map(|(_, query)| query);
        self.query && parameter(query.unwrap_or_default()) != Ok(None)
    }

    /// The places as metadata names them (RFC 9728 §2, `bearer_methods_supported`).
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        [(true, "header"), (self.form, "body"), (self.query, "query")]
            .into_iter()
            .filter_map(|(is_taken, name)| is_taken.then_some(name))
    }
}

/// What the head of a request carries, before it is known what the body does.
pub(super) struct HeadCredentials<'h> {
    /// The whole field `Authorization`.
    field: Option<&'h str>,
    /// The parameter of the query.
    query: Option<Cow<'h, str>>,
}

impl HeadCredentials<'_> {
    /// A copy that outlives the request's head.
    pub(super) fn to_held(&self) -> HeldCredentials {
        HeldCredentials {
            field: self.field.map(Secret::new),
            query: self.query.as_deref().map(Secret::new),
        }
    }
}

/// The credentials in the head of a request that waits for its body.
#[derive(Debug)]
pub(super) struct HeldCredentials {
    field: Option<Secret>,
    query: Option<Secret>,
}

fn parameter(pairs: &str) -> Result<Option<Cow<'_, str>>, RefusalReason> {
    Query::new(pairs).unique(PARAMETER).map_err(|_| RefusalReason::SeveralCredentials)
}

/// The text behind the scheme of an `Authorization` field: the scheme in any case, then blanks
/// (RFC 9110 §11.4, RFC 6750 §2.1).
fn bearer_token(field: &str) -> Result<&str, RefusalReason> {
    let (scheme, rest) = field.split_once(' ').unwrap_or((field, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(rest.trim_matches(' '))
    } else {
        Err(RefusalReason::OtherScheme)
    }
}

/// Whether `text` is a `b64token` (RFC 6750 §2.1). Looks at each byte, whatever the others are, so
/// that the compiler can take many at a time: every request pays for this.
fn is_token(text: &str) -> bool {
    let characters = text.trim_end_matches('=').as_bytes();
    !characters.is_empty() && characters.iter().fold(true, |all, byte| all & is_token_byte(*byte))
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
}

/// Whether `name` can be a scope (RFC 6749 §3.3).
pub(super) fn is_scope(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte != b' ' && is_quotable(byte))
}

/// Whether `text` can stand between the quotes of a challenge as it is (RFC 6750 §3).
pub(super) fn is_quotable_text(text: &str) -> bool {
    text.bytes().all(is_quotable)
}

const fn is_quotable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// `names` with blanks between them, each once.
pub(super) fn join<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut text = String::new();
    for name in names {
        if text.split(' ').any(|known| known == name) {
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(name);
    }
    text
}
