//! `portcullis explain`: what the gate would do with a request, and why.
//!
//! In its first form the command explains one request to a person, with the rules and the matcher
//! of the demonstration as it is configured. With `--json-lines` it answers one question a line, each
//! with rules and a matcher of its own, for programs. Either way the core decides; what stands here
//! reads the questions and prints the answers.

mod answer;
mod lines;
mod question;
mod report;

use crate::{
    demo::{self, StartError},
    settings::{LoadError, Settings},
};
use clap::Args;
use core::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};
use portcullis_core::http::RequestHead;
use std::io::{self, Write as _};

/// Show what the gate would do with a request, and why
#[derive(Clone, Debug, Args)]
#[command(after_help = JSON_LINES)]
pub struct Explain {
    /// The method of the request
    #[arg(required_unless_present = "json_lines", conflicts_with = "json_lines")]
    method: Option<String>,
    /// Its URL, such as <http://localhost:3000/api/private-route>, or a path
    #[arg(required_unless_present = "json_lines", conflicts_with = "json_lines")]
    url: Option<String>,
    /// A header field of the request, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "FIELD", value_parser = header)]
    #[arg(conflicts_with = "json_lines")]
    headers: Vec<(String, String)>,
    /// Answer questions from standard input, one JSON object a line
    #[arg(long)]
    json_lines: bool,
}

const JSON_LINES: &str = "\
With --json-lines, the configuration of the demonstration plays no part. A question is

  {\"id\": anything, \"method\": \"GET\", \"url\": \"http://host/path?query\", \"headers\": {...},
   \"rules\": [{\"source\", \"destination\", \"has\", \"missing\", \"basePath\"}, ...]
            or {\"beforeFiles\": [...], \"afterFiles\": [...], \"fallback\": [...]},
   \"matcher\": string, object or array, \"basePath\": \"/docs\",
   \"files\": [\"/about\"], \"pages\": [\"/api/auth/:any\"]}

where everything but the URL may be left out; files and pages are what the application serves below
the base path. The answer, one line for each line, is

  {\"id\", \"kind\": \"external\", \"local\", \"none\", \"refused\" or \"invalid\", \"destination\", \"rule\",
   \"phase\", \"params\", \"guarded\", \"reason\"}";

fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("a header field is written `Name: value`")?;
    Ok((name.to_owned(), value.trim().to_owned()))
}

impl Explain {
    /// Prints the explanation, or answers questions until standard input ends.
    ///
    /// # Errors
    ///
    /// [`ExplainError`] where the settings can't be used, or nothing can be read or written.
    pub fn run(&self) -> Result<(), ExplainError> {
        let (Some(method), Some(url)) = (&self.method, &self.url) else {
            return lines::run(io::stdin().lock(), io::stdout().lock()).map_err(ExplainError::Io);
        };
        let settings = Settings::from_process().map_err(ExplainError::Settings)?;
        let gate = demo::configured_gate(&settings).map_err(ExplainError::Gate)?;
        let location = question::Location::of(url);
        let mut headers = self.headers.clone();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            headers.push(("host".to_owned(), location.host.unwrap_or("localhost").to_owned()));
        }
        let request = RequestHead {
            method,
            target: &location.target,
            headers: &headers,
            peer: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            secure: location.secure,
        };
        let report = report::report(&gate, &request, &headers);
        io::stdout().lock().write_all(report.as_bytes()).map_err(ExplainError::Io)
    }
}

/// Why there is no explanation.
#[derive(Debug)]
#[non_exhaustive]
pub enum ExplainError {
    /// The gate could not be put together.
    Gate(StartError),
    /// Nothing can be read or written.
    Io(io::Error),
    /// The settings can't be used.
    Settings(LoadError),
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gate(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Settings(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ExplainError {}
