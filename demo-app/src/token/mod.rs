//! `portcullis token verify`: the verifier of the core on the command line.
//!
//! Tokens come from standard input, one a line; the verdicts go to standard output, one JSON object
//! a line. The core decides; what stands here reads the tokens, finds the key set and prints.

mod key_source;
mod verify;

use clap::{Args, Subcommand};

pub use key_source::KeySourceError;
pub use verify::{Verify, VerifyError};

/// Verify access tokens
#[derive(Clone, Debug, Args)]
pub struct Token {
    /// What to do with them.
    #[command(subcommand)]
    pub command: TokenCommand,
}

/// What can be done with tokens.
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Verify access tokens from standard input, one a line
    Verify(Verify),
}
