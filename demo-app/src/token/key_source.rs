//! Where the key set is: a file or a URL.

use core::fmt;
use portcullis_core::{
    http::{FetchError, FetchLimits, Headers, Method, Outbound, Url, UrlError},
    issuer::RefreshSettings,
};
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    runtime::TokioRuntime,
    tls::{self, TlsError},
};
use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _},
    path::PathBuf,
};

/// A file or a URL.
#[derive(Clone, Debug)]
pub(super) enum KeySource {
    File(PathBuf),
    Url(Url),
}

impl KeySource {
    /// What starts with `https://` or `http://` is a URL; the latter only for this machine, as for
    /// the key set of an issuer.
    pub(super) fn parse(text: OsString) -> Result<Self, UrlError> {
        let Some(url) = text.to_str().filter(|text| is_url(text)) else {
            return Ok(Self::File(text.into()));
        };
        Url::parse_secure(url).map(Self::Url)
    }

    /// The text of the key set, within the limits for the key set of an issuer.
    pub(super) fn read(&self) -> Result<Vec<u8>, KeySourceError> {
        let settings = RefreshSettings::default();
        let limits = FetchLimits { deadline: settings.timeout, max_body: settings.max_body };
        match self {
            Self::File(path) => read_file(path, limits.max_body),
            Self::Url(url) => fetch(url, limits),
        }
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| ["http", "https"].iter().any(|s| scheme.eq_ignore_ascii_case(s)))
}

fn read_file(path: &PathBuf, most: usize) -> Result<Vec<u8>, KeySourceError> {
    let mut text = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut text))
        .map_err(KeySourceError::Io)?;
    if text.len() > most { Err(KeySourceError::Fetch(FetchError::TooLarge)) } else { Ok(text) }
}

/// Fetches as the engine does for an issuer: one deadline for all of it, no redirects.
fn fetch(url: &Url, limits: FetchLimits) -> Result<Vec<u8>, KeySourceError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(KeySourceError::Io)?;
    let tls = tls::client_config(None).map_err(KeySourceError::Tls)?;
    let request = Outbound {
        method: Method::Get,
        url: url.clone(),
        headers: Headers::new(),
        body: String::new(),
        limits,
    };
    runtime.block_on(async {
        let client = Client::new(TokioRuntime::new(), tls, PoolLimits::default());
        let answer = Fetcher::new(client).fetch(&request).await.map_err(KeySourceError::Fetch)?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(KeySourceError::Status(answer.status))
        }
    })
}

/// Why there is no key set.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeySourceError {
    /// There was no answer, or it is too large.
    Fetch(FetchError),
    /// The file cannot be read.
    Io(io::Error),
    /// The status of the answer is not 200.
    Status(u16),
    /// There is no TLS.
    Tls(TlsError),
}

impl fmt::Display for KeySourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
            Self::Tls(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for KeySourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_files_from_urls() {
        for (text, is_file) in [
            ("keys.json", true),
            ("/etc/keys.json", true),
            ("ftp://op.example/jwks", true),
            ("https://op.example/jwks", false),
            ("HTTPS://op.example/jwks", false),
            ("http://localhost:4000/jwks", false),
        ] {
            let source = KeySource::parse(text.into());
            assert_eq!(matches!(source, Ok(KeySource::File(_))), is_file, "{text}: {source:?}");
        }
        for text in ["http://op.example/jwks", "https://", "https://user@op.example/"] {
            assert!(KeySource::parse(text.into()).is_err(), "{text}");
        }
    }
}
