//! The command line.

use core::fmt;
use std::ffi::OsString;

use clap::{Parser, Subcommand, ValueEnum};

use super::checks::Fault;
use crate::{explain::Explain, token::Token};

/// The runtime that carries the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RuntimeName {
    /// hyper on tokio.
    Hyper,
    /// hyper's protocol code on smol.
    Smol,
}

impl RuntimeName {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        <Self as ValueEnum>::from_str(text, false).map_err(|_| Fault::Runtime)
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hyper => "hyper",
            Self::Smol => "smol",
        })
    }
}

/// A front end, a protected API and a development identity provider, with the Portcullis
/// authentication gate between them.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = ENVIRONMENT)]
pub struct CommandLine {
    /// What to do; without a command, the demonstration runs.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The runtime that carries the gate [default: hyper]
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) runtime: Option<RuntimeName>,
}

/// What the binary can do besides running the demonstration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what the gate would do with a request, and why
    Explain(Explain),
    /// Verify access tokens
    Token(Token),
}

impl CommandLine {
    /// Reads the command line of this process.
    ///
    /// # Errors
    ///
    /// When it is wrong, or asks for help or the version.
    pub fn from_process() -> Result<Self, clap::Error> {
        Self::parse(std::env::args_os())
    }

    pub(super) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments)
    }
}

const ENVIRONMENT: &str = "\
Without any of the six settings of a provider, the built-in development identity provider is used
and there is nothing to set. With one of them, all six are needed:

  AUTH0_SECRET           Seals the cookies: at least 32 random bytes (openssl rand -hex 32)
  AUTH0_BASE_URL         Where browsers find the front end, such as http://localhost:3000
  AUTH0_ISSUER_BASE_URL  The provider, such as https://tenant.eu.auth0.com
  AUTH0_CLIENT_ID        The application's client ID at the provider
  AUTH0_CLIENT_SECRET    The application's client secret at the provider
  AUTH0_AUDIENCE         The identifier of the API at the provider

Always optional:

  AUTH0_SCOPE               What to ask for [default: openid profile email]
  PORTCULLIS_FRONTEND_ADDR  Where the front end listens [default: localhost:3000]
  PORTCULLIS_API_ADDR       Where the API listens [default: localhost:5000]
  PORTCULLIS_IDP_ADDR       Where the built-in provider listens [default: localhost:4000]
  PORTCULLIS_IDP_TOKEN_LIFETIME
                            How many seconds its access tokens work [default: 3600]
  PORTCULLIS_RUNTIME        As --runtime, which wins
  PORTCULLIS_LOG            What is logged, such as debug; not from a file [default: warn]

The AUTH0_ names have the second names PORTCULLIS_SECRET, PORTCULLIS_BASE_URL, PORTCULLIS_ISSUER,
PORTCULLIS_CLIENT_ID, PORTCULLIS_CLIENT_SECRET, PORTCULLIS_AUDIENCE and PORTCULLIS_SCOPE. Port 0
picks a free port. The files .env.local and .env in the working directory may hold settings too;
the environment wins over .env.local, which wins over .env.";
