//! What the demonstration is told from outside: by the command line, the environment and the
//! files `.env.local` and `.env`.
//!
//! A name that stands in several places is taken from the first of: command line, environment,
//! `.env.local`, `.env`. An empty value counts as none. The names are those of the Auth0 SDK, and
//! each has a second one that names no product. [`Settings::load`] is a function of its arguments
//! alone and reports everything that is wrong at once.

mod api;
mod built_in;
mod checks;
mod client;
mod command_line;
mod dotenv;
mod elsewhere;
mod gate;
mod listen_address;
mod nearest;
mod page;
mod problem;
mod setting;
mod table;
mod values;

#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;
use std::ffi::OsString;
use std::io;
use std::path::Path;

pub use self::api::ApiSettings;
pub use self::built_in::{BoundOrigins, GenerateError, provider_configuration};
pub use self::checks::Fault;
pub use self::client::{Authentication, ClientSettings, Credentials, SecretPlace};
pub use self::command_line::{Command, CommandLine, RuntimeName};
pub use self::dotenv::FileFault;
pub use self::gate::{Auth0CookieSettings, GateSettings};
pub use self::listen_address::ListenAddress;
pub use self::page::documentation;
pub use self::problem::{LoadError, Note, Problem, Problems};
pub use self::setting::About;
use self::values::{Reader, Values};
use portcullis_core::crypto::SignatureAlgorithm;
use portcullis_core::guard::ProtectedResource;
use tracing_subscriber::filter::Targets;

/// Everything that the demonstration has to know before it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which runtime carries the gate.
    pub runtime: RuntimeName,
    /// What is logged.
    pub log: Targets,
    /// Where the front end listens.
    pub frontend_address: ListenAddress,
    /// Where the protected API listens.
    pub api_address: ListenAddress,
    /// Who signs users in.
    pub provider: Provider,
    /// What the client asks the provider for; `openid` is in it.
    pub scope: String,
    /// Refresh tokens are kept without having been asked for.
    pub keeps_refresh_tokens: bool,
    /// How long the provider may take to answer.
    pub http_timeout: Option<Duration>,
    /// What the gate does.
    pub gate: GateSettings,
    /// How the API is guarded.
    pub api: ApiSettings,
    /// What was given and has no effect.
    pub notes: Vec<Note>,
}

/// Who signs users in.
#[derive(Clone, Debug)]
pub enum Provider {
    /// The development provider of this process. What it and its client share is made up when the
    /// ports are known, by [`ClientSettings::generate`].
    BuiltIn {
        /// Where it listens, on loopback.
        address: ListenAddress,
        /// How its client proves who it is.
        authentication: Authentication,
        /// How long its access tokens work, in seconds.
        token_lifetime: u64,
    },
    /// A provider elsewhere.
    External(ClientSettings),
}

/// A file with settings, as it was read.
#[derive(Clone)]
pub struct SettingsFile {
    /// What messages call it.
    pub name: &'static str,
    /// Its bytes.
    pub contents: Vec<u8>,
}

/// There are secrets in the file, so that only its name is printed.
impl fmt::Debug for SettingsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsFile").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the settings of this process: its arguments, its environment, and the files in the
    /// working directory.
    ///
    /// # Errors
    ///
    /// See [`Settings::load`]; also when a file is there but cannot be read.
    pub fn from_process() -> Result<Self, LoadError> {
        let mut files = Vec::new();
        for name in [".env.local", ".env"] {
            match std::fs::read(Path::new(name)) {
                Ok(contents) => files.push(SettingsFile { name, contents }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(LoadError::File { name, kind: error.kind() });
                }
            }
        }
        Self::load(std::env::args_os(), std::env::vars_os(), &files)
    }

    /// Makes settings of command line arguments (the first is the program's name), an environment
    /// and files, of which earlier ones win.
    ///
    /// # Errors
    ///
    /// [`LoadError::CommandLine`] when the command line is wrong or asks for help, otherwise
    /// [`LoadError::Settings`] with every problem that was found.
    pub fn load(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        files: &[SettingsFile],
    ) -> Result<Self, LoadError> {
        let command_line = CommandLine::parse(arguments)?;
        let mut problems = Problems::default();
        let mut values = Values::read(environment, files, &mut problems);
        let mut reader = Reader { values: &mut values, problems: &mut problems };
        let settings = Self::check(&command_line, &mut reader);
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(LoadError::Settings(problems)),
        }
    }

    /// Nothing is returned only when a problem was noted.
    fn check(command_line: &CommandLine, reader: &mut Reader<'_>) -> Option<Self> {
        let runtime = match command_line.runtime {
            Some(runtime) => Some(runtime),
            None => reader.value(&table::RUNTIME),
        };
        let log = reader.value(&table::LOG);
        let frontend_address = reader.value(&table::FRONTEND_ADDRESS);
        let api_address = reader.value(&table::API_ADDRESS);
        let scope = reader.value(&table::SCOPE);
        let keeps_refresh_tokens = reader.value(&table::REFRESH_TOKENS);
        let http_timeout = reader.maybe(&table::HTTP_TIMEOUT);
        let gate = GateSettings::check(reader);
        let api = ApiSettings::check(reader);
        let provider = Provider::check(reader);
        let settings = Self {
            runtime: runtime?,
            log: log?,
            frontend_address: frontend_address?,
            api_address: api_address?,
            provider: provider?,
            scope: scope?,
            keeps_refresh_tokens: keeps_refresh_tokens?,
            http_timeout: http_timeout?.map(Duration::from_millis),
            gate: gate?,
            api: api?,
            notes: reader.take_notes(),
        };
        settings.check_addresses(reader.problems);
        settings.check_algorithms(reader);
        settings.check_metadata(reader);
        Some(settings)
    }

    /// The algorithms that the issuer's keys are for.
    #[must_use]
    pub fn algorithms(&self) -> Vec<SignatureAlgorithm> {
        let mut algorithms = vec![self.gate.id_token_algorithm];
        for algorithm in &self.api.algorithms {
            if !algorithms.contains(algorithm) {
                algorithms.push(*algorithm);
            }
        }
        algorithms
    }

    /// The built-in provider signs in one way alone.
    fn check_algorithms(&self, reader: &mut Reader<'_>) {
        let Provider::BuiltIn { .. } = self.provider else { return };
        let why = "the provider for development signs with RS256";
        let second = table::PROVIDER_ADDRESS.about.name();
        if self.gate.id_token_algorithm != SignatureAlgorithm::Rs256 {
            let first = reader.name_of(&table::ID_TOKEN_ALGORITHM);
            reader.problems.add(Problem::Together { first, second, why });
        }
        if !self.api.algorithms.contains(&SignatureAlgorithm::Rs256) {
            let first = reader.name_of(&table::API_ALGORITHMS);
            reader.problems.add(Problem::Together { first, second, why });
        }
    }

    /// Metadata are found by the audience.
    fn check_metadata(&self, reader: &mut Reader<'_>) {
        let Provider::External(client) = &self.provider else { return };
        if self.api.has_metadata && ProtectedResource::new(&client.audience).is_err() {
            let why = "an API with metadata has an https URL without a query for its audience";
            let first = reader.name_of(&table::AUDIENCE);
            let second = reader.name_of(&table::API_METADATA);
            reader.problems.add(Problem::Together { first, second, why });
        }
    }

    /// Two listeners cannot have one address.
    fn check_addresses(&self, problems: &mut Problems) {
        let mut listeners = vec![
            (table::FRONTEND_ADDRESS.about, self.frontend_address),
            (table::API_ADDRESS.about, self.api_address),
        ];
        if let Provider::BuiltIn { address, .. } = self.provider {
            listeners.push((table::PROVIDER_ADDRESS.about, address));
        }
        for (index, (about, address)) in listeners.iter().enumerate() {
            for (other_about, other_address) in listeners.iter().skip(index + 1) {
                if address.overlaps(other_address) {
                    problems.add(Problem::SameAddress {
                        first: about.name(),
                        second: other_about.name(),
                    });
                }
            }
        }
    }
}

impl Provider {
    /// Nothing is returned only when a problem was noted.
    fn check(reader: &mut Reader<'_>) -> Option<Self> {
        let address = reader.value(&table::PROVIDER_ADDRESS);
        let token_lifetime = reader.value(&table::TOKEN_LIFETIME);
        let old_secrets = reader.maybe(&table::OLD_SECRETS);
        let authentication = Authentication::check(reader);
        if table::OF_A_PROVIDER.iter().any(|about| reader.values.is_given(about)) {
            let old_secrets = old_secrets.map(Option::unwrap_or_default);
            return ClientSettings::check(reader, old_secrets, authentication).map(Self::External);
        }
        if old_secrets?.is_some() {
            let reason = "the provider for development has a secret of its own at each start";
            reader.has_no_effect(&table::OLD_SECRETS, reason);
        }
        Some(Self::BuiltIn {
            address: address?,
            authentication: authentication?,
            token_lifetime: token_lifetime?,
        })
    }
}
