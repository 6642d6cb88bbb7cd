//! Why the settings cannot be used. No message has a value in it, for a value may be a secret that
//! stands in the wrong place.

use core::fmt;
use std::error::Error;
use std::io;

use super::checks::Fault;
use super::dotenv::FileFault;
use super::setting::About;
use super::table;

/// There are no settings to start with.
#[derive(Debug)]
pub enum LoadError {
    /// The command line is wrong, or asks for help or the version.
    CommandLine(clap::Error),
    /// A file is there but cannot be read.
    File {
        /// The file's name.
        name: &'static str,
        /// What the operating system says.
        kind: io::ErrorKind,
    },
    /// Settings are missing or wrong.
    Settings(Problems),
}

/// Everything that is wrong with the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Two names of one setting have different values.
    Conflict {
        /// One name.
        first: &'static str,
        /// The other name.
        second: &'static str,
    },
    /// A line of a file cannot be read.
    File {
        /// The file's name.
        file: &'static str,
        /// The line, counted from 1.
        line: usize,
        /// The setting, when the line has a name.
        name: Option<&'static str>,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// A file is not UTF-8.
    FileNotUnicode {
        /// The file's name.
        file: &'static str,
    },
    /// A value is not what it must be.
    Invalid {
        /// The name under which it was given.
        name: &'static str,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A setting is needed, because others of the provider are given.
    Missing(&'static About),
    /// A value in the environment is not UTF-8.
    NotUnicode {
        /// The name under which it was given.
        name: &'static str,
    },
    /// Two listeners have the same address.
    SameAddress {
        /// The setting of one.
        first: &'static str,
        /// The setting of the other.
        second: &'static str,
    },
    /// Two settings do not go together.
    Together {
        /// One setting.
        first: &'static str,
        /// The other one.
        second: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// A name that is like one of a setting, and is none.
    Unknown {
        /// The name.
        name: String,
        /// The name that may be meant.
        near: &'static str,
    },
}

/// Something that was given and has no effect, which is to be told once the log is open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A setting of the Auth0 SDK that has no counterpart.
    NotHere {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A name that is none of a setting, and perhaps the application's own.
    Unknown {
        /// The name.
        name: String,
    },
}

impl Problems {
    /// Every problem, in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds what may come up in several places.
    pub(super) fn add_once(&mut self, problem: Problem) {
        if !self.0.contains(&problem) {
            self.add(problem);
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { first, second } => {
                write!(formatter, "{first} and {second} are the same setting but differ")
            }
            Self::File { file, line, name: Some(name), fault } => {
                write!(formatter, "{file}, line {line}, {name}: {fault}")
            }
            Self::File { file, line, name: None, fault } => {
                write!(formatter, "{file}, line {line}: {fault}")
            }
            Self::FileNotUnicode { file } => write!(formatter, "{file} is not UTF-8 text"),
            Self::Invalid { name, fault: Fault::Value } => {
                let value = table::about(name).map_or("something else", |about| about.value);
                write!(formatter, "{name}: it must be {value}")
            }
            Self::Invalid { name, fault } => write!(formatter, "{name}: {fault}"),
            Self::Missing(about) => {
                write!(formatter, "{about} is missing: write {}", about.value)
            }
            Self::NotUnicode { name } => write!(formatter, "{name} is not UTF-8 text"),
            Self::SameAddress { first, second } => {
                write!(formatter, "{first} and {second} are the same address")
            }
            Self::Together { first, second, why } => {
                write!(formatter, "{first} and {second}: {why}")
            }
            Self::Unknown { name, near } => {
                write!(formatter, "{name} is no setting; did you mean {near}?")
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the settings cannot be used:")?;
        for problem in &self.0 {
            write!(formatter, "\n  - {problem}")?;
        }
        if self.0.iter().any(|problem| matches!(problem, Problem::Missing(_))) {
            formatter.write_str("\nTo use the built-in development provider, leave out all of")?;
            for (index, about) in table::OF_A_PROVIDER.iter().enumerate() {
                let separator = if index == 0 { " " } else { ", " };
                write!(formatter, "{separator}{}", about.name())?;
            }
            formatter.write_str(".")?;
        }
        Ok(())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHere { name, reason } => write!(formatter, "{name} has no effect: {reason}"),
            Self::Unknown { name } => write!(formatter, "{name} is no setting and has no effect"),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine(error) => error.fmt(formatter),
            Self::File { name, kind } => write!(formatter, "{name} cannot be read: {kind}"),
            Self::Settings(problems) => problems.fmt(formatter),
        }
    }
}

impl Error for LoadError {}

impl From<clap::Error> for LoadError {
    fn from(error: clap::Error) -> Self {
        Self::CommandLine(error)
    }
}
