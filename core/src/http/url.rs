//! The small part of URLs that a gate needs: absolute `http` and `https` URLs, already encoded.

use crate::path::{CanonicalPath, PathError, check_query};
use alloc::{borrow::ToOwned, format, string::String};
use core::{fmt, net::Ipv6Addr, ops::Range};

/// `http` or `https`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The scheme as it stands before `://`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL of this scheme means when it names none.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The most bytes of a URL.
const MAX_LENGTH: usize = 8192;

/// An absolute `http` or `https` URL without user information and without a fragment.
///
/// The text is kept as it was given (RFC 3986 §6.2.1, simple comparison), so two URLs are equal
/// only byte for byte; the host is in lower case and needs no further normalisation.
#[derive(Clone, Eq, PartialEq)]
pub struct Url {
    text: String,
    scheme: Scheme,
    host: Range<usize>,
    port: u16,
    path: usize,
}

impl Url {
    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// [`UrlError`] says what the text is not.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_LENGTH {
            return Err(UrlError::TooLong);
        }
        let (scheme, start) = if text.starts_with("https://") {
            (Scheme::Https, "https://".len())
        } else if text.starts_with("http://") {
            (Scheme::Http, "http://".len())
        } else {
            return Err(UrlError::Scheme);
        };
        let rest = text.get(start..).unwrap_or_default();
        let authority_length = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(authority_length).unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlError::UserInformation);
        }
        if tail.contains('#') {
            return Err(UrlError::Fragment);
        }
        if !tail.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Character);
        }
        let (host_length, port) = split_authority(authority)?;
        let port = port.unwrap_or_else(|| scheme.default_port());
        let path = start.saturating_add(authority_length);
        let mut text = text.to_owned();
        if !tail.starts_with('/') {
            // Everything behind the authority needs a path to stand in (RFC 9112 §3.2.1).
            text.insert(path, '/');
        }
        Ok(Self { text, scheme, host: start..start.saturating_add(host_length), port, path })
    }

    /// Reads a URL that nobody on the way can change: `https`, or `http` to this machine.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Self::parse); [`UrlError::Insecure`] for `http` to another machine.
    pub fn parse_secure(text: &str) -> Result<Self, UrlError> {
        let url = Self::parse(text)?;
        let is_secure = url.scheme == Scheme::Https || url.is_loopback();
        if is_secure { Ok(url) } else { Err(UrlError::Insecure) }
    }

    /// The URL of what was checked already, but for its query.
    ///
    /// # Errors
    ///
    /// [`UrlError`] where `authority` is not `host` or `host:port`, or `query` can't be sent as it is.
    pub(crate) fn of_parts(
        scheme: Scheme,
        authority: &str,
        path: CanonicalPath<'_>,
        query: Option<&str>,
    ) -> Result<Self, UrlError> {
        let (host_length, port) = split_authority(authority)?;
        query.map_or(Ok(()), check_query).map_err(|error| match error {
            PathError::QueryTooLong => UrlError::TooLong,
            _ => UrlError::Character,
        })?;
        let front = [authority, "://", scheme.as_str()];
        let start = front.iter().skip(1).fold(0, |length, part| part.len().saturating_add(length));
        let mut text = path.into_string();
        // One reservation for everything.
        text.reserve(
            start
                .saturating_add(authority.len())
                .saturating_add(query.map_or(0, |query| query.len().saturating_add(1))),
        );
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        front.iter().for_each(|part| text.insert_str(0, part));
        Ok(Self {
            text,
            scheme,
            host: start..start.saturating_add(host_length),
            port: port.unwrap_or_else(|| scheme.default_port()),
            path: start.saturating_add(authority.len()),
        })
    }

    /// The whole URL. A URL without a path has `/` for one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host name or address; an IPv6 address in its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.get(self.host.clone()).unwrap_or_default()
    }

    /// The port, named or implied.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `host` or `host:port` as written.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.get(self.host.start..self.path).unwrap_or_default()
    }

    /// The path, from its `/`, and the query if there is one.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.path..).unwrap_or_default()
    }

    /// The URL up to its query.
    #[must_use]
    pub fn without_query(&self) -> &str {
        self.text.split('?').next().unwrap_or_default()
    }

    /// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<core::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || host
                .strip_prefix('[')
                .and_then(|host| host.strip_suffix(']'))
                .and_then(|host| host.parse::<Ipv6Addr>().ok())
                .is_some_and(|address| address.is_loopback())
    }
}

/// A query may hold a token, so it is not printed.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = if self.text.contains('?') { "?.." } else { "" };
        write!(f, "Url({}{query})", self.without_query())
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The length of the host in `authority` and the port that it names.
fn split_authority(authority: &str) -> Result<(usize, Option<u16>), UrlError> {
    let (host, port) = if authority.starts_with('[') {
        let length = authority.find(']').ok_or(UrlError::Host)?.saturating_add(1);
        let (host, tail) = authority.split_at_checked(length).ok_or(UrlError::Host)?;
        let address = host.get(1..length.saturating_sub(1)).unwrap_or_default();
        address.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
        match tail {
            "" => (host, None),
            _ => (host, Some(tail.strip_prefix(':').ok_or(UrlError::Host)?)),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let named = host.starts_with('[')
        || host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_'));
    if host.is_empty() || !named {
        return Err(UrlError::Host);
    }
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse::<u16>().ok().filter(|port| *port != 0).ok_or(UrlError::Port)?)
        }
        Some(_) => return Err(UrlError::Port),
    };
    Ok((host.len(), port))
}

/// Why a text is not a usable URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UrlError {
    /// A character that must be percent-encoded.
    Character,
    /// A fragment, which is never sent.
    Fragment,
    /// No host, or one that is not a lower-case name or an address.
    Host,
    /// `http` where the host is not this machine.
    Insecure,
    /// A path or a query where only an origin may stand.
    NotAnOrigin,
    /// A port that is not a number from 1 to 65535.
    Port,
    /// A query where none may stand.
    Query,
    /// Neither `http://` nor `https://`.
    Scheme,
    /// More than 8192 bytes.
    TooLong,
    /// A user name or password before the host.
    UserInformation,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Character => "has a character that must be percent-encoded",
            Self::Fragment => "must not have a fragment (`#…`)",
            Self::Host => "needs a host name in lower case, or an address",
            Self::Insecure => "must start with https://; http:// is for this machine alone",
            Self::NotAnOrigin => "must end after the host and port, without a path or query",
            Self::Port => "has a port that is not a number from 1 to 65535",
            Self::Query => "must not have a query (`?…`)",
            Self::Scheme => "must start with https:// or http://",
            Self::TooLong => "has more than 8192 bytes",
            Self::UserInformation => "must not have a user name or password before the host",
        })
    }
}

impl core::error::Error for UrlError {}

/// Scheme, host and port (RFC 6454), written as browsers write it: the default port left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    text: String,
    scheme: Scheme,
    loopback: bool,
}

impl Origin {
    /// Parses the origin of an application, such as `https://app.example` with or without a final
    /// slash.
    ///
    /// # Errors
    ///
    /// [`UrlError`] where the text is no URL, [`UrlError::NotAnOrigin`] where a path or a query
    /// follows the host and port.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text)?;
        if url.path_and_query() == "/" { Ok(Self::of(&url)) } else { Err(UrlError::NotAnOrigin) }
    }

    /// The origin of `url`.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let (scheme, host) = (url.scheme(), url.host());
        let text = if url.port() == scheme.default_port() {
            format!("{}://{host}", scheme.as_str())
        } else {
            format!("{}://{host}:{}", scheme.as_str(), url.port())
        };
        Self { text, scheme, loopback: url.is_loopback() }
    }

    /// The origin as a browser sends it in `Origin`, without a final slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether the host is this machine: see [`Url::is_loopback`].
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The absolute URL of `path`, which is empty or starts with `/`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        let mut url = self.text.clone();
        url.push_str(path);
        url
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_secure_to_this_machine_alone() {
        for url in
            ["https://op.example/", "http://localhost:4000/", "http://127.0.0.1/", "http://[::1]/"]
        {
            assert_eq!(Url::parse_secure(url).unwrap().as_str(), url);
        }
        for url in ["http://op.example/", "http://localhost.example/", "http://192.168.0.1/"] {
            assert_eq!(Url::parse_secure(url), Err(UrlError::Insecure), "{url}");
        }
        assert_eq!(Url::parse_secure("ftp://localhost/"), Err(UrlError::Scheme));
    }

    #[test]
    fn takes_urls_apart() {
        for (text, host, port, authority, path) in [
            ("https://op.example", "op.example", 443, "op.example", "/"),
            ("https://op.example?a=b", "op.example", 443, "op.example", "/?a=b"),
            ("http://localhost:5000/api?x=1", "localhost", 5000, "localhost:5000", "/api?x=1"),
            ("http://[::1]:80/", "[::1]", 80, "[::1]:80", "/"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.host(), url.port()), (host, port), "{text}");
            assert_eq!((url.authority(), url.path_and_query()), (authority, path), "{text}");
        }
    }

    #[test]
    fn refuses_what_could_mean_two_things() {
        for (text, error) in [
            ("ftp://a", UrlError::Scheme),
            ("HTTPS://a", UrlError::Scheme),
            ("//a", UrlError::Scheme),
            ("https://", UrlError::Host),
            ("https://A.example", UrlError::Host),
            ("https://a b", UrlError::Host),
            ("https://[::1", UrlError::Host),
            ("https://[::1]x", UrlError::Host),
            ("https://a:b", UrlError::Port),
            ("https://a:", UrlError::Port),
            ("https://a:0", UrlError::Port),
            ("https://a:65536", UrlError::Port),
            ("https://a@b", UrlError::UserInformation),
            ("https://a:b@c", UrlError::UserInformation),
            ("https://a/#x", UrlError::Fragment),
            ("https://a/\r\n", UrlError::Character),
            ("https://a/é", UrlError::Character),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text}");
        }
        assert_eq!(Url::parse(&format!("https://a/{}", "x".repeat(9000))), Err(UrlError::TooLong));
    }

    #[test]
    fn parts_make_the_url_that_they_are_the_parts_of() {
        for (scheme, authority, path, query) in [
            (Scheme::Https, "op.example", "/", None),
            (Scheme::Http, "localhost:5000", "/api/%20x", Some("a=b?c=/&%zz")),
            (Scheme::Https, "[::1]:8443", "/a", Some("")),
        ] {
            let tail = query.map(|query| format!("?{query}")).unwrap_or_default();
            let text = format!("{}://{authority}{path}{tail}", scheme.as_str());
            let path = CanonicalPath::parse(path).unwrap();
            assert_eq!(Url::of_parts(scheme, authority, path, query), Url::parse(&text));
        }
        let root = CanonicalPath::parse("/").unwrap();
        for (authority, query, error) in [
            ("a b", None, UrlError::Host),
            ("a:0", None, UrlError::Port),
            ("a", Some("x#y"), UrlError::Character),
            ("a", Some("x y"), UrlError::Character),
            ("a", Some("\u{e9}"), UrlError::Character),
        ] {
            assert_eq!(Url::of_parts(Scheme::Http, authority, root.clone(), query), Err(error));
        }
    }

    #[test]
    fn knows_loopback_hosts() {
        for (text, loopback) in [
            ("http://localhost:4000", true),
            ("http://app.localhost", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:4000", true),
            ("http://localhost.example", false),
            ("http://127.0.0.1.example", false),
            ("http://128.0.0.1", false),
        ] {
            assert_eq!(Url::parse(text).unwrap().is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (text, origin) in [
            ("https://app.example", "https://app.example"),
            ("https://app.example/", "https://app.example"),
            ("https://app.example:443", "https://app.example"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin);
        }
        assert_eq!(Origin::parse("https://app.example/x"), Err(UrlError::NotAnOrigin));
    }
}
