//! What changes in the header fields of a request and of its response on their way through.
//!
//! The order is fixed: fields that end at this hop go first, with those that `Connection` names;
//! then those that the client may not set; ours come last, so that nothing of the client's can
//! take one of ours away (RFC 9110 §7.6.1).

use super::caching;
use crate::{
    http::{FieldText, HeaderView, Headers, name_in_set_cookie},
    session::CookieNames,
};
use alloc::{string::String, vec::Vec};

/// Fields that end at this hop (RFC 9110 §7.6.1), and `Expect`, which this hop answers itself.
const HOP_BY_HOP: [&str; 11] = [
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Fields that only a gate may set: who the client is, which certificate it has shown (RFC 9440), where
/// it came from, and what frameworks take for words of their own.
const RESERVED: [&str; 23] = [
    "cf-connecting-ip",
    "client-cert",
    "client-cert-chain",
    "client-ip",
    "forwarded",
    "true-client-ip",
    "x-auth-email",
    "x-auth-groups",
    "x-auth-roles",
    "x-auth-user",
    "x-client-cert",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-http-method",
    "x-http-method-override",
    "x-matched-path",
    "x-method-override",
    "x-nextjs-data",
    "x-original-url",
    "x-real-ip",
    "x-remote-user",
    "x-rewrite-url",
    "x-webauth-user",
];

/// Beginnings of such fields.
const RESERVED_PREFIXES: [&str; 12] = [
    "cf-access-",
    "remote-",
    "ssl-client-",
    "x-amzn-oidc-",
    "x-auth-request-",
    "x-envoy-",
    "x-forwarded-",
    "x-goog-authenticated-user-",
    "x-invoke-",
    "x-middleware-",
    "x-ms-client-principal",
    "x-ssl-client-",
];

fn is_hop_by_hop(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|field| name.eq_ignore_ascii_case(field))
}

/// Whether upstream could read `name` as one of the reserved fields. Names with `_` are refused
/// whole, since gateway interfaces fold `_` and `-` into one (RFC 3875 §4.1.18).
fn is_reserved(name: &str) -> bool {
    let starts_with = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    name.contains('_')
        || RESERVED.iter().any(|field| name.eq_ignore_ascii_case(field))
        || RESERVED_PREFIXES.iter().any(|prefix| starts_with(prefix))
}

/// The names in the `Connection` fields of a message.
fn named_in_connection(headers: &dyn HeaderView) -> Vec<String> {
    let mut names = Vec::new();
    headers.each_value("connection", &mut |value| {
        for name in value.split(|byte| *byte == b',') {
            let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
            if !name.is_empty() {
                names.push(name);
            }
        }
    });
    names
}

fn is_named(connection: &[String], name: &str) -> bool {
    connection.iter().any(|field| name.eq_ignore_ascii_case(field))
}

/// Which of the client's fields go on, and which are added.
#[derive(Clone, Debug)]
pub struct RequestEdits {
    connection: Vec<String>,
    replaced: &'static [&'static str],
    added: Headers,
}

impl RequestEdits {
    /// `replaced` are the further fields of the client's that do not go on.
    pub(crate) fn new(
        headers: &dyn HeaderView,
        replaced: &'static [&'static str],
        added: Headers,
    ) -> Self {
        Self { connection: named_in_connection(headers), replaced, added }
    }

    /// With credentials of the gate's.
    pub(super) fn with_credentials(mut self, credentials: FieldText) -> Self {
        self.added.append("authorization", credentials);
        self
    }

    /// Whether the client's field `name` goes on.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        !is_hop_by_hop(name)
            && !is_reserved(name)
            && !self.replaced.iter().any(|field| name.eq_ignore_ascii_case(field))
            && !is_named(&self.connection, name)
    }

    /// The fields to add once the client's are filtered.
    #[must_use]
    pub const fn added(&self) -> &Headers {
        &self.added
    }
}

/// What happens to the response on its way to the browser, whoever gives it.
#[derive(Clone, Debug)]
pub struct ResponseEdits {
    names: CookieNames,
    added: Headers,
    private: bool,
}

impl ResponseEdits {
    pub(crate) const fn new(names: CookieNames, added: Headers, private: bool) -> Self {
        Self { names, added, private }
    }

    fn sets_cookie(&self) -> bool {
        self.added.get("set-cookie").is_some()
    }

    /// Looks at the header fields of the response, once they are there.
    #[must_use]
    pub fn filter(&self, response: &dyn HeaderView) -> ResponseFilter<'_> {
        let connection = named_in_connection(response);
        let caching = if self.sets_cookie() {
            caching::WITH_A_COOKIE
        } else if self.private {
            caching::missing_for_one_person(response, |name| !is_named(&connection, name))
        } else {
            [None; 2]
        };
        ResponseFilter { edits: self, connection, caching }
    }
}

/// The decision about each field of one response.
#[derive(Clone, Debug)]
pub struct ResponseFilter<'e> {
    edits: &'e ResponseEdits,
    connection: Vec<String>,
    /// What is added to what the response says of caching.
    caching: [Option<(&'static str, &'static str)>; 2],
}

impl ResponseFilter<'_> {
    /// Whether the field `name` with this `value` goes on to the browser.
    ///
    /// What ends at this hop does not, nor does a cookie of the gate's own names, nor words about
    /// caching where the gate sets a cookie.
    #[must_use]
    pub fn keeps(&self, name: &str, value: &[u8]) -> bool {
        if is_hop_by_hop(name) || is_named(&self.connection, name) {
            return false;
        }
        if name.eq_ignore_ascii_case("set-cookie") {
            return !self.edits.names.is_own(name_in_set_cookie(value));
        }
        !(self.edits.sets_cookie() && caching::is_about_caching(name))
    }

    /// The fields to add once those of the response are filtered.
    pub fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.edits.added.iter().chain(self.caching.into_iter().flatten())
    }
}
