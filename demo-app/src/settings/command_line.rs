//! The command line.

use core::fmt;
use std::ffi::OsString;

use clap::{Parser, Subcommand, ValueEnum};

use super::{checks::Fault, page};
use crate::{demo::ProviderCommand, explain::Explain, token::Token};

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
        <Self as ValueEnum>::from_str(text, false).map_err(|_| Fault::Value)
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
#[command(name = "portcullis", version, after_help = page::help())]
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
    /// Run the provider for development alone, for an application of your own
    Provider(ProviderCommand),
    /// Print the documentation of every setting, in Markdown
    Settings,
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
