use core::fmt;

use portcullis_core::http::UrlError;

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no address of the kind that is needed.
    Address(UrlError),
    /// Spaces, control characters, or characters outside ASCII.
    Characters,
    /// `http` for a host that is not this machine.
    Insecure,
    /// No private key, or one for another algorithm.
    Key,
    /// No host and port to listen on.
    ListenAddress,
    /// A listener that others could reach.
    NotLoopback,
    /// A query, where a path at most may stand.
    Query,
    /// A secret that could be guessed.
    SecretGuessable,
    /// A secret of fewer than 32 bytes.
    SecretTooShort,
    /// Several addresses, where one can be.
    Several,
    /// It is not what the documentation of the setting says.
    Value,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Address(error) => return error.fmt(formatter),
            Self::Characters => "it must be printable ASCII text without spaces",
            Self::Insecure => "it must be an https address; only this machine may have http",
            Self::Key => {
                "it must be a private key in PEM for the algorithm of client assertions, and an \
                 RSA key must have 2048 bits at least"
            }
            Self::ListenAddress => {
                "it must be localhost or an IP address, and a port, for example localhost:3000"
            }
            Self::NotLoopback => {
                "it must be a loopback address, for the development provider lets anyone in"
            }
            Self::Query => "it must not have a query (?)",
            Self::SecretGuessable => {
                "it could be guessed; take random bytes, for example the output of \
                 openssl rand -hex 32"
            }
            Self::SecretTooShort => {
                "it must have at least 32 bytes, for example the output of openssl rand -hex 32"
            }
            Self::Several => "it must be one address; several front ends need a gate each",
            Self::Value => "it is none of the values that are possible",
        })
    }
}
