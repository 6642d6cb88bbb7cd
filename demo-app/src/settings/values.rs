//! The names of the settings, and where their values come from.

use core::fmt;
use std::collections::BTreeMap;
use std::ffi::OsString;

use super::SettingsFile;
use super::dotenv;
use super::problem::{Problem, Problems};

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The API that access tokens are for.
    Audience,
    /// Where the API listens.
    ApiAddress,
    /// Where browsers find the front end.
    BaseUrl,
    /// The client's name at the provider.
    ClientId,
    /// The client's secret at the provider.
    ClientSecret,
    /// Where the front end listens.
    FrontendAddress,
    /// The provider.
    Issuer,
    /// Where the built-in provider listens.
    ProviderAddress,
    /// Which runtime carries the gate.
    Runtime,
    /// What the client asks for.
    Scope,
    /// What the gate's cookies are sealed with.
    Secret,
    /// How long the built-in provider's access tokens work.
    TokenLifetime,
}

/// Values by name, before they are checked.
pub(super) struct Variables(BTreeMap<&'static str, Value>);

/// What is known about a setting.
pub(super) enum Lookup<'a> {
    Absent,
    /// Its two names have different values.
    Conflict {
        first: &'static str,
        second: &'static str,
    },
    Given {
        name: &'static str,
        value: &'a str,
    },
    /// It was given, but its value could not be read; that was noted.
    Noted,
}

enum Value {
    Text(String),
    Unreadable,
}

impl Variable {
    /// The settings that together describe a provider elsewhere.
    pub(super) const OF_A_PROVIDER: [Self; 6] = [
        Self::Secret,
        Self::BaseUrl,
        Self::Issuer,
        Self::ClientId,
        Self::ClientSecret,
        Self::Audience,
    ];

    const ALL: [Self; 12] = [
        Self::Audience,
        Self::ApiAddress,
        Self::BaseUrl,
        Self::ClientId,
        Self::ClientSecret,
        Self::FrontendAddress,
        Self::Issuer,
        Self::ProviderAddress,
        Self::Runtime,
        Self::Scope,
        Self::Secret,
        Self::TokenLifetime,
    ];

    /// The name that the documentation uses first.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.names().0
    }

    fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Audience => ("AUTH0_AUDIENCE", Some("PORTCULLIS_AUDIENCE")),
            Self::ApiAddress => ("PORTCULLIS_API_ADDR", None),
            Self::BaseUrl => ("AUTH0_BASE_URL", Some("PORTCULLIS_BASE_URL")),
            Self::ClientId => ("AUTH0_CLIENT_ID", Some("PORTCULLIS_CLIENT_ID")),
            Self::ClientSecret => ("AUTH0_CLIENT_SECRET", Some("PORTCULLIS_CLIENT_SECRET")),
            Self::FrontendAddress => ("PORTCULLIS_FRONTEND_ADDR", None),
            Self::Issuer => ("AUTH0_ISSUER_BASE_URL", Some("PORTCULLIS_ISSUER")),
            Self::ProviderAddress => ("PORTCULLIS_IDP_ADDR", None),
            Self::Runtime => ("PORTCULLIS_RUNTIME", None),
            Self::Scope => ("AUTH0_SCOPE", Some("PORTCULLIS_SCOPE")),
            Self::Secret => ("AUTH0_SECRET", Some("PORTCULLIS_SECRET")),
            Self::TokenLifetime => ("PORTCULLIS_IDP_TOKEN_LIFETIME", None),
        }
    }

    /// What belongs there.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Audience => {
                "the identifier of your API as it is registered at the provider, for example \
                 https://api.example.com; without it Auth0 issues opaque access tokens, which the \
                 API cannot verify"
            }
            Self::BaseUrl => {
                "where browsers find the front end, for example http://localhost:3000; register \
                 this address followed by /api/auth/callback as a callback URL at the provider"
            }
            Self::ClientId => "the client ID of your application at the provider",
            Self::ClientSecret => "the client secret of your application at the provider",
            Self::Issuer => "the address of your provider, for example https://tenant.eu.auth0.com",
            Self::Secret => {
                "at least 32 random bytes, for example the output of openssl rand -hex 32"
            }
            Self::ApiAddress
            | Self::FrontendAddress
            | Self::ProviderAddress
            | Self::Runtime
            | Self::Scope
            | Self::TokenLifetime => "a value as --help explains it",
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names() {
            (name, Some(other)) => write!(formatter, "{name} (or {other})"),
            (name, None) => formatter.write_str(name),
        }
    }
}

impl Variables {
    /// Takes the values of known names: from the environment, then from files, of which earlier
    /// ones win.
    pub(super) fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        files: &[SettingsFile],
        problems: &mut Problems,
    ) -> Self {
        let mut variables = Self(BTreeMap::new());
        for (name, value) in environment {
            let Some(name) = name.to_str().and_then(known_name) else {
                continue;
            };
            let value = if let Ok(value) = value.into_string() {
                Value::Text(value)
            } else {
                problems.add(Problem::NotUnicode { name });
                Value::Unreadable
            };
            variables.0.insert(name, value);
        }
        for file in files {
            variables.read_file(file, problems);
        }
        variables
    }

    fn read_file(&mut self, file: &SettingsFile, problems: &mut Problems) {
        let Ok(text) = core::str::from_utf8(&file.contents) else {
            problems.add(Problem::FileNotUnicode { file: file.name });
            return;
        };
        for line in dotenv::parse(text) {
            // Other programs may have lines of their own in the file.
            let name = match &line.name {
                Some(name) => match known_name(name) {
                    Some(name) => Some(name),
                    None => continue,
                },
                None => None,
            };
            let value = match line.value {
                Ok(value) => Value::Text(value),
                Err(fault) => {
                    let (file, line) = (file.name, line.number);
                    problems.add(Problem::File { file, line, name, fault });
                    Value::Unreadable
                }
            };
            if let Some(name) = name {
                self.0.entry(name).or_insert(value);
            }
        }
    }

    pub(super) fn find(&self, variable: Variable) -> Lookup<'_> {
        let (first, second) = variable.names();
        match (self.find_name(first), second.map(|second| (second, self.find_name(second)))) {
            (Lookup::Absent, Some((_, lookup))) => lookup,
            (Lookup::Given { value, .. }, Some((second, Lookup::Given { value: other, .. })))
                if value != other =>
            {
                Lookup::Conflict { first, second }
            }
            (lookup, _) => lookup,
        }
    }

    fn find_name(&self, name: &'static str) -> Lookup<'_> {
        match self.0.get(name) {
            None => Lookup::Absent,
            Some(Value::Text(value)) if value.is_empty() => Lookup::Absent,
            Some(Value::Text(value)) => Lookup::Given { name, value },
            Some(Value::Unreadable) => Lookup::Noted,
        }
    }
}

fn known_name(name: &str) -> Option<&'static str> {
    Variable::ALL
        .iter()
        .flat_map(|variable| [Some(variable.name()), variable.names().1])
        .flatten()
        .find(|known| *known == name)
}
