//! The settings as people read them: `docs/settings.md`, the table of the front page, and the help
//! of the program. All of it is made of the one table.

use super::elsewhere::ELSEWHERE;
use super::setting::{About, Initially};
use super::table::{ALL, OF_A_PROVIDER};

/// The page `docs/settings.md`.
#[must_use]
pub fn documentation() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut group = "";
    for about in ALL {
        if about.group != group {
            group = about.group;
            page.push_str(&format!("\n## {group}\n\n| name | value | default | meaning |\n"));
            page.push_str("|---|---|---|---|\n");
        }
        page.push_str(&row(about));
    }
    page.push_str(ELSEWHERE_INTRODUCTION);
    for entry in ELSEWHERE {
        let names: Vec<_> = entry.names.iter().map(|name| format!("`{name}`")).collect();
        page.push_str(&format!("| {} | {} |\n", names.join(", "), sentence(entry.reason)));
    }
    page.push_str(NOTES);
    page
}

const INTRODUCTION: &str = "\
# Settings

Every setting of the demonstration. The names are those of the Auth0 SDK for Next.js, in its versions
3 and 4, where that has one; the last name of each names no product, and means the same.

The command line wins over the environment, that over `.env.local`, that over `.env`. An empty value
counts as none. Two names of one setting may be given if they agree. What is wrong stops the start, and
everything that is wrong is reported at once, by name and without the value.

A name that starts with `PORTCULLIS_` and is not here is a mistake, and so is one that starts with
`AUTH0_` and is all but one of these. Another `AUTH0_` name may be the application's own: the log has a
warning about it.

What is true or false may be written as `yes` and `no`, `on` and `off`, or `1` and `0`, too.
`portcullis settings` prints this page.
";

const ELSEWHERE_INTRODUCTION: &str = "
## Not here

These names have no effect. To give one is no mistake; the log says why it has none.

| name | why |
|---|---|
";

const NOTES: &str = "
Options of the SDK that can be set in code alone have
[a table that finds each of them again](coming-from.md#nextjs-auth0).
";

fn row(about: &About) -> String {
    let names: Vec<_> = about.names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "| {} | {} | {} | {} |\n",
        names.join("<br>"),
        about.value,
        default(about),
        about.meaning
    )
}

fn default(about: &About) -> String {
    match about.initially {
        Initially::Nothing => "–".to_owned(),
        Initially::Text(text) => format!("`{text}`"),
        Initially::Words(words) => words.to_owned(),
    }
}

/// A reason as a sentence of its own.
fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    letters
        .next()
        .map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// A row of the front page.
#[cfg(test)]
fn short_row(about: &About) -> String {
    let others: Vec<_> = about.names.iter().skip(1).map(|name| format!("`{name}`")).collect();
    let meaning = about.meaning;
    format!("| `{}` | {} | {meaning} | {} |", about.name(), others.join("<br>"), default(about))
}

/// What the help of the program says of settings.
pub(super) fn help() -> String {
    let mut help = String::from(
        "Without any of the six settings of a provider, the built-in development identity provider \
         is used\nand there is nothing to set. With one of them, all six are needed:\n\n",
    );
    for about in OF_A_PROVIDER {
        help.push_str(&help_line(about));
    }
    help.push_str("\nAlways optional:\n\n");
    for about in ALL.iter().filter(|about| about.is_common && !OF_A_PROVIDER.contains(about)) {
        help.push_str(&help_line(about));
    }
    help.push_str(
        "\nThere are more: `portcullis settings` prints all of them. Port 0 picks a free port. The \
         files\n.env.local and .env in the working directory may hold settings too; the environment \
         wins over\n.env.local, which wins over .env.",
    );
    help
}

/// A setting in the help: its names, and its meaning below them.
fn help_line(about: &About) -> String {
    let names = about.names.join(", ");
    let meaning = about.meaning.replace('`', "");
    let default = match about.initially {
        Initially::Text(text) => format!(" [default: {text}]"),
        _ => String::new(),
    };
    format!("  {names}\n{}", wrapped(&format!("{meaning}{default}")))
}

/// Text in lines that a terminal has room for, each set in.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 88;
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + word.chars().count() > WIDTH {
            lines.push_str(&format!("          {line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&format!("          {line}\n"));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../docs/settings.md");
    const FRONT: &str = include_str!("../../../README.md");

    #[test]
    fn the_page_is_made_of_the_table() {
        assert!(
            documentation() == PAGE,
            "docs/settings.md is not what `cargo run -p portcullis-demo -- settings` prints"
        );
    }

    #[test]
    fn the_front_page_has_the_common_settings_and_no_others() {
        let (_, section) = FRONT.split_once("\n## Settings\n").expect("a section");
        let (section, _) = section.split_once("\n## ").expect("another section");
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<_> =
            ALL.iter().filter(|about| about.is_common).map(|about| short_row(about)).collect();
        assert!(rows == expected, "the rows should be\n{}", expected.join("\n"));
    }

    #[test]
    fn lines_of_the_help_fit_a_terminal() {
        for line in help().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}
