//! Where a listener listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::checks::Fault;
use portcullis_core::http::Origin;

/// A host and a port, where port 0 stands for any free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    host: Host,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// Both loopback addresses, for browsers differ in which of them they try.
    Localhost,
    Address(IpAddr),
}

impl ListenAddress {
    /// Parses `localhost:3000`, `127.0.0.1:3000`, `[::1]:3000` and the like.
    ///
    /// # Errors
    ///
    /// [`Fault::ListenAddress`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            let (host, port) = (Host::Address(address.ip()), address.port());
            return Ok(Self { host, port });
        }
        let port = text.strip_prefix("localhost:").ok_or(Fault::ListenAddress)?;
        if !port.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Fault::ListenAddress);
        }
        let port = port.parse().map_err(|_| Fault::ListenAddress)?;
        Ok(Self { host: Host::Localhost, port })
    }

    /// The address that must be bound.
    #[must_use]
    pub fn primary(&self) -> SocketAddr {
        let address = match self.host {
            Host::Localhost => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Host::Address(address) => address,
        };
        SocketAddr::new(address, self.port)
    }

    /// The address to bind as well where the system has it, given the port that the primary one
    /// got.
    #[must_use]
    pub fn companion(&self, bound_port: u16) -> Option<SocketAddr> {
        match self.host {
            Host::Localhost => Some(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), bound_port)),
            Host::Address(_) => None,
        }
    }

    /// How a program on this machine reaches the listener, given the port that it got.
    ///
    /// # Errors
    ///
    /// [`Fault::ListenAddress`] for port 0, which nobody can reach.
    pub fn origin(&self, bound_port: u16) -> Result<Origin, Fault> {
        let origin = match self.host {
            Host::Address(address) if !address.is_unspecified() => {
                format!("http://{}", SocketAddr::new(address, bound_port))
            }
            _ => format!("http://localhost:{bound_port}"),
        };
        Origin::parse(&origin).map_err(|_| Fault::ListenAddress)
    }

    /// Whether only this machine can reach the listener.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.host {
            Host::Localhost => true,
            Host::Address(address) => address.is_loopback(),
        }
    }

    /// Whether both cannot be bound at once.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let is_everywhere =
            |host| matches!(host, Host::Address(address) if address.is_unspecified());
        let (first, second) = (self.host, other.host);
        let same_host = first == second
            || self.primary().ip() == other.primary().ip()
            || is_everywhere(first)
            || is_everywhere(second);
        self.port == other.port && self.port != 0 && same_host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ListenAddress {
        ListenAddress::parse(text).unwrap()
    }

    #[test]
    fn localhost_stands_for_both_loopback_addresses() {
        let address = parse("localhost:0");
        assert_eq!(address.primary(), "127.0.0.1:0".parse().unwrap());
        assert_eq!(address.companion(3000), Some("[::1]:3000".parse().unwrap()));
        assert_eq!(parse("127.0.0.1:0").companion(3000), None);
    }

    #[test]
    fn refuses_what_is_no_host_and_port() {
        for text in
            ["", "3000", ":3000", "localhost", "localhost:", "localhost:+1", "localhost:65536"]
        {
            assert_eq!(ListenAddress::parse(text), Err(Fault::ListenAddress), "{text}");
        }
        for text in ["example.com:80", "::1:3000", "127.0.0.1", "http://localhost:3000"] {
            assert_eq!(ListenAddress::parse(text), Err(Fault::ListenAddress), "{text}");
        }
    }

    #[test]
    fn says_how_to_reach_it() {
        for (text, origin) in [
            ("localhost:0", "http://localhost:3000"),
            ("127.0.0.1:0", "http://127.0.0.1:3000"),
            ("[::1]:0", "http://[::1]:3000"),
            ("0.0.0.0:0", "http://localhost:3000"),
            ("[::]:0", "http://localhost:3000"),
        ] {
            assert_eq!(parse(text).origin(3000).unwrap().as_str(), origin);
        }
        assert_eq!(parse("localhost:0").origin(0), Err(Fault::ListenAddress));
    }

    #[test]
    fn knows_when_two_listeners_are_in_each_others_way() {
        for (first, second, overlap) in [
            ("localhost:3000", "localhost:3000", true),
            ("localhost:3000", "127.0.0.1:3000", true),
            ("0.0.0.0:3000", "127.0.0.1:3000", true),
            ("localhost:3000", "localhost:3001", false),
            ("localhost:0", "localhost:0", false),
            ("127.0.0.1:3000", "127.0.0.2:3000", false),
        ] {
            assert_eq!(parse(first).overlaps(&parse(second)), overlap, "{first} {second}");
        }
    }
}
