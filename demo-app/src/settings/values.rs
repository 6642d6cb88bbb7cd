//! Where the values of settings come from, and how one is read.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::SettingsFile;
use super::dotenv;
use super::elsewhere;
use super::nearest::nearest;
use super::problem::{Note, Problem, Problems};
use super::setting::{About, Initially, Setting};
use super::table;

/// Values by name, before they are checked.
#[derive(Default)]
pub(super) struct Values {
    by_name: BTreeMap<&'static str, Value>,
    notes: Vec<Note>,
}

enum Value {
    Text(String),
    /// Its text could not be read; that was noted.
    Unreadable,
}

/// What a name stands for.
enum Named {
    Setting(&'static str),
    /// Another program's, or nothing at all.
    Nothing,
}

impl Values {
    /// Takes the values of known names: from the environment, then from files, of which earlier
    /// ones win.
    pub(super) fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        files: &[SettingsFile],
        problems: &mut Problems,
    ) -> Self {
        let mut values = Self::default();
        for (name, value) in environment {
            let Some(name) = name.to_str() else { continue };
            let is_given = !value.is_empty();
            let Named::Setting(name) = values.recognize(name, is_given, problems) else { continue };
            let value = if let Ok(value) = value.into_string() {
                Value::Text(value)
            } else {
                problems.add(Problem::NotUnicode { name });
                Value::Unreadable
            };
            values.by_name.insert(name, value);
        }
        for file in files {
            values.read_file(file, problems);
        }
        values
    }

    fn read_file(&mut self, file: &SettingsFile, problems: &mut Problems) {
        let Ok(text) = core::str::from_utf8(&file.contents) else {
            problems.add(Problem::FileNotUnicode { file: file.name });
            return;
        };
        for line in dotenv::parse(text) {
            // Other programs may have lines of their own in the file.
            let is_given = line.value.as_ref().map_or(true, |value| !value.is_empty());
            let name = match &line.name {
                Some(name) => match self.recognize(name, is_given, problems) {
                    Named::Setting(name) => Some(name),
                    Named::Nothing if line.swallows => None,
                    Named::Nothing => continue,
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
                self.by_name.entry(name).or_insert(value);
            }
        }
    }

    /// What `name` stands for. One that looks like a setting and is none is a problem, or at least
    /// noted: it may be misspelt.
    ///
    /// Names that start with `PORTCULLIS_` are nobody else's. With `AUTH0_` an application may have
    /// some of its own, so there only one that is close to a setting stops the start.
    fn recognize(&mut self, name: &str, is_given: bool, problems: &mut Problems) -> Named {
        let known = table::ALL.iter().flat_map(|about| about.names).copied();
        if let Some(known) = known.clone().find(|known| *known == name) {
            return Named::Setting(known);
        }
        if !is_given {
            return Named::Nothing;
        }
        if let Some(reason) = elsewhere::reason(name) {
            self.note(Note::NotHere { name: name.to_owned(), reason });
            return Named::Nothing;
        }
        let is_own = name.starts_with("PORTCULLIS_");
        if is_own || name.starts_with("AUTH0_") {
            match nearest(name, known.chain(elsewhere::names())) {
                Some(near) if is_own || near.is_close => {
                    problems.add_once(Problem::Unknown { name: name.to_owned(), near: near.name });
                }
                _ => self.note(Note::Unknown { name: name.to_owned() }),
            }
        }
        Named::Nothing
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Whether something stands under one of the names of a setting.
    pub(super) fn is_given(&self, about: &About) -> bool {
        about.names.iter().any(|name| self.find(name).is_some())
    }

    fn find(&self, name: &str) -> Option<&Value> {
        // An empty value counts as none.
        self.by_name
            .get(name)
            .filter(|value| !matches!(value, Value::Text(text) if text.is_empty()))
    }
}

/// Reads settings one by one, and notes what is wrong with them.
pub(super) struct Reader<'r> {
    pub(super) values: &'r mut Values,
    pub(super) problems: &'r mut Problems,
}

/// What a setting comes to.
#[derive(Debug)]
pub(super) enum Given<T> {
    /// It is not given.
    No,
    /// It is given, under this name.
    As(&'static str, T),
    /// It is given and cannot be used; that was noted.
    Wrong,
}

impl Reader<'_> {
    /// The value of a setting, if it is given.
    pub(super) fn given<T: PartialEq>(&mut self, setting: &Setting<T>) -> Given<T> {
        let mut found = Given::No;
        for name in setting.about.names {
            let text = match self.values.find(name) {
                None => continue,
                Some(Value::Unreadable) => return Given::Wrong,
                Some(Value::Text(text)) => text,
            };
            let value = match (setting.read)(text) {
                Ok(value) => value,
                Err(fault) => {
                    self.problems.add(Problem::Invalid { name, fault });
                    return Given::Wrong;
                }
            };
            match found {
                Given::As(first, other) if other != value => {
                    self.problems.add(Problem::Conflict { first, second: name });
                    return Given::Wrong;
                }
                Given::No => found = Given::As(name, value),
                _ => {}
            }
        }
        found
    }

    /// The same where it makes no difference under which name. `None` stands for one that is wrong.
    pub(super) fn maybe<T: PartialEq>(&mut self, setting: &Setting<T>) -> Option<Option<T>> {
        match self.given(setting) {
            Given::No => Some(None),
            Given::As(_, value) => Some(Some(value)),
            Given::Wrong => None,
        }
    }

    /// The value of a setting that must be given. `None` stands for a problem that was noted.
    pub(super) fn required<T: PartialEq>(&mut self, setting: &Setting<T>) -> Option<T> {
        match self.given(setting) {
            Given::No => {
                self.problems.add(Problem::Missing(setting.about));
                None
            }
            Given::As(_, value) => Some(value),
            Given::Wrong => None,
        }
    }

    /// The value of a setting, or what stands in for it. `None` stands for a problem that was noted.
    pub(super) fn value<T: PartialEq>(&mut self, setting: &Setting<T>) -> Option<T> {
        match (self.given(setting), setting.about.initially) {
            (Given::No, Initially::Text(text)) => (setting.read)(text).ok(),
            (Given::As(_, value), _) => Some(value),
            _ => None,
        }
    }

    /// The name under which a setting is given, or the one that the documentation uses.
    pub(super) fn name_of<T>(&self, setting: &Setting<T>) -> &'static str {
        let about = setting.about;
        let given = about.names.iter().find(|name| self.values.find(name).is_some());
        given.copied().unwrap_or_else(|| about.name())
    }

    /// Notes that a setting has no effect.
    pub(super) fn has_no_effect<T>(&mut self, setting: &Setting<T>, reason: &'static str) {
        let name = self.name_of(setting).to_owned();
        self.values.note(Note::NotHere { name, reason });
    }

    /// What is to be told once the log is open.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        core::mem::take(&mut self.values.notes)
    }
}
