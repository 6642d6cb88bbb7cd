//! `portcullis token verify`.

use super::key_source::{KeySource, KeySourceError};
use crate::line_reader::{Line, answer_each};
use clap::{
    Args,
    builder::{NonEmptyStringValueParser, OsStringValueParser, TypedValueParser as _},
};
use core::fmt;
use portcullis_core::{
    crypto::SignatureAlgorithm,
    json::Object,
    jwt::{ClockTolerance, TokenError, TokenPolicy, TokenPolicyError, VerifiedToken},
    key_set::{KeyLookup, KeySet, KeySetError},
    time::UnixSeconds,
};
use portcullis_hyper::{clock::Clock, crypto::AWS_LC};
use serde::Serialize;
use std::io::{self, BufRead, Write};

/// Verify access tokens from standard input, one a line
#[derive(Clone, Debug, Args)]
#[command(after_help = ANSWERS)]
pub struct Verify {
    /// The issuer's key set: a file, or a URL of https (http on this machine)
    #[arg(long, value_name = "FILE-OR-URL")]
    #[arg(value_parser = OsStringValueParser::new().try_map(KeySource::parse))]
    jwks: KeySource,
    /// The issuer that the tokens must be from, byte for byte
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    issuer: String,
    /// The audience that the tokens must be for, byte for byte
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    audience: String,
    /// An algorithm that is allowed; may be repeated [default: RS256]
    #[arg(long = "algorithm", value_name = "NAME", value_parser = algorithm)]
    algorithms: Vec<SignatureAlgorithm>,
    /// The moment at which the tokens are looked at, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX-SECONDS")]
    at: Option<u64>,
    /// How far the clocks may be apart, in seconds, 300 at most [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = leeway)]
    leeway: Option<ClockTolerance>,
}

const ANSWERS: &str = "\
Each line of standard input is one token. It is answered, before the next one is read, with one line:

  {\"ok\":true,\"claims\":{...}}
  {\"ok\":false,\"error\":\"expired\",\"detail\":\"the token has expired\"}

The exit status is 0 if all tokens were good, 1 if one was not, 2 if nothing could be verified:
the command line is wrong, or there is no key set. A key set of which no key can be used verifies no
token. Algorithms are RS256, RS384, RS512, PS256, ES256 and EdDSA; a key that names none is for the
first allowed one that takes its type.";

fn algorithm(name: &str) -> Result<SignatureAlgorithm, &'static str> {
    SignatureAlgorithm::from_name(name)
        .ok_or("the algorithms are RS256, RS384, RS512, PS256, ES256 and EdDSA")
}

fn leeway(text: &str) -> Result<ClockTolerance, &'static str> {
    text.parse()
        .ok()
        .and_then(ClockTolerance::from_seconds)
        .ok_or("it is a whole number of seconds from 0 to 300")
}

impl Verify {
    /// Answers tokens until standard input ends. Returns whether all of them were good.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] where there is no key set, or nothing can be read or written.
    pub fn run(&self) -> Result<bool, VerifyError> {
        let verifier = self.verifier()?;
        let clock = Clock::start();
        let now = || self.at.map_or_else(|| clock.now().unix, UnixSeconds);
        verifier.run(io::stdin().lock(), io::stdout().lock(), now).map_err(VerifyError::Io)
    }

    fn verifier(&self) -> Result<Verifier, VerifyError> {
        let algorithms = match self.algorithms.as_slice() {
            [] => &[SignatureAlgorithm::Rs256],
            algorithms => algorithms,
        };
        let policy = TokenPolicy::access_token([self.audience.as_str()])
            .and_then(|policy| policy.with_algorithms(algorithms.iter().copied()))
            .map_err(VerifyError::Policy)?
            .with_clock_tolerance(self.leeway.unwrap_or_default());
        let text = self.jwks.read().map_err(VerifyError::KeySource)?;
        let keys = match KeySet::parse(&text, algorithms, &AWS_LC) {
            Ok(keys) => {
                for reason in keys.skipped() {
                    eprintln!("A key of the set is left out: {reason}");
                }
                Some(keys)
            }
            Err(error @ KeySetError::NoUsableKey) => {
                eprintln!("No token can be verified: {error}");
                None
            }
            Err(error) => return Err(VerifyError::KeySet(error)),
        };
        Ok(Verifier { policy, issuer: self.issuer.clone(), keys })
    }
}

/// The rules and the keys.
struct Verifier {
    policy: TokenPolicy,
    issuer: String,
    keys: Option<KeySet>,
}

impl Verifier {
    fn run(
        &self,
        input: impl BufRead,
        output: impl Write,
        now: impl Fn() -> UnixSeconds,
    ) -> io::Result<bool> {
        let mut all_good = true;
        answer_each(input, output, TokenPolicy::MAX_LENGTH, |line, output| {
            let verified = self.verify(line, now());
            all_good &= verified.is_ok();
            serde_json::to_writer(output, &Answer::of(&verified))?;
            Ok(())
        })?;
        Ok(all_good)
    }

    fn verify(&self, line: Line<'_>, now: UnixSeconds) -> Result<VerifiedToken, TokenError> {
        let Line::Bytes(token) = line else { return Err(TokenError::TooLong) };
        let token = core::str::from_utf8(token).map_err(|_| TokenError::Serialization)?;
        let inspected = self.policy.read(token, now)?.from_issuer(&self.issuer)?;
        let keys = self.keys.as_ref().ok_or(TokenError::UnknownKey)?;
        match keys.find(inspected.algorithm(), inspected.key_id()) {
            KeyLookup::Found(key) => inspected.verify(key),
            KeyLookup::Ambiguous | KeyLookup::Unknown => Err(TokenError::UnknownKey),
        }
    }
}

/// A line of the output.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Good { ok: bool, claims: &'a Object },
    Bad { ok: bool, error: &'static str, detail: String },
}

impl<'a> Answer<'a> {
    fn of(verified: &'a Result<VerifiedToken, TokenError>) -> Self {
        match verified {
            Ok(token) => Self::Good { ok: true, claims: token.claims() },
            Err(error) => Self::Bad { ok: false, error: error.code(), detail: error.to_string() },
        }
    }
}

/// Why no token was looked at.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyError {
    /// Nothing can be read or written.
    Io(io::Error),
    /// The key set is none.
    KeySet(KeySetError),
    /// The key set is not to be had.
    KeySource(KeySourceError),
    /// No token could ever be good.
    Policy(TokenPolicyError),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::KeySet(error) => write!(f, "The key set is not usable: {error}"),
            Self::KeySource(error) => write!(f, "There is no key set: {error}"),
            Self::Policy(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for VerifyError {}
