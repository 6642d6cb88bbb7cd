//! What the demonstration is told from outside: by the command line, the environment and the
//! files `.env.local` and `.env`.
//!
//! A name that stands in several places is taken from the first of: command line, environment,
//! `.env.local`, `.env`. An empty value counts as none. The names are those of the Auth0 SDK, and
//! each has a second one that names no product. [`Settings::load`] is a function of its arguments
//! alone and reports everything that is wrong at once.

mod built_in;
mod checks;
mod command_line;
mod dotenv;
mod listen_address;
mod problem;
mod variable;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::Path;

pub use self::built_in::{BoundOrigins, provider_configuration};
pub use self::checks::Fault;
pub use self::command_line::{Command, CommandLine, RuntimeName};
pub use self::dotenv::FileFault;
pub use self::listen_address::ListenAddress;
pub use self::problem::{LoadError, Problem, Problems};
pub use self::variable::Variable;
use self::variable::{Lookup, Variables};
use portcullis_core::http::Origin;
use portcullis_core::secret::Secret;

/// Everything that the demonstration has to know before it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which runtime carries the gate.
    pub runtime: RuntimeName,
    /// Where the front end listens.
    pub frontend_address: ListenAddress,
    /// Where the protected API listens.
    pub api_address: ListenAddress,
    /// Who signs users in.
    pub provider: Provider,
}

/// Who signs users in.
#[derive(Clone, Debug)]
pub enum Provider {
    /// The development provider of this process. What it and its client share is made up when the
    /// ports are known, by [`ClientSettings::generate`].
    BuiltIn {
        /// Where it listens, on loopback.
        address: ListenAddress,
        /// What the client asks for.
        scope: String,
        /// How long its access tokens work, in seconds.
        token_lifetime: u64,
    },
    /// A provider elsewhere.
    External(ClientSettings),
}

/// How the gate is known to its provider.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Seals the gate's cookies; at least 32 bytes.
    pub secret: Secret,
    /// Where browsers find the front end.
    pub base_url: Origin,
    /// Where discovery starts. The issuer itself is what the discovery document names.
    pub issuer: String,
    /// The client's name at the provider.
    pub client_id: String,
    /// How the client proves itself to the provider.
    pub client_secret: Secret,
    /// The API for which access tokens are asked, and which the API expects in them.
    pub audience: String,
    /// What the client asks for; `openid` is in it.
    pub scope: String,
}

/// A file with settings, as it was read.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    /// What messages call it.
    pub name: &'static str,
    /// Its bytes.
    pub contents: Vec<u8>,
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
        let variables = Variables::read(environment, files, &mut problems);
        let settings = Self::check(&command_line, &variables, &mut problems);
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(LoadError::Settings(problems)),
        }
    }

    /// Nothing is returned only when a problem was noted.
    fn check(
        command_line: &CommandLine,
        variables: &Variables,
        problems: &mut Problems,
    ) -> Option<Self> {
        let runtime = match command_line.runtime {
            Some(runtime) => Some(runtime),
            None => optional(variables, Variable::Runtime, "hyper", RuntimeName::parse, problems),
        };
        let mut address = |variable, default| {
            optional(variables, variable, default, ListenAddress::parse, problems)
        };
        let frontend_address = address(Variable::FrontendAddress, "localhost:3000");
        let api_address = address(Variable::ApiAddress, "localhost:5000");
        let provider_address = optional(
            variables,
            Variable::ProviderAddress,
            "localhost:4000",
            checks::loopback_address,
            problems,
        );
        let scope = optional(variables, Variable::Scope, DEFAULT_SCOPE, checks::scope, problems);

        let token_lifetime =
            optional(variables, Variable::TokenLifetime, "3600", checks::token_lifetime, problems);

        let is_external = Variable::OF_A_PROVIDER
            .iter()
            .any(|variable| !matches!(variables.find(*variable), Lookup::Absent));
        let provider = if is_external {
            ClientSettings::check(variables, scope, problems).map(Provider::External)
        } else {
            provider_address.zip(scope).zip(token_lifetime).map(
                |((address, scope), token_lifetime)| Provider::BuiltIn {
                    address,
                    scope,
                    token_lifetime,
                },
            )
        };
        let settings = Self {
            runtime: runtime?,
            frontend_address: frontend_address?,
            api_address: api_address?,
            provider: provider?,
        };
        settings.check_addresses(problems);
        Some(settings)
    }

    /// Two listeners cannot have one address.
    fn check_addresses(&self, problems: &mut Problems) {
        let mut listeners = vec![
            (Variable::FrontendAddress, self.frontend_address),
            (Variable::ApiAddress, self.api_address),
        ];
        if let Provider::BuiltIn { address, .. } = self.provider {
            listeners.push((Variable::ProviderAddress, address));
        }
        for (index, (variable, address)) in listeners.iter().enumerate() {
            for (other_variable, other_address) in listeners.iter().skip(index + 1) {
                if address.overlaps(other_address) {
                    problems.add(Problem::SameAddress {
                        first: variable.name(),
                        second: other_variable.name(),
                    });
                }
            }
        }
    }
}

impl ClientSettings {
    /// Nothing is returned only when a problem was noted.
    fn check(
        variables: &Variables,
        scope: Option<String>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let secret = required(variables, Variable::Secret, checks::secret, problems);
        let base_url = required(variables, Variable::BaseUrl, checks::base_url, problems);
        let issuer = required(variables, Variable::Issuer, checks::issuer, problems);
        let client_id = required(variables, Variable::ClientId, checks::visible_text, problems);
        let client_secret =
            required(variables, Variable::ClientSecret, checks::visible_text, problems);
        let audience = required(variables, Variable::Audience, checks::visible_text, problems);
        Some(Self {
            secret: secret?,
            base_url: base_url?,
            issuer: issuer?,
            client_id: client_id?,
            client_secret: Secret::new(client_secret?),
            audience: audience?,
            scope: scope?,
        })
    }
}

/// The checked value of a variable that must be given.
fn required<T>(
    variables: &Variables,
    variable: Variable,
    check: fn(&str) -> Result<T, Fault>,
    problems: &mut Problems,
) -> Option<T> {
    match variables.find(variable) {
        Lookup::Absent => {
            problems.add(Problem::Missing(variable));
            None
        }
        Lookup::Conflict { first, second } => {
            problems.add(Problem::Conflict { first, second });
            None
        }
        Lookup::Given { name, value } => {
            check(value).map_err(|fault| problems.add(Problem::Invalid { name, fault })).ok()
        }
        Lookup::Noted => None,
    }
}

/// The checked value of a variable, or of what stands in for it.
fn optional<T>(
    variables: &Variables,
    variable: Variable,
    default: &str,
    check: fn(&str) -> Result<T, Fault>,
    problems: &mut Problems,
) -> Option<T> {
    match variables.find(variable) {
        Lookup::Absent => check(default).ok(),
        _ => required(variables, variable, check, problems),
    }
}

/// What the Auth0 SDK asks for too.
const DEFAULT_SCOPE: &str = "openid profile email";
