//! The few kinds of `http` and `https` addresses that configuration holds.
//!
//! RFC 3986 and RFC 6454, without what has no place in configuration: user information,
//! fragments, and hosts that need Unicode or number tricks to be understood.

use core::fmt;
use std::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Scheme, host and port, as a browser writes them in an `Origin` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    secure: bool,
    loopback: bool,
}

/// An absolute address without user information and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress {
    text: String,
    origin: Origin,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebAddressError {
    /// A fragment, `#…`.
    Fragment,
    /// A host that is neither a name in ASCII letters nor an IP address.
    Host,
    /// A path or a query where only an origin may stand.
    PathOrQuery,
    /// A port that is no number from 1 to 65535.
    Port,
    /// Neither `http://` nor `https://` at the start.
    Scheme,
    /// A space, a control character, a backslash, or a character outside ASCII.
    UnexpectedCharacter,
    /// User information, `user:password@`.
    UserInformation,
}

impl Origin {
    /// Parses an address that has at most one slash after its host and port.
    ///
    /// # Errors
    ///
    /// [`WebAddressError`] when the text is no `http` or `https` address or is more than an
    /// origin.
    pub fn parse(text: &str) -> Result<Self, WebAddressError> {
        let (origin, rest) = split(text)?;
        if rest.is_empty() || rest == "/" { Ok(origin) } else { Err(WebAddressError::PathOrQuery) }
    }

    /// The address of a path below this origin. A path begins with a slash or is empty.
    pub(crate) fn at(&self, path: &str) -> WebAddress {
        WebAddress { text: format!("{}{path}", self.text), origin: self.clone() }
    }

    /// The origin in lower case, without a default port and without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine itself: `localhost` and names below it (RFC 6761 §6.3),
    /// `127.0.0.0/8` or `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl WebAddress {
    /// Parses an absolute address.
    ///
    /// # Errors
    ///
    /// [`WebAddressError`] when the text is no `http` or `https` address.
    pub fn parse(text: &str) -> Result<Self, WebAddressError> {
        let (origin, _) = split(text)?;
        Ok(Self { text: text.to_owned(), origin })
    }

    /// The address exactly as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The origin of the address.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether the address has a query.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.text.contains('?')
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Display for WebAddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fragment => "it must not have a fragment (#)",
            Self::Host => "its host must be a name in ASCII letters or an IP address",
            Self::PathOrQuery => "it must end after the host and port, without a path or query",
            Self::Port => "its port must be a number from 1 to 65535",
            Self::Scheme => "it must start with https:// or http://",
            Self::UnexpectedCharacter => {
                "it must not have spaces, backslashes, control or non-ASCII characters"
            }
            Self::UserInformation => "it must not have a user name or password (@)",
        })
    }
}

impl Error for WebAddressError {}

/// Splits an address into its origin and everything after it.
fn split(text: &str) -> Result<(Origin, &str), WebAddressError> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err(WebAddressError::UnexpectedCharacter);
    }
    let (scheme, rest) = text.split_once("://").ok_or(WebAddressError::Scheme)?;
    let (scheme, secure, default_port) = if scheme.eq_ignore_ascii_case("https") {
        ("https", true, 443)
    } else if scheme.eq_ignore_ascii_case("http") {
        ("http", false, 80)
    } else {
        return Err(WebAddressError::Scheme);
    };
    if rest.contains('#') {
        return Err(WebAddressError::Fragment);
    }
    let (authority, rest) = match rest.find(['/', '?']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    if authority.contains('@') {
        return Err(WebAddressError::UserInformation);
    }
    let (host, port) = split_port(authority)?;
    let (host, loopback) = parse_host(host)?;
    let text = match port {
        Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
        _ => format!("{scheme}://{host}"),
    };
    Ok((Origin { text, secure, loopback }, rest))
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), WebAddressError> {
    let end_of_host = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None if authority.starts_with('[') => return Err(WebAddressError::Host),
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end_of_host);
    if port.is_empty() {
        return Ok((host, None));
    }
    let port = port.strip_prefix(':').ok_or(WebAddressError::Host)?;
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WebAddressError::Port);
    }
    match port.parse() {
        Ok(0) | Err(_) => Err(WebAddressError::Port),
        Ok(port) => Ok((host, Some(port))),
    }
}

/// The normal form of a host, and whether it is this machine.
fn parse_host(host: &str) -> Result<(String, bool), WebAddressError> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or(WebAddressError::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| WebAddressError::Host)?;
        return Ok((format!("[{address}]"), address.is_loopback()));
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok((address.to_string(), address.is_loopback()));
    }
    let name = host.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // Browsers take a name with a number at its end for an IPv4 address in an odd notation.
    let is_number = |label: &str| match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if !name.split('.').all(is_label) || name.rsplit('.').next().is_none_or(is_number) {
        return Err(WebAddressError::Host);
    }
    let loopback = name == "localhost" || name.ends_with(".localhost");
    Ok((name, loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_an_origin_as_browsers_do() {
        for (text, expected) in [
            ("http://localhost:3000", "http://localhost:3000"),
            ("HTTPS://App.Example.COM:443/", "https://app.example.com"),
            ("http://app.example.com:80", "http://app.example.com"),
            ("http://[0:0::1]:3000", "http://[::1]:3000"),
            ("https://10.1.2.3:8443", "https://10.1.2.3:8443"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn refuses_what_is_no_origin() {
        use WebAddressError::*;
        for (text, error) in [
            ("", Scheme),
            ("localhost:3000", Scheme),
            ("ftp://example.com", Scheme),
            ("https://example.com/app", PathOrQuery),
            ("https://example.com?", PathOrQuery),
            ("https://example.com/#", Fragment),
            ("https://user@example.com", UserInformation),
            ("https://example.com:0", Port),
            ("https://example.com:65536", Port),
            ("https://example.com:", Port),
            ("https://example.com:+1", Port),
            ("https://", Host),
            ("https://[::1", Host),
            ("https://[::1]x", Host),
            ("https://127.1", Host),
            ("https://0x7f.0x1", Host),
            ("https://a..b", Host),
            ("https://{yourDomain}", Host),
            ("https://exämple.com", UnexpectedCharacter),
            ("https://example.com\\evil", UnexpectedCharacter),
            ("https://example.com ", UnexpectedCharacter),
        ] {
            assert_eq!(Origin::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn knows_loopback_hosts() {
        for (text, loopback) in [
            ("http://localhost", true),
            ("http://app.localhost:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://localhost.example", false),
            ("http://notlocalhost", false),
            ("http://0.0.0.0", false),
            ("http://[::ffff:127.0.0.1]", false),
        ] {
            assert_eq!(Origin::parse(text).unwrap().is_loopback(), loopback, "{text}");
        }
    }

    #[test]
    fn keeps_an_address_as_it_was_written() {
        let address = WebAddress::parse("HTTP://localhost:3000/cb?x=1").unwrap();
        assert_eq!(address.as_str(), "HTTP://localhost:3000/cb?x=1");
        assert_eq!(address.origin().as_str(), "http://localhost:3000");
        assert!(address.has_query());
    }
}
