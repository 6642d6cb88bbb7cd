//! What a setting is.

use core::fmt;

use super::checks::Fault;

/// What is known about a setting beside how its text is read.
#[derive(Debug, PartialEq, Eq)]
pub struct About {
    /// Which table of the documentation it stands in.
    pub(super) group: &'static str,
    /// Its names. The documentation uses the first; the last one names no product.
    pub(super) names: &'static [&'static str],
    /// What is to be written: goes on after "it must be" and "write".
    pub(super) value: &'static str,
    /// What holds without it.
    pub(super) initially: Initially,
    /// What it is for.
    pub(super) meaning: &'static str,
    /// Whether it is one of those that the front page and the help explain.
    pub(super) is_common: bool,
}

/// What holds where a setting is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Initially {
    /// Nothing.
    Nothing,
    /// As if this text were given.
    Text(&'static str),
    /// What these words say.
    Words(&'static str),
}

/// A setting whose text is read as a `T`.
pub(super) struct Setting<T> {
    pub(super) about: &'static About,
    pub(super) read: fn(&str) -> Result<T, Fault>,
}

impl About {
    /// The name that the documentation uses first.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self.names {
            [first, ..] => first,
            [] => "",
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.names.last() {
            Some(neutral) if self.names.len() > 1 => write!(f, " (or {neutral})"),
            _ => Ok(()),
        }
    }
}

/// Makes a constant of each setting, and a list of all of them in the same order.
macro_rules! settings {
    ($($group:literal {
        $($constant:ident: $type:ty = $read:expr, {
            names: $names:expr,
            value: $value:expr,
            initially: $initially:expr,
            meaning: $meaning:expr,
            common: $common:expr,
        })*
    })*) => {
        $($(
            pub(super) const $constant: Setting<$type> = Setting {
                about: &About {
                    group: $group,
                    names: &$names,
                    value: $value,
                    initially: $initially,
                    meaning: $meaning,
                    is_common: $common,
                },
                read: $read,
            };
        )*)*

        /// Every setting, in the order of the documentation.
        pub(super) const ALL: &[&About] = &[$($($constant.about,)*)*];
    };
}

pub(super) use settings;
